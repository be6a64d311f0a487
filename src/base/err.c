#include <config.h>

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum status
err_set(struct err *err, enum status status, const char *fmt, ...)
{
	va_list ap;

	err->status = status;
	err->sqlstate[0] = '\0';
	err->hint[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return status;
}

enum status
err_context(struct err *err, const char *fmt, ...)
{
	char inner[ERR_MSG_MAX];
	va_list ap;
	int n;

	memcpy(inner, err->msg, sizeof(inner));
	va_start(ap, fmt);
	n = vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n + 3 < sizeof(err->msg))
		snprintf(err->msg + n, sizeof(err->msg) - (size_t)n, ": %.*s",
		    (int)(sizeof(err->msg) - (size_t)n) - 3, inner);
	return err->status;
}

enum status
err_append(struct err *err, const char *fmt, ...)
{
	size_t len = strlen(err->msg);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->msg + len, sizeof(err->msg) - len, fmt, ap);
	va_end(ap);
	return err->status;
}

enum status
err_hint(struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
	return err->status;
}

void
err_clear(struct err *err)
{
	*err = (struct err)ERR_INIT;
}

int
err_exit_status(enum status status)
{
	switch (status) {
	case TU_OK:
		return 0;
	case TU_EUSAGE:
	case TU_EPATCH:
	case TU_EBUSY:
		return 2;
	case TU_ECONNECT:
		return 3;
	case TU_EQUERY:
	case TU_EIO:
		return 4;
	case TU_ESCHEMA:
		return 5;
	case TU_ECONFLICT:
		return 6;
	case TU_EINTERRUPTED:
		return 130;
	case TU_EREPLAN:
	case TU_EBUG:
		break;
	}
	return 70;
}

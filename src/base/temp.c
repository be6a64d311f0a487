#include <config.h>

#include "base/temp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

static const char *
temp_dir(void)
{
	const char *dir = getenv("TMPDIR");

	return dir != NULL && *dir != '\0' ? dir : "/tmp";
}

enum status
temp_error(struct err *err, const char *verb, int error)
{
	enum status st =
	    err_set(err, TU_EIO, "cannot %s a temporary file in %s: %s", verb,
		temp_dir(), strerror(error));

	if (error == ENOSPC || error == EDQUOT)
		err_hint(err, "set TMPDIR to a directory with more room");
	return st;
}

enum status
temp_open(int *fd, struct err *err)
{
	struct buf name = BUF_INIT;
	enum status st = TU_OK;

	buf_addf(&name, "%s/trueup.XXXXXX", temp_dir());
	buf_str(&name);
	*fd = mkostemp(name.data, O_CLOEXEC);
	if (*fd < 0)
		st = temp_error(err, "create", errno);
	else
		unlink(name.data);
	buf_free(&name);
	return st;
}

enum status
temp_write(int fd, const void *data, size_t n, off_t at, struct err *err)
{
	const char *p = data;

	while (n > 0) {
		ssize_t done = pwrite(fd, p, n, at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return temp_error(err, "write", errno);
		p += done;
		n -= (size_t)done;
		at += done;
	}
	return TU_OK;
}

enum status
temp_read(int fd, void *data, size_t n, off_t at, struct err *err)
{
	char *p = data;

	while (n > 0) {
		ssize_t done = pread(fd, p, n, at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return temp_error(err, "read", done < 0 ? errno : EIO);
		p += done;
		n -= (size_t)done;
		at += done;
	}
	return TU_OK;
}

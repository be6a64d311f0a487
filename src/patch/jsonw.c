#include <config.h>

#include "patch/jsonw.h"

#include <inttypes.h>
#include <math.h>

#include "value/utf8.h"

static void
add_string(struct buf *out, const char *p, size_t n)
{
	size_t from = 0;

	buf_addc(out, '"');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
			continue;
		buf_add(out, p + from, i - from);
		from = i + 1;
		if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", c);
		else if (c == '\n')
			buf_adds(out, "\\n");
		else
			buf_addf(out, "\\u%04x", c);
	}
	buf_add(out, p + from, n - from);
	buf_addc(out, '"');
}

void
jsonw_name(struct jsonw *j, const char *name)
{
	if (j->comma)
		buf_adds(j->out, ", ");
	j->comma = true;
	if (name != NULL) {
		add_string(j->out, name, strlen(name));
		buf_adds(j->out, ": ");
	}
}

void
jsonw_open(struct jsonw *j, const char *name, char bracket)
{
	jsonw_name(j, name);
	buf_addc(j->out, bracket);
	j->comma = false;
}

void
jsonw_close(struct jsonw *j, char bracket)
{
	buf_addc(j->out, bracket);
	j->comma = true;
}

void
jsonw_null(struct jsonw *j, const char *name)
{
	jsonw_name(j, name);
	buf_adds(j->out, "null");
}

void
jsonw_bool(struct jsonw *j, const char *name, bool b)
{
	jsonw_name(j, name);
	buf_adds(j->out, b ? "true" : "false");
}

void
jsonw_u64(struct jsonw *j, const char *name, uint64_t n)
{
	jsonw_name(j, name);
	buf_addf(j->out, "%" PRIu64, n);
}

void
jsonw_real(struct jsonw *j, const char *name, double f)
{
	jsonw_name(j, name);
	if (isfinite(f))
		buf_addf(j->out, "%.3f", f);
	else
		buf_adds(j->out, "null");
}

void
jsonw_hex(struct jsonw *j, const char *name, const char *p, size_t n)
{
	jsonw_name(j, name);
	buf_adds(j->out, "{\"hex\": \"");
	buf_addhex(j->out, p, n);
	buf_adds(j->out, "\"}");
}

void
jsonw_text(struct jsonw *j, const char *name, const char *p, size_t n)
{
	if (!utf8_valid(p, n)) {
		jsonw_hex(j, name, p, n);
		return;
	}
	jsonw_name(j, name);
	add_string(j->out, p, n);
}

void
jsonw_str(struct jsonw *j, const char *name, const char *s)
{
	if (s == NULL)
		jsonw_null(j, name);
	else
		jsonw_text(j, name, s, strlen(s));
}

#include <config.h>

#include "patch/jsonw.h"

#include <inttypes.h>
#include <math.h>

#include "base/utf8.h"

/* Only the name of a column can hold what is no UTF-8. */
#define NO_CHARACTER 0xfffd

static void
add_escape(struct buf *out, uint32_t c)
{
	if (c == '"' || c == '\\')
		buf_addf(out, "\\%c", (char)c);
	else if (c == '\n')
		buf_adds(out, "\\n");
	else if (c < 0x10000)
		buf_addf(out, "\\u%04x", (unsigned)c);
	else
		buf_addf(out, "\\u%04x\\u%04x",
		    (unsigned)(0xd800 + ((c - 0x10000) >> 10)),
		    (unsigned)(0xdc00 + (c & 0x3ff)));
}

/* Also what JSON would allow bare, but a terminal takes for a command or an
 * eye misreads. */
static bool
is_escaped(uint32_t c)
{
	return c < 0x20 || c == '"' || c == '\\' || c == 0x7f ||
	       c == NO_CHARACTER || utf8_hidden(c);
}

static void
add_string(struct buf *out, const char *p, size_t n)
{
	size_t from = 0, len;

	buf_addc(out, '"');
	for (size_t i = 0; i < n; i += len) {
		uint32_t c = NO_CHARACTER;

		len = MAX(utf8_next(p + i, n - i, &c), 1);
		if (!is_escaped(c))
			continue;
		buf_add(out, p + from, i - from);
		from = i + len;
		add_escape(out, c);
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

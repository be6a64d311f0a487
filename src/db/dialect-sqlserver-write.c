/*
 * Values as SQL Server's SQL (VALUES 4), and what its columns hold. sqlcmd must
 * read a patch as it is: no control characters, and no $( for its variables.
 */
#include <config.h>

#include "db/dialect-sqlserver.h"

#include <inttypes.h>
#include <stdlib.h>

#include "db/dialect-generic.h"
#include "value/datetime.h"

#define D (&dialect_sqlserver)

/*
 * Control characters as NCHAR(); $( apart, because sqlcmd has variables. The
 * first piece keeps the sum from being cut at 4000 characters.
 */
static void
quote_text(struct buf *out, const struct cell *c)
{
	bool plain = true, open = false;
	const char *s = c->u.p;

	for (size_t i = 0; i < c->len && plain; i++)
		plain = (unsigned char)s[i] >= 0x20 && s[i] != 0x7f &&
		        !(s[i] == '$' && i + 1 < c->len && s[i + 1] == '(');
	if (plain) {
		buf_addc(out, 'N');
		generic_quote(out, s, c->len);
		return;
	}
	buf_adds(out, "(CONVERT(nvarchar(max),N'')");
	for (size_t i = 0; i < c->len; i++) {
		bool control = (unsigned char)s[i] < 0x20 || s[i] == 0x7f;
		bool apart = i > 0 && s[i] == '(' && s[i - 1] == '$';

		if (open && (control || apart))
			buf_addc(out, '\'');
		open = open && !control && !apart;
		if (control) {
			buf_addf(out, "+NCHAR(%d)", s[i]);
			continue;
		}
		buf_adds(out, open ? "" : "+N'");
		open = true;
		buf_adds(out, s[i] == '\'' ? "'" : "");
		buf_addc(out, s[i]);
	}
	buf_adds(out, open ? "')" : ")");
}

/* '2024-01-01T10:00:00.5', which reads alike in every language. */
static void
quote_stamp(struct buf *out, const struct column *col, const struct cell *c)
{
	size_t at = out->len + 1;

	generic_quote(out, c->u.p, c->len);
	if (c->len > 10 && out->data[at + 10] == ' ')
		out->data[at + 10] = 'T';
	if (ss_wire(col) == SS_OFFSET) {
		out->len--;
		buf_adds(out, "+00:00'");
	}
}

void
ss_literal(struct buf *out, const struct column *col, const struct cell *c)
{
	switch (c->kind) {
	case CELL_NULL:
		buf_adds(out, "NULL");
		break;
	case CELL_INT:
		buf_addf(out, "%" PRId64, c->u.i);
		break;
	case CELL_F64:
		generic_double(out, c->u.f);
		break;
	case CELL_BYTES:
		buf_adds(out, "0x");
		buf_addhex(out, c->u.p, c->len);
		break;
	case CELL_TEXT:
		if (col->ltype == LT_NUM && generic_is_decimal(c))
			buf_add(out, c->u.p, c->len);
		else if (col->ltype == LT_DATE || col->ltype == LT_TIME ||
			 col->ltype == LT_TS || col->ltype == LT_TSTZ)
			quote_stamp(out, col, c);
		else
			quote_text(out, c);
		break;
	}
}

void
ss_param(struct buf *out, const struct column *col, size_t i)
{
	switch ((int)ss_wire(col)) {
	case SS_DATE:
		buf_addf(out, "CONVERT(date,?%zu,23)", i);
		break;
	case SS_TIME:
		buf_addf(out, "CONVERT(time(7),?%zu,121)", i);
		break;
	case SS_SMALLDATETIME:
	case SS_DATETIME:
	case SS_DATETIME2:
		buf_addf(out, "CONVERT(datetime2(7),?%zu,121)", i);
		break;
	case SS_OFFSET:
		buf_addf(out,
		    "TODATETIMEOFFSET(CONVERT(datetime2(7),?%zu,121),'+00:00')",
		    i);
		break;
	default:
		generic_param(out, col, i);
		break;
	}
}

/* '=' ignores blanks at the end, and in most collations case. */
static bool
is_exact(const struct column *col)
{
	switch ((int)ss_wire(col)) {
	case SS_COMPUTED:
	case SS_CHAR:
	case SS_VARCHAR:
	case SS_NCHAR:
	case SS_NVARCHAR:
	case SS_BINARY:
	case SS_VARBINARY:
	case SS_XML:
	case SS_OTHER:
		return false;
	default:
		return true;
	}
}

bool
ss_equal_exact(const struct column *col, const char *value)
{
	(void)value;
	return is_exact(col);
}

/* The text's bytes, and how many: varbinary takes 0x61 for 0x6100. */
static void
guard_bytes(
    struct buf *out, const struct column *col, const char *type, const char *v)
{
	const char *b = strcmp(type, "nvarchar(max)") == 0
	                    ? " COLLATE Latin1_General_100_BIN2"
	                    : "";
	const char *trim = col->ltype == LT_CHAR ? "RTRIM(" : "(";

	buf_addf(out, "(%sCONVERT(%s,", trim, type);
	D->ident(out, col->name);
	buf_addf(out, "))%s = %sCONVERT(%s,%s))%s AND DATALENGTH(%sCONVERT(%s,",
	    b, trim, type, v, b, trim, type);
	D->ident(out, col->name);
	buf_addf(out, "))) = DATALENGTH(%sCONVERT(%s,%s))))", trim, type, v);
}

void
ss_guard(struct buf *out, const struct column *col, const char *value)
{
	bool binary = ss_wire(col) == SS_BINARY || ss_wire(col) == SS_VARBINARY;

	if (strcmp(value, "NULL") == 0 || is_exact(col))
		generic_guard(out, D, col, value);
	else
		guard_bytes(out, col,
		    binary ? "varbinary(max)" : "nvarchar(max)", value);
}

/* --- what a column holds -------------------------------------------------- */

static bool
fits_code_page(const struct cell *c, const char **why)
{
	for (size_t i = 0; i < c->len; i++) {
		if ((unsigned char)c->u.p[i] < 0x80)
			continue;
		*why = "only nvarchar is sure to keep what is not ASCII";
		return false;
	}
	return true;
}

/* nvarchar(n) counts UTF-16 units. */
static bool
fits_utf16(const struct column *to, const struct cell *c, const char **why)
{
	size_t units = 0;

	for (size_t i = 0; i < c->len; i++) {
		unsigned char b = (unsigned char)c->u.p[i];

		units += (b & 0xc0) != 0x80;
		units += b >= 0xf0;
	}
	if (to->maxlen < 0 || units <= (size_t)to->maxlen)
		return true;
	*why = "text is longer than the column";
	return false;
}

static bool
fits_integer(const struct column *to, int64_t i, const char **why)
{
	static const struct {
		int digits;
		int64_t min, max;
	} of[] = {
		{ 3, 0, UINT8_MAX },
		{ 5, INT16_MIN, INT16_MAX },
		{ 10, INT32_MIN, INT32_MAX },
	};

	for (size_t k = 0; k < ARRAY_LEN(of); k++) {
		if (to->precision != of[k].digits)
			continue;
		*why = "integer out of range";
		return i >= of[k].min && i <= of[k].max;
	}
	return true;
}

/* datetime keeps .000, .003 and .007; smalldatetime minutes. */
static bool
fits_datetime(const struct column *to, const struct cell *c, const char **why)
{
	bool small = ss_wire(to) == SS_SMALLDATETIME;
	struct datetime dt;
	int third;

	if (!datetime_parse(c->u.p, c->len, &dt)) {
		*why = "not a timestamp";
		return false;
	}
	third = strlen(dt.frac) < 3 ? '0' : dt.frac[2];
	*why = small ? "smalldatetime keeps minutes, from 1900 to 2078"
	             : "datetime keeps 1/300 of a second, from 1753 on";
	if (small)
		return dt.second == 0 && dt.year >= 1900 && dt.year <= 2078;
	return dt.year >= 1753 &&
	       (third == '0' || third == '3' || third == '7');
}

bool
ss_convert(const struct column *to, const struct vtype *t,
    const struct cell *in, struct buf *scratch, struct cell *out,
    const char **why)
{
	if (!generic_convert(to, t, in, scratch, out, why))
		return false;
	if (out->kind == CELL_NULL)
		return true;
	switch ((int)ss_wire(to)) {
	case SS_INT:
		return fits_integer(to, out->u.i, why);
	case SS_CHAR:
	case SS_VARCHAR:
		return fits_code_page(out, why);
	case SS_NCHAR:
	case SS_NVARCHAR:
		return fits_utf16(to, out, why);
	case SS_SMALLDATETIME:
	case SS_DATETIME:
		return fits_datetime(to, out, why);
	default:
		return true;
	}
}

/*
 * Values as Oracle's SQL (VALUES 4), and what its columns hold. SQL*Plus must
 * read a patch as it is, with DEFINE OFF.
 */
#include <config.h>

#include "db/dialect-oracle.h"

#include <inttypes.h>
#include <math.h>

#include "db/dialect-generic.h"

#define D (&dialect_oracle)

#define PIECE 1000 /* bytes of one constant; there are 4000 at most */
#define RAW_MAX 2000

/* --- literals ------------------------------------------------------------- */

static bool
is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* Bytes of the constant that begins at s: no control, no character torn. */
static size_t
piece_len(const char *s, size_t n)
{
	size_t len = 0;

	while (len < n && !is_control(s[len]) &&
	       (len < PIECE || ((unsigned char)s[len] & 0xc0) == 0x80))
		len++;
	return len;
}

static void
quote_text(struct buf *out, const struct column *col, const struct cell *c)
{
	const char *n = ora_is_national(col) ? "N" : "";
	bool lob = c->len > PIECE;
	const char *plus = lob ? "TO_CLOB(" : "";

	if (c->len == 0) { /* NULL, which convert() does not let through */
		buf_adds(out, "''");
		return;
	}
	if (!lob && piece_len(c->u.p, c->len) == c->len) {
		buf_adds(out, n);
		generic_quote(out, c->u.p, c->len);
		return;
	}
	buf_addc(out, '(');
	for (size_t i = 0, len; i < c->len; i += len) {
		len = piece_len(c->u.p + i, c->len - i);
		buf_adds(out, i > 0 ? "||" : "");
		buf_adds(out, plus);
		if (len == 0) {
			buf_addf(out, "CHR(%d)", c->u.p[i]);
			len = 1;
		} else {
			buf_adds(out, n);
			generic_quote(out, c->u.p + i, len);
		}
		buf_adds(out, lob ? ")" : "");
	}
	buf_addc(out, ')');
}

static void
double_literal(struct buf *out, const struct column *col, double f)
{
	const char *type =
	    ora_wire(col) == ORA_FLOAT ? "BINARY_FLOAT" : "BINARY_DOUBLE";

	if (isfinite(f)) {
		generic_double(out, f);
		buf_addc(out, ora_wire(col) == ORA_FLOAT ? 'F' : 'D');
	} else {
		buf_addf(out, "%s%s_%s", f < 0 ? "-" : "", type,
		    isnan(f) ? "NAN" : "INFINITY");
	}
}

const char *
ora_literal_refuses(const struct column *col, const struct cell *c)
{
	(void)col;
	if (c->kind == CELL_BYTES && c->len > RAW_MAX)
		return "Oracle has no literal of more than 2000 bytes";
	if (c->kind == CELL_TEXT && memchr(c->u.p, 0, c->len) != NULL)
		return "NUL byte in text";
	return NULL;
}

void
ora_literal(struct buf *out, const struct column *col, const struct cell *c)
{
	switch (c->kind) {
	case CELL_NULL:
		buf_adds(out, "NULL");
		break;
	case CELL_INT:
		buf_addf(out, "%" PRId64, c->u.i);
		break;
	case CELL_F64:
		double_literal(out, col, c->u.f);
		break;
	case CELL_BYTES:
		buf_adds(out, "HEXTORAW('");
		buf_addhex(out, c->u.p, c->len);
		buf_adds(out, "')");
		break;
	case CELL_TEXT:
		if (col->ltype == LT_NUM && generic_is_decimal(c)) {
			buf_add(out, c->u.p, c->len);
		} else if (col->ltype == LT_TS || col->ltype == LT_TSTZ) {
			buf_adds(out, "TIMESTAMP ");
			generic_quote(out, c->u.p, c->len);
			if (col->ltype == LT_TSTZ) {
				out->len--;
				buf_adds(out, " +00:00'");
			}
		} else {
			quote_text(out, col, c);
		}
		break;
	}
}

#define FORMAT "'YYYY-MM-DD HH24:MI:SS.FF9'"

void
ora_param(struct buf *out, const struct column *col, size_t i)
{
	switch ((int)ora_wire(col)) {
	case ORA_DATE:
	case ORA_TS:
		buf_addf(out, "TO_TIMESTAMP(?%zu," FORMAT ")", i);
		break;
	case ORA_TSTZ:
	case ORA_LOCAL:
		buf_addf(
		    out, "FROM_TZ(TO_TIMESTAMP(?%zu," FORMAT "),'+00:00')", i);
		break;
	default:
		generic_param(out, col, i);
		break;
	}
}

/* --- guards --------------------------------------------------------------- */

/* A text that is no CHAR is not padded when it meets one. */
bool
ora_equal_exact(const struct column *col, const char *value)
{
	(void)value;
	switch ((int)ora_wire(col)) {
	case ORA_CHAR:
	case ORA_NCHAR:
	case ORA_CLOB:
	case ORA_BLOB:
	case ORA_OTHER:
		return false;
	default:
		return true;
	}
}

void
ora_guard(struct buf *out, const struct column *col, const char *value)
{
	if (strcmp(value, "NULL") == 0 || ora_equal_exact(col, value)) {
		generic_guard(out, D, col, value);
		return;
	}
	switch ((int)ora_wire(col)) {
	case ORA_CLOB:
		generic_expr(out, D, "DBMS_LOB.COMPARE($,TO_CLOB(", col);
		buf_addf(out, "%s)) = 0", value);
		break;
	case ORA_BLOB:
		generic_expr(out, D, "DBMS_LOB.COMPARE($,TO_BLOB(", col);
		buf_addf(out, "%s)) = 0", value);
		break;
	case ORA_OTHER:
		generic_expr(out, D, "TO_CHAR($) = ", col);
		buf_adds(out, value);
		break;
	default:
		generic_expr(out, D, "RTRIM($,' ') = RTRIM(", col);
		buf_addf(out, "%s,' ')", value);
		break;
	}
}

/* --- what a column holds -------------------------------------------------- */

/* A character set that is not Unicode's replaces what it does not have. */
static bool
fits_text(const struct column *to, const struct cell *in, struct cell *out,
    const char **why)
{
	bool blanks = in->kind == CELL_TEXT && in->len > 0;

	if (out->len == 0 && to->ltype == LT_CHAR && blanks)
		*out = cell_text(" ", 1);
	if (out->len == 0) {
		*why = "Oracle takes the empty text for NULL";
		return false;
	}
	for (size_t i = 0; i < out->len; i++) {
		if ((unsigned char)out->u.p[i] < 0x80 ||
		    (to->wire & ORA_UTF8) || ora_is_national(to))
			continue;
		*why = "the database's character set is not AL32UTF8";
		return false;
	}
	return true;
}

bool
ora_convert(const struct column *to, const struct vtype *t,
    const struct cell *in, struct buf *scratch, struct cell *out,
    const char **why)
{
	bool binary = ora_wire(to) == ORA_DOUBLE || ora_wire(to) == ORA_FLOAT;

	/* Unlike others, Oracle has NaN and infinity. */
	*out = *in;
	if (binary && in->kind == CELL_F64 && !isfinite(in->u.f))
		return true;
	if (!generic_convert(to, t, in, scratch, out, why))
		return false;
	if (out->kind == CELL_BYTES && out->len == 0) {
		*why = "Oracle takes no bytes for NULL";
		return false;
	}
	if (out->kind == CELL_TEXT && to->ltype != LT_NUM)
		return fits_text(to, in, out, why);
	return true;
}

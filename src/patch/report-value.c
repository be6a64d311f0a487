#include <config.h>

#include "patch/report-int.h"

#include <inttypes.h>
#include <strings.h>

#include "base/utf8.h"
#include "value/canon.h"

void
report_name(struct buf *out, const char *name)
{
	utf8_show(out, name, strlen(name));
}

void
report_line(
    struct buf *out, const char *name, const char *says, const char *what)
{
	report_name(out, name);
	buf_adds(out, says);
	report_name(out, what);
	buf_addc(out, '\n');
}

/* Where two long texts differ is shown with so much before it. */
#define CONTEXT 12

/* A word that reads as text and as nothing else: no number, no NULL. */
static bool
is_plain_word(const char *p, size_t n)
{
	static const char *const words[] = { "null", "true", "false", "nan",
		"inf", "infinity", "x" };

	if (n == 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];
		bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

		if (!letter &&
		    (i == 0 || !((c >= '0' && c <= '9') || c == '_' ||
				   c == '.' || c == '@')))
			return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == n && strncasecmp(p, words[i], n) == 0)
			return false;
	return true;
}

static void
add_text(struct buf *out, const char *p, size_t n, const struct value_view *v)
{
	size_t at = MIN(v->skip, n), chars = 0;

	if (v->bare && at == 0 && (v->limit == 0 || n <= v->limit) &&
	    is_plain_word(p, n)) {
		buf_add(out, p, n);
		return;
	}
	if (at > 0)
		buf_adds(out, "...");
	buf_addc(out, '\'');
	while (at < n && (v->limit == 0 || chars++ < v->limit)) {
		if (p[at] == '\'' || p[at] == '\\')
			buf_addc(out, '\\');
		at += utf8_show_char(out, p + at, n - at);
	}
	buf_addc(out, '\'');
	if (at < n)
		buf_adds(out, "...");
}

static void
add_bytes(struct buf *out, const char *p, size_t n, const struct value_view *v)
{
	size_t at = MIN(v->skip, n);
	size_t show = n - at;

	if (v->limit > 0 && show > v->limit / 2)
		show = v->limit / 2;
	if (at > 0)
		buf_adds(out, "...");
	buf_adds(out, "x'");
	buf_addhex(out, p + at, show);
	buf_addc(out, '\'');
	if (at + show < n)
		buf_adds(out, "...");
}

/* 7.0 and not 7: SQLite tells them apart. */
static void
add_real(struct buf *out, const struct cell *c)
{
	size_t start = out->len;

	(void)canon_text(out, LT_F8, c);
	for (size_t i = start; i < out->len; i++)
		if ((out->data[i] < '0' || out->data[i] > '9') &&
		    out->data[i] != '-')
			return;
	buf_adds(out, ".0");
}

/* A value of a type it does not fit, or of any type: by what is stored. */
static void
add_stored(struct buf *out, const struct cell *c, const struct value_view *v)
{
	switch (c->kind) {
	case CELL_NULL:
		buf_adds(out, "NULL");
		break;
	case CELL_INT:
		buf_addf(out, "%" PRId64, c->u.i);
		break;
	case CELL_F64:
		add_real(out, c);
		break;
	case CELL_TEXT:
		add_text(out, c->u.p, c->len, v);
		break;
	case CELL_BYTES:
		add_bytes(out, c->u.p, c->len, v);
		break;
	}
}

static bool
is_boolean(const struct pair_column *pc, enum side side, const struct cell *c)
{
	return pc->type.type == LT_NUM && pc->col[side]->boolean &&
	       c->kind == CELL_INT && (c->u.i == 0 || c->u.i == 1);
}

/* Types whose text needs no quotes, since nothing else looks like it. */
static bool
is_scalar(enum ltype type)
{
	switch (type) {
	case LT_NUM:
	case LT_F8:
	case LT_F4:
	case LT_DATE:
	case LT_TIME:
	case LT_TS:
	case LT_TSTZ:
	case LT_UUID:
		return true;
	case LT_NONE:
	case LT_TEXT:
	case LT_CHAR:
	case LT_BYTES:
	case LT_INTERVAL:
	case LT_BITS:
	case LT_JSON:
	case LT_OTHER:
	case LT_ANY:
		break;
	}
	return false;
}

void
report_value_view(struct buf *out, const struct pair_column *pc, enum side side,
    const struct cell *c, const struct value_view *view)
{
	if (pc->redact != NULL)
		redact_value(pc->redact, out, pc->type.type, c);
	else if (is_boolean(pc, side, c))
		buf_adds(out, c->u.i ? "true" : "false");
	else if (!is_scalar(pc->type.type) ||
		 !canon_text(out, pc->type.type, c))
		add_stored(out, c, view);
}

void
report_value(struct buf *out, const struct pair_column *pc, enum side side,
    const struct cell *c)
{
	const struct value_view all = { 0 };

	report_value_view(out, pc, side, c, &all);
}

static bool
is_long(const struct cell *c, size_t limit)
{
	return (c->kind == CELL_TEXT || c->kind == CELL_BYTES) &&
	       c->len > limit / 2;
}

size_t
report_common_prefix(const struct cell *a, const struct cell *b, size_t limit)
{
	size_t n = 0;

	if (a->kind != b->kind || !is_long(a, limit) || !is_long(b, limit))
		return 0;
	while (n < a->len && n < b->len && a->u.p[n] == b->u.p[n])
		n++;
	if (n < limit / 2)
		return 0;
	n -= CONTEXT;
	if (a->kind == CELL_TEXT) /* not into the middle of a character */
		while (n > 0 && ((unsigned char)a->u.p[n] & 0xc0) == 0x80)
			n--;
	return n;
}

bool
report_value_plain(struct buf *out, const struct pair_column *pc,
    enum side side, const struct cell *c)
{
	bool scalar = is_scalar(pc->type.type);

	if (pc->redact != NULL) {
		redact_value(pc->redact, out, pc->type.type, c);
		return false;
	}
	if (c->kind == CELL_TEXT &&
	    !(scalar && canon_text(out, pc->type.type, c))) {
		buf_add(out, c->u.p, c->len);
		return true;
	}
	if (c->kind == CELL_BYTES && !scalar) {
		buf_adds(out, "\\x");
		buf_addhex(out, c->u.p, c->len);
	} else if (c->kind != CELL_TEXT) {
		report_value(out, pc, side, c);
	}
	return false;
}

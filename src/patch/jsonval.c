#include <config.h>

#include "patch/jsonval.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "patch/report.h"
#include "value/canon.h"

/* --- writing -------------------------------------------------------------- */

/* What is no UTF-8 is told from bytes. */
static void
add_text(struct jsonw *j, const char *name, const char *p, size_t n)
{
	if (utf8_valid(p, n)) {
		jsonw_text(j, name, p, n);
		return;
	}
	jsonw_open(j, name, '{');
	jsonw_name(j, "hex");
	buf_addc(j->out, '"');
	buf_addhex(j->out, p, n);
	buf_addc(j->out, '"');
	jsonw_bool(j, "text", true);
	jsonw_close(j, '}');
}

static void
add_tagged(
    struct jsonw *j, const char *name, const char *tag, const char *p, size_t n)
{
	jsonw_open(j, name, '{');
	jsonw_text(j, tag, p, n);
	jsonw_close(j, '}');
}

static bool
keeps_numbers(const struct column *col)
{
	return col->affinity == AFF_INTEGER || col->affinity == AFF_NUMERIC ||
	       col->affinity == AFF_REAL;
}

/*
 * A value as it is stored: what the column is meant for stands bare (numbers
 * as strings), the rest is tagged with its storage class, so that 7, 7.0 and
 * '7' stay three values.
 */
static void
add_stored(struct jsonw *j, const char *name, const struct column *col,
    const struct cell *c, struct buf *tmp)
{
	const struct pair_column any = { .col = { col, col },
		.type = { .type = LT_ANY } };
	bool number = c->kind == CELL_INT || c->kind == CELL_F64;

	if (c->kind == CELL_BYTES) {
		jsonw_hex(j, name, c->u.p, c->len);
		return;
	}
	if (c->kind == CELL_TEXT) {
		if (keeps_numbers(col))
			add_tagged(j, name, "text", c->u.p, c->len);
		else
			add_text(j, name, c->u.p, c->len);
		return;
	}
	tmp->len = 0;
	report_value(tmp, &any, SOURCE, c);
	if (number && !keeps_numbers(col))
		add_tagged(j, name, c->kind == CELL_INT ? "int" : "real",
		    tmp->data, tmp->len);
	else
		jsonw_text(j, name, tmp->data, tmp->len);
}

static void
add_float(struct jsonw *j, const char *name, enum ltype type,
    const struct cell *c, struct buf *tmp)
{
	char last;

	tmp->len = 0;
	(void)canon_text(tmp, type, c);
	last = tmp->data[tmp->len - 1];
	if (last == 'N' || last == 'y') { /* NaN, Infinity */
		jsonw_text(j, name, tmp->data, tmp->len);
		return;
	}
	jsonw_name(j, name);
	buf_add(j->out, tmp->data, tmp->len);
}

static void
add_redacted(struct jsonw *j, const char *name, const struct pair_column *pc,
    const struct cell *c, struct buf *tmp)
{
	redact_value(pc->redact, tmp, pc->type.type, c);
	jsonw_text(j, name, tmp->data, tmp->len);
}

static bool
is_text(enum ltype type)
{
	return type == LT_TEXT || type == LT_CHAR || type == LT_JSON ||
	       type == LT_OTHER || type == LT_INTERVAL;
}

void
jsonval_add(struct jsonw *j, const char *name, const struct pair_column *pc,
    enum side side, const struct cell *c, struct buf *tmp)
{
	enum ltype type = pc->type.type;
	const struct column *col = pc->col[side];

	tmp->len = 0;
	if (c->kind == CELL_NULL)
		jsonw_null(j, name);
	else if (pc->redact != NULL)
		add_redacted(j, name, pc, c, tmp);
	else if (type == LT_NUM && col->boolean && c->kind == CELL_INT &&
		 (c->u.i == 0 || c->u.i == 1))
		jsonw_bool(j, name, c->u.i == 1);
	else if (c->kind == CELL_BYTES && type != LT_UUID)
		jsonw_hex(j, name, c->u.p, c->len);
	else if (type == LT_ANY || type == LT_BYTES || type == LT_NONE)
		add_stored(j, name, col, c, tmp);
	else if (!canon_text(tmp, type, c))
		add_stored(j, name, col, c, tmp);
	else if (type == LT_F8 || type == LT_F4)
		add_float(j, name, type, c, tmp);
	else if (c->kind == CELL_TEXT && is_text(type))
		add_text(j, name, c->u.p, c->len);
	else
		jsonw_text(j, name, tmp->data, tmp->len);
}

bool
jsonval_is_spelt(const struct pair_column *pc, const struct cell *c)
{
	enum ltype type = pc->type.type;

	if (pc->col[TARGET]->affinity == AFF_NONE || type == LT_ANY)
		return false;
	return !(c->kind == CELL_TEXT && is_text(type)) &&
	       !(c->kind == CELL_INT && type == LT_NUM &&
		   keeps_numbers(pc->col[TARGET]));
}

struct pair_column
jsonval_stored(const struct pair_column *pc)
{
	struct pair_column any = *pc;

	any.type = (struct vtype){ .type = LT_ANY };
	return any;
}

/* --- reading -------------------------------------------------------------- */

static bool
read_text(const json_t *v, struct arena *arena, struct cell *out)
{
	size_t n = json_string_length(v);

	*out = cell_text(arena_memdup(arena, json_string_value(v), n), n);
	return true;
}

static bool
read_hex(const json_t *v, struct arena *arena, struct cell *out)
{
	const char *s = json_string_value(v);
	size_t n = json_string_length(v) / 2;
	char *bytes;

	if (s == NULL || json_string_length(v) % 2 != 0)
		return false;
	bytes = arena_alloc(arena, n + 1);
	for (size_t i = 0; i < n; i++) {
		int high = str_hex(s[2 * i]), low = str_hex(s[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (char)(high << 4 | low);
	}
	*out = cell_bytes(bytes, n);
	return true;
}

static bool
read_int(const char *s, struct cell *out)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(s, &end, 10);
	*out = cell_int(n);
	return errno == 0 && end != s && *end == '\0';
}

static bool
read_real(const char *s, struct cell *out)
{
	char *end;

	*out = cell_f64(strtod(s, &end));
	return end != s && *end == '\0';
}

/* {"hex": ...}, {"hex": ..., "text": true}, {"text": ...}, {"int": ...},
 * {"real": ...}. */
static bool
read_tagged(const json_t *v, struct arena *arena, struct cell *out)
{
	const json_t *hex = json_object_get(v, "hex");
	const json_t *text = json_object_get(v, "text");
	const char *n;

	if (hex != NULL && read_hex(hex, arena, out)) {
		if (json_is_true(text))
			out->kind = CELL_TEXT;
		return json_object_size(v) == (text != NULL ? 2 : 1) &&
		       (text == NULL || json_is_true(text));
	}
	if (hex != NULL || json_object_size(v) != 1)
		return false;
	if (json_is_string(text))
		return read_text(text, arena, out);
	if (text != NULL) {
		bool is_hex =
		    read_hex(json_object_get(text, "hex"), arena, out);

		out->kind = CELL_TEXT;
		return is_hex;
	}
	n = json_string_value(json_object_get(v, "int"));
	if (n != NULL)
		return read_int(n, out);
	n = json_string_value(json_object_get(v, "real"));
	return n != NULL && read_real(n, out);
}

/* Numbers stand bare in a column that is meant for them. */
static bool
read_string(const json_t *v, enum ltype type, const struct column *col,
    struct arena *arena, struct cell *out)
{
	const char *s = json_string_value(v);
	struct buf canon = BUF_INIT;
	bool stored = type == LT_ANY || type == LT_BYTES || type == LT_NONE;

	(void)read_text(v, arena, out);
	if (!keeps_numbers(col))
		return true;
	stored = stored || !canon_text(&canon, type, out);
	buf_free(&canon);
	return !stored || read_int(s, out) || read_real(s, out);
}

bool
jsonval_read(const json_t *v, const struct pair_column *pc, enum side side,
    struct arena *arena, struct cell *out)
{
	enum ltype type = pc->type.type;
	bool real = type == LT_F8 || type == LT_F4;

	switch (json_typeof(v)) {
	case JSON_NULL:
		*out = cell_null();
		return true;
	case JSON_TRUE:
	case JSON_FALSE:
		*out = cell_int(json_is_true(v));
		return type == LT_NUM;
	case JSON_REAL:
		*out = cell_f64(json_real_value(v));
		if (type == LT_F4)
			out->u.f = (double)(float)out->u.f;
		return real;
	case JSON_STRING:
		return read_string(v, type, pc->col[side], arena, out);
	case JSON_OBJECT:
		return read_tagged(v, arena, out);
	case JSON_INTEGER: /* read as reals */
	case JSON_ARRAY:
		break;
	}
	return false;
}

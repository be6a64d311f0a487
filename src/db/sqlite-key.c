#include <config.h>

#include "db/sqlite-key.h"

#include <math.h>
#include <string.h>

#include "db/sqlite-record.h"

/* A record on the way through its fields. */
struct fields {
	const unsigned char *head, *head_end, *body, *end;
};

struct field {
	uint64_t type;
	size_t len;
	const unsigned char *p;
};

static const char *
begin(struct fields *f, const unsigned char *record, size_t len)
{
	uint64_t n;
	unsigned used = sqlite_varint(record, record + len, &n);

	if (used == 0 || n < used || n > len)
		return "a record without a header";
	*f = (struct fields){ .head = record + used,
		.head_end = record + n,
		.body = record + n,
		.end = record + len };
	return NULL;
}

static const char *
next(struct fields *f, struct field *x)
{
	const char *why = sqlite_next_field(
	    &f->head, f->head_end, f->body, f->end, &x->type, &x->len);

	x->p = f->body;
	if (why == NULL)
		f->body += x->len;
	return why;
}

/* Is the key in the page, whatever else is not? */
static bool
is_local(const struct sqlite_tree *tree, const struct sqlite_row *row)
{
	struct fields f;
	struct field x;
	const char *why = begin(&f, row->payload, row->local);

	for (uint32_t i = 0; i < tree->nkeys && why == NULL; i++)
		why = next(&f, &x);
	return why == NULL;
}

static const char *
open_row(const struct sqlite_tree *tree, const struct sqlite_row *row,
    struct buf *buf, struct fields *f)
{
	const char *why;

	if (row->local == row->size || is_local(tree, row))
		return begin(f, row->payload, row->local);
	buf_reset(buf);
	why = sqlite_row_payload(tree->image, row, buf);
	return why != NULL
	           ? why
	           : begin(f, (const unsigned char *)buf->data, buf->len);
}

enum class {
	CLASS_NULL,
	CLASS_NUMBER,
	CLASS_TEXT,
	CLASS_BLOB,
};

static enum class class_of(const struct field *x) {
	if (x->type >= 12) return x->type % 2 == 1 ? CLASS_TEXT : CLASS_BLOB;
	    return x->type == 0 ? CLASS_NULL : CLASS_NUMBER;
}

static int64_t
int_of(const struct field *x)
{
	return x->type >= 8 ? (int64_t)x->type - 8
	                    : sqlite_field_int(x->p, x->len);
}

static int
order_ints(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
order_reals(double a, double b)
{
	return (a > b) - (a < b);
}

/* No integer is rounded: 2^53 + 1 is not the real 2^53. */
static int
order_mixed(int64_t i, double f)
{
	int order;

	if (f >= 0x1p63)
		return -1;
	if (f < -0x1p63)
		return 1;
	order = order_ints(i, (int64_t)f);
	return order != 0 ? order : order_reals((double)(int64_t)f, f);
}

static const char *
order_numbers(const struct field *x, const struct field *y, int *order)
{
	double a = x->type == 7 ? sqlite_field_real(x->p) : 0;
	double b = y->type == 7 ? sqlite_field_real(y->p) : 0;

	if (isnan(a) || isnan(b))
		return "a key that is not a number";
	if (x->type == 7 && y->type == 7)
		*order = order_reals(a, b);
	else if (x->type == 7)
		*order = -order_mixed(int_of(y), a);
	else if (y->type == 7)
		*order = order_mixed(int_of(x), b);
	else
		*order = order_ints(int_of(x), int_of(y));
	return NULL;
}

static const char *
order_fields(const struct field *x, const struct field *y, int *order)
{
	enum class a = class_of(x), b = class_of(y);

	*order = (int)a - (int)b;
	if (*order != 0 || a == CLASS_NULL)
		return NULL;
	if (a == CLASS_NUMBER)
		return order_numbers(x, y, order);
	*order = memcmp(x->p, y->p, MIN(x->len, y->len));
	if (*order == 0)
		*order = (x->len > y->len) - (x->len < y->len);
	return NULL;
}

const char *
sqlite_key_order(const struct sqlite_tree *a, const struct sqlite_row *x,
    const struct sqlite_tree *b, const struct sqlite_row *y,
    struct sqlite_scratch *scratch, int *order)
{
	struct fields f, g;
	const char *why = open_row(a, x, &scratch->x, &f);

	*order = 0;
	if (why == NULL)
		why = open_row(b, y, &scratch->y, &g);
	for (uint32_t i = 0; i < a->nkeys && why == NULL && *order == 0; i++) {
		struct field u, v;

		why = next(&f, &u);
		if (why == NULL)
			why = next(&g, &v);
		if (why == NULL)
			why = order_fields(&u, &v, order);
	}
	return why;
}

/*
 * Part of tests/db/matrix, converge and random: neighbours of values, how a
 * brand is told to store them, and what is to come out of a comparison.
 */
#include <config.h>

#include "matrix-corpus.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tap.h"
#include "value/num.h"

/* --- text ----------------------------------------------------------------- */

/* Length of the UTF-8 character at s, 0 if it is none. */
static size_t
utf8_len(const unsigned char *s, size_t n)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if ((s[0] >= 0x80 && s[0] < 0xc2) || s[0] > 0xf4 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if (s[0] == 0xed && s[1] > 0x9f)
		return 0;
	return len;
}

/* Brands that cannot hold a text, whatever the column. */
static unsigned
text_lacks(const struct family *f, const struct value *v)
{
	const unsigned char *s = (const unsigned char *)v->field;
	bool narrow =
	    f->type[MY] != NULL && strstr(f->type[MY], "utf8mb3") != NULL;
	unsigned lacks = 0;
	size_t len;

	for (size_t i = 0; i < v->len; i += len) {
		len = utf8_len(s + i, v->len - i);
		if (len == 0)
			return NO_PG | NO_MY;
		if (s[i] == '\0')
			lacks |= NO_PG;
		if (len == 4 && narrow)
			lacks |= NO_MY;
	}
	return lacks;
}

/* --- neighbours ----------------------------------------------------------- */

/* The listed values and what has been made of them. */
struct list {
	const struct family *f;
	struct arena *arena;
	struct value *values;
	size_t n, of;
};

bool
value_same(const struct value *a, const struct value *b)
{
	if (a->field == NULL || b->field == NULL)
		return a->field == b->field;
	return a->len == b->len && memcmp(a->field, b->field, a->len) == 0;
}

/* Unless it is in the list; a spelling of another brand's is no neighbour. */
static void
add(struct list *l, const char *field, size_t len)
{
	struct value v = { .field = arena_memdup(l->arena, field, len),
		.len = len,
		.of = l->of };

	if (l->f->kind == K_TEXT || l->f->kind == K_CHAR)
		v.lacks = text_lacks(l->f, &v);
	for (size_t i = 0; i < l->n; i++)
		if (value_same(&l->values[i], &v) && l->values[i].of == l->of)
			return;
	l->values[l->n++] = v;
}

static void
add_str(struct list *l, const char *field)
{
	add(l, field, strlen(field));
}

static bool
in_int8(const char *digits)
{
	int64_t i;

	return num_to_i64(digits, strlen(digits), &i);
}

/* One digit in 65: the last one, and the first. */
static void
near_num(struct list *l, const struct value *v)
{
	bool integer = strstr(l->f->type[PG], "int") != NULL;
	char digits[80];
	size_t first = v->field[0] == '-';

	for (size_t at = v->len - 1;; at = first) {
		snprintf(digits, sizeof(digits), "%s", v->field);
		digits[at] = digits[at] == '9'   ? '8'
		             : digits[at] == '.' ? '.'
		                                 : (char)(digits[at] + 1);
		if (!integer || in_int8(digits))
			add_str(l, digits);
		if (at == first)
			break;
	}
	if (strcmp(v->field, "0") == 0)
		return;
	snprintf(
	    digits, sizeof(digits), "%s%s", first ? "" : "-", v->field + first);
	if (!integer || in_int8(digits))
		add_str(l, digits);
}

static void
near_float(struct list *l, const struct value *v)
{
	double f = strtod(v->field, NULL), next[3];
	char digits[40];

	if (!isfinite(f))
		return;
	next[0] = l->f->kind == K_F4 ? (double)nextafterf((float)f, INFINITY)
	                             : nextafter(f, INFINITY);
	next[1] = l->f->kind == K_F4 ? (double)nextafterf((float)f, -INFINITY)
	                             : nextafter(f, -INFINITY);
	next[2] = -f;
	for (size_t i = 0; i < ARRAY_LEN(next); i++) {
		if (!isfinite(next[i]) || next[i] == f)
			continue;
		snprintf(digits, sizeof(digits), "%.17g", next[i]);
		add_str(l, digits);
	}
}

static void
near_text(struct list *l, const struct value *v)
{
	struct buf b = BUF_INIT;
	size_t keep = v->len, blanks = l->f->kind == K_CHAR ? 0 : 1;

	buf_add(&b, v->field, v->len);
	for (size_t i = 0; i < blanks; i++)
		buf_addc(&b, ' ');
	if (blanks > 0)
		add(l, b.data, b.len);
	for (size_t i = 0; i < v->len; i++) {
		if (((unsigned char)v->field[i] | 32) < 'a' ||
		    (v->field[i] | 32) > 'z')
			continue;
		buf_reset(&b);
		buf_add(&b, v->field, v->len);
		b.data[i] ^= 32;
		add(l, b.data, b.len);
		break;
	}
	while (keep > 0 && ((unsigned char)v->field[--keep] & 0xc0) == 0x80)
		;
	while (l->f->kind == K_CHAR && keep > 0 && v->field[keep - 1] == ' ')
		keep--;
	if (v->len > 0)
		add(l, v->field, keep);
	buf_free(&b);
}

static void
near_bytes(struct list *l, const struct value *v)
{
	bool fixed =
	    l->f->type[MY] != NULL && strncmp(l->f->type[MY], "binary", 6) == 0;
	struct buf b = BUF_INIT;

	for (int i = 0; i < 2 && v->len > 0; i++) {
		buf_reset(&b);
		buf_add(&b, v->field, v->len);
		b.data[i ? b.len - 1 : 0] ^= (char)(i ? 1 : 128);
		add(l, b.data, b.len);
	}
	if (!fixed) {
		buf_reset(&b);
		buf_add(&b, v->field, v->len);
		buf_addc(&b, '\0');
		add(l, b.data, b.len);
	}
	buf_free(&b);
}

/* A microsecond, or a day: the last digit of the longest form. */
static void
near_time(struct list *l, const struct value *v)
{
	char text[64], *end;

	snprintf(text, sizeof(text), "%s", v->field);
	end = text + strlen(text);
	if (strchr("yC", end[-1]) != NULL || text[0] == '-' ||
	    strncmp(text, "0000", 4) == 0 || strncmp(text, "24:", 3) == 0 ||
	    strcmp(text, "838:59:59") == 0)
		return;
	if (l->f->kind != K_DATE) {
		if (strchr(text, '.') == NULL)
			*end++ = '.';
		while (strchr(text, '.') + 7 > end) {
			*end++ = '0';
			*end = '\0';
		}
	}
	if (end[-1] == '9' || strcmp(end - 2, "31") == 0)
		end[-1]--;
	else
		end[-1]++;
	/* The canonical form again. */
	while (l->f->kind != K_DATE && end[-1] == '0')
		*--end = '\0';
	if (end[-1] != '.')
		add_str(l, text);
}

static void
near_digits(struct list *l, const struct value *v)
{
	char text[80];

	for (int i = 0; i < 2; i++) {
		size_t at = i ? v->len - 1 : 0;

		snprintf(text, sizeof(text), "%s", v->field);
		text[at] = text[at] == '0' ? '1' : '0';
		add_str(l, text);
	}
}

static void
neighbours(struct list *l, const struct value *v)
{
	switch (l->f->kind) {
	case K_NUM:
		near_num(l, v);
		break;
	case K_F8:
	case K_F4:
		near_float(l, v);
		break;
	case K_TEXT:
	case K_CHAR:
		near_text(l, v);
		break;
	case K_BYTES:
		if (v->sql[LITE] == NULL)
			near_bytes(l, v);
		break;
	case K_DATE:
	case K_TIME:
	case K_TS:
	case K_TSTZ:
		if (v->sql[MY] == NULL)
			near_time(l, v);
		break;
	case K_UUID:
	case K_BITS:
		near_digits(l, v);
		break;
	case K_OTHER:
		break;
	}
}

/* One spelling for each double: 17 digits. */
static void
normalize(const struct family *f, struct arena *arena, struct value *v)
{
	double d = strtod(v->field, NULL);

	if ((f->kind != K_F8 && f->kind != K_F4) || !isfinite(d))
		return;
	v->field = arena_printf(arena, "%.17g", d);
	v->len = strlen(v->field);
}

struct value *
family_values(const struct family *f, struct arena *arena, size_t *n)
{
	struct list l = { .f = f, .arena = arena };

	l.values = arena_alloc(arena, (f->nlisted * 6 + 1) * sizeof(*l.values));
	l.values[l.n++] = (struct value){ .of = 0 };
	for (size_t i = 0; i < f->nlisted; i++) {
		struct value *v = &l.values[l.n];

		*v = f->listed[i];
		v->of = l.n++;
		normalize(f, arena, v);
		if (f->kind == K_TEXT || f->kind == K_CHAR)
			v->lacks |= text_lacks(f, v);
	}
	for (size_t i = 1; i <= f->nlisted; i++) {
		l.of = i;
		if (l.values[i].lacks == 0 || f->kind == K_TEXT)
			neighbours(&l, &l.values[i]);
	}
	*n = l.n;
	return l.values;
}

/* --- a brand's columns and literals --------------------------------------- */

const char *
family_type(const struct family *f, enum brand b, enum side side)
{
	if (side == TARGET && f->target[b] != NULL)
		return f->target[b];
	return f->type[b];
}

bool
value_held(
    const struct family *f, enum brand b, enum side side, const struct value *v)
{
	if (v->field == NULL || (v->lacks >> b & 1) != 0)
		return false;
	if (f->coarse)
		return side == TARGET || v->kept == NULL;
	return side == SOURCE || f->target[b] == NULL ||
	       (v->kept == NULL && (v->over >> b & 1) == 0);
}

static void
add_hex(struct buf *out, const char *before, const struct value *v,
    const char *after)
{
	buf_adds(out, before);
	buf_addhex(out, v->field, v->len);
	buf_adds(out, after);
}

static bool
is_plain(const struct value *v)
{
	for (size_t i = 0; i < v->len; i++)
		if (v->field[i] < ' ' || v->field[i] > '~' ||
		    v->field[i] == '\'' || v->field[i] == '\\')
			return false;
	return true;
}

static void
text_sql(struct buf *out, enum brand b, const struct value *v)
{
	if (is_plain(v)) {
		buf_addf(out, "'%.*s'", (int)v->len, v->field);
	} else if (b != PG) {
		add_hex(out, b == LITE ? "CAST(x'" : "CONVERT(x'", v,
		    b == LITE ? "' AS TEXT)" : "' USING utf8mb4)");
	} else {
		buf_adds(out, "E'");
		for (size_t i = 0; i < v->len; i++)
			buf_addf(out, "\\%03o", (unsigned char)v->field[i]);
		buf_addc(out, '\'');
	}
}

/* SQLite misreads some literals by an ulp; products of exact numbers not. */
static void
lite_double(struct buf *out, double f)
{
	int e;
	long long m = (long long)ldexp(frexp(f, &e), 53);

	if (f == 0) {
		buf_adds(out, signbit(f) ? "-0.0" : "0.0");
		return;
	}
	buf_addf(out, "%lld*1.0", m);
	for (e -= 53; e > 0; e -= e > 50 ? 50 : e)
		buf_addf(out, "*(1<<%d)", e > 50 ? 50 : e);
	for (; e < 0; e += e < -50 ? 50 : -e)
		buf_addf(out, "/(1<<%d)", e < -50 ? 50 : -e);
}

static void
float_sql(struct buf *out, enum brand b, const char *digits)
{
	double f = strtod(digits, NULL);

	if (b == LITE)
		lite_double(out, f);
	else if (b == PG)
		buf_addf(out, "'%.17g'", f);
	else
		buf_addf(out, "%s%s", digits,
		    strpbrk(digits, "eE") != NULL ? "" : "e0");
}

static bool
is_binary(const char *type)
{
	return strcmp(type, "BLOB") == 0 || strncmp(type, "binary", 6) == 0;
}

static void
uuid_sql(struct buf *out, const char *type, const struct value *v)
{
	if (!is_binary(type)) {
		buf_addf(out, "'%s'", v->field);
		return;
	}
	buf_adds(out, "x'");
	for (size_t i = 0; i < v->len; i++)
		if (v->field[i] != '-')
			buf_addc(out, v->field[i]);
	buf_addc(out, '\'');
}

static bool
is_number(const char *type)
{
	static const char *const names[] = { "bigint", "BIGINT", "int(",
		"integer", "INTEGER", "smallint", "SMALLINT", "tinyint", "year",
		"numeric", "decimal", "DECIMAL", "real", "REAL", "double",
		"float" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strncmp(type, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static void
field_sql(struct buf *out, const struct family *f, enum brand b,
    const char *type, const struct value *v)
{
	switch (f->kind) {
	case K_TEXT:
	case K_CHAR:
		text_sql(out, b, v);
		break;
	case K_BYTES:
		add_hex(out, b == PG ? "'\\x" : "x'", v, "'");
		break;
	case K_F8:
	case K_F4:
		float_sql(out, b, v->field);
		break;
	case K_TSTZ:
		buf_addf(out, "'%s%s'", v->field,
		    b == PG && strchr("yC", v->field[v->len - 1]) == NULL
			? "+00"
			: "");
		break;
	case K_UUID:
		uuid_sql(out, type, v);
		break;
	case K_BITS:
		buf_addf(out,
		    b == LITE ? "'%s'"
		    : b == PG ? "B'%s'"
			      : "b'%s'",
		    v->field);
		break;
	case K_NUM:
		/* A number too long for SQLite would lose its digits. */
		if (b == LITE && strcmp(type, "TEXT") == 0)
			buf_addf(out, "'%s'", v->field);
		else if (b == LITE && strchr(v->field, '.') != NULL)
			lite_double(out, strtod(v->field, NULL));
		else
			buf_adds(out, v->field);
		break;
	case K_DATE:
	case K_TIME:
	case K_TS:
		buf_addf(out, "'%s'", v->field);
		break;
	case K_OTHER:
		if (is_number(type))
			buf_adds(out, v->field);
		else
			text_sql(out, b, v);
		break;
	}
}

void
value_sql(struct buf *out, const struct family *f, enum brand b, enum side side,
    const struct value *v)
{
	const char *type = family_type(f, b, side);

	if (!value_held(f, b, side, v))
		buf_adds(out, "NULL");
	else if (v->sql[b] != NULL && f->kind == K_NUM &&
		 strcmp(type, "TEXT") == 0 && v->sql[b][0] != '\'')
		buf_addf(out, "'%s'", v->sql[b]);
	else if (v->sql[b] != NULL)
		buf_adds(out, v->sql[b]);
	else
		field_sql(out, f, b, type, v);
}

/* --- what is to come out -------------------------------------------------- */

/* SQLite beside SQLite compares what is stored, class and all. */
static bool
lite_same(const struct family *f, const struct value *a, const struct value *b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	bool number = strstr(f->type[LITE], "INT") != NULL ||
	              strncmp(f->type[LITE], "DEC", 3) == 0 ||
	              strcmp(f->type[LITE], "JSON") == 0;
	bool same;

	if (number && !f->spelled)
		return value_same(a, b);
	value_sql(&x, f, LITE, SOURCE, a);
	value_sql(&y, f, LITE, SOURCE, b);
	same = strcmp(buf_str(&x), buf_str(&y)) == 0;
	buf_free(&x);
	buf_free(&y);
	return same;
}

/* Is a field one of a list? */
static bool
is_among(const char *list, const struct value *v)
{
	while (list != NULL) {
		size_t n = strcspn(list, "|");

		if (n == v->len && memcmp(list, v->field, n) == 0)
			return true;
		list = list[n] == '|' ? list + n + 1 : NULL;
	}
	return false;
}

/* Has one of the two fewer digits of a second, and the other more? */
static bool
is_covered(const struct family *f, const enum brand brands[2],
    const struct value *source, const struct value *target)
{
	if (f->coarse || (brands[SOURCE] == LITE && source->sql[LITE] != NULL))
		return is_among(source->covers, target);
	return brands[TARGET] == LITE && target->sql[LITE] != NULL &&
	       is_among(target->covers, source);
}

/* SQLite has the nearest double; what it has is a decimal again. */
static void
real_field(struct buf *out, enum brand b, const char *field)
{
	if (b == LITE)
		num_from_f64(out, strtod(field, NULL));
	else
		buf_adds(out, field);
}

static enum verdict
real_expected(const enum brand brands[2], const struct value *source,
    const struct value *target)
{
	struct buf x = BUF_INIT, y = BUF_INIT, kept = BUF_INIT;
	enum verdict v = VERDICT_DIFFERENT;

	real_field(&x, brands[SOURCE], source->field);
	real_field(&kept, brands[TARGET], buf_str(&x));
	if (target->field != NULL)
		real_field(&y, brands[TARGET], target->field);
	if (strcmp(buf_str(&x), buf_str(&y)) == 0)
		v = VERDICT_EQUAL;
	else if (strcmp(buf_str(&kept), buf_str(&y)) == 0)
		v = VERDICT_EQUAL_AT_TARGET;
	else if (strcmp(buf_str(&kept), buf_str(&x)) != 0)
		v = VERDICT_UNREPRESENTABLE;
	buf_free(&x);
	buf_free(&y);
	buf_free(&kept);
	return v;
}

enum verdict
value_expected(const struct family *f, const enum brand brands[2],
    const struct value *source, const struct value *target)
{
	bool narrow = f->target[brands[TARGET]] != NULL;

	if (!value_held(f, brands[SOURCE], SOURCE, source))
		return value_held(f, brands[TARGET], TARGET, target)
		           ? VERDICT_DIFFERENT
		           : VERDICT_EQUAL;
	if ((source->lacks >> brands[TARGET] & 1) != 0 ||
	    (narrow && (source->over >> brands[TARGET] & 1) != 0))
		return VERDICT_UNREPRESENTABLE;
	if (f->real && (brands[SOURCE] == LITE || brands[TARGET] == LITE))
		return real_expected(brands, source, target);
	if (!value_held(f, brands[TARGET], TARGET, target))
		return VERDICT_DIFFERENT;
	if (brands[SOURCE] == LITE && brands[TARGET] == LITE && !narrow)
		return lite_same(f, source, target) ? VERDICT_EQUAL
		                                    : VERDICT_DIFFERENT;
	if (value_same(source, target))
		return VERDICT_EQUAL;
	if ((narrow && is_among(source->kept, target)) ||
	    is_covered(f, brands, source, target))
		return VERDICT_EQUAL_AT_TARGET;
	return VERDICT_DIFFERENT;
}

/* --- values that nobody listed -------------------------------------------- */

static void
random_digits(struct buf *b, const struct family *f)
{
	int before = 1 + (int)tap_below((uint64_t)(f->digits - f->scale));
	int behind = (int)tap_below((uint64_t)f->scale + 1);
	size_t point;

	if (tap_below(2) == 0)
		buf_addc(b, '-');
	for (int i = 0; i < before; i++)
		buf_addc(b, (char)('0' + tap_below(10)));
	point = b->len;
	buf_addc(b, '.');
	for (int i = 0; i < behind; i++)
		buf_addc(b, (char)('0' + tap_below(10)));
	if (behind == 0)
		b->len = point;
}

static void
random_float(struct buf *b, bool single)
{
	uint64_t bits;
	uint32_t bits4;
	double f;
	float f4;

	do {
		bits = tap_random();
		bits4 = (uint32_t)bits;
		memcpy(&f, &bits, sizeof(f));
		memcpy(&f4, &bits4, sizeof(f4));
		if (single)
			f = (double)f4;
	} while (!isfinite(f));
	buf_addf(b, "%.17g", f);
}

static void
random_text(struct buf *b, const struct family *f)
{
	static const char *const pieces[] = { "a", "A", "b", " ", "\303\251",
		"e\314\201", "'", "\\", "\n", "|", "1", "\360\237\230\200", "%",
		"\t", "\302\240", "x", "\"", "0", ":", "zz" };
	size_t n = tap_below(f->kind == K_CHAR ? 5 : 9);

	for (size_t i = 0; i < n; i++)
		buf_adds(b, pieces[tap_below(ARRAY_LEN(pieces))]);
	while (f->kind == K_CHAR && b->len > 0 && b->data[b->len - 1] == ' ')
		b->len--;
}

static void
random_day(struct buf *b, bool instant)
{
	buf_addf(b, "%04d-%02d-%02d",
	    instant ? 1971 + (int)tap_below(66) : 1000 + (int)tap_below(9000),
	    1 + (int)tap_below(12), 1 + (int)tap_below(28));
}

static void
random_clock(struct buf *b)
{
	buf_addf(b, "%02d:%02d:%02d", (int)tap_below(24), (int)tap_below(60),
	    (int)tap_below(60));
	if (tap_below(3) == 0)
		return;
	buf_addf(b, ".%06d", 1 + (int)tap_below(999999));
	while (b->data[b->len - 1] == '0')
		b->len--;
}

/* Versions 0 to 7: MariaDB does not take all of the others. */
static void
random_hex(struct buf *b)
{
	static const char form[] = "xxxxxxxx-xxxx-vxxx-xxxx-xxxxxxxxxxxx";

	for (const char *p = form; *p != '\0'; p++)
		buf_addc(b, *p == 'x'   ? "0123456789abcdef"[tap_below(16)]
			    : *p == 'v' ? "01234567"[tap_below(8)]
					: *p);
}

/* Only what every brand can hold. */
static struct value
random_listed(const struct family *f, struct arena *arena)
{
	for (;;) {
		struct value v = f->listed[tap_below(f->nlisted)];

		normalize(f, arena, &v);
		if (f->kind == K_TEXT || f->kind == K_CHAR)
			v.lacks |= text_lacks(f, &v);
		if (v.lacks == 0)
			return v;
	}
}

struct value
value_random(const struct family *f, struct arena *arena)
{
	struct buf b = BUF_INIT;
	struct value v = { .field = NULL };

	if (f->kind == K_OTHER || tap_below(4) == 0)
		return random_listed(f, arena);
	switch (f->kind) {
	case K_NUM: {
		struct buf digits = BUF_INIT;

		random_digits(&digits, f);
		num_canon(&b, digits.data, digits.len);
		buf_free(&digits);
		break;
	}
	case K_F8:
	case K_F4:
		random_float(&b, f->kind == K_F4);
		break;
	case K_TEXT:
	case K_CHAR:
		random_text(&b, f);
		break;
	case K_BYTES:
		for (size_t n = tap_below(12); n > 0; n--)
			buf_addc(&b, (char)tap_below(256));
		break;
	case K_DATE:
		random_day(&b, false);
		break;
	case K_TS:
	case K_TSTZ:
		random_day(&b, f->kind == K_TSTZ);
		buf_addc(&b, ' ');
		random_clock(&b);
		break;
	case K_TIME:
		random_clock(&b);
		break;
	case K_UUID:
		random_hex(&b);
		break;
	case K_BITS:
		for (int i = 0; i < f->digits; i++)
			buf_addc(&b, (char)('0' + tap_below(2)));
		break;
	case K_OTHER:
		break;
	}
	v.field = arena_memdup(arena, buf_str(&b), b.len);
	v.len = b.len;
	buf_free(&b);
	return v;
}

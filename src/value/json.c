#include <config.h>

#include "value/json.h"

#include <stdlib.h>

#include "base/arena.h"
#include "value/num.h"

#define DEPTH_MAX 512

/* More digits than this in an exponent are no number anybody can mean. */
#define EXPONENT_DIGITS_MAX 17

struct json {
	const char *p, *end;
	struct buf *out;
	int depth;
	bool doubles;       /* numbers are binary64 */
	struct buf members; /* struct member of all objects now open */
	struct buf scratch; /* an object while its members change places */
};

/* "name":value in out; offsets from the start of its object. */
struct member {
	const char *base; /* set for the time of sorting */
	size_t at, name_len, len;
};

static bool read_value(struct json *j);

static void
skip_space(struct json *j)
{
	while (j->p < j->end && (*j->p == ' ' || *j->p == '\t' ||
				    *j->p == '\n' || *j->p == '\r'))
		j->p++;
}

static bool
accept(struct json *j, char c)
{
	if (j->p == j->end || *j->p != c)
		return false;
	j->p++;
	return true;
}

static bool
read_word(struct json *j, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(j->end - j->p) < n || memcmp(j->p, word, n) != 0)
		return false;
	buf_add(j->out, word, n);
	j->p += n;
	return true;
}

static size_t
read_digits(struct json *j)
{
	const char *s = j->p;

	while (j->p < j->end && *j->p >= '0' && *j->p <= '9')
		j->p++;
	return (size_t)(j->p - s);
}

static bool
read_exponent(struct json *j, int64_t *exp)
{
	bool neg = false;
	const char *s;
	size_t n;

	if (!accept(j, 'e') && !accept(j, 'E'))
		return true;
	if (!accept(j, '+'))
		neg = accept(j, '-');
	s = j->p;
	n = read_digits(j);
	if (n == 0)
		return false;
	for (; n > 0 && *s == '0'; n--)
		s++;
	if (n > EXPONENT_DIGITS_MAX)
		return false;
	for (; n > 0; n--)
		*exp = *exp * 10 + (*s++ - '0');
	if (neg)
		*exp = -*exp;
	return true;
}

/* Append integer and fraction digits as one integer without outer zeros. */
static bool
add_mantissa(struct json *j, const char *digits, size_t nint, size_t nfrac,
    bool neg, int64_t *exp)
{
	struct buf *out = j->out;
	size_t start;

	if (neg)
		buf_addc(out, '-');
	start = out->len;
	for (size_t i = 0; i < nint + nfrac; i++) {
		char c = digits[i < nint ? i : i + 1];

		if (c != '0' || out->len > start)
			buf_addc(out, c);
	}
	if (out->len == start) {
		out->len = start - neg;
		return false;
	}
	*exp -= (int64_t)nfrac;
	for (; out->data[out->len - 1] == '0'; out->len--)
		++*exp;
	return true;
}

/* The number just read as the shortest text of its binary64. */
static void
add_double(struct json *j, const char *s)
{
	char *text = strndup(s, (size_t)(j->p - s));
	double f;

	if (text == NULL)
		out_of_memory((size_t)(j->p - s));
	f = strtod(text, NULL);
	free(text);
	j->out->len +=
	    num_print_f64(buf_reserve(j->out, NUM_PRINT_MAX), f == 0 ? 0 : f);
}

static bool
read_number(struct json *j)
{
	const char *start = j->p;
	bool neg = accept(j, '-');
	const char *digits = j->p;
	size_t nint = read_digits(j), nfrac = 0;
	int64_t exp = 0;

	if (nint == 0 || (nint > 1 && digits[0] == '0'))
		return false;
	if (accept(j, '.') && (nfrac = read_digits(j)) == 0)
		return false;
	if (!read_exponent(j, &exp))
		return false;
	if (j->doubles)
		add_double(j, start);
	else if (!add_mantissa(j, digits, nint, nfrac, neg, &exp))
		buf_addc(j->out, '0');
	else if (exp != 0)
		buf_addf(j->out, "e%lld", (long long)exp);
	return true;
}

static bool
read_hex4(struct json *j, unsigned *v)
{
	*v = 0;
	if (j->end - j->p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = *j->p++;

		if (c >= '0' && c <= '9')
			*v = *v * 16 + (unsigned)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			*v = *v * 16 + (unsigned)((c | 0x20) - 'a' + 10);
		else
			return false;
	}
	return true;
}

static void
add_code_point(struct buf *out, unsigned c)
{
	if (c < 0x20 || (c >= 0xd800 && c <= 0xdfff)) {
		buf_addf(out, "\\u%04x", c);
	} else if (c == '"' || c == '\\') {
		buf_addc(out, '\\');
		buf_addc(out, (char)c);
	} else if (c < 0x80) {
		buf_addc(out, (char)c);
	} else {
		if (c < 0x800) {
			buf_addc(out, (char)(0xc0 | c >> 6));
		} else {
			if (c < 0x10000) {
				buf_addc(out, (char)(0xe0 | c >> 12));
			} else {
				buf_addc(out, (char)(0xf0 | c >> 18));
				buf_addc(out, (char)(0x80 | (c >> 12 & 0x3f)));
			}
			buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
		}
		buf_addc(out, (char)(0x80 | (c & 0x3f)));
	}
}

/* Behind "\u": a code point, two escapes if they are a surrogate pair. */
static bool
read_unicode(struct json *j)
{
	const char *behind;
	unsigned c, low;

	if (!read_hex4(j, &c))
		return false;
	behind = j->p;
	if (c >= 0xd800 && c <= 0xdbff && accept(j, '\\') && accept(j, 'u') &&
	    read_hex4(j, &low) && low >= 0xdc00 && low <= 0xdfff)
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	else
		j->p = behind; /* what follows is read on its own */
	add_code_point(j->out, c);
	return true;
}

static bool
read_escape(struct json *j)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (j->p == j->end)
		return false;
	if (accept(j, 'u'))
		return read_unicode(j);
	at = memchr(from, *j->p++, sizeof(from) - 1);
	if (at == NULL)
		return false;
	add_code_point(j->out, (unsigned char)to[at - from]);
	return true;
}

static bool
read_string(struct json *j)
{
	if (!accept(j, '"'))
		return false;
	buf_addc(j->out, '"');
	for (;;) {
		const char *s = j->p;

		while (j->p < j->end && *j->p != '"' && *j->p != '\\' &&
		       (unsigned char)*j->p >= 0x20)
			j->p++;
		buf_add(j->out, s, (size_t)(j->p - s));
		if (accept(j, '"'))
			break;
		if (!accept(j, '\\') || !read_escape(j))
			return false;
	}
	buf_addc(j->out, '"');
	return true;
}

static bool
read_array(struct json *j)
{
	buf_addc(j->out, '[');
	j->p++;
	skip_space(j);
	if (!accept(j, ']')) {
		do {
			if (!read_value(j))
				return false;
			skip_space(j);
			buf_addc(j->out, ',');
		} while (accept(j, ','));
		if (!accept(j, ']'))
			return false;
		j->out->len--;
	}
	buf_addc(j->out, ']');
	return true;
}

static int
cmp_names(const struct member *a, const struct member *b)
{
	int c = memcmp(
	    a->base + a->at, b->base + b->at, MIN(a->name_len, b->name_len));

	return c != 0
	           ? c
	           : (a->name_len > b->name_len) - (a->name_len < b->name_len);
}

/* Of equal names the later one sorts later. */
static int
cmp_members(const void *pa, const void *pb)
{
	const struct member *a = pa, *b = pb;
	int c = cmp_names(a, b);

	return c != 0 ? c : (a->at > b->at) - (a->at < b->at);
}

/* Put the members that stand in out from start on in order. */
static void
sort_members(struct json *j, size_t start, struct member *m, size_t n)
{
	struct buf *out = j->out;

	for (size_t i = 0; i < n; i++)
		m[i].base = out->data + start;
	qsort(m, n, sizeof(*m), cmp_members);
	buf_reset(&j->scratch);
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n && cmp_names(&m[i], &m[i + 1]) == 0)
			continue;
		if (j->scratch.len > 0)
			buf_addc(&j->scratch, ',');
		buf_add(&j->scratch, m[i].base + m[i].at, m[i].len);
	}
	out->len = start;
	buf_add(out, j->scratch.data, j->scratch.len);
}

static bool
read_member(struct json *j, size_t start)
{
	struct member m = { .at = j->out->len - start };

	skip_space(j);
	if (!read_string(j))
		return false;
	/* Without the closing quote a prefix sorts first. */
	m.name_len = j->out->len - start - m.at - 1;
	skip_space(j);
	if (!accept(j, ':'))
		return false;
	buf_addc(j->out, ':');
	if (!read_value(j))
		return false;
	m.len = j->out->len - start - m.at;
	buf_add(&j->members, &m, sizeof(m));
	return true;
}

static bool
read_object(struct json *j)
{
	size_t first = j->members.len, start;

	buf_addc(j->out, '{');
	start = j->out->len;
	j->p++;
	skip_space(j);
	if (!accept(j, '}')) {
		do {
			if (!read_member(j, start))
				return false;
			skip_space(j);
		} while (accept(j, ','));
		if (!accept(j, '}'))
			return false;
		sort_members(j, start,
		    (struct member *)(void *)(j->members.data + first),
		    (j->members.len - first) / sizeof(struct member));
		j->members.len = first;
	}
	buf_addc(j->out, '}');
	return true;
}

static bool
read_value(struct json *j)
{
	bool ok;

	skip_space(j);
	if (j->p == j->end || j->depth == DEPTH_MAX)
		return false;
	j->depth++;
	switch (*j->p) {
	case '{':
		ok = read_object(j);
		break;
	case '[':
		ok = read_array(j);
		break;
	case '"':
		ok = read_string(j);
		break;
	case 't':
		ok = read_word(j, "true");
		break;
	case 'f':
		ok = read_word(j, "false");
		break;
	case 'n':
		ok = read_word(j, "null");
		break;
	default:
		ok = read_number(j);
		break;
	}
	j->depth--;
	return ok;
}

static bool
canon(struct buf *out, const char *s, size_t n, bool doubles)
{
	struct json j = {
		.p = s, .end = s + n, .out = out, .doubles = doubles
	};
	size_t start = out->len;
	bool ok = read_value(&j);

	skip_space(&j);
	ok = ok && j.p == j.end;
	if (!ok)
		out->len = start;
	buf_free(&j.members);
	buf_free(&j.scratch);
	return ok;
}

bool
json_canon(struct buf *out, const char *s, size_t n)
{
	return canon(out, s, n, false);
}

bool
json_canon_double(struct buf *out, const char *s, size_t n)
{
	return canon(out, s, n, true);
}

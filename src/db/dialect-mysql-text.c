/*
 * What text a MariaDB or MySQL column can hold: by its character set, its
 * length in characters and in bytes, its labels, its kind.
 */
#include <config.h>

#include "db/dialect-mysql.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "db/convert.h"
#include "value/json.h"
#include "value/num.h"

/* --- character sets ------------------------------------------------------- */

/*
 * latin1 is cp1252 whose five holes are control characters, as a server says:
 * it gives back every other character as "?".
 */
static const struct char_range latin1_ranges[] = {
	{ 0x00, 0x7f },
	{ 0x81, 0x81 },
	{ 0x8d, 0x8d },
	{ 0x8f, 0x90 },
	{ 0x9d, 0x9d },
	{ 0xa0, 0xff },
	{ 0x152, 0x153 },
	{ 0x160, 0x161 },
	{ 0x178, 0x178 },
	{ 0x17d, 0x17e },
	{ 0x192, 0x192 },
	{ 0x2c6, 0x2c6 },
	{ 0x2dc, 0x2dc },
	{ 0x2013, 0x2014 },
	{ 0x2018, 0x201a },
	{ 0x201c, 0x201e },
	{ 0x2020, 0x2022 },
	{ 0x2026, 0x2026 },
	{ 0x2030, 0x2030 },
	{ 0x2039, 0x203a },
	{ 0x20ac, 0x20ac },
	{ 0x2122, 0x2122 },
};
static const struct char_range ascii_ranges[] = { { 0x00, 0x7f } };
static const struct char_range bmp_ranges[] = { { 0x00, 0xffff } };
/* Seven bits, some of which are Swedish letters. */
static const struct char_range swe7_ranges[] = {
	{ 0x00, 0x3f },
	{ 0x41, 0x5a },
	{ 0x5f, 0x5f },
	{ 0x61, 0x7a },
};

#define SET(ranges) ARRAY_LEN(ranges), ranges

static const struct {
	const char *name;
	int unit; /* bytes of a character of ASCII; 0: as in UTF-8 */
	struct charset set;
} charsets[] = {
	{ "utf8mb4_", 0, { 0, NULL } },
	{ "utf8mb3_", 0, { SET(bmp_ranges) } },
	{ "utf8_", 0, { SET(bmp_ranges) } },
	{ "ucs2_", 2, { SET(bmp_ranges) } },
	{ "utf16_", 2, { 0, NULL } },
	{ "utf16le_", 2, { 0, NULL } },
	{ "utf32_", 4, { 0, NULL } },
	{ "latin1_", 1, { SET(latin1_ranges) } },
	{ "swe7_", 1, { SET(swe7_ranges) } },
};

/* Which of them a collation is of; the last + 1: some other. */
static size_t
find_charset(const char *collation)
{
	size_t i = 0;

	while (i < ARRAY_LEN(charsets) && strncmp(collation, charsets[i].name,
					      strlen(charsets[i].name)) != 0)
		i++;
	return i;
}

/*
 * Of a character set that is not known here (gbk, koi8r) every server has
 * ASCII; more of it is in column->charset, where somebody asked the server.
 */
static bool
has_character(const struct column *to, size_t set, uint32_t point)
{
	static const struct charset ascii = { SET(ascii_ranges) };

	if (to->charset != NULL)
		return charset_has(to->charset, point);
	if (to->collation == NULL)
		return true;
	if (set == ARRAY_LEN(charsets))
		return charset_has(&ascii, point);
	return charsets[set].set.n == 0 ||
	       charset_has(&charsets[set].set, point);
}

static size_t
bytes_there(size_t set, uint32_t point, size_t utf8)
{
	int unit = set < ARRAY_LEN(charsets) ? charsets[set].unit : 0;

	if (unit == 0)
		return utf8;
	return unit == 2 && point > 0xffff ? 4 : (size_t)unit;
}

/* --- text ----------------------------------------------------------------- */

static size_t
text_limit(const struct column *to)
{
	static const struct {
		const char *type;
		size_t bytes;
	} types[] = { { "tinytext", 255 }, { "text", 65535 },
		{ "mediumtext", 16777215 } };

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strncmp(to->type, types[i].type, strlen(types[i].type)) ==
		    0)
			return types[i].bytes;
	return SIZE_MAX;
}

/* Blanks beyond the length would be cut off without a word. */
static bool
check_text(struct conversion *v)
{
	const struct column *to = v->to;
	const struct cell *c = v->out;
	size_t set = to->collation != NULL ? find_charset(to->collation) : 0;
	size_t chars = 0, bytes = 0, len;
	uint32_t point;

	for (size_t i = 0; i < c->len; i += len, chars++) {
		len = utf8_next(c->u.p + i, c->len - i, &point);
		if (len == 0)
			return refuse(v, "text is not valid UTF-8");
		if (!has_character(to, set, point))
			return refuse(v, "a character that the column's "
					 "character set does not have");
		bytes += bytes_there(set, point, len);
	}
	if ((to->maxlen >= 0 && chars > (size_t)to->maxlen) ||
	    bytes > text_limit(to))
		return refuse(v, "text is longer than the column");
	return true;
}

/* The value as text: its own, or what its type writes. */
static bool
value_as_text(struct conversion *v)
{
	bool bytes = v->in->kind == CELL_BYTES && v->type != LT_UUID;

	if (v->in->kind == CELL_TEXT || bytes)
		*v->out = cell_text(v->in->u.p, v->in->len);
	else if (!canonical(v, v->type, v->out))
		return refuse(v, "the value has no text");
	while (my_wire(v->to) == MY_CHAR && v->out->len > 0 &&
	       v->out->u.p[v->out->len - 1] == ' ')
		v->out->len--;
	return check_text(v);
}

/* --- labels --------------------------------------------------------------- */

/*
 * enum('it''s','b\\c','x\0y'), as information_schema writes labels: quotes
 * doubled, some characters escaped.
 */
static int
label_byte(const char **type)
{
	static const char escapes[] = "0\0n\nr\rt\tb\bZ\032";
	const char *p = *type;

	if (*p == '\0' || (*p == '\'' && p[1] != '\''))
		return -1;
	*type += *p == '\'' || *p == '\\' ? 2 : 1;
	if (*p != '\\')
		return (unsigned char)*p;
	for (size_t i = 0; i + 1 < sizeof(escapes); i += 2)
		if (p[1] == escapes[i])
			return (unsigned char)escapes[i + 1];
	return (unsigned char)p[1];
}

/*
 * How much of the text is the label behind *type, which moves on; SIZE_MAX if
 * it does not begin with it. information_schema knows three bytes of UTF-8:
 * its "?" may be any character beyond, and the server tells them apart.
 */
static size_t
match_label(const char **type, const char *s, size_t n)
{
	size_t at = 0;
	bool same = true;
	int byte;

	while ((byte = label_byte(type)) >= 0) {
		unsigned char c = at < n ? (unsigned char)s[at] : 0;

		if (byte == '?' && c >= 0xf0) {
			at += 4;
			continue;
		}
		same = same && at < n && c == byte;
		at++;
	}
	return same && at <= n ? at : SIZE_MAX;
}

/* One label of an enum; of a set any, with commas, in their order. */
static bool
check_labels(struct conversion *v)
{
	const char *type = strchr(v->to->type, '(');
	const char *s = v->out->u.p;
	size_t n = v->out->len;
	bool set = strncmp(v->to->type, "set", 3) == 0;

	if (type == NULL || (set && n == 0))
		return true;
	while ((type = strchr(type, '\'')) != NULL) {
		size_t len;

		type++;
		len = match_label(&type, s, n);
		type += *type == '\'';
		if (len == n)
			return true;
		if (set && len < n && s[len] == ',') {
			s += len + 1;
			n -= len + 1;
		}
	}
	return refuse(v,
	    set ? "no labels of the set in its order" : "no label of the enum");
}

/* --- addresses ------------------------------------------------------------ */

/*
 * As the server writes it: the longest run of zeros is "::", even of one, and
 * addresses that hold one of IPv4 show it.
 */
static void
inet6_text(struct buf *out, const unsigned char *a)
{
	size_t gap = 8, longest = 0;
	unsigned word[8];

	for (size_t i = 0; i < 8; i++)
		word[i] = (unsigned)a[2 * i] << 8 | a[2 * i + 1];
	for (size_t i = 0; i < 8; i++) {
		size_t n = 0;

		while (i + n < 8 && word[i + n] == 0)
			n++;
		if (n > longest) {
			longest = n;
			gap = i;
		}
	}
	for (size_t i = 0; i < 8; i++) {
		if (i == gap) {
			buf_adds(out, i == 0 ? "::" : ":");
			i += longest - 1;
		} else if (i == 6 && gap == 0 &&
			   (longest == 6 ||
			       (longest == 5 && word[5] == 0xffff))) {
			buf_addf(
			    out, "%d.%d.%d.%d", a[12], a[13], a[14], a[15]);
			break;
		} else {
			buf_addf(out, "%x%s", word[i], i < 7 ? ":" : "");
		}
	}
}

/* Another spelling would come back as this one, and differ for ever. */
static bool
check_address(struct conversion *v, bool six)
{
	struct buf text = BUF_INIT, again = BUF_INIT;
	unsigned char address[16];
	bool same;

	buf_add(&text, v->out->u.p, v->out->len);
	same =
	    memchr(text.data, '\0', text.len) == NULL &&
	    inet_pton(six ? AF_INET6 : AF_INET, buf_str(&text), address) == 1;
	if (same && six) {
		inet6_text(&again, address);
		same = strcmp(buf_str(&again), text.data) == 0;
	}
	buf_free(&text);
	buf_free(&again);
	return same || refuse(v, "not an address as the server writes it");
}

/* --- JSON ----------------------------------------------------------------- */

struct json_check {
	const char *p, *end;
	size_t depth;
};

static unsigned
hex4(const char *s)
{
	char digits[5] = { s[0], s[1], s[2], s[3], '\0' };

	return (unsigned)strtoul(digits, NULL, 16);
}

/* Behind the quote that ends a valid string: no half of a surrogate pair? */
static bool
string_fits(struct json_check *j)
{
	bool high = false, fits = true;

	for (j->p++; *j->p != '"'; j->p++) {
		unsigned u = 0;

		if (*j->p == '\\' && j->p[1] == 'u') {
			u = hex4(j->p + 2);
			j->p += 5;
		} else if (*j->p == '\\') {
			j->p++;
		}
		fits = fits && high == (u >> 10 == 0xdc00 >> 10);
		high = u >> 10 == 0xd800 >> 10;
	}
	j->p++;
	return fits && !high;
}

/* MySQL keeps integers of 64 bits and doubles. */
static bool
number_fits(struct json_check *j)
{
	const char *s = j->p;
	struct buf exact = BUF_INIT, kept = BUF_INIT;
	bool fits, neg;
	uint64_t u;

	while (j->p < j->end && strchr("+-.eE0123456789", *j->p) != NULL)
		j->p++;
	fits = num_canon(&exact, s, (size_t)(j->p - s));
	if (fits) {
		neg = exact.data[0] == '-';
		num_from_f64(&kept, num_to_f64(buf_str(&exact), exact.len));
		fits = (kept.len == exact.len &&
			   memcmp(kept.data, exact.data, kept.len) == 0) ||
		       (my_read_u64(exact.data + neg, exact.len - neg, &u) &&
			   (!neg || u <= (uint64_t)INT64_MAX + 1));
	}
	buf_free(&exact);
	buf_free(&kept);
	return fits;
}

static bool
check_json(struct conversion *v)
{
	bool mysql = (v->to->wire & MY_ORACLE) != 0;
	struct json_check j = { v->out->u.p, v->out->u.p + v->out->len, 0 };

	while (j.p < j.end) {
		char c = *j.p;

		if (c == '"') {
			if (!string_fits(&j))
				return refuse(
				    v, "half of a surrogate pair in JSON");
		} else if (mysql && (c == '-' || (c >= '0' && c <= '9'))) {
			if (!number_fits(&j))
				return refuse(
				    v, "a number that is no double in JSON");
		} else {
			j.depth += c == '[' || c == '{';
			j.depth -= c == ']' || c == '}';
			if (j.depth > (mysql ? 100 : 31))
				return refuse(v, "JSON that nests too deep");
			j.p++;
		}
	}
	return true;
}

bool
my_convert_json(struct conversion *v)
{
	struct buf canon = BUF_INIT;
	bool valid;

	if (!value_as_text(v))
		return false;
	valid = json_canon(&canon, v->out->u.p, v->out->len);
	buf_free(&canon);
	return valid ? check_json(v) : refuse(v, "not JSON");
}

bool
my_convert_text(struct conversion *v)
{
	if (!value_as_text(v))
		return false;
	if (v->to->wire & MY_ENUM)
		return check_labels(v);
	if (strcmp(v->to->type, "inet6") == 0 ||
	    strcmp(v->to->type, "inet4") == 0)
		return check_address(v, v->to->type[4] == '6');
	return true;
}

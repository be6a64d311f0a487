/*
 * PostgreSQL's own hash of a row, made strict (HASH_RECORD): hash_record_
 * extended() of a record whose seed is a hash of the row's key.
 *
 * It costs the server about as much as sending the row does: 0.6 us for eight
 * columns, where md5 of canonical text costs 2.8. As it stands it would not do:
 * numerics hash without their sign and eight-byte integers folded into four
 * bytes, so these go in as the bytes they are sent as; and h = 31 * h + column
 * is linear, so that two rows could swap a value and their sum stay the same,
 * which the seed prevents: no two rows have the same one.
 *
 * record_hash() is the same function over the bytes that a raw scan brings:
 * Bob Jenkins' lookup3 (https://burtleburtle.net/bob/c/lookup3.c, public
 * domain) as common/hashfn.h of PostgreSQL 11 and later has it, and record_ops
 * of 14 and later. The driver holds the two against each other at connect, and
 * the comparison does so on rows of each table.
 */
#include <config.h>

#include "db/dialect-pg.h"

#include <inttypes.h>

/* --- the function ----------------------------------------------------------
 */

struct lookup3 {
	uint32_t a, b, c;
};

static inline uint32_t
rotate(uint32_t x, int bits)
{
	return x << bits | x >> (32 - bits);
}

static inline void
mix(struct lookup3 *s)
{
	s->a = (s->a - s->c) ^ rotate(s->c, 4);
	s->c += s->b;
	s->b = (s->b - s->a) ^ rotate(s->a, 6);
	s->a += s->c;
	s->c = (s->c - s->b) ^ rotate(s->b, 8);
	s->b += s->a;
	s->a = (s->a - s->c) ^ rotate(s->c, 16);
	s->c += s->b;
	s->b = (s->b - s->a) ^ rotate(s->a, 19);
	s->a += s->c;
	s->c = (s->c - s->b) ^ rotate(s->b, 4);
	s->b += s->a;
}

static inline uint64_t
finish(struct lookup3 *s)
{
	s->c = (s->c ^ s->b) - rotate(s->b, 14);
	s->a = (s->a ^ s->c) - rotate(s->c, 11);
	s->b = (s->b ^ s->a) - rotate(s->a, 25);
	s->c = (s->c ^ s->b) - rotate(s->b, 16);
	s->a = (s->a ^ s->c) - rotate(s->c, 4);
	s->b = (s->b ^ s->a) - rotate(s->a, 14);
	s->c = (s->c ^ s->b) - rotate(s->b, 24);
	return (uint64_t)s->b << 32 | s->c;
}

static inline struct lookup3
begin(size_t len, uint64_t seed)
{
	uint32_t start = UINT32_C(0x9e3779b9) + (uint32_t)len + 3923095;
	struct lookup3 s = { start, start, start };

	if (seed != 0) {
		s.a += (uint32_t)(seed >> 32);
		s.b += (uint32_t)seed;
		mix(&s);
	}
	return s;
}

static inline uint32_t
little_endian(const unsigned char *p, size_t n)
{
	uint32_t v = 0;

	while (n > 0)
		v = v << 8 | p[--n];
	return v;
}

static uint64_t
hash_bytes(const unsigned char *p, size_t n, uint64_t seed)
{
	struct lookup3 s = begin(n, seed);

	for (; n >= 12; p += 12, n -= 12) {
		s.a += little_endian(p, 4);
		s.b += little_endian(p + 4, 4);
		s.c += little_endian(p + 8, 4);
		mix(&s);
	}
	/* The lowest byte of c is the length's. */
	if (n > 8)
		s.c += little_endian(p + 8, n - 8) << 8;
	if (n > 4)
		s.b += little_endian(p + 4, n > 8 ? 4 : n - 4);
	s.a += little_endian(p, n > 4 ? 4 : n);
	return finish(&s);
}

static uint64_t
hash_word(uint32_t word, uint64_t seed)
{
	struct lookup3 s = begin(sizeof(word), seed);

	s.a += word;
	return finish(&s);
}

/* hashint8extended() takes keys for equal whose halves fold into the same; the
 * key itself tells these apart. */
static uint64_t
row_seed(int64_t key, uint64_t seed)
{
	uint32_t low = (uint32_t)key, high = (uint32_t)((uint64_t)key >> 32);

	low ^= key >= 0 ? high : ~high;
	return hash_word(low, seed) ^ (uint64_t)key;
}

/* --- columns ---------------------------------------------------------------
 */

/* How a column goes into the record; NULL: not at all. What is sent as text is
 * hashed as text. */
static const char *
element(const struct column *col)
{
	if (col->wire & (PG_RECODE | PG_RAWTEXT))
		return NULL;
	switch ((int)pg_wire(col)) {
	case PG_BOOL:
	case PG_INT2:
	case PG_INT4:
	case PG_OID:
	case PG_DATE:
	case PG_BYTEA:
	case PG_UUID:
		return "$";
	case PG_INT8:
		return "int8send($)";
	case PG_FLOAT4:
		return "float4send($)";
	case PG_FLOAT8:
		return "float8send($)";
	case PG_NUMERIC:
		return "numeric_send($)";
	case PG_MONEY:
		return "numeric_send($::numeric)";
	case PG_TIME:
		return "time_send($)";
	case PG_TIMESTAMP:
		return "timestamp_send($)";
	case PG_TIMESTAMPTZ:
		return "timestamptz_send($)";
	case PG_JSON:
		return "$::text COLLATE \"C\"";
	case PG_TEXT:
	case PG_VARCHAR:
		return "$ COLLATE \"C\"";
	default:
		return pg_type(col)->as_text ? "(@) COLLATE \"C\"" : NULL;
	}
}

/* Is it hashed as a number, not as its bytes? */
static bool
is_word(const struct column *col)
{
	switch ((int)pg_wire(col)) {
	case PG_BOOL:
	case PG_INT2:
	case PG_INT4:
	case PG_OID:
	case PG_DATE:
		return true;
	default:
		return false;
	}
}

bool
pg_record_expr(
    struct buf *out, const struct column *const *cols, size_t n, uint64_t seed)
{
	if (!cols[0]->integer)
		return false;
	buf_adds(out, "hash_record_extended(ROW(");
	pg_expr(out, "int8send($::bigint)", cols[0]);
	for (size_t i = 1; i < n; i++) {
		const char *tmpl = element(cols[i]);

		if (tmpl == NULL)
			return false;
		buf_addc(out, ',');
		pg_expr(out, tmpl, cols[i]);
	}
	pg_expr(out, "),hashint8extended($::bigint,", cols[0]);
	buf_addf(out, "'%" PRId64 "')", (int64_t)seed);
	pg_expr(out, "#$::bigint)", cols[0]);
	return true;
}

/* A big-endian integer of 1, 2 or 4 bytes. */
static bool
read_word(const unsigned char *p, size_t n, uint32_t *word)
{
	switch (n) {
	case 1:
		*word = p[0];
		return true;
	case 2:
		*word = (uint32_t)(int16_t)(uint16_t)(p[0] << 8 | p[1]);
		return true;
	case 4:
		*word = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		        (uint32_t)p[2] << 8 | p[3];
		return true;
	default:
		return false;
	}
}

static uint64_t
hash_key(int64_t key, uint64_t seed)
{
	unsigned char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)((uint64_t)key >> (56 - 8 * i));
	return hash_bytes(bytes, sizeof(bytes), seed);
}

bool
pg_record_hash(const struct column *const *cols, size_t n, uint64_t seed,
    int64_t key, const void *raw, size_t rawlen, uint64_t *hash)
{
	const unsigned char *p = raw, *end = p + rawlen;

	seed = row_seed(key, seed);
	*hash = hash_key(key, seed);
	for (size_t i = 1; i < n; i++) {
		uint32_t len, word;
		uint64_t h = 0; /* of NULL */

		if (end - p < 4 || !read_word(p, 4, &len))
			return false;
		p += 4;
		if (len != UINT32_MAX) {
			if ((size_t)(end - p) < len)
				return false;
			if (!is_word(cols[i]))
				h = hash_bytes(p, len, seed);
			else if (read_word(p, len, &word))
				h = hash_word(word, seed);
			else
				return false;
			p += len;
		}
		*hash = *hash * 31 + h;
	}
	return p == end;
}

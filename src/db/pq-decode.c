/*
 * The binary wire: network byte order, as src/backend/utils/adt writes
 * it. Formats have been stable since integer timestamps became the only ones
 * (PostgreSQL 10).
 */
#include <config.h>

#include "db/pq-int.h"

#include "value/datetime.h"

#define DAYS_1970_TO_2000 10957
#define DAY_US INT64_C(86400000000)

/* --- numeric -------------------------------------------------------------- */

/* numeric_send(): digits in base 10000, the first worth 10000^weight. */
struct numeric {
	int ndigits, weight;
	uint16_t sign;
	int dscale; /* decimal digits to show behind the point */
	const unsigned char *digits;
};

enum {
	NUMERIC_NEG = 0x4000,
	NUMERIC_NAN = 0xc000,
	NUMERIC_PINF = 0xd000,
	NUMERIC_NINF = 0xf000,
};

/* The group of four digits worth 10000^weight. */
static unsigned
numeric_group(const struct numeric *num, int weight)
{
	int i = num->weight - weight;

	if (i < 0 || i >= num->ndigits)
		return 0;
	return (uint16_t)pq_get16(num->digits + 2 * i);
}

static char *
put_group(char *to, unsigned group)
{
	to[0] = (char)('0' + group / 1000);
	to[1] = (char)('0' + group / 100 % 10);
	to[2] = (char)('0' + group / 10 % 10);
	to[3] = (char)('0' + group % 10);
	return to + 4;
}

/* The first group without its leading zeros. */
static char *
put_first_group(char *to, unsigned group)
{
	char four[4];
	int skip = group >= 1000 ? 0 : group >= 100 ? 1 : group >= 10 ? 2 : 3;

	put_group(four, group);
	memcpy(to, four + skip, (size_t)(4 - skip));
	return to + 4 - skip;
}

/* As numeric_out() writes it. */
static void
add_numeric(struct buf *text, const struct numeric *num)
{
	size_t room = 4 * (size_t)(num->weight > 0 ? num->weight + 1 : 1) +
	              (size_t)num->dscale + 8;
	char *start = buf_reserve(text, room), *to = start, *point;

	if (num->sign == NUMERIC_NEG)
		*to++ = '-';
	to = put_first_group(to, numeric_group(num, MAX(num->weight, 0)));
	for (int w = num->weight - 1; w >= 0; w--)
		to = put_group(to, numeric_group(num, w));
	if (num->dscale > 0) {
		*to++ = '.';
		point = to;
		for (int w = -1; to - point < num->dscale; w--)
			to = put_group(to, numeric_group(num, w));
		to = point + num->dscale;
	}
	text->len += (size_t)(to - start);
}

static bool
decode_numeric(const unsigned char *p, int32_t len, struct buf *text)
{
	struct numeric num;

	if (len < 8)
		return false;
	num.ndigits = pq_get16(p);
	num.weight = pq_get16(p + 2);
	num.sign = (uint16_t)pq_get16(p + 4);
	num.dscale = pq_get16(p + 6);
	num.digits = p + 8;
	if (num.ndigits < 0 || num.dscale < 0 || len != 8 + 2 * num.ndigits)
		return false;
	switch (num.sign) {
	case 0:
	case NUMERIC_NEG:
		add_numeric(text, &num);
		return true;
	case NUMERIC_NAN:
		buf_adds(text, "NaN");
		return true;
	case NUMERIC_PINF:
		buf_adds(text, "Infinity");
		return true;
	case NUMERIC_NINF:
		buf_adds(text, "-Infinity");
		return true;
	default:
		return false;
	}
}

/* --- dates, times, uuids -------------------------------------------------- */

static void
add_infinity(struct buf *text, bool negative)
{
	struct datetime dt = { .infinite = negative ? -1 : 1 };

	datetime_add_date(text, &dt);
}

static void
add_date(struct buf *text, int32_t days)
{
	struct datetime dt;

	if (days == INT32_MAX || days == INT32_MIN) {
		add_infinity(text, days < 0);
		return;
	}
	datetime_from_days(&dt, (int64_t)days + DAYS_1970_TO_2000);
	datetime_add_date(text, &dt);
}

static void
add_time(struct buf *text, int64_t us)
{
	struct datetime dt;

	datetime_from_time_us(&dt, us);
	datetime_add_time(text, &dt);
}

/*
 * Day and time apart: the last timestamps are within 30 years of 2^63 us after
 * 2000, so counting them from 1970 would overflow.
 */
static void
add_timestamp(struct buf *text, int64_t us)
{
	int64_t days = us / DAY_US - (us % DAY_US < 0);
	struct datetime dt, day;

	if (us == INT64_MAX || us == INT64_MIN) {
		add_infinity(text, us < 0);
		return;
	}
	datetime_from_time_us(&dt, us - days * DAY_US);
	datetime_from_days(&day, days + DAYS_1970_TO_2000);
	dt.year = day.year;
	dt.month = day.month;
	dt.day = day.day;
	dt.has_date = true;
	datetime_add(text, &dt);
}

static void
add_uuid(struct buf *text, const unsigned char *p)
{
	static const char groups[] = { 4, 2, 2, 2, 6 };

	for (size_t i = 0; i < sizeof(groups); p += groups[i++]) {
		if (i > 0)
			buf_addc(text, '-');
		buf_addhex(text, p, (size_t)groups[i]);
	}
}

/* -------------------------------------------------------------------------- */

static double
get_float8(const unsigned char *p)
{
	int64_t bits = pq_get64(p);
	double f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

static float
get_float4(const unsigned char *p)
{
	int32_t bits = pq_get32(p);
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

/* Bytes of the types that always take the same number of them. */
static int32_t
wire_size(enum pg_wire wire)
{
	static const unsigned char sizes[PG_WIRES] = {
		[PG_BOOL] = 1,
		[PG_INT2] = 2,
		[PG_INT4] = 4,
		[PG_OID] = 4,
		[PG_FLOAT4] = 4,
		[PG_DATE] = 4,
		[PG_INT8] = 8,
		[PG_FLOAT8] = 8,
		[PG_TIME] = 8,
		[PG_TIMESTAMP] = 8,
		[PG_TIMESTAMPTZ] = 8,
		[PG_UUID] = 16,
	};

	return sizes[wire];
}

/* Types whose text is written anew; the rest is decoded where it is. */
static bool
decode_to_text(
    enum pg_wire wire, const unsigned char *p, int32_t len, struct buf *text)
{
	switch ((int)wire) {
	case PG_NUMERIC:
	case PG_MONEY:
		return decode_numeric(p, len, text);
	case PG_UUID:
		add_uuid(text, p);
		return true;
	case PG_DATE:
		add_date(text, pq_get32(p));
		return true;
	case PG_TIME:
		add_time(text, pq_get64(p));
		return true;
	default:
		add_timestamp(text, pq_get64(p));
		return true;
	}
}

bool
pq_decode(enum pg_wire wire, const unsigned char *p, int32_t len,
    struct buf *text, struct cell *cell, bool *moved)
{
	size_t at = text->len;

	if (len < 0) {
		*cell = cell_null();
		return true;
	}
	if (wire_size(wire) != 0 && len != wire_size(wire))
		return false;
	switch (wire) {
	case PG_BOOL:
		*cell = cell_int(*p != 0);
		return true;
	case PG_INT2:
		*cell = cell_int(pq_get16(p));
		return true;
	case PG_INT4:
		*cell = cell_int(pq_get32(p));
		return true;
	case PG_INT8:
		*cell = cell_int(pq_get64(p));
		return true;
	case PG_OID:
		*cell = cell_int((uint32_t)pq_get32(p));
		return true;
	case PG_FLOAT4:
		*cell = cell_f64((double)get_float4(p));
		return true;
	case PG_FLOAT8:
		*cell = cell_f64(get_float8(p));
		return true;
	case PG_BYTEA:
		*cell = cell_bytes((const char *)p, (size_t)len);
		return true;
	case PG_NUMERIC:
	case PG_MONEY:
	case PG_UUID:
	case PG_DATE:
	case PG_TIME:
	case PG_TIMESTAMP:
	case PG_TIMESTAMPTZ:
		if (!decode_to_text(wire, p, len, text))
			return false;
		*cell = cell_text(NULL, text->len - at);
		cell->u.i = (int64_t)at;
		*moved = true;
		return true;
	case PG_COMPUTED:
	case PG_TEXT:
	case PG_VARCHAR:
	case PG_NAME:
	case PG_BPCHAR:
	case PG_INTERVAL:
	case PG_BIT:
	case PG_VARBIT:
	case PG_JSON:
	case PG_JSONB:
	case PG_REGCLASS:
	case PG_REGCOLLATION:
	case PG_REGCONFIG:
	case PG_REGDICTIONARY:
	case PG_REGOPER:
	case PG_REGOPERATOR:
	case PG_REGPROC:
	case PG_REGPROCEDURE:
	case PG_REGTYPE:
	case PG_OTHER:
	case PG_WIRES:
		break;
	}
	*cell = cell_text((const char *)p, (size_t)len);
	return true;
}

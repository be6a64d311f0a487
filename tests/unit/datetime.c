#include <config.h>

#include "value/datetime.h"

#include <math.h>
#include <stdio.h>

#include "lib/tap.h"

#define ROUNDS 200000

static struct buf got = BUF_INIT;

static const char *
text_of(const struct datetime *dt)
{
	buf_reset(&got);
	if (dt->has_date && dt->has_time)
		datetime_add(&got, dt);
	else if (dt->has_time)
		datetime_add_time(&got, dt);
	else
		datetime_add_date(&got, dt);
	return buf_str(&got);
}

/* Walk day by day with a calendar of our own and compare. */
static void
test_walk(void)
{
	static const int len[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	int64_t year = -5000, y;
	int month = 1, day = 1, m, d, bad = 0;
	int64_t days = days_from_civil(year, 1, 1);

	for (; year < 12001; days++) {
		bool leap =
		    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

		civil_from_days(days, &y, &m, &d);
		bad += y != year || m != month || d != day ||
		       days_from_civil(year, month, day) != days;
		if (++day > len[month - 1] + (month == 2 && leap)) {
			day = 1;
			if (++month > 12) {
				month = 1;
				year++;
			}
		}
	}
	is_int(bad, 0, "every day from 5001 BC to 12000");
	is_int(days_from_civil(1970, 1, 1), 0, "day 0");
	is_int(days_from_civil(2000, 3, 1), 11017, "2000-03-01");
	is_int(days_from_civil(0, 1, 1), -719528, "1 BC");
}

static void
test_parse(void)
{
	static const struct {
		const char *in, *want; /* NULL: refused; in UTC */
	} t[] = {
		{ "2024-02-29", "2024-02-29" },
		{ "2023-02-29", NULL },
		{ "1900-02-29", NULL },
		{ "2000-02-29", "2000-02-29" },
		{ "0044-03-15 BC", "0044-03-15 BC" },
		{ "-0043-03-15", "0044-03-15 BC" },
		{ "0000-03-15", "0001-03-15 BC" },
		{ "0001-02-29 BC", "0001-02-29 BC" },
		{ "0002-02-29 BC", NULL },
		{ "0000-01-01 BC", NULL },
		{ "-0001-01-01 BC", NULL },
		{ "+12345-06-07", "12345-06-07" },
		{ "12345-06-07", "12345-06-07" },
		{ "00012-01-01", "0012-01-01" },
		{ "0000-00-00", NULL },
		{ "2024-00-00", NULL },
		{ "2024-13-01", NULL },
		{ "2024-04-31", NULL },
		{ "2024-1-1", NULL },
		{ "20240101", NULL },
		{ "24-01-01", NULL },
		{ "2024-01-01Z", NULL },
		{ "2024-01-01 ", NULL },
		{ "9999999999-01-01", NULL },
		{ "", NULL },
		{ "now", NULL },
		{ "2024-01-01 10:00", "2024-01-01 10:00:00" },
		{ "2024-01-01T10:00:05.120", "2024-01-01 10:00:05.12" },
		{ "2024-01-01 10:00:00.000000", "2024-01-01 10:00:00" },
		{ "2024-01-01 10:00:00.", NULL },
		{ "2024-01-01 10:00:00.123456789012345",
		    "2024-01-01 10:00:00.123456789012345" },
		{ "2024-01-01 10:00:00.1234567890123450000",
		    "2024-01-01 10:00:00.123456789012345" },
		{ "2024-01-01 10:00:00.1234567890123456", NULL },
		{ "2024-01-01T00:30:00Z", "2024-01-01 00:30:00" },
		{ "2024-01-01T00:30:00+01", "2023-12-31 23:30:00" },
		{ "2024-02-28 23:30:00-00:30", "2024-02-29 00:00:00" },
		{ "2024-02-28 23:30:00.5 -05:30", "2024-02-29 05:00:00.5" },
		{ "2024-01-01 00:00:00+00:19:32", "2023-12-31 23:40:28" },
		{ "0001-01-01 00:30:00+01", "0001-12-31 23:30:00 BC" },
		{ "0044-03-15 12:00:00+00 BC", "0044-03-15 12:00:00 BC" },
		{ "2024-01-01 10:00:00+16", NULL },
		{ "2024-01-01 10:00:00+1", NULL },
		{ "2024-01-01 10:00:00+01:60", NULL },
		{ "2024-01-01 10:00:00 x", NULL },
		{ "10:00", "10:00:00" },
		{ "10:00:00.5", "10:00:00.5" },
		{ "24:00:00", "24:00:00" },
		{ "24:00:01", NULL },
		{ "24:00:00.1", NULL },
		{ "23:59:60", "23:59:60" },
		{ "23:59:61", NULL },
		{ "23:60:00", NULL },
		{ "25:00", NULL },
		{ "1:00", NULL },
		{ "00:30+01", "23:30:00" },
		{ "10:00 BC", NULL },
		{ "infinity", "infinity" },
		{ "-infinity", "-infinity" },
		{ "infinitely", NULL },
		{ "infinity+", NULL },
	};
	struct datetime dt;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		bool fits = datetime_parse(t[i].in, strlen(t[i].in), &dt);

		ok(fits == (t[i].want != NULL), "'%s' is%s read", t[i].in,
		    t[i].want != NULL ? "" : " not");
		if (!fits || t[i].want == NULL)
			continue;
		datetime_to_utc(&dt);
		is_str(text_of(&dt), t[i].want, "'%s'", t[i].in);
	}
	ok(!datetime_parse("10:00:00\0"
			   "05",
	       11, &dt),
	    "a NUL is no sign of an offset");
	ok(datetime_is_impossible("2024-02-30") &&
		datetime_is_impossible("0000-00-00"),
	    "days that MySQL may keep");
	ok(!datetime_is_impossible("2024-02-29") &&
		!datetime_is_impossible("2024-13-01") &&
		!datetime_is_impossible("2024-01-32") &&
		!datetime_is_impossible("2024-1-001"),
	    "days that exist, and days that nobody keeps");
}

/* Written, read, written: the same; and back to the same microsecond. */
static void
test_round_trip(void)
{
	static const int64_t edge[] = { 0, -1, 1, 999999, -999999,
		-62135596800000000, -62135596800000001, 253402300799999999,
		253402300800000000, INT64_MIN / 4, INT64_MAX / 4 };
	int bad = 0, bad_unix = 0, bad_plain = 0, plain = 0;

	for (size_t i = 0; i < ROUNDS; i++) {
		int64_t us = i < ARRAY_LEN(edge)
		                 ? edge[i]
		                 : (int64_t)tap_random() >> (2 + i % 20);
		struct datetime dt, back;
		int64_t frac = us % 1000000;
		char want[16];

		datetime_from_us(&dt, us);
		text_of(&dt);
		bad += !datetime_parse(got.data, got.len, &back) ||
		       memcmp(&dt.year, &back.year, sizeof(dt.year)) != 0 ||
		       back.month != dt.month || back.day != dt.day ||
		       strcmp(back.frac, dt.frac) != 0;
		snprintf(want, sizeof(want), "%06d",
		    (int)(frac < 0 ? frac + 1000000 : frac));
		bad_unix +=
		    datetime_to_unix(&back) !=
			(us - (frac < 0 ? frac + 1000000 : frac)) / 1000000 ||
		    strncmp(want, dt.frac, strlen(dt.frac)) != 0;
		if (datetime_is_plain(got.data, got.len, true, true))
			plain++;
		else
			bad_plain +=
			    dt.year > 0 && dt.year < 10000 && dt.day < 29;
	}
	is_int(bad, 0, "texts read back as what was written");
	is_int(bad_unix, 0, "and are the same instant");
	is_int(bad_plain, 0, "everyday texts count as plain");
	ok(plain > ROUNDS / 4, "%d of %d were plain", plain, ROUNDS);
}

/* Plain must mean: parsing and writing changes nothing. */
static void
test_plain(void)
{
	static const char alphabet[] = "0123456789";
	int bad = 0, plain = 0;
	struct datetime dt;

	for (int i = 0; i < ROUNDS * 5; i++) {
		char s[] = "2024-01-10 10:20:30.123";
		size_t n = sizeof(s) - 1 - (i % 3 == 0 ? 4 : 0);

		for (int k = 0; k < 3; k++)
			s[tap_random() % n] = alphabet[tap_random() % 10];
		if (!datetime_is_plain(s, n, true, true))
			continue;
		plain++;
		bad += !datetime_parse(s, n, &dt) || dt.has_zone ||
		       strlen(text_of(&dt)) != n || memcmp(got.data, s, n) != 0;
	}
	is_int(bad, 0, "plain texts are canonical");
	ok(plain > ROUNDS / 2, "%d were plain", plain);
	ok(!datetime_is_plain("2024-01-10", 10, true, true) &&
		!datetime_is_plain("2024-01-10 10:20:30", 19, true, false) &&
		!datetime_is_plain("10:20:30.10", 11, false, true) &&
		!datetime_is_plain("24:00:00", 8, false, true) &&
		!datetime_is_plain("0000-01-10", 10, true, false),
	    "not plain: parts missing, too much, a last 0, 24h, year 0");
}

static void
test_julian(void)
{
	static const struct {
		double jd;
		const char *want; /* what SQLite 3.40 says */
	} t[] = {
		{ 0, "4714-11-24 12:00:00 BC" },
		{ 2440587.5, "1970-01-01 00:00:00" },
		{ 2451544.5, "2000-01-01 00:00:00" },
		{ 2460310.9236111113, "2024-01-01 10:10:00" },
		{ 5373484.49999999, "9999-12-31 23:59:59.999" },
	};
	struct datetime dt, back;
	int bad = 0;

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		ok(datetime_from_julian(&dt, t[i].jd), "%.10f", t[i].jd);
		is_str(text_of(&dt), t[i].want, "julian %.10f", t[i].jd);
	}
	ok(!datetime_from_julian(&dt, -0.1) &&
		!datetime_from_julian(&dt, 5373484.5) &&
		!datetime_from_julian(&dt, 1e300) &&
		!datetime_from_julian(&dt, NAN),
	    "out of SQLite's range");
	for (int i = 0; i < ROUNDS; i++) {
		int64_t ms = (int64_t)(tap_random() % 253402300800000);

		datetime_from_us(&dt, ms * 1000);
		bad += !datetime_from_julian(&back, datetime_to_julian(&dt)) ||
		       memcmp(&dt, &back, sizeof(dt)) != 0;
	}
	is_int(bad, 0, "julian days keep the millisecond");
	ok(datetime_parse("10:00", 5, &dt) &&
		datetime_to_julian(&dt) == 2451544.9166666665 &&
		datetime_to_unix(&dt) == 946720800,
	    "a time alone is on 2000-01-01");
	ok(datetime_parse("1970-01-01 00:00:00.0005+01", 27, &dt) &&
		datetime_to_unix(&dt) == -3600 &&
		datetime_to_julian(&dt) == 210866756400001 / 86400000.0,
	    "half a millisecond goes up, offsets count");
}

int
main(void)
{
	struct datetime dt;

	test_walk();
	test_parse();
	test_round_trip();
	test_plain();
	test_julian();
	datetime_from_days(&dt, -719529);
	is_str(text_of(&dt), "0002-12-31 BC", "from days");
	datetime_from_time_us(&dt, INT64_C(86400000000));
	is_str(text_of(&dt), "24:00:00", "the end of a day");
	datetime_from_time_us(&dt, 3600000001);
	is_str(text_of(&dt), "01:00:00.000001", "microseconds");
	buf_free(&got);
	return tap_done();
}

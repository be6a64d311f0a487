#include <config.h>

#include "value/datetime.h"

#include <math.h>
#include <strings.h>

#define DAY_SECONDS 86400
#define DAY_US INT64_C(86400000000)
#define DAY_MS INT64_C(86400000)

/* Milliseconds from the julian epoch to 1970, and the last of year 9999. */
#define JULIAN_1970_MS INT64_C(210866760000000)
#define JULIAN_LAST_MS INT64_C(464269060799999)

struct reader {
	const char *p, *end;
};

int64_t
days_from_civil(int64_t year, int month, int day)
{
	int64_t era, yoe, doy, doe;

	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	yoe = year - era * 400;
	doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

void
civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t era, doe, yoe, doy, mp;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	doe = days - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = yoe + era * 400 + (*month <= 2);
}

static int
days_in_month(int64_t year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
at_digit(const struct reader *r)
{
	return r->p < r->end && is_digit(*r->p);
}

static bool
accept(struct reader *r, char c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static bool
two_digits(struct reader *r, int max, int *v)
{
	if (r->end - r->p < 2 || !is_digit(r->p[0]) || !is_digit(r->p[1]))
		return false;
	*v = (r->p[0] - '0') * 10 + (r->p[1] - '0');
	r->p += 2;
	return *v <= max;
}

/* The year as written; the caller makes it astronomical. */
static bool
read_date(struct reader *r, struct datetime *dt, bool *sign)
{
	bool neg = accept(r, '-');
	int digits = 0;

	*sign = neg || accept(r, '+');
	for (; at_digit(r) && digits < 10; digits++)
		dt->year = dt->year * 10 + (*r->p++ - '0');
	if (neg)
		dt->year = -dt->year;
	return digits >= 4 && digits < 10 && accept(r, '-') &&
	       two_digits(r, 12, &dt->month) && accept(r, '-') &&
	       two_digits(r, 31, &dt->day);
}

static bool
read_fraction(struct reader *r, struct datetime *dt)
{
	const char *s = r->p;
	size_t n;

	while (at_digit(r))
		r->p++;
	n = (size_t)(r->p - s);
	if (n == 0)
		return false;
	while (n > 0 && s[n - 1] == '0')
		n--;
	if (n >= sizeof(dt->frac))
		return false;
	memcpy(dt->frac, s, n);
	dt->frac[n] = '\0';
	return true;
}

static bool
read_time(struct reader *r, struct datetime *dt)
{
	if (!two_digits(r, 24, &dt->hour) || !accept(r, ':') ||
	    !two_digits(r, 59, &dt->minute))
		return false;
	if (accept(r, ':')) {
		if (!two_digits(r, 60, &dt->second))
			return false;
		if (accept(r, '.') && !read_fraction(r, dt))
			return false;
	}
	return dt->hour < 24 ||
	       (dt->minute == 0 && dt->second == 0 && dt->frac[0] == '\0');
}

/* PostgreSQL goes to 15:59:59 either way. */
static bool
read_zone(struct reader *r, struct datetime *dt)
{
	struct reader at = *r;
	int h, m = 0, s = 0;
	bool west;

	while (accept(&at, ' '))
		continue;
	if (at.p == at.end || memchr("Zz+-", *at.p, 4) == NULL)
		return true; /* nothing, or what follows is not a zone */
	dt->has_zone = true;
	west = *at.p == '-';
	*r = at;
	if (*r->p == 'Z' || *r->p == 'z') {
		r->p++;
		return true;
	}
	r->p++;
	if (!two_digits(r, 15, &h) ||
	    (accept(r, ':') && (!two_digits(r, 59, &m) ||
				   (accept(r, ':') && !two_digits(r, 59, &s)))))
		return false;
	dt->offset = (h * 3600 + m * 60 + s) * (west ? -1 : 1);
	return true;
}

static bool
read_infinity(const char *s, size_t n, struct datetime *dt)
{
	bool neg = n > 0 && s[0] == '-';

	if (n - neg != 8 || strncasecmp(s + neg, "infinity", 8) != 0)
		return false;
	dt->infinite = neg ? -1 : 1;
	return true;
}

/* " BC" behind everything; years are astronomical from here on. */
static bool
finish_date(struct reader *r, struct datetime *dt, bool sign)
{
	if (r->end - r->p == 3 && memcmp(r->p, " BC", 3) == 0) {
		if (sign || dt->year == 0)
			return false;
		dt->year = 1 - dt->year;
		r->p += 3;
	}
	return dt->month >= 1 && dt->day >= 1 &&
	       dt->day <= days_in_month(dt->year, dt->month);
}

bool
datetime_parse(const char *s, size_t n, struct datetime *dt)
{
	struct reader r = { s, s + n };
	bool sign;

	*dt = (struct datetime){ 0 };
	if (read_infinity(s, n, dt))
		return true;
	dt->has_date = read_date(&r, dt, &sign);
	if (!dt->has_date) {
		*dt = (struct datetime){ 0 };
		dt->has_time = true;
		r.p = s;
	} else if (r.end - r.p >= 2 && (*r.p == ' ' || *r.p == 'T') &&
		   is_digit(r.p[1])) {
		dt->has_time = true;
		r.p++;
	}
	if (dt->has_time && (!read_time(&r, dt) || !read_zone(&r, dt)))
		return false;
	if (dt->has_date && !finish_date(&r, dt, sign))
		return false;
	return r.p == r.end;
}

/* Does s have the shape: digits for 0, the rest as it stands? */
static bool
has_shape(const char *s, const char *shape, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (shape[i] == '0' ? !is_digit(s[i]) : s[i] != shape[i])
			return false;
	return true;
}

/* Days that every month has; the others are left to datetime_parse(). */
static bool
is_plain_date(const char *s)
{
	int month = (s[5] - '0') * 10 + (s[6] - '0');
	int day = (s[8] - '0') * 10 + (s[9] - '0');

	return has_shape(s, "0000-00-00", 10) && memcmp(s, "0000", 4) != 0 &&
	       month >= 1 && month <= 12 && day >= 1 &&
	       day <= (month == 2 ? 28 : 30);
}

bool
datetime_is_impossible(const char *s)
{
	struct datetime dt;

	return has_shape(s, "0000-00-00", 10) && memcmp(s + 5, "12", 2) <= 0 &&
	       memcmp(s + 8, "31", 2) <= 0 && !datetime_parse(s, 10, &dt);
}

static bool
is_plain_time(const char *s, size_t n)
{
	if (n < 8 || !has_shape(s, "00:00:00", 8) || memcmp(s, "24", 2) >= 0 ||
	    s[3] > '5' || s[6] > '5')
		return false;
	if (n == 8)
		return true;
	if (s[8] != '.' || n == 9 || s[n - 1] == '0')
		return false;
	for (size_t i = 9; i < n; i++)
		if (!is_digit(s[i]))
			return false;
	return n - 9 < sizeof(((struct datetime *)NULL)->frac);
}

bool
datetime_is_plain(const char *s, size_t n, bool date, bool time)
{
	if (!date)
		return is_plain_time(s, n);
	if (n < 10 || !is_plain_date(s))
		return false;
	if (!time)
		return n == 10;
	return n > 10 && s[10] == ' ' && is_plain_time(s + 11, n - 11);
}

static int
second_of_day(const struct datetime *dt)
{
	return dt->hour * 3600 + dt->minute * 60 + dt->second;
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static void
set_days(struct datetime *dt, int64_t days)
{
	civil_from_days(days, &dt->year, &dt->month, &dt->day);
	dt->has_date = true;
}

static void
set_seconds(struct datetime *dt, int64_t sec)
{
	dt->hour = (int)(sec / 3600);
	dt->minute = (int)(sec / 60 % 60);
	dt->second = (int)(sec % 60);
	dt->has_time = true;
}

void
datetime_to_utc(struct datetime *dt)
{
	int64_t sec, carry;

	if (dt->has_zone && dt->offset != 0) {
		sec = second_of_day(dt) - dt->offset;
		carry = floor_div(sec, DAY_SECONDS);
		set_seconds(dt, sec - carry * DAY_SECONDS);
		if (dt->has_date && carry != 0)
			set_days(dt, carry + days_from_civil(
						 dt->year, dt->month, dt->day));
	}
	dt->has_zone = false;
	dt->offset = 0;
}

/* At least width digits. */
static char *
put_digits(char *to, uint64_t v, int width)
{
	char tmp[20];
	int n = 0;

	do {
		tmp[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0 || n < width);
	while (n > 0)
		*to++ = tmp[--n];
	return to;
}

static char *
put_date(char *to, const struct datetime *dt)
{
	to = put_digits(
	    to, (uint64_t)(dt->year > 0 ? dt->year : 1 - dt->year), 4);
	*to++ = '-';
	to = put_digits(to, (uint64_t)dt->month, 2);
	*to++ = '-';
	return put_digits(to, (uint64_t)dt->day, 2);
}

static char *
put_time(char *to, const struct datetime *dt)
{
	to = put_digits(to, (uint64_t)dt->hour, 2);
	*to++ = ':';
	to = put_digits(to, (uint64_t)dt->minute, 2);
	*to++ = ':';
	to = put_digits(to, (uint64_t)dt->second, 2);
	if (dt->frac[0] != '\0') {
		*to++ = '.';
		to = stpcpy(to, dt->frac);
	}
	return to;
}

static void
add_parts(struct buf *out, const struct datetime *dt, bool date, bool time)
{
	char tmp[96], *to = tmp;

	if (dt->infinite != 0) {
		buf_adds(out, dt->infinite < 0 ? "-infinity" : "infinity");
		return;
	}
	if (date)
		to = put_date(to, dt);
	if (date && time)
		*to++ = ' ';
	if (time)
		to = put_time(to, dt);
	if (date && dt->year <= 0)
		to = stpcpy(to, " BC");
	buf_add(out, tmp, (size_t)(to - tmp));
}

void
datetime_add_date(struct buf *out, const struct datetime *dt)
{
	add_parts(out, dt, true, false);
}

void
datetime_add_time(struct buf *out, const struct datetime *dt)
{
	add_parts(out, dt, false, true);
}

void
datetime_add(struct buf *out, const struct datetime *dt)
{
	add_parts(out, dt, true, true);
}

void
datetime_from_days(struct datetime *dt, int64_t days)
{
	*dt = (struct datetime){ 0 };
	set_days(dt, days);
}

void
datetime_from_time_us(struct datetime *dt, int64_t us)
{
	int n = 6;

	*dt = (struct datetime){ 0 };
	set_seconds(dt, us / 1000000);
	put_digits(dt->frac, (uint64_t)(us % 1000000), n);
	while (n > 0 && dt->frac[n - 1] == '0')
		n--;
	dt->frac[n] = '\0';
}

void
datetime_from_us(struct datetime *dt, int64_t us)
{
	int64_t days = floor_div(us, DAY_US);

	datetime_from_time_us(dt, us - days * DAY_US);
	set_days(dt, days);
}

bool
datetime_from_julian(struct datetime *dt, double jd)
{
	int64_t ms;

	if (!(jd >= 0 && jd < 5373485))
		return false;
	ms = (int64_t)(jd * 86400000.0 + 0.5);
	if (ms > JULIAN_LAST_MS)
		return false;
	datetime_from_us(dt, (ms - JULIAN_1970_MS) * 1000);
	return true;
}

/* A time alone is on 2000-01-01, as SQLite has it. */
static int64_t
days_of(const struct datetime *dt)
{
	if (!dt->has_date)
		return days_from_civil(2000, 1, 1);
	return days_from_civil(dt->year, dt->month, dt->day);
}

int64_t
datetime_to_unix(const struct datetime *dt)
{
	return days_of(dt) * DAY_SECONDS + second_of_day(dt) - dt->offset;
}

double
datetime_to_julian(const struct datetime *dt)
{
	int64_t ms = 0;

	if (dt->infinite != 0)
		return dt->infinite * HUGE_VAL;
	for (int i = 0, unit = 100; i < 3 && dt->frac[i] != '\0'; i++) {
		ms += (dt->frac[i] - '0') * unit;
		unit /= 10;
	}
	if (strlen(dt->frac) > 3 && dt->frac[3] >= '5')
		ms++;
	ms += datetime_to_unix(dt) * 1000 + JULIAN_1970_MS;
	return (double)ms / 86400000.0;
}

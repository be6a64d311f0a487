/*
 * datetime.h - calendar arithmetic and date texts.
 *
 * Days and microseconds count from 1970-01-01 00:00:00 in the proleptic
 * Gregorian calendar; years are astronomical (0 is 1 BC). The civil-from-days
 * algorithm is Howard Hinnant's
 * (https://howardhinnant.github.io/date_algorithms.html).
 */
#ifndef TU_VALUE_DATETIME_H
#define TU_VALUE_DATETIME_H

#include "base/buf.h"

/* A date and time as read; fraction digits are kept as text, any number. */
struct datetime {
	int64_t year; /* astronomical */
	int month, day, hour, minute, second;
	char frac[16]; /* digits without trailing zeros, "" for none */
	bool has_date, has_time;
	bool has_zone;
	int offset;   /* seconds east of UTC */
	int infinite; /* -1, 0, 1; the rest is unset when not 0 */
};

int64_t days_from_civil(int64_t year, int month, int day);
void civil_from_days(int64_t days, int64_t *year, int *month, int *day);

/*
 * Read ISO 8601 as the databases write it: [date][( |T)time][Z|+hh[:mm[:ss]]]
 * [ BC], a sign before the year for astronomical negative years, infinity and
 * -infinity. The date must exist (zero dates do not; callers keep them
 * verbatim), 24:00:00 and second 60 do. False if it is anything else.
 */
bool datetime_parse(const char *s, size_t n, struct datetime *dt);

/*
 * True if the text is what datetime_add_date(), datetime_add_time() or
 * datetime_add() would write for it. Quick, for the forms that servers print;
 * false says nothing (years beyond four digits, BC, a 31st, infinity).
 */
bool datetime_is_plain(const char *s, size_t n, bool date, bool time);

/*
 * True if the ten bytes at s are YYYY-MM-DD of a day that no calendar has, but
 * MySQL may: 0000-00-00, 2024-00-00, 2024-02-30.
 */
bool datetime_is_impossible(const char *s);

/* Move to UTC by the offset that was read; clears has_zone. */
void datetime_to_utc(struct datetime *dt);

/* Append the canonical text of date, of time, or of both (canon.h). */
void datetime_add_date(struct buf *out, const struct datetime *dt);
void datetime_add_time(struct buf *out, const struct datetime *dt);
void datetime_add(struct buf *out, const struct datetime *dt);

/* From days since 1970, microseconds of a day, microseconds since 1970. */
void datetime_from_days(struct datetime *dt, int64_t days);
void datetime_from_time_us(struct datetime *dt, int64_t us);
void datetime_from_us(struct datetime *dt, int64_t us);

/*
 * SQLite's julian day numbers, rounded to the millisecond as SQLite does, from
 * 4714 BC to the year 9999 (else false). A time alone is on 2000-01-01, here
 * and in datetime_to_unix().
 */
bool datetime_from_julian(struct datetime *dt, double jd);
double datetime_to_julian(const struct datetime *dt);

/* Seconds since 1970, fraction dropped. */
int64_t datetime_to_unix(const struct datetime *dt);

#endif

#include <config.h>

#include "diff/causes-int.h"

#include <stdlib.h>

#include "value/datetime.h"
#include "value/distance.h"

/* Years whose microseconds fit into 64 bits, with room for a difference. */
#define YEAR_MAX 100000

/* Microseconds since 1970; false where they do not tell all. */
static bool
instant(const struct datetime *dt, int64_t *us)
{
	int64_t fraction = 0;

	if (dt->infinite != 0 || strlen(dt->frac) > 6 ||
	    llabs((long long)dt->year) > YEAR_MAX)
		return false;
	for (int i = 0; i < 6; i++)
		fraction = fraction * 10 +
		           (i < (int)strlen(dt->frac) ? dt->frac[i] - '0' : 0);
	*us = days_from_civil(dt->year, dt->month, dt->day) * FIT_DAY +
	      ((dt->hour * 60 + dt->minute) * INT64_C(60) + dt->second) *
	          1000000 +
	      fraction;
	return true;
}

static bool
is_midnight(int64_t us)
{
	return us % FIT_DAY == 0;
}

static void
fit_date_only(struct fits *f, const int64_t us[2])
{
	for (int s = SOURCE; s <= TARGET; s++) {
		int64_t since = us[!s] - us[s];

		if (is_midnight(us[s]) && since > 0 && since < FIT_DAY)
			fits_add(f, CAUSE_DATE_ONLY, (enum side)s, 0, 0);
	}
}

static void
fit_instants(struct fits *f, const int64_t us[2])
{
	if (us[SOURCE] == us[TARGET])
		return;
	fit_date_only(f, us);
	fits_add(f, CAUSE_TIME_OFFSET, TARGET, us[TARGET] - us[SOURCE], 0);
}

/* Of a time that is not of a day (MySQL has -838 hours). */
static bool
clock_us(const struct buf *text, struct buf *scratch, int64_t *us)
{
	struct number n;

	buf_reset(scratch);
	if (!time_seconds(scratch, LT_TIME, text->data, text->len) ||
	    !fit_read_number(scratch, &n) || n.scale > 6)
		return false;
	*us = n.m;
	for (int i = n.scale; i < 6; i++)
		if (__builtin_mul_overflow(*us, 10, us))
			return false;
	return llabs(*us) < INT64_MAX / 2;
}

void
fit_times(struct fits *f, enum ltype type, const struct buf text[2],
    struct buf *scratch)
{
	int64_t us[2];

	for (int s = SOURCE; s <= TARGET; s++) {
		struct datetime dt;

		if (type == LT_TIME
			? !clock_us(&text[s], scratch, &us[s])
			: !datetime_parse(text[s].data, text[s].len, &dt) ||
			      !instant(&dt, &us[s]))
			return;
	}
	if (type != LT_TIME)
		fit_instants(f, us);
	else if (us[SOURCE] != us[TARGET])
		fits_add(
		    f, CAUSE_TIME_OFFSET, TARGET, us[TARGET] - us[SOURCE], 0);
}

void
fit_written_times(struct fits *f, const struct cell cells[2])
{
	struct datetime dt[2];
	int64_t us[2];

	for (int s = SOURCE; s <= TARGET; s++) {
		const struct cell *c = &cells[s];

		if (c->len < 10 || c->len > 40 || c->u.p[4] != '-' ||
		    !datetime_parse(c->u.p, c->len, &dt[s]) ||
		    !dt[s].has_date || dt[s].infinite != 0)
			return;
	}
	if (dt[SOURCE].has_zone != dt[TARGET].has_zone)
		return;
	for (int s = SOURCE; s <= TARGET; s++) {
		datetime_to_utc(&dt[s]);
		if (!instant(&dt[s], &us[s]))
			return;
	}
	if (dt[SOURCE].has_time == dt[TARGET].has_time)
		fit_instants(f, us);
	else
		fit_date_only(f, us);
}

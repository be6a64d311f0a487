#include <config.h>

#include "value/zone.h"

#include <string.h>
#include <time.h>

#include "base/log.h"

#define DAY 86400

static bool
two_digits(const char **s, int max, int *v)
{
	const char *p = *s;

	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return false;
	*v = (p[0] - '0') * 10 + (p[1] - '0');
	*s += 2;
	return *v <= max;
}

bool
zone_offset(const char *name, int *offset)
{
	int sign = name[0] == '-' ? -1 : 1, hours, minutes = 0;
	const char *s = name + 1;

	*offset = 0;
	if (strcmp(name, "Z") == 0 || strcmp(name, "UTC") == 0)
		return true;
	if ((name[0] != '+' && name[0] != '-') || !two_digits(&s, 15, &hours))
		return false;
	if (*s != '\0') {
		s += *s == ':';
		if (!two_digits(&s, 59, &minutes))
			return false;
	}
	*offset = sign * (hours * 3600 + minutes * 60);
	return *s == '\0';
}

static int64_t
seconds_of(const struct datetime *dt)
{
	return days_from_civil(dt->year, dt->month, dt->day) * DAY +
	       dt->hour * 3600 + dt->minute * 60 + dt->second;
}

static int
offset_at(const struct zone *z, int64_t instant)
{
	time_t t = (time_t)instant;
	struct tm tm;

	if (z->fixed)
		return z->offset;
	return localtime_r(&t, &tm) != NULL ? (int)tm.tm_gmtoff : 0;
}

/* Which time it is stays with the database: values have no place in logs. */
static void
warn_once(struct zone *z)
{
	if (!atomic_exchange(&z->warned, true))
		log_line(LOG_WARN,
		    "a local time happened twice in %s; such times are read as "
		    "the first of the two",
		    z->name);
}

void
zone_to_utc(struct zone *z, struct datetime *dt)
{
	int64_t clock = seconds_of(dt);
	/* No zone changes its clocks twice in two days. */
	int before = offset_at(z, clock - DAY);
	int after = offset_at(z, clock + DAY);
	bool first = offset_at(z, clock - before) == before;
	bool second = offset_at(z, clock - after) == after;

	if (before != after && first && second)
		warn_once(z);
	dt->has_zone = true;
	dt->offset = !first && second ? after : before;
	datetime_to_utc(dt);
}

void
zone_from_utc(struct zone *z, struct datetime *dt)
{
	dt->offset = -offset_at(z, seconds_of(dt));
	dt->has_zone = true;
	datetime_to_utc(dt);
}

#include <config.h>

#include "track/position.h"

#include <inttypes.h>
#include <stdlib.h>

#define FIELDS_MAX 8

static const char *const kinds[] = { "snapshot", "gaps" };

void
position_release(struct position *p)
{
	gaps_release(&p->gaps);
}

void
position_write(struct buf *out, const struct position *p)
{
	buf_addf(out, "1\t%s\t%s\t%" PRId64 "\t%s\t", kinds[p->kind],
	    p->install_id, p->tab, p->shape);
	if (p->kind == READ_SNAPSHOT) {
		buf_adds(out, p->snapshot);
		return;
	}
	buf_addf(out, "%" PRId64 "\t%s\t", p->last, p->mark);
	gaps_write(out, &p->gaps);
}

/* A snapshot goes into SQL: digits, ':' and ',' only. */
static bool
is_snapshot(const char *s)
{
	return *s != '\0' && s[strspn(s, "0123456789:,")] == '\0';
}

bool
position_read(struct arena *arena, const char *text, struct position *out)
{
	char *rest = arena_strdup(arena, text),
	     *field[FIELDS_MAX + 1] = { NULL };
	size_t n = 0;

	*out = (struct position){ 0 };
	while (rest != NULL && n <= FIELDS_MAX) {
		field[n++] = rest;
		rest = strchr(rest, '\t');
		if (rest != NULL)
			*rest++ = '\0';
	}
	if (n < 6 || strcmp(field[0], "1") != 0)
		return false;
	out->install_id = field[2];
	out->tab = strtoll(field[3], NULL, 10);
	out->shape = field[4];
	if (strcmp(field[1], kinds[READ_SNAPSHOT]) == 0) {
		out->kind = READ_SNAPSHOT;
		out->snapshot = field[5];
		return n == 6 && is_snapshot(field[5]);
	}
	out->kind = READ_GAPS;
	out->last = strtoll(field[5], NULL, 10);
	out->mark = field[6];
	return n == 8 && strcmp(field[1], kinds[READ_GAPS]) == 0 &&
	       gaps_read(&out->gaps, field[7]);
}

int64_t
position_low_number(const struct position *p)
{
	return gaps_count(&p->gaps) > 0 ? gaps_list(&p->gaps)[0].lo - 1
	                                : p->last;
}

void
position_low(struct buf *out, const struct position *p)
{
	if (p->kind == READ_SNAPSHOT)
		buf_adds(out, p->snapshot);
	else
		buf_addf(out, "%" PRId64, MAX(position_low_number(p), 0));
}

#include <config.h>

#include "track/position.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS_MAX 8

const char *const read_kind_names[READ_KINDS] = { "snapshot", "gaps", "window",
	"slot", "changetable", "all", "none" };

void
position_release(struct position *p)
{
	gaps_release(&p->gaps);
}

void
position_write(struct buf *out, const struct position *p)
{
	buf_addf(out, "1\t%s\t%s\t%" PRId64 "\t%s", read_kind_names[p->kind],
	    p->install_id, p->tab, p->shape);
	if (p->kind == READ_SNAPSHOT)
		buf_addf(out, "\t%s\t%d", p->snapshot, p->rows);
	if (p->kind == READ_WINDOW)
		buf_addf(out, "\t%s", p->bound != NULL ? p->bound : "-");
	if (p->kind == READ_SLOT)
		buf_addf(out, "\t%s\t%" PRIX64 "/%" PRIX64 "\t%" PRIu64,
		    p->slot, p->lsn >> 32, p->lsn & UINT32_MAX, p->xid);
	if (p->kind == READ_CHANGETABLE)
		buf_addf(out, "\t%" PRId64, p->last);
	if (p->kind == READ_GAPS) {
		buf_addf(out, "\t%" PRId64 "\t%s\t", p->last, p->mark);
		gaps_write(out, &p->gaps);
	}
}

bool
position_bound(const char *s)
{
	size_t n = strlen(s), quoted = n > 2 && s[0] == '\'';

	return n > 0 &&
	       strspn(s + quoted, "0123456789+-.:eE ") == n - 2 * quoted &&
	       (!quoted || s[n - 1] == '\'');
}

bool
position_lsn(const char *s, uint64_t *out)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t hi = strspn(s, digits), lo;

	if (hi == 0 || hi > 8 || s[hi] != '/')
		return false;
	lo = strspn(s + hi + 1, digits);
	if (lo == 0 || lo > 8 || s[hi + 1 + lo] != '\0')
		return false;
	*out = strtoull(s, NULL, 16) << 32 | strtoull(s + hi + 1, NULL, 16);
	return true;
}

bool
position_slot(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n > 0 && n < 64 && s[n] == '\0';
}

/* A snapshot goes into SQL: digits, ':' and ',' only. */
static bool
is_snapshot(const char *s)
{
	return *s != '\0' && s[strspn(s, "0123456789:,")] == '\0';
}

/* What stands behind the shape. */
static bool
read_rest(struct position *p, char *const *field, size_t n)
{
	switch (p->kind) {
	case READ_SNAPSHOT:
		if (n != 2)
			return false;
		p->snapshot = field[0];
		p->rows = strcmp(field[1], "1") == 0;
		return is_snapshot(field[0]);
	case READ_GAPS:
		if (n != 3)
			return false;
		p->last = strtoll(field[0], NULL, 10);
		p->mark = field[1];
		return gaps_read(&p->gaps, field[2]);
	case READ_WINDOW:
		if (n != 1)
			return false;
		p->bound = strcmp(field[0], "-") != 0 ? field[0] : NULL;
		return position_bound(field[0]);
	case READ_SLOT:
		if (n != 3)
			return false;
		p->slot = field[0];
		p->xid = strtoull(field[2], NULL, 10);
		return position_slot(p->slot) &&
		       position_lsn(field[1], &p->lsn);
	case READ_CHANGETABLE:
		if (n != 1)
			return false;
		p->last = strtoll(field[0], NULL, 10);
		return *field[0] != '\0' &&
		       field[0][strspn(field[0], "0123456789")] == '\0';
	case READ_ALL:
	case READ_NONE:
		return n == 0;
	}
	return false;
}

bool
position_read(struct arena *arena, const char *text, struct position *out)
{
	char *rest = arena_strdup(arena, text),
	     *field[FIELDS_MAX + 1] = { NULL };
	size_t n = 0;
	unsigned kind = 0;

	*out = (struct position){ 0 };
	while (rest != NULL && n <= FIELDS_MAX) {
		field[n++] = rest;
		rest = strchr(rest, '\t');
		if (rest != NULL)
			*rest++ = '\0';
	}
	if (n < 5 || n > FIELDS_MAX || strcmp(field[0], "1") != 0)
		return false;
	while (
	    kind < READ_KINDS && strcmp(field[1], read_kind_names[kind]) != 0)
		kind++;
	if (kind == READ_KINDS)
		return false;
	out->kind = (enum read_kind)kind;
	out->install_id = field[2];
	out->tab = strtoll(field[3], NULL, 10);
	out->shape = field[4];
	return read_rest(out, field + 5, n - 5);
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

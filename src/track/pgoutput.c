#include <config.h>

#include "track/pgoutput.h"

#include <stdlib.h>
#include <string.h>

/* --- bytes ---------------------------------------------------------------- */

/* The rest of a message; bad: it was too short. */
struct rest {
	const unsigned char *p;
	size_t n;
	bool bad;
};

static const void *
take(struct rest *in, size_t n)
{
	const void *p = in->p;

	if (in->bad || n > in->n) {
		in->bad = true;
		return NULL;
	}
	in->p += n;
	in->n -= n;
	return p;
}

static uint64_t
take_int(struct rest *in, size_t n)
{
	const unsigned char *p = take(in, n);
	uint64_t v = 0;

	for (size_t i = 0; p != NULL && i < n; i++)
		v = v << 8 | p[i];
	return v;
}

/* NULL if it has no end. */
static const char *
take_string(struct rest *in)
{
	const unsigned char *end =
	    in->bad || in->n == 0 ? NULL : memchr(in->p, '\0', in->n);

	return take(in, end != NULL ? (size_t)(end - in->p) + 1 : SIZE_MAX);
}

/* --- transactions --------------------------------------------------------- */

static void
whole(struct pgoutput *s, const char *why)
{
	if (s->whole == NULL)
		s->whole = why;
}

/* Messages have 32 bits of a transaction's id, and the log reaches less than
 * 2^31 of them back. */
static bool
sees(const char *snapshot, uint32_t xid)
{
	const char *p = strchr(snapshot, ':');
	char *end = NULL;

	if (p == NULL)
		return false;
	if ((int32_t)(xid - (uint32_t)strtoull(p + 1, &end, 10)) >= 0)
		return false;
	while (*end != '\0' && end[1] != '\0')
		if ((uint32_t)strtoull(end + 1, &end, 10) == xid)
			return false;
	return true;
}

static bool
read_begin(struct pgoutput *s, struct rest *in)
{
	uint64_t commit = take_int(in, 8);
	bool seen;

	take(in, 8);
	seen = sees(s->snapshot, (uint32_t)take_int(in, 4));
	if (s->open || in->bad)
		return false;
	s->open = true;
	s->taken = seen && commit >= s->from;
	s->stopped |= !seen;
	return true;
}

static bool
read_commit(struct pgoutput *s, struct rest *in)
{
	uint64_t end;

	take(in, 1 + 8);
	end = take_int(in, 8);
	take(in, 8);
	if (!s->open || in->bad || in->n > 0)
		return false;
	s->open = s->taken = false;
	if (!s->stopped)
		s->end = MAX(s->end, end);
	return true;
}

/* --- rows ----------------------------------------------------------------- */

static bool
read_relation(struct pgoutput *s, struct rest *in)
{
	bool ours = take_int(in, 4) == s->relid;
	size_t n;

	take_string(in);
	take_string(in);
	take(in, 1);
	n = take_int(in, 2);
	if (in->bad)
		return false;
	if (!ours) {
		take(in, in->n);
		return true;
	}
	s->known = true;
	s->ncols = n;
	for (size_t k = 0; k < s->nkeys; k++)
		s->at[k] = SIZE_MAX;
	for (size_t i = 0; i < n; i++) {
		const char *name = (take(in, 1), take_string(in));

		take(in, 4 + 4);
		if (in->bad)
			return false;
		for (size_t k = 0; k < s->nkeys; k++)
			if (strcmp(s->names[k], name) == 0)
				s->at[k] = i;
	}
	return true;
}

/* Its key; columns that are NULL or, being large and as they were, not sent
 * have none. */
static bool
read_tuple(struct pgoutput *s, struct rest *in)
{
	size_t n = take_int(in, 2), found = 0;

	if (in->bad || n != s->ncols)
		return false;
	for (size_t i = 0; i < n; i++) {
		int kind = (int)take_int(in, 1);
		struct pgoutput_text value = { NULL, 0 };

		if (kind == 't') {
			value.len = take_int(in, 4);
			value.p = take(in, value.len);
		} else if (kind != 'n' && kind != 'u') {
			return false;
		}
		if (in->bad)
			return false;
		for (size_t k = 0; k < s->nkeys; k++)
			if (s->at[k] == i && value.p != NULL) {
				s->key[k] = value;
				found++;
			}
	}
	if (found < s->nkeys)
		whole(s, "a change was sent without its key");
	else if (s->taken && s->whole == NULL)
		s->each(s->arg, s->key);
	return true;
}

/* Before the new row of an update stands the old one, or its key, where it had
 * another. */
static bool
read_row(struct pgoutput *s, struct rest *in, char message)
{
	bool ours = take_int(in, 4) == s->relid;
	int kind = (int)take_int(in, 1);

	if (in->bad || !s->open)
		return false;
	if (!ours || !s->taken) {
		take(in, in->n);
		return true;
	}
	if (!s->known || (message == 'D' && kind == 'N') ||
	    (message == 'I' && kind != 'N'))
		return false;
	if (kind == 'K' || kind == 'O') {
		if (!read_tuple(s, in))
			return false;
		if (message == 'D')
			return true;
		kind = (int)take_int(in, 1);
	}
	return kind == 'N' && read_tuple(s, in);
}

static bool
read_truncate(struct pgoutput *s, struct rest *in)
{
	uint64_t n = take_int(in, 4);

	take(in, 1);
	for (uint64_t i = 0; i < n && !in->bad; i++)
		if (take_int(in, 4) == s->relid && s->taken && !in->bad)
			whole(s, "it was truncated");
	return s->open && !in->bad;
}

/* --- messages ------------------------------------------------------------- */

static bool
read_message(struct pgoutput *s, struct rest *in)
{
	char message = (char)take_int(in, 1);

	switch (message) {
	case 'B':
		return read_begin(s, in);
	case 'C':
		return read_commit(s, in);
	case 'R':
		return read_relation(s, in);
	case 'I':
	case 'U':
	case 'D':
		return read_row(s, in, message);
	case 'T':
		return read_truncate(s, in);
	case 'O':
	case 'Y':
	case 'M':
		take(in, in->n);
		return true;
	default:
		return false;
	}
}

static void
broken(struct pgoutput *s)
{
	s->broken = s->stopped = true;
	whole(s, "the slot gave a message that cannot be understood");
}

void
pgoutput_init(struct pgoutput *s, struct arena *arena)
{
	s->whole = NULL;
	s->end = s->from;
	s->stopped = s->broken = s->open = s->known = s->taken = false;
	s->at = arena_alloc(arena, s->nkeys * sizeof(*s->at));
	s->key = arena_alloc(arena, s->nkeys * sizeof(*s->key));
}

void
pgoutput_message(struct pgoutput *s, const void *p, size_t len)
{
	struct rest in = { p, len, false };

	if (!s->broken && (!read_message(s, &in) || in.bad || in.n > 0))
		broken(s);
}

void
pgoutput_finish(struct pgoutput *s)
{
	if (s->open && !s->broken)
		broken(s);
}

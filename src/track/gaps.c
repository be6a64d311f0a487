#include <config.h>

#include "track/gaps.h"

#include <inttypes.h>
#include <stdio.h>

void
gaps_release(struct gaps *g)
{
	buf_free(&g->list);
}

void
gaps_add(struct gaps *g, int64_t lo, int64_t hi, int64_t birth)
{
	const struct gap gap = { lo, hi, birth };

	if (lo <= hi)
		buf_add(&g->list, &gap, sizeof(gap));
}

/* The first gap that does not end before the number. */
static size_t
find(const struct gaps *g, int64_t number)
{
	size_t lo = 0, hi = gaps_count(g);

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (gaps_list(g)[mid].hi < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Put n gaps in the place of one. */
static void
replace(struct gaps *g, size_t at, const struct gap *by, size_t n)
{
	size_t behind = gaps_count(g) - at - 1;
	struct gap *list;

	buf_reserve(&g->list, sizeof(*list));
	list = gaps_list(g);
	memmove(&list[at + n], &list[at + 1], behind * sizeof(*list));
	memcpy(&list[at], by, n * sizeof(*list));
	g->list.len = (at + n + behind) * sizeof(*list);
}

void
gaps_insert(struct gaps *g, int64_t number, int64_t birth)
{
	const struct gap gap = { number, number, birth };
	size_t at = find(g, number), behind = gaps_count(g) - at;

	buf_reserve(&g->list, sizeof(gap));
	memmove(&gaps_list(g)[at + 1], &gaps_list(g)[at], behind * sizeof(gap));
	gaps_list(g)[at] = gap;
	g->list.len += sizeof(gap);
}

void
gaps_fill(struct gaps *g, int64_t number)
{
	size_t at = find(g, number), n = 0;
	struct gap rest[2], old;

	if (at == gaps_count(g) || gaps_list(g)[at].lo > number)
		return;
	old = gaps_list(g)[at];
	if (old.lo < number)
		rest[n++] = (struct gap){ old.lo, number - 1, old.birth };
	if (number < old.hi)
		rest[n++] = (struct gap){ number + 1, old.hi, old.birth };
	replace(g, at, rest, n);
}

void
gaps_expire(struct gaps *g, int64_t birth)
{
	struct gap *list = gaps_list(g);
	size_t n = 0;

	for (size_t i = 0; i < gaps_count(g); i++)
		if (list[i].birth >= birth)
			list[n++] = list[i];
	g->list.len = n * sizeof(*list);
}

void
gaps_write(struct buf *out, const struct gaps *g)
{
	if (gaps_count(g) == 0)
		buf_addc(out, '-');
	for (size_t i = 0; i < gaps_count(g); i++) {
		const struct gap *gap = &gaps_list(g)[i];

		buf_addf(out, "%s%" PRId64 "-%" PRId64 "@%" PRId64,
		    i > 0 ? "," : "", gap->lo, gap->hi, gap->birth);
	}
}

bool
gaps_read(struct gaps *g, const char *text)
{
	int64_t last = INT64_MIN;

	buf_reset(&g->list);
	if (strcmp(text, "-") == 0)
		return true;
	for (;;) {
		struct gap gap;
		int n = 0;

		if (sscanf(text, "%" SCNd64 "-%" SCNd64 "@%" SCNd64 "%n",
			&gap.lo, &gap.hi, &gap.birth, &n) != 3 ||
		    gap.lo <= last || gap.hi < gap.lo)
			return false;
		gaps_add(g, gap.lo, gap.hi, gap.birth);
		last = gap.hi;
		if (text[n] == '\0')
			return true;
		if (text[n] != ',')
			return false;
		text += n + 1;
	}
}

#include <config.h>

#include "track/keyset.h"

#include <stdlib.h>

#include "value/key.h"

#define SORT_AT_LEAST 4096

void
keyset_init(
    struct keyset *ks, const struct vtype *types, size_t nkeys, size_t limit)
{
	*ks = (struct keyset){ .types = types, .nkeys = nkeys, .limit = limit };
}

void
keyset_release(struct keyset *ks)
{
	buf_free(&ks->bytes);
	buf_free(&ks->entries);
}

static struct keyset_entry *
entries(const struct keyset *ks)
{
	return (struct keyset_entry *)ks->entries.data;
}

size_t
keyset_count(const struct keyset *ks)
{
	return ks->entries.len / sizeof(struct keyset_entry);
}

/* What qsort() compares: a set's bytes with it, as entries are offsets. */
struct sortable {
	const char *key;
	struct keyset_entry entry;
};

static int
sortable_cmp(const void *a, const void *b)
{
	const struct sortable *x = a, *y = b;

	return key_cmp(x->key, x->entry.len, y->key, y->entry.len);
}

void
keyset_sort(struct keyset *ks)
{
	size_t n = keyset_count(ks);
	struct sortable *all;
	struct buf bytes = BUF_INIT;

	if (ks->sorted == n)
		return;
	all = calloc(n, sizeof(*all));
	if (all == NULL)
		out_of_memory(n * sizeof(*all));
	for (size_t i = 0; i < n; i++)
		all[i] = (struct sortable){ ks->bytes.data + entries(ks)[i].at,
			entries(ks)[i] };
	qsort(all, n, sizeof(*all), sortable_cmp);
	buf_reset(&ks->entries);
	for (size_t i = 0; i < n; i++) {
		const struct keyset_entry *e = &all[i].entry;
		struct keyset_entry copy = { bytes.len, e->len, 0 };

		if (i > 0 && sortable_cmp(&all[i - 1], &all[i]) == 0)
			continue;
		buf_add(&bytes, all[i].key, e->end - e->at);
		copy.end = bytes.len;
		buf_add(&ks->entries, &copy, sizeof(copy));
	}
	free(all);
	buf_free(&ks->bytes);
	ks->bytes = bytes;
	ks->sorted = keyset_count(ks);
}

bool
keyset_add(struct keyset *ks, const struct cell *cells)
{
	struct keyset_entry e = { .at = ks->bytes.len };

	for (size_t i = 0; i < ks->nkeys; i++)
		key_encode(&ks->bytes, &ks->types[i], &cells[i]);
	e.len = ks->bytes.len - e.at;
	cells_pack(&ks->bytes, cells, ks->nkeys);
	e.end = ks->bytes.len;
	buf_add(&ks->entries, &e, sizeof(e));
	/* One key may come any number of times. */
	if (keyset_count(ks) >= 2 * MAX(ks->sorted, SORT_AT_LEAST))
		keyset_sort(ks);
	return ks->sorted <= ks->limit;
}

bool
keyset_has(const struct keyset *ks, const struct cell *cells)
{
	size_t lo = 0, hi = keyset_count(ks);
	struct buf key = BUF_INIT;
	bool found = false;

	for (size_t i = 0; i < ks->nkeys; i++)
		key_encode(&key, &ks->types[i], &cells[i]);
	while (lo < hi && !found) {
		size_t mid = lo + (hi - lo) / 2, len;
		const void *p = keyset_key(ks, mid, &len);
		int cmp = key_cmp(key.data, key.len, p, len);

		found = cmp == 0;
		if (cmp < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	buf_free(&key);
	return found;
}

const void *
keyset_key(const struct keyset *ks, size_t i, size_t *len)
{
	*len = entries(ks)[i].len;
	return ks->bytes.data + entries(ks)[i].at;
}

void
keyset_cells(const struct keyset *ks, size_t i, struct cell *cells)
{
	const char *p = ks->bytes.data + entries(ks)[i].at + entries(ks)[i].len;

	cells_unpack(&p, cells, ks->nkeys);
}

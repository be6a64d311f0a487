/*
 * rows VARIANT ROWS [SEED] - the rows of the benchmark table as CSV.
 *
 * Every value is a function of SEED, the key and the column, so that any two
 * runs, for whatever database, are about the same rows. Relative to "base":
 *
 *	equal        nothing differs
 *	ten          6 rows updated, 2 deleted, 2 inserted behind the last
 *	one-percent  of all rows 0.6 % updated, 0.2 % deleted, 0.2 % inserted,
 *	             scattered over the whole table
 *	changes      what makes one-percent base again: a column before the
 *	             others says d(elete), i(nsert) or u(pdate)
 *
 * Keys run from 1 to ROWS; the rows that one-percent inserts are gaps in the
 * other variants. Columns: id, n, amount, at, note, flag, score, day, uid.
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

enum variant {
	BASE,
	TEN,
	ONE_PERCENT,
	CHANGES
};
enum fate {
	KEPT,
	UPDATED,
	ABSENT
};

static uint64_t seed = 1;

/* splitmix64 of (seed, id, column). */
static uint64_t
mix(uint64_t id, uint64_t column)
{
	uint64_t z = seed * UINT64_C(0xd1342543de82ef95) +
	             (id * 256 + column) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Where a row stands, of 10,000: 20 to insert, 20 to delete, 60 to update. */
static unsigned
lot(uint64_t id)
{
	return (unsigned)(mix(id, 0) % 10000);
}

/* The k-th of "ten"'s eight places, moved on to a row that base has. */
static uint64_t
place(uint64_t rows, unsigned k)
{
	uint64_t id = rows * (k + 1) / 9 + 1;

	while (lot(id) < 20)
		id++;
	return id;
}

static enum fate
fate(enum variant variant, uint64_t rows, uint64_t id)
{
	static uint64_t places[8];

	if (variant == ONE_PERCENT) {
		if (lot(id) < 20)
			return KEPT;
		if (lot(id) < 40)
			return ABSENT;
		return lot(id) < 100 ? UPDATED : KEPT;
	}
	if (id <= rows && lot(id) < 20)
		return ABSENT;
	if (variant == TEN) {
		for (unsigned k = 0; k < ARRAY_LEN(places); k++) {
			if (places[k] == 0)
				places[k] = place(rows, k);
			if (places[k] == id)
				return k < 2 ? ABSENT : UPDATED;
		}
	}
	return KEPT;
}

/* About 41 bytes of words. */
static void
note(char out[static 64], uint64_t id)
{
	static const char *const words[] = { "amber", "bolt", "cargo", "depot",
		"east", "ferry", "gravel", "harbour", "iron", "jetty", "kiln",
		"ledger", "mill", "north", "ore", "pier", "Z\303\274rich",
		"caf\303\251", "ton", "union" };
	size_t len = 0;

	for (uint64_t k = 0; len < 36; k++) {
		const char *word = words[mix(id, 100 + k) % ARRAY_LEN(words)];

		if (len > 0)
			out[len++] = ' ';
		memcpy(out + len, word, strlen(word));
		len += strlen(word);
	}
	out[len] = '\0';
}

static void
print_row(uint64_t id, bool updated)
{
	char text[64];
	unsigned how = updated ? (unsigned)(mix(id, 1) % 4) : 4;
	uint64_t day = mix(id, 6), a = mix(id, 8), b = mix(id, 9);
	uint64_t second = mix(id, 4) % 86400;

	note(text, id);
	printf("%" PRIu64 ",%u,%u.%02u,"
	       "20%02u-%02u-%02u %02u:%02u:%02u.%06u+00,%s%s,%d,%.17g,"
	       "20%02u-%02u-%02u,%08x-%04x-4%03x-8%03x-%012" PRIx64 "\n",
	    id, (unsigned)(mix(id, 2) % 1000000) + (how == 0),
	    (unsigned)(mix(id, 3) % 99999),
	    (unsigned)(mix(id, 10) % 99) + (how == 1), (unsigned)(day % 25),
	    1 + (unsigned)(day / 25 % 12), 1 + (unsigned)(day / 300 % 28),
	    (unsigned)(second / 3600), (unsigned)(second / 60 % 60),
	    (unsigned)(second % 60), (unsigned)(mix(id, 5) % 1000000), text,
	    how == 2 ? "!" : "", (mix(id, 7) & 1) != (how == 3),
	    (double)(mix(id, 11) >> 11) / 4096.0, (unsigned)(day / 10000 % 25),
	    1 + (unsigned)(day / 250000 % 12),
	    1 + (unsigned)(day / 3000000 % 28), (unsigned)(a >> 32),
	    (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
	    (unsigned)(b >> 52), b & UINT64_C(0xffffffffffff));
}

/* A row of base or of one-percent, if they differ in it. */
static void
print_change(uint64_t rows, uint64_t id)
{
	enum fate before = fate(ONE_PERCENT, rows, id);
	enum fate after = fate(BASE, rows, id);

	if (before == after)
		return;
	printf("%s,", after == ABSENT ? "d" : before == ABSENT ? "i" : "u");
	print_row(id, false);
}

int
main(int argc, char **argv)
{
	static const char *const names[] = { "base", "ten", "one-percent",
		"changes" };
	unsigned variant = 0;
	uint64_t rows, last;

	if (argc >= 3 && strcmp(argv[1], "equal") != 0)
		while (variant < ARRAY_LEN(names) &&
		       strcmp(argv[1], names[variant]) != 0)
			variant++;
	rows = argc >= 3 ? strtoull(argv[2], NULL, 10) : 0;
	if (argc > 3)
		seed = strtoull(argv[3], NULL, 10);
	if (rows < 100 || variant == ARRAY_LEN(names)) {
		fprintf(stderr, "usage: rows base|equal|ten|one-percent|"
				"changes ROWS(at least 100) [SEED]\n");
		return 2;
	}
	last = variant == TEN ? rows + 2 : rows;
	for (uint64_t id = 1; id <= last; id++) {
		enum fate f;

		if (variant == CHANGES) {
			print_change(rows, id);
			continue;
		}
		f = fate((enum variant)variant, rows, id);
		if (f != ABSENT)
			print_row(id, f == UPDATED);
	}
	return fflush(stdout) != 0 || ferror(stdout);
}

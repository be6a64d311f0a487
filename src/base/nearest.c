#include <config.h>

#include "base/nearest.h"

#include <string.h>

#define WORD_MAX 48
#define LETTERS_A_MISTAKE 3 /* a word of 6 letters may have 2 mistakes */

/* Case and "_" for "-" are no mistakes. */
static char
plain(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c == '_' ? '-' : c;
}

/* a and b up to here end in the same two letters, exchanged. */
static bool
exchanged(const char *a, const char *b, size_t i, size_t j)
{
	return i > 1 && j > 1 && plain(a[i - 1]) == plain(b[j - 2]) &&
	       plain(a[i - 2]) == plain(b[j - 1]);
}

/*
 * Letters added, left out, replaced, or exchanged with their neighbour (the
 * "optimal string alignment" form of Damerau's distance), by the usual table of
 * prefixes of which three rows are kept.
 */
static unsigned
distance(const char *a, size_t alen, const char *b, size_t blen)
{
	unsigned rows[3][WORD_MAX + 1];

	for (size_t j = 0; j <= blen; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= alen; i++) {
		const unsigned *before = rows[(i + 1) % 3];
		const unsigned *last = rows[(i - 1) % 3];
		unsigned *row = rows[i % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= blen; j++) {
			unsigned differ = plain(a[i - 1]) != plain(b[j - 1]);

			row[j] = MIN(
			    last[j - 1] + differ, MIN(last[j], row[j - 1]) + 1);
			if (exchanged(a, b, i, j))
				row[j] = MIN(row[j], before[j - 2] + 1);
		}
	}
	return rows[alen % 3][blen];
}

void
nearest_init(struct nearest *n, const char *word)
{
	size_t len = strlen(word);

	*n = (struct nearest){ .word = word };
	n->distance = (unsigned)MAX(len / LETTERS_A_MISTAKE, 1) + 1;
}

void
nearest_try(struct nearest *n, const char *candidate)
{
	size_t wlen = strlen(n->word), clen = strlen(candidate);
	unsigned d;

	if (wlen > WORD_MAX || clen > WORD_MAX)
		return;
	d = distance(n->word, wlen, candidate, clen);
	if (d >= n->distance)
		return;
	n->distance = d;
	n->found = candidate;
}

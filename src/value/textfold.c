#include <config.h>

#include "value/textfold.h"

#include <errno.h>
#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "value/rule.h"

#define ASCII_END 0x80
/* The first byte of U+0300 in UTF-8. What is before that is in NFC as it is:
 * DerivedNormalizationProps.txt of Unicode, NFC_Quick_Check. */
#define COMBINING 0xcc

static unsigned char
largest_byte(const char *s, size_t n)
{
	unsigned char most = 0;

	for (size_t i = 0; i < n; i++)
		most = MAX(most, (unsigned char)s[i]);
	return most;
}

static void
add_lines(struct buf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] != '\r' || i + 1 == n || s[i + 1] != '\n')
			buf_addc(out, s[i]);
}

static void
lower_ascii(char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] >= 'A' && s[i] <= 'Z')
			s[i] = (char)(s[i] | 0x20);
}

/* In place of what stands in out from start on. */
static void
fold_characters(struct buf *out, size_t start, unsigned folds)
{
	const uint8_t *in = (const uint8_t *)out->data + start;
	uninorm_t form = folds & FOLD_NFC ? UNINORM_NFC : NULL;
	size_t n = out->len - start, folded_len = 0;
	uint8_t *folded;

	if (folds & FOLD_CASE)
		folded = u8_casefold(in, n, NULL, form, NULL, &folded_len);
	else
		folded = u8_normalize(form, in, n, NULL, &folded_len);
	if (folded == NULL && errno == ENOMEM)
		out_of_memory(n);
	if (folded == NULL)
		return;
	out->len = start;
	buf_add(out, folded, folded_len);
	free(folded);
}

void
textfold(struct buf *out, unsigned folds, const char *s, size_t n)
{
	size_t start = out->len;
	unsigned char most;

	if (folds & FOLD_CRLF)
		add_lines(out, s, n);
	else
		buf_add(out, s, n);
	n = out->len - start;
	if (n == 0 || !(folds & (FOLD_CASE | FOLD_NFC)))
		return;
	most = largest_byte(out->data + start, n);
	if (most < ASCII_END) {
		if (folds & FOLD_CASE)
			lower_ascii(out->data + start, n);
	} else if (most < COMBINING && !(folds & FOLD_CASE)) {
		return;
	} else if (utf8_valid(out->data + start, n)) {
		/* The library would put U+FFFD for all that is none. */
		fold_characters(out, start, folds);
	}
}

void
textfold_unaccented(struct buf *out, const char *s, size_t n)
{
	size_t len;
	uint8_t *nfd;

	if (n == 0 || !utf8_valid(s, n)) {
		buf_add(out, s, n);
		return;
	}
	nfd = u8_normalize(UNINORM_NFD, (const uint8_t *)s, n, NULL, &len);
	if (nfd == NULL)
		out_of_memory(n);
	for (size_t i = 0, step; i < len; i += step) {
		uint32_t point = 0;

		step = utf8_next((const char *)nfd + i, len - i, &point);
		if (uc_combining_class(point) == 0)
			buf_add(out, nfd + i, step);
	}
	free(nfd);
}

/*
 * textfold.h - texts that are equal to people.
 *
 * Case folding is the full one of Unicode (CaseFolding.txt, status C and F: SS
 * is equal to the sharp s), NFC is Unicode normalisation form C, both by
 * libunistring (https://www.gnu.org/software/libunistring/); no locale counts.
 * Text that is ASCII does not get that far, and bytes that are not UTF-8 are
 * left as they are.
 */
#ifndef TU_VALUE_TEXTFOLD_H
#define TU_VALUE_TEXTFOLD_H

#include "base/buf.h"

/* Append the text under the folds of rule.h that concern characters:
 * FOLD_CRLF, FOLD_CASE, FOLD_NFC. */
void textfold(struct buf *out, unsigned folds, const char *s, size_t n);

/* Append the text decomposed (NFD) and without combining marks: e for e with an
 * accent. */
void textfold_unaccented(struct buf *out, const char *s, size_t n);

#endif

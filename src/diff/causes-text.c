#include <config.h>

#include "diff/causes-int.h"

#include "value/latin1.h"
#include "value/rule.h"
#include "value/textfold.h"
#include "base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define NBSP "\xc2\xa0"

struct text {
	const char *p;
	size_t n;
	bool ascii, valid;
};

static bool
same(const char *a, size_t alen, const char *b, size_t blen)
{
	return alen == blen && (alen == 0 || memcmp(a, b, alen) == 0);
}

static struct text
text_of(const struct cell *c)
{
	struct text t = { .p = c->u.p, .n = c->len, .ascii = true };

	for (size_t i = 0; i < t.n && t.ascii; i++)
		t.ascii = (unsigned char)t.p[i] < 0x80;
	t.valid = t.ascii || utf8_valid(t.p, t.n);
	return t;
}

/* Which side has more of what the pattern is about. */
static enum side
longer(const struct text t[2])
{
	return t[SOURCE].n > t[TARGET].n ? SOURCE : TARGET;
}

/* One side has CR LF wherever the other one has LF. */
static bool
fits_line_ends(const struct text t[2], struct buf *scratch, enum side *side)
{
	const struct text *crlf, *lf;

	*side = longer(t);
	crlf = &t[*side];
	lf = &t[!*side];
	if (crlf->n == lf->n || memchr(crlf->p, '\r', crlf->n) == NULL)
		return false;
	buf_reset(scratch);
	textfold(scratch, FOLD_CRLF, crlf->p, crlf->n);
	if (!same(scratch->data, scratch->len, lf->p, lf->n))
		return false;
	buf_reset(scratch);
	textfold(scratch, FOLD_CRLF, lf->p, lf->n);
	return same(scratch->data, scratch->len, lf->p, lf->n);
}

/* Of many texts that differ hardly one differs in case only. */
static bool
same_ascii(const struct text t[2])
{
	if (t[SOURCE].n != t[TARGET].n)
		return false;
	for (size_t i = 0; i < t[SOURCE].n; i++) {
		char a = t[SOURCE].p[i], b = t[TARGET].p[i];

		if (a != b &&
		    ((a ^ b) != 0x20 || (a | 0x20) < 'a' || (a | 0x20) > 'z'))
			return false;
	}
	return true;
}

static bool
fits_fold(const struct text t[2], unsigned folds, struct buf scratch[2])
{
	if (t[SOURCE].ascii && t[TARGET].ascii)
		return same_ascii(t);
	if (!t[SOURCE].valid || !t[TARGET].valid)
		return false;
	for (int s = SOURCE; s <= TARGET; s++) {
		buf_reset(&scratch[s]);
		textfold(&scratch[s], folds, t[s].p, t[s].n);
	}
	return same(scratch[SOURCE].data, scratch[SOURCE].len,
	    scratch[TARGET].data, scratch[TARGET].len);
}

static bool
fits_unicode_form(
    const struct text t[2], struct buf scratch[2], enum side *side)
{
	if ((t[SOURCE].ascii && t[TARGET].ascii) ||
	    !fits_fold(t, FOLD_NFC, scratch))
		return false;
	*side = same(t[TARGET].p, t[TARGET].n, scratch[TARGET].data,
		    scratch[TARGET].len)
	            ? SOURCE
	            : TARGET;
	return true;
}

static struct text
without_blanks(struct text t)
{
	while (t.n > 0 && t.p[t.n - 1] == ' ')
		t.n--;
	return t;
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct text
trimmed(struct text t)
{
	for (;;) {
		if (t.n > 0 && is_space(t.p[0])) {
			t.p++;
			t.n--;
		} else if (t.n > 1 && memcmp(t.p, NBSP, 2) == 0) {
			t.p += 2;
			t.n -= 2;
		} else if (t.n > 0 && is_space(t.p[t.n - 1])) {
			t.n--;
		} else if (t.n > 1 && memcmp(t.p + t.n - 2, NBSP, 2) == 0) {
			t.n -= 2;
		} else {
			return t;
		}
	}
}

/* What was nothing but blanks is empty now: that says less. */
static bool
fits_without(const struct text t[2], struct text (*strip)(struct text))
{
	struct text s = strip(t[SOURCE]), d = strip(t[TARGET]);

	return s.n > 0 && same(s.p, s.n, d.p, d.n);
}

/* Is bad what becomes of good when each character (or each byte of one) that
 * is not ASCII is replaced by the mark? */
static bool
is_replaced(const struct text *good, const struct text *bad, const char *mark,
    bool bytes)
{
	size_t at = 0, i = 0, n = strlen(mark);

	while (at < good->n) {
		uint32_t point;
		size_t len = utf8_next(good->p + at, good->n - at, &point);
		size_t marks = bytes ? len : 1;

		if (len == 1) {
			if (i == bad->n || bad->p[i++] != good->p[at])
				return false;
		} else {
			if (bad->n - i < marks * n)
				return false;
			for (; marks > 0; marks--, i += n)
				if (memcmp(bad->p + i, mark, n) != 0)
					return false;
		}
		at += len;
	}
	return i == bad->n;
}

static bool
fits_replaced(const struct text *good, const struct text *bad)
{
	if (good->ascii || !good->valid || !bad->valid)
		return false;
	for (int bytes = 0; bytes <= 1; bytes++)
		if (is_replaced(good, bad, "?", bytes) ||
		    is_replaced(good, bad, REPLACEMENT, bytes))
			return true;
	return false;
}

/* Is what comes before the first character that is not ASCII the same? */
static bool
same_beginning(const struct text *good, const struct text *bad)
{
	size_t i = 0;

	while (i < good->n && (unsigned char)good->p[i] < 0x80 && i < bad->n &&
	       good->p[i] == bad->p[i])
		i++;
	return i < good->n && (unsigned char)good->p[i] >= 0x80;
}

static bool
fits_accents(
    const struct text *good, const struct text *bad, struct buf *scratch)
{
	if (good->ascii || !good->valid || bad->n >= good->n ||
	    !same_beginning(good, bad))
		return false;
	buf_reset(scratch);
	textfold_unaccented(scratch, good->p, good->n);
	return same(scratch->data, scratch->len, bad->p, bad->n);
}

static bool
fits_encoding(struct fits *f, const struct text t[2], struct buf *scratch)
{
	for (int s = SOURCE; s <= TARGET; s++) {
		const struct text *bad = &t[s], *good = &t[!s];

		if (good->ascii || !good->valid)
			continue;
		if (latin1_spells(good->p, good->n, bad->p, bad->n))
			fits_add(f, CAUSE_DOUBLE_UTF8, (enum side)s, 0, 0);
		else if (!bad->valid &&
			 latin1_spells(bad->p, bad->n, good->p, good->n))
			fits_add(f, CAUSE_LATIN1, (enum side)s, 0, 0);
		else if (fits_replaced(good, bad))
			fits_add(f, CAUSE_REPLACED, (enum side)s, 0, 0);
		else if (fits_accents(good, bad, scratch))
			fits_add(f, CAUSE_ACCENTS, (enum side)s, 0, 0);
		else
			continue;
		return true;
	}
	return false;
}

static int64_t
count_characters(const struct text *t)
{
	int64_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += ((unsigned char)t->p[i] & 0xc0) != 0x80;
	return n;
}

/* FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), of its beginning. */
static uint64_t
hash_tail(const char *p, size_t n)
{
	uint64_t h = UINT64_C(14695981039346656037) ^ n;

	for (size_t i = 0; i < MIN(n, 64); i++)
		h = (h ^ (unsigned char)p[i]) * UINT64_C(1099511628211);
	return (h ^ h >> 32) | UINT64_C(1) << 63;
}

static void
fit_cut(struct fits *f, const struct text t[2], bool bytes)
{
	enum side side = t[SOURCE].n < t[TARGET].n ? SOURCE : TARGET;
	const struct text *cut = &t[side];

	if (cut->n == 0 || cut->n == t[!side].n ||
	    memcmp(cut->p, t[!side].p, cut->n) != 0)
		return;
	fits_add(f, CAUSE_TRUNCATED, side,
	    bytes ? (int64_t)cut->n : count_characters(cut), bytes);
	/* That one and the same thing was put behind is no cut. */
	f->at[f->n - 1].varies =
	    hash_tail(t[!side].p + cut->n, t[!side].n - cut->n);
}

void
fit_bytes(struct fits *f, const struct cell cells[2])
{
	const struct text t[2] = { { .p = cells[SOURCE].u.p,
				       .n = cells[SOURCE].len },
		{ .p = cells[TARGET].u.p, .n = cells[TARGET].len } };

	fit_cut(f, t, true);
}

void
fit_texts(struct fits *f, const struct cell cells[2], struct buf scratch[2])
{
	const struct text t[2] = { text_of(&cells[SOURCE]),
		text_of(&cells[TARGET]) };
	enum side side = longer(t);

	if (fits_line_ends(t, &scratch[0], &side))
		fits_add(f, CAUSE_LINE_ENDS, side, 0, 0);
	else if (fits_unicode_form(t, scratch, &side))
		fits_add(f, CAUSE_UNICODE_FORM, side, 0, 0);
	else if (fits_without(t, without_blanks))
		fits_add(f, CAUSE_TRAILING_BLANKS, longer(t), 0, 0);
	else if (fits_without(t, trimmed))
		fits_add(f, CAUSE_WHITE_SPACE, longer(t), 0, 0);
	/* Not so sharp s and ss, which fold into the same. */
	else if (count_characters(&t[SOURCE]) == count_characters(&t[TARGET]) &&
		 fits_fold(t, FOLD_CASE, scratch))
		fits_add(f, CAUSE_CASE, TARGET, 0, 0);
	else if (!fits_encoding(f, t, &scratch[0]))
		fit_cut(f, t, !t[SOURCE].valid || !t[TARGET].valid);
}

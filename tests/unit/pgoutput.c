/*
 * Messages of pgoutput, made by hand: whose keys are taken, how far was read,
 * and that no message does harm.
 */
#include <config.h>

#include "track/pgoutput.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "lib/tap.h"

#define OURS 7

static const char *const names[] = { "id", "no" };
static struct arena *arena;
static struct buf keys;

static void
note(void *arg, const struct pgoutput_text *key)
{
	(void)arg;
	buf_adds(&keys, keys.len > 0 ? " " : "");
	buf_add(&keys, key[0].p, key[0].len);
	buf_addc(&keys, '/');
	buf_add(&keys, key[1].p, key[1].len);
}

static struct pgoutput
stream(const char *snapshot, uint64_t from)
{
	struct pgoutput s = { .relid = OURS,
		.nkeys = 2,
		.names = names,
		.snapshot = snapshot,
		.from = from,
		.each = note };

	buf_reset(&keys);
	pgoutput_init(&s, arena);
	return s;
}

/* --- making messages ------------------------------------------------------ */

static void
put(struct buf *b, size_t n, uint64_t v)
{
	while (n-- > 0)
		buf_addc(b, (char)(v >> 8 * n));
}

static void
put_string(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s) + 1);
}

/* "12|n|u": a tuple of texts, or of one of the other kinds. */
static void
put_tuple(struct buf *b, const char *text)
{
	size_t n = 1;

	for (const char *p = text; *p != '\0'; p++)
		n += *p == '|';
	put(b, 2, n);
	for (size_t i = 0; i < n; i++) {
		size_t len = strcspn(text, "|");

		if (len == 1 && (*text == 'n' || *text == 'u')) {
			put(b, 1, (unsigned char)*text);
		} else {
			put(b, 1, 't');
			put(b, 4, len);
			buf_add(b, text, len);
		}
		text += len + 1;
	}
}

static struct buf
begin_message(uint64_t commit, uint32_t xid)
{
	struct buf b = BUF_INIT;

	put(&b, 1, 'B');
	put(&b, 8, commit);
	put(&b, 8, 0);
	put(&b, 4, xid);
	return b;
}

static struct buf
commit_message(uint64_t commit, uint64_t end)
{
	struct buf b = BUF_INIT;

	put(&b, 1, 'C');
	put(&b, 1, 0);
	put(&b, 8, commit);
	put(&b, 8, end);
	put(&b, 8, 0);
	return b;
}

/* The key is at the end, the other way round. */
static struct buf
relation_message(uint32_t relid, const char *key)
{
	const char *const columns[] = { "x", "no", key };
	struct buf b = BUF_INIT;

	put(&b, 1, 'R');
	put(&b, 4, relid);
	put_string(&b, "public");
	put_string(&b, "t");
	put(&b, 1, 'd');
	put(&b, 2, ARRAY_LEN(columns));
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		put(&b, 1, 1);
		put_string(&b, columns[i]);
		put(&b, 4, 25);
		put(&b, 4, UINT32_MAX);
	}
	return b;
}

static struct buf
row_message(
    char what, uint32_t relid, char old_kind, const char *old, const char *new)
{
	struct buf b = BUF_INIT;

	put(&b, 1, (unsigned char)what);
	put(&b, 4, relid);
	if (old != NULL) {
		put(&b, 1, (unsigned char)old_kind);
		put_tuple(&b, old);
	}
	if (new != NULL) {
		put(&b, 1, 'N');
		put_tuple(&b, new);
	}
	return b;
}

static struct buf
truncate_message(uint32_t first, uint32_t second)
{
	struct buf b = BUF_INIT;

	put(&b, 1, 'T');
	put(&b, 4, 2);
	put(&b, 1, 0);
	put(&b, 4, first);
	put(&b, 4, second);
	return b;
}

static void
send(struct pgoutput *s, struct buf b)
{
	/* A copy of its own: a byte too far is seen. */
	char *p = malloc(b.len + 1);

	memcpy(p, buf_str(&b), b.len);
	p = realloc(p, b.len > 0 ? b.len : 1);
	pgoutput_message(s, p, b.len);
	free(p);
	buf_free(&b);
}

/* --- tests ---------------------------------------------------------------- */

static void
test_keys(void)
{
	struct pgoutput s = stream("100:100:", 10);

	send(&s, begin_message(20, 50));
	send(&s, relation_message(OURS, "id"));
	send(&s, relation_message(8, "id"));
	send(&s, row_message('I', OURS, 0, NULL, "n|1|a"));
	send(&s, row_message('I', 8, 0, NULL, "n|1|other"));
	send(&s, row_message('U', OURS, 0, NULL, "u|2|b"));
	send(&s, row_message('U', OURS, 'K', "n|3|c", "x|4|d"));
	send(&s, row_message('U', OURS, 'O', "y|5|e", "x|5|e"));
	send(&s, row_message('D', OURS, 'K', "n|6|f", NULL));
	send(&s, truncate_message(8, 9));
	send(&s, commit_message(20, 30));
	pgoutput_finish(&s);
	is_str(buf_str(&keys), "a/1 b/2 c/3 d/4 e/5 e/5 f/6", "keys");
	ok(s.whole == NULL && !s.stopped, "and not everything");
	is_int(s.end, 30, "up to the end of the commit");
}

static void
one(struct pgoutput *s, uint64_t commit, uint32_t xid, const char *row)
{
	send(s, begin_message(commit, xid));
	send(s, relation_message(OURS, "id"));
	send(s, row_message('I', OURS, 0, NULL, row));
	send(s, commit_message(commit, commit + 5));
}

/* What the snapshot does not see stops the position, and not what is seen
 * behind it. */
static void
test_snapshot(void)
{
	struct pgoutput s = stream("50:60:52,55", 100);

	one(&s, 90, 40, "n|1|read");
	one(&s, 100, 51, "n|1|a");
	one(&s, 110, 55, "n|1|open");
	one(&s, 120, 59, "n|1|b");
	one(&s, 130, 60, "n|1|later");
	one(&s, 140, 52, "n|1|open");
	pgoutput_finish(&s);
	is_str(buf_str(&keys), "a/1 b/1", "what is seen and was not read");
	ok(s.stopped && s.whole == NULL, "there is more");
	is_int(s.end, 105, "behind what is seen");
	s = stream("8589934592:8589934602:8589934593", 0);
	one(&s, 10, UINT32_MAX, "n|1|a");
	one(&s, 20, 9, "n|1|b");
	is_str(buf_str(&keys), "a/1 b/1", "ids that have come round");
	one(&s, 30, 10, "n|1|c");
	one(&s, 40, 1, "n|1|d");
	is_str(buf_str(&keys), "a/1 b/1", "and are not seen");
	is_int(s.end, 25, "stop it");
}

static void
test_whole(void)
{
	static const char no_key[] = "a change was sent without its key";
	struct pgoutput s = stream("100:100:", 0);

	send(&s, begin_message(20, 50));
	send(&s, truncate_message(8, OURS));
	send(&s, commit_message(20, 30));
	is_str(s.whole, "it was truncated", "TRUNCATE");
	is_int(s.end, 30, "is read");
	s = stream("100:100:", 0);
	one(&s, 20, 50, "x|n|1");
	is_str(s.whole, no_key, "NULL in a key");
	s = stream("100:100:", 0);
	one(&s, 20, 50, "x|u|1");
	is_str(s.whole, no_key, "what is not sent");
	s = stream("100:100:", 0);
	send(&s, begin_message(20, 50));
	send(&s, relation_message(OURS, "renamed"));
	send(&s, row_message('I', OURS, 0, NULL, "x|1|1"));
	is_str(s.whole, no_key, "no such column");
	s = stream("50:60:55", 0);
	send(&s, begin_message(20, 55));
	send(&s, truncate_message(8, OURS));
	ok(s.whole == NULL, "a TRUNCATE that is not seen yet");
}

/* --- what cannot be understood -------------------------------------------- */

static struct buf
sample(size_t i)
{
	switch (i) {
	case 0:
		return relation_message(OURS, "id");
	case 1:
		return row_message('I', OURS, 0, NULL, "n|1|a");
	case 2:
		return row_message('U', OURS, 'K', "n|1|a", "n|1|b");
	case 3:
		return row_message('U', OURS, 'O', "n|1|a", "n|1|b");
	case 4:
		return row_message('D', OURS, 'K', "n|1|a", NULL);
	case 5:
		return truncate_message(OURS, 9);
	default:
		return commit_message(20, 30);
	}
}

#define SAMPLES 7

static struct pgoutput
open_stream(void)
{
	struct pgoutput s = stream("100:100:", 10);

	send(&s, begin_message(20, 50));
	send(&s, relation_message(OURS, "id"));
	return s;
}

static void
test_truncated(void)
{
	bool good = true, longer = true, entire = true;

	for (size_t i = 0; i < SAMPLES; i++) {
		struct buf b = sample(i);
		struct pgoutput s;

		for (size_t n = 0; n < b.len; n++) {
			struct buf part = BUF_INIT;

			buf_add(&part, buf_str(&b), n);
			s = open_stream();
			send(&s, part);
			good &= s.whole != NULL && s.stopped && s.end == 10;
		}
		s = open_stream();
		send(&s, sample(i));
		entire &= !s.broken;
		buf_addc(&b, '\0');
		s = open_stream();
		send(&s, b);
		longer &= s.broken && s.end == 10;
	}
	ok(good, "a message that is cut is none, wherever");
	ok(longer, "nor one with more behind it");
	ok(entire, "as they are they are good");
}

static void
test_order(void)
{
	struct pgoutput s = stream("100:100:", 10);

	send(&s, commit_message(20, 30));
	ok(s.broken && s.end == 10, "a commit of nothing");
	s = stream("100:100:", 10);
	send(&s, row_message('I', OURS, 0, NULL, "n|1|a"));
	ok(s.broken, "a row of no transaction");
	s = stream("100:100:", 10);
	send(&s, begin_message(20, 50));
	send(&s, begin_message(20, 50));
	ok(s.broken, "two at once");
	s = stream("100:100:", 10);
	send(&s, begin_message(20, 50));
	send(&s, row_message('I', OURS, 0, NULL, "n|1|a"));
	ok(s.broken, "a row of who knows what");
	s = open_stream();
	send(&s, row_message('I', OURS, 0, NULL, "1|a"));
	ok(s.broken, "of other columns");
	s = open_stream();
	pgoutput_finish(&s);
	ok(s.broken && s.end == 10, "an end in the middle");
	s = open_stream();
	send(&s, row_message('S', OURS, 0, NULL, "n|1|a"));
	one(&s, 30, 51, "n|1|a");
	ok(s.broken && s.end == 10, "a message that nobody knows");
	is_str(buf_str(&keys), "", "nothing is taken from there on");
}

/* Not ours to crash: ASan looks on. */
static void
test_random(void)
{
	srand(1);
	for (size_t i = 0; i < 20000; i++) {
		struct pgoutput s = open_stream();
		struct buf b = sample((size_t)rand() % SAMPLES);
		size_t n = 1 + (size_t)rand() % 4;

		while (n-- > 0)
			b.data[(size_t)rand() % b.len] = (char)rand();
		send(&s, b);
		send(&s, sample((size_t)rand() % SAMPLES));
		pgoutput_finish(&s);
	}
	ok(true, "random bytes");
}

int
main(void)
{
	arena = arena_new(4096);
	test_keys();
	test_snapshot();
	test_whole();
	test_truncated();
	test_order();
	test_random();
	buf_free(&keys);
	arena_free(arena);
	return tap_done();
}

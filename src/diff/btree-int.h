/*
 * btree-int.h - what the files of the comparison by pages share.
 *
 * btree.c decides, opens and reports; btree-look.c has the threads and decodes
 * rows; btree-join.c lets suspects meet by a key that is not the rowid
 * (moved.h).
 */
#ifndef TU_DIFF_BTREE_INT_H
#define TU_DIFF_BTREE_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "db/sqlite-pages.h"
#include "diff/btree.h"
#include "diff/btree-scan.h"
#include "diff/merge.h"
#include "diff/moved.h"

#define PARTS_MAX 512

/* Rows from lo to before hi. */
struct part {
	struct sqlite_mark lo, hi;
	struct suspect *suspects;
	size_t nsuspects, room;
	struct buf copies; /* rows of the first ncopied of them */
	size_t ncopied;
	uint64_t rows[2];
	bool more; /* suspects from `from` on were not kept */
	struct sqlite_mark from;
	uint32_t before[2]; /* rows before `from` */
};

struct btree {
	const struct plan *plan;
	const struct pair *pair;
	const struct diff_options *options;
	struct sqlite_pages *pages[2];
	const struct sqlite_tree *tree[2];
	bool alike;   /* the same bytes mean the same row */
	bool ordered; /* as the key is; else rows meet again by their key: */
	struct moved *moved;
	bool with_rowid;            /* which is a value of the row, too */
	struct sqlite_twins *twins; /* or NULL: not looked for */
	uint32_t last_page;         /* where they are looked for */
	/* Where the cells of pair->cols, and for the target behind them of
	 * pair->extra, are among the fields of a row. */
	size_t *at[2];
	struct part parts[PARTS_MAX];
	size_t nparts;

	/* What the threads share. */
	atomic_uint next_page; /* pages before it were taken to find twins */
	atomic_size_t next;    /* part to be taken */
	atomic_bool stop;
	atomic_uint_fast64_t rows[2];
	atomic_size_t copied; /* bytes of rows of all parts, and refused ones */
	pthread_mutex_t lock; /* of the rest */
	pthread_cond_t changed;
	unsigned running;
	uint64_t bytes[2], leaves, passed, judged;
	enum status status;
	struct err err; /* the first failure */
};

/* A thread's own: what it takes to look at two rows. */
struct looker {
	struct btree *tree;
	struct sqlite_decoder decoder[2];
	struct cell *cells[2]; /* in plan order */
	struct buf scratch, keys[2];
	enum verdict *verdicts;
	const char **why;
	struct btree_scan scan;
	struct moved_feed *moved; /* unless they are ordered */
	struct hasher *hasher;
};

void *btree_array(size_t n, size_t size); /* zeroed; free() it */

/* Cells of a row of a side: its columns, and what else an undo needs. */
static inline size_t
btree_ncells(const struct pair *pair, enum side side)
{
	return pair->ncols + (side == TARGET ? pair->nextra : 0);
}

struct looker *looker_new(struct btree *t);
void looker_free(struct looker *l);

/* The rows of a suspect as cells in plan order; NULL where there is none. They
 * come from what was saved, which moves on, or if that is NULL from the file.
 */
enum status looker_rows(struct looker *l, const struct suspect *f,
    const char **saved, struct cell *rows[2], struct err *err);
bool looker_equal(struct looker *l, struct cell *const rows[2]);
/* The next batch of suspects of l->scan. */
enum status looker_scan(struct looker *l, struct err *err);

/* Are twins to be looked for? If so, each thread does until all pages were
 * taken; those found later are none to who is faster. */
void btree_twins_open(struct btree *t);
void btree_twins_find(struct btree *t);

/* Fill all parts; TU_EREPLAN if something is not as it should be. */
enum status btree_look(struct btree *t, struct err *err);
/* What was read of the mapped files need not stay in memory. */
void btree_forget(const struct btree *t);

/*
 * For trees that are not ordered: suspects go to t->moved; those that are left
 * there come as rows in the order of their keys. TU_EREPLAN if one of them is
 * not as it should be.
 */
enum status btree_join_add(struct looker *l, struct err *err);
enum status btree_join_open(
    struct btree *t, struct cursor *cur[2], struct err *err);

#endif

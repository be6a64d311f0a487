#include <config.h>

#include "diff/explain.h"

#include <stdio.h>
#include <string.h>

#include "diff/diff.h"
#include "diff/merge.h"
#include "diff/side.h"
#include "value/canon.h"
#include "value/rule.h"

/* Keeps the row that diff_fetch_keys() hands over. */
struct keeper {
	const struct pair *pair;
	struct arena *arena;
	struct explained_row *out;
	enum side side;
};

static enum status
keep_row(void *arg, const struct cell *cells, struct err *err)
{
	struct keeper *k = arg;

	if (k->out->found[k->side])
		return err_set(err, TU_ESCHEMA,
		    "more than one row has this key (name a unique one with "
		    "--key)");
	k->out->cells[k->side] = cells_copy(k->arena, cells, k->pair->ncols);
	k->out->found[k->side] = true;
	return TU_OK;
}

/* What the user typed, as this side's key columns hold it. An untyped SQLite
 * column is asked for a number where a number was typed. */
static enum status
convert_keys(const struct db *db, const struct pair *pair, enum side side,
    const char *const *key, struct arena *arena, struct cell *out,
    struct err *err)
{
	for (size_t i = 0; i < pair->nkeys; i++) {
		const struct column *col = pair->cols[i].col[side];
		struct vtype t = pair->cols[i].type;
		struct cell text = cell_text(key[i], strlen(key[i]));
		struct buf scratch = BUF_INIT;
		struct cell converted;
		const char *why = "";
		bool ok;

		if (rule_folds(t.rule))
			return err_set(err, TU_EUSAGE,
			    "key column '%s' has a --fold, under which one "
			    "value may name two rows",
			    col->name);
		if (t.type == LT_ANY && col->affinity != AFF_TEXT &&
		    canon_text(&scratch, LT_NUM, &text))
			t.type = LT_NUM;
		ok = db->dialect->convert(
		    col, &t, &text, &scratch, &converted, &why);
		if (ok)
			out[i] = cell_copy(arena, &converted);
		else
			err_set(err, TU_EUSAGE,
			    "%s: '%s' is no value of key column '%s': %s",
			    db->side, key[i], col->name, why);
		buf_free(&scratch);
		if (!ok)
			return err->status;
	}
	return TU_OK;
}

static enum status
check_key(const struct pair *pair, size_t nkey, struct err *err)
{
	if (pair->multiset)
		return err_set(err, TU_EUSAGE,
		    "table '%s' has no key to name a row by (see --key)",
		    pair->name);
	if (nkey != pair->nkeys)
		return err_set(err, TU_EUSAGE,
		    "the key of table '%s' has %zu column%s, not %zu",
		    pair->name, pair->nkeys, pair->nkeys == 1 ? "" : "s", nkey);
	return TU_OK;
}

enum status
explain_key(const struct plan *plan, const struct pair *pair, enum side side,
    const char *const *key, size_t nkey, struct arena *arena, struct cell **out,
    struct err *err)
{
	enum status st = check_key(pair, nkey, err);

	*out = arena_alloc(arena, pair->nkeys * sizeof(**out));
	return st ? st
	          : convert_keys(
			plan->db[side], pair, side, key, arena, *out, err);
}

static void
where_key(struct buf *sql, const struct db *db, const struct pair *pair,
    enum side side, const struct cell *keys)
{
	const struct column *cols[64];

	for (size_t i = 0; i < pair->nkeys; i++)
		cols[i] = pair->cols[i].col[side];
	side_and(sql, pair, side);
	db->dialect->keys_cond(sql, cols, pair->nkeys, keys, 1);
}

/* md5 of the row as the server computes it, where it can. */
static enum status
server_md5(struct db *db, const struct pair *pair, enum side side,
    const struct cell *keys, struct arena *arena, struct explained_row *out,
    struct err *err)
{
	struct pair hashed = *pair;
	struct buf sql = BUF_INIT;
	struct cell hex;
	unsigned long long a, b;
	bool found = false, can = db->fold;
	enum status st = TU_OK;

	for (size_t i = 0; can && i < pair->ncols; i++)
		can = db->dialect->canon_expr(
		    &sql, pair->cols[i].col[side], &pair->cols[i].type);
	buf_reset(&sql);
	if (can && out->found[side]) {
		hashed.hash = HASH_MD5;
		side_select_hash(&sql, db, &hashed, side);
		where_key(&sql, db, pair, side, keys);
		st = db_one(db, buf_str(&sql), &db_text_column, arena, &hex,
		    &found, err);
	}
	if (!st && found && hex.kind == CELL_TEXT && hex.len == 32 &&
	    sscanf(hex.u.p, "%16llx%16llx", &a, &b) == 2) {
		out->server_md5[side] = (struct hash128){ a, b };
		out->has_server_md5[side] = true;
	}
	buf_free(&sql);
	return st;
}

static void
canonical_fields(const struct pair *pair, enum side side,
    struct explained_row *out, struct arena *arena)
{
	struct hasher *md5 = hasher_new(HASH_MD5, 0);
	struct buf row = BUF_INIT;

	out->canon[side] = arena_alloc(arena, pair->ncols * sizeof(char *));
	out->canon_len[side] = arena_alloc(arena, pair->ncols * sizeof(size_t));
	for (size_t i = 0; i < pair->ncols; i++) {
		size_t at;

		if (i > 0)
			buf_addc(&row, '|');
		at = row.len;
		canon_field(&row, &pair->cols[i].type, &out->cells[side][i],
		    side == TARGET ? CANON_TARGET : 0);
		out->canon_len[side][i] = row.len - at;
		out->canon[side][i] =
		    arena_memdup(arena, row.data + at, row.len - at);
	}
	out->md5[side] = hasher_sum(md5, row.data, row.len);
	buf_free(&row);
	hasher_free(md5);
}

static enum status
explain_side(const struct plan *plan, const struct pair *pair, enum side side,
    const char *const *key, struct arena *arena, struct explained_row *out,
    struct err *err)
{
	struct db *db = plan->db[side];
	struct keeper keeper = {
		.pair = pair, .arena = arena, .out = out, .side = side
	};
	struct cell *keys = arena_alloc(arena, pair->nkeys * sizeof(*keys));
	struct buf sql = BUF_INIT;
	enum status st = convert_keys(db, pair, side, key, arena, keys, err);

	if (st)
		return st;
	side_select(&sql, db, pair, side, false);
	where_key(&sql, db, pair, side, keys);
	out->sql[side] = arena_strdup(arena, buf_str(&sql));
	buf_free(&sql);
	st = diff_fetch_keys(db, pair, side, keys, 1, keep_row, &keeper, err);
	if (!st)
		st = server_md5(db, pair, side, keys, arena, out, err);
	if (!st && out->found[side])
		canonical_fields(pair, side, out, arena);
	return st;
}

enum status
explain_row(const struct plan *plan, const struct pair *pair,
    const char *const *key, size_t nkey, struct arena *arena,
    struct explained_row *out, struct err *err)
{
	struct buf scratch = BUF_INIT;
	enum status st = check_key(pair, nkey, err);

	*out = (struct explained_row){ 0 };
	if (st)
		return st;
	for (int s = SOURCE; s <= TARGET; s++) {
		st = explain_side(
		    plan, pair, (enum side)s, key, arena, out, err);
		if (st)
			return err_context(err, "table '%s'", pair->name);
	}
	out->verdicts =
	    arena_alloc(arena, pair->ncols * sizeof(*out->verdicts));
	out->why = arena_alloc(arena, pair->ncols * sizeof(*out->why));
	if (out->found[SOURCE] && out->found[TARGET])
		merge_compare_rows(plan, pair, out->cells[SOURCE],
		    out->cells[TARGET], &scratch, out->verdicts, out->why);
	buf_free(&scratch);
	return TU_OK;
}

#include <config.h>

#include "patch/jsonpatch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/stage.h"
#include "db/db.h"
#include "diff/write.h"
#include "patch/jsoncols.h"
#include "patch/jsonval.h"
#include "patch/report-int.h"
#include "value/digest.h"

#define FORMAT 1
#define SAY_LINES 256

/* Numbers that no double holds are not in the format. */
#define FLAGS \
	(JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL)

struct counts {
	uint64_t ops[CHANGE_OPS];
};

struct reader {
	const struct jsonpatch_options *opt;
	struct arena *arena; /* the run's */
	struct arena *row;   /* one line's cells */
	struct change_sink *sink;
	struct jsonpatch *out;
	struct err *err;
	uint64_t line;
	struct digest *digest;
	struct table_list list;
	bool started, ended;

	const struct pair *pair; /* the table at hand, or NULL */
	struct buf names;        /* tables that were begun, NUL behind each */
	struct counts table, all;
	/* The change at hand, pair->ncols and for the target the extra ones. */
	struct cell *source, *target;
	enum verdict *verdicts;
	struct buf scratch;
};

static enum status
refused(struct reader *r, const char *what)
{
	return err_set(r->err, TU_EPATCH, "%s:%" PRIu64 ": %s", r->opt->name,
	    r->line, what);
}

static enum status
refused_name(struct reader *r, const char *what, const char *name)
{
	return err_set(r->err, TU_EPATCH, "%s:%" PRIu64 ": %s '%s'",
	    r->opt->name, r->line, what, name);
}

static const char *
string_at(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static bool
count_at(const json_t *object, const char *name, uint64_t *n)
{
	const json_t *v = json_object_get(object, name);
	double d = json_is_real(v) ? json_real_value(v) : -1;

	*n = d >= 0 && d < 0x1p53 ? (uint64_t)d : 0;
	return (double)*n == d;
}

/* --- start, end ----------------------------------------------------------- */

static enum status
read_start(struct reader *r, const json_t *v)
{
	const char *source = string_at(json_object_get(v, "source"), "name");
	const char *target = string_at(json_object_get(v, "target"), "name");
	uint64_t format;

	if (!count_at(v, "format", &format) || source == NULL || target == NULL)
		return refused(r, "not the start of a patch");
	if (format != FORMAT)
		return refused(r, "this version of trueup does not know the "
				  "format of the patch");
	if (json_object_get(v, "redacted") != NULL)
		return refused(r, "a redacted result has hashes for values and "
				  "is no patch");
	snprintf(r->out->source, sizeof(r->out->source), "%s", source);
	snprintf(r->out->target, sizeof(r->out->target), "%s", target);
	r->started = true;
	return TU_OK;
}

static bool
counts_agree(const json_t *v, const struct counts *counts)
{
	for (int op = 0; op < CHANGE_OPS; op++) {
		uint64_t n;

		if (!count_at(v, report_verbs[op], &n) || n != counts->ops[op])
			return false;
	}
	return true;
}

static enum status
not_whole(struct reader *r, const char *what)
{
	refused(r, what);
	return err_hint(r->err,
	    "lines are missing or were edited; trueup diff makes it again");
}

static enum status
read_summary(struct reader *r, const json_t *v)
{
	const char *sum = string_at(v, "sha256");
	char digest[DIGEST_HEX];

	digest_hex(r->digest, digest);
	if (r->pair != NULL)
		return not_whole(r, "the last table has no end");
	if (!counts_agree(v, &r->all))
		return not_whole(
		    r, "there are not as many changes as the summary counts");
	if (sum == NULL || strcmp(sum, digest) != 0)
		return not_whole(
		    r, "the patch is not as it was written (sha256)");
	r->ended = true;
	return TU_OK;
}

static enum status
read_error(struct reader *r, const json_t *v)
{
	const char *message = string_at(v, "message");

	return refused_name(r, "the comparison failed:",
	    message != NULL ? message : "no reason given");
}

/* --- a table -------------------------------------------------------------- */

static const struct table *
find_table(struct reader *r, const char *schema, const char *name)
{
	if (r->opt->schema != NULL)
		schema = r->opt->schema;
	for (size_t i = 0; i < r->list.n; i++) {
		const struct table *t = &r->list.tables[i];

		if (strcmp(t->name, name) == 0 &&
		    (t->schema == NULL || schema == NULL ||
			strcmp(t->schema, schema) == 0))
			return t;
	}
	return NULL;
}

static enum status
describe(struct reader *r, const json_t *v, const struct table **out)
{
	struct db *db = r->opt->target;
	const char *name = string_at(v, "name"),
		   *people = string_at(v, "table");
	const struct table *found;
	struct table *t;

	if (name == NULL || people == NULL)
		return refused(r, "a table without a name");
	for (size_t at = 0; at < r->names.len;
	     at += strlen(r->names.data + at) + 1)
		if (strcmp(r->names.data + at, people) == 0)
			return refused_name(
			    r, "for the second time table", people);
	buf_add(&r->names, people, strlen(people) + 1);
	found = find_table(r, string_at(v, "schema"), name);
	if (found == NULL)
		return err_set(r->err, TU_EPATCH,
		    "%s:%" PRIu64 ": the target has no table '%s'",
		    r->opt->name, r->line, people);
	t = arena_memdup(r->arena, found, sizeof(*t));
	*out = t;
	return db->drv->describe(db, r->arena, t, r->err)
	           ? err_context(r->err, "table '%s'", people)
	           : TU_OK;
}

static enum status
read_columns(struct reader *r, const json_t *v)
{
	struct pair *pair = arena_alloc(r->arena, sizeof(*pair));
	const struct table *t = NULL;
	enum status st;

	if (r->pair != NULL)
		return refused(r, "the table before it has no end");
	st = describe(r, v, &t);
	if (st)
		return st;
	st = jsoncols_read(v, t, r->opt->extras, r->arena, pair, r->err);
	if (st == TU_OK && !t->writable)
		st = err_set(r->err, TU_ESCHEMA, "it cannot be written to");
	if (st)
		return err_context(r->err, "%s:%" PRIu64 ": table '%s'",
		    r->opt->name, r->line, string_at(v, "table"));
	r->pair = pair;
	r->table = (struct counts){ { 0 } };
	r->source = arena_alloc(r->arena, pair->ncols * sizeof(*r->source));
	r->target = arena_alloc(
	    r->arena, (pair->ncols + pair->nextra) * sizeof(*r->target));
	r->verdicts = arena_alloc(r->arena, pair->ncols * sizeof(*r->verdicts));
	return r->sink->begin(r->sink, pair, r->err);
}

/* The end of one with changes, or what there is to say of any other. */
static enum status
read_table(struct reader *r, const json_t *v)
{
	const char *verdict = string_at(v, "verdict");
	const char *name = string_at(v, "table");
	const json_t *rows = json_object_get(v, "rows");
	struct tally tally = { .suspects = 0 };
	const struct pair *pair = r->pair;

	if (verdict == NULL || name == NULL)
		return refused(r, "not a table");
	if (strcmp(verdict, "failed") == 0 ||
	    (strcmp(verdict, "not comparable") == 0 && !r->opt->partial))
		return err_set(r->err, TU_EPATCH,
		    "%s:%" PRIu64 ": table '%s' was not compared: %s",
		    r->opt->name, r->line, name,
		    string_at(v, "why") ? string_at(v, "why") : verdict);
	if (pair == NULL)
		return json_object_get(v, "update") == NULL ||
		               counts_agree(v, &r->table)
		           ? TU_OK
		           : not_whole(r, "the table's changes are missing");
	if (strcmp(name, pair->name) != 0 || !counts_agree(v, &r->table) ||
	    !count_at(rows, "source", &tally.rows[SOURCE]) ||
	    !count_at(rows, "target", &tally.rows[TARGET]))
		return not_whole(
		    r, "there are not as many changes as the table counts");
	r->pair = NULL;
	r->table = (struct counts){ { 0 } };
	return r->sink->end(r->sink, pair, &tally, r->err);
}

/* --- a change ------------------------------------------------------------- */

static enum status
bad_value(struct reader *r, const json_t *v, size_t column, const char *what)
{
	char *key = json_dumps(json_object_get(v, "key"), JSON_ENCODE_ANY);

	err_set(r->err, TU_EPATCH,
	    "%s:%" PRIu64 ": table '%s', key %s, column '%s': %s", r->opt->name,
	    r->line, r->pair->name, key != NULL ? key : "null",
	    r->pair->cols[column].col[TARGET]->name, what);
	free(key);
	return TU_EPATCH;
}

/* The form in which the target keeps what was read from it. */
static struct cell
as_kept(struct reader *r, size_t column, const struct cell *c)
{
	const struct pair_column *pc = &r->pair->cols[column];
	struct pair_column plain = *pc;
	const char *why;
	struct cell out;

	plain.type.rule = NULL;
	buf_reset(&r->scratch);
	if (!write_convert(r->opt->target->dialect, &plain, TARGET, c,
		&r->scratch, &out, &why))
		return *c;
	return cell_copy(r->row, &out);
}

/*
 * A column's value in one of the images, if it is there. One that cannot be
 * taken back exactly is an error.
 */
static enum status
read_value(struct reader *r, const json_t *v, const char *image, size_t i,
    enum side side, bool *found)
{
	const struct pair_column *pc = &r->pair->cols[i];
	const json_t *value =
	    json_object_get(json_object_get(v, image), pc->col[TARGET]->name);
	struct cell cell;

	*found = value != NULL;
	if (value == NULL)
		return TU_OK;
	if (!jsonval_read(value, pc, side, r->row, &cell))
		return bad_value(r, v, i, "not a value of its type");
	if (side == SOURCE)
		r->source[i] = cell;
	else
		r->target[i] = as_kept(r, i, &cell);
	return TU_OK;
}

/* A row is found by its key as it is spelt. */
static enum status
read_stored(struct reader *r, const json_t *v)
{
	const json_t *stored = json_object_get(v, "stored");

	for (size_t i = 0; stored != NULL && i < r->pair->nkeys; i++) {
		struct pair_column pc = jsonval_stored(&r->pair->cols[i]);
		const json_t *value =
		    json_object_get(stored, pc.col[TARGET]->name);

		if (value != NULL &&
		    !jsonval_read(value, &pc, TARGET, r->row, &r->target[i]))
			return bad_value(r, v, i, "not a value");
	}
	return TU_OK;
}

/* A whole row. */
static enum status
read_row(struct reader *r, const json_t *v, const char *image, enum side side)
{
	for (size_t i = 0; i < r->pair->ncols; i++) {
		bool found;

		if (read_value(r, v, image, i, side, &found))
			return r->err->status;
		if (!found)
			return bad_value(r, v, i, "it is missing");
	}
	return TU_OK;
}

/* A column is in "before" and "after", or in "unchanged", or of the key. */
static enum status
read_updated(struct reader *r, const json_t *v, size_t i)
{
	const json_t *cannot = json_object_get(v, "unrepresentable");
	const char *name = r->pair->cols[i].col[TARGET]->name;
	bool before, after, other = false;

	if (read_value(r, v, "before", i, TARGET, &before) ||
	    read_value(r, v, "after", i, SOURCE, &after))
		return r->err->status;
	if (before != after)
		return bad_value(r, v, i, "it is missing");
	if (before) {
		r->verdicts[i] = json_object_get(cannot, name) != NULL
		                     ? VERDICT_UNREPRESENTABLE
		                     : VERDICT_DIFFERENT;
		return TU_OK;
	}
	if (read_value(r, v, i < r->pair->nkeys ? "key" : "unchanged", i,
		TARGET, &other))
		return r->err->status;
	if (!other)
		return bad_value(r, v, i, "it is missing");
	r->source[i] = r->target[i];
	r->verdicts[i] = VERDICT_EQUAL;
	return TU_OK;
}

static enum status
read_images(struct reader *r, const json_t *v, enum change_op op)
{
	enum status st = TU_OK;

	if (op == CHANGE_DELETE)
		return read_row(r, v, "before", TARGET) ? r->err->status
		                                        : read_stored(r, v);
	memset(r->verdicts, 0, r->pair->ncols * sizeof(*r->verdicts));
	if (op == CHANGE_INSERT)
		return read_row(r, v, "after", SOURCE);
	for (size_t i = 0; i < r->pair->ncols && st == TU_OK; i++)
		st = read_updated(r, v, i);
	return st ? st : read_stored(r, v);
}

static bool
op_by_name(const char *name, enum change_op *op)
{
	for (int i = 0; name != NULL && i < CHANGE_OPS; i++)
		if (strcmp(name, report_verbs[i]) == 0) {
			*op = (enum change_op)i;
			return true;
		}
	return false;
}

/* The target could not hold it, or not all of it. *pass: some of it. */
static enum status
check_patchable(struct reader *r, const json_t *v, uint64_t rows, bool *pass)
{
	const json_t *patchable = json_object_get(v, "patchable");

	*pass = json_is_true(patchable);
	if (!json_is_boolean(patchable))
		return refused(r, "not a change");
	if (*pass && json_object_get(v, "unrepresentable") == NULL)
		return TU_OK;
	r->out->left_out += rows;
	if (r->opt->partial)
		return TU_OK;
	refused(r, "the target cannot hold the row's values, or nothing says "
		   "which row it is");
	return err_hint(r->err, "--partial applies the rest of the patch");
}

static enum status
read_change(struct reader *r, const json_t *v)
{
	const char *table = string_at(v, "table");
	struct change c = { .copies = 1 };
	bool pass;

	if (r->pair == NULL || table == NULL ||
	    strcmp(table, r->pair->name) != 0) {
		refused(r, "a change of a table whose columns were not told");
		return err_hint(
		    r->err, "a patch of this version of trueup tells them");
	}
	if (!op_by_name(string_at(v, "op"), &c.op) ||
	    (json_object_get(v, "copies") != NULL &&
		!count_at(v, "copies", &c.copies)) ||
	    c.copies == 0 || (r->pair->multiset && c.op == CHANGE_UPDATE))
		return refused(r, "not a change");
	r->table.ops[c.op] += c.copies;
	r->all.ops[c.op] += c.copies;
	if (check_patchable(r, v, c.copies, &pass))
		return r->err->status;
	if (!pass)
		return TU_OK;
	stage_add(0, 1);
	arena_reset(r->row);
	if (read_images(r, v, c.op))
		return r->err->status;
	c.pair = r->pair;
	c.patchable = true;
	c.source = c.op == CHANGE_DELETE ? NULL : r->source;
	c.target = c.op == CHANGE_INSERT ? NULL : r->target;
	c.verdicts = c.op == CHANGE_DELETE ? NULL : r->verdicts;
	return r->sink->change(r->sink, &c, r->err);
}

/* --- lines ---------------------------------------------------------------- */

static enum status
read_object(struct reader *r, const json_t *v)
{
	static const struct {
		const char *type;
		enum status (*read)(struct reader *r, const json_t *v);
	} readers[] = {
		{ "change", read_change },
		{ "columns", read_columns },
		{ "table", read_table },
		{ "summary", read_summary },
		{ "error", read_error },
	};
	const char *type = string_at(v, "type");

	if (type == NULL)
		return refused(r, "not a line of a patch");
	if (r->ended)
		return refused(r, "something stands behind the end");
	if (!r->started)
		return strcmp(type, "start") == 0
		           ? read_start(r, v)
		           : refused(r, "the patch has no start");
	for (size_t i = 0; i < ARRAY_LEN(readers); i++)
		if (strcmp(type, readers[i].type) == 0)
			return readers[i].read(r, v);
	return TU_OK; /* a line of a later version */
}

static enum status
read_line(struct reader *r, const char *line, size_t n)
{
	json_error_t error;
	json_t *v = json_loadb(line, n, FLAGS, &error);
	enum status st;

	r->line++;
	if (v == NULL)
		return err_set(r->err, TU_EPATCH,
		    "%s:%" PRIu64 ": not JSON: %s", r->opt->name, r->line,
		    error.text);
	st = read_object(r, v);
	json_decref(v);
	/* What the comparison found to fit does not: it is not what it wrote.
	 */
	if (st == TU_EBUG) {
		st = r->err->status = TU_EPATCH;
		err_context(r->err, "%s:%" PRIu64, r->opt->name, r->line);
	}
	digest_add(r->digest, line, n);
	if (st == TU_OK && interrupted())
		st = err_set(r->err, TU_EINTERRUPTED, "interrupted");
	return st;
}

static enum status
read_lines(struct reader *r)
{
	enum status st = TU_OK;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while (st == TU_OK && (n = getline(&line, &cap, r->opt->in)) > 0) {
		st = read_line(r, line, (size_t)n);
		if (r->line % SAY_LINES == 0)
			stage_tick();
	}
	free(line);
	if (st)
		return st;
	if (ferror(r->opt->in))
		return err_set(r->err, TU_EIO, "cannot read '%s': %s",
		    r->opt->name, strerror(errno));
	if (r->line == 0)
		return err_set(
		    r->err, TU_EPATCH, "%s: the patch is empty", r->opt->name);
	return r->ended ? TU_OK
	                : not_whole(r, "the patch ends here without a summary");
}

enum status
jsonpatch_read(const struct jsonpatch_options *options, struct arena *arena,
    struct change_sink *sink, struct jsonpatch *out, struct err *err)
{
	struct reader r = {
		.opt = options,
		.arena = arena,
		.row = arena_new(16384),
		.sink = sink,
		.out = out,
		.err = err,
		.digest = digest_new(),
	};
	struct db *db = options->target;
	enum status st;

	*out = (struct jsonpatch){ .left_out = 0 };
	st = db->drv->list(db, arena, &r.list, err);
	if (st)
		err_context(err, "%s", db->side);
	else
		st = read_lines(&r);
	digest_free(r.digest);
	buf_free(&r.names);
	buf_free(&r.scratch);
	arena_free(r.row);
	return st;
}

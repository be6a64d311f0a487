#include <config.h>

#include "patch/sqlapply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/stage.h"
#include "base/temp.h"
#include "db/db.h"
#include "db/dialect.h"
#include "diff/names.h"
#include "patch/apply-int.h"

#define SHOWN 100 /* bytes of a statement in a message */

/* Where in the file a line may stand. */
enum part {
	PART_FIRST,
	PART_BEGIN, /* heading, session settings, BEGIN */
	PART_BODY,
	PART_END, /* behind COMMIT */
};

/* A table of the target, as statements name it. */
struct named {
	const struct table *table;
	const char *from, *into;
	bool used; /* by a statement */
	struct tally tally;
};

struct statement {
	const char *sql;
	enum change_op op;
	bool sequence;
	uint64_t rows;
	struct named *named; /* NULL for a sequence */
};

struct runner {
	const struct sqlapply_options *opt;
	const struct dialect *dialect;
	struct apply_result *result;
	struct arena *arena;
	struct err *err;
	FILE *copy; /* of the input, to be read twice */
	struct named *named;
	size_t nnamed;

	/* Of one reading. */
	enum part part;
	uint64_t told[CHANGE_OPS], counted[CHANGE_OPS]; /* heading, body */
	uint64_t changes;  /* the heading of a push in batches, else 0 */
	const char *begin; /* what is left of the dialect's patch_begin */
	uint64_t line;
	struct buf sql, shown;
	struct buf setvals; /* what the tables' sequences may be given */
	struct buf first;   /* conflict, in words */
	bool inserting;     /* the statement that ran last */
};

bool
sqlapply_is_patch(const char *line)
{
	return strcmp(line, "-- trueup patch 1\n") == 0 ||
	       strcmp(line, "-- trueup undo 1\n") == 0;
}

static enum status
refused(struct runner *r, const char *what)
{
	return err_set(r->err, TU_EPATCH, "%s:%" PRIu64 ": %s", r->opt->name,
	    r->line, what);
}

/* --- statements ----------------------------------------------------------- */

/* Behind the prefix, or NULL. */
static const char *
behind(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

/* Where quotes are closed again and a semicolon stands; else the end. */
static const char *
semicolon(const char *sql, bool *open)
{
	char quote = '\0';

	for (; *sql != '\0' && (quote != '\0' || *sql != ';'); sql++) {
		if (quote != '\0')
			quote = *sql == quote ? '\0' : quote;
		else if (*sql == '\'' || *sql == '"' || *sql == '`')
			quote = *sql;
	}
	*open = quote != '\0';
	return sql;
}

static struct named *
find_named(struct runner *r, const char *rest, bool into)
{
	for (size_t i = 0; i < r->nnamed; i++) {
		struct named *n = &r->named[i];
		const char *end = behind(rest, into ? n->into : n->from);

		if (end != NULL && *end == ' ')
			return n;
	}
	return NULL;
}

/* A delete of equal rows ends in how many: LIMIT n, perhaps with a ). */
static uint64_t
rows_of_delete(const char *sql)
{
	static const char limit[] = " LIMIT ";
	size_t end = strlen(sql), at;

	if (end > 0 && sql[end - 1] == ')')
		end--;
	for (at = end; at > 0 && sql[at - 1] >= '0' && sql[at - 1] <= '9';)
		at--;
	if (at == end || at < sizeof(limit) - 1 ||
	    strncmp(sql + at - (sizeof(limit) - 1), limit, sizeof(limit) - 1) !=
		0)
		return 1;
	return strtoull(sql + at, NULL, 10);
}

static enum status
parse_statement(struct runner *r, const char *sql, struct statement *s)
{
	static const struct {
		const char *verb;
		enum change_op op;
	} verbs[] = { { "DELETE FROM ", CHANGE_DELETE },
		{ "UPDATE ", CHANGE_UPDATE },
		{ "INSERT INTO ", CHANGE_INSERT } };

	*s = (struct statement){ .sql = sql, .rows = 1 };
	s->sequence = behind(sql, "SELECT pg_catalog.setval(") != NULL;
	for (size_t i = 0; i < ARRAY_LEN(verbs) && !s->sequence; i++) {
		const char *rest = behind(sql, verbs[i].verb);

		if (rest == NULL)
			continue;
		s->op = verbs[i].op;
		s->named = find_named(r, rest, s->op == CHANGE_INSERT);
		if (s->named == NULL)
			return refused(r, "the target has no such table");
	}
	if (s->named == NULL && !s->sequence)
		return refused(r, "not a statement of a patch");
	if (s->op == CHANGE_DELETE && !s->sequence)
		s->rows = rows_of_delete(sql);
	return TU_OK;
}

/* --- lines ---------------------------------------------------------------- */

/* One of those that open the transaction: the next that the brand has. */
static enum status
take_begin(struct runner *r, const char *line)
{
	const char *end = strchr(r->begin, '\n');
	size_t n = (size_t)(end - r->begin) + 1;

	if (strlen(line) != n || strncmp(line, r->begin, n) != 0) {
		refused(r, "this is not how a patch for this target begins");
		return err_hint(r->err, "the target is %s", r->dialect->brand);
	}
	r->begin += n;
	if (*r->begin == '\0')
		r->part = PART_BODY;
	return TU_OK;
}

/* A line of its own, or several where a name has line breaks. */
static enum status
take_statement(struct runner *r, const char *line,
    enum status (*each)(struct runner *r, struct statement *s))
{
	struct statement s;
	const char *end;
	bool open;
	enum status st;

	buf_adds(&r->sql, line);
	end = semicolon(buf_str(&r->sql), &open);
	if (open)
		return TU_OK;
	if (*end == ';' && strcmp(end, ";\n") != 0)
		return refused(r, "more than one statement on a line");
	if (*end != ';')
		return refused(r, "not a statement of a patch");
	r->sql.len = (size_t)(end - r->sql.data);
	st = parse_statement(r, buf_str(&r->sql), &s);
	if (st == TU_OK && !s.sequence)
		r->counted[s.op] += s.rows;
	if (st == TU_OK)
		st = each(r, &s);
	buf_reset(&r->sql);
	return st;
}

/* "-- table x: 1 to insert, 2 to update, 3 to delete" of the heading, or
 * "-- changes: 6, the last one first". */
static void
take_counts(struct runner *r, const char *line)
{
	const char *colon = strrchr(line, ':');
	uint64_t n[CHANGE_OPS];

	(void)sscanf(line, "-- changes: %" SCNu64, &r->changes);
	if (behind(line, "-- table ") == NULL || colon == NULL ||
	    sscanf(colon,
		": %" SCNu64 " to insert, %" SCNu64 " to update, %" SCNu64
		" to delete",
		&n[CHANGE_INSERT], &n[CHANGE_UPDATE],
		&n[CHANGE_DELETE]) != CHANGE_OPS)
		return;
	for (int op = 0; op < CHANGE_OPS; op++)
		r->told[op] += n[op];
}

/* What the statements read are about. */
static uint64_t
count_rows(const struct runner *r)
{
	uint64_t sum = 0;

	for (int op = 0; op < CHANGE_OPS; op++)
		sum += r->counted[op];
	return sum;
}

static bool
is_complete(const struct runner *r)
{
	if (r->changes > 0)
		return count_rows(r) == r->changes;
	/* A row can be updated twice, or inserted and updated (order.h). */
	return r->counted[CHANGE_INSERT] == r->told[CHANGE_INSERT] &&
	       r->counted[CHANGE_DELETE] == r->told[CHANGE_DELETE] &&
	       r->counted[CHANGE_UPDATE] >= r->told[CHANGE_UPDATE];
}

static enum status
take_commit(struct runner *r)
{
	r->part = PART_END;
	return is_complete(r) ? TU_OK
	                      : refused(r, "lines are missing, or were added");
}

static enum status
take_line(struct runner *r, const char *line,
    enum status (*each)(struct runner *r, struct statement *s))
{
	if (r->part == PART_FIRST && !sqlapply_is_patch(line))
		return refused(r, "not a patch of trueup");
	if (r->part == PART_FIRST)
		r->part = PART_BEGIN;
	if (r->part == PART_BEGIN)
		take_counts(r, line);
	if (r->sql.len > 0)
		return take_statement(r, line, each);
	if (strcmp(line, "\n") == 0 || behind(line, "-- ") != NULL)
		return TU_OK;
	switch (r->part) {
	case PART_FIRST:
	case PART_BEGIN:
		return take_begin(r, line);
	case PART_BODY:
		return strcmp(line, r->dialect->patch_commit) == 0
		           ? take_commit(r)
		           : take_statement(r, line, each);
	case PART_END:
		break;
	}
	return refused(r, "something stands behind the end");
}

static enum status
read_lines(struct runner *r,
    enum status (*each)(struct runner *r, struct statement *s))
{
	enum status st = TU_OK;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	r->part = PART_FIRST;
	r->changes = 0;
	memset(r->told, 0, sizeof(r->told));
	memset(r->counted, 0, sizeof(r->counted));
	r->begin = r->dialect->patch_begin;
	r->line = 0;
	buf_reset(&r->sql);
	rewind(r->copy);
	while (st == TU_OK && (n = getline(&line, &cap, r->copy)) > 0) {
		r->line++;
		st = strlen(line) == (size_t)n ? take_line(r, line, each)
		                               : refused(r, "a NUL byte");
	}
	free(line);
	if (st == TU_OK && ferror(r->copy))
		st = temp_error(r->err, "read", errno);
	if (st == TU_OK && r->part != PART_END) {
		st = refused(r, "the patch ends here without COMMIT");
		err_hint(r->err, "trueup diff makes it again");
	}
	return st;
}

/* --- before it runs ------------------------------------------------------- */

static enum status
copy_input(struct runner *r)
{
	const struct sqlapply_options *opt = r->opt;
	char block[16384];
	enum status st;
	size_t n;
	int fd;

	st = temp_open(&fd, r->err);
	if (st)
		return st;
	r->copy = fdopen(fd, "w+");
	if (r->copy == NULL) {
		close(fd);
		return temp_error(r->err, "open", errno);
	}
	while ((n = fread(block, 1, sizeof(block), opt->in)) > 0)
		if (fwrite(block, 1, n, r->copy) != n)
			return temp_error(r->err, "write", errno);
	if (ferror(opt->in))
		return err_set(r->err, TU_EIO, "cannot read '%s': %s",
		    opt->name, strerror(errno));
	return fflush(r->copy) == 0 ? TU_OK
	                            : temp_error(r->err, "write", errno);
}

static enum status
list_tables(struct runner *r)
{
	struct db *db = r->opt->target;
	struct table_list list;
	enum status st = db->drv->list(db, r->arena, &list, r->err);

	if (st)
		return st;
	r->named = arena_alloc(r->arena, (list.n + 1) * sizeof(*r->named));
	for (size_t i = 0; i < list.n; i++) {
		const struct table *t = &list.tables[i];

		buf_reset(&r->sql);
		if (t->schema != NULL) {
			r->dialect->ident(&r->sql, t->schema);
			buf_addc(&r->sql, '.');
		}
		r->dialect->ident(&r->sql, t->name);
		r->named[r->nnamed++] = (struct named){ .table = t,
			.from = t->from,
			.into = arena_strdup(r->arena, buf_str(&r->sql)) };
	}
	return TU_OK;
}

static enum status
count_statement(struct runner *r, struct statement *s)
{
	(void)r;
	if (s->sequence)
		return TU_OK;
	s->named->used = true;
	s->named->tally.patchable[s->op] += s->rows;
	return TU_OK;
}

/* A table that takes back what was written, and limits that hold. */
static enum status
check_table(struct runner *r, struct named *n)
{
	static const bool ops[CHANGE_OPS] = { true, true, true };
	struct db *db = r->opt->target;
	struct table *t = arena_memdup(r->arena, n->table, sizeof(*t));
	const struct pair pair = { .name = name_qualified(r->arena, t) };
	enum status st = db->drv->describe(db, r->arena, t, r->err);

	if (st == TU_OK && t->no_rollback != NULL)
		st = err_set(r->err, TU_ESCHEMA,
		    "%s knows no transactions, so that a failure would leave a "
		    "part of the changes; nothing was written",
		    t->no_rollback);
	if (st == TU_OK)
		st = db_count(db, t, &n->tally.rows[TARGET], r->err);
	if (st)
		return err_context(r->err, "table '%s'", pair.name);
	for (size_t i = 0; i < t->ncolumns; i++)
		if (t->columns[i].sequence != NULL)
			stmt_setval(&r->setvals, r->dialect, t, &t->columns[i]);
	n->tally.rows[SOURCE] = 1; /* nobody knows */
	return limits_check(&pair, &n->tally, ops, r->opt->limits, r->err);
}

static enum status
check_tables(struct runner *r)
{
	enum status st = TU_OK;

	for (size_t i = 0; i < r->nnamed && st == TU_OK; i++)
		if (r->named[i].used)
			st = check_table(r, &r->named[i]);
	return st;
}

/* --- running it ----------------------------------------------------------- */

/* From its WHERE on, or of an insert the whole. */
static const char *
show(struct runner *r, const struct statement *s)
{
	const char *from = strstr(s->sql, " WHERE ");
	size_t n;

	from = from != NULL && s->op != CHANGE_INSERT ? from + 7 : s->sql;
	n = strlen(from);
	buf_reset(&r->shown);
	buf_addf(&r->shown, "%s:%" PRIu64 ": ", r->opt->name, r->line);
	buf_add(&r->shown, from, MIN(n, SHOWN));
	if (n > SHOWN)
		buf_adds(&r->shown, "...");
	return buf_str(&r->shown);
}

static enum status
conflicts(struct runner *r)
{
	err_set(r->err, TU_ECONFLICT,
	    "%s%" PRIu64 " statements did not meet the rows they expect; "
	    "nothing was written (the first: %s)",
	    r->result->conflicts >= CONFLICTS_MAX ? "at least " : "",
	    r->result->conflicts, buf_str(&r->first));
	return err_hint(r->err,
	    "trueup diff makes a patch for what is there now; "
	    "--on-conflict=skip leaves such rows alone");
}

static enum status
note_conflict(struct runner *r, const struct statement *s)
{
	static const char what[] = "the row is gone, or is not as it was";
	const char *table = name_qualified(r->arena, s->named->table);
	const char *where = show(r, s);

	if (r->result->conflicts++ == 0)
		buf_addf(&r->first, "table '%s', %s", table, where);
	if (r->opt->conflict != NULL)
		r->opt->conflict(r->opt->arg, table, where, what);
	if (r->opt->answer == CONFLICT_SKIP)
		r->result->left_alone += s->rows;
	return r->opt->answer == CONFLICT_ABORT &&
	               r->result->conflicts >= CONFLICTS_MAX
	           ? conflicts(r)
	           : TU_OK;
}

/* Is it what a patch says of a sequence of its tables? */
static bool
is_setval(struct runner *r, const char *sql)
{
	return strstr(buf_str(&r->setvals), sql) != NULL;
}

static enum status
run_statement(struct runner *r, struct statement *s)
{
	uint64_t affected = 0;
	const struct db_batch batch = {
		.sql = s->sql, .nrows = 1, .affected = &affected
	};
	enum status st;

	if (s->sequence && !is_setval(r, s->sql))
		return refused(r, "not a statement of a patch");
	st = db_batch(r->opt->target, &batch, r->err);
	r->inserting = s->op == CHANGE_INSERT && !s->sequence;
	if (st)
		return err_context(
		    r->err, "%s:%" PRIu64, r->opt->name, r->line);
	if (interrupted())
		return err_set(r->err, TU_EINTERRUPTED, "interrupted");
	if (s->sequence)
		return TU_OK;
	/* The undo of batches leaves alone what is there. */
	if (affected == 0 && r->inserting && r->changes > 0) {
		r->result->left_alone++;
		return TU_OK;
	}
	if (affected == 0)
		return note_conflict(r, s);
	if (affected != s->rows)
		return err_set(r->err, TU_ECONFLICT,
		    "%s touched %" PRIu64 " rows, not %" PRIu64
		    "; nothing was written",
		    show(r, s), affected, s->rows);
	r->result->done[s->op] += affected;
	stage_set(apply_rows_done(r->result));
	stage_tick();
	return TU_OK;
}

/* A key that exists, and whatever came of earlier conflicts. */
static enum status
fail(struct runner *r)
{
	struct err *err = r->err;

	(void)apply_roll_back(r->opt->target);
	memset(r->result->done, 0, sizeof(r->result->done));
	if (err->status == TU_EQUERY && r->result->conflicts > 0 &&
	    r->opt->answer == CONFLICT_ABORT)
		return conflicts(r);
	if (err->status == TU_EQUERY && r->inserting &&
	    strncmp(err->sqlstate, "23", 2) == 0)
		err->status = TU_ECONFLICT;
	return err->status;
}

static enum status
commit(struct runner *r)
{
	bool unknown;
	enum status st = apply_commit(r->opt->target, &unknown, r->err);

	if (st == TU_OK)
		return TU_OK;
	memset(r->result->done, 0, sizeof(r->result->done));
	return unknown ? st : err_append(r->err, "; nothing was written");
}

static enum status
run_all(struct runner *r)
{
	enum status st = apply_lock(r->opt->target, r->err);

	if (st == TU_OK)
		st = db_exec(
		    r->opt->target, r->dialect->write_begin, NULL, r->err);
	stage_begin_rows((double)count_rows(r), "writing to the target");
	if (st == TU_OK)
		st = read_lines(r, run_statement);
	if (st == TU_OK && r->result->conflicts > 0 &&
	    r->opt->answer == CONFLICT_ABORT)
		st = conflicts(r);
	return st ? fail(r) : commit(r);
}

enum status
sqlapply_run(const struct sqlapply_options *options,
    struct apply_result *result, struct err *err)
{
	struct runner r = {
		.opt = options,
		.dialect = options->target->dialect,
		.result = result,
		.arena = arena_new(16384),
		.err = err,
	};
	enum status st = copy_input(&r);

	*result = (struct apply_result){ .conflicts = 0 };
	if (st == TU_OK)
		st = list_tables(&r);
	if (st == TU_OK)
		st = read_lines(&r, count_statement);
	if (st == TU_OK)
		st = check_tables(&r);
	if (st == TU_OK)
		st = run_all(&r);
	if (r.copy != NULL)
		fclose(r.copy);
	buf_free(&r.sql);
	buf_free(&r.shown);
	buf_free(&r.setvals);
	buf_free(&r.first);
	arena_free(r.arena);
	return st;
}

#include <config.h>

#include "patch/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "db/dialect.h"
#include "value/rowhash.h"

#define FORMAT 1
#define PUT_ROWS 500

/* Statements that are not in the file yet. */
struct put {
	int64_t id;
	size_t at, len; /* of the text */
};

struct journal {
	struct db *db;
	char *path;
	struct arena *arena;
	const char *run; /* names the push in the target */
	bool marked;     /* the target has a table for it */
	bool open;       /* a transaction of the file's own */
	int64_t next;    /* change, batch */
	int64_t batch;
	int64_t done; /* a batch that the file has as intent yet, or 0 */
	struct put put[PUT_ROWS];
	size_t nput;
	struct buf text;
	struct buf sql;
};

/* --- small things --------------------------------------------------------- */

static enum status
run(struct journal *j, const char *sql, struct err *err)
{
	return db_exec(j->db, sql, NULL, err);
}

static enum status
number(struct db *db, struct arena *arena, const char *sql, int64_t *out,
    struct err *err)
{
	struct cell cell;
	bool found;
	enum status st =
	    db_one(db, sql, &db_int_column, arena, &cell, &found, err);

	*out = st == TU_OK && found && cell.kind == CELL_INT ? cell.u.i : 0;
	return st;
}

static enum status
text(struct journal *j, const char *sql, const char **out, struct err *err)
{
	struct cell cell;
	bool found;
	enum status st =
	    db_one(j->db, sql, &db_text_column, j->arena, &cell, &found, err);

	*out = st == TU_OK && found && cell.kind == CELL_TEXT
	           ? arena_memdup(j->arena, cell.u.p, cell.len + 1)
	           : "";
	return st;
}

static void
add_literal(struct buf *sql, const char *s)
{
	const struct cell cell = {
		.kind = CELL_TEXT, .u.p = s, .len = strlen(s)
	};

	dialect_sqlite.literal(sql, &db_text_column, &cell);
}

/* --- opening -------------------------------------------------------------- */

/* The driver makes no files; what is in one is nobody else's business. */
static enum status
make_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(
		    err, TU_EIO, "cannot open '%s': %s", path, strerror(errno));
	close(fd);
	return TU_OK;
}

static enum status
create(
    struct journal *j, const char *source, const char *target, struct err *err)
{
	char run_name[17], now[CLOCK_TEXT];

	snprintf(run_name, sizeof(run_name), "%016" PRIx64, random_u64());
	buf_reset(&j->sql);
	buf_addf(&j->sql,
	    "PRAGMA application_id = %d;\n"
	    "PRAGMA user_version = %d;\n"
	    "CREATE TABLE push (run TEXT, source TEXT, target TEXT, "
	    "started TEXT);\n"
	    "CREATE TABLE batch (n INTEGER PRIMARY KEY, first INTEGER, "
	    "last INTEGER, state TEXT);\n"
	    "CREATE TABLE undo (id INTEGER PRIMARY KEY, sql TEXT);\n"
	    "INSERT INTO push VALUES ('%s', ",
	    JOURNAL_ID, FORMAT, run_name);
	add_literal(&j->sql, source);
	buf_adds(&j->sql, ", ");
	add_literal(&j->sql, target);
	buf_addf(&j->sql, ", '%s')", clock_text(now));
	return run(j, buf_str(&j->sql), err);
}

/* Two runs of one push cannot be at it, and no push meets another's file. */
static enum status
check(
    struct journal *j, const char *source, const char *target, struct err *err)
{
	const char *names[2];
	int64_t id, version;

	if (number(j->db, j->arena,
		"SELECT application_id FROM pragma_application_id", &id, err) ||
	    number(j->db, j->arena,
		"SELECT user_version FROM pragma_user_version", &version, err))
		return err->status;
	if (id != JOURNAL_ID || version != FORMAT)
		return err_set(err, TU_EUSAGE,
		    "'%s' is no state file of this version of trueup", j->path);
	if (text(j, "SELECT source FROM push", &names[0], err) ||
	    text(j, "SELECT target FROM push", &names[1], err))
		return err->status;
	if (strcmp(names[0], source) == 0 && strcmp(names[1], target) == 0)
		return TU_OK;
	err_set(err, TU_ECONFLICT,
	    "'%s' belongs to an unfinished push from %s to %s", j->path,
	    names[0], names[1]);
	return err_hint(err, "finish that one, or name another --state file");
}

static enum status
open_push(
    struct journal *j, const char *source, const char *target, struct err *err)
{
	int64_t tables;
	enum status st;

	/* The lock is taken by the first statement and kept. */
	st = run(j, "PRAGMA locking_mode = EXCLUSIVE;\nBEGIN IMMEDIATE", err);
	if (st == TU_OK)
		st = number(j->db, j->arena,
		    "SELECT count(*) FROM sqlite_schema", &tables, err);
	if (st == TU_OK)
		st = tables == 0 ? create(j, source, target, err)
		                 : check(j, source, target, err);
	if (st == TU_OK)
		st = text(j, "SELECT run FROM push", &j->run, err);
	return st ? st : run(j, "COMMIT", err);
}

enum status
journal_open(const char *path, const char *source, const char *target,
    struct journal **out, struct err *err)
{
	struct journal *j;
	struct buf url = BUF_INIT;
	enum status st = make_file(path, err);

	*out = NULL;
	if (st)
		return st;
	j = calloc(1, sizeof(*j));
	if (j == NULL || (j->path = strdup(path)) == NULL)
		out_of_memory(sizeof(*j));
	j->arena = arena_new(1024);
	buf_addf(&url, "sqlite:%s", path);
	st = db_open(buf_str(&url), DB_WRITE, "state file", &j->db, err);
	buf_free(&url);
	if (st == TU_OK)
		st = open_push(j, source, target, err);
	if (st && strcmp(err->sqlstate, "55P03") == 0)
		st = err_set(err, TU_ECONFLICT,
		    "another run has the state file '%s'", path);
	if (st) {
		journal_close(j);
		return st;
	}
	*out = j;
	return TU_OK;
}

static enum status begin(struct journal *j, struct err *err);

void
journal_close(struct journal *j)
{
	struct err ignored = ERR_INIT;

	if (j == NULL)
		return;
	/* Otherwise the marker would have to tell. */
	if (j->db != NULL && j->done > 0 && begin(j, &ignored) == TU_OK)
		(void)journal_keep(j, &ignored);
	db_close(j->db);
	arena_free(j->arena);
	buf_free(&j->text);
	buf_free(&j->sql);
	free(j->path);
	free(j);
}

/* --- writing -------------------------------------------------------------- */

static enum status
begin(struct journal *j, struct err *err)
{
	enum status st = TU_OK;

	if (!j->open)
		st = run(j, "BEGIN", err);
	j->open |= st == TU_OK;
	return st;
}

static enum status
flush(struct journal *j, struct err *err)
{
	static const struct column *const columns[] = { &db_int_column,
		&db_text_column };
	uint64_t affected[PUT_ROWS];
	struct cell cells[2 * PUT_ROWS];
	const struct db_batch batch = {
		.sql = "INSERT OR REPLACE INTO undo VALUES (?1, ?2)",
		.nparams = 2,
		.nrows = j->nput,
		.columns = columns,
		.params = cells,
		.affected = affected,
	};
	enum status st;

	for (size_t i = 0; i < j->nput; i++) {
		const struct put *p = &j->put[i];

		cells[2 * i] = (struct cell){ .kind = CELL_INT, .u.i = p->id };
		cells[2 * i + 1] = (struct cell){ .kind = CELL_TEXT,
			.u.p = j->text.data + p->at,
			.len = p->len };
	}
	st = begin(j, err);
	if (st == TU_OK && j->nput > 0)
		st = db_batch(j->db, &batch, err);
	j->nput = 0;
	buf_reset(&j->text);
	return st;
}

int64_t
journal_next(const struct journal *j)
{
	return j->next;
}

enum status
journal_put(
    struct journal *j, int64_t id, const struct buf *sql, struct err *err)
{
	j->put[j->nput++] = (struct put){ id, j->text.len, sql->len };
	buf_add(&j->text, sql->data, sql->len);
	j->next = MAX(j->next, id + 1);
	return j->nput == PUT_ROWS ? flush(j, err) : TU_OK;
}

enum status
journal_forget(struct journal *j, int64_t first, int64_t last, struct err *err)
{
	enum status st = flush(j, err);

	buf_reset(&j->sql);
	buf_addf(&j->sql,
	    "DELETE FROM undo WHERE id BETWEEN %" PRId64 " AND %" PRId64, first,
	    last);
	return st ? st : run(j, buf_str(&j->sql), err);
}

enum status
journal_keep(struct journal *j, struct err *err)
{
	enum status st = flush(j, err);

	if (st == TU_OK && j->done > 0) {
		buf_reset(&j->sql);
		buf_addf(&j->sql,
		    "UPDATE batch SET state = 'done' WHERE n = %" PRId64,
		    j->done);
		st = run(j, buf_str(&j->sql), err);
	}
	if (st == TU_OK)
		st = run(j, "COMMIT", err);
	if (st == TU_OK)
		j->open = false;
	if (st == TU_OK)
		j->done = 0;
	return st;
}

/* --- the target's marker -------------------------------------------------- */

/*
 * Made only when there is something to write. No right to do so is no reason
 * not to write.
 */
static void
make_marker(struct journal *j, struct db *target)
{
	const char *sql = target->dialect->create_marker;
	struct err err = ERR_INIT;

	buf_reset(&j->sql);
	buf_addf(
	    &j->sql, "DELETE FROM " MARKER_TABLE " WHERE run = '%s'", j->run);
	j->marked = sql != NULL && db_exec(target, sql, NULL, &err) == TU_OK &&
	            db_exec(target, buf_str(&j->sql), NULL, &err) == TU_OK;
	if (!j->marked)
		log_line(LOG_WARN,
		    "the target cannot have the table " MARKER_TABLE "%s%s: if "
		    "this run is killed, nobody can tell whether its last "
		    "batch "
		    "was written",
		    sql != NULL ? ", " : "", err.msg);
}

static enum status
mark(struct journal *j, struct db *target, struct err *err)
{
	if (!j->marked)
		return TU_OK;
	buf_reset(&j->sql);
	buf_addf(&j->sql,
	    "DELETE FROM " MARKER_TABLE " WHERE run = '%s';\n"
	    "INSERT INTO " MARKER_TABLE " VALUES ('%s', %" PRId64 ")",
	    j->run, j->run, j->batch);
	return db_exec(target, buf_str(&j->sql), NULL, err);
}

/* Other pushes may have their marks there. */
static void
drop_marker(struct journal *j, struct db *target)
{
	struct err ignored = ERR_INIT;
	int64_t others = 1;

	buf_reset(&j->sql);
	buf_addf(
	    &j->sql, "DELETE FROM " MARKER_TABLE " WHERE run = '%s'", j->run);
	if (db_exec(target, buf_str(&j->sql), NULL, &ignored) == TU_OK &&
	    number(target, j->arena, "SELECT count(*) FROM " MARKER_TABLE,
		&others, &ignored) == TU_OK &&
	    others == 0)
		(void)db_exec(
		    target, "DROP TABLE " MARKER_TABLE, NULL, &ignored);
}

/* --- settling ------------------------------------------------------------- */

/* The batch that was about to be committed, 0: none. */
static enum status
settle_last(struct journal *j, struct db *target, struct err *err)
{
	struct err none = ERR_INIT;
	int64_t n, reached;
	const char *state = "unknown";
	enum status st = number(j->db, j->arena,
	    "SELECT max(n) FROM batch WHERE state = 'intent'", &n, err);

	if (st || n == 0)
		return st;
	buf_reset(&j->sql);
	buf_addf(&j->sql,
	    "SELECT count(*) FROM " MARKER_TABLE
	    " WHERE run = '%s' AND batch >= %" PRId64,
	    j->run, n);
	if (number(target, j->arena, buf_str(&j->sql), &reached, &none) ==
	    TU_OK)
		state = reached > 0 ? "done" : "lost";
	log_line(LOG_INFO, "the last batch of the run before, %" PRId64 ", %s",
	    n,
	    state[0] == 'd'   ? "was committed"
	    : state[0] == 'l' ? "was rolled back"
			      : "may have been committed");
	buf_reset(&j->sql);
	buf_addf(&j->sql,
	    "UPDATE batch SET state = '%s' WHERE n = %" PRId64 ";\n"
	    "DELETE FROM batch WHERE state = 'lost'",
	    state, n);
	return run(j, buf_str(&j->sql), err);
}

static enum status
describe(struct journal *j, struct journal_found *found, struct err *err)
{
	int64_t n, changes;
	const char *started = "";

	if (number(j->db, j->arena, "SELECT count(*) FROM batch", &n, err) ||
	    number(
		j->db, j->arena, "SELECT count(*) FROM undo", &changes, err) ||
	    text(j, "SELECT started FROM push", &started, err))
		return err->status;
	found->batches = (uint64_t)n;
	found->changes = (uint64_t)changes;
	snprintf(
	    found->started, sizeof(found->started), "%s", n > 0 ? started : "");
	return TU_OK;
}

enum status
journal_settle(struct journal *j, struct db *target,
    struct journal_found *found, struct err *err)
{
	enum status st = begin(j, err);

	if (st == TU_OK)
		st = settle_last(j, target, err);
	/* Batches have their numbers in the order of the changes. */
	if (st == TU_OK)
		st = run(j,
		    "DELETE FROM undo WHERE id > "
		    "(SELECT coalesce(max(last), 0) FROM batch)",
		    err);
	if (st == TU_OK)
		st = number(j->db, j->arena,
		    "SELECT 1 + coalesce(max(last), 0) FROM batch", &j->next,
		    err);
	if (st == TU_OK)
		st = number(j->db, j->arena,
		    "SELECT 1 + coalesce(max(n), 0) FROM batch", &j->batch,
		    err);
	if (st == TU_OK)
		st = describe(j, found, err);
	return st ? st : journal_keep(j, err);
}

/* --- batches -------------------------------------------------------------- */

enum status
journal_intent(struct journal *j, struct db *target, int64_t first,
    int64_t last, struct err *err)
{
	enum status st = mark(j, target, err);

	if (st == TU_OK)
		st = begin(j, err);
	buf_reset(&j->sql);
	buf_addf(&j->sql,
	    "INSERT OR REPLACE INTO batch VALUES (%" PRId64 ", %" PRId64
	    ", %" PRId64 ", '%s')",
	    j->batch, first, last, j->marked ? "intent" : "unknown");
	if (st == TU_OK)
		st = run(j, buf_str(&j->sql), err);
	return st ? st : journal_keep(j, err);
}

void
journal_done(struct journal *j)
{
	j->done = j->batch++;
}

/* Otherwise the next run asks the target's marker. */
void
journal_undone(struct journal *j)
{
	struct err ignored = ERR_INIT;

	buf_reset(&j->sql);
	buf_addf(&j->sql, "DELETE FROM batch WHERE n = %" PRId64, j->batch);
	if (begin(j, &ignored) == TU_OK &&
	    run(j, buf_str(&j->sql), &ignored) == TU_OK)
		(void)journal_keep(j, &ignored);
}

enum status
journal_start(struct journal *j, struct db *target, struct err *err)
{
	make_marker(j, target);
	return journal_keep(j, err);
}

/* The statements in question: "... FROM undo WHERE ...". */
static const char *
select_undo(struct journal *j, const char *what, bool written)
{
	buf_reset(&j->sql);
	buf_addf(&j->sql, "SELECT %s FROM undo%s", what,
	    written ? " WHERE id <= (SELECT coalesce(max(last), 0) FROM batch)"
		    : "");
	return buf_str(&j->sql);
}

enum status
journal_count_undo(
    struct journal *j, bool written, uint64_t *n, struct err *err)
{
	int64_t count;
	enum status st = number(
	    j->db, j->arena, select_undo(j, "count(*)", written), &count, err);

	*n = (uint64_t)count;
	return st;
}

enum status
journal_write_undo(struct journal *j, bool written, FILE *out, struct err *err)
{
	static const struct column *const columns[] = { &db_text_column };
	struct db_scan scan = { .columns = columns, .ncolumns = 1 };
	const struct row *row = NULL;
	struct cursor *cur;
	enum status st;

	select_undo(j, "sql", written);
	buf_adds(&j->sql, " ORDER BY id DESC");
	scan.sql = buf_str(&j->sql);
	st = db_scan(j->db, &scan, &cur, err);
	while (st == TU_OK) {
		st = db_next(cur, &row, err);
		if (st || row == NULL)
			break;
		fwrite(row->cells[0].u.p, 1, row->cells[0].len, out);
		fputs(";\n", out);
	}
	db_cursor_close(cur);
	return st;
}

bool
journal_is_empty(struct journal *j)
{
	struct err ignored = ERR_INIT;
	int64_t n = 1;

	return number(j->db, j->arena, "SELECT count(*) FROM batch", &n,
		   &ignored) == TU_OK &&
	       n == 0;
}

/*
 * The marker goes first: who is killed before the file goes, too, leaves a push
 * that the next run takes up and finds done; without the file nobody would look
 * for the marker. The file goes while it is locked, so that nobody takes it up
 * just then.
 */
enum status
journal_end(struct journal *j, struct db *target, struct err *err)
{
	enum status st = TU_OK;

	if (j->done > 0)
		st = begin(j, err);
	if (st == TU_OK && j->done > 0)
		st = journal_keep(j, err);
	if (st)
		return st;
	drop_marker(j, target);
	if (unlink(j->path) != 0)
		return err_set(err, TU_EIO, "cannot remove '%s': %s", j->path,
		    strerror(errno));
	db_close(j->db);
	j->db = NULL;
	return TU_OK;
}

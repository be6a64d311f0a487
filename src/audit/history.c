#include <config.h>

#include "audit/history.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/history-int.h"
#include "db/dialect.h"

#define COLUMNS_MAX 40

/* --- small things --------------------------------------------------------- */

void
history_add_text(struct buf *sql, const char *s)
{
	const struct cell cell =
	    s == NULL ? cell_null() : cell_text(s, strlen(s));

	dialect_sqlite.literal(sql, &db_text_column, &cell);
}

enum status
history_commit(struct history *h, struct buf *sql, struct err *err)
{
	struct err ignored = ERR_INIT;
	enum status st = db_exec(h->db, "BEGIN IMMEDIATE", NULL, err);

	if (st)
		return st;
	st = db_exec(h->db, buf_str(sql), NULL, err);
	if (st == TU_OK)
		st = db_exec(h->db, "COMMIT", NULL, err);
	if (st)
		(void)db_exec(h->db, "ROLLBACK", NULL, &ignored);
	return st;
}

enum status
history_each(struct db *db, const char *sql, size_t n,
    enum status (*each)(void *arg, const struct cell *cells, struct err *err),
    void *arg, struct err *err)
{
	static const struct column *const columns[COLUMNS_MAX];
	const struct db_scan scan = {
		.sql = sql, .columns = columns, .ncolumns = n
	};
	const struct row *row = NULL;
	struct cursor *cur;
	enum status st = db_scan(db, &scan, &cur, err);

	while (st == TU_OK) {
		st = db_next(cur, &row, err);
		if (st || row == NULL)
			break;
		st = each(arg, row->cells, err);
	}
	db_cursor_close(cur);
	return st;
}

static bool
is_plain(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '.';
}

const char *
history_path(struct arena *arena, const char *dir, const char *pair)
{
	struct buf name = BUF_INIT;
	const char *path;

	for (const char *p = pair; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;

		if (is_plain(c) && (c != '.' || p > pair))
			buf_addc(&name, *p);
		else
			buf_addf(&name, "%%%02X", c);
	}
	path = arena_printf(arena, "%s/%s.state", dir, buf_str(&name));
	buf_free(&name);
	return path;
}

/* --- opening -------------------------------------------------------------- */

static enum status
open_file(struct history *h, enum history_mode mode, struct err *err)
{
	int flags = mode == HISTORY_WRITE ? O_RDWR | O_CREAT : O_RDONLY;

	h->fd = open(h->path, flags | O_CLOEXEC, 0600);
	if (h->fd >= 0)
		return TU_OK;
	if (errno != ENOENT)
		return err_set(err, TU_EIO, "cannot open state file '%s': %s",
		    h->path, strerror(errno));
	err_set(err, TU_EIO, "there is no state file '%s'", h->path);
	return err_hint(err, mode == HISTORY_READ
				 ? "'trueup audit' makes it in its first run"
				 : "its directory has to exist");
}

static enum status
lock(struct history *h, struct err *err)
{
	struct flock whole = { .l_type = F_WRLCK, .l_len = 1 };

	if (fcntl(h->fd, F_OFD_SETLK, &whole) == 0)
		return TU_OK;
	if (errno == EAGAIN || errno == EACCES)
		return err_set(err, TU_EBUSY,
		    "already running: another process has state file '%s'",
		    h->path);
	return err_set(err, TU_EIO, "cannot lock state file '%s': %s", h->path,
	    strerror(errno));
}

static enum status
damaged(struct err *err)
{
	if (err->status == TU_EINTERRUPTED)
		return err->status;
	err->status = TU_EIO;
	return err_hint(err,
	    "if it is damaged, move it away: the next run begins a new one, "
	    "without the history and the accepted differences");
}

/* What tells whose file it is. */
struct identity {
	int64_t tables, id, format;
};

static enum status
read_identity(void *arg, const struct cell *cells, struct err *err)
{
	struct identity *id = arg;

	(void)err;
	id->tables = cells[0].u.i;
	id->id = cells[1].u.i;
	id->format = cells[2].u.i;
	return TU_OK;
}

static enum status
one_text(struct history *h, const char *sql, const char **out, struct err *err)
{
	struct cell cell = cell_null();
	bool found;
	enum status st =
	    db_one(h->db, sql, &db_text_column, h->arena, &cell, &found, err);

	*out = st == TU_OK && found && cell.kind == CELL_TEXT
	           ? arena_memdup(h->arena, cell.u.p, cell.len)
	           : "";
	return st;
}

/* It says more than one line. */
static enum status
check_whole(struct history *h, struct err *err)
{
	const char *says;
	enum status st = one_text(
	    h, "SELECT quick_check FROM pragma_quick_check(1)", &says, err);

	if (st == TU_OK && strcmp(says, "ok") != 0)
		st = err_set(err, TU_EIO, "state file '%s' is damaged: %s",
		    h->path,
		    strrchr(says, '\n') ? strrchr(says, '\n') + 1 : says);
	return st ? damaged(err) : TU_OK;
}

static enum status
check_owner(struct history *h, const struct identity *id, const char *pair,
    struct err *err)
{
	const char *name;
	enum status st;

	if (id->id != HISTORY_ID || id->format < 1)
		return err_set(err, TU_EUSAGE,
		    "'%s' is no state file of trueup audit", h->path);
	if (id->format > HISTORY_FORMAT) {
		err_set(err, TU_EUSAGE,
		    "state file '%s' is of a newer version of trueup (format "
		    "%" PRId64 ", this one knows %d)",
		    h->path, id->format, HISTORY_FORMAT);
		return err_hint(err, "use that version, or another directory");
	}
	st = check_whole(h, err);
	if (st || pair == NULL)
		return st;
	st = one_text(h, "SELECT name FROM pair", &name, err);
	if (st == TU_OK && strcmp(name, pair) != 0)
		st = err_set(err, TU_EUSAGE,
		    "state file '%s' belongs to pair '%s', not to '%s'",
		    h->path, name, pair);
	return st;
}

static const char tables[] =
    "CREATE TABLE pair (name TEXT, last_success INTEGER, last_full INTEGER, "
    "last_equal INTEGER);\n"
    "CREATE TABLE run (id INTEGER PRIMARY KEY AUTOINCREMENT, action TEXT, "
    "mode TEXT, source TEXT, target TEXT, started INTEGER, ended INTEGER, "
    "version TEXT, exit INTEGER, verdict TEXT, error TEXT, seconds REAL, "
    "rows_source INTEGER, rows_target INTEGER, bytes INTEGER, tables INTEGER, "
    "different INTEGER, inserts INTEGER, updates INTEGER, deletes INTEGER, "
    "unrepresentable INTEGER, unsettled INTEGER, accepted INTEGER, "
    "skipped INTEGER, inserted INTEGER, updated INTEGER, deleted INTEGER, "
    "retries INTEGER);\n"
    "CREATE TABLE run_table (run INTEGER, name TEXT, verdict TEXT, why TEXT, "
    "rows_source INTEGER, rows_target INTEGER, inserts INTEGER, "
    "updates INTEGER, deletes INTEGER, unrepresentable INTEGER, "
    "unsettled INTEGER, accepted INTEGER, bytes INTEGER, seconds REAL, "
    "PRIMARY KEY (run, name)) WITHOUT ROWID;\n"
    "CREATE TABLE standing (name TEXT PRIMARY KEY, verdict TEXT, "
    "checked INTEGER, verified INTEGER, equal INTEGER, since INTEGER, "
    "differ INTEGER, before INTEGER, why TEXT) WITHOUT ROWID;\n"
    "CREATE TABLE total (name TEXT PRIMARY KEY, value INTEGER) "
    "WITHOUT ROWID;\n"
    "CREATE TABLE accepted (tab TEXT, key_id BLOB, key_text TEXT, "
    "key_plain TEXT, plan TEXT, source TEXT, target TEXT, at INTEGER, "
    "who TEXT, reason TEXT, stale INTEGER, PRIMARY KEY (tab, key_id)) WITHOUT "
    "ROWID;\n";

/* What format 2 has beyond the first. */
static const char tables_2[] =
    "CREATE TABLE tracked (tab TEXT PRIMARY KEY, plan TEXT, source TEXT, "
    "target TEXT, at INTEGER, \"full\" INTEGER, acked INTEGER, "
    "scrub TEXT, scrubbed INTEGER, cycle INTEGER) WITHOUT ROWID;\n"
    "CREATE TABLE open (tab TEXT, side INTEGER, key BLOB, "
    "PRIMARY KEY (tab, side, key)) WITHOUT ROWID;\n";

/* And format 3 beyond the second. */
static const char tables_3[] =
    "CREATE TABLE cycle (tab TEXT PRIMARY KEY, plan TEXT, began INTEGER, "
    "next TEXT, through INTEGER, rows_source INTEGER, rows_target INTEGER, "
    "deletes INTEGER, updates INTEGER, inserts INTEGER, unsettled INTEGER) "
    "WITHOUT ROWID;\n";

static enum status
bring_up_to_date(struct history *h, int64_t format, struct err *err)
{
	if (format == HISTORY_FORMAT)
		return TU_OK;
	buf_reset(&h->sql);
	buf_addf(&h->sql, "%s%sPRAGMA user_version = %d;\n",
	    format < 2 ? tables_2 : "", tables_3, HISTORY_FORMAT);
	return history_commit(h, &h->sql, err);
}

static enum status
create(struct history *h, const char *pair, struct err *err)
{
	/* Not inside a transaction. */
	if (db_exec(h->db, "PRAGMA journal_mode = WAL", NULL, err))
		return err->status;
	buf_reset(&h->sql);
	buf_addf(&h->sql,
	    "PRAGMA application_id = %d;\nPRAGMA user_version = %d;\n%s%s%s"
	    "INSERT INTO pair (name) VALUES (",
	    HISTORY_ID, HISTORY_FORMAT, tables, tables_2, tables_3);
	history_add_text(&h->sql, pair);
	buf_addc(&h->sql, ')');
	return history_commit(h, &h->sql, err);
}

static enum status
open_database(struct history *h, const char *pair, enum history_mode mode,
    struct err *err)
{
	const char *url = arena_printf(h->arena, "sqlite:%s", h->path);
	const char *side = arena_printf(h->arena, "state file '%s'", h->path);
	struct identity id = { 0 };

	if (db_open(url, mode == HISTORY_WRITE ? DB_WRITE : DB_READ, side,
		&h->db, err) ||
	    history_each(h->db,
		"SELECT (SELECT count(*) FROM sqlite_schema), application_id, "
		"user_version FROM pragma_application_id, pragma_user_version",
		3, read_identity, &id, err))
		return damaged(err);
	if (mode == HISTORY_WRITE &&
	    db_exec(h->db, "PRAGMA synchronous = FULL", NULL, err))
		return err->status;
	if (id.tables > 0 || id.id != 0) {
		if (check_owner(h, &id, pair, err) || mode == HISTORY_READ)
			return err->status;
		return bring_up_to_date(h, id.format, err);
	}
	if (mode == HISTORY_WRITE)
		return create(h, pair, err);
	return err_set(err, TU_EIO,
	    "state file '%s' is empty: no run has begun yet", h->path);
}

enum status
history_open(const char *path, const char *pair, enum history_mode mode,
    struct history **out, struct err *err)
{
	struct history *h = calloc(1, sizeof(*h));
	enum status st;

	*out = NULL;
	if (h == NULL)
		out_of_memory(sizeof(*h));
	h->arena = arena_new(4096);
	h->path = arena_strdup(h->arena, path);
	h->fd = -1;
	st = open_file(h, mode, err);
	if (st == TU_OK && mode == HISTORY_WRITE)
		st = lock(h, err);
	if (st == TU_OK)
		st = open_database(h, pair, mode, err);
	if (st) {
		history_close(h);
		return st;
	}
	*out = h;
	return TU_OK;
}

void
history_close(struct history *h)
{
	if (h == NULL)
		return;
	db_close(h->db);
	if (h->fd >= 0)
		close(h->fd);
	arena_free(h->arena);
	buf_free(&h->sql);
	buf_free(&h->also);
	buf_free(&h->reached);
	free(h->heard);
	free(h);
}

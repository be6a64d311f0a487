#include <config.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "db/dialect-pg.h"
#include "db/dialect-track.h"
#include "track/ask.h"
#include "track/pgoutput.h"
#include "track/reader-int.h"

#define CHUNK 1000 /* keys in one statement */
/* What is kept of a key that has changed again and again. */
#define TIMES 4
#define AT_LEAST 10000

/* --- what must hold ------------------------------------------------------- */

/*
 * Texts: the table is a plain one; its key is in what identifies a replica's
 * row; the publication has all of its changes (NULL: there is none); whether it
 * has some rows only; and what all of that was made of.
 */
static void
table_sql(struct buf *sql, const struct change_source *src)
{
	buf_addf(sql,
	    "SELECT (c.relkind = 'r' AND c.relpersistence = 'p' AND NOT EXISTS "
	    "(SELECT 1 FROM pg_catalog.pg_inherits WHERE inhparent = c.oid))"
	    "::int::text,"
	    " (c.relreplident = 'f' OR EXISTS (SELECT 1 FROM "
	    "pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indimmediate"
	    " AND CASE c.relreplident WHEN 'd' THEN i.indisprimary WHEN 'i' "
	    "THEN i.indisreplident ELSE false END AND %zu = (SELECT count(*) "
	    "FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND "
	    "a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]) AND "
	    "a.attname IN (",
	    src->nkeys);
	for (size_t i = 0; i < src->nkeys; i++) {
		buf_adds(sql, i > 0 ? ", " : "");
		track_text(sql, &dialect_postgresql, src->columns[i]->name);
	}
	buf_adds(sql,
	    "))))::int::text,"
	    " (p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate "
	    "AND (p.puballtables OR r.oid IS NOT NULL) AND NOT (p.pubviaroot "
	    "AND c.relispartition))::int::text,"
	    " (to_jsonb(r) ->> 'prqual' IS NOT NULL)::int::text,"
	    " concat_ws(' ', c.oid, c.relfilenode, c.relreplident, p.oid, "
	    "p.xmin, r.oid, r.xmin, (SELECT string_agg(concat_ws(' ', "
	    "a.attnum, a.attname, a.atttypid, a.atttypmod), ',' ORDER BY "
	    "a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid "
	    "AND a.attnum > 0))"
	    " FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_publication p "
	    "ON p.pubname = ");
	track_text(sql, &dialect_postgresql, src->publication);
	buf_addf(sql,
	    " LEFT JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid "
	    "AND r.prrelid = c.oid WHERE c.oid = %" PRIu64,
	    src->relid);
}

static bool
is_one(const struct texts *t, size_t col)
{
	const char *s = texts_get(t, 0, col);

	return s != NULL && strcmp(s, "1") == 0;
}

static enum status
refuse(const char *what, const char *hint, struct err *err)
{
	err_set(err, TU_ESCHEMA, "reader slot: %s", what);
	return err_hint(err, "%s", hint);
}

enum status
slot_identity(struct reading *r, const char **identity, struct err *err)
{
	const struct change_source *src = r->src;
	struct buf sql = BUF_INIT;
	struct texts got;
	enum status st;

	table_sql(&sql, src);
	st = ask_texts(r->db, r->arena, buf_str(&sql), 5, &got, err);
	buf_free(&sql);
	if (st)
		return st;
	if (got.n == 0 || !is_one(&got, 0))
		return refuse(
		    "the table is partitioned, unlogged or has others "
		    "that inherit from it",
		    "another reader, or 'trueup track install'", err);
	if (!is_one(&got, 1))
		return refuse("the key is not in the table's replica identity, "
			      "so that keys of rows that were changed or "
			      "deleted are not sent",
		    "ALTER TABLE ... REPLICA IDENTITY", err);
	if (!is_one(&got, 2) || is_one(&got, 3))
		return refuse(
		    arena_printf(r->arena,
			"the publication '%s' is not there, or has not every "
			"insert, update, delete and truncate of the table",
			src->publication),
		    "CREATE PUBLICATION ... FOR TABLE, without WHERE", err);
	*identity = texts_get(&got, 0, 4);
	return TU_OK;
}

struct slot {
	const char *snapshot;
	uint64_t flushed;   /* up to where the log was, before the slot was
	                     * read */
	uint64_t confirmed; /* what is before it the slot does not give */
	bool gone;
};

static enum status
ask_server(struct reading *r, struct slot *s, struct err *err)
{
	struct texts got;
	enum status st = ask_texts(r->db, r->arena,
	    "SELECT pg_is_in_recovery()::int::text, (SELECT (rolsuper OR "
	    "rolreplication)::int::text FROM pg_catalog.pg_roles WHERE rolname "
	    "= current_user), pg_current_snapshot()::text, CASE WHEN "
	    "pg_is_in_recovery() THEN '0/0' ELSE "
	    "pg_current_wal_flush_lsn()::text END",
	    4, &got, err);

	if (st)
		return st;
	if (is_one(&got, 0))
		return refuse("this is a standby",
		    "a slot of the primary server can be read", err);
	if (!is_one(&got, 1))
		return refuse("this user may not read a replication slot",
		    "ALTER ROLE ... REPLICATION", err);
	s->snapshot = texts_get(&got, 0, 2);
	if (!position_lsn(texts_get(&got, 0, 3), &s->flushed))
		return err_set(err, TU_EBUG, "reader slot: no position");
	return TU_OK;
}

static enum status
ask_slot(struct reading *r, struct slot *s, struct err *err)
{
	struct texts got;
	enum status st = ask_texts(r->db, r->arena,
	    arena_printf(r->arena,
		"SELECT (plugin = 'pgoutput' AND database = "
		"current_database())::int::text, wal_status, "
		"confirmed_flush_lsn::text FROM "
		"pg_catalog.pg_replication_slots WHERE slot_name = '%s'",
		r->src->from),
	    3, &got, err);
	const char *status;

	if (st)
		return st;
	if (got.n > 0 && !is_one(&got, 0))
		return refuse(
		    arena_printf(r->arena,
			"the slot '%s' is not one of pgoutput in this database",
			r->src->from),
		    "pg_create_logical_replication_slot(NAME, 'pgoutput')",
		    err);
	status = got.n > 0 ? texts_get(&got, 0, 1) : NULL;
	s->gone = status == NULL || strcmp(status, "lost") == 0 ||
	          texts_get(&got, 0, 2) == NULL ||
	          !position_lsn(texts_get(&got, 0, 2), &s->confirmed);
	return TU_OK;
}

static void
distrust(struct reading *r, const char *why)
{
	reading_whole(r, why);
	r->kept = false;
}

static void
check_slot(struct reading *r, const struct slot *s)
{
	const struct position *old = &r->old;

	if (s->gone)
		distrust(r, arena_printf(r->arena,
				"the replication slot '%s' is not there, or "
				"has lost changes",
				r->src->from));
	else if (r->kept && old->xid != 0)
		distrust(r, "transactions were open when the slot was first "
			    "read, which may not be in it");
	else if (r->kept && s->confirmed > old->lsn)
		distrust(r, "somebody else has taken changes out of the slot");
	else if (r->kept && s->flushed < old->lsn)
		distrust(r, "the database was restored");
}

/*
 * What was committed before the slot begins is in no read of it, and a snapshot
 * may not see it yet: it waits for a standby, or is older than the slot. All of
 * it is below a fresh id that comes after, and is over when nothing below that
 * is open: now, or else in a later run, as long as the slot begins there. (The
 * xmax of a snapshot does not do: what is open may be above it.)
 */
static enum status
begin_slot(struct reading *r, const struct slot *s, struct err *err)
{
	struct position *new = &r->new;
	uint64_t oldest = strtoull(s->snapshot, NULL, 10);
	int64_t fresh;
	enum status st;

	new->lsn = s->confirmed;
	if (r->old.xid != 0 && r->old.lsn == s->confirmed &&
	    strcmp(r->old.shape, new->shape) == 0) {
		new->xid = oldest < r->old.xid ? r->old.xid : 0;
		return TU_OK;
	}
	st = ask_int(r->aside, r->db->dialect->track->birth, &fresh, err);
	if (st)
		return st;
	new->xid = (uint64_t)fresh;
	if (oldest >= new->xid)
		new->xid = 0;
	return TU_OK;
}

/* --- reading -------------------------------------------------------------- */

/* Keys as rows of VALUES, a '\0' behind each chunk. */
struct taken {
	struct buf rows;
	size_t n, most, nkeys;
};

static void
take_key(void *arg, const struct pgoutput_text *key)
{
	struct taken *t = arg;

	if (t->n++ >= t->most)
		return;
	if (t->rows.len > 0)
		buf_addc(&t->rows, (t->n - 1) % CHUNK == 0 ? '\0' : ',');
	for (size_t i = 0; i < t->nkeys; i++) {
		buf_adds(&t->rows, i > 0 ? ",'\\x" : "('\\x");
		buf_addhex(&t->rows, key[i].p, key[i].len);
		buf_adds(&t->rows, "'::bytea");
	}
	buf_addc(&t->rows, ')');
}

static void
peek_sql(struct buf *sql, const struct change_source *src)
{
	struct buf name = BUF_INIT;

	pg_ident(&name, src->publication);
	buf_addf(sql,
	    "SELECT encode(data, 'hex') FROM "
	    "pg_catalog.pg_logical_slot_peek_binary_changes('%s', NULL, NULL, "
	    "'proto_version', '1', 'publication_names', ",
	    src->from);
	track_text(sql, &dialect_postgresql, buf_str(&name));
	buf_addc(sql, ')');
	buf_free(&name);
}

static void
add_unhex(struct buf *out, const char *p, size_t n)
{
	buf_reset(out);
	for (size_t i = 0; i + 1 < n; i += 2)
		buf_addc(out, (char)(str_hex(p[i]) << 4 | str_hex(p[i + 1])));
}

static enum status
peek(struct reading *r, struct pgoutput *messages, struct err *err)
{
	const struct column *column = &db_text_column;
	struct db_scan scan = { .columns = &column, .ncolumns = 1 };
	struct buf sql = BUF_INIT, message = BUF_INIT;
	const struct row *row = NULL;
	struct cursor *cur;
	enum status st;

	peek_sql(&sql, r->src);
	scan.sql = buf_str(&sql);
	st = db_scan(r->db, &scan, &cur, err);
	while (st == TU_OK && !(st = db_next(cur, &row, err)) && row != NULL) {
		const struct cell *hex = &row->cells[0];

		add_unhex(&message, (const char *)hex->u.p, hex->len);
		pgoutput_message(messages, buf_str(&message), message.len);
	}
	db_cursor_close(cur);
	buf_free(&message);
	buf_free(&sql);
	return st;
}

/* The server makes values of the texts, as for any table of changes. */
static enum status
take_keys(struct reading *r, struct taken *t, struct err *err)
{
	const struct change_source *src = r->src;
	struct change_source batch = *src;
	const char *chunk = buf_str(&t->rows), *end = chunk + t->rows.len;
	struct buf from = BUF_INIT;
	enum status st = TU_OK;

	r->src = &batch;
	while (st == TU_OK && chunk < end) {
		buf_reset(&from);
		buf_addf(&from, "(VALUES %s) trueup_v (", chunk);
		for (size_t i = 1; i <= src->nkeys; i++)
			buf_addf(&from, "%sk%zu", i > 1 ? ", " : "", i);
		buf_addc(&from, ')');
		batch.from = buf_str(&from);
		st = reading_scan(r, "true", false, NULL, err);
		chunk += strlen(chunk) + 1;
	}
	r->src = src;
	buf_free(&from);
	return st;
}

static enum status
read_messages(struct reading *r, struct slot *s, struct err *err)
{
	const struct change_source *src = r->src;
	struct taken taken = { .nkeys = src->nkeys,
		.most = r->keys != NULL ? MAX(r->keys->limit * TIMES, AT_LEAST)
		                        : 0 };
	const char **names = arena_alloc(r->arena, src->nkeys * sizeof(*names));
	struct pgoutput messages = { .relid = (uint32_t)src->relid,
		.nkeys = src->nkeys,
		.names = names,
		.snapshot = s->snapshot,
		.from = r->kept ? r->old.lsn : s->confirmed,
		.each = take_key,
		.arg = &taken };
	enum status st;

	for (size_t i = 0; i < src->nkeys; i++)
		names[i] = src->columns[i]->name;
	pgoutput_init(&messages, r->arena);
	st = peek(r, &messages, err);
	pgoutput_finish(&messages);
	if (messages.whole != NULL)
		reading_whole(r, messages.whole);
	if (r->kept && taken.n > taken.most)
		reading_whole(r, "too many rows have changed");
	if (r->new.xid == 0)
		r->new.lsn = messages.stopped ? messages.end
		                              : MAX(messages.end, s->flushed);
	if (st == TU_OK && r->kept && !r->out->whole)
		st = take_keys(r, &taken, err);
	buf_free(&taken.rows);
	return st;
}

enum status
read_by_slot(struct reading *r, struct err *err)
{
	struct slot s = { .gone = true };
	uint64_t begin;
	enum status st = ask_server(r, &s, err);

	r->new.slot = r->src->from;
	if (st == TU_OK)
		st = ask_slot(r, &s, err);
	if (st)
		return st;
	check_slot(r, &s);
	if (s.gone)
		return TU_OK;
	begin = s.confirmed;
	if (!r->kept)
		st = begin_slot(r, &s, err);
	if (st == TU_OK)
		st = read_messages(r, &s, err);
	if (st == TU_OK)
		st = ask_slot(r, &s, err);
	/* Somebody may have taken them before we came to read. */
	if (st == TU_OK && (s.gone || s.confirmed != begin)) {
		distrust(r, "somebody else reads the replication slot");
		r->new.lsn = r->new.xid = 0;
	}
	return st;
}

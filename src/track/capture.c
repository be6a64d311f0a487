#include <config.h>

#include "track/capture.h"

#include <stdlib.h>
#include <string.h>

#include "track/ask.h"
#include "track/routes.h"
#include "value/digest.h"

#define HASH_DIGITS 16 /* nobody forges them: they would harm himself */

enum status
captures_possible(const struct db *db, struct err *err)
{
	if (db->dialect->track == NULL || db->dialect->track->setup == NULL)
		return err_set(err, TU_ESCHEMA,
		    "%s: change tables can be made in PostgreSQL, MariaDB, "
		    "MySQL and SQLite only",
		    db->side);
	if (db->schemas && db->dialect != &dialect_postgresql)
		return err_set(err, TU_EUSAGE,
		    "%s: the name must say which database of the server",
		    db->side);
	return TU_OK;
}

/* --- what there is -------------------------------------------------------- */

/* What the query of captured returns. */
enum {
	C_TAB,
	C_SCHEMA,
	C_NAME,
	C_KEYS,
	C_STATE,
	C_AGE,
	C_COLUMNS,
};

static void
read_keys(struct arena *arena, char *text, struct capture *c)
{
	const char **keys = arena_alloc(arena, strlen(text) * sizeof(*keys));

	for (char *end; text != NULL; text = end) {
		end = strchr(text, '\n');
		if (end != NULL)
			*end++ = '\0';
		keys[c->t.nkeys++] = text;
	}
	c->keys = keys;
}

static enum status
load_list(
    struct db *db, struct arena *arena, struct captures *out, struct err *err)
{
	const struct track_sql *track = db->dialect->track;
	struct buf sql = BUF_INIT;
	struct texts rows;
	enum status st;

	buf_addf(&sql,
	    "SELECT CAST(tab AS %s), tschema, tname, key_columns, state,"
	    " CAST(%s AS %s) FROM %s ORDER BY tab",
	    track->text, track->age, track->text, track->captured);
	st = ask_texts(db, arena, buf_str(&sql), C_COLUMNS, &rows, err);
	buf_free(&sql);
	if (st)
		return st;
	out->n = rows.n;
	out->list = arena_alloc(arena, (rows.n + 1) * sizeof(*out->list));
	for (size_t i = 0; i < rows.n; i++) {
		struct capture *c = &out->list[i];

		c->t.tab = atoll(texts_get(&rows, i, C_TAB));
		c->name.schema = texts_get(&rows, i, C_SCHEMA);
		c->name.name = texts_get(&rows, i, C_NAME);
		read_keys(
		    arena, arena_strdup(arena, texts_get(&rows, i, C_KEYS)), c);
		c->state = texts_get(&rows, i, C_STATE);
		c->age = atoll(texts_get(&rows, i, C_AGE));
	}
	return TU_OK;
}

enum status
captures_load(
    struct db *db, struct arena *arena, struct captures *out, struct err *err)
{
	const struct track_sql *track = db->dialect->track;
	struct texts rows;
	int64_t exists;
	enum status st = ask_int(db, track->exists, &exists, err);

	*out = (struct captures){ 0 };
	if (st || exists == 0)
		return st;
	st = ask_texts(db, arena,
	    arena_printf(arena,
		"SELECT a.v, b.v FROM %s a, %s b WHERE a.k = 'install_id' "
		"AND b.k = 'format'",
		track->meta, track->meta),
	    2, &rows, err);
	if (st)
		return st;
	if (rows.n != 1 || strcmp(texts_get(&rows, 0, 1), "1") != 0)
		return err_set(err, TU_ESCHEMA,
		    "%s: the change tables are of another version of trueup",
		    db->side);
	out->install_id = texts_get(&rows, 0, 0);
	return load_list(db, arena, out, err);
}

static bool
same_name(const struct table *a, const struct table *b)
{
	if ((a->schema == NULL) != (b->schema == NULL) ||
	    strcmp(a->name, b->name) != 0)
		return false;
	return a->schema == NULL || strcmp(a->schema, b->schema) == 0;
}

struct capture *
captures_find(const struct captures *all, const struct table *t)
{
	for (size_t i = 0; i < all->n; i++)
		if (same_name(&all->list[i].name, t))
			return &all->list[i];
	return NULL;
}

/* --- how it is ------------------------------------------------------------ */

static const char *
find_keys(struct arena *arena, struct capture *c)
{
	const struct column **keys =
	    arena_alloc(arena, c->t.nkeys * sizeof(*keys));

	for (size_t i = 0; i < c->t.nkeys; i++) {
		int at = table_find_column(c->t.table, c->keys[i]);

		if (at < 0)
			return arena_printf(
			    arena, "the key column '%s' is gone", c->keys[i]);
		keys[i] = &c->t.table->columns[at];
	}
	c->t.keys = keys;
	return NULL;
}

static enum status
know_table(struct db *db, struct arena *arena, const struct table *table,
    struct capture *c, const char **why, struct err *err)
{
	c->t.table = table;
	*why = find_keys(arena, c);
	return *why == NULL ? routes_find(db, arena, &c->t, err) : TU_OK;
}

enum status
capture_find_table(struct db *db, struct arena *arena, struct table_list *list,
    struct capture *c, const char **why, struct err *err)
{
	struct table *table = NULL;
	enum status st;

	for (size_t i = 0; i < list->n && table == NULL; i++)
		if (same_name(&list->tables[i], &c->name))
			table = &list->tables[i];
	*why = NULL;
	if (table == NULL) {
		*why = "the table is gone";
		return TU_OK;
	}
	st = db->drv->describe(db, arena, table, err);
	if (st)
		return err_context(
		    err, "%s: table '%s'", db->side, table->name);
	return know_table(db, arena, table, c, why, err);
}

static int
line_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted lines of a kind, with a hash in place of how each is. */
static const char *
hash_lines(struct arena *arena, const struct texts *rows, bool shape)
{
	const char **lines = arena_alloc(arena, (rows->n + 1) * sizeof(*lines));
	struct buf all = BUF_INIT;
	const char *text;
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const char *what = texts_get(rows, i, 0);
		const char *how = texts_get(rows, i, 1);
		struct digest *d = digest_new();
		char hex[DIGEST_HEX];

		if ((strncmp(what, "shape", 5) == 0) == shape) {
			digest_add(d, how, how != NULL ? strlen(how) : 0);
			digest_hex(d, hex);
			lines[n++] = arena_printf(
			    arena, "%s\t%.*s\n", what, HASH_DIGITS, hex);
		}
		digest_free(d);
	}
	qsort(lines, n, sizeof(*lines), line_cmp);
	for (size_t i = 0; i < n; i++)
		buf_adds(&all, lines[i]);
	text = arena_strdup(arena, buf_str(&all));
	buf_free(&all);
	return text;
}

/* Who may not know leaves it out. */
static void
add_shape(struct db *db, struct arena *arena, const struct tracked *t,
    struct buf *shape)
{
	struct buf sql = BUF_INIT;
	struct err ignored = ERR_INIT;
	struct texts rows;

	db->dialect->track->shape(&sql, t);
	if (ask_texts(db, arena, buf_str(&sql), 2, &rows, &ignored) == TU_OK)
		buf_adds(shape, hash_lines(arena, &rows, true));
	buf_free(&sql);
}

enum status
capture_state(struct db *db, struct arena *arena, const struct tracked *t,
    const char **state, const char **shape, struct err *err)
{
	struct buf text = BUF_INIT;
	struct digest *d;
	char hex[DIGEST_HEX];
	struct texts rows;
	enum status st;

	db->dialect->track->state(&text, t);
	st = ask_texts(db, arena, buf_str(&text), 2, &rows, err);
	buf_reset(&text);
	if (st == TU_OK) {
		*state = hash_lines(arena, &rows, false);
		buf_adds(&text, hash_lines(arena, &rows, true));
		if (t != NULL && db->dialect->track->shape != NULL)
			add_shape(db, arena, t, &text);
		d = digest_new();
		digest_add(d, buf_str(&text), text.len);
		digest_hex(d, hex);
		digest_free(d);
		*shape = arena_memdup(arena, hex, HASH_DIGITS);
	}
	buf_free(&text);
	return st;
}

/* --- comparing ------------------------------------------------------------ */

/* A line that begins with these bytes? */
static bool
has_line(const char *text, const char *begin, size_t len)
{
	for (; *text != '\0'; text = strchr(text, '\n') + 1)
		if (strncmp(text, begin, len) == 0)
			return true;
	return false;
}

/* The first line of a that b has not, and what became of it. */
static const char *
first_lost(
    struct arena *arena, const char *a, const char *b, const char *if_missing)
{
	for (const char *line = a; *line != '\0';) {
		size_t len = strcspn(line, "\n"), what = strcspn(line, "\t");

		if (!has_line(b, line, len + 1))
			return arena_printf(arena, "%.*s %s", (int)what, line,
			    has_line(b, line, what + 1) ? "has changed"
							: if_missing);
		line += len + 1;
	}
	return NULL;
}

const char *
capture_compare(struct arena *arena, const char *installed, const char *now)
{
	const char *why = first_lost(arena, installed, now, "is gone");

	return why != NULL ? why : first_lost(arena, now, installed, "is new");
}

static enum status
check_state(struct db *db, struct arena *arena, const struct capture *c,
    const char **shape, const char **why, struct err *err)
{
	const char *now = NULL, *ignored = NULL;
	enum status st = capture_state(
	    db, arena, &c->t, &now, shape != NULL ? shape : &ignored, err);

	if (st == TU_OK)
		*why = capture_compare(arena, c->state, now);
	return st;
}

enum status
capture_check_known(struct db *db, struct arena *arena,
    const struct table *table, struct capture *c, const char **shape,
    const char **why, struct err *err)
{
	enum status st = know_table(db, arena, table, c, why, err);

	return st || *why != NULL ? st
	                          : check_state(db, arena, c, shape, why, err);
}

enum status
capture_check(struct db *db, struct arena *arena, struct table_list *list,
    struct capture *c, const char **shape, const char **why, struct err *err)
{
	enum status st = capture_find_table(db, arena, list, c, why, err);

	return st || *why != NULL ? st
	                          : check_state(db, arena, c, shape, why, err);
}

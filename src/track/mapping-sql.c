#include <config.h>

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "db/dialect-track.h"
#include "patch/recheck.h"
#include "track/mapping-int.h"

struct maker {
	struct arena *arena;
	const struct dialect *d;
	const struct table *table;
	const struct pair *pair;
	enum side side;
	const struct mapping *m;
	const struct resolved *r;
};

static const struct column *
key_column(const struct maker *k, size_t i)
{
	return k->pair->cols[i].col[k->side];
}

/* Pieces of a text, at a separator that is not quoted nor in brackets. */
static size_t
split(struct arena *arena, const char *text, char separator,
    const char *const **out)
{
	size_t cap = 1, n = 0, depth = 0;
	const char **list, *begin = text, *p = text;

	for (const char *c = text; *c != '\0'; c++)
		cap += *c == separator;
	list = arena_alloc(arena, cap * sizeof(*list));
	for (;; p++) {
		while (strchr("'\"`", *p) != NULL && *p != '\0')
			p = dialect_skip_quoted(p);
		depth += *p == '(' || *p == '[';
		depth -= depth > 0 && (*p == ')' || *p == ']');
		if (*p != '\0' && (*p != separator || depth > 0))
			continue;
		while (isspace((unsigned char)*begin))
			begin++;
		list[n++] =
		    arena_memdup(arena, begin, (size_t)(MAX(p, begin) - begin));
		if (*p == '\0')
			break;
		begin = p + 1;
	}
	*out = list;
	return n;
}

/* The payload's field that has the i-th key column. */
static void
add_json(struct buf *out, const struct maker *k, size_t i)
{
	const char *const *paths = NULL, *const * names;
	const char *path = key_column(k, i)->name;
	size_t n = 0;

	if (k->r->f[MAP_PATH] != NULL)
		n = split(k->arena, k->r->f[MAP_PATH], ',', &paths);
	if (n > 0)
		path = paths[MIN(i, n - 1)];
	n = split(k->arena, path, '.', &names);
	k->d->track->json(out, "payload", names, n);
}

/* A preset's text for the i-th key column, with what stands for '@'. */
static const char *
expand(const struct maker *k, const char *tmpl, size_t i)
{
	const char *object = k->r->f[MAP_OBJECT], *text;
	const char *schema = k->table->schema;
	struct buf out = BUF_INIT;

	if (object == NULL)
		object = k->table->name;
	for (; *tmpl != '\0'; tmpl++) {
		if (*tmpl != '@') {
			buf_addc(&out, *tmpl);
			continue;
		}
		tmpl++;
		if (*tmpl == 't')
			buf_adds(&out, k->table->from);
		else if (*tmpl == 'o')
			track_text(&out, k->d, object);
		else if (*tmpl == 's')
			track_text(&out, k->d, schema != NULL ? schema : "");
		else if (*tmpl == 'e')
			track_text(&out, k->d, k->r->f[MAP_EVENT]);
		else if (*tmpl == 'l')
			track_text(&out, k->d, key_column(k, i)->name);
		else if (*tmpl == 'c')
			k->d->ident(&out, key_column(k, i)->name);
		else
			add_json(&out, k, i);
	}
	text = arena_strdup(k->arena, buf_str(&out));
	buf_free(&out);
	return text;
}

static const char *
cast_key(const struct maker *k, const char *expr, size_t i)
{
	struct buf out = BUF_INIT;
	const char *text;

	k->d->track->key(&out, key_column(k, i), expr);
	text = arena_strdup(k->arena, buf_str(&out));
	buf_free(&out);
	return text;
}

/* An expression for each key column; *out stays NULL where none is said. */
static enum status
make_key(const struct maker *k, enum mapping_field f, const char *const **out,
    struct err *err)
{
	bool preset = k->m->field[f] == NULL;
	const char *text = k->r->f[f], *const *said = NULL;
	size_t nkeys = k->pair->nkeys, n = nkeys;
	const char **list = arena_alloc(k->arena, nkeys * sizeof(*list));

	*out = NULL;
	if (text == NULL)
		return TU_OK;
	if (!preset || strchr(text, '@') == NULL)
		n = split(k->arena, text, ',', &said);
	if (n != nkeys)
		return err_set(err, TU_EUSAGE,
		    "[%s] %s: %zu expression%s, and the key of '%s' is %zu "
		    "column%s",
		    k->m->name, mapping_fields[f], n, n == 1 ? "" : "s",
		    k->table->name, nkeys, nkeys == 1 ? "" : "s");
	for (size_t i = 0; i < nkeys; i++) {
		const char *expr = said != NULL ? said[i] : expand(k, text, i);

		if (*expr == '\0')
			return err_set(err, TU_EUSAGE,
			    "[%s] %s: an empty expression", k->m->name,
			    mapping_fields[f]);
		list[i] = preset && strcmp(text, "@c") == 0
		              ? expr
		              : cast_key(k, expr, i);
	}
	*out = list;
	return TU_OK;
}

/* The table's own key, as the slot sends it. */
static void
make_slot(const struct maker *k, struct change_source *out)
{
	const char **key = arena_alloc(k->arena, k->pair->nkeys * sizeof(*key));

	for (size_t i = 0; i < k->pair->nkeys; i++)
		key[i] = cast_key(k,
		    arena_printf(k->arena,
			"convert_from(k%zu, getdatabaseencoding())", i + 1),
		    i);
	out->key = key;
	out->relid = k->table->oid;
	out->publication = k->r->f[MAP_PUBLICATION] != NULL
	                       ? k->r->f[MAP_PUBLICATION]
	                       : out->from;
}

static const char *const *
own_names(const struct maker *k)
{
	const char **names =
	    arena_alloc(k->arena, k->pair->nkeys * sizeof(*names));

	for (size_t i = 0; i < k->pair->nkeys; i++)
		names[i] = expand(k, "@c", i);
	return names;
}

static const char *
make_where(const struct maker *k)
{
	const char *where = k->r->f[MAP_WHERE];

	if (where == NULL || k->m->field[MAP_WHERE] != NULL)
		return where;
	/* An outbox of one kind of event only needs no pattern. */
	if (strstr(where, "@e") != NULL && k->r->f[MAP_EVENT] == NULL)
		return NULL;
	return expand(k, where, 0);
}

static const char *
make_from(const struct maker *k)
{
	const char *from = k->r->f[MAP_FROM];

	if (from == NULL)
		return k->table->from;
	return k->m->field[MAP_FROM] != NULL ? from : expand(k, from, 0);
}

/* The name of the column that an assignment sets. */
static const char *
assigned(struct arena *arena, const char *text)
{
	size_t n = strcspn(text, "=");

	while (n > 0 && strchr(" \t\n\"`]", text[n - 1]) != NULL)
		n--;
	while (n > 0 && strchr("\"`[", *text) != NULL) {
		text++;
		n--;
	}
	return arena_memdup(arena, text, n);
}

/* What marks a row must not make it differ, and must come undone where the
 * rest does. */
static enum status
check_ack(const struct maker *k, const char *ack, struct err *err)
{
	const char *const *parts;
	size_t n = split(k->arena, ack, ',', &parts);

	if (!k->table->writable || k->table->no_rollback != NULL)
		return err_set(err, TU_EUSAGE,
		    "[%s] ack: '%s' is no table that a transaction can change",
		    k->m->name, k->table->name);
	for (size_t i = 0; i < n; i++) {
		const char *name = assigned(k->arena, parts[i]);

		for (size_t c = 0; c < k->pair->ncols; c++) {
			const char *col = k->pair->cols[c].col[k->side]->name;

			if (strcasecmp(col, name) != 0)
				continue;
			err_set(err, TU_EUSAGE,
			    "[%s] ack: column '%s' is compared, so rows would "
			    "differ as soon as they are marked",
			    k->m->name, col);
			return err_hint(
			    err, "leave it out: --exclude-columns=%s", col);
		}
	}
	return TU_OK;
}

static enum status
refuse_reader(const struct maker *k, const struct db *db, const char *what,
    struct err *err)
{
	return err_set(err, TU_EUSAGE,
	    "[%s] %s: reader %s is %s, and this is %s", k->m->name,
	    mapping_fields[k->m->field[MAP_READER] != NULL ? MAP_READER
							   : MAP_PRESET],
	    read_kind_names[k->r->kind], what, db->version);
}

/* SQL Server knows rows by the primary key of the table. */
static enum status
check_primary(const struct maker *k, struct err *err)
{
	size_t found = 0;

	for (size_t i = 0; i < k->table->nkeys; i++) {
		const struct index_key *key = &k->table->keys[i];

		for (size_t c = 0; key->primary && c < key->ncols; c++)
			for (size_t n = 0; n < k->pair->nkeys; n++)
				found += key_column(k, n) ==
				         &k->table->columns[key->cols[c]];
	}
	if (found == k->pair->nkeys)
		return TU_OK;
	return err_set(err, TU_ESCHEMA,
	    "[%s] '%s' is not compared by columns of its primary key, and "
	    "changes are known by nothing else",
	    k->m->name, k->table->name);
}

/* What this brand has, and what is read from the pair's own key. */
static enum status
check_brand(const struct maker *k, const struct db *db, struct err *err)
{
	const struct track_sql *track = k->d->track;
	const struct resolved *r = k->r;
	const char *const *paths;

	if (track == NULL)
		return err_set(err, TU_ESCHEMA,
		    "[%s] %s: changes are read from PostgreSQL, MariaDB, "
		    "MySQL, "
		    "SQLite and SQL Server only",
		    k->m->name, k->d->brand);
	if ((r->kind == READ_CHANGETABLE) != (track->changes != NULL))
		return refuse_reader(k, db,
		    track->changes == NULL
			? "for SQL Server"
			: "not known for SQL Server, which has changetable",
		    err);
	if ((r->kind == READ_SNAPSHOT || r->kind == READ_SLOT) && track->gaps)
		return refuse_reader(k, db, "for PostgreSQL", err);
	if (r->kind == READ_GAPS && track->birth == NULL &&
	    r->f[MAP_MARK] == NULL)
		return err_set(err, TU_EUSAGE,
		    "[%s] mark: reader gaps needs it on SQLite, which may give "
		    "the same number to another row",
		    k->m->name);
	if (r->f[MAP_PATH] != NULL &&
	    split(k->arena, r->f[MAP_PATH], ',', &paths) != k->pair->nkeys)
		return err_set(err, TU_EUSAGE,
		    "[%s] path: as many as the key of '%s' has columns, %zu",
		    k->m->name, k->table->name, k->pair->nkeys);
	if (!recheck_can_look(k->pair))
		return err_set(err, TU_ESCHEMA,
		    "[%s] '%s' has no key that finds its rows on both sides",
		    k->m->name, k->table->name);
	return TU_OK;
}

static enum status
make_source(const struct maker *k, struct change_source *out, struct err *err)
{
	const struct resolved *r = k->r;
	const struct column **columns =
	    arena_alloc(k->arena, k->pair->nkeys * sizeof(*columns));
	bool log =
	    r->f[MAP_OP] != NULL || (r->preset != NULL && r->preset->log);

	for (size_t i = 0; i < k->pair->nkeys; i++)
		columns[i] = key_column(k, i);
	out->from = make_from(k);
	out->where = make_where(k);
	out->seq = r->f[MAP_SEQ];
	out->mark = r->kind == READ_GAPS ? r->f[MAP_MARK] : NULL;
	out->at = r->kind == READ_WINDOW ? r->f[MAP_AT] : NULL;
	out->op =
	    r->kind == READ_CHANGETABLE ? "SYS_CHANGE_OPERATION" : r->f[MAP_OP];
	out->nkeys = k->pair->nkeys;
	out->columns = columns;
	out->gap_seconds = GAP_SECONDS;
	out->window = r->window;
	/* Who says a window knows of clocks that are late by more. */
	out->skew = r->f[MAP_WINDOW] != NULL ? MAX(r->window, WINDOW_SKEW)
	                                     : WINDOW_SKEW;
	out->pointer = r->f[MAP_POINTER];
	out->ack = r->f[MAP_ACK];
	if (out->ack != NULL && check_ack(k, out->ack, err))
		return err->status;
	out->blind_to_deletes =
	    (r->kind == READ_WINDOW || r->kind == READ_ALL) && !log;
	if (r->kind == READ_SLOT) {
		make_slot(k, out);
		return TU_OK;
	}
	if (r->kind == READ_CHANGETABLE) {
		out->key = own_names(k);
		return check_primary(k, err);
	}
	if (make_key(k, MAP_KEY, &out->key, err))
		return err->status;
	return make_key(k, MAP_KEY_OLD, &out->key_old, err);
}

enum status
mapping_source(struct arena *arena, const struct db *db,
    const struct pair *pair, enum side side, const struct mapping *m,
    struct change_source *out, struct err *err)
{
	enum mapping_field field;
	struct resolved r;
	struct maker k = { arena, db->dialect, pair->table[side], pair, side, m,
		&r };
	const char *why = mapping_mistake(arena, m, &field);
	enum status st;

	if (why != NULL || mapping_own(m))
		return err_set(err, why != NULL ? TU_EUSAGE : TU_EBUG,
		    "[%s] %s", m->name,
		    why != NULL ? why : "is a table of our own");
	mapping_resolve(arena, m, &r, &field);
	*out = (struct change_source){
		.name = m->name, .kind = r.kind, .install_id = "-"
	};
	if (r.kind == READ_NONE)
		return TU_OK;
	st = check_brand(&k, db, err);
	return st == TU_OK ? make_source(&k, out, err) : st;
}

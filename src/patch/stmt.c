#include <config.h>

#include "patch/stmt.h"

#include <inttypes.h>
#include <string.h>

#include "patch/stmt-int.h"

/*
 * SQLite refuses expressions nested over 1000 deep, and a AND b AND c is as
 * deep as it is long; a row may have 2000 columns.
 */
#define CONDITIONS_PER_GROUP 100

void
stmt_init(struct stmt *st, const struct dialect *d, enum stmt_direction dir,
    struct stmt_params *params)
{
	*st = (struct stmt){ .dialect = d, .dir = dir, .params = params };
}

void
stmt_release(struct stmt *st)
{
	buf_free(&st->sql);
	buf_free(&st->value);
	buf_free(&st->scratch);
	buf_free(&st->digits);
}

/* The half of an insert or delete that only gives or takes parked columns. */
static bool
is_half_update(const struct change *c)
{
	return (c->op == CHANGE_INSERT && c->phase == CHANGE_UNPARK) ||
	       (c->op == CHANGE_DELETE && c->phase == CHANGE_PARK);
}

enum change_op
stmt_op(const struct change *c, enum stmt_direction dir)
{
	if (c->op == CHANGE_UPDATE || is_half_update(c))
		return CHANGE_UPDATE;
	if (dir == STMT_FORWARD)
		return c->op;
	return c->op == CHANGE_INSERT ? CHANGE_DELETE : CHANGE_INSERT;
}

uint64_t
stmt_runs(const struct change *c, enum stmt_direction dir)
{
	return stmt_op(c, dir) == CHANGE_INSERT ? c->copies : 1;
}

bool
stmt_writes(const struct change *c, size_t column)
{
	return c->verdicts[column] == VERDICT_DIFFERENT &&
	       !c->pair->cols[column].col[TARGET]->generated;
}

/*
 * What a row holds: as it was, as the change leaves it, and between two halves
 * with something else in its parked columns. A statement goes from one to the
 * next, or back for an undo.
 */
enum image {
	IMAGE_OLD,
	IMAGE_PARKED,
	IMAGE_NEW,
};

static enum image
image_before(const struct change *c)
{
	return c->phase == CHANGE_UNPARK ? IMAGE_PARKED : IMAGE_OLD;
}

static enum image
image_after(const struct change *c)
{
	return c->phase == CHANGE_PARK ? IMAGE_PARKED : IMAGE_NEW;
}

static enum status
image_value(struct stmt *st, const struct change *c, size_t i, enum image image,
    struct cell *out, struct err *err)
{
	if (image == IMAGE_PARKED && c->parked[i])
		return stmt_parking_value(st, c, i, out, err);
	if (c->op == CHANGE_INSERT || (image == IMAGE_NEW && stmt_writes(c, i)))
		return stmt_new_value(st, c, i, out, err);
	stmt_old_value(st, c, i, out);
	return TU_OK;
}

/* What the statement expects to find in the row. */
static enum status
expected_value(struct stmt *st, const struct change *c, size_t i,
    struct cell *out, struct err *err)
{
	return image_value(st, c, i,
	    st->dir == STMT_UNDO ? image_after(c) : image_before(c), out, err);
}

/* What it puts there. */
static enum status
wanted_value(struct stmt *st, const struct change *c, size_t i,
    struct cell *out, struct err *err)
{
	return image_value(st, c, i,
	    st->dir == STMT_UNDO ? image_before(c) : image_after(c), out, err);
}

bool
stmt_sets(const struct change *c, size_t i)
{
	return c->op == CHANGE_UPDATE && c->phase != CHANGE_PARK
	           ? stmt_writes(c, i)
	           : c->parked[i];
}

/* --- WHERE ---------------------------------------------------------------- */

static bool
add_equal(struct stmt *st, const struct column *col, const char *value)
{
	if (st->dialect->equal != NULL)
		return st->dialect->equal(&st->sql, col, value);
	st->dialect->ident(&st->sql, col->name);
	buf_addf(&st->sql, " = %s", value);
	return true;
}

/* A column's condition; `usable`: an index may find the row by it. */
static enum status
add_condition(struct stmt *st, const struct change *c, size_t i, bool usable,
    struct err *err)
{
	const struct column *col = stmt_column(c->pair, i);
	const char *value;
	struct cell cell;
	enum status rc;

	rc = expected_value(st, c, i, &cell, err);
	if (rc)
		return rc;
	if (cell.kind == CELL_NULL && st->dialect->params_not_null) {
		st->dialect->guard(&st->sql, col, "NULL");
		return TU_OK;
	}
	rc = stmt_value_sql(st, c, col, &cell, &value, err);
	if (rc)
		return rc;
	usable = usable && cell.kind != CELL_NULL;
	if (usable && add_equal(st, col, value)) {
		if (st->dialect->equal_exact(col, value))
			return TU_OK;
		buf_adds(&st->sql, " AND ");
	}
	st->dialect->guard(&st->sql, col, value);
	return TU_OK;
}

/* Nobody knows what a generated column became by an earlier statement. */
static bool
is_guarded(const struct stmt *st, const struct change *c, size_t i)
{
	return (st->dir == STMT_FORWARD && c->op != CHANGE_INSERT &&
		   c->phase != CHANGE_UNPARK) ||
	       !c->pair->cols[i].col[TARGET]->generated;
}

static enum status
add_conditions(struct stmt *st, const struct change *c, struct err *err)
{
	const struct pair *pair = c->pair;
	bool groups = pair->ncols > CONDITIONS_PER_GROUP;
	size_t n = 0;

	if (groups)
		buf_addc(&st->sql, '(');
	for (size_t i = 0; i < pair->ncols; i++) {
		bool key = !pair->multiset && i < pair->nkeys;
		enum status rc;

		if (!key && !is_guarded(st, c, i))
			continue;
		if (n > 0 && groups && n % CONDITIONS_PER_GROUP == 0)
			buf_adds(&st->sql, ") AND (");
		else if (n > 0)
			buf_adds(&st->sql, " AND ");
		n++;
		rc = add_condition(st, c, i, key, err);
		if (rc)
			return rc;
	}
	if (groups)
		buf_addc(&st->sql, ')');
	return TU_OK;
}

/* Equal rows are told apart by their address, as many as are wanted. */
static enum status
add_where(struct stmt *st, const struct change *c, struct err *err)
{
	const struct table *t = c->pair->table[TARGET];
	const char *address = NULL;
	enum status rc;

	buf_adds(&st->sql, " WHERE ");
	if (!c->pair->multiset)
		return add_conditions(st, c, err);
	if (st->dialect->delete_limit) {
		rc = add_conditions(st, c, err);
		buf_addf(&st->sql, " LIMIT %" PRIu64, c->copies);
		return rc;
	}
	if (st->dialect->row_address != NULL)
		address = st->dialect->row_address(t);
	if (address == NULL)
		return err_set(err, TU_ESCHEMA,
		    "table '%s' has no key and its rows no address: equal rows "
		    "cannot be deleted one by one",
		    c->pair->name);
	buf_addf(&st->sql, "%s IN (SELECT %s FROM %s WHERE ", address, address,
	    t->from);
	rc = add_conditions(st, c, err);
	dialect_limit(&st->sql, st->dialect, c->copies);
	buf_addc(&st->sql, ')');
	return rc;
}

/* --- the three statements ------------------------------------------------- */

static enum status
build_delete(struct stmt *st, const struct change *c, struct err *err)
{
	buf_addf(&st->sql, "DELETE FROM %s", c->pair->table[TARGET]->from);
	return add_where(st, c, err);
}

static void
add_itself(struct stmt *st, const struct column *col)
{
	st->dialect->ident(&st->sql, col->name);
	buf_adds(&st->sql, " = ");
	st->dialect->ident(&st->sql, col->name);
}

/* An UPDATE would set ON UPDATE CURRENT_TIMESTAMP columns by itself. */
static void
keep_auto_updated(struct stmt *st, const struct change *c)
{
	const struct table *t = c->pair->table[TARGET];

	for (size_t i = 0; i < t->ncolumns; i++) {
		const struct column *col = &t->columns[i];
		int at = pair_find_target(c->pair, col->name);

		if (!col->auto_update || (at >= 0 && stmt_sets(c, (size_t)at)))
			continue;
		buf_adds(&st->sql, ", ");
		add_itself(st, col);
	}
}

static enum status
build_update(struct stmt *st, const struct change *c, struct err *err)
{
	const struct pair *pair = c->pair;
	const char *comma = "";

	buf_addf(&st->sql, "UPDATE %s SET ", pair->table[TARGET]->from);
	for (size_t i = 0; i < pair->ncols; i++) {
		const struct column *col = pair->cols[i].col[TARGET];
		const char *value;
		struct cell cell;
		enum status rc;

		if (!stmt_sets(c, i))
			continue;
		if (col->identity_always) {
			err_set(err, TU_ESCHEMA,
			    "table '%s', column '%s' differs but is GENERATED "
			    "ALWAYS AS IDENTITY, which no UPDATE can set",
			    pair->name, col->name);
			return err_hint(err,
			    "leave it out with --exclude-columns, or make it "
			    "the key with --key");
		}
		rc = wanted_value(st, c, i, &cell, err);
		if (rc == TU_OK)
			rc = stmt_value_sql(st, c, col, &cell, &value, err);
		if (rc)
			return rc;
		buf_adds(&st->sql, comma);
		st->dialect->ident(&st->sql, col->name);
		buf_addf(&st->sql, " = %s", value);
		comma = ", ";
	}
	keep_auto_updated(st, c);
	return add_where(st, c, err);
}

/* INSERT takes the bare name: a `from` may say ONLY. */
static void
add_table_name(struct stmt *st, const struct table *t)
{
	if (t->schema != NULL) {
		st->dialect->ident(&st->sql, t->schema);
		buf_addc(&st->sql, '.');
	}
	st->dialect->ident(&st->sql, t->name);
}

/* Equality that an index finds is what a unique key is about. */
static enum status
add_absence(struct stmt *st, const struct change *c, struct err *err)
{
	const struct pair *pair = c->pair;

	buf_addf(&st->sql, "%s WHERE NOT EXISTS (SELECT 1 FROM %s WHERE ",
	    st->dialect->from_nothing, pair->table[TARGET]->from);
	for (size_t i = 0; i < pair->nkeys; i++) {
		const struct column *col = stmt_column(pair, i);
		const char *value;
		struct cell cell;
		enum status rc = wanted_value(st, c, i, &cell, err);

		if (rc == TU_OK)
			rc = stmt_value_sql(st, c, col, &cell, &value, err);
		if (rc)
			return rc;
		if (i > 0)
			buf_adds(&st->sql, " AND ");
		if (cell.kind == CELL_NULL || !add_equal(st, col, value))
			st->dialect->guard(&st->sql, col, value);
	}
	buf_addc(&st->sql, ')');
	return TU_OK;
}

static enum status
add_values(
    struct stmt *st, const struct change *c, size_t ncols, struct err *err)
{
	const char *comma = "";

	buf_adds(&st->sql, st->if_absent ? "SELECT " : "VALUES (");
	for (size_t i = 0; i < ncols; i++) {
		const struct column *col = stmt_column(c->pair, i);
		const char *value;
		struct cell cell;
		enum status rc;

		if (col->generated)
			continue;
		rc = wanted_value(st, c, i, &cell, err);
		if (rc == TU_OK)
			rc = stmt_value_sql(st, c, col, &cell, &value, err);
		if (rc)
			return rc;
		buf_adds(&st->sql, comma);
		buf_adds(&st->sql, value);
		comma = ", ";
	}
	if (st->if_absent)
		return add_absence(st, c, err);
	buf_addc(&st->sql, ')');
	return TU_OK;
}

/* A row taken away by the patch comes back whole, extra columns too. */
static enum status
build_insert(struct stmt *st, const struct change *c, struct err *err)
{
	const struct pair *pair = c->pair;
	size_t ncols = pair->ncols;
	const char *comma = " (";
	bool identity = false;

	if (st->dir == STMT_UNDO)
		ncols += pair->nextra;
	buf_adds(&st->sql, "INSERT INTO ");
	add_table_name(st, pair->table[TARGET]);
	for (size_t i = 0; i < ncols; i++) {
		const struct column *col = stmt_column(pair, i);

		if (col->generated)
			continue;
		buf_adds(&st->sql, comma);
		st->dialect->ident(&st->sql, col->name);
		identity = identity || col->identity_always;
		comma = ", ";
	}
	if (comma[0] != ',') {
		buf_adds(&st->sql, st->dialect->insert_defaults);
		return TU_OK;
	}
	buf_adds(&st->sql, ") ");
	if (identity && st->dialect->insert_overriding == NULL)
		return err_set(err, TU_ESCHEMA,
		    "table '%s' has a column that numbers its rows itself; "
		    "trueup cannot give it values in %s",
		    pair->name, st->dialect->brand);
	if (identity)
		buf_adds(&st->sql, st->dialect->insert_overriding);
	return add_values(st, c, ncols, err);
}

enum status
stmt_build(struct stmt *st, const struct change *c, struct err *err)
{
	buf_reset(&st->sql);
	st->first = st->params ? st->params->n : 0;
	switch (stmt_op(c, st->dir)) {
	case CHANGE_DELETE:
		return build_delete(st, c, err);
	case CHANGE_UPDATE:
		return build_update(st, c, err);
	case CHANGE_INSERT:
		break;
	}
	return build_insert(st, c, err);
}

enum status
stmt_assign(struct stmt *st, const struct change *c, const char *set,
    const char *where, struct err *err)
{
	const struct table *t = c->pair->table[TARGET];
	enum status rc;

	buf_reset(&st->sql);
	st->first = st->params ? st->params->n : 0;
	buf_addf(&st->sql, "UPDATE %s SET ", t->from);
	/* In front: where the user says otherwise, the last one counts. */
	for (size_t i = 0; i < t->ncolumns; i++) {
		if (!t->columns[i].auto_update)
			continue;
		add_itself(st, &t->columns[i]);
		buf_adds(&st->sql, ", ");
	}
	buf_addf(&st->sql, "%s\n", set);
	rc = add_where(st, c, err);
	buf_addf(&st->sql, " AND (%s\n)", where);
	return rc;
}

enum status
stmt_key(struct stmt *st, const struct change *c, struct arena *arena,
    struct cell *out, struct err *err)
{
	for (size_t i = 0; i < c->pair->nkeys; i++) {
		enum status rc = TU_OK;

		if (c->op == CHANGE_INSERT)
			rc = stmt_new_value(st, c, i, &out[i], err);
		else
			stmt_old_value(st, c, i, &out[i]);
		if (rc)
			return rc;
		out[i] = stmt_keep_cell(st, arena, &out[i]);
	}
	return TU_OK;
}

enum status
stmt_new_cell(struct stmt *st, const struct change *c, size_t i,
    struct arena *arena, struct cell *out, struct err *err)
{
	enum status rc = stmt_new_value(st, c, i, out, err);

	if (rc == TU_OK)
		*out = stmt_keep_cell(st, arena, out);
	return rc;
}

/* --- sequences ------------------------------------------------------------ */

/*
 * Only PostgreSQL has columns with a sequence. setval() past the sequence's
 * own bounds is an error, and setval() to what it already gave out would skip
 * nothing; a sequence that was never used (is_called) does need it, hence >=.
 */
void
stmt_setval(struct buf *sql, const struct dialect *d, const struct table *t,
    const struct column *col)
{
	struct cell name = cell_text(col->sequence, strlen(col->sequence));
	struct buf quoted = BUF_INIT, id = BUF_INIT;

	d->literal(&quoted, &db_text_column, &name);
	d->ident(&id, col->name);
	buf_addf(sql,
	    "SELECT pg_catalog.setval(%s::pg_catalog.regclass, "
	    "CASE WHEN s.seqincrement > 0 THEN m.hi ELSE m.lo END) "
	    "FROM (SELECT max(%s) AS hi, min(%s) AS lo FROM %s) m, "
	    "pg_catalog.pg_sequence s, %s q "
	    "WHERE s.seqrelid = %s::pg_catalog.regclass AND "
	    "CASE WHEN s.seqincrement > 0 "
	    "THEN m.hi BETWEEN q.last_value AND s.seqmax "
	    "ELSE m.lo BETWEEN s.seqmin AND q.last_value END",
	    buf_str(&quoted), buf_str(&id), id.data, t->from, col->sequence,
	    quoted.data);
	buf_free(&quoted);
	buf_free(&id);
}

bool
stmt_sequence(struct buf *sql, const struct dialect *d, const struct pair *pair,
    size_t *at)
{
	for (; *at < pair->ncols + pair->nextra; ++*at) {
		const struct column *col = stmt_column(pair, *at);

		if (col->sequence != NULL) {
			stmt_setval(sql, d, pair->table[TARGET], col);
			++*at;
			return true;
		}
	}
	return false;
}

#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "db/db.h"
#include "diff/names.h"
#include "patch/jsonw.h"
#include "track/install.h"
#include "track/pick.h"
#include "track/status.h"

#define EXIT_NOT_BELIEVED 7
#define FIXED_OPERANDS 2 /* ACTION DATABASE */
#define DAY 86400

static const char *const formats[] = { "text", "json", NULL };

static void
track_options(struct opt_table *table, struct settings *set)
{
	const struct opt rows[] = {
		OPT_GROUP("Change tables"),
		OPT_STR(0, "schema", &set->schema, "NAME",
		    "only the tables of this schema"),
		OPT_LIST('t', "table", &set->tables, "PATTERN",
		    "tables that match; may be repeated"),
		OPT_LIST('T', "exclude-table", &set->excludes, "PATTERN",
		    "leave out tables that match; may be repeated"),
		OPT_LIST(0, "key", &set->keys, "[T:]A,B",
		    "columns that identify a row (default: primary key)"),
		OPT_FLAG('n', "dry-run", &set->dry_run,
		    "print the statements, run none"),
		OPT_U64(0, "lock-timeout", &set->lock_timeout, "SECONDS", 1,
		    3600, "wait so long for a table (default: 5)"),
		OPT_U64(0, "keep", &set->keep, "DAYS", 0, 3650,
		    "clean: forget who was silent so long (default: 7)"),
		OPT_ENUM('f', "format", &set->format, "FORMAT", formats,
		    "of status; one of"),
		OPT_STR('o', "output", &set->output, "FILE",
		    "write the result there, complete or not at all"),
	};

	opt_table_add(table, rows, ARRAY_LEN(rows));
	settings_general(table, set);
}

/* One use of the command. */
struct track {
	struct call *call;
	struct installer in;
	struct buf text; /* the result */
	int status;      /* the worst so far */
};

/* A table that cannot be done does not keep the others from being done; but
 * after a signal there is no next one. */
static enum status
note_failure(struct track *t, const struct err *one, struct err *err)
{
	if (one->status == TU_EINTERRUPTED || one->status == TU_EBUG) {
		*err = *one;
		return one->status;
	}
	log_line(LOG_WARN, "%s", one->msg);
	if (one->hint[0] != '\0')
		log_line(LOG_WARN, "hint: %s", one->hint);
	t->status = MAX(t->status, err_exit_status(one->status));
	return TU_OK;
}

static enum status
pick(const struct track *t, const struct table *const *tables, size_t n,
    bool *chosen, struct err *err)
{
	const struct settings *set = &t->call->set;
	struct opt_list all = { 0 };
	struct pick what = { .schema = set->schema };

	for (size_t i = 0; i < set->tables.n; i++)
		opt_list_add(&all, t->call->arena, set->tables.items[i]);
	for (size_t i = FIXED_OPERANDS; i < t->call->noperands; i++)
		opt_list_add(&all, t->call->arena, t->call->operands[i]);
	what.tables = all.items;
	what.excludes = set->excludes.items;
	return pick_tables(tables, n, &what, chosen, err);
}

/* --- install -------------------------------------------------------------- */

static void
tell_installed(
    struct track *t, const struct table *table, const struct installed *done)
{
	static const char *const what[] = { "tracked", "tracked already",
		"tracked again" };
	const char *name = name_qualified(t->call->arena, table);

	if (!t->in.dry_run) {
		buf_addf(&t->text, "%s: %s", name, what[done->done]);
		if (done->why != NULL)
			buf_addf(&t->text, " (%s)", done->why);
		buf_addc(&t->text, '\n');
	}
	for (size_t i = 0; i < done->nwarnings; i++)
		log_line(LOG_WARN, "table '%s': %s", name, done->warnings[i]);
}

static enum status
install_chosen(struct track *t, struct table **tables, const bool *chosen,
    size_t n, struct err *err)
{
	enum status st = install_allowed(&t->in, err);

	for (size_t i = 0; i < n && st == TU_OK; i++) {
		struct installed done;
		struct err one = ERR_INIT;

		if (!chosen[i])
			continue;
		if (install_table(&t->in, tables[i], &done, &one) == TU_OK)
			tell_installed(t, tables[i], &done);
		else
			st = note_failure(t, &one, err);
	}
	return st;
}

static enum status
track_install(struct track *t, struct err *err)
{
	struct table_list *list = &t->in.list;
	struct table **tables =
	    arena_alloc(t->call->arena, (list->n + 1) * sizeof(*tables));
	bool *chosen = arena_alloc(t->call->arena, list->n + 1);
	bool all =
	    t->call->set.tables.n == 0 && t->call->noperands == FIXED_OPERANDS;
	size_t n = 0;
	enum status st;

	/* Views and the like only when somebody asks for them. */
	for (size_t i = 0; i < list->n; i++)
		if (!track_is_ours(t->in.db->dialect, &list->tables[i]) &&
		    strcmp(list->tables[i].name, MARKER_TABLE) != 0 &&
		    (list->tables[i].kind == REL_TABLE ||
			list->tables[i].kind == REL_PARTITIONED || !all))
			tables[n++] = &list->tables[i];
	st = pick(t, (const struct table *const *)tables, n, chosen, err);
	if (st == TU_OK)
		st = install_chosen(t, tables, chosen, n, err);
	return st;
}

/* --- the others ----------------------------------------------------------- */

static enum status
remove_one(struct track *t, struct capture *c, struct err *err)
{
	enum status st = install_remove(&t->in, c, err);

	if (st == TU_OK && !t->in.dry_run)
		buf_addf(&t->text, "%s: not tracked any more\n",
		    name_qualified(t->call->arena, &c->name));
	return st;
}

static enum status
clean_one(struct track *t, struct capture *c, struct err *err)
{
	uint64_t deleted = 0;
	enum status st =
	    install_clean(&t->in, c, t->call->set.keep * DAY, &deleted, err);

	if (st == TU_OK)
		buf_addf(&t->text, "%s: %" PRIu64 " %s deleted\n",
		    name_qualified(t->call->arena, &c->name), deleted,
		    deleted == 1 ? "change" : "changes");
	return st;
}

static enum status
status_one(struct track *t, struct capture *c, struct err *err)
{
	struct track_status s;
	enum status st =
	    track_status(t->in.db, t->call->arena, &t->in.list, c, &s, err);

	if (st)
		return st;
	if (t->call->set.format == 1)
		track_status_json(&t->text, &s);
	else
		track_status_text(&t->text, &s);
	if (s.why != NULL)
		t->status = MAX(t->status, EXIT_NOT_BELIEVED);
	return TU_OK;
}

/* Each of the tables that are tracked. */
static enum status
for_captures(struct track *t,
    enum status (*each)(struct track *t, struct capture *c, struct err *err),
    struct err *err)
{
	size_t n = t->in.captures.n;
	const struct table **tables =
	    arena_alloc(t->call->arena, (n + 1) * sizeof(*tables));
	bool *chosen = arena_alloc(t->call->arena, n + 1);
	enum status st;

	for (size_t i = 0; i < n; i++)
		tables[i] = &t->in.captures.list[i].name;
	st = pick(t, tables, n, chosen, err);
	for (size_t i = 0; i < n && st == TU_OK; i++) {
		struct err one = ERR_INIT;

		if (!chosen[i] ||
		    each(t, &t->in.captures.list[i], &one) == TU_OK)
			continue;
		st = note_failure(t, &one, err);
	}
	return st;
}

static enum status
track_remove(struct track *t, struct err *err)
{
	return for_captures(t, remove_one, err);
}

static enum status
track_clean(struct track *t, struct err *err)
{
	return for_captures(t, clean_one, err);
}

static enum status
track_show(struct track *t, struct err *err)
{
	enum status st = for_captures(t, status_one, err);
	struct jsonw j = { .out = &t->text };

	if (st == TU_OK && t->call->set.format == 1) {
		jsonw_open(&j, NULL, '{');
		jsonw_str(&j, "type", "summary");
		jsonw_str(&j, "database", t->in.db->display);
		jsonw_str(&j, "install_id", t->in.captures.install_id);
		jsonw_u64(&j, "tables", t->in.captures.n);
		jsonw_u64(&j, "exit", (uint64_t)t->status);
		jsonw_close(&j, '}');
		buf_addc(&t->text, '\n');
	} else if (st == TU_OK && t->in.captures.n == 0) {
		buf_adds(&t->text, "no table is tracked\n");
	}
	return st;
}

/* --- the command ---------------------------------------------------------- */

static const struct action {
	const char *name;
	enum status (*run)(struct track *t, struct err *err);
	bool writes, scripts; /* it can say what it would run */
} actions[] = {
	{ "install", track_install, true, true },
	{ "remove", track_remove, true, true },
	{ "status", track_show, false, false },
	{ "clean", track_clean, true, false },
};

static enum status
find_action(const struct call *call, const struct action **out, struct err *err)
{
	*out = NULL;
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (strcmp(call->operands[0], actions[i].name) == 0)
			*out = &actions[i];
	if (*out == NULL)
		return err_set(err, TU_EUSAGE,
		    "the first operand is install, remove, status or clean, "
		    "not '%s'",
		    call->operands[0]);
	if (call->set.dry_run && !(*out)->scripts)
		return err_set(err, TU_EUSAGE,
		    "--dry-run goes with install and remove only");
	return TU_OK;
}

/* Statements as the stock client reads them. */
static void
add_script(struct track *t)
{
	const char *end = t->in.db->dialect->track->delimiter;
	const char *sql = buf_str(&t->in.script);

	if (t->in.script.len == 0)
		return;
	if (end == NULL) {
		buf_adds(&t->text, sql);
		return;
	}
	buf_addf(&t->text, "DELIMITER %s\n", end);
	for (const char *p; (p = strstr(sql, ";\n")) != NULL; sql = p + 2) {
		buf_add(&t->text, sql, (size_t)(p - sql));
		buf_addf(&t->text, "%s\n", end);
	}
	buf_adds(&t->text, "DELIMITER ;\n");
}

static enum status
act(struct track *t, const struct action *action, struct err *err)
{
	struct call *call = t->call;
	enum db_mode mode =
	    action->writes && !call->set.dry_run ? DB_WRITE : DB_READ;
	enum status st =
	    db_open(call->operands[1], mode, "database", &t->in.db, err);

	t->in.arena = call->arena;
	t->in.lock_ms = call->set.lock_timeout * 1000;
	t->in.keys = call->set.keys.items;
	t->in.dry_run = mode == DB_READ;
	if (st == TU_OK)
		st = install_begin(&t->in, err);
	if (st == TU_OK)
		st = action->run(t, err);
	if (st == TU_OK)
		add_script(t);
	return st;
}

static int
track_run(struct call *call)
{
	struct track t = { .call = call };
	const struct action *action = NULL;
	struct output out = { 0 };
	struct err err = ERR_INIT;
	enum status st = find_action(call, &action, &err);

	if (st == TU_OK)
		st = output_open(&out, call->set.output, &err);
	if (st == TU_OK)
		st = act(&t, action, &err);
	if (out.fp != NULL &&
	    fwrite(buf_str(&t.text), 1, t.text.len, out.fp) != t.text.len &&
	    st == TU_OK)
		st = err_set(&err, TU_EIO, "cannot write '%s'", out.name);
	if (st == TU_OK)
		st = output_commit(&out, false, &err);
	if (st == TU_EIO && output_unread(&out))
		t.status = MAX(t.status, err_exit_status(st));
	else if (st != TU_OK)
		t.status = cmd_fail(call->cmd, &err);
	output_discard(&out);
	install_end(&t.in);
	db_close(t.in.db);
	buf_free(&t.text);
	return t.status;
}

const struct cmd cmd_track = {
	.name = "track",
	.synopsis = "install|remove|status|clean [OPTION]... DATABASE "
		    "[TABLE]...",
	.summary = "have a database write down which rows change",
	.min_operands = FIXED_OPERANDS,
	.max_operands = SIZE_MAX,
	.operands = "install, remove, status or clean and a DATABASE are "
		    "needed",
	.options = track_options,
	.run = track_run,
};

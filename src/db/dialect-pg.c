#include <config.h>

#include "db/dialect-pg.h"
#include "db/dialect-track.h"

#include <string.h>

/* clang-format off */
const struct pg_type pg_types[PG_WIRES] = {
	/*                  cast               as_text native array */
	[PG_COMPUTED]    = { NULL,               false, false, false },
	[PG_BOOL]        = { "boolean",          false, false, true },
	[PG_INT2]        = { "smallint",         false, true,  true },
	[PG_INT4]        = { "integer",          false, true,  true },
	[PG_INT8]        = { "bigint",           false, true,  true },
	[PG_OID]         = { "oid",              false, true,  true },
	[PG_FLOAT4]      = { "real",             false, false, true },
	[PG_FLOAT8]      = { "double precision", false, false, true },
	[PG_NUMERIC]     = { "numeric",          false, true,  true },
	[PG_MONEY]       = { "numeric::money",   false, false, false },
	[PG_TEXT]        = { "text",             false, true,  true },
	[PG_VARCHAR]     = { "varchar",          false, true,  true },
	[PG_NAME]        = { "name",             false, true,  true },
	[PG_BPCHAR]      = { "bpchar",           true,  false, true },
	[PG_BYTEA]       = { "bytea",            false, true,  true },
	[PG_UUID]        = { "uuid",             false, true,  true },
	[PG_DATE]        = { "date",             false, true,  true },
	[PG_TIME]        = { "time",             false, true,  true },
	[PG_TIMESTAMP]   = { "timestamp",        false, true,  true },
	[PG_TIMESTAMPTZ] = { "timestamptz",      false, true,  true },
	[PG_INTERVAL]    = { "interval",         true,  false, false },
	[PG_BIT]         = { "varbit",           true,  false, false },
	[PG_VARBIT]      = { "varbit",           true,  false, false },
	[PG_JSON]        = { "json",             false, false, false },
	[PG_JSONB]       = { "jsonb",            true,  false, false },
	[PG_REGCLASS]    = { "regclass",         true,  false, false },
	[PG_REGCOLLATION] = { "regcollation",    true,  false, false },
	[PG_REGCONFIG]   = { "regconfig",        true,  false, false },
	[PG_REGDICTIONARY] = { "regdictionary",  true,  false, false },
	[PG_REGOPER]     = { "regoperator",      true,  false, false },
	[PG_REGOPERATOR] = { "regoperator",      true,  false, false },
	[PG_REGPROC]     = { "regprocedure",     true,  false, false },
	[PG_REGPROCEDURE] = { "regprocedure",    true,  false, false },
	[PG_REGTYPE]     = { "regtype",          true,  false, false },
	[PG_OTHER]       = { NULL,               true,  false, false },
};
/* clang-format on */

void
pg_ident(struct buf *out, const char *name)
{
	buf_addc(out, '"');
	for (; *name != '\0'; name++) {
		if (*name == '"')
			buf_addc(out, '"');
		buf_addc(out, *name);
	}
	buf_addc(out, '"');
}

/* With the arguments of an overloaded one, and NULL for what is gone. */
#define IDENTITY(catalog)                                              \
	"coalesce((pg_catalog.pg_identify_object('pg_catalog." catalog \
	"'::pg_catalog.regclass,$,0)).identity,$::text)"

/*
 * A cast to text may be a function: inet's shows a netmask that the value does
 * not have, and one of the user's may show anything. concat() asks the type
 * itself, but takes NULL for ''; IS NULL would be true for (NULL, NULL).
 */
static const char *
text_template(const struct column *col)
{
	switch ((int)pg_wire(col)) {
	case PG_REGCLASS:
		return IDENTITY("pg_class");
	case PG_REGCOLLATION:
		return IDENTITY("pg_collation");
	case PG_REGCONFIG:
		return IDENTITY("pg_ts_config");
	case PG_REGDICTIONARY:
		return IDENTITY("pg_ts_dict");
	case PG_REGOPER:
	case PG_REGOPERATOR:
		return IDENTITY("pg_operator");
	case PG_REGPROC:
	case PG_REGPROCEDURE:
		return IDENTITY("pg_proc");
	case PG_REGTYPE:
		return IDENTITY("pg_type");
	default:
		return col->wire & PG_CAST ? "case when $ is distinct from null"
		                             " then pg_catalog.concat($) end"
		                           : "$::text";
	}
}

static void
expand(struct buf *out, const char *tmpl, const struct column *col,
    const char *value)
{
	bool recode = col->wire & PG_RECODE;

	for (; *tmpl != '\0'; tmpl++) {
		switch (*tmpl) {
		case '$':
			buf_adds(out, value);
			break;
		case '@':
			expand(out, text_template(col), col, value);
			break;
		case '[':
			buf_adds(out, recode ? "convert_to(" : "");
			break;
		case ']':
			buf_adds(out, recode ? ",'UTF8')" : "");
			break;
		case '^':
			buf_adds(out, recode ? "" : " COLLATE \"C\"");
			break;
		default:
			buf_addc(out, *tmpl);
		}
	}
}

void
pg_expr(struct buf *out, const char *tmpl, const struct column *col)
{
	struct buf name = BUF_INIT;

	pg_ident(&name, col->name);
	expand(out, tmpl, col, buf_str(&name));
	buf_free(&name);
}

void
pg_text_of(struct buf *out, const struct column *col, const char *value)
{
	expand(out, "@", col, value);
}

void
pg_select_expr(struct buf *out, const struct column *col)
{
	if (pg_wire(col) == PG_MONEY)
		pg_expr(out, "$::numeric", col); /* text has lc_monetary */
	else if (pg_type(col)->as_text)
		pg_expr(out, "@", col);
	else
		pg_ident(out, col->name);
}

/*
 * A ctid is unique within one heap: rows of two partitions can share one, and
 * a foreign table's means nothing here.
 */
static const char *
pg_row_address(const struct table *table)
{
	return table->kind == REL_TABLE ? "ctid" : NULL;
}

/*
 * The system identifier says that a standby replays this very log. What is
 * inserted into it goes out with the next commit or at the end of a page: so
 * that an idle server's does, the statement takes a transaction id (a
 * read-only session may) and is committed with it.
 */
#define LSN_TAKE                                          \
	"SELECT CASE WHEN pg_catalog.pg_is_in_recovery()" \
	" THEN pg_catalog.concat(system_identifier, ' '," \
	" pg_catalog.pg_last_wal_replay_lsn())"           \
	" WHEN pg_catalog.txid_current() > 0"             \
	" THEN pg_catalog.concat(system_identifier, ' '," \
	" pg_catalog.pg_current_wal_insert_lsn()) END"    \
	" FROM pg_catalog.pg_control_system()"

static void
lsn_passed(struct buf *out, const struct cell *position)
{
	struct buf text = BUF_INIT;

	pg_quote(&text, position->u.p, position->len);
	buf_addf(out,
	    "SELECT CASE WHEN pg_catalog.pg_is_in_recovery()"
	    " AND system_identifier::text = pg_catalog.split_part(%s, ' ', 1)"
	    " THEN (pg_catalog.pg_last_wal_replay_lsn() >="
	    " pg_catalog.split_part(%s, ' ', 2)::pg_lsn)::int::bigint END"
	    " FROM pg_catalog.pg_control_system()",
	    buf_str(&text), buf_str(&text));
	buf_free(&text);
}

static const struct db_position lsn = {
	.name = "lsn",
	.take = LSN_TAKE,
	.passed = lsn_passed,
};

/*
 * Guards are made for READ COMMITTED: a statement sees what was committed
 * before it began. Foreign keys that can wait do.
 */
#define WRITE_BEGIN                               \
	"BEGIN ISOLATION LEVEL READ COMMITTED;\n" \
	"SET CONSTRAINTS ALL DEFERRED;\n"

/* Sessions of this program and user from this machine are ours. */
static const char pg_load[] =
    "SELECT 'active', CASE WHEN pg_has_role('pg_read_all_stats', 'USAGE') THEN "
    "(SELECT count(*)::text FROM pg_stat_activity a, pg_stat_activity me "
    "WHERE me.pid = pg_backend_pid() AND a.state = 'active' "
    "AND a.backend_type = 'client backend' "
    "AND (a.application_name, a.usesysid, a.client_addr) IS DISTINCT FROM "
    "(me.application_name, me.usesysid, me.client_addr)) END";

/* It is the workers that hash rows, which costs more than handing them over: a
 * million with a text key in 1.5 s instead of 2.7. */
static const char *const processes[] = {
	[PROCESSES_MANY] = "SET LOCAL parallel_setup_cost = 0;"
			   "SET LOCAL parallel_tuple_cost = 0",
	[PROCESSES_ONE] = "SET LOCAL max_parallel_workers_per_gather = 0",
	[PROCESSES_DEFAULT] =
	    "SET LOCAL parallel_setup_cost TO DEFAULT;"
	    "SET LOCAL parallel_tuple_cost TO DEFAULT;"
	    "SET LOCAL max_parallel_workers_per_gather TO DEFAULT",
};

const struct dialect dialect_postgresql = {
	.name = "postgresql",
	.brand = "PostgreSQL",
	.max_params = 65535,
	.ident = pg_ident,
	.select_expr = pg_select_expr,
	.order_expr = pg_order_expr,
	.order_native = pg_order_native,
	.canon_expr = pg_canon_expr,
	.hash_expr = pg_hash_expr,
	.fold_ranges = pg_fold_ranges,
	.record_expr = pg_record_expr,
	.record_hash = pg_record_hash,
	.fold_records = pg_fold_records,
	.list_records = pg_list_records,
	.processes = processes,
	.fold_buckets = pg_fold_buckets,
	.bucket_expr = pg_bucket_expr,
	.range_cond = pg_range_cond,
	.block_cond = pg_block_cond,
	.keys_cond = pg_keys_cond,
	.sample = pg_sample,
	.convert = pg_convert,
	.literal = pg_literal,
	.param = pg_param,
	.guard = pg_guard,
	.equal = pg_equal,
	.equal_exact = pg_equal_exact,
	.nulls_first = " NULLS FIRST",
	.limit = { " LIMIT ", "" },
	.skip = { " OFFSET ", " LIMIT ", "" },
	.insert_overriding = "OVERRIDING SYSTEM VALUE ",
	.insert_defaults = " DEFAULT VALUES",
	.row_address = pg_row_address,
	.patch_begin = PG_SESSION WRITE_BEGIN,
	.patch_commit = "COMMIT;\n",
	.track = &track_sql_postgresql,
	.cascades = pg_cascades,
	.create_marker = "CREATE TABLE IF NOT EXISTS " MARKER_TABLE
			 " (run text PRIMARY KEY, batch bigint NOT NULL)",
	.from_nothing = "",
	.write_begin = WRITE_BEGIN,
	.position = &lsn,
	.load = pg_load,
	.load_name = "active sessions",
	.apply_lock = "SELECT pg_catalog.pg_try_advisory_lock("
		      "8390898134367084656)::int::bigint", /* "trueup p" */
};

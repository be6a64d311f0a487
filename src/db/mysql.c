/*
 * MariaDB and MySQL behind ODBC: session, snapshot, cells.
 */
#include <config.h>

#include "db/mysql-int.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool
mysql_match(const char *dbms, const char *driver)
{
	(void)driver;
	return strcasecmp(dbms, "MariaDB") == 0 ||
	       strcasecmp(dbms, "MySQL") == 0;
}

/* --- session -------------------------------------------------------------- */

/*
 * What a server's or an account's defaults must not decide. sql_auto_is_null
 * finds the last inserted row for "id IS NULL"; completion_type ends sessions
 * at COMMIT; rows are not to be cut short; the other side may keep us waiting
 * for hours, and a sort must see more than the first 1024 bytes of a key (64 kB
 * cost nothing measurable on 200,000 rows; it is an error when the sort buffer
 * cannot hold 15 keys).
 */
#define COMMON                                                              \
	"SET character_set_client = utf8mb4,"                               \
	" character_set_results = utf8mb4,"                                 \
	" character_set_connection = utf8mb4,"                              \
	" sql_quote_show_create = 1, autocommit = 1, completion_type = 0, " \
	"sql_auto_is_null = 0,"                                             \
	" sql_big_selects = 1, sql_safe_updates = 0,"                       \
	" sql_select_limit = DEFAULT, max_sort_length = 65536,"             \
	" sort_buffer_size = GREATEST(@@sort_buffer_size, 4194304),"        \
	" net_write_timeout = 86400, net_read_timeout = 86400,"             \
	" wait_timeout = GREATEST(@@wait_timeout, 86400)"

/* What is in a comment is read by that version and later ones. */
#define MARIADB                                 \
	", max_statement_time = 0 /*M!100300 ," \
	" system_versioning_asof = DEFAULT,"    \
	" idle_transaction_timeout = 0,"        \
	" idle_readonly_transaction_timeout = 0 */"
#define ORACLE                     \
	", max_execution_time = 0" \
	" /*!80000 , information_schema_stats_expiry = 0 */"

/* A write then fails with SQLSTATE 25006. */
#define READING                                                             \
	";\nSET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ " \
	"ONLY"
/* A statement sees what others committed, as guards have to. */
#define WRITING                                                            \
	";\nSET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ " \
	"WRITE"

/* "10.11.19-MariaDB-0+deb12u1" to "MariaDB 10.11.19". */
static void
set_version(struct db *db, const char *version, const char *comment)
{
	bool mariadb = strcasestr(version, "mariadb") != NULL ||
	               strcasestr(comment, "mariadb") != NULL;

	snprintf(db->version, sizeof(db->version), "%s %.*s",
	    mariadb ? "MariaDB" : "MySQL", (int)strspn(version, "0123456789."),
	    version);
}

static enum status
read_version(struct odbc *o, struct err *err)
{
	struct db *db = &o->db;
	struct arena *arena = arena_new(1024);
	struct my_rows rows;
	enum status st;

	st = my_query(db, arena,
	    "SELECT VERSION(), @@version_comment, DATABASE(), CONNECTION_ID(),"
	    " @@max_allowed_packet",
	    5, &rows, err);
	if (st == TU_OK && rows.n == 1) {
		set_version(db, my_value(&rows, 0, 0), my_value(&rows, 0, 1));
		db->schemas = my_value(&rows, 0, 2) == NULL;
		/* libmaodbc 3.1 stores whatever its options say. */
		db->holds = true;
		o->arrays = strcasestr(o->driver, "maodbc") != NULL;
		snprintf(o->kill, sizeof(o->kill), "KILL QUERY %s",
		    my_value(&rows, 0, 3));
		o->max_packet =
		    (size_t)strtoull(my_value(&rows, 0, 4), NULL, 10);
	}
	arena_free(arena);
	return st;
}

static enum status
mysql_session(struct odbc *o, struct err *err)
{
	struct db *db = &o->db;
	struct buf sql = BUF_INIT;
	enum status st = read_version(o, err);

	if (st)
		return st;
	/* MariaDB's driver refuses SET NAMES: not its first line. */
	buf_adds(&sql, strchr(MY_SESSION, '\n') + 1);
	buf_adds(&sql, COMMON);
	buf_adds(&sql, my_is_oracle(db) ? ORACLE : MARIADB);
	buf_adds(&sql, o->write ? WRITING : READING);
	st = db->drv->exec(db, buf_str(&sql), NULL, err);
	buf_free(&sql);
	return st == TU_OK ? my_selftest(o, err) : st;
}

/* --- snapshot ------------------------------------------------------------- */

static enum status
mysql_snapshot_begin(struct db *db, const char *id, struct err *err)
{
	struct odbc *o = (struct odbc *)db;
	enum status st;

	(void)id;
	st = db->drv->exec(db,
	    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", NULL, err);
	o->snapshot = st == TU_OK;
	return st;
}

static void
mysql_snapshot_end(struct db *db)
{
	struct odbc *o = (struct odbc *)db;
	struct err ignored = ERR_INIT;

	if (o->snapshot)
		db->drv->exec(db, "ROLLBACK", NULL, &ignored);
	o->snapshot = false;
}

/* --- cells ---------------------------------------------------------------- */

static enum odbc_as
mysql_as(const struct column *col)
{
	switch ((int)my_wire(col)) {
	case MY_COMPUTED:
		return col == &db_int_column ? ODBC_AS_INT : ODBC_AS_CHAR;
	case MY_INT:
		return ODBC_AS_INT;
	case MY_UBIGINT:
		return ODBC_AS_DIGITS;
	case MY_FLOAT:
	case MY_DOUBLE:
		return ODBC_AS_DOUBLE;
	case MY_BIT: /* as select_expr makes of it */
		return col->ltype == LT_BITS ? ODBC_AS_CHAR : ODBC_AS_INT;
	case MY_BINARY:
	case MY_BYTES:
	case MY_GEOMETRY:
		return ODBC_AS_BINARY;
	default:
		return ODBC_AS_CHAR;
	}
}

/* '10:00:00.500000' to '10:00:00.5', '10:00:00.000000' to '10:00:00'. */
static void
cut_fraction(struct cell *cell)
{
	if (memchr(cell->u.p, '.', cell->len) == NULL)
		return;
	while (cell->u.p[cell->len - 1] == '0')
		cell->len--;
	if (cell->u.p[cell->len - 1] == '.')
		cell->len--;
}

static void
lower(struct cell *cell)
{
	char *p = (char *)cell->u.p; /* the cursor's own buffer */

	for (size_t i = 0; i < cell->len; i++)
		p[i] = (char)tolower((unsigned char)p[i]);
}

static void
mysql_decode(const struct column *col, struct cell *cell)
{
	if (cell->kind != CELL_TEXT)
		return;
	switch ((int)my_wire(col)) {
	case MY_TIME:
	case MY_DATETIME:
	case MY_TIMESTAMP:
		cut_fraction(cell);
		break;
	case MY_UUID:
		lower(cell);
		break;
	default:
		break;
	}
}

const struct odbc_brand odbc_brand_mysql = {
	.name = "mysql",
	.begins = true,
	.lengths = true,
	.match = mysql_match,
	.dialect = &dialect_mysql,
	.session = mysql_session,
	.as = mysql_as,
	.decode = mysql_decode,
	.snapshot_begin = mysql_snapshot_begin,
	.snapshot_end = mysql_snapshot_end,
	.list = mysql_list,
	.describe = mysql_describe,
	.describe_query = mysql_describe_query,
	.table_version = mysql_table_version,
};

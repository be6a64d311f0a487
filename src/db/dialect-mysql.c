/*
 * MariaDB and MySQL: what differs between columns, and the dialect.
 */
#include <config.h>

#include "db/dialect-mysql.h"
#include "db/dialect-track.h"

#include <string.h>

void
my_ident(struct buf *out, const char *name)
{
	buf_addc(out, '`');
	for (; *name != '\0'; name++) {
		if (*name == '`')
			buf_addc(out, '`');
		buf_addc(out, *name);
	}
	buf_addc(out, '`');
}

static bool
is_utf8mb4(const struct column *col)
{
	if (!(col->wire & MY_UTF8) || (col->wire & MY_ENUM))
		return false;
	return col->collation == NULL ||
	       strncmp(col->collation, "utf8mb4_", 8) == 0;
}

/*
 * The column as text in utf8mb4. Texts of several collations can be put
 * together as long as all are in one character set: else it is an "illegal
 * mix".
 */
static void
utf8_column(struct buf *out, const struct column *col, bool among_others)
{
	bool json = (col->wire & MY_ORACLE) && my_wire(col) == MY_JSON;

	if (json || my_wire(col) == MY_OTHER || my_wire(col) == MY_UUID) {
		buf_adds(out, "CAST(");
		my_ident(out, col->name);
		buf_adds(out, " AS CHAR CHARACTER SET utf8mb4)");
	} else if (is_utf8mb4(col)) {
		my_ident(out, col->name);
	} else {
		buf_adds(out, "CONVERT(");
		my_ident(out, col->name);
		buf_adds(out, " USING utf8mb4)");
	}
	/* CONCAT of three collations is an "illegal mix" without. */
	buf_adds(out, among_others ? " COLLATE utf8mb4_bin" : "");
}

void
my_expr(struct buf *out, const char *tmpl, const struct column *col)
{
	for (; *tmpl != '\0'; tmpl++) {
		if (*tmpl == '$')
			my_ident(out, col->name);
		else if (*tmpl == '@' || *tmpl == '~')
			utf8_column(out, col, *tmpl == '~');
		else if (*tmpl == '#')
			buf_addf(out, "%d", col->maxlen);
		else
			buf_addc(out, *tmpl);
	}
}

/*
 * Bits are a number or digits: drivers disagree about their bytes. Zeros in
 * front are for people.
 */
void
my_select_expr(struct buf *out, const struct column *col)
{
	if (my_wire(col) == MY_BIT && col->ltype == LT_BITS)
		my_expr(out, "LPAD(BIN($+0),#,'0')", col);
	else if (my_wire(col) == MY_BIT || (col->wire & MY_ZEROFILL))
		my_expr(out, "$+0", col);
	else
		my_ident(out, col->name);
}

/*
 * MariaDB's GTIDs. A transaction is in the binary log before anybody sees it.
 * A target whose last event of some domain was written by the source replays
 * the source's log; two servers with one id never are such a pair. MySQL knows
 * none of these variables.
 */
#define GTID_TAKE                                \
	"SELECT CASE WHEN @@log_bin AND"         \
	" @@gtid_current_pos <> '' THEN CONCAT(" \
	"@@server_id, ' ', @@gtid_current_pos) END"

static void
gtid_passed(struct buf *out, const struct cell *position)
{
	const struct cell bytes = cell_bytes(position->u.p, position->len);
	struct buf text = BUF_INIT;

	my_literal(&text, NULL, &bytes);
	buf_addf(out,
	    "SELECT CASE WHEN @@server_id <> SUBSTRING_INDEX(%s, ' ', 1)"
	    " AND CONCAT(',', @@gtid_slave_pos) REGEXP"
	    " CONCAT(',[0-9]+-', SUBSTRING_INDEX(%s, ' ', 1), '-')"
	    " THEN MASTER_GTID_WAIT(SUBSTRING_INDEX(%s, ' ', -1), 0) = 0 END",
	    buf_str(&text), buf_str(&text), buf_str(&text));
	buf_free(&text);
}

static const struct db_position gtid = {
	.name = "gtid",
	.take = GTID_TAKE,
	.passed = gtid_passed,
};

/*
 * Guards are made for READ COMMITTED: a statement sees what was committed
 * before it began. Constraints cannot wait for the COMMIT.
 */
#define WRITE_BEGIN                                         \
	"SET TRANSACTION ISOLATION LEVEL READ COMMITTED;\n" \
	"START TRANSACTION;\n"

const struct dialect dialect_mysql = {
	.name = "mysql",
	.brand = "MariaDB",
	.max_params = 65535,
	.ident = my_ident,
	.select_expr = my_select_expr,
	.order_expr = my_order_expr,
	.order_native = my_order_native,
	.canon_expr = my_canon_expr,
	.hash_expr = my_hash_expr,
	.fold_ranges = my_fold_ranges,
	.fold_buckets = my_fold_buckets,
	.bucket_expr = my_bucket_expr,
	.range_cond = my_range_cond,
	.keys_cond = my_keys_cond,
	.pages = my_pages,
	.sample = my_sample,
	.convert = my_convert,
	.literal = my_literal,
	.param = my_param,
	.guard = my_guard,
	.equal_exact = my_equal_exact,
	.nulls_first = "",
	.limit = { " LIMIT ", "" },
	.skip = { " LIMIT ", ", ", "" },
	.insert_overriding = "",
	.insert_defaults = " () VALUES ()",
	.delete_limit = true,
	.position = &gtid,
	.load = "SHOW GLOBAL STATUS LIKE 'Threads_running'",
	.load_name = "threads running",
	/* A name of 64 characters at most, for all databases of a server. */
	.apply_lock = "SELECT GET_LOCK(CONCAT('trueup ',"
		      " MD5(IFNULL(DATABASE(), ''))), 0)",
	.patch_begin = MY_SESSION WRITE_BEGIN,
	.patch_commit = "COMMIT;\n",
	.track = &track_sql_mysql,
	.cascades = my_cascades,
	.create_marker = "CREATE TABLE IF NOT EXISTS " MARKER_TABLE
			 " (run varchar(32) PRIMARY KEY, batch bigint "
			 "NOT NULL) ENGINE = InnoDB",
	.from_nothing = " FROM DUAL",
	.write_begin = WRITE_BEGIN,
};

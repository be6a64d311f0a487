/*
 * catalog.h - what a database says about its tables.
 *
 * Filled by a driver, owned by the arena that was passed, never changed
 * afterwards except by the plan, which may narrow a relation (where).
 */
#ifndef TU_DB_CATALOG_H
#define TU_DB_CATALOG_H

#include "base/arena.h"
#include "base/utf8.h"
#include "value/vtype.h"

/* How SQLite stores what it is given; https://sqlite.org/datatype3.html */
enum affinity {
	AFF_NONE = 0, /* not SQLite */
	AFF_INTEGER,
	AFF_REAL,
	AFF_NUMERIC,
	AFF_TEXT,
	AFF_BLOB,
};

struct column {
	const char *name;
	const char *type; /* as the database writes it: "numeric(10,2)" */
	enum ltype ltype; /* the logical type of this column on its own */
	int wire;         /* the driver's business: how a cell is decoded */
	int precision;    /* decimal digits in all, -1: any */
	int scale;        /* decimal digits behind the point, -1: any */
	int frac;         /* digits of a second, -1: does not apply or any */
	int maxlen;       /* characters (bits for LT_BITS), -1: any */
	bool boolean;     /* LT_NUM that is written true and false */
	bool notnull;
	bool generated;       /* computed by the database: never written */
	bool identity_always; /* needs OVERRIDING SYSTEM VALUE */
	const char *sequence; /* quoted SQL name fed by inserts, or NULL */
	bool integer;         /* arrives as CELL_INT, or NULL (SQLite: if it
	                       * fits its declared type) */
	bool rowid_alias;     /* SQLite INTEGER PRIMARY KEY */
	bool strict;          /* SQLite STRICT table: class is enforced */
	bool bytewise; /* text: the native order is memcmp order of UTF-8 */
	/* bytewise but for texts with bytes below U+0020 in them, because the
	 * shorter of two is compared as if blanks followed (utf8mb4_bin). */
	bool pad_space;
	bool auto_update; /* an UPDATE that does not set it changes it */
	/*
	 * Equal wire bytes mean equal values, between any two columns with the
	 * same type text and driver, so a row may be hashed as it arrived.
	 * Unequal bytes need not mean a difference (numeric 1.5 and 1.50).
	 */
	bool raw;
	enum affinity affinity;
	/* NULL when it does not apply */
	const char *collation;
	const struct charset *charset; /* what text in it may consist of; NULL:
	                                * anything, or not known */
	const char *const *labels; /* what an enum takes, NULL behind the last;
	                            * NULL: not an enum, or not known */
	/* Where a type is another database's to name (PostgreSQL): its full
	 * name without a length, and the operator that takes its values for
	 * equal and that an index serves, NULL: there is none. */
	const char *base_type, *equal_op;
};

/* A unique index, usable to address a row. */
struct index_key {
	const char *name;
	bool primary;
	bool notnull; /* every column is */
	size_t ncols;
	const int *cols; /* positions in table->columns */
};

struct fkey {
	const char *name;
	size_t ncols;
	const char *const *cols;
	const char *ref_schema; /* NULL: same as the table's */
	const char *ref_table;
	const char *const *ref_cols; /* entries may be NULL: the primary key */
	const char *on_delete;       /* "NO ACTION", "CASCADE", ... */
	bool deferrable;
};

enum relkind {
	REL_TABLE,
	REL_PARTITIONED,
	REL_VIEW,
	REL_MATVIEW,
	REL_FOREIGN,
	REL_QUERY,
};

struct table {
	const char *schema; /* NULL where there are none, and for a query */
	const char *name;
	enum relkind kind;
	/* A part of another table: compared when it is named. */
	bool partition;
	const char *from;  /* SQL behind FROM: quoted name, ONLY, (query) q */
	const char *where; /* the user's condition, or NULL */
	uint64_t oid;
	bool without_rowid;
	bool writable; /* a plain or partitioned table */
	/* What was written cannot be taken back: the engine's name, or NULL. */
	const char *no_rollback;
	double rows;  /* estimate, -1: unknown */
	double bytes; /* estimate, -1: unknown */
	double pages; /* that the rows lie in, 0: unknown */
	size_t ncolumns;
	struct column *columns;
	size_t nkeys;
	struct index_key *keys;
	size_t nfkeys;
	struct fkey *fkeys;
	size_t ntriggers;
	const char *const *triggers; /* names, user triggers only */
	/* What a user must know before he trusts a run on it, or NULL: "MyISAM
	 * has no snapshots". */
	const char *caveat;
};

/* The list of what there is, before anything is described. */
struct table_list {
	size_t n;
	struct table *tables; /* schema, name, kind and from only */
};

const char *relkind_name(enum relkind kind);

/* Position of a column by exact name, or -1. */
int table_find_column(const struct table *table, const char *name);

#endif

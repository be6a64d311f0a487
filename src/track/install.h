/*
 * install.h - making change tables, and removing them.
 *
 * All of a table is made in one transaction where DDL is transactional. On
 * MariaDB and MySQL a failure removes what was made so far. Either way CREATE
 * TRIGGER waits until no transaction is left that has written to the table, so
 * that whatever is committed afterwards has been written down.
 */
#ifndef TU_TRACK_INSTALL_H
#define TU_TRACK_INSTALL_H

#include "track/capture.h"

enum install_done {
	INSTALL_NEW,
	INSTALL_KEPT,  /* it was there and is as it should be */
	INSTALL_AGAIN, /* it was there, and was removed first: see why */
};

struct installer {
	struct db *db; /* writes, unless dry_run */
	struct arena *arena;
	uint64_t lock_ms;        /* to wait for a lock on a table */
	const char *const *keys; /* as in struct selection */
	bool dry_run; /* the statements are only appended to script */
	struct buf script;

	/* install_begin() fills these in. */
	struct table_list list;
	struct captures captures;
	bool there;   /* the tables that all share */
	int64_t next; /* the next table's number */
};

/* What was done with a table. */
struct installed {
	enum install_done done;
	const char *why; /* INSTALL_AGAIN; the health that was lost */
	struct capture *capture;
	size_t nwarnings; /* what its triggers will not see */
	const char *const *warnings;
};

/* The caller sets db, arena and what is asked for, and calls install_end()
 * however the rest goes. Takes the lock that writers of ours exclude each
 * other with. */
enum status install_begin(struct installer *in, struct err *err);
void install_end(struct installer *in);

/* TU_ESCHEMA where the whole database must have none. */
enum status install_allowed(struct installer *in, struct err *err);

/* One table of in->list. TU_ESCHEMA if it cannot be captured. */
enum status install_table(struct installer *in, struct table *t,
    struct installed *out, struct err *err);

/* Remove what belongs to a table, and with the last one all there is. */
enum status install_remove(
    struct installer *in, const struct capture *c, struct err *err);

/* Forget silent consumers and delete what nobody will read. */
enum status install_clean(struct installer *in, const struct capture *c,
    uint64_t keep, uint64_t *deleted, struct err *err);

#endif

/*
 * cascade.h - what a statement would change besides its own rows.
 *
 * ON DELETE and ON UPDATE CASCADE, SET NULL and SET DEFAULT change rows of
 * other tables, silently, also of tables that nobody compared. The rows that a
 * patch deletes or updates itself are out of the way when their parents are
 * deleted (order.h), so whatever still refers to a row that is about to go, or
 * to a value that is about to change, would be such a row.
 *
 * A key that is given another spelling (rename.h) is the exception: its
 * children are to follow.
 */
#ifndef TU_PATCH_CASCADE_H
#define TU_PATCH_CASCADE_H

#include "db/db.h"
#include "patch/group.h"

struct cascades {
	const struct pair *pair; /* what the others are about, or NULL */
	struct arena *arena;
	size_t n;
	struct cascade *all;
	struct stmt stmt; /* converts keys */
};

void cascades_init(struct cascades *c, const struct dialect *d);
void cascades_release(struct cascades *c);

/*
 * Before the group's rows are deleted or updated, in their transaction:
 * TU_ECONFLICT when rows of any table would change with them. One query for
 * each foreign key that would do something; none where the brand is unknown.
 */
enum status cascades_check(struct cascades *c, const struct group *group,
    struct db *target, struct err *err);

#endif

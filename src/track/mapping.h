/*
 * mapping.h - change tables that users have, as texts of a configuration.
 *
 * A mapping says where the changes of one table of one side are (struct
 * change_source), in SQL of that side. Its fields, all of them texts:
 *
 *	preset   what the others are unless they are said, see below
 *	reader   auto, snapshot, gaps, window, slot, changetable, all or none
 *	         (reader.h). auto is
 *	         the preset's, else gaps with seq, window with at, else all
 *	from     the table, or a query in parentheses with a name; slot: the
 *	         name of a replication slot
 *	publication  slot: the name of a publication; that of the slot unless
 *	         said
 *	where    a condition on its rows
 *	seq      gaps: the ascending integer; snapshot: the transaction's id as
 *	         xid8; window, all: an integer to hold against the pointer
 *	mark     gaps: an expression that differs where two rows are not one
 *	         though they have the same number
 *	at       window: a time or a number of the last change
 *	window   how far to go back: a number of seconds, or with m, h, d; if
 *	         "at" is a number, that number. PostgreSQL knows how long the
 *	         oldest transaction is open, and goes back behind that, by a
 *	         minute where no window is said
 *	key      an expression for each column of the pair's key, in its order,
 *	         with commas between; what they give is cast to the column
 *	key_old  the same for the key that an update took away; NULL: none
 *	op       an expression: 'T' is a change of all the table
 *	pointer  a query of one integer: up to which seq another pipeline has
 *	         delivered
 *	ack      an assignment as UPDATE ... SET has it, which marks a row of
 *the table itself as brought over, so that the where does not take it in any
 *more; "yes": that of the preset (mark.h) object   what the table is called in
 *the table of changes (presets that have changes of several tables); its name
 *unless said event    outbox: a pattern of LIKE for event_type path     outbox:
 *where the key is in the payload, "order.id" for each column; the column's name
 *unless said
 *
 * "none" stands for nothing where a preset has something. A preset's own SQL is
 * in mapping.c. The preset "trueup" is a table of our own (capture.h), and
 * what a mapping is that says nothing: the caller's business.
 *
 * The SQL of a mapping is the user's, run as it is by a session that can
 * change nothing, but for ack's. What an outbox has in its rows is never run.
 */
#ifndef TU_TRACK_MAPPING_H
#define TU_TRACK_MAPPING_H

#include "diff/plan.h"
#include "track/reader.h"

enum mapping_field {
	MAP_PRESET,
	MAP_READER,
	MAP_FROM,
	MAP_WHERE,
	MAP_SEQ,
	MAP_MARK,
	MAP_AT,
	MAP_WINDOW,
	MAP_KEY,
	MAP_KEY_OLD,
	MAP_OP,
	MAP_POINTER,
	MAP_PUBLICATION,
	MAP_ACK,
	MAP_OBJECT,
	MAP_EVENT,
	MAP_PATH,
};

#define MAP_FIELDS (MAP_PATH + 1)

extern const char *const mapping_fields[MAP_FIELDS];

struct mapping {
	const char *name; /* of its section, for messages: "changes orders" */
	const char *field[MAP_FIELDS]; /* NULL: not said */
};

/* False: there is no such field. The value is kept, not copied. */
bool mapping_set(struct mapping *m, const char *field, const char *value);

/* A table of our own? */
bool mapping_own(const struct mapping *m);

/*
 * What is wrong whatever the tables are, or NULL; *field is the one that is to
 * blame. The text is the arena's.
 */
const char *mapping_mistake(
    struct arena *arena, const struct mapping *m, enum mapping_field *field);

/*
 * Where changes of the pair's table of a side are read, which db is of: as it
 * was planned, keys in the pair's order. Not for mapping_own(). *out is the
 * arena's, and the mapping's and the pair's. TU_EUSAGE for what is wrong with
 * the mapping, TU_ESCHEMA if this pair or this brand has no such changes.
 */
enum status mapping_source(struct arena *arena, const struct db *db,
    const struct pair *pair, enum side side, const struct mapping *m,
    struct change_source *out, struct err *err);

#endif

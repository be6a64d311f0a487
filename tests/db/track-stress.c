/*
 * Eight writers, transactions that stay open, rollbacks, savepoints; a reader
 * every few milliseconds: no committed change is missed. "number > last", which
 * everybody writes first, misses some.
 *
 * TRUEUP_STRESS=8 lets transactions stay open for up to 8 seconds, and runs as
 * long as that takes; else it is 0.2 seconds.
 */
#include <config.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "diff/plan.h"
#include "lib/tap.h"
#include "lib/tracking.h"
#include "lib/world.h"
#include "track/ask.h"

#define WRITERS 8
#define KEYS_MAX 100000
#define LIMIT 1000000
#define NOBODY (KEYS_MAX - 1) /* a key that is never written */

static double longest = 0.2; /* that a transaction stays open */

TU_NORETURN static void
die(const char *what, const char *why)
{
	printf("Bail out! %s: %s\n", what, why);
	exit(1);
}

static void
pause_for(double seconds)
{
	struct timespec t = { (time_t)seconds,
		(long)((seconds - (double)(time_t)seconds) * 1e9) };

	nanosleep(&t, NULL);
}

/* --- writers -------------------------------------------------------------- */

/* What was committed, and which reader has seen it. */
enum seer {
	BY_READER, /* our own change table */
	BY_GAPS,   /* somebody's table, not SQLite */
	BY_WINDOW, /* the same by its times, PostgreSQL */
	BY_XID,    /* and by its transactions */
	PENDING,   /* and what nobody has carried away */
	BY_NUMBER, /* number > last */
	SEERS,
};

static struct {
	enum brand brand;
	const char *url;
	bool stop;
	pthread_mutex_t lock;
	int64_t next;
	bool committed[KEYS_MAX];
	bool seen[SEERS][KEYS_MAX];
} all = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int64_t
new_key(void)
{
	int64_t k;

	pthread_mutex_lock(&all.lock);
	k = all.next++;
	pthread_mutex_unlock(&all.lock);
	if (k >= NOBODY)
		die("keys", "too few");
	return k;
}

static bool
is_over(void)
{
	bool stop;

	pthread_mutex_lock(&all.lock);
	stop = all.stop;
	pthread_mutex_unlock(&all.lock);
	return stop;
}

static void
insert(struct db *db, int64_t k)
{
	char sql[200];

	snprintf(sql, sizeof(sql), "INSERT INTO %st VALUES (%" PRId64 ")",
	    all.brand == PG ? "tu_source." : "", k);
	tracking_run(db, sql);
	if (all.brand == LITE)
		return;
	/* Every other one is a row whose key was taken away. */
	snprintf(sql, sizeof(sql),
	    "INSERT INTO %slog (k, old) VALUES (%" PRId64 ", %s%" PRId64 ")",
	    all.brand == PG ? "tu_source." : "", k % 2 != 0 ? NOBODY : k,
	    k % 2 != 0 ? "" : "NULL + ", k);
	tracking_run(db, sql);
}

/* Keys that come to stay if the transaction does. */
static size_t
write_some(struct db *db, unsigned *seed, int64_t *keys)
{
	size_t n = 0;

	for (int i = rand_r(seed) % 3; i >= 0; i--) {
		keys[n] = new_key();
		insert(db, keys[n++]);
	}
	if (rand_r(seed) % 3 == 0) {
		tracking_run(db, "SAVEPOINT s");
		keys[n] = new_key();
		insert(db, keys[n]);
		if (rand_r(seed) % 2 == 0)
			tracking_run(db, "ROLLBACK TO SAVEPOINT s");
		else
			n++;
	}
	return n;
}

static void *
writer(void *arg)
{
	unsigned seed = *(unsigned *)arg;
	struct db *db = tracking_connect(all.url, DB_WRITE);
	int64_t keys[8];

	if (all.brand == LITE)
		tracking_run(db, "PRAGMA busy_timeout = 300000");
	while (!is_over()) {
		size_t n;

		tracking_run(
		    db, all.brand == LITE ? "BEGIN IMMEDIATE" : "BEGIN");
		n = write_some(db, &seed, keys);
		pause_for(all.brand == LITE
			      ? 0.002
			      : longest * (rand_r(&seed) % 100) / 100);
		if (rand_r(&seed) % 10 == 0) {
			tracking_run(db, "ROLLBACK");
			continue;
		}
		tracking_run(db, "COMMIT");
		pthread_mutex_lock(&all.lock);
		for (size_t i = 0; i < n; i++)
			all.committed[keys[i]] = true;
		pthread_mutex_unlock(&all.lock);
	}
	db_close(db);
	return NULL;
}

/* --- readers -------------------------------------------------------------- */

struct reader {
	struct tracking t;
	struct change_source log[SEERS];
	struct vtype type;
	const char *position[SEERS];
	int64_t last; /* BY_NUMBER */
};

static void
see_keys(enum seer who, const struct keyset *keys)
{
	for (size_t i = 0; i < keyset_count(keys); i++) {
		struct cell k;

		keyset_cells(keys, i, &k);
		all.seen[who][k.u.i] = true;
	}
}

/* One read, in the snapshot that the caller holds. */
static void
see(struct reader *r, struct change_source *src, enum seer who,
    struct arena *arena)
{
	struct err err = ERR_INIT;
	struct change_reading got;
	struct keyset keys, pending;

	keyset_init(&keys, &r->type, 1, LIMIT);
	keyset_init(&pending, &r->type, 1, LIMIT);
	src->pending = &pending;
	if (reader_read(r->t.db, r->t.aside, arena, src, "shape",
		r->position[who], &keys, &got, &err))
		die("reader", err.msg);
	if (r->position[who] != NULL && got.whole)
		die("reader", got.why);
	see_keys(who, &keys);
	see_keys(PENDING, &pending);
	keyset_release(&keys);
	keyset_release(&pending);
	free((char *)r->position[who]);
	r->position[who] = strdup(got.position);
}

static void
see_by_number(struct reader *r, struct arena *arena)
{
	const struct change_source *src =
	    all.brand != LITE ? &r->log[BY_GAPS] : &r->t.source;
	struct err err = ERR_INIT;
	struct texts rows;

	if (ask_texts(r->t.db, arena,
		arena_printf(arena,
		    "SELECT CAST(%s AS %s), CAST(%s AS %s) FROM %s WHERE "
		    "%s > %" PRId64,
		    src->seq, r->t.db->dialect->track->text,
		    all.brand != LITE ? "coalesce(old, k)" : src->key[0],
		    r->t.db->dialect->track->text, src->from, src->seq,
		    r->last),
		2, &rows, &err))
		die("number > last", err.msg);
	for (size_t i = 0; i < rows.n; i++) {
		r->last = MAX(r->last, atoll(texts_get(&rows, i, 0)));
		all.seen[BY_NUMBER][atoll(texts_get(&rows, i, 1))] = true;
	}
}

static int
last_of_log(void)
{
	return all.brand == PG ? BY_XID : all.brand == MY ? BY_GAPS : BY_READER;
}

static void
look(struct reader *r)
{
	struct arena *arena = arena_new(16384);
	struct err err = ERR_INIT;

	if (reader_before(r->t.aside, arena, &r->log[BY_WINDOW], &err) ||
	    r->t.db->drv->snapshot_begin(r->t.db, NULL, &err))
		die("snapshot", err.msg);
	see(r, &r->t.source, BY_READER, arena);
	for (int who = BY_GAPS; who <= last_of_log(); who++)
		see(r, &r->log[who], (enum seer)who, arena);
	see_by_number(r, arena);
	r->t.db->drv->snapshot_end(r->t.db);
	arena_free(arena);
}

static void
open_reader(struct reader *r)
{
	static const char *const key = "k", *const old = "old";
	const struct change_source *own;

	*r = (struct reader){ .last = 0 };
	tracking_open(&r->t, all.url);
	tracking_install(&r->t, "t");
	ok(r->t.why == NULL, "%s: t is tracked", brand_name(all.brand));
	own = &r->t.source;
	r->type =
	    pair_vtype(r->t.db, own->columns[0], r->t.db, own->columns[0]);
	for (int who = BY_GAPS; who <= BY_XID; who++)
		r->log[who] = (struct change_source){
			.from = all.brand == PG ? "tu_source.log" : "log",
			.where = "k >= 0",
			.gap_seconds = GAP_SECONDS,
			.nkeys = 1,
			.key = &key,
			.key_old = &old,
			.columns = own->columns,
			.install_id = "-"
		};
	r->log[BY_GAPS].kind = READ_GAPS;
	r->log[BY_GAPS].seq = "id";
	r->log[BY_GAPS].pointer = "SELECT '0'";
	r->log[BY_WINDOW].kind = READ_WINDOW;
	r->log[BY_WINDOW].at = "at";
	r->log[BY_WINDOW].skew = 2;
	r->log[BY_XID].kind = READ_SNAPSHOT;
	r->log[BY_XID].seq = "xid::text::xid8";
	look(r);
}

static void
close_reader(struct reader *r)
{
	for (int i = 0; i < SEERS; i++)
		free((char *)r->position[i]);
	tracking_close(&r->t);
}

/* --- the stress ----------------------------------------------------------- */

static size_t
count_lost(enum seer who)
{
	size_t n = 0;

	for (int64_t k = 0; k < all.next; k++)
		n += all.committed[k] && !all.seen[who][k];
	return n;
}

static size_t
count_committed(void)
{
	size_t n = 0;

	for (int64_t k = 0; k < all.next; k++)
		n += all.committed[k];
	return n;
}

static void
run_writers(struct reader *r)
{
	double seconds = longest < 1 ? 2 : 3 * longest;
	pthread_t threads[WRITERS];
	unsigned seeds[WRITERS];
	time_t end;

	all.stop = false;
	for (int i = 0; i < WRITERS; i++) {
		seeds[i] = (unsigned)tap_random();
		if (pthread_create(&threads[i], NULL, writer, &seeds[i]) != 0)
			die("pthread_create", "failed");
	}
	for (end = time(NULL) + (time_t)seconds; time(NULL) < end;) {
		look(r);
		pause_for(0.02);
	}
	pthread_mutex_lock(&all.lock);
	all.stop = true;
	pthread_mutex_unlock(&all.lock);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
}

static bool
has_gaps(const struct reader *r)
{
	const char *p = r->position[all.brand != LITE ? BY_GAPS : BY_READER];
	const char *own = r->position[BY_READER];

	return strcmp(strrchr(p, '\t'), "\t-") != 0 ||
	       (all.brand == MY && strcmp(strrchr(own, '\t'), "\t-") != 0);
}

static void
stress_log(const char *name)
{
	is_int(
	    (int)count_lost(BY_GAPS), 0, "%s: nor by numbers and gaps", name);
	is_int((int)count_lost(PENDING), 0, "%s: all are pending", name);
	if (all.brand == MY)
		return;
	is_int((int)count_lost(BY_WINDOW), 0, "%s: nor by times", name);
	is_int((int)count_lost(BY_XID), 0, "%s: nor by transactions", name);
}

static void
stress(struct reader *r, const char *name)
{
	run_writers(r);
	look(r);
	ok(count_committed() > 0, "%s: %zu changes", name, count_committed());
	is_int((int)count_lost(BY_READER), 0, "%s: none is lost", name);
	if (all.brand != LITE)
		stress_log(name);
	/* Numbers that were rolled back are given up when nobody can have
	 * them; who has a transaction open anywhere keeps them for a while. */
	r->t.source.gap_seconds = r->log[BY_GAPS].gap_seconds = 0;
	for (int i = 0; i < 600 && has_gaps(r); i++) {
		pause_for(0.1);
		look(r);
	}
	ok(!has_gaps(r), "%s: no gap stays open", name);
	printf("# %s: 'number > last' lost %zu\n", name, count_lost(BY_NUMBER));
}

/*
 * The same by hand: one writer takes a number, the next commits a higher one,
 * the reader reads, the first commits.
 */
static void
overtake(struct reader *r, const char *name)
{
	struct db *first = tracking_connect(all.url, DB_WRITE);
	struct db *second = tracking_connect(all.url, DB_WRITE);
	int64_t a = new_key(), b = new_key();

	tracking_run(first, "BEGIN");
	tracking_run(first, "SAVEPOINT s");
	insert(first, a);
	insert(second, b);
	look(r);
	ok(all.seen[BY_READER][b] && !all.seen[BY_READER][a],
	    "%s: the second is there first", name);
	/* However old the gap, an uncommitted row keeps it. */
	look(r);
	tracking_run(first, "COMMIT");
	look(r);
	ok(all.seen[BY_READER][a], "%s: and the first is not missed", name);
	for (int who = BY_GAPS; who <= last_of_log(); who++)
		ok(all.seen[who][a], "%s: nor from a log, %d", name, who);
	ok(!all.seen[BY_NUMBER][a] && all.seen[BY_NUMBER][b],
	    "%s: as 'number > last' does", name);
	db_close(second);
	db_close(first);
}

static const char *const create[BRANDS] = {
	[LITE] = "PRAGMA journal_mode = WAL;\n"
		 "CREATE TABLE t (k INTEGER PRIMARY KEY)",
	[PG] = "CREATE TABLE t (k bigint PRIMARY KEY);"
	       "CREATE TABLE log (id bigserial PRIMARY KEY, k bigint, old "
	       "bigint, at timestamptz DEFAULT now(), xid bigint DEFAULT "
	       "txid_current())",
	[MY] = "CREATE TABLE t (k BIGINT PRIMARY KEY) ENGINE=InnoDB;"
	       "CREATE TABLE log (id BIGINT AUTO_INCREMENT PRIMARY KEY, k "
	       "BIGINT, old BIGINT) ENGINE=InnoDB",
};

static void
test_brand(enum brand brand)
{
	const char *name = brand_name(brand);
	struct world w;
	struct reader r;

	if (!brand_available(brand))
		return;
	world_open(&w, brand, brand);
	world_run(&w, SOURCE, create[brand]);
	all.brand = brand;
	all.url = w.url[SOURCE];
	all.next = 0;
	memset(all.committed, 0, sizeof(all.committed));
	memset(all.seen, 0, sizeof(all.seen));
	open_reader(&r);
	stress(&r, name);
	if (brand != LITE)
		overtake(&r, name);
	close_reader(&r);
	if (brand == PG)
		world_run(&w, SOURCE, "DROP SCHEMA " TRACK_SCHEMA " CASCADE");
	world_close(&w);
}

int
main(void)
{
	const char *seconds = getenv("TRUEUP_STRESS");

	if (seconds != NULL)
		longest = atof(seconds);
	for (int b = 0; b < BRANDS; b++)
		test_brand((enum brand)b);
	return tap_done();
}

#include <config.h>

#include "db/opening.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/wait.h"

#define TICK_MS 50
/* What fails at once, too, has the time to say so. */
#define GRACE 1.0

struct opening {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	const struct db_driver *drv;
	char *url;
	enum db_mode mode;
	/* Whoever comes second tidies up. */
	bool finished, abandoned;
	struct db *db;
	enum status status;
	struct err err;
};

static atomic_bool left_behind;

static void
opening_free(struct opening *o)
{
	pthread_mutex_destroy(&o->lock);
	pthread_cond_destroy(&o->wake);
	free(o->url);
	free(o);
}

static void *
thread_main(void *arg)
{
	struct opening *o = arg;
	bool abandoned;

	o->status = o->drv->open(o->url, o->mode, &o->db, &o->err);
	pthread_mutex_lock(&o->lock);
	o->finished = true;
	abandoned = o->abandoned;
	pthread_cond_signal(&o->wake);
	pthread_mutex_unlock(&o->lock);
	if (abandoned) {
		if (o->status == TU_OK)
			o->drv->close(o->db);
		opening_free(o);
	}
	return NULL;
}

static void
wake(void *arg)
{
	struct opening *o = arg;

	pthread_mutex_lock(&o->lock);
	pthread_cond_signal(&o->wake);
	pthread_mutex_unlock(&o->lock);
}

/* False: a signal came first, or it is in vain. */
static bool
wait_for(struct opening *o, const atomic_bool *vain)
{
	struct interrupt_action action = { .run = wake, .arg = o };
	double until = 0;
	bool finished;

	interrupt_add(&action);
	pthread_mutex_lock(&o->lock);
	while (!o->finished && !interrupted() &&
	       (until == 0 || clock_seconds() < until)) {
		(void)wait_ms(&o->wake, &o->lock, TICK_MS);
		if (until == 0 && atomic_load(vain))
			until = clock_seconds() + GRACE;
	}
	pthread_mutex_unlock(&o->lock);
	interrupt_remove(&action);
	/* From here on the thread may be the only one that knows of it. */
	pthread_mutex_lock(&o->lock);
	finished = o->finished;
	o->abandoned = !finished;
	pthread_mutex_unlock(&o->lock);
	return finished;
}

enum status
opening_run(const struct db_driver *drv, const char *url, enum db_mode mode,
    const atomic_bool *vain, struct db **out, struct err *err)
{
	struct opening *o = calloc(1, sizeof(*o));
	pthread_t thread;
	enum status st;

	if (o == NULL)
		out_of_memory(sizeof(*o));
	*o = (struct opening){
		.drv = drv, .url = strdup(url), .mode = mode, .err = ERR_INIT
	};
	if (o->url == NULL)
		out_of_memory(strlen(url));
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->wake, NULL);
	if (pthread_create(&thread, NULL, thread_main, o) != 0) {
		opening_free(o);
		return drv->open(url, mode, out, err);
	}
	if (!wait_for(o, vain)) {
		atomic_store(&left_behind, true);
		pthread_detach(thread);
		return err_set(err, TU_EINTERRUPTED, "interrupted");
	}
	pthread_join(thread, NULL);
	*out = o->db;
	st = o->status;
	if (st)
		*err = o->err;
	opening_free(o);
	return st;
}

bool
opening_left_behind(void)
{
	return atomic_load(&left_behind);
}

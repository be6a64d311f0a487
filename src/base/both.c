#include <config.h>

#include "base/both.h"

#include <pthread.h>

struct first {
	enum status (*fn)(void *arg, int side, struct err *err);
	void *arg;
	struct err err;
	enum status status;
};

static void *
thread_main(void *arg)
{
	struct first *f = arg;

	f->status = f->fn(f->arg, 0, &f->err);
	return NULL;
}

enum status
both_sides(enum status (*fn)(void *arg, int side, struct err *err), void *arg,
    struct err *err)
{
	struct first f = { .fn = fn, .arg = arg, .err = ERR_INIT };
	pthread_t thread;
	bool threaded = pthread_create(&thread, NULL, thread_main, &f) == 0;
	enum status st;

	if (!threaded)
		thread_main(&f);
	st = fn(arg, 1, err);
	if (threaded)
		pthread_join(thread, NULL);
	if (f.status == TU_OK)
		return st;
	*err = f.err;
	return f.status;
}

/*
 * opening.h - a connection is waited for no longer than the user waits.
 */
#ifndef TU_DB_OPENING_H
#define TU_DB_OPENING_H

#include <stdatomic.h>

#include "db/db.h"

/*
 * drv->open() in a thread of its own, as no library can be told to give up.
 * TU_EINTERRUPTED after a signal, or a second after *vain has become true: the
 * thread is left to its fate, and closes what it may yet open. For drivers
 * whose connections any thread can use.
 */
enum status opening_run(const struct db_driver *drv, const char *url,
    enum db_mode mode, const atomic_bool *vain, struct db **out,
    struct err *err);

/* Is there such a thread? Then only _exit() is safe: what exit() tidies up is
 * still in its use. */
bool opening_left_behind(void);

#endif

/*
 * wait.h - waiting for another thread, but not forever.
 */
#ifndef TU_BASE_WAIT_H
#define TU_BASE_WAIT_H

#include <pthread.h>

#include "base/base.h"

/* pthread_cond_wait() for so many milliseconds at most; false if they are over.
 * As there it can come back for nothing. */
bool wait_ms(pthread_cond_t *changed, pthread_mutex_t *lock, unsigned ms);

#endif

#include <config.h>

#include "base/wait.h"

#include <errno.h>
#include <time.h>

bool
wait_ms(pthread_cond_t *changed, pthread_mutex_t *lock, unsigned ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	return pthread_cond_timedwait(changed, lock, &until) != ETIMEDOUT;
}

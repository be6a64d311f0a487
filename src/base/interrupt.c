#include <config.h>

#include "base/interrupt.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"

#define SAME_SECONDS 1.0

/* Signals belong to the process, so their state does too. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct interrupt_action *actions;
static void (*reporter)(void);
static atomic_int arrived;
static bool is_child;
static sem_t started;

static void
report(void)
{
	pthread_mutex_lock(&lock);
	if (reporter != NULL)
		reporter();
	pthread_mutex_unlock(&lock);
}

static void *
wait_for_signals(void *arg)
{
	sigset_t *set = arg;
	double first = clock_seconds();
	int sig;

	sem_post(&started);
	for (;;) {
		if (sigwait(set, &sig) != 0)
			continue;
		if (sig == SIGUSR1 || sig == SIGALRM) {
			report();
			continue;
		}
		if (atomic_load(&arrived) != 0) {
			if (is_child && clock_seconds() - first < SAME_SECONDS)
				continue;
			_exit(128 + sig);
		}
		first = clock_seconds();
		atomic_store(&arrived, sig);
		pthread_mutex_lock(&lock);
		for (struct interrupt_action *a = actions; a; a = a->next)
			a->run(a->arg);
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

enum status
interrupt_start(struct err *err)
{
	static sigset_t set;
	pthread_t thread;
	int rc;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGALRM);
	signal(SIGPIPE, SIG_IGN); /* a closed pipe is a write error, EPIPE */
	signal(SIGXFSZ, SIG_IGN); /* so is a file at its limit, EFBIG */
	sem_init(&started, 0, 0);
	rc = pthread_sigmask(SIG_BLOCK, &set, NULL);
	if (rc == 0)
		rc = pthread_create(&thread, NULL, wait_for_signals, &set);
	if (rc != 0)
		return err_set(err, TU_EBUG,
		    "cannot start the signal thread: %s", strerror(rc));
	pthread_detach(thread);
	/* A fork() while it starts would copy an allocator that is locked for
	 * good: ASan's did so in one of 80 audits. */
	while (sem_wait(&started) != 0 && errno == EINTR)
		;
	return TU_OK;
}

pid_t
interrupt_fork(void)
{
	pid_t pid;

	pthread_mutex_lock(&lock);
	pid = fork();
	if (pid != 0)
		pthread_mutex_unlock(&lock);
	return pid;
}

enum status
interrupt_restart(struct err *err)
{
	is_child = true;
	actions = NULL;
	reporter = NULL;
	pthread_mutex_init(&lock, NULL); /* held by interrupt_fork() */
	return interrupt_start(err);
}

bool
interrupted(void)
{
	return atomic_load_explicit(&arrived, memory_order_relaxed) != 0;
}

int
interrupt_signal(void)
{
	return atomic_load(&arrived);
}

void
interrupt_add(struct interrupt_action *action)
{
	pthread_mutex_lock(&lock);
	action->next = actions;
	actions = action;
	pthread_mutex_unlock(&lock);
}

void
interrupt_remove(struct interrupt_action *action)
{
	struct interrupt_action **p = &actions;

	pthread_mutex_lock(&lock);
	while (*p != NULL && *p != action)
		p = &(*p)->next;
	if (*p != NULL)
		*p = action->next;
	pthread_mutex_unlock(&lock);
}

void
interrupt_report(void (*report_to)(void), unsigned seconds)
{
	const struct timeval interval = { .tv_sec = (time_t)seconds };
	const struct itimerval timer = { interval, interval };

	pthread_mutex_lock(&lock);
	reporter = report_to;
	pthread_mutex_unlock(&lock);
	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

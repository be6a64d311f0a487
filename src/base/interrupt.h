/*
 * interrupt.h - SIGINT, SIGTERM, SIGPIPE and SIGUSR1.
 *
 * interrupt_start() blocks the signals in every thread that is started later
 * and lets one thread of its own wait for them. When one arrives, the flag is
 * raised and every registered action runs in that thread (a driver registers
 * "cancel my running statement"); a second signal ends the process at once.
 * Loops that read rows ask interrupted() and return TU_EINTERRUPTED.
 *
 * SIGUSR1 asks where the run is, whatever it waits for: the same thread calls
 * who can say so. Nothing else comes of it.
 */
#ifndef TU_BASE_INTERRUPT_H
#define TU_BASE_INTERRUPT_H

#include <sys/types.h>

#include "base/err.h"

/* One registered action; lives in its owner, which must remove it. */
struct interrupt_action {
	void (*run)(void *arg);
	void *arg;
	struct interrupt_action *next;
};

enum status interrupt_start(struct err *err);

/* fork() while that thread does nothing that holds a lock. */
pid_t interrupt_fork(void);

/*
 * In a child made that way, before anything else: threads do not come along,
 * and the actions were the parent's. A signal often reaches parent and child
 * both, and the parent passes it on: what comes again within a moment is not a
 * second one.
 */
enum status interrupt_restart(struct err *err);

bool interrupted(void);
int interrupt_signal(void); /* the signal that arrived, 0 for none */
void interrupt_add(struct interrupt_action *action);
void interrupt_remove(struct interrupt_action *action);

/* Call report() in that thread on SIGUSR1 and, unless seconds is 0, as often as
 * that (by SIGALRM). NULL ends it; no call is under way when this returns. */
void interrupt_report(void (*report)(void), unsigned seconds);

#endif

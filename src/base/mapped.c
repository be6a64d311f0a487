#include <config.h>

#include "base/mapped.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the thread goes on when what it reads is not there. */
static _Thread_local sigjmp_buf *way_out;

static void
on_bus_error(int sig)
{
	if (way_out != NULL)
		siglongjmp(*way_out, 1);
	signal(sig, SIG_DFL); /* and it happens again */
}

static void
handle_bus_errors(void)
{
	/* SA_NODEFER, because the jump leaves the handler for good. */
	struct sigaction sa = { .sa_handler = on_bus_error,
		.sa_flags = SA_NODEFER };

	sigaction(SIGBUS, &sa, NULL);
}

const void *
mapped_open(int fd, size_t len)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct stat sb;
	void *p;

	if (fstat(fd, &sb) != 0 || sb.st_size < 0 || (size_t)sb.st_size < len)
		return NULL;
	pthread_once(&once, handle_bus_errors);
	p = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	return p == MAP_FAILED ? NULL : p;
}

void
mapped_close(const void *data, size_t len)
{
	if (data != NULL)
		munmap((void *)(uintptr_t)data, len);
}

void
mapped_forget(const void *data, size_t len)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = (uintptr_t)data & ~(page - 1);

	madvise((void *)from, (uintptr_t)data + len - from, MADV_DONTNEED);
}

bool
mapped_try(void (*run)(void *arg), void *arg)
{
	sigjmp_buf here;
	bool whole = false;

	way_out = &here;
	if (sigsetjmp(here, 0) == 0) {
		run(arg);
		whole = true;
	}
	way_out = NULL;
	return whole;
}

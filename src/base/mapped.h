/*
 * mapped.h - reading a file that is mapped into memory.
 *
 * Where a mapped file cannot be read any more (somebody cut it off, the disk
 * fails) the kernel sends SIGBUS instead of an error; whoever touches such
 * memory does it in here.
 */
#ifndef TU_BASE_MAPPED_H
#define TU_BASE_MAPPED_H

#include "base/base.h"

/* The first len bytes of a file, for reading; NULL if it is shorter or cannot
 * be mapped. */
const void *mapped_open(int fd, size_t len);
void mapped_close(const void *data, size_t len); /* NULL is allowed */

/* What lies there was read and counts for nothing any more: it need not stay
 * among the memory of this process. Reading it again is allowed. */
void mapped_forget(const void *data, size_t len);

/*
 * Run a function that reads mapped memory; false if it was left in the middle
 * because that cannot be read. So it must not hold a lock or call into another
 * library.
 */
bool mapped_try(void (*run)(void *arg), void *arg);

#endif

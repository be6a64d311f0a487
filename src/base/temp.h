/*
 * temp.h - a file without a name.
 */
#ifndef TU_BASE_TEMP_H
#define TU_BASE_TEMP_H

#include <sys/types.h>

#include "base/err.h"

/*
 * Open a new file for reading and writing in TMPDIR (else /tmp) that no other
 * process can open and that is gone when *fd is closed, however the program
 * ends.
 */
enum status temp_open(int *fd, struct err *err);

/* All n bytes at a place of it. */
enum status temp_write(
    int fd, const void *data, size_t n, off_t at, struct err *err);
enum status temp_read(int fd, void *data, size_t n, off_t at, struct err *err);

/* For a failed read or write in another way: errno, and TMPDIR when full. */
enum status temp_error(struct err *err, const char *verb, int error);

#endif

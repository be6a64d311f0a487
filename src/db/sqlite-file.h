/*
 * sqlite-file.h - a descriptor of our own for a file that SQLite has open.
 *
 * POSIX drops all locks that a process has on a file as soon as it closes any
 * descriptor of it; SQLite's locks, too, which hold the snapshot
 * (https://sqlite.org/howtocorrupt.html, 2.2). So the process knows which
 * files its connections have open, opens each at most once besides, and closes
 * that only behind the last connection to the file.
 */
#ifndef TU_DB_SQLITE_FILE_H
#define TU_DB_SQLITE_FILE_H

#include "base/base.h"

struct sqlite_file;

/* A connection to the file at path is open; NULL if that is no file. */
struct sqlite_file *sqlite_file_enter(const char *path);
/* It is closed. NULL is allowed. */
void sqlite_file_leave(struct sqlite_file *file);

/* The descriptor, for reading; -1 if the file cannot be opened or the path
 * leads to another one by now. It stays ours. */
int sqlite_file_descriptor(struct sqlite_file *file, const char *path);

#endif

#include <config.h>

#include "db/sqlite-file.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"

struct sqlite_file {
	dev_t dev;
	ino_t ino;
	unsigned uses;
	int fd; /* -1: not opened */
	struct sqlite_file *next;
};

/* Locks belong to the process, so this list does too. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sqlite_file *files;

static bool
is_file(const struct sqlite_file *f, const struct stat *sb)
{
	return f->dev == sb->st_dev && f->ino == sb->st_ino;
}

struct sqlite_file *
sqlite_file_enter(const char *path)
{
	struct sqlite_file *f;
	struct stat sb;

	if (path == NULL || stat(path, &sb) != 0 || !S_ISREG(sb.st_mode))
		return NULL;
	pthread_mutex_lock(&lock);
	for (f = files; f != NULL && !is_file(f, &sb); f = f->next)
		;
	if (f == NULL) {
		f = calloc(1, sizeof(*f));
		if (f == NULL)
			out_of_memory(sizeof(*f));
		*f = (struct sqlite_file){ .dev = sb.st_dev,
			.ino = sb.st_ino,
			.fd = -1,
			.next = files };
		files = f;
	}
	f->uses++;
	pthread_mutex_unlock(&lock);
	return f;
}

void
sqlite_file_leave(struct sqlite_file *file)
{
	struct sqlite_file **at = &files;

	if (file == NULL)
		return;
	pthread_mutex_lock(&lock);
	if (--file->uses == 0) {
		while (*at != file)
			at = &(*at)->next;
		*at = file->next;
		if (file->fd >= 0)
			close(file->fd);
		free(file);
	}
	pthread_mutex_unlock(&lock);
}

int
sqlite_file_descriptor(struct sqlite_file *file, const char *path)
{
	struct stat sb;
	int fd;

	pthread_mutex_lock(&lock);
	/* A file of another name is not opened: its locks may be ours too. */
	if (file->fd < 0 && stat(path, &sb) == 0 && is_file(file, &sb))
		file->fd = open(path, O_RDONLY | O_CLOEXEC);
	fd = file->fd;
	pthread_mutex_unlock(&lock);
	return fd >= 0 && fstat(fd, &sb) == 0 && is_file(file, &sb) ? fd : -1;
}

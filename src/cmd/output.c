#include <config.h>

#include "cmd/output.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"

#define TEMP_TRIES 100

static enum status
fail(const struct output *out, const char *what, struct err *err)
{
	const char *quote = out->fp == stdout ? "" : "'";

	return err_set(err, TU_EIO, "cannot %s %s%s%s: %s", what, quote,
	    out->name, quote, strerror(errno));
}

static char *
must_strdup(const char *s)
{
	char *copy = strdup(s);

	if (copy == NULL)
		out_of_memory(strlen(s) + 1);
	return copy;
}

static char *
temp_name(const char *path, int try)
{
	char *name;

	if (asprintf(&name, "%s.%ld-%d.tmp", path, (long)getpid(), try) < 0)
		out_of_memory(strlen(path));
	return name;
}

/* mkstemp() would make it 0600; a result has the mode that > would give it. */
static int
open_temp(struct output *out)
{
	int fd = -1;

	for (int try = 0; try < TEMP_TRIES && fd < 0; try++) {
		free(out->temp);
		out->temp = temp_name(out->path, try);
		fd = open(
		    out->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd < 0) {
		int saved = errno;

		free(out->temp);
		out->temp = NULL;
		errno = saved;
	}
	return fd;
}

/* Through a symbolic link, so that the rename replaces what it points to. */
static char *
real_path(const char *path)
{
	char *real = realpath(path, NULL);

	return real != NULL ? real : must_strdup(path);
}

/* The name of one is easily taken for that of a file to be written. */
static bool
is_database(const char *path)
{
	static const char magic[16] = "SQLite format 3";
	char head[sizeof(magic)];
	FILE *f = fopen(path, "re");
	bool is = f != NULL && fread(head, sizeof(head), 1, f) == 1 &&
	          memcmp(head, magic, sizeof(magic)) == 0;

	if (f != NULL)
		fclose(f);
	return is;
}

enum status
output_open(struct output *out, const char *path, struct err *err)
{
	struct stat sb;
	bool exists;
	int fd;

	*out = (struct output){ .name = path ? path : "standard output" };
	if (path == NULL) {
		out->fp = stdout;
		return TU_OK;
	}
	exists = stat(path, &sb) == 0;
	if (exists && S_ISREG(sb.st_mode) && is_database(path))
		return err_set(err, TU_EUSAGE,
		    "'%s' is a SQLite database; no result is written over it",
		    path);
	if (exists && !S_ISREG(sb.st_mode)) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
	} else {
		out->path = real_path(path);
		fd = open_temp(out);
		if (fd >= 0 && exists && fchmod(fd, sb.st_mode & 07777) != 0)
			goto failed;
	}
	if (fd < 0)
		goto failed;
	out->fp = fdopen(fd, "w");
	if (out->fp != NULL)
		return TU_OK;
failed:
	fail(out, "write", err);
	if (fd >= 0)
		close(fd);
	output_discard(out);
	return err->status;
}

static enum status
sync_directory(const struct output *out, struct err *err)
{
	char *copy = must_strdup(out->path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum status st = TU_OK;

	/* Some file systems cannot sync a directory, and say EINVAL. */
	if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL))
		st = fail(out, "make durable", err);
	if (fd >= 0)
		close(fd);
	free(copy);
	return st;
}

bool
output_replaces(const struct output *out)
{
	return out->path != NULL && access(out->path, F_OK) == 0;
}

enum status
output_commit(struct output *out, bool durable, struct err *err)
{
	bool sync = durable && out->path != NULL;
	enum status st = TU_OK;

	if (fflush(out->fp) != 0 || ferror(out->fp)) {
		st = fail(out, "write", err);
	} else if (sync && fsync(fileno(out->fp)) != 0) {
		st = fail(out, "make durable", err);
	} else if (out->fp != stdout) {
		if (fclose(out->fp) != 0)
			st = fail(out, "write", err);
		out->fp = NULL;
	}
	if (st == TU_OK && out->temp != NULL) {
		if (rename(out->temp, out->path) != 0)
			return fail(out, "write", err);
		free(out->temp);
		out->temp = NULL;
	}
	if (st == TU_OK && sync)
		st = sync_directory(out, err);
	return st;
}

void
output_discard(struct output *out)
{
	if (out->fp != NULL && out->fp != stdout)
		fclose(out->fp);
	out->fp = NULL;
	if (out->temp != NULL)
		unlink(out->temp);
	free(out->temp);
	free(out->path);
	out->temp = NULL;
	out->path = NULL;
}

bool
output_unread(const struct output *out)
{
	struct pollfd p = { .events = POLLOUT };

	if (out->fp == NULL || !ferror(out->fp))
		return false;
	p.fd = fileno(out->fp);
	return poll(&p, 1, 0) == 1 && (p.revents & POLLERR) != 0;
}

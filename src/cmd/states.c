#include <config.h>

#include "cmd/states.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/metrics.h"
#include "cmd/output.h"

/* An empty one is of a run that has not got far enough to say so. */
static bool
is_there(const char *path)
{
	struct stat sb;

	if (path == NULL)
		return false;
	return stat(path, &sb) == 0 ? !S_ISREG(sb.st_mode) || sb.st_size > 0
	                            : errno != ENOENT;
}

static void
read_one(struct state *state, struct arena *arena)
{
	struct history *h;
	struct err err = ERR_INIT;

	state->exists = is_there(state->path);
	if (!state->exists)
		return;
	if (history_open(state->path, state->pair, HISTORY_READ, &h, &err) ==
	    TU_OK)
		(void)history_read(h, arena, &state->is, &err);
	history_close(h);
	if (err.status == TU_OK)
		return;
	state->failed = err.status;
	state->why = arena_strdup(arena, err.msg);
}

void
states_read(struct state *states, size_t n, struct arena *arena)
{
	for (size_t i = 0; i < n; i++)
		read_one(&states[i], arena);
}

static enum status
write_text(const char *path, const struct buf *text, struct err *err)
{
	struct output out;
	enum status st = output_open(&out, path, err);

	if (st)
		return st;
	/* Whatever the umask: another user's node_exporter reads it. */
	if (out.path != NULL)
		(void)fchmod(fileno(out.fp), 0644);
	fwrite(text->data, 1, text->len, out.fp);
	st = output_commit(&out, true, err);
	output_discard(&out);
	return st;
}

enum status
metrics_write(const char *path, struct state *states, size_t n, struct err *err)
{
	struct arena *arena = arena_new(16384);
	struct history_status *known =
	    arena_alloc(arena, (n + 1) * sizeof(*known));
	const struct state *failed = NULL;
	struct buf text = BUF_INIT;
	size_t nknown = 0;
	enum status st;

	states_read(states, n, arena);
	for (size_t i = 0; i < n; i++) {
		if (states[i].why != NULL)
			failed = &states[i];
		else if (states[i].exists)
			known[nknown++] = states[i].is;
	}
	metrics_add(&text, known, nknown);
	st = write_text(path, &text, err);
	/* The file is at fault, not the call. */
	if (st == TU_OK && failed != NULL)
		st = err_set(err,
		    failed->failed == TU_EUSAGE ? TU_EIO : failed->failed,
		    "metrics of one pair less: %s", failed->why);
	buf_free(&text);
	arena_free(arena);
	return st;
}

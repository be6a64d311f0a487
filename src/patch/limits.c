#include <config.h>

#include "patch/limits.h"

#include <inttypes.h>

static bool
exceeds(const struct limit *limit, uint64_t n, uint64_t of)
{
	return n > limit->rows ||
	       (limit->percent >= 0 &&
		   (double)n * 100 > limit->percent * (double)of);
}

static enum status
too_many(const struct pair *pair, const struct limit *limit, uint64_t n,
    uint64_t of, const char *what, const char *option, struct err *err)
{
	if (n > limit->rows)
		err_set(err, TU_ECONFLICT,
		    "table '%s': %" PRIu64 " rows would be %s, more than the "
		    "limit of %" PRIu64 "; nothing was written",
		    pair->name, n, what, limit->rows);
	else
		err_set(err, TU_ECONFLICT,
		    "table '%s': %" PRIu64 " of %" PRIu64 " rows would be %s, "
		    "more than the limit of %g %%; nothing was written",
		    pair->name, n, of, what, limit->percent);
	return err_hint(err, "%s=N or %s=N%% allows more", option, option);
}

enum status
limits_check(const struct pair *pair, const struct tally *tally,
    const bool ops[CHANGE_OPS], const struct limits *limits, struct err *err)
{
	uint64_t has = tally->rows[TARGET], changed = 0, lost;

	for (int op = 0; op < CHANGE_OPS; op++)
		changed += ops[op] ? tally->patchable[op] : 0;
	lost = ops[CHANGE_DELETE] ? tally->patchable[CHANGE_DELETE] : 0;
	if (lost > 0 && !limits->deletes.given && tally->rows[SOURCE] == 0) {
		err_set(err, TU_ECONFLICT,
		    "table '%s' is empty in the source: all %" PRIu64
		    " rows of the target would be deleted; nothing was written",
		    pair->name, lost);
		return err_hint(
		    err, "--max-delete=N or --max-delete=N%% allows more");
	}
	if (lost > 0 && exceeds(&limits->deletes, lost, has))
		return too_many(pair, &limits->deletes, lost, has, "deleted",
		    "--max-delete", err);
	if (changed > 0 && exceeds(&limits->changes, changed, has))
		return too_many(pair, &limits->changes, changed, has, "changed",
		    "--max-changes", err);
	return TU_OK;
}

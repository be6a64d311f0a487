#include <config.h>

#include "base/temp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

static const char *
temp_dir(void)
{
	const char *dir = getenv("TMPDIR");

	return dir != NULL && *dir != '\0' ? dir : "/tmp";
}

enum status
temp_open(int *fd, struct err *err)
{
	struct buf name = BUF_INIT;
	enum status st = TU_OK;

	buf_addf(&name, "%s/trueup.XXXXXX", temp_dir());
	buf_str(&name);
	*fd = mkostemp(name.data, O_CLOEXEC);
	if (*fd < 0)
		st = temp_error(err, "create", errno);
	else
		unlink(name.data);
	buf_free(&name);
	return st;
}

enum status
temp_error(struct err *err, const char *verb, int error)
{
	enum status st =
	    err_set(err, TU_EIO, "cannot %s a temporary file in %s: %s", verb,
		temp_dir(), strerror(error));

	if (error == ENOSPC || error == EDQUOT)
		err_hint(err,
		    "set TMPDIR to a directory with more room: the changes of "
		    "a run are kept there until they are written");
	return st;
}

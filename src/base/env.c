#include <config.h>

#include "base/env.h"

#include <stdlib.h>

const char *
env_text(const char *name)
{
	const char *s = getenv(name);

	return s == NULL || *s == '\0' ? NULL : s;
}

#include <config.h>

#include "diff/change.h"

bool
tally_differs(const struct tally *t)
{
	return t->ops[CHANGE_INSERT] || t->ops[CHANGE_UPDATE] ||
	       t->ops[CHANGE_DELETE] || t->unrepresentable || t->hidden_columns;
}

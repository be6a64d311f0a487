#include <config.h>

#include "db/dialect.h"

void
dialect_columns(struct buf *out, const struct dialect *d,
    const struct column *const *cols, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_adds(out, ", ");
		d->ident(out, cols[i]->name);
	}
}

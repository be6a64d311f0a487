#include <config.h>

#include "db/dialect.h"

#include <inttypes.h>

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

void
dialect_limit(struct buf *out, const struct dialect *d, uint64_t n)
{
	if (d->limit[0][0] != '\0')
		buf_addf(out, "%s%" PRIu64 "%s", d->limit[0], n, d->limit[1]);
}

void
dialect_skip(
    struct buf *out, const struct dialect *d, uint64_t skip, uint64_t n)
{
	buf_addf(out, "%s%" PRIu64 "%s%" PRIu64 "%s", d->skip[0], skip,
	    d->skip[1], n, d->skip[2]);
}

const char *
dialect_skip_quoted(const char *p)
{
	char quote = *p++;

	while (*p != '\0' && (*p != quote || p[1] == quote))
		p += *p == quote ? 2 : 1;
	return *p == '\0' ? p : p + 1;
}

bool
dialect_tells_rows(const struct dialect *d, const struct table *table)
{
	return d->delete_limit ||
	       (d->row_address != NULL && d->row_address(table) != NULL);
}

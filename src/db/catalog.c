#include <config.h>

#include "db/catalog.h"

#include <string.h>

const char *
relkind_name(enum relkind kind)
{
	static const char *const names[] = {
		[REL_TABLE] = "table",
		[REL_PARTITIONED] = "partitioned table",
		[REL_VIEW] = "view",
		[REL_MATVIEW] = "materialized view",
		[REL_FOREIGN] = "foreign table",
		[REL_QUERY] = "query",
	};

	return names[kind];
}

int
table_find_column(const struct table *table, const char *name)
{
	for (size_t i = 0; i < table->ncolumns; i++)
		if (strcmp(table->columns[i].name, name) == 0)
			return (int)i;
	return -1;
}

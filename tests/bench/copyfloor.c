/*
 * copyfloor URL URL TABLE - read a table of two PostgreSQL databases whole,
 * both at once, and do nothing with it: what any comparison that moves the rows
 * has to beat or pay.
 */
#include <config.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <libpq-fe.h>

#include "base/base.h"

struct side {
	const char *url, *table;
	pthread_t thread;
	size_t bytes;
	bool failed;
};

static bool
copy_out(PGconn *conn, struct side *side)
{
	char sql[256], *row;
	PGresult *res;
	bool copying, complete;
	int n;

	if (PQstatus(conn) != CONNECTION_OK)
		return false;
	snprintf(
	    sql, sizeof(sql), "COPY %s TO STDOUT (FORMAT binary)", side->table);
	res = PQexec(conn, sql);
	copying = PQresultStatus(res) == PGRES_COPY_OUT;
	PQclear(res);
	if (!copying)
		return false;
	while ((n = PQgetCopyData(conn, &row, 0)) > 0) {
		side->bytes += (size_t)n;
		PQfreemem(row);
	}
	res = PQgetResult(conn);
	complete = n == -1 && PQresultStatus(res) == PGRES_COMMAND_OK;
	PQclear(res);
	return complete;
}

static void *
read_side(void *arg)
{
	struct side *side = arg;
	PGconn *conn = PQconnectdb(side->url);

	side->failed = !copy_out(conn, side);
	if (side->failed)
		fprintf(stderr, "copyfloor: %s", PQerrorMessage(conn));
	PQfinish(conn);
	return NULL;
}

int
main(int argc, char **argv)
{
	struct side sides[2] = { 0 };
	bool failed = false;

	if (argc != 4) {
		fprintf(stderr, "usage: copyfloor URL URL TABLE\n");
		return 2;
	}
	for (int i = 0; i < 2; i++) {
		sides[i].url = argv[1 + i];
		sides[i].table = argv[3];
		if (pthread_create(
			&sides[i].thread, NULL, read_side, &sides[i]) != 0)
			abort();
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(sides[i].thread, NULL);
		failed = failed || sides[i].failed;
		printf("%zu bytes\n", sides[i].bytes);
	}
	return failed ? 2 : 0;
}

/*
 * pq.h - the PostgreSQL driver, over libpq. PostgreSQL 13 to 18.
 *
 * Rows come through COPY in its binary format because that costs the least on
 * both ends and needs no memory for what is still to come. A reading session
 * is read-only; it and a writing one differ in nothing else that values could
 * depend on. Several connections can share a snapshot, also on a standby.
 */
#ifndef TU_DB_PQ_H
#define TU_DB_PQ_H

#include "db/db.h"

extern const struct db_driver db_driver_pq;

#endif

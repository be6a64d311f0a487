/*
 * odbc.h - the driver for everything that unixODBC reaches.
 *
 * Names: odbc:DSN=name, odbc:Driver=...;Server=...; (any connection string),
 * mariadb://[user[:password]@]host[:port]/[database][?option=value...] and
 * mysql://..., for which an installed driver is looked up in odbcinst.ini.
 *
 * Which brand answers is asked of the driver (SQL_DBMS_NAME), not of the name;
 * odbc-int.h says what a brand is. One that is not known is read with standard
 * catalog calls and its rows are hashed here.
 */
#ifndef TU_DB_ODBC_H
#define TU_DB_ODBC_H

#include "db/db.h"

extern const struct db_driver db_driver_odbc;

#endif

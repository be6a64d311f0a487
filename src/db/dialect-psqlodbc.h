/*
 * dialect-psqlodbc.h - PostgreSQL through psqlODBC.
 *
 * That driver shows infinity as the end of the year 9999 or as a zero date,
 * pads char(n), spells uuids in upper case and rounds reals; whatever it would
 * change travels as the server's own text. Order and hashing are left to us,
 * as for any brand behind ODBC: libpq does better.
 */
#ifndef TU_DB_DIALECT_PSQLODBC_H
#define TU_DB_DIALECT_PSQLODBC_H

#include "db/dialect.h"

extern const struct dialect dialect_psqlodbc;

/* Read and write as VALUES 1.1 asks for, one statement a line. */
#define PSQLODBC_SESSION                          \
	"SET client_encoding = 'UTF8';\n"         \
	"SET standard_conforming_strings = on;\n" \
	"SET timezone = 'UTC';\n"                 \
	"SET datestyle = 'ISO, MDY';\n"           \
	"SET intervalstyle = 'iso_8601';\n"       \
	"SET extra_float_digits = 1;\n"           \
	"SET bytea_output = 'hex';\n"             \
	"SET row_security = off;\n"

/*
 * By col->type, which is format_type()'s text ("character varying(5)"): wire,
 * ltype, precision, scale, frac, maxlen, integer, boolean. The driver's own
 * numbers are not kept: it gives any numeric 28 digits, 6 behind the point.
 */
void psqlodbc_classify(struct column *col);

#endif

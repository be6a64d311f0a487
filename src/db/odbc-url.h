/*
 * odbc-url.h - names of databases to connection strings. Pure.
 *
 *	mariadb://[user[:password]@][host][:port][/database][?key=value&...]
 *	mysql://   the same
 *	odbc:NAME             the data source of that name (odbc.ini)
 *	odbc:KEY=value;...    a connection string as ODBC has it
 *
 * User, password, database and values are percent-decoded. Without a host the
 * server is asked through its socket. The keys of a URL are socket, ssl-ca,
 * ssl-capath, ssl-cert, ssl-key, ssl-cipher, ssl-verify, ssl and
 * connect-timeout; what is not known is an error.
 */
#ifndef TU_DB_ODBC_URL_H
#define TU_DB_ODBC_URL_H

#include "base/buf.h"
#include "base/err.h"

bool odbc_match(const char *url);

/* Is it mariadb:// or mysql://, for which a driver has to be found? */
bool odbc_needs_driver(const char *url);

struct odbc_names {
	struct buf connection; /* for SQLDriverConnect */
	struct buf display;    /* the same for people, without any secret */
	struct buf secret;     /* the password alone, empty if there is none */
};

void odbc_names_free(struct odbc_names *n);

/*
 * driver is the installed one for a URL, password what to use if the name has
 * none (NULL: nothing). TU_EUSAGE for a malformed name; the message does not
 * repeat it.
 */
enum status odbc_parse(const char *url, const char *driver,
    const char *password, struct odbc_names *out, struct err *err);

/* Which of n installed drivers serves MariaDB and MySQL, or NULL. */
const char *odbc_choose_driver(const char *const *names, size_t n);

/*
 * What MariaDB's driver has to be told, in this order, since OPTION sets all
 * its bits anew: an UPDATE counts the rows it finds (2), rows are not gathered
 * on this side (2^20, 2^21; libmaodbc calls it FORWARDONLY), texts are UTF-8.
 * It also puts out what a data source may have switched on and what would lie:
 * AUTO_RECONNECT, NO_BIGINT, zero dates made into real ones.
 */
#define ODBC_MARIADB_OPTIONS "OPTION=3145730;FORWARDONLY=1;CHARSET=utf8mb4;"

#endif

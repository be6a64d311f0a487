/*
 * Names of databases to connection strings: no value may begin another key, no
 * secret may be shown.
 */
#include <config.h>

#include "db/odbc-url.h"

#include "lib/tap.h"

#define HEAD "DRIVER={D};" ODBC_MARIADB_OPTIONS

static const struct {
	const char *url, *password; /* of the environment */
	const char *connection, *display, *secret;
} good[] = {
	{ "mariadb://u@h/d", NULL, HEAD "UID=u;SERVER=h;DATABASE=d;",
	    "mariadb://u@h/d", "" },
	{ "mysql://u:p@h:3307/d", NULL,
	    HEAD "UID=u;SERVER=h;PORT=3307;DATABASE=d;PWD=p;",
	    "mysql://u@h:3307/d", "p" },
	{ "MariaDB://h", NULL, HEAD "SERVER=h;", "MariaDB://h", "" },
	{ "mariadb://u@h/d", "env", HEAD "UID=u;SERVER=h;DATABASE=d;PWD=env;",
	    "mariadb://u@h/d", "env" },
	{ "mariadb://u:p@h/d", "env", HEAD "UID=u;SERVER=h;DATABASE=d;PWD=p;",
	    "mariadb://u@h/d", "p" },
	{ "mariadb://u%40x:a%3Bb%7D%7Bc@h/d%20e", NULL,
	    HEAD "UID={u@x};SERVER=h;DATABASE={d e};PWD={a;b}}{c};",
	    "mariadb://u@x@h/d e", "a;b}{c" },
	{ "mariadb://u:a@b@h/d", NULL,
	    HEAD "UID=u;SERVER=h;DATABASE=d;PWD={a@b};", "mariadb://u@h/d",
	    "a@b" },
	{ "mariadb://u@[::1]:3306/d", NULL,
	    HEAD "UID=u;SERVER=::1;PORT=3306;DATABASE=d;",
	    "mariadb://u@::1:3306/d", "" },
	{ "mariadb:///d?socket=/run/my%20s", NULL,
	    HEAD "SERVER=localhost;DATABASE=d;SOCKET={/run/my s};",
	    "mariadb:///d", "" },
	{ "mariadb://h/d?ssl-ca=/a&ssl-verify=1", NULL,
	    HEAD "SERVER=h;DATABASE=d;SSLCA=/a;SSLVERIFY=1;", "mariadb://h/d",
	    "" },
	{ "odbc:prod", NULL, "DSN=prod;", "odbc:prod", "" },
	{ "odbc:a;b", NULL, "DSN={a;b};", "odbc:a;b", "" },
	{ "odbc:DSN=prod;UID=u;PWD=tiger", NULL, "DSN=prod;UID=u;PWD=tiger;",
	    "odbc:DSN=prod;UID=u", "tiger" },
	{ "odbc:Driver={X};Password={ti;ger};Server=h;", NULL,
	    "Driver={X};Password={ti;ger};Server=h;",
	    "odbc:Driver={X};Server=h", "{ti;ger}" },
	{ "odbc:Driver=X;Token=tiger", NULL, "Driver=X;Token=tiger;",
	    "odbc:Driver=X", "" },
};

static const char *const bad[] = {
	"mariadb://u:tiger@h:x/d",
	"mariadb://u:tiger@h:99999/d",
	"mariadb://u:tiger@h:/d",
	"mariadb://u:tiger%@h/d",
	"mariadb://u:tiger%0@h/d",
	"mariadb://u:ti%00ger@h/d",
	"mariadb://u:tiger@[::1/d",
	"mariadb://u:tiger@[::1]x/d",
	"mariadb://u:tiger@h/d?charset=latin1",
	"mariadb://u:tiger@h/d?socket",
	"odbc:",
};

static void
test_good(size_t i)
{
	struct odbc_names n = { 0 };
	struct err err = ERR_INIT;

	ok(odbc_match(good[i].url), "%s is ours", good[i].url);
	ok(odbc_parse(good[i].url, "D", good[i].password, &n, &err) == TU_OK,
	    "%s: %s", good[i].url, err.msg);
	is_str(buf_str(&n.connection), good[i].connection, "what connects");
	is_str(buf_str(&n.display), good[i].display, "what is shown");
	is_str(buf_str(&n.secret), good[i].secret, "what is not");
	odbc_names_free(&n);
}

static void
test_bad(size_t i)
{
	struct odbc_names n = { 0 };
	struct err err = ERR_INIT;

	ok(odbc_parse(bad[i], "D", NULL, &n, &err) == TU_EUSAGE,
	    "%s is refused: %s", bad[i], err.msg);
	ok(strstr(err.msg, "tiger") == NULL &&
		strstr(err.hint, "tiger") == NULL,
	    "without its password");
	odbc_names_free(&n);
}

static void
test_choice(void)
{
	static const char *const all[] = { "FreeTDS", "MySQL ODBC 8.0 Unicode",
		"MariaDB", "MariaDB Unicode", "SQLite3" };

	is_str(odbc_choose_driver(all, 5), "MariaDB Unicode", "the best one");
	is_str(odbc_choose_driver(all, 3), "MariaDB", "the next best");
	is_str(odbc_choose_driver(all, 2), "MySQL ODBC 8.0 Unicode",
	    "MySQL's own");
	ok(odbc_choose_driver(all, 1) == NULL, "none");
	ok(!odbc_match("postgresql://h") && !odbc_match("mysql.db") &&
		!odbc_match("/odbc:x"),
	    "other names are others'");
}

int
main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		test_good(i);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		test_bad(i);
	test_choice();
	return tap_done();
}

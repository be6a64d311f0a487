/*
 * What drivers complain about, as struct err.
 */
#include <config.h>

#include "db/odbc-int.h"

#include <stdio.h>
#include <string.h>

/*
 * MySQL says HY000 of most things; these are told apart by those who decide
 * what to do about them. Numbers: https://mariadb.com/kb/en/mariadb-error-codes
 */
static const struct {
	int native;
	char state[6];
	const char *hint;
} mysql_codes[] = {
	{ 1022, "23505", NULL }, { 1048, "23502", NULL },
	{ 1062, "23505", NULL },
	{ 1114, "53100", NULL }, /* the table is full */
	{ 1142, "42501", "GRANT the user what is missing" },
	{ 1143, "42501", "GRANT the user what is missing" },
	{ 1152, "08S01", NULL },
	{ 1153, "54000", "raise max_allowed_packet on the server" },
	{ 1205, "55P03",
	    "another session holds rows of it: innodb_lock_wait_timeout" },
	{ 1213, "40001", NULL }, /* deadlock */
	{ 1216, "23503", NULL }, { 1217, "23503", NULL },
	{ 1290, "25006", NULL }, /* --read-only */
	{ 1317, "57014", NULL }, /* KILL QUERY */
	{ 1412, "55000",
	    "the table was altered or emptied since the snapshot was taken: "
	    "run again" },
	{ 1451, "23503", NULL }, { 1452, "23503", NULL },
	{ 1557, "23505", NULL }, { 1586, "23505", NULL },
	{ 1792, "25006", NULL }, /* READ ONLY transaction */
	{ 1836, "25006", NULL }, { 1927, "08S01", NULL }, /* KILL */
	{ 1969, "57014", NULL }, /* max_statement_time */
	{ 2006, "08S01", NULL }, { 2013, "08S01", NULL },
	{ 2020, "54000", "raise max_allowed_packet on the server" },
	{ 2055, "08S01", NULL }, { 3024, "57014", NULL },
	{ 3819, "23514", NULL }, { 4025, "23514", NULL }, /* a CHECK */
};

/* Behind "[vendor][driver][server]". */
static const char *
message_text(const char *s)
{
	while (*s == '[') {
		const char *close = strchr(s, ']');

		if (close == NULL)
			break;
		s = close + 1;
	}
	while (*s == ' ')
		s++;
	return s;
}

/* Should a driver repeat the password, nobody sees it. */
static void
hide(char *text, const char *secret)
{
	size_t n = strlen(secret);

	if (n == 0)
		return;
	while ((text = strstr(text, secret)) != NULL)
		for (size_t i = 0; i < n; i++)
			*text++ = '*';
}

static void
map_code(struct odbc *o, SQLINTEGER native, struct err *err)
{
	if (o->brand != &odbc_brand_mysql)
		return;
	for (size_t i = 0; i < ARRAY_LEN(mysql_codes); i++) {
		if (mysql_codes[i].native != native)
			continue;
		memcpy(err->sqlstate, mysql_codes[i].state, 6);
		if (mysql_codes[i].hint != NULL)
			err_hint(err, "%s", mysql_codes[i].hint);
	}
}

enum status
odbc_fail(struct odbc *o, SQLSMALLINT type, SQLHANDLE handle, const char *what,
    struct err *err)
{
	SQLCHAR state[6] = "", text[1500] = "";
	SQLINTEGER native = 0;
	SQLSMALLINT len;
	const char *message;

	if (!SQL_SUCCEEDED(SQLGetDiagRec(
		type, handle, 1, state, &native, text, sizeof(text), &len)))
		snprintf(
		    (char *)text, sizeof(text), "the driver gives no reason");
	hide((char *)text, buf_str(&o->names.secret));
	message = message_text((char *)text);
	err_set(err, TU_EQUERY, "%s%s%s", what != NULL ? what : "",
	    what != NULL ? ": " : "", message);
	err->hint[0] = '\0';
	memcpy(err->sqlstate, state, 6);
	map_code(o, native, err);
	if (native != 0 && strcmp((char *)state, "HY000") == 0) {
		size_t n = strlen(err->msg);

		snprintf(err->msg + n, sizeof(err->msg) - n, " (error %d)",
		    (int)native);
	}
	if (strncmp(err->sqlstate, "08", 2) == 0) {
		err->status = TU_ECONNECT;
		o->lost = true;
	}
	return err->status;
}

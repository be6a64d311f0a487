#include <config.h>

#include "db/odbc-url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const schemes[] = { "mariadb://", "mysql://" };

/* What a URL's options are called in a connection string of the connector. */
static const struct {
	const char *name, *key;
} options[] = {
	{ "socket", "SOCKET" },
	{ "ssl", "FORCETLS" },
	{ "ssl-ca", "SSLCA" },
	{ "ssl-capath", "SSLCAPATH" },
	{ "ssl-cert", "SSLCERT" },
	{ "ssl-cipher", "SSLCIPHER" },
	{ "ssl-key", "SSLKEY" },
	{ "ssl-verify", "SSLVERIFY" },
	{ "connect-timeout", "CONN_TIMEOUT" },
};

static bool
has_prefix(const char *s, const char *prefix)
{
	return strncasecmp(s, prefix, strlen(prefix)) == 0;
}

bool
odbc_needs_driver(const char *url)
{
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (has_prefix(url, schemes[i]))
			return true;
	return false;
}

bool
odbc_match(const char *url)
{
	return has_prefix(url, "odbc:") || odbc_needs_driver(url);
}

void
odbc_names_free(struct odbc_names *n)
{
	/* It held the password. */
	for (struct buf *b = &n->connection; b <= &n->secret; b++) {
		if (b->data != NULL)
			explicit_bzero(b->data, b->cap);
		buf_free(b);
	}
}

static bool
contains(const char *name, const char *word)
{
	size_t n = strlen(word);

	for (; strlen(name) >= n; name++)
		if (strncasecmp(name, word, n) == 0)
			return true;
	return false;
}

const char *
odbc_choose_driver(const char *const *names, size_t n)
{
	static const char *const words[] = { "mariadb unicode", "mariadb",
		"maodbc", "mysql odbc 8.0 unicode", "mysql odbc 9", "mysql" };

	for (size_t w = 0; w < ARRAY_LEN(words); w++)
		for (size_t i = 0; i < n; i++)
			if (contains(names[i], words[w]))
				return names[i];
	return NULL;
}

/* --- values --------------------------------------------------------------- */

/*
 * KEY={value}; with braces where the value could be taken for more. A closing
 * brace is doubled: no value can end itself and begin another key.
 */
static void
add_pair(struct buf *out, const char *key, const char *value)
{
	bool braces = strpbrk(value, ";{}[](),?*=!@ ") != NULL;

	buf_addf(out, "%s=%s", key, braces ? "{" : "");
	for (; *value != '\0'; value++) {
		if (*value == '}')
			buf_addc(out, '}');
		buf_addc(out, *value);
	}
	buf_adds(out, braces ? "};" : ";");
}

/* %41 is A. False for a broken escape and for %00. */
static bool
decode(struct buf *out, const char *s, size_t n)
{
	buf_reset(out);
	for (size_t i = 0; i < n; i++) {
		char hex[3] = { 0 };

		if (s[i] != '%') {
			buf_addc(out, s[i]);
			continue;
		}
		if (i + 2 >= n || !isxdigit((unsigned char)s[i + 1]) ||
		    !isxdigit((unsigned char)s[i + 2]))
			return false;
		memcpy(hex, s + i + 1, 2);
		if (strcmp(hex, "00") == 0)
			return false;
		buf_addc(out, (char)strtol(hex, NULL, 16));
		i += 2;
	}
	return true;
}

/* --- URLs ----------------------------------------------------------------- */

/* The parts, still encoded. */
struct url {
	const char *user, *password, *host, *port, *database, *query;
	size_t nuser, npassword, nhost, nport, ndatabase;
};

static enum status
malformed(struct err *err, const char *what)
{
	err_set(err, TU_EUSAGE, "the database URL has %s", what);
	return err_hint(err,
	    "mariadb://[user[:password]@]host[:port]/database; special "
	    "characters are written as %%XX");
}

static enum status
split_host(struct url *u, const char *p, const char *end, struct err *err)
{
	const char *colon;

	u->host = p;
	if (p < end && *p == '[') { /* IPv6 */
		const char *close = memchr(p, ']', (size_t)(end - p));

		if (close == NULL)
			return malformed(err, "no ] behind an IPv6 address");
		u->host = p + 1;
		u->nhost = (size_t)(close - u->host);
		p = close + 1;
		if (p < end && *p != ':')
			return malformed(err, "something behind its host");
		colon = p < end ? p : NULL;
	} else {
		colon = memchr(p, ':', (size_t)(end - p));
		u->nhost = (size_t)((colon ? colon : end) - p);
	}
	if (colon == NULL)
		return TU_OK;
	u->port = colon + 1;
	u->nport = (size_t)(end - u->port);
	if (u->nport == 0 || u->nport > 5 ||
	    strspn(u->port, "0123456789") < u->nport || atoi(u->port) > 65535 ||
	    atoi(u->port) == 0)
		return malformed(err, "a port that is none");
	return TU_OK;
}

static enum status
split(struct url *u, const char *p, struct err *err)
{
	const char *end = p + strcspn(p, "/?");
	const char *at = NULL;

	for (const char *q = p; q < end; q++)
		if (*q == '@')
			at = q;
	if (at != NULL) {
		const char *colon = memchr(p, ':', (size_t)(at - p));

		u->user = p;
		u->nuser = (size_t)((colon ? colon : at) - p);
		if (colon != NULL) {
			u->password = colon + 1;
			u->npassword = (size_t)(at - u->password);
		}
		p = at + 1;
	}
	if (split_host(u, p, end, err))
		return TU_EUSAGE;
	if (*end == '/') {
		u->database = end + 1;
		u->ndatabase = strcspn(u->database, "?");
		end = u->database + u->ndatabase;
	}
	if (*end == '?')
		u->query = end + 1;
	return TU_OK;
}

static enum status
add_option(struct odbc_names *out, const char *p, size_t n, struct err *err)
{
	const char *equal = memchr(p, '=', n);
	struct buf value = BUF_INIT;

	for (size_t i = 0; equal != NULL && i < ARRAY_LEN(options); i++) {
		if (strlen(options[i].name) != (size_t)(equal - p) ||
		    strncmp(options[i].name, p, (size_t)(equal - p)) != 0)
			continue;
		if (!decode(&value, equal + 1, n - (size_t)(equal + 1 - p))) {
			buf_free(&value);
			return malformed(err, "a broken %XX in an option");
		}
		add_pair(&out->connection, options[i].key, buf_str(&value));
		buf_free(&value);
		return TU_OK;
	}
	err_set(err, TU_EUSAGE, "the database URL has an unknown option");
	return err_hint(err,
	    "the options are socket, ssl, ssl-ca, ssl-capath, ssl-cert, "
	    "ssl-key, ssl-cipher, ssl-verify and connect-timeout");
}

static enum status
add_options(struct odbc_names *out, const char *query, struct err *err)
{
	while (query != NULL && *query != '\0') {
		size_t n = strcspn(query, "&");

		if (add_option(out, query, n, err))
			return TU_EUSAGE;
		query += n + (query[n] == '&');
	}
	return TU_OK;
}

/* One part of the URL; shown says where it goes for people, or NULL. */
static enum status
add_part(struct odbc_names *out, const char *key, const char *p, size_t n,
    const char *before, struct err *err)
{
	struct buf value = BUF_INIT;
	bool good;

	if (p == NULL || n == 0)
		return TU_OK;
	good = decode(&value, p, n);
	if (good) {
		add_pair(&out->connection, key, buf_str(&value));
		if (before != NULL)
			buf_addf(
			    &out->display, "%s%s", before, buf_str(&value));
	}
	buf_free(&value);
	return good ? TU_OK : malformed(err, "a broken %XX");
}

static enum status
add_password(struct odbc_names *out, const struct url *u, const char *password,
    struct err *err)
{
	if (u->password != NULL) {
		if (!decode(&out->secret, u->password, u->npassword))
			return malformed(err, "a broken %XX in its password");
	} else if (password != NULL) {
		buf_adds(&out->secret, password);
	}
	if (out->secret.len > 0)
		add_pair(&out->connection, "PWD", buf_str(&out->secret));
	return TU_OK;
}

static enum status
parse_url(const char *rest, const char *driver, const char *password,
    struct odbc_names *out, struct err *err)
{
	struct url u = { 0 };
	bool local;

	if (split(&u, rest, err))
		return TU_EUSAGE;
	local = u.nhost == 0;
	buf_addf(&out->connection, "DRIVER={%s};" ODBC_MARIADB_OPTIONS, driver);
	if (add_part(out, "UID", u.user, u.nuser, "", err))
		return TU_EUSAGE;
	if (u.nuser > 0)
		buf_addc(&out->display, '@');
	if (local)
		buf_adds(&out->connection, "SERVER=localhost;");
	if (add_part(out, "SERVER", u.host, u.nhost, "", err) ||
	    add_part(out, "PORT", u.port, u.nport, ":", err) ||
	    add_part(out, "DATABASE", u.database, u.ndatabase, "/", err) ||
	    add_password(out, &u, password, err))
		return TU_EUSAGE;
	return add_options(out, u.query, err);
}

/* --- odbc: ---------------------------------------------------------------- */

static bool
is_secret_key(const char *key, size_t n)
{
	static const char *const keys[] = { "PWD", "PASSWORD", "PASS" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strlen(keys[i]) == n && strncasecmp(keys[i], key, n) == 0)
			return true;
	return false;
}

/* May a value of this key be shown? What is not known may be a secret. */
static bool
is_shown_key(const char *key, size_t n)
{
	static const char *const keys[] = { "DSN", "DRIVER", "SERVER",
		"SERVERNAME", "HOST", "PORT", "DATABASE", "DB", "UID", "USER",
		"DBQ" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strlen(keys[i]) == n && strncasecmp(keys[i], key, n) == 0)
			return true;
	return false;
}

/* The end of KEY=value: a value in braces may hold semicolons. */
static const char *
pair_end(const char *p)
{
	p += strcspn(p, "=;");
	if (*p != '=')
		return p;
	p++;
	if (*p != '{')
		return p + strcspn(p, ";");
	for (p++; *p != '\0'; p++) {
		if (*p == '}' && p[1] != '}')
			break;
		if (*p == '}')
			p++;
	}
	return p + strcspn(p, ";");
}

static void
show_pairs(struct odbc_names *out, const char *p)
{
	const char *end;

	for (; *p != '\0'; p = end + (*end == ';')) {
		size_t key = strcspn(p, "=;");

		end = pair_end(p);
		if (is_secret_key(p, key) && p[key] == '=')
			buf_add(&out->secret, p + key + 1,
			    (size_t)(end - p) - key - 1);
		if (!is_shown_key(p, key))
			continue;
		if (out->display.data[out->display.len - 1] != ':')
			buf_addc(&out->display, ';');
		buf_add(&out->display, p, (size_t)(end - p));
	}
}

static enum status
parse_odbc(const char *rest, struct odbc_names *out, struct err *err)
{
	if (*rest == '\0')
		return err_set(err, TU_EUSAGE,
		    "odbc: needs the name of a data source or a connection "
		    "string");
	buf_adds(&out->display, "odbc:");
	if (strchr(rest, '=') == NULL) {
		add_pair(&out->connection, "DSN", rest);
		buf_adds(&out->display, rest);
		return TU_OK;
	}
	buf_adds(&out->connection, rest);
	if (rest[strlen(rest) - 1] != ';')
		buf_addc(&out->connection, ';');
	show_pairs(out, rest);
	return TU_OK;
}

enum status
odbc_parse(const char *url, const char *driver, const char *password,
    struct odbc_names *out, struct err *err)
{
	const char *rest = strstr(url, "://");

	if (!odbc_needs_driver(url))
		return parse_odbc(url + strlen("odbc:"), out, err);
	buf_add(&out->display, url, (size_t)(rest + 3 - url));
	return parse_url(rest + 3, driver, password, out, err);
}

#include <config.h>

#include <sqlite3.h>
#include <stdlib.h>

#include "base/arena.h"
#include "db/dialect-sqlite.h"
#include "db/sqlite.h"
#include "value/canon.h"
#include "value/key.h"
#include "value/rowhash.h"

/* SQLite passes at most 127 arguments to a function. */
#define MAX_COLUMNS 125

/* One per connection, so that a call allocates nothing of its own. */
struct funcs {
	bool utf16;
	struct buf buf;
	struct hasher *md5;
};

static void
funcs_free(void *arg)
{
	struct funcs *f = arg;

	buf_free(&f->buf);
	hasher_free(f->md5);
	free(f);
}

static bool
read_spec(sqlite3_context *ctx, sqlite3_value *v, struct vtype *types, size_t n)
{
	const char *spec = (const char *)sqlite3_value_text(v);
	size_t len = (size_t)sqlite3_value_bytes(v);

	if (spec != NULL && sqlite_spec_parse(spec, len, types, n))
		return true;
	sqlite3_result_error(ctx, "trueup: this is no list of types", -1);
	return false;
}

static void
key_func(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	struct funcs *f = sqlite3_user_data(ctx);
	struct vtype t;
	struct cell c;

	(void)argc;
	if (!read_spec(ctx, argv[0], &t, 1))
		return;
	sqlite_cell(argv[1], f->utf16, &c);
	buf_reset(&f->buf);
	key_encode(&f->buf, &t, &c);
	sqlite3_result_blob64(ctx, f->buf.data, f->buf.len, SQLITE_TRANSIENT);
}

static void
bucket_func(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	struct funcs *f = sqlite3_user_data(ctx);
	size_t n = argc > 2 ? (size_t)argc - 2 : 0;
	struct vtype types[MAX_COLUMNS];
	struct cell cells[MAX_COLUMNS];
	sqlite3_int64 buckets;

	if (n == 0 || n > MAX_COLUMNS) {
		sqlite3_result_error(ctx, "trueup: no key to hash", -1);
		return;
	}
	if (!read_spec(ctx, argv[0], types, n))
		return;
	buckets = sqlite3_value_int64(argv[1]);
	if (buckets < 1 || buckets > UINT32_MAX) {
		sqlite3_result_error(ctx, "trueup: no number of buckets", -1);
		return;
	}
	for (size_t i = 0; i < n; i++)
		sqlite_cell(argv[i + 2], f->utf16, &cells[i]);
	buf_reset(&f->buf);
	canon_row(&f->buf, types, cells, n, 0);
	sqlite3_result_int64(ctx,
	    (sqlite3_int64)(hasher_sum(f->md5, f->buf.data, f->buf.len).a >>
			    32) %
		buckets);
}

static struct funcs *
funcs_new(bool utf16)
{
	struct funcs *f = calloc(1, sizeof(*f));

	if (f == NULL)
		out_of_memory(sizeof(*f));
	f->utf16 = utf16;
	f->md5 = hasher_new(HASH_MD5, 0);
	buf_reserve(&f->buf, 64); /* data is not NULL, even for an empty row */
	return f;
}

/* The library frees the user data with the function, even if this fails. */
int
sqlite_add_functions(sqlite3 *handle, bool utf16)
{
	const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
	int rc;

	rc = sqlite3_create_function_v2(handle, "trueup_key", 2, flags,
	    funcs_new(utf16), key_func, NULL, NULL, funcs_free);
	if (rc == SQLITE_OK)
		rc = sqlite3_create_function_v2(handle, "trueup_bucket", -1,
		    flags, funcs_new(utf16), bucket_func, NULL, NULL,
		    funcs_free);
	return rc;
}

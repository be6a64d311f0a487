#include <config.h>

#include "value/redact.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "value/canon.h"

#define RANDOM_KEY 32
#define SHOWN 6 /* bytes */

struct redact {
	size_t len;
	unsigned char key[REDACT_KEY_MAX + 1];
};

static enum status
read_key(struct redact *r, const char *name, struct err *err)
{
	FILE *in = fopen(name, "re");
	bool failed = in == NULL;

	if (in != NULL) {
		r->len = fread(r->key, 1, sizeof(r->key), in);
		failed = ferror(in);
		fclose(in);
	}
	if (failed)
		return err_set(err, TU_EUSAGE, "cannot read the key '%s': %s",
		    name, strerror(errno));
	if (r->len >= REDACT_KEY_MIN && r->len <= REDACT_KEY_MAX)
		return TU_OK;
	err_set(err, TU_EUSAGE, "'%s' is no key: it has to have %d to %d bytes",
	    name, REDACT_KEY_MIN, REDACT_KEY_MAX);
	return err_hint(err, "head -c 32 /dev/urandom makes one");
}

enum status
redact_new(const char *key_file, struct redact **out, struct err *err)
{
	struct redact *r = calloc(1, sizeof(*r));
	enum status st = TU_OK;

	if (r == NULL)
		out_of_memory(sizeof(*r));
	if (key_file != NULL)
		st = read_key(r, key_file, err);
	else if (RAND_bytes(r->key, RANDOM_KEY) == 1)
		r->len = RANDOM_KEY;
	else
		st = err_set(err, TU_EBUG, "libcrypto has no random bytes");
	if (st)
		redact_free(r);
	else
		*out = r;
	return st;
}

void
redact_free(struct redact *r)
{
	if (r == NULL)
		return;
	OPENSSL_cleanse(r, sizeof(*r));
	free(r);
}

void
redact_value(const struct redact *r, struct buf *out, enum ltype type,
    const struct cell *c)
{
	const struct vtype bare = { .type = type };
	unsigned char sum[EVP_MAX_MD_SIZE];
	struct buf field = BUF_INIT;

	if (c->kind == CELL_NULL) {
		buf_adds(out, "NULL");
		return;
	}
	canon_field(&field, &bare, c, CANON_INLINE);
	if (HMAC(EVP_sha256(), r->key, (int)r->len,
		(const unsigned char *)field.data, field.len, sum,
		NULL) == NULL)
		out_of_memory(field.len);
	buf_addc(out, '#');
	buf_addhex(out, sum, SHOWN);
	buf_free(&field);
}

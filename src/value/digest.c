#include <config.h>

#include "value/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

#define DIGEST_BYTES 32

struct digest {
	EVP_MD_CTX *ctx;
};

struct digest *
digest_new(void)
{
	struct digest *d = calloc(1, sizeof(*d));

	if (d == NULL)
		out_of_memory(sizeof(*d));
	d->ctx = EVP_MD_CTX_new();
	if (d->ctx == NULL || !EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL))
		out_of_memory(sizeof(*d));
	return d;
}

void
digest_free(struct digest *d)
{
	if (d == NULL)
		return;
	EVP_MD_CTX_free(d->ctx);
	free(d);
}

void
digest_add(struct digest *d, const void *p, size_t n)
{
	if (!EVP_DigestUpdate(d->ctx, p, n))
		out_of_memory(n);
}

static void
finish(const struct digest *d, unsigned char sum[DIGEST_BYTES])
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();

	if (copy == NULL || !EVP_MD_CTX_copy_ex(copy, d->ctx) ||
	    !EVP_DigestFinal_ex(copy, sum, NULL))
		out_of_memory(DIGEST_BYTES);
	EVP_MD_CTX_free(copy);
}

void
digest_hex(const struct digest *d, char out[DIGEST_HEX])
{
	unsigned char sum[DIGEST_BYTES];

	finish(d, sum);
	for (size_t i = 0; i < sizeof(sum); i++)
		snprintf(&out[2 * i], 3, "%02x", sum[i]);
}

void
digest_base64(const struct digest *d, char out[DIGEST_BASE64])
{
	unsigned char sum[DIGEST_BYTES];

	finish(d, sum);
	EVP_EncodeBlock((unsigned char *)out, sum, sizeof(sum));
}

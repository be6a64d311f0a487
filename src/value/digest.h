/*
 * digest.h - SHA-256 (FIPS 180-4) of a stream of bytes, through libcrypto.
 */
#ifndef TU_VALUE_DIGEST_H
#define TU_VALUE_DIGEST_H

#include "base/base.h"

#define DIGEST_HEX 65    /* digits and a NUL */
#define DIGEST_BASE64 45 /* RFC 4648, and a NUL */

struct digest;

struct digest *digest_new(void);
void digest_free(struct digest *d); /* NULL is allowed */
void digest_add(struct digest *d, const void *p, size_t n);

/* Of all that was added; more can be added afterwards. */
void digest_base64(const struct digest *d, char out[DIGEST_BASE64]);
void digest_hex(const struct digest *d, char out[DIGEST_HEX]);

#endif

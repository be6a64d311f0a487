/*
 * redact.h - values replaced by keyed hashes, for results that may be shown to
 * those who may not see the data.
 *
 * The hash is "#" and the first 12 hex digits of HMAC-SHA256 (RFC 2104) over
 * the value's canonical field (canon.h, bytes in full) under its type without
 * the user's rules. Under one key equal values of one type have equal hashes,
 * which is all that can be told from them: without the key nobody finds a
 * value by trying. Among a million values two have the same hash by chance
 * with odds of 1 in 560.
 */
#ifndef TU_VALUE_REDACT_H
#define TU_VALUE_REDACT_H

#include "base/buf.h"
#include "base/err.h"
#include "value/cell.h"
#include "value/vtype.h"

/* A secret that fits on one line of a shell is still one. */
#define REDACT_KEY_MIN 16
#define REDACT_KEY_MAX 4096

struct redact;

/* The key is all bytes of a file (REDACT_KEY_MIN to _MAX of them), or random
 * if key_file is NULL. TU_EUSAGE when the file is no key. */
enum status redact_new(
    const char *key_file, struct redact **out, struct err *err);
void redact_free(struct redact *r); /* NULL is allowed */

/* Append the hash of a value; NULL stays NULL. */
void redact_value(const struct redact *r, struct buf *out, enum ltype type,
    const struct cell *c);

#endif

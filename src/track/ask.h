/*
 * ask.h - small queries whose answers are texts.
 */
#ifndef TU_TRACK_ASK_H
#define TU_TRACK_ASK_H

#include "db/db.h"

struct texts {
	size_t n, ncols;
	const char *const *values; /* n * ncols; NULL for NULL */
};

static inline const char *
texts_get(const struct texts *t, size_t row, size_t col)
{
	return t->values[row * t->ncols + col];
}

/* Every column is text; the answer is the arena's. */
enum status ask_texts(struct db *db, struct arena *arena, const char *sql,
    size_t ncols, struct texts *out, struct err *err);

/* One integer; 0 when no row came, or NULL. */
enum status ask_int(
    struct db *db, const char *sql, int64_t *out, struct err *err);

#endif

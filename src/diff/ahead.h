/*
 * ahead.h - chosen rows of one side, read by a thread of its own while those
 * before them are looked at.
 *
 * So both sides are read at once, also where a driver works only while it is
 * asked, holds all of a result before its first row, or rows are sorted here.
 */
#ifndef TU_DIFF_AHEAD_H
#define TU_DIFF_AHEAD_H

#include "diff/fetch.h"

/*
 * The rows of fetch_open(). Until the cursor is closed nobody else may use db,
 * and pair and what spec points to have to stay. It fails only where no thread
 * is to be had: what fetch_open() says is said by the first db_next(). Closed
 * before its end it cancels what runs.
 */
enum status ahead_open(struct db *db, const struct pair *pair, enum side side,
    const struct fetch_spec *spec, struct cursor **out, struct err *err);

#endif

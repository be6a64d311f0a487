/*
 * config-int.h - between the lines of a configuration file and their meaning.
 */
#ifndef TU_AUDIT_CONFIG_INT_H
#define TU_AUDIT_CONFIG_INT_H

#include <stdio.h>

#include "audit/config.h"

/* config-lines.c: hand every heading and key of the file to the functions
 * below, in order. */
enum status config_lines(struct config *c, FILE *fp, struct err *err);

/* config.c: "[TITLE]"; the keys that follow belong to *keys, or to nothing
 * known when it is NULL. */
void config_section(struct config *c, const char *title, unsigned line,
    struct config_keys **keys);

void config_key(struct config *c, struct config_keys *keys, const char *name,
    const char *value, unsigned line);

/* Room for one more of an array in the arena. */
void *config_grow(
    struct arena *arena, void *items, size_t n, size_t *cap, size_t size);

/* "no WHAT 'WORD'", and what may have been meant. */
void config_unknown(struct config *c, unsigned line, const char *what,
    const char *word, const char *const *known, size_t n);

/* Keys that may stand there once, and with a value. */
void config_check_once(struct config *c, const struct config_keys *keys,
    const char *const *known, size_t n);

/* config-changes.c: a section, and what all of them mean. */
struct config_keys *config_add_changes(
    struct config *c, const char *name, unsigned line);
void config_check_changes(struct config *c);

#endif

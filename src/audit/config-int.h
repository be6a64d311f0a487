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

#endif

/*
 * completion.h - completion scripts for shells, from the option tables.
 */
#ifndef TU_CMD_COMPLETION_H
#define TU_CMD_COMPLETION_H

#include <stdio.h>

enum shell {
	SHELL_NONE,
	SHELL_BASH,
	SHELL_ZSH,
	SHELL_FISH,
};

void completion_print(enum shell shell, FILE *out);

#endif

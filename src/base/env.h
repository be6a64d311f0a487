/*
 * env.h - what the environment says; no other floor but cmd/ asks it.
 */
#ifndef TU_BASE_ENV_H
#define TU_BASE_ENV_H

/* NULL when it is not set or empty. */
const char *env_text(const char *name);

#endif

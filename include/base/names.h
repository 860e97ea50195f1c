/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that users type. */
#ifndef BASE_NAMES_H
#define BASE_NAMES_H

#include <stddef.h>

/* The closest of `count` names to `name` for "did you mean", or NULL if none is close. */
const char *nearest_name(const char *name, const char *const *names, size_t count);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What JSON texts from outside are looked at for before they are parsed. */
#ifndef BASE_JSONTEXT_H
#define BASE_JSONTEXT_H

#include <stdbool.h>

/* Does a string in it contain NUL ("\u0000")? C strings end there: what follows would be lost and
 * nobody would hear of it. */
bool json_text_has_nul(const char *text);

#endif

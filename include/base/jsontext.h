/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON from outside: what texts are looked at for before they are parsed, and values as options. */
#ifndef BASE_JSONTEXT_H
#define BASE_JSONTEXT_H

#include <json-glib/json-glib.h>
#include <stdbool.h>

/* Does a string in it contain NUL ("\u0000")? C strings end there: what follows would be lost and
 * nobody would hear of it. */
bool json_text_has_nul(const char *text);

/* Is there a number in it that neither an int64_t nor a double can have? The parser would make
 * another one of it. */
bool json_text_has_strange_number(const char *text);

/* A string, a whole number, or a boolean (on, off) as an option has it; NULL for anything else. */
char *json_option_value(JsonNode *node);

#endif

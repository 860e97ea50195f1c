/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON texts (include/base/jsontext.h). */
#include "base/jsontext.h"

#include <string.h>

bool json_text_has_nul(const char *text)
{
    /* Backslashes are found in strings only, each with the character that it escapes. */
    for (const char *p = text; (p = strchr(p, '\\')) && p[1]; p += 2) {
        if (strncmp(p, "\\u0000", 6) == 0) {
            return true;
        }
    }
    return false;
}

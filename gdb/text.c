/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gdb/text.h"

#include <string.h>

void gdb_put_hex(GString *out, const void *data, size_t len)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len; i++) {
        g_string_append_printf(out, "%02x", bytes[i]);
    }
}

size_t gdb_take_hex(const char *text, uint8_t *data, size_t max)
{
    size_t n = 0;
    while (n < max && g_ascii_isxdigit(text[2 * n]) && g_ascii_isxdigit(text[2 * n + 1])) {
        data[n] = (uint8_t)(g_ascii_xdigit_value(text[2 * n]) << 4 |
                            g_ascii_xdigit_value(text[2 * n + 1]));
        n++;
    }
    return n;
}

bool gdb_take_number(const char **text, uint64_t *value)
{
    char *end;
    if (!g_ascii_isxdigit(**text)) {
        return false;
    }
    *value = g_ascii_strtoull(*text, &end, 16);
    *text = end;
    return true;
}

bool gdb_take_prefix(const char **text, const char *prefix)
{
    size_t len = strlen(prefix);
    if (strncmp(*text, prefix, len) != 0) {
        return false;
    }
    *text += len;
    return true;
}

bool gdb_take_range(const char **text, uint64_t *addr, uint64_t *len)
{
    return gdb_take_number(text, addr) && gdb_take_prefix(text, ",") && gdb_take_number(text, len);
}

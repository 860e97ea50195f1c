/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON texts (include/base/jsontext.h). */
#include "base/jsontext.h"

#include <errno.h>
#include <math.h>
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

/* The number that begins there; *end is behind it. */
static bool is_strange(const char *number, const char **end)
{
    size_t len = strspn(number, "+-.0123456789eE");
    g_autofree char *text = g_strndup(number, len);
    *end = number + len;
    errno = 0;
    if (strpbrk(text, ".eE")) {
        return isinf(g_ascii_strtod(text, NULL));
    }
    g_ascii_strtoll(text, NULL, 10);
    return errno == ERANGE;
}

bool json_text_has_strange_number(const char *text)
{
    bool quoted = false;
    for (const char *p = text; *p;) {
        if (!quoted && (g_ascii_isdigit(*p) || *p == '-')) {
            if (is_strange(p, &p)) {
                return true;
            }
            continue;
        }
        quoted ^= *p == '"';
        p += *p == '\\' && p[1] ? 2 : 1;
    }
    return false;
}

char *json_option_value(JsonNode *node)
{
    switch (JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_NONE) {
    case G_TYPE_STRING:
        return g_strdup(json_node_get_string(node));
    case G_TYPE_BOOLEAN:
        return g_strdup(json_node_get_boolean(node) ? "on" : "off");
    case G_TYPE_INT64:
        return g_strdup_printf("%" G_GINT64_FORMAT, json_node_get_int(node));
    default:
        return NULL;
    }
}

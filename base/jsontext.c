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

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Setting fields of a struct from text, by property rows. Used by devices and machines. */
#ifndef HW_CORE_PROPERTIES_H
#define HW_CORE_PROPERTIES_H

#include "hw/core/device.h"

/* Stores `text` into the field of `object` that `prop` describes. Errors name the property, the
 * value and what would be right. Drives and character devices are looked up in `backends`. */
bool prop_set(void *object, const PropInfo *prop, const char *text, struct Backends *backends,
              GError **error);
/* Stores all defaults of a table (NULL allowed). Defaults are the program's own and cannot fail. */
void prop_set_defaults(void *object, const PropInfo *table);
/* Stores what the choices of a table's presets stand for, but into no field that one of the rows
 * `given` has, whatever its name. Presets are the program's own and cannot fail. */
void prop_set_presets(void *object, const PropInfo *table, const GPtrArray *given);
/* Frees what prop_set() allocated. */
void prop_clear(void *object, const PropInfo *table);
const PropInfo *prop_find(const PropInfo *table, const char *name);
/* What to write after a name: "on|off", "size", "uint32" ... */
const char *prop_type_name(const PropInfo *prop);

#endif

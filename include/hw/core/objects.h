/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The types of -object: what devices and the machine name, and what each can be told. */
#ifndef HW_CORE_OBJECTS_H
#define HW_CORE_OBJECTS_H

typedef struct {
    const char *name;
    const char *const *keys; /* beside id; ends with NULL */
} ObjectType;

extern const ObjectType object_types[]; /* ends with a NULL name */
/* NULL if there is none. */
const ObjectType *object_type_find(const char *name);

#endif

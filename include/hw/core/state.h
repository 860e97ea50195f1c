/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State tables: one row a field that a guest can have changed. The table drives save, load and
 * introspection (QMP x-query-device-state); derived state is not listed but rebuilt.
 */
#ifndef HW_CORE_STATE_H
#define HW_CORE_STATE_H

#include <glib.h>
#include <inttypes.h>
#include <stddef.h>

typedef enum {
    STATE_UINT8 = 1, /* also bool */
    STATE_UINT16 = 2,
    STATE_UINT32 = 4, /* also enums and int */
    STATE_UINT64 = 8,
    STATE_BYTES = 16, /* `count` raw bytes */
    STATE_TIMER,      /* a Timer: its time, or "not armed" */
    STATE_SUB,        /* `count` structs of `size` bytes, described by `sub` */
} StateType;

typedef struct StateField {
    const char *name;
    StateType type;
    size_t offset;
    size_t count; /* elements of an array, 1 for a scalar */
    size_t size;  /* STATE_SUB: stride */
    const struct StateField *sub;
    /* STATE_BYTES where the field is a pointer to bytes: how many, as the object is set up. NULL:
     * the bytes are in the struct. */
    size_t (*length)(const void *object);
} StateField;

#define STATE_FIELD(type_, struct_, field_)                                                        \
    {                                                                                              \
        .name = #field_, .type = type_, .offset = offsetof(struct_, field_), .count = 1            \
    }
#define STATE_ARRAY(type_, struct_, field_, count_)                                                \
    {                                                                                              \
        .name = #field_, .type = type_, .offset = offsetof(struct_, field_), .count = count_       \
    }
#define STATE_STRUCTS(struct_, field_, count_, elem_, sub_)                                        \
    {                                                                                              \
        .name = #field_, .type = STATE_SUB, .offset = offsetof(struct_, field_), .count = count_,  \
        .size = sizeof(elem_), .sub = sub_                                                         \
    }
/* `field_` is a pointer; `length_` says how many bytes it points at. */
#define STATE_BYTES_PTR(struct_, field_, length_)                                                  \
    {                                                                                              \
        .name = #field_, .type = STATE_BYTES, .offset = offsetof(struct_, field_),                 \
        .length = length_                                                                          \
    }
#define STATE_END                                                                                  \
    {                                                                                              \
        .name = NULL                                                                               \
    }

/* Appends the fields of `object` to `out`, in table order, little-endian. */
void state_save(const StateField *table, const void *object, GByteArray *out);
/* The reverse. Returns the bytes used, or 0 if `len` is too short; then `object` is unchanged. */
size_t state_load(const StateField *table, void *object, const uint8_t *data, size_t len);
/* One "name=value" line a field. */
void state_describe(const StateField *table, const void *object, GString *out);

#endif

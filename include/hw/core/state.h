/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * State tables: one row a field that a guest can have changed. The table drives save, load and
 * introspection (QMP x-query-device-state); derived state is not listed but rebuilt. What a saved
 * state looks like is in docs/state.md.
 *
 * A table's version is the highest `since` of its rows (its end included), 0 at first. A new row
 * says since which version it is there: loading an older state leaves it as it is. A row that goes
 * away or changes its meaning ends the table with STATE_END_SINCE(version).
 */
#ifndef HW_CORE_STATE_H
#define HW_CORE_STATE_H

#include <glib.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>

/* The numbers are in saved states. */
typedef enum {
    STATE_UINT8 = 1, /* also bool */
    STATE_UINT16 = 2,
    STATE_UINT32 = 4, /* also enums and int */
    STATE_UINT64 = 8,
    STATE_BYTES = 16, /* `count` raw bytes */
    STATE_TIMER,      /* a Timer: its time and its place among those of the same time */
    STATE_SUB,        /* `count` structs of `size` bytes, described by `sub` */
    STATE_REGS,       /* a RegFile: the registers' values by their offsets */
    /* `size` bytes that are not saved: a cache that may be empty, or the host's. Whatever has no
     * row at all is the same on every machine, or `restored` makes it so; a test looks. */
    STATE_UNSAVED = 256,
} StateType;

typedef struct StateField {
    const char *name;
    StateType type;
    size_t offset;
    size_t count; /* elements of an array, 1 for a scalar */
    size_t size;  /* STATE_SUB: stride; STATE_UNSAVED */
    const struct StateField *sub;
    /* STATE_BYTES and STATE_SUB where the field is a pointer to them: how many, as the object is
     * set up. NULL: they are in the struct. */
    size_t (*length)(const void *object);
    uint64_t max; /* the greatest value that is possible; 0: any */
    uint32_t since;
} StateField;

/* A bool that is neither 0 nor 1 must not come to be. */
#define STATE_IS_BOOL(lvalue_) __builtin_types_compatible_p(__typeof__(lvalue_), bool)
/* 0; does not compile if an element's size is not what the row says. */
#define STATE_SIZE_CHECK(type_, size_)                                                             \
    (0 * sizeof(char[(type_) > STATE_UINT64 || (size_t)(type_) == (size_) ? 1 : -1]))
#define STATE_FIELD_MAX(type_, struct_, field_, max_)                                              \
    {                                                                                              \
        .name = #field_, .type = type_,                                                            \
        .offset =                                                                                  \
            offsetof(struct_, field_) + STATE_SIZE_CHECK(type_, sizeof(((struct_ *)0)->field_)),   \
        .count = 1, .max = max_                                                                    \
    }
#define STATE_FIELD(type_, struct_, field_)                                                        \
    STATE_FIELD_MAX(type_, struct_, field_, STATE_IS_BOOL(((struct_ *)0)->field_) ? 1 : 0)
/* A row that tables below this version have not. */
#define STATE_FIELD_SINCE(type_, struct_, field_, since_)                                          \
    {                                                                                              \
        .name = #field_, .type = type_,                                                            \
        .offset =                                                                                  \
            offsetof(struct_, field_) + STATE_SIZE_CHECK(type_, sizeof(((struct_ *)0)->field_)),   \
        .count = 1, .max = STATE_IS_BOOL(((struct_ *)0)->field_) ? 1 : 0, .since = since_          \
    }
#define STATE_ARRAY(type_, struct_, field_, count_)                                                \
    {                                                                                              \
        .name = #field_, .type = type_,                                                            \
        .offset = offsetof(struct_, field_) +                                                      \
                  STATE_SIZE_CHECK(type_, sizeof(((struct_ *)0)->field_[0])),                      \
        .count = count_, .max = STATE_IS_BOOL(((struct_ *)0)->field_[0]) ? 1 : 0                   \
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
/* `field_` points at structs; `length_` says how many. */
#define STATE_STRUCTS_PTR(struct_, field_, elem_, sub_, length_)                                   \
    {                                                                                              \
        .name = #field_, .type = STATE_SUB, .offset = offsetof(struct_, field_),                   \
        .size = sizeof(elem_), .sub = sub_, .length = length_                                      \
    }
#define STATE_NOT_SAVED(struct_, field_)                                                           \
    {                                                                                              \
        .name = #field_, .type = STATE_UNSAVED, .offset = offsetof(struct_, field_), .count = 1,   \
        .size = sizeof(((struct_ *)0)->field_)                                                     \
    }
#define STATE_REGFILE(struct_, field_)                                                             \
    {                                                                                              \
        .name = #field_, .type = STATE_REGS, .offset = offsetof(struct_, field_), .count = 1       \
    }
#define STATE_END_SINCE(version_)                                                                  \
    {                                                                                              \
        .name = NULL, .since = version_                                                            \
    }
#define STATE_END STATE_END_SINCE(0)

uint32_t state_version(const StateField *table);

/* Appends the fields of `object` to `out`, in table order, little-endian. */
void state_save(const StateField *table, const void *object, GByteArray *out);
/* The reverse, of a state that has this version. False with the field's name and what is wrong with
 * it; then `object` is unchanged. All of the `len` bytes must be used. */
bool state_load(const StateField *table, uint32_t version, void *object, const uint8_t *data,
                size_t len, GError **error);
/* state_load() without the last step: looks whether it could be done. */
bool state_check(const StateField *table, uint32_t version, const void *object, const uint8_t *data,
                 size_t len, GError **error);
/* One "name=value" line a field, and a register. */
void state_describe(const StateField *table, const void *object, GString *out);

#define STATE_ERROR (state_error_quark())
GQuark state_error_quark(void);
typedef enum { STATE_ERROR_MALFORMED } StateErrorCode;

#endif

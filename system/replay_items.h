/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What came from outside, with where it came, in memory and as lines of a file: "INSTRUCTIONS NS
 * WHAT ID HEX". Private to system/.
 */
#ifndef SYSTEM_REPLAY_ITEMS_H
#define SYSTEM_REPLAY_ITEMS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef enum {
    ITEM_DATA,  /* bytes of a character device */
    ITEM_EVENT, /* its ChrEvent */
    ITEM_FRAME, /* of a network */
    ITEM_BURST, /* the end of several of them */
    ITEM_HMP,   /* a command, as a line */
    ITEM_QMP,   /* or as JSON */
    ITEM_PARTS, /* what the machine was: a hash of each section but memory's, a line each */
    ITEM_HASH,  /* and memory's, too */
    ITEM_END,
} ItemKind;

typedef struct {
    ItemKind kind;
    uint64_t executed;
    int64_t ns;
    char *id; /* of the character device or network, or "-" */
    GByteArray *bytes;
} ReplayItem;

ReplayItem *replay_item_new(ItemKind kind, const char *id, const uint8_t *data, size_t len);
void replay_item_free(void *item);
/* Of ReplayItem *; frees them. */
GPtrArray *replay_items_new(void);
/* The bytes as text; the caller frees it. */
char *replay_item_text(const ReplayItem *item);

/* The first line of a file, and one more. */
void replay_items_begin(FILE *file);
void replay_item_write(FILE *file, const ReplayItem *item);
/* Appends all of a file. False with what is wrong with it. */
bool replay_items_read(GPtrArray *items, const char *path, GError **error);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands for devices that take them from memory and from portals, in the middle of their scenes
 * (tests/unit/machine-scenes.h): as they should be in their first words, of any contents behind.
 */
#ifndef TESTS_FUZZ_COMMANDS_H
#define TESTS_FUZZ_COMMANDS_H

#include "fuzz.h"
#include "tests/unit/machine-fixture.h"

typedef struct Commands {
    Box *box;
    /* One of them; NULL if the scene's device takes none. */
    void (*post)(struct Commands *commands, FuzzInput *in);
    uint16_t posted[2]; /* NVM Express: in the admin queue, in the other */
    uint64_t (*address)(void *opaque, FuzzInput *in);
    void *opaque;
} Commands;

/* The scene has begun; NULL: none has. */
void commands_start(Commands *commands, Box *box, const char *scene);

#endif

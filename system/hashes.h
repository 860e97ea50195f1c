/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -icount hash=N: a line with the machine's hash each N instructions; private to system/. */
#ifndef SYSTEM_HASHES_H
#define SYSTEM_HASHES_H

#include <stdio.h>

#include "system/vm.h"

typedef struct {
    Machine *machine;
    uint64_t every; /* 0: none are wanted */
    uint64_t at;    /* instructions: the next (Machine.pause_at); 0 without any */
    FILE *to;
} Hashes;

/* False, having said why, if the file cannot be written. */
bool hashes_open(Hashes *hashes, const Vm *vm);
void hashes_close(Hashes *hashes);
/* After a slice: prints one if it is time. */
void hashes_look(Hashes *hashes);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a vCPU is to gdb: features with registers, which are numbered through all of them
 * (Debugging with gdb, appendix G; G.5.16 for the names). The description is the same for every
 * vCPU and in every mode of it.
 */
#ifndef GDB_FEATURES_H
#define GDB_FEATURES_H

#include "machine/vcpu.h"

typedef struct GdbReg GdbReg;
struct GdbReg {
    const char *name;
    uint8_t bytes;            /* in a packet */
    const char *type, *group; /* or NULL */
    bool system;              /* not among the registers of 'g', which gdb asks for at each stop */
    /* Where the value is: the vCPU's own register `source`, or this name; or the local APIC's,
     * which is only looked at. */
    const char *source;
    uint64_t (*apic)(const ApicState *apic, unsigned index);
    unsigned index;
};

/* Register `n`, or NULL after the last. */
const GdbReg *gdb_reg(unsigned n);
/* The description's parts by name ("target.xml"), or NULL. The caller frees it. */
char *gdb_description(const char *name);

#endif

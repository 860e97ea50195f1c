/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -numa: which node each place for a CPU and each part of memory belongs to, and how far nodes are
 * from each other, as ACPI's SRAT and SLIT tell it (ACPI 6.4, 5.2.16 and 5.2.17). Memory of node 0
 * comes first. Nothing is slower for being far.
 */
#ifndef MACHINE_NUMA_H
#define MACHINE_NUMA_H

#include <stdbool.h>
#include <stdint.h>

#define NUMA_NODES     64
#define NUMA_CPUS      4096
#define NUMA_NOWHERE   0xff /* of a CPU that no option places */
#define NUMA_NEAR      10   /* the distance to oneself */
#define NUMA_FAR       20   /* and to others, where nothing is said */
#define NUMA_UNREACHED 255

typedef struct {
    unsigned count;              /* nodes; 0: nothing is told */
    uint64_t memory[NUMA_NODES]; /* bytes; they add up to the machine's */
    uint8_t cpu[NUMA_CPUS];      /* the node of each place */
    bool has_distances;
    uint8_t distance[NUMA_NODES][NUMA_NODES]; /* from, to */
} NumaLayout;

#endif

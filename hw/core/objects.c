/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See hw/core/objects.h. Names and keys are those of QEMU's objects. */
#include "hw/core/objects.h"

#include <stddef.h>
#include <string.h>

#define MEMORY_KEYS                                                                                \
    "dump", "host-nodes", "merge", "policy", "prealloc", "prealloc-threads", "reserve", "share",   \
        "size", "x-use-canonical-path-for-ramblock-id"

static const char *const dump_keys[] = {"file",     "insert", "maxlen", "netdev",
                                        "position", "queue",  "status", NULL};
static const char *const iothread_keys[] = {
    "aio-max-batch",   "poll-grow",       "poll-max-ns", "poll-shrink",
    "thread-pool-max", "thread-pool-min", NULL};
static const char *const file_keys[] = {MEMORY_KEYS, "align", "discard-data", "mem-path", "pmem",
                                        "readonly",  NULL};
static const char *const memfd_keys[] = {MEMORY_KEYS, "hugetlb", "hugetlbsize", "seal", NULL};
static const char *const ram_keys[] = {MEMORY_KEYS, NULL};
static const char *const builtin_keys[] = {NULL};
static const char *const random_keys[] = {"filename", NULL};
static const char *const secret_keys[] = {"data", "file", "format", "iv", "keyid", NULL};

const ObjectType object_types[] = {
    {"filter-dump", dump_keys},
    {"iothread", iothread_keys},
    {"memory-backend-file", file_keys},
    {"memory-backend-memfd", memfd_keys},
    {"memory-backend-ram", ram_keys},
    {"rng-builtin", builtin_keys},
    {"rng-random", random_keys},
    {"secret", secret_keys},
    {NULL},
};

const ObjectType *object_type_find(const char *name)
{
    for (const ObjectType *type = object_types; type->name; type++) {
        if (strcmp(type->name, name) == 0) {
            return type;
        }
    }
    return NULL;
}

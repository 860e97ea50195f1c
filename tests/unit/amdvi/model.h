/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an AMD-Vi unit should make of requests, by the specification (AMD I/O Virtualization 2.2 and
 * 2.5), written apart from it: bits are taken where the specification's tables have them. Memory is
 * asked for; caches are the model's own. What hardware may choose (a cached entry that was evicted)
 * the caller tells.
 */
#ifndef TESTS_UNIT_AMDVI_MODEL_H
#define TESTS_UNIT_AMDVI_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#define MODEL_DEVICES 8
#define MODEL_INDEXES 2048
#define MODEL_PAGES   256 /* translations that it remembers */

typedef struct {
    unsigned code; /* 0: none */
    unsigned flags;
    uint16_t device, domain;
    uint64_t address;
} ModelEvent;

typedef struct {
    bool blocked, passed, posted; /* none: remapped */
    bool by_cache;                /* it came from the cache */
    uint32_t dest;
    uint8_t vector, mode;
    bool logical, level;
    bool is_run;   /* of one that is posted: the guest's processor is told */
    uint64_t page; /* and the virtual APIC's page */
} ModelAnswer;

typedef struct {
    bool valid, logged; /* logged: with SE, its page fault was */
    uint64_t q[4];
} ModelDte;

typedef struct {
    bool valid;
    ModelAnswer answer;
} ModelIrte;

typedef struct {
    bool valid, read, write;
    uint16_t domain;
    uint64_t page, host;
} ModelPage;

typedef struct {
    /* Reads 8 bytes; false: nothing is there. */
    bool (*load)(void *opaque, uint64_t at, uint64_t *value);
    void *opaque;
    /* Registers. */
    uint64_t control, table, excl_base, excl_limit;
    /* Caches. */
    uint16_t ids[MODEL_DEVICES]; /* of the devices there are */
    ModelDte dtes[MODEL_DEVICES];
    ModelIrte irtes[MODEL_DEVICES][MODEL_INDEXES];
    ModelPage pages[MODEL_PAGES];
    unsigned next_page;
    /* Of the last request: its event, and whether it used a translation that it had. */
    ModelEvent event;
    bool used_page;
} Model;

/* A message; `cached` says whether the unit took the entry from its cache. */
ModelAnswer model_message(Model *m, unsigned device, uint64_t address, uint32_t data, bool cached);
/* An access within one page: true and where it goes, or false. `cached` as above. */
bool model_access(Model *m, unsigned device, uint64_t address, bool write, bool cached,
                  uint64_t *host);

void model_forget_device(Model *m, unsigned device);
void model_forget_interrupts(Model *m, unsigned device);
void model_forget_pages(Model *m, uint16_t domain, uint64_t first, uint64_t last);
void model_forget_all(Model *m);

#endif

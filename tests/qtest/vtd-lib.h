/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of the VT-d unit share: a machine with the unit and an emitter, the unit's
 * tables and queue, and how to send and to see a message. Written from the specification, apart
 * from the unit's own codecs.
 */
#ifndef TESTS_QTEST_VTD_LIB_H
#define TESTS_QTEST_VTD_LIB_H

#include "libqtest.h"
#include "tests/include/intr_testdev.h"
#include "tests/include/vtd.h"

/* Where the tests keep things in guest memory. */
#define AT_QUEUE  0x100000ull
#define AT_STATUS 0x120000ull
#define AT_ROOT   0x130000ull
#define AT_CTX    0x140000ull
#define AT_SS     0x150000ull
#define AT_PID    0x180000ull
#define AT_RING   0x200000ull
#define AT_DATA   0x400000ull
#define AT_IRT    0x800000ull /* aligned to the biggest table, 1 MiB */

#define AT_SIZE 0x1000000ull /* of one unit's share */

#define BAR     0xe8000000ull /* where the tests put the emitter's BAR 0 */
#define SID_OWN (4u << 3)     /* its own requester id: 00:04.0 */

typedef struct {
    uint64_t address;
    uint32_t data;
    uint16_t rid, flags;
    uint32_t pasid, result;
    uint64_t unused;
} RingEntry;

typedef struct {
    uint64_t low, high;
} Pair;

typedef struct {
    QTest *qts;
    unsigned cpus;
    bool x2apic;
    uint32_t tail; /* bytes */
    uint32_t sequence;
    uint32_t frcd;
    uint64_t base; /* the unit's registers */
    uint64_t at;   /* its tables are so far behind AT_... */
    uint64_t bar;  /* its emitter's BAR 0 */
    uint8_t devfn; /* and its place on the root bus */
} Vtd;

/* A machine with `cpus` CPUs whose APICs are enabled (x2APIC with `x2apic`), the unit with the
 * given extra properties (",name=value" or ""), and the emitter as 00:04.0 with its BAR at BAR. */
Vtd *vtd_start(const char *props, unsigned cpus, bool x2apic);
/* The same, with properties for the emitter, whose id is "emitter". */
Vtd *vtd_start_emitter(const char *props, const char *emitter, unsigned cpus, bool x2apic);
void vtd_stop(Vtd *v);
/* The program refuses a unit with these properties ("name=value"), and says why. */
void vtd_expect_refused(const char *props, const char *says);
/* Another unit of that machine, with an emitter of its own; to be freed by the caller. */
Vtd *vtd_beside(const Vtd *first, uint64_t base, uint8_t slot);
/* Resets the machine, and enables APICs and emitter again; memory and the unit are as the reset
 * left them. */
void vtd_reset(Vtd *v);

uint32_t vtd_readl(Vtd *v, uint32_t reg);
uint64_t vtd_readq(Vtd *v, uint32_t reg);
void vtd_writel(Vtd *v, uint32_t reg, uint32_t value);
void vtd_writeq(Vtd *v, uint32_t reg, uint64_t value);

/* One command; checks that GSTS answers. */
void vtd_command(Vtd *v, uint32_t bit, bool on);
void vtd_queue_on(Vtd *v, unsigned size, bool wide); /* wide: 256-bit descriptors */
void vtd_submit(Vtd *v, uint64_t low, uint64_t high);
void vtd_ring(Vtd *v); /* writes the tail */
/* Submits a wait descriptor with status write and checks that it was done. */
void vtd_wait(Vtd *v);
void vtd_flush_iec(Vtd *v);
void vtd_flush_iec_index(Vtd *v, uint16_t index, unsigned mask);
void vtd_flush_context(Vtd *v);
void vtd_flush_iotlb(Vtd *v);
void vtd_flush_dma(Vtd *v); /* both of these */
/* Table of 2^(size+1) entries at AT_IRT, queue on, flushed, remapping on. */
void vtd_remap_on(Vtd *v, unsigned size, bool eime);
void vtd_set_irte(Vtd *v, uint32_t index, Pair irte);

/* A remapped-format entry, present, fixed, physical, edge, to an xAPIC or x2APIC id; no source
 * check. Tests change what they mean to. */
Pair irte_for(uint8_t vector, uint32_t dest, bool eime);
Pair irte_posted(uint8_t vector, uint64_t pid, bool urgent);

uint64_t remappable_address(uint32_t handle, bool shv);

/* Sends a message under `rid`. */
void vtd_send(Vtd *v, uint64_t address, uint32_t data, uint16_t rid);
/* The entry `index`, without sub-handle. */
void vtd_send_index(Vtd *v, uint32_t index, uint16_t rid);
uint32_t vtd_dma_write(Vtd *v, uint64_t address, const void *data, uint32_t len, uint16_t rid);
uint32_t vtd_dma_read(Vtd *v, uint64_t address, void *data, uint32_t len, uint16_t rid);

/* Takes the vector: true if it was in CPU `cpu`'s IRR, and then nothing else was. */
bool vtd_took(Vtd *v, unsigned cpu, uint8_t vector);
/* The fault in record `n`: reason, 0 if none. Clears it. */
typedef struct {
    uint8_t reason;
    uint16_t sid;
    uint64_t info;
    unsigned type; /* T1 << 1 | T2 */
    bool pp;
    uint32_t pasid;
} Fault;
Fault vtd_take_fault(Vtd *v, unsigned n);
/* Checks for exactly this fault in the record that FRI names, and clears everything. */
void vtd_expect_fault(Vtd *v, uint8_t reason, uint16_t sid, uint64_t info);
void vtd_expect_no_fault(Vtd *v);

/* ---- DMA ---- */

#define SID    0x0320 /* a requester */
#define DOMAIN 7u     /* and its domain */

#define AT_CTX_OF(sid_) (AT_CTX + ((sid_) >> 8 & 7) * 0x1000ull)

#define SS_RW 3ull /* of a second-stage entry */
#define SS_PS (1ull << 7)

/* vtd_start() with the queue on and translation on, its root table at AT_ROOT. */
Vtd *vtd_start_dma(const char *props);
Vtd *vtd_start_dma_emitter(const char *props, const char *emitter);
void vtd_set_root(Vtd *v, uint64_t root);
/* Root entry and context entry, in a context table of its own for each of eight buses. */
void vtd_set_context(Vtd *v, uint16_t sid, Pair ctx);
/* A present context entry of translation type `type`. */
Pair vtd_context(unsigned type, uint64_t table, unsigned levels, uint16_t domain);
Pair vtd_ss_context(unsigned type, unsigned levels, uint16_t domain); /* with its table at AT_SS */
/* Maps `iova` by tables from `tables` on, one page a level, with the leaf `entry` at level `leaf`;
 * where that is. */
uint64_t vtd_map(Vtd *v, uint64_t tables, unsigned levels, unsigned leaf, uint64_t iova,
                 uint64_t entry);
/* The result of a read, and the 8 bytes. */
uint32_t vtd_read_word(Vtd *v, uint64_t iova, uint64_t *word, uint16_t sid);
uint32_t vtd_read(Vtd *v, uint64_t iova, uint64_t *word); /* by SID */

#endif

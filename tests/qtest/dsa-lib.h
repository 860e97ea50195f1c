/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A driver of a data streaming accelerator for qtests, behind a remapping unit that is off. */
#ifndef TESTS_QTEST_DSA_LIB_H
#define TESTS_QTEST_DSA_LIB_H

#include "tests/include/dsa.h"
#include "vtd-lib.h"

#define DSA_DEVFN      (6u << 3)
#define DSA_VECTOR(n_) ((uint8_t)(0x60 + (n_)))

/* Memory of the tests. */
#define DSA_AT_RECORD 0x1000000ull /* a record every 32 bytes */
#define DSA_AT_LIST   0x1010000ull
#define DSA_AT_ONE    0x1100000ull
#define DSA_AT_TWO    0x1800000ull
#define DSA_AT_THREE  0x2000000ull

typedef struct {
    Vtd *v;
    QTest *qts;
    uint64_t regs, portals, grpcfg, wqcfg, msixperm, slots, vectors;
} DsaDev;

/* A machine with the device, ",name=value" its properties: MSI-X vector n is DSA_VECTOR(n) to CPU
 * 0, and nothing is configured. */
DsaDev *dsa_start(const char *props);
void dsa_stop(DsaDev *d);
uint32_t dsa_readl(DsaDev *d, uint32_t offset);
uint64_t dsa_readq(DsaDev *d, uint32_t offset);
void dsa_writel(DsaDev *d, uint32_t offset, uint32_t value);
/* Gives a command and time; CMDSTS. */
uint32_t dsa_command(DsaDev *d, uint32_t code, uint32_t operand);
/* Size, priority and the largest transfers; the queue is dedicated. */
void dsa_set_wq(DsaDev *d, unsigned wq, uint16_t size, unsigned priority);
void dsa_set_group(DsaDev *d, unsigned group, uint32_t wqs, uint32_t engines);
/* Group 0 has all engines and queues 0 and 1, of 16 entries each; they and the device are on. */
void dsa_go(DsaDev *d);
/* dsa_start() and dsa_go(). */
DsaDev *dsa_start_ready(const char *props);
DsaDescriptor dsa_desc(uint8_t opcode, uint32_t flags, uint64_t source, uint64_t destination,
                       uint32_t size);
void dsa_submit(DsaDev *d, unsigned wq, uint32_t portal, const DsaDescriptor *desc);
void dsa_give_time(DsaDev *d);
DsaCompletion dsa_record(DsaDev *d, unsigned n);
/* Submits it to queue 0, with record 0, and gives time. */
DsaCompletion dsa_do(DsaDev *d, DsaDescriptor desc);
void dsa_pattern(DsaDev *d, uint64_t at, uint32_t bytes, unsigned seed);
bool dsa_has_pattern(DsaDev *d, uint64_t at, uint32_t bytes, unsigned seed);

#endif

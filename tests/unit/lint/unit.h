/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A driver of the remapping unit that keeps the rules, for tests that break one. */
#ifndef TESTS_UNIT_LINT_UNIT_H
#define TESTS_UNIT_LINT_UNIT_H

#include "lint/cases.h"

#define AT_QUEUE   0x100000ull
#define AT_IRT     0x200000ull
#define AT_IRT_2   0x210000ull
#define AT_PID     0x300000ull
#define AT_ROOT    0x400000ull
#define AT_CONTEXT 0x401000ull
#define AT_PAGES   0x402000ull /* three levels of tables */
#define AT_STATUS  0x500000ull
#define BEYOND     0x40000000ull /* no memory there */
#define IRTA_SIZE  7             /* 256 entries */
#define VECTOR     0x61u
#define SOURCE     0x0020u

/* Registers and their bits. */
enum {
    UNIT_GCMD = 0x18,
    UNIT_GSTS = 0x1c,
    UNIT_RTADDR = 0x20,
    UNIT_CCMD = 0x28,
    UNIT_FSTS = 0x34,
    UNIT_FECTL = 0x38,
    UNIT_FEDATA = 0x3c,
    UNIT_FEADDR = 0x40,
    UNIT_FEUADDR = 0x44,
    UNIT_IQT = 0x88,
    UNIT_IQA = 0x90,
    UNIT_ICS = 0x9c,
    UNIT_IRTA = 0xb8,
    UNIT_IOTLB = 0xf8,
    UNIT_FRCD = 0x220,
};
#define TE    (1u << 31)
#define SRTP  (1u << 30)
#define WBF   (1u << 27)
#define QIE   (1u << 26)
#define IRE   (1u << 25)
#define SIRTP (1u << 24)
#define CFI   (1u << 23)
#define EIME  (1u << 11)
#define IM    (1u << 31)

/* Invalidation descriptors. */
#define DESC_CONTEXT_GLOBAL 0x11ull
#define DESC_IOTLB_GLOBAL   0x12ull
#define DESC_IOTLB_PAGE     0x32ull
#define DESC_IEC_GLOBAL     0x04ull
#define DESC_IEC_INDEX      0x14ull
#define DESC_WAIT           0x05ull
#define WAIT_INTERRUPT      (1ull << 4)
#define WAIT_STATUS         (1ull << 5)
#define WAIT_FENCE          (1ull << 6)

/* Entries. */
#define ENTRY_ONLY       (1ull << 18) /* upper half: SVT 01, */
#define ENTRY_LOW        (1ull | VECTOR << 16)
#define ENTRY_HIGH       (ENTRY_ONLY | SOURCE)
#define ENTRY_POSTED     (1ull | 1ull << 15 | VECTOR << 16 | AT_PID << 32)
#define ENTRY_VECTOR(v_) (1ull | (uint64_t)(v_) << 16)

void unit_wr(Rig *rig, uint32_t reg, uint64_t value, unsigned size);
uint64_t unit_rd(Rig *rig, uint32_t reg, unsigned size);
/* One command, and its status. */
void unit_command(Rig *rig, uint32_t value);
void unit_submit(Rig *rig, uint64_t low, uint64_t high);
void unit_start_queue(Rig *rig);
/* The queue and remapping, with a table at AT_IRT; `mode` is EIME or 0. */
void unit_start_mode(Rig *rig, uint32_t mode);
void unit_start(Rig *rig);
void unit_entry(Rig *rig, uint32_t index, uint64_t low, uint64_t high);
void unit_flush(Rig *rig, uint32_t index);
IntrResult unit_send_as(Rig *rig, uint64_t address, uint32_t data, uint16_t requester_id);
/* A request for the entry, from SOURCE. */
IntrResult unit_send(Rig *rig, uint32_t index);
void unit_pass_time(Rig *rig, int64_t ns);

#endif

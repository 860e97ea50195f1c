/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of the AMD-Vi unit share: a machine with the unit and an emitter, the unit's
 * tables, command buffer and log, and how to send and to see a message. Written from the
 * specification, apart from the unit's own codecs.
 */
#ifndef TESTS_QTEST_AMD_LIB_H
#define TESTS_QTEST_AMD_LIB_H

#include "libqtest.h"
#include "tests/include/amdvi.h"

/* Where the tests keep things in guest memory. */
#define AT_COMMANDS 0x100000ull
#define AT_LOG      0x110000ull
#define AT_STORE    0x120000ull
#define AT_TABLES   0x140000ull /* of pages */
#define AT_DATA     0x400000ull
#define AT_DEVICES  0x800000ull /* 2 MiB */
#define AT_IRT      0xa00000ull

#define UNIT_FUNCTION 2    /* 00:00.2 */
#define EMITTER       0x20 /* 00:04.0 */
#define BAR           0xe8000000ull
#define SOURCE        0x123 /* a requester */
#define WINDOW        0xfee00000ull

typedef struct {
    QTest *qts;
    uint64_t base; /* of the unit that is driven */
    unsigned cpus;
    bool x2apic;
    uint32_t tail, log_head; /* bytes */
    uint64_t token;
} Amd;

typedef struct {
    unsigned code;
    uint16_t device, domain;
    unsigned flags;
    uint64_t address;
} Event;

/* A machine with `cpus` CPUs whose APICs are enabled (x2APIC with `x2apic`), the unit with the
 * given extra properties (",name=value" or ""), and the emitter; nothing is switched on. */
Amd *amd_start(const char *props, unsigned cpus, bool x2apic);
/* The same with one CPU and extra properties of the emitter. */
Amd *amd_start_emitter(const char *props, const char *emitter);
void amd_stop(Amd *a);
/* Resets the machine, and enables APICs and emitter again. */
void amd_reset(Amd *a);

uint64_t amd_read(Amd *a, uint32_t reg);
void amd_write(Amd *a, uint32_t reg, uint64_t value);
void amd_set_control(Amd *a, uint64_t set, uint64_t clear);
/* Device table of all devices at AT_DEVICES, command buffer and event log of 256 entries; on, with
 * these bits of CONTROL, too. */
void amd_on(Amd *a, uint64_t control);

/* Puts a command into the buffer and tells the unit. */
void amd_command(Amd *a, uint64_t low, uint64_t high);
/* COMPLETION_WAIT with a store, which is then there. */
void amd_wait(Amd *a);
void amd_flush_device(Amd *a, uint16_t device);
void amd_flush_interrupts(Amd *a, uint16_t device);
void amd_flush_all(Amd *a);

/* A device table entry's quadword. */
void amd_set_dte(Amd *a, uint16_t device, unsigned quadword, uint64_t value);
/* Interrupts are remapped by a table of 2^length entries at AT_IRT. */
void amd_remap(Amd *a, uint16_t device, unsigned length);
void amd_set_irte32(Amd *a, unsigned index, uint32_t value);
void amd_set_irte128(Amd *a, unsigned index, uint64_t low, uint64_t high);
/* An entry, enabled, fixed, physical. */
uint32_t irte32(uint8_t vector, uint8_t dest);

/* Sends a message under `rid`. */
void amd_send(Amd *a, uint64_t address, uint32_t data, uint16_t rid);
/* Has the emitter do something at an address: E_RESULT. */
uint32_t amd_emit(Amd *a, unsigned command, uint64_t address, uint32_t flags);
uint32_t amd_dma_write(Amd *a, uint64_t address, const void *data, uint32_t len, uint16_t rid);
uint32_t amd_dma_read(Amd *a, uint64_t address, void *data, uint32_t len, uint16_t rid);

/* Takes the vector: true if it was in CPU `cpu`'s IRR, and then nothing else was. */
bool amd_took(Amd *a, unsigned cpu, uint8_t vector);
/* The oldest event of the log, which is taken off it; code 0: none. */
Event amd_take_event(Amd *a);
void amd_expect_event(Amd *a, unsigned code, uint16_t device, unsigned flags, uint64_t address);
void amd_expect_no_event(Amd *a);
/* The address that events have for a message with a vector, to APIC 0. */
uint64_t amd_event_address(uint8_t vector);

#endif

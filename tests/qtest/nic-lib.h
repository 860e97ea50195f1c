/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tests of network cards share: a machine with the unit and a card, whose cable's other end is
 * a socket in the test's hands; frames to send, and what is right of them. */
#ifndef TESTS_QTEST_NIC_LIB_H
#define TESTS_QTEST_NIC_LIB_H

#include "vtd-lib.h"

#define NIC_DEVFN    (5 << 3)
#define NIC_MEMORY   0x2000000ull /* what the driver owns */
#define NIC_RING(q_) (NIC_MEMORY + 0x1000ull * (q_))
#define NIC_DATA     (NIC_MEMORY + 0x100000)
#define NIC_STEP     1000000 /* ns: time for a slice */
#define NIC_ENTRIES  8

typedef struct {
    Vtd *v;
    QTest *qts;
    int wire;
    uint8_t bus, devfn;
    uint64_t regs;
    uint16_t rid;
} Nic;

/* `card` is -device's text, which gets netdev= and addr=; bus mastering is on. */
Nic *nic_start(const char *card);
void nic_stop(Nic *n);
uint32_t nic_reg(Nic *n, uint32_t offset);
void nic_set_reg(Nic *n, uint32_t offset, uint32_t value);
/* Until a register has these bits; false if it does not come to that. */
bool nic_wait_reg(Nic *n, uint32_t offset, uint32_t mask, uint32_t value);
/* The same of memory. */
bool nic_wait_memory(Nic *n, uint64_t at, uint32_t mask, uint32_t value);
/* Rings of NIC_ENTRIES at their registers, empty, in NIC_RING(number). */
void nic_set_ring(Nic *n, uint32_t at, unsigned number);
/* Vector i is remapped by entry i, which is 80h + i for CPU 0; MSI-X is on. */
void nic_vectors_on(Nic *n, unsigned count, uint8_t bar);
void nic_msi_on(Nic *n);
bool nic_pin_is_up(Nic *n);

/* What comes out of the cable within our patience, or 0; nothing comes now. */
size_t nic_from_wire(Nic *n, uint8_t *frame, size_t size);
bool nic_wire_is_quiet(Nic *n);
bool nic_wire_is_empty(Nic *n); /* now */
void nic_to_wire(Nic *n, const uint8_t *frame, size_t len);

/* To all, of a kind that nobody knows. */
void nic_make_frame(uint8_t *frame, size_t len, uint8_t seed);
/* TCP over IPv4 from 66.9.149.187:2794 to 161.142.100.80:1766 (of the known answers of receive-side
 * scaling), with right checksums; its length. */
#define NIC_HEADERS 54
size_t nic_make_tcp(uint8_t *frame, size_t payload);
bool nic_sums_are_right(const uint8_t *frame, size_t len);
/* The one's complement sum, in the network's order. */
uint16_t nic_sum(const uint8_t *p, size_t len, uint32_t start);

#endif

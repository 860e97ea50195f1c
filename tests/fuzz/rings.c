/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The driver of rings.h (Virtio 1.1, 2.6, 3.1 and 4.1.4). */
#include "rings.h"

#include <linux/pci_regs.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>

#include "tests/unit/machine-scenes.h"

enum {
    MODERN_BAR = 4,
    NOTIFY_AT = 0x3000,
    STRIDE = 4,
    AVAIL = 0x1000,
    USED = 0x2000,
    DATA = 0x3000
};

static uint64_t rings_get(Rings *r, uint32_t at, unsigned size)
{
    return as_load(r->box->platform.memory, r->bar + at, size, NULL);
}

static void rings_put(Rings *r, uint32_t at, uint64_t value, unsigned size)
{
    as_store(r->box->platform.memory, r->bar + at, value, size);
}

/* What the device offers, mostly. */
static void rings_negotiate(Rings *r, FuzzInput *in)
{
    uint64_t left_out = fuzz_below(in, 2) ? fuzz_number(in) : 0;
    rings_put(r, VIRTIO_PCI_COMMON_STATUS, 0, 1);
    rings_put(r, VIRTIO_PCI_COMMON_STATUS, 3, 1);
    for (uint32_t half = 0; half < 2; half++) {
        rings_put(r, VIRTIO_PCI_COMMON_DFSELECT, half, 4);
        uint64_t features = rings_get(r, VIRTIO_PCI_COMMON_DF, 4);
        features &= half ? UINT32_MAX : ~left_out;
        rings_put(r, VIRTIO_PCI_COMMON_GFSELECT, half, 4);
        rings_put(r, VIRTIO_PCI_COMMON_GF, features, 4);
    }
    rings_put(r, VIRTIO_PCI_COMMON_STATUS, 11, 1);
}

static void rings_set_up(Rings *r, unsigned n)
{
    uint64_t at = r->memory + n * 0x4000ull;
    rings_put(r, VIRTIO_PCI_COMMON_Q_SELECT, n, 2);
    rings_put(r, VIRTIO_PCI_COMMON_Q_SIZE, RINGS_SIZE, 2);
    rings_put(r, VIRTIO_PCI_COMMON_Q_MSIX, n, 2);
    rings_put(r, VIRTIO_PCI_COMMON_Q_DESCLO, at, 8);
    rings_put(r, VIRTIO_PCI_COMMON_Q_AVAILLO, at + AVAIL, 8);
    rings_put(r, VIRTIO_PCI_COMMON_Q_USEDLO, at + USED, 8);
    rings_put(r, VIRTIO_PCI_COMMON_Q_ENABLE, 1, 2);
    r->notify[n] = NOTIFY_AT + STRIDE * rings_get(r, VIRTIO_PCI_COMMON_Q_NOFF, 2);
}

bool rings_start(Rings *r, Box *box, const char *cls, uint64_t memory, FuzzInput *in)
{
    PciDevice *pci = find_pci(box, cls);
    *r = (Rings){.box = box, .memory = memory};
    if (!pci) {
        return false;
    }
    uint64_t config = MCH_ECAM_BASE + ((uint64_t)pci->devfn << 12);
    as_store(box->platform.memory, config + PCI_COMMAND, 7, 2);
    r->bar = memory_bar(box, pci, MODERN_BAR);
    rings_negotiate(r, in);
    uint64_t queues = rings_get(r, VIRTIO_PCI_COMMON_NUMQ, 2);
    r->queues = (unsigned)MIN(queues, RINGS_QUEUES);
    for (unsigned n = 0; n < r->queues; n++) {
        rings_set_up(r, n);
    }
    rings_put(r, VIRTIO_PCI_COMMON_STATUS, 15, 1);
    return r->queues > 0;
}

static void rings_describe(Rings *r, uint64_t table, unsigned n, uint16_t flags, FuzzInput *in)
{
    AddressSpace *memory = r->box->platform.memory;
    bool own = fuzz_below(in, 4) != 0;
    uint64_t data = table - table % 0x4000 + DATA + fuzz_below(in, 64) * 16u;
    uint32_t len = fuzz_below(in, 4) ? fuzz_below(in, 2048) : (uint32_t)fuzz_number(in);
    as_store(memory, table + 16 * n, own ? data : r->address(r->opaque, in), 8);
    as_store(memory, table + 16 * n + 8, len, 4);
    as_store(memory, table + 16 * n + 12, flags, 2);
    as_store(memory, table + 16 * n + 14, fuzz_below(in, 16) ? n + 1 : fuzz_u8(in), 2);
}

/* Words of what the device is asked for, in the first part of the data. */
static void rings_ask(Rings *r, uint64_t at, FuzzInput *in)
{
    for (unsigned n = fuzz_below(in, 8); n > 0; n--) {
        as_store(r->box->platform.memory, at + fuzz_below(in, 32), fuzz_number(in),
                 1u << fuzz_below(in, 4));
    }
}

void rings_offer(Rings *r, FuzzInput *in)
{
    AddressSpace *memory = r->box->platform.memory;
    unsigned n = fuzz_below(in, r->queues);
    unsigned out = fuzz_below(in, 3), all = out + fuzz_below(in, 4);
    uint64_t at = r->memory + n * 0x4000ull;
    unsigned first = fuzz_below(in, 8), slot = r->next[n] % RINGS_SIZE;
    rings_ask(r, at + DATA, in);
    for (unsigned i = 0; i < all; i++) {
        uint16_t flags = i < out ? 0 : VRING_DESC_F_WRITE;
        flags |= i + 1 < all ? VRING_DESC_F_NEXT : 0;
        flags ^= fuzz_below(in, 16) ? 0 : fuzz_u8(in) & 7;
        rings_describe(r, at, first + i, flags, in);
    }
    as_store(memory, at + AVAIL + 4 + 2 * slot, fuzz_below(in, 16) ? first : fuzz_u8(in), 2);
    r->next[n] += (uint16_t)(fuzz_below(in, 32) ? 1 : fuzz_u8(in));
    as_store(memory, at + AVAIL + 2, r->next[n], 2);
    if (fuzz_below(in, 4)) {
        rings_put(r, (uint32_t)r->notify[n], n, 2);
    }
}

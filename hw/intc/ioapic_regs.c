/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IOAPIC: registers. 82093AA data sheet 3.2 and ICH9 data sheet 13.5. */
#include <inttypes.h>

#include "hw/intc/ioapic_internal.h"
#include "hw/intr/lint.h"

#define MMIO_IOREGSEL 0x00
#define MMIO_IOWIN    0x10
#define MMIO_EOIR     0x40

#define IDX_ID          0x00
#define IDX_VER         0x01
#define IDX_ARB         0x02
#define IDX_REDIR       0x10 /* two for each pin */
#define ID_SHIFT        24
#define ID_MASK         (0xfu << ID_SHIFT)
#define VER_MAXRE_SHIFT 16

/* The index register has 8 bits, which reach 120 entries; the version register can tell of 240.
 * With more than 120 pins it has a ninth. */
#define IDX_BITS_8 0xff
#define IDX_BITS_9 0x1ff

static bool is_redirection(const IoapicState *s, unsigned index)
{
    return index >= IDX_REDIR && index < IDX_REDIR + 2u * s->pins;
}

static uint32_t ioapic_read_index(const IoapicState *s, unsigned index)
{
    switch (index) {
    case IDX_ID:
    case IDX_ARB:
        return (uint32_t)s->id << ID_SHIFT;
    case IDX_VER:
        return s->version | (s->pins - 1u) << VER_MAXRE_SHIFT;
    default:
        if (!is_redirection(s, index)) {
            ioapic_rules_index(&s->dev, index, false);
            return 0;
        }
        index -= IDX_REDIR;
        return (uint32_t)(s->rte[index / 2] >> (index % 2 * 32));
    }
}

static void ioapic_write_index(IoapicState *s, unsigned index, uint32_t value)
{
    if (index == IDX_ID) {
        s->id = (value & ID_MASK) >> ID_SHIFT;
    } else if (is_redirection(s, index)) {
        ioapic_write_rte(s, index - IDX_REDIR, value);
    } else if (index == IDX_VER || index == IDX_ARB) {
        LINT_BREAK(&s->dev, LINT_IOAPIC_READ_ONLY, "index %u", index);
    } else {
        ioapic_rules_index(&s->dev, index, true);
    }
}

static uint64_t ioapic_read(void *opaque, uint64_t offset, unsigned size)
{
    IoapicState *s = opaque;

    switch (offset) {
    case MMIO_IOREGSEL:
        return s->select;
    case MMIO_IOWIN:
        return ioapic_read_index(s, s->select);
    default:
        return 0;
    }
}

static void ioapic_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    IoapicState *s = opaque;

    if (offset == MMIO_IOREGSEL) {
        bool wide = IDX_REDIR + 2u * s->pins > IDX_BITS_8 + 1;
        s->select = (uint16_t)(value & (wide ? IDX_BITS_9 : IDX_BITS_8));
    } else if (offset == MMIO_IOWIN && size == 4) {
        ioapic_write_index(s, s->select, (uint32_t)value);
    } else if (offset == MMIO_EOIR && s->has_eoi_register) {
        ioapic_eoi(s, (uint8_t)value);
    } else {
        LINT_BREAK(&s->dev,
                   offset == MMIO_EOIR ? LINT_IOAPIC_EOI_REGISTER : LINT_IOAPIC_RESERVED_OFFSET,
                   "write of %u bytes at %#" PRIx64, size, offset);
    }
}

const MemOps ioapic_ops = {
    .read = ioapic_read,
    .write = ioapic_write,
    .min_size = 4,
    .max_size = 4,
};

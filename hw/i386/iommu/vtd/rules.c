/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d: lint's checks of commands, registers and the invalidation queue. See rules.h. */
#include "hw/i386/iommu/vtd/unit.h"
#include "hw/intr/lint.h"

#define ONESHOTS     (VTD_GCMD_SRTP | VTD_GCMD_SIRTP)
#define QUEUE_ERRORS (VTD_FSTS_IQE | VTD_FSTS_ITE)
#define PAGE_BYTES   4096u
#define IRTE_BYTES   16u

/* Reserved bits of registers, where more than one field is (11.4.5, 11.4.9, 11.4.10). */
#define IRTA_RESERVED 0x7f0ull
#define IQA_RESERVED  0x7f8ull
#define IQA_DW        (1ull << 11)
#define IQT_RESERVED  (~0x7fff0ull)

/* Of what is written into a register that holds an address: the bits that no field has. */
static uint64_t reserved_of(const VtdState *s, uint64_t written, uint64_t reserved)
{
    return written & (reserved | vtd_mask_from(s->props.haw));
}

void vtd_rules_reset(VtdState *s)
{
    s->rules = (VtdRules){0};
}

void vtd_rules_gcmd(VtdState *s, uint32_t written, uint32_t command)
{
    if (s->command.pending) {
        LINT_BREAK(&s->dev, LINT_GCMD_WHILE_PENDING, "GCMD=%#x while %#x takes effect", written,
                   s->command.pending);
        return;
    }
    if (!command) {
        return;
    }
    if (s->rules.unread) {
        LINT_BREAK(&s->dev, LINT_GCMD_WITHOUT_STATUS, "GCMD=%#x after %#x", written,
                   s->rules.unread);
    }
    if (__builtin_popcount(command) > 1) {
        bool echo = command & ONESHOTS & vtd_reg(s, VTD_GSTS);
        LINT_BREAK(&s->dev, echo ? LINT_GCMD_ONESHOT_ECHOED : LINT_GCMD_SEVERAL_BITS,
                   "GCMD=%#x, new in it %#x", written, command);
    }
    s->rules.unread = command;
}

void vtd_rules_status_read(VtdState *s)
{
    if (!s->command.pending) {
        s->rules.unread = 0;
    }
}

static void enable_remapping(VtdState *s)
{
    uint64_t irta = vtd_reg(s, VTD_IRTA);
    if (!(vtd_reg(s, VTD_GSTS) & VTD_GCMD_SIRTP)) {
        LINT_BREAK(&s->dev, LINT_IRE_BEFORE_SIRTP, "IRTA=%#" PRIx64, irta);
        return;
    }
    if (!s->iec.flushed) {
        LINT_BREAK(&s->dev, LINT_IRE_BEFORE_FLUSH, "IRTA=%#" PRIx64, irta);
    }
    if (irta != s->iec.table.irta) {
        LINT_BREAK(&s->dev, LINT_IRTA_NOT_LATCHED, "IRTA=%#" PRIx64 ", in use %#" PRIx64, irta,
                   s->iec.table.irta);
    }
}

static void enable_translation(VtdState *s)
{
    uint64_t rtaddr = vtd_reg(s, VTD_RTADDR);
    if (!(vtd_reg(s, VTD_GSTS) & VTD_GCMD_SRTP)) {
        LINT_BREAK(&s->dev, LINT_TE_BEFORE_SRTP, "RTADDR=%#" PRIx64, rtaddr);
        return;
    }
    if (s->rules.context_unflushed || s->rules.iotlb_unflushed) {
        LINT_BREAK(&s->dev, LINT_TE_BEFORE_FLUSH, "%s",
                   s->rules.context_unflushed ? "of the context cache" : "of the IOTLB");
    }
    if (rtaddr != s->root_table) {
        LINT_BREAK(&s->dev, LINT_RTADDR_NOT_LATCHED, "RTADDR=%#" PRIx64 ", in use %#" PRIx64,
                   rtaddr, s->root_table);
    }
}

static void enable_queue(VtdState *s)
{
    uint64_t iqa = vtd_reg(s, VTD_IQA), tail = vtd_reg(s, VTD_IQT);
    if (tail) {
        LINT_BREAK(&s->dev, LINT_QIE_TAIL_NOT_ZERO, "IQT=%#" PRIx64, tail);
    }
    if (!as_ram_ptr(s->links.memory, iqa & VTD_BASE_MASK, (size_t)PAGE_BYTES << (iqa & 7))) {
        LINT_BREAK(&s->dev, LINT_QUEUE_NOT_IN_MEMORY, "IQA=%#" PRIx64, iqa);
    }
}

void vtd_rules_enable(VtdState *s, uint32_t bit)
{
    switch (bit) {
    case VTD_GCMD_IRE:
        enable_remapping(s);
        break;
    case VTD_GCMD_TE:
        enable_translation(s);
        break;
    case VTD_GCMD_QIE:
        enable_queue(s);
        break;
    case VTD_GCMD_CFI:
        if (s->iec.table.eime) {
            LINT_BREAK(&s->dev, LINT_CFI_WITH_EIME, "IRTA=%#" PRIx64, s->iec.table.irta);
        }
        break;
    }
}

void vtd_rules_table_set(VtdState *s, bool same)
{
    const VtdIrt *table = &s->iec.table;
    if (!as_ram_ptr(s->links.memory, table->base, (size_t)table->entries * IRTE_BYTES)) {
        LINT_BREAK(&s->dev, LINT_TABLE_NOT_IN_MEMORY, "IRTA=%#" PRIx64 ", %u entries", table->irta,
                   table->entries);
    }
    if (!same) {
        s->rules.table_replaced = s->remapping && !s->props.esirtps;
    }
}

void vtd_rules_root_set(VtdState *s, bool same)
{
    if (!as_ram_ptr(s->links.memory, s->root_table & VTD_BASE_MASK, PAGE_BYTES)) {
        LINT_BREAK(&s->dev, LINT_ROOT_NOT_IN_MEMORY, "RTADDR=%#" PRIx64, s->root_table);
    }
    if (!same) {
        s->rules.context_unflushed = s->rules.iotlb_unflushed = !s->props.esrtps;
        s->rules.root_replaced = s->translating && !s->props.esrtps;
    }
}

void vtd_rules_access(VtdState *s, uint64_t offset, unsigned size)
{
    LINT_BREAK(&s->dev, LINT_UNIT_ACCESS_SIZE, "%u bytes at %#" PRIx64, size, offset);
}

/* Zeros do no harm there: kernels write FEUADDR and IEUADDR whether or not they exist. */
void vtd_rules_no_register(VtdState *s, uint64_t offset, uint64_t value)
{
    bool upper = offset == VTD_FEUADDR || offset == VTD_IEUADDR;
    if (value) {
        LINT_BREAK(&s->dev, upper ? LINT_UPPER_ADDRESS_WITHOUT_EIM : LINT_UNIT_RESERVED_REGISTER,
                   "%#" PRIx64 " at %#" PRIx64, value, offset);
    }
}

void vtd_rules_reserved_bits(VtdState *s, const char *name, uint64_t bits)
{
    if (bits) {
        LINT_BREAK(&s->dev, LINT_UNIT_RESERVED_BITS, "%#" PRIx64 " of %s", bits, name);
    }
}

void vtd_rules_irta(VtdState *s, uint64_t written)
{
    vtd_rules_reserved_bits(s, "IRTA", reserved_of(s, written, IRTA_RESERVED));
    if ((written & VTD_IRTA_EIME) && !s->eim) {
        LINT_BREAK(&s->dev, LINT_EIME_WITHOUT_EIM, "IRTA=%#" PRIx64, written);
    }
}

void vtd_rules_iqa(VtdState *s, uint64_t written)
{
    vtd_rules_reserved_bits(s, "IQA", reserved_of(s, written, IQA_RESERVED));
    if (vtd_queue_enabled(s)) {
        LINT_BREAK(&s->dev, LINT_IQA_WHILE_ON, "IQA=%#" PRIx64, written);
    }
    if ((written & IQA_DW) && !s->props.scalable_mode) {
        LINT_BREAK(&s->dev, LINT_IQA_WIDE, "IQA=%#" PRIx64, written);
    }
}

void vtd_rules_tail(VtdState *s, uint64_t written)
{
    vtd_rules_reserved_bits(s, "IQT", written & IQT_RESERVED);
    if (!vtd_queue_enabled(s) && written) {
        LINT_BREAK(&s->dev, LINT_IQT_WHILE_OFF, "IQT=%#" PRIx64, written);
    } else if (vtd_reg(s, VTD_FSTS) & QUEUE_ERRORS) {
        LINT_BREAK(&s->dev, LINT_IQT_WHILE_HALTED, "IQT=%#" PRIx64 ", FSTS=%#" PRIx64, written,
                   vtd_reg(s, VTD_FSTS));
    }
}

void vtd_rules_queue_error(VtdState *s, VtdQueueError cause, uint64_t addr)
{
    static const LintRule rules[] = {
        [VTD_IQEI_TAIL] = LINT_TAIL_PAST_END,   [VTD_IQEI_FETCH] = LINT_QUEUE_NOT_IN_MEMORY,
        [VTD_IQEI_TYPE] = LINT_DESCRIPTOR_TYPE, [VTD_IQEI_RESERVED] = LINT_DESCRIPTOR_RESERVED,
        [VTD_IQEI_WIDTH] = LINT_IQA_WIDE,
    };
    /* A wrong tail is no descriptor's fault. */
    bool read = cause != VTD_IQEI_TAIL && cause != VTD_IQEI_TAIL_ALIGNMENT;
    g_autofree char *writer = vtd_writer_text(read ? vtd_watch_writer(&s->queue_watch, addr) : NULL,
                                              s->dev.platform->journal);

    LINT_BREAK(&s->dev, rules[cause], "IQH=%#" PRIx64 ", IQT=%#" PRIx64 "%s", vtd_reg(s, VTD_IQH),
               vtd_reg(s, VTD_IQT), writer);
}

/* A global invalidation makes up for a new root table or interrupt table. */
static void flushed(VtdState *s, VtdDescType type)
{
    s->rules.context_unflushed &= type != VTD_DESC_CONTEXT;
    s->rules.iotlb_unflushed &= type != VTD_DESC_IOTLB;
    s->rules.root_replaced &= s->rules.context_unflushed || s->rules.iotlb_unflushed;
    s->rules.table_replaced &= type != VTD_DESC_IEC;
}

static void invalidate_pages(VtdState *s, const VtdDesc *d)
{
    if (d->granularity == VTD_INV_PAGE && (d->address & ((1ull << (12 + d->address_mask)) - 1))) {
        LINT_BREAK(&s->dev, LINT_IOTLB_ADDRESS_UNALIGNED, "%#" PRIx64 ", mask %u", d->address,
                   d->address_mask);
    }
}

static void invalidate_entries(VtdState *s, const VtdDesc *d)
{
    if (d->global) {
        flushed(s, VTD_DESC_IEC);
    } else if (d->index & ((1u << d->index_mask) - 1)) {
        LINT_BREAK(&s->dev, LINT_IEC_INDEX_UNALIGNED, "index %u, mask %u", d->index, d->index_mask);
    }
}

static void wait(VtdState *s, const VtdDesc *d)
{
    if (!d->interrupt && !d->status && !d->fence) {
        LINT_BREAK(&s->dev, LINT_WAIT_WITHOUT_SIGNAL, "IQH=%#" PRIx64, vtd_reg(s, VTD_IQH));
    }
    if (d->status && !as_ram_ptr(s->links.memory, d->address, sizeof(d->status_data))) {
        LINT_BREAK(&s->dev, LINT_WAIT_NOT_IN_MEMORY, "status at %#" PRIx64, d->address);
    }
    if (d->interrupt && (vtd_reg(s, VTD_ICS) & VTD_ICS_IWC)) {
        LINT_BREAK(&s->dev, LINT_IWC_NOT_CLEARED, "IQH=%#" PRIx64, vtd_reg(s, VTD_IQH));
    }
}

void vtd_rules_descriptor(VtdState *s, const VtdDesc *d)
{
    switch (d->type) {
    case VTD_DESC_CONTEXT:
    case VTD_DESC_IOTLB:
        if (d->granularity == VTD_INV_GLOBAL) {
            flushed(s, d->type);
        } else if (d->type == VTD_DESC_IOTLB) {
            invalidate_pages(s, d);
        }
        break;
    case VTD_DESC_IEC:
        invalidate_entries(s, d);
        break;
    case VTD_DESC_WAIT:
        wait(s, d);
        break;
    default:
        break;
    }
}

void vtd_rules_register_invalidation(VtdState *s, VtdDescType type, uint8_t granularity)
{
    const char *name = type == VTD_DESC_CONTEXT ? "CCMD" : "IOTLB";
    if (vtd_queue_enabled(s)) {
        LINT_BREAK(&s->dev, LINT_REGISTER_INVALIDATION_WITH_QUEUE, "%s", name);
    } else if (granularity == 0) {
        LINT_BREAK(&s->dev, LINT_GRANULARITY_ZERO, "%s", name);
    } else if (granularity == VTD_INV_GLOBAL) {
        flushed(s, type);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: lint's checks of interrupt requests, entries and posted-interrupt descriptors. They run
 * where an entry is read from memory or found stale, not for each request. See rules.h.
 */
#include "hw/core/rid.h"
#include "hw/i386/iommu/vtd/pid.h"
#include "hw/i386/iommu/vtd/unit.h"
#include "hw/intc/apic.h"
#include "hw/intr/lint.h"

#define ADDR_SHV (1ull << 3)

#define IRTE_BYTES     16u
#define IRTE_P         (1ull << 0)
#define IRTE_IM        (1ull << 15)
#define IRTE_V         16, 8
#define IRTE_DST_WIDE  (0xffff00ffull << 32) /* of DST, what xAPIC mode has no use for */
#define IRTE_PDA_BELOW (0x3full << 32)       /* address bits 5:0, were they there */
#define IRTE_SVT       18, 2                 /* upper quadword */

#define PID_CONTROL   32 /* bytes into the descriptor */
#define PID_NDST_WIDE (0xffff00ffull << 32)

/* Software that answers notifications has answered by then. */
#define ON_NS NS_PER_SEC

#define FIRST_VECTOR 16

static int64_t now(const VtdState *s)
{
    return clock_now(s->dev.platform->clock);
}

static bool entry_in_memory(VtdState *s, uint32_t index, uint64_t entry[2])
{
    return vtd_tables_read(&s->tables, s->iec.table.base + (uint64_t)index * IRTE_BYTES, entry,
                           IRTE_BYTES) == MEM_OK;
}

void vtd_rules_passed(VtdState *s, const IntrMsg *msg)
{
    if (s->remapping) {
        LINT_BREAK(&s->dev, LINT_COMPATIBILITY_FORMAT, "from %s, data=%#x",
                   rid_text(msg->requester_id).text, msg->data);
    } else if (s->intremap) {
        LINT_BREAK(&s->dev, LINT_REMAPPABLE_WHILE_OFF, "from %s, addr=%#" PRIx64,
                   rid_text(msg->requester_id).text, msg->address);
    }
}

/* ---- Entries as they are read ---- */

static void check_vector(VtdState *s, uint32_t index, const VtdIecEntry *e)
{
    if (e->msg.mode <= INTR_MODE_LOWEST && e->msg.vector < FIRST_VECTOR) {
        LINT_BREAK(&s->dev, LINT_IRTE_VECTOR_LOW, "entry %u, vector %#x", index, e->msg.vector);
    }
}

/* The other entry counts only if it still says so. */
static bool still_has(VtdState *s, const VtdVectorUse *use, uint8_t vector)
{
    uint64_t entry[2];
    VtdIrte irte;
    VtdIrteMode mode = {.eime = s->iec.table.eime, .posting = s->iec.config.posting};
    return entry_in_memory(s, use->index, entry) &&
           vtd_irte_decode(entry[0], entry[1], mode, &irte) == VTD_OK && !irte.posted &&
           irte.vector == vector && irte.dest == use->dest && irte.logical == use->logical;
}

static void entry_check_shared(VtdState *s, uint32_t index, const VtdIecEntry *e)
{
    VtdVectorUse *use = &s->rules.vectors[e->msg.vector];
    VtdVectorUse mine = {
        .used = true, .dest = e->msg.dest, .logical = e->msg.logical, .index = index};
    if (e->msg.mode > INTR_MODE_LOWEST) {
        return;
    }
    if (use->used && use->index != index && use->dest == mine.dest &&
        use->logical == mine.logical && still_has(s, use, e->msg.vector)) {
        LINT_BREAK(&s->dev, LINT_VECTOR_SHARED, "entries %u and %u, vector %#x of %#x", use->index,
                   index, e->msg.vector, mine.dest);
    }
    *use = mine;
}

/* The IOAPIC's message carries its entry's trigger mode, which the unit does not look at. An edge
 * for a level pin is in order: Linux does so, and ends the pin by the IOAPIC's EOI register. */
static void check_trigger(VtdState *s, const IntrMsg *msg, uint32_t index, const VtdIecEntry *e)
{
    bool level = msg->data & MSI_DATA_TRIGGER_LEVEL;
    if (e->msg.level && !level && !(msg->address & ADDR_SHV) &&
        iommu_scope_has(&s->links.scope, IOMMU_IOAPIC, msg->requester_id)) {
        LINT_BREAK(&s->dev, LINT_IRTE_TRIGGER_DIFFERS, "entry %u", index);
    }
}

static void check_usable(VtdState *s, const IntrMsg *msg, uint32_t index, const VtdIecEntry *e)
{
    if (vtd_get(e->high, IRTE_SVT) == 0) {
        LINT_BREAK(&s->dev, LINT_SVT_ZERO, "entry %u, used by %s", index,
                   rid_text(msg->requester_id).text);
    }
    if (!e->posted) {
        check_vector(s, index, e);
        entry_check_shared(s, index, e);
        check_trigger(s, msg, index, e);
    }
}

static void check_reserved(VtdState *s, uint32_t index, const VtdIecEntry *e)
{
    if (e->low & IRTE_IM) {
        if (e->low & IRTE_PDA_BELOW) {
            LINT_BREAK(&s->dev, LINT_PID_UNALIGNED, "entry %u, low %#" PRIx64, index, e->low);
        }
    } else if (!s->iec.table.eime && (e->low & IRTE_DST_WIDE)) {
        LINT_BREAK(&s->dev, LINT_IRTE_DEST_WIDE, "entry %u, DST %#x", index,
                   (uint32_t)(e->low >> 32));
    }
}

static void check_freed(VtdState *s, const IntrMsg *msg, uint32_t index, const VtdIecEntry *e)
{
    const VtdIecEntry *last = &s->iec.entries[index];
    if (last->worked && last->sid_mask && (msg->requester_id & last->sid_mask) == last->sid) {
        LINT_BREAK(&s->dev, LINT_ENTRY_FREED_IN_USE, "entry %u, %s", index,
                   rid_text(msg->requester_id).text);
    }
}

/* It was seen, while present, with one half as it is now and one as it was before. */
static void check_torn(VtdState *s, uint32_t index, const VtdIecEntry *e)
{
    const VtdStaleUse *was = &s->rules.stale;
    if (!was->since || was->index != index || !(was->memory[0] & IRTE_P)) {
        return;
    }
    bool low_first = was->memory[0] == e->low && was->memory[1] == was->cached[1] &&
                     was->memory[0] != was->cached[0] && e->high != was->memory[1];
    bool high_first = was->memory[1] == e->high && was->memory[0] == was->cached[0] &&
                      was->memory[1] != was->cached[1] && e->low != was->memory[0];
    if (low_first || high_first) {
        LINT_BREAK(&s->dev, LINT_ENTRY_TORN, "entry %u, its %s half first", index,
                   low_first ? "lower" : "upper");
    }
}

void vtd_rules_filled(VtdState *s, const IntrMsg *msg, uint32_t index, const VtdIecEntry *e)
{
    if (s->rules.table_replaced) {
        LINT_BREAK(&s->dev, LINT_SIRTP_WITHOUT_FLUSH, "entry %u", index);
    }
    check_torn(s, index, e);
    if (s->rules.stale.index == index) {
        s->rules.stale.since = 0;
    }
    switch (e->fault) {
    case VTD_OK:
        check_usable(s, msg, index, e);
        break;
    case VTD_FR_IR_NOT_PRESENT:
        check_freed(s, msg, index, e);
        break;
    case VTD_FR_IR_ENTRY_RESERVED:
        check_reserved(s, index, e);
        break;
    default:
        break;
    }
}

/* ---- Entries that are used though memory differs ---- */

static bool queue_is_idle(const VtdState *s)
{
    return vtd_reg(s, VTD_IQH) == vtd_reg(s, VTD_IQT);
}

static bool same_use(const VtdStaleUse *a, const VtdStaleUse *b)
{
    return a->since && a->index == b->index && a->memory[0] == b->memory[0] &&
           a->memory[1] == b->memory[1];
}

void vtd_rules_stale(VtdState *s, uint32_t index, const VtdIecEntry *e)
{
    VtdStaleUse use = {.since = now(s) + 1, .index = index, .cached = {e->low, e->high}};
    if (!entry_in_memory(s, index, use.memory)) {
        return;
    }
    if (s->rules.table_replaced) {
        LINT_BREAK(&s->dev, LINT_SIRTP_WITHOUT_FLUSH, "entry %u", index);
        return;
    }
    if (e->fault == VTD_FR_IR_NOT_PRESENT && (use.memory[0] & IRTE_P)) {
        LINT_BREAK(&s->dev, LINT_CACHING_MODE_IGNORED, "entry %u", index);
        return;
    }
    if (!same_use(&s->rules.stale, &use)) {
        s->rules.stale = use;
    } else if (use.since - s->rules.stale.since >= VTD_RULES_CHANGING_NS && queue_is_idle(s)) {
        LINT_BREAK(&s->dev, LINT_STALE_ENTRY_USED,
                   "entry %u, cached %016" PRIx64 "%016" PRIx64 ", memory %016" PRIx64
                   "%016" PRIx64,
                   index, e->high, e->low, use.memory[1], use.memory[0]);
    }
}

void vtd_rules_nobody(VtdState *s, uint32_t index, const ApicMsg *msg)
{
    LINT_BREAK(&s->dev, LINT_IRTE_DEST_NOBODY, "entry %u, %s %#x", index,
               msg->logical ? "logical" : "physical", msg->dest);
}

/* ---- Posted-interrupt descriptors ---- */

void vtd_rules_posted(VtdState *s, uint64_t address, IntrResult posted)
{
    VtdRules *rules = &s->rules;
    int64_t last = clock_last(s->dev.platform->clock); /* near enough, and costs nothing */
    if (posted != INTR_POSTED_OUTSTANDING || rules->pid_address != address) {
        rules->pid_address = posted == INTR_POSTED_OUTSTANDING ? address : 0;
        rules->pid_since = last;
    } else if (last - rules->pid_since >= ON_NS) {
        const VtdWatch *pid = vtd_pid_watch_find(&s->pid_watch, address);
        g_autofree char *writer =
            vtd_writer_text(pid ? vtd_watch_writer(pid, address) : NULL, s->dev.platform->journal);

        LINT_BREAK(&s->dev, LINT_PID_ON_LEFT, "descriptor at %#" PRIx64 "%s", address, writer);
    }
}

void vtd_rules_pid_reserved(VtdState *s, uint64_t address)
{
    uint64_t control = as_load(s->links.memory, address + PID_CONTROL, sizeof(control), NULL);
    if (!s->iec.table.eime && (control & PID_NDST_WIDE)) {
        LINT_BREAK(&s->dev, LINT_PID_NDST_FORM, "descriptor at %#" PRIx64 ", NDST %#x", address,
                   (uint32_t)(control >> 32));
    }
}

/* An id of the other form is shifted by 8. */
void vtd_rules_notified(VtdState *s, const ApicMsg *msg, IntrResult result)
{
    if (msg->vector < FIRST_VECTOR) {
        LINT_BREAK(&s->dev, LINT_PID_VECTOR_LOW, "vector %#x", msg->vector);
    }
    if (result == INTR_NO_APIC && s->iec.table.eime && !(msg->dest & 0xff) && msg->dest <= 0xff00) {
        LINT_BREAK(&s->dev, LINT_PID_NDST_FORM, "NDST %#x", msg->dest);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cases of lint: interrupt requests, entries, posted-interrupt descriptors, mappings. */
#include "dram-fixture.h"
#include "lint/unit.h"

#define NOBODY 0x44u /* no local APIC has this id */

/* Formats. */

static void compatibility(Rig *rig)
{
    unit_start_mode(rig, 0);
    unit_command(rig, QIE | IRE | CFI);
    unit_send_as(rig, INTR_WINDOW_BASE, VECTOR, SOURCE);
}

static void compatibility_off(Rig *rig)
{
    unit_send_as(rig, INTR_WINDOW_BASE, VECTOR, SOURCE);
}

static void remappable_off(Rig *rig)
{
    unit_send(rig, 1);
}

/* Entries. */

static void use(Rig *rig, uint64_t low, uint64_t high)
{
    unit_start(rig);
    unit_entry(rig, 1, low, high);
    unit_send(rig, 1);
}

static void use_good(Rig *rig)
{
    use(rig, ENTRY_LOW, ENTRY_HIGH);
}

static void entry_forgotten(Rig *rig)
{
    use_good(rig);
    unit_entry(rig, 1, ENTRY_VECTOR(VECTOR + 1), ENTRY_HIGH);
    unit_send(rig, 1);
    unit_pass_time(rig, 2 * NS_PER_MS);
    unit_send(rig, 1);
}

/* An interrupt may come while the entry is being changed. */
static void entry_flushed(Rig *rig)
{
    use_good(rig);
    unit_entry(rig, 1, ENTRY_VECTOR(VECTOR + 1), ENTRY_HIGH);
    unit_send(rig, 1);
    unit_send(rig, 1);
    unit_flush(rig, 1);
    unit_pass_time(rig, 2 * NS_PER_MS);
    unit_send(rig, 1);
}

static void absence_forgotten(Rig *rig)
{
    use(rig, 0, 0);
    unit_entry(rig, 1, ENTRY_LOW, ENTRY_HIGH);
    unit_send(rig, 1);
}

static void absence_flushed(Rig *rig)
{
    use(rig, 0, 0);
    unit_entry(rig, 1, ENTRY_LOW, ENTRY_HIGH);
    unit_flush(rig, 1);
    unit_send(rig, 1);
}

static void entry_torn(Rig *rig)
{
    use_good(rig);
    rig_wr(rig, AT_IRT + 16, ENTRY_VECTOR(VECTOR + 1), 8);
    unit_send(rig, 1);
    rig_wr(rig, AT_IRT + 24, ENTRY_ONLY | (SOURCE + 1), 8);
    unit_flush(rig, 1);
    unit_send(rig, 1);
}

/* Not present in between. */
static void entry_changed(Rig *rig)
{
    use_good(rig);
    rig_wr(rig, AT_IRT + 16, 0, 8);
    unit_send(rig, 1);
    rig_wr(rig, AT_IRT + 24, ENTRY_ONLY | (SOURCE + 1), 8);
    rig_wr(rig, AT_IRT + 16, ENTRY_VECTOR(VECTOR + 1), 8);
    unit_flush(rig, 1);
    unit_send(rig, 1);
}

static void entry_freed(Rig *rig)
{
    use_good(rig);
    unit_entry(rig, 1, 0, 0);
    unit_flush(rig, 1);
    unit_send(rig, 1);
}

/* Another device's requests do not count, nor do those that no entry was there for. */
static void entry_never_used(Rig *rig)
{
    use_good(rig);
    unit_entry(rig, 1, 0, 0);
    unit_flush(rig, 1);
    unit_send_as(rig, INTR_WINDOW_BASE | 0x10 | 1 << 5, 0, SOURCE + 1);
    unit_send(rig, 2);
}

static void svt_zero(Rig *rig)
{
    use(rig, ENTRY_LOW, 0);
}

/* What is not used is no harm. */
static void svt_zero_unused(Rig *rig)
{
    use_good(rig);
    unit_entry(rig, 2, ENTRY_LOW, 0);
}

static void vector_low(Rig *rig)
{
    use(rig, ENTRY_VECTOR(15), ENTRY_HIGH);
}

static void vector_least(Rig *rig)
{
    use(rig, ENTRY_VECTOR(16), ENTRY_HIGH);
}

static void dest(Rig *rig, uint32_t mode, uint32_t dst)
{
    unit_start_mode(rig, mode);
    unit_entry(rig, 1, ENTRY_LOW | (uint64_t)dst << 32, ENTRY_HIGH);
    unit_send(rig, 1);
}

static void dest_wide(Rig *rig)
{
    dest(rig, 0, 0x10000);
}

static void dest_xapic(Rig *rig)
{
    dest(rig, 0, 0xff00);
}

static void dest_nobody(Rig *rig)
{
    dest(rig, EIME, NOBODY);
}

static void dest_everybody(Rig *rig)
{
    dest(rig, EIME, 0xffffffff);
}

/* The IOAPIC's pin 3 in remappable format, by entry 1. */
static void pin(Rig *rig, uint64_t entry_bits, uint32_t rte_bits)
{
    unit_start(rig);
    unit_entry(rig, 1, ENTRY_LOW | entry_bits, ENTRY_ONLY);
    rig_wr(rig, IOAPIC_BASE, 0x10 + 2 * 3 + 1, 4);
    rig_wr(rig, IOAPIC_BASE + 0x10, 1u << 17 | 1u << 16, 4);
    rig_wr(rig, IOAPIC_BASE, 0x10 + 2 * 3, 4);
    rig_wr(rig, IOAPIC_BASE + 0x10, rte_bits | VECTOR, 4);
    irq_raise(&rig->pin);
}

static void trigger_differs(Rig *rig)
{
    pin(rig, 1 << 4, 0);
}

/* As Linux has it. */
static void trigger_edge_for_level(Rig *rig)
{
    pin(rig, 0, 1 << 15);
}

static void share(Rig *rig, uint8_t second)
{
    use_good(rig);
    unit_entry(rig, 2, ENTRY_VECTOR(second), ENTRY_HIGH);
    unit_send(rig, 2);
}

static void vector_shared(Rig *rig)
{
    share(rig, VECTOR);
}

/* Another vector; and the same one when the first entry has given it up. */
static void vector_passed_on(Rig *rig)
{
    share(rig, VECTOR + 1);
    unit_entry(rig, 1, 0, 0);
    unit_flush(rig, 1);
    unit_entry(rig, 2, ENTRY_LOW, ENTRY_HIGH);
    unit_flush(rig, 2);
    unit_send(rig, 2);
}

/* Posted-interrupt descriptors. */

static void post(Rig *rig, uint32_t mode, uint64_t low, uint64_t control)
{
    rig_wr(rig, AT_PID + 32, control, 8);
    unit_start_mode(rig, mode);
    unit_entry(rig, 1, low, ENTRY_HIGH);
    unit_send(rig, 1);
}

#define NV        (0x62ull << 16)
#define NDST(id_) ((uint64_t)(id_) << 32)
#define ON        1ull

static void pid_unaligned(Rig *rig)
{
    post(rig, EIME, ENTRY_POSTED | 0x20ull << 32, NV);
}

static void pid_good(Rig *rig)
{
    post(rig, EIME, ENTRY_POSTED, NV);
}

static void pid_on(Rig *rig)
{
    post(rig, EIME, ENTRY_POSTED, NV | ON);
    unit_pass_time(rig, NS_PER_SEC);
    unit_send(rig, 1);
}

static void pid_on_answered(Rig *rig)
{
    post(rig, EIME, ENTRY_POSTED, NV | ON);
    unit_pass_time(rig, NS_PER_SEC / 2);
    rig_wr(rig, AT_PID + 32, NV, 8);
    unit_send(rig, 1);
    unit_pass_time(rig, NS_PER_SEC / 2);
    unit_send(rig, 1);
}

static void pid_vector_low(Rig *rig)
{
    post(rig, EIME, ENTRY_POSTED, 15ull << 16);
}

static void pid_x2apic_id(Rig *rig)
{
    post(rig, 0, ENTRY_POSTED, NV | NDST(1));
}

static void pid_xapic_id(Rig *rig)
{
    post(rig, 0, ENTRY_POSTED, NV | NDST(1 << 8));
}

/* DMA. */

static void map(Rig *rig, uint64_t page)
{
    rig_wr(rig, AT_PAGES + 0x2000 + 8, page | 3, 8);
}

static void read_mapped(Rig *rig, unsigned times)
{
    uint32_t value;
    Upstream up = iommu_class(rig->vtd)->upstream(rig->vtd);
    BusReq req = {.requester_id = SOURCE};

    while (times-- > 0) {
        g_assert_cmpint(upstream_read(&up, &req, 0x1000, &value, sizeof(value)), ==, MEM_OK);
    }
}

static void translate(Rig *rig)
{
    rig_put(rig, AT_ROOT, AT_CONTEXT | 1, 0);
    rig_put(rig, AT_CONTEXT + SOURCE * 16, AT_PAGES | 1, 1ull << 8 | 1);
    rig_wr(rig, AT_PAGES, (AT_PAGES + 0x1000) | 3, 8);
    rig_wr(rig, AT_PAGES + 0x1000, (AT_PAGES + 0x2000) | 3, 8);
    map(rig, 0x600000);
    unit_start_queue(rig);
    unit_wr(rig, UNIT_RTADDR, AT_ROOT, 8);
    unit_command(rig, QIE | SRTP);
    unit_submit(rig, DESC_CONTEXT_GLOBAL, 0);
    unit_submit(rig, DESC_IOTLB_GLOBAL, 0);
    unit_command(rig, QIE | TE);
    read_mapped(rig, 20);
}

static void mapping_forgotten(Rig *rig)
{
    translate(rig);
    map(rig, 0x601000);
    read_mapped(rig, 20);
}

static void mapping_flushed(Rig *rig)
{
    translate(rig);
    map(rig, 0x601000);
    unit_submit(rig, DESC_IOTLB_PAGE | 1ull << 16, 0x1000);
    read_mapped(rig, 40);
}

/* Stores that are on their way to memory. */

static void store_entry(Rig *rig, uint64_t low)
{
    cpu_store(rig->platform.memory, AT_IRT + 16, low, 8);
    cpu_store(rig->platform.memory, AT_IRT + 24, ENTRY_HIGH, 8);
}

static void line_forgotten(Rig *rig)
{
    unit_start(rig);
    store_entry(rig, ENTRY_LOW);
    unit_send(rig, 1);
}

static void line_flushed(Rig *rig)
{
    unit_start(rig);
    store_entry(rig, ENTRY_LOW);
    cpu_flush(rig->platform.memory, AT_IRT + 16);
    unit_send(rig, 1);
    /* An interrupt may come while the entry is being changed. */
    unit_flush(rig, 1);
    store_entry(rig, ENTRY_VECTOR(VECTOR + 1));
    unit_send(rig, 1);
    cpu_flush(rig->platform.memory, AT_IRT + 16);
    unit_flush(rig, 1);
    unit_send(rig, 1);
}

static void change_forgotten(Rig *rig)
{
    line_flushed(rig);
    store_entry(rig, ENTRY_VECTOR(VECTOR + 2));
    unit_flush(rig, 1);
    unit_send(rig, 1);
    unit_flush(rig, 1); /* so the change is done, they say */
}

static void change_forgotten_long(Rig *rig)
{
    line_flushed(rig);
    store_entry(rig, ENTRY_VECTOR(VECTOR + 2));
    unit_send(rig, 1);
    unit_pass_time(rig, 2 * NS_PER_MS);
    unit_send(rig, 1);
}

static void store_mapping(Rig *rig)
{
    translate(rig);
    cpu_store(rig->platform.memory, AT_PAGES + 0x2000 + 8, 0x601000 | 3, 8);
}

static void mapping_line_forgotten(Rig *rig)
{
    store_mapping(rig);
    unit_submit(rig, DESC_IOTLB_PAGE | 1ull << 16, 0x1000);
    read_mapped(rig, 1);
    unit_submit(rig, DESC_IOTLB_PAGE | 1ull << 16, 0x1000);
}

static void mapping_line_flushed(Rig *rig)
{
    store_mapping(rig);
    cpu_flush(rig->platform.memory, AT_PAGES + 0x2000 + 8);
    unit_submit(rig, DESC_IOTLB_PAGE | 1ull << 16, 0x1000);
    read_mapped(rig, 40);
}

static void buffer_flushed(Rig *rig)
{
    unit_start(rig);
    store_entry(rig, ENTRY_LOW);
    unit_command(rig, QIE | IRE | WBF);
    unit_send(rig, 1);
    store_entry(rig, ENTRY_VECTOR(VECTOR + 1));
    unit_flush(rig, 1); /* flushes the buffer, too */
    unit_send(rig, 1);
    unit_flush(rig, 1);
}

#define UNSNOOPED "iommu0.coherency=off,iommu0.stale-tables=on"
#define UNCACHED  "iommu0.iec=off," UNSNOOPED
#define BUFFERED  "iommu0.rwbf=on,iommu0.stale-tables=on"

const LintCase lint_entry_cases[] = {
    {LINT_COMPATIBILITY_FORMAT, compatibility, compatibility_off},
    {LINT_REMAPPABLE_WHILE_OFF, remappable_off, compatibility_off},
    {LINT_STALE_ENTRY_USED, entry_forgotten, entry_flushed},
    {LINT_CACHING_MODE_IGNORED, absence_forgotten, absence_flushed, "iommu0.caching-mode=on"},
    {LINT_ENTRY_TORN, entry_torn, entry_changed},
    {LINT_ENTRY_FREED_IN_USE, entry_freed, entry_never_used},
    {LINT_SVT_ZERO, svt_zero, svt_zero_unused},
    {LINT_IRTE_VECTOR_LOW, vector_low, vector_least},
    {LINT_IRTE_DEST_WIDE, dest_wide, dest_xapic},
    {LINT_IRTE_DEST_NOBODY, dest_nobody, dest_everybody},
    {LINT_IRTE_TRIGGER_DIFFERS, trigger_differs, trigger_edge_for_level},
    {LINT_VECTOR_SHARED, vector_shared, vector_passed_on},
    {LINT_PID_UNALIGNED, pid_unaligned, pid_good},
    {LINT_PID_ON_LEFT, pid_on, pid_on_answered},
    {LINT_PID_VECTOR_LOW, pid_vector_low, pid_good},
    {LINT_PID_NDST_FORM, pid_x2apic_id, pid_xapic_id},
    {LINT_STALE_MAPPING_USED, mapping_forgotten, mapping_flushed},
    {LINT_TABLE_NOT_FLUSHED, line_forgotten, line_flushed, UNSNOOPED},
    {LINT_TABLE_NOT_FLUSHED, change_forgotten, line_flushed, UNSNOOPED},
    {LINT_TABLE_NOT_FLUSHED, change_forgotten_long, line_flushed, UNCACHED},
    {LINT_TABLE_NOT_FLUSHED, mapping_line_forgotten, mapping_line_flushed, UNSNOOPED},
    {LINT_WRITE_BUFFER_NOT_FLUSHED, line_forgotten, buffer_flushed, BUFFERED},
    {.breaks = NULL},
};

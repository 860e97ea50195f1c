/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cases of lint: the remapping unit's registers and commands. */
#include "lint/unit.h"

/* Interrupt remapping. */

static void eime_offered(Rig *rig)
{
    unit_wr(rig, UNIT_IRTA, AT_IRT | IRTA_SIZE, 8);
}

static void eime_not_offered(Rig *rig)
{
    unit_wr(rig, UNIT_IRTA, AT_IRT | EIME | IRTA_SIZE, 8);
}

static void ire_alone(Rig *rig)
{
    unit_start_queue(rig);
    unit_command(rig, QIE | IRE);
}

/* A queue that is turned off and on does not need another table. */
static void ire_again(Rig *rig)
{
    unit_start(rig);
    unit_command(rig, QIE);
    unit_command(rig, QIE | IRE);
}

static void table_alone(Rig *rig)
{
    unit_start_queue(rig);
    unit_wr(rig, UNIT_IRTA, AT_IRT | EIME | IRTA_SIZE, 8);
    unit_command(rig, QIE | SIRTP);
}

static void ire_unflushed(Rig *rig)
{
    table_alone(rig);
    unit_submit(rig, DESC_IEC_INDEX, 0); /* not all of it */
    unit_command(rig, QIE | IRE);
}

/* The same table again, with the command after it. */
static void ire_echoed(Rig *rig)
{
    table_alone(rig);
    unit_submit(rig, DESC_IEC_GLOBAL, 0);
    unit_command(rig, QIE | SIRTP | IRE);
}

static void irta_moved(Rig *rig)
{
    table_alone(rig);
    unit_submit(rig, DESC_IEC_GLOBAL, 0);
    unit_wr(rig, UNIT_IRTA, AT_IRT_2 | EIME | IRTA_SIZE, 8);
    unit_command(rig, QIE | IRE);
}

static void irta_moved_later(Rig *rig)
{
    unit_start(rig);
    unit_wr(rig, UNIT_IRTA, AT_IRT_2 | EIME | IRTA_SIZE, 8);
}

static void second_table(Rig *rig)
{
    unit_start(rig);
    rig_put(rig, AT_IRT_2 + 16, ENTRY_LOW, ENTRY_HIGH);
    unit_wr(rig, UNIT_IRTA, AT_IRT_2 | EIME | IRTA_SIZE, 8);
    unit_command(rig, QIE | IRE | SIRTP);
}

static void sirtp_unflushed(Rig *rig)
{
    second_table(rig);
    unit_send(rig, 1);
}

static void sirtp_flushed(Rig *rig)
{
    second_table(rig);
    unit_submit(rig, DESC_IEC_GLOBAL, 0);
    unit_send(rig, 1);
}

static void table_beyond(Rig *rig)
{
    unit_wr(rig, UNIT_IRTA, (RAM_SIZE - 0x1000) | EIME | (IRTA_SIZE + 1), 8);
    unit_command(rig, SIRTP);
}

static void table_at_end(Rig *rig)
{
    unit_wr(rig, UNIT_IRTA, (RAM_SIZE - 0x1000) | EIME | IRTA_SIZE, 8);
    unit_command(rig, SIRTP);
}

static void cfi_set(Rig *rig)
{
    unit_start(rig);
    unit_command(rig, QIE | IRE | CFI);
}

static void cfi_in_xapic_mode(Rig *rig)
{
    unit_start_mode(rig, 0);
    unit_command(rig, QIE | IRE | CFI);
}

/* DMA remapping. */

static void root_set(Rig *rig, uint64_t root)
{
    unit_start_queue(rig);
    unit_wr(rig, UNIT_RTADDR, root, 8);
    unit_command(rig, QIE | SRTP);
}

static void flush_translations(Rig *rig)
{
    unit_submit(rig, DESC_CONTEXT_GLOBAL, 0);
    unit_submit(rig, DESC_IOTLB_GLOBAL, 0);
}

static void te_alone(Rig *rig)
{
    unit_start_queue(rig);
    unit_command(rig, QIE | TE);
}

static void te_in_order(Rig *rig)
{
    root_set(rig, AT_ROOT);
    flush_translations(rig);
    unit_command(rig, QIE | TE);
}

static void te_half_flushed(Rig *rig)
{
    root_set(rig, AT_ROOT);
    unit_submit(rig, DESC_CONTEXT_GLOBAL, 0);
    unit_command(rig, QIE | TE);
}

static void te_flushed_by_registers(Rig *rig)
{
    unit_wr(rig, UNIT_RTADDR, AT_ROOT, 8);
    unit_command(rig, SRTP);
    unit_wr(rig, UNIT_CCMD, 1ull << 63 | 1ull << 61, 8);
    unit_wr(rig, UNIT_IOTLB, 1ull << 63 | 1ull << 60, 8);
    unit_command(rig, TE);
}

static void rtaddr_moved(Rig *rig)
{
    root_set(rig, AT_ROOT);
    flush_translations(rig);
    unit_wr(rig, UNIT_RTADDR, AT_ROOT + 0x1000, 8);
    unit_command(rig, QIE | TE);
}

static void te_echoed(Rig *rig)
{
    unit_start_queue(rig);
    root_set(rig, AT_ROOT);
    flush_translations(rig);
    unit_command(rig, QIE | SRTP | TE);
}

static void dma(Rig *rig)
{
    uint32_t value;
    Upstream up = iommu_class(rig->vtd)->upstream(rig->vtd);
    BusReq req = {.requester_id = SOURCE};

    upstream_read(&up, &req, 0x1000, &value, sizeof(value));
}

static void second_root(Rig *rig)
{
    te_in_order(rig);
    unit_wr(rig, UNIT_RTADDR, AT_ROOT + 0x10000, 8);
    unit_command(rig, QIE | TE | SRTP);
}

static void srtp_unflushed(Rig *rig)
{
    second_root(rig);
    dma(rig);
}

static void srtp_flushed(Rig *rig)
{
    second_root(rig);
    flush_translations(rig);
    dma(rig);
}

static void root_beyond(Rig *rig)
{
    root_set(rig, BEYOND);
}

static void root_at_end(Rig *rig)
{
    root_set(rig, RAM_SIZE - 0x1000);
}

/* GCMD. */

static void gcmd_too_soon(Rig *rig)
{
    unit_wr(rig, UNIT_IQA, AT_QUEUE, 8);
    unit_wr(rig, UNIT_GCMD, QIE, 4);
    unit_rd(rig, UNIT_GSTS, 4); /* looked, and not waited */
    unit_wr(rig, UNIT_GCMD, QIE | SIRTP, 4);
}

static void gcmd_in_time(Rig *rig)
{
    unit_wr(rig, UNIT_IQA, AT_QUEUE, 8);
    unit_wr(rig, UNIT_GCMD, QIE, 4);
    unit_pass_time(rig, 2000);
    unit_rd(rig, UNIT_GSTS, 4);
    unit_wr(rig, UNIT_GCMD, QIE | SIRTP, 4);
}

static void gcmd_blind(Rig *rig)
{
    unit_wr(rig, UNIT_IRTA, AT_IRT | IRTA_SIZE, 8);
    unit_wr(rig, UNIT_GCMD, SIRTP, 4);
    unit_wr(rig, UNIT_GCMD, CFI, 4);
}

/* It looked too soon, and not again. */
static void gcmd_half_waited(Rig *rig)
{
    unit_wr(rig, UNIT_IQA, AT_QUEUE, 8);
    unit_wr(rig, UNIT_GCMD, QIE, 4);
    unit_rd(rig, UNIT_GSTS, 4);
    unit_pass_time(rig, 2000);
    unit_wr(rig, UNIT_GCMD, QIE | SIRTP, 4);
}

/* What changes nothing is no command. */
static void gcmd_repeated(Rig *rig)
{
    unit_command(rig, CFI);
    unit_wr(rig, UNIT_GCMD, CFI, 4);
    unit_wr(rig, UNIT_GCMD, 0, 4);
}

static void gcmd_two(Rig *rig)
{
    unit_wr(rig, UNIT_IQA, AT_QUEUE, 8);
    unit_command(rig, QIE | SIRTP);
}

/* Bits that stay as they are do not count. */
static void gcmd_one_beside_others(Rig *rig)
{
    unit_start_queue(rig);
    unit_wr(rig, UNIT_IRTA, AT_IRT | IRTA_SIZE, 8);
    unit_command(rig, QIE | SIRTP);
    unit_command(rig, QIE | CFI);
}

static void gcmd_echo(Rig *rig)
{
    table_alone(rig);
    unit_submit(rig, DESC_IEC_GLOBAL, 0);
    unit_command(rig, (uint32_t)unit_rd(rig, UNIT_GSTS, 4) | IRE);
}

static void gcmd_again(Rig *rig)
{
    table_alone(rig);
    unit_command(rig, QIE | SIRTP);
}

/* Accesses. */

static void word_access(Rig *rig)
{
    unit_rd(rig, UNIT_FSTS, 2);
}

static void dword_of_qword(Rig *rig)
{
    unit_rd(rig, UNIT_IRTA, 4);
    unit_rd(rig, UNIT_IRTA + 4, 4);
    unit_rd(rig, UNIT_IRTA, 8);
}

static void nowhere(Rig *rig)
{
    unit_wr(rig, 0x300, 1, 4);
}

static void zero_nowhere(Rig *rig)
{
    unit_wr(rig, 0x300, 0, 4);
    unit_wr(rig, UNIT_FEUADDR, 0, 4);
    unit_rd(rig, 0x300, 4);
}

static void irta_reserved(Rig *rig)
{
    unit_wr(rig, UNIT_IRTA, AT_IRT | 1 << 4, 8);
}

static void all_of_irta(Rig *rig)
{
    unit_wr(rig, UNIT_IRTA, 0xfffffffff000 | EIME | 0xf, 8);
    unit_wr(rig, UNIT_IQT, 0, 8);
    unit_wr(rig, UNIT_IQA, 0xfffffffff007, 8);
    unit_wr(rig, UNIT_RTADDR, 0xfffffffff000, 8);
}

static void upper_address(Rig *rig)
{
    unit_wr(rig, UNIT_FEUADDR, 0x100, 4);
}

/* Events. */

static void event_message(Rig *rig, uint32_t address, uint32_t data)
{
    unit_wr(rig, UNIT_FEDATA, data, 4);
    unit_wr(rig, UNIT_FEADDR, address, 4);
}

static void event_on(Rig *rig, uint32_t address, uint32_t data)
{
    event_message(rig, address, data);
    unit_wr(rig, UNIT_FECTL, 0, 4);
}

static void event_nowhere(Rig *rig)
{
    event_on(rig, 0, VECTOR);
}

static void event_somewhere(Rig *rig)
{
    event_on(rig, INTR_WINDOW_BASE, VECTOR);
}

static void event_vector_low(Rig *rig)
{
    event_on(rig, INTR_WINDOW_BASE, 15);
}

static void event_nmi(Rig *rig)
{
    event_on(rig, INTR_WINDOW_BASE, INTR_MODE_NMI << 8);
}

static void event_changed(Rig *rig)
{
    event_somewhere(rig);
    unit_wr(rig, UNIT_FEDATA, VECTOR + 1, 4);
}

static void event_changed_masked(Rig *rig)
{
    event_somewhere(rig);
    unit_wr(rig, UNIT_FEDATA, VECTOR, 4); /* the same */
    unit_wr(rig, UNIT_FECTL, IM, 4);
    unit_wr(rig, UNIT_FEDATA, VECTOR + 1, 4);
    unit_wr(rig, UNIT_FECTL, 0, 4);
}

/* With one record, the second source's fault sets PFO. */
static void make_faults(Rig *rig, unsigned count)
{
    for (uint16_t i = 0; i < count; i++) {
        unit_send_as(rig, INTR_WINDOW_BASE | 0x10, 0, i);
    }
}

static void faults_lost(Rig *rig)
{
    unit_start(rig);
    make_faults(rig, 2 + 16);
}

static void faults_served(Rig *rig)
{
    unit_start(rig);
    for (unsigned i = 0; i < 3; i++) {
        make_faults(rig, 2 + 15);
        unit_wr(rig, UNIT_FRCD + 8, 1ull << 63, 8);
        unit_wr(rig, UNIT_FSTS, 1, 4);
    }
}

const LintCase lint_unit_cases[] = {
    {LINT_EIME_WITHOUT_EIM, eime_not_offered, eime_offered, "iommu0.eim=off"},
    {LINT_IRE_BEFORE_SIRTP, ire_alone, ire_again},
    {LINT_IRE_BEFORE_FLUSH, ire_unflushed, unit_start},
    {LINT_IRE_BEFORE_FLUSH, ire_unflushed, ire_echoed},
    {LINT_IRTA_NOT_LATCHED, irta_moved, irta_moved_later},
    {LINT_SIRTP_WITHOUT_FLUSH, sirtp_unflushed, sirtp_flushed},
    {LINT_TE_BEFORE_SRTP, te_alone, te_in_order},
    {LINT_TE_BEFORE_FLUSH, te_half_flushed, te_flushed_by_registers},
    {LINT_TE_BEFORE_FLUSH, te_half_flushed, te_echoed},
    {LINT_RTADDR_NOT_LATCHED, rtaddr_moved, te_in_order},
    {LINT_SRTP_WITHOUT_FLUSH, srtp_unflushed, srtp_flushed},
    {LINT_TABLE_NOT_IN_MEMORY, table_beyond, table_at_end},
    {LINT_ROOT_NOT_IN_MEMORY, root_beyond, root_at_end},
    {LINT_GCMD_WHILE_PENDING, gcmd_too_soon, gcmd_in_time, "iommu0.gcmd-latency=1000"},
    {LINT_GCMD_WITHOUT_STATUS, gcmd_blind, gcmd_repeated},
    {LINT_GCMD_WITHOUT_STATUS, gcmd_half_waited, gcmd_in_time, "iommu0.gcmd-latency=1000"},
    {LINT_GCMD_SEVERAL_BITS, gcmd_two, gcmd_one_beside_others},
    {LINT_GCMD_ONESHOT_ECHOED, gcmd_echo, gcmd_again},
    {LINT_CFI_WITH_EIME, cfi_set, cfi_in_xapic_mode},
    {LINT_UNIT_ACCESS_SIZE, word_access, dword_of_qword},
    {LINT_UNIT_RESERVED_REGISTER, nowhere, zero_nowhere, "iommu0.eim=off"},
    {LINT_UNIT_RESERVED_BITS, irta_reserved, all_of_irta},
    {LINT_UPPER_ADDRESS_WITHOUT_EIM, upper_address, zero_nowhere, "iommu0.eim=off"},
    {LINT_EVENT_WITHOUT_ADDRESS, event_nowhere, event_somewhere},
    {LINT_EVENT_VECTOR_LOW, event_vector_low, event_nmi},
    {LINT_EVENT_CHANGED_LIVE, event_changed, event_changed_masked},
    {LINT_FAULTS_LEFT, faults_lost, faults_served},
    {.breaks = NULL},
};

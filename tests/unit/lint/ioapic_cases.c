/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cases of lint: the IOAPIC. Its pin 3 has a wire. */
#include "lint/cases.h"

#define PIN          3u
#define VECTOR       0x61u
#define MASKED       (1u << 16)
#define LEVEL        (1u << 15)
#define LOW_ACTIVE   (1u << 13)
#define MODE(mode_)  ((uint32_t)(mode_) << 8)
#define TO(id_)      ((uint32_t)(id_) << 24) /* upper half */
#define REMAPPABLE   (1u << 16)              /* upper half */
#define EOI_REGISTER 0x40
#define STORM        16

static void wr(Rig *rig, uint32_t index, uint32_t value)
{
    rig_wr(rig, IOAPIC_BASE, index, 4);
    rig_wr(rig, IOAPIC_BASE + 0x10, value, 4);
}

static uint32_t rd(Rig *rig, uint32_t index)
{
    rig_wr(rig, IOAPIC_BASE, index, 4);
    return (uint32_t)as_load(rig->platform.memory, IOAPIC_BASE + 0x10, 4, NULL);
}

static void lower(Rig *rig, uint32_t value)
{
    wr(rig, 0x10 + 2 * PIN, value);
}

static void upper(Rig *rig, uint32_t value)
{
    wr(rig, 0x10 + 2 * PIN + 1, value);
}

static void pulse(Rig *rig)
{
    irq_lower(&rig->pin);
    irq_raise(&rig->pin);
}

static void pass_time(Rig *rig, int64_t ns)
{
    clock_advance_to(rig->platform.clock, clock_now(rig->platform.clock) + ns);
}

/* Changing entries. */

static void outstanding(Rig *rig)
{
    lower(rig, LEVEL | VECTOR);
    pulse(rig);
    irq_lower(&rig->pin);
}

static void change_outstanding(Rig *rig)
{
    outstanding(rig);
    lower(rig, LEVEL | MASKED | (VECTOR + 1));
}

/* The mask may change; and edge mode, masked, ends it. */
static void mask_outstanding(Rig *rig)
{
    outstanding(rig);
    lower(rig, LEVEL | MASKED | VECTOR);
    lower(rig, MASKED | VECTOR);
    lower(rig, LEVEL | MASKED | (VECTOR + 1));
}

static void halves_live(Rig *rig)
{
    lower(rig, VECTOR);
    upper(rig, TO(1));
    lower(rig, VECTOR + 1);
}

static void halves_masked(Rig *rig)
{
    lower(rig, VECTOR);
    upper(rig, TO(1)); /* alone: in one piece */
    lower(rig, MASKED | VECTOR);
    upper(rig, TO(2));
    lower(rig, VECTOR + 1);
    lower(rig, VECTOR + 2); /* alone */
}

/* What is unmasked. */

static void vector_15(Rig *rig)
{
    lower(rig, 15);
}

static void no_vector(Rig *rig)
{
    lower(rig, MASKED | 15);
    lower(rig, MODE(INTR_MODE_EXTINT));
    upper(rig, REMAPPABLE); /* the entry of the table has it */
    lower(rig, 0);
}

static void mode_reserved(Rig *rig)
{
    lower(rig, MODE(3) | VECTOR);
}

static void modes(Rig *rig)
{
    lower(rig, MODE(3) | MASKED | VECTOR);
    lower(rig, MODE(INTR_MODE_LOWEST) | VECTOR);
}

static void nmi_level(Rig *rig)
{
    lower(rig, MODE(INTR_MODE_NMI) | LEVEL);
}

static void nmi_edge(Rig *rig)
{
    lower(rig, MODE(INTR_MODE_NMI));
    lower(rig, MODE(INTR_MODE_LOWEST) | LEVEL | VECTOR);
}

static void remappable_nmi(Rig *rig)
{
    upper(rig, REMAPPABLE);
    lower(rig, MODE(INTR_MODE_NMI));
}

static void remappable_fixed(Rig *rig)
{
    upper(rig, REMAPPABLE);
    lower(rig, LEVEL | 3);
}

static void pci_pin(Rig *rig)
{
    ioapic_links(rig->ioapic)->active_low = 1u << PIN;
}

static void at_instruction(void *opaque, JournalWhere *where)
{
    *where = (JournalWhere){.instructions = *(uint64_t *)opaque};
}

/* A device raises the line, and is served by an instruction later on. */
static void pci_held(Rig *rig)
{
    uint64_t instruction = 1;

    rig->journal.where = at_instruction;
    rig->journal.where_opaque = &instruction;
    irq_raise(&rig->pin);
    instruction++;
    irq_lower(&rig->pin);
    rig->journal.where = NULL;
}

static void pci_edge(Rig *rig)
{
    pci_pin(rig);
    lower(rig, LOW_ACTIVE | VECTOR);
    pci_held(rig);
}

/* A timer's pulse. */
static void pci_pulse(Rig *rig)
{
    pci_pin(rig);
    lower(rig, LOW_ACTIVE | VECTOR);
    irq_raise(&rig->pin);
    irq_lower(&rig->pin);
    lower(rig, LEVEL | LOW_ACTIVE | VECTOR);
    pci_held(rig);
}

static void pci_level(Rig *rig)
{
    pci_pin(rig);
    lower(rig, LEVEL | LOW_ACTIVE | VECTOR);
}

static void pci_high(Rig *rig)
{
    pci_pin(rig);
    lower(rig, LEVEL | VECTOR);
}

/* EOIs. */

static void end(Rig *rig, unsigned times)
{
    lower(rig, LEVEL | VECTOR);
    pulse(rig);
    while (times-- > 0) {
        ioapic_eoi(rig->ioapic, VECTOR);
    }
}

static void storm(Rig *rig)
{
    end(rig, STORM + 1);
}

/* The line fell in between. */
static void no_storm(Rig *rig)
{
    end(rig, STORM);
    pulse(rig);
    ioapic_eoi(rig->ioapic, VECTOR);
}

static void waits_long(Rig *rig)
{
    outstanding(rig);
    pass_time(rig, NS_PER_SEC);
    pulse(rig);
}

static void waits_a_little(Rig *rig)
{
    outstanding(rig);
    pass_time(rig, NS_PER_SEC - 1000);
    pulse(rig);
    ioapic_eoi(rig->ioapic, VECTOR);
    pass_time(rig, NS_PER_SEC - 1000);
    pulse(rig);
}

static void eoi_astray(Rig *rig)
{
    outstanding(rig);
    ioapic_eoi(rig->ioapic, VECTOR + 1);
}

/* For nobody, while nobody waits. */
static void eoi_right(Rig *rig)
{
    outstanding(rig);
    ioapic_eoi(rig->ioapic, VECTOR);
    ioapic_eoi(rig->ioapic, VECTOR);
}

/* Accesses. */

static void index_beyond(Rig *rig)
{
    rd(rig, 0x10 + 2 * IOAPIC_PINS);
}

static void index_last(Rig *rig)
{
    rd(rig, 0x10 + 2 * IOAPIC_PINS - 1);
    rd(rig, 2);
}

static void write_version(Rig *rig)
{
    wr(rig, 1, 0);
}

static void read_version(Rig *rig)
{
    rd(rig, 1);
    wr(rig, 0, 1u << 24);
}

static void eoi_register(Rig *rig)
{
    rig_wr(rig, IOAPIC_BASE + EOI_REGISTER, VECTOR, 4);
}

static void no_eoi_register(Rig *rig)
{
    outstanding(rig);
    ioapic_eoi(rig->ioapic, VECTOR);
}

static void offset_reserved(Rig *rig)
{
    rig_wr(rig, IOAPIC_BASE + 0x20, 0, 4);
}

#define VERSION_11 "ioapic.version=0x11"

const LintCase lint_ioapic_cases[] = {
    {LINT_RTE_CHANGED_REMOTE_IRR, change_outstanding, mask_outstanding},
    {LINT_RTE_HALVES_LIVE, halves_live, halves_masked},
    {LINT_RTE_VECTOR_LOW, vector_15, no_vector},
    {LINT_RTE_DELIVERY_RESERVED, mode_reserved, modes},
    {LINT_RTE_LEVEL_NOT_FIXED, nmi_level, nmi_edge},
    {LINT_RTE_REMAPPABLE_BITS, remappable_nmi, remappable_fixed},
    {LINT_RTE_EDGE_ON_LEVEL_PIN, pci_edge, pci_pulse},
    {LINT_RTE_POLARITY, pci_high, pci_level},
    {LINT_LEVEL_STORM, storm, no_storm},
    {LINT_REMOTE_IRR_STUCK, waits_long, waits_a_little},
    {LINT_EOI_FOR_NO_PIN, eoi_astray, eoi_right, VERSION_11},
    {LINT_IOAPIC_INDEX, index_beyond, index_last},
    {LINT_IOAPIC_READ_ONLY, write_version, read_version},
    {LINT_IOAPIC_EOI_REGISTER, eoi_register, no_eoi_register, VERSION_11},
    {LINT_IOAPIC_RESERVED_OFFSET, offset_reserved, eoi_register},
    {.breaks = NULL},
};

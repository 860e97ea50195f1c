/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cases of lint: MSI and MSI-X. The rig's function has two vectors of each. */
#include "lint/cases.h"

#define VECTOR      0x61u
#define ADDRESS     ((uint32_t)INTR_WINDOW_BASE)
#define TO(id_)     ((uint32_t)(id_) << 12)
#define REMAPPABLE  (1u << 4)
#define CTRL_MASKED 1u

static PciDevice *widget(Rig *rig)
{
    return &rig->widget->pci;
}

static void config(Rig *rig, uint32_t offset, uint32_t value, unsigned size)
{
    pci_device_config_write(widget(rig), offset, value, size);
}

static void msi_reg(Rig *rig, uint32_t reg, uint32_t value, unsigned size)
{
    config(rig, widget(rig)->msi.cap + reg, value, size);
}

static void msi_flags(Rig *rig, uint32_t flags)
{
    msi_reg(rig, PCI_MSI_FLAGS, flags, 2);
}

static void msi_message(Rig *rig, uint32_t low, uint32_t high, uint32_t data)
{
    msi_reg(rig, PCI_MSI_ADDRESS_LO, low, 4);
    msi_reg(rig, PCI_MSI_ADDRESS_HI, high, 4);
    msi_reg(rig, PCI_MSI_DATA_64, data, 2);
}

static void msi_on(Rig *rig, uint32_t low, uint32_t data)
{
    msi_message(rig, low, 0, data);
    msi_flags(rig, PCI_MSI_FLAGS_ENABLE);
}

static void msi_good(Rig *rig)
{
    msi_on(rig, ADDRESS, VECTOR);
    msi_notify(widget(rig), 0);
}

/* MSI. */

static void halves_live(Rig *rig)
{
    msi_good(rig);
    msi_reg(rig, PCI_MSI_ADDRESS_LO, ADDRESS | TO(1), 4);
    msi_reg(rig, PCI_MSI_DATA_64, VECTOR + 1, 2);
}

static void halves_masked(Rig *rig)
{
    msi_good(rig);
    msi_reg(rig, PCI_MSI_DATA_64, VECTOR + 1, 2); /* alone: in one piece, */
    msi_reg(rig, PCI_MSI_DATA_64, VECTOR + 2, 2); /* and again */
    msi_reg(rig, PCI_MSI_MASK_64, 3, 4);
    msi_message(rig, ADDRESS | TO(1), 0, VECTOR);
    msi_reg(rig, PCI_MSI_MASK_64, 0, 4);
    msi_flags(rig, 0);
    msi_message(rig, ADDRESS, 0, VECTOR + 1);
}

static void sent_between(Rig *rig)
{
    msi_good(rig);
    msi_reg(rig, PCI_MSI_ADDRESS_LO, ADDRESS | TO(1), 4);
    msi_notify(widget(rig), 0);
    msi_reg(rig, PCI_MSI_DATA_64, VECTOR + 1, 2);
}

static void address_outside(Rig *rig)
{
    msi_on(rig, 0x1000, VECTOR);
}

static void address_wide(Rig *rig)
{
    msi_message(rig, ADDRESS, 1, VECTOR);
    msi_flags(rig, PCI_MSI_FLAGS_ENABLE);
}

static void address_not_enabled(Rig *rig)
{
    msi_message(rig, 0x1000, 0, VECTOR);
    msi_good(rig);
}

static void vector_15(Rig *rig)
{
    msi_on(rig, ADDRESS, 15);
}

static void vector_elsewhere(Rig *rig)
{
    msi_on(rig, ADDRESS | REMAPPABLE, 0);
    msi_flags(rig, 0);
    msi_on(rig, ADDRESS, INTR_MODE_NMI << 8);
}

static void four_of_two(Rig *rig)
{
    msi_message(rig, ADDRESS, 0, 0x60);
    msi_flags(rig, PCI_MSI_FLAGS_ENABLE | 2 << 4);
}

static void two_of_two(Rig *rig)
{
    msi_message(rig, ADDRESS, 0, 0x60);
    msi_flags(rig, PCI_MSI_FLAGS_ENABLE | 1 << 4);
}

static void data_odd(Rig *rig)
{
    msi_message(rig, ADDRESS, 0, VECTOR);
    msi_flags(rig, PCI_MSI_FLAGS_ENABLE | 1 << 4);
}

/* MSI-X. */

static void msix_flags(Rig *rig, uint16_t flags)
{
    config(rig, widget(rig)->msix.cap + PCI_MSIX_FLAGS, flags, 2);
}

static void msix_entry(Rig *rig, uint32_t field, uint64_t value, unsigned size)
{
    const MemRegion *table = &widget(rig)->msix.region;

    table->ops->write(table->opaque, field, value, size);
}

static void msix_good(Rig *rig)
{
    msix_flags(rig, PCI_MSIX_FLAGS_ENABLE);
    msix_entry(rig, PCI_MSIX_ENTRY_LOWER_ADDR, ADDRESS, 4);
    msix_entry(rig, PCI_MSIX_ENTRY_UPPER_ADDR, 0, 4);
    msix_entry(rig, PCI_MSIX_ENTRY_DATA, VECTOR, 4);
    msix_entry(rig, PCI_MSIX_ENTRY_VECTOR_CTRL, 0, 4);
    msix_notify(widget(rig), 0);
}

static void msix_changed(Rig *rig)
{
    msix_good(rig);
    msix_entry(rig, PCI_MSIX_ENTRY_DATA, VECTOR + 1, 4);
}

static void msix_changed_masked(Rig *rig)
{
    msix_good(rig);
    msix_entry(rig, PCI_MSIX_ENTRY_DATA, VECTOR, 4); /* the same */
    msix_entry(rig, PCI_MSIX_ENTRY_VECTOR_CTRL, CTRL_MASKED, 4);
    msix_entry(rig, PCI_MSIX_ENTRY_DATA, VECTOR + 1, 4);
    msix_entry(rig, PCI_MSIX_ENTRY_VECTOR_CTRL, 0, 4);
    msix_flags(rig, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
    msix_entry(rig, PCI_MSIX_ENTRY_DATA, VECTOR, 4);
}

static void ims_field(Rig *rig, uint32_t at, uint64_t value, unsigned size)
{
    const MemRegion *slots = &rig->widget->ims.region;

    slots->ops->write(slots->opaque, at, value, size);
}

static void ims_changed(Rig *rig)
{
    ims_field(rig, 0, ADDRESS, 8);
    ims_field(rig, 8, VECTOR, 8);
    ims_field(rig, 8, VECTOR + 1, 4);
}

static void ims_changed_masked(Rig *rig)
{
    ims_field(rig, 0, ADDRESS, 8);
    ims_field(rig, 8, VECTOR, 8);
    ims_field(rig, 8, VECTOR, 4); /* the same */
    ims_field(rig, 8, 1ull << 32 | (VECTOR + 1), 8);
    ims_field(rig, 0, ADDRESS | TO(1), 8);
    ims_field(rig, 12, 0, 4);
}

static void msix_word(Rig *rig)
{
    msix_entry(rig, PCI_MSIX_ENTRY_DATA, VECTOR, 2);
}

static void msix_qword(Rig *rig)
{
    msix_entry(rig, PCI_MSIX_ENTRY_LOWER_ADDR, ADDRESS, 8);
    msix_entry(rig, PCI_MSIX_ENTRY_DATA, VECTOR, 4);
}

static void msix_address_odd(Rig *rig)
{
    msix_entry(rig, PCI_MSIX_ENTRY_LOWER_ADDR, ADDRESS | 2, 4);
}

static void msix_outside(Rig *rig)
{
    msix_flags(rig, PCI_MSIX_FLAGS_ENABLE);
    msix_entry(rig, PCI_MSIX_ENTRY_VECTOR_CTRL, 0, 4);
}

/* Unmasked before the function is enabled. */
static void msix_outside_by_flags(Rig *rig)
{
    msix_entry(rig, PCI_MSIX_ENTRY_VECTOR_CTRL, 0, 4);
    msix_flags(rig, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
    msix_flags(rig, PCI_MSIX_FLAGS_ENABLE);
}

static void msix_vector_0(Rig *rig)
{
    msix_entry(rig, PCI_MSIX_ENTRY_LOWER_ADDR, ADDRESS, 4);
    msix_outside(rig);
}

/* Both, and bus mastering. */

static void both(Rig *rig)
{
    msi_good(rig);
    msix_good(rig);
}

static void one_after_the_other(Rig *rig)
{
    msi_good(rig);
    msi_flags(rig, 0);
    msix_good(rig);
}

static void no_master(Rig *rig)
{
    rig_command(widget(rig), 0);
    msi_good(rig);
}

/* Enabled before it is a bus master, as many drivers do. */
static void master_later(Rig *rig)
{
    rig_command(widget(rig), 0);
    msi_on(rig, ADDRESS, VECTOR);
    rig_command(widget(rig), PCI_COMMAND_MASTER);
    msi_notify(widget(rig), 0);
}

static void master_off(Rig *rig)
{
    msi_good(rig);
    rig_command(widget(rig), 0);
}

static void master_off_after_msi(Rig *rig)
{
    msi_good(rig);
    rig_command(widget(rig), PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE);
    msi_flags(rig, 0);
    rig_command(widget(rig), 0);
}

const LintCase lint_pci_cases[] = {
    {LINT_MSI_HALVES_LIVE, halves_live, halves_masked},
    {LINT_MSI_SENT_HALF_WRITTEN, sent_between, halves_live},
    {LINT_MSI_ADDRESS_OUTSIDE, address_outside, address_not_enabled},
    {LINT_MSI_ADDRESS_OUTSIDE, address_wide, msi_good},
    {LINT_MSI_ADDRESS_OUTSIDE, msix_outside, msix_good},
    {LINT_MSI_ADDRESS_OUTSIDE, msix_outside_by_flags, msix_qword},
    {LINT_MSI_VECTOR_LOW, vector_15, vector_elsewhere},
    {LINT_MSI_VECTOR_LOW, msix_vector_0, msix_good},
    {LINT_MSI_TOO_MANY, four_of_two, two_of_two},
    {LINT_MSI_DATA_BITS, data_odd, two_of_two},
    {LINT_MSIX_CHANGED_LIVE, msix_changed, msix_changed_masked},
    {LINT_MSIX_ACCESS_SIZE, msix_word, msix_qword},
    {LINT_MSIX_ADDRESS_UNALIGNED, msix_address_odd, msix_qword},
    {LINT_IMS_CHANGED_LIVE, ims_changed, ims_changed_masked},
    {LINT_MSI_AND_MSIX, both, one_after_the_other},
    {LINT_MSI_WITHOUT_MASTER, no_master, master_later},
    {LINT_MASTER_OFF_WITH_MSI, master_off, master_off_after_msi},
    {.breaks = NULL},
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See ways.h. */
#include "intr/ways.h"

#include <linux/pci_regs.h>
#include <string.h>

#include "hw/pci-bridge/bridges.h"
#include "intr/ways_amdvi.h"
#include "pci-fixture.h"

#define AT_QUEUE  0x100000ull
#define AT_IRT    WAY_IRT
#define AT_PID    0x300000ull
#define AT_ROOT   0x400000ull
#define BEYOND    0x40000000ull /* no memory there */
#define IRTA_SIZE 7             /* 256 entries */
#define SOURCE    WAY_SOURCE
#define NOBODY    0x44u /* no local APIC has this id */

/* Local APICs. */

static uint64_t message(Rig *rig)
{
    return journal_open(&rig->journal, JOURNAL_MESSAGE, "test", SOURCE, 0);
}

static IntrResult to_bus(Rig *rig, IntrDeliveryMode mode, uint8_t vector)
{
    ApicMsg msg = {.serial = message(rig), .vector = vector, .mode = mode, .assert_level = true};

    return apic_bus_deliver(rig->apics, &msg);
}

IntrResult way_delivered(Rig *rig)
{
    return to_bus(rig, INTR_MODE_FIXED, WAY_VECTOR);
}

static IntrResult in_service(Rig *rig)
{
    way_delivered(rig);
    g_assert_cmphex(apic_ack(rig->apic), ==, WAY_VECTOR);
    return WAY_TRACED;
}

static IntrResult ended(Rig *rig)
{
    in_service(rig);
    rig_apic_wr(rig, 0xb0, 0);
    return WAY_TRACED;
}

static IntrResult apic_was_reset(Rig *rig)
{
    way_delivered(rig);
    apic_init_reset(rig->apic);
    return WAY_TRACED;
}

static IntrResult cpu_removed(Rig *rig)
{
    way_delivered(rig);
    apic_set_present(rig->apic, false);
    return WAY_TRACED;
}

/* Nobody is behind the HPET. */
static IntrResult on_its_way(Rig *rig)
{
    hpet_links(rig->hpet)->sink = (IntrSink){0};
    rig_wr(rig, HPET_BASE + 0x100, 1 << 14 | 1 << 2, 4);
    rig_wr(rig, HPET_BASE + 0x108, 10, 8);
    rig_wr(rig, HPET_BASE + 0x10, 1, 4);
    clock_advance_to(rig->platform.clock, NS_PER_MS);
    return WAY_TRACED;
}

static IntrResult merged(Rig *rig)
{
    to_bus(rig, INTR_MODE_FIXED, WAY_VECTOR);
    return to_bus(rig, INTR_MODE_LOWEST, WAY_VECTOR);
}

static IntrResult taken_smi(Rig *rig)
{
    return to_bus(rig, INTR_MODE_SMI, 0);
}

static IntrResult taken_nmi(Rig *rig)
{
    return to_bus(rig, INTR_MODE_NMI, 0);
}

static IntrResult taken_init(Rig *rig)
{
    return to_bus(rig, INTR_MODE_INIT, 0);
}

static IntrResult taken_sipi(Rig *rig)
{
    return to_bus(rig, INTR_MODE_SIPI, 8);
}

static IntrResult taken_extint(Rig *rig)
{
    return to_bus(rig, INTR_MODE_EXTINT, 0);
}

static IntrResult vector_illegal(Rig *rig)
{
    return to_bus(rig, INTR_MODE_FIXED, 5);
}

static IntrResult software_disabled(Rig *rig)
{
    rig_apic_wr(rig, 0xf0, 0xff);
    return to_bus(rig, INTR_MODE_FIXED, WAY_VECTOR);
}

static IntrResult disabled(Rig *rig)
{
    apic_msr_write(rig->apic, MSR_IA32_APIC_BASE, 0xfee00100);
    return to_bus(rig, INTR_MODE_NMI, 0);
}

static IntrResult absent(Rig *rig)
{
    apic_set_present(rig->apic, false);
    return to_bus(rig, INTR_MODE_FIXED, WAY_VECTOR);
}

static IntrResult no_apic(Rig *rig)
{
    ApicMsg msg = {
        .serial = message(rig), .dest = NOBODY, .vector = WAY_VECTOR, .assert_level = true};

    return apic_bus_deliver(rig->apics, &msg);
}

static IntrResult deasserted(Rig *rig)
{
    ApicMsg msg = {.serial = message(rig), .vector = WAY_VECTOR, .level = true};

    return apic_bus_deliver(rig->apics, &msg);
}

static IntrResult reserved_mode(Rig *rig)
{
    return to_bus(rig, (IntrDeliveryMode)3, WAY_VECTOR);
}

static IntrResult not_a_request(Rig *rig)
{
    IntrSink sink = apic_bus_sink(rig->apics);
    IntrMsg msg = {.serial = message(rig), .address = 0x1000, .data = WAY_VECTOR};

    return intr_send(&sink, &msg);
}

static IntrResult icr_invalid(Rig *rig)
{
    rig_apic_wr(rig, 0x300, 7 << 8); /* ExtINT */
    return WAY_TRACED;
}

static IntrResult lvt_masked(Rig *rig)
{
    rig_apic_wr(rig, 0x360, 1 << 16 | WAY_VECTOR);
    irq_set(&rig->pin, false);
    irq_connect(&rig->pin, apic_lint(rig->apic, 1));
    irq_raise(&rig->pin);
    return WAY_TRACED;
}

/* Emitters. */

void way_pin_entry(Rig *rig, uint32_t low)
{
    rig_wr(rig, IOAPIC_BASE, 0x10 + 2 * 3, 4);
    rig_wr(rig, IOAPIC_BASE + 0x10, low, 4);
}

static IntrResult pin_masked(Rig *rig)
{
    way_pin_entry(rig, 1 << 16 | 1 << 15 | WAY_VECTOR);
    irq_raise(&rig->pin);
    return WAY_TRACED;
}

static IntrResult edge_masked(Rig *rig)
{
    way_pin_entry(rig, 1 << 16 | WAY_VECTOR);
    irq_raise(&rig->pin);
    return WAY_TRACED;
}

static IntrResult line_fell(Rig *rig)
{
    pin_masked(rig);
    irq_lower(&rig->pin);
    return WAY_TRACED;
}

static IntrResult device_was_reset(Rig *rig)
{
    pin_masked(rig);
    device_reset(rig->ioapic);
    return WAY_TRACED;
}

static IntrResult remote_irr(Rig *rig)
{
    way_pin_entry(rig, 1 << 15 | WAY_VECTOR);
    irq_raise(&rig->pin);
    irq_lower(&rig->pin);
    irq_raise(&rig->pin);
    return WAY_TRACED;
}

static IntrResult pin_paused(Rig *rig)
{
    way_pin_entry(rig, 1 << 15 | WAY_VECTOR);
    irq_raise(&rig->pin);
    for (unsigned i = 0; i < 17; i++) {
        ioapic_eoi(rig->ioapic, WAY_VECTOR);
    }
    return WAY_TRACED;
}

static IntrResult pin_stuck(Rig *rig)
{
    g_assert_true(device_set_prop(rig->ioapic, "stuck-remote-irr", "on", NULL));
    way_pin_entry(rig, 1 << 15 | WAY_VECTOR);
    irq_raise(&rig->pin);
    irq_lower(&rig->pin);
    way_pin_entry(rig, 1 << 15 | (WAY_VECTOR + 1));
    irq_raise(&rig->pin);
    return WAY_TRACED;
}

static IntrResult hpet_disabled(Rig *rig)
{
    rig_wr(rig, HPET_BASE + 0x100, 1 << 1, 4); /* level, without an interrupt */
    rig_wr(rig, HPET_BASE + 0x108, 10, 8);
    rig_wr(rig, HPET_BASE + 0x10, 1, 4);
    clock_advance_to(rig->platform.clock, NS_PER_MS);
    return WAY_TRACED;
}

uint32_t way_msi_cap(Rig *rig)
{
    return rig->widget->pci.msi.cap;
}

void way_msi_setup(Rig *rig, uint64_t address)
{
    PciDevice *pci = &rig->widget->pci;

    pci_device_config_write(pci, way_msi_cap(rig) + PCI_MSI_ADDRESS_LO, (uint32_t)address, 4);
    pci_device_config_write(pci, way_msi_cap(rig) + PCI_MSI_ADDRESS_HI, (uint32_t)(address >> 32),
                            4);
    pci_device_config_write(pci, way_msi_cap(rig) + PCI_MSI_DATA_64, WAY_VECTOR, 2);
    pci_device_config_write(pci, way_msi_cap(rig) + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE, 2);
}

static void msix_flags(Rig *rig, uint16_t flags)
{
    pci_device_config_write(&rig->widget->pci, rig->widget->pci.msix.cap + PCI_MSIX_FLAGS, flags,
                            2);
}

static IntrResult msi_disabled(Rig *rig)
{
    return msi_notify(&rig->widget->pci, 0);
}

static IntrResult msix_disabled(Rig *rig)
{
    return msix_notify(&rig->widget->pci, 0);
}

static IntrResult no_vector(Rig *rig)
{
    msix_flags(rig, PCI_MSIX_FLAGS_ENABLE);
    return msix_notify(&rig->widget->pci, 0xffff);
}

static IntrResult function_masked(Rig *rig)
{
    msix_flags(rig, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
    return msix_notify(&rig->widget->pci, 0);
}

static IntrResult vector_masked(Rig *rig)
{
    way_msi_setup(rig, INTR_WINDOW_BASE);
    pci_device_config_write(&rig->widget->pci, way_msi_cap(rig) + PCI_MSI_MASK_64, 1, 4);
    g_assert_cmpint(msi_notify(&rig->widget->pci, 0), ==, INTR_VECTOR_MASKED);
    msix_flags(rig, PCI_MSIX_FLAGS_ENABLE); /* entries are masked after a reset */
    return msix_notify(&rig->widget->pci, 0);
}

static void ims_slot(Rig *rig, uint64_t address, bool masked)
{
    const MemRegion *slots = &rig->widget->ims.region;

    slots->ops->write(slots->opaque, 0, address, 8);
    slots->ops->write(slots->opaque, 8, (uint64_t)masked << 32 | WAY_VECTOR, 8);
}

static IntrResult no_slot(Rig *rig)
{
    g_assert_cmpint(pci_ims_notify(&rig->widget->ims, 2), ==, INTR_NO_SLOT);
    return pci_ims_notify(&rig->widget->ims, 0);
}

static IntrResult slot_masked(Rig *rig)
{
    ims_slot(rig, INTR_WINDOW_BASE, true);
    return pci_ims_notify(&rig->widget->ims, 0);
}

static IntrResult slot_freed(Rig *rig)
{
    slot_masked(rig);
    ims_slot(rig, 0, true);
    return WAY_TRACED;
}

static IntrResult slot_unreadable(Rig *rig)
{
    return pci_ims_memory_notify(&rig->widget->ims, INTR_WINDOW_BASE, 0);
}

static IntrResult merged_waiting(Rig *rig)
{
    vector_masked(rig);
    msix_notify(&rig->widget->pci, 0);
    return WAY_TRACED;
}

static IntrResult master_off(Rig *rig)
{
    way_msi_setup(rig, INTR_WINDOW_BASE);
    rig_command(&rig->widget->pci, 0);
    return msi_notify(&rig->widget->pci, 0);
}

/* A function behind a VMD, whose MSI-X is on or off, asks for that vector of it. */
static IntrResult behind_vmd(Rig *rig, bool on, unsigned vector)
{
    IntrMsg msg = {.serial = message(rig),
                   .address = INTR_WINDOW_BASE | vector << MSI_ADDR_DEST_SHIFT,
                   .requester_id = SOURCE};

    rig->vmd = pci_add(&rig->platform, &vmd_class, rig->bus, "6");
    rig_command(rig->vmd, PCI_COMMAND_MASTER);
    pci_device_config_write(rig->vmd, rig->vmd->msix.cap + PCI_MSIX_FLAGS,
                            on ? PCI_MSIX_FLAGS_ENABLE : 0, 2);
    journal_send(&rig->journal, &msg);
    return upstream_interrupt(&pci_domain_behind(rig->vmd)->up, &msg);
}

static IntrResult vmd_table_off(Rig *rig)
{
    return behind_vmd(rig, false, 0);
}

static IntrResult vmd_no_entry(Rig *rig)
{
    return behind_vmd(rig, true, 200);
}

static IntrResult bridge_off(Rig *rig)
{
    way_msi_setup(rig, INTR_WINDOW_BASE);
    rig_command(rig->bridge, 0);
    return msi_notify(&rig->widget->pci, 0);
}

/* The remapping unit. */

enum {
    FRCD = 0x220,
    GCMD = 0x18,
    RTADDR = 0x20,
    FECTL = 0x38,
    IQA = 0x90,
    IQT = 0x88,
    IRTA = 0xb8
};
#define QIE   (1u << 26)
#define IRE   (1u << 25)
#define SIRTP (1u << 24)
#define SRTP  (1u << 30)
#define TE    (1u << 31)
#define EIME  (1u << 11)

static void vtd_wr(Rig *rig, uint32_t reg, uint64_t value, unsigned size)
{
    rig_wr(rig, VTD_DEFAULT_BASE + reg, value, size);
}

/* With entry 1, and what it names. */
static void remap(Rig *rig, uint64_t table, uint64_t low, uint64_t high)
{
    if (table < RAM_SIZE) {
        rig_put(rig, table + 16, low, high);
    }
    vtd_wr(rig, IQA, AT_QUEUE, 8);
    vtd_wr(rig, GCMD, QIE, 4);
    vtd_wr(rig, IRTA, table | EIME | IRTA_SIZE, 8);
    vtd_wr(rig, GCMD, QIE | SIRTP, 4);
    vtd_wr(rig, GCMD, QIE | IRE, 4);
}

static IntrResult send_write(Rig *rig, uint64_t address, uint32_t data, bool has_pasid)
{
    IntrMsg msg = {.serial = message(rig),
                   .address = address,
                   .data = data,
                   .requester_id = SOURCE,
                   .has_pasid = has_pasid};
    Upstream up = iommu_class(rig->vtd)->upstream(rig->vtd);

    return upstream_interrupt(&up, &msg);
}

void way_remap(Rig *rig, uint64_t low, uint64_t high)
{
    remap(rig, AT_IRT, low, high);
}

IntrResult way_send_index(Rig *rig, uint32_t index)
{
    return send_write(rig, INTR_WINDOW_BASE | 0x10 | index << 5, 0, false);
}

#define ENTRY  (1ull | WAY_VECTOR << 16)
#define POSTED (ENTRY | 1u << 15 | AT_PID << 32)

static IntrResult ordinary_write(Rig *rig)
{
    Upstream up = fabric_upstream(&rig->fabric);
    IntrMsg msg = {.serial = message(rig), .address = 0x1000, .data = WAY_VECTOR};

    g_assert_cmpint(upstream_interrupt(&up, &msg), ==, INTR_ORDINARY_WRITE);
    g_assert_cmpint(send_write(rig, 0x1000, WAY_VECTOR, false), ==, INTR_ORDINARY_WRITE);
    way_msi_setup(rig, 0x2000);
    return msi_notify(&rig->widget->pci, 0);
}

static IntrResult write_refused(Rig *rig)
{
    remap(rig, AT_IRT, ENTRY, 0);
    vtd_wr(rig, RTADDR, AT_ROOT, 8); /* empty */
    vtd_wr(rig, GCMD, QIE | IRE | SRTP, 4);
    vtd_wr(rig, GCMD, QIE | IRE | TE, 4);
    way_msi_setup(rig, 0x2000);
    g_assert_cmpint(msi_notify(&rig->widget->pci, 0), ==, INTR_WRITE_REFUSED);
    return send_write(rig, 0x1000, WAY_VECTOR, false);
}

static IntrResult not_one_dword(Rig *rig)
{
    return send_write(rig, INTR_WINDOW_BASE + 2, WAY_VECTOR, false);
}

static IntrResult with_pasid(Rig *rig)
{
    return send_write(rig, INTR_WINDOW_BASE, WAY_VECTOR, true);
}

static IntrResult posted(Rig *rig, uint64_t control)
{
    remap(rig, AT_IRT, POSTED, 0);
    rig_wr(rig, AT_PID + 32, control | WAY_VECTOR << 16, 8);
    return way_send_index(rig, 1);
}

static IntrResult posted_notified(Rig *rig)
{
    return posted(rig, 0);
}

static IntrResult posted_outstanding(Rig *rig)
{
    return posted(rig, 1);
}

static IntrResult posted_suppressed(Rig *rig)
{
    return posted(rig, 2);
}

static IntrResult request_reserved(Rig *rig)
{
    remap(rig, AT_IRT, ENTRY, 0);
    return send_write(rig, INTR_WINDOW_BASE | 0x10 | 8, 1u << 16, false);
}

static IntrResult index_beyond(Rig *rig)
{
    remap(rig, AT_IRT, ENTRY, 0);
    return way_send_index(rig, 2u << IRTA_SIZE);
}

static IntrResult not_present(Rig *rig)
{
    remap(rig, AT_IRT, 0, 0);
    return way_send_index(rig, 1);
}

static IntrResult table_access(Rig *rig)
{
    remap(rig, BEYOND, 0, 0);
    return way_send_index(rig, 1);
}

static IntrResult entry_reserved(Rig *rig)
{
    remap(rig, AT_IRT, ENTRY, 1ull << 40);
    return way_send_index(rig, 1);
}

static IntrResult compatibility(Rig *rig)
{
    remap(rig, AT_IRT, ENTRY, 0);
    return send_write(rig, INTR_WINDOW_BASE, WAY_VECTOR, false);
}

static IntrResult source(Rig *rig)
{
    remap(rig, AT_IRT, ENTRY, 1ull << 18 | (SOURCE + 1));
    return way_send_index(rig, 1);
}

static IntrResult pid_access(Rig *rig)
{
    remap(rig, AT_IRT, ENTRY | 1u << 15 | BEYOND << 32, 0);
    return way_send_index(rig, 1);
}

static IntrResult pid_reserved(Rig *rig)
{
    return posted(rig, 1 << 2);
}

static IntrResult event_masked(Rig *rig)
{
    vtd_wr(rig, FECTL, 1u << 31, 4);
    not_present(rig); /* a fault, and the fault's event */
    return WAY_TRACED;
}

static IntrResult event_settled(Rig *rig)
{
    event_masked(rig);
    vtd_wr(rig, FRCD + 8, 1ull << 63, 8);
    return WAY_TRACED;
}

const Way ways[INTR_RESULTS] = {
    {INTR_ON_ITS_WAY, on_its_way},
    {INTR_TAKEN, in_service},
    {INTR_ENDED, ended},
    {INTR_CPU_REMOVED, cpu_removed},
    {INTR_APIC_RESET, apic_was_reset},
    {INTR_EDGE_MASKED, edge_masked},
    {INTR_LINE_FELL, line_fell},
    {INTR_MERGED_WAITING, merged_waiting},
    {INTR_DEVICE_RESET, device_was_reset},
    {INTR_EVENT_SETTLED, event_settled},
    {INTR_DELIVERED, way_delivered},
    {INTR_TAKEN_SMI, taken_smi},
    {INTR_TAKEN_NMI, taken_nmi},
    {INTR_TAKEN_INIT, taken_init},
    {INTR_TAKEN_SIPI, taken_sipi},
    {INTR_TAKEN_EXTINT, taken_extint},
    {INTR_MERGED, merged},
    {INTR_VECTOR_ILLEGAL, vector_illegal},
    {INTR_APIC_SOFT_DISABLED, software_disabled},
    {INTR_APIC_DISABLED, disabled},
    {INTR_CPU_ABSENT, absent},
    {INTR_NO_APIC, no_apic},
    {INTR_DEASSERTED, deasserted},
    {INTR_RESERVED_MODE, reserved_mode},
    {INTR_NOT_A_REQUEST, not_a_request},
    {INTR_ICR_INVALID, icr_invalid},
    {INTR_LVT_MASKED, lvt_masked},
    {INTR_REMOTE_IRR, remote_irr},
    {INTR_PIN_MASKED, pin_masked},
    {INTR_PIN_PAUSED, pin_paused},
    {INTR_PIN_STUCK, pin_stuck},
    {INTR_PIC_MASKED, way_pic_masked},
    {INTR_PIC_HELD, way_pic_held},
    {INTR_PIC_REQUESTED, way_pic_requested},
    {INTR_PIC_SPURIOUS, way_pic_spurious},
    {INTR_PIC_SET_UP, way_pic_set_up},
    {INTR_HPET_DISABLED, hpet_disabled},
    {INTR_MSI_DISABLED, msi_disabled},
    {INTR_MSIX_DISABLED, msix_disabled},
    {INTR_NO_VECTOR, no_vector},
    {INTR_FUNCTION_MASKED, function_masked},
    {INTR_VECTOR_MASKED, vector_masked},
    {INTR_NO_SLOT, no_slot},
    {INTR_SLOT_MASKED, slot_masked},
    {INTR_SLOT_FREED, slot_freed},
    {INTR_SLOT_UNREADABLE, slot_unreadable},
    {INTR_HANDLE_UNKNOWN, way_handle_unknown},
    {INTR_HANDLE_REVOKED, way_handle_revoked},
    {INTR_NOT_PERMITTED, way_not_permitted},
    {INTR_HUB_MASKED, way_hub_masked},
    {INTR_MASTER_OFF, master_off},
    {INTR_BRIDGE_OFF, bridge_off},
    {INTR_EVENT_MASKED, event_masked},
    {INTR_SYNIC_OFF, way_synic_off},
    {INTR_SINT_MASKED, way_sint_masked},
    {INTR_SINT_POLLED, way_sint_polled},
    {INTR_MESSAGE_SLOT_FULL, way_message_slot_full},
    {INTR_ORDINARY_WRITE, ordinary_write},
    {INTR_WRITE_REFUSED, write_refused},
    {INTR_NOT_ONE_DWORD, not_one_dword},
    {INTR_WITH_PASID, with_pasid},
    {INTR_POSTED_NOTIFIED, posted_notified},
    {INTR_POSTED_OUTSTANDING, posted_outstanding},
    {INTR_POSTED_SUPPRESSED, posted_suppressed},
    {INTR_VTD_REQUEST_RESERVED, request_reserved},
    {INTR_VTD_INDEX, index_beyond},
    {INTR_VTD_NOT_PRESENT, not_present},
    {INTR_VTD_TABLE_ACCESS, table_access},
    {INTR_VTD_ENTRY_RESERVED, entry_reserved},
    {INTR_VTD_COMPATIBILITY, compatibility},
    {INTR_VTD_SOURCE, source},
    {INTR_VTD_PID_ACCESS, pid_access},
    {INTR_VTD_PID_RESERVED, pid_reserved},
    {INTR_AMDVI_DTE_ILLEGAL, way_dte_illegal},
    {INTR_AMDVI_DTE_UNREADABLE, way_dte_unreadable},
    {INTR_AMDVI_ABORTED, way_intctl_abort},
    {INTR_AMDVI_NOT_PASSED, way_not_passed},
    {INTR_AMDVI_RESERVED_KIND, way_reserved_kind},
    {INTR_AMDVI_INDEX, way_beyond_inttablen},
    {INTR_AMDVI_NOT_MAPPED, way_remapen_clear},
    {INTR_AMDVI_IRTE_RESERVED, way_irte_reserved},
    {INTR_AMDVI_IRTE_UNREADABLE, way_irte_unreadable},
    {INTR_AMDVI_VAPIC_UNREADABLE, way_vapic_unreadable},
    {INTR_AMDVI_VAPIC_DOORBELL, way_vapic_doorbell},
    {INTR_AMDVI_VAPIC_LOGGED, way_vapic_logged},
    {INTR_AMDVI_VAPIC_POSTED, way_vapic_posted},
    {INTR_HV_NOT_MAPPED, way_hv_not_mapped},
    {INTR_HV_OTHER_DEVICE, way_hv_other_device},
    {INTR_VMD_TABLE_OFF, vmd_table_off},
    {INTR_VMD_NO_ENTRY, vmd_no_entry},
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of what becomes of an attempt to interrupt: every row is brought about by the real
 * emitters, remapping unit and local APICs, and read back from what they return and trace.
 */
#include <linux/pci_regs.h>
#include <string.h>

#include "hw/core/rid.h"
#include "intr/rig.h"

#define AT_QUEUE  0x100000ull
#define AT_IRT    0x200000ull
#define AT_PID    0x300000ull
#define AT_ROOT   0x400000ull
#define BEYOND    0x40000000ull /* no memory there */
#define IRTA_SIZE 7             /* 256 entries */
#define VECTOR    0x61u
#define SOURCE    0x0020u
#define NOBODY    0x44u /* no local APIC has this id */

#define TRACED INTR_RESULTS /* the emitter has nobody to tell: only the trace shows it */

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

static IntrResult delivered(Rig *rig)
{
    return to_bus(rig, INTR_MODE_FIXED, VECTOR);
}

static IntrResult in_service(Rig *rig)
{
    delivered(rig);
    g_assert_cmphex(apic_ack(rig->apic), ==, VECTOR);
    return TRACED;
}

static IntrResult ended(Rig *rig)
{
    in_service(rig);
    rig_apic_wr(rig, 0xb0, 0);
    return TRACED;
}

static IntrResult apic_was_reset(Rig *rig)
{
    delivered(rig);
    apic_init_reset(rig->apic);
    return TRACED;
}

/* Nobody is behind the HPET. */
static IntrResult on_its_way(Rig *rig)
{
    hpet_links(rig->hpet)->sink = (IntrSink){0};
    rig_wr(rig, HPET_BASE + 0x100, 1 << 14 | 1 << 2, 4);
    rig_wr(rig, HPET_BASE + 0x108, 10, 8);
    rig_wr(rig, HPET_BASE + 0x10, 1, 4);
    clock_advance_to(rig->platform.clock, NS_PER_MS);
    return TRACED;
}

static IntrResult merged(Rig *rig)
{
    to_bus(rig, INTR_MODE_FIXED, VECTOR);
    return to_bus(rig, INTR_MODE_LOWEST, VECTOR);
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
    return to_bus(rig, INTR_MODE_FIXED, VECTOR);
}

static IntrResult disabled(Rig *rig)
{
    apic_msr_write(rig->apic, MSR_IA32_APIC_BASE, 0xfee00100);
    return to_bus(rig, INTR_MODE_NMI, 0);
}

static IntrResult no_apic(Rig *rig)
{
    ApicMsg msg = {.serial = message(rig), .dest = NOBODY, .vector = VECTOR, .assert_level = true};

    return apic_bus_deliver(rig->apics, &msg);
}

static IntrResult deasserted(Rig *rig)
{
    ApicMsg msg = {.serial = message(rig), .vector = VECTOR, .level = true};

    return apic_bus_deliver(rig->apics, &msg);
}

static IntrResult reserved_mode(Rig *rig)
{
    return to_bus(rig, (IntrDeliveryMode)3, VECTOR);
}

static IntrResult not_a_request(Rig *rig)
{
    IntrSink sink = apic_bus_sink(rig->apics);
    IntrMsg msg = {.serial = message(rig), .address = 0x1000, .data = VECTOR};

    return intr_send(&sink, &msg);
}

static IntrResult icr_invalid(Rig *rig)
{
    rig_apic_wr(rig, 0x300, 7 << 8); /* ExtINT */
    return TRACED;
}

static IntrResult lvt_masked(Rig *rig)
{
    rig_apic_wr(rig, 0x360, 1 << 16 | VECTOR);
    irq_set(&rig->pin, false);
    irq_connect(&rig->pin, apic_lint(rig->apic, 1));
    irq_raise(&rig->pin);
    return TRACED;
}

/* Emitters. */

static void pin_entry(Rig *rig, uint32_t low)
{
    rig_wr(rig, IOAPIC_BASE, 0x10 + 2 * 3, 4);
    rig_wr(rig, IOAPIC_BASE + 0x10, low, 4);
}

static IntrResult pin_masked(Rig *rig)
{
    pin_entry(rig, 1 << 16 | 1 << 15 | VECTOR);
    irq_raise(&rig->pin);
    return TRACED;
}

static IntrResult edge_masked(Rig *rig)
{
    pin_entry(rig, 1 << 16 | VECTOR);
    irq_raise(&rig->pin);
    return TRACED;
}

static IntrResult line_fell(Rig *rig)
{
    pin_masked(rig);
    irq_lower(&rig->pin);
    return TRACED;
}

static IntrResult device_was_reset(Rig *rig)
{
    pin_masked(rig);
    device_reset(rig->ioapic);
    return TRACED;
}

static IntrResult remote_irr(Rig *rig)
{
    pin_entry(rig, 1 << 15 | VECTOR);
    irq_raise(&rig->pin);
    irq_lower(&rig->pin);
    irq_raise(&rig->pin);
    return TRACED;
}

static IntrResult pin_paused(Rig *rig)
{
    pin_entry(rig, 1 << 15 | VECTOR);
    irq_raise(&rig->pin);
    for (unsigned i = 0; i < 17; i++) {
        ioapic_eoi(rig->ioapic, VECTOR);
    }
    return TRACED;
}

static IntrResult hpet_disabled(Rig *rig)
{
    rig_wr(rig, HPET_BASE + 0x100, 1 << 1, 4); /* level, without an interrupt */
    rig_wr(rig, HPET_BASE + 0x108, 10, 8);
    rig_wr(rig, HPET_BASE + 0x10, 1, 4);
    clock_advance_to(rig->platform.clock, NS_PER_MS);
    return TRACED;
}

static uint32_t msi_cap(Rig *rig)
{
    return rig->widget->pci.msi.cap;
}

static void msi_setup(Rig *rig, uint64_t address)
{
    PciDevice *pci = &rig->widget->pci;

    pci_device_config_write(pci, msi_cap(rig) + PCI_MSI_ADDRESS_LO, (uint32_t)address, 4);
    pci_device_config_write(pci, msi_cap(rig) + PCI_MSI_ADDRESS_HI, (uint32_t)(address >> 32), 4);
    pci_device_config_write(pci, msi_cap(rig) + PCI_MSI_DATA_64, VECTOR, 2);
    pci_device_config_write(pci, msi_cap(rig) + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE, 2);
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
    msi_setup(rig, INTR_WINDOW_BASE);
    pci_device_config_write(&rig->widget->pci, msi_cap(rig) + PCI_MSI_MASK_64, 1, 4);
    g_assert_cmpint(msi_notify(&rig->widget->pci, 0), ==, INTR_VECTOR_MASKED);
    msix_flags(rig, PCI_MSIX_FLAGS_ENABLE); /* entries are masked after a reset */
    return msix_notify(&rig->widget->pci, 0);
}

static IntrResult merged_waiting(Rig *rig)
{
    vector_masked(rig);
    msix_notify(&rig->widget->pci, 0);
    return TRACED;
}

static IntrResult master_off(Rig *rig)
{
    msi_setup(rig, INTR_WINDOW_BASE);
    rig_command(&rig->widget->pci, 0);
    return msi_notify(&rig->widget->pci, 0);
}

static IntrResult bridge_off(Rig *rig)
{
    msi_setup(rig, INTR_WINDOW_BASE);
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

static IntrResult send_index(Rig *rig, uint32_t index)
{
    return send_write(rig, INTR_WINDOW_BASE | 0x10 | index << 5, 0, false);
}

#define ENTRY  (1ull | VECTOR << 16)
#define POSTED (ENTRY | 1u << 15 | AT_PID << 32)

static IntrResult ordinary_write(Rig *rig)
{
    Upstream up = fabric_upstream(&rig->fabric);
    IntrMsg msg = {.serial = message(rig), .address = 0x1000, .data = VECTOR};

    g_assert_cmpint(upstream_interrupt(&up, &msg), ==, INTR_ORDINARY_WRITE);
    g_assert_cmpint(send_write(rig, 0x1000, VECTOR, false), ==, INTR_ORDINARY_WRITE);
    msi_setup(rig, 0x2000);
    return msi_notify(&rig->widget->pci, 0);
}

static IntrResult write_refused(Rig *rig)
{
    remap(rig, AT_IRT, ENTRY, 0);
    vtd_wr(rig, RTADDR, AT_ROOT, 8); /* empty */
    vtd_wr(rig, GCMD, QIE | IRE | SRTP, 4);
    vtd_wr(rig, GCMD, QIE | IRE | TE, 4);
    msi_setup(rig, 0x2000);
    g_assert_cmpint(msi_notify(&rig->widget->pci, 0), ==, INTR_WRITE_REFUSED);
    return send_write(rig, 0x1000, VECTOR, false);
}

static IntrResult not_one_dword(Rig *rig)
{
    return send_write(rig, INTR_WINDOW_BASE + 2, VECTOR, false);
}

static IntrResult with_pasid(Rig *rig)
{
    return send_write(rig, INTR_WINDOW_BASE, VECTOR, true);
}

static IntrResult posted(Rig *rig, uint64_t control)
{
    remap(rig, AT_IRT, POSTED, 0);
    rig_wr(rig, AT_PID + 32, control | VECTOR << 16, 8);
    return send_index(rig, 1);
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
    return send_index(rig, 2u << IRTA_SIZE);
}

static IntrResult not_present(Rig *rig)
{
    remap(rig, AT_IRT, 0, 0);
    return send_index(rig, 1);
}

static IntrResult table_access(Rig *rig)
{
    remap(rig, BEYOND, 0, 0);
    return send_index(rig, 1);
}

static IntrResult entry_reserved(Rig *rig)
{
    remap(rig, AT_IRT, ENTRY, 1ull << 40);
    return send_index(rig, 1);
}

static IntrResult compatibility(Rig *rig)
{
    remap(rig, AT_IRT, ENTRY, 0);
    return send_write(rig, INTR_WINDOW_BASE, VECTOR, false);
}

static IntrResult source(Rig *rig)
{
    remap(rig, AT_IRT, ENTRY, 1ull << 18 | (SOURCE + 1));
    return send_index(rig, 1);
}

static IntrResult pid_access(Rig *rig)
{
    remap(rig, AT_IRT, ENTRY | 1u << 15 | BEYOND << 32, 0);
    return send_index(rig, 1);
}

static IntrResult pid_reserved(Rig *rig)
{
    return posted(rig, 1 << 2);
}

static IntrResult event_masked(Rig *rig)
{
    vtd_wr(rig, FECTL, 1u << 31, 4);
    not_present(rig); /* a fault, and the fault's event */
    return TRACED;
}

static IntrResult event_settled(Rig *rig)
{
    event_masked(rig);
    vtd_wr(rig, FRCD + 8, 1ull << 63, 8);
    return TRACED;
}

static const struct {
    IntrResult result;
    IntrResult (*produce)(Rig *rig);
} ways[] = {
    {INTR_ON_ITS_WAY, on_its_way},
    {INTR_TAKEN, in_service},
    {INTR_ENDED, ended},
    {INTR_APIC_RESET, apic_was_reset},
    {INTR_EDGE_MASKED, edge_masked},
    {INTR_LINE_FELL, line_fell},
    {INTR_MERGED_WAITING, merged_waiting},
    {INTR_DEVICE_RESET, device_was_reset},
    {INTR_EVENT_SETTLED, event_settled},
    {INTR_DELIVERED, delivered},
    {INTR_TAKEN_SMI, taken_smi},
    {INTR_TAKEN_NMI, taken_nmi},
    {INTR_TAKEN_INIT, taken_init},
    {INTR_TAKEN_SIPI, taken_sipi},
    {INTR_TAKEN_EXTINT, taken_extint},
    {INTR_MERGED, merged},
    {INTR_VECTOR_ILLEGAL, vector_illegal},
    {INTR_APIC_SOFT_DISABLED, software_disabled},
    {INTR_APIC_DISABLED, disabled},
    {INTR_NO_APIC, no_apic},
    {INTR_DEASSERTED, deasserted},
    {INTR_RESERVED_MODE, reserved_mode},
    {INTR_NOT_A_REQUEST, not_a_request},
    {INTR_ICR_INVALID, icr_invalid},
    {INTR_LVT_MASKED, lvt_masked},
    {INTR_REMOTE_IRR, remote_irr},
    {INTR_PIN_MASKED, pin_masked},
    {INTR_PIN_PAUSED, pin_paused},
    {INTR_HPET_DISABLED, hpet_disabled},
    {INTR_MSI_DISABLED, msi_disabled},
    {INTR_MSIX_DISABLED, msix_disabled},
    {INTR_NO_VECTOR, no_vector},
    {INTR_FUNCTION_MASKED, function_masked},
    {INTR_VECTOR_MASKED, vector_masked},
    {INTR_MASTER_OFF, master_off},
    {INTR_BRIDGE_OFF, bridge_off},
    {INTR_EVENT_MASKED, event_masked},
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
};

static bool record_with(const Journal *j, IntrResult result)
{
    for (uint64_t n = journal_first(j); n <= j->last; n++) {
        const JournalRecord *r = journal_find(j, n);
        if (r && r->result == result) {
            return true;
        }
    }
    return false;
}

/* Every record has one state, which is an end or is not; and the counters say the same. */
static void check_ends(const Journal *j)
{
    uint64_t count[INTR_RESULTS] = {0};

    for (uint64_t n = journal_first(j); n <= j->last; n++) {
        const JournalRecord *r = journal_find(j, n);
        g_assert_nonnull(r);
        g_assert_cmpint(intr_results[r->result].open, ==, !(r->seen & JOURNAL_CLOSED));
        count[r->result] += !intr_results[r->result].open;
    }
    g_assert_cmpmem(count, sizeof(count), j->results, sizeof(j->results));
    g_assert_cmpuint(j->ended_twice, ==, 0);
}

static void test_way(gconstpointer data)
{
    unsigned i = GPOINTER_TO_UINT(data);
    IntrResult expected = ways[i].result, got;
    Rig rig;

    rig_open(&rig);
    got = ways[i].produce(&rig);
    if (got != TRACED) {
        g_assert_cmpstr(intr_result_name(got), ==, intr_result_name(expected));
    }
    if (!record_with(&rig.journal, expected)) {
        g_error("no record is in state '%s'; traced:\n%s", intr_result_name(expected),
                rig_text(&rig));
    }
    check_ends(&rig.journal);
    rig_close(&rig);
}

/* Every row is there, has a way, and says something of its own. */
static void test_table(void)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

    for (unsigned i = 0; i < INTR_RESULTS; i++) {
        const IntrResultRow *row = &intr_results[i];
        unsigned count = 0;

        g_assert_true(row->name && row->sentence && row->section);
        g_assert_true(g_hash_table_add(names, (char *)row->name));
        g_assert_cmpuint(strspn(row->name, "abcdefghijklmnopqrstuvwxyz-"), ==, strlen(row->name));
        for (unsigned k = 0; k < G_N_ELEMENTS(ways); k++) {
            count += ways[k].result == i;
        }
        g_assert_cmpuint(count, ==, 1);
        g_assert_cmpint(intr_reached((IntrResult)i), ==,
                        i <= INTR_NOT_A_REQUEST &&
                            (row->cls == INTR_CLASS_DELIVERED || row->cls == INTR_CLASS_MERGED));
    }
    for (unsigned i = 0; i < INTR_CLASSES; i++) {
        g_assert_nonnull(intr_class_name((IntrClass)i));
    }
}

/* Of several APICs' answers the best is the message's; the counters follow it. */
static void test_rank(void)
{
    ApicMsg all = {.dest = 0xffffffff, .vector = VECTOR, .assert_level = true};
    Device *second;
    Rig rig;

    rig_open(&rig);
    second = device_new(&apic_class, &rig.platform, "apic1");
    *apic_links(second) = (ApicLinks){.bus = rig.apics, .apic_id = 1};
    g_assert_true(device_realize(second, NULL));
    device_reset(second); /* disabled by software */
    g_assert_cmpint(apic_bus_deliver(rig.apics, &all), ==, INTR_DELIVERED);
    g_assert_cmpint(apic_bus_deliver(rig.apics, &all), ==, INTR_MERGED);
    apic_mmio_write(apic_from_device(second), 0xf0, 0x1ff, 4);
    g_assert_cmpint(apic_bus_deliver(rig.apics, &all), ==, INTR_DELIVERED);
    all.vector = 5;
    g_assert_cmpint(apic_bus_deliver(rig.apics, &all), ==, INTR_VECTOR_ILLEGAL);
    g_assert_cmpuint(apic_bus_stats(rig.apics).delivered, ==, 3);
    g_assert_cmpuint(apic_bus_stats(rig.apics).dropped, ==, 1);
    device_free(second);
    rig_close(&rig);
}

/* The lines of one message have one number, and come in the order of its way. */
static void test_serial(void)
{
    static const char *const order[] = {"ioapic_send serial=3 ", "iommu_ir serial=3 ",
                                        "apic_bus_deliver serial=3 ", "apic_accept serial=3 ",
                                        "apic_bus_result serial=3 "};
    const char *at;
    Rig rig;

    rig_open(&rig);
    delivered(&rig);
    delivered(&rig);
    pin_entry(&rig, VECTOR);
    irq_raise(&rig.pin);
    at = rig_text(&rig);
    for (unsigned i = 0; i < G_N_ELEMENTS(order); i++) {
        at = strstr(at, order[i]);
        g_assert_nonnull(at);
    }
    rig_close(&rig);
}

/* What waits behind a mask goes under the number that it was given when it was meant. */
static void test_serial_waits(void)
{
    PciDevice *pci;
    Rig rig;

    rig_open(&rig);
    pci = &rig.widget->pci;
    msi_setup(&rig, INTR_WINDOW_BASE);
    pci_device_config_write(pci, msi_cap(&rig) + PCI_MSI_MASK_64, 1, 4);
    msi_notify(pci, 0);
    msi_notify(pci, 0);
    pin_entry(&rig, 1 << 16 | 1 << 15 | VECTOR);
    irq_raise(&rig.pin);
    pci_device_config_write(pci, msi_cap(&rig) + PCI_MSI_MASK_64, 0, 4);
    pin_entry(&rig, 1 << 15 | VECTOR);
    rig_text(&rig);
    g_assert_nonnull(strstr(rig.text, "msi_kept serial=1 sid=01:02.0 dev=widget vector=0 "));
    g_assert_nonnull(strstr(rig.text, "msi_kept serial=2 "));
    g_assert_nonnull(strstr(rig.text, "msi_send serial=1 sid=01:02.0 dev=widget "));
    g_assert_nonnull(strstr(rig.text, "ioapic_kept serial=3 "));
    g_assert_nonnull(strstr(rig.text, "ioapic_send serial=3 "));
    rig_close(&rig);
}

static void test_rid(void)
{
    g_assert_cmpstr(rid_text(0).text, ==, "00:00.0");
    g_assert_cmpstr(rid_text(0x00fb).text, ==, "00:1f.3");
    g_assert_cmpstr(rid_text(0xffff).text, ==, "ff:1f.7");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autofree char *path =
            g_strdup_printf("/intr-result/way/%s", intr_result_name(ways[i].result));

        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_way);
    }
    g_test_add_func("/intr-result/table", test_table);
    g_test_add_func("/intr-result/rank", test_rank);
    g_test_add_func("/intr-result/serial", test_serial);
    g_test_add_func("/intr-result/serial-waits", test_serial_waits);
    g_test_add_func("/intr-result/rid", test_rid);
    return g_test_run();
}

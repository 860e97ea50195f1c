/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "intr/rig.h"
#include "pci-fixture.h"

#include <string.h>

#define JOURNAL_RECORDS 1024

static bool widget_realize(Device *dev, GError **error)
{
    PciDevice *pci = (PciDevice *)dev;

    pci_ims_init(&((Widget *)dev)->ims, pci, 2, 1, 2);
    return msi_init(pci, 2, true, true, error) && msix_init(pci, 2, 0, error);
}

static void widget_unrealize(Device *dev)
{
    pci_ims_free(&((Widget *)dev)->ims);
}

static const PciDeviceClass widget_pci = {
    .ids.vendor_id = 0x1234, .ids.device_id = 0x5678, .ids.class_code = 0xff0000};
static const DeviceClass widget_class = {.name = "widget",
                                         .bus = BUS_PCI,
                                         .instance_size = sizeof(Widget),
                                         .bus_props = pci_bus_props,
                                         .bus_class = &widget_pci,
                                         .realize = widget_realize,
                                         .unrealize = widget_unrealize};

void rig_wr(Rig *rig, uint64_t at, uint64_t value, unsigned size)
{
    as_store(rig->platform.memory, at, value, size);
}

void rig_put(Rig *rig, uint64_t at, uint64_t low, uint64_t high)
{
    rig_wr(rig, at, low, 8);
    rig_wr(rig, at + 8, high, 8);
}

void rig_apic_wr(Rig *rig, uint32_t reg, uint32_t value)
{
    apic_mmio_write(rig->apic, reg, value, 4);
}

static void apply_props(const Rig *rig, Device *dev)
{
    g_auto(GStrv) props = g_strsplit(rig->props ? rig->props : "", ",", -1);

    for (unsigned i = 0; props[i]; i++) {
        g_auto(GStrv) parts = g_strsplit_set(props[i], ".=", 3); /* device, property, value */

        if (strcmp(parts[0], dev->id) == 0) {
            g_assert_true(device_set_prop(dev, parts[1], parts[2], NULL));
        }
    }
}

static void add_apic(Rig *rig, const RigSetup *setup, uint32_t id)
{
    g_autofree char *name = g_strdup_printf("apic%u", rig->apic_count);
    Device *dev = device_new(&apic_class, &rig->platform, name);

    apply_props(rig, dev);
    *apic_links(dev) = (ApicLinks){.bus = rig->apics,
                                   .apic_id = id,
                                   .is_bsp = rig->apic_count == 0,
                                   .x2apic = true,
                                   .tsc_deadline = setup->tsc_deadline};
    g_assert_true(device_realize(dev, NULL));
    device_reset(dev);
    rig->apic_devs[rig->apic_count++] = dev;
}

static void add_apics(Rig *rig, const RigSetup *setup)
{
    rig->apics = apic_bus_new(&rig->journal);
    for (unsigned i = 0; i < setup->apics; i++) {
        add_apic(rig, setup, setup->ids[i]);
    }
    rig->apic = apic_from_device(rig->apic_devs[0]);
    if (setup->software_enabled) {
        rig_apic_wr(rig, 0xf0, 0x1ff);
    }
}

static void add_vtd(Rig *rig, const RigSetup *setup)
{
    rig->vtd = device_new(&vtd_class, &rig->platform, "iommu0");
    rig->scope = (IommuScopeEntry){.type = IOMMU_IOAPIC,
                                   .bus = setup->ioapic_rid >> 8,
                                   .steps = 1,
                                   .path = {(uint8_t)setup->ioapic_rid}};
    *iommu_class(rig->vtd)->links(rig->vtd) =
        (IommuLinks){.scope = {.include_all = true, .entries = &rig->scope, .count = 1},
                     .apic_bus = rig->apics,
                     .memory = rig->platform.memory};
    for (unsigned i = 0; setup->unit[i][0]; i++) {
        g_assert_true(device_set_prop(rig->vtd, setup->unit[i][0], setup->unit[i][1], NULL));
    }
    apply_props(rig, rig->vtd);
    g_assert_true(device_realize(rig->vtd, NULL));
    device_reset(rig->vtd);
    uint64_t base;
    MemRegion *region = iommu_class(rig->vtd)->region(rig->vtd, &base);
    as_add(rig->platform.memory, region, base);
}

static void add_emitters(Rig *rig, const RigSetup *setup)
{
    rig->ioapic = device_new(&ioapic_class, &rig->platform, "ioapic");
    *ioapic_links(rig->ioapic) = (IoapicLinks){.sink = iommu_class(rig->vtd)->sink(rig->vtd),
                                               .requester_id = setup->ioapic_rid,
                                               .active_low = setup->active_low,
                                               .any_polarity = setup->any_polarity};
    apply_props(rig, rig->ioapic);
    g_assert_true(device_realize(rig->ioapic, NULL));
    device_reset(rig->ioapic);
    as_add(rig->platform.memory, ioapic_region(rig->ioapic), IOAPIC_BASE);
    irq_connect(&rig->pin, device_irq_in(rig->ioapic, "", 3));
    rig->hpet = device_new(&hpet_class, &rig->platform, "hpet");
    hpet_links(rig->hpet)->sink = iommu_class(rig->vtd)->sink(rig->vtd);
    hpet_links(rig->hpet)->requester_id = setup->hpet_rid;
    g_assert_true(device_set_prop(rig->hpet, "msi", "on", NULL));
    apply_props(rig, rig->hpet);
    g_assert_true(device_realize(rig->hpet, NULL));
    device_reset(rig->hpet);
    as_add(rig->platform.memory, hpet_region(rig->hpet), HPET_BASE);
}

/* Nobody is at its output: a test plays the CPU that acknowledges. */
static void add_pic(Rig *rig)
{
    rig->pic = device_new(&i8259_class, &rig->platform, "pic");
    g_assert_true(device_realize(rig->pic, NULL));
    device_reset(rig->pic);
    for (int n = 0; n < (int)G_N_ELEMENTS(rig->pic_lines); n++) {
        irq_connect(&rig->pic_lines[n], device_irq_in(rig->pic, "", n));
    }
}

void rig_command(PciDevice *pci, uint16_t value)
{
    pci_device_config_write(pci, PCI_COMMAND, value, 2);
}

static Upstream above(void *opaque, PciDevice *pci)
{
    Rig *rig = opaque;
    return iommu_class(rig->vtd)->upstream(rig->vtd);
}

/* A function behind a bridge. */
static void add_bus(Rig *rig)
{
    PciHost host = {.above = above,
                    .opaque = rig,
                    .memory = rig->platform.memory,
                    .ports = rig->platform.ports};

    rig->bus = pci_root_bus_new("pcie.0", &host);
    rig->bridge = pci_add(&rig->platform, &bridge_class, rig->bus, "4");
    rig->inner = pci_child_bus_new(rig->bridge, "inner");
    pci_device_config_write(rig->bridge, PCI_SECONDARY_BUS, 1, 1);
    pci_device_config_write(rig->bridge, PCI_SUBORDINATE_BUS, 1, 1);
    rig->widget = (Widget *)pci_add(&rig->platform, &widget_class, rig->inner, "2");
    rig_command(rig->bridge, PCI_COMMAND_MASTER);
    rig_command(&rig->widget->pci, PCI_COMMAND_MASTER);
}

void rig_open_as(Rig *rig, const RigSetup *setup)
{
    *rig = (Rig){.props = setup->props};
    trace_init(&rig->trace);
    rig->trace.out = open_memstream(&rig->text, &rig->text_size);
    rig->trace.enabled = setup->quiet ? 0 : (1u << TRACE_GROUPS) - 1;
    rig->platform = (Platform){.clock = clock_new(CLOCK_MANUAL),
                               .memory = as_new("memory", 52),
                               .ports = as_new("ports", 16),
                               .trace = &rig->trace,
                               .journal = &rig->journal,
                               .lint = setup->quiet ? NULL : &rig->lint};
    journal_init(&rig->journal, JOURNAL_RECORDS, &rig->trace, rig->platform.clock);
    lint_init(&rig->lint, &rig->journal);
    g_assert_true(ram_init(&rig->ram, "ram", RAM_SIZE, NULL));
    as_add(rig->platform.memory, &rig->ram, 0);
    add_apics(rig, setup);
    add_vtd(rig, setup);
    add_emitters(rig, setup);
    add_pic(rig);
    add_bus(rig);
    rig->fabric = (Fabric){rig->platform.memory, apic_bus_sink(rig->apics), rig->platform.journal};
}

void rig_open_with(Rig *rig, const char *props)
{
    static const char *const unit[][2] = {{"posted-interrupts", "on"}, {"eim", "on"}, {NULL}};

    rig_open_as(rig, &(RigSetup){.apics = 1,
                                 .software_enabled = true,
                                 .tsc_deadline = true,
                                 .unit = unit,
                                 .props = props});
}

void rig_open(Rig *rig)
{
    rig_open_with(rig, NULL);
}

void rig_close(Rig *rig)
{
    pci_bus_free(rig->bus);
    device_free(&rig->widget->pci.dev);
    device_free(&rig->bridge->dev);
    if (rig->vmd) {
        device_free(&rig->vmd->dev);
    }
    irq_connect(&rig->pin, NULL);
    for (unsigned n = 0; n < G_N_ELEMENTS(rig->pic_lines); n++) {
        irq_connect(&rig->pic_lines[n], NULL);
    }
    device_free(rig->hyperv); /* first: it takes pages off the map, on which the others are */
    device_free(rig->pic);
    device_free(rig->hpet);
    device_free(rig->ioapic);
    device_free(rig->vtd);
    while (rig->apic_count > 0) {
        device_free(rig->apic_devs[--rig->apic_count]);
    }
    apic_bus_free(rig->apics);
    as_free(rig->platform.memory);
    as_free(rig->platform.ports);
    ram_free(&rig->ram);
    clock_free(rig->platform.clock);
    lint_free(&rig->lint);
    journal_free(&rig->journal);
    fclose(rig->trace.out);
    free(rig->text);
}

const char *rig_text(Rig *rig)
{
    fflush(rig->trace.out);
    return rig->text;
}

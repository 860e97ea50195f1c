/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The q35 machine's emitters that are not on PCI: IOAPICs and HPETs, of which the board has one
 * each and -device adds more; and UV hubs, which are not remapped. What properties leave open
 * (where, which GSIs, which id) is settled here.
 */
#include "hw/display/ramfb.h"
#include "hw/i386/iommu/iommu.h"
#include "hw/i386/q35_internal.h"
#include "hw/intc/uv_hub.h"
#include "hw/timer/hpet.h"

#define HPET_STEP 0x1000ull

static unsigned count_added(const Machine *machine, const DeviceClass *cls)
{
    unsigned count = 0;
    for (guint i = 0; i < machine->added_sources->len; i++) {
        count += ((const Device *)machine->added_sources->pdata[i])->cls == cls;
    }
    return count;
}

static bool count_kind(const Q35Machine *m, const DeviceClass *cls, bool own, GError **error)
{
    unsigned count = own + count_added(&m->machine, cls);
    if (count > ACPI_SOURCES) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "%u devices '%s' with the board's own; it has room for %u", count, cls->name,
                    ACPI_SOURCES);
        return false;
    }
    return true;
}

bool q35_count_emitters(const Q35Machine *m, GError **error)
{
    return count_kind(m, &ioapic_class, true, error) &&
           count_kind(m, &hpet_class, m->hpet_on, error);
}

/* The n-th that -device adds of a class. */
static Device *added(const Machine *machine, const DeviceClass *cls, unsigned n)
{
    for (guint i = 0; i < machine->added_sources->len; i++) {
        Device *dev = machine->added_sources->pdata[i];
        if (dev->cls == cls && n-- == 0) {
            return dev;
        }
    }
    return NULL;
}

/* Without an id, one more than the board's own name. */
static void name_added(Device *dev, unsigned number)
{
    if (!dev->has_user_id) {
        g_autofree char *id = g_strdup_printf("%s%u", dev->cls->name, number);
        dev->id = g_intern_string(id);
    }
}

static uint32_t end_of(Device *ioapic)
{
    return ioapic_place(ioapic)->gsi_base + ioapic_pins(ioapic);
}

static uint32_t first_free_gsi(const GPtrArray *ioapics)
{
    uint32_t end = 0;
    for (guint i = 0; i < ioapics->len; i++) {
        uint32_t its_end = end_of(ioapics->pdata[i]);
        end = MAX(end, its_end);
    }
    return end;
}

/* The source id of the n-th emitter of a type: the board's, unless the unit above it has its own.
 */
static uint16_t emitter_source_id(const Q35Machine *m, const Device *dev, IommuScopeType type,
                                  unsigned number)
{
    const Device *unit = iommu_above_emitter(m->machine.iommus, dev->id);
    if (unit && iommu_class(unit)->emitter_id) {
        return iommu_class(unit)->emitter_id(type, number);
    }
    return (uint16_t)((type == IOMMU_IOAPIC ? ACPI_IOAPIC_SID : ACPI_HPET_SID) + number);
}

static bool emitter_refuse(GError **error, Device *dev, const char *what)
{
    g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE, "%s '%s': %s", dev->cls->name, dev->id,
                what);
    return false;
}

static bool ioapics_agree(Device *dev, Device *other, uint32_t free_gsi, GError **error)
{
    const IoapicPlace *mine = ioapic_place(dev), *its = ioapic_place(other);
    g_autofree char *why = NULL;
    if (mine->gsi_base < end_of(other) && its->gsi_base < end_of(dev)) {
        why = g_strdup_printf("GSIs %u to %u overlap with %u to %u of '%s'; gsi-base=%u is free",
                              mine->gsi_base, end_of(dev) - 1, its->gsi_base, end_of(other) - 1,
                              other->id, free_gsi);
    } else if (mine->base == its->base) {
        why = g_strdup_printf("'%s' is at 0x%" PRIx64 ", too; choose another base", other->id,
                              mine->base);
    } else if (mine->id == its->id) {
        why = g_strdup_printf("'%s' has ioapic-id=%u, too; choose another", other->id, mine->id);
    }
    return !why || emitter_refuse(error, dev, why);
}

/* What properties leave open, and whether it suits those there are. */
static bool place_ioapic(Q35Machine *m, Device *dev, GError **error)
{
    const GPtrArray *others = m->machine.ioapics;
    IoapicPlace *place = ioapic_place(dev);
    uint32_t free_gsi = first_free_gsi(others);
    if (others->len == 0 && (place->base != 0 || place->gsi_base != 0)) {
        return emitter_refuse(error, dev,
                              "the board's own has its base and GSIs from 0 on for good");
    }
    place->base = place->base ? place->base : IOAPIC_BASE + others->len * IOAPIC_WINDOW_SIZE;
    place->gsi_base = place->gsi_base ? place->gsi_base : free_gsi;
    place->id = place->id ? place->id : (uint8_t)others->len;
    if (place->base < IOAPIC_BASE || place->base > IOAPIC_LAST_BASE ||
        place->base % IOAPIC_WINDOW_SIZE != 0) {
        return emitter_refuse(error, dev,
                              "base has to be 0xfec00000 to 0xfecff000, in steps of 0x1000");
    }
    for (guint i = 0; i < others->len; i++) {
        if (!ioapics_agree(dev, others->pdata[i], free_gsi, error)) {
            return false;
        }
    }
    return true;
}

/* A device that the board makes has no links yet; one that -device adds has had its -globals. */
static bool add_ioapic(Q35Machine *m, Device *dev, GError **error)
{
    Machine *machine = &m->machine;
    unsigned number = machine->ioapics->len;
    uint16_t source_id = emitter_source_id(m, dev, IOMMU_IOAPIC, number);
    bool own = number == 0;
    if (!place_ioapic(m, dev, error)) {
        return false;
    }
    const IommuEmitter emitter = {dev->id, IOMMU_IOAPIC, ioapic_place(dev)->id, source_id};
    *ioapic_links(dev) = (IoapicLinks){
        .sink = q35_place_emitter(m, &emitter),
        .requester_id = source_id,
        .active_low = own ? PIRQ_PINS : 0,
        .any_polarity = own && q35_forgives(m, FORGIVE_PCI_POLARITY) ? PIRQ_PINS : 0,
        .shares_eois = count_added(machine, &ioapic_class) > 0,
    };
    if (!device_realize(dev, error)) {
        return false;
    }
    as_add(machine->platform.memory, ioapic_region(dev), ioapic_place(dev)->base);
    apic_bus_add_eoi_listener(machine->apic_bus, ioapic_eoi, dev);
    g_ptr_array_add(machine->ioapics, dev);
    return true;
}

static Device *make_own_ioapic(Q35Machine *m, GError **error)
{
    const char *version = m->machine.opts.ioapic_version;
    Device *dev = q35_make(m, &ioapic_class, "ioapic");
    bool made = (!version || device_set_prop(dev, "version", version, error)) &&
                machine_apply_globals(&m->machine, dev, error);
    return made ? dev : NULL;
}

bool q35_build_ioapics(Q35Machine *m, GError **error)
{
    Device *own = make_own_ioapic(m, error);
    if (!own || !add_ioapic(m, own, error)) {
        return false;
    }
    q35_irq_connect(m);
    Device *dev;
    for (unsigned n = 0; (dev = added(&m->machine, &ioapic_class, n)); n++) {
        name_added(dev, n + 1);
        if (!add_ioapic(m, dev, error)) {
            return false;
        }
    }
    return true;
}

static bool place_hpet(Q35Machine *m, Device *dev, GError **error)
{
    uint64_t *base = hpet_base(dev);
    *base = *base ? *base : HPET_BASE + m->hpet_count * HPET_STEP;
    if (*base < HPET_BASE || *base > HPET_LAST_BASE || *base % HPET_STEP != 0) {
        return emitter_refuse(error, dev,
                              "base has to be 0xfed00000 to 0xfed3f000, in steps of 0x1000");
    }
    for (unsigned i = 0; i < m->hpet_count; i++) {
        if (*hpet_base(m->hpets[i]) == *base) {
            return emitter_refuse(error, dev, "another one has this base; choose another");
        }
    }
    return true;
}

static bool add_hpet(Q35Machine *m, Device *dev, bool own, GError **error)
{
    uint16_t source_id = emitter_source_id(m, dev, IOMMU_HPET, m->hpet_count);
    const IommuEmitter emitter = {dev->id, IOMMU_HPET, (uint8_t)m->hpet_count, source_id};
    if (!place_hpet(m, dev, error)) {
        return false;
    }
    *hpet_links(dev) = (HpetLinks){.sink = q35_place_emitter(m, &emitter),
                                   .requester_id = source_id,
                                   /* Of Intel's chipsets those that remap have messages, too. */
                                   .sends_messages = m->machine.iommus->len > 0,
                                   .legacy_changed = own ? q35_hpet_legacy_changed : NULL,
                                   .legacy_opaque = m};
    if (!device_realize(dev, error)) {
        return false;
    }
    as_add(m->machine.platform.memory, hpet_region(dev), *hpet_base(dev));
    for (int gsi = 0; gsi < HPET_GSIS; gsi++) {
        unsigned pin;
        Device *ioapic = ioapic_list_find(m->machine.ioapics, (uint32_t)gsi, &pin);
        if (ioapic) {
            hpet_connect(dev, gsi, device_irq_in(ioapic, "", (int)pin));
        }
    }
    m->hpets[m->hpet_count++] = dev;
    return true;
}

static bool add_own_hpet(Q35Machine *m, GError **error)
{
    Device *dev = q35_make(m, &hpet_class, "hpet");
    if (!machine_apply_globals(&m->machine, dev, error) || !add_hpet(m, dev, true, error)) {
        return false;
    }
    hpet_connect_legacy(dev, 0, &m->gsi[0]);
    hpet_connect_legacy(dev, 1, &m->gsi[8]);
    return true;
}

bool q35_build_hpets(Q35Machine *m, GError **error)
{
    if (m->hpet_on && !add_own_hpet(m, error)) {
        return false;
    }
    Device *dev;
    for (unsigned n = 0; (dev = added(&m->machine, &hpet_class, n)); n++) {
        name_added(dev, m->hpet_count);
        if (!add_hpet(m, dev, false, error)) {
            return false;
        }
    }
    return true;
}

/* It interrupts nobody, but is on no bus, either. */
bool q35_build_ramfb(Q35Machine *m, GError **error)
{
    Device *dev = added(&m->machine, &ramfb_class, 0);
    if (!dev) {
        return true;
    }
    if (added(&m->machine, &ramfb_class, 1)) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED, "-device ramfb: there can be one");
        return false;
    }
    if (!device_realize(dev, error)) {
        return false;
    }
    if (!ramfb_connect(dev, m->fw_cfg)) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "-device ramfb: fw_cfg has no room for its file");
        return false;
    }
    return true;
}

/* Whatever unit there is, a hub's messages go to the local APICs as they are. */
bool q35_build_uv_hubs(Q35Machine *m, GError **error)
{
    Device *dev;
    for (unsigned n = 0; (dev = added(&m->machine, &uv_hub_class, n)); n++) {
        uv_hub_links(dev)->apic_bus = m->machine.apic_bus;
        if (!device_realize(dev, error)) {
            return false;
        }
        as_add(m->machine.platform.memory, uv_hub_region(dev), uv_hub_base(dev));
    }
    return true;
}

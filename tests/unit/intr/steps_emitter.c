/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random steps of emitters, and of drivers at them. */
#include <linux/pci_regs.h>

#include "intr/world.h"
#include "tests/include/hpet.h"
#include "tests/include/ioapic.h"

typedef struct {
    unsigned weight;
    void (*step)(World *w);
} Row;

/* The IOAPIC. */

static unsigned some_pin(World *w)
{
    return WORLD_FIRST_PIN + world_draw(w, WORLD_PINS);
}

static void line(World *w)
{
    unsigned pin = some_pin(w);
    bool asked = !w->model.pins[pin].asked;

    world_say(w, "pin %u %s", pin, asked ? "up" : "down");
    irq_set(&w->pins[pin - WORLD_FIRST_PIN], asked);
    model_pin(&w->model, pin, asked);
}

static void write_entry(World *w, unsigned pin, unsigned half, uint32_t value)
{
    world_say(w, "pin %u: %s half is %#x", pin, half ? "upper" : "lower", value);
    rig_wr(&w->rig, IOAPIC_BASE + IOREGSEL, IOREDTBL(pin) + half, 4);
    rig_wr(&w->rig, IOAPIC_BASE + IOWIN, value, 4);
    model_pin_entry(&w->model, pin, half, value);
}

static void entry(World *w)
{
    unsigned pin = some_pin(w);
    uint64_t address = world_address(w);

    if (world_draw(w, 4)) {
        write_entry(w, pin, 0,
                    world_vector(w) | (uint32_t)world_mode(w) << 8 | (world_draw(w, 4) == 0) << 11 |
                        (world_draw(w, 4) == 0) << 13 | (world_draw(w, 4) != 0) << 15 |
                        (world_draw(w, 4) == 0) << 16);
    } else {
        write_entry(w, pin, 1, (uint32_t)(address >> 4) << 16);
    }
}

static void mask(World *w)
{
    unsigned pin = some_pin(w);

    write_entry(w, pin, 0, (uint32_t)w->model.pins[pin].rte ^ 1 << 16);
}

static void pin_eoi(World *w, uint8_t vector)
{
    world_say(w, "EOI register: %#x", vector);
    rig_wr(&w->rig, IOAPIC_BASE + IOAPIC_EOI, vector, 4);
    model_pin_eoi(&w->model, vector);
}

static void some_eoi(World *w)
{
    pin_eoi(w, world_vector(w));
}

static void storm(World *w)
{
    uint8_t vector = (uint8_t)w->model.pins[some_pin(w)].rte;

    for (unsigned i = 0; i < 18; i++) {
        pin_eoi(w, vector);
    }
}

static void ioapic_resets(World *w)
{
    world_say(w, "the IOAPIC is reset");
    device_reset(w->rig.ioapic);
    model_ioapic_reset(&w->model);
}

static void tick(World *w)
{
    world_say(w, "time passes");
    world_time(w, 3 * NS_PER_US);
}

/* MSI and MSI-X. */

static void config(World *w, uint32_t at, uint32_t value, unsigned size)
{
    pci_device_config_write(&w->rig.widget->pci, at, value, size);
}

static void msi(World *w)
{
    unsigned n = world_draw(w, MODEL_VECTORS);

    world_say(w, "MSI %u", n);
    msi_notify(&w->rig.widget->pci, n);
    model_msi(&w->model, n);
}

static void msi_control(World *w)
{
    uint32_t cap = w->rig.widget->pci.msi.cap, qsize = world_draw(w, 3);
    bool on = world_draw(w, 4);

    world_say(w, "MSI is %s, QSIZE %u", on ? "on" : "off", qsize);
    w->model.msi_on = on;
    w->model.msi_granted = qsize ? 2 : 1;
    config(w, cap + PCI_MSI_FLAGS, on | qsize << 4, 2);
    model_msi_written(&w->model);
}

static void msi_message(World *w)
{
    uint32_t cap = w->rig.widget->pci.msi.cap, data = world_data(w) & 0xffff;
    uint64_t address = world_address(w);

    world_say(w, "MSI: address %#" PRIx64 " data %#x", address, data);
    w->model.msi[0].address = (w->model.msi[0].address & ~0xffffffffull) | (address & 0xfffffffc);
    config(w, cap + PCI_MSI_ADDRESS_LO, (uint32_t)address, 4);
    model_msi_written(&w->model);
    w->model.msi[0].address = address & ~3ull;
    config(w, cap + PCI_MSI_ADDRESS_HI, (uint32_t)(address >> 32), 4);
    model_msi_written(&w->model);
    w->model.msi[0].data = data;
    config(w, cap + PCI_MSI_DATA_64, data, 2);
    model_msi_written(&w->model);
}

static void msi_mask(World *w)
{
    uint32_t set = world_draw(w, 4);

    world_say(w, "MSI: masks %#x", set);
    w->model.msi[0].masked = set & 1;
    w->model.msi[1].masked = set & 2;
    config(w, w->rig.widget->pci.msi.cap + PCI_MSI_MASK_64, set, 4);
    model_msi_written(&w->model);
}

static void msix(World *w)
{
    static const unsigned vectors[] = {0, 0, 0, 1, 1, 1, 0xffff};
    unsigned n = WORLD_PICK(w, vectors);

    world_say(w, "MSI-X %u", n);
    msix_notify(&w->rig.widget->pci, n);
    model_msix(&w->model, n);
}

static void msix_control(World *w)
{
    bool on = world_draw(w, 4), masked = world_draw(w, 4) == 0;

    world_say(w, "MSI-X is %s%s", on ? "on" : "off", masked ? ", the function masked" : "");
    w->model.msix_on = on;
    w->model.msix_masked = masked;
    config(w, w->rig.widget->pci.msix.cap + PCI_MSIX_FLAGS, on << 15 | masked << 14, 2);
    for (unsigned n = 0; n < MODEL_VECTORS; n++) {
        model_msix_written(&w->model, n);
    }
}

static void table(World *w, unsigned n, unsigned field, uint32_t value)
{
    PciDevice *pci = &w->rig.widget->pci;

    pci->msix.region.ops->write(pci, n * PCI_MSIX_ENTRY_SIZE + field, value, 4);
    model_msix_written(&w->model, n);
}

static void msix_message(World *w)
{
    unsigned n = world_draw(w, MODEL_VECTORS);
    ModelVector *v = &w->model.msix[n];
    uint64_t address = world_address(w);
    uint32_t data = world_data(w);

    world_say(w, "MSI-X %u: address %#" PRIx64 " data %#x", n, address, data);
    v->address = (v->address & ~0xffffffffull) | (uint32_t)address;
    table(w, n, PCI_MSIX_ENTRY_LOWER_ADDR, (uint32_t)address);
    v->address = address;
    table(w, n, PCI_MSIX_ENTRY_UPPER_ADDR, (uint32_t)(address >> 32));
    v->data = data;
    table(w, n, PCI_MSIX_ENTRY_DATA, data);
}

static void msix_mask(World *w)
{
    unsigned n = world_draw(w, MODEL_VECTORS);
    bool masked = world_draw(w, 3) == 0;

    world_say(w, "MSI-X %u is %smasked", n, masked ? "" : "un");
    w->model.msix[n].masked = masked;
    table(w, n, PCI_MSIX_ENTRY_VECTOR_CTRL, masked);
}

static void master(World *w)
{
    bool function = world_flip(w), on = world_draw(w, 4);
    PciDevice *pci = function ? &w->rig.widget->pci : w->rig.bridge;

    world_say(w, "the %s is %s master", function ? "function" : "bridge", on ? "a" : "no");
    *(function ? &w->model.master : &w->model.bridge_master) = on;
    rig_command(pci, on ? PCI_COMMAND_MASTER : 0);
}

static void function_resets(World *w)
{
    world_say(w, "the function is reset");
    pci_device_reset(&w->rig.widget->pci);
    model_function_reset(&w->model);
}

/* The HPET: a comparator matches while nothing else is due. */
static void hpet(World *w)
{
    unsigned n = world_draw(w, 3);
    uint32_t address = (uint32_t)world_address(w), data = world_data(w);
    bool level = world_flip(w), enabled = world_draw(w, 4), message = world_draw(w, 8);
    uint32_t conf =
        (level ? HPET_LEVEL : 0) | (enabled ? HPET_INT_ENB : 0) | (message ? HPET_FSB_EN : 0);

    world_time(w, 20 * NS_PER_US);
    world_say(w, "HPET timer %u matches: configuration %#x, address %#x data %#x", n, conf, address,
              data);
    rig_wr(&w->rig, HPET_BASE + HPET_COUNTER, 0, 8);
    rig_wr(&w->rig, HPET_BASE + HPET_FSB(n), (uint64_t)address << 32 | data, 8);
    rig_wr(&w->rig, HPET_BASE + HPET_COMPARATOR(n), 10, 8);
    rig_wr(&w->rig, HPET_BASE + HPET_TIMER(n), conf, 8);
    rig_wr(&w->rig, HPET_BASE + HPET_CONFIG, 1, 8);
    world_time(w, NS_PER_US);
    model_hpet(&w->model, n, level, enabled, message, address, data);
    rig_wr(&w->rig, HPET_BASE + HPET_CONFIG, 0, 8);
    rig_wr(&w->rig, HPET_BASE + HPET_TIMER(n), 0, 8);
    rig_wr(&w->rig, HPET_BASE + HPET_COMPARATOR(n), UINT64_MAX, 8);
}

/* Devices that write themselves. */

static uint16_t some_rid(World *w)
{
    static const uint16_t rids[] = {0x20, 0x23, 0x0110, 0xff00};

    return WORLD_PICK(w, rids);
}

static Upstream upstream(World *w)
{
    return iommu_class(w->rig.vtd)->upstream(w->rig.vtd);
}

static void message(World *w)
{
    Upstream up = upstream(w);
    IntrMsg msg = {.address = world_address(w) | (world_draw(w, 16) == 0) << 1,
                   .data = world_data(w),
                   .requester_id = some_rid(w),
                   .has_pasid = world_draw(w, 16) == 0};

    world_say(w, "%#x sends address %#" PRIx64 " data %#x%s", msg.requester_id, msg.address,
              msg.data, msg.has_pasid ? " with PASID" : "");
    msg.serial = journal_open(&w->rig.journal, JOURNAL_MESSAGE, "test", msg.requester_id, 0);
    upstream_interrupt(&up, &msg);
    model_request(&w->model, model_open(&w->model, JOURNAL_MESSAGE, 0), msg.requester_id,
                  msg.address, msg.data, msg.has_pasid);
}

/* Only one aligned dword without PASID is a request, and has a record. */
static void plain_write(World *w)
{
    Upstream up = upstream(w);
    BusReq req = {.requester_id = some_rid(w), .has_pasid = world_draw(w, 16) == 0};
    uint64_t address = world_address(w) + (world_draw(w, 8) == 0), value = world_data(w);
    size_t len = world_draw(w, 8) ? 4 : world_flip(w) ? 8 : 2;
    bool window = address >= 0xfee00000 && address < 0xfef00000;

    world_say(w, "%#x writes %zu bytes of %#" PRIx64 " to %#" PRIx64 "%s", req.requester_id, len,
              value, address, req.has_pasid ? " with PASID" : "");
    upstream_write(&up, &req, address, &value, len);
    if (window && len == 4 && !(address & 3) && !req.has_pasid) {
        model_request(&w->model, model_open(&w->model, JOURNAL_MESSAGE, 0), req.requester_id,
                      address, (uint32_t)value, false);
    } else if (window || w->model.unit.translating) {
        model_refused_write(&w->model, req.requester_id);
    }
}

/* Past the unit: who is not under it. */
static void bus_message(World *w)
{
    IntrSink sink = apic_bus_sink(w->rig.apics);
    IntrMsg msg = {.address = world_address(w), .data = world_data(w)};
    uint32_t rec = model_open(&w->model, JOURNAL_MESSAGE, 0);
    ModelMsg model = model_message(rec, msg.address, msg.data);

    world_say(w, "past the unit: address %#" PRIx64 " data %#x", msg.address, msg.data);
    msg.serial = journal_open(&w->rig.journal, JOURNAL_MESSAGE, "test", 0, 0);
    intr_send(&sink, &msg);
    if (msg.address >= 0xfee00000 && msg.address < 0xfef00000) {
        model_bus(&w->model, &model);
    } else {
        model_state(&w->model, rec, INTR_NOT_A_REQUEST);
    }
}

void step_emitter(World *w)
{
    static const Row rows[] = {
        {20, line},           {6, entry},         {6, mask},      {6, some_eoi},
        {1, storm},           {1, ioapic_resets}, {4, tick},      {10, msi},
        {3, msi_control},     {3, msi_message},   {4, msi_mask},  {10, msix},
        {3, msix_control},    {3, msix_message},  {4, msix_mask}, {3, master},
        {1, function_resets}, {4, hpet},          {12, message},  {6, plain_write},
        {2, bus_message},
    };
    int n = (int)world_draw(w, 112);

    for (unsigned i = 0;; i++) {
        n -= (int)rows[i].weight;
        if (n < 0) {
            rows[i].step(w);
            return;
        }
    }
}

void world_set_up_emitters(World *w)
{
    for (unsigned i = 0; i < 6; i++) {
        entry(w);
    }
    msi_message(w);
    msi_control(w);
    for (unsigned n = 0; n < MODEL_VECTORS; n++) {
        msix_message(w);
        msix_mask(w);
    }
    msix_control(w);
}

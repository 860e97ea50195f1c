/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IOAPIC. Intel 82093AA data sheet (version 11h) and ICH9 data sheet 13.5 (version 20h: messages,
 * the EOI register at 40h).
 *
 * A redirection entry becomes a message by moving its bits (ICH9 5.8.5): entry 63:48 is address
 * 19:4, entry 11 is address 2 and data 11. With remapping the same wires carry a handle and the
 * format bit (VT-d 5.1.5.1), so nothing here depends on it.
 *
 * Left out: the arbitration register only mirrors the id; interrupts never wait, so delivery status
 * reads 0.
 */
#include "hw/intc/ioapic.h"

#include <inttypes.h>

#include "hw/core/rid.h"
#include "hw/intc/ioapic_rules.h"
#include "hw/intr/lint.h"

#define VERSION_82093AA 0x11
#define VERSION_ICH     0x20

#define MMIO_IOREGSEL 0x00
#define MMIO_IOWIN    0x10
#define MMIO_EOIR     0x40

#define IDX_ID    0x00
#define IDX_VER   0x01
#define IDX_ARB   0x02
#define IDX_REDIR 0x10
#define IDX_END   (IDX_REDIR + 2 * IOAPIC_PINS)

#define ID_SHIFT        24
#define ID_MASK         (0xfu << ID_SHIFT)
#define VER_MAXRE_SHIFT 16

#define RTE_WRITABLE      0xffff00000001afffull
#define ADDR_HANDLE_SHIFT 4

/*
 * A level that no EOI ends comes again at once. On hardware the way back of the EOI and forth of
 * the message leaves the processor time for what it was doing; here, from this many on, the pin
 * waits.
 */
#define STORM_EOIS     16
#define STORM_PAUSE_NS (10 * NS_PER_US)

typedef struct {
    Device dev;
    IoapicLinks links;
    MemRegion region;
    uint32_t version;
    uint8_t initial_id;

    uint8_t select;
    uint8_t id;
    uint64_t rte[IOAPIC_PINS];
    uint32_t levels;               /* what is asked for, a bit a pin */
    uint8_t again[IOAPIC_PINS];    /* EOIs in a row that found the pin active; 255: or more */
    uint64_t waiting[IOAPIC_PINS]; /* serial number of a level that was not sent yet, or 0 */
    uint32_t pausing;              /* pins that look again when `pause` ends */
    Timer pause;

    IrqLine lines[IOAPIC_PINS];
    uint64_t sent[IOAPIC_PINS];
    IoapicRules rules;
} IoapicState;

static IoapicState *ioapic_from(void *dev)
{
    return dev;
}

IoapicLinks *ioapic_links(Device *dev)
{
    return &ioapic_from(dev)->links;
}

MemRegion *ioapic_region(Device *dev)
{
    return &ioapic_from(dev)->region;
}

static IntrDeliveryMode rte_mode(uint64_t rte)
{
    return (rte >> RTE_DELIVERY_SHIFT) & RTE_DELIVERY_MASK;
}

/* SMI, NMI, INIT and ExtINT are edges whatever the trigger bit says (82093AA 3.2.4). */
static bool rte_is_level(uint64_t rte)
{
    IntrDeliveryMode mode = rte_mode(rte);

    return (rte & RTE_LEVEL) && (mode == INTR_MODE_FIXED || mode == INTR_MODE_LOWEST);
}

static IntrMsg rte_message(uint64_t rte, uint16_t requester_id)
{
    uint64_t address = INTR_WINDOW_BASE | (rte >> RTE_HANDLE_SHIFT) << ADDR_HANDLE_SHIFT;
    /* Entry 11 and 10:8 and 7:0 keep their places in the data. */
    uint32_t data =
        rte & (RTE_DEST_LOGICAL | RTE_DELIVERY_MASK << RTE_DELIVERY_SHIFT | RTE_VECTOR_MASK);

    if (rte & RTE_DEST_LOGICAL) {
        address |= MSI_ADDR_DEST_LOGICAL;
    }
    if (rte_mode(rte) == INTR_MODE_LOWEST) {
        address |= MSI_ADDR_REDIR_HINT;
    }
    data |= MSI_DATA_LEVEL_ASSERT;
    if (rte & RTE_LEVEL) {
        data |= MSI_DATA_TRIGGER_LEVEL;
    }
    return (IntrMsg){.address = address, .data = data, .requester_id = requester_id};
}

static void ioapic_send(IoapicState *s, unsigned pin, uint64_t serial)
{
    IntrMsg msg = rte_message(s->rte[pin], s->links.requester_id);

    msg.serial = serial;
    if (rte_is_level(s->rte[pin])) {
        s->rte[pin] |= RTE_REMOTE_IRR;
        s->rules.sent_at[pin] = clock_last(s->dev.platform->clock) + 1;
    }
    s->sent[pin]++;
    journal_send(s->dev.platform->journal, &msg);
    if (s->links.sink.send) {
        intr_send(&s->links.sink, &msg);
    }
}

/* Is the wire at the level that the entry calls active? (82093AA 3.2.4, bit 13) */
static bool pin_is_active(const IoapicState *s, unsigned pin)
{
    bool asked = s->levels >> pin & 1;
    bool wire = asked ^ (s->links.active_low >> pin & 1);

    if (s->links.any_polarity >> pin & 1) {
        return asked;
    }
    return s->rte[pin] & RTE_POLARITY ? !wire : wire;
}

static uint64_t ioapic_record(IoapicState *s, unsigned pin)
{
    return journal_reopen(s->dev.platform->journal, &s->waiting[pin], JOURNAL_PIN, s->dev.id,
                          s->links.requester_id, pin);
}

/* What keeps a level that is asked for from being sent. */
static IntrResult level_waits_for(uint64_t rte)
{
    if (rte & RTE_MASKED) {
        return INTR_PIN_MASKED;
    }
    return rte & RTE_REMOTE_IRR ? INTR_REMOTE_IRR : INTR_PIN_PAUSED;
}

/* A level pin sends while its line is active, it is not masked and none is outstanding. */
static void ioapic_level_check(IoapicState *s, unsigned pin)
{
    uint64_t rte = s->rte[pin];

    if (!rte_is_level(rte) || !pin_is_active(s, pin)) {
        return;
    }
    if (rte & (RTE_MASKED | RTE_REMOTE_IRR)) {
        journal_wait_on(s->dev.platform->journal, s->waiting[pin], level_waits_for(rte));
    } else {
        ioapic_send(s, pin, ioapic_record(s, pin));
    }
}

/* The pin has become active. An edge on a masked pin is lost: 82093AA 3.2.4, bit 16. */
static void ioapic_request(IoapicState *s, unsigned pin)
{
    uint64_t rte = s->rte[pin];
    Journal *journal = s->dev.platform->journal;
    uint64_t serial = ioapic_record(s, pin);

    if (!(rte & (RTE_MASKED | RTE_REMOTE_IRR))) {
        ioapic_send(s, pin, serial);
    } else if (rte_is_level(rte)) {
        if (rte & RTE_REMOTE_IRR) {
            ioapic_rules_waits(&s->rules, &s->dev, pin);
        }
        journal_wait(journal, serial, level_waits_for(rte), &s->waiting[pin]);
    } else {
        journal_keep(journal, serial, INTR_EDGE_MASKED);
    }
}

/* The pin is quiet, or its entry another. */
static void ioapic_calm(IoapicState *s, unsigned pin)
{
    s->again[pin] = 0;
    s->pausing &= ~(1u << pin);
}

static void ioapic_pause_ends(void *opaque)
{
    IoapicState *s = opaque;
    uint32_t pins = s->pausing;

    s->pausing = 0;
    for (; pins; pins &= pins - 1) {
        ioapic_level_check(s, (unsigned)__builtin_ctz(pins));
    }
}

/* After an EOI: again, if the pin is still active. */
static void ioapic_ended(IoapicState *s, unsigned pin)
{
    bool storm = s->again[pin] >= STORM_EOIS;

    s->again[pin] += s->again[pin] < IOAPIC_AGAIN_MOST;
    if (!storm) {
        ioapic_level_check(s, pin);
        return;
    }
    LINT_BREAK(&s->dev, LINT_LEVEL_STORM, "pin %u, vector %#x", pin,
               (unsigned)(s->rte[pin] & RTE_VECTOR_MASK));
    journal_wait(s->dev.platform->journal, ioapic_record(s, pin), level_waits_for(s->rte[pin]),
                 &s->waiting[pin]);
    s->pausing |= 1u << pin;
    if (!timer_is_armed(&s->pause)) {
        timer_arm(&s->pause, clock_now(s->dev.platform->clock) + STORM_PAUSE_NS);
    }
}

static void ioapic_line(void *opaque, int n, bool level)
{
    IoapicState *s = opaque;
    unsigned pin = (unsigned)n;
    bool was_active = pin_is_active(s, pin);

    if ((s->links.active_low >> pin & 1) && !(s->rte[pin] & (RTE_LEVEL | RTE_MASKED))) {
        ioapic_rules_pci_edge(&s->rules, &s->dev, pin, level);
    }
    s->levels = level ? s->levels | 1u << pin : s->levels & ~(1u << pin);
    if (!pin_is_active(s, pin)) {
        ioapic_calm(s, pin);
        journal_withdraw(s->dev.platform->journal, &s->waiting[pin], INTR_LINE_FELL);
    } else if (!was_active) {
        ioapic_request(s, pin);
    }
}

/* EOI by broadcast and by the register are one: all level pins with this vector. */
void ioapic_eoi(void *dev, uint8_t vector)
{
    IoapicState *s = ioapic_from(dev);
    uint32_t others = 0;
    bool found = false;

    for (unsigned pin = 0; pin < IOAPIC_PINS; pin++) {
        if (!(s->rte[pin] & RTE_REMOTE_IRR)) {
            continue;
        }
        if ((s->rte[pin] & RTE_VECTOR_MASK) != vector) {
            others |= 1u << pin;
        } else {
            found = true;
            trace_event(s->dev.platform->trace, TRACE_IOAPIC, "ioapic_eoi pin=%u vector=0x%02x",
                        pin, vector);
            s->rte[pin] &= ~RTE_REMOTE_IRR;
            ioapic_ended(s, pin);
        }
    }
    /* With an EOI register, software may use that for the vector it gave the pin. */
    if (!found && s->version == VERSION_82093AA) {
        ioapic_rules_eoi(&s->dev, vector, others);
    }
}

static void ioapic_write_rte(IoapicState *s, unsigned index, uint32_t value)
{
    unsigned pin = index / 2, shift = index % 2 * 32;
    uint64_t mask = RTE_WRITABLE & (0xffffffffull << shift);
    uint64_t *rte = &s->rte[pin];

    IoapicEntryWrite w = {
        .pin = pin, .upper = shift != 0, .old = *rte, .active_low = s->links.active_low >> pin & 1};

    *rte = w.now = (*rte & ~mask) | ((uint64_t)value << shift & mask);
    ioapic_rules_written(&s->rules, &s->dev, &w);
    if (!rte_is_level(*rte)) {
        /* Edge mode has no remote IRR. Kernels clear a stuck one by going through edge mode where
         * there is no EOI register. */
        *rte &= ~RTE_REMOTE_IRR;
    }
    ioapic_calm(s, pin);
    if (!pin_is_active(s, pin)) { /* by its polarity */
        journal_withdraw(s->dev.platform->journal, &s->waiting[pin], INTR_LINE_FELL);
    }
    ioapic_level_check(s, pin);
}

static uint32_t ioapic_read_index(const IoapicState *s, unsigned index)
{
    switch (index) {
    case IDX_ID:
    case IDX_ARB:
        return (uint32_t)s->id << ID_SHIFT;
    case IDX_VER:
        return s->version | (IOAPIC_PINS - 1) << VER_MAXRE_SHIFT;
    default:
        if (index < IDX_REDIR || index >= IDX_END) {
            ioapic_rules_index(&s->dev, index, false);
            return 0;
        }
        index -= IDX_REDIR;
        return (uint32_t)(s->rte[index / 2] >> (index % 2 * 32));
    }
}

static void ioapic_write_index(IoapicState *s, unsigned index, uint32_t value)
{
    if (index == IDX_ID) {
        s->id = (value & ID_MASK) >> ID_SHIFT;
    } else if (index >= IDX_REDIR && index < IDX_END) {
        ioapic_write_rte(s, index - IDX_REDIR, value);
    } else if (index == IDX_VER || index == IDX_ARB) {
        LINT_BREAK(&s->dev, LINT_IOAPIC_READ_ONLY, "index %u", index);
    } else {
        ioapic_rules_index(&s->dev, index, true);
    }
}

static uint64_t ioapic_read(void *opaque, uint64_t offset, unsigned size)
{
    IoapicState *s = opaque;

    switch (offset) {
    case MMIO_IOREGSEL:
        return s->select;
    case MMIO_IOWIN:
        return ioapic_read_index(s, s->select);
    default:
        return 0;
    }
}

static void ioapic_write(void *opaque, uint64_t offset, uint64_t value, unsigned size)
{
    IoapicState *s = opaque;

    if (offset == MMIO_IOREGSEL) {
        s->select = (uint8_t)value;
    } else if (offset == MMIO_IOWIN && size == 4) {
        ioapic_write_index(s, s->select, (uint32_t)value);
    } else if (offset == MMIO_EOIR && s->version == VERSION_ICH) {
        ioapic_eoi(s, (uint8_t)value);
    } else {
        LINT_BREAK(&s->dev,
                   offset == MMIO_EOIR ? LINT_IOAPIC_EOI_REGISTER : LINT_IOAPIC_RESERVED_OFFSET,
                   "write of %u bytes at %#" PRIx64, size, offset);
    }
}

static const MemOps ioapic_ops = {
    .read = ioapic_read,
    .write = ioapic_write,
    .min_size = 4,
    .max_size = 4,
};

void ioapic_describe(Device *dev, GString *out)
{
    static const char *const modes[] = {"fixed", "lowest", "smi",  "reserved",
                                        "nmi",   "init",   "sipi", "extint"};
    IoapicState *s = ioapic_from(dev);

    g_string_append_printf(out, "ioapic %s: id=%u version=0x%02x sid=%s\n", dev->id, s->id,
                           s->version, rid_text(s->links.requester_id).text);
    for (unsigned pin = 0; pin < IOAPIC_PINS; pin++) {
        uint64_t rte = s->rte[pin];

        g_string_append_printf(out,
                               "  pin %2u 0x%016" PRIx64
                               " vector=0x%02x mode=%s trig=%s%s%s%s line=%d sent=%" PRIu64 "\n",
                               pin, rte, (unsigned)(rte & RTE_VECTOR_MASK), modes[rte_mode(rte)],
                               rte & RTE_LEVEL ? "level" : "edge", rte & RTE_POLARITY ? " low" : "",
                               rte & RTE_MASKED ? " masked" : "",
                               rte & RTE_REMOTE_IRR ? " remote-irr" : "", (s->levels >> pin) & 1,
                               s->sent[pin]);
    }
}

IoapicPin ioapic_pin(Device *dev, unsigned pin)
{
    const IoapicState *s = ioapic_from(dev);
    uint64_t rte = s->rte[pin];

    return (IoapicPin){
        .rte = rte,
        .vector = rte & RTE_VECTOR_MASK,
        .level = rte & RTE_LEVEL,
        .masked = rte & RTE_MASKED,
        .remote_irr = rte & RTE_REMOTE_IRR,
        .active = pin_is_active(s, pin),
        .again = s->again[pin],
    };
}

static bool ioapic_realize(Device *dev, GError **error)
{
    IoapicState *s = ioapic_from(dev);

    if (s->version != VERSION_82093AA && s->version != VERSION_ICH) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "ioapic: version is 0x%x; it must be 0x11 or 0x20", s->version);
        return false;
    }
    s->region = (MemRegion){
        .name = "ioapic",
        .size = IOAPIC_WINDOW_SIZE,
        .kind = MEM_IO,
        .ops = &ioapic_ops,
        .opaque = s,
    };
    timer_init(&s->pause, dev->platform->clock, ioapic_pause_ends, s);
    device_add_irq_in(dev, "", s->lines, IOAPIC_PINS, ioapic_line, s);
    return true;
}

static void ioapic_unrealize(Device *dev)
{
    timer_cancel(&ioapic_from(dev)->pause);
}

static void ioapic_reset(Device *dev)
{
    IoapicState *s = ioapic_from(dev);

    s->select = 0;
    s->rules = (IoapicRules){0};
    s->id = s->initial_id;
    timer_cancel(&s->pause);
    for (unsigned pin = 0; pin < IOAPIC_PINS; pin++) {
        s->rte[pin] = RTE_MASKED;
        journal_withdraw(s->dev.platform->journal, &s->waiting[pin], INTR_DEVICE_RESET);
        ioapic_calm(s, pin);
        s->sent[pin] = 0;
    }
}

static const PropInfo ioapic_props[] = {
    PROP(PROP_UINT32, "version", IoapicState, version, "0x20", "0x20 (ICH) or 0x11 (82093AA)"),
    PROP_RANGE(PROP_UINT8, "id", IoapicState, initial_id, "0", 0, 15, "IOAPIC id after reset"),
    PROP_END,
};

static const StateField ioapic_state[] = {
    STATE_FIELD(STATE_UINT8, IoapicState, select),
    STATE_FIELD(STATE_UINT8, IoapicState, id),
    STATE_ARRAY(STATE_UINT64, IoapicState, rte, IOAPIC_PINS),
    STATE_FIELD(STATE_UINT32, IoapicState, levels),
    STATE_ARRAY(STATE_UINT8, IoapicState, again, IOAPIC_PINS),
    STATE_FIELD(STATE_UINT32, IoapicState, pausing),
    STATE_FIELD(STATE_TIMER, IoapicState, pause),
    STATE_ARRAY(STATE_UINT64, IoapicState, sent, IOAPIC_PINS),
    STATE_ARRAY(STATE_UINT64, IoapicState, waiting, IOAPIC_PINS),
    STATE_NOT_SAVED(IoapicState, rules),
    STATE_END,
};

const DeviceClass ioapic_class = {
    .name = "ioapic",
    .desc = "I/O APIC, 24 pins",
    .bus = BUS_NONE,
    .instance_size = sizeof(IoapicState),
    .props = ioapic_props,
    .state = ioapic_state,
    .realize = ioapic_realize,
    .unrealize = ioapic_unrealize,
    .reset = ioapic_reset,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IOAPIC: pins and messages. Intel 82093AA data sheet (version 11h) and ICH9 data sheet 13.5
 * (version 20h: messages, the EOI register at 40h).
 *
 * A redirection entry becomes a message by moving its bits (ICH9 5.8.5): entry 63:48 is address
 * 19:4, entry 11 is address 2 and data 11. With remapping the same wires carry a handle and the
 * format bit (VT-d 5.1.5.1), so nothing here depends on it.
 *
 * Left out: the arbitration register only mirrors the id; interrupts never wait, so delivery status
 * reads 0.
 */
#include <inttypes.h>
#include <string.h>

#include "hw/intc/ioapic_internal.h"
#include "hw/intr/lint.h"
#include "hw/intr/stages.h"

#define RTE_WRITABLE      0xffff00000001afffull
#define ADDR_HANDLE_SHIFT 4

/*
 * A level that no EOI ends comes again at once. On hardware the way back of the EOI and forth of
 * the message leaves the processor time for what it was doing; here, from this many on, the pin
 * waits.
 */
#define STORM_EOIS     16
#define STORM_PAUSE_NS (10 * NS_PER_US)

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
        if (s->interrupted[pin]) {
            msg.data &= ~MSI_DATA_TRIGGER_LEVEL;
            s->interrupted[pin] = false;
        }
        s->rte[pin] |= RTE_REMOTE_IRR;
        s->rules.sent_at[pin] = clock_last(s->dev.platform->clock) + 1;
    }
    s->sent[pin]++;
    journal_send(s->dev.platform->journal, &msg);
    if (s->links.sink.send) {
        intr_send(&s->links.sink, &msg);
    }
}

bool ioapic_pin_is_active(const IoapicState *s, unsigned pin)
{
    bool wire = s->asked[pin] ^ ioapic_pin_in(s->links.active_low, pin);

    if (ioapic_pin_in(s->links.any_polarity, pin)) {
        return s->asked[pin];
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

    if (!rte_is_level(rte) || s->stuck[pin] || !ioapic_pin_is_active(s, pin)) {
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

    if (s->stuck[pin]) {
        journal_keep(journal, serial, INTR_PIN_STUCK);
    } else if (!(rte & (RTE_MASKED | RTE_REMOTE_IRR))) {
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
    s->pausing[pin] = false;
}

void ioapic_pause_ends(void *opaque)
{
    IoapicState *s = opaque;

    for (unsigned pin = 0; pin < s->pins; pin++) {
        bool looks = s->pausing[pin];

        s->pausing[pin] = false;
        if (looks) {
            ioapic_level_check(s, pin);
        }
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
    s->pausing[pin] = true;
    if (!timer_is_armed(&s->pause)) {
        timer_arm(&s->pause, clock_now(s->dev.platform->clock) + STORM_PAUSE_NS);
    }
}

void ioapic_line(void *opaque, int n, bool level)
{
    IoapicState *s = opaque;
    unsigned pin = (unsigned)n;
    bool was_active = ioapic_pin_is_active(s, pin);

    if (ioapic_pin_in(s->links.active_low, pin) && !(s->rte[pin] & (RTE_LEVEL | RTE_MASKED))) {
        ioapic_rules_pci_edge(&s->rules, &s->dev, pin, level);
    }
    s->asked[pin] = level;
    if (!ioapic_pin_is_active(s, pin)) {
        ioapic_calm(s, pin);
        journal_withdraw(s->dev.platform->journal, &s->waiting[pin], INTR_LINE_FELL);
    } else if (!was_active) {
        ioapic_request(s, pin);
    }
}

/* EOI by broadcast and by the register are one: all level pins with this vector. */
static void ioapic_end(IoapicState *s, uint8_t vector)
{
    int other = -1;
    bool found = false;

    for (unsigned pin = 0; pin < s->pins; pin++) {
        if (!(s->rte[pin] & RTE_REMOTE_IRR) || s->stuck[pin]) {
            continue;
        }
        if ((s->rte[pin] & RTE_VECTOR_MASK) != vector) {
            other = (int)pin;
        } else {
            found = true;
            trace_event(s->dev.platform->trace, TRACE_IOAPIC,
                        "ioapic_eoi id=%s pin=%u vector=0x%02x", s->dev.id, pin, vector);
            s->rte[pin] &= ~RTE_REMOTE_IRR;
            journal_eoi_pin(s->dev.platform->journal, s->dev.id, pin);
            ioapic_ended(s, pin);
        }
    }
    /* With an EOI register, software may use that for the vector it gave the pin. Of several
     * IOAPICs, each hears the others' EOIs. */
    if (!found && !s->has_eoi_register && !s->links.shares_eois) {
        ioapic_rules_eoi(&s->dev, vector, other);
    }
}

/* The oldest EOI that is under way. */
static void ioapic_take_eoi(IoapicState *s)
{
    uint8_t vector = s->eoi_vector[0];

    s->eois--;
    memmove(s->eoi_vector, s->eoi_vector + 1, s->eois * sizeof(s->eoi_vector[0]));
    memmove(s->eoi_at, s->eoi_at + 1, s->eois * sizeof(s->eoi_at[0]));
    ioapic_end(s, vector);
}

static void ioapic_await_eoi(IoapicState *s)
{
    timer_cancel(&s->eoi_timer);
    if (s->eois > 0) {
        timer_arm(&s->eoi_timer, s->eoi_at[0]);
    }
}

void ioapic_eoi_arrives(void *opaque)
{
    IoapicState *s = opaque;
    int64_t now = clock_now(s->dev.platform->clock);

    while (s->eois > 0 && s->eoi_at[0] <= now) {
        ioapic_take_eoi(s);
    }
    ioapic_await_eoi(s);
}

void ioapic_eoi(void *dev, uint8_t vector)
{
    IoapicState *s = ioapic_from(dev);

    if (s->eoi_delay == 0) {
        ioapic_end(s, vector);
        return;
    }
    if (s->eois == IOAPIC_EOIS) {
        ioapic_take_eoi(s);
    }
    s->eoi_vector[s->eois] = vector;
    s->eoi_at[s->eois] = clock_now(s->dev.platform->clock) + s->eoi_delay;
    s->eois++;
    ioapic_await_eoi(s);
}

/* What hardware makes of a write while remote IRR is set, on request. */
static void ioapic_misbehave(IoapicState *s, const IoapicEntryWrite *w)
{
    Journal *journal = s->dev.platform->journal;

    if (!(w->old & RTE_REMOTE_IRR)) {
        return;
    }
    if (s->stuck_remote_irr && ioapic_entry_is_rewritten(w)) {
        s->stuck[w->pin] = true;
        journal_withdraw(journal, &s->waiting[w->pin], INTR_PIN_STUCK);
    }
    if (s->level_as_edge && !(w->old & RTE_MASKED) && (w->now & RTE_MASKED)) {
        s->interrupted[w->pin] = true;
    }
}

void ioapic_write_rte(IoapicState *s, unsigned index, uint32_t value)
{
    unsigned pin = index / 2, shift = index % 2 * 32;
    uint64_t mask = RTE_WRITABLE & (0xffffffffull << shift);
    uint64_t *rte = &s->rte[pin];

    IoapicEntryWrite w = {.pin = pin,
                          .upper = shift != 0,
                          .old = *rte,
                          .active_low = ioapic_pin_in(s->links.active_low, pin)};

    *rte = w.now = (*rte & ~mask) | ((uint64_t)value << shift & mask);
    ioapic_rules_written(&s->rules, &s->dev, &w);
    ioapic_misbehave(s, &w);
    if (!rte_is_level(*rte) && !s->stuck[pin]) {
        /* Edge mode has no remote IRR. Kernels clear a stuck one by going through edge mode where
         * there is no EOI register. */
        *rte &= ~RTE_REMOTE_IRR;
    }
    ioapic_calm(s, pin);
    if (!ioapic_pin_is_active(s, pin)) { /* by its polarity */
        journal_withdraw(s->dev.platform->journal, &s->waiting[pin], INTR_LINE_FELL);
    }
    ioapic_level_check(s, pin);
}

void ioapic_reset_pins(IoapicState *s)
{
    timer_cancel(&s->pause);
    timer_cancel(&s->eoi_timer);
    s->eois = 0;
    for (unsigned pin = 0; pin < s->pins; pin++) {
        s->rte[pin] = RTE_MASKED;
        s->stuck[pin] = s->interrupted[pin] = false;
        journal_withdraw(s->dev.platform->journal, &s->waiting[pin], INTR_DEVICE_RESET);
        ioapic_calm(s, pin);
        s->sent[pin] = 0;
    }
}

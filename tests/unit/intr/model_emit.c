/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Emitters: IOAPIC (82093AA 3.2.4, ICH9 5.8.5), MSI and MSI-X (PCI 3.0, 6.8), HPET (2.3.8). */
#include "intr/model.h"

#define MASKED     (1ull << 16)
#define LEVEL      (1ull << 15)
#define REMOTE_IRR (1ull << 14)
#define ACTIVE_LOW (1ull << 13)
#define WRITABLE   0xffff00000001afffull

/* Our own ways with a level that no EOI ends (hw/intc/ioapic.c). */
#define STORM    16
#define PAUSE_NS 10000

/* The IOAPIC. */

static unsigned mode_of(uint64_t rte)
{
    return rte >> 8 & 7;
}

/* SMI, NMI, INIT and ExtINT are edges. */
static bool is_level(uint64_t rte)
{
    return (rte & LEVEL) && mode_of(rte) <= 1;
}

static bool is_active(const Model *m, unsigned pin)
{
    const ModelPin *p = &m->pins[pin];
    bool wire = p->asked != (m->active_low >> pin & 1);

    if (m->any_polarity >> pin & 1) {
        return p->asked;
    }
    return wire != !!(p->rte & ACTIVE_LOW);
}

static uint32_t pin_record(Model *m, unsigned pin)
{
    uint32_t rec = m->pins[pin].waits;

    m->pins[pin].waits = 0;
    return rec ? rec : model_open(m, JOURNAL_PIN, pin);
}

static void pin_send(Model *m, unsigned pin)
{
    ModelPin *p = &m->pins[pin];
    uint64_t rte = p->rte, address = 0xfee00000 | (rte >> 48) << 4;
    uint32_t data = 1 << 14 | (rte & 0x8fff), rec = pin_record(m, pin);

    address |= (rte >> 11 & 1) << 2 | (mode_of(rte) == 1) << 3;
    if (is_level(rte)) {
        if (p->interrupted) {
            data &= ~(uint32_t)LEVEL;
        }
        p->interrupted = false;
        p->rte |= REMOTE_IRR;
    }
    model_request(m, rec, m->ioapic_rid, address, data, false);
}

static void pin_calm(ModelPin *p)
{
    p->again = 0;
    p->pauses = false;
}

/* What a level that waits waits for: the mask first, then the EOI. */
static void pin_waits(Model *m, ModelPin *p)
{
    if (p->waits && is_level(p->rte)) {
        model_state(m, p->waits,
                    p->rte & MASKED       ? INTR_PIN_MASKED
                    : p->rte & REMOTE_IRR ? INTR_REMOTE_IRR
                                          : INTR_PIN_PAUSED);
    }
}

static void pin_looks(Model *m, unsigned pin)
{
    ModelPin *p = &m->pins[pin];

    if (is_level(p->rte) && is_active(m, pin) && !p->stuck && !(p->rte & (MASKED | REMOTE_IRR))) {
        pin_send(m, pin);
    }
    pin_waits(m, p);
}

void model_pin(Model *m, unsigned pin, bool asked)
{
    ModelPin *p = &m->pins[pin];
    bool was = is_active(m, pin);

    if (p->asked == asked) {
        return;
    }
    p->asked = asked;
    if (!is_active(m, pin)) {
        pin_calm(p);
        model_withdraw(m, &p->waits, INTR_LINE_FELL);
    } else if (!was && p->stuck) {
        model_state(m, pin_record(m, pin), INTR_PIN_STUCK);
    } else if (!was && !(p->rte & (MASKED | REMOTE_IRR))) {
        pin_send(m, pin);
    } else if (!was) {
        uint32_t rec = pin_record(m, pin);

        if (is_level(p->rte)) {
            p->waits = rec;
            pin_waits(m, p);
        } else {
            model_state(m, rec, INTR_EDGE_MASKED);
        }
    }
}

/* Of chips with stuck-remote-irr. The mask is not what the interrupt is; edge mode with it set is
 * how software clears remote IRR. */
static bool sticks(const Model *m, uint64_t old, uint64_t now)
{
    bool way_out = (now & MASKED) && !(now >> 15 & 1);

    return m->pins_stick && (old & REMOTE_IRR) && !way_out &&
           ((old ^ now) & ~(uint64_t)(MASKED | REMOTE_IRR));
}

void model_pin_entry(Model *m, unsigned pin, unsigned half, uint32_t value)
{
    ModelPin *p = &m->pins[pin];
    uint64_t mask = WRITABLE & (0xffffffffull << 32 * half);

    uint64_t old = p->rte;

    p->rte = (p->rte & ~mask) | ((uint64_t)value << 32 * half & mask);
    if (sticks(m, old, p->rte)) {
        p->stuck = true;
        model_withdraw(m, &p->waits, INTR_PIN_STUCK);
    }
    if (m->level_as_edge && (old & REMOTE_IRR) && !(old & MASKED) && (p->rte & MASKED)) {
        p->interrupted = true;
    }
    if (!is_level(p->rte) && !p->stuck) {
        p->rte &= ~REMOTE_IRR;
    }
    pin_calm(p);
    if (!is_active(m, pin)) { /* by its polarity */
        model_withdraw(m, &p->waits, INTR_LINE_FELL);
    }
    pin_looks(m, pin);
}

static void pin_ended(Model *m, unsigned pin)
{
    ModelPin *p = &m->pins[pin];

    if (p->again < STORM) {
        p->again++;
        pin_looks(m, pin);
        return;
    }
    p->waits = pin_record(m, pin);
    pin_waits(m, p);
    p->pauses = true;
    if (m->pause_ends == INT64_MAX) {
        m->pause_ends = m->now + PAUSE_NS;
    }
}

static void pins_end(Model *m, uint8_t vector)
{
    for (unsigned pin = 0; pin < MODEL_PINS; pin++) {
        ModelPin *p = &m->pins[pin];

        if ((p->rte & REMOTE_IRR) && (p->rte & 0xff) == vector && !p->stuck) {
            p->rte &= ~REMOTE_IRR;
            pin_ended(m, pin);
        }
    }
}

static void oldest_eoi_arrives(Model *m)
{
    uint8_t vector = m->eois[0].vector;

    m->eoi_count--;
    for (unsigned i = 0; i < m->eoi_count; i++) {
        m->eois[i] = m->eois[i + 1];
    }
    pins_end(m, vector);
}

void model_pin_eoi(Model *m, uint8_t vector)
{
    if (m->eoi_delay == 0) {
        pins_end(m, vector);
        return;
    }
    if (m->eoi_count == MODEL_EOIS) {
        oldest_eoi_arrives(m);
    }
    m->eois[m->eoi_count].at = m->now + m->eoi_delay;
    m->eois[m->eoi_count].vector = vector;
    m->eoi_count++;
}

void model_ioapic_reset(Model *m)
{
    m->pause_ends = INT64_MAX;
    m->eoi_count = 0;
    for (unsigned pin = 0; pin < MODEL_PINS; pin++) {
        m->pins[pin].rte = MASKED;
        m->pins[pin].stuck = m->pins[pin].interrupted = false;
        model_withdraw(m, &m->pins[pin].waits, INTR_DEVICE_RESET);
        pin_calm(&m->pins[pin]);
    }
}

static void pause_is_over(Model *m)
{
    m->pause_ends = INT64_MAX;
    for (unsigned pin = 0; pin < MODEL_PINS; pin++) {
        if (m->pins[pin].pauses) {
            m->pins[pin].pauses = false;
            pin_looks(m, pin);
        }
    }
}

void model_time(Model *m, int64_t ns)
{
    int64_t until = m->now + ns;

    for (;;) {
        int64_t eoi = m->eoi_count > 0 ? m->eois[0].at : INT64_MAX;

        if (MIN(m->pause_ends, eoi) > until) {
            break;
        }
        m->now = MIN(m->pause_ends, eoi);
        (m->pause_ends <= eoi ? pause_is_over : oldest_eoi_arrives)(m);
    }
    m->now = until;
}

/* The function: a bus master behind a bridge. */

static void function_send(Model *m, uint32_t rec, uint64_t address, uint32_t data)
{
    bool window = address >= 0xfee00000 && address < 0xfef00000;

    if (!m->master) {
        model_state(m, rec, INTR_MASTER_OFF);
    } else if (!m->bridge_master) {
        model_state(m, rec, window ? INTR_BRIDGE_OFF : INTR_WRITE_REFUSED);
    } else {
        model_request(m, rec, m->function_rid, address, data, false);
    }
}

/* Pending bits (6.8.3.4). */
static void vector_pends(Model *m, ModelVector *v, uint32_t rec, IntrResult why)
{
    model_state(m, rec, v->waits ? INTR_MERGED_WAITING : why);
    v->waits = v->waits ? v->waits : rec;
    v->pending = true;
}

static uint32_t vector_record(ModelVector *v)
{
    uint32_t rec = v->waits;

    v->waits = 0;
    v->pending = false;
    return rec;
}

static void msi_send(Model *m, unsigned n, uint32_t rec)
{
    function_send(m, rec, m->msi[0].address, (m->msi[0].data & ~(m->msi_granted - 1)) | n);
}

void model_msi(Model *m, unsigned n)
{
    uint32_t rec = model_open(m, JOURNAL_MSI, n);

    n %= m->msi_granted;
    if (!m->msi_on) {
        model_state(m, rec, INTR_MSI_DISABLED);
    } else if (m->msi[n].masked) {
        vector_pends(m, &m->msi[n], rec, INTR_VECTOR_MASKED);
    } else {
        msi_send(m, n, rec);
    }
}

void model_msi_written(Model *m)
{
    for (unsigned n = 0; m->msi_on && n < MODEL_VECTORS; n++) {
        if (m->msi[n].pending && !m->msi[n].masked) {
            msi_send(m, n % m->msi_granted, vector_record(&m->msi[n]));
        }
    }
}

static void msix_send(Model *m, unsigned n, uint32_t rec)
{
    function_send(m, rec, m->msix[n].address & ~3ull, m->msix[n].data);
}

void model_msix(Model *m, unsigned n)
{
    uint32_t rec = model_open(m, JOURNAL_MSIX, n);

    if (!m->msix_on) {
        model_state(m, rec, INTR_MSIX_DISABLED);
    } else if (n >= MODEL_VECTORS) {
        model_state(m, rec, INTR_NO_VECTOR);
    } else if (m->msix_masked || m->msix[n].masked) {
        vector_pends(m, &m->msix[n], rec,
                     m->msix_masked ? INTR_FUNCTION_MASKED : INTR_VECTOR_MASKED);
    } else {
        msix_send(m, n, rec);
    }
}

/* A mask, or something else of it, was written: what is pending goes, or says what it waits for. */
void model_msix_written(Model *m, unsigned n)
{
    ModelVector *v = &m->msix[n];

    if (!m->msix_on || !v->pending) {
        return;
    }
    if (m->msix_masked || v->masked) {
        model_state(m, v->waits, m->msix_masked ? INTR_FUNCTION_MASKED : INTR_VECTOR_MASKED);
    } else {
        msix_send(m, n, vector_record(v));
    }
}

void model_function_reset(Model *m)
{
    m->master = m->msi_on = m->msix_on = m->msix_masked = false;
    m->msi_granted = 1;
    for (unsigned n = 0; n < MODEL_VECTORS; n++) {
        model_withdraw(m, &m->msi[n].waits, INTR_DEVICE_RESET);
        model_withdraw(m, &m->msix[n].waits, INTR_DEVICE_RESET);
        m->msi[n] = (ModelVector){0};
        m->msix[n] = (ModelVector){.masked = true};
    }
}

/* A comparator matches once. In edge mode it is watched only with its interrupt on. */
void model_hpet(Model *m, unsigned timer, bool level, bool enabled, bool message, uint32_t address,
                uint32_t data)
{
    if (!enabled && level) {
        model_state(m, model_open(m, JOURNAL_HPET, timer), INTR_HPET_DISABLED);
    } else if (enabled && message) {
        model_request(m, model_open(m, JOURNAL_HPET, timer), m->hpet_rid, address, data, false);
    }
}

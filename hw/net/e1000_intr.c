/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts (8254x manual, 13.4.17 to 13.4.21; 82574, 7.4). Causes collect in ICR, and those that
 * IMS lets are told of: by the pin or MSI all together, by MSI-X each of the five that IVAR knows
 * with a vector of its own. A message goes out when a cause comes to be seen, not again while it
 * stays.
 *
 * 7.4.5: a cause goes by its message (EIAC, which masks it as well), by a write of ICR, and by a
 * read, which has no effect while causes are masked by IMS and none was told of. IAM masks what a
 * read or write of ICR acknowledges (CTRL_EXT.IAME), or a message has told of (EIAME). On the
 * 82540EM every read takes all causes.
 */
#include "hw/net/e1000_internal.h"
#include "hw/pci/msi.h"

#define TOLD_TOGETHER 0x80u
#define CAUSE_OTHER   4
#define CAUSE_TXQ     2

static uint32_t intr_seen(const E1000 *n)
{
    return e1000_reg(n, E1000_ICR) & e1000_reg(n, E1000_IMS) & ~ICR_INT_ASSERTED;
}

static void intr_clear(E1000 *n, uint32_t reg, uint32_t bits)
{
    e1000_set_reg(n, reg, e1000_reg(n, reg) & ~bits);
}

static void intr_auto_mask(E1000 *n, uint32_t causes)
{
    intr_clear(n, E1000_IMS, e1000_more(n, E1000_IAM) & causes);
}

/* ---- MSI-X ---- */

static uint64_t vector_interval(const E1000 *n, unsigned vector)
{
    return (uint64_t)(e1000_more(n, E1000_EITR + 4 * vector) & 0xffff) * ITR_UNIT_NS;
}

static void intr_send_cause(E1000 *n, unsigned cause, unsigned vector)
{
    uint32_t bit = 1u << (ICR_QUEUES_SHIFT + cause);
    n->told |= (uint8_t)(1u << cause);
    if (e1000_more(n, E1000_EIAC) & bit) {
        intr_clear(n, E1000_ICR, bit);
        intr_clear(n, E1000_IMS, bit);
        n->told &= (uint8_t) ~(1u << cause);
    }
    if (e1000_reg(n, E1000_CTRL_EXT) & CTRL_EXT_EIAME) {
        intr_auto_mask(n, bit | (cause == CAUSE_OTHER ? ICR_OTHER_CAUSES : 0));
    }
    msix_notify(&n->pci, vector);
}

static void intr_update_cause(E1000 *n, unsigned cause)
{
    uint32_t ivar = e1000_more(n, E1000_IVAR);
    bool up = (intr_seen(n) >> (ICR_QUEUES_SHIFT + cause) & 1) && IVAR_VALID(ivar, cause);
    unsigned vector = IVAR_VECTOR(ivar, cause);
    if (!up) {
        n->told &= (uint8_t) ~(1u << cause);
    } else if (!(n->told & 1u << cause) &&
               (vector >= E1000_VECTORS ||
                nic_throttle_pass(&n->throttle[vector], vector_interval(n, vector)))) {
        intr_send_cause(n, cause, vector);
    }
}

/* ---- MSI and the pin ---- */

static void intr_tell_together(E1000 *n, bool up)
{
    uint64_t interval = (uint64_t)(e1000_reg(n, E1000_ITR) & 0xffff) * ITR_UNIT_NS;
    bool told = n->told & TOLD_TOGETHER;
    if (!up) {
        n->told &= (uint8_t)~TOLD_TOGETHER;
    } else if (!told && nic_throttle_pass(&n->throttle[0], interval)) {
        n->told |= TOLD_TOGETHER;
        if (msi_enabled(&n->pci)) {
            msi_notify(&n->pci, 0);
        }
    }
    pci_set_intx(&n->pci, n->told & TOLD_TOGETHER);
}

void e1000_intr_update(E1000 *n)
{
    bool together = !msix_enabled(&n->pci);
    if (intr_seen(n) && n->model->is_82574) {
        e1000_set_reg(n, E1000_ICR, e1000_reg(n, E1000_ICR) | ICR_INT_ASSERTED);
    }
    for (unsigned cause = 0; !together && cause < E1000_VECTORS; cause++) {
        intr_update_cause(n, cause);
    }
    intr_tell_together(n, together && intr_seen(n));
}

void e1000_raise(E1000 *n, uint32_t causes)
{
    if (causes & ICR_OTHER_CAUSES) {
        causes |= ICR_OTHER;
    }
    e1000_set_reg(n, E1000_ICR, e1000_reg(n, E1000_ICR) | (causes & n->model->causes));
    e1000_intr_update(n);
}

/* ---- ICR ---- */

/* What is left is told of no more. */
static void intr_take(E1000 *n, uint32_t causes)
{
    intr_clear(n, E1000_ICR, causes);
    if ((e1000_reg(n, E1000_ICR) & ~ICR_INT_ASSERTED) == 0) {
        intr_clear(n, E1000_ICR, ICR_INT_ASSERTED);
    }
}

static void intr_acknowledged(E1000 *n)
{
    if (n->model->is_82574 && (e1000_reg(n, E1000_CTRL_EXT) & CTRL_EXT_IAME)) {
        intr_auto_mask(n, UINT32_MAX);
    }
}

uint32_t e1000_icr_read(E1000 *n)
{
    uint32_t icr = e1000_reg(n, E1000_ICR);
    if (!n->model->is_82574 || e1000_reg(n, E1000_IMS) == 0) {
        intr_take(n, UINT32_MAX);
    } else if (icr & ICR_INT_ASSERTED) {
        intr_take(n, UINT32_MAX);
        intr_acknowledged(n);
    }
    e1000_intr_update(n);
    return icr;
}

void e1000_icr_written(E1000 *n, uint32_t value)
{
    if (e1000_reg(n, E1000_ICR) & ICR_INT_ASSERTED) {
        intr_acknowledged(n);
    }
    intr_take(n, value & ~ICR_INT_ASSERTED);
    e1000_intr_update(n);
}

/* ---- Frames ---- */

static void intr_rx_delay_over(void *opaque)
{
    e1000_raise(opaque, ICR_RXT0);
}

static void intr_tx_delay_over(void *opaque)
{
    e1000_raise(opaque, ICR_TXDW | ICR_TXQ0 | ICR_TXQ0 << 1);
}

/* 8254x manual, 13.4.30: RDTR and RADV, but not with MSI-X, where EITR is. */
void e1000_rx_events(E1000 *n)
{
    uint32_t delay = e1000_reg(n, E1000_RDTR) & 0xffff;
    uint32_t causes = n->low ? ICR_RXDMT0 : 0;
    if (n->received && (delay == 0 || msix_enabled(&n->pci))) {
        causes |= ICR_RXT0 | (uint32_t)n->received << ICR_QUEUES_SHIFT;
    } else if (n->received) {
        nic_delay_event(&n->rx_delay, delay, e1000_reg(n, E1000_RADV) & 0xffff);
    }
    n->received = 0;
    n->low = false;
    if (causes) {
        e1000_raise(n, causes);
    }
}

void e1000_tx_event(E1000 *n, unsigned queue, bool delayed)
{
    uint32_t delay = e1000_reg(n, E1000_TIDV) & 0xffff;
    bool at_once = msix_enabled(&n->pci) && (e1000_more(n, E1000_IVAR) & IVAR_EVERY_WRITE_BACK);
    if (delayed && delay != 0 && !at_once) {
        nic_delay_event(&n->tx_delay, delay, e1000_reg(n, E1000_TADV) & 0xffff);
    } else {
        e1000_raise(n, ICR_TXDW | ICR_TXQ0 << queue);
    }
}

static void intr_may_go(void *opaque)
{
    e1000_intr_update(opaque);
}

void e1000_intr_init(E1000 *n)
{
    Clock *clock = n->pci.dev.platform->clock;
    for (unsigned i = 0; i < E1000_VECTORS; i++) {
        nic_throttle_init(&n->throttle[i], clock, intr_may_go, n);
    }
    nic_delay_init(&n->rx_delay, clock, intr_rx_delay_over, n);
    nic_delay_init(&n->tx_delay, clock, intr_tx_delay_over, n);
}

void e1000_intr_reset(E1000 *n)
{
    for (unsigned i = 0; i < E1000_VECTORS; i++) {
        nic_throttle_reset(&n->throttle[i]);
    }
    nic_delay_reset(&n->rx_delay);
    nic_delay_reset(&n->tx_delay);
    n->told = n->received = 0;
    n->low = false;
    pci_set_intx(&n->pci, false);
}

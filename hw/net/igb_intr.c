/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts (82576, 7.3). Each function has causes by vector in EICR, which IVAR chooses for a
 * queue and IVAR_MISC for the rest; a vector's message goes out when EIMS lets its cause be seen,
 * clears it by EIAC and masks it by EIAM. Other causes collect in the physical function's ICR.
 * Without GPIE.Multiple_MSIX all is told of together by ICR.
 */
#include <assert.h>

#include "hw/net/igb_internal.h"
#include "hw/pci/msi.h"

#define EITR_INTERVAL(v_) ((uint64_t)((v_) >> 2 & 0x1fff) * 1000) /* us */

static uint32_t intr_reg(const IgbIntr *intr, uint32_t offset)
{
    return (uint32_t)regfile_get(&intr->regs, offset - IGB_INTR_FIRST);
}

static void intr_set(IgbIntr *intr, uint32_t offset, uint32_t value)
{
    regfile_set(&intr->regs, offset - IGB_INTR_FIRST, value);
}

static void intr_fire(IgbIntr *intr, unsigned vector)
{
    uint32_t bit = 1u << vector;
    intr->told |= bit;
    if (intr_reg(intr, IGB_EIAC) & bit) {
        intr_set(intr, IGB_EICR, intr_reg(intr, IGB_EICR) & ~bit);
        intr->told &= ~bit;
    }
    bool masks = intr->pci->pf || (intr_reg(intr, IGB_GPIE) & GPIE_EIAME);
    if (masks && (intr_reg(intr, IGB_EIAM) & bit)) {
        intr_set(intr, IGB_EIMS, intr_reg(intr, IGB_EIMS) & ~bit);
    }
    msix_notify(intr->pci, vector);
}

void igb_intr_update(IgbIntr *intr)
{
    for (unsigned v = 0; v < intr->vectors && msix_enabled(intr->pci); v++) {
        uint32_t bit = 1u << v;
        uint64_t interval = EITR_INTERVAL(intr_reg(intr, IGB_EITR + 4 * v));
        if ((intr_reg(intr, IGB_EICR) & intr_reg(intr, IGB_EIMS) & bit) == 0) {
            intr->told &= ~bit;
        } else if (!(intr->told & bit) && nic_throttle_pass(&intr->throttle[v], interval)) {
            intr_fire(intr, v);
        }
    }
}

static void intr_raise(IgbIntr *intr, uint32_t ivar)
{
    if (ivar & IVAR_IS_VALID) {
        intr_set(intr, IGB_EICR, intr_reg(intr, IGB_EICR) | 1u << (ivar & IVAR_NUMBER));
        igb_intr_update(intr);
    }
}

/* ---- Registers ---- */

static void eics_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                         uint64_t written, uint64_t mask)
{
    IgbIntr *intr = opaque;
    intr_set(intr, IGB_EICR, intr_reg(intr, IGB_EICR) | (uint32_t)written);
    igb_intr_update(intr);
}

static void eimc_written(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                         uint64_t written, uint64_t mask)
{
    IgbIntr *intr = opaque;
    intr_set(intr, IGB_EIMS, intr_reg(intr, IGB_EIMS) & ~(uint32_t)written);
    igb_intr_update(intr);
}

static void intr_changed(void *opaque, const RegRow *row, uint64_t old, uint64_t now,
                         uint64_t written, uint64_t mask)
{
    igb_intr_update(opaque);
}

#define AT(offset_) ((offset_)-IGB_INTR_FIRST)
#define EITR(n_)                                                                                   \
    {                                                                                              \
        "EITR" #n_, AT(IGB_EITR + 4 * n_), 4, .writable = 0x7fff                                   \
    }
#define IVAR_ROW(n_)                                                                               \
    {                                                                                              \
        "IVAR" #n_, AT(IGB_IVAR + 4 * n_), 4, .writable = 0x9f9f9f9f                               \
    }

static const RegRow igb_intr_rows[] = {
    {"GPIE", AT(IGB_GPIE), 4, .writable = 0xc00000f1, .written = intr_changed},
    {"EICS", AT(IGB_EICS), 4, .written = eics_written},
    {"EIMS", AT(IGB_EIMS), 4, .w1s = UINT32_MAX, .written = intr_changed},
    {"EIMC", AT(IGB_EIMC), 4, .written = eimc_written},
    {"EIAC", AT(IGB_EIAC), 4, .writable = UINT32_MAX},
    {"EIAM", AT(IGB_EIAM), 4, .writable = UINT32_MAX},
    {"EICR", AT(IGB_EICR), 4, .w1c = UINT32_MAX, .written = intr_changed},
    EITR(0),
    EITR(1),
    EITR(2),
    EITR(3),
    EITR(4),
    EITR(5),
    EITR(6),
    EITR(7),
    EITR(8),
    EITR(9),
    EITR(10),
    EITR(11),
    EITR(12),
    EITR(13),
    EITR(14),
    EITR(15),
    EITR(16),
    EITR(17),
    EITR(18),
    EITR(19),
    EITR(20),
    EITR(21),
    EITR(22),
    EITR(23),
    EITR(24),
    IVAR_ROW(0),
    IVAR_ROW(1),
    IVAR_ROW(2),
    IVAR_ROW(3),
    IVAR_ROW(4),
    IVAR_ROW(5),
    IVAR_ROW(6),
    IVAR_ROW(7),
    {"IVAR_MISC", AT(IGB_IVAR_MISC), 4, .writable = 0x9f9f},
};
static_assert(G_N_ELEMENTS(igb_intr_rows) == IGB_INTR_ROWS, "state holds every register");

const StateField igb_intr_state[] = {
    STATE_REGFILE(IgbIntr, regs),
    STATE_FIELD(STATE_UINT32, IgbIntr, told),
    STATE_STRUCTS(IgbIntr, throttle, IGB_VECTORS, NicThrottle, nic_throttle_state),
    STATE_END,
};

bool igb_intr_has(const IgbIntr *intr, uint32_t offset)
{
    return offset >= IGB_INTR_FIRST && regfile_find(&intr->regs, offset - IGB_INTR_FIRST);
}

static void igb_intr_may_go(void *opaque)
{
    igb_intr_update(opaque);
}

void igb_intr_init(IgbIntr *intr, PciDevice *pci, unsigned vectors)
{
    intr->pci = pci;
    intr->vectors = vectors;
    regfile_init(&intr->regs, igb_intr_rows, intr->values, IGB_INTR_ROWS, IGB_INTR_SPAN, intr);
    for (unsigned v = 0; v < IGB_VECTORS; v++) {
        nic_throttle_init(&intr->throttle[v], pci->dev.platform->clock, igb_intr_may_go, intr);
    }
}

void igb_intr_reset(IgbIntr *intr)
{
    regfile_reset(&intr->regs);
    intr->told = 0;
    for (unsigned v = 0; v < IGB_VECTORS; v++) {
        nic_throttle_reset(&intr->throttle[v]);
    }
}

void igb_intr_free(IgbIntr *intr)
{
    for (unsigned v = 0; v < IGB_VECTORS; v++) {
        timer_cancel(&intr->throttle[v].timer);
    }
    regfile_free(&intr->regs);
}

/* ---- ICR ---- */

static bool has_vectors(const Igb *n)
{
    return msix_enabled(&n->pci) && (intr_reg(&n->intr, IGB_GPIE) & GPIE_MSIX_MODE);
}

static uint32_t icr_seen(const Igb *n)
{
    return igb_reg(n, IGB_ICR) & igb_reg(n, IGB_IMS) & IGB_ICR_ALL;
}

void igb_update_together(Igb *n)
{
    bool up = !has_vectors(n) && icr_seen(n);
    if (up && !n->told_together) {
        if (msix_enabled(&n->pci)) {
            msix_notify(&n->pci, 0);
        } else if (msi_enabled(&n->pci)) {
            msi_notify(&n->pci, 0);
        }
    }
    n->told_together = up;
    pci_set_intx(&n->pci, up);
}

void igb_raise(Igb *n, uint32_t causes)
{
    igb_set_reg(n, IGB_ICR, igb_reg(n, IGB_ICR) | causes);
    if (icr_seen(n)) {
        igb_set_reg(n, IGB_ICR, igb_reg(n, IGB_ICR) | IGB_ICR_INTA);
    }
    if (has_vectors(n) && (icr_seen(n) & causes)) {
        intr_raise(&n->intr, intr_reg(&n->intr, IGB_IVAR_MISC) >> 8);
    }
    igb_update_together(n);
}

/* 7.3.3: a read takes all, unless nothing was told of; then IAM masks. */
uint32_t igb_icr_read(Igb *n)
{
    uint32_t icr = igb_reg(n, IGB_ICR);
    bool always = (intr_reg(&n->intr, IGB_GPIE) & 1) || igb_reg(n, IGB_IMS) == 0;
    if (always || (icr & IGB_ICR_INTA)) {
        igb_set_reg(n, IGB_ICR, 0);
        igb_set_reg(n, IGB_IMS, igb_reg(n, IGB_IMS) & ~igb_reg(n, IGB_IAM));
    }
    igb_update_together(n);
    return icr;
}

void igb_icr_written(Igb *n, uint32_t value)
{
    uint32_t icr = igb_reg(n, IGB_ICR) & ~value;
    igb_set_reg(n, IGB_ICR, icr & IGB_ICR_ALL ? icr : 0);
    igb_set_reg(n, IGB_IMS, igb_reg(n, IGB_IMS) & ~igb_reg(n, IGB_IAM));
    igb_update_together(n);
}

/* ---- Queues ---- */

/* 7.3.1.2: a byte for each, receiving queues' before sending ones'. */
static uint32_t ivar_of_pf(const IgbIntr *intr, const IgbQueue *q)
{
    unsigned shift = (q->sends ? 8 : 0) + (q->number & 8 ? 16 : 0);
    return intr_reg(intr, IGB_IVAR + 4 * (q->number & 7)) >> shift;
}

static uint32_t ivar_of_vf(const IgbIntr *intr, const IgbQueue *q)
{
    return intr_reg(intr, IGB_IVAR) >> ((q->sends ? 8 : 0) + (q->number & 8 ? 16 : 0));
}

void igb_queue_event(IgbQueue *q)
{
    Igb *n = q->igb;
    PciDevice *owner = igb_queue_owner(q);
    if (owner != &n->pci) {
        IgbIntr *intr = &((IgbVf *)owner)->intr;
        intr_raise(intr, ivar_of_vf(intr, q));
    } else if (has_vectors(n)) {
        intr_raise(&n->intr, ivar_of_pf(&n->intr, q));
    } else {
        igb_raise(n, q->sends ? IGB_ICR_TXDW : IGB_ICR_RXDW);
    }
}

void igb_vf_mail_event(IgbVf *vf)
{
    intr_raise(&vf->intr, intr_reg(&vf->intr, IGB_IVAR_MISC));
}

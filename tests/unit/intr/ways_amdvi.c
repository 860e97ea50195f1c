/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See ways_amdvi.h. */
#include "intr/ways_amdvi.h"

#include "intr/amdvi_unit.h"
#include "intr/ways.h"

#define AT_DEVICES 0x200000ull
#define AT_IRT     0x300000ull
#define BEYOND     0x40000000ull /* no memory there */
#define REMAP      (DTE_IV | DTE_LEN(4) | DTE_CTL(2))
#define INDEX      3u

#define AT_PAGE    0x310000ull
#define AT_GALOG   0x320000ull
#define GUEST      (1ull | 1ull << 7)
#define IS_RUN     (1ull << 6)
#define GALOG_INTR (1ull << 2)

typedef struct {
    uint64_t table; /* DevTabBase */
    uint64_t dte;   /* the third quadword */
    uint64_t irte;
    uint32_t data;
    uint64_t page;    /* of a virtual APIC: then the entry has 128 bits */
    uint64_t control; /* beside IommuEn */
} Request;

/* What becomes of one message by a unit so set up. */
static IntrResult ask(Rig *rig, const Request *r)
{
    Device *unit = rig_add_amdvi(rig);
    IntrSink sink = iommu_class(unit)->sink(unit);
    IntrMsg msg = {
        .serial = journal_open(&rig->journal, JOURNAL_MESSAGE, "test", WAY_SOURCE, 0),
        .address = INTR_WINDOW_BASE,
        .data = r->data,
        .requester_id = WAY_SOURCE,
    };
    rig_wr(rig, AT_DEVICES + WAY_SOURCE * 32 + 16, r->dte, 8);
    if (r->page) {
        rig_put(rig, AT_IRT + INDEX * 16, r->irte, r->page | WAY_VECTOR);
    } else {
        rig_wr(rig, AT_IRT + INDEX * 4, r->irte, 4);
    }
    rig_wr(rig, AMD_BASE + GA_LOG, AT_GALOG | 8ull << 56, 8);
    rig_wr(rig, AMD_BASE + DEV_TAB, r->table, 8);
    rig_wr(rig, AMD_BASE + CONTROL, IOMMU_EN | r->control, 8);
    IntrResult result = intr_send(&sink, &msg);
    rig_remove_amdvi(rig, unit);
    return result;
}

IntrResult way_dte_illegal(Rig *rig)
{
    return ask(rig, &(Request){AT_DEVICES, REMAP | DTE_CTL(3), 0, INDEX});
}

IntrResult way_dte_unreadable(Rig *rig)
{
    return ask(rig, &(Request){BEYOND, REMAP, 0, INDEX});
}

IntrResult way_intctl_abort(Rig *rig)
{
    return ask(rig, &(Request){AT_DEVICES, DTE_IV, 0, INDEX});
}

IntrResult way_not_passed(Rig *rig)
{
    return ask(rig, &(Request){AT_DEVICES, DTE_IV, 0, INTR_MODE_NMI << 8});
}

IntrResult way_reserved_kind(Rig *rig)
{
    return ask(rig, &(Request){AT_DEVICES, DTE_IV, 0, INTR_MODE_RESERVED << 8});
}

IntrResult way_beyond_inttablen(Rig *rig)
{
    return ask(rig, &(Request){AT_DEVICES, REMAP | AT_IRT, 1, 16});
}

IntrResult way_remapen_clear(Rig *rig)
{
    return ask(rig, &(Request){AT_DEVICES, REMAP | AT_IRT, 0, INDEX});
}

IntrResult way_irte_reserved(Rig *rig)
{
    return ask(rig, &(Request){AT_DEVICES, REMAP | AT_IRT, 1 | 1u << 24, INDEX});
}

IntrResult way_irte_unreadable(Rig *rig)
{
    return ask(rig, &(Request){AT_DEVICES, REMAP | BEYOND, 1, INDEX});
}

static IntrResult ask_guest(Rig *rig, uint64_t page, uint64_t irte)
{
    return ask(rig, &(Request){AT_DEVICES, REMAP | AT_IRT, GUEST | irte, INDEX, page,
                               GA_EN | GAM_EN | GA_LOG_EN});
}

IntrResult way_vapic_unreadable(Rig *rig)
{
    return ask_guest(rig, BEYOND, 0);
}

IntrResult way_vapic_doorbell(Rig *rig)
{
    return ask_guest(rig, AT_PAGE, IS_RUN);
}

IntrResult way_vapic_logged(Rig *rig)
{
    return ask_guest(rig, AT_PAGE, GALOG_INTR);
}

IntrResult way_vapic_posted(Rig *rig)
{
    return ask_guest(rig, AT_PAGE, 0);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d: CAP and ECAP (11.4.2, 11.4.3). They tell what was switched on and nothing else. */
#include "hw/i386/iommu/vtd/unit.h"

/* CAP (11.4.2). */
#define CAP_ND          0, 3
#define CAP_RWBF        4, 1
#define CAP_PLMR        5, 1
#define CAP_PHMR        6, 1
#define CAP_CM          7, 1
#define CAP_SAGAW       8, 5
#define CAP_MGAW        16, 6
#define CAP_ZLR         22, 1
#define CAP_FRO         24, 10
#define CAP_SSLPS       34, 4
#define CAP_PSI         39, 1
#define CAP_NFR         40, 8
#define CAP_MAMV        48, 6
#define CAP_DWD         54, 1
#define CAP_DRD         55, 1
#define CAP_PI          59, 1
#define CAP_ESIRTPS     62, 1
#define CAP_ESRTPS      63, 1
#define CAP_SSLPS_2M_1G 3
#define REGISTER_UNIT   16 /* of CAP.FRO and ECAP.IRO */

/* ECAP (11.4.3). */
#define ECAP_C    0, 1
#define ECAP_QI   1, 1
#define ECAP_DT   2, 1
#define ECAP_IR   3, 1
#define ECAP_EIM  4, 1
#define ECAP_PT   6, 1
#define ECAP_SC   7, 1
#define ECAP_IRO  8, 10
#define ECAP_MHMV 20, 4
#define ECAP_PDS  42, 1

/* ND: 0 is 4 bits, and each step two more. */
static uint64_t nd_of(unsigned domain_bits)
{
    return (domain_bits - 4) / 2;
}

uint8_t vtd_caps_sagaw(const VtdProps *p)
{
    if (!p->dma_translation) {
        return 0;
    }
    if (p->sagaw) {
        return p->sagaw;
    }
    return p->aw_bits == 39 ? 2 : p->aw_bits == 48 ? 6 : 14;
}

uint64_t vtd_caps_cap(const VtdState *s)
{
    const VtdProps *p = &s->props;
    return vtd_put(nd_of(p->domain_bits), CAP_ND) | vtd_put(p->rwbf, CAP_RWBF) |
           vtd_put(p->protected_memory, CAP_PLMR) | vtd_put(p->protected_memory, CAP_PHMR) |
           vtd_put(p->caching_mode, CAP_CM) | vtd_put(vtd_caps_sagaw(p), CAP_SAGAW) |
           vtd_put(p->aw_bits - 1u, CAP_MGAW) | vtd_put(p->zlr, CAP_ZLR) |
           vtd_put(s->faults.at / REGISTER_UNIT, CAP_FRO) | vtd_put(CAP_SSLPS_2M_1G, CAP_SSLPS) |
           vtd_put(1, CAP_PSI) | vtd_put(p->fault_records - 1u, CAP_NFR) |
           vtd_put(p->mamv, CAP_MAMV) | vtd_put(p->dma_drain, CAP_DWD) |
           vtd_put(p->dma_drain, CAP_DRD) | vtd_put(s->intremap && p->posted_interrupts, CAP_PI) |
           vtd_put(p->esirtps, CAP_ESIRTPS) | vtd_put(p->esrtps, CAP_ESRTPS);
}

uint64_t vtd_caps_ecap(const VtdState *s)
{
    const VtdProps *p = &s->props;
    return vtd_put(p->coherency, ECAP_C) | vtd_put(1, ECAP_QI) | vtd_put(p->device_iotlb, ECAP_DT) |
           vtd_put(s->intremap, ECAP_IR) | vtd_put(s->eim, ECAP_EIM) |
           vtd_put(p->pass_through, ECAP_PT) | vtd_put(p->snoop_control, ECAP_SC) |
           vtd_put(p->iro / REGISTER_UNIT, ECAP_IRO) |
           vtd_put(s->intremap ? VTD_HANDLE_MASK_V : 0, ECAP_MHMV) |
           vtd_put(p->device_iotlb && p->page_request_drain, ECAP_PDS);
}

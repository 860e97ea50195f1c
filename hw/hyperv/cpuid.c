/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's CPUID leaves (TLFS 2.4), a row a bit. */
#include <string.h>

#include "hw/hyperv/hyperv_internal.h"

#define LEAF_FIRST     0x40000000u
#define LEAF_INTERFACE 0x40000001u
#define LEAF_VERSION   0x40000002u
#define LEAF_LIMITS    0x40000005u
#define LEAF_HINTS     0x40000004u
#define LEAF_LAST      0x4000000au
#define INTERFACE      0x31237648u /* "Hv#1" */
/* As what one knows of it is said to be: Windows Server 2022's. */
#define VERSION_BUILD 20348u
#define VERSION_MAJOR 10u
#define VERSION_MINOR 0u
#define MAX_VPS       4096u /* a set's banks hold so many */

enum { ALWAYS = HV_FEATURES };
typedef enum { REG_EAX, REG_EBX, REG_ECX, REG_EDX } LeafReg;

static const struct {
    uint32_t leaf;
    LeafReg reg;
    uint8_t bit;
    int feature; /* HvFeature, or ALWAYS */
} bits[] = {
    /* 40000003h: what there is to use (2.4.4) */
    {0x40000003u, REG_EAX, 0, HV_RUNTIME},      /* VP runtime register */
    {0x40000003u, REG_EAX, 1, HV_TIME},         /* reference counter */
    {0x40000003u, REG_EAX, 2, HV_SYNIC},        /* SynIC registers */
    {0x40000003u, REG_EAX, 3, HV_STIMER},       /* synthetic timers */
    {0x40000003u, REG_EAX, 4, HV_VAPIC},        /* EOI, ICR, TPR, VP assist page */
    {0x40000003u, REG_EAX, 5, ALWAYS},          /* guest OS id, hypercall page */
    {0x40000003u, REG_EAX, 6, HV_VPINDEX},      /* VP index register */
    {0x40000003u, REG_EAX, 7, HV_RESET},        /* reset register */
    {0x40000003u, REG_EAX, 9, HV_TIME},         /* reference TSC page */
    {0x40000003u, REG_EAX, 11, HV_FREQUENCIES}, /* frequency registers, to be read */
    {0x40000003u, REG_EBX, 1, HV_ROOT},         /* its own id */
    {0x40000003u, REG_EBX, 12, HV_ROOT},        /* management of processors */
    {0x40000003u, REG_EBX, 4, HV_SYNIC},        /* HvCallPostMessage */
    {0x40000003u, REG_EBX, 5, HV_SYNIC},        /* HvCallSignalEvent */
    {0x40000003u, REG_EDX, 4, HV_XMM_INPUT},
    {0x40000003u, REG_EDX, 8, HV_FREQUENCIES},
    {0x40000003u, REG_EDX, 10, HV_CRASH},
    {0x40000003u, REG_EDX, 19, HV_STIMER_DIRECT},
    /* 40000004h: what is better used (2.4.5) */
    {LEAF_HINTS, REG_EAX, 2, HV_TLBFLUSH},
    {LEAF_HINTS, REG_EAX, 3, HV_VAPIC},
    {LEAF_HINTS, REG_EAX, 4, HV_RESET},
    {LEAF_HINTS, REG_EAX, 5, HV_RELAXED},
    {LEAF_HINTS, REG_EAX, 10, HV_IPI},
    {LEAF_HINTS, REG_EAX, 11, HV_TLBFLUSH}, /* sets beyond VP 63 */
    {LEAF_HINTS, REG_EAX, 11, HV_IPI},
};

static HvLeaf leaf_of_bits(const HvPartition *hv, uint32_t leaf)
{
    uint32_t word[4] = {0};

    for (size_t i = 0; i < G_N_ELEMENTS(bits); i++) {
        if (bits[i].leaf == leaf &&
            (bits[i].feature == ALWAYS || hv_offers(hv, (HvFeature)bits[i].feature))) {
            word[bits[i].reg] |= 1u << bits[i].bit;
        }
    }
    return (HvLeaf){word[0], word[1], word[2], word[3]};
}

static HvLeaf leaf_vendor(const HvPartition *hv)
{
    const char *given = hv->links.features.vendor;
    HvLeaf r = {.eax = LEAF_LAST};
    char text[HV_VENDOR_LENGTH] = {0};

    memcpy(text, given[0] ? given : "Microsoft Hv", given[0] ? strlen(given) : sizeof(text));
    memcpy(&r.ebx, text, sizeof(text));
    return r;
}

HvLeaf hv_cpuid(const HvVp *vp, uint32_t leaf)
{
    const HvPartition *hv = vp->hv;
    HvLeaf r = leaf_of_bits(hv, leaf);

    switch (leaf) {
    case LEAF_FIRST:
        return leaf_vendor(hv);
    case LEAF_INTERFACE:
        r.eax = INTERFACE;
        break;
    case LEAF_VERSION:
        r.eax = VERSION_BUILD;
        r.ebx = VERSION_MAJOR << 16 | VERSION_MINOR;
        break;
    case LEAF_HINTS:
        r.ebx = hv->links.features.spinlocks;
        break;
    case LEAF_LIMITS:
        r.eax = r.ebx = MAX_VPS;
        break;
    default:
        break;
    }
    return r;
}

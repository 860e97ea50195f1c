/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VT-d: the codec of invalidation descriptors, 128 bits wide (6.5.2). Every reserved bit
 * and every value beyond what the unit offers is refused, with the cause that IQERCD tells. The
 * descriptor types of scalable mode (PASID caches, page group responses) come with it; until then
 * they are invalid types, as for hardware without it.
 */
#include "hw/i386/iommu/vtd/desc.h"
#include "hw/i386/iommu/vtd/fields.h"

/* Common to all: the type is in two pieces. */
#define DESC_TYPE      0, 4
#define DESC_TYPE_HIGH 9, 3

#define CC_G   4, 2
#define CC_DID 16, 16
#define CC_SID 32, 16
#define CC_FM  48, 2

#define IOTLB_G    4, 2
#define IOTLB_DW   6, 1
#define IOTLB_DR   7, 1
#define IOTLB_DID  16, 16
#define IOTLB_AM   0, 6 /* upper quadword, as are the next two */
#define IOTLB_IH   6, 1
#define IOTLB_ADDR 12, 52

#define DTLB_PFSID_LOW  12, 4
#define DTLB_MIP        16, 5
#define DTLB_SID        32, 16
#define DTLB_PFSID_HIGH 52, 12
#define DTLB_SIZE       0, 1 /* upper quadword */
#define DTLB_ADDR       12, 52

#define IEC_G    4, 1
#define IEC_IM   27, 5
#define IEC_IIDX 32, 16

#define WAIT_IF     4, 1
#define WAIT_SW     5, 1
#define WAIT_FN     6, 1
#define WAIT_PD     7, 1
#define WAIT_DATA   32, 32
#define WAIT_STATUS 2, 62 /* upper quadword */

#define TYPE_BITS (vtd_mask(DESC_TYPE) | vtd_mask(DESC_TYPE_HIGH))

static VtdQueueError decode_context(const uint64_t *q, const VtdDescLimits *limits, VtdDesc *d)
{
    uint64_t known =
        TYPE_BITS | vtd_mask(CC_G) | vtd_mask(CC_DID) | vtd_mask(CC_SID) | vtd_mask(CC_FM);
    d->granularity = (uint8_t)vtd_get(q[0], CC_G);
    d->domain = (uint16_t)vtd_get(q[0], CC_DID);
    d->source_id = (uint16_t)vtd_get(q[0], CC_SID);
    d->function_mask = (uint8_t)vtd_get(q[0], CC_FM);
    return (q[0] & ~known) || q[1] || d->granularity == 0 ? VTD_IQEI_RESERVED : VTD_IQEI_NONE;
}

static VtdQueueError decode_iotlb(const uint64_t *q, const VtdDescLimits *limits, VtdDesc *d)
{
    uint64_t known = TYPE_BITS | vtd_mask(IOTLB_G) | vtd_mask(IOTLB_DW) | vtd_mask(IOTLB_DR) |
                     vtd_mask(IOTLB_DID);
    uint64_t known_high = vtd_mask(IOTLB_AM) | vtd_mask(IOTLB_IH) | vtd_mask(IOTLB_ADDR);
    d->granularity = (uint8_t)vtd_get(q[0], IOTLB_G);
    d->domain = (uint16_t)vtd_get(q[0], IOTLB_DID);
    d->address_mask = (uint8_t)vtd_get(q[1], IOTLB_AM);
    d->hint = vtd_get(q[1], IOTLB_IH);
    d->address = q[1] & vtd_mask(IOTLB_ADDR);
    if ((q[0] & ~known) || (q[1] & ~known_high) || d->granularity == 0) {
        return VTD_IQEI_RESERVED;
    }
    return d->granularity == VTD_INV_PAGE && d->address_mask > limits->max_address_mask
               ? VTD_IQEI_RESERVED
               : VTD_IQEI_NONE;
}

static VtdQueueError decode_device_tlb(const uint64_t *q, const VtdDescLimits *limits, VtdDesc *d)
{
    uint64_t known = TYPE_BITS | vtd_mask(DTLB_PFSID_LOW) | vtd_mask(DTLB_MIP) |
                     vtd_mask(DTLB_SID) | vtd_mask(DTLB_PFSID_HIGH);
    if (!limits->device_iotlb) {
        return VTD_IQEI_TYPE;
    }
    d->source_id = (uint16_t)vtd_get(q[0], DTLB_SID);
    d->size = vtd_get(q[1], DTLB_SIZE);
    d->address = q[1] & vtd_mask(DTLB_ADDR);
    return (q[0] & ~known) || (q[1] & ~(vtd_mask(DTLB_SIZE) | vtd_mask(DTLB_ADDR)))
               ? VTD_IQEI_RESERVED
               : VTD_IQEI_NONE;
}

static VtdQueueError decode_iec(const uint64_t *q, const VtdDescLimits *limits, VtdDesc *d)
{
    uint64_t known = TYPE_BITS | vtd_mask(IEC_G) | vtd_mask(IEC_IM) | vtd_mask(IEC_IIDX);
    if (!limits->intremap) {
        return VTD_IQEI_TYPE;
    }
    d->global = !vtd_get(q[0], IEC_G);
    d->index_mask = (uint8_t)vtd_get(q[0], IEC_IM);
    d->index = (uint16_t)vtd_get(q[0], IEC_IIDX);
    if ((q[0] & ~known) || q[1]) {
        return VTD_IQEI_RESERVED;
    }
    return !d->global && d->index_mask > limits->max_handle_mask ? VTD_IQEI_RESERVED
                                                                 : VTD_IQEI_NONE;
}

static VtdQueueError decode_wait(const uint64_t *q, const VtdDescLimits *limits, VtdDesc *d)
{
    uint64_t known = TYPE_BITS | vtd_mask(WAIT_IF) | vtd_mask(WAIT_SW) | vtd_mask(WAIT_FN) |
                     vtd_mask(WAIT_DATA) | (limits->page_drain ? vtd_mask(WAIT_PD) : 0);
    d->interrupt = vtd_get(q[0], WAIT_IF);
    d->status = vtd_get(q[0], WAIT_SW);
    d->fence = vtd_get(q[0], WAIT_FN);
    d->drain = vtd_get(q[0], WAIT_PD);
    d->status_data = (uint32_t)vtd_get(q[0], WAIT_DATA);
    d->address = q[1] & vtd_mask(WAIT_STATUS);
    return (q[0] & ~known) || (q[1] & ~vtd_mask(WAIT_STATUS)) ? VTD_IQEI_RESERVED : VTD_IQEI_NONE;
}

typedef VtdQueueError (*Decoder)(const uint64_t *q, const VtdDescLimits *limits, VtdDesc *d);
static const Decoder decoders[16] = {
    [VTD_DESC_CONTEXT] = decode_context,
    [VTD_DESC_IOTLB] = decode_iotlb,
    [VTD_DESC_DEVICE_TLB] = decode_device_tlb,
    [VTD_DESC_IEC] = decode_iec,
    [VTD_DESC_WAIT] = decode_wait,
};

VtdQueueError vtd_desc_decode(const uint64_t q[2], const VtdDescLimits *limits, VtdDesc *out)
{
    unsigned type = (unsigned)vtd_get(q[0], DESC_TYPE);
    *out = (VtdDesc){.type = (VtdDescType)type};
    if (vtd_get(q[0], DESC_TYPE_HIGH) || !decoders[type]) {
        return VTD_IQEI_TYPE;
    }
    return decoders[type](q, limits, out);
}

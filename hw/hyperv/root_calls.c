/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a root partition asks for when it starts: who it is, and its processors, which are all there
 * from the beginning.
 */
#include "hw/hyperv/hyperv_internal.h"

#include "base/bytes.h"

/* HvCallAddLogicalProcessor's input, and HvCallCreateVp's. */
#define LP_INDEX     0
#define LP_APIC_ID   4
#define VP_PARTITION 0
#define VP_INDEX     8

HvStatus hv_call_get_partition_id(HvCall *call)
{
    bytes_put64(call->output, HV_PARTITION_ID);
    return HV_STATUS_SUCCESS;
}

HvStatus hv_call_add_lp(HvCall *call)
{
    const HvPartition *hv = call->vp->hv;
    uint32_t index = bytes_get32(call->input + LP_INDEX);

    return index < hv->links.vps &&
                   apic_initial_id(hv->vps[index].apic) == bytes_get32(call->input + LP_APIC_ID)
               ? HV_STATUS_SUCCESS
               : HV_STATUS_INVALID_PARAMETER;
}

HvStatus hv_call_create_vp(HvCall *call)
{
    uint64_t partition = bytes_get64(call->input + VP_PARTITION);

    if (partition != HV_PARTITION_SELF && partition != HV_PARTITION_ID) {
        return HV_STATUS_INVALID_PARTITION_ID;
    }
    return bytes_get32(call->input + VP_INDEX) < call->vp->hv->links.vps
               ? HV_STATUS_SUCCESS
               : HV_STATUS_INVALID_VP_INDEX;
}

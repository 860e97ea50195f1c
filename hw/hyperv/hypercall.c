/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercalls (TLFS chapter 3): the input value, where the input is (a page of memory, or
 * registers), the checks that all have in common, and the result value.
 */
#include "hw/hyperv/hyperv_internal.h"

#include <string.h>

/* The input value (TLFS 3.7). */
#define CONTROL_FAST        (1ull << 16)
#define CONTROL_VAR_SHIFT   17
#define CONTROL_VAR_MASK    0x3ffu
#define CONTROL_COUNT_SHIFT 32
#define CONTROL_START_SHIFT 48
#define CONTROL_REP_MASK    0xfffu
#define CONTROL_RESERVED    (0x1full << 27 | 0xfull << 44 | 0xfull << 60)
/* The result value: elements that are done. */
#define RESULT_DONE_SHIFT 32
/* Input in general registers. */
#define FAST_BYTES 16u

/* Codes (TLFS appendix A), in order. */
/* clang-format off */
static const HvCallRow calls[] = {
    {0x0002, "HvCallFlushVirtualAddressSpace", 24, 0, false, HV_TLBFLUSH, 0, hv_call_flush},
    {0x0003, "HvCallFlushVirtualAddressList", 24, 8, false, HV_TLBFLUSH, 0, hv_call_flush},
    {0x0008, "HvCallNotifyLongSpinWait", 8, 0, false, HV_FEATURES, 0, hv_call_long_spin},
    {0x000b, "HvCallSendSyntheticClusterIpi", 16, 0, false, HV_IPI, 0, hv_call_send_ipi},
    {0x0013, "HvCallFlushVirtualAddressSpaceEx", 32, 0, true, HV_TLBFLUSH, 0, hv_call_flush_ex},
    {0x0014, "HvCallFlushVirtualAddressListEx", 32, 8, true, HV_TLBFLUSH, 0, hv_call_flush_ex},
    {0x0015, "HvCallSendSyntheticClusterIpiEx", 24, 0, true, HV_IPI, 0, hv_call_send_ipi_ex},
    {0x0046, "HvCallGetPartitionId", 0, 0, false, HV_ROOT, 8, hv_call_get_partition_id},
    {0x004e, "HvCallCreateVp", 40, 0, false, HV_ROOT, 0, hv_call_create_vp},
    {HV_CODE_POST_MESSAGE, "HvCallPostMessage", 256, 0, false, HV_SYNIC, 0, hv_call_post_message},
    {0x005d, "HvCallSignalEvent", 8, 0, false, HV_SYNIC, 0, hv_call_signal_event},
    {0x0076, "HvCallAddLogicalProcessor", 24, 0, false, HV_ROOT, 56, hv_call_add_lp},
    {0x007c, "HvCallMapDeviceInterrupt", 72, 0, true, HV_ROOT, 16, hv_call_map_device},
    {0x007d, "HvCallUnmapDeviceInterrupt", 32, 0, false, HV_ROOT, 0, hv_call_unmap_device},
    {0x007e, "HvCallRetargetDeviceInterrupt", 56, 0, true, HV_ROOT, 0, hv_call_retarget_device},
};
/* clang-format on */

static const HvCallRow *find_call(uint16_t code)
{
    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        if (calls[i].code == code) {
            return &calls[i];
        }
    }
    return NULL;
}

/* The root's calls are there for all, and refused (TLFS 3.14). */
static HvStatus check_feature(const HvPartition *hv, const HvCallRow *row)
{
    if (!row) {
        return HV_STATUS_INVALID_HYPERCALL_CODE;
    }
    if (row->feature == HV_FEATURES || hv_offers(hv, row->feature)) {
        return HV_STATUS_SUCCESS;
    }
    return row->feature == HV_ROOT ? HV_STATUS_ACCESS_DENIED : HV_STATUS_INVALID_HYPERCALL_CODE;
}

/* What the input value says of the call's shape has to be that of the call (TLFS 3.7). */
static bool shape_is_valid(const HvCallRow *row, const HvCall *call)
{
    if (call->var && !row->has_var) {
        return false;
    }
    return row->element ? call->start < call->reps : call->reps == 0 && call->start == 0;
}

static HvStatus read_fast(HvCall *call, const HvRegs *regs)
{
    bool xmm = hv_offers(call->vp->hv, HV_XMM_INPUT);

    if (call->size > FAST_BYTES + (xmm ? sizeof(regs->xmm) : 0)) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    memcpy(call->input, &regs->input, sizeof(regs->input));
    memcpy(call->input + 8, &regs->output, sizeof(regs->output));
    memcpy(call->input + FAST_BYTES, regs->xmm, sizeof(regs->xmm));
    return HV_STATUS_SUCCESS;
}

/* Aligned, and in one page (TLFS 3.8). */
static bool place_is_valid(uint64_t gpa, size_t size)
{
    return gpa % 8 == 0 && gpa % PAGE_SIZE + size <= PAGE_SIZE;
}

static HvStatus read_slow(HvCall *call, uint64_t gpa)
{
    AddressSpace *memory = hv_memory(call->vp->hv);

    if (!place_is_valid(gpa, call->size)) {
        return HV_STATUS_INVALID_ALIGNMENT;
    }
    return as_read(memory, gpa, call->input, call->size) == MEM_OK ? HV_STATUS_SUCCESS
                                                                   : HV_STATUS_INVALID_PARAMETER;
}

/* Output goes to memory, never to registers. */
static HvStatus check_output(const HvCallRow *row, const HvRegs *regs)
{
    if (row->output && (regs->control & CONTROL_FAST)) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    return !row->output || place_is_valid(regs->output, row->output) ? HV_STATUS_SUCCESS
                                                                     : HV_STATUS_INVALID_ALIGNMENT;
}

static HvStatus read_input(HvCall *call, const HvCallRow *row, const HvRegs *regs)
{
    HvStatus status = check_output(row, regs);

    call->size = row->header + (size_t)call->var * 8 + (size_t)call->reps * row->element;
    if ((regs->control & CONTROL_RESERVED) || !shape_is_valid(row, call) ||
        call->size > sizeof(call->input)) {
        return HV_STATUS_INVALID_HYPERCALL_INPUT;
    }
    if (status != HV_STATUS_SUCCESS) {
        return status;
    }
    return regs->control & CONTROL_FAST ? read_fast(call, regs) : read_slow(call, regs->input);
}

static HvStatus hv_carry_out(HvCall *call, const HvRegs *regs)
{
    const HvPartition *hv = call->vp->hv;
    const HvCallRow *row = find_call(call->code);
    HvStatus status = check_feature(hv, row);

    if (status == HV_STATUS_SUCCESS) {
        status = read_input(call, row, regs);
    }
    if (status == HV_STATUS_SUCCESS) {
        status = row->run(call);
    }
    if (status == HV_STATUS_SUCCESS && row->output) {
        as_write(hv_memory(hv), regs->output, call->output, row->output);
    }
    return status;
}

bool hv_hypercall(HvVp *vp, const HvRegs *regs, uint64_t *result)
{
    HvCall call; /* whose input is as long as the call's: the rest is not set */

    call.vp = vp;
    call.code = (uint16_t)regs->control;
    call.var = regs->control >> CONTROL_VAR_SHIFT & CONTROL_VAR_MASK;
    call.reps = regs->control >> CONTROL_COUNT_SHIFT & CONTROL_REP_MASK;
    call.start = regs->control >> CONTROL_START_SHIFT & CONTROL_REP_MASK;
    memset(call.output, 0, sizeof(call.output));

    if (!hv_overlay_on(&vp->hv->hypercall)) {
        return false;
    }
    HvStatus status = hv_carry_out(&call, regs);
    *result = status;
    if (status == HV_STATUS_SUCCESS) {
        *result |= (uint64_t)call.reps << RESULT_DONE_SHIFT;
    } else {
        trace_event(vp->hv->dev.platform->trace, TRACE_GUEST_ERRORS,
                    "hv_hypercall vp=%u control=0x%" PRIx64 " status=%d", vp->index, regs->control,
                    status);
    }
    return true;
}

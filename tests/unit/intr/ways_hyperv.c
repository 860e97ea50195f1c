/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ways that a hypervisor's interrupts go. */
#include "hyperv-fixture.h"
#include "intr/ways.h"

#define ONE_SHOT   1u
#define SINT_OF(n) ((uint64_t)(n) << 16)
#define MASKED     (1ull << 16)
#define POLLED     (1ull << 18)

static HvVp *partition(Rig *rig, bool root)
{
    HvFeatures features = hv_features_none();

    hv_features_add_all(&features);
    features.set |= root ? 1u << HV_ROOT : 0;
    rig->hyperv = hv_make(&rig->platform, rig->apics, features, 1);
    g_assert_true(device_realize(rig->hyperv, NULL));
    HvVp *vp = hv_vp(hv_from_device(rig->hyperv), 0);
    hv_vp_connect_apic(vp, rig->apic);
    device_reset(rig->hyperv);
    hv_establish(vp);
    return vp;
}

/* A timer's message through source 2, at once. */
static void timer_message(HvVp *vp, uint64_t sint)
{
    hv_put(vp, HV_SIMP, HV_AT_SIMP | 1);
    hv_put(vp, HV_SINT(2), WAY_VECTOR | sint);
    hv_put(vp, HV_CONFIG(0), ONE_SHOT | SINT_OF(2));
    hv_put(vp, HV_COUNT(0), 1);
}

static void pass_time(Rig *rig)
{
    clock_advance_to(rig->platform.clock, clock_now(rig->platform.clock) + NS_PER_MS);
}

IntrResult way_synic_off(Rig *rig)
{
    timer_message(partition(rig, false), 0);
    pass_time(rig);
    return WAY_TRACED;
}

IntrResult way_sint_masked(Rig *rig)
{
    HvVp *vp = partition(rig, false);

    hv_put(vp, HV_SCONTROL, 1);
    timer_message(vp, MASKED);
    pass_time(rig);
    return WAY_TRACED;
}

IntrResult way_sint_polled(Rig *rig)
{
    HvVp *vp = partition(rig, false);

    hv_put(vp, HV_SCONTROL, 1);
    timer_message(vp, POLLED);
    pass_time(rig);
    return WAY_TRACED;
}

IntrResult way_message_slot_full(Rig *rig)
{
    HvVp *vp = partition(rig, false);

    hv_put(vp, HV_SCONTROL, 1);
    timer_message(vp, 0);
    pass_time(rig);
    hv_put(vp, HV_CONFIG(1), ONE_SHOT | SINT_OF(2));
    hv_put(vp, HV_COUNT(1), 1);
    return WAY_TRACED;
}

/* A function's message that names entry 0. */
static IntrResult request(Rig *rig, uint16_t requester)
{
    IntrSink sink = hv_sink(hv_from_device(rig->hyperv));
    IntrMsg msg = {.serial = journal_open(&rig->journal, JOURNAL_MESSAGE, "test", requester, 0),
                   .address = INTR_WINDOW_BASE | 1u << 4,
                   .requester_id = requester};

    journal_send(&rig->journal, &msg);
    return intr_send(&sink, &msg);
}

IntrResult way_hv_not_mapped(Rig *rig)
{
    partition(rig, true);
    return request(rig, WAY_SOURCE);
}

IntrResult way_hv_other_device(Rig *rig)
{
    HvVp *vp = partition(rig, true);

    rig_put(rig, HV_AT_INPUT, UINT64_MAX, 1ull << 62 | WAY_SOURCE);
    rig_wr(rig, HV_AT_INPUT + 48, 1, 4);
    rig_wr(rig, HV_AT_INPUT + 56, WAY_VECTOR, 4);
    rig_wr(rig, HV_AT_INPUT + 64, 1, 8);
    g_assert_cmphex(hv_call(vp, 0x7c, HV_AT_INPUT, HV_AT_OUTPUT), ==, 0);
    return request(rig, WAY_SOURCE + 1);
}

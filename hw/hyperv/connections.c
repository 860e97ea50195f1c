/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ports and the connections to them (TLFS 11.10): a guest's messages and events go to a source of a
 * VP. There is no VMBus that would make any: a test's device does (testdev.c).
 */
#include "hw/hyperv/hyperv_internal.h"

#include <string.h>

#include "base/bytes.h"

/* HvCallPostMessage's input. */
#define POST_CONNECTION 0
#define POST_TYPE       8
#define POST_SIZE       12
#define POST_PAYLOAD    16
#define TYPE_RESERVED   (1u << 31) /* the hypervisor's own */
/* HvCallSignalEvent's. */
#define SIGNAL_CONNECTION 0
#define SIGNAL_FLAG       4
#define FLAGS_MAX         2048u

static const StateField message_state[] = {
    STATE_FIELD(STATE_UINT32, HvMessage, type),
    STATE_FIELD_MAX(STATE_UINT8, HvMessage, size, HV_PAYLOAD_BYTES),
    STATE_FIELD(STATE_UINT64, HvMessage, sender),
    STATE_ARRAY(STATE_UINT8, HvMessage, payload, HV_PAYLOAD_BYTES),
    STATE_END,
};

const StateField hv_connection_state[] = {
    STATE_FIELD_MAX(STATE_UINT8, HvConnection, kind, HV_CONNECTION_EVENTS),
    STATE_FIELD_MAX(STATE_UINT8, HvConnection, sint, HV_SINTS - 1),
    STATE_FIELD(STATE_UINT32, HvConnection, vp),
    STATE_FIELD(STATE_UINT8, HvConnection, pending),
    STATE_FIELD(STATE_UINT64, HvConnection, waiting),
    STATE_STRUCTS(HvConnection, message, 1, HvMessage, message_state),
    STATE_END,
};

static void forget_message(HvPartition *hv, HvConnection *c, IntrResult why)
{
    journal_withdraw(hv_journal(hv), &c->waiting, why);
    c->pending = false;
}

void hv_connections_reset(HvPartition *hv)
{
    for (unsigned i = 0; i < HV_CONNECTIONS; i++) {
        forget_message(hv, &hv->connections[i], INTR_DEVICE_RESET);
        hv->connections[i] = (HvConnection){0};
    }
}

bool hv_connect(HvPartition *hv, uint8_t id, HvConnectionKind kind, unsigned vp, unsigned sint)
{
    HvConnection *c = &hv->connections[id];

    if (vp >= hv->links.vps || sint >= HV_SINTS) {
        return false;
    }
    forget_message(hv, c, INTR_DEVICE_RESET);
    *c = (HvConnection){.kind = (uint8_t)kind, .vp = vp, .sint = (uint8_t)sint};
    return true;
}

/* A connection of this kind, or NULL. */
static HvConnection *find_connection(const HvCall *call, size_t at, HvConnectionKind kind)
{
    uint32_t id = bytes_get32(call->input + at);
    HvConnection *c = id < HV_CONNECTIONS ? &call->vp->hv->connections[id] : NULL;

    return c && c->kind == kind ? c : NULL;
}

static uint64_t connection_record(const HvVp *sender, uint16_t code)
{
    return journal_open(hv_journal(sender->hv), JOURNAL_HYPERCALL, sender->name, 0, code);
}

static void post(HvPartition *hv, HvConnection *c, uint64_t serial)
{
    c->pending = hv_synic_post(&hv->vps[c->vp], c->sint, &c->message, &c->waiting, serial) ==
                 INTR_MESSAGE_SLOT_FULL;
}

/* One message can wait for its slot. */
HvStatus hv_call_post_message(HvCall *call)
{
    HvPartition *hv = call->vp->hv;
    HvConnection *c = find_connection(call, POST_CONNECTION, HV_CONNECTION_MESSAGES);
    uint32_t size = bytes_get32(call->input + POST_SIZE);

    if ((bytes_get32(call->input + POST_TYPE) & TYPE_RESERVED) || size > HV_PAYLOAD_BYTES) {
        return HV_STATUS_INVALID_PARAMETER;
    }
    if (!c) {
        return HV_STATUS_INVALID_CONNECTION_ID;
    }
    if (c->pending) {
        return HV_STATUS_INSUFFICIENT_BUFFERS;
    }
    c->message = (HvMessage){.type = bytes_get32(call->input + POST_TYPE),
                             .size = (uint8_t)size,
                             .sender = bytes_get32(call->input + POST_CONNECTION)};
    memcpy(c->message.payload, call->input + POST_PAYLOAD, size);
    post(hv, c, connection_record(call->vp, call->code));
    return HV_STATUS_SUCCESS;
}

HvStatus hv_call_signal_event(HvCall *call)
{
    HvPartition *hv = call->vp->hv;
    HvConnection *c = find_connection(call, SIGNAL_CONNECTION, HV_CONNECTION_EVENTS);
    uint16_t flag = bytes_get16(call->input + SIGNAL_FLAG);

    if (!c) {
        return HV_STATUS_INVALID_CONNECTION_ID;
    }
    if (flag >= FLAGS_MAX) {
        return HV_STATUS_INVALID_PARAMETER;
    }
    hv_synic_signal(&hv->vps[c->vp], c->sint, flag, connection_record(call->vp, call->code));
    return HV_STATUS_SUCCESS;
}

void hv_connections_slots_emptied(HvVp *vp)
{
    for (unsigned i = 0; i < HV_CONNECTIONS; i++) {
        HvConnection *c = &vp->hv->connections[i];
        if (c->pending && c->vp == vp->index) {
            uint64_t serial = journal_reopen(hv_journal(vp->hv), &c->waiting, JOURNAL_HYPERCALL,
                                             vp->name, 0, HV_CODE_POST_MESSAGE);
            post(vp->hv, c, serial);
        }
    }
}

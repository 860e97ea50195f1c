/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The APIC bus: destination matching (Intel SDM vol. 3, 11.6.2, 11.12.10, 11.11).
 *
 * Ids are looked up in a table; a physical or x2APIC-logical message never scans the processors.
 * Local APICs in xAPIC mode are kept on two short lists, those there are (for broadcasts) and those
 * with a logical id (for flat and cluster destinations), rebuilt when one of them changes.
 *
 * A destination of more than 8 bits that is no broadcast is not cut to 8 bits for APICs in xAPIC
 * mode (hardware leaves this undefined: there, firmware switches all of them first). A logical one
 * addresses only APICs in x2APIC mode. A physical one names an APIC by its full id in either mode,
 * which is how processors with ids above 255 receive INIT and SIPI.
 *
 * The table is by the ids that the APICs were born with. Software may have given some another one
 * in xAPIC mode; these are on a list, which is empty on nearly every machine.
 *
 * Left out: focus processor checking, and arbitration on a serial bus (Pentium 4 has neither).
 */
#include "hw/intc/apic_bus.h"

#include <glib.h>

#include "hw/intc/apic.h"
#include "hw/intr/stages.h"

#define DIRECT_IDS           0x10000u
#define XAPIC_BROADCAST      0xffu
#define BROADCAST            0xffffffffu
#define X2APIC_CLUSTER_SHIFT 16
#define X2APIC_MEMBER_MASK   0xffffu
#define X2APIC_MEMBER_BITS   4

typedef struct {
    ApicState *apic;
    uint32_t id;
    unsigned index; /* place in the round robin */
} Member;

typedef struct {
    void (*eoi)(void *opaque, uint8_t vector);
    void *opaque;
} EoiListener;

struct ApicBus {
    Journal *journal;
    GPtrArray *members;  /* of Member, owned */
    Member **by_id;      /* ids below `by_id_size` */
    uint32_t by_id_size; /* at most DIRECT_IDS */
    GHashTable *big_ids; /* the others */
    GPtrArray *xapic;    /* enabled members in xAPIC mode */
    GPtrArray *xapic_logical;
    GPtrArray *renamed; /* those in xAPIC mode with another id */
    GArray *eoi_listeners;
    unsigned next; /* round robin: who goes first among equals */
    ApicBusStats stats;
};

const StateField apic_bus_state[] = {
    STATE_FIELD(STATE_UINT32, ApicBus, next),
    STATE_END,
};

/* One delivery under way. */
typedef struct {
    const ApicMsg *msg;
    Member *best;
    unsigned best_priority, best_order;
    IntrResult result; /* the best answer so far */
    bool one;          /* only the lowest priority one takes it */
} Delivery;

ApicBus *apic_bus_new(Journal *journal)
{
    ApicBus *bus = g_new0(ApicBus, 1);

    bus->journal = journal;
    bus->members = g_ptr_array_new_with_free_func(g_free);
    bus->big_ids = g_hash_table_new(g_direct_hash, g_direct_equal);
    bus->xapic = g_ptr_array_new();
    bus->xapic_logical = g_ptr_array_new();
    bus->renamed = g_ptr_array_new();
    bus->eoi_listeners = g_array_new(false, false, sizeof(EoiListener));
    return bus;
}

void apic_bus_free(ApicBus *bus)
{
    if (!bus) {
        return;
    }
    g_array_unref(bus->eoi_listeners);
    g_ptr_array_unref(bus->renamed);
    g_ptr_array_unref(bus->xapic_logical);
    g_ptr_array_unref(bus->xapic);
    g_hash_table_unref(bus->big_ids);
    g_free(bus->by_id);
    g_ptr_array_unref(bus->members);
    g_free(bus);
}

static inline Member *bus_find(const ApicBus *bus, uint32_t id)
{
    if (G_LIKELY(id < bus->by_id_size)) {
        return bus->by_id[id];
    }
    return id < DIRECT_IDS ? NULL : g_hash_table_lookup(bus->big_ids, GUINT_TO_POINTER(id));
}

static void bus_grow(ApicBus *bus, uint32_t id)
{
    uint32_t size = MAX(bus->by_id_size, 16);

    while (size <= id) {
        size *= 2;
    }
    bus->by_id = g_renew(Member *, bus->by_id, size);
    for (uint32_t i = bus->by_id_size; i < size; i++) {
        bus->by_id[i] = NULL;
    }
    bus->by_id_size = size;
}

void apic_bus_attach(ApicBus *bus, ApicState *apic, uint32_t apic_id)
{
    Member *member = g_new0(Member, 1);

    g_assert(!bus_find(bus, apic_id));
    *member = (Member){.apic = apic, .id = apic_id, .index = bus->members->len};
    g_ptr_array_add(bus->members, member);
    if (apic_id >= DIRECT_IDS) {
        g_hash_table_insert(bus->big_ids, GUINT_TO_POINTER(apic_id), member);
    } else {
        if (apic_id >= bus->by_id_size) {
            bus_grow(bus, apic_id);
        }
        bus->by_id[apic_id] = member;
    }
    apic_bus_changed(bus);
}

void apic_bus_detach(ApicBus *bus, uint32_t apic_id)
{
    Member *member = bus_find(bus, apic_id);

    if (!member) {
        return;
    }
    if (apic_id < DIRECT_IDS) {
        bus->by_id[apic_id] = NULL;
    } else {
        g_hash_table_remove(bus->big_ids, GUINT_TO_POINTER(apic_id));
    }
    g_ptr_array_remove(bus->members, member);
    for (unsigned i = 0; i < bus->members->len; i++) {
        ((Member *)bus->members->pdata[i])->index = i;
    }
    bus->next = 0;
    apic_bus_changed(bus);
}

static bool is_renamed(const Member *member)
{
    return !apic_is_x2apic(member->apic) && apic_get_id(member->apic) != (uint8_t)member->id;
}

void apic_bus_changed(ApicBus *bus)
{
    g_ptr_array_set_size(bus->xapic, 0);
    g_ptr_array_set_size(bus->xapic_logical, 0);
    g_ptr_array_set_size(bus->renamed, 0);
    for (unsigned i = 0; i < bus->members->len; i++) {
        Member *member = bus->members->pdata[i];

        if (!apic_is_enabled(member->apic) || apic_is_x2apic(member->apic)) {
            continue;
        }
        g_ptr_array_add(bus->xapic, member);
        if (apic_has_logical_id(member->apic)) {
            g_ptr_array_add(bus->xapic_logical, member);
        }
        if (is_renamed(member)) {
            g_ptr_array_add(bus->renamed, member);
        }
    }
}

/* Lowest priority: the lowest arbitration priority, and in turn among equals. */
static void bus_arbitrate(ApicBus *bus, Delivery *d, Member *member)
{
    unsigned priority = apic_arbitration_priority(member->apic);
    unsigned count = bus->members->len;
    unsigned order = (member->index + count - bus->next) % count;

    if (!d->best || priority < d->best_priority ||
        (priority == d->best_priority && order < d->best_order)) {
        d->best = member;
        d->best_priority = priority;
        d->best_order = order;
    }
}

static inline void bus_give(Delivery *d, Member *member)
{
    IntrResult answer = apic_accept(member->apic, d->msg);

    d->result = MIN(d->result, answer);
}

/* Who would not take it says why at once; the others wait for the arbitration's end. */
static void bus_offer_one(ApicBus *bus, Delivery *d, Member *member)
{
    if (apic_takes(member->apic, d->msg->mode)) {
        bus_arbitrate(bus, d, member);
    } else {
        bus_give(d, member);
    }
}

static inline void bus_offer(ApicBus *bus, Delivery *d, Member *member)
{
    if (G_UNLIKELY(d->one)) {
        bus_offer_one(bus, d, member);
    } else {
        bus_give(d, member);
    }
}

static void bus_finish_one(ApicBus *bus, Delivery *d)
{
    if (d->best) {
        bus->next = (d->best->index + 1) % bus->members->len;
        bus_give(d, d->best);
    }
}

static void bus_offer_list(ApicBus *bus, Delivery *d, GPtrArray *list)
{
    for (unsigned i = 0; i < list->len; i++) {
        bus_offer(bus, d, list->pdata[i]);
    }
}

/* To everyone but `except`; nobody means a place without a processor by that. */
static void bus_broadcast(ApicBus *bus, Delivery *d, const ApicState *except)
{
    for (unsigned i = 0; i < bus->members->len; i++) {
        Member *member = bus->members->pdata[i];

        if (member->apic != except && apic_is_present(member->apic)) {
            bus_offer(bus, d, member);
        }
    }
}

static void bus_physical(ApicBus *bus, Delivery *d, uint32_t dest)
{
    Member *member = bus_find(bus, dest);

    if (dest == XAPIC_BROADCAST) {
        /* Id 255 only for those who know 32-bit ids, a broadcast to the rest. */
        bus_offer_list(bus, d, bus->xapic);
        if (member && apic_is_x2apic(member->apic)) {
            bus_offer(bus, d, member);
        }
        return;
    }
    if (member && (bus->renamed->len == 0 || !is_renamed(member))) {
        bus_offer(bus, d, member);
    }
    for (unsigned i = 0; i < bus->renamed->len; i++) {
        Member *renamed = bus->renamed->pdata[i];

        if (apic_get_id(renamed->apic) == dest) {
            bus_offer(bus, d, renamed);
        }
    }
}

static void bus_x2apic_logical(ApicBus *bus, Delivery *d, uint32_t dest)
{
    uint32_t first = (dest >> X2APIC_CLUSTER_SHIFT) << X2APIC_MEMBER_BITS;
    uint32_t set = dest & X2APIC_MEMBER_MASK;

    while (set) {
        Member *member = bus_find(bus, first + (uint32_t)__builtin_ctz(set));

        set &= set - 1;
        if (member && apic_is_x2apic(member->apic)) {
            bus_offer(bus, d, member);
        }
    }
}

static void bus_logical(ApicBus *bus, Delivery *d, uint32_t dest)
{
    if (dest == XAPIC_BROADCAST) {
        bus_offer_list(bus, d, bus->xapic);
    } else if (dest < XAPIC_BROADCAST) {
        const GPtrArray *list = bus->xapic_logical;

        for (unsigned i = 0; i < list->len;) {
            Member *member = list->pdata[i];

            if (apic_matches_logical(member->apic, dest)) {
                bus_offer(bus, d, member);
            }
            /* An INIT takes it off the list. */
            i += i < list->len && list->pdata[i] == member;
        }
    }
    bus_x2apic_logical(bus, d, dest);
}

static bool bus_mode_is_valid(IntrDeliveryMode mode)
{
    return mode <= INTR_MODE_EXTINT && mode != INTR_MODE_RESERVED;
}

static inline void bus_match(ApicBus *bus, Delivery *d)
{
    const ApicMsg *msg = d->msg;

    if (msg->dest == BROADCAST) {
        bus_broadcast(bus, d, NULL);
    } else if (msg->logical) {
        bus_logical(bus, d, msg->dest);
    } else {
        bus_physical(bus, d, msg->dest);
    }
    bus_finish_one(bus, d);
}

/* Whoever a message names that nearly all messages are like: fixed, and for one physical id. Of
 * others, and where it is nobody, that is to be found out. */
static inline Member *bus_find_plain(const ApicBus *bus, const ApicMsg *msg)
{
    if (msg->logical || msg->redirection || !msg->assert_level || msg->mode != INTR_MODE_FIXED ||
        msg->dest == XAPIC_BROADCAST || msg->dest >= bus->by_id_size || bus->renamed->len > 0) {
        return NULL;
    }
    return bus->by_id[msg->dest];
}

static inline IntrResult bus_finish(ApicBus *bus, const ApicMsg *msg, IntrResult result)
{
    if (G_LIKELY(intr_reached(result))) {
        bus->stats.delivered++;
    } else if (result != INTR_DEASSERTED) {
        bus->stats.dropped++;
    }
    journal_answer(bus->journal, msg->serial, result);
    return result;
}

static G_GNUC_NO_INLINE IntrResult bus_deliver_any(ApicBus *bus, const ApicMsg *msg)
{
    Delivery d = {
        .msg = msg,
        .one = msg->mode == INTR_MODE_LOWEST || (msg->redirection && msg->mode == INTR_MODE_FIXED),
        .result = INTR_NO_APIC,
    };

    if (msg->level && !msg->assert_level) {
        return INTR_DEASSERTED; /* asks for nothing (INIT level de-assert: SDM 11.6.1) */
    }
    if (!bus_mode_is_valid(msg->mode)) {
        return INTR_RESERVED_MODE;
    }
    bus_match(bus, &d);
    return d.result;
}

IntrResult apic_bus_deliver(ApicBus *bus, const ApicMsg *msg)
{
    journal_bus(bus->journal, msg);
    Member *plain = bus_find_plain(bus, msg);
    IntrResult result =
        G_LIKELY(plain != NULL) ? apic_accept(plain->apic, msg) : bus_deliver_any(bus, msg);

    return bus_finish(bus, msg, result);
}

IntrResult apic_bus_deliver_all(ApicBus *bus, const ApicMsg *msg, const ApicState *except)
{
    Delivery d = {.msg = msg, .one = msg->mode == INTR_MODE_LOWEST, .result = INTR_NO_APIC};

    journal_bus(bus->journal, msg);
    bus_broadcast(bus, &d, except);
    bus_finish_one(bus, &d);
    return bus_finish(bus, msg, d.result);
}

IntrResult apic_bus_deliver_to(ApicBus *bus, const ApicMsg *msg, ApicState *apic)
{
    journal_bus(bus->journal, msg);
    return bus_finish(bus, msg, apic_accept(apic, msg));
}

/* 110b, with which IPIs start processors, is reserved in messages (11.11.2). */
static IntrDeliveryMode message_mode(uint32_t data)
{
    IntrDeliveryMode mode = (data >> MSI_DATA_DELIVERY_SHIFT) & MSI_DATA_DELIVERY_MASK;

    return mode == INTR_MODE_SIPI ? INTR_MODE_RESERVED : mode;
}

ApicMsg apic_msg_decode(const IntrMsg *msg)
{
    uint64_t address = msg->address;
    uint32_t data = msg->data;
    bool level = data & MSI_DATA_TRIGGER_LEVEL;

    return (ApicMsg){
        .serial = msg->serial,
        .dest = (uint32_t)((address >> MSI_ADDR_DEST_SHIFT) & MSI_ADDR_DEST_MASK) |
                (uint32_t)(address >> 40) << 8,
        .vector = data & MSI_DATA_VECTOR_MASK,
        .mode = message_mode(data),
        .logical = address & MSI_ADDR_DEST_LOGICAL,
        .redirection = address & MSI_ADDR_REDIR_HINT,
        .level = level,
        .assert_level = !level || (data & MSI_DATA_LEVEL_ASSERT),
    };
}

static IntrResult bus_send(void *opaque, const IntrMsg *msg)
{
    ApicBus *bus = opaque;

    if (!intr_window_contains(msg->address)) {
        return journal_end(bus->journal, msg->serial, INTR_NOT_A_REQUEST);
    }
    ApicMsg out = apic_msg_decode(msg);
    return apic_bus_deliver(bus, &out);
}

IntrSink apic_bus_sink(ApicBus *bus)
{
    return (IntrSink){.send = bus_send, .opaque = bus};
}

void apic_bus_add_eoi_listener(ApicBus *bus, void (*eoi)(void *opaque, uint8_t vector),
                               void *opaque)
{
    EoiListener listener = {.eoi = eoi, .opaque = opaque};

    g_array_append_val(bus->eoi_listeners, listener);
}

void apic_bus_broadcast_eoi(ApicBus *bus, uint8_t vector)
{
    for (unsigned i = 0; i < bus->eoi_listeners->len; i++) {
        const EoiListener *listener = &g_array_index(bus->eoi_listeners, EoiListener, i);

        listener->eoi(listener->opaque, vector);
    }
}

ApicBusStats apic_bus_stats(const ApicBus *bus)
{
    return bus->stats;
}

void apic_bus_reset_stats(ApicBus *bus)
{
    bus->stats = (ApicBusStats){0};
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network backends: making one from the command line's text, and the way between it and its card
 * (include/net/net.h). Left out: hubs, several cards on one backend.
 */
#include "net/net.h"

#include <string.h>

#include "base/names.h"
#include "net/internal.h"

static const NetdevOps *const backends[] = {
    &net_dgram_ops, &net_socket_ops, &net_stream_ops, &net_tap_ops, &net_user_ops,
};

static const NetdevOps *netdev_find_backend(const char *name, GError **error)
{
    const char *names[G_N_ELEMENTS(backends)];
    for (size_t i = 0; i < G_N_ELEMENTS(backends); i++) {
        names[i] = backends[i]->name;
        if (strcmp(names[i], name) == 0) {
            return backends[i];
        }
    }
    opt_error_nearest(error, name, names, G_N_ELEMENTS(names), "there is no network backend '%s'",
                      name);
    return NULL;
}

void netdev_help(GString *out)
{
    g_string_append(out, "Available netdev backend types:\n");
    for (size_t i = 0; i < G_N_ELEMENTS(backends); i++) {
        g_string_append_printf(out, "%s\n", backends[i]->name);
    }
}

static void netdev_offer_now(Netdev *nd);

static void netdev_gathered(void *opaque)
{
    netdev_offer_now(opaque);
}

static void netdev_close_tap(gpointer tap)
{
    ((NetTap *)tap)->close(tap);
}

/* Where the door is closed, of the options only those of the netdev itself are looked at. */
static bool netdev_open(Netdev *nd, OptList *opts, GError **error)
{
    if (!optlist_uint(opts, "queues", 1, NET_MAX_QUEUES, &nd->queues, error)) {
        return false;
    }
    if (nd->outside && nd->outside->closed) {
        nd->closed = true;
        netdev_set_info(nd, "as it was recorded");
        return true;
    }
    return nd->ops->open(nd, opts, error);
}

Netdev *netdev_new(const char *text, Clock *clock, GError **error)
{
    return netdev_new_outside(text, clock, NULL, error);
}

Netdev *netdev_new_outside(const char *text, Clock *clock, const Outside *outside, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(text, "type");
    const char *type = optlist_get(opts, "type"), *id = optlist_get(opts, "id");
    if (!type) {
        g_set_error(error, OPT_ERROR, 0, "no backend is named; '-netdev help' lists them");
        return NULL;
    }
    const NetdevOps *ops = netdev_find_backend(type, error);
    if (!ops) {
        return NULL;
    }
    if (!id || !id[0]) {
        g_set_error(error, OPT_ERROR, 0, "id= is missing; write '%s,id=NAME'", text);
        return NULL;
    }
    Netdev *nd = g_malloc0(ops->instance_size);
    nd->ops = ops;
    nd->id = g_strdup(id);
    nd->clock = clock;
    nd->outside = outside;
    nd->queues = 1;
    nd->taps = g_ptr_array_new_with_free_func(netdev_close_tap);
    nd->assembly = g_malloc(NET_FRAME_MAX);
    g_queue_init(&nd->queue);
    timer_init(&nd->gather, clock, netdev_gathered, nd);
    netdev_set_info(nd, "type=%s", ops->name);
    if (!netdev_open(nd, opts, error)) {
        netdev_free(nd);
        return NULL;
    }
    return nd;
}

static void netdev_drop_queue(Netdev *nd)
{
    g_queue_clear_full(&nd->queue, g_free);
    nd->queued_bytes = 0;
}

void netdev_free(Netdev *nd)
{
    if (!nd) {
        return;
    }
    timer_cancel(&nd->gather);
    if (!nd->closed) {
        nd->ops->close(nd);
    }
    netdev_drop_queue(nd);
    g_ptr_array_unref(nd->taps);
    g_free(nd->assembly);
    g_free(nd->owner);
    g_free(nd->info);
    g_free(nd->id);
    g_free(nd);
}

const char *netdev_id(const Netdev *nd)
{
    return nd->id;
}

const char *netdev_type(const Netdev *nd)
{
    return nd->ops->name;
}

const char *netdev_info(const Netdev *nd)
{
    return nd->info;
}

unsigned netdev_queues(const Netdev *nd)
{
    return (unsigned)nd->queues;
}

const char *netdev_owner(const Netdev *nd)
{
    return nd->owner;
}

uint64_t netdev_dropped(const Netdev *nd)
{
    return nd->dropped;
}

void netdev_set_info(Netdev *nd, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_free(nd->info);
    nd->info = g_strdup_vprintf(format, args);
    va_end(args);
}

bool netdev_attach(Netdev *nd, const char *owner, const NicOps *ops, void *opaque, GError **error)
{
    if (nd->owner) {
        g_set_error(error, OPT_ERROR, 0, "netdev '%s' is in use by '%s'; give each its own -netdev",
                    nd->id, nd->owner);
        return false;
    }
    nd->owner = g_strdup(owner);
    nd->nic = ops;
    nd->nic_opaque = opaque;
    return true;
}

void netdev_detach(Netdev *nd)
{
    if (nd) {
        netdev_drop_queue(nd);
        timer_cancel(&nd->gather);
        g_clear_pointer(&nd->owner, g_free);
        nd->nic = NULL;
    }
}

void netdev_set_link(Netdev *nd, bool up)
{
    if (nd->link_down != up) {
        return;
    }
    nd->link_down = !up;
    netdev_drop_queue(nd);
    if (nd->nic && nd->nic->link_changed) {
        nd->nic->link_changed(nd->nic_opaque, up);
    }
}

bool netdev_link_is_up(const Netdev *nd)
{
    return !nd || !nd->link_down;
}

static void netdev_show(Netdev *nd, const uint8_t *frame, size_t len)
{
    for (guint i = 0; i < nd->taps->len; i++) {
        NetTap *tap = nd->taps->pdata[i];
        tap->frame(tap, frame, len);
    }
}

bool netdev_is_kept(const Netdev *nd)
{
    return nd->outside && nd->outside->keeps_frames;
}

static bool queue_has_room(const Netdev *nd)
{
    return nd->queue.length < NET_QUEUE_FRAMES && nd->queued_bytes + NET_MTU < NET_QUEUE_BYTES;
}

bool netdev_has_room(const Netdev *nd)
{
    const Outside *o = nd->outside;
    return netdev_is_kept(nd) ? o->ops && o->ops->room(o->opaque, nd->id) > 0 : queue_has_room(nd);
}

void netdev_deliver(Netdev *nd, const uint8_t *frame, size_t len)
{
    const Outside *o = nd->outside;
    if (!netdev_is_kept(nd)) {
        netdev_enter(nd, frame, len);
    } else if (o->ops && len >= NET_HEADER_SIZE && len <= NET_FRAME_MAX) {
        o->ops->frame(o->opaque, nd->id, frame, len);
    }
}

void netdev_enter(Netdev *nd, const uint8_t *frame, size_t len)
{
    if (len < NET_HEADER_SIZE || len > NET_FRAME_MAX || nd->link_down || !nd->nic) {
        return;
    }
    netdev_show(nd, frame, len);
    if (nd->queue.length >= NET_QUEUE_FRAMES || nd->queued_bytes + len > NET_QUEUE_BYTES) {
        nd->dropped++;
        return;
    }
    NetBuf *buf = g_malloc(sizeof(*buf) + len);
    buf->len = len;
    memcpy(buf->data, frame, len);
    g_queue_push_tail(&nd->queue, buf);
    nd->queued_bytes += len;
}

static void netdev_forget_frames(Netdev *nd, unsigned count)
{
    for (unsigned i = 0; i < count && nd->queue.length > 0; i++) {
        g_autofree NetBuf *buf = g_queue_pop_head(&nd->queue);
        nd->queued_bytes -= buf->len;
    }
}

/* The backend may go on. */
static void netdev_accept(Netdev *nd)
{
    if (!nd->closed && nd->ops->accept) {
        nd->ops->accept(nd);
    }
}

static void netdev_offer_now(Netdev *nd)
{
    if (nd->offering || nd->sending || !nd->nic || nd->queue.length == 0) {
        return;
    }
    bool was_full = !queue_has_room(nd), any = false;
    nd->offering = true;
    while (nd->queue.length > 0) {
        unsigned count;
        NetFrame frame = netdev_next_frame(nd, &count);
        if (!nd->nic->receive(nd->nic_opaque, &frame)) {
            break;
        }
        any = true;
        netdev_forget_frames(nd, count);
    }
    nd->offering = false;
    if (any && nd->nic->received) {
        nd->nic->received(nd->nic_opaque);
    }
    if (was_full && queue_has_room(nd)) {
        netdev_accept(nd);
    }
}

void netdev_offer(Netdev *nd)
{
    if (!netdev_is_kept(nd)) {
        netdev_offer_now(nd);
    }
}

void netdev_enter_end(Netdev *nd)
{
    netdev_offer_now(nd);
    netdev_accept(nd);
}

void netdev_sent(Netdev *nd)
{
    if (nd && nd->queue.length > 0 && !timer_is_armed(&nd->gather)) {
        timer_arm(&nd->gather, clock_now(nd->clock) + NET_GATHER_NS);
    }
}

void netdev_receive_ready(Netdev *nd)
{
    if (nd && !timer_is_armed(&nd->gather)) {
        netdev_offer_now(nd);
    }
}

void netdev_can_send(Netdev *nd)
{
    if (nd->nic && !netdev_is_kept(nd)) {
        nd->nic->can_send(nd->nic_opaque);
    }
}

static bool netdev_host_is_busy(Netdev *nd)
{
    return nd->ops->is_busy && nd->ops->is_busy(nd);
}

/* Where the host's slowness is not to be seen, what it is too busy for is lost. */
static bool host_gets_it(Netdev *nd)
{
    const Outside *o = nd->outside;
    if (!netdev_is_kept(nd)) {
        return true;
    }
    bool sends = o->ops && o->ops->sends(o->opaque);
    return sends && !nd->closed && !netdev_host_is_busy(nd);
}

void netdev_send_plain(Netdev *nd, const uint8_t *frame, size_t len)
{
    netdev_show(nd, frame, len);
    if (host_gets_it(nd)) {
        nd->ops->send(nd, frame, len);
    }
}

static bool netdev_is_connected(const Netdev *nd)
{
    return nd && !nd->link_down;
}

bool netdev_takes(const Netdev *nd)
{
    return !netdev_is_connected(nd) || netdev_is_kept(nd) || !netdev_host_is_busy((Netdev *)nd);
}

bool netdev_send(Netdev *nd, const NetFrame *frame)
{
    if (!netdev_is_connected(nd) || frame->len < NET_HEADER_SIZE || frame->len > NET_FRAME_MAX) {
        return true;
    }
    if (!netdev_takes(nd)) {
        return false;
    }
    bool was_sending = nd->sending;
    nd->sending = true;
    if (frame->needs_csum || frame->gso) {
        netdev_send_offloaded(nd, frame);
    } else {
        netdev_send_plain(nd, frame->data, frame->len);
    }
    nd->sending = was_sending;
    return true;
}

void netdev_set_merging(Netdev *nd, unsigned kinds)
{
    if (nd) {
        nd->merging = kinds;
    }
}

bool net_parse_mac(const char *text, uint8_t mac[NET_MAC_SIZE])
{
    for (unsigned i = 0; i < NET_MAC_SIZE; i++) {
        int high = g_ascii_xdigit_value(text[0]);
        int low = high < 0 ? -1 : g_ascii_xdigit_value(text[1]);
        if (low < 0) {
            return false;
        }
        mac[i] = (uint8_t)(high << 4 | low);
        text += 2;
        bool last = i == NET_MAC_SIZE - 1;
        if (last ? *text != '\0' : *text != ':' && *text != '-') {
            return false;
        }
        text += !last;
    }
    return true;
}

void net_format_mac(const uint8_t mac[NET_MAC_SIZE], char text[NET_MAC_TEXT])
{
    g_snprintf(text, NET_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
               mac[4], mac[5]);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * user: a network with a router, DHCP and DNS that needs no privileges, by libslirp. Its sockets
 * are polled by the main loop, its time is the machine's: a stopped machine's network stands still.
 * Left out: SMB shares.
 */
#include "net/user.h"

#include <string.h>

#include "base/report.h"
#include "net/link.h"

typedef struct {
    GSource source;
    struct NetUser *user;
} UserSource;

typedef struct NetUser {
    Netdev nd;
    Slirp *slirp;
    UserOptions options;
    UserSource *source;
    GPtrArray *polls; /* of GPollFD *, each where it was for as long as it is polled */
    guint polled;     /* how many of them libslirp wants now */
    gint64 due_us;    /* when it wants to be called at the latest, by GLib's time */
} NetUser;

typedef struct {
    Timer timer;
    GSource *source; /* instead of the timer, where somebody keeps the door */
    NetUser *user;
    SlirpTimerId id;
    void *opaque;
} UserTimer;

static NetUser *user_of(void *opaque)
{
    return opaque;
}

static ssize_t user_frame_out(const void *frame, size_t len, void *opaque)
{
    netdev_deliver(&user_of(opaque)->nd, frame, len);
    return (ssize_t)len;
}

/* A guest can bring this about as often as it likes. */
static void user_guest_error(const char *message, void *opaque)
{
}

/* Where frames are recorded the machine's timers are to be those that it has in the replay, without
 * this network: its time is the host's. */
static int64_t user_clock(void *opaque)
{
    NetUser *u = user_of(opaque);
    return netdev_is_kept(&u->nd) ? g_get_monotonic_time() * NS_PER_US : clock_now(u->nd.clock);
}

static void user_timer_fires(void *opaque)
{
    UserTimer *t = opaque;
    slirp_handle_timer(t->user->slirp, t->id, t->opaque);
    netdev_offer(&t->user->nd);
}

static gboolean user_timer_fires_on_host(gpointer opaque)
{
    UserTimer *t = opaque;
    net_unwatch(&t->source);
    user_timer_fires(t);
    return G_SOURCE_REMOVE;
}

static void *user_timer_new(SlirpTimerId id, void *timer_opaque, void *opaque)
{
    UserTimer *t = g_new0(UserTimer, 1);
    t->user = opaque;
    t->id = id;
    t->opaque = timer_opaque;
    timer_init(&t->timer, t->user->nd.clock, user_timer_fires, t);
    return t;
}

static void user_timer_free(void *timer, void *opaque)
{
    UserTimer *t = timer;
    timer_cancel(&t->timer);
    net_unwatch(&t->source);
    g_free(t);
}

static void user_timer_mod(void *timer, int64_t expire_ms, void *opaque)
{
    UserTimer *t = timer;
    timer_cancel(&t->timer);
    net_unwatch(&t->source);
    if (!netdev_is_kept(&t->user->nd)) {
        timer_arm(&t->timer, expire_ms * NS_PER_MS);
        return;
    }
    gint64 left = expire_ms - g_get_monotonic_time() / 1000;
    t->source = g_timeout_source_new((guint)CLAMP(left, 0, G_MAXINT));
    g_source_set_callback(t->source, user_timer_fires_on_host, t, NULL);
    g_source_attach(t->source, NULL);
}

/* What is to be polled is asked for each time. */
static void user_ignore_fd(int fd, void *opaque)
{
}

static void user_notify(void *opaque)
{
}

static const SlirpCb user_callbacks = {
    .send_packet = user_frame_out,
    .guest_error = user_guest_error,
    .clock_get_ns = user_clock,
    .timer_new_opaque = user_timer_new,
    .timer_free = user_timer_free,
    .timer_mod = user_timer_mod,
    .register_poll_fd = user_ignore_fd,
    .unregister_poll_fd = user_ignore_fd,
    .notify = user_notify,
};

static const struct {
    int slirp;
    gushort glib;
} poll_bits[] = {
    {SLIRP_POLL_IN, G_IO_IN},   {SLIRP_POLL_OUT, G_IO_OUT}, {SLIRP_POLL_PRI, G_IO_PRI},
    {SLIRP_POLL_ERR, G_IO_ERR}, {SLIRP_POLL_HUP, G_IO_HUP},
};

static int user_add_poll(int fd, int events, void *opaque)
{
    NetUser *u = opaque;
    if (u->polled == u->polls->len) {
        g_ptr_array_add(u->polls, g_new0(GPollFD, 1));
        ((GPollFD *)u->polls->pdata[u->polled])->fd = -1;
    }
    GPollFD *poll = u->polls->pdata[u->polled];
    gushort wanted = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(poll_bits); i++) {
        wanted |= events & poll_bits[i].slirp ? poll_bits[i].glib : 0;
    }
    if (poll->fd != fd || poll->events != wanted) {
        if (poll->fd >= 0) {
            g_source_remove_poll(&u->source->source, poll);
        }
        poll->fd = fd;
        poll->events = wanted;
        g_source_add_poll(&u->source->source, poll);
    }
    poll->revents = 0;
    return (int)u->polled++;
}

static int user_polled_events(int index, void *opaque)
{
    NetUser *u = opaque;
    int events = 0;
    if (index < 0 || (guint)index >= u->polled) {
        return 0;
    }
    const GPollFD *poll = u->polls->pdata[index];
    for (size_t i = 0; i < G_N_ELEMENTS(poll_bits); i++) {
        events |= poll->revents & poll_bits[i].glib ? poll_bits[i].slirp : 0;
    }
    return events;
}

static void user_forget_polls(NetUser *u, guint from)
{
    for (guint i = from; i < u->polls->len; i++) {
        GPollFD *poll = u->polls->pdata[i];
        if (poll->fd >= 0) {
            g_source_remove_poll(&u->source->source, poll);
            poll->fd = -1;
        }
    }
}

/* While the machine stands still or its card has not taken what it was sent, nothing is read. */
static gboolean user_prepare(GSource *source, gint *timeout_ms)
{
    NetUser *u = ((UserSource *)source)->user;
    uint32_t wait_ms = INT32_MAX;
    u->polled = 0;
    if (clock_is_running(u->nd.clock) && netdev_has_room(&u->nd)) {
        slirp_pollfds_fill(u->slirp, &wait_ms, user_add_poll, u);
    }
    user_forget_polls(u, u->polled);
    *timeout_ms = wait_ms == INT32_MAX ? -1 : (gint)wait_ms;
    u->due_us = wait_ms == INT32_MAX ? INT64_MAX : g_source_get_time(source) + wait_ms * 1000ll;
    return FALSE;
}

static gboolean user_check(GSource *source)
{
    NetUser *u = ((UserSource *)source)->user;
    for (guint i = 0; i < u->polled; i++) {
        if (((GPollFD *)u->polls->pdata[i])->revents) {
            return TRUE;
        }
    }
    return g_source_get_time(source) >= u->due_us;
}

static gboolean user_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    NetUser *u = ((UserSource *)source)->user;
    slirp_pollfds_poll(u->slirp, 0, user_polled_events, u);
    netdev_offer(&u->nd);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs user_source_funcs = {
    .prepare = user_prepare,
    .check = user_check,
    .dispatch = user_dispatch,
};

static void user_send(Netdev *nd, const uint8_t *frame, size_t len)
{
    slirp_input(((NetUser *)nd)->slirp, frame, (int)len);
}

static bool user_open(Netdev *nd, OptList *opts, GError **error)
{
    NetUser *u = (NetUser *)nd;
    u->polls = g_ptr_array_new_with_free_func(g_free);
    if (!user_options_read(&u->options, opts, error)) {
        return false;
    }
    u->slirp = slirp_new(&u->options.config, &user_callbacks, u);
    if (!u->slirp) {
        g_set_error(error, OPT_ERROR, 0, "libslirp takes no such network");
        return false;
    }
    if (!user_add_forwards(u->slirp, opts, error)) {
        return false;
    }
    g_autofree char *network = user_options_network(&u->options);
    netdev_set_info(nd, "net=%s,restrict=%s", network, u->options.config.restricted ? "on" : "off");
    u->source = (UserSource *)g_source_new(&user_source_funcs, sizeof(UserSource));
    u->source->user = u;
    g_source_attach(&u->source->source, NULL);
    return true;
}

static void user_close(Netdev *nd)
{
    NetUser *u = (NetUser *)nd;
    if (u->source) {
        g_source_destroy(&u->source->source);
        g_source_unref(&u->source->source);
    }
    if (u->slirp) {
        slirp_cleanup(u->slirp);
    }
    g_ptr_array_unref(u->polls);
    user_options_clear(&u->options);
}

const NetdevOps net_user_ops = {
    .name = "user",
    .instance_size = sizeof(NetUser),
    .open = user_open,
    .close = user_close,
    .send = user_send,
    .takes_large = true,
    .sums_are_right = true,
};

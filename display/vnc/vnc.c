/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VNC in the machine's process (display/vnc.h): starts the server's, draws while somebody looks,
 * hears what clients do. */
#include "display/vnc.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/optlist.h"
#include "base/report.h"
#include "display/person.h"
#include "display/vnc/internal.h"

#define DRAW_MS      33
#define MESSAGES_MAX 64 /* between two looks at the machine */
/* After so many pictures that were the same the next ones come slower. */
#define SAME_ENOUGH 30
#define SAME_SKIPS  2

typedef struct {
    bool used;
    VncPeer peer;
    VncMessage connected; /* its peer's texts */
    Person person;
} Client;

struct Vnc {
    int socket; /* to the server; -1: it has ended */
    VncFrame *frame;
    char *path; /* to remove; may be NULL */
    VncMessage address, password;
    VncPeer peer;
    bool wants_password;
    Display *display;
    const VncOwner *owner;
    void *opaque;
    GSource *watch, *timer;
    unsigned same, skipped;
    unsigned count; /* of clients */
    Client clients[VNC_CLIENTS_MAX];
};

static void drop_source(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_clear_pointer(source, g_source_unref);
    }
}

static void peer_take(VncPeer *peer, VncMessage *message)
{
    message->peer.family[sizeof(message->peer.family) - 1] = '\0';
    message->peer.host[sizeof(message->peer.host) - 1] = '\0';
    message->peer.service[sizeof(message->peer.service) - 1] = '\0';
    *peer = (VncPeer){message->peer.family, message->peer.host, message->peer.service};
}

static void append_peer(GString *out, const VncPeer *peer)
{
    g_autofree char *host = g_strescape(peer->host, NULL),
                    *service = g_strescape(peer->service, NULL),
                    *family = g_strescape(peer->family, NULL);
    g_string_append_printf(out, "\"host\": \"%s\", \"service\": \"%s\", \"family\": \"%s\", ", host,
                           service, family);
}

static void tell_event(const Vnc *vnc, const char *name, const Client *client)
{
    g_autoptr(GString) data = g_string_new("{\"server\": {");
    append_peer(data, &vnc->peer);
    g_string_append_printf(data, "\"websocket\": false, \"auth\": \"%s\"}, \"client\": {",
                           vnc->wants_password ? "vnc" : "none");
    append_peer(data, &client->peer);
    g_string_append(data, "\"websocket\": false}}");
    vnc->owner->event(vnc->opaque, name, data->str);
}

static gboolean draw_again(gpointer opaque)
{
    Vnc *vnc = opaque;
    if (vnc->same >= SAME_ENOUGH && vnc->skipped++ < SAME_SKIPS) {
        return G_SOURCE_CONTINUE;
    }
    vnc->skipped = 0;
    vnc->same = vnc_frame_update(vnc->frame, display_draw(vnc->display)) ? 0 : vnc->same + 1;
    return G_SOURCE_CONTINUE;
}

static void begin_drawing(Vnc *vnc)
{
    vnc->same = 0;
    vnc_frame_update(vnc->frame, display_draw(vnc->display));
    vnc->timer = g_timeout_source_new(DRAW_MS);
    g_source_set_callback(vnc->timer, draw_again, vnc, NULL);
    g_source_attach(vnc->timer, NULL);
}

static void client_ends(Vnc *vnc, Client *client)
{
    if (client->used) {
        g_autofree char *text = person_leaves(&client->person, vnc->display);
        if (text) {
            vnc->owner->command(vnc->opaque, text);
        }
        tell_event(vnc, "VNC_DISCONNECTED", client);
        client->used = false;
        if (--vnc->count == 0) {
            drop_source(&vnc->timer);
        }
    }
}

static void client_begins(Vnc *vnc, Client *client, const VncMessage *message)
{
    client_ends(vnc, client);
    *client = (Client){.used = true, .connected = *message};
    peer_take(&client->peer, &client->connected);
    if (vnc->count++ == 0) {
        begin_drawing(vnc);
    }
    tell_event(vnc, "VNC_CONNECTED", client);
}

static void client_acts(Vnc *vnc, Client *client, const VncMessage *message)
{
    uint32_t size = atomic_load(&vnc->frame->size);
    g_autofree char *text =
        message->kind == VNC_MSG_KEY
            ? person_key(&client->person, vnc->display, message->key.keysym, message->key.down)
            : person_pointer(&client->person, vnc->display,
                             &(PersonPointer){message->pointer.x, message->pointer.y, size >> 16,
                                              size & 0xffff, message->pointer.buttons});
    vnc->skipped = SAME_SKIPS; /* soon there is something to see */
    if (text) {
        vnc->owner->command(vnc->opaque, text);
    }
}

static void hear(Vnc *vnc, const VncMessage *message)
{
    if (message->client >= VNC_CLIENTS_MAX) {
        return;
    }
    Client *client = &vnc->clients[message->client];
    if (message->kind == VNC_MSG_CONNECTED) {
        client_begins(vnc, client, message);
    } else if (message->kind == VNC_MSG_GONE) {
        client_ends(vnc, client);
    } else if (client->used && message->kind == VNC_MSG_READY) {
        tell_event(vnc, "VNC_INITIALIZED", client);
    } else if (client->used && (message->kind == VNC_MSG_KEY || message->kind == VNC_MSG_POINTER)) {
        client_acts(vnc, client, message);
    }
}

static gboolean server_ended(Vnc *vnc)
{
    g_printerr(PROGRAM ": the VNC server's process has ended\n");
    for (unsigned i = 0; i < VNC_CLIENTS_MAX; i++) {
        client_ends(vnc, &vnc->clients[i]);
    }
    close(vnc->socket);
    vnc->socket = -1;
    drop_source(&vnc->watch);
    return G_SOURCE_REMOVE;
}

static gboolean on_message(gint fd, GIOCondition condition, gpointer opaque)
{
    Vnc *vnc = opaque;
    VncMessage message;
    for (unsigned i = 0; i < MESSAGES_MAX; i++) {
        ssize_t got = read(fd, &message, sizeof(message));
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
            return server_ended(vnc);
        }
        if (got < 0) {
            break;
        }
        if (got == sizeof(message)) {
            hear(vnc, &message);
        }
    }
    return G_SOURCE_CONTINUE;
}

/* Memory that both see, and that has no name. */
static VncFrame *make_frame(GError **error)
{
    VncFrame *frame =
        mmap(NULL, sizeof(VncFrame), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (frame == MAP_FAILED) {
        g_set_error(error, OPT_ERROR, 0, "no memory for the picture: %s", g_strerror(errno));
        return NULL;
    }
    vnc_frame_update(frame, NULL);
    return frame;
}

static bool server_has(const VncServer *server, int fd)
{
    bool has = fd == server->machine;
    for (unsigned i = 0; i < server->listener_count; i++) {
        has |= fd == server->listeners[i];
    }
    return has;
}

/* Others wait for the end of what is open here: a shell for -daemonize's, somebody for a pipe's. */
static void close_others(const VncServer *server)
{
    int last = server->machine;
    for (unsigned i = 0; i < server->listener_count; i++) {
        last = MAX(last, server->listeners[i]);
    }
    for (int fd = STDERR_FILENO + 1; fd < last; fd++) {
        if (!server_has(server, fd)) {
            close(fd);
        }
    }
    close_range((unsigned)last + 1, ~0u, 0);
}

/* In the new process: it has nobody's pipes and terminal, and Ctrl-C is not for it. */
static void run_server(VncServer *server, pid_t machine)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    g_autoptr(GError) error = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(ignored); i++) {
        signal(ignored[i], SIG_IGN);
    }
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++) {
        dup2(null, fd);
    }
    close_others(server);
    vnc_client_prepare();
    mprotect(server->frame, sizeof(VncFrame), PROT_READ);
    if (server->confine.server && !server->confine.server(server->confine.opaque, &error)) {
        _exit(1);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a change of users has forgotten it */
    if (getppid() != machine) {
        _exit(1);
    }
    vnc_serve(server);
}

static bool vnc_start_server(Vnc *vnc, VncServer *server, GError **error)
{
    int ends[2];
    pid_t machine = getpid();
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        g_set_error(error, OPT_ERROR, 0, "no socket to the server: %s", g_strerror(errno));
        return false;
    }
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        server->machine = ends[1];
        run_server(server, machine);
    }
    close(ends[1]);
    vnc->socket = ends[0];
    fcntl(vnc->socket, F_SETFL, O_NONBLOCK);
    if (pid < 0) {
        g_set_error(error, OPT_ERROR, 0, "the server cannot be started: %s", g_strerror(errno));
    }
    return pid > 0;
}

Vnc *vnc_start(const VncOptions *options, const VncConfine *confine, GError **error)
{
    Vnc *vnc = g_new0(Vnc, 1);
    VncServer server = {.options = options, .confine = confine ? *confine : (VncConfine){0}};
    vnc->socket = -1;
    vnc->wants_password = options->password;
    vnc->password.kind = server.password.kind = VNC_MSG_PASSWORD;
    vnc->frame = server.frame = make_frame(error);
    bool started = vnc->frame && vnc_listen(options, &server, &vnc->address, error);
    if (started) {
        vnc->path = g_strdup(options->path);
        peer_take(&vnc->peer, &vnc->address);
        started = vnc_start_server(vnc, &server, error);
    }
    vnc_close_listeners(&server);
    if (!started) {
        vnc_free(vnc);
        return NULL;
    }
    return vnc;
}

void vnc_attach(Vnc *vnc, Display *display, const VncOwner *owner, void *opaque)
{
    vnc->display = display;
    vnc->owner = owner;
    vnc->opaque = opaque;
    display_set_vnc(display, vnc);
    vnc->watch = g_unix_fd_source_new(vnc->socket, G_IO_IN | G_IO_HUP);
    g_source_set_callback(vnc->watch, G_SOURCE_FUNC(on_message), vnc, NULL);
    g_source_attach(vnc->watch, NULL);
}

void vnc_free(Vnc *vnc)
{
    if (!vnc) {
        return;
    }
    drop_source(&vnc->watch);
    drop_source(&vnc->timer);
    display_set_vnc(vnc->display, NULL);
    if (vnc->socket >= 0) {
        close(vnc->socket);
    }
    if (vnc->frame) {
        munmap(vnc->frame, sizeof(VncFrame));
    }
    if (vnc->path) {
        unlink(vnc->path);
    }
    g_free(vnc->path);
    g_free(vnc);
}

static void tell_server(const Vnc *vnc)
{
    ssize_t sent = vnc->socket >= 0 ? write(vnc->socket, &vnc->password, sizeof(vnc->password)) : 0;
    (void)sent; /* a server that is gone has no clients */
}

void vnc_set_password(Vnc *vnc, const char *password)
{
    memset(vnc->password.password.text, 0, sizeof(vnc->password.password.text));
    vnc->password.password.given = password != NULL;
    if (password) {
        g_strlcpy(vnc->password.password.text, password, sizeof(vnc->password.password.text));
    }
    tell_server(vnc);
}

void vnc_expire_password(Vnc *vnc, int64_t expires)
{
    vnc->password.password.expires = expires;
    tell_server(vnc);
}

bool vnc_wants_password(const Vnc *vnc)
{
    return vnc->wants_password;
}

const VncPeer *vnc_address(const Vnc *vnc)
{
    return &vnc->peer;
}

const VncPeer *vnc_client_at(const Vnc *vnc, unsigned n)
{
    for (unsigned i = 0; i < VNC_CLIENTS_MAX; i++) {
        if (vnc->clients[i].used && n-- == 0) {
            return &vnc->clients[i].peer;
        }
    }
    return NULL;
}

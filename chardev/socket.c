/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * socket: a unix or TCP stream, connecting or listening. One client at a time; the next is accepted
 * when it leaves. Left out: TLS, websockets.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/report.h"
#include "chardev/internal.h"
#include "chardev/telnet.h"

typedef struct {
    Chardev chr;
    ChrFd fd;
    bool connected, server, wait, telnet;
    TelnetState telnet_state;
    uint64_t reconnect; /* seconds, 0 for never */
    char *path, *host, *port;
    int given_fd; /* fd=, -1 for none */
    int listener; /* -1 for none */
    GSource *listen_watch, *retry;
} ChrSocket;

static bool socket_error(GError **error, const ChrSocket *s, const char *verb)
{
    int cause = errno;
    if (s->path) {
        g_set_error(error, OPT_ERROR, 0, "path=%s: cannot %s: %s", s->path, verb,
                    g_strerror(cause));
    } else if (s->port) {
        g_set_error(error, OPT_ERROR, 0, "%s:%s: cannot %s: %s", s->host, s->port, verb,
                    g_strerror(cause));
    } else {
        g_set_error(error, OPT_ERROR, 0, "fd=%d: cannot %s: %s", s->given_fd, verb,
                    g_strerror(cause));
    }
    return false;
}

static void socket_drop_source(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_source_unref(*source);
        *source = NULL;
    }
}

static int unix_socket(const ChrSocket *s, int (*use)(int, const struct sockaddr *, socklen_t))
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    if (strlen(s->path) >= sizeof(addr.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(addr.sun_path, s->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && use(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

static int tcp_socket(const ChrSocket *s, int (*use)(int, const struct sockaddr *, socklen_t))
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = s->server ? AI_PASSIVE : 0};
    struct addrinfo *found;
    int fd = -1, on = 1, why = EHOSTUNREACH;
    if (getaddrinfo(s->host[0] ? s->host : NULL, s->port, &hints, &found) != 0) {
        errno = why;
        return -1;
    }
    for (struct addrinfo *a = found; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0) {
            why = errno;
            continue;
        }
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
        if (use(fd, a->ai_addr, a->ai_addrlen) != 0) {
            why = errno;
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    errno = why;
    return fd;
}

static void listen_again(ChrSocket *s);
static void retry_later(ChrSocket *s);

static void socket_hangup(Chardev *chr)
{
    ChrSocket *s = (ChrSocket *)chr;
    chr_fd_close(&s->fd);
    s->connected = false;
    chr_send_event(chr, CHR_CLOSED);
    if (s->server) {
        listen_again(s);
    } else if (s->reconnect) {
        retry_later(s);
    }
}

static size_t telnet_filter(Chardev *chr, uint8_t *data, size_t len)
{
    ChrSocket *s = (ChrSocket *)chr;
    unsigned breaks = 0;
    len = telnet_decode(&s->telnet_state, data, len, &breaks);
    while (breaks-- > 0) {
        chr_send_event(chr, CHR_BREAK);
    }
    return len;
}

static void begin_telnet(ChrSocket *s)
{
    s->telnet_state = TELNET_DATA;
    s->fd.decode = telnet_filter;
    chr_fd_write(&s->fd, telnet_greeting, sizeof(telnet_greeting));
}

static void take_connection(ChrSocket *s, int fd)
{
    int on = 1;
    if (!s->path) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    s->connected = true;
    chr_fd_init(&s->fd, &s->chr, fd, fd, socket_hangup);
    if (s->telnet) {
        begin_telnet(s);
    }
    chr_send_event(&s->chr, CHR_OPENED);
    chr_fd_update(&s->fd);
}

static int accept_client(const ChrSocket *s)
{
    int fd;
    do {
        fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

static gboolean client_waits(gint listener, GIOCondition condition, gpointer opaque)
{
    ChrSocket *s = opaque;
    int fd = accept_client(s);
    if (fd < 0) {
        return G_SOURCE_CONTINUE;
    }
    socket_drop_source(&s->listen_watch);
    take_connection(s, fd);
    return G_SOURCE_REMOVE;
}

static void listen_again(ChrSocket *s)
{
    s->listen_watch = g_unix_fd_source_new(s->listener, G_IO_IN);
    g_source_set_callback(s->listen_watch, G_SOURCE_FUNC(client_waits), s, NULL);
    g_source_attach(s->listen_watch, NULL);
}

static gboolean retry_now(gpointer opaque)
{
    ChrSocket *s = opaque;
    int fd = s->path ? unix_socket(s, connect) : tcp_socket(s, connect);
    if (fd < 0) {
        return G_SOURCE_CONTINUE;
    }
    socket_drop_source(&s->retry);
    take_connection(s, fd);
    return G_SOURCE_REMOVE;
}

static void retry_later(ChrSocket *s)
{
    s->retry = g_timeout_source_new_seconds((guint)s->reconnect);
    g_source_set_callback(s->retry, retry_now, s, NULL);
    g_source_attach(s->retry, NULL);
}

static bool start_server(ChrSocket *s, GError **error)
{
    if (s->listener < 0) {
        if (s->path) {
            unlink(s->path);
        }
        s->listener = s->path ? unix_socket(s, bind) : tcp_socket(s, bind);
    }
    if (s->listener < 0 || listen(s->listener, 1) != 0) {
        return socket_error(error, s, "listen");
    }
    if (!s->wait) {
        listen_again(s);
        return true;
    }
    g_printerr(PROGRAM ": waiting for connection on: %s\n", s->chr.filename);
    int fd = accept_client(s);
    if (fd < 0) {
        return socket_error(error, s, "accept");
    }
    take_connection(s, fd);
    return true;
}

static bool start_client(ChrSocket *s, GError **error)
{
    int fd = s->path ? unix_socket(s, connect) : tcp_socket(s, connect);
    if (fd >= 0) {
        take_connection(s, fd);
        return true;
    }
    if (s->reconnect) {
        retry_later(s);
        return true;
    }
    return socket_error(error, s, "connect");
}

static bool parse_options(ChrSocket *s, OptList *opts, GError **error)
{
    static const char *const harmless[] = {"nodelay",  "delay", "ipv4", "ipv6",
                                           "abstract", "tight", NULL};
    optlist_ignore(opts, harmless);
    s->wait = true;
    s->path = g_strdup(optlist_get(opts, "path"));
    s->host = g_strdup(optlist_get(opts, "host"));
    s->port = g_strdup(optlist_get(opts, "port"));
    if (!optlist_bool(opts, "server", &s->server, error) ||
        !optlist_bool(opts, "wait", &s->wait, error) ||
        !optlist_bool(opts, "telnet", &s->telnet, error) ||
        !optlist_uint(opts, "reconnect", 0, 86400, &s->reconnect, error)) {
        return false;
    }
    s->wait = s->wait && s->server;
    return true;
}

/* A number, or the name of a service. */
static bool check_port(const char *port, GError **error)
{
    uint64_t number;
    if (opt_parse_uint(port, &number) ? number <= UINT16_MAX : getservbyname(port, "tcp") != NULL) {
        return true;
    }
    g_set_error(error, OPT_ERROR, 0, "port %s is neither a number from 0 to 65535 nor a service",
                port);
    return false;
}

static bool socket_open(Chardev *chr, OptList *opts, GError **error)
{
    ChrSocket *s = (ChrSocket *)chr;
    const char *fd_text = optlist_get(opts, "fd");
    uint64_t fd = 0;
    s->given_fd = s->listener = -1;
    if (!parse_options(s, opts, error) || !optlist_uint(opts, "fd", 0, INT32_MAX, &fd, error) ||
        !optlist_finish(opts, error)) {
        return false;
    }
    if (!s->path && !s->port && !fd_text) {
        g_set_error(error, OPT_ERROR, 0, "path=, or host= and port=, or fd= is missing");
        return false;
    }
    if (s->port && !check_port(s->port, error)) {
        return false;
    }
    if (!s->path && !s->host) {
        s->host = g_strdup("");
    }
    g_autofree char *where =
        s->path   ? g_strdup_printf("unix:%s", s->path)
        : fd_text ? g_strdup_printf("fd:%s", fd_text)
                  : g_strdup_printf("%s:%s:%s", s->telnet ? "telnet" : "tcp", s->host, s->port);
    chr_set_filename(chr, "%s%s", where, s->server ? ",server=on" : "");
    s->given_fd = fd_text ? (int)fd : -1;
    if (fd_text && fcntl(s->given_fd, F_GETFD) < 0) {
        return socket_error(error, s, "use");
    }
    if (fd_text && s->server) {
        s->listener = s->given_fd;
    } else if (fd_text) {
        take_connection(s, s->given_fd);
        return true;
    }
    return s->server ? start_server(s, error) : start_client(s, error);
}

static void socket_close(Chardev *chr)
{
    ChrSocket *s = (ChrSocket *)chr;
    socket_drop_source(&s->listen_watch);
    socket_drop_source(&s->retry);
    chr_fd_close(&s->fd);
    if (s->listener >= 0) {
        close(s->listener);
        if (s->server && s->path) {
            unlink(s->path);
        }
    }
    g_free(s->path);
    g_free(s->host);
    g_free(s->port);
}

static void socket_write(Chardev *chr, const uint8_t *data, size_t len)
{
    ChrSocket *s = (ChrSocket *)chr;
    if (s->connected && s->telnet) {
        g_autofree uint8_t *sent = g_malloc(2 * len);
        chr_fd_write(&s->fd, sent, telnet_encode(sent, data, len));
    } else if (s->connected) {
        chr_fd_write(&s->fd, data, len);
    }
}

static void socket_accept_input(Chardev *chr)
{
    ChrSocket *s = (ChrSocket *)chr;
    if (s->connected) {
        chr_fd_update(&s->fd);
    }
}

static bool socket_is_open(Chardev *chr)
{
    return ((ChrSocket *)chr)->connected;
}

const ChrOps chr_socket_ops = {
    .name = "socket",
    .instance_size = sizeof(ChrSocket),
    .open = socket_open,
    .close = socket_close,
    .write = socket_write,
    .accept_input = socket_accept_input,
    .is_open = socket_is_open,
};

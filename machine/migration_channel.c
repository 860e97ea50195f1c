/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's side of a migration (machine/migration_channel.h). */
#include "machine/migration_channel.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/optlist.h"

#define READ_BYTES 65536u

typedef struct {
    int fd;        /* -1: none yet */
    FILE *command; /* exec:, whose descriptor it is; NULL: none */
} Channel;

static bool host_error(GError **error, const char *uri)
{
    g_set_error(error, OPT_ERROR, 0, "%s: %s", uri, g_strerror(errno));
    return false;
}

/* Of a command: false if it failed. */
static bool channel_close(Channel *c, const char *uri, GError **error)
{
    int status = 0;
    if (c->command) {
        status = pclose(c->command);
    } else if (c->fd >= 0) {
        close(c->fd);
    }
    *c = (Channel){.fd = -1};
    if (status != 0) {
        g_set_error(error, OPT_ERROR, 0, "%s: the command failed", uri);
    }
    return status == 0;
}

typedef int (*SocketVerb)(int fd, const struct sockaddr *addr, socklen_t len);

static int socket_for(int family, const struct sockaddr *addr, socklen_t len, SocketVerb verb)
{
    int on = 1, fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    if (family != AF_UNIX) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    }
    if (verb(fd, addr, len) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool open_unix(const char *uri, const char *path, SocketVerb verb, int *fd, GError **error)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    if (!path[0] || strlen(path) >= sizeof(addr.sun_path)) {
        g_set_error(error, OPT_ERROR, 0, "%s: is no path of 1 to %zu letters", uri,
                    sizeof(addr.sun_path) - 1);
        return false;
    }
    strcpy(addr.sun_path, path);
    if (verb == bind) {
        unlink(path);
    }
    *fd = socket_for(AF_UNIX, (const struct sockaddr *)&addr, sizeof(addr), verb);
    return *fd >= 0 || host_error(error, uri);
}

static bool open_tcp(const char *uri, const char *where, SocketVerb verb, int *fd, GError **error)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = verb == bind ? AI_PASSIVE : 0};
    struct addrinfo *found = NULL;
    const char *colon = strrchr(where, ':');
    g_autofree char *host = colon ? g_strndup(where, (gsize)(colon - where)) : NULL;
    if (!colon || !colon[1]) {
        g_set_error(error, OPT_ERROR, 0, "%s: has no port; write tcp:HOST:PORT", uri);
        return false;
    }
    int why = getaddrinfo(host[0] ? host : NULL, colon + 1, &hints, &found);
    if (why != 0) {
        g_set_error(error, OPT_ERROR, 0, "%s: %s", uri, gai_strerror(why));
        return false;
    }
    *fd = -1;
    for (const struct addrinfo *a = found; a && *fd < 0; a = a->ai_next) {
        *fd = socket_for(a->ai_family, a->ai_addr, a->ai_addrlen, verb);
    }
    freeaddrinfo(found);
    return *fd >= 0 || host_error(error, uri);
}

static bool open_fd(const char *uri, const char *text, int *fd, GError **error)
{
    uint64_t number;
    if (!opt_parse_uint(text, &number) || number > INT32_MAX) {
        g_set_error(error, OPT_ERROR, 0,
                    "%s: write fd:NUMBER, of a descriptor that this process was started with", uri);
        return false;
    }
    *fd = (int)number;
    return fcntl(*fd, F_GETFD) >= 0 || host_error(error, uri);
}

static bool open_program(Channel *c, const char *uri, SocketVerb verb, GError **error)
{
    c->command = popen(uri + strlen("exec:"), verb == bind ? "re" : "we");
    c->fd = c->command ? fileno(c->command) : -1;
    if (!c->command && errno == EPERM) {
        g_set_error(error, OPT_ERROR, 0,
                    "%s: the sandbox lets no program start; -sandbox off would", uri);
        return false;
    }
    return c->command || host_error(error, uri);
}

/* `verb` is bind or connect; *listens if somebody has to come first. */
static bool channel_open(Channel *c, const char *uri, SocketVerb verb, bool *listens,
                         GError **error)
{
    *c = (Channel){.fd = -1};
    *listens = false;
    if (g_str_has_prefix(uri, "exec:")) {
        return open_program(c, uri, verb, error);
    }
    if (g_str_has_prefix(uri, "fd:")) {
        return open_fd(uri, uri + 3, &c->fd, error);
    }
    *listens = verb == bind;
    if (g_str_has_prefix(uri, "unix:")) {
        return open_unix(uri, uri + 5, verb, &c->fd, error);
    }
    return open_tcp(uri, uri + 4, verb, &c->fd, error);
}

static bool channel_write_bytes(int fd, const GByteArray *bytes)
{
    for (guint done = 0; done < bytes->len;) {
        ssize_t n = write(fd, bytes->data + done, bytes->len - done);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        done += n > 0 ? (guint)n : 0;
    }
    return true;
}

bool migration_channel_put(const char *uri, const GByteArray *bytes, GError **error)
{
    Channel c;
    bool listens;
    if (!channel_open(&c, uri, connect, &listens, error)) {
        return false;
    }
    if (!channel_write_bytes(c.fd, bytes)) {
        host_error(error, uri);
        channel_close(&c, uri, NULL);
        return false;
    }
    return channel_close(&c, uri, error);
}

typedef struct {
    Channel channel;
    char *uri;
    GByteArray *bytes;
    uint64_t most;
    MigrationTaken taken;
    void *opaque;
} Incoming;

static void incoming_end(Incoming *in, GError *error)
{
    if (!error) {
        channel_close(&in->channel, in->uri, &error);
    } else {
        channel_close(&in->channel, in->uri, NULL);
    }
    in->taken(in->opaque, error ? NULL : in->bytes, error);
    g_clear_error(&error);
    g_byte_array_unref(in->bytes);
    g_free(in->uri);
    g_free(in);
}

static gboolean incoming_readable(gint fd, GIOCondition condition, gpointer opaque)
{
    Incoming *in = opaque;
    GError *error = NULL;
    guint had = in->bytes->len;
    g_byte_array_set_size(in->bytes, had + READ_BYTES);
    ssize_t n = read(fd, in->bytes->data + had, READ_BYTES);
    g_byte_array_set_size(in->bytes, had + (n > 0 ? (guint)n : 0));
    if (n < 0 && errno == EINTR) {
        return G_SOURCE_CONTINUE;
    }
    if (n < 0) {
        host_error(&error, in->uri);
    } else if (in->bytes->len > MIN(in->most, G_MAXUINT - READ_BYTES)) {
        g_set_error(&error, OPT_ERROR, 0, "%s: what comes is of a larger machine than this",
                    in->uri);
    } else if (n > 0) {
        return G_SOURCE_CONTINUE;
    }
    incoming_end(in, error);
    return G_SOURCE_REMOVE;
}

static gboolean incoming_came(gint listener, GIOCondition condition, gpointer opaque)
{
    Incoming *in = opaque;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        return G_SOURCE_CONTINUE;
    }
    close(listener);
    in->channel.fd = fd;
    g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, incoming_readable, in);
    return G_SOURCE_REMOVE;
}

bool migration_channel_take(const char *uri, uint64_t most, MigrationTaken taken, void *opaque,
                            GError **error)
{
    Channel c;
    bool listens;
    if (!channel_open(&c, uri, bind, &listens, error)) {
        return false;
    }
    if (listens && listen(c.fd, 1) != 0) {
        host_error(error, uri);
        channel_close(&c, uri, NULL);
        return false;
    }
    Incoming *in = g_new0(Incoming, 1);
    *in = (Incoming){c, g_strdup(uri), g_byte_array_new(), most, taken, opaque};
    g_unix_fd_add(c.fd, G_IO_IN | G_IO_HUP | G_IO_ERR, listens ? incoming_came : incoming_readable,
                  in);
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* udp: datagrams to host=:port=, and from there to localaddr=:localport=. */
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chardev/internal.h"

typedef struct {
    Chardev chr;
    ChrFd fd;
} ChrUdp;

/* Binds or connects `fd` (-1: a new one) to the first of the host's addresses that takes it: the
 * socket, or -1. */
static int udp_use(int fd, const char *host, const char *port, int flags,
                   int (*use)(int, const struct sockaddr *, socklen_t), int family)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_DGRAM, .ai_flags = flags};
    struct addrinfo *found;
    if (getaddrinfo(host[0] ? host : NULL, port, &hints, &found) != 0) {
        errno = EHOSTUNREACH;
        return -1;
    }
    int used = -1;
    for (struct addrinfo *a = found; a && used < 0; a = a->ai_next) {
        int s = fd >= 0 ? fd : socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (s >= 0 && use(s, a->ai_addr, a->ai_addrlen) == 0) {
            used = s;
        } else if (s >= 0 && fd < 0) {
            close(s);
        }
    }
    freeaddrinfo(found);
    return used;
}

static int udp_family(int fd)
{
    int family = AF_UNSPEC;
    socklen_t len = sizeof(family);
    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
    return family;
}

static int udp_socket(const char *host, const char *port, const char *local, const char *local_port)
{
    if (!local && !local_port) {
        return udp_use(-1, host, port, 0, connect, AF_UNSPEC);
    }
    int fd = udp_use(-1, local ? local : "", local_port ? local_port : "0", AI_PASSIVE, bind,
                     local && local[0] ? AF_UNSPEC : AF_INET);
    if (fd >= 0 && udp_use(fd, host, port, 0, connect, udp_family(fd)) < 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

static bool udp_open(Chardev *chr, OptList *opts, GError **error)
{
    static const char *const harmless[] = {"ipv4", "ipv6", NULL};
    optlist_ignore(opts, harmless);
    const char *host = optlist_get(opts, "host"), *port = optlist_get(opts, "port"),
               *local = optlist_get(opts, "localaddr"),
               *local_port = optlist_get(opts, "localport");
    if (!port) {
        g_set_error(error, OPT_ERROR, 0, "port= is missing");
        return false;
    }
    host = host && host[0] ? host : "localhost";
    int fd = udp_socket(host, port, local, local_port);
    if (fd < 0) {
        g_set_error(error, OPT_ERROR, 0, "udp:%s:%s: cannot be reached: %s", host, port,
                    g_strerror(errno));
        return false;
    }
    chr_set_filename(chr, "udp:%s:%s", host, port);
    chr_fd_init(&((ChrUdp *)chr)->fd, chr, fd, fd, NULL);
    ((ChrUdp *)chr)->fd.datagrams = true;
    return true;
}

static void udp_close(Chardev *chr)
{
    chr_fd_close(&((ChrUdp *)chr)->fd);
}

static void udp_write(Chardev *chr, const uint8_t *data, size_t len)
{
    chr_fd_write(&((ChrUdp *)chr)->fd, data, len);
}

static void udp_accept_input(Chardev *chr)
{
    chr_fd_update(&((ChrUdp *)chr)->fd);
}

const ChrOps chr_udp_ops = {
    .name = "udp",
    .instance_size = sizeof(ChrUdp),
    .open = udp_open,
    .close = udp_close,
    .write = udp_write,
    .accept_input = udp_accept_input,
};

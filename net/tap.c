/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tap: an Ethernet interface of the host's, by /dev/net/tun or by a descriptor that somebody
 * opened. The interface is set up by others: no scripts are run. Left out: vhost, several queues,
 * offloads of the host's.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "net/link.h"

#define TUN_PATH "/dev/net/tun"

typedef struct {
    Netdev nd;
    NetLink link;
} NetTapDevice;

/* The interface's name in *request, the one that the host chose if none is given. */
static int tap_open_interface(const char *name, struct ifreq *request, GError **error)
{
    *request = (struct ifreq){.ifr_flags = IFF_TAP | IFF_NO_PI};
    if (name && strlen(name) >= sizeof(request->ifr_name)) {
        g_set_error(error, OPT_ERROR, 0, "ifname=%s: is longer than %d characters", name,
                    IFNAMSIZ - 1);
        return -1;
    }
    if (name) {
        strcpy(request->ifr_name, name);
    }
    int fd = open(TUN_PATH, O_RDWR | O_CLOEXEC);
    if (fd < 0 || ioctl(fd, TUNSETIFF, request) != 0) {
        g_set_error(error, OPT_ERROR, 0, "ifname=%s: %s by " TUN_PATH, name ? name : "",
                    g_strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

/* Scripts that set the interface up are the user's to run. */
static bool tap_has_no_script(OptList *opts, GError **error)
{
    static const char *const keys[] = {"script", "downscript"};
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        const char *script = optlist_get(opts, keys[i]);
        if (script && strcmp(script, "no") != 0 && script[0]) {
            g_set_error(error, OPT_ERROR, 0,
                        "%s=%s: scripts are not run; set the interface up first and write %s=no",
                        keys[i], script, keys[i]);
            return false;
        }
    }
    return true;
}

static bool tap_open(Netdev *nd, OptList *opts, GError **error)
{
    NetTapDevice *t = (NetTapDevice *)nd;
    const char *name = optlist_get(opts, "ifname"), *fd_text = optlist_get(opts, "fd");
    uint64_t given = 0;
    struct ifreq request;
    bool vhost = false;
    net_link_init(&t->link, nd);
    if (!tap_has_no_script(opts, error) || !optlist_bool(opts, "vhost", &vhost, error) ||
        !optlist_uint(opts, "fd", 0, INT32_MAX, &given, error) || !optlist_finish(opts, error)) {
        return false;
    }
    if (vhost) {
        g_set_error(error, OPT_ERROR, 0, "vhost=on: is not supported; leave it out");
        return false;
    }
    int fd = (int)given;
    if (fd_text && fcntl(fd, F_GETFD) < 0) {
        g_set_error(error, OPT_ERROR, 0, "fd=%d: can't use file descriptor: %s", fd,
                    g_strerror(errno));
        return false;
    }
    if (!fd_text) {
        fd = tap_open_interface(name, &request, error);
    }
    if (fd < 0) {
        return false;
    }
    netdev_set_info(nd, "%s=%s", fd_text ? "fd" : "ifname", fd_text ? fd_text : request.ifr_name);
    net_link_open(&t->link, fd, LINK_TAP, NULL);
    return true;
}

static void tap_close(Netdev *nd)
{
    net_link_free(&((NetTapDevice *)nd)->link);
}

static void tap_send(Netdev *nd, const uint8_t *frame, size_t len)
{
    net_link_send(&((NetTapDevice *)nd)->link, frame, len);
}

static void tap_accept(Netdev *nd)
{
    net_link_accept(&((NetTapDevice *)nd)->link);
}

const NetdevOps net_tap_ops = {
    .name = "tap",
    .instance_size = sizeof(NetTapDevice),
    .open = tap_open,
    .close = tap_close,
    .send = tap_send,
    .accept = tap_accept,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -netdev user: addresses and names (the spellings of QEMU's manual page). */
#include <arpa/inet.h>
#include <string.h>

#include "net/net.h"
#include "net/user.h"

#define CONFIG_VERSION 4 /* of SlirpConfig: the newest that we fill in */
#define MAX_HOSTNAME   33
#define MIN_MASK_BITS  4
#define V6_PREFIX_BITS 64

/* Where things are in a network unless said otherwise. */
enum { HOST_AT = 2, DNS_AT = 3, DHCP_AT = 15 };

static bool read_ip4(OptList *opts, const char *key, struct in_addr *addr, GError **error)
{
    const char *text = optlist_get(opts, key);
    if (!text || inet_pton(AF_INET, text, addr) == 1) {
        return true;
    }
    g_set_error(error, OPT_ERROR, 0, "%s=%s: is no IPv4 address; write one like 10.0.2.2", key,
                text);
    return false;
}

static bool read_ip6(OptList *opts, const char *key, struct in6_addr *addr, GError **error)
{
    const char *text = optlist_get(opts, key);
    if (!text || inet_pton(AF_INET6, text, addr) == 1) {
        return true;
    }
    g_set_error(error, OPT_ERROR, 0, "%s=%s: is no IPv6 address; write one like fec0::2", key,
                text);
    return false;
}

/* "24" or "255.255.255.0" */
static bool parse_mask(const char *text, struct in_addr *mask)
{
    uint64_t bits;
    if (!opt_parse_uint(text, &bits)) {
        uint32_t inverse = inet_pton(AF_INET, text, mask) == 1 ? ~ntohl(mask->s_addr) : 1;
        return (inverse & (inverse + 1)) == 0 && inverse >> (32 - MIN_MASK_BITS) == 0;
    }
    mask->s_addr = htonl(bits >= MIN_MASK_BITS && bits <= 32 ? UINT32_MAX << (32 - bits) : 0);
    return mask->s_addr != 0;
}

/* net=ADDRESS[/MASK]; without a mask that of the address's class (RFC 791). */
static bool read_network(SlirpConfig *c, OptList *opts, GError **error)
{
    const char *text = optlist_get(opts, "net");
    text = text ? text : "10.0.2.0/24";
    g_auto(GStrv) parts = g_strsplit(text, "/", 2);
    if (inet_pton(AF_INET, parts[0] ? parts[0] : "", &c->vnetwork) != 1) {
        g_set_error(error, OPT_ERROR, 0, "net=%s: is no network; write one like 10.0.2.0/24", text);
        return false;
    }
    uint32_t address = ntohl(c->vnetwork.s_addr);
    const char *mask = parts[1]             ? parts[1]
                       : address >> 31 == 0 ? "8"
                       : address >> 30 == 2 ? "16"
                                            : "24";
    if (!parse_mask(mask, &c->vnetmask)) {
        g_set_error(error, OPT_ERROR, 0,
                    "net=%s: the mask is %d to 32 bits, written as a number or as an address", text,
                    MIN_MASK_BITS);
        return false;
    }
    c->vnetwork.s_addr &= c->vnetmask.s_addr;
    return true;
}

static struct in_addr address_at(const SlirpConfig *c, uint32_t n)
{
    return (struct in_addr){.s_addr = c->vnetwork.s_addr | (htonl(n) & ~c->vnetmask.s_addr)};
}

static bool is_inside(const SlirpConfig *c, const char *key, struct in_addr addr, GError **error)
{
    if ((addr.s_addr & c->vnetmask.s_addr) == c->vnetwork.s_addr) {
        return true;
    }
    char text[INET_ADDRSTRLEN];
    g_set_error(error, OPT_ERROR, 0, "%s=%s: is outside of the network (net=)", key,
                inet_ntop(AF_INET, &addr, text, sizeof(text)));
    return false;
}

static bool read_ip4_addresses(SlirpConfig *c, OptList *opts, GError **error)
{
    if (!read_network(c, opts, error)) {
        return false;
    }
    c->vhost = address_at(c, HOST_AT);
    c->vnameserver = address_at(c, DNS_AT);
    c->vdhcp_start = address_at(c, DHCP_AT);
    if (!read_ip4(opts, "host", &c->vhost, error) ||
        !read_ip4(opts, "dns", &c->vnameserver, error) ||
        !read_ip4(opts, "dhcpstart", &c->vdhcp_start, error) ||
        !is_inside(c, "host", c->vhost, error) || !is_inside(c, "dns", c->vnameserver, error) ||
        !is_inside(c, "dhcpstart", c->vdhcp_start, error)) {
        return false;
    }
    if (c->vhost.s_addr == c->vnameserver.s_addr || c->vhost.s_addr == c->vdhcp_start.s_addr ||
        c->vnameserver.s_addr == c->vdhcp_start.s_addr) {
        g_set_error(error, OPT_ERROR, 0,
                    "host=, dns= and dhcpstart= must be three different addresses");
        return false;
    }
    return true;
}

static bool read_ip6_addresses(SlirpConfig *c, OptList *opts, GError **error)
{
    const char *text = optlist_get(opts, "ipv6-net");
    g_auto(GStrv) parts = g_strsplit(text ? text : "fec0::/64", "/", 2);
    uint64_t bits = V6_PREFIX_BITS;
    if (inet_pton(AF_INET6, parts[0] ? parts[0] : "", &c->vprefix_addr6) != 1 ||
        (parts[1] && (!opt_parse_uint(parts[1], &bits) || bits == 0 || bits > 126))) {
        g_set_error(error, OPT_ERROR, 0, "ipv6-net=%s: is no network; write one like fec0::/64",
                    text);
        return false;
    }
    c->vprefix_len = (uint8_t)bits;
    c->vhost6 = c->vnameserver6 = c->vprefix_addr6;
    c->vhost6.s6_addr[15] |= HOST_AT;
    c->vnameserver6.s6_addr[15] |= DNS_AT;
    return read_ip6(opts, "ipv6-host", &c->vhost6, error) &&
           read_ip6(opts, "ipv6-dns", &c->vnameserver6, error);
}

/* Both, unless one is asked for by itself. */
static bool read_families(SlirpConfig *c, OptList *opts, GError **error)
{
    bool ip4 = true, ip6 = true;
    if (!optlist_bool(opts, "ipv4", &ip4, error) || !optlist_bool(opts, "ipv6", &ip6, error)) {
        return false;
    }
    bool only4 = optlist_get(opts, "ipv4") && ip4 && !optlist_get(opts, "ipv6");
    bool only6 = optlist_get(opts, "ipv6") && ip6 && !optlist_get(opts, "ipv4");
    c->in_enabled = ip4 && !only6;
    c->in6_enabled = ip6 && !only4;
    if (!c->in_enabled && !c->in6_enabled) {
        g_set_error(error, OPT_ERROR, 0, "ipv4=off and ipv6=off leave no network; turn one on");
        return false;
    }
    return true;
}

static const char *keep_text(UserOptions *o, OptList *opts, const char *key)
{
    const char *text = optlist_get(opts, key);
    if (!text) {
        return NULL;
    }
    char *copy = g_strdup(text);
    g_ptr_array_add(o->texts, copy);
    return copy;
}

static bool read_names(UserOptions *o, OptList *opts, GError **error)
{
    SlirpConfig *c = &o->config;
    c->vhostname = keep_text(o, opts, "hostname");
    c->vdomainname = keep_text(o, opts, "domainname");
    c->tftp_path = keep_text(o, opts, "tftp");
    c->tftp_server_name = keep_text(o, opts, "tftp-server-name");
    c->bootfile = keep_text(o, opts, "bootfile");
    if (c->vhostname && strlen(c->vhostname) > MAX_HOSTNAME) {
        g_set_error(error, OPT_ERROR, 0, "hostname=%s: is longer than %d characters", c->vhostname,
                    MAX_HOSTNAME);
        return false;
    }
    optlist_get(opts, "dnssearch");
    for (size_t i = 0; i < optlist_count(opts); i++) {
        if (strcmp(optlist_key(opts, i), "dnssearch") == 0) {
            g_ptr_array_add(o->dns_search, g_strdup(optlist_value(opts, i)));
        }
    }
    g_ptr_array_add(o->dns_search, NULL);
    c->vdnssearch = o->dns_search->len > 1 ? (const char **)o->dns_search->pdata : NULL;
    return true;
}

bool user_options_read(UserOptions *o, OptList *opts, GError **error)
{
    bool restricted = false;
    o->texts = g_ptr_array_new_with_free_func(g_free);
    o->dns_search = g_ptr_array_new_with_free_func(g_free);
    o->config = (SlirpConfig){.version = CONFIG_VERSION};
    optlist_get(opts, "hostfwd"); /* user_add_forwards() reads these */
    optlist_get(opts, "guestfwd");
    if (!optlist_bool(opts, "restrict", &restricted, error) ||
        !read_families(&o->config, opts, error) || !read_ip4_addresses(&o->config, opts, error) ||
        !read_ip6_addresses(&o->config, opts, error) || !read_names(o, opts, error) ||
        !optlist_finish(opts, error)) {
        return false;
    }
    o->config.restricted = restricted;
    return true;
}

void user_options_clear(UserOptions *o)
{
    g_clear_pointer(&o->texts, g_ptr_array_unref);
    g_clear_pointer(&o->dns_search, g_ptr_array_unref);
}

char *user_options_network(const UserOptions *o)
{
    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &o->config.vnetwork, text, sizeof(text));
    return g_strdup_printf("%s/%d", text, __builtin_popcount(o->config.vnetmask.s_addr));
}

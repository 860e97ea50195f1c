/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Options for networks: -netdev, -nic and -net. The last two are made of the first and a -device.
 * Left out: hubs, so each "-net nic" has a backend of its own.
 */
#include <stdio.h>
#include <string.h>

#include "system/options.h"

#define DEFAULT_MODEL "e1000e"
#define VIRTIO_MODEL  "virtio-net-pci" /* model=virtio */

void options_free_netdev(gpointer netdev)
{
    NetdevOption *option = netdev;
    g_free(option->option);
    g_free(option->text);
    g_free(option);
}

void options_free_net_nic(gpointer nic)
{
    NetNicOption *option = nic;
    g_free(option->option);
    g_free(option->device);
    g_free(option);
}

static NetdevOption *new_netdev(const char *option, const char *value, const char *text)
{
    NetdevOption *netdev = g_new0(NetdevOption, 1);
    netdev->option = g_strdup_printf("%s %s", option, value);
    netdev->text = g_strdup(text);
    return netdev;
}

static bool show_netdevs(Options *o)
{
    GString *text = g_string_new(NULL);
    netdev_help(text);
    fputs(text->str, stdout);
    g_string_free(text, TRUE);
    o->done = true;
    return true;
}

static bool opt_netdev(Options *o, const char *value, GError **error)
{
    if (opt_wants_help(value)) {
        return show_netdevs(o);
    }
    g_autofree char *text = options_flatten(value, error);
    if (!text) {
        return false;
    }
    g_ptr_array_add(o->netdevs, new_netdev("-netdev", value, text));
    return true;
}

static bool is_card(const DeviceClass *cls)
{
    return cls->user_creatable && device_class_find_prop(cls, "netdev");
}

/* model=: a network card, by name or alias. */
static const char *find_model(const char *model, GError **error)
{
    const DeviceClass *found =
        device_class_find(strcmp(model, "virtio") == 0 ? VIRTIO_MODEL : model);
    if (found && is_card(found)) {
        return found->name;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const DeviceClass *const *cls = device_classes; *cls; cls++) {
        if (is_card(*cls)) {
            g_ptr_array_add(names, (char *)(*cls)->name);
        }
    }
    opt_error_nearest(error, model, (const char *const *)names->pdata, names->len,
                      "Unsupported NIC model: %s", model);
    return NULL;
}

static bool show_models(Options *o)
{
    printf("Supported NIC models:\n");
    for (const DeviceClass *const *cls = device_classes; *cls; cls++) {
        if (is_card(*cls)) {
            printf("%s\n", (*cls)->name);
        }
    }
    o->done = true;
    return true;
}

/* Keys of -nic and "-net nic" that are the card's, and what -device calls them. */
static const char *card_key(const char *key)
{
    static const struct {
        const char *option, *prop;
    } keys[] = {
        {"mac", "mac"}, {"macaddr", "mac"},     {"addr", "addr"},
        {"bus", "bus"}, {"vectors", "vectors"}, {"netdev", "netdev"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (strcmp(key, keys[i].option) == 0) {
            return keys[i].prop;
        }
    }
    return NULL;
}

/* The card that `opts` describe, as -device's text. */
static char *card_text(OptList *opts, GError **error)
{
    const char *given = optlist_get(opts, "model");
    const char *model = find_model(given ? given : DEFAULT_MODEL, error);
    if (!model) {
        return NULL;
    }
    GString *card = g_string_new(model);
    for (size_t i = 0; i < optlist_count(opts); i++) {
        const char *prop = card_key(optlist_key(opts, i));
        if (prop) {
            optlist_put(card, prop, optlist_value(opts, i));
        }
    }
    return g_string_free(card, FALSE);
}

/* What of `opts` is the backend's, as -netdev's text. */
static char *backend_text(OptList *opts, const char *type, const char *id)
{
    GString *backend = g_string_new(type);
    optlist_put(backend, "id", id);
    for (size_t i = 0; i < optlist_count(opts); i++) {
        const char *key = optlist_key(opts, i);
        if (strcmp(key, "type") != 0 && strcmp(key, "model") != 0 && strcmp(key, "id") != 0 &&
            !card_key(key)) {
            optlist_put(backend, key, optlist_value(opts, i));
        }
    }
    return g_string_free(backend, FALSE);
}

static bool opt_nic(Options *o, const char *value, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(value, "type");
    const char *type = optlist_get(opts, "type"), *model = optlist_get(opts, "model"),
               *id = optlist_get(opts, "id");
    if (opt_wants_help(value) || (type && opt_wants_help(type))) {
        return show_netdevs(o);
    }
    if (model && opt_wants_help(model)) {
        return show_models(o);
    }
    if (type && strcmp(type, "none") == 0) {
        return true;
    }
    g_autofree char *card = card_text(opts, error);
    if (!card) {
        return false;
    }
    g_autofree char *own_id = g_strdup_printf("nic%u", o->nics++);
    g_autofree char *backend = backend_text(opts, type ? type : "user", id ? id : own_id);
    GString *device = g_string_new(card);
    optlist_put(device, "netdev", id ? id : own_id);
    g_ptr_array_add(o->netdevs, new_netdev("-nic", value, backend));
    g_ptr_array_add(o->devices, g_string_free(device, FALSE));
    return true;
}

static bool opt_net_nic(Options *o, const char *value, OptList *opts, GError **error)
{
    const char *model = optlist_get(opts, "model");
    static const char *const harmless[] = {"type", "name",    "mac",    "macaddr", "addr",
                                           "bus",  "vectors", "netdev", NULL};
    if (model && opt_wants_help(model)) {
        return show_models(o);
    }
    optlist_ignore(opts, harmless);
    if (!optlist_finish(opts, error)) {
        return false;
    }
    char *card = card_text(opts, error);
    if (!card) {
        return false;
    }
    NetNicOption *nic = g_new0(NetNicOption, 1);
    nic->option = g_strdup_printf("-net %s", value);
    nic->device = card;
    nic->has_netdev = optlist_get(opts, "netdev") != NULL;
    g_ptr_array_add(o->net_nics, nic);
    return true;
}

static bool opt_net(Options *o, const char *value, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(value, "type");
    const char *type = optlist_get(opts, "type");
    if (!type || opt_wants_help(type)) {
        return show_netdevs(o);
    }
    if (strcmp(type, "none") == 0) {
        return true;
    }
    if (strcmp(type, "nic") == 0) {
        return opt_net_nic(o, value, opts, error);
    }
    const char *name = optlist_get(opts, "id");
    g_autofree char *own_id = g_strdup_printf("net%u", o->net_backends->len);
    g_autofree char *text = backend_text(opts, type, name ? name : own_id);
    g_ptr_array_add(o->net_backends, new_netdev("-net", value, text));
    return true;
}

/* Cards that name no netdev get the backends in order; what is over has nobody to talk to. */
bool options_pair_net(Options *o, GError **error)
{
    guint next = 0;
    for (guint i = 0; i < o->net_nics->len; i++) {
        const NetNicOption *nic = o->net_nics->pdata[i];
        GString *device = g_string_new(nic->device);
        if (!nic->has_netdev && next < o->net_backends->len) {
            const NetdevOption *backend = o->net_backends->pdata[next++];
            g_autoptr(OptList) opts = optlist_parse(backend->text, "type");
            optlist_put(device, "netdev", optlist_get(opts, "id"));
        }
        g_ptr_array_add(o->devices, g_string_free(device, FALSE));
    }
    if (next < o->net_backends->len && o->net_nics->len > 0) {
        const NetdevOption *backend = o->net_backends->pdata[next];
        g_set_error(
            error, OPT_ERROR, 0,
            "%s: there is no '-net nic' left for it, and no hub that joins several; add one",
            backend->option);
        return false;
    }
    for (guint i = 0; i < o->net_backends->len; i++) {
        const NetdevOption *backend = o->net_backends->pdata[i];
        NetdevOption *copy = g_new0(NetdevOption, 1);
        copy->option = g_strdup(backend->option);
        copy->text = g_strdup(backend->text);
        g_ptr_array_add(o->netdevs, copy);
    }
    return true;
}

const OptRow opt_rows_net[] = {
    {"netdev", true, opt_netdev, "a network: BACKEND,id=ID[,...]; help lists them"},
    {"nic", true, opt_nic, "a network and its card: BACKEND[,model=,mac=,...], or none"},
    {"net", true, opt_net, "the same by two options: nic[,model=] and BACKEND[,...], or none"},
    {NULL},
};

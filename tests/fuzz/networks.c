/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames that a card is given from outside, well formed and not, of all lengths, while the guest
 * plays with its rings. The network behind is libslirp's, closed to the outside: what a card sends
 * comes to it.
 */
#include "fuzz.h"
#include "net/internal.h"
#include "tests/unit/machine-windows.h"

typedef struct {
    Box box;
    Netdev *nd;
    Map map;
} Net;

static void *networks_open(const void *data)
{
    Net *n = g_new0(Net, 1);
    MachineOptions options = box_machine_options();
    GError *error = NULL;
    box_begin(&n->box, &options);
    n->nd = netdev_new("user,id=n,restrict=on", n->box.platform.clock, &error);
    box_must(n->nd && backends_add_netdev(n->box.platform.backends, n->nd, &error), error);
    box_must(machine_build(n->box.machine, &error), error);
    g_autofree char *card = g_strdup_printf("%s,netdev=n", (const char *)data);
    box_must(machine_add_device(n->box.machine, card, &error), error);
    box_start(&n->box, &options);
    n->map = (Map){.windows = g_array_new(false, false, sizeof(Window))};
    map_device(&n->map, &n->box, find_pci(&n->box, data), true);
    return n;
}

static void networks_close(void *state)
{
    Net *n = state;
    g_array_unref(n->map.windows);
    box_close(&n->box);
    g_free(n);
}

/* Ethernet, perhaps with a VLAN's tag, IPv4 or 6, TCP or UDP: as far as the input wants. */
static void networks_frame(Net *n, FuzzInput *in)
{
    static const uint8_t headers[][20] = {
        {0x08, 0x00, 0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 0, 2, 2},
        {0x08, 0x00, 0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 17, 0, 0, 10, 0, 2, 2},
        {0x86, 0xdd, 0x60, 0, 0, 0, 0, 20, 6, 64, 0xfe, 0x80},
        {0x81, 0x00, 0, 1, 0x08, 0x00, 0x45, 0, 0, 40},
        {0x08, 0x06, 0, 1, 8, 0, 6, 4, 0, 1},
    };
    uint8_t frame[2048] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x55, 10, 0, 2, 2};
    if (fuzz_below(in, 2)) {
        memcpy(frame, (const uint8_t[]){0x52, 0x54, 0, 0x12, 0x34, 0x56}, 6);
    }
    memcpy(frame + 12, headers[fuzz_below(in, G_N_ELEMENTS(headers))], 20);
    size_t at = 12 + fuzz_below(in, 60);
    fuzz_take(in, frame + at, fuzz_below(in, 32));
    size_t len = fuzz_below(in, 3) ? 60 + fuzz_below(in, 200) : fuzz_below(in, sizeof(frame));
    netdev_deliver(n->nd, frame, len);
    netdev_offer(n->nd);
}

static void networks_access(Net *n, FuzzInput *in)
{
    const Window *w = &g_array_index(n->map.windows, Window, fuzz_below(in, n->map.windows->len));
    uint64_t value = fuzz_below(in, 2) ? 0x100000 + 16 * fuzz_below(in, 65536) : fuzz_number(in);
    as_store(w->ports ? n->box.platform.ports : n->box.platform.memory,
             w->base + (fuzz_below(in, MIN(w->len, 0x4000)) & ~3u), value, 4);
}

static void networks_run(void *state, FuzzInput *in)
{
    Net *n = state;
    GError *error = NULL;
    box_must(machine_restart(n->box.machine, &error), error);
    while (fuzz_more(in)) {
        unsigned kind = fuzz_below(in, 16);
        if (kind < 4) {
            networks_frame(n, in);
        } else if (kind < 12) {
            networks_access(n, in);
        } else if (kind < 14) {
            as_store(n->box.platform.memory, 0x100000 + 8 * fuzz_below(in, 65536),
                     fuzz_below(in, 2) ? 0x100000 + fuzz_below(in, 65536) : fuzz_number(in), 8);
        } else if (kind < 15) {
            netdev_set_link(n->nd, fuzz_below(in, 2));
        } else {
            let_pass(&n->box, 1ll << fuzz_below(in, 20));
        }
    }
    let_pass(&n->box, NS_PER_MS);
}

#define CARD(card)                                                                                 \
    {                                                                                              \
        "net-" card, networks_open, networks_run, networks_close, card, .length = 4000,            \
                                                                        .renew = 100, .cost = 8,   \
    }

const FuzzTarget fuzz_networks[] = {
    CARD("e1000"), CARD("e1000e"), CARD("igb"), CARD("virtio-net-pci"), {0}};

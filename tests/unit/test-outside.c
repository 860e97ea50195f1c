/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The door to the outside: who is asked, what is kept, and a recording's lines. */
#include "hw/core/outside.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>

#include "chardev/internal.h"
#include "machine-fixture.h"
#include "monitor/commands.h"
#include "monitor/hmp.h"
#include "monitor/hmp_commands.h"
#include "monitor/qmp.h"
#include "net/outside.h"
#include "system/replay_items.h"

typedef struct {
    bool shut; /* no command passes */
    bool past; /* nothing goes out */
    unsigned frames;
    CommandEffect effect; /* of the last command */
    CommandTongue tongue;
    char *text;
} Keeper;

static size_t keeper_room(void *opaque, const char *netdev)
{
    return 4 - MIN(((Keeper *)opaque)->frames, 4);
}

static void keeper_frame(void *opaque, const char *netdev, const uint8_t *data, size_t len)
{
    g_assert_cmpstr(netdev, ==, "n");
    ((Keeper *)opaque)->frames++;
}

static bool keeper_sends(void *opaque)
{
    return !((Keeper *)opaque)->past;
}

static bool keeper_command(void *opaque, CommandEffect effect, CommandTongue tongue,
                           const char *text, GError **error)
{
    Keeper *keeper = opaque;
    keeper->effect = effect;
    keeper->tongue = tongue;
    g_free(keeper->text);
    keeper->text = g_strdup(text);
    if (keeper->shut) {
        g_set_error(error, OPT_ERROR, 0, "the door is shut");
    }
    return !keeper->shut;
}

static const OutsideOps keeper_ops = {keeper_room, keeper_frame, keeper_sends, keeper_command};

static void check_qmp_row(const QmpCommand *command, void *opaque)
{
    if (command->effect == COMMAND_UNSTATED) {
        g_error("QMP's %s does not say what it does to the machine (.effect)", command->name);
    }
}

static void check_hmp_rows(const HmpCommand *table)
{
    for (const HmpCommand *c = table; c->name; c++) {
        if (c->effect == COMMAND_UNSTATED) {
            g_error("HMP's %s does not say what it does to the machine (.effect)", c->name);
        }
    }
}

/* Both monitors agree about what both have. */
static void check_same(const QmpCommand *command, void *opaque)
{
    for (const HmpCommand *c = hmp_commands; c->name; c++) {
        if (strcmp(c->name, command->name) == 0) {
            g_assert_cmpint(c->effect, ==, command->effect);
        }
    }
}

static void test_rows(void)
{
    qmp_command_foreach(check_qmp_row, NULL);
    check_hmp_rows(hmp_commands);
    check_hmp_rows(hmp_info_pages);
    qmp_command_foreach(check_same, NULL);
}

static char *said(Machine *machine, const char *line)
{
    GString *out = g_string_new(NULL);
    hmp_execute(machine, 0, line, out);
    return g_string_free(out, FALSE);
}

static void test_commands(void)
{
    Box box;
    Keeper keeper = {.shut = true};
    const MachineOptions options = box_machine_options();
    box_open(&box, &options, false);
    Outside *outside = backends_outside(box.platform.backends);
    outside->ops = &keeper_ops;
    outside->opaque = &keeper;
    g_autofree char *refused = said(box.machine, "system_reset");
    g_assert_cmpstr(refused, ==, "Error: the door is shut\n");
    g_assert_false(runstate_pending(box.runstate));
    g_assert_cmpint(keeper.effect, ==, COMMAND_CHANGES);
    keeper.shut = false;
    g_autofree char *taken = said(box.machine, "  system_reset ");
    g_assert_cmpstr(taken, ==, "");
    g_assert_cmpstr(keeper.text, ==, "  system_reset ");
    g_assert_cmpint(keeper.tongue, ==, COMMAND_HMP);
    g_assert_true(runstate_take(box.runstate).reset);
    g_autofree char *shown = said(box.machine, "info status");
    g_assert_cmpint(keeper.effect, ==, COMMAND_KEEPS);
    g_autofree char *other = said(box.machine, "loadvm x");
    g_assert_cmpint(keeper.effect, ==, COMMAND_REPLACES);
    qmp_execute(box.machine, "{\"execute\": \"system_reset\", \"arguments\": {}}");
    g_assert_true(runstate_take(box.runstate).reset);
    qmp_execute(box.machine, "{\"execute\": \"no such\", \"arguments\": {}}");
    qmp_execute(box.machine, "{\"execute\": \"device_add\", \"arguments\": {}}");
    qmp_execute(box.machine, "rubbish");
    outside->ops = NULL;
    box_close(&box);
    g_free(keeper.text);
}

typedef struct {
    unsigned frames, bursts;
} Card;

static bool outside_receive(void *opaque, const NetFrame *frame)
{
    ((Card *)opaque)->frames++;
    return true;
}

static void outside_received(void *opaque)
{
    ((Card *)opaque)->bursts++;
}

static void outside_can_send(void *opaque)
{
}

static const NicOps outside_nic = {
    .receive = outside_receive, .received = outside_received, .can_send = outside_can_send};

static void look_at_host(void)
{
    while (g_main_context_iteration(NULL, FALSE)) {
    }
}

static void send_frames(int fd, unsigned count)
{
    static const uint8_t frame[60] = {1, 2, 3};
    for (unsigned i = 0; i < count; i++) {
        g_assert_cmpint(send(fd, frame, sizeof(frame), 0), ==, sizeof(frame));
    }
}

/* A frame of the host's does not come to the card before whoever keeps the door hands it over. */
static void test_frames(void)
{
    Keeper keeper = {0};
    Card card = {0};
    const Outside outside = {.keeps_frames = true, .ops = &keeper_ops, .opaque = &keeper};
    static const uint8_t data[60] = {4, 5, 6};
    const NetFrame frame = {.data = data, .len = sizeof(data)};
    int fds[2];
    uint8_t got[100];
    GError *error = NULL;
    Clock *clock = clock_new(CLOCK_MANUAL);
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), ==, 0);
    g_autofree char *text = g_strdup_printf("socket,id=n,fd=%d", fds[0]);
    Netdev *nd = netdev_new_outside(text, clock, &outside, &error);
    box_must(nd && netdev_attach(nd, "card", &outside_nic, &card, &error), error);
    send_frames(fds[1], 6);
    look_at_host();
    g_assert_cmpuint(keeper.frames, ==,
                     4); /* there was no room for more: they stay with the host */
    g_assert_cmpuint(card.frames, ==, 0);
    netdev_enter(nd, data, sizeof(data));
    netdev_enter(nd, data, sizeof(data));
    g_assert_cmpuint(card.frames, ==, 0);
    netdev_enter_end(nd);
    g_assert_cmpuint(card.frames, ==, 2);
    g_assert_cmpuint(card.bursts, ==, 1);
    keeper.frames = 0;
    netdev_enter_end(nd);
    look_at_host();
    g_assert_cmpuint(keeper.frames, ==, 2);
    g_assert_true(netdev_send(nd, &frame));
    g_assert_cmpint(recv(fds[1], got, sizeof(got), MSG_DONTWAIT), ==, sizeof(data));
    keeper.past = true;
    g_assert_true(netdev_send(nd, &frame));
    g_assert_cmpint(recv(fds[1], got, sizeof(got), MSG_DONTWAIT), ==, -1);
    netdev_detach(nd);
    netdev_free(nd);
    close(fds[1]);
    clock_free(clock);
}

static void test_closed(void)
{
    Keeper keeper = {0};
    const Outside outside = {true, true, &keeper_ops, &keeper};
    static const uint8_t data[60];
    const NetFrame frame = {.data = data, .len = sizeof(data)};
    GError *error = NULL;
    Clock *clock = clock_new(CLOCK_MANUAL);
    Netdev *nd =
        netdev_new_outside("tap,id=n,ifname=there-is-no-such-interface", clock, &outside, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(netdev_info(nd), ==, "as it was recorded");
    g_assert_true(netdev_send(nd, &frame));
    netdev_enter_end(nd);
    netdev_free(nd);
    clock_free(clock);
}

static size_t gate_room(void *opaque, Chardev *chr)
{
    return 100;
}

static void gate_data(void *opaque, Chardev *chr, const uint8_t *data, size_t len)
{
}

static void gate_event(void *opaque, Chardev *chr, ChrEvent event)
{
    *(unsigned *)opaque += event == CHR_BREAK;
}

static bool gate_mutes(void *opaque, Chardev *chr)
{
    return false;
}

static void guest_event(void *opaque, ChrEvent event)
{
    *(unsigned *)opaque += event == CHR_BREAK;
}

static size_t guest_room(void *opaque)
{
    return 100;
}

static void guest_receive(void *opaque, const uint8_t *data, size_t len)
{
}

/* Ctrl-A b is as much from outside as any key. */
static void test_mux_break(void)
{
    static const ChrGate gate = {gate_room, gate_data, gate_event, gate_mutes};
    static const ChrHandlers guest = {
        .can_receive = guest_room, .receive = guest_receive, .event = guest_event, .guest = true};
    unsigned gated = 0, breaks = 0;
    GError *error = NULL;
    Chardev *chr = chr_new_from_options("null,id=c,mux=on", &error);
    box_must(chr && chr_attach(chr, &guest, &breaks, &error), error);
    chr_receive(chr, (const uint8_t *)"\001b", 2);
    g_assert_cmpuint(breaks, ==, 1);
    chr_set_gate(chr, &gate, &gated);
    chr_receive(chr, (const uint8_t *)"\001b", 2);
    g_assert_cmpuint(breaks, ==, 1);
    g_assert_cmpuint(gated, ==, 1);
    chr_detach(chr, &breaks);
    chr_free(chr);
}

static GPtrArray *read_lines(const char *path, const char *text, const char *wrong)
{
    GPtrArray *items = replay_items_new();
    g_autoptr(GError) error = NULL;
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    bool good = replay_items_read(items, path, &error);
    g_assert_true(good == !wrong);
    if (wrong && !strstr(error->message, wrong)) {
        g_error("'%s' is not in '%s'", wrong, error->message);
    }
    return items;
}

static void test_items(void)
{
    static const struct {
        const char *text, *wrong;
    } bad[] = {
        {"", "no recording"},
        {"switchyard replay 1\n", "another version"},
        {"switchyard replay 2\n1 2 data c\n", "damaged"},
        {"switchyard replay 2\n1 2 data c \n", "damaged"},
        {"switchyard replay 2\n1 2 data c 0\n", "damaged"},
        {"switchyard replay 2\n1 2 event c 0102\n", "damaged"},
        {"switchyard replay 2\n1 2 nothing c 01\n", "damaged"},
        {"switchyard replay 2\n-1 2 data c 01\n", "damaged"},
        {"switchyard replay 2\n1 2 burst n 01\n", "damaged"},
    };
    g_autofree char *folder = g_dir_make_tmp("switchyard-test-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "recording", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_ptr_array_unref(read_lines(path, bad[i].text, bad[i].wrong));
    }
    GPtrArray *items =
        read_lines(path, "switchyard replay 2\n7 9 hmp - 6e6d69\n8 9 end - \n", NULL);
    const ReplayItem *item = items->pdata[0];
    g_autofree char *text = replay_item_text(item);
    g_assert_cmpint(item->kind, ==, ITEM_HMP);
    g_assert_cmpuint(item->executed, ==, 7);
    g_assert_cmpint(item->ns, ==, 9);
    g_assert_cmpstr(text, ==, "nmi");
    FILE *file = fopen(path, "w");
    replay_items_begin(file);
    replay_item_write(file, item);
    fclose(file);
    g_autofree char *written = NULL;
    g_assert_true(g_file_get_contents(path, &written, NULL, NULL));
    g_assert_cmpstr(written, ==, "switchyard replay 2\n7 9 hmp - 6e6d69\n");
    g_ptr_array_unref(items);
    g_unlink(path);
    g_rmdir(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/outside/rows", test_rows);
    g_test_add_func("/outside/commands", test_commands);
    g_test_add_func("/outside/frames", test_frames);
    g_test_add_func("/outside/closed", test_closed);
    g_test_add_func("/outside/mux-break", test_mux_break);
    g_test_add_func("/outside/items", test_items);
    return g_test_run();
}

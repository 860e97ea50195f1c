/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection, and who answers which packet. */
#include "gdb/server.h"

#include <string.h>

#include "machine/accel.h"

static void send_raw(Gdb *gdb, const char *data, size_t len)
{
    chr_write(gdb->chr, data, len);
}

void gdb_send(Gdb *gdb, const char *payload, size_t len)
{
    g_string_truncate(gdb->last, 0);
    gdb_frame_append(gdb->last, payload, len);
    send_raw(gdb, gdb->last->str, gdb->last->len);
}

void gdb_send_text(Gdb *gdb, const char *text)
{
    gdb_send(gdb, text, strlen(text));
}

void gdb_send_error(Gdb *gdb, int number)
{
    g_autofree char *text = g_strdup_printf("E%02x", number);
    gdb_send_text(gdb, text);
}

Vcpu *gdb_cpu(const Gdb *gdb)
{
    return gdb->machine->cpus[gdb->cpu];
}

/* The client is gone, or as good as: nothing of it stays in the guest. */
static void forget_client(Gdb *gdb)
{
    gdb_remove_all_breaks(gdb);
    gdb->no_ack = gdb->multiprocess = gdb->swbreak = gdb->physical = gdb->owes_stop = false;
    gdb->step_flags = GDB_STEP_BITS;
    gdb->cpu = gdb->resumed = 0;
    for (unsigned i = 0; i < gdb->machine->cpu_count; i++) {
        gdb->machine->cpus[i]->held = false;
    }
}

static void detach(Gdb *gdb, const char *args)
{
    gdb_send_text(gdb, "OK");
    forget_client(gdb);
    gdb_let_go(gdb);
}

static void kill_machine(Gdb *gdb, const char *args)
{
    runstate_request_shutdown(gdb->machine->runstate, CAUSE_HOST_QMP_QUIT);
}

/* vCont, vKill and those that do not exist. */
static void packet_v(Gdb *gdb, const char *args)
{
    if (strcmp(args, "Cont?") == 0) {
        gdb_send_text(gdb, "vCont;c;C;s;S");
    } else if (gdb_take_prefix(&args, "Cont;")) {
        gdb_resume(gdb, args);
    } else if (gdb_take_prefix(&args, "Kill;")) {
        gdb_send_text(gdb, "OK");
        kill_machine(gdb, args);
    } else {
        gdb_send_text(gdb, "");
    }
}

/* "Csig;ADDR" as "cADDR". */
static void continue_by_signal(Gdb *gdb, const char *args)
{
    gdb_continue(gdb, args + strcspn(args, ";") + (strchr(args, ';') != NULL));
}

static void step_by_signal(Gdb *gdb, const char *args)
{
    gdb_step(gdb, args + strcspn(args, ";") + (strchr(args, ';') != NULL));
}

typedef struct {
    char name;
    void (*answer)(Gdb *gdb, const char *args); /* of what follows the letter */
} Packet;
static const Packet packets[] = {
    {'?', gdb_say_stopped},     {'g', gdb_read_registers},
    {'G', gdb_write_registers}, {'p', gdb_read_register},
    {'P', gdb_write_register},  {'m', gdb_read_memory},
    {'M', gdb_write_memory},    {'Z', gdb_insert_break},
    {'z', gdb_remove_break},    {'H', gdb_select_thread},
    {'T', gdb_thread_alive},    {'c', gdb_continue},
    {'C', continue_by_signal},  {'s', gdb_step},
    {'S', step_by_signal},      {'D', detach},
    {'k', kill_machine},        {'v', packet_v},
    {'b', gdb_reverse},
};

static void answer_packet(Gdb *gdb, const char *payload, size_t len)
{
    if ((payload[0] == 'q' && gdb_query(gdb, payload + 1, len - 1)) ||
        (payload[0] == 'Q' && gdb_set(gdb, payload + 1))) {
        return;
    }
    if (payload[0] == 'X') {
        gdb_write_binary(gdb, payload + 1, len - 1);
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(packets); i++) {
        if (len > 0 && packets[i].name == payload[0]) {
            packets[i].answer(gdb, payload + 1);
            return;
        }
    }
    gdb_send_text(gdb, ""); /* not supported */
}

static void on_packet(void *opaque, const char *payload, size_t len)
{
    Gdb *gdb = opaque;
    if (!gdb->no_ack) {
        send_raw(gdb, "+", 1);
    }
    if (runstate_is_running(gdb->machine->runstate)) {
        runstate_stop(gdb->machine->runstate); /* whoever asks wants it to stand still */
    }
    answer_packet(gdb, payload, len);
}

static void on_damaged(void *opaque)
{
    send_raw(opaque, "-", 1);
}

static void on_again(void *opaque)
{
    Gdb *gdb = opaque;
    send_raw(gdb, gdb->last->str, gdb->last->len);
}

static void on_interrupt(void *opaque)
{
    Gdb *gdb = opaque;
    runstate_stop(gdb->machine->runstate);
}

static size_t gdb_can_receive(void *opaque)
{
    return GDB_PACKET_BYTES;
}

static void gdb_receive(void *opaque, const uint8_t *data, size_t len)
{
    gdb_frame_feed(&((Gdb *)opaque)->frame, data, len);
}

static void gdb_event(void *opaque, ChrEvent event)
{
    Gdb *gdb = opaque;
    if (event == CHR_OPENED) {
        gdb_frame_reset(&gdb->frame);
        runstate_stop(gdb->machine->runstate);
    } else if (event == CHR_CLOSED) {
        forget_client(gdb);
    }
}

Gdb *gdb_new(Machine *machine, Chardev *chr, GError **error)
{
    static const GdbFrameOps frame_ops = {on_packet, on_damaged, on_again, on_interrupt};
    static const ChrHandlers handlers = {gdb_can_receive, gdb_receive, gdb_event};
    if (machine->cpu_count == 0 || !machine->cpus[0]->ops->reg) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "-gdb needs vCPUs that execute; machine '%s' with -accel %s has none",
                    machine->cls->name, machine->opts.accel->name);
        return NULL;
    }
    Gdb *gdb = g_new0(Gdb, 1);
    gdb->machine = machine;
    gdb->chr = chr;
    gdb->last = g_string_new(NULL);
    gdb->breaks = g_array_new(false, false, sizeof(GdbBreak));
    gdb->sources = g_ptr_array_new();
    gdb_find_sources(gdb);
    gdb->step_flags = GDB_STEP_BITS;
    gdb_frame_init(&gdb->frame, &frame_ops, gdb);
    if (!chr_attach(chr, &handlers, gdb, error)) {
        gdb_free(gdb);
        return NULL;
    }
    return gdb;
}

void gdb_free(Gdb *gdb)
{
    if (!gdb) {
        return;
    }
    gdb_remove_all_breaks(gdb);
    chr_detach(gdb->chr, gdb);
    gdb_frame_free(&gdb->frame);
    g_string_free(gdb->last, true);
    g_array_free(gdb->breaks, true);
    g_ptr_array_unref(gdb->sources);
    g_free(gdb);
}

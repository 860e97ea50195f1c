/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The qtest server: QEMU's line protocol for driving a machine without CPUs (QEMU's manual, "QTest
 * Device Emulation Testing Framework"), with a few commands of our own (include/system/qtest.h).
 * The client plays the CPUs, CPU 0's local APIC page included.
 */
#include "system/qtest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/optlist.h"
#include "base/report.h"
#include "machine/accel.h"
#include "system/qtest_words.h"
#include "system/qtest_work.h"

#define LINE_MAX_BYTES  (64u << 20) /* b64write of a kernel is a long line */
#define BLOCK_MAX_BYTES (16u << 20)
#define CLOCK_LATEST    (INT64_MAX / 2) /* timers add to the time without overflow */
#define APIC_PAGE       4096u
#define APIC_REG_EOI    0xb0u
#define MSR_X2APIC_EOI  0x80bu

struct Qtest {
    Machine *machine;
    Chardev *chr;
    FILE *log;
    GString *in;
    gint64 start;
    Device *intercepted;
    GPtrArray *watches; /* of IrqWatch *: those that tell us */
    GHashTable *driven; /* IrqLine * -> IrqOut *: what set_irq_in drives */
    GHashTable *raised;
    QtestWork work; /* what the command still does */
    void (*finish)(Qtest *q, GString *reply);
    guint source; /* which goes on with it; 0: none */
};

typedef struct {
    const char *name;
    int min_args;
    void (*run)(Qtest *q, char **args, GString *reply);
} QtestCommand;

static void log_line(Qtest *q, const char *mark, const char *text)
{
    if (q->log) {
        fprintf(q->log, "[%s +%.6f] %s\n", mark,
                (double)(g_get_monotonic_time() - q->start) / G_USEC_PER_SEC, text);
        if (!report_written(q->log, "-qtest-log")) {
            g_clear_pointer(&q->log, fclose);
        }
    }
}

static void send_line(Qtest *q, GString *line)
{
    log_line(q, "S", line->str);
    g_string_append_c(line, '\n');
    chr_write(q->chr, line->str, line->len);
}

/* The local APIC that answers at `addr` for the CPU that the client plays. */
static ApicState *apic_at(Qtest *q, uint64_t addr)
{
    Machine *m = q->machine;
    if (m->cpu_count == 0 || !m->apics[0]) {
        return NULL;
    }
    uint64_t base = apic_mmio_base(m->apics[0]);
    return base != UINT64_MAX && addr >= base && addr - base < APIC_PAGE ? m->apics[0] : NULL;
}

static void run_in(Qtest *q, char **args, GString *reply)
{
    uint64_t port;
    if (qtest_numbers(args, 1, &port, reply)) {
        uint64_t value =
            as_load(q->machine->platform.ports, port & 0xffff, qtest_width_of(args[0]), NULL);
        g_string_printf(reply, "OK 0x%04" PRIx64, value);
    }
}

static void run_out(Qtest *q, char **args, GString *reply)
{
    uint64_t n[2];
    if (qtest_numbers(args, 2, n, reply)) {
        as_store(q->machine->platform.ports, n[0] & 0xffff, n[1], qtest_width_of(args[0]));
        g_string_assign(reply, "OK");
    }
}

static void run_read(Qtest *q, char **args, GString *reply)
{
    uint64_t addr;
    unsigned size = qtest_width_of(args[0]);
    if (qtest_numbers(args, 1, &addr, reply)) {
        ApicState *apic = apic_at(q, addr);
        uint64_t value = apic ? apic_mmio_read(apic, addr & (APIC_PAGE - 1), size)
                              : as_load(q->machine->platform.memory, addr, size, NULL);
        g_string_printf(reply, "OK 0x%016" PRIx64, value);
    }
}

static void run_write(Qtest *q, char **args, GString *reply)
{
    uint64_t n[2];
    unsigned size = qtest_width_of(args[0]);
    if (qtest_numbers(args, 2, n, reply)) {
        ApicState *apic = apic_at(q, n[0]);
        if (apic) {
            apic_mmio_write(apic, n[0] & (APIC_PAGE - 1), n[1], size);
        } else {
            as_store(q->machine->platform.memory, n[0], n[1], size);
        }
        g_string_assign(reply, "OK");
    }
}

/* ADDRESS and LENGTH of a block transfer. */
static bool block_args(char **args, uint64_t n[2], GString *reply)
{
    if (!qtest_numbers(args, 2, n, reply)) {
        return false;
    }
    if (n[1] > BLOCK_MAX_BYTES) {
        g_string_printf(reply, "FAIL length %" PRIu64 " is over %u", n[1], BLOCK_MAX_BYTES);
        return false;
    }
    return true;
}

/* Memory to move; `finish` says what came of it. */
static void begin_move(Qtest *q, QtestWorkKind kind, const uint64_t n[2], uint8_t *data,
                       void (*finish)(Qtest *q, GString *reply))
{
    q->work = (QtestWork){.kind = kind,
                          .memory = q->machine->platform.memory,
                          .addr = n[0],
                          .len = n[1],
                          .data = data};
    q->finish = finish;
}

static void finish_read(Qtest *q, GString *reply)
{
    g_string_assign(reply, "OK 0x");
    qtest_put_hex(reply, q->work.data, q->work.done);
}

static void finish_b64read(Qtest *q, GString *reply)
{
    g_autofree char *text = g_base64_encode(q->work.data, q->work.done);
    g_string_printf(reply, "OK %s", text);
}

static void finish_ok(Qtest *q, GString *reply)
{
    g_string_assign(reply, "OK");
}

static void run_read_block(Qtest *q, char **args, GString *reply)
{
    uint64_t n[2];
    if (block_args(args, n, reply)) {
        begin_move(q, WORK_READ, n, g_malloc0(n[1] + 1),
                   args[0][0] == 'b' ? finish_b64read : finish_read);
    }
}

/* "0x001122.."; what is missing is zero. */
static void run_write_block(Qtest *q, char **args, GString *reply)
{
    uint64_t n[2];
    if (!block_args(args, n, reply)) {
        return;
    }
    const char *text = args[3];
    if (!g_str_has_prefix(text, "0x")) {
        g_string_printf(reply, "FAIL '%s' does not start with 0x", text);
        return;
    }
    begin_move(q, WORK_WRITE, n, qtest_take_hex(text + 2, n[1]), finish_ok);
}

static void run_b64write(Qtest *q, char **args, GString *reply)
{
    uint64_t n[2];
    gsize len;
    if (!block_args(args, n, reply)) {
        return;
    }
    guchar *data = g_base64_decode(args[3], &len);
    n[1] = MIN(len, n[1]);
    begin_move(q, WORK_WRITE, n, data, finish_ok);
}

static void run_memset(Qtest *q, char **args, GString *reply)
{
    uint64_t n[3];
    if (!qtest_numbers(args, 3, n, reply)) {
        return;
    }
    n[1] = MIN(n[1], q->machine->opts.ram_size);
    begin_move(q, WORK_FILL, n, NULL, finish_ok);
    q->work.value = (uint8_t)n[2];
}

static void run_endianness(Qtest *q, char **args, GString *reply)
{
    g_string_assign(reply, "OK little");
}

static void reply_now(Qtest *q, GString *reply)
{
    g_string_printf(reply, "OK %" PRId64, clock_now(q->machine->platform.clock));
}

static void begin_time(Qtest *q, int64_t until)
{
    q->work = (QtestWork){.kind = WORK_TIME, .clock = q->machine->platform.clock, .until = until};
    q->finish = reply_now;
}

/* More than this at once takes hours where a timer is periodic. */
#define CLOCK_STEP_MAX (3600ll * 1000000000)

static bool step_is_short(const Qtest *q, int64_t to, GString *reply)
{
    if (to - clock_now(q->machine->platform.clock) <= CLOCK_STEP_MAX) {
        return true;
    }
    g_string_append(reply, "FAIL an hour is the most at once");
    return false;
}

static void run_clock_step(Qtest *q, char **args, GString *reply)
{
    Clock *clock = q->machine->platform.clock;
    uint64_t ns;
    int64_t to = clock_deadline(clock);
    if (args[1]) {
        if (!qtest_numbers(args, 1, &ns, reply)) {
            return;
        }
        int64_t now = clock_now(clock);
        to = now + (int64_t)MIN(ns, (uint64_t)(CLOCK_LATEST - now));
    }
    if (args[1] && !step_is_short(q, to, reply)) {
        return;
    }
    bool can = to != INT64_MAX && !q->machine->opts.accel->has_cpus;
    begin_time(q, can ? to : INT64_MIN);
}

static void run_clock_set(Qtest *q, char **args, GString *reply)
{
    uint64_t ns;
    if (qtest_numbers(args, 1, &ns, reply) &&
        step_is_short(q, (int64_t)MIN(ns, CLOCK_LATEST), reply)) {
        bool can = ns <= CLOCK_LATEST && !q->machine->opts.accel->has_cpus;
        begin_time(q, can ? (int64_t)ns : INT64_MIN);
    }
}

/* News of a watched line, once a change. Devices pulse and repeat levels. */
static void on_irq(void *opaque, int n, bool level)
{
    Qtest *q = opaque;
    bool was = g_hash_table_contains(q->raised, GINT_TO_POINTER(n));
    if (was == level) {
        return;
    }
    if (level) {
        g_hash_table_add(q->raised, GINT_TO_POINTER(n));
    } else {
        g_hash_table_remove(q->raised, GINT_TO_POINTER(n));
    }
    GString *text = g_string_new(NULL);
    g_string_printf(text, "IRQ %s %d", level ? "raise" : "lower", n);
    send_line(q, text);
    g_string_free(text, TRUE);
}

static void watch_array(Qtest *q, const IrqArray *array)
{
    for (int i = 0; i < array->count; i++) {
        IrqWatch *watch = array->lines ? &array->lines[i].watch : &array->outs[i].watch;
        *watch = (IrqWatch){.changed = on_irq, .opaque = q, .n = i};
        g_ptr_array_add(q->watches, watch);
    }
}

static void run_intercept(Qtest *q, char **args, GString *reply)
{
    bool in = strcmp(args[0], "irq_intercept_in") == 0;
    const char *name = args[2] ? args[2] : "";
    Device *dev = machine_find_device(q->machine, args[1]);
    if (!dev) {
        g_string_assign(reply, "FAIL Unknown device");
        return;
    }
    if (q->intercepted) {
        g_string_assign(reply, q->intercepted == dev ? "OK" : "FAIL IRQ intercept already enabled");
        return;
    }
    const GArray *arrays = in ? dev->irq_in : dev->irq_out;
    for (guint i = 0; i < arrays->len; i++) {
        const IrqArray *array = &g_array_index(arrays, IrqArray, i);
        if (strcmp(array->name, name) == 0) {
            watch_array(q, array);
            q->intercepted = dev;
        }
    }
    g_string_assign(reply, q->intercepted ? "OK" : "FAIL No such lines");
}

/* We are a driver of the line among others. */
static void drive_line(Qtest *q, IrqLine *line, bool level)
{
    IrqOut *out = g_hash_table_lookup(q->driven, line);
    if (!out) {
        out = g_new0(IrqOut, 1);
        irq_connect(out, line);
        g_hash_table_insert(q->driven, line, out);
    }
    irq_set(out, level);
}

static void run_set_irq_in(Qtest *q, char **args, GString *reply)
{
    Device *dev = machine_find_device(q->machine, args[1]);
    const char *name = strcmp(args[2], "unnamed-gpio-in") == 0 ? "" : args[2];
    uint64_t n[2];
    if (!dev) {
        g_string_assign(reply, "FAIL Unknown device");
        return;
    }
    if (!qtest_numbers(args + 2, 2, n, reply)) {
        return;
    }
    IrqLine *line = n[0] <= INT32_MAX ? device_irq_in(dev, name, (int)n[0]) : NULL;
    if (!line) {
        g_string_assign(reply, "FAIL No such line");
        return;
    }
    drive_line(q, line, n[1] != 0);
    g_string_assign(reply, "OK");
}

static ApicState *need_apic(Qtest *q, char **args, GString *reply)
{
    uint64_t cpu;
    if (!qtest_numbers(args, 1, &cpu, reply)) {
        return NULL;
    }
    if (cpu >= q->machine->cpu_count) {
        g_string_printf(reply, "FAIL there is no CPU %" PRIu64, cpu);
        return NULL;
    }
    return q->machine->apics[cpu];
}

static void append_vectors(GString *out, const char *label, const ApicState *apic,
                           bool (*is_set)(const ApicState *apic, uint8_t vector))
{
    bool any = false;
    g_string_append_printf(out, " %s=", label);
    for (unsigned v = 0; v < 256; v++) {
        if (is_set(apic, (uint8_t)v)) {
            g_string_append_printf(out, "%s%02x", any ? "," : "", v);
            any = true;
        }
    }
    if (!any) {
        g_string_append_c(out, '-');
    }
}

static void run_apic(Qtest *q, char **args, GString *reply)
{
    const ApicState *apic = need_apic(q, args, reply);
    if (!apic) {
        return;
    }
    g_string_printf(reply, "OK id=0x%x mode=%s", apic_get_id(apic),
                    apic_is_x2apic(apic)    ? "x2apic"
                    : apic_is_enabled(apic) ? "xapic"
                                            : "disabled");
    append_vectors(reply, "irr", apic, apic_irr);
    append_vectors(reply, "isr", apic, apic_isr);
    append_vectors(reply, "tmr", apic, apic_tmr);
}

static void run_apic_ack(Qtest *q, char **args, GString *reply)
{
    ApicState *apic = need_apic(q, args, reply);
    if (apic) {
        int vector = apic_ack(apic);
        if (vector < 0) {
            g_string_assign(reply, "OK none");
        } else {
            g_string_printf(reply, "OK 0x%02x", (unsigned)vector);
        }
    }
}

static void run_apic_eoi(Qtest *q, char **args, GString *reply)
{
    ApicState *apic = need_apic(q, args, reply);
    if (!apic) {
        return;
    }
    if (apic_is_x2apic(apic)) {
        apic_msr_write(apic, MSR_X2APIC_EOI, 0);
    } else {
        apic_mmio_write(apic, APIC_REG_EOI, 0, 4);
    }
    g_string_assign(reply, "OK");
}

static void run_msr_read(Qtest *q, char **args, GString *reply)
{
    ApicState *apic = need_apic(q, args, reply);
    uint64_t msr, value;
    if (!apic || !qtest_numbers(args + 1, 1, &msr, reply)) {
        return;
    }
    if (apic_msr_read(apic, (uint32_t)msr, &value)) {
        g_string_printf(reply, "OK 0x%016" PRIx64, value);
    } else {
        g_string_assign(reply, "FAIL #GP");
    }
}

static void run_msr_write(Qtest *q, char **args, GString *reply)
{
    ApicState *apic = need_apic(q, args, reply);
    uint64_t n[2];
    if (apic && qtest_numbers(args + 1, 2, n, reply)) {
        g_string_assign(reply, apic_msr_write(apic, (uint32_t)n[0], n[1]) ? "OK" : "FAIL #GP");
    }
}

static const QtestCommand commands[] = {
    {"inb", 1, run_in},
    {"inw", 1, run_in},
    {"inl", 1, run_in},
    {"outb", 2, run_out},
    {"outw", 2, run_out},
    {"outl", 2, run_out},
    {"readb", 1, run_read},
    {"readw", 1, run_read},
    {"readl", 1, run_read},
    {"readq", 1, run_read},
    {"writeb", 2, run_write},
    {"writew", 2, run_write},
    {"writel", 2, run_write},
    {"writeq", 2, run_write},
    {"read", 2, run_read_block},
    {"write", 3, run_write_block},
    {"b64read", 2, run_read_block},
    {"b64write", 3, run_b64write},
    {"memset", 3, run_memset},
    {"endianness", 0, run_endianness},
    {"clock_step", 0, run_clock_step},
    {"clock_set", 1, run_clock_set},
    {"irq_intercept_in", 1, run_intercept},
    {"irq_intercept_out", 1, run_intercept},
    {"set_irq_in", 4, run_set_irq_in},
    {"apic", 1, run_apic},
    {"apic_ack", 1, run_apic_ack},
    {"apic_eoi", 1, run_apic_eoi},
    {"msr_read", 2, run_msr_read},
    {"msr_write", 3, run_msr_write},
};

static void execute(Qtest *q, char **args, GString *reply)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(commands[i].name, args[0]) != 0) {
            continue;
        }
        if ((int)g_strv_length(args) - 1 < commands[i].min_args) {
            g_string_printf(reply, "FAIL %s needs %d arguments", args[0], commands[i].min_args);
        } else {
            commands[i].run(q, args, reply);
        }
        return;
    }
    g_string_printf(reply, "FAIL Unknown command '%s'", args[0]);
}

/* A slice of what the command does; true if that was the last, and the client has its answer. */
static bool qtest_go_on(Qtest *q)
{
    g_autoptr(GString) reply = g_string_new(NULL);
    if (!qtest_work_slice(&q->work)) {
        return false;
    }
    q->finish(q, reply);
    qtest_work_clear(&q->work);
    send_line(q, reply);
    return true;
}

static void process_lines(Qtest *q, size_t from);

static gboolean qtest_go_on_later(gpointer opaque)
{
    Qtest *q = opaque;
    if (!qtest_go_on(q)) {
        return G_SOURCE_CONTINUE;
    }
    q->source = 0;
    process_lines(q, 0);
    chr_accept_input(q->chr);
    return G_SOURCE_REMOVE;
}

static void process_line(Qtest *q, char *line)
{
    log_line(q, "R", line);
    g_autofree char **args = qtest_split(line);
    if (!args[0]) {
        return;
    }
    g_autoptr(GString) reply = g_string_new(NULL);
    execute(q, args, reply);
    if (q->work.kind == WORK_NONE) {
        send_line(q, reply);
    } else if (!qtest_go_on(q)) {
        q->source = g_idle_add(qtest_go_on_later, q);
    }
}

/* The client waits for the answer to its last command: nothing more is heard. */
static size_t qtest_room(void *opaque)
{
    const Qtest *q = opaque;
    return q->source ? 0 : 65536;
}

/* Lines that are whole, the first of which ends no sooner than at `from`. */
static void process_lines(Qtest *q, size_t from)
{
    char *newline;
    while (!q->source && (newline = memchr(q->in->str + from, '\n', q->in->len - from)) != NULL) {
        size_t line_len = (size_t)(newline - q->in->str);
        *newline = '\0';
        process_line(q, q->in->str);
        g_string_erase(q->in, 0, (gssize)line_len + 1);
        from = 0;
    }
}

static void qtest_receive(void *opaque, const uint8_t *data, size_t len)
{
    Qtest *q = opaque;
    size_t had = q->in->len;
    g_string_append_len(q->in, (const char *)data, (gssize)len);
    process_lines(q, had);
    if (q->in->len > LINE_MAX_BYTES) {
        g_string_truncate(q->in, 0);
    }
}

static void stop_work(Qtest *q)
{
    if (q->source) {
        g_source_remove(q->source);
        q->source = 0;
    }
    qtest_work_clear(&q->work);
}

static void release_lines(Qtest *q)
{
    for (guint i = 0; i < q->watches->len; i++) {
        ((IrqWatch *)q->watches->pdata[i])->changed = NULL;
    }
    g_ptr_array_set_size(q->watches, 0);
    g_hash_table_remove_all(q->driven);
    g_hash_table_remove_all(q->raised);
    q->intercepted = NULL;
}

/* Each connection starts afresh. */
static void qtest_event(void *opaque, ChrEvent event)
{
    Qtest *q = opaque;
    if (event == CHR_OPENED || event == CHR_CLOSED) {
        log_line(q, "I", event == CHR_OPENED ? "OPENED" : "CLOSED");
        release_lines(q);
        stop_work(q);
        g_string_truncate(q->in, 0);
    }
}

static const ChrHandlers qtest_handlers = {
    .can_receive = qtest_room,
    .receive = qtest_receive,
    .event = qtest_event,
};

/* Like QEMU's: to stderr unless told otherwise. */
static bool open_log(Qtest *q, const char *log, GError **error)
{
    if (!log) {
        q->log = stderr;
    } else if (strcmp(log, "none") != 0) {
        q->log = fopen(log, "we");
        if (!q->log) {
            g_set_error(error, OPT_ERROR, 0, "-qtest-log %s: could not be opened: %s", log,
                        g_strerror(errno));
            return false;
        }
    }
    return true;
}

static void let_go(gpointer out)
{
    irq_connect(out, NULL);
    g_free(out);
}

Qtest *qtest_new(Machine *machine, Chardev *chr, const char *log, GError **error)
{
    Qtest *q = g_new0(Qtest, 1);
    q->machine = machine;
    q->chr = chr;
    q->in = g_string_new(NULL);
    q->start = g_get_monotonic_time();
    q->watches = g_ptr_array_new();
    q->driven = g_hash_table_new_full(NULL, NULL, NULL, let_go);
    q->raised = g_hash_table_new(NULL, NULL);
    if (!open_log(q, log, error)) {
        qtest_free(q);
        return NULL;
    }
    if (!chr_attach(chr, &qtest_handlers, q, error)) {
        qtest_free(q);
        return NULL;
    }
    return q;
}

void qtest_free(Qtest *q)
{
    if (!q) {
        return;
    }
    chr_detach(q->chr, q);
    release_lines(q);
    stop_work(q);
    if (q->log && q->log != stderr) {
        fclose(q->log);
    }
    g_string_free(q->in, TRUE);
    g_ptr_array_unref(q->watches);
    g_hash_table_unref(q->driven);
    g_hash_table_unref(q->raised);
    g_free(q);
}

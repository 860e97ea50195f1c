/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The qtest client (tests/qtest/libqtest.h): one child, two unix sockets, a line protocol. */
#include "libqtest.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <linux/pci_regs.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/include/pci.h"

/* A loaded machine under sanitizers is slow, but not this slow. */
#define PATIENCE_MS 120000
#define MAX_IRQS    256

typedef struct {
    int fd;
    GString *in;
} Stream;

struct QTest {
    pid_t pid;
    char *dir;
    Stream qtest, qmp;
    bool irq_level[MAX_IRQS];
    unsigned irq_raised[MAX_IRQS];
    GQueue *events; /* of JsonObject * */
};

static const char *binary(void)
{
    const char *path = g_getenv("QTEST_QEMU_BINARY");
    if (!path) {
        g_error("QTEST_QEMU_BINARY must name the program under test");
    }
    return path;
}

static int listen_at(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    g_assert_cmpuint(strlen(path), <, sizeof(addr.sun_path));
    strcpy(addr.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), ==, 0);
    g_assert_cmpint(listen(fd, 1), ==, 0);
    return fd;
}

/* Waits for the child to connect; a child that ended instead fails the test. */
static int accept_child(int listener, pid_t pid)
{
    for (int waited = 0; waited < PATIENCE_MS; waited += 100) {
        struct pollfd p = {.fd = listener, .events = POLLIN};
        int status;
        if (poll(&p, 1, 100) > 0) {
            int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
            g_assert_cmpint(fd, >=, 0);
            close(listener);
            return fd;
        }
        if (waitpid(pid, &status, WNOHANG) == pid) {
            g_error("the program ended before it connected, wait status 0x%x", status);
        }
    }
    g_error("the program did not connect");
}

static char **build_argv(const char *dir, const char *args)
{
    bool machine = strstr(args, "-machine") || strstr(args, "-M ");
    g_autofree char *text = g_strdup_printf(
        "-qtest unix:%s/qtest -qtest-log /dev/null -chardev socket,path=%s/qmp,id=qmp0 "
        "-mon chardev=qmp0,mode=control -display none %s %s -accel qtest",
        dir, dir, machine ? "" : "-machine q35 -nodefaults", args);
    g_autofree char *quoted = g_shell_quote(binary());
    g_autofree char *line = g_strconcat(quoted, " ", text, NULL);
    char **argv;
    g_autoptr(GError) error = NULL;
    if (!g_shell_parse_argv(line, NULL, &argv, &error)) {
        g_error("%s: %s", line, error->message);
    }
    return argv;
}

static pid_t start_child(char **argv)
{
    pid_t pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        /* No orphans when a test fails. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(STDERR_FILENO, STDOUT_FILENO); /* our own stdout is TAP */
        execv(argv[0], argv);
        perror(argv[0]);
        _exit(127);
    }
    return pid;
}

/* Until `in` holds a newline. False at the end of the stream. */
static bool fill_line(Stream *stream)
{
    while (!strchr(stream->in->str, '\n')) {
        char buf[4096];
        struct pollfd p = {.fd = stream->fd, .events = POLLIN};
        if (poll(&p, 1, PATIENCE_MS) <= 0) {
            g_error("the program did not answer");
        }
        ssize_t n = read(stream->fd, buf, sizeof(buf));
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        g_string_append_len(stream->in, buf, n);
    }
    return true;
}

/* What printf() makes of a text that is not there. */
static void assert_no_null(const char *text)
{
    if (text && strstr(text, "(null)")) {
        g_error("a message speaks of (null): %s", text);
    }
}

static char *read_line(Stream *stream)
{
    if (!fill_line(stream)) {
        return NULL;
    }
    size_t len = strcspn(stream->in->str, "\n");
    char *line = g_strndup(stream->in->str, len);
    g_string_erase(stream->in, 0, (gssize)len + 1);
    assert_no_null(line);
    return g_strchomp(line);
}

static void write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            g_error("the program went away: %s", g_strerror(errno));
        }
        data += n;
        len -= (size_t)n;
    }
}

QTest *qtest_init(const char *args)
{
    QTest *qts = g_new0(QTest, 1);
    qts->dir = g_dir_make_tmp("qtest-XXXXXX", NULL);
    g_assert_nonnull(qts->dir);
    qts->events = g_queue_new();
    g_autofree char *qtest_path = g_build_filename(qts->dir, "qtest", NULL);
    g_autofree char *qmp_path = g_build_filename(qts->dir, "qmp", NULL);
    int qtest_listener = listen_at(qtest_path);
    int qmp_listener = listen_at(qmp_path);
    g_auto(GStrv) argv = build_argv(qts->dir, args);
    qts->pid = start_child(argv);
    qts->qmp = (Stream){accept_child(qmp_listener, qts->pid), g_string_new(NULL)};
    qts->qtest = (Stream){accept_child(qtest_listener, qts->pid), g_string_new(NULL)};

    g_autofree char *endianness = qtest_command(qts, "endianness");
    g_assert_cmpstr(endianness, ==, "little");
    JsonObject *greeting = qtest_qmp_receive(qts);
    g_assert_true(json_object_has_member(greeting, "QMP"));
    json_object_unref(greeting);
    JsonObject *response = qtest_qmp(qts, "{\"execute\": \"qmp_capabilities\"}");
    g_assert_true(json_object_has_member(response, "return"));
    json_object_unref(response);
    return qts;
}

QTest *qtest_initf(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    g_autofree char *args = g_strdup_vprintf(format, ap);
    va_end(ap);
    return qtest_init(args);
}

void qtest_wait_inw(QTest *qts, uint16_t port, uint16_t bits)
{
    for (int waited = 0; waited < PATIENCE_MS && !(qtest_inw(qts, port) & bits); waited++) {
        g_usleep(1000);
    }
    g_assert_cmphex(qtest_inw(qts, port) & bits, !=, 0);
}

int qtest_wait(QTest *qts)
{
    int status = -1;
    for (int waited = 0; waitpid(qts->pid, &status, WNOHANG) != qts->pid; waited += 2) {
        if (waited > PATIENCE_MS) {
            kill(qts->pid, SIGKILL);
            g_error("the program does not end");
        }
        g_usleep(2000);
    }
    close(qts->qtest.fd);
    close(qts->qmp.fd);
    g_string_free(qts->qtest.in, TRUE);
    g_string_free(qts->qmp.in, TRUE);
    g_queue_free_full(qts->events, (GDestroyNotify)json_object_unref);
    static const char *const left[] = {"qtest", "qmp"};
    for (size_t i = 0; i < G_N_ELEMENTS(left); i++) {
        g_autofree char *path = g_build_filename(qts->dir, left[i], NULL);
        g_unlink(path);
    }
    g_rmdir(qts->dir);
    g_free(qts->dir);
    g_free(qts);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void qtest_quit(QTest *qts)
{
    if (qts) {
        kill(qts->pid, SIGTERM);
        g_assert_cmpint(qtest_wait(qts), ==, 0);
    }
}

static void note_irq(QTest *qts, const char *line)
{
    char verb[8];
    int n;
    if (sscanf(line, "IRQ %7s %d", verb, &n) == 2 && n >= 0 && n < MAX_IRQS) {
        qts->irq_level[n] = strcmp(verb, "raise") == 0;
        qts->irq_raised[n] += qts->irq_level[n];
    }
}

/* The whole answer, IRQ lines taken out. */
static char *exchange(QTest *qts, const char *line)
{
    write_all(qts->qtest.fd, line, strlen(line));
    for (;;) {
        char *answer = read_line(&qts->qtest);
        if (!answer) {
            g_error("the program ended at: %s", line);
        }
        if (!g_str_has_prefix(answer, "IRQ ")) {
            return answer;
        }
        note_irq(qts, answer);
        g_free(answer);
    }
}

char *qtest_command(QTest *qts, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    g_autofree char *command = g_strdup_vprintf(format, ap);
    va_end(ap);
    g_autofree char *line = g_strconcat(command, "\n", NULL);
    char *answer = exchange(qts, line);
    if (g_str_has_prefix(answer, "OK")) {
        memmove(answer, answer + 2, strlen(answer + 2) + 1);
        return g_strchug(answer);
    }
    return answer;
}

/* A command that must succeed; its number, or 0. */
G_GNUC_PRINTF(2, 3)
static uint64_t command_number(QTest *qts, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    g_autofree char *command = g_strdup_vprintf(format, ap);
    va_end(ap);
    g_autofree char *answer = qtest_command(qts, "%s", command);
    if (g_str_has_prefix(answer, "FAIL")) {
        g_error("%s: %s", command, answer);
    }
    return g_ascii_strtoull(answer, NULL, 0);
}

#define DEFINE_PORT(letter_, type_)                                                                \
    type_ qtest_in##letter_(QTest *qts, uint16_t port)                                             \
    {                                                                                              \
        return (type_)command_number(qts, "in" #letter_ " 0x%x", port);                            \
    }                                                                                              \
    void qtest_out##letter_(QTest *qts, uint16_t port, type_ value)                                \
    {                                                                                              \
        command_number(qts, "out" #letter_ " 0x%x 0x%x", port, value);                             \
    }
DEFINE_PORT(b, uint8_t)
DEFINE_PORT(w, uint16_t)
DEFINE_PORT(l, uint32_t)

#define DEFINE_MEM(letter_, type_)                                                                 \
    type_ qtest_read##letter_(QTest *qts, uint64_t addr)                                           \
    {                                                                                              \
        return (type_)command_number(qts, "read" #letter_ " 0x%" PRIx64, addr);                    \
    }                                                                                              \
    void qtest_write##letter_(QTest *qts, uint64_t addr, type_ value)                              \
    {                                                                                              \
        command_number(qts, "write" #letter_ " 0x%" PRIx64 " 0x%" PRIx64, addr, (uint64_t)value);  \
    }
DEFINE_MEM(b, uint8_t)
DEFINE_MEM(w, uint16_t)
DEFINE_MEM(l, uint32_t)
DEFINE_MEM(q, uint64_t)

void qtest_memread(QTest *qts, uint64_t addr, void *data, size_t len)
{
    if (len == 0) {
        return;
    }
    g_autofree char *answer = qtest_command(qts, "b64read 0x%" PRIx64 " 0x%zx", addr, len);
    gsize got;
    g_autofree guchar *bytes = g_base64_decode(answer, &got);
    g_assert_cmpuint(got, ==, len);
    memcpy(data, bytes, len);
}

void qtest_memwrite(QTest *qts, uint64_t addr, const void *data, size_t len)
{
    if (len == 0) {
        return;
    }
    g_autofree char *text = g_base64_encode(data, len);
    command_number(qts, "b64write 0x%" PRIx64 " 0x%zx %s", addr, len, text);
}

void qtest_memset(QTest *qts, uint64_t addr, uint8_t byte, size_t len)
{
    command_number(qts, "memset 0x%" PRIx64 " 0x%zx 0x%02x", addr, len, byte);
}

static void select_config(QTest *qts, uint8_t bus, uint8_t devfn, uint8_t offset)
{
    qtest_outl(qts, PCI_CONFIG_ADDRESS,
               0x80000000u | (uint32_t)bus << 16 | (uint32_t)devfn << 8 | (offset & 0xfcu));
}

uint32_t qtest_pci_config_read(QTest *qts, uint8_t bus, uint8_t devfn, uint8_t offset,
                               unsigned size)
{
    uint16_t port = (uint16_t)(PCI_CONFIG_DATA + (offset & 3));
    select_config(qts, bus, devfn, offset);
    return size == 1   ? qtest_inb(qts, port)
           : size == 2 ? qtest_inw(qts, port)
                       : qtest_inl(qts, port);
}

void qtest_pci_config_write(QTest *qts, uint8_t bus, uint8_t devfn, uint8_t offset, uint32_t value,
                            unsigned size)
{
    uint16_t port = (uint16_t)(PCI_CONFIG_DATA + (offset & 3));
    select_config(qts, bus, devfn, offset);
    if (size == 1) {
        qtest_outb(qts, port, (uint8_t)value);
    } else if (size == 2) {
        qtest_outw(qts, port, (uint16_t)value);
    } else {
        qtest_outl(qts, port, value);
    }
}

uint8_t qtest_pci_find_capability(QTest *qts, uint8_t bus, uint8_t devfn, uint8_t id)
{
    uint8_t at = (uint8_t)qtest_pci_config_read(qts, bus, devfn, PCI_CAPABILITY_LIST, 1);
    while (at != 0 && qtest_pci_config_read(qts, bus, devfn, at, 1) != id) {
        at = (uint8_t)qtest_pci_config_read(qts, bus, devfn, (uint8_t)(at + 1), 1);
    }
    g_assert_cmpuint(at, !=, 0);
    return at;
}

/* By way of the RSDP and the XSDT (ACPI 5.2.5, 5.2.8). */
uint64_t qtest_acpi_table(QTest *qts, const char *signature, uint64_t after)
{
    enum { RSDP = 0xf0000, XSDT_ADDRESS = 24, LENGTH = 4, HEADER = 36 };
    uint64_t xsdt = qtest_readq(qts, RSDP + XSDT_ADDRESS);
    bool passed = after == 0;
    for (uint32_t i = HEADER; i < qtest_readl(qts, xsdt + LENGTH); i += 8) {
        uint64_t table = qtest_readq(qts, xsdt + i);
        char name[4];
        qtest_memread(qts, table, name, sizeof(name));
        if (passed && memcmp(name, signature, sizeof(name)) == 0) {
            return table;
        }
        passed = passed || table == after;
    }
    return 0;
}

static void read_fw_cfg(QTest *qts, uint8_t *to, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        to[i] = qtest_inb(qts, 0x511);
    }
}

/* The directory: a count, and for each file its size, key and name, big-endian. */
GByteArray *qtest_fw_cfg_file(QTest *qts, const char *name)
{
    enum { DIRECTORY = 0x19, ROW = 64, KEY = 4, NAME = 8 };
    uint8_t row[ROW] = {0};
    qtest_outw(qts, 0x510, DIRECTORY);
    read_fw_cfg(qts, row, 4);
    for (unsigned left = row[3]; left > 0 && strcmp((char *)row + NAME, name) != 0; left--) {
        read_fw_cfg(qts, row, ROW);
    }
    g_assert_cmpstr((char *)row + NAME, ==, name);
    GByteArray *file = g_byte_array_new();
    g_byte_array_set_size(file, (guint)row[1] << 16 | (guint)row[2] << 8 | row[3]);
    qtest_outw(qts, 0x510, (uint16_t)(row[KEY] << 8 | row[KEY + 1]));
    read_fw_cfg(qts, file->data, file->len);
    return file;
}

uint8_t qtest_cmos_read(QTest *qts, uint8_t index)
{
    qtest_outb(qts, 0x70, index);
    return qtest_inb(qts, 0x71);
}

void qtest_cmos_write(QTest *qts, uint8_t index, uint8_t value)
{
    qtest_outb(qts, 0x70, index);
    qtest_outb(qts, 0x71, value);
}

int64_t qtest_clock_step(QTest *qts, int64_t ns)
{
    return (int64_t)command_number(qts, "clock_step %" PRId64, ns);
}

int64_t qtest_clock_step_next(QTest *qts)
{
    return (int64_t)command_number(qts, "clock_step");
}

int64_t qtest_clock_set(QTest *qts, int64_t ns)
{
    return (int64_t)command_number(qts, "clock_set %" PRId64, ns);
}

void qtest_irq_intercept_in(QTest *qts, const char *path)
{
    command_number(qts, "irq_intercept_in %s", path);
}

void qtest_irq_intercept_out(QTest *qts, const char *path)
{
    command_number(qts, "irq_intercept_out %s", path);
}

void qtest_irq_intercept_out_named(QTest *qts, const char *path, const char *name)
{
    command_number(qts, "irq_intercept_out %s %s", path, name);
}

/* Any exchange brings the news. */
static void fetch_irqs(QTest *qts)
{
    g_free(qtest_command(qts, "endianness"));
}

bool qtest_get_irq(QTest *qts, int n)
{
    g_assert_true(n >= 0 && n < MAX_IRQS);
    fetch_irqs(qts);
    return qts->irq_level[n];
}

unsigned qtest_get_irq_raised(QTest *qts, int n)
{
    g_assert_true(n >= 0 && n < MAX_IRQS);
    fetch_irqs(qts);
    return qts->irq_raised[n];
}

void qtest_set_irq_in(QTest *qts, const char *path, const char *name, int n, int level)
{
    command_number(qts, "set_irq_in %s %s %d %d", path, name && name[0] ? name : "unnamed-gpio-in",
                   n, level);
}

/* "31,a0" or "-". */
static void parse_vectors(const char *text, bool set[256])
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    for (char **word = words; *word; word++) {
        if (strcmp(*word, "-") != 0) {
            set[g_ascii_strtoull(*word, NULL, 16) & 0xff] = true;
        }
    }
}

QTestApic qtest_apic(QTest *qts, unsigned cpu)
{
    QTestApic apic = {0};
    g_autofree char *answer = qtest_command(qts, "apic %u", cpu);
    if (g_str_has_prefix(answer, "FAIL")) {
        g_error("apic %u: %s", cpu, answer);
    }
    g_auto(GStrv) words = g_strsplit(answer, " ", -1);
    for (char **word = words; *word; word++) {
        char *equals = strchr(*word, '=');
        if (!equals) {
            continue;
        }
        *equals = '\0';
        if (strcmp(*word, "id") == 0) {
            apic.id = (uint32_t)g_ascii_strtoull(equals + 1, NULL, 0);
        } else if (strcmp(*word, "mode") == 0) {
            g_strlcpy(apic.mode, equals + 1, sizeof(apic.mode));
        } else if (strcmp(*word, "irr") == 0) {
            parse_vectors(equals + 1, apic.irr);
        } else if (strcmp(*word, "isr") == 0) {
            parse_vectors(equals + 1, apic.isr);
        } else if (strcmp(*word, "tmr") == 0) {
            parse_vectors(equals + 1, apic.tmr);
        }
    }
    return apic;
}

bool qtest_apic_irr(QTest *qts, unsigned cpu, uint8_t vector)
{
    return qtest_apic(qts, cpu).irr[vector];
}

int qtest_apic_ack(QTest *qts, unsigned cpu)
{
    g_autofree char *answer = qtest_command(qts, "apic_ack %u", cpu);
    g_assert_false(g_str_has_prefix(answer, "FAIL"));
    return strcmp(answer, "none") == 0 ? -1 : (int)g_ascii_strtoull(answer, NULL, 0);
}

void qtest_apic_eoi(QTest *qts, unsigned cpu)
{
    command_number(qts, "apic_eoi %u", cpu);
}

bool qtest_msr_read(QTest *qts, unsigned cpu, uint32_t msr, uint64_t *value)
{
    g_autofree char *answer = qtest_command(qts, "msr_read %u 0x%x", cpu, msr);
    *value = g_ascii_strtoull(answer, NULL, 0);
    return !g_str_has_prefix(answer, "FAIL");
}

bool qtest_msr_write(QTest *qts, unsigned cpu, uint32_t msr, uint64_t value)
{
    g_autofree char *answer = qtest_command(qts, "msr_write %u 0x%x 0x%" PRIx64, cpu, msr, value);
    return !g_str_has_prefix(answer, "FAIL");
}

void qtest_qmp_send_raw(QTest *qts, const void *data, size_t len)
{
    write_all(qts->qmp.fd, data, len);
}

static JsonObject *receive_any(QTest *qts)
{
    g_autofree char *line = read_line(&qts->qmp);
    if (!line) {
        return NULL;
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = json_from_string(line, &error);
    if (!node || !JSON_NODE_HOLDS_OBJECT(node)) {
        g_error("QMP: %s: %s", line, error ? error->message : "no object");
    }
    return json_node_dup_object(node);
}

JsonObject *qtest_qmp_receive(QTest *qts)
{
    for (;;) {
        JsonObject *object = receive_any(qts);
        if (!object) {
            g_error("QMP: the program closed the connection");
        }
        if (!json_object_has_member(object, "event")) {
            return object;
        }
        g_queue_push_tail(qts->events, object);
    }
}

JsonObject *qtest_qmp(QTest *qts, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    g_autofree char *text = g_strdup_vprintf(format, ap);
    va_end(ap);
    /* At once: the program may act on the closing brace, and "quit" then leaves nobody to write to.
     */
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    write_all(qts->qmp.fd, line, strlen(line));
    return qtest_qmp_receive(qts);
}

JsonObject *qtest_qmp_wait_event(QTest *qts, const char *name)
{
    for (GList *l = qts->events->head; l; l = l->next) {
        JsonObject *event = l->data;
        if (strcmp(json_object_get_string_member(event, "event"), name) == 0) {
            g_queue_delete_link(qts->events, l);
            return event;
        }
    }
    for (;;) {
        JsonObject *object = receive_any(qts);
        if (!object) {
            g_error("QMP: the connection closed before event %s", name);
        }
        if (json_object_has_member(object, "event") &&
            strcmp(json_object_get_string_member(object, "event"), name) == 0) {
            return object;
        }
        json_object_unref(object);
    }
}

bool qtest_qmp_is_error(JsonObject *response, const char *error_class)
{
    if (!json_object_has_member(response, "error")) {
        return false;
    }
    JsonObject *error = json_object_get_object_member(response, "error");
    return strcmp(json_object_get_string_member(error, "class"), error_class) == 0;
}

char *qtest_hmp(QTest *qts, const char *command)
{
    g_autofree char *quoted = g_strescape(command, NULL);
    JsonObject *response = qtest_qmp(qts,
                                     "{\"execute\": \"human-monitor-command\", "
                                     "\"arguments\": {\"command-line\": \"%s\"}}",
                                     quoted);
    g_assert_true(json_object_has_member(response, "return"));
    char *text = g_strdup(json_object_get_string_member(response, "return"));
    json_object_unref(response);
    return text;
}

int qtest_run(const char *args, char **out, char **err)
{
    g_autofree char *quoted = g_shell_quote(binary());
    g_autofree char *line = g_strconcat(quoted, " ", args, NULL);
    g_auto(GStrv) argv = NULL;
    g_autoptr(GError) error = NULL;
    int status;
    if (!g_shell_parse_argv(line, NULL, &argv, &error) ||
        !g_spawn_sync(NULL, argv, NULL, G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, out, err, &status,
                      &error)) {
        g_error("%s: %s", line, error->message);
    }
    assert_no_null(out ? *out : NULL);
    assert_no_null(err ? *err : NULL);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

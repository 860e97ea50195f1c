/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Character devices: making one from the command line's text, and the way between a backend and its
 * front ends. The spellings are those of QEMU's manual page.
 */
#include "chardev/chardev.h"

#include <errno.h>
#include <string.h>

#include "base/names.h"
#include "base/report.h"
#include "chardev/internal.h"

static const ChrOps *const backends[] = {
    &chr_null_ops, &chr_stdio_ops,  &chr_file_ops, &chr_pipe_ops,    &chr_pty_ops,
    &chr_tty_ops,  &chr_socket_ops, &chr_udp_ops,  &chr_ringbuf_ops, &chr_vc_ops,
};

static bool null_open(Chardev *chr, OptList *opts, GError **error)
{
    chr_set_filename(chr, "null");
    return true;
}

static void null_write(Chardev *chr, const uint8_t *data, size_t len)
{
}

const ChrOps chr_null_ops = {
    .name = "null",
    .instance_size = sizeof(Chardev),
    .open = null_open,
    .write = null_write,
};

/* A console in a window that nobody sees: its size changes nothing. */
static bool vc_open(Chardev *chr, OptList *opts, GError **error)
{
    static const char *const sizes[] = {"width", "height", "cols", "rows", NULL};
    optlist_ignore(opts, sizes);
    return true;
}

const ChrOps chr_vc_ops = {
    .name = "vc",
    .instance_size = sizeof(Chardev),
    .open = vc_open,
    .write = null_write,
};

static const ChrOps *find_backend(const char *name, GError **error)
{
    const char *names[G_N_ELEMENTS(backends)];
    name = strcmp(name, "tty") == 0 ? chr_tty_ops.name : name;
    for (size_t i = 0; i < G_N_ELEMENTS(backends); i++) {
        names[i] = backends[i]->name;
        if (strcmp(names[i], name) == 0) {
            return backends[i];
        }
    }
    opt_error_nearest(error, name, names, G_N_ELEMENTS(names), "there is no backend '%s'", name);
    return NULL;
}

const char *chr_backend_name(unsigned n)
{
    return n < G_N_ELEMENTS(backends) ? backends[n]->name : NULL;
}

void chr_help(GString *out)
{
    g_string_append(out, "Available chardev backend types:\n");
    for (size_t i = 0; i < G_N_ELEMENTS(backends); i++) {
        g_string_append_printf(out, "  %s\n", backends[i]->name);
    }
}

static bool chardev_open_log(Chardev *chr, OptList *opts, GError **error)
{
    const char *path = optlist_get(opts, "logfile");
    bool append = true;
    if (!optlist_bool(opts, "logappend", &append, error)) {
        return false;
    }
    if (path) {
        chr->log = fopen(path, append ? "ae" : "we");
        if (!chr->log) {
            g_set_error(error, OPT_ERROR, 0, "logfile=%s: could not be opened: %s", path,
                        g_strerror(errno));
            return false;
        }
    }
    return true;
}

static Chardev *chr_new(const char *id, OptList *opts, GError **error)
{
    const char *name = optlist_get(opts, "backend");
    if (!name) {
        g_set_error(error, OPT_ERROR, 0, "no backend is named; '-chardev help' lists them");
        return NULL;
    }
    const ChrOps *ops = find_backend(name, error);
    if (!ops) {
        return NULL;
    }
    Chardev *chr = g_malloc0(ops->instance_size);
    chr->ops = ops;
    chr->id = g_strdup(id);
    chr->frontends = g_array_new(FALSE, FALSE, sizeof(ChrFrontend));
    chr->backlog = g_byte_array_new();
    chr_set_filename(chr, "%s", ops->name);
    if (!optlist_bool(opts, "mux", &chr->mux, error) || !chardev_open_log(chr, opts, error) ||
        !ops->open(chr, opts, error) || !optlist_finish(opts, error)) {
        chr_free(chr);
        return NULL;
    }
    return chr;
}

Chardev *chr_new_from_options(const char *text, GError **error)
{
    g_autoptr(OptList) opts = optlist_parse(text, "backend");
    const char *id = optlist_get(opts, "id");
    if (!id) {
        g_set_error(error, OPT_ERROR, 0, "id= is missing; write '%s,id=NAME'", text);
        return NULL;
    }
    return chr_new(id, opts, error);
}

/* "[host]:port[@[localaddr]:localport]" -> "udp,host=,port=,localaddr=,localport=" */
static char *udp_options(const char *address, GError **error)
{
    g_auto(GStrv) ends = g_strsplit(address, "@", 2);
    static const char *const keys[][2] = {{"host", "port"}, {"localaddr", "localport"}};
    g_autoptr(GString) text = g_string_new("udp");
    for (int i = 0; i < 2 && ends[i]; i++) {
        char *colon = strrchr(ends[i], ':');
        if (!colon || colon[1] == '\0') {
            g_set_error(error, OPT_ERROR, 0,
                        "udp:%s: has no port; write udp:[HOST]:PORT[@[ADDRESS]:PORT]", address);
            return NULL;
        }
        *colon = '\0';
        optlist_put(text, keys[i][0], ends[i]);
        optlist_put(text, keys[i][1], colon + 1);
    }
    return g_strdup(text->str);
}

/* "tcp:host:port,rest" -> "socket,host=host,port=port,rest" */
static char *tcp_options(const char *address, GError **error)
{
    const char *comma = strchrnul(address, ',');
    g_autofree char *where = g_strndup(address, (size_t)(comma - address));
    char *colon = strrchr(where, ':');
    if (!colon || colon[1] == '\0') {
        g_set_error(error, OPT_ERROR, 0, "tcp:%s: has no port; write tcp:HOST:PORT", address);
        return NULL;
    }
    *colon = '\0';
    return g_strdup_printf("socket,host=%s,port=%s%s", where, colon + 1, comma);
}

/* -serial's spelling into -chardev's, or NULL. */
static char *spec_options(const char *spec, GError **error)
{
    static const struct {
        const char *prefix, *options;
    } table[] = {
        {"file:", "file,path="},
        {"pipe:", "pipe,path="},
        {"unix:", "socket,path="},
        {"/dev/", "serial,path=/dev/"},
    };
    static const char *const plain[] = {"stdio", "null", "pty", "ringbuf"};
    for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
        if (g_str_has_prefix(spec, table[i].prefix)) {
            return g_strconcat(table[i].options, spec + strlen(table[i].prefix), NULL);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(plain); i++) {
        size_t len = strlen(plain[i]);
        if (strncmp(spec, plain[i], len) == 0 && (spec[len] == '\0' || spec[len] == ',')) {
            return g_strdup(spec);
        }
    }
    if (g_str_has_prefix(spec, "tcp:")) {
        return tcp_options(spec + 4, error);
    }
    if (g_str_has_prefix(spec, "telnet:")) {
        g_autofree char *options = tcp_options(spec + 7, error);
        return options ? g_strconcat(options, ",telnet=on", NULL) : NULL;
    }
    if (g_str_has_prefix(spec, "udp:")) {
        return udp_options(spec + 4, error);
    }
    if (strcmp(spec, "vc") == 0 || g_str_has_prefix(spec, "vc:")) {
        return g_strdup("vc"); /* "vc:80Cx24C" */
    }
    static const char *const names[] = {"stdio",     "mon:stdio", "null",     "none",
                                        "vc",        "file:PATH", "pipe:",    "pty",
                                        "/dev/NAME", "unix:",     "tcp:HOST", "telnet:HOST",
                                        "udp:HOST",  "chardev:ID"};
    opt_error_nearest(error, spec, names, G_N_ELEMENTS(names), "there is no character device '%s'",
                      spec);
    return NULL;
}

Chardev *chr_new_from_spec(const char *id, const char *spec, GError **error)
{
    bool monitor = g_str_has_prefix(spec, "mon:");
    if (monitor) {
        spec += 4;
    }
    if (strcmp(spec, "none") == 0) {
        return NULL;
    }
    g_autofree char *options = spec_options(spec, error);
    if (!options) {
        return NULL;
    }
    /* Where the monitor shares the terminal, Ctrl-C is the guest's. */
    bool quiet = monitor && g_str_has_prefix(options, "stdio");
    g_autofree char *text =
        g_strconcat(options, monitor ? ",mux=on" : "", quiet ? ",signal=off" : "", NULL);
    g_autoptr(OptList) opts = optlist_parse(text, "backend");
    Chardev *chr = chr_new(id, opts, error);
    if (chr) {
        chr->wants_monitor = monitor;
    }
    return chr;
}

void chr_free(Chardev *chr)
{
    if (!chr) {
        return;
    }
    if (chr->ops->close) {
        chr->ops->close(chr);
    }
    if (chr->log) {
        fclose(chr->log);
    }
    g_array_unref(chr->frontends);
    g_byte_array_unref(chr->backlog);
    g_free(chr->filename);
    g_free(chr->id);
    g_free(chr);
}

const char *chr_id(const Chardev *chr)
{
    return chr->id;
}

const char *chr_filename(const Chardev *chr)
{
    return chr->filename;
}

void chr_set_filename(Chardev *chr, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_free(chr->filename);
    chr->filename = g_strdup_vprintf(format, args);
    va_end(args);
}

bool chr_wants_monitor(const Chardev *chr)
{
    return chr->wants_monitor;
}

bool chr_is_stdio(const Chardev *chr)
{
    return chr->ops == &chr_stdio_ops;
}

bool chr_is_mux(const Chardev *chr)
{
    return chr->mux;
}

bool chr_has_frontend(const Chardev *chr)
{
    return chr->frontends->len > 0;
}

void chr_set_quit_handler(Chardev *chr, void (*quit)(void *opaque), void *opaque)
{
    chr->quit = quit;
    chr->quit_opaque = opaque;
}

static ChrFrontend *focus(Chardev *chr)
{
    return chr->focus < chr->frontends->len
               ? &g_array_index(chr->frontends, ChrFrontend, chr->focus)
               : NULL;
}

bool chr_attach(Chardev *chr, const ChrHandlers *handlers, void *opaque, GError **error)
{
    if (chr->frontends->len > 0 && !chr->mux) {
        g_set_error(error, OPT_ERROR, 0,
                    "chardev '%s' is in use; only one made with mux=on can be shared", chr->id);
        return false;
    }
    ChrFrontend frontend = {handlers, opaque};
    g_array_append_val(chr->frontends, frontend);
    if (handlers->event && (!chr->ops->is_open || chr->ops->is_open(chr))) {
        handlers->event(opaque, CHR_OPENED);
    }
    chr_accept_input(chr);
    return true;
}

void chr_detach(Chardev *chr, void *opaque)
{
    for (guint i = 0; i < chr->frontends->len; i++) {
        if (g_array_index(chr->frontends, ChrFrontend, i).opaque == opaque) {
            g_array_remove_index(chr->frontends, i);
            chr->focus = 0;
            return;
        }
    }
}

void chr_write(Chardev *chr, const void *data, size_t len)
{
    if (chr->log) {
        fwrite(data, 1, len, chr->log);
        if (!report_written(chr->log, "logfile=")) {
            g_clear_pointer(&chr->log, fclose);
        }
    }
    chr->ops->write(chr, data, len);
}

void chr_accept_input(Chardev *chr)
{
    chr_mux_flush(chr);
    if (chr->ops->accept_input) {
        chr->ops->accept_input(chr);
    }
}

static bool is_gated(const Chardev *chr, const ChrFrontend *front)
{
    return chr->gate && front->handlers->guest;
}

static size_t front_room(const ChrFrontend *front)
{
    return front && front->handlers->can_receive ? front->handlers->can_receive(front->opaque) : 0;
}

size_t chr_focus_room(Chardev *chr)
{
    ChrFrontend *front = focus(chr);
    if (front && is_gated(chr, front)) {
        return chr->gate->room(chr->gate_opaque, chr);
    }
    return front_room(front);
}

void chr_focus_receive(Chardev *chr, const uint8_t *data, size_t len)
{
    ChrFrontend *front = focus(chr);
    if (front && len > 0 && is_gated(chr, front)) {
        chr->gate->data(chr->gate_opaque, chr, data, len);
    } else if (front && len > 0) {
        front->handlers->receive(front->opaque, data, len);
    }
}

size_t chr_can_receive(Chardev *chr)
{
    return chr->backlog->len > 0 ? 0 : chr_focus_room(chr);
}

void chr_receive(Chardev *chr, const uint8_t *data, size_t len)
{
    if (chr->mux) {
        chr_mux_receive(chr, data, len);
    } else {
        chr_focus_receive(chr, data, len);
    }
}

void chr_receive_all(Chardev *chr, const uint8_t *data, size_t len)
{
    size_t room = chr->mux ? len : chr_can_receive(chr);
    room = MIN(room, len);
    if (room > 0) {
        chr_receive(chr, data, room);
    }
    g_byte_array_append(chr->backlog, data + room, (guint)(len - room));
}

/* An event of the host's for a front end, through the gate if it is the guest's. */
static void tell_front(Chardev *chr, const ChrFrontend *front, ChrEvent event)
{
    if (is_gated(chr, front)) {
        chr->gate->event(chr->gate_opaque, chr, event);
    } else if (front->handlers->event) {
        front->handlers->event(front->opaque, event);
    }
}

void chr_send_event(Chardev *chr, ChrEvent event)
{
    for (guint i = 0; i < chr->frontends->len; i++) {
        tell_front(chr, &g_array_index(chr->frontends, ChrFrontend, i), event);
    }
}

void chr_guest_write(Chardev *chr, const void *data, size_t len)
{
    if (!chr->gate || !chr->gate->mutes(chr->gate_opaque, chr)) {
        chr_write(chr, data, len);
    }
}

void chr_send_break(Chardev *chr)
{
    ChrFrontend *front = focus(chr);
    if (front) {
        tell_front(chr, front, CHR_BREAK);
    }
}

void chr_set_gate(Chardev *chr, const ChrGate *gate, void *opaque)
{
    chr->gate = gate;
    chr->gate_opaque = opaque;
}

static ChrFrontend *guest_front(Chardev *chr)
{
    for (guint i = 0; i < chr->frontends->len; i++) {
        ChrFrontend *front = &g_array_index(chr->frontends, ChrFrontend, i);
        if (front->handlers->guest) {
            return front;
        }
    }
    return NULL;
}

size_t chr_guest_room(Chardev *chr)
{
    return front_room(guest_front(chr));
}

void chr_guest_receive(Chardev *chr, const uint8_t *data, size_t len)
{
    ChrFrontend *front = guest_front(chr);
    if (front) {
        front->handlers->receive(front->opaque, data, len);
    }
}

void chr_guest_event(Chardev *chr, ChrEvent event)
{
    ChrFrontend *front = guest_front(chr);
    if (front && front->handlers->event) {
        front->handlers->event(front->opaque, event);
    }
}

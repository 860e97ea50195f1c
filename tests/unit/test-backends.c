/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Character devices (the mux, back pressure, ring buffers, sockets) and block backends. */
#include <errno.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chardev/chardev.h"
#include "hw/core/backends.h"

typedef struct {
    GString *got;
    size_t room;
    unsigned opened, closed, breaks, focus_in;
} Front;

static size_t front_room(void *opaque)
{
    return ((Front *)opaque)->room;
}

static void front_receive(void *opaque, const uint8_t *data, size_t len)
{
    Front *f = opaque;
    g_assert_cmpuint(len, <=, f->room);
    f->room -= len;
    g_string_append_len(f->got, (const char *)data, (gssize)len);
}

static void front_event(void *opaque, ChrEvent event)
{
    Front *f = opaque;
    f->opened += event == CHR_OPENED;
    f->closed += event == CHR_CLOSED;
    f->breaks += event == CHR_BREAK;
    f->focus_in += event == CHR_FOCUS_IN;
}

static const ChrHandlers handlers = {front_room, front_receive, front_event};

static Front front_new(void)
{
    return (Front){.got = g_string_new(NULL), .room = 1000};
}

static void run_pending(void)
{
    while (g_main_context_iteration(NULL, FALSE)) {
    }
}

/* A character device whose other end is ours. */
static Chardev *chr_pair(const char *more, int *ours)
{
    int fds[2];
    g_autoptr(GError) error = NULL;
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
    g_autofree char *text = g_strdup_printf("socket,id=c,fd=%d%s", fds[0], more);
    Chardev *chr = chr_new_from_options(text, &error);
    g_assert_no_error(error);
    *ours = fds[1];
    return chr;
}

static void type(int fd, const char *text)
{
    g_assert_cmpint(write(fd, text, strlen(text)), ==, (ssize_t)strlen(text));
    run_pending();
}

static void on_quit(void *opaque)
{
    *(bool *)opaque = true;
}

static void test_mux(void)
{
    int ours;
    bool quit = false;
    Front a = front_new(), b = front_new();
    Chardev *chr = chr_pair(",mux=on", &ours);
    chr_set_quit_handler(chr, on_quit, &quit);
    g_assert_true(chr_attach(chr, &handlers, &a, NULL));
    g_assert_true(chr_attach(chr, &handlers, &b, NULL));
    g_assert_cmpuint(a.opened, ==, 1);
    type(ours, "one\x01\x01");
    type(ours, "\x01");
    type(ours, "ctwo\x01"
               "b\x01x");
    g_assert_cmpstr(a.got->str, ==, "one\x01");
    g_assert_cmpstr(b.got->str, ==, "two");
    g_assert_cmpuint(b.focus_in, ==, 1);
    g_assert_cmpuint(b.breaks, ==, 1);
    g_assert_cmpuint(a.breaks, ==, 0);
    g_assert_true(quit);
    chr_free(chr);
    close(ours);
    g_string_free(a.got, TRUE);
    g_string_free(b.got, TRUE);
}

static void test_back_pressure(void)
{
    int ours;
    Front f = front_new();
    f.room = 3;
    Chardev *chr = chr_pair("", &ours);
    g_assert_true(chr_attach(chr, &handlers, &f, NULL));
    g_assert_false(chr_attach(chr, &handlers, &f, NULL));
    type(ours, "abcdefgh");
    g_assert_cmpstr(f.got->str, ==, "abc");
    f.room = 2;
    chr_accept_input(chr);
    run_pending();
    g_assert_cmpstr(f.got->str, ==, "abcde");
    f.room = 100;
    chr_accept_input(chr);
    run_pending();
    g_assert_cmpstr(f.got->str, ==, "abcdefgh");
    close(ours);
    run_pending();
    g_assert_cmpuint(f.closed, ==, 1);
    chr_write(chr, "x", 1);
    chr_free(chr);
    g_string_free(f.got, TRUE);
}

/* Nobody reads: writes are bounded in time and memory. What was queued arrives in order. */
static void test_slow_reader(void)
{
    int ours;
    Chardev *chr = chr_pair("", &ours);
    g_autofree char *block = g_malloc(65536);
    for (int i = 0; i < 65536; i++) {
        block[i] = (char)(i % 251);
    }
    gint64 start = g_get_monotonic_time();
    for (int i = 0; i < 100; i++) {
        chr_write(chr, block, 65536);
    }
    g_assert_cmpint(g_get_monotonic_time() - start, <, 10 * G_USEC_PER_SEC);
    g_autofree char *back = g_malloc(65536);
    for (size_t done = 0; done < 65536;) {
        ssize_t n = read(ours, back + done, 65536 - done);
        g_assert_cmpint(n, >, 0);
        done += (size_t)n;
    }
    g_assert_cmpmem(back, 65536, block, 65536);
    close(ours);
    chr_free(chr);
}

static void test_ringbuf(void)
{
    g_autoptr(GString) out = g_string_new(NULL);
    Chardev *chr = chr_new_from_options("ringbuf,id=r,size=8", NULL);
    g_assert_true(chr_ringbuf_read(chr, 100, out));
    g_assert_cmpstr(out->str, ==, "");
    chr_write(chr, "0123456789", 10);
    g_assert_true(chr_ringbuf_read(chr, 100, out));
    g_assert_cmpstr(out->str, ==, "23456789");
    chr_free(chr);
    g_assert_null(chr_new_from_options("ringbuf,id=r,size=9", NULL));
}

static void test_unix_server(void)
{
    g_autofree char *dir = g_dir_make_tmp("chr-XXXXXX", NULL);
    g_autofree char *server = g_strdup_printf("unix:%s/s,server=on,wait=off", dir);
    g_autofree char *client = g_strdup_printf("unix:%s/s", dir);
    Front a = front_new(), b = front_new();
    Chardev *listener = chr_new_from_spec("a", server, NULL);
    g_assert_true(chr_attach(listener, &handlers, &a, NULL));
    g_assert_cmpuint(a.opened, ==, 0);
    for (unsigned turn = 1; turn <= 2; turn++) {
        Chardev *chr = chr_new_from_spec("b", client, NULL);
        g_assert_true(chr_attach(chr, &handlers, &b, NULL));
        chr_write(chr, "hello", 5);
        run_pending();
        g_assert_cmpuint(a.opened, ==, turn);
        chr_write(listener, "back", 4);
        run_pending();
        chr_free(chr);
        run_pending();
        g_assert_cmpuint(a.closed, ==, turn);
    }
    g_assert_cmpstr(a.got->str, ==, "hellohello");
    g_assert_cmpstr(b.got->str, ==, "backback");
    chr_free(listener);
    g_assert_cmpint(g_rmdir(dir), ==, 0); /* the socket's file is gone */
    g_assert_null(chr_new_from_spec("b", client, NULL));
    g_string_free(a.got, TRUE);
    g_string_free(b.got, TRUE);
}

/* What a telnet client sends around its keys is not the guest's, and 255 goes both ways doubled. */
static void test_telnet(void)
{
    static const char sent[] = "a\xff\xfd\x01"                     /* DO ECHO */
                               "b\xff\xfa\x18\xff\xff\x01\xff\xf0" /* a subnegotiation */
                               "c\xff\xff"                         /* 255 */
                               "\xff\xf3"                          /* BREAK */
                               "\r";
    static const char greeting[] = "\xff\xfb\x01\xff\xfb\x03\xff\xfb\0\xff\xfd\0";
    char got[64];
    int ours;
    Chardev *chr = chr_pair(",telnet=on", &ours);
    Front front = front_new();
    g_assert_true(chr_attach(chr, &handlers, &front, NULL));
    for (size_t i = 0; i < sizeof(sent); i++) { /* with the NUL that follows a lone return */
        g_assert_cmpint(write(ours, sent + i, 1), ==, 1);
        run_pending();
    }
    g_assert_cmpmem(front.got->str, front.got->len, "abc\xff\r", 5);
    g_assert_cmpuint(front.breaks, ==, 1);
    chr_write(chr, "x\xff", 2);
    run_pending();
    ssize_t n = read(ours, got, sizeof(got));
    g_assert_cmpmem(got, 12, greeting, 12);
    g_assert_cmpmem(got + 12, (size_t)n - 12, "x\xff\xff", 3);
    chr_free(chr);
    close(ours);
    g_string_free(front.got, TRUE);
}

static int udp_here(unsigned *port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&addr, len), ==, 0);
    g_assert_cmpint(getsockname(fd, (struct sockaddr *)&addr, &len), ==, 0);
    *port = ntohs(addr.sin_port);
    return fd;
}

/* A datagram is whole whatever the front end has room for, and neither an empty one nor a peer that
 * is gone ends anything. */
static void test_udp(void)
{
    struct sockaddr_in from;
    socklen_t len = sizeof(from);
    unsigned port;
    char got[16];
    int peer = udp_here(&port);
    g_autofree char *spec = g_strdup_printf("udp:127.0.0.1:%u@127.0.0.1:0", port);
    Front front = front_new();
    g_autoptr(GError) error = NULL;
    Chardev *chr = chr_new_from_spec("u", spec, &error);
    g_assert_no_error(error);
    front.room = 2;
    g_assert_true(chr_attach(chr, &handlers, &front, NULL));
    chr_write(chr, "hello", 5);
    g_assert_cmpint(recvfrom(peer, got, sizeof(got), 0, (struct sockaddr *)&from, &len), ==, 5);
    g_assert_cmpint(sendto(peer, "", 0, 0, (struct sockaddr *)&from, len), ==, 0);
    g_assert_cmpint(sendto(peer, "whole", 5, 0, (struct sockaddr *)&from, len), ==, 5);
    g_assert_cmpint(sendto(peer, "again", 5, 0, (struct sockaddr *)&from, len), ==, 5);
    run_pending();
    g_assert_cmpstr(front.got->str, ==, "wh");
    front.room = 100;
    chr_accept_input(chr);
    run_pending();
    g_assert_cmpstr(front.got->str, ==, "wholeagain");
    close(peer);
    for (int i = 0; i < 3; i++) {
        chr_write(chr, "lost", 4);
        run_pending();
    }
    chr_free(chr);
    g_string_free(front.got, TRUE);
}

static void test_spellings(void)
{
    static const struct {
        const char *spec, *filename, *says;
    } rows[] = {
        {"/dev/null", "/dev/null"},
        {"/dev/none", NULL, "path=/dev/none"},
        {"vc", "vc"},
        {"vc:80Cx24C", "vc"},
        {"udp::9", "udp:localhost:9"},
        {"udp:9", NULL, "has no port"},
        {"telnet:localhost", NULL, "has no port"},
        {"telnett:localhost:1", NULL, "there is no character device"},
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        Chardev *chr = chr_new_from_spec("s", rows[i].spec, &error);
        g_assert_cmpstr(chr ? chr_filename(chr) : NULL, ==, rows[i].filename);
        g_assert_true(chr || strstr(error->message, rows[i].says));
        chr_free(chr);
    }
}

static void test_none(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(chr_new_from_spec("n", "none", &error));
    g_assert_no_error(error);
}

#define DISK_BYTES (200 * 1024)

static char *make_disk(void)
{
    char *path;
    int fd = g_file_open_tmp("disk-XXXXXX", &path, NULL);
    g_assert_cmpint(ftruncate(fd, DISK_BYTES), ==, 0);
    g_assert_cmpint(pwrite(fd, "base", 4, 65534), ==, 4);
    close(fd);
    return path;
}

static void test_block(void)
{
    g_autofree char *path = make_disk();
    BlockOptions options = {.file = path};
    char buf[8] = "";
    BlockBackend *blk = blk_open("d", &options, NULL);
    g_assert_cmpuint(blk_size(blk), ==, DISK_BYTES);
    g_assert_true(blk_write(blk, 65535, "X", 1));
    g_assert_true(blk_flush(blk));
    g_assert_true(blk_read(blk, 65534, buf, 4));
    g_assert_cmpstr(buf, ==, "bXse");
    g_assert_false(blk_read(blk, DISK_BYTES - 1, buf, 2));
    g_assert_false(blk_write(blk, UINT64_MAX, buf, 2));
    g_assert_true(blk_claim(blk, "one", false, NULL));
    g_assert_false(blk_claim(blk, "two", false, NULL));
    blk_close(blk);
    options.read_only = true;
    blk = blk_open("d", &options, NULL);
    errno = 0;
    g_assert_false(blk_write(blk, 0, "x", 1));
    g_assert_cmpint(errno, ==, EROFS);
    blk_close(blk);
    g_unlink(path);
}

/* What reaches past the end is an error and writes nothing, into the file or over it. */
static void test_end(void)
{
    g_autofree char *path = make_disk();
    for (int snapshot = 0; snapshot < 2; snapshot++) {
        BlockOptions options = {.file = path, .snapshot = snapshot};
        char buf[2] = "";
        GStatBuf st;
        BlockBackend *blk = blk_open("d", &options, NULL);
        g_assert_false(blk_read(blk, DISK_BYTES - 1, buf, 2));
        g_assert_false(blk_write(blk, DISK_BYTES - 1, "ab", 2));
        g_assert_false(blk_write(blk, DISK_BYTES, "a", 1));
        g_assert_false(blk_write(blk, UINT64_MAX, "ab", 2));
        g_assert_true(blk_read(blk, DISK_BYTES - 1, buf, 1));
        g_assert_cmpint(buf[0], ==, 0);
        blk_close(blk);
        g_assert_cmpint(g_stat(path, &st), ==, 0);
        g_assert_cmpint(st.st_size, ==, DISK_BYTES);
    }
    g_unlink(path);
}

static void test_snapshot(void)
{
    g_autofree char *path = make_disk();
    BlockOptions options = {.file = path, .snapshot = true};
    char buf[8] = "";
    BlockBackend *blk = blk_open("d", &options, NULL);
    g_assert_true(blk_write(blk, 65535, "YZ", 2)); /* across two clusters */
    g_assert_true(blk_read(blk, 65534, buf, 4));
    g_assert_cmpstr(buf, ==, "bYZe");
    g_assert_true(blk_write(blk, DISK_BYTES - 2, "zz", 2));
    g_assert_true(blk_read(blk, DISK_BYTES - 4, buf, 4));
    g_assert_cmpmem(buf, 4, "\0\0zz", 4);
    blk_close(blk);
    options.snapshot = false;
    blk = blk_open("d", &options, NULL);
    g_assert_true(blk_read(blk, 65534, buf, 4));
    g_assert_cmpmem(buf, 4, "base", 4);
    blk_close(blk);
    g_unlink(path);
}

/* What is not a raw image of whole sectors is refused, with what it is. */
static void test_refused(void)
{
    static const struct {
        const char *head, *says;
        size_t bytes;
    } rows[] = {
        {"QFI\xfb", "qcow2", 4096}, {"KDMV", "vmdk", 4096},  {"vhdxfile", "vhdx", 4096},
        {"QED", "qed", 4096},       {"raw", NULL, 4096},     {"raw", "sectors", 4095},
        {"raw", "sectors", 4097},   {"raw", "sectors", 511}, {"", "sectors", 0},
    };
    g_autofree char *path = make_disk();
    BlockOptions options = {.file = path};
    for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
        char image[8192] = "";
        g_autoptr(GError) error = NULL;
        memcpy(image, rows[i].head, strlen(rows[i].head));
        g_assert_true(g_file_set_contents(path, image, (gssize)rows[i].bytes, NULL));
        BlockBackend *blk = blk_open("d", &options, &error);
        g_assert_cmpint(blk != NULL, ==, rows[i].says == NULL);
        g_assert_true(blk || strstr(error->message, rows[i].says));
        blk_close(blk);
    }
    g_unlink(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/backends/mux", test_mux);
    g_test_add_func("/backends/back-pressure", test_back_pressure);
    g_test_add_func("/backends/slow-reader", test_slow_reader);
    g_test_add_func("/backends/ringbuf", test_ringbuf);
    g_test_add_func("/backends/unix-server", test_unix_server);
    g_test_add_func("/backends/none", test_none);
    g_test_add_func("/backends/spellings", test_spellings);
    g_test_add_func("/backends/telnet", test_telnet);
    g_test_add_func("/backends/udp", test_udp);
    g_test_add_func("/backends/block", test_block);
    g_test_add_func("/backends/end", test_end);
    g_test_add_func("/backends/snapshot", test_snapshot);
    g_test_add_func("/backends/refused", test_refused);
    return g_test_run();
}

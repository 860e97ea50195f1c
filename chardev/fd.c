/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * File descriptors behind character devices: an input watch that sleeps while the front end is
 * full, and queued output that never makes the machine wait for long.
 */
#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"
#include "chardev/internal.h"

/* A pipe that polls writable takes this much without blocking (PIPE_BUF). */
#define WRITE_CHUNK 4096

void chr_fd_init(ChrFd *fd, Chardev *chr, int in, int out, void (*hangup)(Chardev *chr))
{
    struct stat st;
    *fd = (ChrFd){.chr = chr, .in = in, .out = out, .hangup = hangup};
    fd->queue = g_byte_array_new();
    if (out >= 0 && fstat(out, &st) == 0) {
        fd->regular = S_ISREG(st.st_mode);
        fd->is_socket = S_ISSOCK(st.st_mode);
    }
    chr_fd_update(fd);
}

static void fd_drop_source(GSource **source)
{
    if (*source) {
        g_source_destroy(*source);
        g_source_unref(*source);
        *source = NULL;
    }
}

static gboolean input_ready(gint in, GIOCondition condition, gpointer opaque)
{
    ChrFd *fd = opaque;
    uint8_t buf[4096];
    size_t room = chr_can_receive(fd->chr);
    room = fd->datagrams && room > 0 ? sizeof(buf) : MIN(room, sizeof(buf));
    if (room == 0) {
        fd_drop_source(&fd->watch);
        return G_SOURCE_REMOVE;
    }
    ssize_t n = read(in, buf, room);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return G_SOURCE_CONTINUE;
    }
    if (fd->datagrams) { /* an error is that of an earlier one which nobody took */
        chr_receive_all(fd->chr, buf, n > 0 ? (size_t)n : 0);
        return G_SOURCE_CONTINUE;
    }
    if (n <= 0) {
        fd_drop_source(&fd->watch);
        fd->ended = true;
        if (fd->hangup) {
            fd->hangup(fd->chr);
        }
        return G_SOURCE_REMOVE;
    }
    size_t left = fd->decode ? fd->decode(fd->chr, buf, (size_t)n) : (size_t)n;
    if (left > 0) {
        chr_receive(fd->chr, buf, left);
    }
    return G_SOURCE_CONTINUE;
}

void chr_fd_update(ChrFd *fd)
{
    if (fd->in < 0 || fd->ended || fd->watch || chr_can_receive(fd->chr) == 0) {
        return;
    }
    fd->watch = g_unix_fd_source_new(fd->in, G_IO_IN | G_IO_HUP | G_IO_ERR);
    g_source_set_callback(fd->watch, G_SOURCE_FUNC(input_ready), fd, NULL);
    g_source_attach(fd->watch, NULL);
}

/* Writes what goes without waiting: bytes, or -1 with errno. */
static ssize_t write_now(const ChrFd *fd, const uint8_t *data, size_t len)
{
    if (fd->regular) {
        return write(fd->out, data, len);
    }
    if (fd->is_socket) {
        return send(fd->out, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    struct pollfd p = {.fd = fd->out, .events = POLLOUT};
    if (poll(&p, 1, 0) <= 0 || !(p.revents & (POLLOUT | POLLERR | POLLHUP))) {
        errno = EAGAIN;
        return -1;
    }
    return write(fd->out, data, MIN(len, WRITE_CHUNK));
}

/* A reader that went away is no failure; a full disk is. */
static void write_failed(ChrFd *fd, int why)
{
    if (why != EPIPE && why != ECONNRESET && !(fd->datagrams && why == ECONNREFUSED)) {
        report_once(&fd->failed, "character device '%s' (%s): %s; output is lost", fd->chr->id,
                    fd->chr->filename, g_strerror(why));
    }
}

/* How much of `data` went; a dead reader swallows all of it. */
static size_t write_some(ChrFd *fd, const uint8_t *data, size_t len)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = write_now(fd, data + done, len - done);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EAGAIN) {
            break;
        }
        if (n < 0) {
            write_failed(fd, errno);
            return len;
        }
        done += (size_t)n;
    }
    return done;
}

static void drain(ChrFd *fd)
{
    size_t done = write_some(fd, fd->queue->data, fd->queue->len);
    if (done > 0) {
        g_byte_array_remove_range(fd->queue, 0, (guint)done);
    }
    fd->stalled = fd->stalled && fd->queue->len > 0;
}

static gboolean output_ready(gint out, GIOCondition condition, gpointer opaque)
{
    ChrFd *fd = opaque;
    drain(fd);
    if (fd->queue->len > 0) {
        return G_SOURCE_CONTINUE;
    }
    fd_drop_source(&fd->out_watch);
    return G_SOURCE_REMOVE;
}

/* Waits for the reader until `room` bytes fit or patience is over. */
static void wait_for_room(ChrFd *fd, size_t room, int patience_ms)
{
    gint64 end = g_get_monotonic_time() + patience_ms * 1000;
    while (fd->queue->len > 0 && fd->queue->len + room > CHR_QUEUE_BYTES) {
        struct pollfd p = {.fd = fd->out, .events = POLLOUT};
        gint64 left = (end - g_get_monotonic_time()) / 1000;
        if (left <= 0 || poll(&p, 1, (int)left) <= 0) {
            fd->stalled = true;
            return;
        }
        drain(fd);
    }
}

static void enqueue(ChrFd *fd, const uint8_t *data, size_t len)
{
    if (!fd->stalled) {
        wait_for_room(fd, len, CHR_WRITE_PATIENCE_MS);
    }
    if (fd->stalled) {
        return;
    }
    g_byte_array_append(fd->queue, data, (guint)len);
    if (!fd->out_watch) {
        fd->out_watch = g_unix_fd_source_new(fd->out, G_IO_OUT | G_IO_HUP | G_IO_ERR);
        g_source_set_callback(fd->out_watch, G_SOURCE_FUNC(output_ready), fd, NULL);
        g_source_attach(fd->out_watch, NULL);
    }
}

void chr_fd_write(ChrFd *fd, const uint8_t *data, size_t len)
{
    if (fd->out < 0) {
        return;
    }
    size_t done = fd->queue->len == 0 ? write_some(fd, data, len) : 0;
    if (done < len) {
        enqueue(fd, data + done, len - done);
    }
}

void chr_fd_close(ChrFd *fd)
{
    if (!fd->queue) {
        return;
    }
    fd_drop_source(&fd->watch);
    fd_drop_source(&fd->out_watch);
    if (fd->out >= 0 && fd->queue->len > 0 && !fd->stalled) {
        wait_for_room(fd, CHR_QUEUE_BYTES, CHR_CLOSE_PATIENCE_MS);
    }
    if (fd->in >= 0 && fd->in != fd->out) {
        close(fd->in);
    }
    if (fd->out >= 0) {
        close(fd->out);
    }
    g_byte_array_unref(fd->queue);
    *fd = (ChrFd){.in = -1, .out = -1};
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Images of other formats (block/nbd.h): qemu-nbd knows them, and libnbd speaks with it. A request
 * waits for its answer, half a minute at most; after that, or when qemu-nbd is gone, all requests
 * fail. Pieces that are no whole blocks of the server's are read, changed and written.
 */
#include "block/nbd.h"

#include <errno.h>
#include <libnbd.h>
#include <string.h>
#include <unistd.h>

#include "base/optlist.h"
#include "block/iov.h"
#include "block/nbd_server.h"

#define PATIENCE_US (30 * G_USEC_PER_SEC)
#define MOST        (1024u * 1024) /* bytes a request */
#define MOST_TRIM   (1024ull * 1024 * 1024)
#define MOST_BLOCK  65536u

typedef struct {
    BlockImage image;
    struct nbd_handle *nbd;
    NbdServer server;
    bool running, failed;
    bool flushes, trims; /* what the server can */
    uint32_t block;      /* what requests are whole numbers of; bytes */
    uint8_t *bounce;
} NbdImage;

static NbdImage *nbd_of(BlockImage *image)
{
    return (NbdImage *)image;
}

bool nbd_knows_format(const char *name)
{
    static const char *const names[] = {"qcow2", "vmdk", "vdi", "vhdx", "vpc", "qed", NULL};
    return g_strv_contains(names, name);
}

/* Lets the connection go on. False: it is broken, or was given up. */
static bool nbd_go_on(NbdImage *n, gint64 deadline)
{
    gint64 left = (deadline - g_get_monotonic_time()) / 1000;
    int polled = left > 0 ? nbd_poll(n->nbd, (int)left) : 0;
    if (polled < 0 && nbd_get_errno() == EINTR) {
        return true;
    }
    n->failed = polled <= 0;
    return !n->failed;
}

static bool nbd_wait(NbdImage *n, int64_t cookie)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE_US;
    int done = cookie < 0 ? -1 : 0;
    while (done == 0 && nbd_go_on(n, deadline)) {
        done = nbd_aio_command_completed(n->nbd, (uint64_t)cookie);
    }
    if (done <= 0) {
        int why = done < 0 ? nbd_get_errno() : EIO;
        errno = why ? why : EIO;
    }
    return done > 0;
}

static bool is_usable(const NbdImage *n)
{
    if (n->failed) {
        errno = EIO;
    }
    return !n->failed;
}

static bool nbd_read_blocks(NbdImage *n, uint64_t at, size_t len)
{
    return is_usable(n) &&
           nbd_wait(n, nbd_aio_pread(n->nbd, n->bounce, len, at, NBD_NULL_COMPLETION, 0));
}

static bool nbd_write_blocks(NbdImage *n, uint64_t at, size_t len)
{
    return is_usable(n) &&
           nbd_wait(n, nbd_aio_pwrite(n->nbd, n->bounce, len, at, NBD_NULL_COMPLETION, 0));
}

/* A part of a request: bytes [at, at + len), in the blocks [first, first + whole). */
typedef struct {
    uint64_t at, first;
    size_t len, whole;
} Part;

static Part nbd_part(const NbdImage *n, uint64_t at, size_t left)
{
    uint64_t first = at / n->block * n->block;
    size_t len = MIN(left, MOST - (size_t)(at - first));
    uint64_t end = (at + len + n->block - 1) / n->block * n->block;
    return (Part){at, first, len, (size_t)(MIN(end, n->image.size) - first)};
}

/* Between the bounce buffer and the list's bytes from `skip` on. */
static void nbd_copy(NbdImage *n, const Part *p, const struct iovec *iov, unsigned count,
                     size_t skip, bool to_list)
{
    uint8_t *buf = n->bounce + (p->at - p->first);
    for (size_t done = 0; done < p->len;) {
        struct iovec piece;
        iov_part(iov, count, skip + done, p->len - done, &piece, 1);
        if (to_list) {
            memcpy(piece.iov_base, buf + done, piece.iov_len);
        } else {
            memcpy(buf + done, piece.iov_base, piece.iov_len);
        }
        done += piece.iov_len;
    }
}

static bool nbd_readv(BlockImage *image, uint64_t at, const struct iovec *iov, unsigned count)
{
    NbdImage *n = nbd_of(image);
    size_t len = iov_bytes(iov, count);
    for (size_t done = 0; done < len;) {
        Part p = nbd_part(n, at + done, len - done);
        if (!nbd_read_blocks(n, p.first, p.whole)) {
            return false;
        }
        nbd_copy(n, &p, iov, count, done, true);
        done += p.len;
    }
    return true;
}

static bool nbd_writev(BlockImage *image, uint64_t at, const struct iovec *iov, unsigned count)
{
    NbdImage *n = nbd_of(image);
    size_t len = iov_bytes(iov, count);
    for (size_t done = 0; done < len;) {
        Part p = nbd_part(n, at + done, len - done);
        if (p.whole != p.len && !nbd_read_blocks(n, p.first, p.whole)) {
            return false;
        }
        nbd_copy(n, &p, iov, count, done, false);
        if (!nbd_write_blocks(n, p.first, p.whole)) {
            return false;
        }
        done += p.len;
    }
    return true;
}

static bool nbd_image_flush(BlockImage *image)
{
    NbdImage *n = nbd_of(image);
    return is_usable(n) &&
           (!n->flushes || nbd_wait(n, nbd_aio_flush(n->nbd, NBD_NULL_COMPLETION, 0)));
}

/* Whole blocks of it; what is beside them stays, as it may. */
static bool nbd_discard(BlockImage *image, uint64_t at, uint64_t len)
{
    NbdImage *n = nbd_of(image);
    uint64_t end = (at + len) / n->block * n->block;
    bool good = true;
    at = (at + n->block - 1) / n->block * n->block;
    while (good && at < end && n->trims) {
        uint64_t part = MIN(end - at, MOST_TRIM);
        good = is_usable(n) && nbd_wait(n, nbd_aio_trim(n->nbd, part, at, NBD_NULL_COMPLETION, 0));
        at += part;
    }
    return good;
}

static void nbd_image_close(BlockImage *image)
{
    NbdImage *n = nbd_of(image);
    if (n->nbd && n->running && !n->failed) {
        nbd_aio_disconnect(n->nbd, 0);
    }
    if (n->nbd) {
        nbd_close(n->nbd);
    }
    if (n->running) {
        nbd_server_wait(&n->server);
    }
    g_free(n->bounce);
    g_free(n);
}

static const BlockImageOps nbd_ops = {.readv = nbd_readv,
                                      .writev = nbd_writev,
                                      .flush = nbd_image_flush,
                                      .discard = nbd_discard,
                                      .close = nbd_image_close};

static bool nbd_connect_to(NbdImage *n, int fd)
{
    gint64 deadline = g_get_monotonic_time() + PATIENCE_US;
    n->nbd = nbd_create();
    if (!n->nbd || nbd_aio_connect_socket(n->nbd, fd) != 0) {
        close(fd);
        return false;
    }
    while (!nbd_aio_is_ready(n->nbd)) {
        if (nbd_aio_is_dead(n->nbd) || nbd_aio_is_closed(n->nbd) || !nbd_go_on(n, deadline)) {
            return false;
        }
    }
    return true;
}

static bool nbd_learn_size(NbdImage *n)
{
    int64_t size = nbd_get_size(n->nbd);
    int64_t least = nbd_get_block_size(n->nbd, LIBNBD_SIZE_MINIMUM);
    n->image.size = size > 0 ? (uint64_t)size : 0;
    n->flushes = nbd_can_flush(n->nbd) > 0;
    n->trims = nbd_can_trim(n->nbd) > 0;
    n->block = least > 0 ? (uint32_t)MIN(least, UINT32_MAX) : 1;
    return size > 0 && n->block <= MOST_BLOCK && (n->block & (n->block - 1)) == 0 &&
           n->image.size % n->block == 0;
}

/* As options of one image (qemu-nbd's --image-opts): no name is taken for anything else. */
static char *image_options(const BlockOptions *options, const char *format)
{
    GString *text = g_string_new(NULL);
    g_string_printf(text, "driver=%s,file.driver=file%s,file.filename=", format,
                    options->unlocked ? ",file.locking=off"
                    : options->locked ? ",file.locking=on"
                                      : "");
    for (const char *p = options->file; *p; p++) {
        g_string_append(text, *p == ',' ? ",," : (char[]){*p, '\0'});
    }
    return g_string_free(text, FALSE);
}

static int nbd_start_server(NbdImage *n, const BlockOptions *options, const char *format,
                            bool writes, GError **error)
{
    g_autofree char *image = image_options(options, format);
    char *arguments[] = {"--image-opts", options->unmap ? "--discard=unmap" : "--discard=ignore",
                         image, writes ? NULL : "--read-only", NULL};
    int fd = nbd_server_start(&n->server, arguments, error);
    n->running = fd >= 0;
    return fd;
}

BlockImage *nbd_image_open(const BlockOptions *options, const char *format, bool writes,
                           GError **error)
{
    NbdImage *n = g_new0(NbdImage, 1);
    n->image.ops = &nbd_ops;
    n->bounce = g_malloc(MOST + MOST_BLOCK);
    int fd = nbd_start_server(n, options, format, writes, error);
    if (fd < 0) {
        g_prefix_error(error, "file=%s: is a %s image: ", options->file, format);
    } else if (!nbd_connect_to(n, fd) || !nbd_learn_size(n)) {
        n->failed = true;
        g_autofree char *why = nbd_server_said(&n->server);
        g_set_error(error, OPT_ERROR, 0, "file=%s: qemu-nbd cannot open the %s image: %s",
                    options->file, format, why ? why : "it has no size that is of use");
    } else {
        return &n->image;
    }
    nbd_image_close(&n->image);
    return NULL;
}

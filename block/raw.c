/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Raw images: files and host block devices, read and written where the guest does. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/optlist.h"
#include "block/image.h"
#include "block/iov.h"

#define SECTOR_SIZE 512
#define AT_ONCE     256 /* pieces a system call */

typedef struct {
    BlockImage image;
    int fd;
    char *file;
} RawImage;

static bool file_move(int fd, uint64_t at, const struct iovec *iov, unsigned count, bool writes)
{
    size_t left = iov_bytes(iov, count), done = 0;
    while (left > 0) {
        struct iovec part[AT_ONCE];
        unsigned n = iov_part(iov, count, done, left, part, AT_ONCE);
        off_t offset = (off_t)(at + done);
        ssize_t moved =
            writes ? pwritev(fd, part, (int)n, offset) : preadv(fd, part, (int)n, offset);
        if (moved < 0 && errno == EINTR) {
            continue;
        }
        if (moved <= 0) { /* 0: the file has shrunk under us */
            errno = moved == 0 ? EIO : errno;
            return false;
        }
        done += (size_t)moved;
        left -= (size_t)moved;
    }
    return true;
}

bool file_readv(int fd, uint64_t at, const struct iovec *iov, unsigned count)
{
    return file_move(fd, at, iov, count, false);
}

/* What has become too short must not grow again, with holes where data was. */
static bool raw_still_has(const RawImage *raw, uint64_t end)
{
    struct stat st;
    if (fstat(raw->fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size < end) {
        errno = EIO;
        return false;
    }
    return true;
}

bool file_writev(int fd, uint64_t at, const struct iovec *iov, unsigned count)
{
    return file_move(fd, at, iov, count, true);
}

static RawImage *raw_of(BlockImage *image)
{
    return (RawImage *)image;
}

static bool raw_readv(BlockImage *image, uint64_t at, const struct iovec *iov, unsigned count)
{
    return file_readv(raw_of(image)->fd, at, iov, count);
}

static bool raw_writev(BlockImage *image, uint64_t at, const struct iovec *iov, unsigned count)
{
    return raw_still_has(raw_of(image), at + iov_bytes(iov, count)) &&
           file_writev(raw_of(image)->fd, at, iov, count);
}

static bool raw_flush(BlockImage *image)
{
    return fdatasync(raw_of(image)->fd) == 0;
}

/* A host that cannot has not failed: what is discarded may stay. */
static bool raw_discard(BlockImage *image, uint64_t at, uint64_t len)
{
    int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    return fallocate(raw_of(image)->fd, mode, (off_t)at, (off_t)len) == 0 || errno == EOPNOTSUPP ||
           errno == ENODEV;
}

static bool raw_lock(BlockImage *image, const BlockLock *lock, GError **error)
{
    return block_lock(raw_of(image)->fd, raw_of(image)->file, lock, error);
}

static void raw_close(BlockImage *image)
{
    RawImage *raw = raw_of(image);
    if (raw->fd >= 0) {
        close(raw->fd);
    }
    g_free(raw->file);
    g_free(raw);
}

static const BlockImageOps raw_ops = {.readv = raw_readv,
                                      .writev = raw_writev,
                                      .flush = raw_flush,
                                      .discard = raw_discard,
                                      .lock = raw_lock,
                                      .close = raw_close};

static bool is_no_directory(const RawImage *raw, GError **error)
{
    struct stat st;
    if (fstat(raw->fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        g_set_error(error, OPT_ERROR, 0, "file=%s: is a directory; a raw image is needed",
                    raw->file);
        return false;
    }
    return true;
}

static bool find_size(RawImage *raw, GError **error)
{
    off_t end = lseek(raw->fd, 0, SEEK_END);
    if (end < 0) {
        g_set_error(error, OPT_ERROR, 0, "file=%s: has no size: %s", raw->file, g_strerror(errno));
        return false;
    }
    raw->image.size = (uint64_t)end;
    if (end == 0 || end % SECTOR_SIZE != 0) {
        g_set_error(error, OPT_ERROR, 0,
                    "file=%s: has %" G_GUINT64_FORMAT
                    " bytes, which is no whole number of 512-byte sectors; is it truncated?",
                    raw->file, raw->image.size);
        return false;
    }
    return true;
}

BlockImage *raw_open(const BlockOptions *options, bool writes, GError **error)
{
    RawImage *raw = g_new0(RawImage, 1);
    raw->image.ops = &raw_ops;
    raw->file = g_strdup(options->file);
    /* A pipe without a writer would hold open() up; on files and disks the flag says nothing. */
    raw->fd = open(options->file, (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
    if (raw->fd < 0) {
        g_set_error(error, OPT_ERROR, 0, "file=%s: could not be opened%s: %s", options->file,
                    writes ? " for writing" : "", g_strerror(errno));
        goto fail;
    }
    if (!is_no_directory(raw, error) || !find_size(raw, error)) {
        goto fail;
    }
    return &raw->image;
fail:
    raw_close(&raw->image);
    return NULL;
}

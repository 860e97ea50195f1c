/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is behind a drive: an image that somebody knows how to read. Private to block/. */
#ifndef BLOCK_IMAGE_H
#define BLOCK_IMAGE_H

#include "block/block.h"
#include "block/lock.h"

typedef struct BlockImage BlockImage;

/* False with errno set on an error. Ranges are inside of the image. */
typedef struct {
    bool (*readv)(BlockImage *image, uint64_t at, const struct iovec *iov, unsigned count);
    bool (*writev)(BlockImage *image, uint64_t at, const struct iovec *iov, unsigned count);
    bool (*flush)(BlockImage *image);
    bool (*discard)(BlockImage *image, uint64_t at, uint64_t len);
    /* Keeps other processes away; NULL where somebody else does. */
    bool (*lock)(BlockImage *image, const BlockLock *lock, GError **error);
    void (*close)(BlockImage *image);
} BlockImageOps;

struct BlockImage {
    const BlockImageOps *ops;
    uint64_t size;
};

/* A raw file or a host's device. */
BlockImage *raw_open(const BlockOptions *options, bool writes, GError **error);

/* preadv(2) and pwritev(2), all of it. The file's end is an error. */
bool file_readv(int fd, uint64_t at, const struct iovec *iov, unsigned count);
bool file_writev(int fd, uint64_t at, const struct iovec *iov, unsigned count);

#endif

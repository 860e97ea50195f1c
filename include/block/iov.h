/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of pieces of memory, as preadv(2) takes them. */
#ifndef BLOCK_IOV_H
#define BLOCK_IOV_H

#include <stddef.h>
#include <sys/uio.h>

size_t iov_bytes(const struct iovec *iov, unsigned count);
/* The pieces that make up bytes [skip, skip + len), as many as fit into `out`; how many. */
unsigned iov_part(const struct iovec *iov, unsigned count, size_t skip, size_t len,
                  struct iovec *out, unsigned most);
/* To and from one piece of `len` bytes. */
void iov_fill(const struct iovec *iov, unsigned count, const void *from, size_t len);
void iov_gather(const struct iovec *iov, unsigned count, void *to, size_t len);

#endif

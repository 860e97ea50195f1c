/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between the machine's process and its helper (system/broker.h). A signal's handler sends
 * and receives them, so nothing here allocates. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "system/broker.h"

typedef union {
    struct cmsghdr align;
    char space[CMSG_SPACE(sizeof(int))];
} BrokerRights;

bool broker_send(int socket, const void *head, size_t head_len, const void *data, size_t len,
                 int fd)
{
    BrokerRights rights;
    struct iovec iov[] = {{(void *)head, head_len}, {(void *)data, len}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
    if (fd >= 0) {
        msg.msg_control = &rights;
        msg.msg_controllen = sizeof(rights);
        struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
        *c = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(c), &fd, sizeof(fd));
    }
    ssize_t n;
    do {
        n = sendmsg(socket, &msg, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)(head_len + len);
}

ssize_t broker_receive(int socket, void *head, size_t head_len, void *data, size_t max, int *fd)
{
    BrokerRights rights;
    struct iovec iov[] = {{head, head_len}, {data, max}};
    struct msghdr msg = {
        .msg_iov = iov, .msg_iovlen = 2, .msg_control = &rights, .msg_controllen = sizeof(rights)};
    ssize_t n;
    *fd = -1;
    do {
        n = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
    if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
        memcpy(fd, CMSG_DATA(c), sizeof(*fd));
    }
    return n < (ssize_t)head_len ? -1 : n - (ssize_t)head_len;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The helper: a small process that does what the sandbox keeps the machine's process from. One
 * table says for each such call what its arguments are; descriptors go to and fro as rights, data
 * as messages. It ends with the other end of its socket. Private to system/.
 */
#ifndef SYSTEM_BROKER_H
#define SYSTEM_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BROKER_ARGS   6
#define BROKER_BUFFER 65536u /* bytes of all that goes one way; longer reads and writes are cut */

/*
 * A call. `args` has a letter for each argument:
 *   '.' a value                     'f' a descriptor        'c' a folder's, or AT_FDCWD
 *   'p' a path                      'i', 'I' bytes that go in, as many as the next argument says,
 *   'o', 'O' bytes that come out     or as `fixed`; 'l' the pointer to 'o' bytes' length
 */
typedef struct {
    int nr;
    const char *args;
    uint16_t fixed;
    bool gives_fd;
} BrokerCall;

/* NULL: the helper does no such call. An ioctl has a row for each request. */
const BrokerCall *broker_call(int nr, const uint64_t args[BROKER_ARGS]);

typedef struct {
    int32_t nr;
    uint32_t fds; /* one comes along */
    uint64_t args[BROKER_ARGS];
    uint32_t bytes[BROKER_ARGS]; /* of each argument, in or out */
} BrokerRequest;

typedef struct {
    int64_t result; /* or -errno */
    uint32_t fds;
    uint32_t length; /* what an 'l' argument is set to */
} BrokerReply;

/* Not calls of the kernel: the helper becomes another user, below another root. Paths are two. */
#define BROKER_DROP (-1)

/* A message with at most one descriptor (-1: none). */
bool broker_send(int socket, const void *head, size_t head_len, const void *data, size_t len,
                 int fd);
/* The bytes of data there were, or -1: the other end is gone, or the message is none. *fd is -1 if
 * there was none. */
ssize_t broker_receive(int socket, void *head, size_t head_len, void *data, size_t max, int *fd);

typedef struct {
    int socket;
    pid_t client;  /* whom signals may go to: itself */
    bool named;    /* only what is named in argv */
    bool user_net; /* libslirp opens sockets */
    char **argv;
} Broker;

/* Does what is asked until the other end is gone. */
void broker_run(const Broker *broker) __attribute__((noreturn));

/* Whether this one may be done (sandbox_policy in docs/security.md); 0 or an errno. `paths` are of
 * the arguments that are paths. */
int broker_forbids(const Broker *broker, const BrokerRequest *request,
                   const char *const paths[BROKER_ARGS]);
/* What was opened is no window into the kernel or other processes. */
bool broker_keeps(int fd);

#endif

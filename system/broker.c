/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The helper's process (system/broker.h). */
#include "system/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "system/process.h"

/* A request as it came, and the room that its reply needs. */
typedef struct {
    BrokerRequest request;
    uint8_t in[BROKER_BUFFER], out[BROKER_BUFFER];
    const char *paths[BROKER_ARGS];
    uint64_t args[BROKER_ARGS];
    size_t in_bytes, out_bytes;
    socklen_t length;
} BrokerJob;

static bool job_take_in(BrokerJob *job, unsigned i, char kind, size_t *at)
{
    uint32_t bytes = job->request.bytes[i];
    if (bytes > job->in_bytes - *at) {
        return false;
    }
    if (job->request.args[i]) {
        job->args[i] = (uint64_t)(uintptr_t)(job->in + *at);
    }
    if (kind == 'p') {
        if (bytes == 0 || job->in[*at + bytes - 1] != '\0') {
            return false;
        }
        job->paths[i] = (const char *)job->in + *at;
    }
    *at += bytes;
    return true;
}

static bool job_make_room(BrokerJob *job, unsigned i, char next)
{
    uint32_t bytes = job->request.bytes[i];
    if (bytes > sizeof(job->out) - job->out_bytes) {
        return false;
    }
    if (job->request.args[i]) {
        job->args[i] = (uint64_t)(uintptr_t)(job->out + job->out_bytes);
        job->out_bytes += bytes;
    }
    if (next == 'l') {
        job->length = bytes;
    } else if (next != '\0' && job->request.args[i]) {
        job->args[i + 1] = MIN(job->args[i + 1], bytes);
    }
    return true;
}

/* The arguments as they are in this process. False for a request that is none. */
static bool job_decode(BrokerJob *job, const BrokerCall *call, int fd)
{
    size_t at = 0;
    memcpy(job->args, job->request.args, sizeof(job->args));
    memset(job->paths, 0, sizeof(job->paths));
    job->out_bytes = 0;
    for (unsigned i = 0; call->args[i]; i++) {
        char kind = call->args[i];
        if (kind == 'f' || (kind == 'c' && (int)job->args[i] >= 0)) {
            job->args[i] = (uint64_t)fd;
        } else if (strchr("piI", kind) && !job_take_in(job, i, kind, &at)) {
            return false;
        } else if (kind == 'i') {
            job->args[i + 1] = MIN(job->args[i + 1], job->request.bytes[i]);
        } else if (kind == 'o' && !job_make_room(job, i, call->args[i + 1])) {
            return false;
        } else if (kind == 'O' && !job_make_room(job, i, '\0')) {
            return false;
        } else if (kind == 'l' && job->args[i]) {
            job->args[i] = (uint64_t)(uintptr_t)&job->length;
        }
    }
    return true;
}

static int64_t job_do(const BrokerJob *job)
{
    const uint64_t *a = job->args;
    long result = syscall(job->request.nr, a[0], a[1], a[2], a[3], a[4], a[5]);
    return result < 0 ? -errno : result;
}

/* Carries one call out. *gives is the descriptor that goes back, or -1. */
static int64_t broker_do(const Broker *broker, BrokerJob *job, int fd, int *gives)
{
    const BrokerCall *call = broker_call(job->request.nr, job->request.args);
    if (!call || !job_decode(job, call, fd)) {
        return -EINVAL;
    }
    int why = broker_forbids(broker, &job->request, job->paths);
    if (why != 0) {
        return -why;
    }
    int64_t result = job_do(job);
    if (call->gives_fd && result >= 0) {
        if (!broker_keeps((int)result)) {
            close((int)result);
            return -EACCES;
        }
        *gives = (int)result;
    }
    return result;
}

/* "USER\0ROOT\0", either of which may be empty. */
static int64_t broker_drop(BrokerJob *job)
{
    const char *user = (const char *)job->in, *root;
    if (job->in_bytes < 2 || job->in[job->in_bytes - 1] != '\0') {
        return -EINVAL;
    }
    root = user + strlen(user) + 1;
    if (root >= (const char *)job->in + job->in_bytes) {
        return -EINVAL;
    }
    return process_drop(*user ? user : NULL, *root ? root : NULL, NULL) ? 0 : -EPERM;
}

static void broker_serve(const Broker *broker, BrokerJob *job, int fd)
{
    int gives = -1;
    job->out_bytes = 0;
    job->length = 0;
    int64_t result =
        job->request.nr == BROKER_DROP ? broker_drop(job) : broker_do(broker, job, fd, &gives);
    BrokerReply reply = {.result = result, .fds = gives >= 0, .length = job->length};
    broker_send(broker->socket, &reply, sizeof(reply), job->out, job->out_bytes, gives);
    if (gives >= 0) {
        close(gives);
    }
    if (fd >= 0) {
        close(fd);
    }
}

void broker_run(const Broker *broker)
{
    static BrokerJob job;
    int fd;
    for (;;) {
        ssize_t got = broker_receive(broker->socket, &job.request, sizeof(job.request), job.in,
                                     sizeof(job.in), &fd);
        if (got < 0) {
            _exit(0);
        }
        job.in_bytes = (size_t)got;
        broker_serve(broker, &job, fd);
    }
}

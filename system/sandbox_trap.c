/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A call that the filter does not allow arrives here as a signal (seccomp(2), SECCOMP_RET_TRAP), is
 * sent to the helper, and goes on with the helper's result as if the kernel had done it. Everything
 * is in a signal's handler: it allocates nothing and uses only what the filter allows.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/report.h"
#include "system/broker.h"
#include "system/sandbox.h"

#define SAID_AT_MOST 16 /* lines about calls that were refused */

/* All that the handler can get at. */
static struct {
    int helper;
    pid_t pid;
    unsigned said;
    uint8_t buffer[BROKER_BUFFER];
} trapped;

/* The argument's bytes: of a path with its 0, of data as many as go in one message. */
static uint32_t trap_length(const BrokerCall *call, const uint64_t *args, unsigned i, size_t room)
{
    const void *p = (const void *)args[i];
    size_t length;
    if (!p) {
        return 0;
    }
    switch (call->args[i]) {
    case 'p':
        length = strlen(p) + 1;
        break;
    case 'i':
        length = args[i + 1];
        break;
    case 'o':
        length = call->args[i + 1] == 'l' ? *(const socklen_t *)args[i + 1] : args[i + 1];
        break;
    case 'I':
    case 'O':
        length = call->fixed;
        break;
    default:
        return 0;
    }
    return (uint32_t)MIN(length, room);
}

/* Lays the request out, and its data in the buffer: their length. *fd is what goes along. */
static size_t trap_request(const BrokerCall *call, BrokerRequest *request, int *fd)
{
    size_t in = 0, room = BROKER_BUFFER;
    *fd = -1;
    for (unsigned i = 0; call->args[i]; i++) {
        char kind = call->args[i];
        request->bytes[i] = trap_length(call, request->args, i, room);
        room -= request->bytes[i];
        if (kind == 'f' || (kind == 'c' && *fd < 0 && (int)request->args[i] >= 0)) {
            *fd = (int)request->args[i];
        } else if (kind == 'p' || kind == 'i' || kind == 'I') {
            memcpy(trapped.buffer + in, (const void *)request->args[i], request->bytes[i]);
            in += request->bytes[i];
        }
    }
    request->fds = *fd >= 0;
    return in;
}

/* What came out goes where the caller wants it. */
static void trap_results(const BrokerCall *call, const BrokerRequest *request,
                         const BrokerReply *reply)
{
    size_t at = 0;
    for (unsigned i = 0; call->args[i]; i++) {
        void *p = (void *)request->args[i];
        if ((call->args[i] == 'o' || call->args[i] == 'O') && request->bytes[i] > 0) {
            memcpy(p, trapped.buffer + at, request->bytes[i]);
            at += request->bytes[i];
        } else if (call->args[i] == 'l' && p) {
            *(socklen_t *)p = reply->length;
        }
    }
}

static int64_t trap_ask(const BrokerCall *call, BrokerRequest *request)
{
    BrokerReply reply;
    int fd;
    size_t in = trap_request(call, request, &fd);
    if (fd >= 0 && fcntl(fd, F_GETFD) < 0) {
        return -EBADF;
    }
    if (!broker_send(trapped.helper, request, sizeof(*request), trapped.buffer, in, fd) ||
        broker_receive(trapped.helper, &reply, sizeof(reply), trapped.buffer, BROKER_BUFFER, &fd) <
            0) {
        return -EPERM; /* the helper is gone */
    }
    if (reply.result >= 0) {
        trap_results(call, request, &reply);
    }
    return reply.fds ? fd : reply.result;
}

static void trap_say(int nr)
{
    char line[128];
    if (trapped.said++ < SAID_AT_MOST) {
        int n = snprintf(
            line, sizeof(line),
            PROGRAM ": the sandbox refused system call %d; '-sandbox off' is without\n", nr);
        n = (int)write(STDERR_FILENO, line, (size_t)n);
        (void)n;
    }
}

static int64_t trap_answer(int nr, const greg_t *regs)
{
    BrokerRequest request = {.nr = nr,
                             .args = {(uint64_t)regs[REG_RDI], (uint64_t)regs[REG_RSI],
                                      (uint64_t)regs[REG_RDX], (uint64_t)regs[REG_R10],
                                      (uint64_t)regs[REG_R8], (uint64_t)regs[REG_R9]}};
    if (nr == SYS_getpid || nr == SYS_gettid) {
        return trapped.pid;
    }
    const BrokerCall *call = broker_call(nr, request.args);
    if (call) {
        return trap_ask(call, &request);
    }
    if (nr != SYS_rt_sigprocmask) { /* abort() asks for it, and goes on without */
        trap_say(nr);
    }
    return -EPERM;
}

static void trap_handle(int number, siginfo_t *info, void *opaque)
{
    ucontext_t *context = opaque;
    int saved_errno = errno;
    context->uc_mcontext.gregs[REG_RAX] = trap_answer(info->si_syscall, context->uc_mcontext.gregs);
    errno = saved_errno;
}

bool sandbox_trap_calls(int helper, GError **error)
{
    struct sigaction action = {.sa_sigaction = trap_handle, .sa_flags = SA_SIGINFO | SA_RESTART};
    trapped.helper = helper;
    trapped.pid = getpid();
    /* One request at a time: another signal's handler may need the helper, too. */
    sigfillset(&action.sa_mask);
    if (sigaction(SIGSYS, &action, NULL) == 0) {
        return true;
    }
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "SIGSYS: %s", g_strerror(errno));
    return false;
}

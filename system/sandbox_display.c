/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the processes of a display's server may do (system/sandbox.h). They have the user's screen
 * and none of the guest's memory. A client's fails quietly in what it may not: the library that it
 * runs is not ours.
 */
#include <errno.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/optlist.h"
#include "system/process.h"
#include "system/sandbox.h"

#define SERVER_NAME       "qemu-vnc"
#define MEMORY_MOST       (UINT64_C(512) << 20)
#define CLIENT_CALL(name) SCMP_SYS(name)

/* What one connection takes. */
static const int client_calls[] = {
    CLIENT_CALL(read),           CLIENT_CALL(write),      CLIENT_CALL(writev),
    CLIENT_CALL(recvfrom),       CLIENT_CALL(sendto),     CLIENT_CALL(select),
    CLIENT_CALL(pselect6),       CLIENT_CALL(poll),       CLIENT_CALL(close),
    CLIENT_CALL(shutdown),       CLIENT_CALL(fcntl),      CLIENT_CALL(getpeername),
    CLIENT_CALL(setsockopt),     CLIENT_CALL(munmap),     CLIENT_CALL(mremap),
    CLIENT_CALL(madvise),        CLIENT_CALL(brk),        CLIENT_CALL(futex),
    CLIENT_CALL(clock_gettime),  CLIENT_CALL(getrandom),  CLIENT_CALL(rt_sigreturn),
    CLIENT_CALL(rt_sigaction),   CLIENT_CALL(exit_group), CLIENT_CALL(getpid),
    CLIENT_CALL(restart_syscall)};

bool sandbox_confine_server(const SandboxOptions *options, GError **error)
{
    prctl(PR_SET_NAME, SERVER_NAME);
    if (!process_drop(options->user, options->chroot, error)) {
        return false;
    }
    if (sandbox_is_possible(options)) {
        const struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        sandbox_forbid_programs();
    }
    return true;
}

static bool load_client_filter(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int why = filter ? 0 : -1;
    for (size_t i = 0; i < G_N_ELEMENTS(client_calls) && why == 0; i++) {
        why = seccomp_rule_add(filter, SCMP_ACT_ALLOW, client_calls[i], 0);
    }
    if (why == 0) {
        why = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                               SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    }
    why = why == 0 ? seccomp_load(filter) : why;
    if (filter) {
        seccomp_release(filter);
    }
    return why == 0;
}

void sandbox_confine_client(const SandboxOptions *options)
{
    if (!sandbox_is_possible(options)) {
        return;
    }
    const struct rlimit none = {0, 0}, memory = {MEMORY_MOST, MEMORY_MOST};
    setrlimit(RLIMIT_NPROC, &none);
    setrlimit(RLIMIT_FSIZE, &none);
    setrlimit(RLIMIT_AS, &memory);
    sandbox_lock_paths();
    if (!load_client_filter()) {
        _exit(1);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the machine's process may do by itself (system/sandbox.h): seccomp's filter and Landlock. */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/optlist.h"
#include "system/sandbox.h"

#define ALL UINT32_MAX

/* clang-format off */
#define CALL(name) SYS_##name, #name
static const SandboxRule rules[] = {
    {CALL(read)},
    {CALL(write)},
    {CALL(close)},
    {CALL(poll)},
    {CALL(preadv)},
    {CALL(pwritev)},
    /* fstat(): of a descriptor. */
    {CALL(newfstatat), .check = {{3, ALL, 0x1000 /* AT_EMPTY_PATH */}}},
    {CALL(fcntl)},
    /* Memory that is never executed, whoever maps it. */
    {CALL(mmap), .check = {{2, PROT_EXEC}}},
    {CALL(munmap)},
    {CALL(mremap)},
    {CALL(madvise)},
    {CALL(brk)},
    {CALL(clock_gettime)},
    {CALL(getrusage), .check = {{0, ALL, RUSAGE_THREAD}}},
    {CALL(timerfd_settime)},
    {CALL(getrandom), .check = {{2, ~(uint64_t)1 /* GRND_NONBLOCK */}}},
    /* To the helper alone; the socket is put there by sandbox_load_filter(). */
    {CALL(sendmsg)},
    {CALL(recvmsg)},
    /* send(): on a connection. */
    {CALL(sendto), .check = {{4, ~UINT64_C(0)}}},
    {CALL(rt_sigreturn)},
    /* By the kernel, where a stop and a go came into poll(). */
    {CALL(restart_syscall)},
    {CALL(rt_sigaction)},
    /* Wakes whoever waits for a lock, which nobody does: there is one thread. */
    {CALL(futex), .check = {{1, 0x7f, 1 /* FUTEX_WAKE */}}},
    {CALL(exit_group)},

    {CALL(sendto), SANDBOX_SOCKETS},

    /* A guest's connections are made by the helper; what they carry is not. */
    {CALL(recvfrom), SANDBOX_USER_NET},
};
/* clang-format on */

/* New programs, and looks into others: what asks for these is not this program any more. */
static const int deadly[] = {SYS_execve,
                             SYS_execveat,
                             SYS_fork,
                             SYS_vfork,
                             SYS_ptrace,
                             SYS_process_vm_readv,
                             SYS_process_vm_writev,
                             SYS_mount,
                             SYS_umount2,
                             SYS_pivot_root,
                             SYS_init_module,
                             SYS_finit_module,
                             SYS_delete_module,
                             SYS_kexec_load,
                             SYS_bpf,
                             SYS_perf_event_open,
                             SYS_userfaultfd,
                             SYS_keyctl,
                             SYS_add_key,
                             SYS_request_key,
                             SYS_setns,
                             SYS_unshare,
                             SYS_open_by_handle_at,
                             SYS_io_uring_setup,
                             SYS_reboot,
                             SYS_iopl,
                             SYS_ioperm};

const SandboxRule *sandbox_rules(size_t *count)
{
    *count = G_N_ELEMENTS(rules);
    return rules;
}

static bool rule_holds(const SandboxRule *rule, const SandboxNeeds *needs)
{
    switch (rule->set) {
    case SANDBOX_SOCKETS:
        return needs->sockets || needs->user_net;
    case SANDBOX_USER_NET:
        return needs->user_net;
    default:
        /* Both would be one rule too many. */
        return rule->nr != SYS_sendto || !(needs->sockets || needs->user_net);
    }
}

static int filter_add_rule(scmp_filter_ctx filter, const SandboxRule *rule, int helper)
{
    struct scmp_arg_cmp cmp[G_N_ELEMENTS(rule->check)];
    unsigned n = 0;
    for (; n < G_N_ELEMENTS(cmp) && rule->check[n].mask; n++) {
        cmp[n] = SCMP_CMP(rule->check[n].arg, SCMP_CMP_MASKED_EQ, rule->check[n].mask,
                          rule->check[n].value);
    }
    if (rule->nr == SYS_sendmsg) {
        cmp[n++] = SCMP_CMP(0, SCMP_CMP_MASKED_EQ, ALL, (scmp_datum_t)helper);
    }
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rule->nr, n, cmp);
}

static int filter_add_deadly(scmp_filter_ctx filter)
{
    int why = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(deadly) && why == 0; i++) {
        why = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, deadly[i], 0);
    }
    return why;
}

bool sandbox_load_filter(const SandboxNeeds *needs, int helper, GError **error)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
    int why = filter ? filter_add_deadly(filter) : -ENOMEM;
    for (size_t i = 0; i < G_N_ELEMENTS(rules) && why == 0; i++) {
        why = rule_holds(&rules[i], needs) ? filter_add_rule(filter, &rules[i], helper) : 0;
    }
    if (why == 0) {
        why = seccomp_load(filter);
    }
    if (filter) {
        seccomp_release(filter);
    }
    if (why != 0) {
        g_set_error(error, OPT_ERROR, 0,
                    "the host takes no filter of system calls: %s; -sandbox off is without",
                    g_strerror(-why));
    }
    return why == 0;
}

bool sandbox_forbid_programs(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool ok = filter && filter_add_deadly(filter) == 0 && seccomp_load(filter) == 0;
    if (filter) {
        seccomp_release(filter);
    }
    return ok;
}

/* linux/landlock.h of this Debian knows the first version only; the numbers are the kernel's. */
typedef struct {
    uint64_t files, networks, scopes;
} LandlockRules;

void sandbox_lock_paths(void)
{
    /* By version: rights over files (13, and REFER, TRUNCATE, IOCTL_DEV), TCP from 4, scopes
     * from 6. */
    static const unsigned char rights[] = {0, 13, 14, 15, 15, 16};
    long version = syscall(444 /* landlock_create_ruleset */, NULL, 0, 1 /* _VERSION */);
    if (version < 1) {
        return;
    }
    unsigned files = rights[MIN((size_t)version, G_N_ELEMENTS(rights) - 1)];
    LandlockRules r = {.files = (UINT64_C(1) << files) - 1};
    size_t size = sizeof(r.files);
    if (version >= 4) {
        r.networks = 3; /* bind, connect */
        size = sizeof(r.files) + sizeof(r.networks);
    }
    if (version >= 6) {
        r.scopes = 3; /* abstract sockets, signals */
        size = sizeof(r);
    }
    int set = (int)syscall(444, &r, size, 0);
    if (set >= 0) {
        syscall(446 /* landlock_restrict_self */, set, 0);
        close(set);
    }
}

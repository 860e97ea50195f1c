/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the helper does not do, whoever asks (docs/security.md). A machine that has a monitor may be
 * told of any file; one that has none opens what its command line names, and what firmware and the
 * resolver need.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "system/broker.h"

/* Read by libraries and by ourselves. */
static const char *const known[] = {"/etc/resolv.conf", "/etc/hosts",     "/etc/nsswitch.conf",
                                    "/etc/services",    "/etc/localtime", "/usr/share/",
                                    "/usr/lib/",        "/etc/gai.conf",  "/etc/host.conf"};

static const struct {
    int nr;
    unsigned char flags; /* the argument with open()'s flags, + 1 */
    unsigned char mode;  /* that with permissions, + 1 */
    bool writes;         /* without open()'s flags */
} naming[] = {
    {SYS_open, 2, 3},
    {SYS_openat, 3, 4},
    {SYS_creat, .mode = 2, .writes = true},
    {SYS_mkdir, .writes = true},
    {SYS_mkdirat, .writes = true},
    {SYS_unlink, .writes = true},
    {SYS_unlinkat, .writes = true},
    {SYS_rename, .writes = true},
    {SYS_renameat, .writes = true},
    {SYS_renameat2, .writes = true},
};

static bool is_named(const Broker *broker, const char *path)
{
    for (char **arg = broker->argv; *arg; arg++) {
        const char *slash = strrchr(path, '/');
        g_autofree char *folder = slash > path ? g_strndup(path, (size_t)(slash - path)) : NULL;
        if (strstr(*arg, path) || (folder && strchr(folder, '/') && strstr(*arg, folder))) {
            return true;
        }
    }
    return false;
}

static bool is_known(const char *path)
{
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (g_str_has_prefix(path, known[i]) && !strstr(path, "..")) {
            return true;
        }
    }
    return false;
}

/* Neither a window into the kernel, nor a file that somebody may start. */
static int forbids_path(const Broker *broker, const char *path, bool writes)
{
    static const char *const never[] = {"/proc/", "/sys/", "/dev/mem", "/dev/kmem", "/dev/port"};
    for (size_t i = 0; i < G_N_ELEMENTS(never); i++) {
        if (g_str_has_prefix(path, never[i])) {
            return EACCES;
        }
    }
    bool fine = !broker->named || is_named(broker, path) || (!writes && is_known(path));
    return fine ? 0 : EACCES;
}

static bool request_writes(const BrokerRequest *request, uint64_t *mode)
{
    *mode = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(naming); i++) {
        if (naming[i].nr != request->nr) {
            continue;
        }
        uint64_t flags = naming[i].flags ? request->args[naming[i].flags - 1] : 0;
        if (naming[i].mode && (naming[i].writes || (flags & (O_CREAT | O_TMPFILE)))) {
            *mode = request->args[naming[i].mode - 1];
        }
        return naming[i].writes || (flags & (O_ACCMODE | O_CREAT | O_TRUNC)) != 0;
    }
    return false;
}

static bool is_signal(int nr)
{
    return nr == SYS_kill || nr == SYS_tkill || nr == SYS_tgkill;
}

static int forbids_signal(const Broker *broker, const BrokerRequest *request)
{
    bool own = (pid_t)request->args[0] == broker->client &&
               (request->nr != SYS_tgkill || (pid_t)request->args[1] == broker->client);
    return own ? 0 : EPERM;
}

/* Without clients only those sockets are made that connect once more, or the resolver's. */
static int forbids_socket(const Broker *broker, const BrokerRequest *request)
{
    int family = (int)request->args[0];
    bool usual = family == AF_UNIX || family == AF_INET || family == AF_INET6 ||
                 family == AF_NETLINK; /* getaddrinfo() asks which addresses there are */
    bool wanted = !broker->named || broker->user_net;
    for (char **arg = broker->argv; *arg && !wanted; arg++) {
        wanted = strstr(*arg, "reconnect") != NULL;
    }
    return usual && wanted ? 0 : EACCES;
}

int broker_forbids(const Broker *broker, const BrokerRequest *request,
                   const char *const paths[BROKER_ARGS])
{
    uint64_t mode;
    bool writes = request_writes(request, &mode);
    if (is_signal(request->nr)) {
        return forbids_signal(broker, request);
    }
    if (request->nr == SYS_socket) {
        return forbids_socket(broker, request);
    }
    if ((mode & 07111) || (request->nr == SYS_fchmod && (request->args[1] & 07111))) {
        return EACCES;
    }
    if (request->nr == SYS_memfd_create) {
        return 0; /* its name is none of a file */
    }
    for (unsigned i = 0; i < BROKER_ARGS; i++) {
        int why = paths[i] ? forbids_path(broker, paths[i], writes) : 0;
        if (why != 0) {
            return why;
        }
    }
    return 0;
}

/* A link may lead there, whatever its name. */
bool broker_keeps(int fd)
{
    static const long windows[] = {PROC_SUPER_MAGIC,   SYSFS_MAGIC,      DEBUGFS_MAGIC,
                                   TRACEFS_MAGIC,      SECURITYFS_MAGIC, CGROUP2_SUPER_MAGIC,
                                   CGROUP_SUPER_MAGIC, BPF_FS_MAGIC};
    struct statfs st;
    for (size_t i = 0; fstatfs(fd, &st) == 0 && i < G_N_ELEMENTS(windows); i++) {
        if ((long)st.f_type == windows[i]) {
            return false;
        }
    }
    return true;
}

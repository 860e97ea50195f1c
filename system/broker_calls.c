/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The calls that the helper does (system/broker.h). Letters are told there. */
#include <asm/termbits.h>
#include <glib.h>
#include <linux/fs.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "system/broker.h"

#define STAT_BYTES    144
#define STATX_BYTES   256
#define STATFS_BYTES  120
#define TERMIOS_BYTES 36
#define TIMES_BYTES   16
#define UNAME_BYTES   390
#define IFREQ_BYTES   40

static const BrokerCall calls[] = {
    /* Names. */
    {SYS_open, "p..", .gives_fd = true},
    {SYS_openat, "cp..", .gives_fd = true},
    {SYS_creat, "p.", .gives_fd = true},
    {SYS_stat, "pO", STAT_BYTES},
    {SYS_lstat, "pO", STAT_BYTES},
    {SYS_newfstatat, "cpO.", STAT_BYTES},
    {SYS_statx, "cp..O", STATX_BYTES},
    {SYS_statfs, "pO", STATFS_BYTES},
    {SYS_access, "p."},
    {SYS_faccessat, "cp."},
    {SYS_faccessat2, "cp.."},
    {SYS_unlink, "p"},
    {SYS_unlinkat, "cp."},
    {SYS_rename, "pp"},
    {SYS_renameat, "cpcp"},
    {SYS_renameat2, "cpcp."},
    {SYS_mkdir, "p."},
    {SYS_mkdirat, "cp."},
    {SYS_readlink, "po."},
    {SYS_readlinkat, "cpo."},
    {SYS_getcwd, "o."},
    /* Files that are open. */
    {SYS_fstat, "fO", STAT_BYTES},
    {SYS_fstatfs, "fO", STATFS_BYTES},
    {SYS_getdents64, "fo."},
    {SYS_lseek, "f.."},
    {SYS_ftruncate, "f."},
    {SYS_fallocate, "f..."},
    {SYS_fsync, "f"},
    {SYS_fdatasync, "f"},
    {SYS_fchmod, "f."},
    {SYS_flock, "f."},
    {SYS_pread64, "fo.."},
    {SYS_pwrite64, "fi.."},
    {SYS_dup, "f", .gives_fd = true},
    {SYS_memfd_create, "p.", .gives_fd = true},
    {SYS_eventfd2, "..", .gives_fd = true},
    {SYS_timerfd_create, "..", .gives_fd = true},
    /* Sockets. */
    {SYS_socket, "...", .gives_fd = true},
    {SYS_bind, "fi."},
    {SYS_connect, "fi."},
    {SYS_listen, "f."},
    {SYS_accept, "fol", .gives_fd = true},
    {SYS_accept4, "fol.", .gives_fd = true},
    {SYS_shutdown, "f."},
    {SYS_getsockname, "fol"},
    {SYS_getpeername, "fol"},
    {SYS_getsockopt, "f..ol"},
    {SYS_setsockopt, "f..i."},
    {SYS_sendto, "fi..i."},
    /* A process may know who it is and what time it is, and sleep. */
    {SYS_getuid, ""},
    {SYS_geteuid, ""},
    {SYS_getgid, ""},
    {SYS_getegid, ""},
    {SYS_uname, "O", UNAME_BYTES},
    {SYS_gettimeofday, "O.", TIMES_BYTES},
    {SYS_nanosleep, "I.", TIMES_BYTES},
    {SYS_clock_nanosleep, "..I.", TIMES_BYTES},
    {SYS_clock_getres, ".O", TIMES_BYTES},
    /* Signals to the machine's own process. */
    {SYS_kill, ".."},
    {SYS_tkill, ".."},
    {SYS_tgkill, "..."},
};

static const struct {
    unsigned request;
    BrokerCall call;
} ioctls[] = {
    {TCGETS, {SYS_ioctl, "f.O", TERMIOS_BYTES}},
    {TCSETS, {SYS_ioctl, "f.I", TERMIOS_BYTES}},
    {TCSETSW, {SYS_ioctl, "f.I", TERMIOS_BYTES}},
    {TCSETSF, {SYS_ioctl, "f.I", TERMIOS_BYTES}},
    {TCSBRK, {SYS_ioctl, "f.."}},
    {TIOCGWINSZ, {SYS_ioctl, "f.O", 8}},
    {TIOCGPTN, {SYS_ioctl, "f.O", 4}},
    {TIOCSPTLCK, {SYS_ioctl, "f.I", 4}},
    {FIONREAD, {SYS_ioctl, "f.O", 4}},
    {FIONBIO, {SYS_ioctl, "f.I", 4}},
    {BLKGETSIZE64, {SYS_ioctl, "f.O", 8}},
    {BLKSSZGET, {SYS_ioctl, "f.O", 4}},
    {TUNSETIFF, {SYS_ioctl, "f.I", IFREQ_BYTES}},
};

const BrokerCall *broker_call(int nr, const uint64_t args[BROKER_ARGS])
{
    for (size_t i = 0; nr == SYS_ioctl && i < G_N_ELEMENTS(ioctls); i++) {
        if (ioctls[i].request == (unsigned)args[1]) {
            return &ioctls[i].call;
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        if (calls[i].nr == nr) {
            return &calls[i];
        }
    }
    return NULL;
}

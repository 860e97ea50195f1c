/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A library to preload: the n-th call of a function of the host's fails, and with HOSTFAIL_ON all
 * that follow. HOSTFAIL is "NAME:N:ERRNO"; with HOSTFAIL_COUNTS a file gets a line "NAME COUNT" for
 * each function at the end. Calls are counted from the program's start, in the process that was
 * started and not in those it forks.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    const char *name;
    void *real;
    long calls;
} HostCall;

static long fail_at;
static int fail_errno;
static bool fail_on;
static pid_t fail_pid;
static const char *fail_name;

static void fail_read_orders(void)
{
    static char name[64];
    const char *text = getenv("HOSTFAIL");
    fail_pid = getpid();
    fail_on = getenv("HOSTFAIL_ON") != NULL;
    fail_name = "";
    if (text && sscanf(text, "%63[^:]:%ld:%d", name, &fail_at, &fail_errno) == 3) {
        fail_name = name;
    }
}

/* Whether this call is to fail; counts it. */
static bool fail_now(HostCall *call)
{
    if (!fail_name) {
        fail_read_orders();
    }
    if (!call->real) {
        call->real = dlsym(RTLD_NEXT, call->name);
    }
    call->calls++;
    bool here = fail_pid == getpid() && strcmp(call->name, fail_name) == 0 &&
                (fail_on ? call->calls >= fail_at : call->calls == fail_at);
    errno = here ? fail_errno : errno;
    return here;
}

#define HOST_CALL(type, call, parameters, arguments, failed)                                       \
    static HostCall host_##call = {.name = #call};                                                 \
    type call parameters;                                                                          \
    type call parameters                                                                           \
    {                                                                                              \
        if (fail_now(&host_##call)) {                                                              \
            return failed;                                                                         \
        }                                                                                          \
        return ((type(*) parameters)host_##call.real)arguments;                                    \
    }

/* Its permissions are passed on whether there are any or not, as the kernel's are. */
#define HOST_OPEN(call, before, passed)                                                            \
    static HostCall host_##call = {.name = #call};                                                 \
    int call(before int flags, ...);                                                               \
    int call(before int flags, ...)                                                                \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, flags);                                                                     \
        int mode = va_arg(args, int);                                                              \
        va_end(args);                                                                              \
        if (fail_now(&host_##call)) {                                                              \
            return -1;                                                                             \
        }                                                                                          \
        return ((int (*)(before int, ...))host_##call.real)(passed flags, mode);                   \
    }

#define PATH        const char *path,
#define PATH_PASSED path,
HOST_OPEN(open, PATH, PATH_PASSED)
HOST_OPEN(open64, PATH, PATH_PASSED)

HOST_CALL(FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL)
HOST_CALL(int, fclose, (FILE * file), (file), EOF)
HOST_CALL(ssize_t, read, (int fd, void *to, size_t len), (fd, to, len), -1)
HOST_CALL(ssize_t, write, (int fd, const void *from, size_t len), (fd, from, len), -1)
HOST_CALL(ssize_t, pread, (int fd, void *to, size_t len, off_t at), (fd, to, len, at), -1)
HOST_CALL(ssize_t, preadv, (int fd, const struct iovec *iov, int n, off_t at), (fd, iov, n, at), -1)
HOST_CALL(ssize_t, pwritev, (int fd, const struct iovec *iov, int n, off_t at), (fd, iov, n, at),
          -1)
HOST_CALL(off_t, lseek, (int fd, off_t at, int whence), (fd, at, whence), -1)
HOST_CALL(int, fstat, (int fd, struct stat *st), (fd, st), -1)
HOST_CALL(int, fdatasync, (int fd), (fd), -1)
HOST_CALL(int, fallocate, (int fd, int mode, off_t at, off_t len), (fd, mode, at, len), -1)
HOST_CALL(int, ftruncate, (int fd, off_t len), (fd, len), -1)
HOST_CALL(void *, mmap, (void *at, size_t len, int prot, int flags, int fd, off_t from),
          (at, len, prot, flags, fd, from), MAP_FAILED)
HOST_CALL(int, madvise, (void *at, size_t len, int advice), (at, len, advice), -1)
HOST_CALL(int, memfd_create, (const char *name, unsigned flags), (name, flags), -1)
HOST_CALL(int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1)
HOST_CALL(int, bind, (int fd, const struct sockaddr *addr, socklen_t len), (fd, addr, len), -1)
HOST_CALL(int, listen, (int fd, int backlog), (fd, backlog), -1)
HOST_CALL(int, connect, (int fd, const struct sockaddr *addr, socklen_t len), (fd, addr, len), -1)
HOST_CALL(int, accept4, (int fd, struct sockaddr *addr, socklen_t *len, int flags),
          (fd, addr, len, flags), -1)
HOST_CALL(ssize_t, send, (int fd, const void *from, size_t len, int flags), (fd, from, len, flags),
          -1)
HOST_CALL(int, socketpair, (int domain, int type, int protocol, int ends[2]),
          (domain, type, protocol, ends), -1)
HOST_CALL(pid_t, fork, (void), (), -1)
HOST_CALL(int, timerfd_create, (int clock, int flags), (clock, flags), -1)
HOST_CALL(int, timerfd_settime,
          (int fd, int flags, const struct itimerspec *set, struct itimerspec *old),
          (fd, flags, set, old), -1)
HOST_CALL(ssize_t, getrandom, (void *to, size_t len, unsigned flags), (to, len, flags), -1)
HOST_CALL(int, rename, (const char *from, const char *to), (from, to), -1)
HOST_CALL(int, unlink, (const char *path), (path), -1)

static HostCall *const host_calls[] = {
    &host_open,           &host_open64,          &host_fopen,     &host_fclose,     &host_read,
    &host_write,          &host_pread,           &host_preadv,    &host_pwritev,    &host_lseek,
    &host_fstat,          &host_fdatasync,       &host_fallocate, &host_ftruncate,  &host_mmap,
    &host_madvise,        &host_memfd_create,    &host_socket,    &host_bind,       &host_listen,
    &host_connect,        &host_accept4,         &host_send,      &host_socketpair, &host_fork,
    &host_timerfd_create, &host_timerfd_settime, &host_getrandom, &host_rename,     &host_unlink,
};

__attribute__((destructor)) static void fail_write_counts(void)
{
    const char *path = getenv("HOSTFAIL_COUNTS");
    FILE *out = path && fail_pid == getpid() ? fopen(path, "w") : NULL;
    for (size_t i = 0; out && i < sizeof(host_calls) / sizeof(host_calls[0]); i++) {
        fprintf(out, "%s %ld\n", host_calls[i]->name, host_calls[i]->calls);
    }
    if (out) {
        fclose(out);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sandbox (system/sandbox.h), each time in a child that has put it up: what must not be done is
 * not, and what the helper is for works as if there were none.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "system/sandbox.h"

#define CALLS_AT_MOST 26
#define FINE          0 /* a child's status */

static char *folder;
static char *argv_of_child[] = {NULL, NULL, NULL};

/* Where sandboxes are not possible (sanitizers), the reason is printed by the one test there is. */
static bool sandbox_is_here(void)
{
    const SandboxOptions asked = {.asked = true};
    const SandboxNeeds needs = {.clients = true};
    g_autoptr(GError) error = NULL;
    int helper = sandbox_prepare(&asked, &needs, argv_of_child, &error);
    if (helper < 0) {
        return false;
    }
    close(helper);
    return true;
}

/* The exit status of a child that does `what` in the sandbox, or 128 + the signal that ended it. */
static int sandboxed(int (*what)(void), bool clients)
{
    pid_t pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        const SandboxOptions options = {.asked = true};
        const SandboxNeeds needs = {.clients = clients};
        GError *error = NULL;
        int helper = sandbox_prepare(&options, &needs, argv_of_child, &error);
        if (helper < 0 || !sandbox_enter(&options, &needs, helper, &error)) {
            _exit(99);
        }
        _exit(what());
    }
    int status;
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* What must not be done: each gives errno, or does not come back. */

static int try_execve(void)
{
    char *const words[] = {(char *)"true", NULL};
    execve("/bin/true", words, NULL);
    return errno;
}

static int try_fork(void)
{
    return syscall(SYS_fork) < 0 ? errno : FINE;
}

static int try_clone(void)
{
    return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) < 0 ? errno : FINE;
}

static int try_ptrace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 ? errno : FINE;
}

static int try_look_into(void)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {&byte, 1};
    return process_vm_readv(getppid(), &here, 1, &there, 1, 0) < 0 ? errno : FINE;
}

static int map_as(int prot)
{
    void *p = mmap(NULL, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? errno : FINE;
}

static int try_map_wx(void)
{
    return map_as(PROT_READ | PROT_WRITE | PROT_EXEC);
}

static int try_map_x(void)
{
    return map_as(PROT_READ | PROT_EXEC);
}

static int try_protect_x(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(p, 4096, PROT_READ | PROT_EXEC) < 0 ? errno : FINE;
}

static int open_is(const char *path, int flags)
{
    return open(path, flags, 0600) < 0 ? errno : FINE;
}

static int try_proc(void)
{
    return open_is("/proc/self/mem", O_RDWR);
}

static int try_proc_by_link(void)
{
    g_autofree char *link = g_build_filename(folder, "link", NULL);
    return open_is(link, O_RDONLY);
}

static int try_unnamed(void)
{
    return open_is("/etc/passwd", O_RDONLY);
}

static int try_unnamed_write(void)
{
    return open_is("/usr/share/switchyard-test", O_WRONLY | O_CREAT);
}

static int try_program(void)
{
    g_autofree char *path = g_build_filename(folder, "program", NULL);
    return open(path, O_WRONLY | O_CREAT, 0755) < 0 ? errno : FINE;
}

static int try_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : FINE;
}

static int try_packets(void)
{
    return socket(AF_PACKET, SOCK_RAW, 0) < 0 ? errno : FINE;
}

static int try_pair(void)
{
    int ends[2];
    return socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 ? errno : FINE;
}

static int try_kill(void)
{
    return kill(1, 0) < 0 ? errno : FINE;
}

static int try_root(void)
{
    return setuid(0) < 0 ? errno : FINE;
}

static int try_no_filter(void)
{
    return prctl(PR_SET_SECCOMP, 0) < 0 ? errno : FINE;
}

static int try_limits(void)
{
    struct {
        uint64_t soft, hard;
    } more = {1, 1};
    return syscall(SYS_prlimit64, 0, 6, &more, NULL) < 0 ? errno : FINE;
}

#define KILLED (128 + SIGSYS)

static const struct {
    const char *name;
    int (*what)(void);
    int result;
} forbidden[] = {
    {"execve", try_execve, KILLED},
    {"fork", try_fork, KILLED},
    {"clone", try_clone, EPERM},
    {"ptrace", try_ptrace, KILLED},
    {"process_vm_readv", try_look_into, KILLED},
    {"mmap W|X", try_map_wx, EPERM},
    {"mmap X", try_map_x, EPERM},
    {"mprotect X", try_protect_x, EPERM},
    {"/proc", try_proc, EACCES},
    {"a link to /proc", try_proc_by_link, EACCES},
    {"what is not named", try_unnamed, EACCES},
    {"what is only read", try_unnamed_write, EACCES},
    {"a program's file", try_program, EACCES},
    {"socket", try_socket, EACCES},
    {"socket AF_PACKET", try_packets, EACCES},
    {"socketpair", try_pair, EPERM},
    {"kill", try_kill, EPERM},
    {"setuid", try_root, EPERM},
    {"prctl", try_no_filter, EPERM},
    {"prlimit64", try_limits, EPERM},
};

static void test_forbidden(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(forbidden); i++) {
        g_test_message("%s", forbidden[i].name);
        g_assert_cmpint(sandboxed(forbidden[i].what, false), ==, forbidden[i].result);
    }
}

/* What the helper is for. A status is the line where it went wrong. */
#define NEED(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            return __LINE__ % 90 + 1;                                                              \
        }                                                                                          \
    } while (0)

static int use_files(void)
{
    g_autofree char *one = g_build_filename(folder, "one", NULL);
    g_autofree char *two = g_build_filename(folder, "two", NULL);
    g_autofree char *text = NULL;
    char four[4];
    struct stat st;
    FILE *file = fopen(one, "w");
    NEED(file && fputs("0123456789", file) >= 0 && fclose(file) == 0);
    NEED(rename(one, two) == 0 && stat(two, &st) == 0 && st.st_size == 10);
    NEED(stat(one, &st) < 0 && errno == ENOENT);
    int fd = open(two, O_RDWR);
    NEED(fd >= 0 && pread(fd, four, 4, 3) == 4 && memcmp(four, "3456", 4) == 0);
    NEED(pwrite(fd, "ab", 2, 1) == 2 && lseek(fd, 0, SEEK_END) == 10 && ftruncate(fd, 5) == 0);
    NEED(fsync(fd) == 0 && close(fd) == 0);
    NEED(g_file_get_contents(two, &text, NULL, NULL) && strcmp(text, "0ab34") == 0);
    GDir *dir = g_dir_open(folder, 0, NULL);
    bool found = false;
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        found |= strcmp(name, "two") == 0;
    }
    NEED(found);
    g_dir_close(dir);
    NEED(unlink(two) == 0 && access(two, F_OK) < 0);
    NEED(open("", O_RDONLY) < 0 && errno == ENOENT && lseek(77, 0, SEEK_SET) < 0);
    NEED(errno == EBADF);
    return FINE;
}

static int use_sockets(void)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX}, peer;
    socklen_t len = sizeof(peer);
    int type = 0;
    socklen_t type_len = sizeof(type);
    g_snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/socket", folder);
    int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    NEED(server >= 0 && client >= 0);
    NEED(bind(server, (struct sockaddr *)&addr, sizeof(addr)) == 0 && listen(server, 1) == 0);
    NEED(connect(client, (struct sockaddr *)&addr, sizeof(addr)) == 0);
    int taken = accept4(server, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC);
    NEED(taken >= 0 && len == sizeof(sa_family_t));
    NEED(getsockopt(client, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 && type == SOCK_STREAM);
    char byte = 0;
    NEED(send(client, "x", 1, 0) == 1 && read(taken, &byte, 1) == 1 && byte == 'x');
    NEED(unlink(addr.sun_path) == 0);
    return FINE;
}

static int use_devices(void)
{
    struct termios tty;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    char name[64];
    NEED(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    NEED(ptsname_r(master, name, sizeof(name)) == 0);
    int slave = open(name, O_RDWR | O_NOCTTY);
    NEED(slave >= 0 && tcgetattr(slave, &tty) == 0);
    cfmakeraw(&tty);
    NEED(tcsetattr(slave, TCSANOW, &tty) == 0);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    NEED(timer >= 0 && memfd_create("some", 0) >= 0);
    struct timespec little = {.tv_nsec = 1000};
    NEED(nanosleep(&little, NULL) == 0);
    NEED(realloc(malloc(300000), 900000) != NULL);
    return FINE;
}

/* The signal of a process that gives up comes, though it is the helper that sends it. */
static int use_abort(void)
{
    signal(SIGABRT, SIG_DFL);
    abort();
    return 1;
}

static void test_helper(void)
{
    g_assert_cmpint(sandboxed(use_files, true), ==, FINE);
    g_assert_cmpint(sandboxed(use_sockets, true), ==, FINE);
    g_assert_cmpint(sandboxed(use_devices, true), ==, FINE);
    g_assert_cmpint(sandboxed(use_abort, true), ==, 128 + SIGABRT);
    /* Without clients what is named in argv is there all the same. */
    g_assert_cmpint(sandboxed(use_files, false), ==, FINE);
}

/* The helper ends with us: its end of a pipe is closed. */
static int use_nothing(void)
{
    return FINE;
}

static void test_helper_ends(void)
{
    int ends[2];
    char byte;
    g_assert_cmpint(pipe(ends), ==, 0);
    g_assert_cmpint(sandboxed(use_nothing, true), ==, FINE);
    close(ends[1]);
    g_assert_cmpint(read(ends[0], &byte, 1), ==, 0);
    close(ends[0]);
}

static void test_number(void)
{
    size_t count, base = 0;
    const SandboxRule *rules = sandbox_rules(&count);
    for (size_t i = 0; i < count; i++) {
        base += rules[i].set == SANDBOX_BASE;
    }
    g_assert_cmpint(base, <=, CALLS_AT_MOST);
}

/* Landlock alone: without a filter there are names that lead nowhere. */
static void test_paths(void)
{
    long version = syscall(444, NULL, 0, 1);
    if (version < 1) {
        g_test_skip("this host has no Landlock");
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        sandbox_lock_paths();
        _exit(open_is("/etc/passwd", O_RDONLY));
    }
    int status;
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, EACCES);
}

static void test_options(void)
{
    static const struct {
        const char *text;
        bool good, off;
    } rows[] = {
        {"on", true, false},
        {"off", true, true},
        {"enable=off", true, true},
        {"on,obsolete=deny,elevateprivileges=children,spawn=deny,resourcecontrol=allow", true},
        {"on,spawn=maybe", false},
        {"on,spawn=children", false},
        {"on,nothing=deny", false},
        {"perhaps", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        SandboxOptions options = {0};
        g_autoptr(GError) error = NULL;
        g_test_message("%s", rows[i].text);
        g_assert_true(sandbox_parse(&options, rows[i].text, &error) == rows[i].good);
        g_assert_true((error == NULL) == rows[i].good);
        g_assert_true(options.off == rows[i].off);
    }
}

static void no_sandbox(void)
{
    g_test_skip("this build has no sandbox (sanitizers, coverage)");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("sandbox-XXXXXX", NULL);
    g_autofree char *link = g_build_filename(folder, "link", NULL);
    argv_of_child[0] = argv[0];
    argv_of_child[1] = folder;
    (void)!symlink("/proc/self/status", link);
    g_test_add_func("/sandbox/options", test_options);
    if (sandbox_is_here()) {
        g_test_add_func("/sandbox/number", test_number);
        g_test_add_func("/sandbox/forbidden", test_forbidden);
        g_test_add_func("/sandbox/helper", test_helper);
        g_test_add_func("/sandbox/helper-ends", test_helper_ends);
        g_test_add_func("/sandbox/paths", test_paths);
    } else {
        g_test_add_func("/sandbox/none", no_sandbox);
    }
    int status = g_test_run();
    g_unlink(link);
    g_rmdir(folder);
    g_free(folder);
    return status;
}

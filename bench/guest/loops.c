/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's side of bench/all: loops that stress one thing each, and commands. Prints "bench:
 * NAME starts" and "bench: NAME ends".
 *
 * Usage: loops NAME [COUNT], or loops time NAME COMMAND...
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof(set), &set);
}

static void loop_syscall(long n)
{
    for (long i = 0; i < n; i++) {
        syscall(SYS_getppid);
    }
}

static void loop_page_fault(long n)
{
    enum { PAGES = 256 };
    for (long i = 0; i < n; i += PAGES) {
        char *p =
            mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (int page = 0; page < PAGES; page++) {
            p[page * 4096] = 1;
        }
        munmap(p, PAGES * 4096);
    }
}

static void loop_fork_exec(long n)
{
    for (long i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            execl("/bin/busybox", "true", NULL);
            _exit(1);
        }
        waitpid(pid, NULL, 0);
    }
}

/* A byte there and back, by processes on the first CPU and on `other`. */
static void ping_pong(long n, int other)
{
    int there[2], back[2];
    char byte = 0;
    if (pipe(there) || pipe(back)) {
        exit(1);
    }
    pid_t pid = fork();
    pin(pid == 0 ? other : 0);
    for (long i = 0; i < n; i++) {
        if (pid == 0) {
            if (read(there[0], &byte, 1) != 1 || write(back[1], &byte, 1) != 1) {
                _exit(1);
            }
        } else if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1) {
            exit(1);
        }
    }
    if (pid == 0) {
        _exit(0);
    }
    waitpid(pid, NULL, 0);
}

static void loop_context_switch(long n)
{
    ping_pong(n, 0);
}

/* Each step wakes a CPU that sleeps. */
static void loop_handover(long n)
{
    ping_pong(n, (int)sysconf(_SC_NPROCESSORS_ONLN) - 1);
}

static volatile int stop;
static void *spin(void *arg)
{
    pin(1);
    while (!stop) {
    }
    return arg;
}

/* Each expedited membarrier interrupts the CPU that runs the process' other thread, always busy. */
static void loop_ipi(long n)
{
    pthread_t other;
    pthread_create(&other, NULL, spin, NULL);
    pin(0);
    syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0);
    for (long i = 0; i < n; i++) {
        syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0);
    }
    stop = 1;
    pthread_join(other, NULL);
}

/* Lists, matrices and a state machine, as CoreMark has them, each written anew. */
static void loop_integer(long n)
{
    enum { NODES = 256, SIDE = 32 };
    static uint16_t next[NODES], value[NODES];
    static int32_t a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];
    uint32_t state = 1, sum = 0;
    for (int i = 0; i < NODES; i++) {
        next[i] = (uint16_t)((i * 167 + 13) % NODES);
        value[i] = (uint16_t)(i * 7);
    }
    for (long round = 0; round < n; round++) {
        for (int i = 0, at = 0; i < NODES; i++, at = next[at]) {
            sum += value[at] ^ (sum >> 3);
        }
        for (int i = 0; i < SIDE; i++) {
            for (int j = 0; j < SIDE; j++) {
                a[i][j] = (int32_t)(sum >> (i & 7)) + j;
                b[i][j] = i - j;
            }
        }
        for (int i = 0; i < SIDE; i++) {
            for (int j = 0; j < SIDE; j++) {
                int32_t dot = 0;
                for (int k = 0; k < SIDE; k++) {
                    dot += a[i][k] * b[k][j];
                }
                c[i][j] = dot;
            }
        }
        for (int i = 0; i < 512; i++) {
            state = state * 1103515245 + 12345;
            switch (state >> 29) {
            case 0:
                sum += (uint32_t)c[state % SIDE][0];
                break;
            case 1:
                sum ^= state;
                break;
            case 2:
                sum = sum << 5 | sum >> 27;
                break;
            default:
                sum++;
            }
        }
    }
    printf("# %u\n", sum);
}

/* As many processes as CPUs, each with the same work. */
static void loop_jobs(long n)
{
    int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
    for (int cpu = 0; cpu < cpus; cpu++) {
        if (fork() == 0) {
            pin(cpu);
            loop_integer(n);
            _exit(0);
        }
    }
    while (wait(NULL) > 0) {
    }
}

/* Whichever there is. */
static int open_disk(void)
{
    int fd = open("/dev/vda", O_RDWR | O_DIRECT);
    return fd >= 0 ? fd : open("/dev/nvme0n1", O_RDWR | O_DIRECT);
}

/* The disk past the guest's cache, `n` requests of `size` bytes. */
static void disk(long n, size_t size, bool write, bool random)
{
    int fd = open_disk();
    long blocks = fd < 0 ? 0 : (long)(lseek(fd, 0, SEEK_END) / (off_t)size);
    void *buffer = NULL;
    unsigned seed = 1;
    if (blocks == 0 || posix_memalign(&buffer, 4096, size)) {
        exit(1);
    }
    memset(buffer, 0x5a, size);
    for (long i = 0; i < n; i++) {
        off_t at = (off_t)((random ? rand_r(&seed) : i) % blocks) * (off_t)size;
        ssize_t done = write ? pwrite(fd, buffer, size, at) : pread(fd, buffer, size, at);
        if (done != (ssize_t)size) {
            exit(1);
        }
    }
    if (write && fsync(fd)) {
        exit(1);
    }
    close(fd);
}

static void loop_disk_read(long n)
{
    disk(n, 1 << 20, false, false);
}

static void loop_disk_write(long n)
{
    disk(n, 1 << 20, true, false);
}

static void loop_disk_read_random(long n)
{
    disk(n, 4096, false, true);
}

static void loop_disk_write_random(long n)
{
    disk(n, 4096, true, true);
}

static void loop_float(long n)
{
    double x = 0, y = 0, z = 1.5;
    for (long i = 1; i <= n; i++) {
        double t = (double)i;
        x += 1.0 / (t * t);
        y = y * 0.5 + z * x - t / (t + 1.0);
        z = z * 0.999 + y * 1e-3;
    }
    printf("# %g %g %g\n", x, y, z);
}

/* The host takes the times. */
static void say(const char *name, const char *what)
{
    printf("bench: %s %s\n", name, what);
    fflush(stdout);
}

static void time_command(const char *name, char **argv)
{
    say(name, "starts");
    pid_t pid = fork();
    int status = 0;
    if (pid == 0) {
        execvp(argv[0], argv);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    if (status) {
        printf("bench: FAIL %s status %d\n", name, status);
    } else {
        say(name, "ends");
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(long n);
        long count;
    } loops[] = {
        {"syscall", loop_syscall, 1000000},
        {"page-fault", loop_page_fault, 200000},
        {"fork-exec", loop_fork_exec, 1000},
        {"context-switch", loop_context_switch, 60000},
        {"ipi", loop_ipi, 100000},
        {"integer", loop_integer, 3000},
        {"float", loop_float, 20000000},
        {"handover", loop_handover, 20000},
        {"jobs", loop_jobs, 2000},
        {"disk-read", loop_disk_read, 512},
        {"disk-write", loop_disk_write, 512},
        {"disk-read-random", loop_disk_read_random, 10000},
        {"disk-write-random", loop_disk_write_random, 10000},
    };
    if (argc > 3 && strcmp(argv[1], "time") == 0) {
        time_command(argv[2], argv + 3);
        return 0;
    }
    for (size_t i = 0; argc > 1 && i < sizeof(loops) / sizeof(loops[0]); i++) {
        if (strcmp(loops[i].name, argv[1]) == 0) {
            say(argv[1], "starts");
            loops[i].run(argc > 2 ? atol(argv[2]) : loops[i].count);
            say(argv[1], "ends");
            return 0;
        }
    }
    return 1;
}

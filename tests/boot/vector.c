/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loops that a compiler turns into vector and bit manipulation instructions, with a checksum of
 * what each computes. Compiled for x86-64 and for x86-64-v3 it prints the same; without contraction
 * to FMA, which rounds differently, but for one loop that asks for it by name.
 *
 * A timer's signal handler computes, too, so that the kernel has the vector registers to save.
 */
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#define N 4096

static double d[N], e[N];
static float f[N], g[N];
static uint32_t u[N], v[N];
static uint64_t q[N];
static uint16_t w[N];
static uint8_t b[N], c[N];
static volatile unsigned signals;

static uint64_t mix(const void *data, size_t size)
{
    const uint8_t *p = data;
    uint64_t h = 0xcbf29ce484222325;

    for (size_t i = 0; i < size; i++) {
        h = (h ^ p[i]) * 0x100000001b3;
    }
    return h;
}

static void fill(uint32_t seed)
{
    for (unsigned i = 0; i < N; i++) {
        seed = seed * 1664525 + 1013904223;
        u[i] = seed;
        v[i] = seed >> 7 ^ seed << 3;
        q[i] = (uint64_t)seed << 20 ^ i * 0x9e3779b97f4a7c15;
        w[i] = (uint16_t)(seed >> 9);
        b[i] = (uint8_t)(seed >> 24);
        c[i] = (uint8_t)(seed >> 16);
        d[i] = (double)(int32_t)seed / 65536.0;
        e[i] = (double)(seed >> 8) / 3.0;
        f[i] = (float)(int32_t)seed / 1024.0f;
        g[i] = (float)(seed >> 16) + 0.5f;
    }
}

static void on_timer(int number)
{
    float t[64];

    (void)number;
    for (unsigned i = 0; i < 64; i++) {
        t[i] = (float)i * 1.5f + (float)signals;
    }
    signals += t[63] > 0;
}

static void integers(void)
{
    for (unsigned i = 0; i < N; i++) {
        u[i] = (u[i] * v[i] + (v[i] >> (i & 31))) ^ (u[i] << (v[i] & 15));
        q[i] = (q[i] >> 7) + (q[i] << 11) + (uint64_t)u[i] * v[i];
        w[i] = (uint16_t)(w[i] * 77 > 40000 ? w[i] - 3 : w[i] + b[i]);
        b[i] = (uint8_t)((b[i] + c[i] + 1) / 2);
    }
}

static void bits(void)
{
    for (unsigned i = 0; i < N; i++) {
        uint64_t x = q[i] | 1;
        q[i] = (x & (x - 1)) + (x & -x) + (uint64_t)__builtin_ctzll(x) * 3 +
               (uint64_t)__builtin_clzll(x) * 5 + (uint64_t)__builtin_popcountll(x) +
               (~x & (uint64_t)v[i]) + (x >> (v[i] & 63) | x << (-v[i] & 63)) +
               __builtin_bswap64(x);
    }
}

static void floats(void)
{
    for (unsigned i = 0; i < N; i++) {
        d[i] = d[i] * e[i] - e[i] / (d[i] * d[i] + 1.0);
        e[i] = sqrt(fabs(d[i])) + floor(e[i]);
        f[i] = f[i] * g[i] + (f[i] > g[i] ? f[i] : g[i] * 0.25f);
        g[i] = sqrtf(fabsf(f[i]));
    }
}

static void conversions(void)
{
    for (unsigned i = 0; i < N; i++) {
        u[i] = (uint32_t)(int32_t)(g[i] * 16.0f);
        d[i] = (double)f[i] + (double)(int32_t)v[i];
        f[i] = (float)d[i] + (float)(int16_t)w[i];
    }
}

static void fused(void)
{
    for (unsigned i = 0; i < N; i++) {
        e[i] = fma(d[i], 1.0000001, e[i]);
    }
}

static void tables(void)
{
    for (unsigned i = 0; i < N; i++) {
        v[i] += u[v[i] % N];
        d[i] += e[v[i] % N];
    }
}

static uint64_t strings(void)
{
    char text[N + 64];
    uint64_t sum = 0;

    for (unsigned i = 0; i < 64; i++) {
        memset(text, 'a' + (int)i % 26, sizeof(text));
        text[N + i / 2] = 0;
        text[17 * i + 5] = '!';
        sum = sum * 31 + strlen(text + i) + (uint64_t)(strchr(text, '!') - text);
        sum += (uint64_t)((char *)memchr(text + i, '!', N) - text);
        memmove(text + i, text + 7, N / 2 + i);
        sum += mix(text, N) + (memcmp(text, text + 1, N / 2) > 0);
    }
    return sum;
}

static void report(const char *name)
{
    printf("%s %016llx\n", name,
           (unsigned long long)(mix(d, sizeof(d)) ^ mix(e, sizeof(e)) * 3 ^ mix(f, sizeof(f)) * 5 ^
                                mix(g, sizeof(g)) * 7 ^ mix(u, sizeof(u)) * 11 ^
                                mix(v, sizeof(v)) * 13 ^ mix(q, sizeof(q)) * 17 ^
                                mix(w, sizeof(w)) * 19 ^ mix(b, sizeof(b)) * 23));
}

int main(void)
{
    static const struct itimerval every = {{0, 1000}, {0, 1000}};
    static const struct itimerval never;
    static const struct {
        const char *name;
        void (*run)(void);
    } loops[] = {{"integers", integers},       {"bits", bits},   {"floats", floats},
                 {"conversions", conversions}, {"fused", fused}, {"tables", tables}};

    signal(SIGALRM, on_timer);
    setitimer(ITIMER_REAL, &every, NULL);
    for (uint32_t seed = 1; seed <= 20; seed++) {
        fill(seed);
        for (unsigned i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
            loops[i].run();
            report(loops[i].name);
        }
        printf("strings %016llx\n", (unsigned long long)strings());
    }
    setitimer(ITIMER_REAL, &never, NULL);
    if (!signals) {
        printf("no signal came\n");
    }
    return 0;
}

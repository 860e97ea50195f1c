/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the guest's compilers compile and run: it prints numbers that must be the same wherever it
 * runs. Integers of all sizes, division, shifts, floating point, recursion, sorting, strings,
 * function pointers, a switch.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 88172645463325252ull;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint32_t crc(const unsigned char *bytes, size_t n)
{
    uint32_t c = ~0u;
    while (n--) {
        c ^= *bytes++;
        for (int i = 0; i < 8; i++) {
            c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
        }
    }
    return ~c;
}

static int64_t add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}
static int64_t mul(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}
static int64_t quot(int64_t a, int64_t b)
{
    return b && b != -1 ? a / b : 0;
}
static int64_t rest(int64_t a, int64_t b)
{
    return b && b != -1 ? a % b : 0;
}
static int64_t left(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a << (b & 63));
}
static int64_t right(int64_t a, int64_t b)
{
    return a >> (b & 63);
}

static int64_t (*const operations[])(int64_t, int64_t) = {add, mul, quot, rest, left, right};

static void integers(void)
{
    int64_t sum = 0;
    for (int i = 0; i < 60000; i++) {
        int64_t a = (int64_t)next() >> (next() & 63), b = (int64_t)next() >> (next() & 63);
        sum ^= operations[i % 6](a, b);
        sum += (int8_t)a * (int16_t)b - (uint32_t)a / ((uint8_t)b | 1u);
    }
    printf("integers %016llx\n", (unsigned long long)sum);
}

static void floats(void)
{
    double d = 0, p = 1;
    float f = 0;
    for (int i = 1; i <= 20000; i++) {
        double x = (double)(int64_t)next() / 9007199254740992.0;
        d += sin(x) / i + sqrt(fabs(x));
        p = p * 1.0000001 + floor(x) * 1e-9;
        f += (float)x / (float)i;
    }
    printf("floats %.17g %.17g %.9g %a\n", d, p, (double)f, ldexp(d, -1000));
    printf("inexact %.17g %.17g %g %g\n", 0.1 + 0.2, 1.0 / 3, 1e308 * 10, strtod("1e-320", NULL));
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void sorting(void)
{
    static uint32_t numbers[20000];
    for (int i = 0; i < 20000; i++) {
        numbers[i] = (uint32_t)next();
    }
    qsort(numbers, 20000, sizeof(numbers[0]), compare);
    for (int i = 1; i < 20000; i++) {
        if (numbers[i - 1] > numbers[i]) {
            printf("not sorted at %d\n", i);
        }
    }
    printf("sorted %08x\n", crc((unsigned char *)numbers, sizeof(numbers)));
}

static unsigned queens(unsigned row, unsigned columns, unsigned up, unsigned down)
{
    unsigned n = 0;
    if (row == 8) {
        return 1;
    }
    for (unsigned free = ~(columns | up | down) & 255; free; free &= free - 1) {
        unsigned bit = free & -free;
        n += queens(row + 1, columns | bit, (up | bit) << 1, (down | bit) >> 1);
    }
    return n;
}

static void strings(void)
{
    static char text[30000];
    size_t n = 0;
    while (n < sizeof(text) - 40) {
        n += (size_t)snprintf(text + n, 40, "%llu %x,", (unsigned long long)next(), (unsigned)n);
    }
    unsigned commas = 0;
    for (char *p = text; (p = strchr(p, ',')); p++) {
        commas++;
    }
    memmove(text + 3, text, n - 3);
    printf("strings %zu %u %08x %d\n", n, commas, crc((unsigned char *)text, n),
           memcmp(text, text + 3, 3) == 0);
}

int main(void)
{
    integers();
    floats();
    sorting();
    strings();
    printf("queens %u\n", queens(0, 0, 0, 0));
    return 0;
}

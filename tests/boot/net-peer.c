/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's half of net-test.py and of bench/all's network rows: takes or sends bytes over TCP,
 * with their CRC-32 and the time they took.
 *
 * net-peer get ADDRESS PORT | put ADDRESS PORT BYTES | listen PORT
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK  65536u
#define SLICES 8

static uint32_t table[SLICES][256];
static uint8_t buf[CHUNK];

/* Eight bytes a step. */
static void make_tables(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++) {
            c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
        }
        table[0][i] = c;
    }
    for (int k = 1; k < SLICES; k++) {
        for (uint32_t i = 0; i < 256; i++) {
            table[k][i] = table[0][table[k - 1][i] & 0xff] ^ table[k - 1][i] >> 8;
        }
    }
}

static uint32_t crc_add(uint32_t c, const uint8_t *p, size_t len)
{
    for (; len >= SLICES; p += SLICES, len -= SLICES) {
        uint32_t low, high;
        memcpy(&low, p, 4);
        memcpy(&high, p + 4, 4);
        low ^= c;
        c = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^ table[5][low >> 16 & 0xff] ^
            table[4][low >> 24] ^ table[3][high & 0xff] ^ table[2][high >> 8 & 0xff] ^
            table[1][high >> 16 & 0xff] ^ table[0][high >> 24];
    }
    for (; len > 0; p++, len--) {
        c = table[0][(c ^ *p) & 0xff] ^ c >> 8;
    }
    return c;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void need(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

static void say(const char *what, uint32_t crc, uint64_t bytes, double start)
{
    printf("guest: %s %08x %llu bytes in %.3f s\n", what, ~crc, (unsigned long long)bytes,
           now() - start);
}

static void take(int fd, const char *what)
{
    double start = now();
    uint32_t crc = ~0u;
    uint64_t bytes = 0;
    ssize_t n;
    while ((n = read(fd, buf, sizeof(buf))) > 0) {
        crc = crc_add(crc, buf, (size_t)n);
        bytes += (uint64_t)n;
    }
    need(n == 0, "read");
    say(what, crc, bytes, start);
}

static void give(int fd, uint64_t bytes)
{
    double start = now();
    uint32_t crc = ~0u;
    uint64_t state = 0x9e3779b97f4a7c15u;
    for (uint64_t done = 0; done < bytes; done += CHUNK) {
        for (unsigned i = 0; i < CHUNK; i += 8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            memcpy(buf + i, &state, 8);
        }
        size_t part = bytes - done < CHUNK ? (size_t)(bytes - done) : CHUNK;
        crc = crc_add(crc, buf, part);
        for (size_t sent = 0; sent < part;) {
            ssize_t n = write(fd, buf + sent, part - sent);
            need(n > 0, "write");
            sent += (size_t)n;
        }
    }
    shutdown(fd, SHUT_WR);
    need(read(fd, buf, 1) == 0, "the other end"); /* it has got everything */
    say("sent", crc, bytes, start);
}

static int dial(const char *address, const char *port, const char *first)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, address, &to.sin_addr);
    need(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0, "connect");
    need(write(fd, first, strlen(first)) == (ssize_t)strlen(first), "write");
    return fd;
}

static int answer(const char *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    need(bind(listener, (struct sockaddr *)&at, sizeof(at)) == 0, "bind");
    need(listen(listener, 1) == 0, "listen");
    printf("guest: listening\n");
    int fd = accept(listener, NULL, NULL);
    need(fd >= 0, "accept");
    return fd;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    make_tables();
    if (argc == 4 && strcmp(argv[1], "get") == 0) {
        take(dial(argv[2], argv[3], "get\n"), "received");
    } else if (argc == 5 && strcmp(argv[1], "put") == 0) {
        give(dial(argv[2], argv[3], "put\n"), strtoull(argv[4], NULL, 10));
    } else if (argc == 3 && strcmp(argv[1], "listen") == 0) {
        take(answer(argv[2]), "forwarded");
    } else {
        return 2;
    }
    return 0;
}

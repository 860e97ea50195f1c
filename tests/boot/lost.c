/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Under a real kernel, what its drivers would do if they were wrong: programs a device's MSI-X
 * table through its BAR, and the remapping table through intr-testdev's DMA. As root:
 *
 *   lost reassign BDF BAR VECTOR          gives the vector's remapping entry to intr-testdev
 * without a flush, and lets that use it lost compatibility BDF BAR VECTOR     an address in
 * compatibility format, for CPU 0 lost half BDF BAR VECTOR              the address of a message to
 * CPU 1, with the data for CPU 0
 *
 * BDF is as in /sys/bus/pci/devices, BAR holds the table at 0.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/include/apic.h"
#include "tests/include/intr_testdev.h"

#define DEVICES "/sys/bus/pci/devices"
#define EMITTER "0x00f5" /* intr-testdev's device id */
#define MIB     0x100000ull
#define ENTRY   16 /* bytes of a remapping entry (VT-d 9.9), and of one of the MSI-X table */

static volatile uint32_t *map_bar(const char *bdf, int bar, size_t size)
{
    char path[256];
    snprintf(path, sizeof(path), DEVICES "/%s/resource%d", bdf, bar);
    int file = open(path, O_RDWR | O_SYNC);
    void *at =
        file < 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (at == MAP_FAILED) {
        perror(path);
        exit(1);
    }
    return at;
}

static bool is_emitter(const char *bdf)
{
    char path[300], id[16] = "";
    snprintf(path, sizeof(path), DEVICES "/%s/device", bdf);
    FILE *file = fopen(path, "r");
    bool found = file && fgets(id, sizeof(id), file) && strncmp(id, EMITTER, strlen(EMITTER)) == 0;
    if (file) {
        fclose(file);
    }
    return found;
}

static volatile uint32_t *find_emitter(unsigned *rid)
{
    DIR *folder = opendir(DEVICES);
    for (const struct dirent *e; folder && (e = readdir(folder));) {
        unsigned bus, device, function;
        if (is_emitter(e->d_name) &&
            sscanf(e->d_name, "%*x:%x:%x.%x", &bus, &device, &function) == 3) {
            char path[300];
            snprintf(path, sizeof(path), DEVICES "/%s/config", e->d_name);
            int file = open(path, O_RDWR);
            uint16_t command = 6; /* memory space and bus master */
            if (pwrite(file, &command, sizeof(command), 4) != sizeof(command)) {
                perror(path);
            }
            *rid = bus << 8 | device << 3 | function;
            return map_bar(e->d_name, 0, E_BUFFER + 0x1000);
        }
    }
    fprintf(stderr, "there is no intr-testdev\n");
    exit(1);
}

static bool transfer(volatile uint32_t *emitter, unsigned command, uint64_t address,
                     uint32_t words[4])
{
    volatile uint32_t *buffer = emitter + E_BUFFER / 4;
    for (int i = 0; i < 4; i++) {
        buffer[i] = words[i];
    }
    emitter[E_ADDR / 4] = (uint32_t)address;
    emitter[E_ADDR / 4 + 1] = (uint32_t)(address >> 32);
    emitter[E_LEN / 4] = ENTRY;
    emitter[E_COMMAND / 4] = command;
    for (int i = 0; i < 4; i++) {
        words[i] = buffer[i];
    }
    return emitter[E_RESULT / 4] == 0;
}

/* A table of 65536 entries is aligned to its size: where one is present for that requester, at this
 * index, in the form that Linux gives it (SVT 1, SQ 0 or 3). */
static uint64_t find_entry(volatile uint32_t *emitter, unsigned index, unsigned rid)
{
    uint64_t memory =
        (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) + 64 * MIB;
    for (uint64_t table = 0; table < memory; table += MIB) {
        uint32_t e[4] = {0};
        uint64_t at = table + (uint64_t)index * ENTRY;
        if (transfer(emitter, C_READ, at, e) && (e[0] & 1) && (e[2] & 0xffff) == rid &&
            (e[2] >> 18) == 1 && e[3] == 0) {
            return at;
        }
    }
    fprintf(stderr, "the remapping table is not found\n");
    exit(1);
}

static void reassign(const char *bdf, uint32_t address)
{
    unsigned bus, device, function, own;
    volatile uint32_t *emitter = find_emitter(&own);
    sscanf(bdf, "%*x:%x:%x.%x", &bus, &device, &function);
    unsigned rid = bus << 8 | device << 3 | function;
    unsigned index = (address >> 5 & 0x7fff) | (address >> 2 & 1) << 15;
    uint64_t at = find_entry(emitter, index, rid);
    uint32_t was[4], now[4];

    transfer(emitter, C_READ, at, was);
    memcpy(now, was, sizeof(now));
    now[2] = (now[2] & 0xffff0000) | own;
    transfer(emitter, C_WRITE, at, now); /* and no flush */
    emitter[E_ADDR / 4] = address;
    emitter[E_ADDR / 4 + 1] = 0;
    emitter[E_DATA / 4] = 0;
    emitter[E_COMMAND / 4] = C_MESSAGE;
    printf("guest: entry %u was given away, and its new owner's message %s\n", index,
           emitter[E_RESULT / 4] ? "was blocked" : "went through");
    transfer(emitter, C_WRITE, at, was);
}

#define DEST_SHIFT   12
#define DEST_LOGICAL 4u
#define CPU_1        1u

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: lost reassign|compatibility|half BDF BAR VECTOR\n");
        return 1;
    }
    volatile uint32_t *vector = map_bar(argv[2], atoi(argv[3]), 0x1000) + atoi(argv[4]) * ENTRY / 4;
    printf("guest: its message is %08x data %08x\n", vector[0], vector[2]);
    if (strcmp(argv[1], "reassign") == 0) {
        reassign(argv[2], vector[0]);
    } else if (strcmp(argv[1], "compatibility") == 0) {
        vector[0] = APIC_PAGE;
    } else {
        uint32_t cpu = vector[0] & DEST_LOGICAL ? 1u << CPU_1 : CPU_1;
        vector[0] = APIC_PAGE | cpu << DEST_SHIFT | (vector[0] & DEST_LOGICAL);
    }
    return 0;
}

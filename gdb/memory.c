/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory as the chosen vCPU sees it, or physical (E.2: m, M, X). Registers of devices answer only
 * to an access of one size that they could get from a driver: gdb reads where it likes, and some
 * registers change when they are read.
 */
#include <errno.h>
#include <string.h>

#include "gdb/server.h"

#define READ_MAX (GDB_PACKET_BYTES / 2)

/* RAM and ROM may be accessed at any size, a device at its registers'. */
static bool may_access(const Gdb *gdb, uint64_t physical, size_t here, uint64_t len)
{
    return as_ram_ptr(gdb->machine->platform.memory, physical, here) ||
           (here == len && len <= 8 && (len & (len - 1)) == 0 && (physical & (len - 1)) == 0);
}

/* What of [addr, addr+len) comes after the first `done` bytes and lies in one page: its physical
 * address, and how much it is; 0 if it is not to be had. */
static size_t next_piece(const Gdb *gdb, uint64_t addr, size_t done, uint64_t len,
                         uint64_t *physical)
{
    Vcpu *vcpu = gdb_cpu(gdb);
    addr += done;
    size_t here = (size_t)MIN(len - done, PAGE_SIZE - (addr & (PAGE_SIZE - 1)));
    *physical = addr;
    bool mapped =
        gdb->physical || (vcpu->ops->translate && vcpu->ops->translate(vcpu, addr, physical));
    return mapped && may_access(gdb, *physical, here, len) ? here : 0;
}

static size_t read_bytes(const Gdb *gdb, uint64_t addr, uint8_t *data, uint64_t len)
{
    uint64_t physical;
    size_t done = 0, here;
    for (; done < len; done += here) {
        here = next_piece(gdb, addr, done, len, &physical);
        if (here == 0 ||
            as_read(gdb->machine->platform.memory, physical, data + done, here) != MEM_OK) {
            break;
        }
    }
    return done;
}

static bool write_bytes(const Gdb *gdb, uint64_t addr, const uint8_t *data, size_t len)
{
    uint64_t physical;
    size_t done = 0, here;
    for (; done < len; done += here) {
        here = next_piece(gdb, addr, done, len, &physical);
        if (here == 0 ||
            as_write(gdb->machine->platform.memory, physical, data + done, here) != MEM_OK) {
            return false;
        }
    }
    return true;
}

void gdb_read_memory(Gdb *gdb, const char *args)
{
    uint8_t data[READ_MAX];
    uint64_t addr, len;
    if (!gdb_take_range(&args, &addr, &len)) {
        gdb_send_error(gdb, EINVAL);
        return;
    }
    len = MIN(len, READ_MAX);
    size_t done = read_bytes(gdb, addr, data, len);
    if (done == 0 && len > 0) {
        gdb_send_error(gdb, EFAULT);
        return;
    }
    g_autoptr(GString) out = g_string_new(NULL);
    gdb_put_hex(out, data, done); /* fewer than asked for: the rest is not there */
    gdb_send(gdb, out->str, out->len);
}

static void answer_write(Gdb *gdb, bool good)
{
    if (good) {
        gdb_send_text(gdb, "OK");
    } else {
        gdb_send_error(gdb, EFAULT);
    }
}

void gdb_write_memory(Gdb *gdb, const char *args)
{
    uint8_t data[READ_MAX];
    uint64_t addr, len;
    if (!gdb_take_range(&args, &addr, &len) || !gdb_take_prefix(&args, ":") || len > READ_MAX ||
        gdb_take_hex(args, data, (size_t)len) != len) {
        gdb_send_error(gdb, EINVAL);
        return;
    }
    answer_write(gdb, write_bytes(gdb, addr, data, (size_t)len));
}

void gdb_write_binary(Gdb *gdb, const char *payload, size_t size)
{
    const char *text = payload;
    uint64_t addr, len;
    if (!gdb_take_range(&text, &addr, &len) || !gdb_take_prefix(&text, ":") ||
        len != size - (size_t)(text - payload)) {
        gdb_send_error(gdb, EINVAL);
        return;
    }
    answer_write(gdb, write_bytes(gdb, addr, (const uint8_t *)text, (size_t)len));
}

/* How much one search goes through before the client has to ask for the rest. */
#define SEARCH_MAX (64u << 20)

void gdb_search_memory(Gdb *gdb, const char *payload, size_t size)
{
    const char *text = payload;
    uint64_t addr, len;
    size_t want;
    uint8_t window[2 * READ_MAX];
    size_t have = 0;
    if (!gdb_take_number(&text, &addr) || !gdb_take_prefix(&text, ";") ||
        !gdb_take_number(&text, &len) || !gdb_take_prefix(&text, ";") ||
        (want = size - (size_t)(text - payload)) == 0 || want > READ_MAX) {
        gdb_send_error(gdb, EINVAL);
        return;
    }
    len = MIN(len, SEARCH_MAX);
    while (len > 0) {
        uint64_t part = MIN(len, sizeof(window) - have);
        size_t got = read_bytes(gdb, addr, window + have, part);
        const uint8_t *found = memmem(window, have + got, text, want);
        if (found) {
            g_autofree char *answer =
                g_strdup_printf("1,%" PRIx64, addr - have + (uint64_t)(found - window));
            gdb_send_text(gdb, answer);
            return;
        }
        if (got < part) {
            gdb_send_error(gdb, EFAULT);
            return;
        }
        addr += got;
        len -= got;
        size_t kept = MIN(want - 1, have + got); /* what may begin in this window */
        memmove(window, window + have + got - kept, kept);
        have = kept;
    }
    gdb_send_text(gdb, "0");
}

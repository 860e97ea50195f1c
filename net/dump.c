/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -object filter-dump: a netdev's frames, both ways, into a file for tcpdump and its kin (the
 * format of pcap-savefile(5), little-endian, microseconds of the machine's time).
 */
#include <errno.h>
#include <stdio.h>

#include "base/bytes.h"
#include "base/report.h"
#include "net/internal.h"

#define PCAP_MAGIC         0xa1b2c3d4u
#define PCAP_MAJOR         2
#define PCAP_MINOR         4
#define PCAP_ETHERNET      1
#define PCAP_HEADER_SIZE   24
#define PCAP_RECORD_SIZE   16
#define DEFAULT_MAX_LENGTH 65536

typedef struct {
    NetTap tap;
    FILE *file; /* NULL: the host took no more */
    char *name;
    Clock *clock;
    uint64_t max_length;
} NetDump;

static void dump_written(NetDump *d)
{
    if (!report_written(d->file, d->name)) {
        fclose(d->file);
        d->file = NULL;
    }
}

static void dump_header(NetDump *d)
{
    uint8_t header[PCAP_HEADER_SIZE] = {0};
    bytes_put32(header, PCAP_MAGIC);
    bytes_put16(header + 4, PCAP_MAJOR);
    bytes_put16(header + 6, PCAP_MINOR);
    bytes_put32(header + 16, (uint32_t)d->max_length);
    bytes_put32(header + 20, PCAP_ETHERNET);
    fwrite(header, sizeof(header), 1, d->file);
    dump_written(d);
}

static void dump_frame(NetTap *tap, const uint8_t *frame, size_t len)
{
    NetDump *d = (NetDump *)tap;
    uint8_t record[PCAP_RECORD_SIZE];
    int64_t us = clock_now(d->clock) / NS_PER_US;
    size_t kept = MIN(len, d->max_length);
    if (!d->file) {
        return;
    }
    bytes_put32(record, (uint32_t)(us / 1000000));
    bytes_put32(record + 4, (uint32_t)(us % 1000000));
    bytes_put32(record + 8, (uint32_t)kept);
    bytes_put32(record + 12, (uint32_t)len);
    fwrite(record, sizeof(record), 1, d->file);
    fwrite(frame, kept, 1, d->file);
    dump_written(d);
}

static void dump_close(NetTap *tap)
{
    NetDump *d = (NetDump *)tap;
    if (d->file) {
        fclose(d->file);
    }
    g_free(d->name);
    g_free(d);
}

bool netdev_add_dump(Netdev *nd, OptList *opts, GError **error)
{
    const char *name = optlist_get(opts, "file");
    uint64_t max_length = DEFAULT_MAX_LENGTH;
    if (!optlist_uint(opts, "maxlen", 1, NET_FRAME_MAX, &max_length, error) ||
        !optlist_finish(opts, error)) {
        return false;
    }
    if (!name) {
        g_set_error(error, OPT_ERROR, 0, "file= is missing");
        return false;
    }
    FILE *file = fopen(name, "we");
    if (!file) {
        g_set_error(error, OPT_ERROR, 0, "file=%s: could not be opened: %s", name,
                    g_strerror(errno));
        return false;
    }
    NetDump *d = g_new0(NetDump, 1);
    d->tap = (NetTap){.frame = dump_frame, .close = dump_close};
    d->file = file;
    d->name = g_strdup(name);
    d->clock = nd->clock;
    d->max_length = max_length;
    dump_header(d);
    g_ptr_array_add(nd->taps, d);
    return true;
}

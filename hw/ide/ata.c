/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ATA device: its commands (ACS-3, 7; ATA/ATAPI-7, 6) and their data. Left out: security, HPA
 * and its SET MAX, SMART beyond being on, streaming, self-tests, firmware.
 */
#include "hw/ide/ata.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "block/iov.h"

#define READY        (ATA_DRDY | ATA_DSC)
#define LBA_28_MASK  0x0fffffffu
#define TRIM_ENTRY   8
#define MAX_MULTIPLE 16
#define LOG_QUEUED   0x10 /* log page: the queued command that failed (ACS-3, A.14) */

typedef struct {
    uint8_t command;
    bool disk, packet; /* which devices have it */
    bool ext;          /* 48-bit addresses and 16-bit counts */
    uint8_t protocol;
    bool multiple; /* interrupts by as many sectors as were set */
    bool through;  /* FUA */
    AtaResult (*begin)(AtaDrive *d, const AtaRegs *in);
} AtaCommand;

static const AtaCommand *find_ata_command(const AtaDrive *d, uint8_t command);

/* Done without data, or with all of it. */
static AtaResult ata_finish(AtaDrive *d)
{
    d->task.direction = ATA_NO_DATA;
    d->task.left = 0;
    d->regs.status = READY;
    d->regs.error = 0;
    if (d->is_cd) {
        d->regs.count = ATA_REASON_CD | ATA_REASON_IO;
    }
    return ATA_DONE;
}

AtaResult ata_abort(AtaDrive *d, uint8_t error)
{
    ata_finish(d);
    d->regs.status = READY | ATA_ERR;
    d->regs.error = error;
    return ATA_FAILED;
}

/* A command's data is to be moved. */
static AtaResult begin_data(AtaDrive *d, AtaDirection direction, AtaSource source, uint64_t at,
                            uint32_t bytes)
{
    const AtaCommand *c = find_ata_command(d, d->regs.command);
    d->task.direction = (uint8_t)direction;
    d->task.source = (uint8_t)source;
    d->task.at = at;
    d->task.left = bytes;
    d->task.block = c && c->multiple && d->multiple ? d->multiple * ATA_SECTOR : ATA_SECTOR;
    d->regs.status = READY | ATA_DRQ;
    d->regs.error = 0;
    return ATA_DONE;
}

static AtaResult begin_buffer(AtaDrive *d)
{
    return begin_data(d, ATA_TO_HOST, ATA_OF_BUFFER, 0, ATA_SECTOR);
}

/* Cylinder, head and sector as the driver has set them up, from 1 on. */
static bool chs_to_lba(const AtaDrive *d, const AtaRegs *in, uint64_t *lba)
{
    uint32_t sector = in->lba & 0xff, cylinder = in->lba >> 8 & 0xffff, head = in->device & 0xf;
    if (sector == 0 || sector > d->sectors || head >= d->heads) {
        return false;
    }
    *lba = ((uint64_t)cylinder * d->heads + head) * d->sectors + sector - 1;
    return true;
}

typedef struct {
    uint64_t lba;
    uint32_t count;
} AtaRange;

/* False if the command's sectors are not there. */
static bool ata_range(const AtaDrive *d, const AtaCommand *c, const AtaRegs *in, AtaRange *range)
{
    uint64_t sectors = blk_size(d->blk) / ATA_SECTOR;
    uint16_t count = c->protocol == ATA_QUEUED ? in->features : in->count;
    if (c->ext) {
        *range = (AtaRange){in->lba, count ? count : 0x10000};
    } else {
        uint32_t low = (uint32_t)(in->lba & 0xffffff) | (uint32_t)(in->device & 0xf) << 24;
        *range = (AtaRange){low, count & 0xff ? count & 0xff : 0x100};
        if (!(in->device & ATA_DEV_LBA) && !chs_to_lba(d, in, &range->lba)) {
            return false;
        }
    }
    return range->lba < sectors && range->count <= sectors - range->lba;
}

static AtaResult begin_read_write(AtaDrive *d, const AtaRegs *in, AtaDirection direction)
{
    const AtaCommand *c = find_ata_command(d, in->command);
    AtaRange range;
    if (c->multiple && d->multiple == 0) {
        return ata_abort(d, ATA_ABRT);
    }
    if (!ata_range(d, c, in, &range)) {
        return ata_abort(d, ATA_IDNF);
    }
    if (direction == ATA_FROM_HOST) {
        bool fua = c->through || (c->protocol == ATA_QUEUED && (in->device & ATA_DEV_FUA));
        if (blk_is_read_only(d->blk)) {
            return ata_abort(d, ATA_ABRT);
        }
        d->task.through = fua || !d->write_cache;
    }
    return begin_data(d, direction, ATA_OF_MEDIUM, range.lba * ATA_SECTOR,
                      range.count * ATA_SECTOR);
}

static AtaResult ata_read(AtaDrive *d, const AtaRegs *in)
{
    return begin_read_write(d, in, ATA_TO_HOST);
}

static AtaResult ata_write(AtaDrive *d, const AtaRegs *in)
{
    return begin_read_write(d, in, ATA_FROM_HOST);
}

static AtaResult ata_verify(AtaDrive *d, const AtaRegs *in)
{
    AtaRange range;
    return ata_range(d, find_ata_command(d, in->command), in, &range) ? ata_finish(d)
                                                                      : ata_abort(d, ATA_IDNF);
}

static AtaResult ata_nothing(AtaDrive *d, const AtaRegs *in)
{
    return ata_finish(d);
}

/* 7.22: it is there to be aborted. */
static AtaResult ata_nop(AtaDrive *d, const AtaRegs *in)
{
    return ata_abort(d, ATA_ABRT);
}

static AtaResult ata_flush(AtaDrive *d, const AtaRegs *in)
{
    return blk_flush(d->blk) ? ata_finish(d) : ata_abort(d, ATA_ABRT);
}

static AtaResult ata_send_identity(AtaDrive *d, const AtaRegs *in)
{
    ata_identify(d, d->buffer);
    return begin_buffer(d);
}

/* A packet device refuses it, and is known by what is in its registers then. */
static AtaResult ata_identify_disk(AtaDrive *d, const AtaRegs *in)
{
    if (d->is_cd) {
        AtaResult result = ata_abort(d, ATA_ABRT);
        d->regs.lba = ATA_SIGNATURE_PACKET;
        d->regs.count = 1;
        return result;
    }
    return ata_send_identity(d, in);
}

static AtaResult ata_features(AtaDrive *d, const AtaRegs *in)
{
    return ata_set_features(d, in) ? ata_finish(d) : ata_abort(d, ATA_ABRT);
}

static AtaResult ata_set_multiple(AtaDrive *d, const AtaRegs *in)
{
    uint8_t count = in->count & 0xff;
    if (count > MAX_MULTIPLE || (count & (count - 1)) != 0) {
        return ata_abort(d, ATA_ABRT);
    }
    d->multiple = count;
    return ata_finish(d);
}

static AtaResult ata_initialize(AtaDrive *d, const AtaRegs *in)
{
    if ((in->count & 0xff) == 0) {
        return ata_abort(d, ATA_ABRT);
    }
    d->sectors = in->count & 0xff;
    d->heads = (uint8_t)((in->device & 0xf) + 1);
    return ata_finish(d);
}

static AtaResult ata_check_power(AtaDrive *d, const AtaRegs *in)
{
    enum { STANDBY = 0x00, ACTIVE = 0xff };
    ata_finish(d);
    d->regs.count = d->standby ? STANDBY : ACTIVE;
    return ATA_DONE;
}

static AtaResult ata_stand_by(AtaDrive *d, const AtaRegs *in)
{
    d->standby = true;
    return ata_flush(d, in);
}

static AtaResult ata_native_max(AtaDrive *d, const AtaRegs *in)
{
    uint64_t last = blk_size(d->blk) / ATA_SECTOR - 1;
    ata_finish(d);
    if (in->command == ATA_READ_NATIVE_MAX_EXT) {
        d->regs.lba = last;
    } else {
        last = MIN(last, LBA_28_MASK);
        d->regs.lba = last & 0xffffff;
        d->regs.device = (uint8_t)((in->device & 0xf0) | last >> 24);
    }
    return ATA_DONE;
}

/* It is on, and all is well (ATA/ATAPI-7, 6.45). */
static AtaResult ata_smart(AtaDrive *d, const AtaRegs *in)
{
    enum { ENABLE = 0xd8, DISABLE = 0xd9, RETURN_STATUS = 0xda, AUTOSAVE = 0xd2, KEY = 0xc24f };
    uint8_t what = in->features & 0xff;
    if ((in->lba >> 8 & 0xffff) != KEY ||
        (what != ENABLE && what != DISABLE && what != RETURN_STATUS && what != AUTOSAVE)) {
        return ata_abort(d, ATA_ABRT);
    }
    return ata_finish(d);
}

/* ACS-3, A.14: what a driver reads after a queued command has failed. */
static void queued_error_log(AtaDrive *d)
{
    const AtaRegs *f = &d->failed;
    uint8_t *p = d->buffer, sum = 0;
    enum { NOT_QUEUED = 0x80, SUM_AT = ATA_SECTOR - 1 };
    p[0] = d->has_failed ? (uint8_t)(f->count & (ATA_TAGS - 1)) : NOT_QUEUED;
    p[2] = f->status;
    p[3] = f->error;
    bytes_store(p + 4, f->lba, 3);
    p[7] = f->device;
    bytes_store(p + 8, f->lba >> 24, 3);
    for (unsigned i = 0; i < SUM_AT; i++) {
        sum = (uint8_t)(sum + p[i]);
    }
    p[SUM_AT] = (uint8_t)-sum;
    d->has_failed = false;
}

/* The directory says which there are: one page of the queued command's, and itself. */
static AtaResult ata_read_log(AtaDrive *d, const AtaRegs *in)
{
    uint8_t log = in->lba & 0xff;
    if (in->count != 1 || (in->lba >> 8 & 0xffff) != 0 || (log != 0 && log != LOG_QUEUED)) {
        return ata_abort(d, ATA_ABRT);
    }
    memset(d->buffer, 0, ATA_SECTOR);
    if (log == LOG_QUEUED) {
        queued_error_log(d);
    } else {
        bytes_put16(d->buffer, 1);
        bytes_put16(d->buffer + 2 * LOG_QUEUED, 1);
    }
    return begin_buffer(d);
}

static AtaResult ata_data_set(AtaDrive *d, const AtaRegs *in)
{
    enum { TRIM = 1 };
    if ((in->features & 0xff) != TRIM || in->count != 1 || blk_is_read_only(d->blk)) {
        return ata_abort(d, ATA_ABRT);
    }
    return begin_data(d, ATA_FROM_HOST, ATA_OF_BUFFER, 0, ATA_SECTOR);
}

/* ACS-3, 7.10.3: entries of 48 bits of address and 16 of count. */
static AtaResult trim(AtaDrive *d)
{
    uint64_t sectors = blk_size(d->blk) / ATA_SECTOR;
    for (unsigned at = 0; at < ATA_SECTOR; at += TRIM_ENTRY) {
        uint64_t entry = bytes_get64(d->buffer + at), lba = entry & 0xffffffffffff,
                 count = entry >> 48;
        if (count == 0) {
            continue;
        }
        if (lba > sectors || count > sectors - lba) {
            return ata_abort(d, ATA_IDNF);
        }
        if (!blk_discard(d->blk, lba * ATA_SECTOR, count * ATA_SECTOR)) {
            return ata_abort(d, ATA_ABRT);
        }
    }
    return ata_finish(d);
}

static AtaResult ata_diagnose(AtaDrive *d, const AtaRegs *in)
{
    ata_reset(d);
    return ATA_DONE;
}

static void put_signature(AtaDrive *d)
{
    d->regs.lba = d->is_cd ? ATA_SIGNATURE_PACKET : ATA_SIGNATURE_DISK;
    d->regs.count = 1;
    d->regs.device &= ATA_DEV_DEV1;
}

/* 7.9: a packet device does not say that it is ready. */
static AtaResult ata_reset_packet_device(AtaDrive *d, const AtaRegs *in)
{
    ata_finish(d);
    put_signature(d);
    d->regs.status = 0;
    d->regs.error = 1;
    return ATA_DONE;
}

/* 7.18: the packet comes next. */
static AtaResult ata_begin_packet(AtaDrive *d, const AtaRegs *in)
{
    begin_data(d, ATA_FROM_HOST, ATA_OF_BUFFER, 0, ATA_PACKET_SIZE);
    d->regs.count = ATA_REASON_CD;
    d->regs.features = in->features;
    return ATA_DONE;
}

#define DISK_ .disk = true
#define BOTH_ .disk = true, .packet = true
#define EXT_  .ext = true
#define DMA_  .protocol = ATA_BY_DMA
/* clang-format off */
static const AtaCommand commands[] = {
    {ATA_NOP, BOTH_, .begin = ata_nop},
    {ATA_DATA_SET_MANAGEMENT, DISK_, EXT_, DMA_, .begin = ata_data_set},
    {ATA_DEVICE_RESET, .packet = true, .begin = ata_reset_packet_device},
    {ATA_READ, DISK_, .begin = ata_read},
    {ATA_READ_ONCE, DISK_, .begin = ata_read},
    {ATA_READ_EXT, DISK_, EXT_, .begin = ata_read},
    {ATA_READ_DMA_EXT, DISK_, EXT_, DMA_, .begin = ata_read},
    {ATA_READ_NATIVE_MAX_EXT, DISK_, EXT_, .begin = ata_native_max},
    {ATA_READ_MULTIPLE_EXT, DISK_, EXT_, .multiple = true, .begin = ata_read},
    {ATA_READ_LOG_EXT, DISK_, EXT_, .begin = ata_read_log},
    {ATA_WRITE, DISK_, .begin = ata_write},
    {ATA_WRITE_ONCE, DISK_, .begin = ata_write},
    {ATA_WRITE_EXT, DISK_, EXT_, .begin = ata_write},
    {ATA_WRITE_DMA_EXT, DISK_, EXT_, DMA_, .begin = ata_write},
    {ATA_WRITE_MULTIPLE_EXT, DISK_, EXT_, .multiple = true, .begin = ata_write},
    {ATA_WRITE_DMA_FUA_EXT, DISK_, EXT_, DMA_, .through = true, .begin = ata_write},
    {ATA_VERIFY, DISK_, .begin = ata_verify},
    {ATA_VERIFY_ONCE, DISK_, .begin = ata_verify},
    {ATA_VERIFY_EXT, DISK_, EXT_, .begin = ata_verify},
    {ATA_READ_LOG_DMA_EXT, DISK_, EXT_, DMA_, .begin = ata_read_log},
    {ATA_READ_FPDMA, DISK_, EXT_, .protocol = ATA_QUEUED, .begin = ata_read},
    {ATA_WRITE_FPDMA, DISK_, EXT_, .protocol = ATA_QUEUED, .begin = ata_write},
    {ATA_SEEK, DISK_, .begin = ata_verify},
    {ATA_DIAGNOSTIC, BOTH_, .begin = ata_diagnose},
    {ATA_INITIALIZE_PARAMETERS, DISK_, .begin = ata_initialize},
    {ATA_PACKET, .packet = true, .begin = ata_begin_packet},
    {ATA_IDENTIFY_PACKET, .packet = true, .begin = ata_send_identity},
    {ATA_SMART, DISK_, .begin = ata_smart},
    {ATA_READ_MULTIPLE, DISK_, .multiple = true, .begin = ata_read},
    {ATA_WRITE_MULTIPLE, DISK_, .multiple = true, .begin = ata_write},
    {ATA_SET_MULTIPLE, DISK_, .begin = ata_set_multiple},
    {ATA_READ_DMA, DISK_, DMA_, .begin = ata_read},
    {ATA_READ_DMA_ONCE, DISK_, DMA_, .begin = ata_read},
    {ATA_WRITE_DMA, DISK_, DMA_, .begin = ata_write},
    {ATA_WRITE_DMA_ONCE, DISK_, DMA_, .begin = ata_write},
    {ATA_WRITE_MULTIPLE_FUA_EXT, DISK_, EXT_, .multiple = true, .through = true, .begin = ata_write},
    {ATA_STANDBY_IMMEDIATE, BOTH_, .begin = ata_stand_by},
    {ATA_IDLE_IMMEDIATE, BOTH_, .begin = ata_nothing},
    {ATA_STANDBY, BOTH_, .begin = ata_nothing},
    {ATA_IDLE, BOTH_, .begin = ata_nothing},
    {ATA_CHECK_POWER_MODE, BOTH_, .begin = ata_check_power},
    {ATA_SLEEP, BOTH_, .begin = ata_stand_by},
    {ATA_FLUSH, BOTH_, .begin = ata_flush},
    {ATA_FLUSH_EXT, DISK_, EXT_, .begin = ata_flush},
    {ATA_IDENTIFY, BOTH_, .begin = ata_identify_disk},
    {ATA_SET_FEATURES, BOTH_, .begin = ata_features},
    {ATA_READ_NATIVE_MAX, DISK_, .begin = ata_native_max},
};
/* clang-format on */

static const AtaCommand *find_ata_command(const AtaDrive *d, uint8_t command)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (commands[i].command == command && (d->is_cd ? commands[i].packet : commands[i].disk)) {
            return &commands[i];
        }
    }
    return NULL;
}

bool ata_is_queued(uint8_t command)
{
    return command == ATA_READ_FPDMA || command == ATA_WRITE_FPDMA;
}

AtaResult ata_begin(AtaDrive *d, const AtaRegs *in)
{
    const AtaCommand *c = find_ata_command(d, in->command);
    d->regs = *in;
    d->task = (AtaTask){.protocol = c ? c->protocol : ATA_BY_PIO};
    trace_event(d->dev->platform->trace, TRACE_IDE,
                "ata_command dev=%s command=%02x device=%02x lba=%" PRIx64 " count=%x features=%x",
                d->dev->id, in->command, in->device, in->lba, in->count, in->features);
    if (!c) {
        return ata_abort(d, ATA_ABRT);
    }
    if (in->command != ATA_CHECK_POWER_MODE) {
        d->standby = false;
    }
    return c->begin(d, in);
}

/* Sense is the error of a packet command: its key in the upper half (ATA/ATAPI-7, 6.24.6). */
static AtaResult packet_result(AtaDrive *d, ScsiStatus status)
{
    if (status == SCSI_LATER) {
        return ATA_LATER;
    }
    return status == SCSI_GOOD ? ata_finish(d)
                               : ata_abort(d, (uint8_t)(d->scsi.sense.key << 4 | ATA_ABRT));
}

AtaResult ata_packet(AtaDrive *d, const uint8_t *packet)
{
    ScsiStatus status = scsi_begin(&d->scsi, packet);
    const ScsiTask *t = &d->scsi.task;
    trace_event(d->dev->platform->trace, TRACE_IDE, "atapi_packet dev=%s op=%02x status=%d",
                d->dev->id, packet[0], status);
    if (status != SCSI_GOOD || t->direction == SCSI_NO_DATA) {
        return packet_result(d, status);
    }
    bool in = t->direction == SCSI_DATA_IN;
    begin_data(d, in ? ATA_TO_HOST : ATA_FROM_HOST, ATA_OF_PACKET, 0,
               (uint32_t)MIN(t->left, UINT32_MAX));
    d->regs.count = in ? ATA_REASON_IO : 0;
    return ATA_DONE;
}

static AtaResult move_sectors(AtaDrive *d, const struct iovec *iov, unsigned count)
{
    bool in = d->task.direction == ATA_TO_HOST;
    if (in ? blk_readv(d->blk, d->task.at, iov, count)
           : blk_writev(d->blk, d->task.at, iov, count)) {
        return ATA_DONE;
    }
    d->regs.lba = d->task.at / ATA_SECTOR;
    return ata_abort(d, in ? ATA_UNC : ATA_ABRT);
}

static AtaResult move_packet(AtaDrive *d, const struct iovec *iov, unsigned count)
{
    ScsiStatus status = scsi_move(&d->scsi, iov, count);
    return status == SCSI_GOOD ? ATA_DONE : packet_result(d, status);
}

AtaResult ata_move(AtaDrive *d, const struct iovec *iov, unsigned count)
{
    uint32_t len = (uint32_t)iov_bytes(iov, count);
    AtaResult result = ATA_DONE;
    if (len > d->task.left) {
        return ata_abort(d, ATA_ABRT);
    }
    if (d->task.source == ATA_OF_MEDIUM) {
        result = move_sectors(d, iov, count);
    } else if (d->task.source == ATA_OF_PACKET) {
        result = move_packet(d, iov, count);
    } else if (d->task.direction == ATA_TO_HOST) {
        iov_fill(iov, count, d->buffer + d->task.at, len);
    } else {
        iov_gather(iov, count, d->buffer + d->task.at, len);
    }
    if (result == ATA_DONE) {
        d->task.at += len;
        d->task.done += len;
        d->task.left -= len;
    }
    return result;
}

AtaResult ata_end(AtaDrive *d)
{
    bool written = d->task.direction == ATA_FROM_HOST;
    if (d->task.source == ATA_OF_PACKET) {
        return packet_result(d, scsi_end(&d->scsi));
    }
    if (written && d->task.source == ATA_OF_BUFFER && d->regs.command == ATA_DATA_SET_MANAGEMENT &&
        d->task.left == 0) {
        return trim(d);
    }
    if (written && d->task.through && !blk_flush(d->blk)) {
        return ata_abort(d, ATA_ABRT);
    }
    return ata_finish(d);
}

void ata_reset(AtaDrive *d)
{
    d->task = (AtaTask){0};
    d->regs = (AtaRegs){.status = d->is_cd ? 0 : READY, .error = 1};
    d->multiple = 0;
    d->has_failed = false;
    put_signature(d);
}

void ata_power_on(AtaDrive *d)
{
    enum { PIO_4 = 0x0c };
    ata_reset(d);
    d->write_cache = true;
    d->standby = false;
    d->transfer_mode = PIO_4;
    d->heads = 16;
    d->sectors = 63;
    d->failed = (AtaRegs){0};
    memset(d->buffer, 0, sizeof(d->buffer));
    if (d->is_cd) {
        scsi_reset(&d->scsi);
    }
}

static const StateField regs_state[] = {
    STATE_FIELD(STATE_UINT8, AtaRegs, command),   STATE_FIELD(STATE_UINT8, AtaRegs, device),
    STATE_FIELD(STATE_UINT8, AtaRegs, status),    STATE_FIELD(STATE_UINT8, AtaRegs, error),
    STATE_FIELD(STATE_UINT16, AtaRegs, features), STATE_FIELD(STATE_UINT16, AtaRegs, count),
    STATE_FIELD(STATE_UINT64, AtaRegs, lba),      STATE_END,
};

static const StateField ata_task_state[] = {
    STATE_FIELD_MAX(STATE_UINT8, AtaTask, direction, ATA_FROM_HOST),
    STATE_FIELD_MAX(STATE_UINT8, AtaTask, protocol, ATA_QUEUED),
    STATE_FIELD_MAX(STATE_UINT8, AtaTask, source, ATA_OF_PACKET),
    STATE_FIELD(STATE_UINT8, AtaTask, through),
    STATE_FIELD(STATE_UINT64, AtaTask, at),
    STATE_FIELD(STATE_UINT32, AtaTask, left),
    STATE_FIELD(STATE_UINT32, AtaTask, done),
    STATE_FIELD_MAX(STATE_UINT32, AtaTask, block, MAX_MULTIPLE *ATA_SECTOR),
    STATE_END,
};

const StateField ata_state[] = {
    STATE_STRUCTS(AtaDrive, scsi, 1, ScsiUnit, scsi_state),
    STATE_STRUCTS(AtaDrive, regs, 1, AtaRegs, regs_state),
    STATE_STRUCTS(AtaDrive, task, 1, AtaTask, ata_task_state),
    STATE_FIELD(STATE_UINT8, AtaDrive, write_cache),
    STATE_FIELD(STATE_UINT8, AtaDrive, standby),
    STATE_FIELD_MAX(STATE_UINT8, AtaDrive, multiple, MAX_MULTIPLE),
    STATE_FIELD(STATE_UINT8, AtaDrive, transfer_mode),
    STATE_FIELD(STATE_UINT8, AtaDrive, heads),
    STATE_FIELD(STATE_UINT8, AtaDrive, sectors),
    STATE_STRUCTS(AtaDrive, failed, 1, AtaRegs, regs_state),
    STATE_FIELD(STATE_UINT8, AtaDrive, has_failed),
    STATE_ARRAY(STATE_BYTES, AtaDrive, buffer, ATA_SECTOR),
    STATE_END,
};

bool ata_state_makes_sense(AtaDrive *d)
{
    const AtaTask *t = &d->task;
    uint64_t size = t->source == ATA_OF_MEDIUM ? blk_size(d->blk) : ATA_SECTOR;
    if (d->is_cd && !scsi_state_makes_sense(&d->scsi)) {
        return false;
    }
    if (t->direction == ATA_NO_DATA) {
        return t->left == 0;
    }
    return t->source == ATA_OF_PACKET ? t->left <= d->scsi.task.left
                                      : t->at <= size && t->left <= size - t->at;
}

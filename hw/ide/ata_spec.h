/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the AT Attachment standard (ACS-3; ATA/ATAPI-7 for what ACS left out). */
#ifndef HW_IDE_ATA_SPEC_H
#define HW_IDE_ATA_SPEC_H

#define ATA_SECTOR 512u

/* Status and error registers (ATA/ATAPI-7, 5.14 and 5.9). */
enum {
    ATA_BSY = 0x80,
    ATA_DRDY = 0x40,
    ATA_DF = 0x20,
    ATA_DSC = 0x10, /* SERV of a packet device */
    ATA_DRQ = 0x08,
    ATA_ERR = 0x01, /* CHK of a packet device */
};
enum { ATA_ICRC = 0x80, ATA_UNC = 0x40, ATA_IDNF = 0x10, ATA_ABRT = 0x04 };

/* Device register, and device control. */
enum { ATA_DEV_LBA = 0x40, ATA_DEV_DEV1 = 0x10, ATA_DEV_FUA = 0x80 };
enum { ATA_CTL_HOB = 0x80, ATA_CTL_SRST = 0x04, ATA_CTL_NIEN = 0x02 };

/* Interrupt reason, the count register of a packet device (ATA/ATAPI-7, 6.24.5). */
enum { ATA_REASON_CD = 1, ATA_REASON_IO = 2 };

enum {
    ATA_NOP = 0x00,
    ATA_DATA_SET_MANAGEMENT = 0x06,
    ATA_DEVICE_RESET = 0x08,
    ATA_READ = 0x20,
    ATA_READ_ONCE = 0x21,
    ATA_READ_EXT = 0x24,
    ATA_READ_DMA_EXT = 0x25,
    ATA_READ_NATIVE_MAX_EXT = 0x27,
    ATA_READ_MULTIPLE_EXT = 0x29,
    ATA_READ_LOG_EXT = 0x2f,
    ATA_WRITE = 0x30,
    ATA_WRITE_ONCE = 0x31,
    ATA_WRITE_EXT = 0x34,
    ATA_WRITE_DMA_EXT = 0x35,
    ATA_WRITE_MULTIPLE_EXT = 0x39,
    ATA_WRITE_DMA_FUA_EXT = 0x3d,
    ATA_VERIFY = 0x40,
    ATA_VERIFY_ONCE = 0x41,
    ATA_VERIFY_EXT = 0x42,
    ATA_READ_LOG_DMA_EXT = 0x47,
    ATA_READ_FPDMA = 0x60,
    ATA_WRITE_FPDMA = 0x61,
    ATA_SEEK = 0x70,
    ATA_DIAGNOSTIC = 0x90,
    ATA_INITIALIZE_PARAMETERS = 0x91,
    ATA_PACKET = 0xa0,
    ATA_IDENTIFY_PACKET = 0xa1,
    ATA_SMART = 0xb0,
    ATA_READ_MULTIPLE = 0xc4,
    ATA_WRITE_MULTIPLE = 0xc5,
    ATA_SET_MULTIPLE = 0xc6,
    ATA_READ_DMA = 0xc8,
    ATA_READ_DMA_ONCE = 0xc9,
    ATA_WRITE_DMA = 0xca,
    ATA_WRITE_DMA_ONCE = 0xcb,
    ATA_WRITE_MULTIPLE_FUA_EXT = 0xce,
    ATA_STANDBY_IMMEDIATE = 0xe0,
    ATA_IDLE_IMMEDIATE = 0xe1,
    ATA_STANDBY = 0xe2,
    ATA_IDLE = 0xe3,
    ATA_CHECK_POWER_MODE = 0xe5,
    ATA_SLEEP = 0xe6,
    ATA_FLUSH = 0xe7,
    ATA_FLUSH_EXT = 0xea,
    ATA_IDENTIFY = 0xec,
    ATA_SET_FEATURES = 0xef,
    ATA_READ_NATIVE_MAX = 0xf8,
};

/* SET FEATURES, by the features register. */
enum {
    ATA_FEATURE_WRITE_CACHE = 0x02,
    ATA_FEATURE_TRANSFER_MODE = 0x03,
    ATA_FEATURE_POWER_MANAGEMENT = 0x05,
    ATA_FEATURE_SATA = 0x10,
    ATA_FEATURE_NO_READ_AHEAD = 0x55,
    ATA_FEATURE_NO_REVERTING = 0x66,
    ATA_FEATURE_NO_WRITE_CACHE = 0x82,
    ATA_FEATURE_NO_POWER_MANAGEMENT = 0x85,
    ATA_FEATURE_NO_SATA = 0x90,
    ATA_FEATURE_READ_AHEAD = 0xaa,
    ATA_FEATURE_REVERTING = 0xcc,
};

/* What is in the registers after a reset (ATA/ATAPI-7, 9.12): LBA and count. */
#define ATA_SIGNATURE_DISK   0x000001u
#define ATA_SIGNATURE_PACKET 0xeb1401u

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linux's boot protocol (Documentation/x86/boot.rst): the setup header, and what its loaders share.
 * Private to bzimage.c and realmode.c.
 */
#ifndef HW_I386_BOOT_LINUX_H
#define HW_I386_BOOT_LINUX_H

#include "hw/i386/boot/boot_internal.h"

/* Offsets in the setup header, the same in the file and in the zero page. */
enum {
    HDR_START = 0x1f1,
    HDR_SETUP_SECTS = 0x1f1,
    HDR_BOOT_FLAG = 0x1fe,
    HDR_JUMP = 0x200,
    HDR_MAGIC = 0x202,
    HDR_VERSION = 0x206,
    HDR_TYPE_OF_LOADER = 0x210,
    HDR_LOADFLAGS = 0x211,
    HDR_SETUP_MOVE_SIZE = 0x212,
    HDR_CODE32_START = 0x214,
    HDR_RAMDISK_IMAGE = 0x218,
    HDR_RAMDISK_SIZE = 0x21c,
    HDR_HEAP_END_PTR = 0x224,
    HDR_CMD_LINE_PTR = 0x228,
    HDR_INITRD_ADDR_MAX = 0x22c,
    HDR_XLOADFLAGS = 0x236,
    HDR_CMDLINE_SIZE = 0x238,
    HDR_PAYLOAD_OFFSET = 0x248,
    HDR_PAYLOAD_LENGTH = 0x24c,
    HDR_PREF_ADDRESS = 0x258,
    HDR_INIT_SIZE = 0x260,
    HDR_LAST = 0x268,
};
#define LOADER_UNDEFINED 0xff
#define LOADED_HIGH      (1u << 0)
#define CAN_USE_HEAP     (1u << 7)
#define SECTOR_BYTES     512u

/* How a kernel wants to be entered: in real mode it finds out about the machine by itself, else
 * the loader tells it in the zero page. */
typedef enum { LINUX_REAL, LINUX_32, LINUX_64 } LinuxEntry;

typedef struct {
    unsigned version; /* of the protocol, 0x020f is 2.15 */
    LinuxEntry entry;
    bool high;            /* its protected-mode part goes to 1 MiB and above */
    size_t setup_len;     /* bytes of the real-mode part */
    const uint8_t *start; /* the protected-mode part */
    size_t len;
    uint64_t load;         /* where it goes */
    uint64_t init_size;    /* what it needs there until it has read the memory map */
    uint64_t entry_offset; /* of the 32-bit or 64-bit entry, from `load` */
    uint32_t initrd_max, cmdline_size;
    const uint8_t *payload; /* the kernel proper, packed; NULL if the header does not tell */
    size_t payload_len;
} LinuxImage;

/* Puts the initial file system above the kernel and notes it in `header`, the setup header that the
 * kernel will see, in the file's layout. Nothing without -initrd. */
bool linux_put_initrd(BootRam *ram, const BootFile *kernel, const LinuxImage *image,
                      uint8_t *header, GError **error);
/* Enters the setup code in real mode, by way of the BIOS (bios.c). */
bool linux_enter_real(BootRam *ram, const BootFile *kernel, const LinuxImage *image, CpuBoot *boot,
                      GError **error);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linux's real-mode entry (Documentation/x86/boot.rst, "The Real-Mode Kernel Header" to "Running
 * the Kernel"): the setup code asks the BIOS about the machine and goes to protected mode itself.
 * Taken for kernels before protocol 2.05, for those that load below 1 MiB, and for programs in a
 * kernel's clothes that have no other entry.
 */
#include <string.h>

#include "hw/i386/boot/linux.h"

#define SETUP_SEGMENT 0x9000u
#define SETUP_AT      ((uint64_t)SETUP_SEGMENT * 16)
#define SETUP_MAX     0x8000u /* setup code; its heap and stack lie above */
/* The end of heap and stack; the command line comes next. */
#define HEAP_END_HIGH 0xe000u
#define HEAP_END_LOW  0x9800u
#define HEAP_SLACK    0x200u

/* The command line before protocol 2.02: a magic and an offset, in the boot sector. */
enum { OLD_CMDLINE_MAGIC = 0x20, OLD_CMDLINE_OFFSET = 0x22, OLD_MAGIC = 0xa33f };
enum { V2_HEAP = 0x201, V2_CMDLINE = 0x202 };

static void fill_header(const LinuxImage *image, uint16_t heap_end, size_t cmdline_len, uint8_t *h)
{
    h[HDR_TYPE_OF_LOADER] = LOADER_UNDEFINED;
    if (image->version >= V2_HEAP) {
        bytes_put16(h + HDR_HEAP_END_PTR, heap_end - HEAP_SLACK);
        h[HDR_LOADFLAGS] |= CAN_USE_HEAP;
    }
    if (image->version >= V2_CMDLINE) {
        bytes_put32(h + HDR_CMD_LINE_PTR, (uint32_t)SETUP_AT + heap_end);
    } else {
        bytes_put16(h + OLD_CMDLINE_MAGIC, OLD_MAGIC);
        bytes_put16(h + OLD_CMDLINE_OFFSET, heap_end);
        bytes_put16(h + HDR_SETUP_MOVE_SIZE, (uint16_t)(heap_end + cmdline_len));
    }
}

bool linux_enter_real(BootRam *ram, const BootFile *kernel, const LinuxImage *image, CpuBoot *boot,
                      GError **error)
{
    const char *append = ram->info->append ? ram->info->append : "";
    size_t cmdline_len = strlen(append) + 1;
    uint16_t heap_end = image->version >= V2_CMDLINE && image->high ? HEAP_END_HIGH : HEAP_END_LOW;
    if (image->setup_len > SETUP_MAX) {
        return boot_error(error, kernel, "its setup code has %zu bytes; %u can be loaded",
                          image->setup_len, SETUP_MAX);
    }
    g_autofree uint8_t *setup = g_memdup2(kernel->data, image->setup_len);
    if (!boot_take(ram, SETUP_AT, heap_end) ||
        !boot_put(ram, SETUP_AT + heap_end, append, cmdline_len)) {
        return boot_error(error, kernel, "no RAM at %#" PRIx64 " for its setup code", SETUP_AT);
    }
    fill_header(image, heap_end, cmdline_len, setup);
    if (!linux_put_initrd(ram, kernel, image, setup, error)) {
        return false;
    }
    boot_put(ram, SETUP_AT, setup, image->setup_len);
    boot_enter_bios(boot, SETUP_SEGMENT, heap_end);
    return true;
}

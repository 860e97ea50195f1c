/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images of kernels, as small as their formats allow. */
#include "boot/images.h"

#include <elf.h>
#include <string.h>

/* An ELF64 image: `code` at `base` with `bss` bytes of zeros behind it, and perhaps a PVH note. */
static GByteArray *make_elf_with(uint64_t base, const void *code, size_t len, size_t bss, bool pvh)
{
    struct {
        Elf64_Ehdr h;
        Elf64_Phdr p[2];
        uint32_t note[6];
    } image = {0};
    memcpy(image.h.e_ident, ELFMAG, SELFMAG);
    image.h.e_ident[EI_CLASS] = ELFCLASS64;
    image.h.e_ident[EI_DATA] = ELFDATA2LSB;
    image.h.e_type = ET_EXEC;
    image.h.e_machine = EM_X86_64;
    image.h.e_entry = base;
    image.h.e_phoff = sizeof(image.h);
    image.h.e_phentsize = sizeof(Elf64_Phdr);
    image.h.e_phnum = pvh ? 2 : 1;
    image.p[0] = (Elf64_Phdr){.p_type = PT_LOAD,
                              .p_offset = sizeof(image),
                              .p_paddr = base,
                              .p_filesz = len,
                              .p_memsz = len + bss};
    image.p[1] = (Elf64_Phdr){.p_type = PT_NOTE,
                              .p_offset = offsetof(__typeof__(image), note),
                              .p_filesz = sizeof(image.note),
                              .p_align = 4};
    const uint32_t note[] = {4, 4, 18, 0x006e6558 /* "Xen" */, (uint32_t)base + 0x10, 0};
    memcpy(image.note, note, sizeof(note));
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, (const guint8 *)&image, sizeof(image));
    g_byte_array_append(out, code, (guint)len);
    return out;
}

GByteArray *make_elf(const void *code, size_t len, bool pvh)
{
    return make_elf_with(0x200000, code, len, 4096, pvh);
}

GByteArray *make_elf_at(uint64_t base, const void *code, size_t len)
{
    return make_elf_with(base, code, len, 0, true);
}

GByteArray *make_elf32(uint32_t base, const void *code, size_t len)
{
    struct {
        Elf32_Ehdr h;
        Elf32_Phdr p;
    } image = {
        .h = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32, ELFDATA2LSB},
              .e_entry = base,
              .e_phoff = sizeof(image.h),
              .e_phentsize = sizeof(image.p),
              .e_phnum = 1},
        .p = {.p_type = PT_LOAD,
              .p_offset = sizeof(image),
              .p_paddr = base,
              .p_filesz = (Elf32_Word)len,
              .p_memsz = (Elf32_Word)len},
    };
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, (const guint8 *)&image, sizeof(image));
    g_byte_array_append(out, code, (guint)len);
    return out;
}

GByteArray *make_multiboot_at(uint32_t base, const guint8 *bytes, size_t len)
{
    const uint32_t flags = 0x10003;
    const uint32_t words[] = {
        0x1badb002,           flags,      -(0x1badb002 + flags), base, base, base + (uint32_t)len,
        base + (uint32_t)len, base + 0x20};
    GByteArray *out = g_byte_array_new();
    g_byte_array_append(out, (const guint8 *)words, sizeof(words));
    g_byte_array_append(out, bytes + sizeof(words), (guint)(len - sizeof(words)));
    return out;
}

GByteArray *make_multiboot(void)
{
    const uint32_t words[10] = {[8] = 0xfeedface, [9] = 0x12345678};
    GByteArray *out = make_multiboot_at(0x100000, (const guint8 *)words, sizeof(words));
    const uint32_t bss_end = 0x101000;
    memcpy(out->data + 24, &bss_end, 4);
    return out;
}

static void put(GByteArray *image, unsigned at, uint64_t value, unsigned bytes)
{
    memcpy(image->data + at, &value, bytes);
}

/* The header holds what its version has; what comes later is full of traps. */
static void fill_header(GByteArray *image, const Linux *what, size_t payload)
{
    memset(image->data + 0x1f1, 0xaa, SETUP - 0x1f1);
    put(image, 0x1f1, 1, 1);
    put(image, 0x1fe, 0xaa55, 2);
    put(image, 0x200, 0x66eb, 2);
    memcpy(image->data + 0x202, "HdrS", 4);
    put(image, 0x206, what->version, 2);
    put(image, 0x211, what->low ? 0 : 1, 1);
    put(image, 0x214, what->code32, 4);
    put(image, 0x218, 0, 8);
    if (what->version >= 0x203) {
        put(image, 0x22c, 0x7fffffff, 4);
    }
    if (what->version >= 0x205) {
        put(image, 0x230, 0x1000000, 4);
        put(image, 0x234, what->relocates, 1);
    }
    if (what->version >= 0x206) {
        put(image, 0x238, 2047, 4);
    }
    if (what->version >= 0x208) {
        put(image, 0x248, payload ? CODE : 0, 4);
        put(image, 0x24c, payload, 4);
    }
    if (what->version >= 0x20a) {
        put(image, 0x258, 0x1000000, 8);
        put(image, 0x260, 0x100000, 4);
    }
    if (what->version >= 0x20c) {
        put(image, 0x236, what->has64, 2);
    }
}

GByteArray *make_linux(const Linux *what)
{
    g_autoptr(GByteArray) elf =
        what->has64 ? make_elf("unpacked", 9, false) : make_elf32(0x200000, "unpacked", 9);
    g_autoptr(GByteArray) payload =
        what->pack ? what->pack(elf->data, elf->len) : g_byte_array_new();
    if (what->pack) {
        pack_append_size(payload, elf->len);
    }
    GByteArray *out = g_byte_array_new();
    g_byte_array_set_size(out, SETUP + CODE);
    for (guint i = 0; i < SETUP + CODE; i++) {
        out->data[i] = (guint8)(i ^ i >> 8);
    }
    fill_header(out, what, payload->len);
    g_byte_array_append(out, payload->data, payload->len);
    return out;
}

GByteArray *make_bzimage(Packer pack)
{
    const Linux what = {.version = 0x20f, .has64 = true, .code32 = 0x100000, .pack = pack};
    return make_linux(&what);
}

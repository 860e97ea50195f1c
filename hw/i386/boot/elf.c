/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ELF images, 32- and 64-bit, little-endian x86: segments into memory, and notes (ELF gABI 4). */
#include <elf.h>
#include <string.h>

#include "hw/i386/boot/boot_internal.h"

/* A program header of either class. */
typedef struct {
    uint32_t type;
    uint64_t offset, paddr, filesz, memsz, align;
} Segment;

typedef struct {
    bool is64;
    uint64_t entry, phoff;
    unsigned phnum, phentsize;
} Header;

bool elf_is(const uint8_t *data, size_t len)
{
    return len >= sizeof(Elf32_Ehdr) && memcmp(data, ELFMAG, SELFMAG) == 0 &&
           data[EI_DATA] == ELFDATA2LSB &&
           (data[EI_CLASS] == ELFCLASS32 ||
            (data[EI_CLASS] == ELFCLASS64 && len >= sizeof(Elf64_Ehdr)));
}

bool elf_is_64(const uint8_t *data)
{
    return data[EI_CLASS] == ELFCLASS64;
}

static Header read_header(const uint8_t *data)
{
    if (elf_is_64(data)) {
        Elf64_Ehdr h;
        memcpy(&h, data, sizeof(h));
        return (Header){true, h.e_entry, h.e_phoff, h.e_phnum, h.e_phentsize};
    }
    Elf32_Ehdr h;
    memcpy(&h, data, sizeof(h));
    return (Header){false, h.e_entry, h.e_phoff, h.e_phnum, h.e_phentsize};
}

/* False if the header lies outside the file. */
static bool read_segment(const Header *h, const uint8_t *data, size_t len, unsigned n, Segment *s)
{
    size_t size = h->is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
    uint64_t at = h->phoff + (uint64_t)n * h->phentsize;
    if (h->phentsize < size || at < h->phoff || at > len || len - at < size) {
        return false;
    }
    if (h->is64) {
        Elf64_Phdr p;
        memcpy(&p, data + at, sizeof(p));
        *s = (Segment){p.p_type, p.p_offset, p.p_paddr, p.p_filesz, p.p_memsz, p.p_align};
    } else {
        Elf32_Phdr p;
        memcpy(&p, data + at, sizeof(p));
        *s = (Segment){p.p_type, p.p_offset, p.p_paddr, p.p_filesz, p.p_memsz, p.p_align};
    }
    return true;
}

static bool in_file(const Segment *s, size_t len)
{
    return s->offset <= len && s->filesz <= len - s->offset;
}

static bool load_segment(BootRam *ram, const BootFile *file, const Segment *s, GError **error)
{
    if (!in_file(s, file->len) || s->filesz > s->memsz) {
        return boot_error(error, file,
                          "truncated: a segment of %" PRIu64 " bytes at %" PRIu64
                          " reaches past its end",
                          s->filesz, s->offset);
    }
    if ((s->filesz && !boot_put(ram, s->paddr, file->data + s->offset, s->filesz)) ||
        !boot_zero(ram, s->paddr + s->filesz, s->memsz - s->filesz)) {
        return boot_error(error, file,
                          "a segment for %#" PRIx64 " to %#" PRIx64
                          " lies outside the machine's RAM",
                          s->paddr, s->paddr + s->memsz);
    }
    return true;
}

/* Segments that lie on each other would be loaded over and over; together they are no more than
 * there is RAM. */
static bool segment_adds_up(const BootRam *ram, const BootFile *file, uint64_t so_far,
                            const Segment *s, GError **error)
{
    uint64_t size = boot_ram_size(ram->info);
    return s->memsz <= size - so_far ||
           boot_error(error, file,
                      "its segments are more than the machine's RAM of %" PRIu64 " MiB",
                      size >> 20);
}

bool elf_load(BootRam *ram, const BootFile *file, ElfImage *image, GError **error)
{
    Header h = read_header(file->data);
    uint64_t loaded = 0;
    *image = (ElfImage){.is64 = h.is64, .entry = h.entry, .low = UINT64_MAX};
    for (unsigned i = 0; i < h.phnum; i++) {
        Segment s;
        if (!read_segment(&h, file->data, file->len, i, &s)) {
            return boot_error(error, file, "truncated: its program headers reach past its end");
        }
        if (s.type != PT_LOAD || s.memsz == 0) {
            continue;
        }
        if (!segment_adds_up(ram, file, loaded, &s, error) || !load_segment(ram, file, &s, error)) {
            return false;
        }
        loaded += s.memsz;
        image->low = MIN(image->low, s.paddr);
        image->high = MAX(image->high, s.paddr + s.memsz);
    }
    return image->high > 0 || boot_error(error, file, "an ELF image with nothing to load");
}

static uint64_t elf_align_up(uint64_t n, uint64_t align)
{
    return (n + align - 1) & ~(align - 1);
}

static const uint8_t *note_in(const uint8_t *data, size_t len, uint64_t align, const char *name,
                              uint32_t type, size_t *desc_len)
{
    for (uint64_t at = 0; at + 12 <= len;) {
        uint64_t name_len = bytes_get32(data + at), size = bytes_get32(data + at + 4);
        uint64_t desc = at + 12 + elf_align_up(name_len, align);
        if (desc > len || size > len - desc) {
            return NULL;
        }
        if (bytes_get32(data + at + 8) == type && name_len == strlen(name) + 1 &&
            memcmp(data + at + 12, name, name_len) == 0) {
            *desc_len = size;
            return data + desc;
        }
        at = desc + elf_align_up(size, align);
    }
    return NULL;
}

const uint8_t *elf_find_note(const uint8_t *data, size_t len, const char *name, uint32_t type,
                             size_t *desc_len)
{
    Header h = read_header(data);
    for (unsigned i = 0; i < h.phnum; i++) {
        Segment s;
        if (!read_segment(&h, data, len, i, &s)) {
            return NULL;
        }
        if (s.type != PT_NOTE || !in_file(&s, len)) {
            continue;
        }
        const uint8_t *found =
            note_in(data + s.offset, s.filesz, s.align == 8 ? 8 : 4, name, type, desc_len);
        if (found) {
            return found;
        }
    }
    return NULL;
}

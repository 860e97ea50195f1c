/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ELF core of the machine (include/machine/dump.h): a note with general registers for each vCPU,
 * as Linux has it for a thread (NT_PRSTATUS, struct elf_prstatus of x86-64), one with control
 * registers and segments by the name "QEMU", and a PT_LOAD for each piece of memory. Left out:
 * memory by the guest's page tables, and kdump's compressed format.
 */
#include "machine/dump.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "machine/accel.h"

/* struct elf_prstatus. */
enum { PRSTATUS_PID = 32, PRSTATUS_REGS = 112, PRSTATUS_BYTES = 336 };
static const char *const prstatus_regs[] = {
    "r15",    "r14", "r13", "r12",     "rbp",     "rbx", "r11", "r10", "r9",
    "r8",     "rax", "rcx", "rdx",     "rsi",     "rdi", "rax", "rip", "cs",
    "eflags", "rsp", "ss",  "fs_base", "gs_base", "ds",  "es",  "fs",  "gs"};

/* The note "QEMU": version, size; general registers; segments and tables of 24 bytes (selector,
 * limit, attributes, 0, base); CR0 to CR4; the base of SWAPGS. */
enum {
    QEMU_VERSION = 1,
    QEMU_GENERAL = 8,
    QEMU_SEGMENTS = 152,
    QEMU_CONTROL = 392,
    QEMU_BYTES = 440
};
static const char *const qemu_general[] = {"rax", "rbx", "rcx", "rdx", "rsi", "rdi",
                                           "rsp", "rbp", "r8",  "r9",  "r10", "r11",
                                           "r12", "r13", "r14", "r15", "rip", "eflags"};
static const char *const qemu_segments[] = {"cs", "ds",   "es", "fs",   "gs",
                                            "ss", "ldtr", "tr", "gdtr", "idtr"};
static const char *const qemu_control[] = {"cr0", NULL, "cr2", "cr3", "cr4", "k_gs_base"};

static uint64_t reg_value(const Vcpu *vcpu, const char *name)
{
    const VcpuReg *reg = vcpu_find_reg(vcpu, name);
    uint8_t value[VCPU_REG_BYTES] = {0};
    if (reg) {
        vcpu->ops->reg_get(vcpu, reg, value);
    }
    return bytes_get64(value);
}

static uint64_t reg_part(const Vcpu *vcpu, const char *name, const char *part)
{
    g_autofree char *full = g_strconcat(name, part, NULL);
    return reg_value(vcpu, full);
}

static void add_note(GByteArray *notes, const char *name, uint32_t type, const uint8_t *desc,
                     uint32_t len)
{
    static const uint8_t zeros[8];
    const Elf64_Nhdr header = {(Elf64_Word)strlen(name) + 1, len, type};
    g_byte_array_append(notes, (const guint8 *)&header, sizeof(header));
    g_byte_array_append(notes, (const guint8 *)name, header.n_namesz);
    g_byte_array_append(notes, zeros, -header.n_namesz % 4);
    g_byte_array_append(notes, desc, len);
    g_byte_array_append(notes, zeros, -len % 4);
}

static void add_prstatus(GByteArray *notes, const Vcpu *vcpu)
{
    uint8_t desc[PRSTATUS_BYTES] = {0};
    bytes_put32(desc + PRSTATUS_PID, vcpu->index + 1);
    for (size_t i = 0; i < G_N_ELEMENTS(prstatus_regs); i++) {
        bytes_put64(desc + PRSTATUS_REGS + 8 * i, reg_value(vcpu, prstatus_regs[i]));
    }
    add_note(notes, "CORE", NT_PRSTATUS, desc, sizeof(desc));
}

static void add_system(GByteArray *notes, const Vcpu *vcpu)
{
    uint8_t desc[QEMU_BYTES] = {0};
    bytes_put32(desc, QEMU_VERSION);
    bytes_put32(desc + 4, QEMU_BYTES);
    for (size_t i = 0; i < G_N_ELEMENTS(qemu_general); i++) {
        bytes_put64(desc + QEMU_GENERAL + 8 * i, reg_value(vcpu, qemu_general[i]));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(qemu_segments); i++) {
        uint8_t *segment = desc + QEMU_SEGMENTS + 24 * i;
        bytes_put32(segment, (uint32_t)reg_value(vcpu, qemu_segments[i]));
        bytes_put32(segment + 4, (uint32_t)reg_part(vcpu, qemu_segments[i], "_limit"));
        bytes_put32(segment + 8, (uint32_t)reg_part(vcpu, qemu_segments[i], "_attr"));
        bytes_put64(segment + 16, reg_part(vcpu, qemu_segments[i], "_base"));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(qemu_control); i++) {
        bytes_put64(desc + QEMU_CONTROL + 8 * i,
                    qemu_control[i] ? reg_value(vcpu, qemu_control[i]) : 0);
    }
    add_note(notes, "QEMU", 0, desc, sizeof(desc));
}

static GByteArray *make_notes(const Machine *machine)
{
    GByteArray *notes = g_byte_array_new();
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        add_prstatus(notes, machine->cpus[i]);
    }
    for (unsigned i = 0; i < machine->cpu_count; i++) {
        add_system(notes, machine->cpus[i]);
    }
    return notes;
}

static Elf64_Ehdr elf_header(const Machine *machine)
{
    return (Elf64_Ehdr){
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_CORE,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_phoff = sizeof(Elf64_Ehdr),
        .e_ehsize = sizeof(Elf64_Ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = (Elf64_Half)(1 + machine->ram->len)};
}

static bool dump_put(FILE *file, const void *data, size_t len)
{
    return len == 0 || fwrite(data, len, 1, file) == 1;
}

static bool put_headers(FILE *file, const Machine *machine, const GByteArray *notes)
{
    const Elf64_Ehdr header = elf_header(machine);
    uint64_t at = sizeof(header) + header.e_phnum * sizeof(Elf64_Phdr);
    const Elf64_Phdr note = {.p_type = PT_NOTE, .p_offset = at, .p_filesz = notes->len};
    bool good = dump_put(file, &header, sizeof(header)) && dump_put(file, &note, sizeof(note));
    at += notes->len;
    for (guint i = 0; i < machine->ram->len; i++) {
        const MemRegion *ram = machine->ram->pdata[i];
        const Elf64_Phdr load = {.p_type = PT_LOAD,
                                 .p_offset = at,
                                 .p_paddr = ram->base,
                                 .p_filesz = ram->size,
                                 .p_memsz = ram->size};
        good = good && dump_put(file, &load, sizeof(load));
        at += ram->size;
    }
    return good && dump_put(file, notes->data, notes->len);
}

bool machine_dump(Machine *machine, const char *path, GError **error)
{
    FILE *file = fopen(path, "we");
    g_autoptr(GByteArray) notes = make_notes(machine);
    bool good = file && put_headers(file, machine, notes);
    for (guint i = 0; good && i < machine->ram->len; i++) {
        const MemRegion *ram = machine->ram->pdata[i];
        good = dump_put(file, ram->host, ram->size);
    }
    if (file && fclose(file) != 0) {
        good = false;
    }
    if (!good) {
        g_set_error(error, OPT_ERROR, 0, "%s: could not be written: %s", path, g_strerror(errno));
    }
    return good;
}

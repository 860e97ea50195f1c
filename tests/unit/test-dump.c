/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A core file of a machine, read back by what the ELF and Linux's and QEMU's notes say. */
#include "machine/dump.h"

#include <elf.h>
#include <glib/gstdio.h>

#include "base/bytes.h"
#include "machine-fixture.h"

/* Of notes by name, counted from 0. */
static const uint8_t *find_note(const uint8_t *notes, size_t len, const char *name, unsigned number,
                                uint32_t *size)
{
    for (size_t at = 0; at + sizeof(Elf64_Nhdr) <= len;) {
        Elf64_Nhdr header;
        memcpy(&header, notes + at, sizeof(header));
        const char *found = (const char *)notes + at + sizeof(header);
        at += sizeof(header) + (header.n_namesz + 3) / 4 * 4;
        if (strcmp(found, name) == 0 && number-- == 0) {
            *size = header.n_descsz;
            return notes + at;
        }
        at += (header.n_descsz + 3) / 4 * 4;
    }
    return NULL;
}

static void set_reg(Vcpu *vcpu, const char *name, uint64_t value)
{
    uint8_t bytes[VCPU_REG_BYTES] = {0};
    const VcpuReg *reg = vcpu_find_reg(vcpu, name);
    bytes_put64(bytes, value);
    if (!reg) {
        g_error("no register '%s'", name);
    }
    vcpu->ops->reg_set(vcpu, reg, bytes);
}

static void check_notes(const uint8_t *notes, size_t len)
{
    uint32_t size;
    const uint8_t *second = find_note(notes, len, "CORE", 1, &size);
    g_assert_nonnull(second);
    g_assert_cmpuint(size, ==, 336);
    g_assert_cmpuint(bytes_get32(second + 32), ==, 2);                       /* pr_pid */
    g_assert_cmphex(bytes_get64(second + 112 + 8 * 5), ==, 0x1234);          /* RBX */
    g_assert_cmphex(bytes_get64(second + 112 + 8 * 16), ==, 0x5678);         /* RIP */
    g_assert_cmphex(bytes_get64(second + 112 + 8 * 21), ==, 0x7f0000000000); /* FS base */
    g_assert_null(find_note(notes, len, "CORE", 2, &size));
    second = find_note(notes, len, "QEMU", 1, &size);
    g_assert_nonnull(second);
    g_assert_cmpuint(bytes_get32(second), ==, 1);
    g_assert_cmpuint(bytes_get32(second + 4), ==, size);
    g_assert_cmphex(bytes_get64(second + 8 + 8), ==, 0x1234);         /* RBX */
    g_assert_cmphex(bytes_get64(second + 392 + 8 * 3), ==, 0xabc000); /* CR3 */
    g_assert_cmphex(bytes_get64(second + 392 + 8 * 5), ==, 0x99);     /* SWAPGS's base */
    g_assert_cmphex(bytes_get64(second + 152 + 24 * 3 + 16), ==, 0x7f0000000000);
}

static void test_core(void)
{
    MachineOptions options = box_machine_options();
    options.accel = &tcg_accel;
    Box box;
    GError *error = NULL;
    g_autofree char *path = NULL, *core = NULL;
    gsize len;
    box_open(&box, &options, false);
    Vcpu *vcpu = box.machine->cpus[1];
    set_reg(vcpu, "rbx", 0x1234);
    set_reg(vcpu, "rip", 0x5678);
    set_reg(vcpu, "fs_base", 0x7f0000000000);
    set_reg(vcpu, "k_gs_base", 0x99);
    set_reg(vcpu, "cr3", 0xabc000);
    as_store(box.platform.memory, 0x345678, 0xfeedface, 4);
    close(g_file_open_tmp("switchyard-test-XXXXXX", &path, &error));
    g_assert_true(machine_dump(box.machine, path, &error));
    g_assert_true(g_file_get_contents(path, &core, &len, NULL));
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)core;
    const Elf64_Phdr *parts = (const Elf64_Phdr *)(core + header->e_phoff);
    g_assert_cmpmem(header->e_ident, SELFMAG, ELFMAG, SELFMAG);
    g_assert_cmpuint(header->e_type, ==, ET_CORE);
    g_assert_cmpuint(header->e_phnum, ==, 1 + box.machine->ram->len);
    g_assert_cmpuint(parts[0].p_type, ==, PT_NOTE);
    check_notes((const uint8_t *)core + parts[0].p_offset, parts[0].p_filesz);
    g_assert_cmpuint(parts[1].p_type, ==, PT_LOAD);
    g_assert_cmphex(parts[1].p_paddr, ==, 0);
    g_assert_cmpuint(parts[1].p_filesz, ==, BOX_RAM);
    g_assert_cmphex(bytes_get32(core + parts[1].p_offset + 0x345678), ==, 0xfeedface);
    g_assert_cmpuint(parts[box.machine->ram->len].p_offset + parts[box.machine->ram->len].p_filesz,
                     ==, len);
    g_assert_false(machine_dump(box.machine, "/nowhere/x", &error));
    g_assert_nonnull(strstr(error->message, "/nowhere/x: could not be written: "));
    g_error_free(error);
    g_unlink(path);
    box_close(&box);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dump/core", test_core);
    return g_test_run();
}

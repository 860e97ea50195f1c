/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: what is wrong is said in one line that names what would be right. */
#include <glib/gstdio.h>
#include <string.h>

#include "libqtest.h"

typedef struct {
    const char *args;
    const char *says[3]; /* words of the line */
} BadLine;

static const BadLine bad_lines[] = {
    {"-machne none", {"-machne: ", "did you mean '-machine'"}},
    {"--machne none", {"--machne: ", "did you mean '-machine'"}},
    {"-machine non", {"-machine non: ", "did you mean 'none'"}},
    {"-machine none,acel=tcg", {"acel", "did you mean 'accel'"}},
    {"-machine none -accel qtst", {"-accel qtst: ", "did you mean 'qtest'"}},
    {"-machine none -accel tcg,tier=fast", {"tier=fast", "interp", "jit"}},
    {"-machine none -accel tcg,hot=often", {"hot=often", "0 to"}},
    {"-machine none -accel kvm", {"-accel kvm: ", "tcg"}},
    {"-cpu mxa", {"-cpu mxa: ", "did you mean 'max'"}},
    {"-cpu max,+x2apci", {"-cpu max,+x2apci: ", "did you mean 'x2apic'"}},
    {"-cpu max,x2apic=maybe", {"x2apic=maybe is neither on nor off"}},
    {"-cpu max,vendor=Foo", {"-cpu max,vendor=Foo: ", "12 letters"}},
    {"-cpu max,phys-bits=60", {"phys-bits=60 is no number from 32 to 52"}},
    {"-machine q35 -smp 2 -cpu max,apic-id=3",
     {"apic-id=3", "-smp 2", "sockets, cores and threads"}},
    {"-machine q35 -cpu max,-x2apic,apic-id=255", {"apic-id=255 needs x2APIC"}},
    {"-machine q35 -m 8G -cpu max,phys-bits=32", {"phys-bits=32", "0x100000000", "-m 8192M"}},
    {"-machine none -m 1M", {"-m 1M: ", "16M to 64G"}},
    {"-machine none -m 1T", {"-m 1T: ", "1099511627776", "64G"}},
    {"-machine none -m lots", {"-m lots: ", "is not a size"}},
    {"-machine none -smp 4,cores=3", {"-smp 4,cores=3: ", "maxcpus (4)"}},
    {"-machine none -smp x", {"-smp x: ", "cpus=x"}},
    {"-machine none -accel qtest -device nothing-like-it", {"-device", "help"}},
    {"-machine none -accel qtest -drive file=/nonexistent/x,if=none,id=a",
     {"-drive", "/nonexistent/x", "No such file"}},
    {"-drive file=x,if=ide", {"if=ide", "if=virtio"}},
    {"-drive file=x,if=vrtio", {"did you mean 'virtio'"}},
    {"-drive file=x,if=none,format=qcow2", {"format=qcow2", "raw"}},
    {"-drive file=x,if=none,shapshot=on", {"did you mean 'snapshot'"}},
    {"-hda x", {"-hda x: ", "if=virtio"}},
    {"-machine none -accel qtest -serial stdoi", {"-serial stdoi: ", "did you mean 'stdio'"}},
    {"-machine none -accel qtest -chardev sockt,id=a", {"did you mean 'socket'"}},
    {"-machine none -accel qtest -chardev null", {"-chardev null: ", "id= is missing"}},
    {"-machine none -accel qtest -mon chardev=a", {"-mon chardev=a: ", "'a'"}},
    {"-machine none -accel qtest -serial stdio -monitor stdio", {"only one", "mon:stdio"}},
    {"-display gtk", {"-display gtk: ", "none"}},
    {"-global nothing.at=all", {"-global nothing.at=all: ", "nothing"}},
    {"-d everthing", {"-d everthing: ", "help"}},
    {"-icount shift=1", {"-icount", "not supported yet"}},
    {"-kernel", {"-kernel: needs a value"}},
    {"-bogus", {"-bogus: ", "did you mean '-boot'"}},
    {"-machine foo", {"-machine foo: ", "q35"}},
    {"-machine q35,bogus=on", {"bogus", "there is no 'bogus' here"}},
    {"-machine q35,kernel-irqchip=maybe", {"kernel-irqchip=maybe", "on, off and split"}},
    {"-M q35 -device intel-iomu -accel qtest",
     {"-device intel-iomu: ", "did you mean 'intel-iommu'"}},
    {"-M q35 -device edu,bogus=1 -accel qtest", {"'edu' has no property 'bogus'"}},
    {"-M q35 -device edu,dma_mask=zzz -accel qtest",
     {"'dma_mask' cannot be 'zzz'", "whole number"}},
    {"-M q35 -device intel-iommu,aw-bits=40 -accel qtest", {"aw-bits=40", "39, 48 or 57"}},
    {"-M q35 -device intel-iommu,intremap=maybe -accel qtest",
     {"'intremap' cannot be 'maybe'", "on, off, auto"}},
    {"-M q35 -device intel-iommu -device intel-iommu -accel qtest",
     {"-device intel-iommu: ", "give one only"}},
    {"-M q35 -device edu,addr=0.0 -accel qtest", {"00.0", "taken by mch"}},
    {"-M q35 -device edu,addr=1f.0 -accel qtest", {"1f.0", "taken by lpc"}},
    {"-M q35 -device edu,addr=33.0 -accel qtest", {"'addr' cannot be '33.0'", "0 to 1f.7"}},
    {"-M q35 -device edu,addr=5.0 -device edu,addr=5.1 -accel qtest", {"05.0", "multifunction=on"}},
    {"-M q35 -device edu,bus=foo -accel qtest", {"bus=foo", "pcie.0"}},
    {"-M q35 -device edu,id=a -device edu,id=a -accel qtest", {"id=a", "another device"}},
    {"-M q35 -device virtio-blk-pci -accel qtest", {"-device virtio-blk-pci: ", "drive=ID"}},
    {"-M q35 -device virtio-blk-pci,drive=nope -accel qtest",
     {"drive", "nope", "no -drive has this id"}},
    {"-M q35 -device virtio-rng-pci,rng=nope -accel qtest", {"rng=nope", "no -object"}},
    {"-M q35 -device virtconsole -accel qtest", {"-device virtconsole: ", "virtio-serial-pci"}},
    {"-M q35 -device hpet -accel qtest", {"-device hpet: ", "-global hpet."}},
    {"-M q35 -device isa-debug-exit,iobase=0x10000 -accel qtest", {"'iobase' cannot be", "65532"}},
    {"-M q35 -global hpet.msi=maybe -accel qtest", {"'msi' cannot be 'maybe'", "on, off"}},
    {"-M q35 -kernel /nonexistent/k -accel qtest", {"kernel '/nonexistent/k'", "No such file"}},
    {"-M q35 -kernel /dev -accel qtest", {"kernel '/dev' is a folder"}},
    {"-M q35 -kernel /dev/zero -accel qtest", {"kernel '/dev/zero'", "a plain file is needed"}},
    {"-M q35 -kernel /proc/self/exe -initrd /dev/zero -accel qtest",
     {"kernel '/proc/self/exe'", "bzImage"}},
    {"-M q35 -initrd /dev/null -accel qtest", {"-initrd /dev/null: ", "add -kernel FILE"}},
    {"-M q35 -append quiet -accel qtest", {"-append quiet: ", "add -kernel FILE"}},
    {"-M none -kernel /dev/null -accel qtest", {"-kernel /dev/null: ", "use -machine q35"}},
    {"-M q35 -m 1000G -accel qtest", {"-m 1000G: ", "16M to 64G"}},
    {"-M q35 -m 0 -accel qtest", {"-m 0: ", "16M to 64G"}},
    {"-M q35 -smp 0 -accel qtest", {"-smp 0: ", "from 1 to"}},
    {"-M q35 -smp 1000 -accel qtest", {"-smp 1000: ", "288"}},
    {"-cpu foo", {"-cpu foo: ", "did you mean"}},
    {"-cpu max,+fooo", {"-cpu max,+fooo: ", "did you mean"}},
    {"-machine none -drive if=none,id=a -accel qtest", {"-drive", "file= is missing"}},
    {"-machine none -drive file=/dev,if=none,id=a,readonly=on -accel qtest",
     {"file=/dev: is a directory"}},
    {"-machine none -object rng-random,id=a -object rng-random,id=a -accel qtest",
     {"id=a", "another object"}},
    {"-machine none -chardev null,id=a -chardev null,id=a -accel qtest",
     {"id=a", "another chardev"}},
    {"-machine none -chardev unknown,id=a -accel qtest", {"'unknown'", "stdio"}},
    {"-machine none -serial bogus -accel qtest", {"-serial bogus: ", "stdio"}},
    {"-machine none -serial chardev:nope -accel qtest", {"no -chardev has the id 'nope'"}},
    {"-rtc base=foo", {"base 'foo'", "YYYY-MM-DD"}},
    {"disk.img", {"disk.img", "-drive file=disk.img"}},
};

static void test_errors(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bad_lines); i++) {
        const BadLine *line = &bad_lines[i];
        g_autofree char *err = NULL, *out = NULL;
        g_test_message("%s", line->args);
        g_assert_cmpint(qtest_run(line->args, &out, &err), ==, 1);
        g_assert_true(g_str_has_prefix(err, "qemu-system-x86_64: "));
        /* One line, and nothing else. */
        g_assert_true(strchr(err, '\n') == err + strlen(err) - 1);
        g_assert_cmpstr(out, ==, "");
        for (size_t w = 0; w < G_N_ELEMENTS(line->says) && line->says[w]; w++) {
            if (!strstr(err, line->says[w])) {
                g_error("%s: '%s' is not in: %s", line->args, line->says[w], err);
            }
        }
    }
}

static void test_truncated_disk(void)
{
    g_autofree char *path = NULL, *err = NULL;
    int fd = g_file_open_tmp("disk-XXXXXX", &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    g_assert_true(g_file_set_contents(path, "short", -1, NULL));
    g_autofree char *args =
        g_strdup_printf("-machine none -accel qtest -drive file=%s,if=none,format=raw", path);
    g_assert_cmpint(qtest_run(args, NULL, &err), ==, 1);
    g_assert_nonnull(strstr(err, path));
    g_assert_nonnull(strstr(err, "5 bytes"));
    g_unlink(path);
}

static void test_help(void)
{
    static const struct {
        const char *args, *says;
    } lines[] = {
        {"-version", "QEMU emulator version 8.2"},
        {"--version", "QEMU emulator version "},
        {"-machine help", "none"},
        {"-M ?", "Supported machines are:"},
        {"-machine type=help", "none"},
        {"-device help", ""},
        {"-device ?", ""},
        {"-accel help", "tcg"},
        {"-chardev help", "socket"},
        {"-d help", "guest_errors"},
        {"-help", "usage: qemu-system-x86_64"},
        {"-h", "-machine"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *out = NULL;
        g_assert_cmpint(qtest_run(lines[i].args, &out, NULL), ==, 0);
        g_assert_nonnull(strstr(out, lines[i].says));
    }
}

/* Options that existing clients pass and that must do no harm. */
static void test_accepted(void)
{
    qtest_quit(qtest_init(
        "-machine none,usb=off,graphics=off,kernel-irqchip=split,vmport=off,smm=off,"
        "dump-guest-core=off -nodefaults -no-user-config -name guest=x,debug-threads=on -m 512 "
        "-smp 1,sockets=1,cores=1,threads=1 -boot strict=on -rtc base=utc,driftfix=slew "
        "-vga none -vnc none -net none -nic none -parallel none -audio none -msg timestamp=on "
        "-sandbox off -L /usr/share/qemu -chardev null,id=c0 -chardev ringbuf,id=c1,size=1024 "
        "-object rng-random,id=rng0,filename=/dev/urandom -overcommit mem-lock=off "
        "-uuid 01234567-89ab-cdef-0123-456789abcdef -action panic=none -no-reboot"));
    qtest_quit(qtest_init("--machine type=none,accel=qtest -m size=1G,slots=2,maxmem=4G"));
    qtest_quit(qtest_init("-M none -accel kvm -accel qtest -serial null -monitor null"));
}

static void test_paused(void)
{
    QTest *qts = qtest_init("-machine none -S");
    g_autofree char *text = qtest_hmp(qts, "info status");
    g_assert_cmpstr(text, ==, "VM status: paused (prelaunch)\n");
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cmdline/errors", test_errors);
    g_test_add_func("/cmdline/truncated-disk", test_truncated_disk);
    g_test_add_func("/cmdline/help", test_help);
    g_test_add_func("/cmdline/accepted", test_accepted);
    g_test_add_func("/cmdline/paused", test_paused);
    return g_test_run();
}

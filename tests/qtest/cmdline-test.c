/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: what is wrong is said in one line that names what would be right. */
#include <glib/gstdio.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

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
    {"-machine q35 -cpu max,hv-stimer", {"hv-stimer needs hv-time"}},
    {"-machine q35 -cpu max,hv-tmie", {"no 'hv-tmie'", "-cpu help"}},
    {"-machine q35 -cpu max,hv-time=maybe", {"hv-time=maybe is neither on nor off"}},
    {"-machine q35 -cpu max,hv-spinlocks=few", {"hv-spinlocks=few is no number from 4095"}},
    {"-machine q35 -cpu max,hv-vendor-id=Thirteenchars", {"more than 12 letters"}},
    {"-machine q35 -device intel-iommu -cpu max,hv-vpindex,hv-root",
     {"hv-root: ", "leave 'intel-iommu' out"}},
    {"-machine q35 -cpu max,phys-bits=36,hv-vpindex,hv-root", {"hv-root", "phys-bits=36"}},
    {"-machine none -m 1M", {"-m 1M: ", "16M to 64G"}},
    {"-machine none -m 1T", {"-m 1T: ", "1099511627776", "64G"}},
    {"-machine none -m lots", {"-m lots: ", "is not a size"}},
    {"-machine none -smp 4,cores=3", {"-smp 4,cores=3: ", "maxcpus (4)"}},
    {"-machine none -smp x", {"-smp x: ", "cpus=x"}},
    {"-machine none -accel qtest -device nothing-like-it", {"-device", "help"}},
    {"-machine none -accel qtest -drive file=/nonexistent/x,if=none,id=a",
     {"-drive", "/nonexistent/x", "No such file"}},
    {"-drive file=x,if=scsi", {"if=scsi", "if=virtio"}},
    {"-drive file=x,if=vrtio", {"did you mean 'virtio'"}},
    {"-drive file=x,if=none,format=qcow3", {"did you mean 'qcow2'"}},
    {"-drive file=x,if=none,shapshot=on", {"did you mean 'snapshot'"}},
    {"-hda /nonexistent/x", {"-hda ", "/nonexistent/x", "No such file"}},
    {"-fda x", {"-fda x: ", "no floppy"}},
    {"-machine none -accel qtest -serial stdoi", {"-serial stdoi: ", "did you mean 'stdio'"}},
    {"-machine none -accel qtest -chardev sockt,id=a", {"did you mean 'socket'"}},
    {"-machine none -accel qtest -chardev null", {"-chardev null: ", "id= is missing"}},
    {"-machine none -accel qtest -chardev socket,id=a,port=65536,server=on,wait=off",
     {"port 65536 is neither a number from 0 to 65535 nor a service"}},
    {"-machine none -accel qtest -serial tcp::nowhere",
     {"-serial tcp::nowhere: ", "port nowhere is neither"}},
    {"-machine q35 -accel qtest -s", {"-gdb tcp::1234: ", "needs vCPUs that execute"}},
    {"-machine none -accel qtest -gdb file",
     {"-gdb file: ", "there is no character device 'file'"}},
    {"-machine none -accel qtest -mon chardev=a", {"-mon chardev=a: ", "'a'"}},
    {"-machine none -accel qtest -serial stdio -monitor stdio", {"only one", "mon:stdio"}},
    {"-display gtk", {"-display gtk: ", "none"}},
    {"-d everthing", {"-d everthing: ", "help"}},
    {"-icount shift=11", {"-icount shift=11: ", "neither 'auto' nor a number from 0 to 10"}},
    {"-icount shift=fast", {"-icount shift=fast: ", "neither 'auto' nor"}},
    {"-icount 1,align=on", {"-icount 1,align=on: ", "align=on: ", "use off"}},
    {"-icount 1,sleep=maybe", {"-icount 1,sleep=maybe: ", "sleep"}},
    {"-icount 1,slep=off", {"-icount 1,slep=off: ", "slep"}},
    {"-icount 1,sleep=off,rr=tape,rrfile=x", {"rr=tape: there is none"}},
    {"-icount 1,sleep=off,rr=record", {"write rr=record,rrfile=PATH"}},
    {"-icount 1,rrsnapshot=x", {"write rr=record,rrfile=PATH"}},
    {"-icount 1,hash-file=x", {"hash-file=x: needs hash=N"}},
    {"-icount 1 -M q35 -accel qtest", {"-icount: ", "use -accel tcg"}},
    {"-incoming rdma:0:1", {"-incoming rdma:0:1: ", "is no channel of ours"}},
    {"-M q35 -accel qtest -incoming file:/nowhere/x",
     {"-incoming file:/nowhere/x: ", "/nowhere/x"}},
    {"-snapshots /nowhere", {"-snapshots /nowhere: ", "no such folder"}},
    {"-M q35 -accel qtest -loadvm s", {"-loadvm s: ", "-snapshots FOLDER"}},
    {"-M q35 -accel qtest -snapshots . -loadvm s", {"-loadvm s: ", "'s' does not exist"}},
    {"-seed many", {"-seed many: ", "is no number"}},
    {"-rtc clock=sundial", {"-rtc clock=sundial: ", "clock=sundial: there is none"}},
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
    /* Words as QEMU has them: a bool can be "yes", what can be "auto" besides cannot, and neither
     * is a number. */
    {"-M q35 -device intel-iommu,intremap=yes -accel qtest",
     {"'intremap' cannot be 'yes'", "on, off, auto"}},
    {"-M q35 -device intel-iommu,eim=true -accel qtest",
     {"'eim' cannot be 'true'", "on, off, auto"}},
    {"-M q35 -device intel-iommu,caching-mode=1 -accel qtest",
     {"'caching-mode' cannot be '1'", "on, off"}},
    {"-M q35,hpet=auto -accel qtest", {"-machine q35,hpet=auto: ", "'hpet' cannot be 'auto'"}},
    {"-M q35,usb=maybe -accel qtest", {"usb=maybe"}},
    /* Forwarding rules are refused in QEMU's words. */
    {"-M none -accel qtest -netdev user,id=n,hostfwd=foo",
     {"Invalid host forwarding rule 'foo' (No : separators)"}},
    {"-M none -accel qtest -netdev user,id=n,hostfwd=tcp:",
     {"Invalid host forwarding rule 'tcp:' (Missing : separator)"}},
    {"-M none -accel qtest -netdev user,id=n,hostfwd=sctp::5555-:22",
     {"Invalid host forwarding rule 'sctp::5555-:22' (Bad protocol name)"}},
    {"-M none -accel qtest -netdev user,id=n,hostfwd=tcp:bad:5555-:22",
     {"Invalid host forwarding rule 'tcp:bad:5555-:22' (Bad host address)"}},
    {"-M none -accel qtest -netdev user,id=n,hostfwd=tcp::5555",
     {"Invalid host forwarding rule 'tcp::5555' (Bad host port separator)"}},
    {"-M none -accel qtest -netdev user,id=n,hostfwd=tcp::99999-:22",
     {"Invalid host forwarding rule 'tcp::99999-:22' (Bad host port)"}},
    {"-M none -accel qtest -netdev user,id=n,hostfwd=tcp::x-:22",
     {"Invalid host forwarding rule 'tcp::x-:22' (Bad host port)"}},
    {"-M none -accel qtest -netdev user,id=n,hostfwd=tcp::5555-",
     {"Invalid host forwarding rule 'tcp::5555-' (Missing guest address)"}},
    {"-M none -accel qtest -netdev user,id=n,hostfwd=tcp::5555-bad:22",
     {"Invalid host forwarding rule 'tcp::5555-bad:22' (Bad guest address)"}},
    {"-M none -accel qtest -netdev user,id=n,hostfwd=tcp::5555-:0",
     {"Invalid host forwarding rule 'tcp::5555-:0' (Bad guest port)"}},
    {"-M none -accel qtest -netdev user,id=n,hostfwd=tcp::5555-:22x",
     {"Invalid host forwarding rule 'tcp::5555-:22x' (Bad guest port)"}},
    {"-M none -accel qtest -netdev user,id=n,hostfwd=tcp:192.0.2.1:1-:22",
     {"Could not set up host forwarding rule 'tcp:192.0.2.1:1-:22'"}},
    {"-M none -accel qtest -netdev user,id=n,guestfwd=tcp:1.2.3.4:5", {"Invalid guest forwarding"}},
    {"-M none -accel qtest -netdev user,id=n,hostfwd=foo,retsrict=on", {"did you mean 'restrict'"}},
    {"-M none -accel qtest -netdev usr,id=n", {"-netdev usr,id=n: ", "did you mean 'user'"}},
    {"-M none -accel qtest -netdev user", {"-netdev user: ", "id= is missing"}},
    {"-M none -accel qtest -netdev user,id=n,net=x", {"net=x", "10.0.2.0/24"}},
    {"-M none -accel qtest -netdev user,id=n,net=10.0.3.0/33", {"net=10.0.3.0/33", "32 bits"}},
    {"-M none -accel qtest -netdev user,id=n,host=1.2.3.4", {"host=1.2.3.4", "outside"}},
    {"-M none -accel qtest -netdev user,id=n,dns=10.0.2.2", {"three different addresses"}},
    {"-M none -accel qtest -netdev user,id=n,ipv4=off,ipv6=off", {"leave no network"}},
    {"-M none -accel qtest -netdev user,id=n -netdev user,id=n", {"another netdev has this id"}},
    {"-M none -accel qtest -netdev socket,id=n", {"exactly one of fd=, listen=, connect="}},
    {"-M none -accel qtest -netdev socket,id=n,connect=nowhere", {"connect=nowhere", "HOST:PORT"}},
    {"-M none -accel qtest -netdev socket,id=n,fd=99", {"fd=99: is no socket"}},
    {"-M none -accel qtest -netdev stream,id=n", {"addr.type= is missing", "inet, unix or fd"}},
    {"-M none -accel qtest -netdev dgram,id=n", {"dgram requires local= parameter"}},
    {"-M none -accel qtest -netdev tap,id=n,script=/bin/true", {"script=/bin/true", "script=no"}},
    {"-M none -accel qtest -netdev tap,id=n,fd=99", {"fd=99: can't use file descriptor"}},
    {"-M none -accel qtest -netdev tap,id=n,ifname=longer-than-it-may", {"longer than 15"}},
    {"-M none -accel qtest -object filter-dump,id=f,file=x", {"netdev= is missing"}},
    {"-M none -accel qtest -object filter-dump,id=f,netdev=m,file=x -netdev user,id=n",
     {"no -netdev has the id 'm'"}},
    {"-M none -accel qtest -object filter-dump,id=f,netdev=n -netdev user,id=n",
     {"file= is missing"}},
    {"-M none -accel qtest -object filter-dump,id=f,netdev=n,file=/nonexistent/x -netdev user,id=n",
     {"file=/nonexistent/x", "No such file"}},
    {"-M q35 -accel qtest -nic user,model=virtio-net-pcj", {"did you mean 'virtio-net-pci'"}},
    {"-M q35 -accel qtest -net nic,modle=virtio -net user", {"did you mean 'model'"}},
    {"-M q35 -accel qtest -net nic -net user -net user", {"-net user: ", "no hub"}},
    {"-M q35 -accel qtest -device virtio-net-pci,netdev=n -netdev user,id=n0",
     {"'netdev' cannot be 'n'", "no -netdev has this id", "did you mean 'n0'"}},
    {"-M q35 -accel qtest -device virtio-net-pci,mac=1:2", {"'mac' cannot be '1:2'", "52:54"}},
    {"-M q35 -accel qtest -device virtio-net-pci,mac=01:00:00:00:00:00", {"multicast"}},
    {"-M q35 -accel qtest -netdev user,id=n -device virtio-net-pci,netdev=n -device "
     "virtio-net-pci,netdev=n",
     {"netdev 'n' is in use by", "its own -netdev"}},
    {"-M none -no-hpet -accel qtest", {"-no-hpet: ", "'hpet'"}},
    {"-M none -msg timestam=on", {"-msg timestam=on: ", "did you mean 'timestamp'"}},
    {"-M none -msg timestamp=maybe", {"timestamp=maybe"}},
    {"-M none -lint eror", {"-lint eror: ", "did you mean 'error'"}},
    {"-M none -msg guest-name=on", {"guest-name=on: is not supported yet"}},
    {"-M none -run-with exit-with-parent=maybe", {"exit-with-parent=maybe"}},
    {"-M none -run-with exit-with=on", {"did you mean 'exit-with-parent'"}},
    {"-M none -chroot /no/where", {"-chroot /no/where: ", "no such folder"}},
    {"-M none -runas no.such.user", {"-runas no.such.user: ", "UID:GID"}},
    {"-M none -sandbox on,spawn=maybe", {"-sandbox on,spawn=maybe: ", "'allow' nor 'deny'"}},
    {"-M none -sandbox perhaps", {"-sandbox perhaps: ", "enable"}},
    {"-M none -daemonize -nographic", {"-nographic: cannot be used with -daemonize"}},
    {"-M none -daemonize -serial stdio", {"-serial stdio: stdio cannot be used with -daemonize"}},
    {"-M none -daemonize -run-with exit-with-parent=on", {"exit-with-parent=on", "-daemonize"}},
    {"-M q35 -daemonize -kernel /nonexistent/k", {"kernel '/nonexistent/k'"}},
    {"-M none -chardev socket,id=a,fd=99 -accel qtest", {"fd=99: cannot use"}},
    {"-M none -chardev socket,id=a,fd=0,server=on -accel qtest", {"fd=0: cannot listen"}},
    {"-M none -drive file=x,if=none,file.locking=maybe", {"file.locking=maybe", "auto"}},
    {"-M q35 -device intel-iommu -device intel-iommu -accel qtest",
     {"id=intel-iommu.1", "'intel-iommu' takes what nobody names already"}},
    {"-M q35 -device intel-iommu,scope=lpc -accel qtest",
     {"no unit takes what nobody names", "'+all'"}},
    {"-M q35 -device intel-iommu,scope=lcp -device intel-iommu -accel qtest",
     {"'lcp'", "did you mean 'lpc'"}},
    {"-M q35 -device intel-iommu,id=a,scope=lpc -device intel-iommu,scope=00:1f.0+all -accel qtest",
     {"lpc is in the scope of 'a' already"}},
    {"-M q35 -device intel-iommu,scope=00:09.0 -device intel-iommu -accel qtest",
     {"there is no function at 00:09.0"}},
    {"-M q35 -device intel-iommu,scope=lpc+ -device intel-iommu -accel qtest",
     {"scope=lpc+: '' is no name", "00:1c.0/00.0"}},
    {"-M q35 -device intel-iommu,scope=edu -device intel-iommu -device edu -device edu "
     "-accel qtest",
     {"2 devices have the id 'edu'"}},
    {"-M q35 -device intel-iommu,id=a,scope=lpc,base=0xfed98000 "
     "-device intel-iommu,id=b,base=0xfed98000 -accel qtest",
     {"id=b", "base=0xfed98000", "the registers of 'a' at 0xfed98000"}},
    {"-M q35 -device intel-iommu,base=0xfec00000 -accel qtest",
     {"base=0xfec00000: that is where IOAPICs go"}},
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
    {"-M q35 -device i8042 -accel qtest", {"-device i8042: ", "-global i8042."}},
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

/* A file of the given content; its path, to be unlinked and freed. */
static char *make_file(const char *content, gssize len)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("cmdline-XXXXXX", &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    g_assert_true(g_file_set_contents(path, content, len, NULL));
    return g_steal_pointer(&path);
}

/* Another format is told from its first bytes, whatever its size. */
static void test_other_formats(void)
{
    static const struct {
        const char *magic, *name;
        gssize len;
    } rows[] = {
        {"QFI\xfb", "qcow2", 4}, {"QFI\xfb", "qcow2", 196616}, {"QFI\xfb", "qcow2", 512},
        {"KDMV", "vmdk", 70000}, {"vhdx", "vhdx", 4},          {"QED", "qed", 4100},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *content = g_malloc0(196616), *err = NULL;
        g_autofree char *says = g_strdup_printf("the %s image", rows[i].name);
        strcpy(content, rows[i].magic);
        g_autofree char *path = make_file(content, rows[i].len);
        g_autofree char *args =
            g_strdup_printf("-machine none -accel qtest -drive file=%s,if=none", path);
        g_assert_cmpint(qtest_run(args, NULL, &err), ==, 1);
        g_assert_nonnull(strstr(err, says));
        g_unlink(path);
    }
}

/* Who may use an image beside whom. Each row is a second process's error, or NULL. */
static void test_locks(void)
{
    static const struct {
        const char *drive1, *device1, *drive2, *device2, *says;
    } rows[] = {
        {"", "", "", "", "Failed to get \"write\" lock"},
        {"", "", ",readonly=on", "", "Failed to get shared \"write\" lock"},
        {"", "", ",snapshot=on", "", "Failed to get shared \"write\" lock"},
        {",readonly=on", "", "", "", "Failed to get \"write\" lock"},
        {",snapshot=on", "", "", "", "Failed to get \"write\" lock"},
        {",readonly=on", "", ",readonly=on", "", NULL},
        {",readonly=on", "", ",snapshot=on", "", NULL},
        {"", ",share-rw=on", "", "", "Failed to get shared \"write\" lock"},
        {"", "", "", ",share-rw=on", "Failed to get \"write\" lock"},
        {"", ",share-rw=on", "", ",share-rw=on", NULL},
        {",readonly=on", ",share-rw=on", "", "", NULL},
        {"", "", ",file.locking=off", "", NULL},
        {",file.locking=off", "", "", "", NULL},
        {",file.locking=on", "", ",file.locking=on", "", "Failed to get \"write\" lock"},
    };
    g_autofree char *content = g_malloc0(4096), *path = make_file(content, 4096);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        QTest *first = qtest_initf("-machine q35 -drive file=%s,if=none,id=d,format=raw%s "
                                   "-device virtio-blk-pci,drive=d%s",
                                   path, rows[i].drive1, rows[i].device1);
        /* It ends with an error in any case; whether it is about the image is the question. */
        g_autofree char
            *err = NULL,
            *args = g_strdup_printf(
                "-machine q35 -accel qtest -drive file=%s,if=none,id=d,format=raw%s -device "
                "virtio-blk-pci,drive=d%s -device edu,addr=0.0",
                path, rows[i].drive2, rows[i].device2);
        g_test_message("'%s%s' and '%s%s'", rows[i].drive1, rows[i].device1, rows[i].drive2,
                       rows[i].device2);
        g_assert_cmpint(qtest_run(args, NULL, &err), ==, 1);
        g_assert_nonnull(strstr(err, rows[i].says ? rows[i].says : "taken by mch"));
        g_assert_cmpint(!rows[i].says, ==, !strstr(err, "lock"));
        qtest_quit(first);
    }
    /* Within one process, too. */
    g_autofree char *err = NULL,
                    *args = g_strdup_printf(
                        "-machine q35 -accel qtest -drive file=%s,if=virtio,format=raw -drive "
                        "file=%s,if=virtio,format=raw",
                        path, path);
    g_assert_cmpint(qtest_run(args, NULL, &err), ==, 1);
    g_assert_nonnull(strstr(err, "Failed to get \"write\" lock"));
    g_unlink(path);
}

static bool exists_for_long(const char *path, bool wanted)
{
    for (int waited = 0; g_file_test(path, G_FILE_TEST_EXISTS) != wanted; waited++) {
        if (waited > 3000) {
            return false;
        }
        g_usleep(20000);
    }
    return true;
}

static pid_t read_pid(const char *path)
{
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return (pid_t)g_ascii_strtoll(text, NULL, 10);
}

static char *make_pidfile_name(void)
{
    char *path = make_file("", 0);
    g_unlink(path);
    return path;
}

/* Started by a shell that ends once the machine is there. The pid file goes with the machine. */
static void test_exit_with_parent(void)
{
    static const char *const options[] = {"-run-with exit-with-parent=on",
                                          "-run-with exit-with-parent=on,async-teardown=on",
                                          "-run-with exit-with-parent=off"};
    const char *binary = g_getenv("QTEST_QEMU_BINARY");
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        g_autofree char *path = make_pidfile_name();
        g_autofree char *script = g_strdup_printf(
            "'%s' -M none -accel qtest %s -pidfile %s >/dev/null 2>&1 & "
            "for i in $(seq 1200); do [ ! -s %s ] || exit 0; sleep 0.05; done; exit 1",
            binary, options[i], path, path);
        const char *argv[] = {"/bin/sh", "-c", script, NULL};
        pid_t pid = 0;
        bool stays = strstr(options[i], "=off") != NULL;
        int status;
        g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL,
                                   NULL, &status, NULL));
        g_assert_cmpint(status, ==, 0);
        if (stays) {
            g_usleep(300000);
            pid = read_pid(path);
            g_assert_cmpint(kill(pid, 0), ==, 0);
            kill(pid, SIGTERM);
        }
        g_assert_true(exists_for_long(path, false));
    }
}

/* The process that was started ends with status 0 when the machine is there, which goes on in a
 * session of its own with nothing but /dev/null for a terminal. */
static void test_daemonize(void)
{
    g_autofree char *path = make_pidfile_name();
    g_autofree char *args = g_strdup_printf("-M none -accel qtest -daemonize -pidfile %s", path);
    g_autofree char *out = NULL, *err = NULL;
    g_assert_cmpint(qtest_run(args, &out, &err), ==, 0);
    g_assert_cmpstr(out, ==, "");
    g_assert_cmpstr(err, ==, "");
    pid_t pid = read_pid(path);
    g_assert_cmpint(kill(pid, 0), ==, 0);
    g_assert_cmpint(getsid(pid), !=, getsid(0));
    for (int fd = 0; fd <= 2; fd++) {
        g_autofree char *link = g_strdup_printf("/proc/%d/fd/%d", (int)pid, fd);
        g_autofree char *target = g_file_read_link(link, NULL);
        g_assert_cmpstr(target, ==, "/dev/null");
    }
    kill(pid, SIGTERM);
    g_assert_true(exists_for_long(path, false));
}

/* Fewer files than libraries need to begin with: one line instead of their abort(). */
static void test_few_files(void)
{
    g_autofree char *program = g_shell_quote(g_getenv("QTEST_QEMU_BINARY"));
    for (unsigned files = 4; files < 32; files += 4) {
        g_autofree char *script =
            g_strdup_printf("ulimit -n %u; exec %s -M none -display none", files, program);
        const char *argv[] = {"/bin/sh", "-c", script, NULL};
        g_autofree char *err = NULL;
        g_autofree char *expected = g_strdup_printf(
            "qemu-system-x86_64: only %u files may be open (ulimit -n); a machine needs 32\n",
            files);
        int status;
        g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL,
                                   &err, &status, NULL));
        g_assert_cmpstr(err, ==, expected);
        g_assert_cmpint(WEXITSTATUS(status), ==, 1);
    }
}

static void test_messages(void)
{
    g_autofree char *stamped = NULL, *plain = NULL, *kvm = NULL;
    g_assert_cmpint(qtest_run("-M none -msg timestamp=on -bogus", NULL, &stamped), ==, 1);
    g_assert_true(g_regex_match_simple(
        "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{6})?Z qemu-system-x86_64: -bogus: ",
        stamped, 0, 0));
    g_assert_cmpint(qtest_run("-M none -msg timestamp=on -msg timestamp=off -bogus", NULL, &plain),
                    ==, 1);
    g_assert_true(g_str_has_prefix(plain, "qemu-system-x86_64: -bogus: "));
    /* -enable-kvm does without KVM, and says so; "-accel kvm" (above) does not. */
    g_assert_cmpint(qtest_run("-M none -enable-kvm -mon chardev=a", NULL, &kvm), ==, 1);
    g_assert_true(g_str_has_prefix(kvm, "qemu-system-x86_64: warning: -enable-kvm: KVM "));
    g_assert_nonnull(strstr(kvm, "; falling back to tcg\nqemu-system-x86_64: -mon "));
}

static void wait_for_mode(int terminal, bool raw)
{
    struct termios mode;
    for (int waited = 0;; waited++) {
        g_assert_cmpint(tcgetattr(terminal, &mode), ==, 0);
        if (!(mode.c_lflag & ICANON) == raw) {
            return;
        }
        g_assert_cmpint(waited, <, 3000);
        g_usleep(20000);
    }
}

/* A shell that stops a program and continues it has set the terminal up for itself. */
static void test_continued(void)
{
    struct termios cooked;
    int terminal, status;
    pid_t pid = forkpty(&terminal, NULL, NULL, NULL);
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        const char *binary = g_getenv("QTEST_QEMU_BINARY");
        execl(binary, binary, "-M", "none", "-accel", "qtest", "-monitor", "stdio", NULL);
        _exit(127);
    }
    wait_for_mode(terminal, false);
    g_assert_cmpint(tcgetattr(terminal, &cooked), ==, 0);
    wait_for_mode(terminal, true);
    for (int round = 0; round < 2; round++) {
        kill(pid, SIGSTOP);
        g_assert_cmpint(waitpid(pid, &status, WUNTRACED), ==, pid);
        g_assert_true(WIFSTOPPED(status));
        g_assert_cmpint(tcsetattr(terminal, TCSANOW, &cooked), ==, 0);
        wait_for_mode(terminal, false);
        kill(pid, SIGCONT);
        wait_for_mode(terminal, true);
    }
    kill(pid, SIGTERM);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    wait_for_mode(terminal, false);
    close(terminal);
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
        {"-netdev help", "user\n"},
        {"-nic help", "user\n"},
        {"-nic user,model=help", "virtio-net-pci\n"},
        {"-net nic,model=help", "virtio-net-pci\n"},
        {"-help", "usage: qemu-system-x86_64"},
        {"-h", "-machine"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *out = NULL;
        g_assert_cmpint(qtest_run(lines[i].args, &out, NULL), ==, 0);
        g_assert_nonnull(strstr(out, lines[i].says));
    }
    /* Clients read the version from here, too. */
    g_autofree char *out = NULL;
    g_assert_cmpint(qtest_run("-help", &out, NULL), ==, 0);
    g_assert_true(g_str_has_prefix(out, "QEMU emulator version 8.2"));
}

/* Options that existing clients pass and that must do no harm. */
static void test_accepted(void)
{
    qtest_quit(qtest_init(
        "-machine none,usb=off,graphics=off,kernel-irqchip=split,vmport=off,smm=off,"
        "dump-guest-core=off -nodefaults -no-user-config -name guest=x,debug-threads=on -m 512 "
        "-smp 1,sockets=1,cores=1,threads=1 -boot strict=on -rtc base=utc,driftfix=slew "
        "-vga none -vnc none -net none -nic none -parallel none -audio none -msg timestamp=on "
        "-sandbox on,obsolete=deny,spawn=deny -L /usr/share/qemu -chardev null,id=c0 -chardev "
        "ringbuf,id=c1,size=1024 "
        "-object rng-random,id=rng0,filename=/dev/urandom -overcommit mem-lock=off "
        "-uuid 01234567-89ab-cdef-0123-456789abcdef -action panic=none -no-reboot"));
    qtest_quit(qtest_init("--machine type=none,accel=qtest -m size=1G,slots=2,maxmem=4G"));
    qtest_quit(qtest_init("-M none -accel kvm -accel qtest -serial null -monitor null"));
    qtest_quit(qtest_init("-M q35,usb=no,hpet=no,kernel-irqchip=yes,smm=auto -device "
                          "intel-iommu,caching-mode=yes,eim=auto -no-hpet -device "
                          "virtio-rng-pci,iommu_platform=true -run-with async-teardown=on"));
}

/* Each way of asking for a network gives a card that has it. */
static void test_networks(void)
{
    static const struct {
        const char *args;
        const char *says[2]; /* in `info network` */
    } lines[] = {
        {"-nic user", {"nic0: type=user,net=10.0.2.0/24,restrict=off", "Attached to:"}},
        {"-nic user,id=n1,model=virtio,net=192.168.7.0/24,restrict=on,mac=52:54:00:00:00:01",
         {"n1: type=user,net=192.168.7.0/24,restrict=on", "Attached to:"}},
        {"-net nic,model=virtio-net-pci,macaddr=52:54:00:00:00:02 -net user",
         {"net0: type=user", "Attached to:"}},
        {"-netdev user,id=a -net nic,netdev=a", {"a: type=user", "Attached to:"}},
        {"-netdev '{\"type\":\"user\",\"id\":\"j\"}' -device virtio-net,netdev=j",
         {"j: type=user", "Attached to:"}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        QTest *qts = qtest_initf("-M q35 -nodefaults %s", lines[i].args);
        g_autofree char *page = qtest_hmp(qts, "info network");
        for (size_t k = 0; k < G_N_ELEMENTS(lines[i].says); k++) {
            g_assert_nonnull(strstr(page, lines[i].says[k]));
        }
        qtest_quit(qts);
    }
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
    g_test_add_func("/cmdline/other-formats", test_other_formats);
    g_test_add_func("/cmdline/locks", test_locks);
    g_test_add_func("/cmdline/exit-with-parent", test_exit_with_parent);
    g_test_add_func("/cmdline/daemonize", test_daemonize);
    g_test_add_func("/cmdline/few-files", test_few_files);
    g_test_add_func("/cmdline/messages", test_messages);
    g_test_add_func("/cmdline/continued", test_continued);
    g_test_add_func("/cmdline/help", test_help);
    g_test_add_func("/cmdline/accepted", test_accepted);
    g_test_add_func("/cmdline/networks", test_networks);
    g_test_add_func("/cmdline/paused", test_paused);
    return g_test_run();
}

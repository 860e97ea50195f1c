/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A first domain of Xen's that makes hypercalls and looks at their answers: the IOAPIC's registers,
 * pirqs for a pin and for an MSI, event channels bound to them, interrupts by these, another VCPU
 * as their target, and what Xen refuses. It takes no upcalls: it looks at the pending bits. Its
 * console is COM2; COM1 is Xen's. Numbers and layouts are those of xen/include/public.
 */
#include "tests/guest/lib/guest.h"
#include "tests/include/ioapic.h"
#include "tests/include/testdevs.h"

enum {
    CALL_UPDATE_VA_MAPPING = 14,
    CALL_XEN_VERSION = 17,
    CALL_EVENT_CHANNEL = 32,
    CALL_PHYSDEV = 33,
};
enum {
    PHYSDEV_IRQ_STATUS = 5,
    PHYSDEV_SET_IOPL = 6,
    PHYSDEV_APIC_READ = 8,
    PHYSDEV_APIC_WRITE = 9,
    PHYSDEV_EOI = 12,
    PHYSDEV_MAP_PIRQ = 13,
    PHYSDEV_UNMAP_PIRQ = 14,
    PHYSDEV_SETUP_GSI = 21,
    PHYSDEV_DEVICE_ADD = 25,
};
enum { EVTCHN_BIND_PIRQ = 2, EVTCHN_CLOSE = 3, EVTCHN_STATUS = 5, EVTCHN_BIND_VCPU = 8 };
enum { MAP_GSI = 1, MAP_MSI = 3 /* bus has the segment, too */ };
enum { NO_SUCH_DEVICE = -19, INVALID = -22, EXISTS = -17 };

#define SELF        0x7ff0
#define NEEDS_EOI   1u
#define STATUS_PIRQ 3u
#define INVLPG      2
#define PTE_RAM     0x63ull /* present, writable, accessed, dirty */
#define PTE_DEVICE  0x7bull /* and uncached */
#define PENDING     0x800   /* of the shared page */
#define FREE_PIN    5       /* an ISA line that nobody drives */
#define WAIT_LOOPS  100000000u
#define MSI_CAP_ID  5u
#define MSI_ENABLE  (1u << 16)
#define IOAPIC_VER  1

typedef struct {
    char magic[32];
    uint64_t pages, shared; /* machine address */
} StartInfo;

typedef struct {
    uint16_t domain;
    int32_t type, index, pirq, bus, devfn, entry;
    uint64_t table;
} MapPirq;

extern uint8_t hypercall_page[];
StartInfo *start_info;
static uint8_t shared[4096] __attribute__((aligned(4096)));
static uint8_t registers[4096] __attribute__((aligned(4096)));

static long hypercall(unsigned number, uint64_t a, uint64_t b, uint64_t c)
{
    long result;
    asm volatile("call *%[at]"
                 : "=a"(result), "+D"(a), "+S"(b), "+d"(c)
                 : [at] "r"(hypercall_page + 32 * number)
                 : "rcx", "r11", "memory");
    return result;
}

static long physdev(unsigned op, void *argument)
{
    return hypercall(CALL_PHYSDEV, op, (uint64_t)argument, 0);
}

static long evtchn(unsigned op, void *argument)
{
    return hypercall(CALL_EVENT_CHANNEL, op, (uint64_t)argument, 0);
}

static void map_machine(void *page, uint64_t machine, uint64_t flags)
{
    long result = hypercall(CALL_UPDATE_VA_MAPPING, (uint64_t)page, machine | flags, INVLPG);
    check(result == 0, "mapping %lx: %d", machine, (int)result);
}

/* ---- The IOAPIC ---- */

static long ioapic_ask(uint64_t base, uint32_t reg, uint32_t *value)
{
    struct {
        uint64_t base;
        uint32_t reg, value;
    } op = {base, reg, 0};
    long result = physdev(PHYSDEV_APIC_READ, &op);
    *value = op.value;
    return result;
}

static void check_ioapic(void)
{
    uint32_t version = 0, entry = 0;
    check(ioapic_ask(IOAPIC_PAGE, IOAPIC_VER, &version) == 0, "the IOAPIC can't be read");
    check(version >> 16 == 23, "IOAPIC version %x", version);
    check(ioapic_ask(IOAPIC_PAGE + 0x1000, IOAPIC_VER, &entry) == INVALID,
          "an IOAPIC that is not there was read");
    print("guest: IOAPIC version %x\n", version);
}

/* ---- Pirqs ---- */

static uint32_t bind_pirq(int32_t pirq)
{
    struct {
        uint32_t pirq, flags, port;
    } op = {(uint32_t)pirq, 0, 0};
    long result = evtchn(EVTCHN_BIND_PIRQ, &op);
    check(result == 0, "binding pirq %d: %d", pirq, (int)result);
    check(evtchn(EVTCHN_BIND_PIRQ, &(__typeof__(op)){(uint32_t)pirq, 0, 0}) == EXISTS,
          "pirq %d was bound twice", pirq);
    return op.port;
}

static void check_port(uint32_t port, int32_t pirq)
{
    struct {
        uint16_t domain;
        uint32_t port, status, vcpu, pirq, unused;
    } op = {.domain = SELF, .port = port};
    check(evtchn(EVTCHN_STATUS, &op) == 0 && op.status == STATUS_PIRQ && op.pirq == (uint32_t)pirq,
          "port %u has status %u, pirq %u", port, op.status, op.pirq);
}

static bool take(uint32_t port)
{
    volatile uint64_t *pending = (volatile uint64_t *)(shared + PENDING) + port / 64;
    uint64_t bit = 1ull << port % 64;
    for (unsigned i = 0; i < WAIT_LOOPS; i++) {
        if (*pending & bit) {
            __atomic_and_fetch(pending, ~bit, __ATOMIC_SEQ_CST);
            return true;
        }
    }
    return false;
}

/* Tells Xen that the interrupt was served, if it wants to be told. */
static void end(int32_t pirq)
{
    struct {
        uint32_t pirq, flags;
    } op = {(uint32_t)pirq, 0};
    check(physdev(PHYSDEV_IRQ_STATUS, &op) == 0, "no status of pirq %d", pirq);
    if (op.flags & NEEDS_EOI) {
        check(physdev(PHYSDEV_EOI, &op) == 0, "no EOI of pirq %d", pirq);
    }
}

static void unmap(int32_t pirq, uint32_t port)
{
    struct {
        uint16_t domain;
        int32_t pirq;
    } op = {SELF, pirq};
    check(evtchn(EVTCHN_CLOSE, &port) == 0, "port %u does not close", port);
    check(physdev(PHYSDEV_UNMAP_PIRQ, &op) == 0, "pirq %d is not unmapped", pirq);
    check(physdev(PHYSDEV_UNMAP_PIRQ, &op) < 0, "pirq %d was unmapped twice", pirq);
}

/* Interrupts by a pirq, before and after it goes to another VCPU, on another processor. */
static void check_interrupts(const char *name, int32_t pirq, void (*raise)(void))
{
    uint32_t port = bind_pirq(pirq);
    check_port(port, pirq);
    for (uint32_t vcpu = 0; vcpu < 2; vcpu++) {
        struct {
            uint32_t port, vcpu;
        } op = {port, vcpu};
        check(evtchn(EVTCHN_BIND_VCPU, &op) == 0, "port %u does not go to VCPU %u", port, vcpu);
        for (unsigned i = 0; i < 10; i++) {
            raise();
            check(take(port), "%s: interrupt %u for VCPU %u did not come", name, i, vcpu);
            end(pirq);
        }
    }
    print("guest: %s interrupts by pirq %d and port %u\n", name, pirq, port);
    unmap(pirq, port);
}

static void raise_pin(void)
{
    outb(TESTDEV_IRQS + FREE_PIN, 1);
    outb(TESTDEV_IRQS + FREE_PIN, 0);
}

static void check_pin(void)
{
    struct {
        int32_t gsi;
        uint8_t level, low;
    } gsi = {FREE_PIN, 0, 0};
    MapPirq map = {.domain = SELF, .type = MAP_GSI, .index = FREE_PIN, .pirq = FREE_PIN};
    physdev(PHYSDEV_SETUP_GSI, &gsi); /* may say that firmware has done so */
    check(physdev(PHYSDEV_MAP_PIRQ, &map) == 0, "pin %d is not mapped", FREE_PIN);
    check_interrupts("the pin", map.pirq, raise_pin);
    map = (MapPirq){.domain = SELF, .type = MAP_GSI, .index = 5000, .pirq = -1};
    check(physdev(PHYSDEV_MAP_PIRQ, &map) == INVALID, "a pin that is not there was mapped");
}

/* ---- MSI ---- */

static void raise_edu(void)
{
    write32((uint64_t)registers + EDU_RAISE, 1);
    write32((uint64_t)registers + EDU_ACK, 1);
}

/* Where the function's domain has to do so itself. */
static void enable_msi(Pci edu)
{
    uint8_t at = pci_find_capability(edu, MSI_CAP_ID);
    check(at, "edu has no MSI");
    pci_write(edu, at, pci_read(edu, at) | MSI_ENABLE);
}

static void check_msi(void)
{
    Pci edu = pci_find(0x1234, 0x11e8);
    struct {
        uint16_t segment;
        uint8_t bus, devfn;
        uint32_t flags;
        uint8_t physical_bus, physical_devfn;
    } add = {.bus = edu.bus, .devfn = edu.devfn};
    MapPirq map = {.domain = SELF, .type = MAP_MSI, .index = -1, .pirq = -1, .devfn = edu.devfn};
    map_machine(registers, pci_read(edu, 0x10) & ~0xfffu, PTE_DEVICE);
    pci_write(edu, 4, pci_read(edu, 4) | 6);
    check(physdev(PHYSDEV_DEVICE_ADD, &add) == 0, "edu is not added");
    check(physdev(PHYSDEV_MAP_PIRQ, &map) == 0, "edu's MSI is not mapped");
    enable_msi(edu);
    check_interrupts("the MSI", map.pirq, raise_edu);
    map = (MapPirq){.domain = SELF, .type = MAP_MSI, .index = -1, .pirq = -1, .devfn = 0xf7};
    check(physdev(PHYSDEV_MAP_PIRQ, &map) == NO_SUCH_DEVICE,
          "a function that is not there has an MSI");
}

void guest_main(void)
{
    uint32_t iopl = 1;
    long set = physdev(PHYSDEV_SET_IOPL, &iopl);
    long version = hypercall(CALL_XEN_VERSION, 0, 0, 0);
    check(set == 0, "IOPL: %d", (int)set);
    print("guest: Xen %d.%d\n", (int)(version >> 16), (int)(version & 0xffff));
    map_machine(shared, start_info->shared, PTE_RAM);
    check_ioapic();
    check_pin();
    check_msi();
}

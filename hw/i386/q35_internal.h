/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The q35 machine's parts: the board (q35.c) with its vCPUs, remapping units, emitters and root bus
 * (q35_cpus.c, q35_units.c, q35_emitters.c, q35_pci.c), its interrupt lines (q35_irq.c), the tables
 * that tell of it (q35_tables.c), what firmware would do for a kernel (q35_firmware.c), and
 * firmware (q35_bios.c). Private to these.
 */
#ifndef HW_I386_Q35_INTERNAL_H
#define HW_I386_Q35_INTERNAL_H

#include "hw/i386/boot/acpi.h"
#include "hw/i386/boot/boot.h"
#include "hw/i386/fabric.h"
#include "hw/i386/iommu/scope.h"
#include "hw/i386/pam.h"
#include "hw/i386/q35.h"
#include "hw/intc/ioapic.h"
#include "hw/isa/a20.h"
#include "hw/isa/lpc.h"

#define RAM_LOW_MAX   0x80000000ull
#define RAM_HIGH_BASE 0x100000000ull
#define VGA_HOLE_BASE 0xa0000ull
#define VGA_HOLE_SIZE 0x20000ull
#define LOW_RAM_END   0x9fc00ull
#define RSDP_ADDRESS  0xf0000ull
#define MP_ADDRESS    0xf0100u
#define ACPI_AREA     0x20000ull /* at the end of low RAM */
#define REAL_MODE_END 0x100000u
#define MEM32_BASE    0xc0000000ull
#define MEM32_LIMIT   0xfebfffffull
#define MEM64_BASE    0x8000000000ull
#define MEM64_LIMIT   0xffffffffffull
#define XAPIC_ID_MAX  254 /* 255 is everybody */
#define IO_BASE       0xc000
#define IO_LIMIT      0xfeff
#define ISA_IRQS      16
#define PIRQ_E        4  /* of A to H */
#define PIRQ_GSI      16 /* IOAPIC pin of PIRQ A */
#define PIRQ_PINS     (0xffu << PIRQ_GSI)
#define LPC_DEVFN     PCI_DEVFN(0x1f, 0)

typedef struct {
    Machine machine;
    bool host_decompress;
    bool hpet_on;
    bool hyperv_on;
    bool sata_on;
    MemRegion ram_low, ram_high, vga_hole;
    MemRegion bios;   /* the firmware's ROM, if there is one */
    Device *flash[2]; /* in its place; the second, with variables, below it */
    Pam pam;
    bool booted; /* the firmware has started once */
    Fabric fabric;
    E820Map e820;
    A20Gate a20;
    /* Wires: see q35_irq.c. */
    IrqLine gsi[PLATFORM_GSIS], pirq[LPC_PIRQS];
    IrqOut gsi_to_pic[ISA_IRQS], gsi_to_ioapic[PLATFORM_GSIS];
    IrqOut pirq_to_pic[LPC_PIRQS], pirq_to_ioapic[LPC_PIRQS];
    Device *pm, *pit, *rtc, *mch, *lpc, *fw_cfg;
    Device *cpu_hotplug; /* NULL where no processor can be plugged in */
    unsigned pci_buses;  /* as firmware numbered them */
    Device *hpets[ACPI_SOURCES];
    unsigned hpet_count;
    GArray *emitters;   /* of IommuEmitter: those that are not on PCI */
    GHashTable *routes; /* bridges of the root bus under several units: PciDevice *, IommuRoute * */
} Q35Machine;

bool q35_forgives(const Q35Machine *m, Forgiveness what);
/* A device that the board makes, which the machine owns; */
Device *q35_make(Q35Machine *m, const DeviceClass *cls, const char *id);
/* and that is realized, after what -global says of it. */
bool q35_finish(Q35Machine *m, Device *dev, GError **error);

/* Steps of q35_build(). */
bool q35_check_cpus(const Q35Machine *m, GError **error);
bool q35_build_hyperv(Q35Machine *m, GError **error);
bool q35_build_cpus(Q35Machine *m, GError **error);
bool q35_build_upstream(Q35Machine *m, GError **error);
/* Not more of them than there are source ids. */
bool q35_count_emitters(const Q35Machine *m, GError **error);
bool q35_build_ioapics(Q35Machine *m, GError **error);
bool q35_build_hpets(Q35Machine *m, GError **error);
bool q35_build_ramfb(Q35Machine *m, GError **error);
bool q35_build_uv_hubs(Q35Machine *m, GError **error);
bool q35_build_pci(Q35Machine *m, GError **error);
bool q35_build_cpu_hotplug(Q35Machine *m, GError **error);

/* MachineClass.cpu_plugged and .cpu_asked_out. */
void q35_cpu_plugged(Machine *machine, unsigned index);
void q35_cpu_asked_out(Machine *machine, unsigned index);

void q35_free_upstream(Q35Machine *m);

/* What is above a function of the root bus (PciHost): the remapping unit that it is under, or the
 * fabric in its place. */
Upstream q35_above(void *opaque, PciDevice *pci);
/* Lets scopes name an emitter that is not on PCI, and gives what is above it. */
IntrSink q35_place_emitter(Q35Machine *m, const IommuEmitter *emitter);
/* MachineClass.check: the units' scopes, now that what they name is there. */
bool q35_check_units(Machine *machine, GError **error);
/* Units' scopes as the DMAR table and the monitors tell them, by what is there now. */
void q35_tell_scopes(Q35Machine *m);

/* A CPU's index, unless -cpu has "apic-id=". */
uint32_t q35_apic_id(const Q35Machine *m, unsigned index);
/* Lines 0 to 15 are the ISA interrupts, 16 to 23 IOAPIC pins; to be set up before anything drives
 * one. */
void q35_irq_init(Q35Machine *m);
/* Connects them to the i8259 pair and the IOAPIC, once these are there. */
void q35_irq_connect(Q35Machine *m);
/* The PIRQ line of a PCI interrupt pin (PciHost). */
IrqLine *q35_intx_line(void *opaque, uint8_t devfn, int pin);
/* The LPC bridge routes PIRQs otherwise (LpcLinks). */
void q35_routing_changed(void *opaque, bool loaded);
/* The HPET takes over the i8254's and the RTC's lines, or gives them back (HpetLinks). */
void q35_hpet_legacy_changed(void *opaque, bool on);
/* The PIRQ (0 is A) of an interrupt pin of a slot. */
int q35_pirq_of(uint8_t devfn, int pin);
int q35_intx_pin(const Machine *machine, const PciDevice *pci);

/* The machine starts firmware: it was given no kernel. */
bool q35_has_firmware(const Q35Machine *m);
/* Its ROM; nothing without. */
bool q35_build_bios(Q35Machine *m, GError **error);
/* Once there is RAM. */
void q35_init_pam(Q35Machine *m);
/* What it reads in CMOS and fw_cfg; what it finds at each start, and after S3. */
void q35_fill_firmware(Q35Machine *m);
void q35_start_firmware(Q35Machine *m);
void q35_wake_firmware(Q35Machine *m);

/* ACPI tables as acpi_build() makes them, and the MultiProcessor table in its place. */
GByteArray *q35_acpi_tables(Q35Machine *m, uint64_t base, AcpiLinks *links);
void q35_write_mptable(Q35Machine *m);

/* MachineClass.boot: chipset, PCI resources, ACPI tables, MTRRs, and the kernel. */
bool q35_boot(Machine *machine, GError **error);
/* MachineClass.wake: what of that is done again after S3, and the system's waking vector. */
bool q35_wake(Machine *machine, GError **error);

#endif

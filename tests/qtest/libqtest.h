/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client for the qtest protocol: starts the program named by QTEST_QEMU_BINARY and plays its
 * CPUs. Failures of the program or the protocol fail the test at once.
 */
#ifndef TESTS_QTEST_LIBQTEST_H
#define TESTS_QTEST_LIBQTEST_H

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct QTest QTest;

/*
 * Starts the program with `args` (split as a shell would) and "-accel qtest -display none";
 * "-machine q35 -nodefaults" is added where `args` name no machine. Negotiates QMP.
 */
QTest *qtest_init(const char *args);
QTest *qtest_initf(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* Ends the program by SIGTERM and checks that its status is 0. NULL is allowed. */
void qtest_quit(QTest *qts);
/* Waits for the program to end by itself; its exit status, or 128 + signal. Frees `qts`. */
int qtest_wait(QTest *qts);

uint8_t qtest_inb(QTest *qts, uint16_t port);
uint16_t qtest_inw(QTest *qts, uint16_t port);
uint32_t qtest_inl(QTest *qts, uint16_t port);
void qtest_outb(QTest *qts, uint16_t port, uint8_t value);
void qtest_outw(QTest *qts, uint16_t port, uint16_t value);
void qtest_outl(QTest *qts, uint16_t port, uint32_t value);
/* Until one of the bits reads as 1, which something else than this test's commands brings about. */
void qtest_wait_inw(QTest *qts, uint16_t port, uint16_t bits);

uint8_t qtest_readb(QTest *qts, uint64_t addr);
uint16_t qtest_readw(QTest *qts, uint64_t addr);
uint32_t qtest_readl(QTest *qts, uint64_t addr);
uint64_t qtest_readq(QTest *qts, uint64_t addr);
void qtest_writeb(QTest *qts, uint64_t addr, uint8_t value);
void qtest_writew(QTest *qts, uint64_t addr, uint16_t value);
void qtest_writel(QTest *qts, uint64_t addr, uint32_t value);
void qtest_writeq(QTest *qts, uint64_t addr, uint64_t value);

void qtest_memread(QTest *qts, uint64_t addr, void *data, size_t len);
void qtest_memwrite(QTest *qts, uint64_t addr, const void *data, size_t len);
void qtest_memset(QTest *qts, uint64_t addr, uint8_t byte, size_t len);

/* PCI configuration space through 0xCF8 and 0xCFC. `devfn` is device << 3 | function. */
uint32_t qtest_pci_config_read(QTest *qts, uint8_t bus, uint8_t devfn, uint8_t offset,
                               unsigned size);
void qtest_pci_config_write(QTest *qts, uint8_t bus, uint8_t devfn, uint8_t offset, uint32_t value,
                            unsigned size);
/* Where in it the capability is; there has to be one. */
uint8_t qtest_pci_find_capability(QTest *qts, uint8_t bus, uint8_t devfn, uint8_t id);

/* The address of the ACPI table after `after` (0: the first) with this signature, or 0. */
uint64_t qtest_acpi_table(QTest *qts, const char *signature, uint64_t after);
/* The file of that name that firmware configuration has: its bytes; it has to be there. */
GByteArray *qtest_fw_cfg_file(QTest *qts, const char *name);

/* The RTC's RAM through ports 70h and 71h. */
uint8_t qtest_cmos_read(QTest *qts, uint8_t index);
void qtest_cmos_write(QTest *qts, uint8_t index, uint8_t value);

/* The clock after the step, ns since power-on. */
int64_t qtest_clock_step(QTest *qts, int64_t ns);
int64_t qtest_clock_step_next(QTest *qts); /* to the next timer */
int64_t qtest_clock_set(QTest *qts, int64_t ns);

/* Watches a device's unnamed lines (or those called `name`). Inputs no longer reach the device. */
void qtest_irq_intercept_in(QTest *qts, const char *path);
void qtest_irq_intercept_out(QTest *qts, const char *path);
void qtest_irq_intercept_out_named(QTest *qts, const char *path, const char *name);
bool qtest_get_irq(QTest *qts, int n);            /* the level now */
unsigned qtest_get_irq_raised(QTest *qts, int n); /* how often it went up */
void qtest_set_irq_in(QTest *qts, const char *path, const char *name, int n, int level);

/* A line of the qtest protocol; the answer's text after "OK " (or "FAIL ..."), to be freed. */
char *qtest_command(QTest *qts, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* What a local APIC has received. */
typedef struct {
    uint32_t id;
    char mode[16]; /* "xapic", "x2apic" or "disabled" */
    bool irr[256], isr[256], tmr[256];
} QTestApic;
QTestApic qtest_apic(QTest *qts, unsigned cpu);
bool qtest_apic_irr(QTest *qts, unsigned cpu, uint8_t vector);
/* Plays the CPU: acknowledges (-1 if nothing waits), ends. */
int qtest_apic_ack(QTest *qts, unsigned cpu);
void qtest_apic_eoi(QTest *qts, unsigned cpu);
/* False where a CPU would get #GP. */
bool qtest_msr_read(QTest *qts, unsigned cpu, uint32_t msr, uint64_t *value);
bool qtest_msr_write(QTest *qts, unsigned cpu, uint32_t msr, uint64_t value);

/* Sends a QMP command; the response ("return" or "error"), to be unreferenced. Events that come
 * before it are kept for qtest_qmp_wait_event(). */
JsonObject *qtest_qmp(QTest *qts, const char *format, ...) G_GNUC_PRINTF(2, 3);
void qtest_qmp_send_raw(QTest *qts, const void *data, size_t len);
/* The next response, or event with `events`. */
JsonObject *qtest_qmp_receive(QTest *qts);
/* Waits for an event of this name; to be unreferenced. */
JsonObject *qtest_qmp_wait_event(QTest *qts, const char *name);
bool qtest_qmp_is_error(JsonObject *response, const char *error_class);
/* human-monitor-command's text; to be freed. */
char *qtest_hmp(QTest *qts, const char *command);

/* Runs the program to its end without qtest; its status, and what it wrote (may be NULL). */
int qtest_run(const char *args, char **out, char **err);

#endif

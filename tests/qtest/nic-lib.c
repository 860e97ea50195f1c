/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "nic-lib.h"

#include <linux/pci_regs.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/include/e1000.h"

#define PATIENCE_MS 5000
#define QUIET_MS    50

Nic *nic_start(const char *card)
{
    Nic *n = g_new0(Nic, 1);
    int fds[2];
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), ==, 0);
    n->wire = fds[0];
    n->devfn = NIC_DEVFN;
    n->rid = NIC_DEVFN;
    g_autofree char *all = g_strdup_printf(
        " -m 64M -netdev socket,id=n,fd=%d -device %s,netdev=n,addr=5,id=nic", fds[1], card);
    n->v = vtd_start(all, 1, true);
    close(fds[1]);
    n->qts = n->v->qts;
    qtest_pci_config_write(n->qts, 0, NIC_DEVFN, PCI_COMMAND,
                           PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 2);
    n->regs = qtest_pci_config_read(n->qts, 0, NIC_DEVFN, PCI_BASE_ADDRESS_0, 4) & ~0xfu;
    return n;
}

void nic_stop(Nic *n)
{
    vtd_stop(n->v);
    close(n->wire);
    g_free(n);
}

uint32_t nic_reg(Nic *n, uint32_t offset)
{
    return qtest_readl(n->qts, n->regs + offset);
}

void nic_set_reg(Nic *n, uint32_t offset, uint32_t value)
{
    qtest_writel(n->qts, n->regs + offset, value);
}

bool nic_wait_memory(Nic *n, uint64_t at, uint32_t mask, uint32_t value)
{
    for (int ms = 0; ms < PATIENCE_MS; ms++) {
        if ((qtest_readl(n->qts, at) & mask) == value) {
            return true;
        }
        g_usleep(1000);
    }
    return false;
}

bool nic_wait_reg(Nic *n, uint32_t offset, uint32_t mask, uint32_t value)
{
    return nic_wait_memory(n, n->regs + offset, mask, value);
}

void nic_set_ring(Nic *n, uint32_t at, unsigned number)
{
    qtest_memset(n->qts, NIC_RING(number), 0, NIC_ENTRIES * 16);
    nic_set_reg(n, at, (uint32_t)NIC_RING(number));
    nic_set_reg(n, at + 4, 0);
    nic_set_reg(n, at + E1000_RING_LEN, NIC_ENTRIES * 16);
    nic_set_reg(n, at + E1000_RING_HEAD, 0);
    nic_set_reg(n, at + E1000_RING_TAIL, 0);
}

void nic_vectors_on(Nic *n, unsigned count, uint8_t bar)
{
    uint64_t table =
        qtest_pci_config_read(n->qts, 0, n->devfn, (uint8_t)(PCI_BASE_ADDRESS_0 + 4 * bar), 4) &
        ~0xfu;
    vtd_remap_on(n->v, 4, true);
    for (unsigned i = 0; i < count; i++) {
        Pair irte = irte_for((uint8_t)(0x80 + i), 0, true);
        irte.high = n->rid | 1ull << 18; /* verified */
        vtd_set_irte(n->v, i, irte);
        qtest_writeq(n->qts, table + i * 16, remappable_address(i, false));
        qtest_writel(n->qts, table + i * 16 + 8, 0);
        qtest_writel(n->qts, table + i * 16 + 12, 0);
    }
    uint8_t cap = qtest_pci_find_capability(n->qts, 0, n->devfn, PCI_CAP_ID_MSIX);
    qtest_pci_config_write(n->qts, 0, n->devfn, (uint8_t)(cap + PCI_MSIX_FLAGS),
                           PCI_MSIX_FLAGS_ENABLE, 2);
}

void nic_msi_on(Nic *n)
{
    uint8_t cap = qtest_pci_find_capability(n->qts, 0, n->devfn, PCI_CAP_ID_MSI);
    qtest_pci_config_write(n->qts, 0, n->devfn, (uint8_t)(cap + PCI_MSI_ADDRESS_LO), 0xfee00000, 4);
    qtest_pci_config_write(n->qts, 0, n->devfn, (uint8_t)(cap + PCI_MSI_DATA_64), 0x70, 2);
    qtest_pci_config_write(n->qts, 0, n->devfn, (uint8_t)(cap + PCI_MSI_FLAGS),
                           PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_64BIT, 2);
}

bool nic_pin_is_up(Nic *n)
{
    return qtest_pci_config_read(n->qts, 0, n->devfn, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT;
}

static bool something_comes(Nic *n, int ms)
{
    struct pollfd p = {.fd = n->wire, .events = POLLIN};
    return poll(&p, 1, ms) == 1;
}

size_t nic_from_wire(Nic *n, uint8_t *frame, size_t size)
{
    if (!something_comes(n, PATIENCE_MS)) {
        return 0;
    }
    ssize_t len = recv(n->wire, frame, size, 0);
    g_assert_cmpint(len, >, 0);
    return (size_t)len;
}

bool nic_wire_is_quiet(Nic *n)
{
    return !something_comes(n, QUIET_MS);
}

bool nic_wire_is_empty(Nic *n)
{
    return !something_comes(n, 0);
}

void nic_to_wire(Nic *n, const uint8_t *frame, size_t len)
{
    g_assert_cmpint(send(n->wire, frame, len, 0), ==, (ssize_t)len);
}

void nic_make_frame(uint8_t *frame, size_t len, uint8_t seed)
{
    for (size_t i = 0; i < len; i++) {
        frame[i] = (uint8_t)(seed + i);
    }
    memset(frame, 0xff, 6);
    frame[12] = 0x88;
    frame[13] = 0xb5;
}

uint16_t nic_sum(const uint8_t *p, size_t len, uint32_t start)
{
    uint32_t sum = start;
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
    }
    while (sum >> 16) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static void put_be(uint8_t *p, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        p[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
    }
}

static uint32_t tcp_start(const uint8_t *ip, size_t len)
{
    return nic_sum(ip + 12, 8, 6 + (uint32_t)len);
}

size_t nic_make_tcp(uint8_t *frame, size_t payload)
{
    static const uint8_t addresses[] = {66, 9, 149, 187, 161, 142, 100, 80};
    uint8_t *ip = frame + 14, *tcp = ip + 20;
    nic_make_frame(frame, NIC_HEADERS + payload, 7);
    memset(ip, 0, 40);
    put_be(frame + 12, 0x0800, 2);
    ip[0] = 0x45;
    put_be(ip + 2, (uint32_t)(40 + payload), 2);
    ip[8] = 64;
    ip[9] = 6;
    memcpy(ip + 12, addresses, sizeof(addresses));
    put_be(ip + 10, (uint16_t)~nic_sum(ip, 20, 0), 2);
    put_be(tcp, 2794, 2);
    put_be(tcp + 2, 1766, 2);
    put_be(tcp + 4, 0x01020304, 4);
    tcp[12] = 0x50;
    tcp[13] = 0x18;
    put_be(tcp + 16, (uint16_t)~nic_sum(tcp, 20 + payload, tcp_start(ip, 20 + payload)), 2);
    return NIC_HEADERS + payload;
}

bool nic_sums_are_right(const uint8_t *frame, size_t len)
{
    const uint8_t *ip = frame + 14;
    size_t tcp_len = (size_t)(ip[2] << 8 | ip[3]) - 20;
    return tcp_len + 34 <= len && nic_sum(ip, 20, 0) == 0xffff &&
           nic_sum(ip + 20, tcp_len, tcp_start(ip, tcp_len)) == 0xffff;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-keyboard-pci, virtio-mouse-pci and virtio-tablet-pci with a modern driver in the test
 * (Virtio 1.1, 5.8): what they say they have, events of what monitors press and move, lights, who
 * has the keys, and events that have to wait.
 */
#include <linux/input-event-codes.h>
#include <linux/pci_regs.h>
#include <linux/virtio_input.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <string.h>

#include "libqtest.h"

#define DEVFN      (5 << 3)
#define BAR        0xfe000000u
#define QUEUE_SIZE 32
#define RING       0x600000u /* of queue n: RING + n * 0x4000, in three pages */
#define BUFFERS    0x620000u /* of queue 0, 8 bytes each; the status is behind them */
#define STATUS     (BUFFERS + 8 * QUEUE_SIZE)

enum { EVENTS, LIGHTS };

typedef struct {
    QTest *qts;
    uint64_t common, notify, config;
    uint32_t notify_step;
    uint16_t offered[2], seen;
} Input;

static uint64_t structure_at(Input *in, uint8_t type)
{
    uint8_t at = (uint8_t)qtest_pci_config_read(in->qts, 0, DEVFN, PCI_CAPABILITY_LIST, 1);
    while (at && (qtest_pci_config_read(in->qts, 0, DEVFN, at, 1) != PCI_CAP_ID_VNDR ||
                  qtest_pci_config_read(in->qts, 0, DEVFN, (uint8_t)(at + 3), 1) != type)) {
        at = (uint8_t)qtest_pci_config_read(in->qts, 0, DEVFN, (uint8_t)(at + 1), 1);
    }
    g_assert_cmpuint(at, !=, 0);
    if (type == VIRTIO_PCI_CAP_NOTIFY_CFG) {
        in->notify_step = qtest_pci_config_read(in->qts, 0, DEVFN, (uint8_t)(at + 16), 4);
    }
    return BAR + qtest_pci_config_read(in->qts, 0, DEVFN, (uint8_t)(at + 8), 4);
}

static void drive(Input *in)
{
    uint64_t c = in->common;
    qtest_writeb(in->qts, c + VIRTIO_PCI_COMMON_STATUS, 0);
    qtest_writeb(in->qts, c + VIRTIO_PCI_COMMON_STATUS, 3);
    qtest_writel(in->qts, c + VIRTIO_PCI_COMMON_GFSELECT, 1);
    qtest_writel(in->qts, c + VIRTIO_PCI_COMMON_GF, 1);
    qtest_writeb(in->qts, c + VIRTIO_PCI_COMMON_STATUS, 11);
    for (uint16_t n = 0; n < 2; n++) {
        uint32_t at = RING + n * 0x4000u;
        qtest_writew(in->qts, c + VIRTIO_PCI_COMMON_Q_SELECT, n);
        g_assert_cmpuint(qtest_readw(in->qts, c + VIRTIO_PCI_COMMON_Q_SIZE), ==, 64);
        qtest_writew(in->qts, c + VIRTIO_PCI_COMMON_Q_SIZE, QUEUE_SIZE);
        qtest_writel(in->qts, c + VIRTIO_PCI_COMMON_Q_DESCLO, at);
        qtest_writel(in->qts, c + VIRTIO_PCI_COMMON_Q_AVAILLO, at + 0x1000);
        qtest_writel(in->qts, c + VIRTIO_PCI_COMMON_Q_USEDLO, at + 0x2000);
        qtest_writew(in->qts, c + VIRTIO_PCI_COMMON_Q_ENABLE, 1);
    }
    qtest_writeb(in->qts, c + VIRTIO_PCI_COMMON_STATUS, 15);
}

static Input start(const char *device)
{
    Input in = {.qts = qtest_initf("-machine q35 -m 16M -nodefaults -device %s,addr=5", device)};
    qtest_pci_config_write(in.qts, 0, DEVFN, PCI_BASE_ADDRESS_4, BAR, 4);
    qtest_pci_config_write(in.qts, 0, DEVFN, PCI_BASE_ADDRESS_5, 0, 4);
    qtest_pci_config_write(in.qts, 0, DEVFN, PCI_COMMAND, 6, 2);
    in.common = structure_at(&in, VIRTIO_PCI_CAP_COMMON_CFG);
    in.notify = structure_at(&in, VIRTIO_PCI_CAP_NOTIFY_CFG);
    in.config = structure_at(&in, VIRTIO_PCI_CAP_DEVICE_CFG);
    return in;
}

static void offer(Input *in, unsigned queue, uint64_t at, uint16_t flags)
{
    uint64_t ring = RING + queue * 0x4000;
    uint16_t n = in->offered[queue] % QUEUE_SIZE;
    const struct vring_desc desc = {at, 8, flags, 0};
    qtest_memwrite(in->qts, ring + n * sizeof(desc), &desc, sizeof(desc));
    qtest_writew(in->qts, ring + 0x1004 + 2u * n, n);
    qtest_writew(in->qts, ring + 0x1002, ++in->offered[queue]);
    qtest_writew(in->qts, in->notify + queue * in->notify_step, (uint16_t)queue);
}

static void offer_buffers(Input *in, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        offer(in, EVENTS, BUFFERS + 8u * (in->offered[EVENTS] % QUEUE_SIZE), VRING_DESC_F_WRITE);
    }
}

static unsigned waiting(Input *in)
{
    return (uint16_t)(qtest_readw(in->qts, RING + 0x2002) - in->seen);
}

static void expect(Input *in, uint16_t type, uint16_t code, int32_t value)
{
    struct virtio_input_event event;
    g_assert_cmpuint(waiting(in), >, 0);
    uint64_t used = RING + 0x2004 + 8u * (in->seen % QUEUE_SIZE);
    g_assert_cmpuint(qtest_readl(in->qts, used + 4), ==, sizeof(event));
    qtest_memread(in->qts, BUFFERS + 8 * qtest_readl(in->qts, used), &event, sizeof(event));
    in->seen++;
    g_assert_cmpuint(event.type, ==, type);
    g_assert_cmpuint(event.code, ==, code);
    g_assert_cmpint((int32_t)event.value, ==, value);
}

static void expect_end(Input *in)
{
    expect(in, EV_SYN, SYN_REPORT, 0);
    g_assert_cmpuint(waiting(in), ==, 0);
}

static uint8_t config_of(Input *in, uint8_t what, uint8_t part, uint8_t *out)
{
    qtest_writeb(in->qts, in->config, what);
    qtest_writeb(in->qts, in->config + 1, part);
    uint8_t size = qtest_readb(in->qts, in->config + 2);
    g_assert_cmpuint(size, <=, 120);
    qtest_memread(in->qts, in->config + 8, out, 120);
    return size;
}

static bool has_bit(Input *in, uint8_t type, unsigned bit)
{
    uint8_t bits[120];
    return bit < 8u * config_of(in, VIRTIO_INPUT_CFG_EV_BITS, type, bits) &&
           (bits[bit / 8] >> bit % 8 & 1);
}

static void check_name(Input *in, const char *name)
{
    uint8_t text[121] = "";
    g_assert_cmpuint(config_of(in, VIRTIO_INPUT_CFG_ID_NAME, 0, text), ==, strlen(name));
    g_assert_cmpstr((char *)text, ==, name);
}

static void test_says(void)
{
    Input in = start("virtio-keyboard-pci,serial=abc");
    uint8_t out[120];
    g_assert_cmphex(qtest_pci_config_read(in.qts, 0, DEVFN, PCI_VENDOR_ID, 4), ==, 0x10521af4);
    g_assert_cmphex(qtest_pci_config_read(in.qts, 0, DEVFN, PCI_CLASS_DEVICE, 2), ==, 0x0900);
    check_name(&in, "QEMU Virtio Keyboard");
    g_assert_cmpuint(config_of(&in, VIRTIO_INPUT_CFG_ID_SERIAL, 0, out), ==, 3);
    g_assert_cmpmem(out, 3, "abc", 3);
    g_assert_cmpuint(config_of(&in, VIRTIO_INPUT_CFG_ID_DEVIDS, 0, out), ==, 8);
    g_assert_cmpmem(out, 8, "\6\0\x27\6\1\0\1\0", 8);
    g_assert_true(has_bit(&in, EV_KEY, KEY_A) && has_bit(&in, EV_KEY, KEY_PAUSE));
    g_assert_false(has_bit(&in, EV_KEY, BTN_LEFT));
    g_assert_false(has_bit(&in, EV_KEY, 0));
    g_assert_true(has_bit(&in, EV_LED, LED_CAPSL) && !has_bit(&in, EV_LED, LED_SCROLLL + 1));
    g_assert_cmpuint(config_of(&in, VIRTIO_INPUT_CFG_EV_BITS, EV_REP, out), ==, 1);
    g_assert_cmpuint(config_of(&in, VIRTIO_INPUT_CFG_EV_BITS, EV_REL, out), ==, 0);
    g_assert_cmpuint(config_of(&in, 0x77, 0, out), ==, 0);
    qtest_writeb(in.qts, in.config + 2, 99); /* nobody's to write */
    g_assert_cmpuint(qtest_readb(in.qts, in.config + 2), ==, 0);
    qtest_quit(in.qts);
    in = start("virtio-tablet-pci");
    check_name(&in, "QEMU Virtio Tablet");
    g_assert_cmpuint(config_of(&in, VIRTIO_INPUT_CFG_ABS_INFO, ABS_X, out), ==, 20);
    g_assert_cmpmem(out, 8, "\0\0\0\0\xff\x7f\0\0", 8);
    g_assert_cmpuint(config_of(&in, VIRTIO_INPUT_CFG_ABS_INFO, ABS_Z, out), ==, 0);
    g_assert_true(has_bit(&in, EV_ABS, ABS_Y) && has_bit(&in, EV_REL, REL_WHEEL));
    g_assert_false(has_bit(&in, EV_REL, REL_X));
    qtest_quit(in.qts);
    in = start("virtio-mouse-pci");
    g_assert_true(has_bit(&in, EV_REL, REL_X) && has_bit(&in, EV_KEY, BTN_EXTRA));
    qtest_quit(in.qts);
}

static void hmp(Input *in, const char *line)
{
    g_autofree char *said = qtest_hmp(in->qts, line);
    g_assert_cmpstr(said, ==, "");
}

/* What the board's keyboard has said: the first byte, or 0. */
static uint8_t other_keyboard(Input *in)
{
    uint8_t first = qtest_inb(in->qts, 0x64) & 1 ? qtest_inb(in->qts, 0x60) : 0;
    while (qtest_inb(in->qts, 0x64) & 1) {
        qtest_inb(in->qts, 0x60);
    }
    return first;
}

static void test_keyboard(void)
{
    Input in = start("virtio-keyboard-pci");
    hmp(&in, "sendkey b"); /* nobody drives ours yet */
    g_assert_cmphex(other_keyboard(&in), ==, 0x30);
    drive(&in);
    offer_buffers(&in, 16);
    g_assert_cmpuint(waiting(&in), ==, 0);
    hmp(&in, "sendkey shift-kp_enter");
    const struct {
        uint16_t code;
        int32_t value;
    } keys[] = {{KEY_LEFTSHIFT, 1}, {KEY_KPENTER, 1}, {KEY_KPENTER, 0}, {KEY_LEFTSHIFT, 0}};
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        expect(&in, EV_KEY, keys[i].code, keys[i].value);
        expect(&in, EV_SYN, SYN_REPORT, 0);
    }
    g_assert_cmpuint(waiting(&in), ==, 0);
    g_assert_cmphex(other_keyboard(&in), ==, 0);
    /* Lights are taken. */
    const struct virtio_input_event light = {EV_LED, LED_CAPSL, 1};
    qtest_memwrite(in.qts, STATUS, &light, sizeof(light));
    offer(&in, LIGHTS, STATUS, 0);
    g_assert_cmpuint(qtest_readw(in.qts, RING + 0x6002), ==, 1);
    g_assert_cmpuint(qtest_readl(in.qts, RING + 0x6008), ==, 0);
    qtest_writeb(in.qts, in.common + VIRTIO_PCI_COMMON_STATUS, 0);
    hmp(&in, "sendkey b");
    g_assert_cmphex(other_keyboard(&in), ==, 0x30);
    qtest_quit(in.qts);
}

static void test_mouse(void)
{
    Input in = start("virtio-mouse-pci");
    drive(&in);
    offer_buffers(&in, 16);
    hmp(&in, "mouse_move 3 -4 1");
    expect(&in, EV_REL, REL_X, 3);
    expect(&in, EV_REL, REL_Y, -4);
    expect(&in, EV_REL, REL_WHEEL, 1);
    expect_end(&in);
    hmp(&in, "mouse_button 5");
    expect(&in, EV_KEY, BTN_LEFT, 1);
    expect(&in, EV_KEY, BTN_RIGHT, 1);
    expect_end(&in);
    hmp(&in, "mouse_button 4");
    expect(&in, EV_KEY, BTN_LEFT, 0);
    expect_end(&in);
    hmp(&in, "mouse_button 4"); /* nothing has changed */
    g_assert_cmpuint(waiting(&in), ==, 0);
    qtest_quit(in.qts);
}

static void test_tablet(void)
{
    Input in = start("virtio-tablet-pci");
    drive(&in);
    offer_buffers(&in, 16);
    json_object_unref(qtest_qmp(in.qts,
                                "{'execute': 'input-send-event', 'arguments': {'events': ["
                                "{'type': 'abs', 'data': {'axis': 'x', 'value': 32767}},"
                                "{'type': 'abs', 'data': {'axis': 'y', 'value': 100}},"
                                "{'type': 'btn', 'data': {'button': 'middle', 'down': true}}]}}"));
    expect(&in, EV_ABS, ABS_X, 32767);
    expect(&in, EV_ABS, ABS_Y, 100);
    expect(&in, EV_KEY, BTN_MIDDLE, 1);
    expect_end(&in);
    g_autofree char *mice = qtest_hmp(in.qts, "info mice");
    g_assert_nonnull(strstr(mice, "* Mouse #1: QEMU Virtio Tablet (absolute)"));
    qtest_quit(in.qts);
}

/* Without buffers events wait, whole presses only; more than find room are lost. */
static void test_waiting(void)
{
    Input in = start("virtio-keyboard-pci");
    drive(&in);
    for (unsigned i = 0; i < 40; i++) {
        hmp(&in, "sendkey a");
    }
    offer_buffers(&in, 31); /* the last one is in the middle of a press */
    g_assert_cmpuint(waiting(&in), ==, 31);
    for (unsigned i = 0; i < 31; i++) {
        expect(&in, i % 2 ? EV_SYN : EV_KEY, i % 2 ? SYN_REPORT : KEY_A, i % 4 == 0);
    }
    offer_buffers(&in, QUEUE_SIZE);
    g_assert_cmpuint(waiting(&in), ==, QUEUE_SIZE);
    in.seen = (uint16_t)(in.seen + QUEUE_SIZE);
    offer_buffers(&in, 4);
    g_assert_cmpuint(waiting(&in), ==, 1);
    expect_end(&in);
    hmp(&in, "sendkey b");
    expect(&in, EV_KEY, KEY_B, 1);
    qtest_quit(in.qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virtio-input/says", test_says);
    g_test_add_func("/virtio-input/keyboard", test_keyboard);
    g_test_add_func("/virtio-input/mouse", test_mouse);
    g_test_add_func("/virtio-input/tablet", test_tablet);
    g_test_add_func("/virtio-input/waiting", test_waiting);
    return g_test_run();
}

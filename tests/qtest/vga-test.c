/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VGA: what is written by its registers and memory is what a picture shows; and keys that are
 * sent are what the keyboard says. */
#include "libqtest.h"

#include <glib/gstdio.h>
#include <string.h>

#define MACHINE "-nodefaults -device VGA,addr=2,romfile="
#define PICTURE "vga-test.ppm"
#define DEVFN   (2 << 3)
#define WINDOW  0xa0000u
#define TEXT    0xb8000u

typedef struct {
    unsigned width, height;
    const uint8_t *rgb;
    char *file;
} Picture;

static Picture look(QTest *qts)
{
    Picture p = {0};
    gsize len;
    int at = 0;
    g_autofree char *said = qtest_hmp(qts, "screendump " PICTURE);
    g_assert_cmpstr(said, ==, "");
    g_assert_true(g_file_get_contents(PICTURE, &p.file, &len, NULL));
    g_unlink(PICTURE);
    g_assert_cmpint(sscanf(p.file, "P6\n%u %u\n255\n%n", &p.width, &p.height, &at), ==, 2);
    g_assert_cmpuint(len - (gsize)at, ==, p.width * p.height * 3);
    p.rgb = (const uint8_t *)p.file + at;
    return p;
}

static uint32_t pixel(const Picture *p, unsigned x, unsigned y)
{
    const uint8_t *at = p->rgb + 3 * (y * p->width + x);
    g_assert_true(x < p->width && y < p->height);
    return (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
}

static void put(QTest *qts, uint16_t index_port, uint8_t index, uint8_t value)
{
    qtest_outw(qts, index_port, (uint16_t)(value << 8 | index));
}

static void seq(QTest *qts, uint8_t index, uint8_t value)
{
    put(qts, 0x3c4, index, value);
}

static void graph(QTest *qts, uint8_t index, uint8_t value)
{
    put(qts, 0x3ce, index, value);
}

static void crtc(QTest *qts, uint8_t index, uint8_t value)
{
    put(qts, 0x3d4, index, value);
}

static void attr(QTest *qts, uint8_t index, uint8_t value)
{
    qtest_inb(qts, 0x3da);
    qtest_outb(qts, 0x3c0, index);
    qtest_outb(qts, 0x3c0, value);
}

/* Colours 0 to 15: a palette that is straight, and each part told apart. */
static uint32_t colour(unsigned n)
{
    unsigned six = n * 4;
    uint32_t part = six << 2 | six >> 4, other = (63 - six) << 2 | (63 - six) >> 4;
    return part << 16 | other << 8 | part;
}

static void set_palette(QTest *qts)
{
    qtest_outb(qts, 0x3c8, 0);
    for (unsigned n = 0; n < 16; n++) {
        attr(qts, (uint8_t)n, (uint8_t)n);
        qtest_outb(qts, 0x3c9, (uint8_t)(n * 4));
        qtest_outb(qts, 0x3c9, (uint8_t)(63 - n * 4));
        qtest_outb(qts, 0x3c9, (uint8_t)(n * 4));
    }
    attr(qts, 0x12, 0x0f);
}

static void show(QTest *qts)
{
    qtest_inb(qts, 0x3da);
    qtest_outb(qts, 0x3c0, 0x20);
}

static void set_lines(QTest *qts, unsigned columns, unsigned lines, uint8_t each)
{
    crtc(qts, 0x11, 0);
    crtc(qts, 0x01, (uint8_t)(columns - 1));
    crtc(qts, 0x12, (uint8_t)(lines - 1));
    crtc(qts, 0x07, (uint8_t)(((lines - 1) >> 8 & 1) << 1 | ((lines - 1) >> 9 & 1) << 6));
    crtc(qts, 0x09, (uint8_t)(each - 1));
}

static QTest *start_text(void)
{
    QTest *qts = qtest_init(MACHINE);
    qtest_outb(qts, 0x3c2, 0x67);
    set_palette(qts);
    set_lines(qts, 80, 400, 16);
    crtc(qts, 0x13, 40);
    crtc(qts, 0x0a, 0x20); /* no cursor */
    /* A glyph in plane 2, as a BIOS loads a font. */
    seq(qts, 2, 4);
    seq(qts, 4, 6);
    graph(qts, 5, 0);
    graph(qts, 6, 4);
    graph(qts, 8, 0xff);
    qtest_writeb(qts, WINDOW + 'A' * 32 + 3, 0x81);
    qtest_writeb(qts, WINDOW + 0xc4 * 32 + 3, 0xff);
    qtest_writeb(qts, WINDOW + 0x4000 + 'A' * 32 + 5, 0x42); /* in font 1 */
    seq(qts, 2, 3);
    seq(qts, 4, 2);
    graph(qts, 5, 0x10);
    graph(qts, 6, 0x0e);
    return qts;
}

static void test_text(void)
{
    QTest *qts = start_text();
    Picture p = look(qts); /* the palette is not the screen's yet */
    g_assert_cmphex(pixel(&p, 0, 0), ==, 0);
    g_free(p.file);
    qtest_writew(qts, TEXT + 2 * (80 + 1), 0x2700 | 'A');
    qtest_writew(qts, TEXT + 2 * (80 + 2), 0x27c4);
    g_assert_cmphex(qtest_readw(qts, TEXT + 2 * (80 + 1)), ==, 0x2700 | 'A');
    show(qts);
    p = look(qts);
    g_assert_cmpuint(p.width, ==, 720);
    g_assert_cmpuint(p.height, ==, 400);
    g_assert_cmphex(pixel(&p, 9, 16 + 3), ==, colour(7));
    g_assert_cmphex(pixel(&p, 10, 16 + 3), ==, colour(2));
    g_assert_cmphex(pixel(&p, 16, 16 + 3), ==, colour(7));
    g_assert_cmphex(pixel(&p, 17, 16 + 3), ==, colour(2)); /* the ninth dot */
    g_assert_cmphex(pixel(&p, 26, 16 + 3), ==, colour(2));
    g_assert_cmphex(pixel(&p, 9, 16 + 4), ==, colour(2));
    g_assert_cmphex(pixel(&p, 8, 16 + 3), ==, colour(0));
    g_free(p.file);
    attr(qts, 0x10, 0x04); /* line graphics go on */
    show(qts);
    p = look(qts);
    g_assert_cmphex(pixel(&p, 26, 16 + 3), ==, colour(7));
    g_assert_cmphex(pixel(&p, 17, 16 + 3), ==, colour(2));
    g_free(p.file);
    qtest_quit(qts);
}

static void test_text_more(void)
{
    QTest *qts = start_text();
    seq(qts, 1, 1);    /* eight dots */
    seq(qts, 3, 0x04); /* font 1 where attribute bit 3 is set */
    qtest_writew(qts, TEXT, 0x8f00 | 'A');
    attr(qts, 0x10, 0x08); /* bit 7 blinks */
    crtc(qts, 0x0a, 14);
    crtc(qts, 0x0b, 15);
    crtc(qts, 0x0f, 1);
    qtest_writew(qts, TEXT + 2, 0x0500);
    show(qts);
    Picture p = look(qts);
    g_assert_cmpuint(p.width, ==, 640);
    g_assert_cmphex(pixel(&p, 1, 5), ==, colour(15));
    g_assert_cmphex(pixel(&p, 0, 5), ==, colour(0));
    g_assert_cmphex(pixel(&p, 0, 3), ==, colour(0));
    g_assert_cmphex(pixel(&p, 8, 14), ==, colour(5)); /* the cursor */
    g_assert_cmphex(pixel(&p, 8, 13), ==, colour(0));
    g_free(p.file);
    crtc(qts, 0x0d, 1); /* the screen begins with the second cell */
    p = look(qts);
    g_assert_cmphex(pixel(&p, 0, 15), ==, colour(5));
    g_free(p.file);
    qtest_quit(qts);
}

static QTest *start_planar(void)
{
    QTest *qts = qtest_init(MACHINE);
    qtest_outb(qts, 0x3c2, 0xe3);
    set_palette(qts);
    set_lines(qts, 80, 480, 1);
    crtc(qts, 0x13, 40);
    seq(qts, 1, 1);
    seq(qts, 2, 0x0f);
    seq(qts, 4, 6);
    graph(qts, 5, 0);
    graph(qts, 6, 5);
    graph(qts, 7, 0x0f);
    graph(qts, 8, 0xff);
    show(qts);
    return qts;
}

static void test_planar(void)
{
    QTest *qts = start_planar();
    seq(qts, 2, 0x05);
    qtest_writeb(qts, WINDOW + 80, 0xc0); /* mode 0, planes 0 and 2 */
    seq(qts, 2, 0x0f);
    graph(qts, 5, 2); /* mode 2: a colour, where the mask lets it */
    graph(qts, 8, 0x01);
    qtest_readb(qts, WINDOW + 80);
    qtest_writeb(qts, WINDOW + 80, 9);
    Picture p = look(qts);
    g_assert_cmpuint(p.width, ==, 640);
    g_assert_cmpuint(p.height, ==, 480);
    g_assert_cmphex(pixel(&p, 0, 1), ==, colour(5));
    g_assert_cmphex(pixel(&p, 2, 1), ==, colour(0));
    g_assert_cmphex(pixel(&p, 7, 1), ==, colour(9));
    g_free(p.file);
    qtest_quit(qts);
}

static uint8_t plane(QTest *qts, unsigned n, uint32_t at)
{
    graph(qts, 4, (uint8_t)n);
    return qtest_readb(qts, WINDOW + at);
}

static void test_write_modes(void)
{
    QTest *qts = start_planar();
    graph(qts, 3, 2); /* rotated */
    qtest_writeb(qts, WINDOW, 0x81);
    g_assert_cmphex(plane(qts, 1, 0), ==, 0x60);
    graph(qts, 3, 0x18); /* exclusive or with the latches, which that read filled */
    qtest_writeb(qts, WINDOW + 1, 0xff);
    g_assert_cmphex(plane(qts, 2, 1), ==, 0x9f);
    graph(qts, 3, 0);
    graph(qts, 0, 0x02); /* set and reset: plane 1 alone is set, plane 0 is the CPU's */
    graph(qts, 1, 0x0e);
    qtest_writeb(qts, WINDOW + 2, 0x3c);
    g_assert_cmphex(plane(qts, 0, 2), ==, 0x3c);
    g_assert_cmphex(plane(qts, 1, 2), ==, 0xff);
    g_assert_cmphex(plane(qts, 2, 2), ==, 0);
    graph(qts, 5, 1); /* mode 1: the latches */
    qtest_readb(qts, WINDOW + 2);
    qtest_writeb(qts, WINDOW + 3, 0);
    g_assert_cmphex(plane(qts, 0, 3), ==, 0x3c);
    g_assert_cmphex(plane(qts, 1, 3), ==, 0xff);
    graph(qts, 5, 3); /* mode 3: set and reset under the data */
    qtest_readb(qts, WINDOW + 4);
    qtest_writeb(qts, WINDOW + 4, 0x0f);
    g_assert_cmphex(plane(qts, 1, 4), ==, 0x0f);
    g_assert_cmphex(plane(qts, 0, 4), ==, 0);
    graph(qts, 5, 8); /* read mode 1: where is colour 2? */
    graph(qts, 2, 2);
    g_assert_cmphex(qtest_readb(qts, WINDOW + 4), ==, 0x0f);
    graph(qts, 7, 0x0d); /* plane 1 does not matter */
    graph(qts, 2, 0);
    g_assert_cmphex(qtest_readb(qts, WINDOW + 4), ==, 0xff);
    qtest_quit(qts);
}

static void test_256(void)
{
    QTest *qts = start_planar();
    set_lines(qts, 80, 400, 2);
    seq(qts, 4, 0x0e); /* chained */
    graph(qts, 5, 0x40);
    qtest_writeb(qts, WINDOW + 320 + 5, 9);
    Picture p = look(qts);
    g_assert_cmpuint(p.width, ==, 320);
    g_assert_cmpuint(p.height, ==, 200);
    g_assert_cmphex(pixel(&p, 5, 1), ==, colour(9));
    g_assert_cmphex(pixel(&p, 6, 1), ==, colour(0));
    g_free(p.file);
    qtest_quit(qts);
}

static void dispi(QTest *qts, uint16_t index, uint16_t value)
{
    qtest_outw(qts, 0x1ce, index);
    qtest_outw(qts, 0x1cf, value);
}

static uint16_t dispi_get(QTest *qts, uint16_t index)
{
    qtest_outw(qts, 0x1ce, index);
    return qtest_inw(qts, 0x1cf);
}

static uint64_t bar_of(QTest *qts, uint8_t offset)
{
    return qtest_pci_config_read(qts, 0, DEVFN, offset, 4) & ~0xfu;
}

static void check_depth(QTest *qts, uint16_t bpp, uint32_t value, uint32_t shown)
{
    uint64_t memory = bar_of(qts, 0x10), bytes = bpp == 15 ? 2 : bpp / 8;
    dispi(qts, 4, 0);
    dispi(qts, 1, 101);
    dispi(qts, 2, 60);
    dispi(qts, 3, bpp);
    dispi(qts, 4, 0x41);
    dispi(qts, 6, 110); /* lines are longer than they are shown */
    dispi(qts, 8, 2);
    dispi(qts, 9, 1);
    for (unsigned i = 0; i < bytes; i++) {
        qtest_writeb(qts, memory + (3 * 110 + 5) * bytes + i, (uint8_t)(value >> (8 * i)));
    }
    Picture p = look(qts);
    g_assert_cmpuint(p.width, ==, 101);
    g_assert_cmpuint(p.height, ==, 60);
    g_assert_cmphex(pixel(&p, 3, 2), ==, shown);
    g_assert_cmphex(pixel(&p, 4, 2), ==, bpp == 8 ? colour(0) : 0);
    g_free(p.file);
}

static void test_dispi(void)
{
    QTest *qts = qtest_init(MACHINE);
    set_palette(qts);
    g_assert_cmphex(dispi_get(qts, 0), ==, 0xb0c5);
    g_assert_cmpuint(dispi_get(qts, 10), ==, 16 * 16); /* of 64 KiB */
    check_depth(qts, 8, 9, colour(9));
    check_depth(qts, 15, 0x7c1f, 0xff00ff);
    check_depth(qts, 16, 0x07e0, 0x00ff00);
    check_depth(qts, 24, 0x123456, 0x123456);
    check_depth(qts, 32, 0xff123456, 0x123456);
    dispi(qts, 1, 640); /* not while it shows */
    g_assert_cmpuint(dispi_get(qts, 1), ==, 101);
    dispi(qts, 5, 3); /* the bank that is seen at A0000h */
    qtest_writeb(qts, WINDOW + 7, 0x5a);
    g_assert_cmphex(qtest_readb(qts, bar_of(qts, 0x10) + 3 * 0x10000 + 7), ==, 0x5a);
    dispi(qts, 4, 2);
    g_assert_cmpuint(dispi_get(qts, 1), ==, 2560);
    qtest_quit(qts);
}

/* The registers of BAR 2 are the same ones. */
static void test_mmio(void)
{
    QTest *qts = qtest_init(MACHINE);
    uint64_t mmio = bar_of(qts, 0x18);
    g_assert_cmphex(qtest_readw(qts, mmio + 0x500), ==, 0xb0c5);
    qtest_writew(qts, mmio + 0x502, 800);
    g_assert_cmpuint(dispi_get(qts, 1), ==, 800);
    qtest_writeb(qts, mmio + 0x400 + 0x04, 2);
    qtest_writeb(qts, mmio + 0x400 + 0x05, 0x0b);
    g_assert_cmphex(qtest_inb(qts, 0x3c5), ==, 0x0b);
    qtest_quit(qts);
}

static void test_no_screen(void)
{
    QTest *qts = qtest_init("-nodefaults");
    g_autofree char *said = qtest_hmp(qts, "screendump " PICTURE);
    g_assert_nonnull(strstr(said, "no screen"));
    JsonObject *reply =
        qtest_qmp(qts, "{'execute':'screendump','arguments':{'filename':'x','format':'bmp'}}");
    g_assert_true(qtest_qmp_is_error(reply, "GenericError"));
    json_object_unref(reply);
    qtest_quit(qts);
}

static void test_png(void)
{
    QTest *qts = qtest_init(MACHINE);
    g_autofree char *png = NULL;
    gsize len;
    json_object_unref(qtest_qmp(
        qts, "{'execute':'screendump','arguments':{'filename':'vga-test.png','format':'png'}}"));
    g_assert_true(g_file_get_contents("vga-test.png", &png, &len, NULL));
    g_unlink("vga-test.png");
    g_assert_cmpuint(len, >, 8);
    g_assert_cmpint(memcmp(png, "\x89PNG\r\n\x1a\n", 8), ==, 0);
    qtest_quit(qts);
}

/* What the keyboard says, up to the end. */
static void check_keys(QTest *qts, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        g_assert_cmphex(qtest_inb(qts, 0x64) & 1, ==, 1);
        g_assert_cmphex(qtest_inb(qts, 0x60), ==, bytes[i]);
    }
    g_assert_cmphex(qtest_inb(qts, 0x64) & 1, ==, 0);
}
#define CHECK_KEYS(qts_, ...)                                                                      \
    check_keys(qts_, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void send(QTest *qts, const char *keys)
{
    g_autofree char *line = g_strdup_printf("sendkey %s", keys);
    g_autofree char *said = qtest_hmp(qts, line);
    g_assert_cmpstr(said, ==, "");
}

static void test_keys(void)
{
    QTest *qts = qtest_init("-nodefaults");
    qtest_irq_intercept_in(qts, "ioapic");
    send(qts, "a"); /* translated, as the controller starts */
    g_assert_true(qtest_get_irq(qts, 1));
    CHECK_KEYS(qts, 0x1e, 0x9e);
    g_assert_false(qtest_get_irq(qts, 1));
    send(qts, "ctrl-alt-delete");
    CHECK_KEYS(qts, 0x1d, 0x38, 0xe0, 0x53, 0xe0, 0xd3, 0xb8, 0x9d);
    send(qts, "pause");
    CHECK_KEYS(qts, 0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5);
    send(qts, "0x1c");
    CHECK_KEYS(qts, 0x1c, 0x9c);
    qtest_outb(qts, 0x64, 0x60);
    qtest_outb(qts, 0x60, 0x01); /* no translation: set 2 */
    send(qts, "a-up");
    CHECK_KEYS(qts, 0x1c, 0xe0, 0x75, 0xe0, 0xf0, 0x75, 0xf0, 0x1c);
    qtest_outb(qts, 0x60, 0xf0);
    qtest_outb(qts, 0x60, 1);
    CHECK_KEYS(qts, 0xfa, 0xfa);
    send(qts, "a");
    CHECK_KEYS(qts, 0x1e, 0x9e);
    qtest_outb(qts, 0x60, 0xf0);
    qtest_outb(qts, 0x60, 0);
    CHECK_KEYS(qts, 0xfa, 0xfa, 1);
    qtest_outb(qts, 0x60, 0xf5); /* not any more; and in set 2 again */
    send(qts, "a");
    CHECK_KEYS(qts, 0xfa);
    qtest_outb(qts, 0x60, 0xf4);
    send(qts, "a");
    CHECK_KEYS(qts, 0xfa, 0x1c, 0xf0, 0x1c);
    qtest_quit(qts);
}

static void check_qmp(QTest *qts, const char *command, bool fails)
{
    JsonObject *reply = qtest_qmp(qts, "%s", command);
    g_assert_cmpint(json_object_has_member(reply, "error"), ==, fails);
    json_object_unref(reply);
}

static void test_qmp_keys(void)
{
    QTest *qts = qtest_init("-nodefaults");
    check_qmp(qts,
              "{\"execute\":\"send-key\",\"arguments\":{\"keys\":[{\"type\":\"qcode\",\"data\":"
              "\"shift\"},{\"type\":\"number\",\"data\":2}]}}",
              false);
    CHECK_KEYS(qts, 0x2a, 0x02, 0x82, 0xaa);
    check_qmp(qts,
              "{\"execute\":\"input-send-event\",\"arguments\":{\"events\":[{\"type\":\"key\","
              "\"data\":{\"down\":true,\"key\":{\"type\":\"qcode\",\"data\":\"ret\"}}}]}}",
              false);
    CHECK_KEYS(qts, 0x1c);
    check_qmp(qts,
              "{\"execute\":\"send-key\",\"arguments\":{\"keys\":[{\"type\":\"qcode\",\"data\":"
              "\"any\"}]}}",
              true);
    check_qmp(qts,
              "{\"execute\":\"input-send-event\",\"arguments\":{\"events\":[{\"type\":\"rel\","
              "\"data\":{\"axis\":\"x\",\"value\":3}},5]}}",
              true);
    check_keys(qts, NULL, 0);
    qtest_quit(qts);
}

static void put_be(uint8_t *to, uint64_t value, unsigned bytes)
{
    while (bytes-- > 0) {
        *to++ = (uint8_t)(value >> (8 * bytes));
    }
}

/* A DMA request to fw_cfg at 1000h with data at 2000h; what it answers. */
static uint32_t fw_cfg_dma(QTest *qts, uint32_t control, uint32_t len)
{
    uint8_t request[16];
    put_be(request, control, 4);
    put_be(request + 4, len, 4);
    put_be(request + 8, 0x2000, 8);
    qtest_memwrite(qts, 0x1000, request, sizeof(request));
    qtest_outl(qts, 0x518, 0x00100000);
    return qtest_readl(qts, 0x1000);
}

static uint16_t ramfb_key(QTest *qts)
{
    enum { DIRECTORY = 0x19, READ = 2, SELECT = 8, ROW = 64 };
    uint8_t row[ROW];
    fw_cfg_dma(qts, DIRECTORY << 16 | SELECT | READ, 4);
    do {
        fw_cfg_dma(qts, READ, ROW);
        qtest_memread(qts, 0x2000, row, ROW);
        g_assert_cmphex(row[8], !=, 0);
    } while (strcmp((char *)row + 8, "etc/ramfb") != 0);
    g_assert_cmpuint(row[3], ==, 28);
    return (uint16_t)(row[4] << 8 | row[5]);
}

static uint32_t set_ramfb(QTest *qts, uint64_t address, const char *format, uint32_t width,
                          uint32_t stride)
{
    uint8_t file[28] = {0};
    uint32_t select = (uint32_t)ramfb_key(qts) << 16 | 8;
    put_be(file, address, 8);
    for (unsigned i = 0; i < 4; i++) {
        file[8 + i] = (uint8_t)format[3 - i];
    }
    put_be(file + 16, width, 4);
    put_be(file + 20, 3, 4);
    put_be(file + 24, stride, 4);
    qtest_memwrite(qts, 0x2000, file, sizeof(file));
    return fw_cfg_dma(qts, select | 0x10, sizeof(file));
}

static void check_size(QTest *qts, unsigned width, unsigned height)
{
    Picture p = look(qts);
    g_assert_cmpuint(p.width, ==, width);
    g_assert_cmpuint(p.height, ==, height);
    g_free(p.file);
}

static void test_ramfb(void)
{
    QTest *qts = qtest_init("-nodefaults -m 16M -device ramfb");
    check_size(qts, 640, 480);
    for (uint32_t at = 0; at < 0x400; at += 4) {
        qtest_writel(qts, 0x300000 + at, 0x00010000 * at + at);
    }
    g_assert_cmphex(set_ramfb(qts, 0x300000, "XR24", 5, 32), ==, 0);
    Picture p = look(qts);
    g_assert_cmpuint(p.width, ==, 5);
    g_assert_cmpuint(p.height, ==, 3);
    g_assert_cmphex(pixel(&p, 3, 2), ==, 0x010001 * (2 * 32 + 3 * 4));
    g_free(p.file);
    g_assert_cmphex(set_ramfb(qts, 0x300001, "RG24", 3, 0), ==, 0);
    p = look(qts);
    g_assert_cmphex(pixel(&p, 0, 1), ==, 0x0c0008);
    g_free(p.file);
    /* What cannot be drawn: its words, its size, its lines, where it is. */
    set_ramfb(qts, 0x300000, "ABCD", 5, 32);
    check_size(qts, 640, 480);
    set_ramfb(qts, 0x300000, "XR24", 2561, 0);
    check_size(qts, 640, 480);
    set_ramfb(qts, 0x300000, "XR24", 5, 19);
    check_size(qts, 640, 480);
    g_assert_cmphex(set_ramfb(qts, ~UINT64_C(0) - 40, "XR24", 5, 32), ==, 0);
    p = look(qts);
    g_assert_cmphex(pixel(&p, 3, 2), ==, 0);
    g_free(p.file);
    /* Nothing is written beyond the file, nor to what is to be read. */
    g_assert_cmphex(fw_cfg_dma(qts, (uint32_t)ramfb_key(qts) << 16 | 8 | 0x10, 29), ==, 0x01000000);
    g_assert_cmphex(fw_cfg_dma(qts, 5u << 16 | 8 | 0x10, 2), ==, 0x01000000);
    qtest_outb(qts, 0xcf9, 6);
    json_object_unref(qtest_qmp_wait_event(qts, "RESET"));
    check_size(qts, 640, 480);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vga/text", test_text);
    g_test_add_func("/vga/text-more", test_text_more);
    g_test_add_func("/vga/planar", test_planar);
    g_test_add_func("/vga/write-modes", test_write_modes);
    g_test_add_func("/vga/256-colours", test_256);
    g_test_add_func("/vga/dispi", test_dispi);
    g_test_add_func("/vga/mmio", test_mmio);
    g_test_add_func("/vga/no-screen", test_no_screen);
    g_test_add_func("/vga/png", test_png);
    g_test_add_func("/keyboard/keys", test_keys);
    g_test_add_func("/keyboard/qmp", test_qmp_keys);
    g_test_add_func("/ramfb", test_ramfb);
    return g_test_run();
}

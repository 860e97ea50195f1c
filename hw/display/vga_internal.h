/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the VGA: its registers (vga_regs.c), Bochs' display interface (vga_dispi.c), memory as
 * the CPU sees it (vga_memory.c), and the picture (vga_draw.c, vga_text.c). */
#ifndef HW_DISPLAY_VGA_INTERNAL_H
#define HW_DISPLAY_VGA_INTERNAL_H

#include "display/display.h"
#include "hw/pci/pci.h"

#define VGA_PLANES      4
#define VGA_COLOURS     256
#define VGA_SEQ_REGS    8
#define VGA_GRAPH_REGS  16
#define VGA_CRTC_REGS   0x19
#define VGA_ATTR_REGS   0x15
#define VGA_FIRST_PORT  0x3b0
#define VGA_PORTS       0x30
#define VGA_WINDOW      0xa0000ull
#define VGA_WINDOW_SIZE 0x20000ull

/* Sequencer (IBM VGA; registers by index). */
enum { SEQ_CLOCKING = 1, SEQ_MAP_MASK = 2, SEQ_FONTS = 3, SEQ_MEMORY = 4 };
#define CLOCKING_8_DOTS (1u << 0)
#define CLOCKING_HALF   (1u << 3)
#define CLOCKING_OFF    (1u << 5)
#define MEMORY_CHAIN4   (1u << 3)
/* Graphics controller. */
enum {
    GRAPH_SET_RESET = 0,
    GRAPH_ENABLE_SET = 1,
    GRAPH_COMPARE = 2,
    GRAPH_ROTATE = 3,
    GRAPH_READ_MAP = 4,
    GRAPH_MODE = 5,
    GRAPH_MISC = 6,
    GRAPH_CARE = 7,
    GRAPH_BIT_MASK = 8
};
#define MODE_WRITE_MASK 3u
#define MODE_READ_1     (1u << 3)
#define MODE_ODD_EVEN   (1u << 4)
#define MODE_256        (1u << 6)
#define MISC_GRAPHICS   (1u << 0)
#define MISC_MAP_SHIFT  2
/* CRT controller. */
enum {
    CRTC_COLUMNS = 0x01,
    CRTC_OVERFLOW = 0x07,
    CRTC_ROW_LINES = 0x09,
    CRTC_CURSOR_START = 0x0a,
    CRTC_CURSOR_END = 0x0b,
    CRTC_START_HIGH = 0x0c,
    CRTC_CURSOR_HIGH = 0x0e,
    CRTC_PROTECT = 0x11,
    CRTC_LINES = 0x12,
    CRTC_OFFSET = 0x13
};
/* Attribute controller. */
enum { ATTR_MODE = 0x10, ATTR_PLANES = 0x12, ATTR_SELECT = 0x14 };
#define ATTR_MODE_LINE_GRAPHICS (1u << 2)
#define ATTR_MODE_BLINK         (1u << 3)
#define ATTR_MODE_P54           (1u << 7)
#define ATTR_SHOWS              (1u << 5) /* of the index: the palette is the screen's */

/* Bochs' display interface. */
enum {
    DISPI_ID = 0,
    DISPI_XRES = 1,
    DISPI_YRES = 2,
    DISPI_BPP = 3,
    DISPI_ENABLE = 4,
    DISPI_BANK = 5,
    DISPI_VIRT_WIDTH = 6,
    DISPI_VIRT_HEIGHT = 7,
    DISPI_X_OFFSET = 8,
    DISPI_Y_OFFSET = 9,
    DISPI_MEMORY = 10,
    DISPI_REGS = 11
};
#define DISPI_ENABLED   0x01u
#define DISPI_GET_CAPS  0x02u
#define DISPI_8BIT_DAC  0x20u
#define DISPI_NO_CLEAR  0x80u
#define DISPI_XRES_MAX  2560u
#define DISPI_YRES_MAX  1600u
#define DISPI_BANK_SIZE 0x10000u

typedef struct {
    PciDevice pci;
    uint32_t memory_mib;
    char *romfile;
    MemRegion vram, mmio, rom, window, ports, dispi_ports;
    uint8_t misc, feature, status_reads;
    uint8_t seq_index, seq[VGA_SEQ_REGS];
    uint8_t graph_index, graph[VGA_GRAPH_REGS];
    uint8_t crtc_index, crtc[VGA_CRTC_REGS];
    uint8_t attr_index, attr[VGA_ATTR_REGS];
    bool attr_data; /* the next write to 3C0h is data */
    uint8_t dac[VGA_COLOURS * 3], dac_mask, dac_read, dac_write, dac_part;
    bool dac_reading;
    uint8_t latch[VGA_PLANES];
    uint16_t dispi_index, dispi[DISPI_REGS];
    pixman_image_t *picture; /* what was drawn last; NULL: nothing yet */
} Vga;

/* vga_regs.c: one byte of ports 3B0h to 3DFh. */
uint64_t vga_port_read(void *opaque, uint64_t offset, unsigned size);
void vga_port_write(void *opaque, uint64_t offset, uint64_t value, unsigned size);
void vga_regs_reset(Vga *vga);
/* A colour of the DAC, as x8r8g8b8. */
uint32_t vga_dac_colour(const Vga *vga, uint8_t index);
/* The same of the attribute controller's palette. */
uint32_t vga_attr_colour(const Vga *vga, uint8_t index);

/* vga_dispi.c */
uint64_t vga_dispi_port_read(void *opaque, uint64_t offset, unsigned size);
void vga_dispi_port_write(void *opaque, uint64_t offset, uint64_t value, unsigned size);
uint16_t vga_dispi_read(const Vga *vga, unsigned index);
void vga_dispi_write(Vga *vga, unsigned index, uint16_t value);
void vga_dispi_reset(Vga *vga);
/* A state that no guest can have brought about shows nothing. */
void vga_dispi_restored(Vga *vga);
static inline bool vga_dispi_is_on(const Vga *vga)
{
    return vga->dispi[DISPI_ENABLE] & DISPI_ENABLED;
}

/* vga_memory.c: a byte at A0000h to BFFFFh. */
uint64_t vga_window_read(void *opaque, uint64_t offset, unsigned size);
void vga_window_write(void *opaque, uint64_t offset, uint64_t value, unsigned size);

/* vga_draw.c (ScreenOps), and the text mode's part of it (vga_text.c). */
pixman_image_t *vga_draw(void *opaque);
bool vga_text(void *opaque, ScreenText *text);
void vga_text_cells(const Vga *vga, ScreenText *text);
/* A picture of that size, of which every pixel will be drawn; and a row of it. */
pixman_image_t *vga_picture(Vga *vga, unsigned width, unsigned height);
uint32_t *vga_picture_row(pixman_image_t *picture, unsigned y);
unsigned vga_lines(const Vga *vga);
unsigned vga_start(const Vga *vga);
pixman_image_t *vga_draw_text(Vga *vga);
/* A byte of a plane; none is beyond the memory. */
static inline uint8_t vga_plane_byte(const Vga *vga, uint32_t address, unsigned plane)
{
    return vga->vram.host[((uint64_t)address * VGA_PLANES + plane) & (vga->vram.size - 1)];
}

#endif

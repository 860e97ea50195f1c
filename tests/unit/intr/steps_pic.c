/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random steps at the i8259 pair: its lines, a CPU that acknowledges, and drivers. */
#include "intr/world.h"

static const uint16_t ports[] = {0x20, 0xa0};

static void write_port(World *w, unsigned chip, bool second, uint8_t value)
{
    world_say(w, "i8259 %u: port %#x is %#x", chip, ports[chip] + second, value);
    as_store(w->rig.platform.ports, ports[chip] + second, value, 1);
    model_pic_write(&w->model, chip, second, value);
}

static void pic_line(World *w)
{
    static const uint8_t inputs[] = {0, 1, 3, 4, 7, 8, 9, 10, 14};
    unsigned n = WORLD_PICK(w, inputs);
    bool level = !w->rig.pic_lines[n].level;

    world_say(w, "IRQ %u %s", n, level ? "up" : "down");
    irq_set(&w->rig.pic_lines[n], level);
    model_pic_line(&w->model, n, level);
}

static void acknowledge(World *w)
{
    world_say(w, "INTA");
    i8259_ack(w->rig.pic, 0);
    model_pic_ack(&w->model);
}

static void pic_mask(World *w)
{
    static const uint8_t masks[] = {0, 0, 0x04, 0xfb, 0xff};
    uint8_t mask = world_flip(w) ? WORLD_PICK(w, masks) : (uint8_t)world_draw(w, 256);

    write_port(w, world_draw(w, 2), true, mask);
}

static void pic_eoi(World *w)
{
    static const uint8_t commands[] = {0x20, 0x20, 0x20, 0x60, 0xa0, 0xe0, 0x80, 0x00, 0xc0, 0x40};
    uint8_t value = WORLD_PICK(w, commands);

    write_port(w, world_draw(w, 2), false, (uint8_t)(value | world_draw(w, 8)));
}

/* OCW3, and what it may have asked for. */
static void special(World *w)
{
    static const uint8_t commands[] = {0x68, 0x48, 0x0c, 0x0c, 0x0a, 0x0b};
    unsigned chip = world_draw(w, 2);

    write_port(w, chip, false, WORLD_PICK(w, commands));
    if (world_flip(w)) {
        world_say(w, "i8259 %u: read", chip);
        as_load(w->rig.platform.ports, ports[chip] + world_draw(w, 2), 1, NULL);
        model_pic_read(&w->model, chip);
    }
}

static void levels(World *w)
{
    unsigned chip = world_draw(w, 2);
    uint8_t value = (uint8_t)world_draw(w, 256);

    world_say(w, "ELCR %u: %#x", chip, value);
    as_store(w->rig.platform.ports, 0x4d0 + chip, value, 1);
    model_pic_levels(&w->model, chip, value);
}

static void initialise(World *w, unsigned chip)
{
    uint8_t icw1 = 0x11 | (world_draw(w, 8) == 0) << 1, modes = (world_draw(w, 4) == 0) << 1;

    write_port(w, chip, false, icw1);
    write_port(w, chip, true, 0x30 + 8 * (uint8_t)chip);
    if (!(icw1 & 2)) {
        write_port(w, chip, true, chip ? 2 : 4);
    }
    write_port(w, chip, true, 1 | modes | (world_draw(w, 4) == 0) << 4);
}

static void some_initialise(World *w)
{
    initialise(w, world_draw(w, 2));
}

static void pic_resets(World *w)
{
    world_say(w, "the i8259 pair is reset");
    device_reset(w->rig.pic);
    model_pic_reset(&w->model);
}

void step_pic(World *w)
{
    static const struct {
        unsigned weight;
        void (*step)(World *w);
    } rows[] = {{40, pic_line}, {20, acknowledge}, {8, pic_mask},        {20, pic_eoi},
                {4, special},   {3, levels},       {2, some_initialise}, {1, pic_resets}};
    int n = (int)world_draw(w, 98);

    for (unsigned i = 0;; i++) {
        n -= (int)rows[i].weight;
        if (n < 0) {
            rows[i].step(w);
            return;
        }
    }
}

/* Half of the machines leave it off, as kernels with IOAPICs do. */
void world_set_up_pic(World *w)
{
    bool off = world_flip(w);

    for (unsigned chip = 0; chip < 2; chip++) {
        initialise(w, chip);
        if (off) {
            write_port(w, chip, true, 0xff);
        }
    }
}

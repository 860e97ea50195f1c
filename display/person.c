/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys and pointers as commands (display/person.h). */
#include "display/person.h"

#include <string.h>

#define COMMAND_BEGIN "{\"execute\": \"input-send-event\", \"arguments\": {\"events\": ["
#define COMMAND_END   "]}}"

typedef struct {
    Person *person;
    GString *text;
} Saying;

static Saying person_begin(Person *person)
{
    return (Saying){person, g_string_new(COMMAND_BEGIN)};
}

/* NULL if there is nothing in it. */
static char *person_end(Saying *saying)
{
    if (saying->text->len == strlen(COMMAND_BEGIN)) {
        g_string_free(saying->text, TRUE);
        return NULL;
    }
    g_string_append(saying->text, COMMAND_END);
    return g_string_free(saying->text, FALSE);
}

static void begin_event(const Saying *saying, const char *type)
{
    bool first = saying->text->len == strlen(COMMAND_BEGIN);
    g_string_append_printf(saying->text, "%s{\"type\": \"%s\", \"data\": {", first ? "" : ", ",
                           type);
}

static void hold(Person *person, const Key *key, bool down)
{
    for (size_t i = 0; i < PERSON_KEYS_MAX; i++) {
        if (key_at(i) == key) {
            person->held[i] = down;
        }
    }
}

static void say_key(void *opaque, const Key *key, bool down)
{
    const Saying *saying = opaque;
    hold(saying->person, key, down);
    begin_event(saying, "key");
    g_string_append_printf(saying->text,
                           "\"down\": %s, \"key\": {\"type\": \"qcode\", \"data\": \"%s\"}}}",
                           down ? "true" : "false", key->name);
}

static void say_move(const Saying *saying, bool absolute, const char *axis, int value)
{
    begin_event(saying, absolute ? "abs" : "rel");
    g_string_append_printf(saying->text, "\"axis\": \"%s\", \"value\": %d}}", axis, value);
}

static void say_button(const Saying *saying, const char *name, bool down)
{
    begin_event(saying, "btn");
    g_string_append_printf(saying->text, "\"down\": %s, \"button\": \"%s\"}}",
                           down ? "true" : "false", name);
}

/* The wheel's buttons turn it as they go down. */
static void say_buttons(const Saying *saying, unsigned buttons)
{
    static const char *const names[] = {"left", "middle", "right", "wheel-up", "wheel-down"};
    unsigned changed = buttons ^ saying->person->buttons;
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        if (changed >> i & 1) {
            say_button(saying, names[i], buttons >> i & 1);
        }
    }
    saying->person->buttons = buttons;
}

/* From 0 at the first pixel to POINTER_MAX at the last. */
static int scaled(unsigned at, unsigned size)
{
    return size > 1 ? (int)((uint64_t)MIN(at, size - 1) * POINTER_MAX / (size - 1)) : 0;
}

char *person_key(Person *person, Display *display, uint32_t keysym, bool down)
{
    Saying saying = person_begin(person);
    typing_key(&person->typing, display_leds(display), keysym, down, say_key, &saying);
    return person_end(&saying);
}

char *person_pointer(Person *person, Display *display, const PersonPointer *p)
{
    Saying saying = person_begin(person);
    bool moved = !person->placed || p->x != person->x || p->y != person->y;
    if (moved && display_pointer_is_absolute(display)) {
        say_move(&saying, true, "x", scaled(p->x, p->width));
        say_move(&saying, true, "y", scaled(p->y, p->height));
    } else if (moved && person->placed) {
        say_move(&saying, false, "x", (int)p->x - (int)person->x);
        say_move(&saying, false, "y", (int)p->y - (int)person->y);
    }
    say_buttons(&saying, p->buttons);
    person->placed = true;
    person->x = p->x;
    person->y = p->y;
    return person_end(&saying);
}

char *person_leaves(Person *person, Display *display)
{
    Saying saying = person_begin(person);
    const Key *key;
    for (size_t i = 0; i < PERSON_KEYS_MAX && (key = key_at(i)); i++) {
        if (person->held[i]) {
            say_key(&saying, key, false);
        }
    }
    say_buttons(&saying, 0);
    return person_end(&saying);
}

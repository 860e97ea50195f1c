/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine drawn at random, as its user would have it: bridges and functions, remapping units with
 * their scopes and properties, IOAPICs and HPETs. It is written as -device options say it, and is
 * all that the program and the model (model.h) have in common.
 */
#ifndef TESTS_UNIT_TOPOLOGY_PLAN_H
#define TESTS_UNIT_TOPOLOGY_PLAN_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define MOST_NODES   24
#define MOST_UNITS   4
#define MOST_NAMES   8
#define MOST_SOURCES 3 /* IOAPICs, and HPETs, with the board's own */

typedef enum {
    ROOT_PORT,
    UPSTREAM_PORT,
    DOWNSTREAM_PORT,
    EXPRESS_TO_PCI,
    PCI_TO_PCI,
    EXPANDER,
    SENDER
} Kind;
typedef enum { ALIAS_USUAL, ALIAS_BRIDGE, ALIAS_NONE, ALIAS_SECONDARY, ALIASES } Alias;

/* A function of the machine. */
typedef struct {
    Kind kind;
    int above; /* the bridge that it is behind, or the expander; -1: it is on the first root bus */
    uint8_t devfn;
    Alias alias;
    unsigned vfs;   /* virtual functions */
    uint8_t bus_nr; /* of an expander's root bus */
    bool master;    /* bus mastering, of a bridge */
    bool full;      /* nothing more can be behind */
} Node;

typedef enum { NAME_NODE, NAME_PATH, NAME_IOAPIC, NAME_HPET, NAME_NOTHING } NameKind;

typedef struct {
    NameKind kind;
    unsigned n;
} Name;

typedef struct {
    Name names[MOST_NAMES];
    unsigned count;
    bool all;
    bool remaps, extended; /* intremap=, eim= */
    bool compatible;       /* its driver lets compatibility format pass */
    bool translates;       /* its driver turns DMA remapping on */
    uint64_t base;         /* 0: where the program puts it */
} Unit;

typedef struct {
    uint64_t state; /* of the random numbers */
    Node nodes[MOST_NODES];
    unsigned node_count;
    Unit units[MOST_UNITS];
    unsigned unit_count;
    unsigned ioapics, hpets;
    bool renumber; /* the guest numbers the buses itself */
    bool ari;
} Plan;

uint32_t plan_draw(Plan *p, uint32_t below);
bool plan_chance(Plan *p, uint32_t percent);

void plan_make(Plan *p, uint64_t seed);
bool plan_is_bridge(const Node *node);
/* Is it on a root bus? */
bool plan_is_on_root(const Plan *p, const Node *node);
bool plan_is_conventional(const Node *node);

/* A port whose slot has endpoints and nothing else; -1: there is none. */
int plan_draw_slot(Plan *p);

/* What -device takes; the caller frees it. Number 0 of IOAPICs and HPETs is the board's own. */
char *plan_unit_text(const Plan *p, unsigned n);
char *plan_node_text(const Plan *p, unsigned n);
/* All of it, a line each, for people. */
void plan_print(const Plan *p);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's state and its parts; private to gdb/. */
#ifndef GDB_SERVER_H
#define GDB_SERVER_H

#include "gdb/frame.h"
#include "gdb/gdb.h"
#include "gdb/text.h"

/* Bits of "maintenance packet Qqemu.sstep=": how instructions are stepped. */
enum {
    GDB_STEP_ENABLE = 1,
    GDB_STEP_NO_IRQ = 2,   /* interrupts wait */
    GDB_STEP_NO_TIMER = 4, /* time stands still */
    GDB_STEP_BITS = 7,
};

/* A breakpoint as the client set it. */
typedef struct {
    unsigned type; /* Z's number */
    VcpuBreakpoint at;
} GdbBreak;

struct Gdb {
    Machine *machine;
    Chardev *chr;
    GdbFrame frame;
    GString *last; /* what was sent last, for '-' */
    bool no_ack, multiprocess, swbreak;
    bool physical;  /* memory packets name physical addresses */
    bool owes_stop; /* the client let the machine run and waits */
    unsigned step_flags;
    unsigned cpu;       /* whose registers and memory packets mean ('Hg') */
    unsigned resumed;   /* 'Hc': whom 's' and 'c' mean */
    unsigned listed;    /* threads that qfThreadInfo and qsThreadInfo have told */
    GArray *breaks;     /* of GdbBreak */
    GPtrArray *sources; /* by a register's number: the vCPUs' own register, or NULL */
    const VcpuReg *pc;
};

/* server.c */
void gdb_send(Gdb *gdb, const char *payload, size_t len);
void gdb_send_text(Gdb *gdb, const char *text);
/* "E" and a number of errno's. */
void gdb_send_error(Gdb *gdb, int number);
Vcpu *gdb_cpu(const Gdb *gdb);

/* threads.c: a vCPU's thread is its index and 1. */
void gdb_put_thread(const Gdb *gdb, GString *out, unsigned cpu);
/* One id at *text; *cpu is -1 for all of them, and 0 means the first. False: no such vCPU, or no
 * id. */
bool gdb_take_thread(Gdb *gdb, const char **text, int *cpu);
void gdb_select_thread(Gdb *gdb, const char *args);   /* H */
void gdb_thread_alive(Gdb *gdb, const char *args);    /* T */
void gdb_list_threads(Gdb *gdb, bool from_the_first); /* qfThreadInfo, qsThreadInfo */
void gdb_describe_thread(Gdb *gdb, const char *args); /* qThreadExtraInfo */

/* registers.c */
/* Fills in `sources` and `pc`, once. */
void gdb_find_sources(Gdb *gdb);
void gdb_read_registers(Gdb *gdb, const char *args);  /* g */
void gdb_write_registers(Gdb *gdb, const char *args); /* G */
void gdb_read_register(Gdb *gdb, const char *args);   /* p */
void gdb_write_register(Gdb *gdb, const char *args);  /* P */
void gdb_set_pc(Gdb *gdb, unsigned cpu, uint64_t pc);

/* memory.c */
void gdb_read_memory(Gdb *gdb, const char *args);                  /* m */
void gdb_write_memory(Gdb *gdb, const char *args);                 /* M */
void gdb_write_binary(Gdb *gdb, const char *payload, size_t len);  /* X */
void gdb_search_memory(Gdb *gdb, const char *payload, size_t len); /* qSearch:memory */

/* breaks.c */
void gdb_insert_break(Gdb *gdb, const char *args); /* Z */
void gdb_remove_break(Gdb *gdb, const char *args); /* z */
void gdb_remove_all_breaks(Gdb *gdb);
/* A stop reply's words on a breakpoint that `cpu` stopped at. */
void gdb_put_break(const Gdb *gdb, GString *out, const Vcpu *vcpu);

/* run.c */
void gdb_continue(Gdb *gdb, const char *args);    /* c, C */
void gdb_step(Gdb *gdb, const char *args);        /* s, S */
void gdb_reverse(Gdb *gdb, const char *args);     /* bs, bc */
void gdb_resume(Gdb *gdb, const char *args);      /* vCont; */
void gdb_say_stopped(Gdb *gdb, const char *args); /* ? */
/* Lets every vCPU run, and owes no answer. */
void gdb_let_go(Gdb *gdb);

/* query.c: q and Q, without that letter. False: not known. */
bool gdb_query(Gdb *gdb, const char *text, size_t len);
bool gdb_set(Gdb *gdb, const char *text);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parsed command line; private to system/. */
#ifndef SYSTEM_OPTIONS_H
#define SYSTEM_OPTIONS_H

#include "base/optlist.h"
#include "display/vnc.h"
#include "machine/machine.h"
#include "system/journal.h"
#include "system/sandbox.h"

/* -monitor, -qmp, -mon */
typedef struct {
    char *option; /* "-qmp unix:x", for error messages */
    char *spec;   /* a character device's text, or "chardev:id" */
    bool control; /* QMP */
    bool pretty;
} MonitorOption;

/* if=: the device that is made for it, or none */
typedef enum { DRIVE_NONE, DRIVE_VIRTIO, DRIVE_IDE, DRIVE_PFLASH } DriveInterface;

/* -drive, -hda, -blockdev */
typedef struct {
    char *option;
    char *id, *file;
    bool below;   /* a node that is a file of another one's, and opened by that alone */
    char *format; /* NULL: what the file looks like */
    bool read_only, snapshot;
    bool unlocked, locked; /* file.locking=off, on; else auto */
    DriveInterface interface;
    bool cdrom;     /* media=cdrom */
    bool unmap;     /* discard=unmap */
    unsigned index; /* of DRIVE_IDE: its bus */
} DriveOption;

/* -netdev, and the half of -nic and -net that is one */
typedef struct {
    char *option; /* for error messages */
    char *text;   /* "user,id=n" */
} NetdevOption;

/* "-net nic", which belongs to the "-net BACKEND" of the same place */
typedef struct {
    char *option;
    char *device; /* "virtio-net-pci,mac=..." without netdev= */
    bool has_netdev;
} NetNicOption;

/* -icount */
typedef enum { REPLAY_OFF, REPLAY_RECORD, REPLAY_PLAY, REPLAY_MEMORY } ReplayMode;
/* Does the main loop take some? */
typedef enum { CHECKPOINTS_FOR_GDB, CHECKPOINTS_ON, CHECKPOINTS_OFF } CheckpointMode;
typedef struct {
    bool on;
    unsigned shift;        /* an instruction takes 2^shift ns */
    bool sleep;            /* halted machines wait for their timers */
    uint64_t hash_every;   /* instructions; 0: no hashes, */
    const char *hash_file; /* NULL: on stderr */
    ReplayMode rr;
    const char *rr_file;
    const char *rr_snapshot; /* taken where a recording begins; NULL: none */
    CheckpointMode checkpoints;
    uint64_t checkpoint_every; /* instructions */
} IcountOptions;

typedef struct NumaOption NumaOption; /* options_numa.c */

typedef struct {
    const MachineClass *machine_class;
    MachineOptions machine;     /* its strings are in `strings` */
    GPtrArray *strings;         /* of char *: owned texts */
    GPtrArray *names;           /* of char *: options there are, and a NULL */
    GPtrArray *folders;         /* of char *: -L */
    GPtrArray *machine_props;   /* of char *: see options_set_machine_prop() */
    GPtrArray *accels;          /* of char *: "tcg,thread=single" */
    GPtrArray *devices;         /* of char * */
    GPtrArray *serials;         /* of char * */
    GPtrArray *chardevs;        /* of char * */
    GPtrArray *drives;          /* of DriveOption * */
    GPtrArray *monitors;        /* of MonitorOption * */
    GPtrArray *netdevs;         /* of NetdevOption * */
    GPtrArray *net_nics;        /* of NetNicOption *: of -net, until all is read */
    GPtrArray *net_backends;    /* of NetdevOption *: the same */
    GPtrArray *shares;          /* of FsdevOptions * */
    GPtrArray *net_dumps;       /* of char *: -object filter-dump's texts */
    unsigned nics;              /* how many -nic there were */
    GPtrArray *fw_cfg;          /* of FwCfgItem * */
    GPtrArray *objects;         /* of char *: ids of -object */
    GHashTable *memory_objects; /* id of a memory backend → uint64_t *: bytes */
    const char *memory_backend; /* the machine's; NULL: none is named */
    bool memory_given;          /* -m */
    NumaOption *numa;           /* -numa; may be NULL */
    GPtrArray *acpi_tables;     /* of GByteArray *: -acpitable */
    GArray *fdsets;             /* of FdsetFile: -add-fd */
    GHashTable *globals;
    JournalOptions journal;
    IcountOptions icount;
    const char *loadvm;   /* a snapshot to go on from; NULL: power-on */
    const char *incoming; /* "file:PATH" or "defer"; may be NULL */
    bool seeded;          /* -seed: MachineOptions.seed */
    char *qtest, *qtest_log, *pidfile, *log_items, *log_file, *debugcon, *gdb;
    bool nographic, nodefaults, default_monitor;
    bool vga_said; /* -vga */
    bool no_reboot, no_shutdown, paused, snapshot_all;
    WatchdogAction watchdog;
    bool prefer_kvm; /* -enable-kvm: KVM, or else the other accelerators with a warning */
    bool daemonize, exit_with_parent;
    bool curses;    /* -display curses */
    VncOptions vnc; /* -vnc, -display vnc= */
    SandboxOptions sandbox;
    SandboxNeeds sandbox_needs; /* when all is read */
    bool message_times;         /* -msg timestamp=on */
    bool done;                  /* an option like -help has said all there is to say */
} Options;

Options *options_new(void);
void options_free(Options *o);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Options, options_free)
/* The error's message is the whole line after the program's name. */
bool options_parse(Options *o, int argc, char **argv, GError **error);
/* Fills sandbox_needs in, when all is read. */
void options_find_needs(Options *o, char **argv);
/* For `shares`. */
GPtrArray *options_new_shares(void);
/* A copy of `text` that lives as long as `o`. */
const char *options_keep(Options *o, const char *text);
/* JSON objects ('{"driver": "edu"}') to "driver=edu"; other text is copied. */
char *options_flatten(const char *text, GError **error);

typedef bool (*OptHandler)(Options *o, const char *value, GError **error);
typedef struct {
    const char *name;
    bool has_arg;
    OptHandler handler; /* NULL: refused, for the reason that `why` says */
    const char *help;   /* NULL: taken but not listed */
    const char *why;    /* of an option that does nothing: why that does no harm; or NULL */
} OptRow;

/* The rows, by subject; each ends with a NULL name. */
extern const OptRow opt_rows_machine[]; /* options_machine.c */
extern const OptRow opt_rows_device[];  /* options_device.c */
extern const OptRow opt_rows_share[];   /* options_share.c */
extern const OptRow opt_rows_object[];  /* options_object.c */
extern const OptRow opt_rows_net[];     /* options_net.c */
extern const OptRow opt_rows_config[];  /* options_config.c */
extern const OptRow opt_rows_run[];     /* options_run.c */
extern const OptRow opt_rows_numa[];    /* options_numa.c */
extern const OptRow opt_rows_tables[];  /* options_tables.c */

/* "help" or "?": a list of what there is. */
bool opt_wants_help(const char *value);
/* For rows whose option has no meaning here and does no harm, and for those that would. */
bool opt_accept(Options *o, const char *value, GError **error);
bool opt_not_yet(Options *o, const char *value, GError **error);
/* Makes pairs of what -net gave, when all is read. */
bool options_pair_net(Options *o, GError **error);
void options_free_netdev(gpointer netdev);
void options_free_net_nic(gpointer nic);
/* -icount and -seed; in options_icount.c. */
bool opt_icount(Options *o, const char *value, GError **error);
bool opt_seed(Options *o, const char *value, GError **error);
/* Drives' devices, places and short options; in options_drive.c. */
void drive_add_device(Options *o, const DriveOption *drive);
/* Of an IDE drive: `index` as it was written, NULL for the first that is free. */
/* Makes it the flash of that unit, or the next one. */
bool drive_become_flash(Options *o, DriveOption *drive, const char *unit, GError **error);
bool opt_pflash(Options *o, const char *value, GError **error);
bool drive_find_place(const Options *o, DriveOption *drive, const char *index, GError **error);
/* -drive's text, which stands for `option` as the user wrote it. */
bool drive_add(Options *o, const char *option, const char *text, GError **error);
bool opt_cdrom(Options *o, const char *value, GError **error);
bool opt_hda(Options *o, const char *value, GError **error);
bool opt_hdb(Options *o, const char *value, GError **error);
bool opt_hdc(Options *o, const char *value, GError **error);
bool opt_hdd(Options *o, const char *value, GError **error);
/* -m's bytes, if a machine can have so many. */
bool options_set_memory(Options *o, uint64_t size, GError **error);
/* When all is read: the object that -machine memory-backend= names fits. */
bool options_use_memory_backend(Options *o, GError **error);
/* -add-fd, and the name of a file to open for what may be in a set ("/dev/fdset/2") and need not;
 * NULL with an error. In options_fds.c. */
bool opt_add_fd(Options *o, const char *value, GError **error);
char *options_fdset_path(const Options *o, const char *file, bool read_only, GError **error);
/* When all is read: which CPUs and how much memory each node has. */
bool options_lay_out_numa(Options *o, GError **error);
void options_free_numa(NumaOption *numa);
/* What the row's handler does, or a refusal. "help", where it is no value, shows what is: the
 * handler has then done nothing. */
bool options_run_row(Options *o, const OptRow *row, const char *value, GError **error);
/* The row of an option by its name without '-', or NULL. */
const OptRow *options_find_row(const char *name);
/* A property of the machine: three texts in machine_props, the first (the option as it was written)
 * for error messages. */
void options_set_machine_prop(Options *o, const char *option, const char *name, const char *text);

#endif

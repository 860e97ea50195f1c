/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What character backends share; private to chardev/. */
#ifndef CHARDEV_INTERNAL_H
#define CHARDEV_INTERNAL_H

#include <stdio.h>

#include "base/optlist.h"
#include "chardev/chardev.h"

/* Output that a slow reader has not taken yet is queued up to this; then one write waits this long,
 * and from then on output is dropped until the reader has caught up. */
#define CHR_QUEUE_BYTES       (1u << 20)
#define CHR_WRITE_PATIENCE_MS 500
/* How long the end of the program waits for the last of it to be taken. */
#define CHR_CLOSE_PATIENCE_MS 5000

typedef struct {
    const char *name;
    size_t instance_size; /* a struct that starts with a Chardev */
    bool (*open)(Chardev *chr, OptList *opts, GError **error);
    void (*close)(Chardev *chr);
    void (*write)(Chardev *chr, const uint8_t *data, size_t len);
    /* A front end came, or can take input again. May be NULL. */
    void (*accept_input)(Chardev *chr);
    /* A front end that came late must hear of a connection that stands. */
    bool (*is_open)(Chardev *chr);
} ChrOps;

typedef struct {
    const ChrHandlers *handlers;
    void *opaque;
} ChrFrontend;

struct Chardev {
    const ChrOps *ops;
    char *id;
    char *filename; /* for query-chardev */
    bool mux;
    bool wants_monitor;
    GArray *frontends;   /* of ChrFrontend; one, or several with a mux */
    guint focus;         /* index into frontends */
    bool escape;         /* mux: Ctrl-A was typed */
    GByteArray *backlog; /* mux: input that the front end in focus had no room for */
    void (*quit)(void *opaque);
    void *quit_opaque;
    FILE *log;           /* logfile= */
    const ChrGate *gate; /* of the guest's input; NULL: none */
    void *gate_opaque;
};

extern const ChrOps chr_null_ops, chr_vc_ops, chr_stdio_ops, chr_file_ops, chr_pipe_ops,
    chr_pty_ops, chr_socket_ops, chr_ringbuf_ops, chr_tty_ops, chr_udp_ops;

/* For backends: input to the front end in focus. Takes at most what chr_can_receive() said. */
size_t chr_can_receive(Chardev *chr);
void chr_receive(Chardev *chr, const uint8_t *data, size_t len);
/* What cannot be left with the host, such as a datagram: what finds no room now waits for some. */
void chr_receive_all(Chardev *chr, const uint8_t *data, size_t len);
void chr_send_event(Chardev *chr, ChrEvent event);
void chr_set_filename(Chardev *chr, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* What the front end in focus can take, without regard to a mux's backlog. */
size_t chr_focus_room(Chardev *chr);
void chr_focus_receive(Chardev *chr, const uint8_t *data, size_t len);
/* mux.c: drops the escapes out of `data`, acts on them, passes the rest on. */
void chr_mux_receive(Chardev *chr, const uint8_t *data, size_t len);
/* There is room again for what waits in the backlog. */
void chr_mux_flush(Chardev *chr);

/* A pair of file descriptors with an input watch that sleeps while nobody can take input. */
typedef struct {
    Chardev *chr;
    int in, out; /* -1 for none; may be the same */
    GSource *watch, *out_watch;
    GByteArray *queue; /* output not written yet */
    bool stalled;      /* the queue is full and patience is over */
    bool regular;      /* a file: writes never wait */
    bool is_socket;
    bool datagrams; /* each is read whole, and none of 0 bytes is an end */
    bool ended;     /* end of input */
    bool failed;    /* the host took no more output; said once */
    /* Takes the channel's own commands out of what was read; returns how much is left. May be NULL.
     */
    size_t (*decode)(Chardev *chr, uint8_t *data, size_t len);
    /* End of input, or an error. The watch is gone. May be NULL. */
    void (*hangup)(Chardev *chr);
} ChrFd;

void chr_fd_init(ChrFd *fd, Chardev *chr, int in, int out, void (*hangup)(Chardev *chr));
/* Stops watching and closes. */
void chr_fd_close(ChrFd *fd);
/* Starts or stops the watch by what the front end can take. */
void chr_fd_update(ChrFd *fd);
void chr_fd_write(ChrFd *fd, const uint8_t *data, size_t len);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's process: takes connections, gives each a process, tells when one has ended. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "display/vnc/internal.h"

typedef struct {
    VncServer *server;
    pid_t clients[VNC_CLIENTS_MAX]; /* 0: the place is free */
} Reception;

static void on_child(int number)
{
}

static bool tell_machine(const VncServer *server, const VncMessage *message)
{
    return send(server->machine, message, sizeof(*message), MSG_NOSIGNAL) == sizeof(*message);
}

/* The first free place, or -1. */
static int find_place(const Reception *r)
{
    for (unsigned i = 0; i < MIN(r->server->options->clients, VNC_CLIENTS_MAX); i++) {
        if (r->clients[i] == 0) {
            return (int)i;
        }
    }
    return -1;
}

static void begin_client(Reception *r, int fd, unsigned client)
{
    VncServer *server = r->server;
    VncMessage message = {.kind = VNC_MSG_CONNECTED, .client = client};
    pid_t parent = getpid();
    vnc_name_peer(fd, false, &message);
    tell_machine(server, &message);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) {
            _exit(1);
        }
        vnc_close_listeners(server);
        vnc_serve_client(server, fd, client);
    }
    if (pid < 0) {
        message.kind = VNC_MSG_GONE;
        tell_machine(server, &message);
        return;
    }
    r->clients[client] = pid;
}

static void accept_one(Reception *r, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    int place = find_place(r);
    if (fd >= 0 && place >= 0) {
        begin_client(r, fd, (unsigned)place);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void reap_clients(Reception *r)
{
    pid_t pid;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
        for (unsigned i = 0; i < VNC_CLIENTS_MAX; i++) {
            if (r->clients[i] == pid) {
                VncMessage message = {.kind = VNC_MSG_GONE, .client = i};
                r->clients[i] = 0;
                tell_machine(r->server, &message);
            }
        }
    }
}

/* The machine tells of passwords, and ends by closing its end. */
static void hear_machine(VncServer *server)
{
    VncMessage message;
    ssize_t got = recv(server->machine, &message, sizeof(message), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        _exit(0);
    }
    if (got == sizeof(message) && message.kind == VNC_MSG_PASSWORD) {
        server->password = message;
    }
}

void vnc_serve(VncServer *server)
{
    static Reception reception;
    struct pollfd polls[VNC_LISTENERS + 1];
    struct sigaction action = {.sa_handler = on_child};
    sigset_t blocked, open;
    reception.server = server;
    /* A child that ends is noticed while we wait, and nowhere else. */
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_BLOCK, &blocked, &open);
    sigdelset(&open, SIGCHLD);
    sigaction(SIGCHLD, &action, NULL);
    for (unsigned i = 0; i < server->listener_count; i++) {
        polls[i] = (struct pollfd){.fd = server->listeners[i], .events = POLLIN};
    }
    polls[server->listener_count] = (struct pollfd){.fd = server->machine, .events = POLLIN};
    for (;;) {
        bool woken = ppoll(polls, server->listener_count + 1, NULL, &open) > 0;
        if (woken && polls[server->listener_count].revents) {
            hear_machine(server);
        }
        reap_clients(&reception);
        for (unsigned i = 0; woken && i < server->listener_count; i++) {
            if (polls[i].revents) {
                accept_one(&reception, server->listeners[i]);
            }
        }
    }
}

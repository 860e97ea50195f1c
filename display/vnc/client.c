/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One client, in a process that has nothing else: libvncserver waits for it as long as it likes.
 * What it types goes to the machine key by key, no faster than a keyboard's buffer is emptied.
 */
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <rfb/rfb.h>

#include "display/vnc/internal.h"

/* How often the picture is looked at. */
#define LOOK_US 15000
/* A client that takes nothing for so long is given up. */
#define PATIENCE_MS 20000

typedef struct {
    const VncServer *server;
    unsigned client;
    rfbScreenInfoPtr screen;
    bool ready, gone;
    uint32_t size, serial;
    uint32_t seen[VNC_ROWS][VNC_COLUMNS];
    int64_t last_key_ms;
} Session;

static Session *session_of(rfbClientPtr client)
{
    return client->screen->screenData;
}

static void session_tell(Session *s, VncMessage *message)
{
    message->client = s->client;
    if (send(s->server->machine, message, sizeof(*message), MSG_NOSIGNAL) < 0) {
        _exit(0);
    }
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void session_key(rfbBool down, rfbKeySym keysym, rfbClientPtr client)
{
    Session *s = session_of(client);
    VncMessage message = {.kind = VNC_MSG_KEY, .key = {.keysym = keysym, .down = down != 0}};
    int64_t wait = s->last_key_ms + s->server->options->key_delay_ms - now_ms();
    if (wait > 0) {
        poll(NULL, 0, (int)wait);
    }
    s->last_key_ms = now_ms();
    session_tell(s, &message);
}

static void session_pointer(int buttons, int x, int y, rfbClientPtr client)
{
    Session *s = session_of(client);
    VncMessage message = {.kind = VNC_MSG_POINTER,
                          .pointer = {.x = (uint16_t)CLAMP(x, 0, UINT16_MAX),
                                      .y = (uint16_t)CLAMP(y, 0, UINT16_MAX),
                                      .buttons = (uint32_t)buttons}};
    session_tell(s, &message);
}

/* The client has encrypted what it was sent with the password. */
static rfbBool session_password(rfbClientPtr client, const char *answer, int len)
{
    const VncMessage *password = &session_of(client)->server->password;
    unsigned char wanted[CHALLENGESIZE];
    char text[VNC_PASSWORD_BYTES + 1];
    int64_t expires = password->password.expires;
    if (!password->password.given || len != CHALLENGESIZE || (expires && time(NULL) >= expires)) {
        return FALSE;
    }
    memcpy(wanted, client->authChallenge, sizeof(wanted));
    memcpy(text, password->password.text, sizeof(text));
    text[VNC_PASSWORD_BYTES] = '\0';
    rfbEncryptBytes(wanted, text);
    return memcmp(wanted, answer, sizeof(wanted)) == 0;
}

static void session_gone(rfbClientPtr client)
{
    session_of(client)->gone = true;
}

static enum rfbNewClientAction session_new(rfbClientPtr client)
{
    client->clientGoneHook = session_gone;
    return RFB_CLIENT_ACCEPT;
}

/* Lines are as long as the longest can be, and pixels are as pixman has them. */
static void session_shape(Session *s)
{
    rfbPixelFormat *format = &s->screen->serverFormat;
    rfbClientPtr client = s->screen->clientHead;
    s->screen->paddedWidthInBytes = (int)(VNC_WIDTH_MAX * sizeof(uint32_t));
    format->redShift = 16;
    format->greenShift = 8;
    format->blueShift = 0;
    if (client) {
        rfbSetTranslateFunction(client);
    }
}

static void session_resize(Session *s, uint32_t size)
{
    s->size = size;
    rfbNewFramebuffer(s->screen, (char *)s->server->frame->pixels, (int)(size >> 16),
                      (int)(size & 0xffff), 8, 3, 4);
    session_shape(s);
}

static void mark_row(Session *s, unsigned row)
{
    VncFrame *frame = s->server->frame;
    for (unsigned column = 0; column < VNC_COLUMNS; column++) {
        uint32_t serial = atomic_load(&frame->tiles[row][column]);
        if (serial != s->seen[row][column]) {
            unsigned x = column * VNC_TILE_WIDTH, y = row * VNC_TILE_HEIGHT;
            s->seen[row][column] = serial;
            rfbMarkRectAsModified(s->screen, (int)x, (int)y, (int)(x + VNC_TILE_WIDTH),
                                  (int)(y + VNC_TILE_HEIGHT));
        }
    }
}

static void session_look(Session *s)
{
    uint32_t size = atomic_load(&s->server->frame->size);
    uint32_t serial = atomic_load(&s->server->frame->serial);
    if (size != s->size) {
        session_resize(s, size);
    }
    if (serial != s->serial) {
        s->serial = serial;
        for (unsigned row = 0; row < VNC_ROWS; row++) {
            mark_row(s, row);
        }
    }
}

static void session_notice_ready(Session *s)
{
    const rfbClientRec *client = s->screen->clientHead;
    if (!s->ready && client && client->state == RFB_NORMAL) {
        VncMessage message = {.kind = VNC_MSG_READY};
        s->ready = true;
        session_tell(s, &message);
    }
}

static void say_nothing(const char *format, ...)
{
}

void vnc_client_prepare(void)
{
    unsigned char bytes[CHALLENGESIZE] = {0};
    char password[VNC_PASSWORD_BYTES + 1] = "";
    rfbLog = rfbErr = say_nothing;
    rfbMaxClientWait = PATIENCE_MS;
    rfbEncryptBytes(bytes, password); /* its library looks at files */
}

static rfbScreenInfoPtr make_screen(Session *s)
{
    const VncServer *server = s->server;
    s->size = atomic_load(&server->frame->size);
    rfbScreenInfoPtr screen =
        rfbGetScreen(NULL, NULL, (int)(s->size >> 16), (int)(s->size & 0xffff), 8, 3, 4);
    if (!screen) {
        _exit(1);
    }
    screen->frameBuffer = (char *)server->frame->pixels;
    screen->screenData = s;
    screen->desktopName = server->options->title;
    screen->autoPort = FALSE;
    screen->port = screen->ipv6port = 0; /* the socket is ours */
    screen->cursor = NULL;               /* the guest draws its own */
    screen->alwaysShared = TRUE;
    screen->kbdAddEvent = session_key;
    screen->ptrAddEvent = session_pointer;
    screen->newClientHook = session_new;
    if (server->options->password) {
        screen->authPasswdData = s;
        screen->passwordCheck = session_password;
    }
    return screen;
}

void vnc_serve_client(const VncServer *server, int fd, unsigned client)
{
    static Session session;
    session.server = server;
    session.client = client;
    session.screen = make_screen(&session);
    session_shape(&session);
    rfbInitServer(session.screen);
    if (server->confine.client) {
        server->confine.client(server->confine.opaque);
    }
    if (!rfbNewClient(session.screen, fd)) {
        _exit(0);
    }
    while (!session.gone) {
        rfbProcessEvents(session.screen, LOOK_US);
        session_notice_ready(&session);
        session_look(&session);
    }
    _exit(0);
}

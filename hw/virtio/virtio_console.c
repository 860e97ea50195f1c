/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-serial-pci: serial ports (Virtio 1.1, 5.3), and what plugs into it: virtconsole, whose
 * port is a console, and virtserialport, a named pipe to the guest. Left out: window sizes, port
 * hot plug.
 */
#include <linux/virtio_console.h>
#include <linux/virtio_ids.h>
#include <string.h>

#include "base/bytes.h"
#include "chardev/chardev.h"
#include "hw/virtio/virtio_devices.h"
#include "hw/virtio/virtio_pci.h"

#define TRANSITIONAL_ID     0x1003
#define CLASS_COMMUNICATION 0x078000
#define QUEUE_SIZE          128
#define MAX_PORTS           31
#define CONTROL_IN          2 /* queues: port 0's pair, control's, the other ports' */
#define CONTROL_OUT         3
#define CONTROL_HEADER      8
#define MAX_NAME            64
#define MAX_CONTROL         (CONTROL_HEADER + MAX_NAME)
#define MAX_BACKLOG         256 /* control messages waiting for a buffer */
#define INPUT_SIZE          4096
#define OUTPUT_COST         65536 /* of a part to the host, which may be a call of it */
/* One vector for the configuration, one that all queues share. */
#define DEFAULT_VECTORS 2
#define NR_AUTO         0xffffffffu

typedef struct VirtPort VirtPort;

typedef struct {
    VirtioPci vp;
    uint32_t max_ports;
    VirtPort *ports[MAX_PORTS];
    GQueue *backlog; /* of GBytes */
} VirtioSerial;

struct VirtPort {
    Device dev;
    VirtioSerial *serial;
    Chardev *chr;
    char *name;
    char *bus_name;
    uint32_t nr;
    uint8_t input[INPUT_SIZE]; /* from the host, until the guest gives a buffer */
    uint32_t input_len;
};

static bool is_console(const VirtPort *port)
{
    return port->dev.cls == &virtconsole_class;
}

static unsigned in_queue(const VirtPort *port)
{
    return port->nr == 0 ? 0 : 2 * port->nr + 2;
}

/* The port of a queue that is not control's, or NULL. */
static VirtPort *port_of(VirtioSerial *s, unsigned n)
{
    return s->ports[n < CONTROL_IN ? 0 : n / 2 - 1];
}

static void flush_backlog(VirtioSerial *s)
{
    VirtioDevice *v = &s->vp.virtio;
    VirtRequest req;
    while (!g_queue_is_empty(s->backlog) && virtio_pop(v, CONTROL_IN, &req)) {
        g_autoptr(GBytes) message = g_queue_pop_head(s->backlog);
        size_t len;
        const void *bytes = g_bytes_get_data(message, &len);
        len = MIN(len, req.in_len);
        if (!virt_request_write(&req, &v->mem, 0, bytes, len)) {
            virtio_fail(v, "console-control");
            return;
        }
        virtio_push(v, CONTROL_IN, &req, (uint32_t)len);
    }
    virtio_publish(v, CONTROL_IN);
}

static void send_control(VirtioSerial *s, uint32_t nr, uint16_t event, uint16_t value,
                         const char *text)
{
    uint8_t message[MAX_CONTROL];
    size_t text_len = text ? strnlen(text, MAX_NAME) : 0;
    if (g_queue_get_length(s->backlog) >= MAX_BACKLOG) {
        return;
    }
    bytes_put32(message, nr);
    bytes_put16(message + 4, event);
    bytes_put16(message + 6, value);
    if (text_len > 0) {
        memcpy(message + CONTROL_HEADER, text, text_len);
    }
    g_queue_push_tail(s->backlog, g_bytes_new(message, CONTROL_HEADER + text_len));
}

static void announce_port(VirtioSerial *s, const VirtPort *port)
{
    if (is_console(port)) {
        send_control(s, port->nr, VIRTIO_CONSOLE_CONSOLE_PORT, 1, NULL);
    }
    if (port->name) {
        send_control(s, port->nr, VIRTIO_CONSOLE_PORT_NAME, 1, port->name);
    }
    send_control(s, port->nr, VIRTIO_CONSOLE_PORT_OPEN, 1, NULL);
}

static void control_event(VirtioSerial *s, uint32_t nr, uint16_t event, uint16_t value)
{
    if (event == VIRTIO_CONSOLE_DEVICE_READY && value == 1) {
        for (uint32_t i = 0; i < s->max_ports; i++) {
            if (s->ports[i]) {
                send_control(s, i, VIRTIO_CONSOLE_PORT_ADD, 1, NULL);
            }
        }
    } else if (event == VIRTIO_CONSOLE_PORT_READY && value == 1 && nr < s->max_ports &&
               s->ports[nr]) {
        announce_port(s, s->ports[nr]);
    }
}

static uint32_t serve_control(void *opaque, unsigned n, const VirtRequest *req)
{
    VirtioSerial *s = opaque;
    uint8_t message[CONTROL_HEADER];
    if (virt_request_read(req, &s->vp.virtio.mem, 0, message, sizeof(message))) {
        control_event(s, bytes_get32(message), bytes_get16(message + 4), bytes_get16(message + 6));
    }
    return 0;
}

static uint32_t serve_output(void *opaque, unsigned n, const VirtRequest *req)
{
    VirtioSerial *s = opaque;
    VirtioDevice *v = &s->vp.virtio;
    VirtPort *port = port_of(s, n);
    uint64_t *done = &v->queues[n].done;
    uint8_t bytes[INPUT_SIZE];
    while (port && port->chr && *done < req->out_len) {
        size_t chunk = (size_t)MIN(req->out_len - *done, sizeof(bytes));
        if (!virtio_spend(v, OUTPUT_COST)) {
            return VIRTIO_LATER;
        }
        if (!virt_request_read(req, &v->mem, *done, bytes, chunk)) {
            virtio_fail(v, "console-output");
            return 0;
        }
        chr_guest_write(port->chr, bytes, chunk);
        *done += chunk;
    }
    return 0;
}

static void flush_input(VirtPort *port)
{
    VirtioDevice *v = &port->serial->vp.virtio;
    unsigned n = in_queue(port);
    VirtRequest req;
    while (port->input_len > 0 && virtio_is_running(v) && virtio_pop(v, n, &req)) {
        uint32_t len = (uint32_t)MIN(port->input_len, req.in_len);
        if (!virt_request_write(&req, &v->mem, 0, port->input, len)) {
            virtio_fail(v, "console-input");
            return;
        }
        port->input_len -= len;
        memmove(port->input, port->input + len, port->input_len);
        virtio_push(v, n, &req, len);
        if (len == 0) {
            break; /* an empty buffer takes nothing: wait for the next notification */
        }
    }
    if (virtio_is_running(v)) {
        virtio_publish(v, n);
    }
}

static void handle_input_buffers(VirtioSerial *s, unsigned n)
{
    VirtPort *port = port_of(s, n);
    if (!port) {
        return;
    }
    s->vp.virtio.busy = true;
    flush_input(port);
    s->vp.virtio.busy = false;
    if (port->chr && port->input_len < INPUT_SIZE) {
        chr_accept_input(port->chr);
    }
}

static void console_handle(void *opaque, unsigned n)
{
    VirtioSerial *s = opaque;
    if (n == CONTROL_OUT) {
        virtio_serve(&s->vp.virtio, n, serve_control);
    }
    if (n == CONTROL_OUT || n == CONTROL_IN) {
        s->vp.virtio.busy = true;
        flush_backlog(s);
        s->vp.virtio.busy = false;
    } else if (n % 2 != 0) {
        virtio_serve(&s->vp.virtio, n, serve_output);
    } else {
        handle_input_buffers(s, n);
    }
}

static void console_reset(void *opaque)
{
    VirtioSerial *s = opaque;
    g_queue_clear_full(s->backlog, (GDestroyNotify)g_bytes_unref);
    for (unsigned i = 0; i < MAX_PORTS; i++) {
        if (s->ports[i]) {
            s->ports[i]->input_len = 0;
        }
    }
}

/* A byte written by a driver that is in no state to use a queue (5.3.4). */
static void config_written(void *opaque)
{
    VirtioSerial *s = opaque;
    size_t at = offsetof(struct virtio_console_config, emerg_wr);
    uint8_t byte = s->vp.virtio.config[at];
    if (byte != 0 && s->ports[0] && s->ports[0]->chr) {
        chr_guest_write(s->ports[0]->chr, &byte, 1);
    }
    memset(&s->vp.virtio.config[at], 0, 4);
}

static const VirtioOps serial_ops = {
    .device_id = VIRTIO_ID_CONSOLE,
    .transitional_id = TRANSITIONAL_ID,
    .handle = console_handle,
    .reset = console_reset,
    .config_written = config_written,
};

static bool console_serial_realize(Device *dev, GError **error)
{
    VirtioSerial *s = (VirtioSerial *)dev;
    VirtioDevice *v = &s->vp.virtio;
    struct virtio_console_config config = {.max_nr_ports = GUINT32_TO_LE(s->max_ports)};
    size_t emergency = offsetof(struct virtio_console_config, emerg_wr);
    virtio_pci_init(&s->vp, &serial_ops);
    v->offered =
        VIRTIO_FEATURE(VIRTIO_CONSOLE_F_MULTIPORT) | VIRTIO_FEATURE(VIRTIO_CONSOLE_F_EMERG_WRITE);
    v->config_size = sizeof(config);
    memcpy(v->config, &config, sizeof(config));
    memset(&v->config_writable[emergency], 0xff, sizeof(config.emerg_wr));
    for (unsigned n = 0; n < 2 * (s->max_ports + 1); n++) {
        virtio_add_queue(v, QUEUE_SIZE);
    }
    if (s->vp.vectors == VIRTIO_VECTORS_AUTO) {
        s->vp.vectors = DEFAULT_VECTORS;
    }
    if (!virtio_pci_realize(&s->vp, error)) {
        return false;
    }
    s->backlog = g_queue_new();
    return true;
}

static void console_serial_unrealize(Device *dev)
{
    VirtioSerial *s = (VirtioSerial *)dev;
    for (unsigned i = 0; i < MAX_PORTS; i++) {
        if (s->ports[i]) {
            s->ports[i]->serial = NULL;
        }
    }
    g_queue_free_full(s->backlog, (GDestroyNotify)g_bytes_unref);
    virtio_pci_unrealize(dev);
}

static const PropInfo serial_props[] = {
    PROP_RANGE(PROP_UINT32, "max_ports", VirtioSerial, max_ports, "31", 1, MAX_PORTS,
               "ports at most"),
    VIRTIO_PCI_PROPS(VirtioSerial, vp),
    PROP_END,
};

static const StateField serial_state[] = {VIRTIO_PCI_STATE, STATE_END};

static const PciDeviceClass serial_pci = {
    .ids.vendor_id = VIRTIO_PCI_VENDOR,
    .ids.device_id = TRANSITIONAL_ID,
    .ids.class_code = CLASS_COMMUNICATION,
    .interrupt_pin = 1,
    .config_reading = virtio_pci_config_reading,
    .config_written = virtio_pci_config_written,
};

const DeviceClass virtio_serial_class = {
    .name = "virtio-serial-pci",
    .alias = "virtio-serial",
    .desc = "Virtio serial ports and consoles",
    .bus = BUS_PCI,
    .category = DEVICE_INPUT,
    .user_creatable = true,
    .instance_size = sizeof(VirtioSerial),
    .props = serial_props,
    .bus_props = pci_bus_props,
    .bus_class = &serial_pci,
    .state = serial_state,
    .realize = console_serial_realize,
    .unrealize = console_serial_unrealize,
    .reset = virtio_pci_reset,
    .restored = virtio_pci_restored,
};

static size_t port_can_receive(void *opaque)
{
    const VirtPort *port = opaque;
    return port->serial ? INPUT_SIZE - port->input_len : 0;
}

static void port_receive(void *opaque, const uint8_t *data, size_t len)
{
    VirtPort *port = opaque;
    len = MIN(len, INPUT_SIZE - port->input_len);
    memcpy(port->input + port->input_len, data, len);
    port->input_len += (uint32_t)len;
    flush_input(port);
}

static const ChrHandlers port_handlers = {
    .can_receive = port_can_receive,
    .receive = port_receive,
    .guest = true,
};

/* Port 0 is for a console: guests without multiport know no other. */
static bool choose_nr(VirtioSerial *s, VirtPort *port, GError **error)
{
    if (port->nr == NR_AUTO) {
        port->nr = is_console(port) ? 0 : 1;
        while (port->nr < s->max_ports && s->ports[port->nr]) {
            port->nr++;
        }
    }
    if (port->nr >= s->max_ports || s->ports[port->nr]) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "%s: no port %u free on %s, which has %u", port->dev.id, port->nr,
                    s->vp.pci.dev.id, s->max_ports);
        return false;
    }
    return true;
}

static VirtioSerial *find_serial(GPtrArray *devices, const char *bus_name)
{
    for (guint i = 0; i < devices->len; i++) {
        Device *dev = devices->pdata[i];
        g_autofree char *name = g_strdup_printf("%s.0", dev->id);
        if (dev->cls == &virtio_serial_class && (!bus_name || strcmp(name, bus_name) == 0)) {
            return (VirtioSerial *)dev;
        }
    }
    return NULL;
}

bool virtio_serial_plug(GPtrArray *devices, Device *dev, GError **error)
{
    VirtPort *port = (VirtPort *)dev;
    VirtioSerial *s = find_serial(devices, port->bus_name);
    if (!s) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                    "%s: no bus '%s'; give -device virtio-serial-pci,id=ID before it (its bus is "
                    "ID.0)",
                    dev->id, port->bus_name ? port->bus_name : "virtio-serial");
        return false;
    }
    if (!choose_nr(s, port, error)) {
        return false;
    }
    port->serial = s;
    return true;
}

Device *virtio_serial_of(const Device *port)
{
    bool is_port = port->cls->bus == BUS_VIRTIO_SERIAL && ((const VirtPort *)port)->serial;
    return is_port ? &((const VirtPort *)port)->serial->vp.pci.dev : NULL;
}

static bool port_realize(Device *dev, GError **error)
{
    VirtPort *port = (VirtPort *)dev;
    if (port->chr && !chr_attach(port->chr, &port_handlers, port, error)) {
        return false;
    }
    port->serial->ports[port->nr] = port;
    return true;
}

static void port_unrealize(Device *dev)
{
    VirtPort *port = (VirtPort *)dev;
    if (port->chr) {
        chr_detach(port->chr, port);
    }
    if (port->serial) {
        port->serial->ports[port->nr] = NULL;
    }
}

static const PropInfo port_props[] = {
    PROP(PROP_CHARDEV, "chardev", VirtPort, chr, NULL, "the host's end"),
    PROP(PROP_STRING, "name", VirtPort, name, NULL, "what the guest finds it by"),
    PROP(PROP_STRING, "bus", VirtPort, bus_name, NULL, "ID.0 of a virtio-serial-pci"),
    PROP(PROP_UINT32, "nr", VirtPort, nr, "4294967295", "port number; 4294967295 picks one"),
    PROP_END,
};

static const StateField port_state[] = {
    STATE_ARRAY(STATE_BYTES, VirtPort, input, INPUT_SIZE),
    STATE_FIELD(STATE_UINT32, VirtPort, input_len),
    STATE_END,
};

#define PORT_CLASS(name_, desc_)                                                                   \
    {                                                                                              \
        .name = name_, .desc = desc_, .bus = BUS_VIRTIO_SERIAL, .category = DEVICE_INPUT,          \
        .user_creatable = true, .instance_size = sizeof(VirtPort), .props = port_props,            \
        .state = port_state, .realize = port_realize, .unrealize = port_unrealize                  \
    }

const DeviceClass virtconsole_class = PORT_CLASS("virtconsole", "Virtio console port");
const DeviceClass virtserialport_class = PORT_CLASS("virtserialport", "Virtio serial port");

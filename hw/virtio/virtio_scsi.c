/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * virtio-scsi-pci: a SCSI host adapter (Virtio 1.1, 5.6), whose bus takes scsi-hd and scsi-cd.
 * Commands are done one after the other, a long one in slices; task management waits for its end,
 * so that none is there any more when it is asked for. Left out: data both ways, protection
 * information, changes of a unit's parameters as events.
 */
#include <linux/virtio_ids.h>
#include <linux/virtio_scsi.h>
#include <string.h>

#include "base/bytes.h"
#include "hw/scsi/scsi_bus.h"
#include "hw/virtio/virtio_devices.h"
#include "hw/virtio/virtio_pci.h"

#define TRANSITIONAL_ID    0x1004
#define CLASS_SCSI_STORAGE 0x010000
#define BOUNCE_SIZE        (64u * 1024)
#define MAX_TRANSFER       (256ull * 1024 * 1024)
#define NO_DATA_COST       (256u * 1024) /* it may wait for the disk */
#define CONTROL_SIZE       64            /* entries of the control and the event queue */
#define MOST_CDB           64u
#define MOST_SENSE         256u
#define CONFIG_SIZE        (offsetof(struct virtio_scsi_config, max_lun) + 4)
#define SEGS_BESIDE_DATA   2
#define FLAT_SPACE         0x4000 /* addressing method of a logical unit number (SAM-5, 4.7.7) */
#define LUN_BITS           0x3fff

enum { QUEUE_CONTROL, QUEUE_EVENTS, QUEUE_REQUESTS };

typedef struct {
    VirtioPci vp;
    uint32_t num_queues, queue_size, max_sectors, cmd_per_lun;
    bool hotplug;
    ScsiBus bus;
    bool missed;  /* an event for which there was no buffer */
    uint8_t amid; /* the queue whose command has been begun; 0: none has (that is control's) */
    uint8_t bounce[BOUNCE_SIZE];
} VirtioScsi;

/* A command, and what is to be said of it. */
typedef struct {
    const VirtRequest *req;
    uint64_t out_at, in_at;   /* where data begins */
    uint64_t out_len, in_len; /* room for it */
    uint8_t response, status;
    uint32_t residual;
    uint64_t moved_in;
    uint64_t *done; /* bytes moved: 0 for a command that begins */
    bool later;
    uint8_t sense[SCSI_SENSE_SIZE];
    uint32_t sense_len;
} Command;

static VirtioScsi *vscsi_of(void *opaque)
{
    return opaque;
}

static uint32_t config_word(const VirtioScsi *s, size_t at, uint32_t most)
{
    uint32_t value = bytes_get32(s->vp.virtio.config + at);
    return MIN(value, most);
}

/* 5.6.6.1: 1, the target, and a number in the flat space. */
static ScsiUnit *find_unit(VirtioScsi *s, const uint8_t *lun)
{
    return lun[0] == 1 ? scsi_bus_find(&s->bus, lun[1], bytes_get16_be(lun + 2) & LUN_BITS) : NULL;
}

/* The next part of the data, to or from the driver's buffers. */
static bool move_part(VirtioScsi *s, ScsiUnit *u, Command *c, bool in, uint64_t done, size_t len,
                      ScsiStatus *status)
{
    const VirtMem *mem = &s->vp.virtio.mem;
    const struct iovec part = {s->bounce, len};
    if (!in && !virt_request_read(c->req, mem, c->out_at + done, s->bounce, len)) {
        return false;
    }
    *status = scsi_move(u, &part, 1);
    return *status != SCSI_GOOD || !in ||
           virt_request_write(c->req, mem, c->in_at + done, s->bounce, len);
}

static void give_up(ScsiUnit *u, Command *c, uint8_t response)
{
    u->task = (ScsiTask){0};
    c->response = response;
}

/* False if the command has ended, by what `response` says. */
static bool move_data(VirtioScsi *s, ScsiUnit *u, Command *c, ScsiStatus *status)
{
    bool in = u->task.direction == SCSI_DATA_IN;
    uint64_t len = u->task.left + *c->done, room = in ? c->in_len : c->out_len;
    if (len > room || len > MAX_TRANSFER) {
        give_up(u, c, len > room ? VIRTIO_SCSI_S_OVERRUN : VIRTIO_SCSI_S_FAILURE);
        return false;
    }
    while (*c->done < len && *status == SCSI_GOOD) {
        size_t part = (size_t)MIN(len - *c->done, BOUNCE_SIZE);
        if (!virtio_spend(&s->vp.virtio, (uint32_t)part)) {
            c->later = true;
            return false;
        }
        if (!move_part(s, u, c, in, *c->done, part, status)) {
            give_up(u, c, VIRTIO_SCSI_S_FAILURE);
            return false;
        }
        *c->done += part;
    }
    c->residual = (uint32_t)MIN(room - u->task.done, UINT32_MAX);
    c->moved_in = in ? u->task.done : 0;
    return true;
}

static void run_command(VirtioScsi *s, ScsiUnit *u, const uint8_t *cdb, Command *c)
{
    ScsiStatus status = *c->done == 0 ? scsi_begin(u, cdb) : SCSI_GOOD;
    if (*c->done != u->task.done) { /* a bus reset, or another unit than it was */
        give_up(u, c, VIRTIO_SCSI_S_RESET);
        return;
    }
    if (u->task.direction == SCSI_NO_DATA) {
        virtio_spend(&s->vp.virtio, NO_DATA_COST);
    }
    c->residual = (uint32_t)MIN(c->in_len + c->out_len, UINT32_MAX);
    if (status == SCSI_GOOD && u->task.direction != SCSI_NO_DATA && !move_data(s, u, c, &status)) {
        return;
    }
    status = status == SCSI_GOOD ? scsi_end(u) : status;
    c->response = VIRTIO_SCSI_S_OK;
    if (status != SCSI_GOOD) {
        enum { CHECK_CONDITION = 2 };
        c->status = CHECK_CONDITION;
        c->sense_len = SCSI_SENSE_SIZE;
        scsi_take_sense(u, c->sense);
    }
}

static bool put_response(VirtioScsi *s, const Command *c, uint32_t sense_size)
{
    const VirtMem *mem = &s->vp.virtio.mem;
    uint32_t sense = MIN(c->sense_len, sense_size);
    struct virtio_scsi_cmd_resp head = {.sense_len = GUINT32_TO_LE(sense),
                                        .resid = GUINT32_TO_LE(c->residual),
                                        .status = c->status,
                                        .response = c->response};
    size_t size = offsetof(struct virtio_scsi_cmd_resp, sense);
    return virt_request_write(c->req, mem, 0, &head, size) &&
           virt_request_write(c->req, mem, size, c->sense, sense);
}

/* A command waits for its next slice. */
static bool has_begun(const VirtioScsi *s)
{
    return s->amid != 0 && s->amid < VIRTIO_MAX_QUEUES && (s->vp.virtio.waiting >> s->amid & 1);
}

static uint32_t serve_command(void *opaque, unsigned n, const VirtRequest *req)
{
    VirtioScsi *s = opaque;
    VirtioDevice *v = &s->vp.virtio;
    uint32_t cdb_size = config_word(s, offsetof(struct virtio_scsi_config, cdb_size), MOST_CDB);
    uint32_t sense_size =
        config_word(s, offsetof(struct virtio_scsi_config, sense_size), MOST_SENSE);
    size_t head = offsetof(struct virtio_scsi_cmd_req, cdb);
    Command c = {.req = req,
                 .done = &v->queues[n].done,
                 .out_at = head + cdb_size,
                 .in_at = offsetof(struct virtio_scsi_cmd_resp, sense) + sense_size};
    struct virtio_scsi_cmd_req in = {0};
    if (s->amid != n && has_begun(s)) {
        return VIRTIO_LATER; /* a unit has one task */
    }
    uint8_t cdb[MOST_CDB] = {0};
    if (req->out_len < c.out_at || req->in_len < c.in_at ||
        !virt_request_read(req, &v->mem, 0, &in, head) ||
        !virt_request_read(req, &v->mem, head, cdb, cdb_size)) {
        virtio_fail(v, "scsi-request");
        return 0;
    }
    c.out_len = req->out_len - c.out_at;
    c.in_len = req->in_len - c.in_at;
    ScsiUnit *u = find_unit(s, in.lun);
    if (!u) {
        c.response = VIRTIO_SCSI_S_BAD_TARGET;
    } else if (c.out_len && c.in_len) {
        c.response = VIRTIO_SCSI_S_FAILURE;
    } else {
        run_command(s, u, cdb, &c);
    }
    s->amid = c.later ? (uint8_t)n : 0;
    if (c.later) {
        return VIRTIO_LATER;
    }
    trace_event(v->trace, TRACE_VIRTIO,
                "virtio_scsi dev=%s target=%u command=%x out=%" PRIu64 " in=%" PRIu64
                " response=%u status=%u",
                v->name, in.lun[1], cdb[0], c.out_len, c.in_len, c.response, c.status);
    if (!put_response(s, &c, sense_size)) {
        virtio_fail(v, "scsi-response");
        return 0;
    }
    return (uint32_t)(c.in_at + c.moved_in);
}

/* 5.6.6.2: nothing is ever waiting, so what ends tasks has nothing to do. */
static uint8_t manage_tasks(VirtioScsi *s, const struct virtio_scsi_ctrl_tmf_req *tmf)
{
    ScsiUnit *u = find_unit(s, tmf->lun);
    if (!u) {
        return VIRTIO_SCSI_S_BAD_TARGET;
    }
    switch (GUINT32_FROM_LE(tmf->subtype)) {
    case VIRTIO_SCSI_T_TMF_I_T_NEXUS_RESET:
        scsi_bus_reset_target(&s->bus, tmf->lun[1]);
        return VIRTIO_SCSI_S_OK;
    case VIRTIO_SCSI_T_TMF_ABORT_TASK:
    case VIRTIO_SCSI_T_TMF_ABORT_TASK_SET:
    case VIRTIO_SCSI_T_TMF_CLEAR_TASK_SET:
    case VIRTIO_SCSI_T_TMF_QUERY_TASK:
    case VIRTIO_SCSI_T_TMF_QUERY_TASK_SET:
        return u == &s->bus.nobody ? VIRTIO_SCSI_S_INCORRECT_LUN : VIRTIO_SCSI_S_OK;
    case VIRTIO_SCSI_T_TMF_LOGICAL_UNIT_RESET:
        if (u == &s->bus.nobody) {
            return VIRTIO_SCSI_S_INCORRECT_LUN;
        }
        scsi_reset(u);
        return VIRTIO_SCSI_S_OK;
    default:
        return VIRTIO_SCSI_S_FUNCTION_REJECTED;
    }
}

static uint32_t serve_tmf(VirtioScsi *s, const VirtRequest *req)
{
    VirtioDevice *v = &s->vp.virtio;
    struct virtio_scsi_ctrl_tmf_req tmf;
    uint8_t response;
    if (req->in_len < 1 || !virt_request_read(req, &v->mem, 0, &tmf, sizeof(tmf))) {
        virtio_fail(v, "scsi-task-management");
        return 0;
    }
    response = manage_tasks(s, &tmf);
    trace_event(v->trace, TRACE_VIRTIO, "virtio_scsi_tmf dev=%s target=%u function=%u response=%u",
                v->name, tmf.lun[1], GUINT32_FROM_LE(tmf.subtype), response);
    virt_request_write(req, &v->mem, 0, &response, 1);
    return 1;
}

/* 5.6.6.2: of asynchronous notifications there are none. */
static uint32_t serve_notifications(VirtioScsi *s, const VirtRequest *req)
{
    const struct virtio_scsi_ctrl_an_resp answer = {.response = VIRTIO_SCSI_S_OK};
    if (!virt_request_write(req, &s->vp.virtio.mem, 0, &answer, sizeof(answer))) {
        virtio_fail(&s->vp.virtio, "scsi-notifications");
        return 0;
    }
    return sizeof(answer);
}

static uint32_t serve_scsi_control(void *opaque, unsigned n, const VirtRequest *req)
{
    VirtioScsi *s = opaque;
    uint8_t type[4];
    if (has_begun(s)) {
        return VIRTIO_LATER;
    }
    if (!virt_request_read(req, &s->vp.virtio.mem, 0, type, sizeof(type))) {
        virtio_fail(&s->vp.virtio, "scsi-control");
        return 0;
    }
    switch (bytes_get32(type)) {
    case VIRTIO_SCSI_T_TMF:
        return serve_tmf(s, req);
    case VIRTIO_SCSI_T_AN_QUERY:
    case VIRTIO_SCSI_T_AN_SUBSCRIBE:
        return serve_notifications(s, req);
    default:
        return 0;
    }
}

/* 5.6.6.3: without a buffer it is lost, and the next one says so. */
static void vscsi_send_event(VirtioScsi *s, uint32_t event, uint32_t reason, const uint8_t *lun)
{
    VirtioDevice *v = &s->vp.virtio;
    VirtRequest req;
    if (!virtio_is_running(v) || !v->queues[QUEUE_EVENTS].enabled) {
        return;
    }
    if (!virtio_pop(v, QUEUE_EVENTS, &req)) {
        s->missed = true;
        return;
    }
    struct virtio_scsi_event out = {.reason = GUINT32_TO_LE(reason)};
    out.event = GUINT32_TO_LE(event | (s->missed ? VIRTIO_SCSI_T_EVENTS_MISSED : 0));
    memcpy(out.lun, lun, sizeof(out.lun));
    if (!virt_request_write(&req, &v->mem, 0, &out, sizeof(out))) {
        virtio_fail(v, "scsi-event");
        return;
    }
    s->missed = false;
    virtio_push(v, QUEUE_EVENTS, &req, sizeof(out));
    virtio_publish(v, QUEUE_EVENTS);
}

static void unit_changed(Device *adapter, uint8_t target, uint16_t lun, bool came)
{
    VirtioScsi *s = (VirtioScsi *)adapter;
    uint8_t where[8] = {1, target};
    bytes_put16_be(where + 2, lun | FLAT_SPACE);
    if (virtio_has_feature(&s->vp.virtio, VIRTIO_SCSI_F_HOTPLUG)) {
        vscsi_send_event(s, VIRTIO_SCSI_T_TRANSPORT_RESET,
                         came ? VIRTIO_SCSI_EVT_RESET_RESCAN : VIRTIO_SCSI_EVT_RESET_REMOVED,
                         where);
    }
}

static void vscsi_handle(void *opaque, unsigned n)
{
    VirtioScsi *s = vscsi_of(opaque);
    VirtioDevice *v = &s->vp.virtio;
    if (n == QUEUE_CONTROL) {
        virtio_serve(v, n, serve_scsi_control);
    } else if (n >= QUEUE_REQUESTS) {
        virtio_serve(v, n, serve_command);
    } else if (s->missed && !v->busy) {
        v->busy = true;
        vscsi_send_event(s, VIRTIO_SCSI_T_NO_EVENT, 0, (const uint8_t[8]){0});
        v->busy = false;
    }
}

/* 5.6.4: the sizes that the driver may change are back, and the units as after a bus reset. */
static void vscsi_reset(void *opaque)
{
    VirtioScsi *s = opaque;
    uint8_t *config = s->vp.virtio.config;
    s->missed = false;
    s->amid = 0;
    bytes_put32(config + offsetof(struct virtio_scsi_config, sense_size),
                VIRTIO_SCSI_SENSE_DEFAULT_SIZE);
    bytes_put32(config + offsetof(struct virtio_scsi_config, cdb_size),
                VIRTIO_SCSI_CDB_DEFAULT_SIZE);
    scsi_bus_reset(&s->bus);
}

static const VirtioOps vscsi_ops = {
    .device_id = VIRTIO_ID_SCSI,
    .transitional_id = TRANSITIONAL_ID,
    .handle = vscsi_handle,
    .reset = vscsi_reset,
};

static void vscsi_fill_config(VirtioScsi *s)
{
    VirtioDevice *v = &s->vp.virtio;
    const struct virtio_scsi_config config = {
        .num_queues = GUINT32_TO_LE(s->num_queues),
        .seg_max = GUINT32_TO_LE(s->queue_size - SEGS_BESIDE_DATA),
        .max_sectors = GUINT32_TO_LE(s->max_sectors),
        .cmd_per_lun = GUINT32_TO_LE(s->cmd_per_lun),
        .event_info_size = GUINT32_TO_LE(sizeof(struct virtio_scsi_event)),
        .sense_size = GUINT32_TO_LE(VIRTIO_SCSI_SENSE_DEFAULT_SIZE),
        .cdb_size = GUINT32_TO_LE(VIRTIO_SCSI_CDB_DEFAULT_SIZE),
        .max_target = GUINT16_TO_LE(SCSI_TARGETS - 1),
        .max_lun = GUINT32_TO_LE(SCSI_LUNS - 1),
    };
    v->config_size = CONFIG_SIZE;
    memcpy(v->config, &config, CONFIG_SIZE);
    memset(v->config_writable + offsetof(struct virtio_scsi_config, sense_size), 0xff, 8);
}

static bool vscsi_realize(Device *dev, GError **error)
{
    VirtioScsi *s = (VirtioScsi *)dev;
    if ((s->queue_size & (s->queue_size - 1)) != 0) {
        g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_BAD_VALUE,
                    "%s: virtqueue_size=%u; it must be a power of two from 4 to %d", dev->id,
                    s->queue_size, VIRTQUEUE_MAX_SIZE);
        return false;
    }
    virtio_pci_init(&s->vp, &vscsi_ops);
    s->vp.virtio.offered = s->hotplug ? VIRTIO_FEATURE(VIRTIO_SCSI_F_HOTPLUG) : 0;
    vscsi_fill_config(s);
    virtio_add_queue(&s->vp.virtio, CONTROL_SIZE);
    virtio_add_queue(&s->vp.virtio, CONTROL_SIZE);
    for (uint32_t n = 0; n < s->num_queues; n++) {
        virtio_add_queue(&s->vp.virtio, (uint16_t)s->queue_size);
    }
    if (!virtio_pci_realize(&s->vp, error)) {
        return false;
    }
    scsi_bus_init(&s->bus, dev);
    s->bus.changed = unit_changed;
    return true;
}

static void vscsi_unrealize(Device *dev)
{
    scsi_bus_end(&((VirtioScsi *)dev)->bus);
    virtio_pci_unrealize(dev);
}

/* "ID.0"; and of those without an id, counted from 0, "scsi.N". */
static bool is_called(const Device *adapter, unsigned unnamed, const char *name)
{
    g_autofree char *own = adapter->has_user_id ? g_strdup_printf("%s.0", adapter->id)
                                                : g_strdup_printf("scsi.%u", unnamed);
    return !name || strcmp(own, name) == 0;
}

bool virtio_scsi_plug(GPtrArray *devices, Device *unit, GError **error)
{
    const char *name = scsi_bus_name(unit);
    unsigned unnamed = 0;
    for (guint i = 0; i < devices->len; i++) {
        Device *dev = devices->pdata[i];
        if (dev->cls != &virtio_scsi_class) {
            continue;
        }
        if (is_called(dev, unnamed, name)) {
            return scsi_bus_plug(&((VirtioScsi *)dev)->bus, unit, error);
        }
        unnamed += !dev->has_user_id;
    }
    g_set_error(error, DEVICE_ERROR, DEVICE_ERROR_FAILED,
                "%s: no bus '%s'; give -device virtio-scsi-pci,id=ID before it (its bus is ID.0)",
                unit->id, name ? name : "scsi");
    return false;
}

static const PropInfo vscsi_props[] = {
    PROP_RANGE(PROP_UINT32, "num_queues", VirtioScsi, num_queues, "1", 1,
               VIRTIO_MAX_QUEUES - QUEUE_REQUESTS, "request queues"),
    PROP_RANGE(PROP_UINT32, "virtqueue_size", VirtioScsi, queue_size, "256", 4, VIRTQUEUE_MAX_SIZE,
               "entries a request queue"),
    PROP_RANGE(PROP_UINT32, "max_sectors", VirtioScsi, max_sectors, "65535", 8, 524288,
               "of 512 bytes, most of a command"),
    PROP_RANGE(PROP_UINT32, "cmd_per_lun", VirtioScsi, cmd_per_lun, "128", 1, 1024,
               "commands at a time, most of a unit"),
    PROP(PROP_BOOL, "hotplug", VirtioScsi, hotplug, "on", "tell of units that come and go"),
    VIRTIO_PCI_PROPS(VirtioScsi, vp),
    PROP_END,
};

static const StateField vscsi_state[] = {
    VIRTIO_PCI_STATE,
    STATE_FIELD(STATE_UINT8, VirtioScsi, missed),
    STATE_FIELD_SINCE(STATE_UINT8, VirtioScsi, amid, 1),
    STATE_NOT_SAVED(VirtioScsi, bus),    /* units have their own; of nobody's nothing stays */
    STATE_NOT_SAVED(VirtioScsi, bounce), /* within one command only */
    STATE_END,
};

static const PciDeviceClass vscsi_pci = {
    .ids.vendor_id = VIRTIO_PCI_VENDOR,
    .ids.device_id = TRANSITIONAL_ID,
    .ids.class_code = CLASS_SCSI_STORAGE,
    .interrupt_pin = 1,
    .config_reading = virtio_pci_config_reading,
    .config_written = virtio_pci_config_written,
};

const DeviceClass virtio_scsi_class = {
    .name = "virtio-scsi-pci",
    .alias = "virtio-scsi",
    .desc = "Virtio SCSI host adapter",
    .bus = BUS_PCI,
    .category = DEVICE_STORAGE,
    .user_creatable = true,
    .instance_size = sizeof(VirtioScsi),
    .props = vscsi_props,
    .bus_props = pci_bus_props,
    .bus_class = &vscsi_pci,
    .state = vscsi_state,
    .realize = vscsi_realize,
    .unrealize = vscsi_unrealize,
    .reset = virtio_pci_reset,
    .restored = virtio_pci_restored,
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests of one bridge go to several units; see route.h. */
#include "hw/i386/iommu/route.h"

#include <linux/pci_regs.h>

/* The requester ids first to last are under another unit than those around them. */
typedef struct {
    uint16_t first, last;
    Upstream up;
} Part;

struct IommuRoute {
    GArray *parts; /* of Part, what is inside another one before it */
    Upstream rest;
};

/* While a route is filled in. */
typedef struct {
    const GPtrArray *units;
    IommuRoute *route;
} Survey;

static const Upstream *up_of(const IommuRoute *route, uint16_t requester_id)
{
    for (guint i = 0; i < route->parts->len; i++) {
        const Part *part = &g_array_index(route->parts, Part, i);
        if (requester_id >= part->first && requester_id <= part->last) {
            return &part->up;
        }
    }
    return &route->rest;
}

static MemResult route_read(void *opaque, const BusReq *req, uint64_t addr, void *buf, size_t len)
{
    return upstream_read(up_of(opaque, req->requester_id), req, addr, buf, len);
}

static MemResult route_write(void *opaque, const BusReq *req, uint64_t addr, const void *buf,
                             size_t len)
{
    return upstream_write(up_of(opaque, req->requester_id), req, addr, buf, len);
}

static IntrResult route_interrupt(void *opaque, const IntrMsg *msg)
{
    return upstream_interrupt(up_of(opaque, msg->requester_id), msg);
}

static bool route_translate(void *opaque, const BusReq *req, uint64_t addr, BusTranslation *out)
{
    return upstream_translate(up_of(opaque, req->requester_id), req, addr, out);
}

static void route_invalidated(void *opaque, uint16_t requester_id, uint32_t tags)
{
    upstream_invalidated(up_of(opaque, requester_id), requester_id, tags);
}

static bool route_request_page(void *opaque, const BusReq *req, const BusPageRequest *what)
{
    return upstream_request_page(up_of(opaque, req->requester_id), req, what);
}

Upstream iommu_route_upstream(IommuRoute *route)
{
    static const UpstreamOps ops = {route_read,      route_write,       route_interrupt,
                                    route_translate, route_invalidated, route_request_page};
    return (Upstream){&ops, route};
}

static void add_part(IommuRoute *route, uint16_t first, uint16_t last, Device *unit)
{
    const Part part = {first, last, iommu_class(unit)->upstream(unit)};
    g_array_append_val(route->parts, part);
}

/* All of what is behind a bridge, with the ids that it puts in itself. */
static void add_buses(IommuRoute *route, const PciDevice *bridge, Device *unit)
{
    uint8_t first = bridge->config[PCI_SECONDARY_BUS], last = bridge->config[PCI_SUBORDINATE_BUS];
    if (first != 0 && first <= last) {
        add_part(route, (uint16_t)(first << 8), (uint16_t)(last << 8 | 0xff), unit);
    }
}

static void survey(PciDevice *pci, void *opaque)
{
    Survey *s = opaque;
    Device *unit = iommu_above_function(s->units, pci);
    if (!unit || unit == iommu_above_function(s->units, pci_bus_bridge(pci->bus))) {
        return;
    }
    add_part(s->route, pci->rid, pci->rid, unit);
    if (pci_bus_behind(pci)) {
        add_buses(s->route, pci, unit);
    }
}

static int narrower_first(gconstpointer a, gconstpointer b)
{
    const Part *one = a, *other = b;
    return (one->last - one->first) - (other->last - other->first);
}

bool iommu_route_survey(IommuRoute *route, const GPtrArray *units, const PciDevice *bridge,
                        Upstream rest)
{
    route->rest = rest;
    g_array_set_size(route->parts, 0);
    pci_bus_foreach(pci_bus_behind(bridge), survey, &(Survey){units, route});
    g_array_sort(route->parts, narrower_first);
    return route->parts->len > 0;
}

IommuRoute *iommu_route_new(void)
{
    IommuRoute *route = g_new0(IommuRoute, 1);
    route->parts = g_array_new(false, false, sizeof(Part));
    return route;
}

void iommu_route_free(IommuRoute *route)
{
    g_array_unref(route->parts);
    g_free(route);
}

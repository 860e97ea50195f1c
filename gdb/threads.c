/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vCPUs as threads of process 1 (E.2: thread-id). */
#include <errno.h>

#include "gdb/server.h"

#define PROCESS 1

void gdb_put_thread(const Gdb *gdb, GString *out, unsigned cpu)
{
    if (gdb->multiprocess) {
        g_string_append_printf(out, "p%02x.", PROCESS);
    }
    g_string_append_printf(out, "%02x", cpu + 1);
}

static bool take_id(const char **text, int64_t *id)
{
    uint64_t value;
    if (gdb_take_prefix(text, "-1")) {
        *id = -1;
        return true;
    }
    if (!gdb_take_number(text, &value) || value > G_MAXINT) {
        return false;
    }
    *id = (int64_t)value;
    return true;
}

bool gdb_take_thread(Gdb *gdb, const char **text, int *cpu)
{
    int64_t process = PROCESS, thread;
    if (gdb_take_prefix(text, "p")) {
        if (!take_id(text, &process) || process > PROCESS) {
            return false;
        }
        thread = -1; /* "pPID" alone is all of its threads */
        if (gdb_take_prefix(text, ".") && !take_id(text, &thread)) {
            return false;
        }
    } else if (!take_id(text, &thread)) {
        return false;
    }
    *cpu = thread <= 0 ? (int)thread : (int)(thread - 1);
    return thread <= 0 || (*cpu < (int)gdb->machine->cpu_count &&
                           machine_cpu_is_present(gdb->machine, (unsigned)*cpu));
}

void gdb_select_thread(Gdb *gdb, const char *args)
{
    char what = *args;
    const char *text = args + (what != '\0');
    int cpu;
    if (!gdb_take_thread(gdb, &text, &cpu)) {
        gdb_send_error(gdb, ESRCH);
        return;
    }
    *(what == 'c' ? &gdb->resumed : &gdb->cpu) = (unsigned)MAX(cpu, 0);
    gdb_send_text(gdb, "OK");
}

void gdb_thread_alive(Gdb *gdb, const char *args)
{
    int cpu;
    if (gdb_take_thread(gdb, &args, &cpu)) {
        gdb_send_text(gdb, "OK");
    } else {
        gdb_send_error(gdb, ESRCH);
    }
}

void gdb_list_threads(Gdb *gdb, bool from_the_first)
{
    g_autoptr(GString) out = g_string_new(NULL);
    if (from_the_first) {
        gdb->listed = 0;
    }
    for (; gdb->listed < gdb->machine->cpu_count && out->len < 1024; gdb->listed++) {
        if (machine_cpu_is_present(gdb->machine, gdb->listed)) {
            g_string_append_c(out, out->len ? ',' : 'm');
            gdb_put_thread(gdb, out, gdb->listed);
        }
    }
    gdb_send_text(gdb, out->len ? out->str : "l");
}

void gdb_describe_thread(Gdb *gdb, const char *args)
{
    int cpu;
    if (!gdb_take_thread(gdb, &args, &cpu) || cpu < 0) {
        gdb_send_error(gdb, ESRCH);
        return;
    }
    const Vcpu *vcpu = gdb->machine->cpus[cpu];
    bool waits = vcpu->ops->has_work && !vcpu->ops->has_work(vcpu);
    g_autofree char *text = g_strdup_printf("CPU#%d, APIC id %u [%s]", cpu, vcpu->apic_id,
                                            waits ? "halted" : "running");
    g_autoptr(GString) out = g_string_new(NULL);
    gdb_put_hex(out, text, strlen(text));
    gdb_send_text(gdb, out->str);
}

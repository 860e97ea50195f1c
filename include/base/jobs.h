/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a monitor has started and asks about later (QMP's jobs). One goes from created over running
 * to concluded, and is kept until somebody dismisses it; clients are told of each step by the event
 * JOB_STATUS_CHANGE. The run state has them.
 */
#ifndef BASE_JOBS_H
#define BASE_JOBS_H

#include <glib.h>

#include "base/runstate.h"

typedef enum {
    JOB_CREATED,
    JOB_RUNNING,
    JOB_WAITING,
    JOB_PENDING,
    JOB_ABORTING,
    JOB_CONCLUDED,
    JOB_NULL, /* dismissed */
} JobStatus;

typedef struct {
    char *id;
    const char *type; /* QMP's JobType */
    JobStatus status;
    char *error; /* NULL: there is none */
    guint work;  /* GLib's source that does it, which goes with the job; 0: it is done */
} Job;

/* Of Job *, in the order in which they were created; owned by the run state. */
GPtrArray *runstate_jobs(RunState *rs);
const char *job_status_name(JobStatus status);
/* A job that runs. NULL with an error: the id is no id, or another's. */
Job *job_start(RunState *rs, const char *id, const char *type, GError **error);
/* It has ended, well or with an error, of which it takes the text. */
void job_end(RunState *rs, Job *job, const GError *error);
/* NULL: there is none. */
Job *job_find(RunState *rs, const char *id);
/* Forgets one that has ended. */
void job_dismiss(RunState *rs, Job *job);

#endif

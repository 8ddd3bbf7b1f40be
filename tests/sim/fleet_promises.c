/* What must hold in a fleet. */
#include "aws/service_sagemaker.h"
#include "base/text.h"
#include "deploy/record.h"
#include "sim/fleet.h"
#include "store/lease_internal.h"

#include <stdio.h>

/* Two looks, and what the store takes. */
#define SETTLED_US (40 * US_PER_S)

static const char *holder_of(const char *lease)
{
    const struct disk_row *row = disk_find(sim->disk, LEASE_KIND, lease);

    return row ? row->row.group : "";
}

static const char *holder_of_endpoint(const char *endpoint)
{
    char name[128];

    snprintf(name, sizeof(name), "endpoint/%s", endpoint);
    return holder_of(name);
}

/* Whether it would act on it at this instant, by its own clock. */
static bool may_act(struct process *process, const char *lease)
{
    struct process *running = sim->running;
    const struct lease *known = map_get(&process->member->leases->leases, lease);
    bool may;

    sim->running = process;
    may = known && lease_is_held(known);
    sim->running = running;
    return may;
}

static struct process *find_process(const char *id)
{
    struct process *process;

    list_each(process, &sim->processes, link)
    {
        if (process->member && text_equal(process->member->leases->id, id))
            return process;
    }
    return NULL;
}

static void lease_is_written(const struct disk_row *row, const struct store_row *before)
{
    const char *holder = row->row.group;
    struct process *process;

    story("disk: %s is held by %s", row->row.key, *holder ? holder : "nobody");
    if (!*holder)
        return;
    list_each(process, &sim->processes, link)
    {
        if (process->member && process != sim->running && may_act(process, row->row.key))
            broken("one holder at a time", "daemon %u claims %s, and daemon %u may still act on it",
                   sim->running->number, row->row.key, process->number);
    }
    if (!before || text_is_empty(before->group) || text_equal(before->group, holder))
        return;
    process = find_process(before->group);
    if (process && !process->member->leaving && process->frozen_until_us <= sim->now_us &&
        sim->now_us - process->member->trouble_us > SETTLED_US)
        broken("who is well keeps what it holds", "daemon %u claims %s, which daemon %u has",
               sim->running->number, row->row.key, process->number);
}

/* Which daemon has, or had, that id: one that was taken for dead begins anew with another. */
static struct map numbers;

static bool is_own(const char *id)
{
    return (uintptr_t)map_get(&numbers, id) == sim->running->number;
}

void fleet_row_is_written(const struct disk_row *row, const struct store_row *before)
{
    if (!sim->running || !sim->running->member)
        return;
    if (text_equal(row->row.kind, DAEMON_KIND))
        map_put(&numbers, row->row.key, (void *)(uintptr_t)sim->running->number);
    if (text_equal(row->row.kind, LEASE_KIND)) {
        lease_is_written(row, before);
        return;
    }
    if (!text_equal(row->row.kind, RECORD_KIND) || !before)
        return; /* any of them may take an event in */
    if (!is_own(holder_of_endpoint(row->row.group)))
        broken("only the holder acts", "daemon %u moves %s, and %s is held by %s",
               sim->running->number, row->row.key, row->row.group,
               holder_of_endpoint(row->row.group));
}

void fleet_call_is_made(const struct aws_call *call)
{
    static const struct aws_operation *const changes[] = {
        &sagemaker_create_endpoint, &sagemaker_update_endpoint, &sagemaker_delete_endpoint};
    const char *endpoint;

    for (size_t i = 0; i < array_length(changes); i++) {
        if (changes[i] != call->operation || !sim->running || !sim->running->member)
            continue;
        endpoint = json_get_text(call->input, "EndpointName");
        if (!text_equal(holder_of_endpoint(endpoint), sim->running->member->leases->id))
            broken("only the holder acts", "daemon %u calls %s of %s, which is held by %s",
                   sim->running->number, call->operation->name, endpoint,
                   holder_of_endpoint(endpoint));
    }
}

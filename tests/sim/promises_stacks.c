/* Stacks: changed only by what was committed, complete with what was pinned, or with what was there
 * before, and nothing of ours left in between. */
#include "aws/service_cloudformation.h"
#include "base/text.h"
#include "sim/promises.h"

#include <stdlib.h>

/* What the stack held when a deployment of that configuration succeeded. */
struct proved {
    char *stack;
    uint64_t content;
};

static struct map proved; /* by configurations, as the lineage names them */

void promises_stack_call(const struct aws_call *call,
                         void (*must_be_asked_for)(const struct aws_call *call, const char *field,
                                                   const char *name, const char *also))
{
    const struct aws_operation *operation = call->operation;

    if (operation == &cloudformation_create_change_set)
        must_be_asked_for(
            call, "change_set",
            ((const struct cloudformation_change_input *)call->input)->change_set_name, NULL);
    else if (operation == &cloudformation_execute_change_set ||
             operation == &cloudformation_delete_change_set)
        must_be_asked_for(
            call, "change_set",
            ((const struct cloudformation_change_set_input *)call->input)->change_set_name, NULL);
    else if (operation == &cloudformation_update_stack)
        must_be_asked_for(call, "stack",
                          ((const struct cloudformation_change_input *)call->input)->stack_name,
                          NULL);
    else if (operation == &cloudformation_continue_update_rollback ||
             operation == &cloudformation_delete_stack)
        must_be_asked_for(call, "stack",
                          ((const struct cloudformation_stack_input *)call->input)->stack_name,
                          NULL);
}

void promises_stack_succeeded(const struct known *known, const struct record *record)
{
    const char *promise = "3: nothing serves unproved";
    uint64_t content = known->release ? known->release->content : 0;
    struct proved *entry = memory_allocate(sizeof(*entry));

    if (!stacks_serve(record->stack, content))
        broken(promise, "%s succeeded, but stack %s is not complete with what was pinned",
               record->id, record->stack);
    if (endpoints_find(record->endpoint)->whole_us > sim->now_us)
        broken(promise, "%s succeeded, but endpoint %s has not all its instances", record->id,
               record->endpoint);
    if ((content & 1) && cJSON_GetArraySize(json_get(record->settings, "verify")) > 0)
        broken(promise, "%s succeeded, but its model answers nonsense", record->id);
    *entry = (struct proved){text_copy(record->stack), content};
    free(map_put(&proved, record->config_name, entry));
}

bool promises_is_of_stack(const char *config)
{
    return map_get(&proved, config) != NULL;
}

bool promises_stack_serves(const char *config)
{
    const struct proved *entry = map_get(&proved, config);

    return stacks_serve(entry->stack, entry->content);
}

void promises_stacks_left(void)
{
    if (stacks_open_changes() > 0 && !known_left_undone(NULL))
        broken("7: nothing is left behind", "%u change sets are left", stacks_open_changes());
}

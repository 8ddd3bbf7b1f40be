/* CloudFormation: stacks that are changed by change sets, go back by themselves where that fails,
 * and get stuck on the way back. What a template is filled with is its content, a number; the
 * endpoint of the same number serves it as soon as the stack is complete. */
#include "aws/service_cloudformation.h"
#include "base/text.h"
#include "base/time.h"
#include "sim/world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY "the template"
#define CONFIG_PREFIX "of-stack-"
#define FIRST_CONTENT UINT64_C(1000000)

struct change {
    struct list link;
    char name[64];
    uint64_t content;
    bool is_empty;
    bool is_executed; /* and goes with the end of that */
    int64_t made_us;  /* from then on it is not pending any more */
};

struct stack {
    const char *name;
    bool exists;
    const char *status;
    char executed[128]; /* the id of the last change set, or "" */
    uint64_t content;   /* that serves; 0 for none yet */
    uint64_t next;      /* while it is being changed */
    bool creates;
    bool fails;
    bool failed; /* the last change, of which the events tell */
    struct list changes;
    struct moment end;
};

/* ---- contents ----------------------------------------------------------------------------------
 */

static uint64_t last_content = FIRST_CONTENT;

/* Whether it is bad can be seen of it. */
uint64_t stacks_new_content(bool bad)
{
    last_content += 2;
    return last_content + bad;
}

uint64_t stacks_old_content(uint64_t content)
{
    return content >= FIRST_CONTENT + 4 ? content - 2 : content;
}

const struct version *stacks_content(const char *config)
{
    static struct version version;

    if (!text_starts_with(config, CONFIG_PREFIX))
        return NULL;
    version.content = strtoull(config + strlen(CONFIG_PREFIX), NULL, 10);
    version.bad = version.content & 1;
    return &version;
}

/* ---- stacks ------------------------------------------------------------------------------------
 */

static struct stack *find(const char *name)
{
    return map_get(&sim->world->stacks, name);
}

static bool is(const struct stack *stack, const char *status)
{
    return text_equal(stack->status, status);
}

static bool is_busy(const struct stack *stack)
{
    return text_ends_with(stack->status, "_IN_PROGRESS") && !is(stack, "REVIEW_IN_PROGRESS") &&
           !is(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
}

static bool can_be_updated(const struct stack *stack)
{
    return is(stack, "CREATE_COMPLETE") || is(stack, "UPDATE_COMPLETE") ||
           is(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS") ||
           is(stack, "UPDATE_ROLLBACK_COMPLETE");
}

bool stacks_serve(const char *name, uint64_t content)
{
    const struct stack *stack = find(name);

    return stack && stack->exists && stack->content == content;
}

static void send_news(const struct stack *stack)
{
    char time[TIME_TEXT_SIZE];

    if (chance_strikes(&sim->chance, FAULT_NEWS_LOST))
        return;
    cleanup(free_pointer)
    char *body = text_printf(
        "{\"version\":\"0\",\"id\":\"stack-news-%" PRIu64 "\",\"source\":\"aws.cloudformation\","
        "\"detail-type\":\"CloudFormation Stack Status Change\",\"account\":\"" HOME_ACCOUNT "\","
        "\"time\":\"%s\",\"region\":\"us-east-1\",\"detail\":{\"stack-id\":"
        "\"arn:aws:cloudformation:us-east-1:" HOME_ACCOUNT ":stack/%s/1\","
        "\"status-details\":{\"status\":\"%s\"},\"client-request-token\":\"%" PRId64 "\"}}",
        sim->world->last_message, time_format(sim_true_ms(), time), stack->name, stack->status,
        sim->now_us);

    queue_put(body, NULL, chance_between(&sim->chance, STREAM_WORLD, 0, 5 * US_PER_S));
}

static void become(struct stack *stack, const char *status)
{
    stack->status = status;
    story("cloudformation: stack %s is %s", stack->name, status);
    send_news(stack);
}

static void go_on_in(struct stack *stack, int64_t least_s, int64_t most_s)
{
    moment_set(&stack->end, chance_between(&sim->chance, STREAM_WORLD, least_s, most_s) * US_PER_S);
}

static void serve(const struct stack *stack)
{
    char config[64];

    snprintf(config, sizeof(config), CONFIG_PREFIX "%" PRIu64, stack->content);
    endpoints_follow_stack("endpoint-7", stack->content ? config : NULL);
}

static void complete(struct stack *stack)
{
    if (stack->content != stack->next) {
        stack->content = stack->next;
        serve(stack);
    }
    if (stack->creates) {
        become(stack, "CREATE_COMPLETE");
        return;
    }
    become(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS");
    go_on_in(stack, 5, 60);
}

static void go_back(struct stack *stack)
{
    stack->failed = true;
    become(stack, stack->creates ? "ROLLBACK_IN_PROGRESS" : "UPDATE_ROLLBACK_IN_PROGRESS");
    go_on_in(stack, 10, 120);
}

static void drop_change(struct change *change)
{
    list_remove(&change->link);
    free(change);
}

static void drop_executed(struct stack *stack)
{
    struct change *change;

    list_each(change, &stack->changes, link)
    {
        if (change->is_executed)
            drop_change(change);
    }
}

static void end_step(void *context)
{
    struct stack *stack = context;

    if (is(stack, "DELETE_IN_PROGRESS")) {
        stack->exists = false;
        stack->content = 0;
        serve(stack);
        story("cloudformation: stack %s is gone", stack->name);
    } else if (is(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")) {
        become(stack, "UPDATE_COMPLETE");
    } else if (is(stack, "ROLLBACK_IN_PROGRESS")) {
        become(stack, "ROLLBACK_COMPLETE");
    } else if (is(stack, "UPDATE_ROLLBACK_IN_PROGRESS")) {
        bool is_stuck = stack->fails && chance_strikes(&sim->chance, FAULT_STACK_STUCK_BACK);

        stack->fails = false;
        become(stack, is_stuck ? "UPDATE_ROLLBACK_FAILED" : "UPDATE_ROLLBACK_COMPLETE");
    } else {
        drop_executed(stack);
        if (stack->fails)
            go_back(stack);
        else
            complete(stack);
    }
}

static struct stack *find_or_make(const char *name)
{
    struct stack *stack = find(name);

    if (!stack) {
        stack = memory_allocate(sizeof(*stack));
        stack->name = text_copy(name);
        stack->status = "";
        list_init(&stack->changes);
        moment_init(&stack->end, &sim->events, end_step, stack);
        map_put(&sim->world->stacks, name, stack);
    }
    return stack;
}

static void begin(struct stack *stack, uint64_t content, const char *executed)
{
    stack->creates = is(stack, "REVIEW_IN_PROGRESS");
    stack->next = content;
    stack->failed = false;
    stack->fails = chance_strikes(&sim->chance, FAULT_STACK_FAILS);
    text_fill(stack->executed, sizeof(stack->executed), executed);
    become(stack, stack->creates ? "CREATE_IN_PROGRESS" : "UPDATE_IN_PROGRESS");
    if (chance_strikes(&sim->chance, FAULT_SLOW_ENDPOINT))
        go_on_in(stack, 600, 3600);
    else
        go_on_in(stack, 30, 400);
    if (chance_strikes(&sim->chance, FAULT_CRASH_AT_RELEASE))
        process_strike_down();
}

void stacks_change_one_by_others(void)
{
    struct stack *stack = find("stack-7");

    if (!stack || !stack->exists || !can_be_updated(stack))
        return;
    story("cloudformation: somebody else updates stack %s", stack->name);
    stack->next = stack->content;
    stack->creates = false;
    stack->fails = false;
    stack->executed[0] = '\0';
    become(stack, "UPDATE_IN_PROGRESS");
    go_on_in(stack, 30, 300);
}

/* ---- refusals ----------------------------------------------------------------------------------
 */

static struct stack *find_for(struct aws_call *call, const char *name)
{
    struct stack *stack = find(name);

    if (stack && stack->exists)
        return stack;
    call_refuse(call, ERROR_NOT_FOUND, "ValidationError", "Stack with id %s does not exist", name);
    return NULL;
}

/* One that can be changed now; what it is in says why not. */
static bool check_free(struct aws_call *call, const struct stack *stack)
{
    if (!is_busy(stack) && (can_be_updated(stack) || is(stack, "REVIEW_IN_PROGRESS")))
        return true;
    call_refuse(call, is_busy(stack) ? ERROR_CONFLICT : ERROR_INVALID, "ValidationError",
                "Stack:%s is in %s state and can not be updated.", stack->name, stack->status);
    return false;
}

static uint64_t content_of(const struct cloudformation_change_input *input)
{
    for (size_t i = 0; i < input->parameter_count; i++)
        if (text_equal(input->parameters[i].key, "Content"))
            return strtoull(input->parameters[i].value, NULL, 10);
    broken("what was pinned", "stack %s is changed without what fills its template",
           input->stack_name);
}

/* ---- change sets -------------------------------------------------------------------------------
 */

static struct change *find_change(const struct stack *stack, const char *name)
{
    struct change *change;

    list_each(change, &stack->changes, link)
    {
        if (text_equal(change->name, name))
            return change;
    }
    return NULL;
}

unsigned stacks_open_changes(void)
{
    const struct stack *stack = find("stack-7");
    const struct change *change;
    unsigned count = 0;

    if (stack && stack->exists)
        list_each(change, &stack->changes, link) count += !change->is_executed;
    return count;
}

void changes_create(struct aws_call *call)
{
    const struct cloudformation_change_input *input = call->input;
    bool is_new = text_equal(input->change_set_type, "CREATE");
    struct stack *stack = find_or_make(input->stack_name);
    bool is_there = stack->exists && !is(stack, "REVIEW_IN_PROGRESS");

    if (is_new == is_there) {
        call_refuse(call, ERROR_INVALID, "ValidationError", "Stack [%s] %s", stack->name,
                    is_there ? "already exists" : "cannot be updated: it has never been made");
        return;
    }
    if (stack->exists && !check_free(call, stack))
        return;
    if (stack->exists && find_change(stack, input->change_set_name)) {
        call_refuse(call, ERROR_CONFLICT, "AlreadyExistsException", "ChangeSet %s exists",
                    input->change_set_name);
        return;
    }
    if (!stack->exists) {
        struct change *change;

        list_each(change, &stack->changes, link) drop_change(change);
        stack->exists = true;
        stack->executed[0] = '\0';
        become(stack, "REVIEW_IN_PROGRESS");
    }
    struct change *change = memory_allocate(sizeof(*change));
    bool is_late = chance_strikes(&sim->chance, FAULT_CHANGE_LATE);

    text_fill(change->name, sizeof(change->name), input->change_set_name);
    change->content = content_of(input);
    change->is_empty = !is_new && change->content == stack->content;
    change->made_us =
        sim->now_us +
        chance_between(&sim->chance, STREAM_WORLD, is_late ? 60 : 1, is_late ? 600 : 10) * US_PER_S;
    list_append(&stack->changes, &change->link);
    story("cloudformation: change set %s of %s", change->name, stack->name);
    call_answer(call, arena_allocate(&call->arena, sizeof(struct cloudformation_change_output)));
}

static struct change *find_change_for(struct aws_call *call, struct stack **stack)
{
    const struct cloudformation_change_set_input *input = call->input;

    *stack = find(input->stack_name);
    struct change *change =
        *stack && (*stack)->exists ? find_change(*stack, input->change_set_name) : NULL;

    if (!change)
        call_refuse(call, ERROR_NOT_FOUND, "ChangeSetNotFound", "ChangeSet [%s] does not exist",
                    input->change_set_name);
    return change;
}

void changes_describe(struct aws_call *call)
{
    struct stack *stack;
    const struct change *change = find_change_for(call, &stack);

    if (!change)
        return;
    struct cloudformation_describe_change_set_output *output =
        arena_allocate(&call->arena, sizeof(*output));

    if (change->made_us > sim->now_us) {
        output->status = "CREATE_PENDING";
    } else if (change->is_empty) {
        output->status = "FAILED";
        output->status_reason = "The submitted information didn't contain changes. Submit "
                                "different information to create a change set.";
    } else {
        output->status = "CREATE_COMPLETE";
    }
    call_answer(call, output);
}

/* With the one that is executed, all others go; one that is executed once is not again. */
void changes_execute(struct aws_call *call)
{
    struct stack *stack;
    struct change *change = find_change_for(call, &stack);
    char id[128];

    if (!change)
        return;
    if (change->made_us > sim->now_us || change->is_empty || change->is_executed) {
        call_refuse(call, ERROR_CONFLICT, "InvalidChangeSetStatus",
                    "ChangeSet %s cannot be executed in its current status", change->name);
        return;
    }
    if (!check_free(call, stack))
        return;
    struct change *other;

    snprintf(id, sizeof(id), "arn:aws:cloudformation:us-east-1:" HOME_ACCOUNT ":changeSet/%s/1",
             change->name);
    list_each(other, &stack->changes, link)
    {
        if (other != change)
            drop_change(other);
    }
    change->is_executed = true;
    begin(stack, change->content, id);
    call_answer(call, NULL);
}

/* One that is not there is deleted, too. */
void changes_delete(struct aws_call *call)
{
    const struct cloudformation_change_set_input *input = call->input;
    struct stack *stack = find(input->stack_name);
    struct change *change = stack ? find_change(stack, input->change_set_name) : NULL;

    if (change && !change->is_executed)
        drop_change(change);
    call_answer(call, NULL);
}

/* ---- stacks' own calls -------------------------------------------------------------------------
 */

void stacks_describe(struct aws_call *call)
{
    const struct cloudformation_describe_stacks_input *input = call->input;
    const struct stack *stack = find_for(call, input->stack_name);

    if (!stack)
        return;
    struct cloudformation_describe_stacks_output *output =
        arena_allocate(&call->arena, sizeof(*output));
    struct cloudformation_stack *row = arena_allocate(&call->arena, sizeof(*row));
    struct cloudformation_parameter *parameter = arena_allocate(&call->arena, sizeof(*parameter));

    *parameter = (struct cloudformation_parameter){
        .key = "Content", .value = arena_printf(&call->arena, "%" PRIu64, stack->content)};
    *row = (struct cloudformation_stack){
        .stack_id = "arn:aws:cloudformation:us-east-1:" HOME_ACCOUNT ":stack/stack-7/1",
        .stack_name = stack->name,
        .stack_status = stack->status,
        .change_set_id = stack->executed[0] ? arena_copy(&call->arena, stack->executed) : NULL,
        .parameters = parameter,
        .parameter_count = 1,
    };
    *output = (struct cloudformation_describe_stacks_output){row, 1};
    call_answer(call, output);
}

void stacks_get_template(struct aws_call *call)
{
    const struct cloudformation_get_template_input *input = call->input;
    struct cloudformation_get_template_output *output =
        arena_allocate(&call->arena, sizeof(*output));

    if (!find_for(call, input->stack_name))
        return;
    output->template_body = BODY;
    call_answer(call, output);
}

void stacks_update(struct aws_call *call)
{
    const struct cloudformation_change_input *input = call->input;
    struct stack *stack = find_for(call, input->stack_name);

    if (!stack || !check_free(call, stack))
        return;
    if (content_of(input) == stack->content) {
        call_refuse(call, ERROR_CONFLICT, "ValidationError", "No updates are to be performed.");
        return;
    }
    begin(stack, content_of(input), "");
    call_answer(call, arena_allocate(&call->arena, sizeof(struct cloudformation_change_output)));
}

void stacks_continue(struct aws_call *call)
{
    const struct cloudformation_stack_input *input = call->input;
    struct stack *stack = find_for(call, input->stack_name);

    if (!stack)
        return;
    if (!is(stack, "UPDATE_ROLLBACK_FAILED")) {
        call_refuse(call, ERROR_INVALID, "ValidationError",
                    "Stack:%s is in %s state; it does not go back", stack->name, stack->status);
        return;
    }
    become(stack, "UPDATE_ROLLBACK_IN_PROGRESS");
    go_on_in(stack, 10, 120);
    call_answer(call, NULL);
}

void stacks_delete(struct aws_call *call)
{
    const struct cloudformation_stack_input *input = call->input;
    struct stack *stack = find(input->stack_name);

    if (stack && stack->exists && !is(stack, "DELETE_IN_PROGRESS")) {
        become(stack, "DELETE_IN_PROGRESS");
        go_on_in(stack, 5, 120);
    }
    call_answer(call, NULL);
}

/* Of the last change: why it failed, before that its start. */
void stacks_describe_events(struct aws_call *call)
{
    static const struct cloudformation_stack_event of_failure[] = {
        {.logical_resource_id = "Endpoint",
         .resource_type = "AWS::SageMaker::Endpoint",
         .resource_status = "UPDATE_FAILED",
         .resource_status_reason = "CapacityError"},
        {.logical_resource_id = "stack-7",
         .resource_type = "AWS::CloudFormation::Stack",
         .resource_status = "UPDATE_IN_PROGRESS",
         .resource_status_reason = "User Initiated"},
    };
    const struct cloudformation_describe_stack_events_input *input = call->input;
    const struct stack *stack = find_for(call, input->stack_name);
    struct cloudformation_describe_stack_events_output *output =
        arena_allocate(&call->arena, sizeof(*output));

    if (!stack)
        return;
    output->events = stack->failed ? of_failure : of_failure + 1;
    output->event_count = stack->failed ? 2 : 1;
    call_answer(call, output);
}

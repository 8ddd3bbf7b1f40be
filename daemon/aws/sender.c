#include "aws/sender.h"

#include "aws/sender_internal.h"
#include "base/text.h"

#include <stdlib.h>

struct sender *sender_new(const struct sender_settings *settings)
{
    struct sender *sender = memory_allocate(sizeof(*sender));

    sender->settings = *settings;
    list_init(&sender->calls);
    return sender;
}

/* Of one call's at least; any others may end by it. False where none has any. */
static bool let_go_of_credentials(struct sender *sender)
{
    for (struct list *link = sender->calls.next; link != &sender->calls; link = link->next)
        if (call_let_go_of_credentials(link))
            return true;
    return false;
}

void sender_free(struct sender *sender)
{
    size_t position = 0;
    void *value;

    if (!sender)
        return;
    /* Sources of credentials have calls of their own, which end when nobody holds them any more. */
    while (let_go_of_credentials(sender)) {
    }
    while (!list_is_empty(&sender->calls))
        call_abandon(sender->calls.next);
    while (map_each(&sender->lanes, &position, NULL, &value)) {
        memory_wipe(value, sizeof(struct lane));
        free(value);
    }
    map_free(&sender->lanes);
    position = 0;
    while (map_each(&sender->queues, &position, NULL, &value)) {
        struct queue *queue = value;

        timer_stop(&queue->timer);
        free(queue);
    }
    map_free(&sender->queues);
    free(sender);
}

void sender_observe(struct sender *sender,
                    void (*ended)(void *context, const struct aws_attempt *attempt), void *context)
{
    sender->observer = ended;
    sender->observer_context = context;
}

/* Neither names of services nor of operations have a slash in them. */
static char *lane_key(const char *account, const struct aws_service *service)
{
    return text_join(service->name, "/", account);
}

struct lane *sender_lane(struct sender *sender, const char *account,
                         const struct aws_service *service)
{
    cleanup(free_pointer)
    char *key = lane_key(account, service);
    struct lane *lane = map_get(&sender->lanes, key);

    if (lane)
        return lane;
    lane = memory_allocate(sizeof(*lane));
    lane->bucket.tokens = RETRY_BUCKET;
    map_put(&sender->lanes, key, lane);
    return lane;
}

int64_t sender_clock_offset_ms(const struct sender *sender, const char *account,
                               const struct aws_service *service)
{
    cleanup(free_pointer)
    char *key = lane_key(account, service);
    const struct lane *lane = map_get(&sender->lanes, key);

    return lane ? lane->clock_offset_ms : 0;
}

static void waited(void *context)
{
    queue_look(context);
}

struct queue *sender_queue(struct sender *sender, const char *account,
                           const struct aws_operation *operation)
{
    cleanup(free_pointer)
    char *key = text_printf("%s/%s/%s", operation->service->name, operation->name, account);
    struct queue *queue = map_get(&sender->queues, key);

    if (queue)
        return queue;
    queue = memory_allocate(sizeof(*queue));
    queue->sender = sender;
    pacing_init(&queue->pacing, operation->per_second, operation->burst,
                loop_now_ms(sender->settings.loop));
    list_init(&queue->waiting);
    timer_init(&queue->timer, sender->settings.loop, waited, queue);
    map_put(&sender->queues, key, queue);
    return queue;
}

void queue_look(struct queue *queue)
{
    while (!list_is_empty(&queue->waiting)) {
        struct list *first = queue->waiting.next;
        int64_t wait_ms = pacing_take(&queue->pacing, loop_now_ms(queue->sender->settings.loop));

        if (wait_ms > 0) {
            timer_start(&queue->timer, wait_ms);
            return;
        }
        list_remove(first);
        call_go_on(first);
    }
}

#include "bridge/journal.h"

#include "base/log.h"
#include "base/text.h"

#include <stdlib.h>

/* The kind of entry that a verdict is worth; MESSAGE_KINDS for none. */
static enum message_kind kind_of(enum plan_verdict verdict)
{
    switch (verdict) {
    case PLAN_DIFFERENT:
    case PLAN_MISSING:
        return MESSAGE_BRIDGE_DRIFT;
    case PLAN_REFUSED:
        return MESSAGE_BRIDGE_REFUSED;
    case PLAN_ORPHANED:
        return MESSAGE_BRIDGE_ORPHANED;
    case PLAN_UNREADABLE:
        return MESSAGE_BRIDGE_UNREADABLE;
    case PLAN_SAME:
        break;
    }
    return MESSAGE_KINDS;
}

void bridge_journal_free(struct bridge_journal *journal)
{
    size_t position = 0;
    const char *key;
    void *text;

    while (map_each(&journal->said, &position, &key, &text))
        free(text);
    map_free(&journal->said);
}

static void say(struct bridge_journal *journal, const struct plan_entry *entry, const char *cause)
{
    const char *key = entry->resource->key;
    enum message_kind kind = kind_of(entry->verdict);

    if (kind == MESSAGE_KINDS) {
        free(map_remove(&journal->said, key));
        return;
    }
    cleanup(free_pointer)
    char *text =
        text_printf("%s is %s%s%s%s%s", key, plan_verdict_name(entry->verdict),
                    entry->note ? ": " : "", entry->note ? entry->note : "",
                    entry->difference ? "\n" : "", entry->difference ? entry->difference : "");

    if (text_equal(map_get(&journal->said, key), text))
        return;
    free(map_put(&journal->said, key, text_copy(text)));
    log_message(kind, &(struct log_fields){.resource = key}, "%s (%s)", text, cause);
}

void bridge_journal_planned(struct bridge_journal *journal, const struct pass_outcome *outcome)
{
    for (size_t i = 0; i < outcome->plan->entry_count; i++)
        if (!outcome->partial || outcome->observed[i].presence != PRESENCE_UNKNOWN ||
            outcome->observed[i].error.class != ERROR_NONE)
            say(journal, &outcome->plan->entries[i], outcome->cause);
}

void bridge_journal_ended(const struct pass_outcome *outcome, size_t action,
                          const struct apply_result *result)
{
    const struct plan_action *done = &outcome->plan->actions[action];
    const struct plan_entry *entry = &outcome->plan->entries[done->resource];
    struct log_fields fields = {
        .resource = entry->resource->key,
        .service = done->operation->service->name,
        .operation = done->operation->name,
    };

    if (result->state == APPLY_DONE) {
        log_message(MESSAGE_BRIDGE_CHANGED, &fields, "%s (%s; change %s)", done->sentence,
                    outcome->cause, entry->change ? entry->change : "-");
        return;
    }
    fields.error = &result->error;
    log_message(MESSAGE_BRIDGE_FAILED, &fields, "%s: %s", done->sentence, result->error.sentence);
}

void bridge_journal_pass(const struct pass_outcome *outcome)
{
    size_t same = 0;

    if (outcome->error)
        log_message(MESSAGE_BRIDGE_FAILED, &(struct log_fields){.error = outcome->error},
                    "nothing was changed, since what is there could not be kept: %s",
                    outcome->error->sentence);
    for (size_t i = 0; i < outcome->plan->entry_count; i++)
        same += outcome->plan->entries[i].verdict == PLAN_SAME;
    if (outcome->partial)
        return;
    log_message(MESSAGE_BRIDGE_PASS, NULL,
                "%zu of %zu resources were as the file says; %zu changes made, %zu failed "
                "(%s; %u calls to look: %s)",
                same, outcome->plan->entry_count, outcome->applied, outcome->failed, outcome->cause,
                outcome->calls, outcome->trace);
}

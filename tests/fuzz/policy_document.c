/* Policies from anywhere: reading must not stumble, and what was read must survive being written,
 * compared, diffed and merged. */
#include "fuzz/fuzz.h"

#include "base/text.h"
#include "policy/diff.h"
#include "policy/merge.h"
#include "policy/size.h"

/* What is written means what was read. */
static void check_round_trip(struct arena *arena, const struct policy_document *document)
{
    cleanup(json_free)
    cJSON *written = policy_write_json(document);
    struct error error = {.class = ERROR_NONE};
    const struct policy_document *again = policy_read_json(arena, POLICY_LOOSE, written, &error);

    fuzz_check(again != NULL);
    fuzz_check(policy_equal(document, again, POLICY_RULE_AWS));
    struct policy_difference difference = policy_diff(arena, document, again, POLICY_RULE_AWS);

    fuzz_check(policy_difference_is_empty(&difference));
}

/* Merging what stands there already changes nothing. */
static void check_merge(const cJSON *json, const struct policy_document *document)
{
    struct error error = {.class = ERROR_NONE};
    cJSON *merged = NULL;

    if (policy_merge(json, document, NULL, 0, &merged, &error) == 0)
        fuzz_check(policy_owned_equal(document, document, NULL, 0) || merged != NULL ||
                   document->statement_count == 0);
    cJSON_Delete(merged);
}

static void read_strictly(struct arena *arena, const char *text, size_t length)
{
    static const enum policy_kind kinds[] = {POLICY_IDENTITY, POLICY_TRUST, POLICY_RESOURCE};

    for (size_t i = 0; i < array_length(kinds); i++) {
        struct error error = {.class = ERROR_NONE};
        bool is_taken = policy_read_text(arena, kinds[i], text, length, &error) != NULL;

        fuzz_check(is_taken == (error.class == ERROR_NONE));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(arena_free)
    struct arena arena = {0};
    cleanup(free_pointer)
    char *text = memory_copy_text((const char *)data, size);
    struct error error = {.class = ERROR_NONE};
    bool equal;

    json_initialise();
    read_strictly(&arena, text, size);
    policy_size(POLICY_PLACE_MANAGED, text);
    if (policy_compare_texts(text, text, POLICY_RULE_TERRAFORM, &equal, &error) == 0)
        fuzz_check(equal);
    cleanup(json_free)
    cJSON *json = json_parse(text, size, 131072, &error);
    const struct policy_document *document =
        json ? policy_read_json(&arena, POLICY_LOOSE, json, &error) : NULL;

    if (!document)
        return 0;
    check_round_trip(&arena, document);
    check_merge(json, document);
    return 0;
}

/* A daemon that dies before or after any step of any kind of deployment, and is started again: it
 * goes on from what was committed, and comes to the same end. */
#include "deploy/story.h"

#include "base/hash.h"

#include <stdio.h>

/* A kind of deployment: what is set before it begins, and what AWS answers beside the usual. */
struct kind {
    const char *name;
    const char *settings; /* merged into the usual ones */
    void (*prepare)(struct story *story);
    void (*answer)(struct story *story, enum effect effect, struct effect_result *result,
                   cJSON **document);
};

#define HOME "\"home\":{\"account\":\"361769565206\",\"region\":\"us-east-1\"}"
#define LAYERS                                                                              \
    "{\"config\":{\"digest\":\"" DIGEST "\",\"size\":30},\"layers\":[{\"digest\":\"" DIGEST \
    "\",\"size\":30}]}"

/* The image is the manifest that its digest says. */
static void prepare_mirror(struct story *story)
{
    char digest[SHA256_HEX_SIZE];

    hash_sha256_hex(LAYERS, strlen(LAYERS), digest);
    free(story->image);
    story->image = text_printf("%s@sha256:%s", IMAGE, digest);
}

static void answer_mirror(struct story *story, enum effect effect, struct effect_result *result,
                          cJSON **document)
{
    if (effect == EFFECT_DESCRIBE_IMAGE) {
        result->digest = strchr(story->image, '@') + 1;
    } else if (effect == EFFECT_FIND_MIRROR) {
        result->ok = false;
        error_set(&result->error, ERROR_NOT_FOUND, "no such image");
    } else if (effect == EFFECT_READ_MANIFEST) {
        cJSON *image = cJSON_CreateObject();

        *document = cJSON_CreateObject();
        json_add_text(image, "imageManifest", LAYERS);
        cJSON_AddItemToArray(json_add_array(*document, "images"), image);
    } else if (effect == EFFECT_FIND_LAYERS) {
        *document = given_json("{\"layers\":[]}");
    } else if (effect == EFFECT_BEGIN_LAYER) {
        *document = given_json("{\"uploadId\":\"u\",\"partSize\":10}");
    }
}

static void answer_async(struct story *story, enum effect effect, struct effect_result *result,
                         cJSON **document)
{
    (void)story;
    if (effect == EFFECT_ASYNC_INVOKE)
        *document = given_json("{\"output\":\"s3://answers/1\"}");
    if (effect == EFFECT_ASYNC_ANSWER) {
        result->bytes = "0.5";
        result->length = 3;
    }
}

static void answer_large(struct story *story, enum effect effect, struct effect_result *result,
                         cJSON **document)
{
    (void)story;
    (void)document;
    if (effect == EFFECT_HEAD_MODEL)
        result->size = INT64_C(6000000000);
    if (effect == EFFECT_COPY_PART)
        result->etag = "e";
}

static const struct kind kinds[] = {
    {.name = "plain"},
    {.name = "mirrored",
     .settings = "{\"mirror\":true," HOME "}",
     .prepare = prepare_mirror,
     .answer = answer_mirror},
    {.name = "answering later",
     .settings = "{\"async\":{\"output\":\"s3://answers/\"}}",
     .answer = answer_async},
    {.name = "large", .answer = answer_large},
};

static void give_answer(struct story *story, const struct kind *kind)
{
    struct endpoint_view view;
    struct endpoint_variant variant;
    enum effect effect = machine_step_effect(story->record);
    struct effect_result result = usual_answer(story, effect, &view, &variant);
    cleanup(json_free)
    cJSON *document = NULL;

    if (kind->answer)
        kind->answer(story, effect, &result, &document);
    if (document)
        result.document = document;
    answer(story, result);
}

/* As a restart does: what was committed is read, and begins anew. */
static void restart(struct story *story)
{
    struct error error;
    cleanup(free_pointer)
    char *bytes = record_encode(story->record, NULL);

    record_free(story->record);
    story->record = record_decode(RECORD_FORMAT, bytes, strlen(bytes), &error);
    assert_non_null(story->record);
    give(story, (struct machine_input){.kind = INPUT_START});
}

/* Dies after so many steps; the effect that was under way was carried out or not. The steps that it
 * took in all. */
static int run_dying(struct story *story, const struct kind *kind, int death, bool carried_out)
{
    int steps = 0;

    give(story, (struct machine_input){.kind = INPUT_START});
    for (; steps < 300 && !machine_is_closed(story->record); steps++) {
        const struct record *record = story->record;

        if (steps == death) {
            struct endpoint_view view;
            struct endpoint_variant variant;

            if (carried_out) /* the world has changed, and nobody was told */
                usual_answer(story, machine_step_effect(record), &view, &variant);
            restart(story);
            continue;
        }
        if (record->wake_ms > story->now_ms)
            story->now_ms = record->wake_ms;
        if (record->step == STEP_TURN)
            give(story, (struct machine_input){.kind = INPUT_TURN});
        else if (machine_step_effect(record) == EFFECT_NONE)
            give(story, (struct machine_input){.kind = INPUT_NEWS});
        else
            give_answer(story, kind);
    }
    return steps;
}

static void begin_as(struct story *story, const struct kind *kind)
{
    if (kind->settings) {
        cleanup(json_free)
        cJSON *settings = given_json(kind->settings);

        json_merge(story->record->settings, settings);
    }
    if (kind->prepare)
        kind->prepare(story);
    given_serving(story, "old-config");
}

static void whenever_it_dies_it_comes_to_the_same_end(void **state)
{
    for (size_t i = 0; i < array_length(kinds); i++) {
        int steps = 1;

        for (int death = 0; death <= steps; death++) {
            for (int carried_out = 0; carried_out < 2; carried_out++) {
                struct story *story = *state;

                begin_as(story, &kinds[i]);
                int taken = run_dying(story, &kinds[i], death, carried_out);

                if (story->record->state != STATE_SUCCEEDED)
                    fail_msg("%s, dying after %d steps: %s", kinds[i].name, death,
                             story->record->reason);
                assert_true(machine_is_closed(story->record));
                assert_string_equal(story->config, story->record->config_name);
                assert_int_equal(story->record->verified, 1);
                assert_null(story->record->upload_id);
                if (death == 0)
                    steps = taken;
                finish(state);
                begin(state);
            }
        }
        assert_true(steps > 15);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(whenever_it_dies_it_comes_to_the_same_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

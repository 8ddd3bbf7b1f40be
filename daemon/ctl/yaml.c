#include "ctl/yaml.h"

#include "base/buffer.h"
#include "base/limits.h"

#include <assert.h>
#include <string.h>
#include <yaml.h>

static int append(void *context, unsigned char *data, size_t size)
{
    buffer_append(context, data, size);
    return 1;
}

static void emit(yaml_emitter_t *emitter, yaml_event_t *event)
{
    int emitted = yaml_emitter_emit(emitter, event);

    assert(emitted); /* memory aside, only a wrong order of events fails */
    (void)emitted;
}

/* Other readers than ours would take digits for a number: an account's id is none. */
static yaml_scalar_style_t style_of(const char *text)
{
    bool is_number = *text && text[strspn(text, "0123456789.")] == '\0';

    return is_number ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_ANY_SCALAR_STYLE;
}

static void emit_scalar(yaml_emitter_t *emitter, const char *text, yaml_scalar_style_t style)
{
    yaml_event_t event;

    yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text),
                                 1, 1, style);
    emit(emitter, &event);
}

/* Recurses no deeper than what is printed: documents of our own. */
static void emit_value(yaml_emitter_t *emitter, const cJSON *value) // NOLINT(misc-no-recursion)
{
    bool is_list = cJSON_IsArray(value);
    const cJSON *member;
    yaml_event_t event;

    if (cJSON_IsString(value)) {
        emit_scalar(emitter, value->valuestring, style_of(value->valuestring));
        return;
    }
    if (!is_list && !cJSON_IsObject(value)) {
        cleanup(free_pointer)
        char *text = json_print(value);

        emit_scalar(emitter, text, YAML_PLAIN_SCALAR_STYLE);
        return;
    }
    if (is_list)
        yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE);
    else
        yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE);
    emit(emitter, &event);
    cJSON_ArrayForEach(member, value)
    {
        if (!is_list)
            emit_scalar(emitter, member->string, style_of(member->string));
        emit_value(emitter, member);
    }
    if (is_list)
        yaml_sequence_end_event_initialize(&event);
    else
        yaml_mapping_end_event_initialize(&event);
    emit(emitter, &event);
}

char *yaml_print(const cJSON *document)
{
    struct buffer text = BUFFER(LIMIT_RESPONSE_BYTES);
    yaml_emitter_t emitter;
    yaml_event_t event;

    yaml_emitter_initialize(&emitter);
    yaml_emitter_set_output(&emitter, append, &text);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, 120);
    yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
    emit(&emitter, &event);
    yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1);
    emit(&emitter, &event);
    emit_value(&emitter, document);
    yaml_document_end_event_initialize(&event, 1);
    emit(&emitter, &event);
    yaml_stream_end_event_initialize(&event);
    emit(&emitter, &event);
    yaml_emitter_delete(&emitter);
    return buffer_take(&text);
}

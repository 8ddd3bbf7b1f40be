#include "bridge/document.h"

#include "base/buffer.h"
#include "base/text.h"
#include "policy/canonical.h"

#include <string.h>

#define DIFFERENCE_BYTES ((size_t)65536)

static const cJSON *statements_of(const cJSON *document)
{
    return json_get(document, "Statement");
}

/* Equal texts for statements that mean the same; the statement's own JSON where it is none. */
static char *meaning_of(const cJSON *statement)
{
    struct arena arena = {0};
    struct error error;
    cleanup(json_free)
    cJSON *document = cJSON_CreateObject();

    json_add_text(document, "Version", "2012-10-17");
    cJSON_AddItemToArray(json_add_array(document, "Statement"), cJSON_Duplicate(statement, true));
    const struct policy_document *read = policy_read_json(&arena, POLICY_LOOSE, document, &error);
    char *meaning = read && read->statement_count == 1
                        ? policy_canonical_statement(&read->statements[0], POLICY_RULE_AWS)
                        : json_print_canonical(statement);

    arena_free(&arena);
    return meaning;
}

static bool statements_same(const cJSON *a, const cJSON *b)
{
    cleanup(free_pointer)
    char *meaning_a = meaning_of(a);
    cleanup(free_pointer)
    char *meaning_b = meaning_of(b);

    return text_equal(meaning_a, meaning_b);
}

bool document_same(const cJSON *a, const cJSON *b)
{
    struct arena arena = {0};
    struct error error;

    if (!a || !b)
        return !a && !b;
    const struct policy_document *read_a = policy_read_json(&arena, POLICY_LOOSE, a, &error);
    const struct policy_document *read_b = policy_read_json(&arena, POLICY_LOOSE, b, &error);
    bool same = read_a && read_b ? policy_equal(read_a, read_b, POLICY_RULE_AWS) : json_equal(a, b);

    arena_free(&arena);
    return same;
}

static const char *sid_of(const cJSON *statement)
{
    const char *sid = json_get_text(statement, "Sid");

    return text_is_empty(sid) ? NULL : sid;
}

static bool is_in(const cJSON *texts, const char *text)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, texts)
    {
        if (text_equal(json_text(item), text))
            return true;
    }
    return false;
}

static const cJSON *find_by_sid(const cJSON *document, const char *sid)
{
    const cJSON *statement;

    cJSON_ArrayForEach(statement, statements_of(document))
    {
        if (sid && text_equal(sid_of(statement), sid))
            return statement;
    }
    return NULL;
}

static size_t count_sid(const cJSON *document, const char *sid)
{
    const cJSON *statement;
    size_t count = 0;

    cJSON_ArrayForEach(statement, statements_of(document))
    {
        count += text_equal(sid_of(statement), sid);
    }
    return count;
}

/* Without a Sid, a statement is there where one is that means the same. */
static const cJSON *find_same(const cJSON *document, const cJSON *wanted)
{
    const cJSON *statement;

    cJSON_ArrayForEach(statement, statements_of(document))
    {
        if (statements_same(statement, wanted))
            return statement;
    }
    return NULL;
}

static bool is_as_wanted(const cJSON *observed, const cJSON *statement)
{
    const char *sid = sid_of(statement);
    const cJSON *there = sid ? find_by_sid(observed, sid) : find_same(observed, statement);

    return there && (!sid || (count_sid(observed, sid) == 1 && statements_same(there, statement)));
}

bool document_holds(const cJSON *observed, const cJSON *wanted, const cJSON *left)
{
    const cJSON *statement;

    cJSON_ArrayForEach(statement, statements_of(wanted))
    {
        if (!is_as_wanted(observed, statement))
            return false;
    }
    cJSON_ArrayForEach(statement, statements_of(observed))
    {
        const char *sid = sid_of(statement);

        if (sid && is_in(left, sid) && !find_by_sid(wanted, sid))
            return false;
    }
    return true;
}

cJSON *document_merge(const cJSON *observed, const cJSON *wanted, const cJSON *left)
{
    cJSON *merged = cJSON_CreateObject();
    const char *version = json_get_text(observed ? observed : wanted, "Version");
    const cJSON *statement;

    json_add_text(merged, "Version", version ? version : "2012-10-17");
    json_add_text(merged, "Id", json_get_text(observed, "Id"));
    cJSON *list = json_add_array(merged, "Statement");

    /* Ours keep their places among the others'. */
    cJSON_ArrayForEach(statement, statements_of(observed))
    {
        const char *sid = sid_of(statement);
        const cJSON *ours = find_by_sid(wanted, sid);

        if (ours && find_by_sid(merged, sid))
            continue;
        if (ours || !sid || !is_in(left, sid))
            cJSON_AddItemToArray(list, cJSON_Duplicate(ours ? ours : statement, true));
    }
    cJSON_ArrayForEach(statement, statements_of(wanted))
    {
        if (!is_as_wanted(merged, statement))
            cJSON_AddItemToArray(list, cJSON_Duplicate(statement, true));
    }
    if (cJSON_GetArraySize(list) == 0) {
        cJSON_Delete(merged);
        return NULL;
    }
    return merged;
}

cJSON *document_sids(const cJSON *document)
{
    cJSON *sids = cJSON_CreateArray();
    const cJSON *statement;

    cJSON_ArrayForEach(statement, statements_of(document))
    {
        if (sid_of(statement))
            cJSON_AddItemToArray(sids, cJSON_CreateString(sid_of(statement)));
    }
    return sids;
}

static void write_line(struct buffer *buffer, char sign, const cJSON *statement)
{
    cleanup(free_pointer)
    char *text = json_print(statement);

    buffer_printf(buffer, "%s%c %s", buffer->length > 0 ? "\n" : "", sign, text);
}

char *document_difference(const cJSON *observed, const cJSON *wanted, const cJSON *left,
                          bool shared)
{
    struct buffer buffer = BUFFER(DIFFERENCE_BYTES);
    const cJSON *statement;

    cJSON_ArrayForEach(statement, statements_of(observed))
    {
        const char *sid = sid_of(statement);
        bool ours = !shared || (sid && (find_by_sid(wanted, sid) || is_in(left, sid)));

        if (ours && !find_same(wanted, statement))
            write_line(&buffer, '-', statement);
    }
    cJSON_ArrayForEach(statement, statements_of(wanted))
    {
        if (!find_same(observed, statement))
            write_line(&buffer, '+', statement);
    }
    return buffer_take(&buffer);
}

#include "deploy/failure.h"

#include "base/text.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    const char *codes;
    const char *words;
    enum failure_handling handling;
    const char *advice;
} rows[] = {
    [FAILURE_OTHER] = {.name = "other", .codes = "", .words = "", .handling = FAILURE_ENDS},
#define FAILURE(enumerator, name_, codes_, words_, handling_, advice_) \
    [enumerator] = {.name = (name_),                                   \
                    .codes = (codes_),                                 \
                    .words = (words_),                                 \
                    .handling = (handling_),                           \
                    .advice = (advice_)},
#include "deploy/failure.def"
#undef FAILURE
};

/* Whether one of the list, separated by "|", is the text (whole) or in it. */
static bool has_one(const char *list, const char *text, bool whole)
{
    char word[128];

    while (*list) {
        size_t length = strcspn(list, "|");

        if (length < sizeof(word)) {
            memcpy(word, list, length);
            word[length] = '\0';
            if (whole ? text_equal_ignoring_case(word, text) : strcasestr(text, word) != NULL)
                return true;
        }
        list += length;
        list += *list == '|';
    }
    return false;
}

struct failure failure_of(const char *code, const char *text)
{
    size_t found = FAILURE_OTHER;

    for (size_t i = FAILURE_OTHER + 1; i < array_length(rows) && found == FAILURE_OTHER; i++)
        if ((!text_is_empty(code) && has_one(rows[i].codes, code, true)) ||
            (!text_is_empty(text) && has_one(rows[i].words, text, false)))
            found = i;
    return (struct failure){
        .kind = (enum failure_kind)found,
        .name = rows[found].name,
        .handling = rows[found].handling,
        .advice = rows[found].advice,
    };
}

/* What stands behind the words, up to white space. */
static void take_word(const char *text, const char *words, char *field, size_t size)
{
    const char *found = strcasestr(text, words);

    field[0] = '\0';
    if (!found)
        return;
    found += strlen(words);
    found += strspn(found, " \"'");
    size_t length = strcspn(found, " \t\n\"',;");

    while (length && found[length - 1] == '.') /* the sentence's */
        length--;
    if (length >= size)
        length = size - 1;
    memcpy(field, found, length);
    field[length] = '\0';
}

void failure_denial(const char *text, struct denial *denial)
{
    take_word(text, "User:", denial->principal, sizeof(denial->principal));
    take_word(text, "not authorized to perform:", denial->action, sizeof(denial->action));
    take_word(text, "on resource:", denial->resource, sizeof(denial->resource));
    if (!denial->action[0] && strcasestr(text, "BatchGetImage")) /* SageMaker's own way to say it */
        text_fill(denial->action, sizeof(denial->action), "ecr:BatchGetImage");
    if (!denial->principal[0])
        take_word(text, "The role", denial->principal, sizeof(denial->principal));
    if (!denial->resource[0])
        take_word(text, "for the image:", denial->resource, sizeof(denial->resource));
}

char *failure_advice(const char *code, const char *text)
{
    struct failure failure = failure_of(code, text);
    struct denial denial = {0};

    if (!failure.advice)
        return NULL;
    if (text && (failure.kind == FAILURE_DENIED || failure.kind == FAILURE_IMAGE_PULL))
        failure_denial(text, &denial);
    if (!denial.action[0])
        return text_copy(failure.advice);
    return text_printf("%s must be allowed to do %s on %s: %s",
                       denial.principal[0] ? denial.principal : "whoever asked", denial.action,
                       denial.resource[0] ? denial.resource : "the resource", failure.advice);
}

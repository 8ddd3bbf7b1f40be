#include "aws/message.h"
#include "base/text.h"

#include <string.h>

struct code_row {
    const char *service; /* "*" for all */
    const char *code;
    enum error_class class;
};

struct message_row {
    const char *service;
    const char *code;
    const char *words;
    enum error_class class;
};

static const struct code_row codes[] = {
#define ERROR_ROW(service, code, class) {service, code, class},
#define MESSAGE_ROW(service, code, words, class)
#include "aws/errors.def"
#undef ERROR_ROW
#undef MESSAGE_ROW
};

static const struct message_row messages[] = {
#define ERROR_ROW(service, code, class)
#define MESSAGE_ROW(service, code, words, class) {service, code, words, class},
#include "aws/errors.def"
#undef ERROR_ROW
#undef MESSAGE_ROW
};

static bool is_for(const char *row_service, const char *service)
{
    return text_equal(row_service, "*") || text_equal(row_service, service);
}

static const struct code_row *find_code(const char *service, const char *code)
{
    for (size_t i = 0; i < array_length(codes); i++)
        if (text_equal(codes[i].service, service) && text_equal(codes[i].code, code))
            return &codes[i];
    return NULL;
}

/* For codes that nobody listed, and answers without one. The statuses that botocore calls transient
 * are 500, 502, 503 and 504; 429 and 509 say what they mean. */
static enum error_class class_of_status(int status)
{
    switch (status) {
    case 401:
    case 403:
        return ERROR_DENIED;
    case 404:
        return ERROR_NOT_FOUND;
    case 408:
        return ERROR_TRANSIENT;
    case 409:
    case 412:
        return ERROR_CONFLICT;
    case 413:
        return ERROR_LIMIT;
    case 429:
    case 509:
        return ERROR_THROTTLED;
    case 500:
    case 502:
    case 503:
    case 504:
        return ERROR_TRANSIENT;
    default:
        break;
    }
    if (status >= 200 && status <= 299) /* S3: it failed after it had begun to answer */
        return ERROR_TRANSIENT;
    return status >= 400 && status <= 499 ? ERROR_INVALID : ERROR_UNKNOWN;
}

enum error_class aws_classify(const char *service, int status, const char *code,
                              const char *message)
{
    for (size_t i = 0; i < array_length(messages); i++)
        if (is_for(messages[i].service, service) && text_equal(messages[i].code, code) && message &&
            strcasestr(message, messages[i].words))
            return messages[i].class;
    const struct code_row *row = find_code(service, code);

    if (!row)
        row = find_code("*", code);
    return row ? row->class : class_of_status(status);
}

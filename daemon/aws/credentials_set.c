#include "aws/credentials_internal.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void wipe_text(char **text)
{
    if (*text)
        memory_wipe(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

void credentials_set_wipe(struct credentials_set *set)
{
    wipe_text(&set->access_key_id);
    wipe_text(&set->secret_access_key);
    wipe_text(&set->session_token);
    *set = (struct credentials_set){0};
}

/* Keys are printable ASCII; anything else would be refused where it stands in a header. */
static bool is_printable(const char *text)
{
    for (; *text; text++)
        if (!isgraph((unsigned char)*text))
            return false;
    return true;
}

int credentials_set_fill(struct credentials_set *set, const char *access_key_id,
                         const char *secret_access_key, const char *session_token,
                         struct error *error)
{
    *set = (struct credentials_set){0};
    if (text_is_empty(access_key_id) || text_is_empty(secret_access_key))
        return error_set(error, ERROR_INVALID, "there is no %s in them",
                         text_is_empty(access_key_id) ? "access key id" : "secret access key");
    if (!is_printable(access_key_id) || !is_printable(secret_access_key) ||
        (session_token && !is_printable(session_token)))
        return error_set(error, ERROR_INVALID, "there are characters in them that no keys have");
    set->access_key_id = text_copy(access_key_id);
    set->secret_access_key = text_copy(secret_access_key);
    set->session_token = text_is_empty(session_token) ? NULL : text_copy(session_token);
    return 0;
}

/* A document with secrets in it. */
static void wipe_document(cJSON **document)
{
    cJSON *member;

    cJSON_ArrayForEach(member, *document)
    {
        if (cJSON_IsString(member))
            memory_wipe(member->valuestring, strlen(member->valuestring));
    }
    cJSON_Delete(*document);
}

int credentials_set_read(struct credentials_set *set, const char *text, size_t length,
                         const char *token, struct error *error)
{
    struct error why;
    cleanup(wipe_document)
    cJSON *document = json_parse(text, length, LIMIT_PROCESS_OUTPUT_BYTES, &why);
    const char *expiration = json_get_text(document, "Expiration");

    /* The reader's sentence may quote what it read. */
    if (!document)
        return error_set(error, ERROR_INVALID, "they are not a JSON document");
    if (credentials_set_fill(set, json_get_text(document, "AccessKeyId"),
                             json_get_text(document, "SecretAccessKey"),
                             json_get_text(document, token), error) != 0)
        return -1;
    if (!text_is_empty(expiration) && !time_parse(expiration, &set->expiry_ms)) {
        credentials_set_wipe(set);
        return error_set(error, ERROR_INVALID, "their Expiration is not a time");
    }
    return 0;
}

static void close_descriptor(const int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
}

char *credentials_read_file(const char *path, size_t maximum, size_t *length, struct error *error)
{
    cleanup(close_descriptor)
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);

    if (descriptor < 0) {
        error_set(error, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_DENIED, "%s: %s", path,
                  strerror(errno));
        return NULL;
    }
    cleanup(wipe_text)
    char *text = memory_allocate(maximum + 2);
    size_t used = 0;

    while (used <= maximum) {
        ssize_t got = read(descriptor, text + used, maximum + 1 - used);

        if (got == 0)
            break;
        if (got < 0 && errno != EINTR) {
            error_set(error, ERROR_STORAGE, "%s: %s", path, strerror(errno));
            return NULL;
        }
        used += got > 0 ? (size_t)got : 0;
    }
    if (used > maximum || memchr(text, '\0', used)) {
        error_set(error, ERROR_INVALID, "%s: it has %s", path,
                  used > maximum ? "more in it than such a file should" : "a NUL in it");
        return NULL;
    }
    *length = used;
    return steal_pointer(text);
}

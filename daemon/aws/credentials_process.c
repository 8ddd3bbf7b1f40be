/* credential_process: a program that prints keys as JSON. */
#include "aws/credentials_internal.h"
#include "base/limits.h"
#include "base/text.h"
#include "net/process.h"

#include <stdlib.h>
#include <string.h>

enum {
    TIMEOUT_MS = 60000,
    ARGUMENTS_MAX = 64,
};

struct process_source {
    struct source source;
    struct loop *loop;
    char *words;                        /* the arguments, a NUL behind each */
    char *arguments[ARGUMENTS_MAX + 1]; /* into words; NULL behind the last */
    struct process *process;            /* pending */
};

static void ended(void *context, const char *output, size_t length, const struct error *trouble)
{
    struct process_source *self = context;
    struct credentials_set set;
    struct error error = {0};

    self->process = NULL;
    if (trouble) {
        error = *trouble;
    } else if (credentials_set_read(&set, output, length, "SessionToken", &error) == 0) {
        source_succeeded(&self->source, &set);
        return;
    }
    error_prefix(&error, "the credentials that %s prints: ", self->arguments[0]);
    source_failed(&self->source, &error);
}

static void fetch(struct source *source)
{
    struct process_source *self = container_of(source, struct process_source, source);

    self->process = process_start(self->loop, (const char *const *)self->arguments,
                                  LIMIT_PROCESS_OUTPUT_BYTES, TIMEOUT_MS, ended, self);
}

static void cancel(struct source *source)
{
    struct process_source *self = container_of(source, struct process_source, source);

    process_cancel(steal_pointer(self->process));
}

static void free_source(struct source *source)
{
    struct process_source *self = container_of(source, struct process_source, source);

    free(self->words);
    free(self);
}

static const struct source_kind kind = {
    .fetch = fetch,
    .cancel = cancel,
    .free = free_source,
};

/* One word of a command line as a shell quotes them, moved to *to, which it never overtakes.
 * Returns where the next one begins; NULL where a quote is not closed. */
static const char *read_word(const char *from, char **to)
{
    char quote = '\0';

    for (; *from && (quote || !strchr(" \t\n", *from)); from++) {
        if (quote ? *from == quote : *from == '"' || *from == '\'') {
            quote = quote ? '\0' : *from;
        } else if (*from == '\\' && quote != '\'' && from[1] &&
                   (!quote || strchr("\"\\$`", from[1]))) {
            *(*to)++ = *++from;
        } else {
            *(*to)++ = *from;
        }
    }
    if (quote)
        return NULL;
    from += strspn(from, " \t\n");
    return from;
}

static bool split(struct process_source *self)
{
    char *to = self->words;
    const char *from = self->words + strspn(self->words, " \t\n");
    size_t count = 0;

    while (*from) {
        if (count == ARGUMENTS_MAX)
            return false;
        self->arguments[count++] = to;
        from = read_word(from, &to);
        if (!from)
            return false;
        *to++ = '\0';
    }
    return count > 0;
}

struct source *source_process(const struct credentials_outside *outside, const char *profile,
                              const char *command, struct error *error)
{
    struct process_source *self = memory_allocate(sizeof(*self));

    self->source.kind = &kind;
    self->loop = outside->loop;
    self->words = text_copy(command);
    if (!split(self)) {
        error_set(
            error, ERROR_INVALID,
            "the profile %s has a credential_process that is not a command of at most %d words",
            profile, ARGUMENTS_MAX);
        free_source(&self->source);
        return NULL;
    }
    self->source.name = text_printf("process of the profile %s", profile);
    return &self->source;
}

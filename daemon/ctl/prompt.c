#include "ctl/prompt.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool prompt_is_possible(void)
{
    return isatty(STDIN_FILENO);
}

/* Without its line end; NULL at the end of the input. */
static char *read_line(void)
{
    char *line = NULL;
    size_t size = 0;

    if (getline(&line, &size, stdin) < 0) {
        free(line);
        return NULL;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return line;
}

int prompt_confirm(const struct invocation *invocation, struct error *error, const char *format,
                   ...)
{
    char question[1024];
    va_list arguments;

    if (invocation_flag(invocation, "yes"))
        return 0;
    va_start(arguments, format);
    vsnprintf(question, sizeof(question), format, arguments);
    va_end(arguments);
    render_clean(question, false);
    if (!prompt_is_possible())
        return error_set(error, ERROR_INVALID, "%s wants --yes where nobody can be asked: %s",
                         command_table[invocation->command].name, question);
    fprintf(stderr, "%s? [y/N] ", question);
    cleanup(free_pointer)
    char *answer = read_line();

    if (answer &&
        (text_equal_ignoring_case(answer, "y") || text_equal_ignoring_case(answer, "yes")))
        return 0;
    return error_set(error, ERROR_CANCELLED, "nothing was done");
}

enum api_exit prompt_refused(const struct invocation *invocation, const struct error *error)
{
    return command_fail_with(
        invocation, error->class == ERROR_CANCELLED ? API_EXIT_NO : API_EXIT_BAD_INPUT, error);
}

char *prompt_line(const char *question, const char *proposed)
{
    if (proposed)
        fprintf(stderr, "%s [%s]: ", question, proposed);
    else
        fprintf(stderr, "%s: ", question);
    char *answer = read_line();

    if (answer && !*answer && proposed) {
        free(answer);
        return text_copy(proposed);
    }
    return answer;
}

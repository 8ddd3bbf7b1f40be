/* What causewayctl was asked to do: a command of commands.def, its arguments and its options.
 *
 * Options may stand before the command and behind it. All that a command prints for people goes to
 * invocation->screen; main() writes it out at the end. A command answers with the exit code, and
 * has said why where that is not 0 (command_fail() does). */
#ifndef CAUSEWAY_CTL_COMMAND_H
#define CAUSEWAY_CTL_COMMAND_H

#include "base/error.h"
#include "base/json.h"
#include "control/api.h"
#include "ctl/render.h"

#include <stdbool.h>
#include <stddef.h>

enum command_id {
#define COMMAND(enumerator, name, arguments, minimum, maximum, reach, function, summary, text) \
    enumerator,
#include "ctl/commands.def"
#undef COMMAND
    COMMANDS,
    COMMAND_ANY = COMMANDS,
};

enum command_reach { COMMAND_OFFLINE, COMMAND_ONLINE };
enum option_need { OPTION_OPTIONAL, OPTION_REQUIRED };

struct invocation;

typedef enum api_exit command_function(const struct invocation *invocation);

#define COMMAND(enumerator, name, arguments, minimum, maximum, reach, function, summary, text) \
    command_function function;
#include "ctl/commands.def"
#undef COMMAND

struct command {
    const char *name;
    const char *arguments;
    size_t minimum; /* arguments */
    size_t maximum;
    enum command_reach reach;
    command_function *function;
    const char *summary;
    const char *paragraph;
};

struct command_option {
    enum command_id command;
    enum option_need need;
    char letter; /* 0 for none */
    const char *name;
    const char *value; /* what stands for its value in help; NULL for a flag */
    const char *help;
};

struct command_exit {
    enum command_id command;
    enum api_exit code;
    const char *meaning;
};

extern const struct command command_table[COMMANDS];
extern const struct command_option command_options[];
extern const size_t command_option_count;
extern const struct command_exit command_exits[];
extern const size_t command_exit_count;

enum { COMMAND_GIVEN_MAXIMUM = 32 }; /* options on one command line */

struct invocation {
    enum command_id command; /* COMMAND_ANY where none was named */
    char **arguments;        /* behind the command, in argv */
    size_t argument_count;
    struct {
        const struct command_option *option;
        const char *value; /* in argv; NULL for a flag */
    } given[COMMAND_GIVEN_MAXIMUM];
    size_t given_count;
    struct screen *screen;
};

/* Reads the command line; argv is put into another order. -1 and ERROR_INVALID, with a sentence
 * that says what would be right, where it is wrong; what could be understood is filled in even
 * then. */
int invocation_read(int argc, char **argv, struct invocation *invocation, struct error *error);

/* The command that has these words as its name. -1 and ERROR_INVALID, with what may have been
 * meant, where there is none. */
int command_look_up(char *const *words, size_t count, enum command_id *command,
                    struct error *error);

/* The option's value, the last one where it was given more than once; NULL where it was not. For
 * a flag, whether it was given. */
const char *invocation_option(const struct invocation *invocation, const char *name);
bool invocation_flag(const struct invocation *invocation, const char *name);

/* An argument behind the command, NULL where there are less. */
const char *invocation_argument(const struct invocation *invocation, size_t index);

/* The path of the configuration: as told, or from the environment, or the usual one. */
const char *invocation_config(const struct invocation *invocation);

/* Prints the document, with --json, and says whether that was wanted. */
bool command_json(const struct invocation *invocation, const cJSON *document);

/* Says the error as a sentence on standard error and, with --json, as the API's error document on
 * standard output. The first form answers the exit code that belongs to the error's class. */
enum api_exit command_fail(const struct invocation *invocation, const struct error *error);
enum api_exit command_fail_with(const struct invocation *invocation, enum api_exit code,
                                const struct error *error);

/* A line on standard error, after "causewayctl: ". */
void command_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

#include "ctl/command.h"

#include "base/buffer.h"
#include "base/text.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What getopt_long() answers for the option of that index in command_options. */
#define FIRST_OPTION 256

#define DEFAULT_CONFIG CAUSEWAY_SYSCONFDIR "/causeway/causeway.yaml"

const struct command command_table[COMMANDS] = {
#define COMMAND(enumerator, name_, arguments_, minimum_, maximum_, reach_, function_, summary_, \
                paragraph_)                                                                     \
    [enumerator] = {.name = (name_),                                                            \
                    .arguments = (arguments_),                                                  \
                    .minimum = (minimum_),                                                      \
                    .maximum = (maximum_),                                                      \
                    .reach = (reach_),                                                          \
                    .function = (function_),                                                    \
                    .summary = (summary_),                                                      \
                    .paragraph = (paragraph_)},
#include "ctl/commands.def"
#undef COMMAND
};

const struct command_option command_options[] = {
#define OPTION(command, name, letter, value, need, help) \
    {(command), (need), (letter), (name), (value), (help)},
#include "ctl/commands.def"
#undef OPTION
};
const size_t command_option_count = array_length(command_options);

const struct command_exit command_exits[] = {
#define EXIT(command, code, meaning) {(command), (code), (meaning)},
#include "ctl/commands.def"
#undef EXIT
};
const size_t command_exit_count = array_length(command_exits);

/* ---- options ------------------------------------------------------------------------------- */

/* The command's options in the form of getopt_long(). Zeroed is empty. */
struct parser {
    struct option options[array_length(command_options) + 1];
    char letters[2 + 2 * array_length(command_options) + 1];
};

static void prepare(struct parser *parser, enum command_id command)
{
    size_t count = 0;
    char *letter = parser->letters;

    if (command == COMMAND_ANY)
        *letter++ = '+'; /* up to the command's name only */
    *letter++ = ':';
    for (size_t i = 0; i < command_option_count; i++) {
        const struct command_option *option = &command_options[i];

        if (option->command != COMMAND_ANY && option->command != command)
            continue;
        parser->options[count++] =
            (struct option){option->name, option->value ? required_argument : no_argument, NULL,
                            FIRST_OPTION + (int)i};
        if (option->letter) {
            *letter++ = option->letter;
            if (option->value)
                *letter++ = ':';
        }
    }
}

static size_t option_of_letter(enum command_id command, int letter)
{
    for (size_t i = 0; i < command_option_count; i++)
        if (command_options[i].letter == letter &&
            (command_options[i].command == COMMAND_ANY || command_options[i].command == command))
            return i;
    return command_option_count;
}

static const char *name_of(enum command_id command)
{
    return command == COMMAND_ANY ? "causewayctl" : command_table[command].name;
}

static int take_option(struct invocation *invocation, size_t index, const char *value,
                       struct error *error)
{
    if (invocation->given_count == COMMAND_GIVEN_MAXIMUM)
        return error_set(error, ERROR_INVALID, "more than %d options", COMMAND_GIVEN_MAXIMUM);
    invocation->given[invocation->given_count].option = &command_options[index];
    invocation->given[invocation->given_count++].value = value;
    return 0;
}

/* Takes the options that the command knows; goes on behind a wrong one, so that a --json behind it
 * is honoured, and tells of the first. optind is then at the first argument. */
static int read_options(int argc, char **argv, struct invocation *invocation, struct error *error)
{
    struct parser parser = {0};
    int result = 0;
    int found;

    cleanup(free_pointer)
    char *typed = invocation->command == COMMAND_ANY
                      ? text_copy("causewayctl")
                      : text_printf("causewayctl %s", command_table[invocation->command].name);

    prepare(&parser, invocation->command);
    optind = 0; /* glibc: start anew */
    opterr = 0;
    while ((found = getopt_long(argc, argv, parser.letters, parser.options, NULL)) != -1) {
        struct error *first = result == 0 ? error : NULL;

        if (found == ':')
            result = error_set(first, ERROR_INVALID, "%s wants a value", argv[optind - 1]);
        else if (found == '?' && optopt >= FIRST_OPTION)
            result = error_set(first, ERROR_INVALID, "%s takes no value", argv[optind - 1]);
        else if (found == '?' && optopt)
            result = error_set(first, ERROR_INVALID, "%s has no option -%c; see `%s --help`",
                               name_of(invocation->command), optopt, typed);
        else if (found == '?')
            result = error_set(first, ERROR_INVALID, "%s has no option %s; see `%s --help`",
                               name_of(invocation->command), argv[optind - 1], typed);
        else if (take_option(invocation,
                             found >= FIRST_OPTION ? (size_t)(found - FIRST_OPTION)
                                                   : option_of_letter(invocation->command, found),
                             optarg, first) < 0)
            result = -1;
    }
    return result;
}

/* ---- the command --------------------------------------------------------------------------- */

static bool name_begins(const char *name, char *const *words, size_t count, size_t *length)
{
    *length = 0;
    while (*length < count) {
        size_t letters = strlen(words[*length]);

        if (strncmp(name, words[*length], letters) != 0)
            return false;
        (*length)++;
        if (name[letters] == '\0')
            return true;
        if (name[letters] != ' ')
            return false;
        name += letters + 1;
    }
    return false;
}

/* "event" alone, or before what it does not have: all that begin so. */
static int explain_group(const char *typed, const char *group, struct error *error)
{
    struct buffer list = BUFFER(ERROR_SENTENCE_SIZE);

    for (size_t i = 0; i < COMMANDS; i++)
        if (text_starts_with(command_table[i].name, group))
            buffer_printf(&list, "%s%s", list.length ? ", " : "", command_table[i].name);
    error_set(error, ERROR_INVALID, "there is no command \"%s\"; there is: %s", typed,
              buffer_text(&list));
    buffer_free(&list);
    return -1;
}

static int explain_unknown(char *const *words, size_t count, struct error *error)
{
    const char *names[COMMANDS + 1] = {0};
    cleanup(free_pointer)
    char *group = text_printf("%s ", words[0]);
    cleanup(free_pointer)
    char *typed = count > 1 && words[1][0] != '-' ? text_printf("%s %s", words[0], words[1])
                                                  : text_copy(words[0]);

    for (size_t i = 0; i < COMMANDS; i++) {
        names[i] = command_table[i].name;
        if (text_starts_with(names[i], group))
            return explain_group(typed, group, error);
    }
    const char *near = text_nearest(typed, names);

    if (!near)
        near = text_nearest(words[0], names);
    if (near)
        return error_set(error, ERROR_INVALID, "there is no command \"%s\"; did you mean %s?",
                         words[0], near);
    return error_set(error, ERROR_INVALID,
                     "there is no command \"%s\"; `causewayctl help` lists them", words[0]);
}

/* *length is how many of the words are the command's name. */
static int find_command(char *const *words, size_t count, enum command_id *command, size_t *length,
                        struct error *error)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (name_begins(command_table[i].name, words, count, length)) {
            *command = (enum command_id)i;
            return 0;
        }
    }
    return explain_unknown(words, count, error);
}

int command_look_up(char *const *words, size_t count, enum command_id *command, struct error *error)
{
    size_t length;

    if (find_command(words, count, command, &length, error) < 0)
        return -1;
    if (length < count)
        return error_set(error, ERROR_INVALID, "there is no command \"%s %s\"",
                         command_table[*command].name, words[length]);
    return 0;
}

static int check_arguments(const struct invocation *invocation, struct error *error)
{
    const struct command *command = &command_table[invocation->command];

    if (invocation->argument_count < command->minimum)
        return error_set(error, ERROR_INVALID, "%s wants %s", command->name, command->arguments);
    if (invocation->argument_count > command->maximum)
        return error_set(error, ERROR_INVALID, "%s does not take \"%s\"", command->name,
                         invocation->arguments[command->maximum]);
    for (size_t i = 0; i < command_option_count; i++) {
        const struct command_option *option = &command_options[i];

        if (option->command == invocation->command && option->need == OPTION_REQUIRED &&
            !invocation_flag(invocation, option->name))
            return error_set(error, ERROR_INVALID, "%s wants --%s %s", command->name, option->name,
                             option->value);
    }
    return 0;
}

int invocation_read(int argc, char **argv, struct invocation *invocation, struct error *error)
{
    invocation->command = COMMAND_ANY;
    int result = read_options(argc, argv, invocation, error);
    int first = optind;
    size_t length;

    if (first >= argc) {
        if (result == 0 && !invocation_flag(invocation, "help") &&
            !invocation_flag(invocation, "version"))
            result = error_set(error, ERROR_INVALID,
                               "a command is wanted; `causewayctl help` lists them");
        return result;
    }
    struct error *first_error = result == 0 ? error : NULL;

    if (find_command(argv + first, (size_t)(argc - first), &invocation->command, &length,
                     first_error) < 0)
        return -1;
    /* The last word of the name stands where getopt_long() expects the program's. */
    int name_end = first + (int)length - 1;

    if (read_options(argc - name_end, argv + name_end, invocation, first_error) < 0)
        result = -1;
    invocation->arguments = argv + name_end + optind;
    invocation->argument_count = (size_t)(argc - name_end - optind);
    if (result < 0 || invocation_flag(invocation, "help") || invocation_flag(invocation, "version"))
        return result;
    return check_arguments(invocation, error);
}

bool invocation_flag(const struct invocation *invocation, const char *name)
{
    for (size_t i = 0; i < invocation->given_count; i++)
        if (text_equal(invocation->given[i].option->name, name))
            return true;
    return false;
}

const char *invocation_option(const struct invocation *invocation, const char *name)
{
    for (size_t i = invocation->given_count; i-- > 0;)
        if (text_equal(invocation->given[i].option->name, name))
            return invocation->given[i].value;
    return NULL;
}

const char *invocation_argument(const struct invocation *invocation, size_t index)
{
    return index < invocation->argument_count ? invocation->arguments[index] : NULL;
}

const char *invocation_config(const struct invocation *invocation)
{
    const char *told = invocation_option(invocation, "config");
    const char *environment = getenv("CAUSEWAY_CONFIG");

    if (told)
        return told;
    return text_is_empty(environment) ? DEFAULT_CONFIG : environment;
}

/* ---- saying what came of it ---------------------------------------------------------------- */

bool command_json(const struct invocation *invocation, const cJSON *document)
{
    if (!invocation_flag(invocation, "json"))
        return false;
    screen_json(invocation->screen, document);
    return true;
}

void command_complain(const char *format, ...)
{
    va_list arguments;
    cleanup(free_pointer)
    char *text = NULL;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        abort();
    va_end(arguments);
    render_clean(text, true);
    fprintf(stderr, "causewayctl: %s\n", text);
}

enum api_exit command_fail_with(const struct invocation *invocation, enum api_exit code,
                                const struct error *error)
{
    cleanup(json_free)
    cJSON *document = api_error_to_json(error);

    command_json(invocation, document);
    command_complain("%s", error->sentence);
    return code;
}

enum api_exit command_fail(const struct invocation *invocation, const struct error *error)
{
    return command_fail_with(invocation, api_exit_of(api_status_of(error->class)), error);
}

#include "ctl/help.h"

#include "base/buffer.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* ---- for people ---------------------------------------------------------------------------- */

/* "-f, --file FILE" */
static char *option_text(const struct command_option *option)
{
    char letter[] = {'-', option->letter, ',', ' ', '\0'};

    return text_printf("%s--%s%s%s", option->letter ? letter : "    ", option->name,
                       option->value ? " " : "", option->value ? option->value : "");
}

static void put_entry(struct screen *screen, const char *term, size_t width, const char *text)
{
    screen_put(screen, TONE_PLAIN, "  %s", term);
    if (strlen(term) > width) {
        screen_put(screen, TONE_PLAIN, "\n");
        screen_paragraph(screen, TONE_PLAIN, 0, width + 4, text);
    } else {
        screen_paragraph(screen, TONE_PLAIN, strlen(term) + 2, width + 4, text);
    }
}

static void put_options(struct screen *screen, enum command_id command, const char *title)
{
    bool any = false;

    for (size_t i = 0; i < command_option_count; i++) {
        if (command_options[i].command != command)
            continue;
        cleanup(free_pointer)
        char *text = option_text(&command_options[i]);

        if (!any)
            screen_put(screen, TONE_STRONG, "%s\n", title);
        any = true;
        put_entry(screen, text, 20, command_options[i].help);
    }
    if (any)
        screen_put(screen, TONE_PLAIN, "\n");
}

static void put_exits(struct screen *screen, enum command_id command)
{
    screen_put(screen, TONE_STRONG, "Exit status\n");
    for (int code = API_EXIT_DONE; code <= API_EXIT_REFUSED; code++) {
        char term[] = {(char)('0' + code), '\0'};

        for (size_t i = 0; i < command_exit_count; i++)
            if ((int)command_exits[i].code == code &&
                (command_exits[i].command == command || command_exits[i].command == COMMAND_ANY))
                put_entry(screen, term, 2, command_exits[i].meaning);
    }
}

/* In one line, or set below each other's beginning where that is too long. */
static void put_usage(struct screen *screen, enum command_id id)
{
    const struct command *command = &command_table[id];
    struct buffer text = BUFFER(8192);

    buffer_printf(&text, "%s%s%s", command->name, command->arguments[0] ? " " : "",
                  command->arguments);
    for (size_t i = 0; i < command_option_count; i++) {
        const struct command_option *option = &command_options[i];
        bool optional = option->need == OPTION_OPTIONAL;

        if (option->command == id)
            buffer_printf(&text, " %s--%s%s%s%s", optional ? "[" : "", option->name,
                          option->value ? " " : "", option->value ? option->value : "",
                          optional ? "]" : "");
    }
    static const char begin[] = "usage: causewayctl ";

    screen_put(screen, TONE_PLAIN, "%s", begin);
    screen_paragraph(screen, TONE_PLAIN, strlen(begin), strlen(begin), buffer_text(&text));
    buffer_free(&text);
}

static void show_one(struct screen *screen, enum command_id id)
{
    put_usage(screen, id);
    screen_put(screen, TONE_PLAIN, "\n");
    screen_put(screen, TONE_PLAIN, "%s.\n", command_table[id].summary);
    screen_put(screen, TONE_PLAIN, "\n");
    screen_paragraph(screen, TONE_PLAIN, 0, 0, command_table[id].paragraph);
    screen_put(screen, TONE_PLAIN, "\n");
    put_options(screen, id, "Options");
    put_options(screen, COMMAND_ANY, "Options of every command");
    put_exits(screen, id);
}

/* "deploy --file FILE": what cannot be left out, and what can. The caller frees it. */
static char *command_text(enum command_id id)
{
    const struct command *command = &command_table[id];
    struct buffer text = BUFFER(1024);

    buffer_printf(&text, "%s%s%s", command->name, command->arguments[0] ? " " : "",
                  command->arguments);
    for (size_t i = 0; i < command_option_count; i++)
        if (command_options[i].command == id && command_options[i].need == OPTION_REQUIRED)
            buffer_printf(&text, " --%s %s", command_options[i].name, command_options[i].value);
    return buffer_take(&text);
}

static void put_commands(struct screen *screen, enum command_reach reach)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        cleanup(free_pointer)
        char *term = command_text((enum command_id)i);

        if (command_table[i].reach == reach)
            put_entry(screen, term, 20, command_table[i].summary);
    }
}

/* "redrive": all that begin so. False where none does. */
static bool show_group(struct screen *screen, const char *word)
{
    cleanup(free_pointer)
    char *group = text_printf("%s ", word);
    bool any = false;

    for (size_t i = 0; i < COMMANDS; i++) {
        cleanup(free_pointer)
        char *term = command_text((enum command_id)i);

        if (!text_starts_with(command_table[i].name, group))
            continue;
        any = true;
        put_entry(screen, term, 20, command_table[i].summary);
    }
    return any;
}

static void show_all(struct screen *screen)
{
    screen_put(screen, TONE_PLAIN,
               "usage: causewayctl [--config FILE] [--socket PATH] [--json] COMMAND\n");
    screen_put(screen, TONE_PLAIN, "\n");
    screen_put(screen, TONE_STRONG, "Asking the running daemon\n");
    put_commands(screen, COMMAND_ONLINE);
    screen_put(screen, TONE_PLAIN, "\n");
    screen_put(screen, TONE_STRONG, "Working on files\n");
    put_commands(screen, COMMAND_OFFLINE);
    screen_put(screen, TONE_PLAIN, "\n");
    put_options(screen, COMMAND_ANY, "Options");
    screen_paragraph(screen, TONE_PLAIN, 0, 0,
                     "Exit status: 0 done, 1 the answer is no, 2 bad input, 3 the daemon could not "
                     "be reached, 4 refused. `causewayctl COMMAND --help` tells all about one.");
}

/* ---- for programs -------------------------------------------------------------------------- */

static cJSON *describe_options(enum command_id command)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < command_option_count; i++) {
        const struct command_option *option = &command_options[i];
        const char letter[] = {option->letter, '\0'};
        cJSON *entry;

        if (option->command != command)
            continue;
        entry = cJSON_CreateObject();
        json_add_text(entry, "name", option->name);
        json_add_text(entry, "letter", option->letter ? letter : NULL);
        json_add_text(entry, "value", option->value);
        json_add_bool(entry, "required", option->need == OPTION_REQUIRED);
        json_add_text(entry, "help", option->help);
        cJSON_AddItemToArray(list, entry);
    }
    return list;
}

static cJSON *describe_exits(enum command_id command)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < command_exit_count; i++) {
        cJSON *entry;

        if (command_exits[i].command != command)
            continue;
        entry = cJSON_CreateObject();
        json_add_integer(entry, "code", command_exits[i].code);
        json_add_text(entry, "meaning", command_exits[i].meaning);
        cJSON_AddItemToArray(list, entry);
    }
    return list;
}

static cJSON *describe(enum command_id id)
{
    const struct command *command = &command_table[id];
    cJSON *entry = cJSON_CreateObject();

    json_add_text(entry, "name", command->name);
    json_add_text(entry, "arguments", command->arguments);
    json_add_text(entry, "summary", command->summary);
    json_add_text(entry, "description", command->paragraph);
    json_add_bool(entry, "online", command->reach == COMMAND_ONLINE);
    json_put(entry, "options", describe_options(id));
    json_put(entry, "exits", describe_exits(id));
    return entry;
}

static cJSON *describe_program(enum command_id only)
{
    cJSON *document = cJSON_CreateObject();

    json_add_text(document, "program", "causewayctl");
    json_add_text(document, "version", CAUSEWAY_VERSION);
    json_put(document, "options", describe_options(COMMAND_ANY));
    json_put(document, "exits", describe_exits(COMMAND_ANY));
    cJSON *commands = json_add_array(document, "commands");

    for (size_t i = 0; i < COMMANDS; i++)
        if (only == COMMAND_ANY || only == (enum command_id)i)
            cJSON_AddItemToArray(commands, describe((enum command_id)i));
    return document;
}

/* ---- the command --------------------------------------------------------------------------- */

enum api_exit help_show(const struct invocation *invocation, enum command_id command)
{
    cleanup(json_free)
    cJSON *document = describe_program(command);

    if (command_json(invocation, document))
        return API_EXIT_DONE;
    if (command == COMMAND_ANY)
        show_all(invocation->screen);
    else
        show_one(invocation->screen, command);
    return API_EXIT_DONE;
}

enum api_exit help(const struct invocation *invocation)
{
    enum command_id command = COMMAND_ANY;
    struct error error;

    if (invocation->argument_count == 1 && !invocation_flag(invocation, "json") &&
        show_group(invocation->screen, invocation->arguments[0]))
        return API_EXIT_DONE;
    if (invocation->argument_count > 0 &&
        command_look_up(invocation->arguments, invocation->argument_count, &command, &error) < 0)
        return command_fail(invocation, &error);
    return help_show(invocation, command);
}

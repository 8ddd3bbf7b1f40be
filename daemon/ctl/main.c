/* causewayctl: finds the command in the table of commands.def and runs it. */
#include "ctl/command.h"
#include "ctl/help.h"

#include "base/json.h"

#include <locale.h>
#include <unistd.h>

static enum api_exit show_version(const struct invocation *invocation)
{
    cleanup(json_free)
    cJSON *document = cJSON_CreateObject();

    json_add_text(document, "program", "causewayctl");
    json_add_text(document, "version", CAUSEWAY_VERSION);
    if (!command_json(invocation, document))
        screen_put(invocation->screen, TONE_PLAIN, "causewayctl %s\n", CAUSEWAY_VERSION);
    return API_EXIT_DONE;
}

static enum api_exit run(int argc, char **argv, struct invocation *invocation)
{
    struct error error;

    if (invocation_read(argc, argv, invocation, &error) < 0)
        return command_fail_with(invocation, API_EXIT_BAD_INPUT, &error);
    if (invocation_flag(invocation, "help"))
        return help_show(invocation, invocation->command);
    if (invocation_flag(invocation, "version"))
        return show_version(invocation);
    return command_table[invocation->command].function(invocation);
}

int main(int argc, char **argv)
{
    struct screen screen;
    struct invocation invocation = {.screen = &screen};
    struct error error;

    setlocale(LC_CTYPE, "");
    json_initialise();
    screen_open(&screen, STDOUT_FILENO);
    enum api_exit code = run(argc, argv, &invocation);

    if (screen_flush(&screen, &error) < 0) {
        command_complain("%s", error.sentence);
        code = API_EXIT_UNREACHABLE;
    }
    screen_free(&screen);
    return code;
}

/* init: a first configuration, from the few facts that nobody but the operator knows. */
#include "ctl/command.h"
#include "ctl/prompt.h"

#include "base/buffer.h"
#include "base/text.h"
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum fact {
    FACT_PROD_ID,
    FACT_STAGING_ID,
    FACT_REGION,
    FACT_STAGING_ROLE,
    FACT_EXTERNAL_ID,
    FACT_QUEUE,
    FACT_BUS,
    FACT_ARTIFACT_BUCKET,
    FACT_MODEL_BUCKET,
    FACT_REPOSITORY,
    FACT_PIPELINE,
    FACT_ACTION,
    FACT_ARTIFACT,
    FACT_ENDPOINT,
    FACT_INSTANCE_TYPE,
    FACT_DATA_BUCKET,
    FACTS,
};

static const struct {
    const char *option;
    const char *question;
    const char *proposed; /* NULL where there is none, or it depends on the facts before */
} facts[FACTS] = {
    [FACT_PROD_ID] = {"prod-id", "Production's account id", NULL},
    [FACT_STAGING_ID] = {"staging-id", "Staging's account id", NULL},
    [FACT_REGION] = {"region", "The region of both", "us-east-1"},
    [FACT_STAGING_ROLE] = {"staging-role", "The role that causewayd takes on in staging", NULL},
    [FACT_EXTERNAL_ID] = {"external-id", "The external id that its trust policy asks for",
                          "causeway"},
    [FACT_QUEUE] = {"queue", "The queue in production that events arrive in", "causeway-events"},
    [FACT_BUS] = {"bus", "The event bus in production that staging sends to", "cross-account-bus"},
    [FACT_ARTIFACT_BUCKET] = {"artifact-bucket", "The bucket in staging that artifacts are in",
                              NULL},
    [FACT_MODEL_BUCKET] = {"model-bucket", "The bucket in production that models are copied to",
                           NULL},
    [FACT_REPOSITORY] = {"repository", "The image repository in staging", NULL},
    [FACT_PIPELINE] = {"pipeline", "The pipeline in staging that builds the model", NULL},
    [FACT_ACTION] = {"action", "Its action whose success is to be followed", "DeployStaging"},
    [FACT_ARTIFACT] = {"artifact", "Its artifact that holds the manifest", "BuildArtifact"},
    [FACT_ENDPOINT] = {"endpoint", "The endpoint in production", NULL},
    [FACT_INSTANCE_TYPE] = {"instance-type", "What it runs on", "ml.m5.xlarge"},
    [FACT_DATA_BUCKET] = {"data-bucket", "The bucket in staging that trained models are in", NULL},
};

/* What is proposed for a fact, by those before it; NULL for nothing. The caller frees it. */
static char *propose(enum fact fact, char *const values[FACTS])
{
    static const char ending[] = "-deploy";

    switch (fact) {
    case FACT_STAGING_ROLE:
        return text_printf("arn:aws:iam::%s:role/causeway-staging", values[FACT_STAGING_ID]);
    case FACT_DATA_BUCKET: /* SageMaker's own name for it */
        return text_printf("sagemaker-%s-%s", values[FACT_REGION], values[FACT_STAGING_ID]);
    case FACT_ENDPOINT: {
        const char *pipeline = values[FACT_PIPELINE];
        size_t length = strlen(pipeline);

        if (text_ends_with(pipeline, ending) && length > strlen(ending))
            length -= strlen(ending);
        return text_printf("%.*s", (int)length, pipeline);
    }
    default:
        return text_copy(facts[fact].proposed);
    }
}

/* All facts that are neither given nor can be proposed, where nobody can be asked. */
static int refuse_missing(const struct invocation *invocation, struct error *error)
{
    struct buffer missing = BUFFER(1024);

    for (size_t i = 0; i < FACTS; i++) {
        bool depends = i == FACT_STAGING_ROLE || i == FACT_ENDPOINT || i == FACT_DATA_BUCKET;

        if (!facts[i].proposed && !depends && !invocation_option(invocation, facts[i].option))
            buffer_printf(&missing, "%s--%s", missing.length ? ", " : "", facts[i].option);
    }
    if (missing.length)
        error_set(error, ERROR_INVALID, "init wants %s where nobody can be asked",
                  buffer_text(&missing));
    int result = missing.length ? -1 : 0;

    buffer_free(&missing);
    return result;
}

static int gather(const struct invocation *invocation, char *values[FACTS], struct error *error)
{
    bool ask = prompt_is_possible();

    if (!ask && refuse_missing(invocation, error) < 0)
        return -1;
    for (size_t i = 0; i < FACTS; i++) {
        const char *told = invocation_option(invocation, facts[i].option);
        cleanup(free_pointer)
        char *proposed = told ? NULL : propose((enum fact)i, values);

        if (told)
            values[i] = text_copy(told);
        else if (ask)
            values[i] = prompt_line(facts[i].question, proposed);
        else
            values[i] = steal_pointer(proposed);
        if (!values[i])
            return error_set(error, ERROR_INVALID, "nothing was written: %s was not answered",
                             facts[i].question);
    }
    return 0;
}

/* As YAML takes it, whatever is in it. */
static void append_quoted(struct buffer *text, const char *value)
{
    buffer_append_byte(text, '"');
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            buffer_printf(text, "\\%c", *value);
        else if ((unsigned char)*value < 0x20)
            buffer_printf(text, "\\x%02x", (unsigned char)*value);
        else
            buffer_append_byte(text, *value);
    }
    buffer_append_byte(text, '"');
}

/* Where a trial keeps what a service keeps below /var/lib and /run. */
static void append_directory(struct buffer *text, const char *directory)
{
    cleanup(free_pointer)
    char *store = text_printf("%s/causeway.db", directory);
    cleanup(free_pointer)
    char *socket = text_printf("%s/control.sock", directory);

    buffer_append_text(text, "store: { sqlite: ");
    append_quoted(text, store);
    buffer_append_text(text, " }\n\nlisten:\n  control: ");
    append_quoted(text, socket);
    buffer_append_byte(text, '\n');
}

/* '@' and a letter stand for a fact: 'A' for the first. '~' is where a directory is told. */
static char *write_out(char *const values[FACTS], const char *directory)
{
    static const char form[] =
        "# Made by causewayctl init. Every key is told in causeway.yaml(5); try changes with\n"
        "# `causewayctl check`, and have them taken with `causewayctl reload`.\n"
        "\n"
        "version: 1\n"
        "home: prod                    # the account that causewayd runs in\n"
        "\n"
        "accounts:\n"
        "  prod:\n"
        "    id: @A\n"
        "    region: @C\n"
        "  staging:\n"
        "    id: @B\n"
        "    region: @C\n"
        "    assume_role: @D\n"
        "    external_id: @E\n"
        "\n"
        "queue: { name: @F }\n"
        "\n"
        "~"
        "  http: 127.0.0.1:9464        # a read-only page, and metrics\n"
        "\n"
        "reconcile: { mode: observe }  # enforce, once `causewayctl plan` shows what you want\n"
        "\n"
        "bridge:                       # `causewayctl expand` prints what it stands for\n"
        "  from: staging\n"
        "  to: prod\n"
        "  bus: @G\n"
        "  pipelines: [@K]\n"
        "  artifact_buckets: [@H, @P]\n"
        "  model_bucket: @I\n"
        "  repositories: [@J]\n"
        "\n"
        "deployments:\n"
        "  @N:\n"
        "    on:\n"
        "      source: [aws.codepipeline]\n"
        "      detail-type: [CodePipeline Action Execution State Change]\n"
        "      detail: { pipeline: [@K], action: [@L], state: [SUCCEEDED] }\n"
        "    artifact: { pipeline: @M, form: manifest }\n"
        "    endpoint: @N\n"
        "    execution_role: ${role.execution.arn}\n"
        "    container: { image: @Q }\n"
        "    variant: { instance_type: @O, count: 1 }\n"
        "    approval: manual            # none, once you trust it\n";
    cleanup(free_pointer)
    char *image = text_printf("%s.dkr.ecr.%s.amazonaws.com/%s:latest", values[FACT_STAGING_ID],
                              values[FACT_REGION], values[FACT_REPOSITORY]);
    struct buffer text = BUFFER(65536);

    for (const char *c = form; *c; c++) {
        if (*c == '~' && directory)
            append_directory(&text, directory);
        else if (*c == '~')
            buffer_append_text(&text, "listen:\n");
        else if (*c == '@')
            append_quoted(&text, *++c == 'A' + FACTS ? image : values[*c - 'A']);
        else
            buffer_append_byte(&text, *c);
    }
    return buffer_take(&text);
}

static int save(const char *path, const char *text, struct error *error)
{
    /* Not over what somebody has written, and for the daemon to read. */
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    if (descriptor < 0)
        return error_set(error, ERROR_CONFLICT, "%s: %s", path,
                         errno == EEXIST ? "there is such a file already; it is left alone"
                                         : strerror(errno));
    ssize_t written = write(descriptor, text, strlen(text));

    if (close(descriptor) < 0 || written != (ssize_t)strlen(text)) {
        unlink(path);
        return error_set(error, ERROR_CONFLICT, "%s: it could not be written", path);
    }
    return 0;
}

/* -1, with every error said, and the file gone, where it would not pass `check`. */
static int check(const char *path)
{
    cleanup(config_errors_free)
    struct config_errors errors = {0};
    struct config *config = config_load(path, &errors);

    if (config) {
        config_unref(config);
        return 0;
    }
    for (size_t i = 0; i < errors.count; i++) {
        cleanup(free_pointer)
        char *message = text_copy(errors.errors[i].message);

        render_clean(message, false);
        command_complain("%s", message);
    }
    unlink(path);
    return -1;
}

enum api_exit offline_init(const struct invocation *invocation)
{
    const char *told = invocation_option(invocation, "output");
    const char *path = told ? told : invocation_config(invocation);
    char *values[FACTS] = {0};
    struct error error;
    cleanup(free_pointer)
    char *text = NULL;
    bool gathered = gather(invocation, values, &error) == 0;

    if (gathered)
        text = write_out(values, invocation_option(invocation, "directory"));
    for (size_t i = 0; i < FACTS; i++)
        free(values[i]);
    if (!gathered || save(path, text, &error) < 0)
        return command_fail(invocation, &error);
    if (check(path) < 0) {
        error_set(&error, ERROR_INVALID,
                  "such a configuration would be wrong; nothing was written");
        return command_fail(invocation, &error);
    }
    cleanup(json_free)
    cJSON *document = cJSON_CreateObject();

    json_add_text(document, "file", path);
    if (command_json(invocation, document))
        return API_EXIT_DONE;
    screen_put(invocation->screen, TONE_PLAIN, "%s is written.\n", path);
    screen_put(invocation->screen, TONE_DULL,
               "Next: causewayctl check, then systemctl enable --now causewayd.\n");
    return API_EXIT_DONE;
}

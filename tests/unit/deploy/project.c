/* SageMaker projects' artifacts, from the zip to what SageMaker is asked. */
#include "deploy/story.h"

#include "base/buffer.h"
#include "deploy/pin.h"
#include "deploy/project.h"
#include "deploy/stack_template.h"
#include "deploy/watch.h"

#include <zip.h>

#define PACKAGE "arn:aws:sagemaker:us-east-1:345594592951:model-package/scorer/7"

#define TEMPLATE                                                                              \
    "Parameters:\n"                                                                           \
    "  ModelExecutionRoleArn: {Type: String}\n"                                               \
    "  ModelPackageName: {Type: String}\n"                                                    \
    "  StageName: {Type: String}\n"                                                           \
    "  EndpointInstanceCount: {Type: Number, MinValue: 1}\n"                                  \
    "  EndpointInstanceType: {Type: String}\n"                                                \
    "  DataCaptureUploadPath: {Type: String, Default: none}\n"                                \
    "Conditions:\n"                                                                           \
    "  IsProduction: !Equals [!Ref StageName, prod]\n"                                        \
    "Resources:\n"                                                                            \
    "  Errors:\n"                                                                             \
    "    Type: AWS::CloudWatch::Alarm\n"                                                      \
    "    Properties: {AlarmName: !ImportValue nobody-knows}\n"                                \
    "  Model:\n"                                                                              \
    "    Type: AWS::SageMaker::Model\n"                                                       \
    "    Properties:\n"                                                                       \
    "      EnableNetworkIsolation: 'true'\n"                                                  \
    "      Containers: [{ModelPackageName: !Ref ModelPackageName}]\n"                         \
    "      ExecutionRoleArn: !Ref ModelExecutionRoleArn\n"                                    \
    "  EndpointConfig:\n"                                                                     \
    "    Type: AWS::SageMaker::EndpointConfig\n"                                              \
    "    Properties:\n"                                                                       \
    "      ProductionVariants:\n"                                                             \
    "      - InitialInstanceCount: !Ref EndpointInstanceCount\n"                              \
    "        InitialVariantWeight: 1.0\n"                                                     \
    "        InstanceType: !Ref EndpointInstanceType\n"                                       \
    "        ModelName: !GetAtt Model.ModelName\n"                                            \
    "        VariantName: AllTraffic\n"                                                       \
    "      DataCaptureConfig: {EnableCapture: true, InitialSamplingPercentage: '80',\n"       \
    "        DestinationS3Uri: !Ref DataCaptureUploadPath, CaptureOptions: [{CaptureMode: "   \
    "Input}]}\n"                                                                              \
    "  Endpoint:\n"                                                                           \
    "    Type: AWS::SageMaker::Endpoint\n"                                                    \
    "    Properties:\n"                                                                       \
    "      EndpointName: !Sub 'scorer-${StageName}'\n"                                        \
    "      EndpointConfigName: !GetAtt EndpointConfig.EndpointConfigName\n"                   \
    "      DeploymentConfig:\n"                                                               \
    "        !If\n"                                                                           \
    "        - IsProduction\n"                                                                \
    "        - BlueGreenUpdatePolicy:\n"                                                      \
    "            TrafficRoutingConfiguration: {Type: CANARY, WaitIntervalInSeconds: '300',\n" \
    "              CanarySize: {Type: CAPACITY_PERCENT, Value: '10'}}\n"                      \
    "          AutoRollbackConfiguration: {Alarms: [{AlarmName: !Sub 'e-${StageName}'}]}\n"   \
    "        - !Ref AWS::NoValue\n"

#define PARAMETERS                                                                             \
    "{\"Parameters\":{\"StageName\":\"prod\",\"EndpointInstanceCount\":\"2\","                 \
    "\"EndpointInstanceType\":\"ml.m5.large\",\"ModelPackageName\":\"" PACKAGE "\","           \
    "\"ModelExecutionRoleArn\":\"arn:aws:iam::345594592951:role/staging\",\"Unknown\":\"x\"}," \
    "\"Tags\":{\"sagemaker:project-name\":\"scorer\"}}"

#define PROJECT_SETTINGS                                                          \
    "{\"execution_role\":\"arn:aws:iam::361769565206:role/causeway-execution\","  \
    "\"model_bucket\":\"prod-models\",\"model_prefix\":\"causeway/\",\"keep\":1," \
    "\"retry_within_ms\":60000,\"approval\":\"none\",\"tags\":{\"team\":\"fraud\"}}"

struct member {
    const char *name;
    const char *text;
};

/* A zip in memory, which the caller frees. */
static char *make_zip(const struct member *members, size_t count, size_t *length)
{
    zip_error_t error;
    zip_stat_t stat;

    zip_error_init(&error);
    zip_source_t *target = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_t *archive = zip_open_from_source(target, ZIP_TRUNCATE, &error);

    assert_non_null(archive);
    zip_source_keep(target);
    for (size_t i = 0; i < count; i++) {
        zip_source_t *source =
            zip_source_buffer(archive, members[i].text, strlen(members[i].text), 0);

        assert_true(zip_file_add(archive, members[i].name, source, ZIP_FL_ENC_UTF_8) >= 0);
    }
    assert_int_equal(zip_close(archive), 0);
    assert_int_equal(zip_source_open(target), 0);
    zip_source_stat(target, &stat);
    char *bytes = memory_allocate((size_t)stat.size);

    *length = (size_t)zip_source_read(target, bytes, stat.size);
    zip_source_close(target);
    zip_source_free(target);
    return bytes;
}

static char *make_project(const char *template, const char *parameters, size_t *length)
{
    const struct member members[] = {{"template-export.yml", template},
                                     {"staging-config-export.json", "{}"},
                                     {"prod-config-export.json", parameters}};

    return make_zip(members, array_length(members), length);
}

static void given_project(struct record *record)
{
    record_set(record, &record->artifact_form, "sagemaker-project");
    record_set_document(&record->settings, given_json(PROJECT_SETTINGS));
}

static const char *at(const cJSON *document, const char *pointer)
{
    return json_text(json_pointer(document, pointer));
}

static int64_t number_at(const cJSON *document, const char *pointer)
{
    const cJSON *value = json_pointer(document, pointer);

    assert_true(cJSON_IsNumber(value));
    return (int64_t)value->valuedouble;
}

static void a_project_becomes_what_sagemaker_is_asked(void **state)
{
    struct story *story = *state;
    cleanup(free_pointer)
    char *zip = make_project(TEMPLATE, PARAMETERS, &story->artifact_length);

    story->artifact = zip;
    story->document = given_json("{\"ModelPackageStatus\":\"Completed\",\"ModelApprovalStatus\":"
                                 "\"Approved\"}");
    given_project(story->record);
    given_serving(story, "old");
    run_until(story, EFFECT_DESCRIBE_ALARMS);
    cJSON_Delete(story->document);
    story->document =
        given_json("{\"MetricAlarms\":[{\"AlarmName\":\"e-prod\",\"StateValue\":\"OK\"}]}");
    run_until(story, EFFECT_UPDATE_ENDPOINT);

    const cJSON *model = story->record->model_document;
    const cJSON *config = story->record->config_document;

    assert_string_equal(at(model, "/Containers/0/ModelPackageName"), PACKAGE);
    assert_string_equal(at(model, "/ExecutionRoleArn"),
                        "arn:aws:iam::361769565206:role/causeway-execution");
    assert_true(cJSON_IsTrue(json_pointer(model, "/EnableNetworkIsolation")));
    assert_string_equal(at(config, "/ProductionVariants/0/VariantName"), "AllTraffic");
    assert_string_equal(at(config, "/ProductionVariants/0/ModelName"), story->record->model_name);
    assert_int_equal(number_at(config, "/ProductionVariants/0/InitialInstanceCount"), 2);
    assert_int_equal(number_at(config, "/DataCaptureConfig/InitialSamplingPercentage"), 80);
    assert_string_equal(at(config, "/DataCaptureConfig/DestinationS3Uri"),
                        "s3://prod-models/causeway/fraud-scorer/datacapture");
    assert_string_equal(at(model, "/Tags/1/Key"), "sagemaker:project-name");
    assert_string_equal(at(model, "/Tags/2/Key"), "team");
    assert_string_equal(at(story->record->template,
                           "/rollout/BlueGreenUpdatePolicy/TrafficRoutingConfiguration/Type"),
                        "CANARY");
    assert_int_equal(number_at(story->record->template,
                               "/rollout/BlueGreenUpdatePolicy/TrafficRoutingConfiguration/"
                               "WaitIntervalInSeconds"),
                     300);
    cleanup(json_free)
    cJSON *update = pin_update_endpoint(story->record, story->record->config_name, true);

    assert_string_equal(
        at(update, "/DeploymentConfig/AutoRollbackConfiguration/Alarms/0/AlarmName"), "e-prod");
    answer_as_usual(story);
    free(story->image);
    story->image = NULL;
    run_until(story, EFFECT_NONE);
    story->artifact = NULL;
}

#define RESOURCES_WITH(alarm)                                                                      \
    "Resources:\n"                                                                                 \
    "  M: {Type: AWS::SageMaker::Model, Properties: {PrimaryContainer: {Image: '" IMAGE "@" DIGEST \
    "'}}}\n"                                                                                       \
    "  C: {Type: AWS::SageMaker::EndpointConfig, Properties: {ProductionVariants: [\n"             \
    "     {VariantName: main, InstanceType: ml.m5.large, InitialInstanceCount: 2,\n"               \
    "      ModelName: !GetAtt M.ModelName}]}}\n"                                                   \
    "  Latency:\n"                                                                                 \
    "    Type: AWS::CloudWatch::Alarm\n"                                                           \
    "    Properties:\n"                                                                            \
    "      AlarmName: too-slow\n"                                                                  \
    "      AlarmActions: [!ImportValue pager]\n"                                                   \
    "      Namespace: AWS/SageMaker\n"                                                             \
    "      MetricName: ModelLatency\n"                                                             \
    "      Threshold: '250000'\n"                                                                  \
    "      EvaluationPeriods: 2\n"                                                                 \
    "      Dimensions:\n"                                                                          \
    "      - {Name: EndpointName, Value: !GetAtt E.EndpointName}\n"                                \
    "      - {Name: EndpointConfigName, Value: !GetAtt C.EndpointConfigName}\n"                    \
    "  Queue: {Type: AWS::SQS::Queue}\n"                                                           \
    "  E:\n    Type: AWS::SageMaker::Endpoint\n    Properties:\n      DeploymentConfig:\n"         \
    "        BlueGreenUpdatePolicy: {TrafficRoutingConfiguration: {Type: ALL_AT_ONCE}}\n"          \
    "        AutoRollbackConfiguration: {Alarms: [{AlarmName: " alarm "}]}\n"

/* Whether by its logical id or by the name that it has there, it is the template's own alarm. */
static void alarms_that_the_template_makes_are_made_for_the_rollout(void **state)
{
    static const char *const templates[] = {RESOURCES_WITH("!Ref Latency"),
                                            RESOURCES_WITH("too-slow")};

    (void)state;
    for (size_t i = 0; i < array_length(templates); i++) {
        struct error error;
        size_t length;
        cleanup(free_pointer)
        char *zip = make_project(templates[i], "{}", &length);
        cleanup(record_free_pointer)
        struct record *record = given_record();

        given_project(record);
        assert_int_equal(project_read(zip, length, record, &error), 0);
        assert_int_equal(watch_count(record), 1);
        assert_null(watch_named(record));
        record_set(record, &record->config_name, "fraud-scorer-abc");
        cleanup(json_free)
        cJSON *alarm = watch_alarm(record, 0);

        assert_string_equal(at(alarm, "/AlarmName"), "causeway-fraud-scorer-abc-1");
        assert_string_equal(at(alarm, "/Dimensions/0/Value"), "fraud-scorer");
        assert_string_equal(at(alarm, "/Dimensions/1/Value"), "fraud-scorer-abc");
        assert_string_equal(at(alarm, "/Dimensions/1/Name"), "EndpointConfigName");
        assert_int_equal(number_at(alarm, "/Threshold"), 250000);
        assert_null(json_get(alarm, "AlarmActions"));
    }
}

static void an_alarm_of_another_kind_is_refused_with_the_reason(void **state)
{
    struct error error;
    size_t length;
    cleanup(free_pointer)
    char *zip = make_project(RESOURCES_WITH("!Ref Queue"), "{}", &length);
    cleanup(record_free_pointer)
    struct record *record = given_record();

    (void)state;
    given_project(record);
    assert_int_equal(project_read(zip, length, record, &error), -1);
    assert_non_null(strstr(error.sentence, "Queue, a AWS::SQS::Queue"));
}

/* What a stack's template names must be among the sources, in whichever branch it stands. */
static void a_stack_may_not_name_what_the_configuration_does_not(void **state)
{
    static const struct {
        const char *container;
        const char *why; /* NULL: it may */
    } cases[] = {
        {"{Image: '" IMAGE ":1'}", NULL},
        {"{Image: !Sub '${AWS::AccountId}.dkr.ecr.us-east-1.amazonaws.com/ours:1'}",
         "does not name the repository ours"},
        {"{Image: '999999999999.dkr.ecr.us-east-1.amazonaws.com/sagemaker-inference:1'}",
         "of account 999999999999"},
        {"{Image: 'docker.io/library/evil:1'}", "not in a private ECR registry"},
        {"!If [Never, {Image: '" IMAGE "'}, {Image: '" IMAGE "-evil'}]",
         "sagemaker-inference-evil"},
        {"{Image: !ImportValue somebody}", "cannot be known before"},
        {"{ModelPackageName: '" PACKAGE "'}", NULL},
        {"{ModelPackageName: 'arn:aws:sagemaker:us-east-1:999999999999:model-package/x/1'}",
         "model package"},
        {"{Image: '" IMAGE "', ModelDataUrl: 's3://prod-models/x.tar.gz'}", NULL},
        {"{Image: '" IMAGE "', ModelDataUrl: 's3://secrets/x.tar.gz'}", "the bucket secrets"},
        {"{Image: !GetAtt Repository.RepositoryUri}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        struct error error = {0};
        size_t length;
        cleanup(free_pointer)
        char *template =
            text_printf("Conditions: {Never: !Equals [a, b]}\n"
                        "Resources:\n"
                        "  Repository: {Type: AWS::ECR::Repository}\n"
                        "  M: {Type: AWS::SageMaker::Model, Properties: {PrimaryContainer: %s}}\n",
                        cases[i].container);
        cleanup(free_pointer)
        char *zip = make_project(template, "{}", &length);
        cleanup(record_free_pointer)
        struct record *record = given_record();

        given_project(record);
        json_put(record->settings, "driver", cJSON_CreateString("cloudformation"));
        json_put(record->settings, "sources",
                 given_json("{\"buckets\":[\"staging\"],\"accounts\":[\"345594592951\"],"
                            "\"repositories\":[\"345594592951/sagemaker-inference\"]}"));
        int result = project_read(zip, length, record, &error);

        if (!cases[i].why)
            assert_string_equal(error.sentence, "");
        else
            assert_non_null(strstr(error.sentence, cases[i].why));
        assert_int_equal(result, cases[i].why ? -1 : 0);
    }
}

/* What is made of it is not seen before. */
static void a_stack_that_expands_needs_the_capability_for_it(void **state)
{
    static const struct {
        const char *template;
        const char *why;
    } cases[] = {
        {"Resources:\n  Inner: {Type: AWS::CloudFormation::Stack}\n", "resource Inner: "},
        {"Resources:\n  Inner: {Type: AWS::CloudFormation::StackSet}\n", "resource Inner: "},
        {"Resources:\n  Inner: {Type: 'My::Model::Endpoint::MODULE'}\n", "resource Inner: "},
        {"Transform: Macro\nResources:\n  R: {Type: AWS::ECR::Repository}\n", "by a macro"},
        {"Resources:\n  R: {Type: A::B::C, Properties: {P: [{'Fn::Transform': {Name: M}}]}}\n",
         "by a macro"},
        {"Resources:\n  R: {Type: A::B::C, Properties: {P: !Transform {Name: M}}}\n", "by a macro"},
    };

    (void)state;
    for (size_t i = 0; i < 2 * array_length(cases); i++) {
        const bool may = i >= array_length(cases);
        const size_t at = i % array_length(cases);
        struct error error = {0};
        size_t length;
        cleanup(free_pointer)
        char *zip = make_project(cases[at].template, "{}", &length);
        cleanup(record_free_pointer)
        struct record *record = given_record();

        given_project(record);
        json_put(record->settings, "driver", cJSON_CreateString("cloudformation"));
        json_put(record->settings, "capabilities",
                 given_json(may ? "[\"CAPABILITY_IAM\",\"CAPABILITY_AUTO_EXPAND\"]"
                                : "[\"CAPABILITY_IAM\"]"));
        assert_int_equal(project_read(zip, length, record, &error), may ? 0 : -1);
        if (!may)
            assert_non_null(strstr(error.sentence, cases[at].why));
    }
}

/* 60 KB of parameters, no two alike: a zip of one byte over and over would be a bomb. */
static char *large_template(void)
{
    struct buffer text = BUFFER(1 << 20);

    buffer_append_text(&text, "Resources: {}\nParameters:\n");
    for (unsigned i = 0; text.length < 60000; i++)
        buffer_printf(&text, "  P%u: {Type: String, Default: \"%x\"}\n", i, i * 2654435761u);
    char *whole = text_copy(buffer_text(&text));

    buffer_free(&text);
    return whole;
}

static void a_template_that_is_too_large_to_be_sent_along_goes_by_the_bucket(void **state)
{
    struct error error;
    size_t length;
    cleanup(free_pointer)
    char *template = large_template();
    cleanup(free_pointer)
    char *zip = make_project(template, "{}", &length);
    cleanup(record_free_pointer)
    struct record *record = given_record();
    struct arena arena = {0};

    (void)state;
    given_project(record);
    json_put(record->settings, "driver", cJSON_CreateString("cloudformation"));
    json_put(record->settings, "home", given_json("{\"region\":\"us-east-1\"}"));
    assert_int_equal(project_read(zip, length, record, &error), 0);
    assert_null(json_get(record->template, "body"));
    assert_true(text_starts_with(at(record->template, "/key"), "causeway/fraud-scorer/templates/"));
    assert_true(text_starts_with(stack_template_url(&arena, record, record->template),
                                 "https://s3.us-east-1.amazonaws.com/prod-models/causeway/"));
    cleanup(json_free)
    cJSON *garbage = cJSON_CreateArray();

    stack_template_collect(record, garbage);
    assert_string_equal(at(garbage, "/0/key"), at(record->template, "/key"));
    cJSON_DeleteItemFromObjectCaseSensitive(record->settings, "model_bucket");
    assert_int_equal(project_read(zip, length, record, &error), -1);
    assert_non_null(strstr(error.sentence, "no model_bucket"));
    arena_free(&arena);
}

static void model_data_of_every_container_is_pinned_and_copied(void **state)
{
    struct story *story = *state;
    cleanup(free_pointer)
    char *zip = make_project(
        "Resources:\n"
        "  Model:\n    Type: AWS::SageMaker::Model\n    Properties:\n      Containers:\n"
        "      - {Image: '" IMAGE ":1', ModelDataUrl: 's3://staging/one/model.tar.gz'}\n"
        "      - {Image: '" IMAGE "@" DIGEST "', ModelDataUrl: 's3://staging/two/model.tar.gz',\n"
        "         Environment: {A: b}}\n"
        "  C:\n    Type: AWS::SageMaker::EndpointConfig\n    Properties:\n"
        "      ProductionVariants: [{VariantName: main, InstanceType: ml.m5.large,\n"
        "        InitialInstanceCount: 1, ModelName: !GetAtt Model.ModelName}]\n"
        "  E: {Type: AWS::SageMaker::Endpoint}\n",
        "{}", &story->artifact_length);
    int heads = 0;
    int copies = 0;

    story->artifact = zip;
    given_project(story->record);
    give(story, (struct machine_input){.kind = INPUT_START});
    while (story->record->state < STATE_RELEASING && story->record->state != STATE_REJECTED) {
        enum effect effect = machine_step_effect(story->record);

        heads += effect == EFFECT_HEAD_MODEL;
        if (effect == EFFECT_COPY_OBJECT) {
            copies++;
            assert_string_equal(story->record->model_key,
                                copies == 1 ? "one/model.tar.gz" : "two/model.tar.gz");
        }
        if (story->record->step == STEP_TURN)
            give(story, (struct machine_input){.kind = INPUT_TURN});
        else
            answer_as_usual(story);
    }
    assert_int_equal(heads, 2);
    assert_int_equal(copies, 2);
    const cJSON *model = story->record->model_document;

    assert_string_equal(at(model, "/Containers/0/Image"), IMAGE "@" DIGEST);
    assert_string_equal(at(model, "/Containers/1/Image"), IMAGE "@" DIGEST);
    assert_true(text_starts_with(at(model, "/Containers/0/ModelDataUrl"),
                                 "s3://prod-models/causeway/fraud-scorer/"));
    assert_string_not_equal(at(model, "/Containers/0/ModelDataUrl"),
                            at(model, "/Containers/1/ModelDataUrl"));
    assert_string_equal(at(model, "/Containers/1/Environment/A"), "b");
    /* The copies go when the deployment fails. */
    run_until(story, EFFECT_CREATE_ENDPOINT);
    answer_with_error(story, ERROR_LIMIT, "ResourceLimitExceeded");
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_FAILED);
    assert_int_equal(cJSON_GetArraySize(story->record->garbage), 4);
    story->artifact = NULL;
}

static void a_manifest_may_have_several_containers(void **state)
{
    struct story *story = *state;

    story->artifact = "{\"containers\":[{\"model_data\":\"s3://staging/one\",\"name\":\"first\"},"
                      "{\"model_data\":\"s3://staging/two\",\"environment\":{\"A\":\"b\"}}]}";
    story->artifact_length = strlen(story->artifact);
    record_set(story->record, &story->record->image, IMAGE ":1");
    story->record->environment = given_json("{\"LOG\":\"info\"}");
    run_until(story, EFFECT_CREATE_MODEL);
    const cJSON *model = story->record->model_document;

    assert_string_equal(at(model, "/Containers/0/ContainerHostname"), "first");
    assert_string_equal(at(model, "/Containers/0/Image"), IMAGE "@" DIGEST);
    assert_string_equal(at(model, "/Containers/1/Environment/A"), "b");
    assert_string_equal(at(model, "/Containers/1/Environment/LOG"), "info");
    run_until(story, EFFECT_NONE);
    assert_int_equal(story->record->state, STATE_SUCCEEDED);
    story->artifact = NULL;
}

static void the_configuration_overrides_parameters(void **state)
{
    struct error error;
    size_t length;
    cleanup(free_pointer)
    char *zip = make_project(TEMPLATE, PARAMETERS, &length);
    cleanup(record_free_pointer)
    struct record *record = given_record();

    (void)state;
    given_project(record);
    json_put(record->settings, "parameters",
             given_json("{\"EndpointInstanceType\":\"ml.c5.xlarge\",\"StageName\":\"live\"}"));
    assert_int_equal(project_read(zip, length, record, &error), 0);
    assert_string_equal(at(record->template, "/config/ProductionVariants/0/InstanceType"),
                        "ml.c5.xlarge");
    assert_null(json_get(record->template, "rollout"));
}

static void a_stack_gets_template_and_parameters_as_they_are(void **state)
{
    struct error error;
    size_t length;
    cleanup(free_pointer)
    char *zip = make_project(TEMPLATE, PARAMETERS, &length);
    cleanup(record_free_pointer)
    struct record *record = given_record();

    (void)state;
    given_project(record);
    json_put(record->settings, "driver", cJSON_CreateString("cloudformation"));
    assert_int_equal(project_read(zip, length, record, &error), 0);
    assert_string_equal(json_get_text(record->template, "body"), TEMPLATE);
    assert_string_equal(at(record->template, "/parameters/ModelExecutionRoleArn"),
                        "arn:aws:iam::361769565206:role/causeway-execution");
    assert_null(json_pointer(record->template, "/parameters/Unknown"));
}

static void what_cannot_be_carried_is_refused_with_the_reason(void **state)
{
    static const struct {
        const char *template;
        const char *parameters;
        const char *why;
    } cases[] = {
        {TEMPLATE, "{\"Parameters\":{}}", "no value and no default"},
        {TEMPLATE, "{\"Parameters\":{\"StageName\":[]}}", "\"StageName\" is not text"},
        {TEMPLATE, "[", "prod-config-export.json"},
        {"Resources: {}", "{}", "driver: cloudformation"},
        {"Resources: {\n", "{}", "template-export.yml: line"},
        {"Resources:\n  E: {Type: AWS::SageMaker::Endpoint}\n"
         "  C: {Type: AWS::SageMaker::EndpointConfig, Properties: {ProductionVariants: [{}]}}\n"
         "  M: {Type: AWS::SageMaker::Model, Properties: {PrimaryContainer: {Mode: MultiModel, "
         "Image: i, ModelDataUrl: 's3://staging/prefix/'}}}\n",
         "{}", "a prefix in another bucket"},
    };
    struct error error;

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        size_t length;
        cleanup(free_pointer)
        char *zip = make_project(cases[i].template, cases[i].parameters, &length);
        cleanup(record_free_pointer)
        struct record *record = given_record();

        given_project(record);
        assert_int_equal(project_read(zip, length, record, &error), -1);
        if (!strstr(error.sentence, cases[i].why))
            print_error("%s: %s\n", cases[i].why, error.sentence);
        assert_non_null(strstr(error.sentence, cases[i].why));
    }
    cleanup(record_free_pointer)
    struct record *record = given_record();

    assert_int_equal(project_read("{}", 2, record, &error), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_project_becomes_what_sagemaker_is_asked),
        STORY(alarms_that_the_template_makes_are_made_for_the_rollout),
        STORY(an_alarm_of_another_kind_is_refused_with_the_reason),
        STORY(a_stack_may_not_name_what_the_configuration_does_not),
        STORY(a_stack_that_expands_needs_the_capability_for_it),
        STORY(a_template_that_is_too_large_to_be_sent_along_goes_by_the_bucket),
        STORY(model_data_of_every_container_is_pinned_and_copied),
        STORY(a_manifest_may_have_several_containers),
        STORY(the_configuration_overrides_parameters),
        STORY(a_stack_gets_template_and_parameters_as_they_are),
        STORY(what_cannot_be_carried_is_refused_with_the_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

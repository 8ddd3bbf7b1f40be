/* Reading and resolving CloudFormation templates. */
#include "deploy/template.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct template_place place = {
    .region = "us-east-1", .account = "361769565206", .partition = "aws"};

static int begin(void **state)
{
    (void)state;
    json_initialise();
    return 0;
}

static cJSON *given_json(const char *text)
{
    struct error error;

    return json_parse(text, strlen(text), 65536, &error);
}

static cJSON *parse(const char *text, struct error *error)
{
    return template_parse(text, strlen(text), error);
}

/* The properties of the resource Model, which must be there, as one line. */
static char *resolved_model(const char *text, const char *parameters)
{
    struct error error = {0};
    cleanup(json_free)
    cJSON *template = parse(text, &error);

    assert_non_null(template);
    cleanup(json_free)
    cJSON *given = given_json(parameters);
    cleanup(json_free)
    cJSON *resources = template_resolve(template, given, &place, &error);

    if (!resources)
        return text_copy(error.sentence);
    const cJSON *model = json_get(json_get(resources, "Model"), "Properties");

    return model ? json_print(model) : text_copy("absent");
}

#define MODEL "Resources:\n  Model:\n    Type: AWS::SageMaker::Model\n    Properties:\n      X: "

static void expect(const char *yaml, const char *parameters, const char *wanted)
{
    cleanup(free_pointer)
    char *got = resolved_model(yaml, parameters);

    if (!strstr(got, wanted))
        print_error("%s\n", got);
    assert_non_null(strstr(got, wanted));
}

static void short_forms_are_long_forms(void **state)
{
    struct error error;
    cleanup(json_free)
    cJSON *a = parse("Resources: {A: {B: !Ref X, C: !GetAtt M.Arn.Of, D: !Sub '${X}', "
                     "E: !If [P, !Ref Y, 1], F: !Condition Q}}",
                     &error);
    cleanup(json_free)
    cJSON *b =
        parse("{\"Resources\": {\"A\": {\"B\": {\"Ref\": \"X\"}, \"C\": {\"Fn::GetAtt\": [\"M\", "
              "\"Arn.Of\"]}, \"D\": {\"Fn::Sub\": \"${X}\"}, \"E\": {\"Fn::If\": [\"P\", {\"Ref\": "
              "\"Y\"}, 1]}, \"F\": {\"Condition\": \"Q\"}}}}",
              &error);

    (void)state;
    assert_non_null(a);
    assert_non_null(b);
    assert_true(json_equal(a, b));
}

static void scalars_stay_the_text_that_stands_there(void **state)
{
    (void)state;
    expect(MODEL "[012345678901, true, 1.0, NO, '60']\n", "{}",
           "[\"012345678901\",\"true\",\"1.0\",\"NO\",\"60\"]");
}

static void parameters_come_from_outside_or_from_their_default(void **state)
{
    (void)state;
    expect("Parameters: {A: {Type: String, Default: one}, B: {Type: String}}\n" MODEL
           "[!Ref A, !Ref B]\n",
           "{\"B\":\"two\"}", "[\"one\",\"two\"]");
    expect("Parameters: {B: {Type: String}}\n" MODEL "!Ref B\n", "{}",
           "no value and no default: B");
    expect(MODEL "!Ref C\n", "{}", "does not declare: C");
}

static void texts_are_put_together(void **state)
{
    (void)state;
    expect("Parameters: {A: {Type: String, Default: one}}\n" MODEL
           "!Sub 'arn:${AWS::Partition}:${AWS::Region}:${AWS::AccountId}:${A}:${!A}'\n",
           "{}", "arn:aws:us-east-1:361769565206:one:${A}");
    expect(MODEL "!Sub ['${V}!', {V: !Join ['-', [a, b]]}]\n", "{}", "\"a-b!\"");
    expect(MODEL "!Select [1, !Split [',', 'a,b,c']]\n", "{}", "\"X\":\"b\"");
    expect("Mappings: {M: {us-east-1: {k: v}}}\n" MODEL "!FindInMap [M, !Ref 'AWS::Region', k]\n",
           "{}", "\"X\":\"v\"");
}

#define CONDITIONS                                                                           \
    "Parameters: {Stage: {Type: String}}\nConditions:\n  Prod: !Equals [!Ref Stage, prod]\n" \
    "  Not: !Not [!Condition Prod]\n  Both: !And [!Condition Prod, !Condition Not]\n"        \
    "  Either: !Or [!Condition Not, !Condition Prod]\n"

static void conditions_choose(void **state)
{
    (void)state;
    expect(CONDITIONS MODEL "!If [Prod, yes, !Ref 'AWS::NoValue']\n", "{\"Stage\":\"prod\"}",
           "{\"X\":\"yes\"}");
    expect(CONDITIONS MODEL "!If [Prod, yes, !Ref 'AWS::NoValue']\n", "{\"Stage\":\"staging\"}",
           "{}");
    expect(CONDITIONS MODEL "[!If [Both, 1, 2], !If [Either, 1, 2]]\n", "{\"Stage\":\"prod\"}",
           "[\"2\",\"1\"]");
    expect(CONDITIONS "Resources: {Model: {Type: AWS::SageMaker::Model, Condition: Not}}\n",
           "{\"Stage\":\"prod\"}", "absent");
    expect("Conditions: {A: !Condition B, B: !Condition A}\n" MODEL "!If [A, 1, 2]\n", "{}",
           "in a circle");
}

static void other_resources_are_referred_to_not_resolved(void **state)
{
    (void)state;
    expect(MODEL "!GetAtt Model.ModelName\n", "{}", "{\"$resource\":\"Model\"}");
    expect(MODEL "!Sub '${Model}'\n", "{}", "not made yet");
}

static void what_only_cloudformation_can_do_is_said(void **state)
{
    (void)state;
    expect(MODEL "!ImportValue other\n", "{}", "driver: cloudformation");
    /* What is not SageMaker's is nobody's business here. */
    expect("Resources: {A: {Type: AWS::SNS::Topic, Properties: {N: !ImportValue x}}, Model: {Type: "
           "AWS::SageMaker::Model}}\n",
           "{}", "{}");
}

static void hostile_yaml_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text;
        const char *why;
    } cases[] = {
        {"Resources:\n  A: 1\n  A: 2\n", "line 3: \"A\" is there twice"},
        {"Resources:\n  A: &x [1]\n  B: *x\n", "line 3: aliases"},
        {"Resources: [\n", "line"},
        {"Resources: 1\n", "no Resources"},
        {"", "empty"},
        {"Resources:\n  ? [a]\n  : b\n", "line 2: a key is not text"},
        {"Resources: {A: \"\\xff\xff\"}", "line"},
    };
    struct error error;

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        assert_null(parse(cases[i].text, &error));
        if (!strstr(error.sentence, cases[i].why))
            print_error("%s: %s\n", cases[i].why, error.sentence);
        assert_non_null(strstr(error.sentence, cases[i].why));
    }
}

static void depth_is_bounded(void **state)
{
    char text[2100] = "Resources: ";
    struct error error;

    (void)state;
    memset(text + strlen(text), '[', 2000);
    assert_null(template_parse(text, strlen(text), &error));
    assert_int_equal(error.class, ERROR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_forms_are_long_forms),
        cmocka_unit_test(scalars_stay_the_text_that_stands_there),
        cmocka_unit_test(parameters_come_from_outside_or_from_their_default),
        cmocka_unit_test(texts_are_put_together),
        cmocka_unit_test(conditions_choose),
        cmocka_unit_test(other_resources_are_referred_to_not_resolved),
        cmocka_unit_test(what_only_cloudformation_can_do_is_said),
        cmocka_unit_test(hostile_yaml_is_refused_with_its_line),
        cmocka_unit_test(depth_is_bounded),
    };

    return cmocka_run_group_tests(tests, begin, NULL);
}

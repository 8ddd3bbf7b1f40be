/* Where keys come from: the chain, and each source. */
#include "aws/world.h"

#include <sys/stat.h>

#define KEYS_JSON(token_)                                                                       \
    "{\"Version\":1,\"AccessKeyId\":\"JSONKEY\",\"SecretAccessKey\":\"secret\",\"" token_ "\":" \
    "\"token\",\"Expiration\":\"2026-11-20T10:30:00Z\"}"

static const int64_t an_hour_on_ms = WORLD_NOW_MS + 60 * MINUTES;

static struct credentials *chain(void)
{
    struct error error = {0};
    struct credentials *credentials = credentials_default_chain(&world.outside, &error);

    if (!credentials)
        fail_msg("%s", error.sentence);
    return credentials;
}

static void assert_no_chain(const char *words)
{
    struct error error = {0};

    assert_null(credentials_default_chain(&world.outside, &error));
    assert_int_equal(error.class, ERROR_INVALID);
    assert_contains(error.sentence, words);
}

static void given_config(const char *text)
{
    cleanup(free_pointer)
    char *folder = text_printf("%s/.aws", world.folder);

    mkdir(folder, 0700);
    given_file(".aws/config", text);
}

static void given_credentials_file(const char *text)
{
    cleanup(free_pointer)
    char *folder = text_printf("%s/.aws", world.folder);

    mkdir(folder, 0700);
    given_file(".aws/credentials", text);
}

static void end_with(struct credentials *credentials)
{
    credentials_free(credentials);
    end();
}

/* ---- the chain ------------------------------------------------------------------------------- */

static void the_first_source_that_is_configured_decides(void **state)
{
    static const struct {
        const char *variable;
        const char *value;
        const char *source;
    } steps[] = {
        {NULL, NULL, "instance"},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1/keys", "container"},
        {"AWS_PROFILE", "mine", "profile mine"},
        {"AWS_WEB_IDENTITY_TOKEN_FILE", "/token", "web identity as arn:web"},
        {"AWS_ACCESS_KEY_ID", "KEY", "environment"},
    };

    (void)state;
    given(NULL, 0);
    given_config("[profile mine]\naws_access_key_id = P\naws_secret_access_key = S\n");
    given_variable("AWS_ROLE_ARN", "arn:web");
    for (size_t i = 0; i < array_length(steps); i++) {
        if (steps[i].variable)
            given_variable(steps[i].variable, steps[i].value);
        if (i == 4)
            given_variable("AWS_SECRET_ACCESS_KEY", "secret");
        struct credentials *credentials = chain();

        assert_string_equal(credentials_source(credentials), steps[i].source);
        credentials_free(credentials);
    }
    end();
}

static void without_any_source_asking_says_so(void **state)
{
    (void)state;
    given(NULL, 0);
    given_variable("AWS_EC2_METADATA_DISABLED", "true");
    struct credentials *credentials = chain();
    struct asked asked = keys_of(credentials);

    assert_int_equal(asked.error.class, ERROR_INVALID);
    assert_contains(asked.error.sentence, "no source of credentials is configured");
    end_with(credentials);
}

static void settings_that_contradict_each_other_are_refused(void **state)
{
    (void)state;
    given(NULL, 0);
    given_variable("AWS_ACCESS_KEY_ID", "KEY");
    assert_no_chain("only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    end();
    given(NULL, 0);
    given_variable("AWS_WEB_IDENTITY_TOKEN_FILE", "/token");
    assert_no_chain("AWS_ROLE_ARN");
    end();
    given(NULL, 0);
    given_variable("AWS_PROFILE", "absent");
    assert_no_chain("no profile \"absent\"");
    end();
    given(NULL, 0);
    given_config("[default\n");
    assert_no_chain(".aws/config:1:");
    end();
}

static void the_environment_s_keys_come_with_their_token(void **state)
{
    (void)state;
    given(NULL, 0);
    given_variable("AWS_ACCESS_KEY_ID", "KEY");
    given_variable("AWS_SECRET_ACCESS_KEY", "secret");
    struct credentials *credentials = chain();

    assert_string_equal(keys_of(credentials).session_token, "(none)");
    credentials_free(credentials);
    given_variable("AWS_SESSION_TOKEN", "token");
    credentials = chain();
    assert_string_equal(keys_of(credentials).session_token, "token");
    assert_int_equal(credentials_expiry_ms(credentials), 0);
    end_with(credentials);
}

/* ---- profiles -------------------------------------------------------------------------------- */

static void a_profile_s_keys_are_read_anew_when_they_were_refused(void **state)
{
    (void)state;
    given(NULL, 0);
    given_config("[default]\nregion = eu-west-1\naws_access_key_id = CONFIG\n");
    given_credentials_file("[default]\naws_access_key_id = OLD\naws_secret_access_key = s\n");
    struct credentials *credentials = chain();

    assert_string_equal(keys_of(credentials).access_key_id, "OLD");
    given_credentials_file("[default]\naws_access_key_id = NEW\naws_secret_access_key = s\n");
    assert_string_equal(keys_of(credentials).access_key_id, "OLD");
    credentials_invalidate(credentials, "OLD");
    assert_string_equal(keys_of(credentials).access_key_id, "NEW");
    end_with(credentials);
}

static void a_role_of_a_profile_is_assumed_with_its_source_s_keys(void **state)
{
    const struct server_answer answer = {
        ANSWER("200 OK", "", ASSUMED("ASSUMED", "2026-11-20T10:30:00Z")), .then = SERVER_CLOSE};

    (void)state;
    given(&answer, 1);
    given_variable("AWS_PROFILE", "outer");
    given_config("[profile outer]\nrole_arn = arn:outer\nsource_profile = base\n"
                 "external_id = ext/1\nrole_session_name = me\nduration_seconds = 900\n"
                 "region = eu-west-1\n"
                 "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = s\n");
    struct credentials *credentials = chain();
    struct asked asked = keys_of(credentials);

    assert_string_equal(asked.access_key_id, "ASSUMED");
    assert_string_equal(asked.secret_access_key, "assumed-secret");
    assert_string_equal(asked.session_token, "assumed-token");
    assert_int_equal(credentials_expiry_ms(credentials), an_hour_on_ms);
    assert_string_equal(credentials_source(credentials), "assumed role arn:outer");
    assert_contains(request(0), "Credential=BASE/20261120/eu-west-1/sts/aws4_request");
    assert_contains(request(0), "Action=AssumeRole&");
    assert_contains(request(0), "RoleArn=arn%3Aouter");
    assert_contains(request(0), "RoleSessionName=me");
    assert_contains(request(0), "ExternalId=ext%2F1");
    assert_contains(request(0), "DurationSeconds=900");
    end_with(credentials);
}

static void roles_stand_on_roles(void **state)
{
    const struct server_answer answers[] = {
        {ANSWER("200 OK", "", ASSUMED("INNER", "2026-11-20T10:30:00Z")), .then = SERVER_CLOSE},
        {ANSWER("200 OK", "", ASSUMED("OUTER", "2026-11-20T10:30:00Z")), .then = SERVER_CLOSE},
    };

    (void)state;
    given(answers, 2);
    given_config("[default]\nrole_arn = arn:outer\nsource_profile = inner\n"
                 "[profile inner]\nrole_arn = arn:inner\nsource_profile = inner\n"
                 "aws_access_key_id = BASE\naws_secret_access_key = s\n");
    struct credentials *credentials = chain();

    /* A profile with keys is the end of the way, whatever else it says. */
    assert_string_equal(keys_of(credentials).access_key_id, "INNER");
    assert_contains(request(0), "Credential=BASE/");
    assert_contains(request(0), "RoleArn=arn%3Aouter");
    credentials_free(credentials);
    given_config("[default]\nrole_arn = arn:outer\nsource_profile = inner\n"
                 "[profile inner]\nrole_arn = arn:inner\nsource_profile = base\n"
                 "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = s\n");
    credentials = chain();
    assert_string_equal(keys_of(credentials).access_key_id, "OUTER");
    assert_contains(request(1), "RoleArn=arn%3Ainner");
    assert_contains(request(2), "RoleArn=arn%3Aouter");
    end_with(credentials);
}

static void a_role_may_stand_on_the_environment(void **state)
{
    const struct server_answer answer = {
        ANSWER("200 OK", "", ASSUMED("ASSUMED", "2026-11-20T10:30:00Z")), .then = SERVER_CLOSE};
    bool configured;
    struct error error = {0};

    (void)state;
    given(&answer, 1);
    given_variable("AWS_ACCESS_KEY_ID", "KEY");
    given_variable("AWS_SECRET_ACCESS_KEY", "secret");
    given_config("[profile p]\nrole_arn = arn:role\ncredential_source = Environment\n");
    struct profiles *profiles = profiles_load(world_environment, world.folder, &error);
    struct credentials *credentials =
        credentials_of_profile(&world.outside, profiles, "p", &configured, &error);

    profiles_free(profiles);
    assert_string_equal(keys_of(credentials).access_key_id, "ASSUMED");
    assert_contains(request(0), "Credential=KEY/20261120/eu-central-1/sts/aws4_request");
    end_with(credentials);
}

static void profiles_that_lead_nowhere_are_refused(void **state)
{
    static const struct {
        const char *config;
        const char *words;
    } cases[] = {
        {"[default]\nrole_arn = r\nsource_profile = a\n"
         "[profile a]\nrole_arn = r\nsource_profile = b\n"
         "[profile b]\nrole_arn = r\nsource_profile = a\n",
         "leads back to itself"},
        {"[default]\nrole_arn = r\nsource_profile = default\n", "leads back to itself"},
        {"[default]\nrole_arn = r\nsource_profile = gone\n", "no such profile"},
        {"[default]\nrole_arn = r\nsource_profile = a\n[profile a]\nregion = x\n",
         "says nothing of credentials"},
        {"[default]\nrole_arn = r\n", "not exactly one of source_profile"},
        {"[default]\nrole_arn = r\nsource_profile = a\ncredential_source = Environment\n",
         "not exactly one of source_profile"},
        {"[default]\nrole_arn = r\ncredential_source = Moon\n", "credential_source = Moon"},
        {"[default]\nrole_arn = r\ncredential_source = EcsContainer\n", "no container credentials"},
        {"[default]\nrole_arn = r\nsource_profile = a\nduration_seconds = long\n",
         "duration_seconds = long"},
        {"[default]\nrole_arn = r\nsource_profile = a\nmfa_serial = m\n", "mfa_serial"},
        {"[default]\nsso_session = s\n", "SSO"},
        {"[default]\ncredential_process = 'open\n", "credential_process"},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        given(NULL, 0);
        given_config(cases[i].config);
        assert_no_chain(cases[i].words);
        end();
    }
}

/* ---- programs -------------------------------------------------------------------------------- */

static void a_program_prints_keys(void **state)
{
    (void)state;
    given(NULL, 0);
    given_config(
        "[default]\ncredential_process = /bin/sh  -c \"printf '%s' \\\"$0\\\"\" '" KEYS_JSON(
            "SessionToken") "'\n");
    struct credentials *credentials = chain();
    struct asked asked = keys_of(credentials);

    assert_string_equal(asked.error.sentence, "");
    assert_string_equal(asked.access_key_id, "JSONKEY");
    assert_string_equal(asked.session_token, "token");
    assert_int_equal(credentials_expiry_ms(credentials), an_hour_on_ms);
    assert_string_equal(credentials_source(credentials), "process of the profile default");
    end_with(credentials);
}

static void a_program_that_fails_is_an_error_that_names_it(void **state)
{
    (void)state;
    given(NULL, 0);
    given_config("[default]\ncredential_process = /bin/false\n");
    struct credentials *credentials = chain();

    assert_contains(keys_of(credentials).error.sentence, "/bin/false");
    credentials_free(credentials);
    given_config("[default]\ncredential_process = /bin/echo hush\n");
    credentials = chain();
    struct asked asked = keys_of(credentials);

    assert_contains(asked.error.sentence, "not a JSON document");
    assert_null(strstr(asked.error.sentence, "hush"));
    end_with(credentials);
}

/* ---- web identity ---------------------------------------------------------------------------- */

static void a_web_identity_is_sent_unsigned_and_read_anew_each_time(void **state)
{
    const struct server_answer answer = {
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
        "<AccessKeyId>WEB</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
        "<SessionToken>t</SessionToken><Expiration>2026-11-20T10:30:00Z</Expiration>"
        "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>",
        .then = SERVER_CLOSE};

    (void)state;
    given(&answer, 1);
    cleanup(free_pointer)
    char *path = text_printf("%s/token", world.folder);

    given_variable("AWS_WEB_IDENTITY_TOKEN_FILE", path);
    given_variable("AWS_ROLE_ARN", "arn:web");
    given_file("token", "header.one.sig\n");
    struct credentials *credentials = chain();

    assert_string_equal(keys_of(credentials).access_key_id, "WEB");
    assert_null(strcasestr(request(0), "\r\nauthorization:"));
    assert_contains(request(0), "WebIdentityToken=header.one.sig");
    assert_contains(request(0), "RoleArn=arn%3Aweb");
    given_file("token", "header.two.sig");
    credentials_invalidate(credentials, "WEB");
    assert_string_equal(keys_of(credentials).access_key_id, "WEB");
    assert_contains(request(1), "WebIdentityToken=header.two.sig");
    remove(path);
    credentials_invalidate(credentials, "WEB");
    assert_contains(keys_of(credentials).error.sentence, path);
    end_with(credentials);
}

/* ---- the container --------------------------------------------------------------------------- */

static void the_container_is_asked_with_the_token_of_the_file(void **state)
{
    const struct server_answer answer = {ANSWER("200 OK", "", KEYS_JSON("Token")),
                                         .then = SERVER_CLOSE};

    (void)state;
    given(&answer, 1);
    cleanup(free_pointer)
    char *url = text_printf("%s/keys?of=me", world.url);
    cleanup(free_pointer)
    char *path = text_printf("%s/token", world.folder);

    given_variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
    given_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic variable");
    struct credentials *credentials = chain();

    assert_string_equal(keys_of(credentials).access_key_id, "JSONKEY");
    assert_contains(request(0), "GET /keys?of=me HTTP/1.1\r\n");
    assert_contains(request(0), "Authorization: Basic variable\r\n");
    given_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path);
    given_file("token", "Basic file\n");
    credentials_invalidate(credentials, "JSONKEY");
    assert_string_equal(keys_of(credentials).session_token, "token");
    assert_contains(request(1), "Authorization: Basic file\r\n");
    end_with(credentials);
}

static void the_container_s_keys_are_asked_of_this_machine_only(void **state)
{
    (void)state;
    given(NULL, 0);
    given_variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://192.0.2.1/keys");
    struct credentials *credentials = chain();
    struct asked asked = keys_of(credentials);

    assert_int_equal(asked.error.class, ERROR_INVALID);
    assert_contains(asked.error.sentence, "refused to ask 192.0.2.1");
    credentials_free(credentials);
    given_variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "no-slash");
    assert_no_chain("does not begin with a slash");
    end();
}

static void a_container_that_fails_is_asked_again_and_one_that_refuses_is_not(void **state)
{
    const struct server_answer answers[] = {
        {ANSWER("503 Busy", "", ""), .then = SERVER_CLOSE},
        {ANSWER("200 OK", "", KEYS_JSON("Token")), .then = SERVER_CLOSE},
        {ANSWER("401 Unauthorized", "", ""), .then = SERVER_CLOSE},
    };

    (void)state;
    given(answers, 3);
    given_variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", world.url);
    struct credentials *credentials = chain();

    assert_string_equal(keys_of(credentials).access_key_id, "JSONKEY");
    credentials_invalidate(credentials, "JSONKEY");
    struct asked asked = keys_of(credentials);

    assert_int_equal(asked.error.class, ERROR_DENIED);
    assert_string_equal(asked.error.code, "401");
    assert_int_equal(world.server->requests, 3);
    end_with(credentials);
}

/* ---- the instance ---------------------------------------------------------------------------- */

static struct credentials *instance(void)
{
    given_variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", world.url);
    return chain();
}

static void an_instance_s_keys_take_a_token_and_the_role_s_name(void **state)
{
    const struct server_answer answers[] = {
        {ANSWER("200 OK", "", "metadata-token"), .then = SERVER_CLOSE},
        {ANSWER("200 OK", "", "the-role\nanother"), .then = SERVER_CLOSE},
        {ANSWER("200 OK", "", KEYS_JSON("Token")), .then = SERVER_CLOSE},
    };

    (void)state;
    given(answers, 3);
    struct credentials *credentials = instance();

    assert_string_equal(keys_of(credentials).access_key_id, "JSONKEY");
    assert_int_equal(credentials_expiry_ms(credentials), an_hour_on_ms);
    assert_contains(request(0), "PUT /latest/api/token HTTP/1.1\r\n");
    assert_contains(request(0), "X-aws-ec2-metadata-token-ttl-seconds: 21600\r\n");
    assert_contains(request(1), "GET /latest/meta-data/iam/security-credentials/ HTTP/1.1\r\n");
    assert_contains(request(1), "X-aws-ec2-metadata-token: metadata-token\r\n");
    assert_contains(request(2), "/security-credentials/the-role HTTP/1.1\r\n");
    assert_contains(request(2), "X-aws-ec2-metadata-token: metadata-token\r\n");
    end_with(credentials);
}

static void an_instance_without_a_role_says_so(void **state)
{
    const struct server_answer answers[] = {
        {ANSWER("200 OK", "", "metadata-token"), .then = SERVER_CLOSE},
        {ANSWER("404 Not Found", "", ""), .then = SERVER_CLOSE},
    };

    (void)state;
    given(answers, 2);
    struct credentials *credentials = instance();
    struct asked asked = keys_of(credentials);

    assert_int_equal(asked.error.class, ERROR_NOT_FOUND);
    assert_contains(asked.error.sentence, "the instance has no role");
    end_with(credentials);
}

static void metadata_that_makes_no_sense_is_an_error(void **state)
{
    const struct server_answer answers[] = {
        {ANSWER("200 OK", "", ""), .then = SERVER_CLOSE},
        {ANSWER("200 OK", "", "metadata-token"), .then = SERVER_CLOSE},
        {ANSWER("200 OK", "", "<html>what role?</html>"), .then = SERVER_CLOSE},
        {ANSWER("200 OK", "", "metadata-token"), .then = SERVER_CLOSE},
        {ANSWER("200 OK", "", "role"), .then = SERVER_CLOSE},
        {ANSWER("200 OK", "", "{\"Code\":\"Failed\"}"), .then = SERVER_CLOSE},
    };
    static const char *const words[] = {"gave no token", "has no role", "no access key id"};

    (void)state;
    given(answers, array_length(answers));
    struct credentials *credentials = instance();

    for (size_t i = 0; i < array_length(words); i++)
        assert_contains(keys_of(credentials).error.sentence, words[i]);
    end_with(credentials);
}

static void a_source_may_be_freed_in_each_of_its_steps(void **state)
{
    const struct server_answer answers[] = {
        {.then = SERVER_HOLD},
        {ANSWER("200 OK", "", "metadata-token"), .then = SERVER_CLOSE},
        {.then = SERVER_HOLD},
    };

    (void)state;
    given(answers, 3);
    for (size_t requests = 1; requests <= 3; requests += 2) {
        struct credentials *credentials = instance();
        struct asked asked = {0};

        ask(credentials, &asked);
        world.waiting = 0;
        wait_for_requests(requests);
        credentials_free(credentials);
        assert_int_equal(asked.times, 0);
    }
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_source_that_is_configured_decides),
        cmocka_unit_test(without_any_source_asking_says_so),
        cmocka_unit_test(settings_that_contradict_each_other_are_refused),
        cmocka_unit_test(the_environment_s_keys_come_with_their_token),
        cmocka_unit_test(a_profile_s_keys_are_read_anew_when_they_were_refused),
        cmocka_unit_test(a_role_of_a_profile_is_assumed_with_its_source_s_keys),
        cmocka_unit_test(roles_stand_on_roles),
        cmocka_unit_test(a_role_may_stand_on_the_environment),
        cmocka_unit_test(profiles_that_lead_nowhere_are_refused),
        cmocka_unit_test(a_program_prints_keys),
        cmocka_unit_test(a_program_that_fails_is_an_error_that_names_it),
        cmocka_unit_test(a_web_identity_is_sent_unsigned_and_read_anew_each_time),
        cmocka_unit_test(the_container_is_asked_with_the_token_of_the_file),
        cmocka_unit_test(the_container_s_keys_are_asked_of_this_machine_only),
        cmocka_unit_test(a_container_that_fails_is_asked_again_and_one_that_refuses_is_not),
        cmocka_unit_test(an_instance_s_keys_take_a_token_and_the_role_s_name),
        cmocka_unit_test(an_instance_without_a_role_says_so),
        cmocka_unit_test(metadata_that_makes_no_sense_is_an_error),
        cmocka_unit_test(a_source_may_be_freed_in_each_of_its_steps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

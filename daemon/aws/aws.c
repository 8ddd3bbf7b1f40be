#include "aws/aws.h"

#include "aws/credentials_internal.h"
#include "aws/profile.h"
#include "aws/sender.h"
#include "base/map.h"
#include "base/text.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

/* Where neither environment nor profile says a region, and STS must be asked all the same. */
static const char region_of_last_resort[] = "us-east-1";

struct account {
    char *id;
    char *region;
    char *role_arn;
    char *external_id;
    struct credentials *credentials;
};

struct aws {
    struct http_client *http;
    struct sender *sender;
    struct credentials *own; /* the default chain's */
    struct credentials_outside outside;
    struct map accounts;
    char *home;
    char *region;
    char *profile_endpoint_url;
};

/* ---- settings -------------------------------------------------------------------------------- */

static const char *environment(const char *name)
{
    return getenv(name);
}

static char *find_home(void)
{
    const char *home = environment("HOME");

    if (text_is_empty(home)) {
        const struct passwd *entry = getpwuid(getuid());

        home = entry ? entry->pw_dir : "/";
    }
    return text_copy(home);
}

/* The environment's, else the profile's; NULL where neither says it. */
static const char *setting(const struct profiles *profiles, const char *variable,
                           const char *profile_key)
{
    const char *value = environment(variable);

    return text_is_empty(value) ? profiles_get(profiles, profiles_selected(profiles), profile_key)
                                : value;
}

static bool is_true(const char *value)
{
    return text_equal_ignoring_case(value, "true");
}

static void open_network(struct aws *aws, struct loop *loop, const struct profiles *profiles)
{
    const char *ca_bundle = setting(profiles, "AWS_CA_BUNDLE", "ca_bundle");
    const char *region = setting(profiles, "AWS_REGION", "region");
    const char *endpoint_url = profiles_get(profiles, profiles_selected(profiles), "endpoint_url");

    aws->http = http_client_new(
        loop,
        &(struct http_client_options){.ca_bundle = text_is_empty(ca_bundle) ? NULL : ca_bundle});
    aws->region = text_copy(text_is_empty(region) ? region_of_last_resort : region);
    aws->profile_endpoint_url = text_copy(endpoint_url);
    const struct sender_settings settings = {
        .loop = loop,
        .http = aws->http,
        .endpoints =
            {
                .environment = environment,
                .profile_endpoint_url = aws->profile_endpoint_url,
                .use_fips =
                    is_true(setting(profiles, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")),
                .ignore_configured =
                    is_true(setting(profiles, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                                    "ignore_configured_endpoint_urls")),
            },
    };

    aws->sender = sender_new(&settings);
    aws->outside = (struct credentials_outside){
        .loop = loop,
        .http = aws->http,
        .sender = aws->sender,
        .environment = environment,
        .home = aws->home,
        .default_region = aws->region,
    };
}

struct aws *aws_new(struct loop *loop, struct error *error)
{
    struct aws *aws = memory_allocate(sizeof(*aws));

    aws->home = find_home();
    struct profiles *profiles = profiles_load(environment, aws->home, error);

    if (profiles) {
        open_network(aws, loop, profiles);
        profiles_free(profiles);
        aws->own = credentials_default_chain(&aws->outside, error);
    }
    if (aws->own)
        return aws;
    aws_free(aws);
    return NULL;
}

/* ---- accounts -------------------------------------------------------------------------------- */

static void account_free(struct account *account)
{
    if (!account)
        return;
    credentials_free(account->credentials);
    free(account->id);
    free(account->region);
    free(account->role_arn);
    free(account->external_id);
    free(account);
}

void aws_free(struct aws *aws)
{
    size_t position = 0;
    void *value;

    if (!aws)
        return;
    while (map_each(&aws->accounts, &position, NULL, &value))
        account_free(value);
    map_free(&aws->accounts);
    credentials_free(aws->own);
    sender_free(aws->sender);
    http_client_free(aws->http);
    free(aws->home);
    free(aws->region);
    free(aws->profile_endpoint_url);
    free(aws);
}

static bool is_same(const struct account *known, const struct aws_account *account)
{
    return text_equal(known->id, account->id) && text_equal(known->region, account->region) &&
           text_equal(known->role_arn, account->role_arn) &&
           text_equal(known->external_id, account->external_id);
}

int aws_set_account(struct aws *aws, const struct aws_account *account, struct error *error)
{
    const struct account *known = map_get(&aws->accounts, account->name);

    if (text_is_empty(account->region))
        return error_set(error, ERROR_INVALID, "the account %s has no region", account->name);
    /* So that a reload of the configuration does not make every role be assumed anew. */
    if (known && is_same(known, account))
        return 0;
    struct account *new = memory_allocate(sizeof(*new));
    const struct credentials_role role = {
        .role_arn = account->role_arn,
        .external_id = account->external_id,
        .session_name = CREDENTIALS_SESSION_NAME,
        .region = account->region,
    };

    new->id = text_copy(account->id);
    new->region = text_copy(account->region);
    new->role_arn = text_copy(account->role_arn);
    new->external_id = text_copy(account->external_id);
    new->credentials = text_is_empty(account->role_arn)
                           ? credentials_retain(aws->own)
                           : credentials_assume_role(&aws->outside, aws->own, &role);
    /* Calls under way hold the old one's credentials themselves. */
    account_free(map_put(&aws->accounts, account->name, new));
    return 0;
}

const char *aws_credentials_source(const struct aws *aws, const char *account, int64_t *expiry_ms)
{
    const struct account *known = map_get(&aws->accounts, account);

    if (!known)
        return NULL;
    if (expiry_ms)
        *expiry_ms = credentials_expiry_ms(known->credentials);
    return credentials_source(known->credentials);
}

void aws_observe(struct aws *aws, void (*ended)(void *context, const struct aws_attempt *attempt),
                 void *context)
{
    sender_observe(aws->sender, ended, context);
}

/* ---- calls ----------------------------------------------------------------------------------- */

struct aws_call *aws_call_with(struct aws *aws, const char *account,
                               const struct aws_operation *operation, const void *input,
                               const struct aws_call_options *options, aws_done *done,
                               void *context)
{
    const struct account *known = map_get(&aws->accounts, account);

    if (!known) {
        struct error error = {0};

        error_set(&error, ERROR_INVALID, "%s: there is no account \"%s\" in the configuration",
                  operation->name, account);
        return sender_refuse(aws->sender, operation, &error, done, context);
    }
    const struct sender_order order = {
        .account = account,
        .region = known->region,
        .credentials = known->credentials,
        .operation = operation,
        .input = input,
        .options = options,
    };

    return sender_call(aws->sender, &order, done, context);
}

struct aws_call *aws_call(struct aws *aws, const char *account,
                          const struct aws_operation *operation, const void *input, aws_done *done,
                          void *context)
{
    return aws_call_with(aws, account, operation, input, NULL, done, context);
}

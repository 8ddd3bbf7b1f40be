/* Live session keys that a forwarded CodePipeline job carries are kept nowhere. */
#include "intake/envelope.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void keys_are_taken_out_at_every_level(void **state)
{
    cleanup(free_pointer)
    char *kept = envelope_without_keys(
        "{\"detail\":{\"CodePipeline.job\":{\"id\":\"1\",\"data\":[{\"artifactCredentials\":{"
        "\"secretAccessKey\":\"SECRET\"},\"rest\":2}]}}}");

    (void)state;
    assert_string_equal(kept, "{\"detail\":{\"CodePipeline.job\":{\"id\":\"1\",\"data\":[{"
                              "\"rest\":2}]}}}");
}

static void a_body_without_keys_stays_as_it_is(void **state)
{
    cleanup(free_pointer)
    char *kept = envelope_without_keys("not JSON {");

    (void)state;
    assert_string_equal(kept, "not JSON {");
}

static void a_body_that_cannot_be_read_and_speaks_of_keys_is_left_out(void **state)
{
    cleanup(free_pointer)
    char *kept = envelope_without_keys("{\"ArtifactCredentials\": {\"secretAccessKey\":\"SECRET\"");

    (void)state;
    assert_null(strstr(kept, "SECRET"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_taken_out_at_every_level),
        cmocka_unit_test(a_body_without_keys_stays_as_it_is),
        cmocka_unit_test(a_body_that_cannot_be_read_and_speaks_of_keys_is_left_out),
    };

    json_initialise();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

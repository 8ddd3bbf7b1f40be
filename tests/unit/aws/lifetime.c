/* A request stands on its own: what it was made of may be gone before it is sent, or sent again. */
#include "aws/message.h"
#include "aws/service_s3.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char *header_of(const struct aws_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (strcmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return NULL;
}

static void headers_outlive_the_input(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct aws_request request = {0};
    struct error error;
    char range[] = "bytes=0-1";
    const struct s3_get_object_input input = {.bucket = "b", .key = "k", .range = range};

    (void)state;
    assert_int_equal(aws_encode(&arena, &s3_get_object, &input, &request, &error), 0);
    memset(range, 'x', sizeof(range) - 1);
    assert_string_equal(header_of(&request, "range"), "bytes=0-1");
}

static void a_payload_outlives_the_input(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct aws_request request = {0};
    struct error error;
    char body[] = "content";
    const struct s3_upload_part_input input = {.bucket = "b",
                                               .key = "k",
                                               .upload_id = "u",
                                               .part_number = 1,
                                               .body = {body, sizeof(body) - 1}};

    (void)state;
    assert_int_equal(aws_encode(&arena, &s3_upload_part, &input, &request, &error), 0);
    memset(body, 'x', sizeof(body) - 1);
    assert_int_equal(request.body_length, 7);
    assert_memory_equal(request.body, "content", 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_outlive_the_input),
        cmocka_unit_test(a_payload_outlives_the_input),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The wire protocols over shapes with a field of every type: what is sent, and what is understood.
 */
#include "aws/message.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct part {
    const char *key; /* in maps */
    const char *name;
    int64_t count;
};

struct whole {
    const char *text;
    int64_t integer;
    int64_t zero;
    bool boolean;
    int64_t time_ms;
    struct aws_bytes bytes;
    struct part part;
    const struct part *parts;
    size_t part_count;
    const char *const *texts;
    size_t text_count;
    const struct aws_pair *pairs;
    size_t pair_count;
    const struct part *map;
    size_t map_count;
    const cJSON *document;
};

static const struct aws_field part_fields[] = {
    AWS_FIELD_TEXT(struct part, name, "Name"),
    AWS_FIELD_INTEGER(struct part, count, "Count"),
};
static const struct aws_shape part = AWS_SHAPE(struct part, part_fields);

static const struct aws_field mapped_fields[] = {
    AWS_FIELD_TEXT(struct part, key, "key", .place = AWS_AS_KEY),
    AWS_FIELD_TEXT(struct part, name, "Name"),
};
static const struct aws_shape mapped = AWS_SHAPE(struct part, mapped_fields);

static const struct aws_field json_fields[] = {
    AWS_FIELD_TEXT(struct whole, text, "Text"),
    AWS_FIELD_INTEGER(struct whole, integer, "Integer"),
    AWS_FIELD_INTEGER(struct whole, zero, "Zero", .flags = AWS_SEND_ZERO),
    AWS_FIELD_BOOLEAN(struct whole, boolean, "Boolean"),
    AWS_FIELD_TIME(struct whole, time_ms, "Time"),
    AWS_FIELD_BYTES(struct whole, bytes, "Bytes"),
    AWS_FIELD_STRUCTURE(struct whole, part, "Part", &part),
    AWS_FIELD_LIST(struct whole, parts, part_count, "Parts", &part),
    AWS_FIELD_TEXT_LIST(struct whole, texts, text_count, "Texts"),
    AWS_FIELD_TEXT_MAP(struct whole, pairs, pair_count, "Pairs"),
    AWS_FIELD_MAP(struct whole, map, map_count, "Map", &mapped),
    AWS_FIELD_DOCUMENT(struct whole, document, "Document"),
};
static const struct aws_shape json_shape = AWS_SHAPE(struct whole, json_fields);

static const struct aws_service json_service = {
    .name = "j", .target_prefix = "Prefix", .protocol = AWS_JSON_1_0, .query_compatible = true};
static const struct aws_operation json_operation = {
    .service = &json_service, .name = "Do", .input = &json_shape, .output = &json_shape};

static const struct part two_parts[] = {{"k1", "one", 1}, {"k2", "two", 2}};
static const char *const two_texts[] = {"a&b", "c d"};
static const struct aws_pair two_pairs[] = {{"x", "1"}, {"y", "2"}};

static struct whole everything(void)
{
    return (struct whole){
        .text = "<\"t\u00e4xt\"&>",
        .integer = 123456789012345,
        .boolean = true,
        .time_ms = INT64_C(1795167000123),
        .bytes = {"\0\1\2", 3},
        .part = {NULL, "p", 7},
        .parts = two_parts,
        .part_count = 2,
        .texts = two_texts,
        .text_count = 2,
        .pairs = two_pairs,
        .pair_count = 2,
        .map = two_parts,
        .map_count = 2,
    };
}

static const char *header(const struct aws_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (text_equal(request->headers[i].name, name))
            return request->headers[i].value;
    return NULL;
}

static struct aws_request encode(struct arena *arena, const struct aws_operation *operation,
                                 const void *input)
{
    struct aws_request request;
    struct error error = {0};

    if (aws_encode(arena, operation, input, &request, &error) != 0)
        fail_msg("%s", error.sentence);
    return request;
}

static int decode(struct arena *arena, const struct aws_operation *operation, const char *body,
                  const void **output, struct error *error)
{
    const struct aws_response response = {.status = 200, .body = body, .body_length = strlen(body)};

    *error = (struct error){0};
    return aws_decode(arena, operation, &response, output, error);
}

static const void *decoded(struct arena *arena, const struct aws_operation *operation,
                           const char *body)
{
    const void *output;
    struct error error;

    if (decode(arena, operation, body, &output, &error) != 0)
        fail_msg("%s", error.sentence);
    return output;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

#define EVERYTHING                                                               \
    "{\"Text\":\"<\\\"t\u00e4xt\\\"&>\",\"Integer\":123456789012345,\"Zero\":0," \
    "\"Boolean\":true,\"Time\":1795167000.123,\"Bytes\":\"AAEC\","               \
    "\"Part\":{\"Name\":\"p\",\"Count\":7},"                                     \
    "\"Parts\":[{\"Name\":\"one\",\"Count\":1},{\"Name\":\"two\",\"Count\":2}]," \
    "\"Texts\":[\"a&b\",\"c d\"],\"Pairs\":{\"x\":\"1\",\"y\":\"2\"},"           \
    "\"Map\":{\"k1\":{\"Name\":\"one\"},\"k2\":{\"Name\":\"two\"}},\"Document\":{\"free\":[1]}}"

static void json_sends_every_type(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    cleanup(json_free)
    cJSON *document = cJSON_Parse("{\"free\":[1]}");
    struct whole whole = everything();

    (void)state;
    whole.document = document;
    struct aws_request request = encode(&arena, &json_operation, &whole);

    assert_string_equal(request.method, "POST");
    assert_string_equal(request.path, "/");
    assert_string_equal(header(&request, "content-type"), "application/x-amz-json-1.0");
    assert_string_equal(header(&request, "x-amz-target"), "Prefix.Do");
    assert_string_equal(header(&request, "x-amzn-query-mode"), "true");
    assert_string_equal(request.body, EVERYTHING);
    assert_int_equal(request.body_length, strlen(EVERYTHING));
}

static void json_leaves_out_what_is_not_said(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const struct whole whole = {.text = ""};

    (void)state;
    assert_string_equal(encode(&arena, &json_operation, &whole).body, "{\"Zero\":0}");
}

static void json_understands_every_type(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const struct whole expected = everything();
    const struct whole *whole = decoded(&arena, &json_operation, EVERYTHING);

    (void)state;
    assert_string_equal(whole->text, expected.text);
    assert_int_equal(whole->integer, expected.integer);
    assert_true(whole->boolean);
    assert_int_equal(whole->time_ms, expected.time_ms);
    assert_int_equal(whole->bytes.length, 3);
    assert_memory_equal(whole->bytes.data, expected.bytes.data, 3);
    assert_int_equal(whole->part.count, 7);
    assert_int_equal(whole->part_count, 2);
    assert_string_equal(whole->parts[1].name, "two");
    assert_int_equal(whole->text_count, 2);
    assert_string_equal(whole->texts[0], "a&b");
    assert_string_equal(whole->pairs[1].key, "y");
    assert_string_equal(whole->pairs[1].value, "2");
    assert_string_equal(whole->map[0].key, "k1");
    assert_string_equal(whole->map[0].name, "one");
    assert_true(cJSON_IsObject(whole->document));
}

static void json_takes_null_and_absence_and_news_in_its_stride(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const struct whole *whole =
        decoded(&arena, &json_operation,
                "{\"Text\":null,\"New\":{\"a\":1},\"Parts\":[],\"Time\":\"2026-11-20T09:30:00Z\"}");

    (void)state;
    assert_null(whole->text);
    assert_int_equal(whole->part_count, 0);
    assert_int_equal(whole->time_ms, INT64_C(1795167000000));
}

static void json_of_another_type_is_no_answer_of_aws(void **state)
{
    static const char *const bodies[] = {
        "",
        "[]",
        "<html>",
        "{\"Text\":1}",
        "{\"Integer\":\"1\"}",
        "{\"Integer\":1.5}",
        "{\"Integer\":1e300}",
        "{\"Boolean\":\"true\"}",
        "{\"Time\":\"soon\"}",
        "{\"Bytes\":\"***\"}",
        "{\"Part\":[]}",
        "{\"Parts\":[1]}",
        "{\"Parts\":{}}",
        "{\"Texts\":[1]}",
        "{\"Pairs\":{\"x\":1}}",
        "{\"Map\":{\"x\":1}}",
        "{\"Parts\":[{\"Count\":true}]}",
        "{\"Text\":\"cut",
    };

    (void)state;
    for (size_t i = 0; i < array_length(bodies); i++) {
        cleanup(arena_free)
        struct arena arena = {0};
        const void *output;
        struct error error;

        if (decode(&arena, &json_operation, bodies[i], &output, &error) != -1)
            fail_msg("%s was understood", bodies[i]);
        assert_int_equal(error.class, ERROR_TRANSIENT);
        assert_non_null(strstr(error.sentence, "none of AWS"));
    }
}

static void json_without_a_shape_is_passed_through(void **state)
{
    static const struct aws_operation plain = {.service = &json_service, .name = "Do"};
    cleanup(arena_free)
    struct arena arena = {0};
    cleanup(json_free)
    cJSON *input = cJSON_Parse("{\"Any\":[1,{\"b\":null}]}");

    (void)state;
    assert_string_equal(encode(&arena, &plain, input).body, "{\"Any\":[1,{\"b\":null}]}");
    assert_int_equal(json_get_integer(decoded(&arena, &plain, "{\"x\":1}"), "x", 0), 1);
}

static void nothing_is_an_answer_where_nothing_is_expected(void **state)
{
    static const struct aws_operation quiet = {
        .service = &json_service, .name = "Do", .output = &aws_nothing};
    cleanup(arena_free)
    struct arena arena = {0};

    (void)state;
    assert_non_null(decoded(&arena, &quiet, ""));
    assert_non_null(decoded(&arena, &quiet, "{}"));
}

/* ---- query ----------------------------------------------------------------------------------- */

static const struct aws_field query_fields[] = {
    AWS_FIELD_TEXT(struct whole, text, "Text"),
    AWS_FIELD_INTEGER(struct whole, integer, "Integer"),
    AWS_FIELD_BOOLEAN(struct whole, boolean, "Boolean"),
    AWS_FIELD_TIME(struct whole, time_ms, "Time"),
    AWS_FIELD_STRUCTURE(struct whole, part, "Part", &part),
    AWS_FIELD_LIST(struct whole, parts, part_count, "Parts", &part),
    AWS_FIELD_TEXT_LIST(struct whole, texts, text_count, "Texts", .member = ""),
};
static const struct aws_shape query_shape = AWS_SHAPE(struct whole, query_fields);
static const struct aws_service query_service = {
    .name = "q", .version = "2010-05-08", .protocol = AWS_QUERY};
static const struct aws_operation query_operation = {
    .service = &query_service, .name = "Do", .input = &query_shape, .output = &query_shape};

static void query_sends_a_form(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    struct whole whole = everything();

    (void)state;
    whole.text = "a b+c/\u00e4=&";
    struct aws_request request = encode(&arena, &query_operation, &whole);

    assert_string_equal(header(&request, "content-type"),
                        "application/x-www-form-urlencoded; charset=utf-8");
    assert_string_equal(request.body,
                        "Action=Do&Version=2010-05-08&Text=a%20b%2Bc%2F%C3%A4%3D%26"
                        "&Integer=123456789012345&Boolean=true&Time=2026-11-20T09%3A30%3A00.123Z"
                        "&Part.Name=p&Part.Count=7"
                        "&Parts.member.1.Name=one&Parts.member.1.Count=1"
                        "&Parts.member.2.Name=two&Parts.member.2.Count=2"
                        "&Texts.1=a%26b&Texts.2=c%20d");
}

static void query_understands_its_xml(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const struct whole *whole =
        decoded(&arena, &query_operation,
                "<?xml version=\"1.0\"?>\n<DoResponse xmlns=\"urn:q\"><DoResult>"
                "<Text>a &amp; b</Text><Integer>-5</Integer><Boolean>true</Boolean>"
                "<Time>2026-11-20T09:30:00Z</Time><Part><Name>p</Name></Part>"
                "<Parts><member><Name>one</Name><Count>1</Count></member><member/></Parts>"
                "<Texts>a</Texts><Texts>b</Texts><New/></DoResult></DoResponse>");

    (void)state;
    assert_string_equal(whole->text, "a & b");
    assert_int_equal(whole->integer, -5);
    assert_true(whole->boolean);
    assert_int_equal(whole->time_ms, INT64_C(1795167000000));
    assert_string_equal(whole->part.name, "p");
    assert_int_equal(whole->part_count, 2);
    assert_int_equal(whole->parts[0].count, 1);
    assert_null(whole->parts[1].name);
    assert_int_equal(whole->text_count, 2);
    assert_string_equal(whole->texts[1], "b");
}

static void xml_that_is_no_answer_is_refused(void **state)
{
    static const char *const bodies[] = {
        "",
        "text",
        "<DoResponse>",
        "<OtherResponse><DoResult/></OtherResponse>",
        "<DoResponse/>",
        "<DoResponse><DoResult><Integer>five</Integer></DoResult></DoResponse>",
        "<DoResponse><DoResult><Boolean>perhaps</Boolean></DoResult></DoResponse>",
        "<!DOCTYPE x [<!ENTITY e \"e\">]><DoResponse><DoResult>&e;</DoResult></DoResponse>",
    };

    (void)state;
    for (size_t i = 0; i < array_length(bodies); i++) {
        cleanup(arena_free)
        struct arena arena = {0};
        const void *output;
        struct error error;

        if (decode(&arena, &query_operation, bodies[i], &output, &error) != -1)
            fail_msg("%s was understood", bodies[i]);
        assert_int_equal(error.class, ERROR_TRANSIENT);
    }
}

/* ---- REST ------------------------------------------------------------------------------------ */

struct thing {
    const char *bucket;
    const char *key;
    const char *version;
    int64_t number;
    int64_t modified_ms;
    const struct aws_pair *metadata;
    size_t metadata_count;
    struct aws_bytes body;
    int64_t status;
};

static const struct aws_field put_fields[] = {
    AWS_FIELD_TEXT(struct thing, bucket, "Bucket", .place = AWS_IN_PATH),
    AWS_FIELD_TEXT(struct thing, key, "Key", .place = AWS_IN_PATH),
    AWS_FIELD_TEXT(struct thing, version, "versionId", .place = AWS_IN_QUERY),
    AWS_FIELD_INTEGER(struct thing, number, "partNumber", .place = AWS_IN_QUERY),
    AWS_FIELD_TEXT_MAP(struct thing, metadata, metadata_count, "x-amz-meta-",
                       .place = AWS_IN_HEADER),
    AWS_FIELD_BYTES(struct thing, body, "Body", .place = AWS_AS_PAYLOAD),
};
static const struct aws_shape put_shape = AWS_SHAPE(struct thing, put_fields);
static const struct aws_field get_fields[] = {
    AWS_FIELD_TEXT(struct thing, version, "x-amz-version-id", .place = AWS_IN_HEADER),
    AWS_FIELD_INTEGER(struct thing, number, "content-length", .place = AWS_IN_HEADER),
    AWS_FIELD_TIME(struct thing, modified_ms, "last-modified", .place = AWS_IN_HEADER),
    AWS_FIELD_TEXT_MAP(struct thing, metadata, metadata_count, "x-amz-meta-",
                       .place = AWS_IN_HEADER),
    AWS_FIELD_BYTES(struct thing, body, "Body", .place = AWS_AS_PAYLOAD),
    AWS_FIELD_INTEGER(struct thing, status, "Status", .place = AWS_AS_STATUS),
};
static const struct aws_shape get_shape = AWS_SHAPE(struct thing, get_fields);
static const struct aws_service rest_service = {
    .name = "s3", .xml_namespace = "urn:s3", .protocol = AWS_REST_XML};
static const struct aws_operation rest_operation = {
    .service = &rest_service,
    .name = "Put",
    .method = "PUT",
    .path = "/{Bucket}/{Key+}?tagging",
    .input = &put_shape,
    .output = &get_shape,
};

static void rest_puts_fields_into_path_query_headers_and_payload(void **state)
{
    static const struct aws_pair metadata[] = {{"origin", "staging"}, {"n", "1"}};
    const struct thing thing = {.bucket = "b.c",
                                .key = "a b/\u00e4/%2F?#/../x",
                                .version = "v&1",
                                .number = 3,
                                .metadata = metadata,
                                .metadata_count = 2,
                                .body = {"a\0b", 3}};
    cleanup(arena_free)
    struct arena arena = {0};
    struct aws_request request = encode(&arena, &rest_operation, &thing);

    (void)state;
    assert_string_equal(request.method, "PUT");
    assert_string_equal(request.path, "/b.c/a%20b/%C3%A4/%252F%3F%23/../x");
    assert_string_equal(request.query, "tagging&versionId=v%261&partNumber=3");
    assert_string_equal(header(&request, "x-amz-meta-origin"), "staging");
    assert_string_equal(header(&request, "x-amz-meta-n"), "1");
    assert_int_equal(request.body_length, 3);
    assert_memory_equal(request.body, "a\0b", 3);
}

static void rest_refuses_what_would_be_another_request(void **state)
{
    static const struct aws_pair broken[] = {{"x", "1\r\nauthorization: mine"}};
    const struct thing things[] = {
        {.bucket = "", .key = "k"},
        {.bucket = "b"},
        {.bucket = "b", .key = "k", .metadata = broken, .metadata_count = 1},
    };

    (void)state;
    for (size_t i = 0; i < array_length(things); i++) {
        cleanup(arena_free)
        struct arena arena = {0};
        struct aws_request request;
        struct error error = {0};

        assert_int_equal(aws_encode(&arena, &rest_operation, &things[i], &request, &error), -1);
        assert_int_equal(error.class, ERROR_INVALID);
    }
}

static void rest_reads_headers_payload_and_status(void **state)
{
    static const struct aws_header headers[] = {
        {"content-length", "3"},
        {"x-amz-version-id", "v1"},
        {"last-modified", "Fri, 20 Nov 2026 09:30:00 GMT"},
        {"x-amz-meta-origin", "staging"},
    };
    const struct aws_response response = {
        .status = 206, .headers = headers, .header_count = 4, .body = "a\0b", .body_length = 3};
    cleanup(arena_free)
    struct arena arena = {0};
    struct error error = {0};
    const void *output = NULL;

    (void)state;
    assert_int_equal(aws_decode(&arena, &rest_operation, &response, &output, &error), 0);
    const struct thing *thing = output;

    assert_string_equal(thing->version, "v1");
    assert_int_equal(thing->number, 3);
    assert_int_equal(thing->modified_ms, INT64_C(1795167000000));
    assert_int_equal(thing->metadata_count, 1);
    assert_string_equal(thing->metadata[0].key, "origin");
    assert_int_equal(thing->body.length, 3);
    assert_memory_equal(thing->body.data, "a\0b", 3);
    assert_int_equal(thing->status, 206);
}

static const struct aws_field complete_fields[] = {
    AWS_FIELD_TEXT(struct whole, text, "Key", .place = AWS_IN_PATH),
    AWS_FIELD_LIST(struct whole, parts, part_count, "Part", &part, .member = ""),
    AWS_FIELD_TEXT_LIST(struct whole, texts, text_count, "Texts"),
};
static const struct aws_shape complete_input =
    AWS_SHAPE_ROOT(struct whole, complete_fields, "Complete");
static const struct aws_field completed_fields[] = {
    AWS_FIELD_LIST(struct whole, parts, part_count, "Part", &part, .member = ""),
};
static const struct aws_shape complete_output =
    AWS_SHAPE_ROOT(struct whole, completed_fields, "Completed");
static const struct aws_operation complete_operation = {
    .service = &rest_service,
    .name = "Complete",
    .method = "POST",
    .path = "/{Key}",
    .input = &complete_input,
    .output = &complete_output,
};

static void rest_bodies_are_xml_with_their_namespace(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const struct whole whole = {
        .text = "a/b", .parts = two_parts, .part_count = 2, .texts = two_texts, .text_count = 2};
    struct aws_request request = encode(&arena, &complete_operation, &whole);

    (void)state;
    assert_string_equal(request.path, "/a%2Fb");
    assert_string_equal(header(&request, "content-type"), "application/xml");
    assert_string_equal(request.body,
                        "<Complete xmlns=\"urn:s3\"><Part><Name>one</Name><Count>1</Count></Part>"
                        "<Part><Name>two</Name><Count>2</Count></Part>"
                        "<Texts><member>a&amp;b</member><member>c d</member></Texts></Complete>");
}

static void an_error_in_a_body_of_status_200_is_an_error(void **state)
{
    cleanup(arena_free)
    struct arena arena = {0};
    const void *output;
    struct error error;
    const struct whole *whole =
        decoded(&arena, &complete_operation,
                " \n<Completed><Part><Name>x</Name></Part><Part/></Completed>");

    (void)state;
    assert_int_equal(whole->part_count, 2);
    assert_int_equal(decode(&arena, &complete_operation,
                            "<Error><Code>SlowDown</Code><Message>less</Message></Error>", &output,
                            &error),
                     -1);
    assert_int_equal(error.class, ERROR_THROTTLED);
    assert_string_equal(error.code, "SlowDown");
    assert_string_equal(error.sentence, "Complete: less");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_sends_every_type),
        cmocka_unit_test(json_leaves_out_what_is_not_said),
        cmocka_unit_test(json_understands_every_type),
        cmocka_unit_test(json_takes_null_and_absence_and_news_in_its_stride),
        cmocka_unit_test(json_of_another_type_is_no_answer_of_aws),
        cmocka_unit_test(json_without_a_shape_is_passed_through),
        cmocka_unit_test(nothing_is_an_answer_where_nothing_is_expected),
        cmocka_unit_test(query_sends_a_form),
        cmocka_unit_test(query_understands_its_xml),
        cmocka_unit_test(xml_that_is_no_answer_is_refused),
        cmocka_unit_test(rest_puts_fields_into_path_query_headers_and_payload),
        cmocka_unit_test(rest_refuses_what_would_be_another_request),
        cmocka_unit_test(rest_reads_headers_payload_and_status),
        cmocka_unit_test(rest_bodies_are_xml_with_their_namespace),
        cmocka_unit_test(an_error_in_a_body_of_status_200_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

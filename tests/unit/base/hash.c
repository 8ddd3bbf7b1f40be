#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#define SHA256_OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void sha256_gives_the_digests_of_its_standard(void **state)
{
    /* FIPS 180-4, the examples of NIST. */
    static const struct {
        const char *text;
        const char *digest;
    } cases[] = {
        {"", SHA256_OF_NOTHING},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        char digest[SHA256_HEX_SIZE];

        assert_string_equal(hash_sha256_hex(cases[i].text, strlen(cases[i].text), digest),
                            cases[i].digest);
    }
}

static void a_digest_taken_piece_by_piece_is_that_of_the_whole(void **state)
{
    char digest[SHA256_HEX_SIZE];
    char piece[1000];
    struct hash_stream *stream = hash_stream_new();

    (void)state;
    memset(piece, 'a', sizeof(piece));
    for (int i = 0; i < 1000; i++)
        hash_stream_add(stream, piece, sizeof(piece));
    hash_stream_finish(stream, digest);
    assert_string_equal(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void a_stream_of_nothing_has_the_digest_of_nothing(void **state)
{
    char digest[SHA256_HEX_SIZE];

    (void)state;
    hash_stream_finish(hash_stream_new(), digest);
    assert_string_equal(digest, SHA256_OF_NOTHING);
    hash_stream_free(hash_stream_new());
    hash_stream_free(NULL);
}

static void hmac_gives_the_digests_of_rfc_4231(void **state)
{
    uint8_t long_key[131];
    uint8_t short_key[20];
    const struct {
        const void *key;
        size_t key_length;
        const char *text;
        const char *digest;
    } cases[] = {
        {short_key, sizeof(short_key), "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"Jefe", 4, "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {long_key, sizeof(long_key), "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    };

    (void)state;
    memset(long_key, 0xaa, sizeof(long_key));
    memset(short_key, 0x0b, sizeof(short_key));
    for (size_t i = 0; i < array_length(cases); i++) {
        uint8_t digest[SHA256_SIZE];
        char text[SHA256_HEX_SIZE];

        hash_hmac_sha256(cases[i].key, cases[i].key_length, cases[i].text, strlen(cases[i].text),
                         digest);
        assert_string_equal(hash_to_hex(digest, sizeof(digest), text), cases[i].digest);
    }
}

static void md5_gives_the_digests_of_rfc_1321(void **state)
{
    static const struct {
        const char *text;
        const char *digest;
    } cases[] = {
        {"", "d41d8cd98f00b204e9800998ecf8427e"},
        {"a", "0cc175b9c0f1b6a831c399e269772661"},
        {"abc", "900150983cd24fb0d6963f7d28e17f72"},
        {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        char digest[MD5_HEX_SIZE];

        assert_string_equal(hash_md5_hex(cases[i].text, strlen(cases[i].text), digest),
                            cases[i].digest);
    }
}

static void base64_goes_both_ways_as_in_rfc_4648(void **state)
{
    static const struct {
        const char *bytes;
        const char *text;
    } cases[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xfb\xff\xbf", "+/+/"},
    };

    (void)state;
    for (size_t i = 0; i < array_length(cases); i++) {
        size_t length = 99;
        cleanup(free_pointer)
        char *text = hash_to_base64(cases[i].bytes, strlen(cases[i].bytes));
        cleanup(free_pointer)
        unsigned char *bytes = hash_from_base64(cases[i].text, &length);

        assert_string_equal(text, cases[i].text);
        assert_non_null(bytes);
        assert_int_equal(length, strlen(cases[i].bytes));
        assert_memory_equal(bytes, cases[i].bytes, length);
    }
}

static void malformed_base64_is_refused(void **state)
{
    static const char *const texts[] = {
        "Z",    "Zg",   "Zg=",   "Zm9",  "Z===",  "====",       "Zg==Zg==",
        "Z=g=", "Zm-_", "Zm9v ", " Zm9", "Zm9\n", "Zm9vYg==\n", "=Zm9",
    };

    (void)state;
    for (size_t i = 0; i < array_length(texts); i++) {
        size_t length = 0;

        assert_null(hash_from_base64(texts[i], &length));
    }
}

static void hexadecimal_is_lower_case_with_two_digits_a_byte(void **state)
{
    static const uint8_t bytes[] = {0x00, 0x0f, 0xa0, 0xff};
    char text[9];

    (void)state;
    assert_string_equal(hash_to_hex(bytes, sizeof(bytes), text), "000fa0ff");
    assert_string_equal(hash_to_hex(bytes, 0, text), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_digests_of_its_standard),
        cmocka_unit_test(a_digest_taken_piece_by_piece_is_that_of_the_whole),
        cmocka_unit_test(a_stream_of_nothing_has_the_digest_of_nothing),
        cmocka_unit_test(hmac_gives_the_digests_of_rfc_4231),
        cmocka_unit_test(md5_gives_the_digests_of_rfc_1321),
        cmocka_unit_test(base64_goes_both_ways_as_in_rfc_4648),
        cmocka_unit_test(malformed_base64_is_refused),
        cmocka_unit_test(hexadecimal_is_lower_case_with_two_digits_a_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "base/hash.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* libcrypto counts in int. Nothing here comes near it: what is long goes through hash_stream. */
#define LENGTH_MAX ((size_t)1 << 30)

/* libcrypto fails here only where it has no memory, or is broken: neither can be gone on with. */
static void expect(int ok)
{
    if (ok != 1)
        abort();
}

static EVP_MD *fetched_sha256;
static pthread_key_t contexts; /* of each thread, one */

static void free_context(void *context)
{
    EVP_MD_CTX_free(context);
}

static void prepare_sha256(void)
{
    fetched_sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    expect(fetched_sha256 != NULL && pthread_key_create(&contexts, free_context) == 0);
}

/* EVP_sha256() is looked up among the providers at each use, which costs more than hashing a short
 * text. */
static const EVP_MD *sha256(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, prepare_sha256);
    return fetched_sha256;
}

/* Ready to hash. Making one, and freeing it, would cost as much again as hashing a short text. */
static EVP_MD_CTX *begin_sha256(void)
{
    const EVP_MD *digest = sha256();
    EVP_MD_CTX *context = pthread_getspecific(contexts);

    if (!context) {
        context = EVP_MD_CTX_new();
        expect(context && pthread_setspecific(contexts, context) == 0);
    }
    expect(EVP_DigestInit_ex(context, digest, NULL));
    return context;
}

void hash_sha256(const void *data, size_t length, uint8_t digest[SHA256_SIZE])
{
    EVP_MD_CTX *context = begin_sha256();

    expect(EVP_DigestUpdate(context, data, length) == 1 &&
           EVP_DigestFinal_ex(context, digest, NULL) == 1);
}

void hash_sha256_two(const void *first, size_t first_length, const void *second,
                     size_t second_length, uint8_t digest[SHA256_SIZE])
{
    EVP_MD_CTX *context = begin_sha256();

    expect(EVP_DigestUpdate(context, first, first_length) == 1 &&
           EVP_DigestUpdate(context, second, second_length) == 1 &&
           EVP_DigestFinal_ex(context, digest, NULL) == 1);
}

char *hash_sha256_hex(const void *data, size_t length, char text[SHA256_HEX_SIZE])
{
    uint8_t digest[SHA256_SIZE];

    hash_sha256(data, length, digest);
    return hash_to_hex(digest, sizeof(digest), text);
}

static EVP_MAC_CTX *prepared_hmac;

static void prepare_hmac(void)
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };

    prepared_hmac = EVP_MAC_CTX_new(mac);
    expect(prepared_hmac && EVP_MAC_CTX_set_params(prepared_hmac, parameters) == 1);
    EVP_MAC_free(mac);
}

/* Looked up once, as the digest is; copied for each use. */
static const EVP_MAC_CTX *hmac_sha256(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, prepare_hmac);
    return prepared_hmac;
}

void hash_hmac_sha256(const void *key, size_t key_length, const void *data, size_t length,
                      uint8_t digest[SHA256_SIZE])
{
    EVP_MAC_CTX *context = EVP_MAC_CTX_dup(hmac_sha256());
    size_t size;

    expect(context && EVP_MAC_init(context, key, key_length, NULL) == 1 &&
           EVP_MAC_update(context, data, length) == 1 &&
           EVP_MAC_final(context, digest, &size, SHA256_SIZE) == 1);
    EVP_MAC_CTX_free(context);
}

char *hash_md5_hex(const void *data, size_t length, char text[MD5_HEX_SIZE])
{
    uint8_t digest[16];

    expect(EVP_Digest(data, length, digest, NULL, EVP_md5(), NULL));
    return hash_to_hex(digest, sizeof(digest), text);
}

struct hash_stream {
    EVP_MD_CTX *context;
};

struct hash_stream *hash_stream_new(void)
{
    struct hash_stream *stream = memory_allocate(sizeof(*stream));

    stream->context = EVP_MD_CTX_new();
    expect(stream->context && EVP_DigestInit_ex(stream->context, sha256(), NULL));
    return stream;
}

void hash_stream_add(struct hash_stream *stream, const void *data, size_t length)
{
    expect(EVP_DigestUpdate(stream->context, data, length));
}

void hash_stream_finish(struct hash_stream *stream, char text[SHA256_HEX_SIZE])
{
    uint8_t digest[SHA256_SIZE];

    expect(EVP_DigestFinal_ex(stream->context, digest, NULL));
    hash_to_hex(digest, sizeof(digest), text);
    hash_stream_free(stream);
}

void hash_stream_free(struct hash_stream *stream)
{
    if (!stream)
        return;
    EVP_MD_CTX_free(stream->context);
    free(stream);
}

char *hash_to_hex(const void *data, size_t length, char *text)
{
    const uint8_t *bytes = data;

    for (size_t i = 0; i < length; i++) {
        text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    text[2 * length] = '\0';
    return text;
}

char *hash_to_base64(const void *data, size_t length)
{
    expect(length <= LENGTH_MAX);
    char *text = memory_allocate((length + 2) / 3 * 4 + 1);

    EVP_EncodeBlock((unsigned char *)text, data, (int)length);
    return text;
}

static const char base64_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

unsigned char *hash_from_base64(const char *text, size_t *length)
{
    size_t size = strlen(text);
    size_t letters = strspn(text, base64_letters);

    /* libcrypto passes over outer white space and takes '=' anywhere. */
    if (size % 4 != 0 || size > LENGTH_MAX || size - letters > 2 ||
        strspn(text + letters, "=") != size - letters)
        return NULL;
    unsigned char *bytes = memory_allocate(size / 4 * 3 + 1);
    int decoded = size ? EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)size) : 0;

    if (decoded < 0) {
        free(bytes);
        return NULL;
    }
    *length = (size_t)decoded - (size - letters); /* the padding was counted as zero bytes */
    return bytes;
}

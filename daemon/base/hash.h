/* Digests and encodings of bytes, over libcrypto. */
#ifndef CAUSEWAY_BASE_HASH_H
#define CAUSEWAY_BASE_HASH_H

#include "base/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SHA256_SIZE = 32,
    SHA256_HEX_SIZE = 65, /* with the NUL */
    MD5_HEX_SIZE = 33,
};

void hash_sha256(const void *data, size_t length, uint8_t digest[SHA256_SIZE]);

/* Of two pieces, one behind the other. */
void hash_sha256_two(const void *first, size_t first_length, const void *second,
                     size_t second_length, uint8_t digest[SHA256_SIZE]);

/* Lower-case hexadecimal; returns text. */
char *hash_sha256_hex(const void *data, size_t length, char text[SHA256_HEX_SIZE]);

/* RFC 2104 with SHA-256. */
void hash_hmac_sha256(const void *key, size_t key_length, const void *data, size_t length,
                      uint8_t digest[SHA256_SIZE]);

/* MD5, which SQS uses to say what it received; nothing here trusts it. */
char *hash_md5_hex(const void *data, size_t length, char text[MD5_HEX_SIZE]);

/* A digest taken piece by piece, for what does not fit into memory at once. */
struct hash_stream;
struct hash_stream *hash_stream_new(void);
void hash_stream_add(struct hash_stream *stream, const void *data, size_t length);
/* The digest in hexadecimal; frees the stream. */
void hash_stream_finish(struct hash_stream *stream, char text[SHA256_HEX_SIZE]);
void hash_stream_free(struct hash_stream *stream);

/* text has room for 2 * length + 1; returns text. */
char *hash_to_hex(const void *data, size_t length, char *text);

/* RFC 4648 base64; the caller frees what comes back. Decoding gives NULL where it is malformed, and
 * the number of bytes in *length. */
char *hash_to_base64(const void *data, size_t length);
unsigned char *hash_from_base64(const char *text, size_t *length);

#endif

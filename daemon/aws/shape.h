/* Shapes: tables that say how a plain struct is spelled on the wire.
 *
 * AWS's services differ in protocol, hardly in anything else. So an operation's input and output
 * are structs, each described by one table of fields, and each wire protocol (json_protocol.c,
 * query_protocol.c, rest_protocol.c) is written once over such tables. The names in the tables are
 * those of AWS's service models.
 *
 * Text in structs that are decoded, and what else they point to, lives as long as the arena that
 * the decoder is given. Fields that are NULL, "", 0 or false, and lists without elements, are not
 * sent, unless the field says AWS_SEND_ZERO; a NULL text is never sent. */
#ifndef CAUSEWAY_AWS_SHAPE_H
#define CAUSEWAY_AWS_SHAPE_H

#include "base/json.h"

#include <stddef.h>
#include <stdint.h>

enum aws_type {
    AWS_TEXT,     /* const char * */
    AWS_INTEGER,  /* int64_t */
    AWS_BOOLEAN,  /* bool */
    AWS_TIME,     /* int64_t milliseconds: seconds since 1970 in JSON, RFC 3339 in XML, an HTTP date
                     in headers */
    AWS_DOCUMENT, /* const cJSON *: passed through as it is (JSON protocols only) */
    AWS_BYTES,    /* struct aws_bytes: base64 in bodies, as it is as a payload */
    AWS_STRUCTURE, /* an embedded struct; in headers, its fields are headers each */
    AWS_LIST,      /* a pointer to elements and, at count_offset, a size_t */
    AWS_TEXT_LIST, /* const char *const * and, at count_offset, a size_t */
    AWS_TEXT_MAP,  /* struct aws_pair * and, at count_offset, a size_t; in headers, the field's name
                      is what theirs begin with ("x-amz-meta-") */
    AWS_MAP,       /* as AWS_LIST; the key of each is its field that says AWS_AS_KEY (JSON only) */
};

/* Where the field travels. Only the REST protocols know more than the body. */
enum aws_place {
    AWS_IN_BODY,
    AWS_IN_HEADER,
    AWS_IN_PATH, /* replaces {Name}, or {Name+} that keeps slashes, in the operation's path */
    AWS_IN_QUERY,
    AWS_AS_PAYLOAD, /* the body itself: AWS_BYTES (of any length: present where data is not NULL) */
    AWS_AS_STATUS,  /* output: AWS_INTEGER, the answer's HTTP status */
    AWS_AS_KEY,     /* of an AWS_MAP's elements: AWS_TEXT */
    AWS_AS_URL,     /* input: AWS_TEXT, the whole URL, which AWS itself gave and signed */
};

enum aws_field_flags {
    AWS_SEND_ZERO = 1, /* 0, false and "" are values, not absence */
};

struct aws_bytes {
    const void *data;
    size_t length;
};

struct aws_pair {
    const char *key;
    const char *value;
};

struct aws_shape;

struct aws_field {
    const char *name; /* AWS's; the header's or parameter's name where it is not in the body */
    enum aws_type type;
    enum aws_place place;
    unsigned flags;
    size_t offset;
    size_t count_offset;
    const struct aws_shape *of; /* of a structure, or of a list's elements */
    const char *member;         /* XML and query: a list's element name; NULL is "member"; "" means
                                   flattened */
};

struct aws_shape {
    size_t size;
    size_t count;
    const struct aws_field *fields;
    const char *root; /* REST XML: the body's root element; NULL where nothing is in the body */
};

/* The output of an operation whose answer says nothing but that it succeeded. */
extern const struct aws_shape aws_nothing;

/* A shape from a struct type and a field array:
 *     static const struct aws_field delete_entry_fields[] = {
 *         AWS_FIELD_TEXT(struct sqs_delete_entry, id, "Id"), ... };
 *     static const struct aws_shape delete_entry = AWS_SHAPE(struct sqs_delete_entry,
 *                                                            delete_entry_fields); */
#define AWS_SHAPE(type_, fields_)                                               \
    {                                                                           \
        .size = sizeof(type_), .count = sizeof(fields_) / sizeof((fields_)[0]), \
        .fields = (fields_)                                                     \
    }
/* The same with a root element. */
#define AWS_SHAPE_ROOT(type_, fields_, root_)                                   \
    {                                                                           \
        .size = sizeof(type_), .count = sizeof(fields_) / sizeof((fields_)[0]), \
        .fields = (fields_), .root = (root_)                                    \
    }
#define AWS_FIELD(type_, member_, name_, kind_, ...)                                      \
    {                                                                                     \
        .name = (name_), .type = (kind_), .offset = offsetof(type_, member_), __VA_ARGS__ \
    }
#define AWS_FIELD_TEXT(type_, member_, name_, ...) \
    AWS_FIELD(type_, member_, name_, AWS_TEXT, __VA_ARGS__)
#define AWS_FIELD_INTEGER(type_, member_, name_, ...) \
    AWS_FIELD(type_, member_, name_, AWS_INTEGER, __VA_ARGS__)
#define AWS_FIELD_BOOLEAN(type_, member_, name_, ...) \
    AWS_FIELD(type_, member_, name_, AWS_BOOLEAN, __VA_ARGS__)
#define AWS_FIELD_TIME(type_, member_, name_, ...) \
    AWS_FIELD(type_, member_, name_, AWS_TIME, __VA_ARGS__)
#define AWS_FIELD_DOCUMENT(type_, member_, name_, ...) \
    AWS_FIELD(type_, member_, name_, AWS_DOCUMENT, __VA_ARGS__)
#define AWS_FIELD_BYTES(type_, member_, name_, ...) \
    AWS_FIELD(type_, member_, name_, AWS_BYTES, __VA_ARGS__)
#define AWS_FIELD_STRUCTURE(type_, member_, name_, shape_, ...) \
    AWS_FIELD(type_, member_, name_, AWS_STRUCTURE, .of = (shape_), __VA_ARGS__)
#define AWS_FIELD_LIST(type_, member_, count_, name_, shape_, ...) \
    AWS_FIELD(type_, member_, name_, AWS_LIST, .of = (shape_),     \
              .count_offset = offsetof(type_, count_), __VA_ARGS__)
#define AWS_FIELD_TEXT_LIST(type_, member_, count_, name_, ...)                              \
    AWS_FIELD(type_, member_, name_, AWS_TEXT_LIST, .count_offset = offsetof(type_, count_), \
              __VA_ARGS__)
#define AWS_FIELD_TEXT_MAP(type_, member_, count_, name_, ...)                              \
    AWS_FIELD(type_, member_, name_, AWS_TEXT_MAP, .count_offset = offsetof(type_, count_), \
              __VA_ARGS__)

#define AWS_FIELD_MAP(type_, member_, count_, name_, shape_, ...) \
    AWS_FIELD(type_, member_, name_, AWS_MAP, .of = (shape_),     \
              .count_offset = offsetof(type_, count_), __VA_ARGS__)

#endif

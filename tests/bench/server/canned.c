/* What an operation was told to answer, by the name of what it is asked about: a queue's URL, a
 * bucket, a page's marker; "assumed:" before it for the account whose role is assumed. */
#include "server.h"

#include <stdio.h>
#include <string.h>

struct can {
    char *body;
    size_t length;
};

static struct map cans;

static struct can *find(const char *operation, const char *value)
{
    char key[1200];

    snprintf(key, sizeof(key), "%s %s", operation, value);
    return map_get(&cans, key);
}

void canned_put(const char *operation, const char *value, const char *body, size_t length)
{
    struct can *can = memory_allocate(sizeof(*can));
    char key[1200];

    can->body = memory_copy_text(body, length);
    can->length = length;
    snprintf(key, sizeof(key), "%s %s", operation, value);
    can = map_put(&cans, key, can);
    if (can)
        free(can->body);
    free(can);
}

/* A role's policy is asked about by two names: "ROLE/POLICY". */
static void read_second(const char *form, char *subject, size_t size)
{
    char name[256];
    size_t length = strlen(subject);

    if (form_text(form, "PolicyName", name, sizeof(name)))
        snprintf(subject + length, size - length, "/%s", name);
}

/* The name of what is asked about: the first of these that the request has. */
static void read_subject(const struct request *request, bool xml, char *subject, size_t size)
{
    static const char *const members[] = {"QueueUrl", "QueueName",   "repositoryName",
                                          "Rule",     "KeyId",       "Name",
                                          "name",     "ResourceARN", "resourceArn"};
    static const char *const fields[] = {"Marker", "RoleName", "PolicyArn", "QueueUrl"};

    *subject = '\0';
    if (xml) {
        for (size_t i = 0; i < array_length(fields); i++)
            if (form_text(request->body, fields[i], subject, size)) {
                read_second(request->body, subject, size);
                return;
            }
        snprintf(subject, size, "%.1000s",
                 strcmp(request->method, "POST") == 0 ? "" : request->path);
        return;
    }
    for (size_t i = 0; i < array_length(members); i++)
        if (member_text(request->body, members[i], subject, size))
            return;
}

bool canned_answer(struct request *request, const char *operation, bool xml)
{
    char subject[1024] = "assumed:";
    const size_t prefix = strlen(subject);

    read_subject(request, xml, subject + prefix, sizeof(subject) - prefix);
    const struct can *can = request->assumed ? find(operation, subject) : NULL;

    if (!can)
        can = find(operation, subject + prefix);
    if (!can)
        can = find(operation, request->assumed ? "assumed:*" : "*");
    if (!can)
        can = find(operation, "*");
    if (!can)
        return false;
    answer(request->connection, 200, xml ? "text/xml" : "application/x-amz-json-1.1", NULL,
           can->body, can->length);
    return true;
}

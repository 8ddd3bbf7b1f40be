#include "deploy/stack_sources.h"

#include "base/text.h"
#include "deploy/sources.h"

struct checking {
    const struct record *record;
    const cJSON *template;
    const cJSON *parameters;
    const struct template_place *place;
    struct error *error;
};

/* The members that name what is served, wherever they stand in a model (CloudFormation, template
 * reference: AWS::SageMaker::Model). */
static const struct {
    const char *name;
    char *(*refuse)(const struct record *record, const char *text);
} named[] = {
    {"Image", sources_refusal_of_image},
    {"ModelPackageName", sources_refusal_of_package_name},
    {"ModelDataUrl", sources_refusal_of_data},
    {"S3Uri", sources_refusal_of_data},
};

static int check_value(const struct checking *checking, size_t kind, const cJSON *value)
{
    cleanup(json_free)
    cJSON *resolved = NULL;

    if (template_resolve_value(checking->template, checking->parameters, checking->place, value,
                               &resolved, checking->error) < 0)
        return error_prefix(checking->error,
                            "its %s cannot be known before it is made: ", named[kind].name);
    if (!json_text(resolved)) /* nothing, or what the stack makes itself */
        return 0;
    cleanup(free_pointer)
    char *refusal = named[kind].refuse(checking->record, resolved->valuestring);

    return refusal ? error_set(checking->error, ERROR_INVALID, "%s", refusal) : 0;
}

/* Every branch of every condition, as deep as the template's reader lets it be. */
static int check_tree(const struct checking *checking, const cJSON *tree)
{
    const cJSON *member;

    cJSON_ArrayForEach(member, tree)
    {
        for (size_t i = 0; i < array_length(named); i++)
            if (text_equal(member->string, named[i].name) && check_value(checking, i, member) < 0)
                return -1;
        if (check_tree(checking, member) < 0)
            return -1;
    }
    return 0;
}

static bool may_expand(const struct record *record)
{
    const cJSON *capability;

    cJSON_ArrayForEach(capability, json_get(record->settings, "capabilities"))
    {
        if (text_equal(json_text(capability), "CAPABILITY_AUTO_EXPAND"))
            return true;
    }
    return false;
}

static bool is_template_of_its_own(const char *type)
{
    return text_equal(type, "AWS::CloudFormation::Stack") ||
           text_equal(type, "AWS::CloudFormation::StackSet") || text_ends_with(type, "::MODULE");
}

static int refuse_expansion(struct error *error, const char *what)
{
    return error_set(error, ERROR_INVALID,
                     "%s, which is not seen before it is made: capabilities with "
                     "CAPABILITY_AUTO_EXPAND would allow it",
                     what);
}

/* A macro stands at the top, or where its output does (Fn::Transform). */
static bool has_macro(const cJSON *tree)
{
    const cJSON *member;

    cJSON_ArrayForEach(member, tree)
    {
        if (text_equal(member->string, "Fn::Transform") || has_macro(member))
            return true;
    }
    return false;
}

static int check_expansion(const cJSON *template, struct error *error)
{
    const cJSON *resource;

    if (json_get(template, "Transform") || has_macro(template))
        return refuse_expansion(error, "its template is transformed by a macro into another");
    cJSON_ArrayForEach(resource, json_get(template, "Resources"))
    {
        if (is_template_of_its_own(json_get_text(resource, "Type"))) {
            refuse_expansion(error, "it has a template of its own");
            return error_prefix(error, "resource %s: ", resource->string);
        }
    }
    return 0;
}

int stack_sources_check(const struct record *record, const cJSON *template, const cJSON *parameters,
                        const struct template_place *place, struct error *error)
{
    const struct checking checking = {record, template, parameters, place, error};
    const cJSON *resource;

    if (!may_expand(record) && check_expansion(template, error) < 0)
        return -1;
    cJSON_ArrayForEach(resource, json_get(template, "Resources"))
    {
        if (text_equal(json_get_text(resource, "Type"), "AWS::SageMaker::Model") &&
            check_tree(&checking, json_get(resource, "Properties")) < 0)
            return error_prefix(error, "resource %s: ", resource->string);
    }
    return 0;
}

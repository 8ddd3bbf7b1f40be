#include "base/xml_sift.h"

#include <string.h>

/* Where things are: <Response><Result><List><member><Child>. */
enum { LIST_DEPTH = 3, ELEMENT_DEPTH = 4, CHILD_DEPTH = 5 };

struct tag {
    const char *begin; /* its '<' */
    const char *end;   /* behind its '>' */
    const char *name;
    size_t name_length;
    bool opens;
    bool closes; /* one that is empty does both */
};

struct sifting {
    const char *at;
    const char *end;
    const struct xml_list *lists;
    size_t list_count;
    bool (*keep)(void *context, const struct xml_element *element);
    void *context;
    struct buffer *rest;
    const char *copied; /* up to here everything is in rest, or left out */
    size_t depth;       /* elements that are open */
    const struct xml_list *list;
    struct xml_element element;
    const char *element_begin;
    const char *child_begin; /* of a child that is looked at, or NULL */
    const char *child_text;
};

enum found { FOUND_TAG, FOUND_END, FOUND_OTHER };

static enum found next_tag(struct sifting *sifting, struct tag *tag)
{
    const char *begin = memchr(sifting->at, '<', (size_t)(sifting->end - sifting->at));

    if (!begin)
        return FOUND_END;
    const char *close = memchr(begin, '>', (size_t)(sifting->end - begin));

    if (!close || begin[1] == '!')
        return FOUND_OTHER;
    const bool ends = begin[1] == '/';
    const char *name = begin + 1 + ends;
    const char *behind = name;

    while (behind < close && *behind != ' ' && *behind != '/')
        behind++;
    *tag = (struct tag){
        .begin = begin,
        .end = close + 1,
        .name = name,
        .name_length = (size_t)(behind - name),
        .opens = !ends && begin[1] != '?',
        .closes = (ends || close[-1] == '/') && begin[1] != '?',
    };
    sifting->at = tag->end;
    return FOUND_TAG;
}

static bool is_named(const struct tag *tag, const char *name)
{
    return name && strlen(name) == tag->name_length &&
           memcmp(tag->name, name, tag->name_length) == 0;
}

static void copy_to(struct sifting *sifting, const char *end)
{
    buffer_append(sifting->rest, sifting->copied, (size_t)(end - sifting->copied));
    sifting->copied = end;
}

static void open_list(struct sifting *sifting, const struct tag *tag)
{
    sifting->list = NULL;
    for (size_t i = 0; i < sifting->list_count; i++)
        if (is_named(tag, sifting->lists[i].name)) {
            sifting->list = &sifting->lists[i];
            sifting->element.list = i;
        }
}

static void open_element(struct sifting *sifting, const struct tag *tag)
{
    sifting->element_begin = tag->begin;
    sifting->element.key = (struct xml_piece){"", 0};
    sifting->element.before = (struct xml_piece){NULL, 0};
}

static void close_child(struct sifting *sifting, const struct tag *tag)
{
    if (!sifting->child_begin)
        return;
    if (is_named(tag, sifting->list->key)) {
        sifting->element.key =
            (struct xml_piece){sifting->child_text, (size_t)(tag->begin - sifting->child_text)};
    } else {
        sifting->element.before = (struct xml_piece){
            sifting->element_begin, (size_t)(sifting->child_begin - sifting->element_begin)};
        sifting->element.behind.text = tag->end;
    }
    sifting->child_begin = NULL;
}

static void close_element(struct sifting *sifting, const struct tag *tag)
{
    struct xml_element *element = &sifting->element;

    if (!element->before.text) {
        element->before.text = sifting->element_begin;
        element->before.length = (size_t)(tag->end - sifting->element_begin);
        element->behind.text = tag->end;
    }
    element->behind.length = (size_t)(tag->end - element->behind.text);
    if (sifting->keep(sifting->context, element))
        return;
    copy_to(sifting, sifting->element_begin);
    sifting->copied = tag->end;
}

static void open_tag(struct sifting *sifting, const struct tag *tag)
{
    sifting->depth++;
    if (sifting->depth == LIST_DEPTH)
        open_list(sifting, tag);
    else if (sifting->list && sifting->depth == ELEMENT_DEPTH)
        open_element(sifting, tag);
    else if (sifting->list && sifting->depth == CHILD_DEPTH && !tag->closes &&
             (is_named(tag, sifting->list->key) || is_named(tag, sifting->list->passing))) {
        sifting->child_begin = tag->begin;
        sifting->child_text = tag->end;
    }
}

static bool close_one(struct sifting *sifting, const struct tag *tag)
{
    if (sifting->depth == 0)
        return false;
    if (sifting->list && sifting->depth == CHILD_DEPTH)
        close_child(sifting, tag);
    else if (sifting->list && sifting->depth == ELEMENT_DEPTH)
        close_element(sifting, tag);
    else if (sifting->depth == LIST_DEPTH)
        sifting->list = NULL;
    sifting->depth--;
    return true;
}

bool xml_sift(const char *document, size_t length, const struct xml_list *lists, size_t list_count,
              bool (*keep)(void *context, const struct xml_element *element), void *context,
              struct buffer *rest)
{
    struct sifting sifting = {
        .at = document,
        .end = document + length,
        .lists = lists,
        .list_count = list_count,
        .keep = keep,
        .context = context,
        .rest = rest,
        .copied = document,
    };
    struct tag tag;
    enum found found;

    while ((found = next_tag(&sifting, &tag)) == FOUND_TAG) {
        if (tag.opens)
            open_tag(&sifting, &tag);
        if (tag.closes && !close_one(&sifting, &tag))
            return false;
    }
    copy_to(&sifting, sifting.end);
    return found == FOUND_END && sifting.depth == 0 && !rest->overflowed;
}

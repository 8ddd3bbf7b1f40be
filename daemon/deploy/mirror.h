/* An image's copy in production's own repository: which, and what is left of it. Pure.
 *
 * An image is a manifest that names layers, or a list of such manifests. Both are named by the
 * SHA-256 of what they are, so a copy has the same digest, and what is there need not be copied
 * again. ECR takes a list only when all that it names is there, and a manifest when its layers are.
 *
 * How far it is stands in the record's `mirror`, and so outlives the daemon:
 *     {manifests: [{digest, opened}],  the last one is next; what a list names comes behind it
 *      layers: [{digest, bytes, there}], looked: of which ECR was asked, layer: the one under way,
 *      upload, part_bytes, offset, begun: how often the layer's upload was} */
#ifndef CAUSEWAY_DEPLOY_MIRROR_H
#define CAUSEWAY_DEPLOY_MIRROR_H

#include "deploy/image.h"
#include "deploy/record.h"

/* BatchCheckLayerAvailability takes so many (ECR API Reference). */
enum { MIRROR_LOOK_MAXIMUM = 100 };

/* The image of the present container where it is to be copied: another account's or region's, and
 * the configuration says mirror: true. By its digest. False where it is not. */
bool mirror_wanted(const struct record *record, struct image *image);

/* An image, pinned by that digest, as the model shall name it: the copy's URI where it is to be
 * copied, else its own. The caller frees it. */
char *mirror_uri(const struct record *record, const char *uri, const char *digest);

/* The tag that keeps a copy from being taken for an untagged one, "causeway-" and 12 hex digits of
 * its digest; NULL for what only a list names. The caller frees it. */
char *mirror_tag(const struct record *record);

/* Begins a copy of the image of that digest. */
void mirror_begin(struct record *record, const char *digest);

/* The manifest that is next, by its digest; NULL when all are there. */
const char *mirror_manifest(const struct record *record);

/* Whether it was read already: a list whose images are there by now. */
bool mirror_is_opened(const struct record *record);

/* Takes what BatchGetImage answered for it: what it names is next. 1 for a list, whose images come
 * first; 0 for an image; -1 where it is not what its digest says, is nothing that we know, or is
 * too large. */
int mirror_take_manifest(struct record *record, const cJSON *answer, struct error *error);

/* Of BatchGetImage's answer: the manifest's text, which must be there; NULL and an error else. */
const char *mirror_manifest_text(const cJSON *answer, const char *digest, struct error *error);

/* It is there: the one before it is next. */
void mirror_manifest_is_there(struct record *record);

/* How far it is, for people: "bringing the image into production's repository: layer 2 of 5, 10 of
 * 25 MB"; NULL where none is under way. The caller frees it. */
char *mirror_doing(const struct record *record);

/* The layers that ECR is to be asked for next, as a list of texts; empty when it was for all. The
 * caller frees it. */
cJSON *mirror_layers_to_look_for(const struct record *record);

/* Takes what BatchCheckLayerAvailability answered. */
void mirror_take_layers(struct record *record, const cJSON *answer);

/* The layer that is to be copied next, or is under way: {digest, bytes}; NULL when all are there.
 */
const cJSON *mirror_layer(const struct record *record);

/* Its upload was begun anew; false where that was too often. */
bool mirror_begin_layer(struct record *record, const cJSON *answer);

/* First and last byte of the part that is next. */
struct mirror_part {
    int64_t first;
    int64_t last;
};
struct mirror_part mirror_part(const struct record *record);

/* The part is there; true when it was the layer's last. */
bool mirror_part_is_there(struct record *record);
void mirror_layer_is_there(struct record *record);

#endif

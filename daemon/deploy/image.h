/* Container images in ECR, by their URI (ECR User Guide, "Private registry"). Pure. */
#ifndef CAUSEWAY_DEPLOY_IMAGE_H
#define CAUSEWAY_DEPLOY_IMAGE_H

#include "base/error.h"

/* ACCOUNT.dkr.ecr.REGION.amazonaws.com[.cn]/REPOSITORY[:TAG][@DIGEST], in parts; a missing one is
 * "". Without tag and digest, the tag is "latest", as Docker has it. */
struct image {
    char account[13];
    char region[32];
    char repository[257];
    char tag[129];
    char digest[73]; /* "sha256:..." */
};

int image_parse(const char *uri, struct image *image, struct error *error);

/* The same image by its digest, whatever it was called before. The caller frees it. */
char *image_by_digest(const char *uri, const char *digest);

#endif

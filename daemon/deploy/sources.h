/* Where what is deployed may come from: buckets, image repositories and model registries, those
 * that the configuration names and no others. An event, a manifest or a template may name any:
 * whoever can write one would otherwise have the daemon read, with its own permissions, what they
 * cannot. Pure.
 *
 * The settings of a record hold it as {"sources": {"buckets": [NAME], "repositories":
 * ["ACCOUNT/NAME"], "accounts": [ID]}}. */
#ifndef CAUSEWAY_DEPLOY_SOURCES_H
#define CAUSEWAY_DEPLOY_SOURCES_H

#include "base/json.h"
#include "config/config.h"
#include "deploy/machine.h"
#include "deploy/record.h"

/* The deployment's lists, where it has none the bridge's; the bucket and the repository that the
 * deployment itself names as fixed text are always among them. */
cJSON *sources_of(const struct config *config, const struct config_deployment *deployment);

/* Why the step would read something that is not among the record's sources: a sentence that the
 * caller frees. NULL where it may. A record without sources has no bounds: it restores what was
 * pinned before. */
char *sources_refusal(const struct record *record, enum deployment_step step);

/* The same for one thing that a template names: an image, which must be ECR's; a model package; and
 * model data as "s3://BUCKET/KEY", which may lie in the model bucket, too. */
char *sources_refusal_of_image(const struct record *record, const char *uri);
char *sources_refusal_of_package_name(const struct record *record, const char *arn);
char *sources_refusal_of_data(const struct record *record, const char *uri);

/* The same for the containers inside a model package, as DescribeModelPackage shows it. */
char *sources_refusal_of_package(const struct record *record, const cJSON *package);

#endif

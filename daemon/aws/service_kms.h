/* KMS (API Reference, 2014-11-01). Inputs and outputs are JSON objects in AWS's names. */
#ifndef CAUSEWAY_AWS_SERVICE_KMS_H
#define CAUSEWAY_AWS_SERVICE_KMS_H

#include "aws/operation.h"

extern const struct aws_service service_kms;

/* {KeyId}: {Policy}. A key id names a key of the caller's account only; an ARN, any. */
extern const struct aws_operation kms_get_key_policy;

/* {Limit?, Marker?}: {Keys: [{KeyId, KeyArn}], Truncated, NextMarker?} */
extern const struct aws_operation kms_list_keys;

/* {KeyId}: {KeyMetadata: {Arn, KeyManager, KeyState, ...}} */
extern const struct aws_operation kms_describe_key;

/* {KeyId, Policy}. KMS refuses one that would leave the caller unable to change it again. */
extern const struct aws_operation kms_put_key_policy;

#endif

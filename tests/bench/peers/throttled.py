"""botocore's own retries: so many calls, twelve at a time; how many of them were lost.   throttled.py MODE COUNT"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

mode, count = sys.argv[1], int(sys.argv[2])
ecr = boto3.client("ecr", region_name="us-east-1", config=Config(retries={"mode": mode}, max_pool_connections=12))


def lost(number: int) -> bool:
    try:
        ecr.get_repository_policy(repositoryName=f"image-{number:04d}")
    except ClientError:
        return True
    return False


with ThreadPoolExecutor(12) as pool:
    print(json.dumps({"lost": sum(pool.map(lost, range(count)))}))

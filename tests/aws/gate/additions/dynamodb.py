"""DynamoDB: a tag that is given again takes the value's place.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TagResource.html (moto adds a second one)
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import upstream
from ..exchange import Request, Response

if TYPE_CHECKING:
    from ..gate import Gate


def tag_resource(gate: "Gate", request: Request) -> Response:
    given = [tag["Key"] for tag in request.parameters["Tags"]]
    with upstream.lock:
        upstream.backends("dynamodb")[request.account][gate.region].untag_resource(request.parameters["ResourceArn"], given)
        return upstream.call(request)


OPERATIONS: dict[str, Callable[["Gate", Request], Response | None]] = {"TagResource": tag_resource}

"""CloudWatch's alarms, over awsJson; their states are what a test says.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html
"""

from typing import TYPE_CHECKING, Any

from ..exchange import AwsError, Request, Response
from ..serialize import json_result

if TYPE_CHECKING:
    from ..gate import Gate


class Alarms:
    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.alarms: dict[tuple[str, str], dict[str, Any]] = {}

    def set(self, account: str, arguments: dict[str, Any]) -> None:
        """{"name", "state"}: an alarm of the operator's own."""
        name = arguments["name"]
        self.alarms[account, name] = {"AlarmName": name, "StateValue": arguments.get("state", "OK"), "MetricName": "m"}

    def shown(self) -> list[dict[str, Any]]:
        return [{"account": account, **alarm} for (account, _), alarm in self.alarms.items()]


def describe_alarms(gate: "Gate", request: Request) -> Response:
    wanted = request.parameters.get("AlarmNames")
    found = [alarm for (account, name), alarm in gate.alarms.alarms.items()
             if account == request.account and (wanted is None or name in wanted)]
    return json_result(request, {"MetricAlarms": found, "CompositeAlarms": []})


def put_metric_alarm(gate: "Gate", request: Request) -> Response:
    """A new alarm has INSUFFICIENT_DATA."""
    name = request.parameters["AlarmName"]
    gate.alarms.alarms[request.account, name] = {**request.parameters, "StateValue": "INSUFFICIENT_DATA"}
    return json_result(request, None)


def delete_alarms(gate: "Gate", request: Request) -> Response:
    names = request.parameters["AlarmNames"]
    missing = [name for name in names if (request.account, name) not in gate.alarms.alarms]
    if missing and len(missing) == len(names):
        raise AwsError("ResourceNotFound", "The named resource does not exist.", 404)
    for name in names:
        gate.alarms.alarms.pop((request.account, name), None)
    return json_result(request, None)


OPERATIONS = {
    "DescribeAlarms": describe_alarms,
    "PutMetricAlarm": put_metric_alarm,
    "DeleteAlarms": delete_alarms,
}

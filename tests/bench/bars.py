"""What is asked for, as ratios to a peer measured in the same run, or as plain figures."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    bench: str
    text: str
    quantity: str
    allowed: float
    against: str = ""  # the peer whose figure divides ours
    subject: str = "causewayd"
    at_least: bool = False
    aim: float | None = None  # what is hoped for beyond it


NODE, PYTHON, GO, HASHICORP = "sqs-consumer", "boto3 + SQLite", "aws-sdk-go-v2", "awspolicyequivalence"
TERRAFORM, STANDARD, ADAPTIVE = "Terraform's calls in Go", "botocore, standard", "botocore, adaptive"
PEERS = {NODE, PYTHON, GO, HASHICORP, TERRAFORM, STANDARD, ADAPTIVE}
BARS = [
    Bar("drain", "CPU a message, of sqs-consumer's", "CPU us/message", 1 / 6, NODE, aim=1 / 8),
    Bar("drain", "CPU a message, of boto3 + SQLite's", "CPU us/message", 1 / 7, PYTHON, aim=1 / 9),
    Bar("drain", "CPU a message, of Go's", "CPU us/message", 1 / 3.5, GO, aim=1 / 4.5),
    Bar("lone", "a lone event's p50, of sqs-consumer's", "p50 us", 0.45, NODE),
    Bar("lone", "a lone event's p99, of sqs-consumer's", "p99 us", 0.25, NODE),
    Bar("lone", "a lone event's CPU, of sqs-consumer's", "CPU us/event", 1 / 12, NODE),
    Bar("lanes", "messages a second at 10 ms, of 10/RTT as asked for, %", "of 10/RTT as asked %", 95, at_least=True),
    Bar("lanes", "the same, of 10/RTT as the server measured it, %", "of the possible %", 95, at_least=True),
    Bar("lanes", "time with a poll outstanding, two receivers, %", "poll outstanding %", 99.9, subject="causewayd with 2 receivers", at_least=True),
    Bar("idle", "resident memory, of sqs-consumer's", "RSS MB", 1 / 5, NODE),
    Bar("idle", "private dirty memory, MB", "private dirty MB", 3),
    Bar("idle", "CPU, of sqs-consumer's", "CPU ms/minute", 1 / 30, NODE),
    Bar("idle", "wake-ups a minute beyond the polls'", "wake-ups/minute beyond", 8),
    Bar("start", "start to first receive, of sqs-consumer's", "ms to first receive", 1 / 8, NODE),
    Bar("start", "start to first receive, of boto3's", "ms to first receive", 1 / 8, PYTHON),
    Bar("start", "start with 10,000 open, of the empty one", "ms to first receive", 2, "causewayd", "causewayd with 10,000 open"),
    Bar("policies", "comparing two policies, of awspolicyequivalence's", "CPU us/pair", 1 / 10, HASHICORP),
    Bar("waiting", "DescribeEndpoint calls a minute while nothing changes", "DescribeEndpoint/minute", 0),
    Bar("waiting", "lag with events, ms (1/50 of the waiter's mean of 15 s)", "lag with events ms", 300),
    Bar("growth", "CPU a transition with 10,000 open, of that with 10", "CPU us/event", 1.25, "10 open", "10,000 open"),
    Bar("growth", "resident memory of one of 10,000 deployments, KB", "resident KB/deployment", 1, subject="10,000 open"),
    Bar("growth", "idle CPU with 10,000 open, of that with 10", "idle CPU ms/minute", 2, "10 open", "10,000 open"),
    Bar("store", "fdatasyncs a deployment that is alone", "fdatasync/deployment", 2),
    Bar("calls", "calls of a pass over the guide's set-up", "calls", 20, subject="the guide's set-up"),
    Bar("calls", "calls of a pass over 1,000 roles with a policy each", "calls", 20, subject="1,000 roles with a policy each"),
    Bar("calls", "calls of a pass over 2,000 mixed resources", "calls", 530, subject="2,000 mixed"),
    Bar("calls", "calls of a pass over 4 roles in an account of 31 pages", "calls", 20, subject="4 roles in an account of 3,004"),
    Bar("reconcile", "CPU a role, of Terraform's calls in Go", "CPU us/role", 1 / 20, TERRAFORM),
    Bar("reconcile", "CPU a role of an unchanged pass, us", "CPU us/role", 10),
    Bar("resources", "CPU a resource of 2,000, of that of 100", "CPU us/resource", 1.1, "100 resources", "2,000 resources"),
    Bar("resources", "one change among 2,000, % more than none", "one changed, %", 2, subject="2,000 resources"),
    Bar("throttled", "K calls, of (K-b)/r", "of the least time", 1.05),
    Bar("throttled", "answers throttled, %", "throttled %", 2),
    Bar("throttled", "calls lost", "lost", 0),
]

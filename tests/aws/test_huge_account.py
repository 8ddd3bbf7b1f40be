"""A few roles in a huge account: they are read one by one where the account's pages would take more calls."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bridge import Bridge, bootstrap
from test_bridge import POLICY, change_trust

STRANGERS = 60
ALONE = ("GetRole", "ListRolePolicies", "GetRolePolicy", "ListAttachedRolePolicies", "ListPolicyVersions", "GetPolicyVersion", "GetPolicy")
PAGES = "GetAccountAuthorizationDetails"


def fill(world: Any) -> None:
    """Others' roles, which are older than any of ours and come first in the pages."""
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}
    for account in ("prod", "staging"):
        for number in range(STRANGERS):
            world.client(account, "iam").create_role(RoleName=f"stranger-{number}", AssumeRolePolicyDocument=json.dumps(trust))


def looked(bridge: Bridge, control: Any) -> tuple[dict[str, Any], Counter[str]]:
    """A plan, but for the number of its calls, and the reads of IAM that it took."""
    before = control.last_sequence()
    plan = bridge.plan()
    del plan["calls"]
    return plan, Counter(c["operation"] for c in control.calls(before) if c["service"] == "iam")


@pytest.fixture
def changed(sandbox: Any, bare: Any, tmp_path: Path) -> Iterator[Bridge]:
    """Everything was made, and then each kind of field of a role and a policy was changed by hand."""
    fill(bare)
    bridge = Bridge(sandbox, bare, tmp_path, bootstrap(bare))
    arn = f"arn:aws:iam::{bare.prod}:policy/teams/causeway-extra"
    extra = [
        {"kind": "iam_policy", "account": "prod", "name": "causeway-extra", "path": "/teams/", "description": "a policy", "policy": POLICY,
         "tags": {"team": "ml"}},
        {"kind": "iam_role", "account": "prod", "name": "causeway-extra", "path": "/teams/", "description": "a role", "max_session": "2h",
         "permissions_boundary": arn, "managed": [arn], "inline": {"a": POLICY, "b": POLICY}, "tags": {"team": "ml"},
         "trust": {"statements": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}},
    ]
    bridge.configure(resources=extra)
    bridge.converge()
    iam = bare.client("prod", "iam")
    change_trust(bare)
    iam.update_role(RoleName="causeway-extra", Description="another", MaxSessionDuration=3600)
    iam.delete_role_policy(RoleName="causeway-extra", PolicyName="a")
    deny = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]})
    iam.put_role_policy(RoleName="causeway-extra", PolicyName="c", PolicyDocument=deny)
    iam.detach_role_policy(RoleName="causeway-extra", PolicyArn=arn)
    iam.tag_role(RoleName="causeway-extra", Tags=[{"Key": "team", "Value": "other"}])
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "team", "Value": "other"}])
    iam.create_policy_version(PolicyArn=arn, SetAsDefault=True, PolicyDocument=deny)
    yield bridge
    bridge.stop()


def test_given_pages_that_cost_more_when_it_looks_again_then_each_is_read_by_itself_and_what_is_seen_is_the_same(changed, control):
    by_pages, calls = looked(changed, control)
    assert calls[PAGES] == 2, calls  # one an account
    changed.stop()
    control.iam(page=1)
    while_learning, learning = looked(changed, control)
    alone, calls = looked(changed, control)
    assert calls[PAGES] == 0 and calls["ListRolePolicies"] > 1, calls
    assert sum(learning.values()) <= 2 * sum(calls.values()), (learning, calls)
    assert by_pages == while_learning == alone
    assert json.dumps(alone).count("causeway-extra") >= 2


def test_given_pages_that_cost_less_when_it_looks_again_then_they_are_read_as_before(changed, control):
    control.iam(page=20)
    _, first = looked(changed, control)
    _, again = looked(changed, control)
    assert first[PAGES] == again[PAGES] >= 6 and again["ListRolePolicies"] == 0, (first, again)


def test_given_one_that_is_not_there_when_it_is_read_by_itself_then_it_is_made(changed, control, bare):
    control.iam(page=1)
    iam = bare.client("prod", "iam")
    looked(changed, control)
    for name in ("b", "c"):
        iam.delete_role_policy(RoleName="causeway-extra", PolicyName=name)
    iam.delete_role(RoleName="causeway-extra")
    changed.converge()
    assert sorted(iam.list_role_policies(RoleName="causeway-extra")["PolicyNames"]) == ["a", "b"]

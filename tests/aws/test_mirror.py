"""`mirror: true`: another account's image is copied into production's own repository first, whole, once, and by its digest."""

import os
from typing import Any

from causeway import BUILD, publish
from gate.client import wait_for
from gate.world import REPOSITORY
from test_copy import MEBIBYTE, peak_bytes

MIRROR = {"mirror": True, "repositories": [REPOSITORY]}
SERVERLESS = {"variant": {"name": "main", "serverless": {"memory": "2048", "concurrency": "5"}}}
WRITES = ("InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage")


def own_repository(world: Any) -> Any:
    ecr = world.client("prod", "ecr")
    ecr.create_repository(repositoryName=REPOSITORY)
    return ecr


def layer(size: int) -> bytes:
    """Bytes of which no part is like another."""
    return os.urandom(size)


def written(control: Any) -> list[str]:
    """The daemon's own writes: staging's, by boto3, are of another account."""
    return [call["operation"] for call in control.calls(service="ecr") if call["operation"] in WRITES
            and "user/causeway" in call["principal"]]


def manifests(ecr: Any, digest: str) -> list[dict[str, Any]]:
    return ecr.batch_get_image(repositoryName=REPOSITORY, imageIds=[{"imageDigest": digest}])["images"]


def serves(world: Any, record: dict[str, Any]) -> str:
    model = world.client("prod", "sagemaker").describe_model(ModelName=record["model_name"])
    return model["PrimaryContainer"]["Image"]


def test_given_an_image_of_staging_when_it_is_mirrored_then_production_serves_its_own_copy_of_the_same_digest(make_daemon, world, control):
    ecr = own_repository(world)
    digest = world.put_layered_image("two", layer(25 * MEBIBYTE), layer(1000))
    daemon = make_daemon(deployment=MIRROR).start()
    publish(world, control, manifest={"image": world.image("two")})
    record = daemon.wait_ended()[0]
    assert record["state"] == "succeeded", record.get("reason")
    assert serves(world, record) == f"{world.prod}.dkr.ecr.{world.region}.amazonaws.com/{REPOSITORY}@{digest}"
    ours = manifests(ecr, digest)
    theirs = world.client("staging", "ecr").batch_get_image(repositoryName=REPOSITORY, imageIds=[{"imageDigest": digest}])["images"]
    assert ours[0]["imageManifest"] == theirs[0]["imageManifest"]
    assert ours[0]["imageId"]["imageTag"] == f"causeway-{digest.removeprefix('sha256:')[:12]}"
    assert written(control).count("UploadLayerPart") == 3 + 1 + 1  # two layers and the configuration
    told = " ".join(daemon.ctl("explain", record["id"]).stdout.split())
    assert f"image {digest} mirrored into production's repository {REPOSITORY}" in told


def test_given_an_image_that_is_there_when_it_is_deployed_again_then_it_is_not_copied_again(make_daemon, world, control):
    own_repository(world)
    world.put_layered_image("two", layer(1000))
    daemon = make_daemon(deployment=MIRROR).start()
    for number in (1, 2):
        publish(world, control, f"deploy/{number}", manifest={"image": world.image("two")}, time=f"2026-11-20T09:30:0{number}Z")
        assert daemon.wait_ended(number)[0]["state"] == "succeeded"
    assert written(control).count("PutImage") == 1


def test_given_images_that_share_a_layer_when_both_are_mirrored_then_it_is_copied_once(make_daemon, world, control):
    own_repository(world)
    base = layer(2000)
    daemon = make_daemon(deployment=MIRROR).start()
    for number in (1, 2):
        world.put_layered_image(f"v{number}", base, layer(100))
        publish(world, control, f"deploy/{number}", manifest={"image": world.image(f"v{number}")}, time=f"2026-11-20T09:30:0{number}Z")
        assert daemon.wait_ended(number)[0]["state"] == "succeeded"
    assert written(control).count("CompleteLayerUpload") == 5  # the base, and twice a layer and a configuration


def test_given_a_list_of_images_when_it_is_mirrored_then_so_is_all_that_it_names_and_it_comes_last(make_daemon, world, control):
    ecr = own_repository(world)
    images = [world.put_layered_image(f"for-{name}", layer(500)) for name in ("amd64", "arm64")]
    digest = world.put_image_list("many", *images)
    daemon = make_daemon(deployment=MIRROR).start()
    publish(world, control, manifest={"image": world.image("many")})
    record = daemon.wait_ended()[0]
    assert record["state"] == "succeeded", record.get("reason")
    assert all(manifests(ecr, each) for each in (*images, digest))
    put = [call["parameters"]["imageDigest"] for call in control.calls(service="ecr", operation="PutImage")
           if "user/causeway" in call["principal"]]
    assert put[-1] == digest
    assert serves(world, record).endswith(f"@{digest}")


def test_given_a_large_layer_when_it_is_carried_then_memory_is_bounded_by_its_parts(make_daemon, world, control):
    own_repository(world)
    world.put_layered_image("small", layer(1000))
    world.put_layered_image("large", layer(96 * MEBIBYTE))
    daemon = make_daemon(deployment=MIRROR).start()
    publish(world, control, "deploy/small", manifest={"image": world.image("small")}, time="2026-11-20T09:30:01Z")
    daemon.wait_ended(1)
    before = peak_bytes(daemon)
    publish(world, control, "deploy/large", manifest={"image": world.image("large")}, time="2026-11-20T09:30:02Z")
    record = daemon.wait_ended(2, seconds=120)[0]
    assert record["state"] == "succeeded", record.get("reason")
    if BUILD.name != "sanitize":  # which keeps what was freed
        assert peak_bytes(daemon) - before < 80 * MEBIBYTE


def killed_at_a_part(make_daemon: Any, world: Any, control: Any, when: str) -> list[dict[str, Any]]:
    """The second part of three is held, the daemon killed, and started again; the calls from then on."""
    own_repository(world)
    digest = world.put_layered_image("two", layer(25 * MEBIBYTE))
    daemon = make_daemon(deployment=MIRROR).start()
    control.fault("hold", {"service": "ecr", "operation": "UploadLayerPart"}, nth=2, when=when)
    publish(world, control, manifest={"image": world.image("two")})
    assert control.held(wait=20)
    daemon.kill()
    control.clear_faults()
    wait_for(lambda: written(control).count("UploadLayerPart") == 2, "the held call to be over")
    since = control.last_sequence()
    daemon.start()
    record = daemon.wait_ended()[0]
    assert record["state"] == "succeeded", record.get("reason")
    assert serves(world, record).endswith(f"@{digest}")
    return control.calls(since, service="ecr")


def test_given_a_layer_under_way_when_the_daemon_is_killed_then_it_goes_on_where_it_was(make_daemon, world, control):
    calls = killed_at_a_part(make_daemon, world, control, "before")
    first = next(call for call in calls if call["operation"] == "UploadLayerPart")
    # The configuration is the first layer, so the second part is the large one's first or second.
    assert "InitiateLayerUpload" not in [c["operation"] for c in calls[: calls.index(first)]]


def test_given_a_part_that_was_taken_when_the_daemon_is_killed_before_it_knows_then_the_layer_is_begun_again(make_daemon, world, control):
    calls = killed_at_a_part(make_daemon, world, control, "after")
    assert [c["error"] for c in calls if c["operation"] == "UploadLayerPart"][0] == "InvalidLayerPartException"


def test_given_a_layer_whose_bytes_are_others_when_it_is_mirrored_then_nothing_is_deployed(make_daemon, world, control):
    own_repository(world)
    world.put_layered_image("two", layer(1000))
    daemon = make_daemon(deployment={**MIRROR, "retry": {"within": "1s"}}).start()
    control.spoil_layers()
    publish(world, control, manifest={"image": world.image("two")})
    record = daemon.wait_ended()[0]
    assert record["state"] == "failed"
    assert "digest" in record["reason"]
    assert not world.client("prod", "sagemaker").list_models()["Models"]


def test_given_no_repository_in_production_when_an_image_is_to_be_mirrored_then_it_is_said_how_to_get_one(make_daemon, world, control):
    world.put_layered_image("two", layer(1000))
    daemon = make_daemon(deployment=MIRROR).start()
    publish(world, control, manifest={"image": world.image("two")})
    record = daemon.wait_ended()[0]
    assert record["state"] == "failed"
    assert f"no repository {REPOSITORY}" in record["reason"] and "create: true" in record["reason"]


def test_given_serverless_and_an_image_of_staging_when_an_event_comes_then_it_is_refused_with_the_way_out(make_daemon, world, control):
    daemon = make_daemon(deployment=SERVERLESS).start()
    publish(world, control)
    record = daemon.wait_ended()[0]
    assert record["state"] == "rejected"
    assert "`mirror: true`" in record["reason"]
    assert not control.calls(service="sagemaker", operation="CreateModel")


def test_given_serverless_and_mirror_when_an_event_comes_then_it_serves(make_daemon, world, control):
    own_repository(world)
    world.put_layered_image("two", layer(1000))
    daemon = make_daemon(deployment={**SERVERLESS, **MIRROR}).start()
    publish(world, control, manifest={"image": world.image("two")})
    record = daemon.wait_ended()[0]
    assert record["state"] == "succeeded", record.get("reason")


def test_given_an_image_under_way_when_it_is_cancelled_then_nothing_of_it_is_deployed(make_daemon, world, control):
    own_repository(world)
    world.put_layered_image("two", layer(1000))
    daemon = make_daemon(deployment=MIRROR).start()
    control.fault("hold", {"service": "ecr-layers"})
    publish(world, control, manifest={"image": world.image("two")})
    assert control.held(wait=20)
    control.release()
    daemon.ctl("cancel", "--yes", daemon.history()[0]["id"])
    wait_for(lambda: not daemon.history()[0]["open"], "the deployment to end")
    record = daemon.history()[0]
    # The first of its endpoint: cancelled once that is being made, it fails.
    assert record["state"] == "succeeded" or "cancelled by" in record["reason"], record

"""Secret keys: sealed on their way in, readable by KubeDirector, and no obstacle to applying a manifest again."""

from __future__ import annotations

import copy
from typing import Any

from kdasync.admission.request import Request
from kdasync.admission.review import validate
from kdasync.cli.lint.world import FileWorld
from kdasync.guest.secretkeys import decrypt


def keyed(cluster: Any, *keys: Any, name: str = "two") -> Any:
    result = copy.deepcopy(cluster)
    result["metadata"]["name"] = name
    result["spec"]["roles"][1]["secretKeys"] = list(keys)
    return result


async def master_key(site: Any) -> str:
    path = "/apis/kubedirector.hpe.com/v1beta1/namespaces/kubedirector/kubedirectorconfigs/kd-global-config"
    return str((await site.must("GET", path))["spec"]["masterEncryptionKey"])


def stored(answer: Any) -> Any:
    return answer.json["spec"]["roles"][1]["secretKeys"]


async def test_sealed(running: Any, cluster: Any) -> None:
    (key,) = stored(await running.create(keyed(cluster, {"name": "k", "value": "secret"})))
    assert set(key) == {"name", "encryptedValue"}
    assert decrypt(key["encryptedValue"], await master_key(running)) == "secret"


async def test_an_empty_value_is_sealed_too(running: Any, cluster: Any) -> None:
    (key,) = stored(await running.create(keyed(cluster, {"name": "k"})))
    assert len(key["encryptedValue"]) == 56


async def test_the_same_manifest_again_while_there_are_members(running: Any, cluster: Any) -> None:
    body = keyed(cluster, {"name": "k", "value": "secret"})
    first = stored(await running.create(body))
    await running.populate("two", "master", "worker")
    body["spec"]["roles"][1]["members"] = 5
    answer = await running.update(body)
    assert (answer.status, stored(answer)) == (200, first)


async def test_another_value_is_a_change_of_the_role(running: Any, cluster: Any) -> None:
    await running.create(keyed(cluster, {"name": "k", "value": "secret"}))
    await running.populate("two", "master", "worker")
    answer = await running.update(keyed(cluster, {"name": "k", "value": "other"}))
    assert "spec.roles[1].secretKeys: cannot change while role worker has members." in answer.message


async def test_the_stored_ciphertext_stays(running: Any, cluster: Any) -> None:
    first = stored(await running.create(keyed(cluster, {"name": "k", "value": "secret"})))
    answer = await running.update(keyed(cluster, *first))
    assert (answer.status, stored(answer)) == (200, first)


async def test_a_name_that_is_given_twice(running: Any, cluster: Any) -> None:
    body = keyed(cluster, {"name": "k", "value": "a"}, {"name": "k", "value": "b"})
    first = stored(await running.create(body))
    for again in (body, keyed(cluster, *first)):
        again["spec"]["serviceType"] = "NodePort"
        answer = await running.update(again)
        assert (answer.status, stored(answer)) == (200, first)


async def test_ciphertext_of_another_key_is_refused(running: Any, cluster: Any) -> None:
    (key,) = stored(await running.create(keyed(cluster, {"name": "k", "value": "secret"})))
    answer = await running.create(keyed(cluster, {"name": "other", "encryptedValue": key["encryptedValue"]}, name="three"))
    assert answer.status == 422
    assert "spec.roles[1].secretKeys[0].encryptedValue: secret key other has an encryptedValue" in answer.message


async def test_without_a_master_key(site: Any, app: Any, cluster: Any) -> None:
    await site.must("POST", site.path(app), app)
    answer = await site.create(keyed(cluster, {"name": "k", "value": "secret"}))
    assert (
        "spec.roles[1].secretKeys[0].value: secret key k cannot be encrypted: there is no master key. Create the" in answer.message
    )
    assert (await site.create(cluster)).status == 201


async def test_a_dry_run_is_like_any_other(running: Any, cluster: Any) -> None:
    answer = await running.create(keyed(cluster, {"name": "k", "value": "secret"}), dryRun="All")
    assert (answer.status, set(stored(answer)[0])) == (201, {"name", "encryptedValue"})
    assert (await running.send("GET", running.path(keyed(cluster), named=True))).status == 404


def test_clear_text_that_got_past_the_first_step_is_refused(cluster: Any) -> None:
    body = keyed(cluster, {"name": "k", "value": "secret"})
    verdict = validate(
        Request(operation="CREATE", kind="KubeDirectorCluster", namespace="default", object=body),
        FileWorld(namespace="kubedirector", complete=False),
    )
    assert [finding.reason for finding in verdict.findings] == ["SecretKeyClear"]
    assert "secret" not in verdict.message.replace("secret key", "").replace("secretKeys", "")

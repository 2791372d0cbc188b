"""The faults of KubeDirector that admission closes, one a line: what went wrong there does not here.

Numbers are those of kubedirector-api.md section 6. Each check is short; the rules' own tests go deeper.
"""

from __future__ import annotations

import asyncio
import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kdasync.admission.certificates import Issuer, advance, hosts, verifies
from kdasync.admission.handle import Webhook
from kdasync.admission.policies import manifests as policies
from kdasync.admission.registration import NAME
from kdasync.admission.registration import manifests as registrations
from kdasync.admission.request import Request
from kdasync.admission.review import mutate
from kdasync.admission.world import Lookup, Permission
from kdasync.cli.lint.world import FileWorld
from kdasync.errors import ServerError
from kdasync.kube.predecessor import LOCK
from kdasync.kube.transport import Request as Http

Json = dict[str, Any]
ROOT = Path(__file__).parents[2]
RESTORING = "kubedirector.hpe.com/restoring"
BACKUP = "kubedirector.hpe.com/status-backup-exists"


class Checks:
    """One method per hole."""

    def __init__(self, site: Any, app: Json, cluster: Json, config: Json) -> None:
        self.site = site
        self.app = app
        self.cluster = cluster
        self.config = config

    def two(self, *, role: Json | None = None, meta: Json | None = None, **spec: Any) -> Json:
        body = copy.deepcopy(self.cluster)
        body["metadata"] |= {"name": "two", **(meta or {})}
        body["spec"] |= spec
        body["spec"]["roles"][0] |= role or {}
        return body

    async def refused(self, body: Json, words: str) -> None:
        answer = await self.site.create(body)
        assert (answer.status, words in answer.message) == (422, True), answer.message

    async def accepted(self, body: Json) -> Json:
        answer = await self.site.create(body)
        assert answer.status == 201, answer.message
        return dict(answer.json)

    async def f1(self) -> None:
        """Strangers cannot write a status."""
        fence = next(item for item in policies(operators=("me",)) if item["metadata"]["name"] == "kdasync-status")
        (rule,) = fence["spec"]["matchConstraints"]["resourceRules"]
        assert rule["resources"] == ["kubedirectorclusters/status", "kubedirectorconfigs/status"]
        assert fence["spec"]["validations"][0]["expression"] == "request.userInfo.username in ['me']"

    async def f2(self) -> None:
        """No write of `spec modified` that the API server would discard."""
        review = Request(operation="UPDATE", kind="KubeDirectorCluster", namespace="default", object=self.two(), old=self.two())
        patch = mutate(review, FileWorld(namespace="kubedirector", complete=False), bytes).patch
        assert not [change for change in patch if change.path.startswith("/status")]

    async def f3(self) -> None:
        """A PUT without status scales."""
        body = copy.deepcopy(self.cluster)
        body["spec"]["roles"][1]["members"] = 5
        assert (await self.site.update(body)).status == 200

    async def f4(self) -> None:
        """A write that carries an older status is no violation."""
        stale = {**self.cluster, "status": {"generationUID": "older"}}
        assert (await self.site.update(stale)).status == 200

    async def f5(self) -> None:
        """A process that has seen nothing happen protects the app all the same."""
        self.site.webhook = Webhook(self.site.known(), self.site.ask)
        assert (await self.site.delete(self.app)).status == 422

    async def f5b(self) -> None:
        """A cluster that was restored holds its app."""
        await self.site.delete(self.cluster)
        await self.accepted(self.two(meta={"annotations": {BACKUP: "true"}}))
        assert (await self.site.delete(self.app)).status == 422

    async def f5c(self) -> None:
        """`deletecollection` is no way around."""
        path = "/apis/kubedirector.hpe.com/v1beta1/namespaces/default/kubedirectorapps"
        assert (await self.site.send("DELETE", path)).status == 422

    async def f6(self) -> None:
        """Not allowed is no, and the question is about the plural and the object."""
        await self.site.must("POST", "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "strong"}})
        self.site.may = lambda _wanted: False
        await self.refused(self.two(role={"serviceAccountName": "strong"}), "you may not get serviceaccounts strong")
        assert Permission("get", "", "serviceaccounts", "default", "strong") in self.site.asked

    async def f7(self) -> None:
        """The prefix and the user's rights also hold for connections."""
        await self.site.merge(self.config, {"spec": {"requiredSecretPrefix": "ok-"}})
        await self.refused(self.two(connections={"secrets": ["s1"]}), "spec.connections.secrets[0]: Secret s1 may not be used.")
        self.site.may = lambda _wanted: False
        await self.refused(self.two(connections={"secrets": ["ok-1"]}), "you may not get secrets ok-1")

    async def f8(self) -> None:
        """Labels that selectors go by are not a user's."""
        for key in ("podLabels", "serviceLabels"):
            await self.refused(self.two(role={key: {"kubedirector.hpe.com/kdcluster": "x"}}), "is set by the operator")

    async def f9(self) -> None:
        """A forged restore stores no clear text, and backups are fenced."""
        made = await self.accepted(
            self.two(role={"secretKeys": [{"name": "k", "value": "v"}]}, meta={"annotations": {BACKUP: "true"}})
        )
        assert "value" not in made["spec"]["roles"][0]["secretKeys"][0]
        assert "kdasync-backups" in {item["metadata"]["name"] for item in policies(operators=("me",))}

    async def f9b(self) -> None:
        """An export can be created again."""
        made = await self.accepted(self.two(meta={"annotations": {BACKUP: "false"}}))
        assert RESTORING not in made["metadata"].get("labels", {})

    async def f9c(self) -> None:
        """Nobody freezes a live cluster."""
        answer = await self.site.merge(self.cluster, {"metadata": {"labels": {RESTORING: ""}}})
        assert answer.status == 422

    async def f9d(self) -> None:
        """A claim that only carries the label stays its owner's; a member's claim is the cluster's."""
        labels = {"kubedirector.hpe.com/kdcluster": "one"}
        path = "/api/v1/namespaces/default/persistentvolumeclaims"
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        foreign = await self.site.must("POST", path, {"metadata": {"name": "mine", "labels": labels}, "spec": spec})
        assert "ownerReferences" not in foreign["metadata"]
        member = await self.site.must("POST", path, {"metadata": {"name": "p-s-worker-0", "labels": labels}, "spec": spec})
        assert [owner["name"] for owner in member["metadata"]["ownerReferences"]] == ["one"]

    async def f9e(self) -> None:
        """No request to an address that a user wrote: nobody listens, and nobody is asked."""
        await self.accepted(self.two(role={"fileInjections": [{"srcURL": "http://127.0.0.1:1/x", "destDir": "/x"}]}))
        assert [item for item in self.site.asked if isinstance(item, Lookup)] == []

    async def f10(self) -> None:
        """A manifest without defaulted fields applies again, and a new default leaves live roles alone."""
        body = copy.deepcopy(self.cluster)
        body["spec"]["defaultSecret"] = {"name": "s1", "mountPath": "/s"}
        answer = await self.site.update(body)
        assert (answer.status, answer.json["spec"]["appCatalog"]) == (200, "local")
        assert [role.get("secret") for role in answer.json["spec"]["roles"]] == [None, None]

    async def f11(self) -> None:
        """An app in use applies again, also with a default log size."""
        body = copy.deepcopy(self.app)
        body["spec"]["defaultMaxLogSizeDump"] = 256
        assert (await self.site.update(body)).status == 200

    async def f12(self) -> None:
        """A stored cluster without scheme and catalog is no trouble."""
        old = self.site.plane.storage.get("kubedirector.hpe.com/kubedirectorclusters", "default", "one").copy()
        del old["spec"]["namingScheme"], old["spec"]["appCatalog"]
        self.site.plane.storage.put("kubedirector.hpe.com/kubedirectorclusters", old)
        assert (await self.site.merge(self.cluster, {"spec": {"serviceType": "NodePort"}})).status == 200

    async def f12b(self) -> None:
        """The refusal says how to change a role."""
        body = copy.deepcopy(self.cluster)
        body["spec"]["roles"][1] |= {"members": 0, "env": [{"name": "A", "value": "1"}]}
        assert "Set its members to 0 and wait until they are gone from the status" in (await self.site.update(body)).message

    async def f13(self) -> None:
        """A claim's references are added to, by an `add` that every JSON patch library takes."""
        labels = {"kubedirector.hpe.com/kdcluster": "one"}
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "1"}
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        body = {"metadata": {"name": "p-s-worker-0", "labels": labels, "ownerReferences": [owner]}, "spec": spec}
        made = await self.site.must("POST", "/api/v1/namespaces/default/persistentvolumeclaims", body)
        assert [item["name"] for item in made["metadata"]["ownerReferences"]] == ["x", "one"]

    async def f14(self) -> None:
        """Fractions count, and an absent request is its limit."""
        small = copy.deepcopy(self.app)
        small["metadata"]["name"] = "small"
        small["spec"]["roles"][0]["minResources"] = {"cpu": "0.5"}
        await self.accepted(small)
        limits = {"memory": "1Gi", "cpu": "1"}
        await self.refused(
            self.two(app="small", role={"resources": {"limits": limits, "requests": {"cpu": "100m"}}}), "Ask for at least 0.5."
        )
        await self.accepted(self.two(app="small", role={"resources": {"limits": limits}}))

    async def f15(self) -> None:
        """Numbers and namespaces are where they belong in the words."""
        body = self.two()
        body["spec"]["roles"][1]["members"] = 2000
        await self.refused(body, "2001 members are too many. Ask for at most 1000")
        await self.refused(
            self.two(role={"secret": {"name": "no", "mountPath": "/s"}}), "there is no Secret no in namespace default."
        )

    async def f16(self) -> None:
        """Nothing wraps around."""
        body = self.two()
        body["spec"]["roles"][1]["members"] = 2**32
        await self.refused(body, "4294967297 members are too many.")

    async def f17(self) -> None:
        """A projection of a role that the app does not know is an answer, not a crash."""
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        await self.site.must("POST", "/api/v1/namespaces/default/persistentvolumeclaims", {"metadata": {"name": "c"}, "spec": spec})
        body = self.two()
        body["spec"]["roles"][1] = {
            "id": "boss",
            "resources": {"limits": {"memory": "1Gi", "cpu": "1"}},
            "volumeProjections": [{"pvcName": "c", "mountPath": "/c"}],
        }
        await self.refused(body, "role 'boss' is not defined")

    async def f18(self) -> None:
        """Persisted directories and defaulted Secrets clash; one claim twice in a role of one member does not."""
        await self.site.must("POST", "/apis/storage.k8s.io/v1/storageclasses", {"metadata": {"name": "std"}, "provisioner": "x/y"})
        storage = {"size": "1Gi", "storageClassName": "std"}
        clash = self.two(role={"storage": storage}, defaultSecret={"name": "s1", "mountPath": "/etc"})
        await self.refused(clash, "/etc is mounted more than once")
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        await self.site.must("POST", "/api/v1/namespaces/default/persistentvolumeclaims", {"metadata": {"name": "c"}, "spec": spec})
        twice = [{"pvcName": "c", "mountPath": "/a"}, {"pvcName": "c", "mountPath": "/b"}]
        await self.accepted(self.two(role={"volumeProjections": twice}))

    async def f19(self) -> None:
        """A slow or dead URL blocks no scaling and takes no time."""
        files = [{"srcURL": f"http://10.255.255.1/{number}", "destDir": "/x"} for number in range(20)]
        async with asyncio.timeout(5):
            await self.accepted(self.two(role={"fileInjections": files}))

    async def f20(self) -> None:
        """Connections to nobody, to oneself and in circles are told."""
        two = self.two(connections={"clusters": ["two", "three", "one"]})
        one = copy.deepcopy(self.cluster)
        one["spec"]["connections"] = {"clusters": ["two"]}
        assert (await self.site.update(one)).status == 200
        review = {"uid": "u", "kind": {"kind": two["kind"]}, "operation": "CREATE", "namespace": "default", "object": two}
        answer = await self.site.serve(_post("/validate", {"request": review}))
        told = " ".join(json.loads(answer.body)["response"]["warnings"])
        for words in ("a cluster knows itself anyway", "there is no three", "connected in a circle"):
            assert words in told

    async def f21(self) -> None:
        """A name that fits no label is refused at once."""
        await self.refused(self.two(meta={"name": "a" * 64}), "metadata.name: 64 characters are too long for a label.")

    async def f22(self) -> None:
        """Ports that Kubernetes refuses are told with the app and refused with the cluster."""
        double = copy.deepcopy(self.app)
        double["metadata"]["name"] = "double"
        double["spec"]["services"][1]["endpoint"]["port"] = 80
        double["spec"]["config"]["roleServices"][0]["serviceIDs"] = ["ui", "ssh"]
        await self.accepted(double)
        await self.refused(self.two(app="double"), "two of the app's services in role master use port 80")

    async def f23(self) -> None:
        """What a pattern lets pass and nobody can read is refused."""
        await self.refused(self.two(role={"sharedMemory": "1.2.3"}), "spec.roles[0].sharedMemory: '1.2.3' is no size.")

    async def f24(self) -> None:
        """Fields that KubeDirector's types have are in the schemas."""
        crds = {path.name: path.read_text() for path in (ROOT / "manifests" / "crds").glob("*.yaml")}
        assert "exported_service" in crds["kubedirector.hpe.com_kubedirectorapps.yaml"]
        assert "storageInitProgress" in crds["kubedirector.hpe.com_kubedirectorstatusbackups.yaml"]

    async def f25(self) -> None:
        """One fault does not hide the others, and they come in the order of the fields."""
        await self.site.merge(self.config, {"spec": {"requiredSecretPrefix": "ok-"}})
        body = self.two(defaultSecret={"name": "a", "mountPath": "/a"}, role={"secret": {"name": "b", "mountPath": "/b"}})
        answer = await self.site.create(body)
        assert answer.message.index("Secret a may not be used") < answer.message.index("Secret b may not be used")

    async def f26(self) -> None:
        """Shapes are told in the schema's words, before everything else."""
        answer = await self.site.create(self.two(app="nope", serviceType="Magic", roles=[{"id": 5}]))
        assert answer.status == 422
        assert "spec.serviceType in body should match" in answer.message
        assert "spec.roles[0].id in body must be of type string" in answer.message
        assert "nope" not in answer.message

    async def f27(self) -> None:
        """A restored cluster with pending notifications resumes."""
        await self.accepted(self.two(meta={"annotations": {BACKUP: "true"}}))
        pending = {"pod": "p", "stateDetail": {"pendingNotifyCmds": [{"arguments": ["x"]}]}}
        path = self.site.path(self.two(), named=True) + "/status"
        body = {"status": {"roles": [{"id": "worker", "members": [pending]}]}}
        await self.site.must("PATCH", path, body, media="application/merge-patch+json")
        assert (await self.site.merge(self.two(), {"metadata": {"labels": {RESTORING: None}}})).status == 200

    async def f28(self) -> None:
        """What could not be looked up is neither missing nor found elsewhere."""

        async def fail(_user: Any, _questions: Any) -> Any:
            raise ServerError(500, "InternalError", "away")

        self.site.webhook = Webhook(self.site.known(), fail)
        await self.refused(self.two(role={"secret": {"name": "s1", "mountPath": "/s"}}), "could not be judged. Try again")

    async def f29(self) -> None:
        """A config without a key gets one in what is stored, and keeps it."""
        first = await self.site.must("GET", self.site.path(self.config, named=True))
        again = await self.site.update(self.config)
        assert len(first["spec"]["masterEncryptionKey"]) == 64
        assert again.json["spec"]["masterEncryptionKey"] == first["spec"]["masterEncryptionKey"]

    async def f30(self) -> None:
        """A changed config counts at once; without one everything but secret keys works."""
        await self.site.merge(self.config, {"spec": {"defaultServiceType": "ClusterIP"}})
        assert (await self.accepted(self.two()))["spec"]["serviceType"] == "ClusterIP"

    async def f31(self) -> None:
        """An expired certificate renews itself."""
        names = hosts("kubedirector-validator", "kubedirector")
        made = advance(None, Issuer(hosts=names), now=datetime(2026, 1, 1, tzinfo=UTC), installed=b"")
        late = datetime(2029, 1, 1, tzinfo=UTC)
        renewed = advance(made, Issuer(hosts=names), now=late, installed=made.bundle)
        assert verifies(renewed.certificate, renewed.bundle, names[0], now=late)

    async def f32(self) -> None:
        """The service is never deleted: nothing in admission can."""
        sources = [path.read_text() for path in (ROOT / "kdasync" / "admission").glob("*.py")]
        deletes = [line.strip() for text in sources for line in text.splitlines() if ".delete(" in line]
        assert deletes == ['await self._client.delete(resource, "", NAME)']

    async def f33(self) -> None:
        """Only claims with our label come here, and none waits for us."""
        (mutating, _) = registrations(namespace="kubedirector", bundle=b"")
        claims = next(hook for hook in mutating["webhooks"] if hook["name"].startswith("claims"))
        assert claims["objectSelector"]["matchExpressions"] == [{"key": "kubedirector.hpe.com/kdcluster", "operator": "Exists"}]
        assert claims["failurePolicy"] == "Ignore"

    async def f34(self) -> None:
        """Both configurations have KubeDirector's name: replaced, not doubled, and removed by one step."""
        assert [body["metadata"]["name"] for body in registrations(namespace="x", bundle=b"")] == [NAME, NAME]
        assert NAME == "kubedirector-webhook"

    async def f35(self) -> None:
        """Both versions of a review are answered in kind."""
        for version in ("admission.k8s.io/v1", "admission.k8s.io/v1beta1"):
            asked = {"uid": "u", "kind": {"kind": "KubeDirectorApp"}, "operation": "CREATE", "object": self.app}
            answer = json.loads((await self.site.serve(_post("/mutate", {"apiVersion": version, "request": asked}))).body)
            assert (answer["apiVersion"], answer["kind"], answer["response"]["uid"]) == (version, "AdmissionReview", "u")

    async def f36(self) -> None:
        """The lock is a Lease, and KubeDirector's own is looked at before leading."""
        assert LOCK == "kubedirector-lock"
        assert "predecessor.hindrance" in (ROOT / "kdasync" / "kube" / "election.py").read_text()


def _post(path: str, body: Json) -> Any:
    return Http("POST", path, (), {}, json.dumps(body).encode())


HOLES = tuple(name for name in vars(Checks) if name.startswith("f") and name[1].isdigit())


@pytest.mark.parametrize("hole", HOLES)
async def test_hole(running: Any, app: Json, cluster: Json, config: Json, hole: str) -> None:
    await getattr(Checks(running, app, cluster, config), hole)()


def test_no_number_is_left_out() -> None:
    """F1 to F36, but F9f: tokens in a Service annotation and in status are what the API promises; admission has no say in them."""
    numbers = {int("".join(filter(str.isdigit, hole))) for hole in HOLES}
    assert numbers == set(range(1, 37))
    assert len(HOLES) == 43

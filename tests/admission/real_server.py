"""Admission against a real API server: `python tests/admission/real_server.py KUBECONFIG`.

Flow: our CRDs with their expressions, our policies and our webhook (by URL, on this machine) on the server that KUBECONFIG names, as an
administrator; then the recorded verdicts, who may write what, what holds with the webhook down, and the time of whole requests with
1,000 stored clusters. Prints what it found, fails on the first surprise. Use an empty server: everything stays.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import yaml

sys.path.insert(0, str(Path(__file__).parent))
from conftest import GROUP, Answer, Site, lines
from test_verdicts import LISTED, Group, answer, explanation, sealed

from kdasync.admission.certificates import Issuer, advance
from kdasync.admission.expressions import with_rules
from kdasync.admission.handle import Webhook, asker
from kdasync.admission.policies import manifests as policies
from kdasync.admission.registration import NAME, manifests
from kdasync.admission.rules import RULES
from kdasync.admission.server import Tls, serve
from kdasync.api.schema import definitions
from kdasync.kube.client import Client
from kdasync.kube.resource import APPS, CLUSTERS, CONFIGS, STORAGE_CLASSES
from kdasync.kube.session import connect
from kdasync.kube.transport import Request
from kdasync.kube.watch import Watcher
from kdasync.settings import Settings
from kdasync.store.informer import Informer

OPERATOR = "system:serviceaccount:kubedirector:kdasync"
HOOKS = "/apis/admissionregistration.k8s.io/v1"
MERGE = "application/merge-patch+json"
CLUSTERS_STORED = 1000
LIVE = f"{GROUP}/default/kubedirectorclusters/live"
APP = f"{GROUP}/default/kubedirectorapps/guestless"


class Real(Site):
    """The same requests as the tests', on a real server, as anybody."""

    def __init__(self, transport: Any) -> None:
        self.transport = transport
        self.user = ""
        loop = asyncio.get_running_loop()
        self.client = Client(transport, settings=Settings(), clock=loop.time, sleep=asyncio.sleep, random=random.random)

    async def send(self, method: str, path: str, body: Any = None, *, media: str = "application/json", **query: str) -> Answer:
        headers = {"content-type": media}
        if self.user:
            headers["impersonate-user"] = self.user
        data = b"" if body is None else msgspec.json.encode(body)
        made = await self.transport.request(Request(method, path, tuple(query.items()), headers, data), timeout=30)
        return Answer(made.status, made.body)

    async def as_user(self, user: str, method: str, path: str, body: Any = None, **more: str) -> Answer:
        self.user = user
        try:
            return await self.send(method, path, body, **more)
        finally:
            self.user = ""

    async def put_all(self, path: str, bodies: Any) -> None:
        """Create, or replace what an earlier run left."""
        for body in bodies:
            known = await self.send("GET", f"{path}/{body['metadata']['name']}")
            if known.status == 404:
                await self.must("POST", path, body)
            else:
                meta = {**body["metadata"], "resourceVersion": known.json["metadata"]["resourceVersion"]}
                await self.must("PUT", f"{path}/{meta['name']}", {**body, "metadata": meta})

    async def populate(self, name: str, *roles: str) -> None:
        status = {"generationUID": "g", "roles": [{"id": role, "statefulSet": f"s-{role}", "members": []} for role in roles]}
        made = await self.as_user(
            OPERATOR, "PATCH", f"{GROUP}/default/kubedirectorclusters/{name}/status", {"status": status}, media=MERGE
        )
        assert made.status == 200, made.message


@asynccontextmanager
async def watched(site: Real) -> AsyncIterator[None]:
    """Stores as the operator keeps them."""
    site.webhook = Webhook(site.known(), asker(site.client))
    resources: tuple[Any, ...] = (APPS, CLUSTERS, CONFIGS, STORAGE_CLASSES)
    informers = [
        Informer(Watcher(site.client, resource, sleep=asyncio.sleep, random=random.random), store)
        for resource, store in zip(resources, site.stores.values(), strict=True)
    ]
    tasks = [asyncio.create_task(informer.run()) for informer in informers]
    try:
        for informer in informers:
            await informer.synced.wait()
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def register(site: Real, bundle: bytes, port: int) -> None:
    for body in manifests(namespace="kubedirector", bundle=bundle):
        for hook in body["webhooks"]:
            place = hook["clientConfig"].pop("service")
            hook["clientConfig"]["url"] = f"https://localhost:{port}{place['path']}"
        await site.put_all(f"{HOOKS}/{body['kind'].lower()}s", [body])
    await asyncio.sleep(3)  # API servers read registrations with a delay


async def deregister(site: Real) -> None:
    for plural in ("mutatingwebhookconfigurations", "validatingwebhookconfigurations"):
        await site.send("DELETE", f"{HOOKS}/{plural}/{NAME}")
    await asyncio.sleep(3)


async def prepare(site: Real) -> None:
    await site.put_all(
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", [with_rules(body, RULES) for body in definitions()]
    )
    for name in ("default", "kubedirector"):
        await site.send("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    await site.send("POST", "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "default"}})
    made = policies(operators=(OPERATOR,))
    await site.put_all(f"{HOOKS}/validatingadmissionpolicies", made[::2])
    await site.put_all(f"{HOOKS}/validatingadmissionpolicybindings", made[1::2])
    everything = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "create", "update", "patch", "delete"]}]
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    await site.put_all(f"{rbac}/clusterroles", [{"metadata": {"name": "everything"}, "rules": everything}])
    subjects = [{"kind": "User", "name": name, "apiGroup": "rbac.authorization.k8s.io"} for name in ("alice", OPERATOR)]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "everything"}
    await site.put_all(f"{rbac}/clusterrolebindings", [{"metadata": {"name": "everything"}, "roleRef": role, "subjects": subjects}])
    await asyncio.sleep(3)


async def replay(site: Real) -> None:
    verdicts = list(lines())
    groups = msgspec.convert(yaml.safe_load(LISTED.read_text()), list[Group])
    for item in verdicts[0]["setup"]:
        made = await site.send("POST", item["path"], item["object"])
        assert made.status in (201, 409), made.message
        await asyncio.sleep(0.1)
    await site.populate("live", "controller", "worker")
    await asyncio.sleep(0.5)
    found: Counter[str] = Counter()
    same = 0
    for case in verdicts[1:]:
        mine = await answer(site, case)
        assert mine.status < 500, (case["id"], mine.message)
        theirs = case["code"] < 300
        if (mine.status < 300) == theirs:
            assert not theirs or sealed(mine.json["spec"]) == sealed(case["spec"]), case["id"]
            same += 1
            continue
        reasons = None if mine.status < 300 else {cause.get("reason") for cause in mine.json["details"]["causes"]}
        hole = explanation(groups, case, reasons)
        assert hole, (case["id"], case.get("message"), mine.message)
        found[hole] += 1
    print(f"verdicts: {same} of {len(verdicts) - 1} the same, {found.total()} explained: {dict(found)}")


async def refused(told: Answer, words: str) -> None:
    assert told.status == 422, (told.status, told.message)
    assert words in told.message, told.message


async def fences(site: Real) -> None:
    status = {"status": {"generationUID": "x"}}
    await refused(await site.as_user("alice", "PATCH", f"{LIVE}/status", status, media=MERGE), "only the operator writes it")
    assert (await site.as_user(OPERATOR, "PATCH", f"{LIVE}/status", status, media=MERGE)).status == 200
    backup = {
        "apiVersion": "kubedirector.hpe.com/v1beta1",
        "kind": "KubeDirectorStatusBackup",
        "metadata": {"name": "b"},
        "spec": {},
    }
    path = f"{GROUP}/default/kubedirectorstatusbackups"
    await refused(await site.as_user("alice", "POST", path, backup, dryRun="All"), "who may `restore`")
    assert (await site.as_user(OPERATOR, "POST", path, backup, dryRun="All")).status == 201
    assert (await site.send("POST", path, backup, dryRun="All")).status == 201
    print("fences: status and backups are the operator's")


async def rights(site: Real) -> None:
    live = await site.must("GET", LIVE)
    body = {key: live[key] for key in ("apiVersion", "kind", "spec")} | {"metadata": {"name": "rights"}}
    body["spec"]["roles"][0]["serviceAccountName"] = "default"
    path = f"{GROUP}/default/kubedirectorclusters"
    assert (await site.as_user("alice", "POST", path, body, dryRun="All")).status == 201
    rules = [{"apiGroups": ["kubedirector.hpe.com"], "resources": ["*"], "verbs": ["create", "get"]}]
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    await site.put_all(f"{rbac}/clusterroles", [{"metadata": {"name": "little"}, "rules": rules}])
    subject = {"kind": "User", "name": "bob", "apiGroup": "rbac.authorization.k8s.io"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "little"}
    await site.put_all(f"{rbac}/clusterrolebindings", [{"metadata": {"name": "little"}, "roleRef": role, "subjects": [subject]}])
    await asyncio.sleep(1)
    told = await site.as_user("bob", "POST", path, body, dryRun="All")
    await refused(told, "you may not get serviceaccounts default")
    await refused(told, "you may not create pods")
    print("rights: a service account is only for who may use it")


async def without_webhook(site: Real) -> None:
    """Registered, but nobody listens; then not registered at all."""
    dead = await site.as_user("alice", "PATCH", APP, {"metadata": {"labels": {"a": str(time.time())}}}, media=MERGE)
    assert dead.status == 500, dead.message
    assert (await site.as_user("alice", "DELETE", LIVE, dryRun="All")).status == 200
    assert (await site.as_user("alice", "DELETE", APP, dryRun="All")).status == 500
    mark = {"metadata": {"annotations": {"kdasync.io/bypass-admission": "true"}}}
    assert (await site.as_user("alice", "PATCH", APP, mark, media=MERGE)).status == 200
    assert (await site.as_user("alice", "DELETE", APP, dryRun="All")).status == 500
    assert (await site.send("DELETE", APP, dryRun="All")).status == 200
    await site.must("PATCH", APP, {"metadata": {"annotations": {"kdasync.io/bypass-admission": None}}}, media=MERGE)
    await deregister(site)
    for patch, words in (
        ({"app": "x"}, "A cluster keeps its app"),
        ({"appCatalog": "system"}, "A cluster keeps its app"),
        ({"serviceType": "Magic"}, "should match"),
        ({"roles": [{"id": "a", "members": 1001, "resources": {"limits": {"cpu": "1", "memory": "1"}}}]}, "At most 1,000 members"),
    ):
        await refused(await site.send("PATCH", LIVE, {"spec": patch}, media=MERGE, dryRun="All"), words)
    print("webhook down: clusters go, apps are held but for who may bypass, shape and immutability hold")


async def speed(site: Real) -> None:
    live = await site.must("GET", LIVE)
    path = f"{GROUP}/default/kubedirectorclusters"
    plain = {key: live[key] for key in ("apiVersion", "kind", "spec")}
    for number in range(CLUSTERS_STORED):
        made = await site.send("POST", path, {**plain, "metadata": {"name": f"stored-{number}"}})
        assert made.status in (201, 409), made.message
    times = []
    for number in range(2000):
        body = {**plain, "metadata": {"name": f"new-{number}"}}
        start = time.perf_counter()
        made = await site.send("POST", path, body, dryRun="All")
        times.append(time.perf_counter() - start)
        assert made.status == 201, made.message
    p50, p90, p99 = (1000 * sorted(times)[int(len(times) * share)] for share in (0.5, 0.9, 0.99))
    print(f"dry-run create with {CLUSTERS_STORED} stored clusters: p50 {p50:.1f} ms, p90 {p90:.1f} ms, p99 {p99:.1f} ms")


async def main(kubeconfig: str) -> None:
    transport = await connect(kubeconfig, None)
    site = Real(transport)
    try:
        await deregister(site)
        await prepare(site)
        tls = Tls()
        material = advance(None, Issuer(hosts=("localhost",)), now=datetime.now(UTC), installed=b"")
        tls.take(material)
        async with watched(site):
            async with serve(site.webhook.handle, host="127.0.0.1", port=0, context=tls.context, ready=lambda: True) as port:
                await register(site, material.bundle, port)
                await replay(site)
                await fences(site)
                await rights(site)
                await speed(site)
            await without_webhook(site)
        print(json.dumps({"result": "as expected"}))
    finally:
        await transport.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

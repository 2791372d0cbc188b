"""Create: defaults, pruning, names and refusals."""

from __future__ import annotations

from conformance.samples import config_map, define, pod, stateful_set, widget
from conformance.talk import Talk


async def config_maps(talk: Talk) -> None:
    path = talk.path("configmaps")
    await talk("create", "POST", path, config_map(a="1"))
    await talk("read", "GET", f"{path}/one")
    await talk("create again", "POST", path, config_map(a="2"))
    await talk("binary data", "POST", path, {"metadata": {"name": "binary"}, "binaryData": {"a": "AAE="}})
    await talk(
        "labels and annotations", "POST", path, {"metadata": {"name": "marked", "labels": {"a": "b"}, "annotations": {"c": "d"}}}
    )
    await talk("read what is not there", "GET", f"{path}/nothing")
    await talk("immutable", "POST", path, {**config_map("fixed", a="1"), "immutable": True})
    await talk("change an immutable one", "PATCH", f"{path}/fixed", {"data": {"a": "2"}}, kind="application/merge-patch+json")


async def generated_names(talk: Talk) -> None:
    path = talk.path("configmaps")
    first = await talk("a generated name", "POST", path, {"metadata": {"generateName": "some-"}})
    await talk("read it", "GET", f"{path}/{first.body['metadata']['name']}")
    await talk("name and generateName", "POST", path, {"metadata": {"name": "given", "generateName": "some-"}})
    await talk("neither", "POST", path, {"metadata": {}})


async def refusals(talk: Talk) -> None:
    path = talk.path("configmaps")
    await talk("a bad name", "POST", path, config_map("Not_A_Name"))
    await talk("a bad label", "POST", path, {"metadata": {"name": "one", "labels": {"a b": "c"}}})
    await talk("a bad label value", "POST", path, {"metadata": {"name": "one", "labels": {"a": "-"}}})
    await talk("a resourceVersion", "POST", path, {"metadata": {"name": "one", "resourceVersion": "1"}})
    await talk("another namespace", "POST", path, {"metadata": {"name": "one", "namespace": "default"}})
    await talk("a namespace that is not there", "POST", "/api/v1/namespaces/nowhere-to-be-seen/configmaps", config_map())
    await talk("another kind", "POST", path, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one"}})
    await talk("another version", "POST", path, {"apiVersion": "v2", "kind": "ConfigMap", "metadata": {"name": "one"}})
    await talk("no JSON", "POST", path, b"{")
    await talk("nothing", "POST", path, b"")
    await talk("no kind of media", "POST", path, b"hello", kind="text/plain")
    await talk("a wrong type", "POST", path, {"metadata": {"name": "one"}, "data": {"a": 1}})
    await talk("a wrong type of field", "POST", path, {"metadata": {"name": "one"}, "data": "text"})
    await talk("without namespace", "POST", "/api/v1/configmaps", config_map())
    await talk("an unknown resource", "GET", talk.path("gadgets"))
    await talk("an unknown group", "GET", "/apis/nobody.example.com/v1/gadgets")
    await talk("a method that is none", "PUT", path, config_map())
    await talk("a bad owner", "POST", path, {"metadata": {"name": "one", "ownerReferences": [{"name": "x"}]}})
    await talk("a bad finalizer", "POST", path, {"metadata": {"name": "one", "finalizers": ["a b"]}})


async def unknown_fields(talk: Talk) -> None:
    path = talk.path("configmaps")
    for mode in ("Ignore", "Warn", "Strict"):
        body = {**config_map(mode.lower()), "colour": "red"}
        await talk(f"built-in, {mode}", "POST", path, body, fieldValidation=mode)
    await talk("built-in, default", "POST", path, {**config_map("default"), "colour": "red"})
    await talk("two unknown ones", "POST", path, {**config_map("two"), "colour": "red", "size": 1}, fieldValidation="Strict")
    await talk("a mode that is none", "POST", path, config_map("none"), fieldValidation="Never")
    widgets = await define(talk)
    for mode in ("Ignore", "Warn", "Strict"):
        body = widget(talk, mode.lower(), strange=1, items=[{"name": "a", "other": 2}], nested={"deep": {"er": 1}})
        await talk(f"custom, {mode}", "POST", widgets, body, fieldValidation=mode)
    await talk("unknown metadata", "POST", widgets, {**widget(talk), "metadata": {"name": "meta", "colour": "red"}})


async def widgets(talk: Talk) -> None:
    path = await define(talk)
    await talk("defaults", "POST", path, widget(talk))
    await talk("defaults in lists", "POST", path, widget(talk, "lists", items=[{"name": "a"}, {"name": "b", "weight": 5}]))
    await talk("nulls", "POST", path, widget(talk, "nulls", note=None, colour=None, mode=None, nested=None))
    await talk("preserved", "POST", path, widget(talk, "free", free={"any": {"thing": [1, "two", None]}}))
    await talk("int or string", "POST", path, widget(talk, "port", port="http"))
    await talk("status is dropped", "POST", path, {**widget(talk, "status"), "status": {"phase": "x"}})
    await talk("without kind", "POST", path, {"metadata": {"name": "kindless"}, "spec": {"size": 1}})
    await talk("another kind", "POST", path, {**widget(talk, "other"), "kind": "Gadget"})
    await talk("a bad name", "POST", path, widget(talk, "Not_A_Name"))
    await talk("a generated name", "POST", path, {**widget(talk), "metadata": {"generateName": "some-"}})
    await talk("read", "GET", f"{path}/one")
    await talk("one that is not there", "GET", f"{path}/nothing")


async def services(talk: Talk) -> None:
    path = talk.path("services")
    port = {"port": 80}
    await talk("virtual", "POST", path, {"metadata": {"name": "one"}, "spec": {"selector": {"a": "b"}, "ports": [port]}})
    headless = {
        "clusterIP": "None",
        "selector": {"a": "b"},
        "ports": [{"port": 8888, "name": "port"}],
        "publishNotReadyAddresses": True,
    }
    await talk("headless", "POST", path, {"metadata": {"name": "headless"}, "spec": headless})
    await talk("node port", "POST", path, {"metadata": {"name": "node"}, "spec": {"type": "NodePort", "ports": [port]}})
    await talk("load balancer", "POST", path, {"metadata": {"name": "balancer"}, "spec": {"type": "LoadBalancer", "ports": [port]}})
    await talk(
        "external", "POST", path, {"metadata": {"name": "out"}, "spec": {"type": "ExternalName", "externalName": "example.com"}}
    )
    await talk("no ports", "POST", path, {"metadata": {"name": "none"}, "spec": {}})
    await talk("two nameless ports", "POST", path, {"metadata": {"name": "two"}, "spec": {"ports": [port, {"port": 81}]}})
    await talk("a port too high", "POST", path, {"metadata": {"name": "high"}, "spec": {"ports": [{"port": 70000}]}})
    await talk("a bad type", "POST", path, {"metadata": {"name": "bad"}, "spec": {"type": "Magic", "ports": [port]}})


async def pods(talk: Talk) -> None:
    path = talk.path("pods")
    await talk.until("the account is there", talk.path("serviceaccounts", "default"), lambda answer: answer.status == 200)
    await talk("least", "POST", path, pod(talk, automountServiceAccountToken=False))
    rich = {
        "name": "app",
        "image": talk.ground.image,
        "env": [{"name": "A", "value": "b"}, {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
        "ports": [{"containerPort": 80}],
        "resources": {"limits": {"cpu": "0.5", "memory": "1024Mi"}},
        "readinessProbe": {"httpGet": {"port": 80}},
        "livenessProbe": {"exec": {"command": ["true"]}},
        "lifecycle": {"preStop": {"exec": {"command": ["true"]}}},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "config", "mountPath": "/config"}],
    }
    volumes = [{"name": "data", "emptyDir": {"medium": "Memory"}}, {"name": "config", "secret": {"secretName": "x"}}]
    body = pod(talk, "rich", automountServiceAccountToken=False, containers=[rich], volumes=volumes)
    await talk("rich", "POST", path, body)
    await talk("no containers", "POST", path, {"metadata": {"name": "none"}, "spec": {}})
    await talk("no image", "POST", path, {"metadata": {"name": "none"}, "spec": {"containers": [{"name": "app"}]}})
    await talk("a mount without volume", "POST", path, pod(talk, "mount", containers=[{**rich}]))
    twice = [{"name": "app", "image": "a:1"}, {"name": "app", "image": "b:1"}]
    await talk("two of one name", "POST", path, pod(talk, "twice", containers=twice))


async def stateful_sets(talk: Talk) -> None:
    talk.normal.controlled = ("StatefulSet",)
    path = talk.path("statefulsets", group="apps/v1")
    await talk("least", "POST", path, stateful_set(talk))
    body = stateful_set(talk, "claims")
    body["spec"]["volumeClaimTemplates"] = [
        {"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
    ]
    await talk("with claims", "POST", path, body)
    wrong = stateful_set(talk, "wrong")
    wrong["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    await talk("the selector does not match", "POST", path, wrong)
    await talk("no selector", "POST", path, {**body, "metadata": {"name": "none"}, "spec": {**body["spec"], "selector": None}})
    await talk("less than none", "POST", path, stateful_set(talk, "less", replicas=-1))
    frozen = {"spec": {"serviceName": "other"}}
    await talk("a field that is frozen", "PATCH", f"{path}/one", frozen, kind="application/merge-patch+json")


async def others(talk: Talk) -> None:
    secrets = talk.path("secrets")
    await talk("secret", "POST", secrets, {"metadata": {"name": "one"}, "stringData": {"a": "b"}})
    await talk("secret that is no base64", "POST", secrets, {"metadata": {"name": "bad"}, "data": {"a": "b"}})
    claims = talk.path("persistentvolumeclaims")
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "none", "resources": {"requests": {"storage": "1024Mi"}}}
    await talk("claim", "POST", claims, {"metadata": {"name": "one"}, "spec": spec})
    await talk("claim without size", "POST", claims, {"metadata": {"name": "bad"}, "spec": {"accessModes": ["ReadWriteOnce"]}})
    await talk("claim without mode", "POST", claims, {"metadata": {"name": "bad"}, "spec": {**spec, "accessModes": []}})
    budgets = talk.path("poddisruptionbudgets", group="policy/v1")
    budget = {"minAvailable": 1, "selector": {"matchLabels": {"a": "b"}}}
    await talk("budget", "POST", budgets, {"metadata": {"name": "one"}, "spec": budget})
    policies = talk.path("networkpolicies", group="networking.k8s.io/v1")
    await talk("network policy", "POST", policies, {"metadata": {"name": "one"}, "spec": {"podSelector": {}, "ingress": [{}]}})
    accounts = talk.path("serviceaccounts")
    await talk("account", "POST", accounts, {"metadata": {"name": "one"}})
    roles = talk.path("roles", group="rbac.authorization.k8s.io/v1")
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    await talk("role", "POST", roles, {"metadata": {"name": "one"}, "rules": [rule]})
    bindings = talk.path("rolebindings", group="rbac.authorization.k8s.io/v1")
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "one"}
    subject = {"kind": "ServiceAccount", "name": "one", "namespace": talk.namespace}
    await talk("binding", "POST", bindings, {"metadata": {"name": "one"}, "roleRef": reference, "subjects": [subject]})
    await talk("namespace", "GET", f"/api/v1/namespaces/{talk.namespace}")

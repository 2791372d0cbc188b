"""Certificates in a Secret, the bundle in the webhook configurations.

The Secret and its keys have KubeDirector's names, so that either operator takes over from the other; `ca.pem` is ours. Configurations
are replaced as a whole over the version that was read: what another program, or KubeDirector, had put there goes.
Source: spec/kubedirector-api.md sections 2.2 and 2.3.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import msgspec

from kdasync.admission.certificates import Material
from kdasync.admission.registration import NAME, SELECTOR, SERVICE, manifests, service
from kdasync.admission.rotation import Stored
from kdasync.api.meta import Object, Wire
from kdasync.errors import AlreadyExists, NotFound
from kdasync.kube.client import MERGE_PATCH, Client
from kdasync.kube.resource import SECRETS, SERVICES, Resource

SECRET = "kubedirector-validator-secret"  # noqa: S105 - the name of a Secret
DIGEST = "kdasync.io/digest"  # annotation of a configuration: of what we want it to say
_END = b"-----END CERTIFICATE-----\n"
_CERTIFICATE, _KEY, _AUTHORITIES, _SIGNING = "app.crt", "app.pem", "ca.crt", "ca.pem"


class ClientConfig(Wire, frozen=True):
    """admissionregistration.k8s.io/v1 WebhookClientConfig."""

    ca_bundle: str = ""


class Hook(Wire, frozen=True):
    """One webhook of a configuration."""

    client_config: ClientConfig = ClientConfig()


class Configuration(Object, frozen=True):
    """MutatingWebhookConfiguration or ValidatingWebhookConfiguration."""

    webhooks: list[Hook] = []


_GROUP = ("admissionregistration.k8s.io", "v1")
_MUTATING, _VALIDATING = "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"
CONFIGURATIONS = {
    kind: Resource(*_GROUP, f"{kind.lower()}s", kind, Configuration, namespaced=False) for kind in (_MUTATING, _VALIDATING)
}


class ClusterKeeper:
    """Over the API server.

    Args:
        client: without a fence: every replica looks after certificates.
        namespace: the operator's.
    """

    def __init__(self, client: Client, *, namespace: str) -> None:
        self._client = client
        self._namespace = namespace

    async def load(self) -> Stored:
        """The Secret."""
        try:
            secret = await self._client.get(SECRETS, self._namespace, SECRET)
        except NotFound:
            return Stored()
        data = {key: base64.b64decode(value) for key, value in secret.data.items()}
        return Stored(material=_material(data), version=secret.metadata.resource_version)

    async def save(self, material: Material, version: str) -> None:
        """Store over `version`."""
        values = {
            _CERTIFICATE: material.certificate,
            _KEY: material.key,
            _AUTHORITIES: material.bundle,
            _SIGNING: material.signing_key,
        }
        data = {key: base64.b64encode(value).decode() for key, value in values.items()}
        body: dict[str, Any] = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": SECRET}, "type": "Opaque", "data": data}
        if not version:
            await self._client.create(SECRETS, self._namespace, msgspec.json.encode(body))
            return
        patch = msgspec.json.encode({"metadata": {"resourceVersion": version}, "data": data})
        await self._client.patch(SECRETS, self._namespace, SECRET, patch, content_type=MERGE_PATCH)

    async def installed(self) -> bytes:
        """The bundle of all webhooks, empty unless both configurations are as we want them, with the same one."""
        found: set[bytes] = set()
        for body in manifests(namespace=self._namespace, bundle=b""):
            try:
                configuration = await self._client.get(CONFIGURATIONS[body["kind"]], "", NAME)
            except NotFound:
                return b""
            if configuration.metadata.annotations.get(DIGEST) != _digest(body):
                return b""
            found |= {base64.b64decode(hook.client_config.ca_bundle) for hook in configuration.webhooks}
        return found.pop() if len(found) == 1 else b""

    async def install(self, bundle: bytes) -> None:
        """The service if there is none, and both configurations."""
        await self._serve()
        plain = manifests(namespace=self._namespace, bundle=b"")
        for body, without in zip(manifests(namespace=self._namespace, bundle=bundle), plain, strict=True):
            meta = {**body["metadata"], "annotations": {DIGEST: _digest(without)}}
            await self._put(CONFIGURATIONS[body["kind"]], {**body, "metadata": meta})

    async def _put(self, resource: Resource[Configuration], body: dict[str, Any]) -> None:
        try:
            known = await self._client.get(resource, "", NAME)
        except NotFound:
            await self._client.create(resource, "", msgspec.json.encode(body))
            return
        meta = {**body["metadata"], "resourceVersion": known.metadata.resource_version}
        await self._client.replace(resource, "", NAME, msgspec.json.encode({**body, "metadata": meta}))

    async def _serve(self) -> None:
        try:
            await self._client.get(SERVICES, self._namespace, SERVICE)
        except NotFound:
            try:
                await self._client.create(SERVICES, self._namespace, msgspec.json.encode(service()))
            except AlreadyExists:
                return  # another replica was faster
        else:
            patch = msgspec.json.encode({"spec": {"selector": {"name": None, **SELECTOR}}})  # KubeDirector's pods are named so
            await self._client.patch(SERVICES, self._namespace, SERVICE, patch, content_type=MERGE_PATCH)

    async def remove(self) -> None:
        """Deregister: nobody is asked any more. The Secret and the service stay for the next time."""
        for resource in CONFIGURATIONS.values():
            try:
                await self._client.delete(resource, "", NAME)
            except NotFound:
                continue


def _material(data: dict[str, bytes]) -> Material | None:
    if not {_CERTIFICATE, _KEY, _AUTHORITIES} <= data.keys():
        return None
    parts = data[_AUTHORITIES].split(_END)
    return Material(
        certificate=data[_CERTIFICATE],
        key=data[_KEY],
        authorities=tuple(part + _END for part in parts if part.strip()),
        signing_key=data.get(_SIGNING, b""),
    )


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(body, order="deterministic")).hexdigest()

"""Secret keys of a cluster: clear values become ciphertext before anything is stored.

A value that equals the stored one keeps its ciphertext, so a manifest can be applied again and again. A ciphertext cannot be put in
by hand: it could be one of another cluster's, and members are shown what it hides. Source: spec/kubedirector-api.md section 2.12.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from kdasync.admission.request import Change, pointer
from kdasync.api import cluster as clusters
from kdasync.errors import DefinitionError
from kdasync.guest.secretkeys import decrypt, encrypt

Nonce = Callable[[int], bytes]
_Stored = Mapping[tuple[str, str], tuple[str, ...]]  # role, key; a name may be given twice


class Sealed(NamedTuple):
    """Patches, or why it cannot be done."""

    changes: tuple[Change, ...]
    findings: tuple[DefinitionError, ...]


class Sealer:
    """Seals one cluster.

    Args:
        master_key: of the global config, if it has one.
        nonce: source of random bytes.
        stored: the cluster as stored.
        restoring: the cluster is brought back from a backup, ciphertexts included.
    """

    def __init__(
        self, master_key: str | None, *, nonce: Nonce, stored: clusters.KubeDirectorCluster | None, restoring: bool
    ) -> None:
        self._master_key = master_key or ""
        self._nonce = nonce
        self._stored = _stored(stored)
        self._restoring = restoring

    def seal(self, cluster: clusters.KubeDirectorCluster) -> Sealed:
        """Patches for every clear value."""
        changes: list[Change] = []
        findings: list[DefinitionError] = []
        for number, role in enumerate(cluster.spec.roles):
            for index, key in enumerate(role.secret_keys):
                try:
                    sealed = self._one(role.id, key, f"spec.roles[{number}].secretKeys[{index}]")
                except DefinitionError as error:
                    findings.append(error)
                    continue
                if sealed is not None:
                    path = pointer("spec", "roles", number, "secretKeys", index)
                    changes.append(Change("replace", path, {"name": key.name, "encryptedValue": sealed}))
        return Sealed(tuple(changes), tuple(findings))

    def _one(self, role: str, key: clusters.SecretKey, field: str) -> str | None:
        known = self._stored.get((role, key.name), ())
        if key.encrypted_value and not key.value:
            if key.encrypted_value not in known and not (self._restoring and self._opens(key.encrypted_value)):
                raise _placed(key.name, field)
            return None
        if not self._master_key:
            raise DefinitionError(
                f"secret key {key.name} cannot be encrypted: there is no master key.",
                field=f"{field}.value",
                remedy="Create the KubeDirectorConfig kd-global-config in the operator's namespace; it gets a key.",
                reason="NoMasterKey",
            )
        same = (sealed for sealed in known if self._same(sealed, key.value))
        return next(same, None) or encrypt(key.value, self._master_key, nonce=self._nonce)

    def _same(self, sealed: str, value: str) -> bool:
        try:
            return decrypt(sealed, self._master_key) == value
        except DefinitionError:
            return False  # made with another master key: seal the value anew

    def _opens(self, sealed: str) -> bool:
        try:
            decrypt(sealed, self._master_key)
        except DefinitionError:
            return False
        return True


def _stored(cluster: clusters.KubeDirectorCluster | None) -> _Stored:
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for role in cluster.spec.roles if cluster else ():
        for key in role.secret_keys:
            if key.encrypted_value:
                found[role.id, key.name] = (*found.get((role.id, key.name), ()), key.encrypted_value)
    return found


def _placed(name: str, field: str) -> DefinitionError:
    return DefinitionError(
        f"secret key {name} has an encryptedValue that is not the stored one.",
        field=f"{field}.encryptedValue",
        remedy="Give the clear text as `value` instead; it is encrypted for you.",
        reason="SecretKeyPlaced",
    )


def clear_values(cluster: clusters.KubeDirectorCluster) -> tuple[DefinitionError, ...]:
    """Clear text that was not encrypted on its way in."""
    return tuple(
        DefinitionError(
            f"secret key {key.name} is not encrypted.",
            field=f"spec.roles[{number}].secretKeys[{index}].value",
            remedy="Let the mutating webhook of kdasync run: register it again.",
            reason="SecretKeyClear",
        )
        for number, role in enumerate(cluster.spec.roles)
        for index, key in enumerate(role.secret_keys)
        if key.value or not key.encrypted_value
    )

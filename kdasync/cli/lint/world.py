"""The world as the given files show it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from kdasync.admission.world import UNKNOWN, Lookup, Permission, Thing, Unknown
from kdasync.api.app import KubeDirectorApp
from kdasync.api.cluster import KubeDirectorCluster
from kdasync.api.config import ConfigSpec

Key = tuple[str, str]  # namespace, name
SOME_KEY = "00" * 32  # stands for the key that the operator's namespace has: nothing that is sealed here is kept


class FileWorld(msgspec.Struct, kw_only=True):
    """What is in the files; the rest is unknown, or absent if the files are `complete`.

    Attributes:
        default_class: name of the StorageClass that is marked as the default.
        things: (resource, namespace, name) of objects of other kinds.
    """

    namespace: str
    complete: bool
    apps: dict[Key, KubeDirectorApp] = {}
    given: dict[Key, KubeDirectorCluster] = {}
    settings: ConfigSpec | None = None
    default_class: str | None = None
    things: dict[tuple[str, str, str], Thing] = {}
    operators: frozenset[str] = frozenset()

    def app(self, namespace: str, name: str) -> KubeDirectorApp | Unknown | None:
        """An app of the files; a cluster's app may be anywhere among them."""
        found = self.apps.get((namespace, name))
        if found is not None or self.complete:
            return found
        others = (app for (_, known), app in self.apps.items() if known == name)
        return next(others, None) or UNKNOWN

    def config(self) -> ConfigSpec:
        """The config of the files."""
        if self.settings is not None:
            return self.settings
        return ConfigSpec() if self.complete else ConfigSpec(master_encryption_key=SOME_KEY)

    def clusters(self) -> Iterable[KubeDirectorCluster]:
        """The clusters of the files."""
        return self.given.values()

    def clusters_of(self, app: str) -> Iterable[KubeDirectorCluster]:
        """Nobody uses an app yet: everything in the files is about to be created."""
        del app
        return ()

    def default_storage_class(self) -> str | Unknown | None:
        """The default class of the files."""
        return self.default_class if self.default_class or self.complete else UNKNOWN

    def thing(self, lookup: Lookup) -> Thing | Unknown | None:
        """An object of the files."""
        if lookup.resource == "kubedirectorclusters" and (lookup.namespace, lookup.name) in self.given:
            return Thing()
        found = self.things.get((lookup.resource, lookup.namespace, lookup.name))
        return found if found is not None or self.complete else UNKNOWN

    def may(self, permission: Permission) -> bool | Unknown:
        """Nobody knows who will apply the files."""
        del permission
        return UNKNOWN

"""What the rules may ask about other objects. Three answers: it is there, it is not, or nobody knows.

Why questions and not a client: rules stay pure, so the server, `kdasync lint` and the tests run the same ones. The server answers
from its stores and asks the API server for the rest, all at once; lint answers from the files it was given, and what it does not
know is neither an error nor a permission.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final, Protocol

import msgspec

from kdasync.api.app import KubeDirectorApp
from kdasync.api.cluster import KubeDirectorCluster
from kdasync.api.config import ConfigSpec


class Unknown(Enum):
    """Nobody knows."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN


class Lookup(msgspec.Struct, frozen=True):
    """Is there an object? `resource` is the plural, e.g. `secrets`."""

    resource: str
    namespace: str
    name: str


class Permission(msgspec.Struct, frozen=True):
    """May the one who asks do this? As in authorization.k8s.io/v1 ResourceAttributes."""

    verb: str
    group: str
    resource: str
    namespace: str
    name: str = ""


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules read of an object of another kind: of a claim its modes, of others that they exist."""

    volume_mode: str | None = None
    access_modes: tuple[str, ...] = ()


class World(Protocol):
    """Everything that is not in the request."""

    @property
    def namespace(self) -> str:
        """The operator's namespace: global config and system catalog."""

    @property
    def operators(self) -> frozenset[str]:
        """User names of operators: kdasync's own, and KubeDirector's during a migration."""

    def app(self, namespace: str, name: str) -> KubeDirectorApp | Unknown | None:
        """An app as stored."""

    def config(self) -> ConfigSpec:
        """The global config, all defaults if there is none."""

    def clusters(self) -> Iterable[KubeDirectorCluster]:
        """Every cluster that is known."""

    def clusters_of(self, app: str) -> Iterable[KubeDirectorCluster]:
        """Those that name this app, in any namespace."""

    def default_storage_class(self) -> str | Unknown | None:
        """The Kubernetes cluster's own default."""

    def thing(self, lookup: Lookup) -> Thing | Unknown | None:
        """An object of another kind."""

    def may(self, permission: Permission) -> bool | Unknown:
        """A SubjectAccessReview for the one who asks: only a plain yes is a yes."""

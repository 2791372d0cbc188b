"""The world as a running operator knows it: its stores, and answers of the API server to what they do not hold.

Flow: a pass over the rules writes down which questions had no answer; the server asks them all at once, and judges again.
Guarantees: apps, clusters, the config and the storage classes come from stores that every replica keeps, so that nothing depends on
what this process has seen happen. Assumptions: the stores are synced before the server takes its first question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from kdasync.admission.world import UNKNOWN, Lookup, Permission, Thing, Unknown
from kdasync.api.app import KubeDirectorApp
from kdasync.api.cluster import KubeDirectorCluster
from kdasync.api.config import ConfigSpec, KubeDirectorConfig
from kdasync.api.meta import Object
from kdasync.render.keys import CONFIG_NAME
from kdasync.store.store import Store

Question = Lookup | Permission
Answers = Mapping[Question, Thing | bool | None]
_DEFAULT_CLASS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept up to date by watches.

    Attributes:
        of_app: clusters that name an app.
        namespace: the operator's.
        operators: user names of operators.
        enforce: ask who may use what; False: KubeDirector's way, nobody is asked.
    """

    apps: Store[KubeDirectorApp]
    clusters: Store[KubeDirectorCluster]
    configs: Store[KubeDirectorConfig]
    storage_classes: Store[Object]
    of_app: Callable[[str], Iterable[KubeDirectorCluster]]
    namespace: str
    operators: frozenset[str] = frozenset()
    enforce: bool = True


class LiveWorld:
    """One pass's view; `asked` are the questions that had no answer."""

    def __init__(self, known: Known, answers: Answers) -> None:
        self._known = known
        self._answers = answers
        self.asked: set[Question] = set()

    @property
    def namespace(self) -> str:
        """The operator's namespace."""
        return self._known.namespace

    @property
    def operators(self) -> frozenset[str]:
        """User names of operators."""
        return self._known.operators

    def app(self, namespace: str, name: str) -> KubeDirectorApp | Unknown | None:
        """An app as stored."""
        return self._known.apps.get(namespace, name)

    def config(self) -> ConfigSpec:
        """The global config."""
        found = self._known.configs.get(self.namespace, CONFIG_NAME)
        return (found.spec if found else None) or ConfigSpec()

    def clusters(self) -> Iterable[KubeDirectorCluster]:
        """Every cluster."""
        return self._known.clusters

    def clusters_of(self, app: str) -> Iterable[KubeDirectorCluster]:
        """Clusters that name an app."""
        return self._known.of_app(app)

    def default_storage_class(self) -> str | Unknown | None:
        """The first class that is marked as the default."""
        return next((item.metadata.name for item in self._known.storage_classes if _is_default(item)), None)

    def thing(self, lookup: Lookup) -> Thing | Unknown | None:
        """A class or a cluster from the stores; anything else by asking."""
        if lookup.resource == "storageclasses":
            return Thing() if self._known.storage_classes.get("", lookup.name) else None
        if lookup.resource == "kubedirectorclusters":
            return Thing() if self._known.clusters.get(lookup.namespace, lookup.name) else None
        answer = self._answer(lookup)
        return answer if isinstance(answer, Thing | Unknown) else None

    def may(self, permission: Permission) -> bool | Unknown:
        """A SubjectAccessReview."""
        if not self._known.enforce:
            return UNKNOWN
        answer = self._answer(permission)
        return answer if isinstance(answer, Unknown) else answer is True

    def _answer(self, question: Question) -> Thing | Unknown | bool | None:
        if question in self._answers:
            return self._answers[question]
        self.asked.add(question)
        return UNKNOWN


def _is_default(item: Object) -> bool:
    return any(item.metadata.annotations.get(key) == "true" for key in _DEFAULT_CLASS)

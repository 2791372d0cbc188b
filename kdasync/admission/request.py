"""One admission question and its answer, free of the wire's envelope.

Why the object stays a JSON document here: admission sees it before the schema does, with whatever a user wrote; and what is returned
is a patch of that document, not of our idea of it. Source: admission.k8s.io/v1 AdmissionRequest and AdmissionResponse.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from kdasync.errors import DefinitionError

Json = dict[str, Any]
WARNING = 256  # characters; the API server cuts longer ones
Operation = Literal["CREATE", "UPDATE", "DELETE"]


class User(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks; authentication.k8s.io/v1 UserInfo."""

    username: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: dict[str, tuple[str, ...]] = {}


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One write.

    Attributes:
        kind: of the object, e.g. `KubeDirectorApp`.
        namespace: of the object.
        object: as it would be stored; None on DELETE.
        old: as stored; None on CREATE.
    """

    operation: Operation
    kind: str
    namespace: str
    user: User = User()
    object: Json | None = None
    old: Json | None = None


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One operation of a JSON patch (RFC 6902)."""

    op: Literal["add", "remove", "replace"]
    path: str
    value: Any = msgspec.UNSET


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer.

    Attributes:
        findings: why it is refused; none if it is allowed.
        patch: what is filled in; empty if it is refused.
        advice: what is legal but wrong; `kubectl` prints it.
    """

    findings: tuple[DefinitionError, ...] = ()
    patch: tuple[Change, ...] = ()
    advice: tuple[DefinitionError, ...] = ()

    @property
    def allowed(self) -> bool:
        """True if nothing was found."""
        return not self.findings

    @property
    def message(self) -> str:
        """Every finding with field and remedy, one a line."""
        return "\n".join(str(finding) for finding in self.findings)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The advice as warnings of an admission response."""
        return tuple(" ".join(str(item).split())[:WARNING] for item in self.advice)


def pointer(*steps: str | int) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)

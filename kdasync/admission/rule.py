"""The vocabulary of the rule table: what a rule is called, where it lives, and what kind of field one is."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Home(StrEnum):
    """Who enforces a rule."""

    SCHEMA = "schema"
    WEBHOOK = "webhook"
    POLICY = "policy"
    WARNING = "warning"


WHY = {
    Home.SCHEMA: "The API server checks it by itself, also with the operator down.",
    Home.WEBHOOK: "It needs other objects, exact quantities, or a person's rights.",
    Home.POLICY: "It is about who may do what, and holds with the operator down.",
    Home.WARNING: "It is legal, KubeDirector let it pass, and it is seldom meant.",
}


class Expression(msgspec.Struct, frozen=True):
    """A rule in CEL.

    Attributes:
        kind: short, as in `Rule.kinds`.
        at: path of the schema that it hangs on, `[]` for items, empty for the root.
        holds: the expression; `self` is the value there, `oldSelf` the stored one.
        remedy: what the user can do.
    """

    kind: str
    at: str
    holds: str
    remedy: str


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule.

    Attributes:
        id: its word: the reason in a refusal, in a condition and in `kdasync lint`.
        kinds: kinds that it is about, short: app, cluster, config, claim, backup.
        field: path, with `[]` for any element.
        about: what must hold, one sentence.
        home: who enforces it.
        why: why there, where that is not obvious from the home.
        cel: the same rule as expressions of the CRD (x-kubernetes-validations): where in the schema, and what holds there.
        hole: what it closes, as in the specification of KubeDirector, e.g. `F7`.
    """

    id: str
    kinds: tuple[str, ...]
    field: str
    about: str
    home: Home = Home.WEBHOOK
    why: str = ""
    cel: tuple[Expression, ...] = ()
    hole: str = ""


class Change(StrEnum):
    """What a change of a field means for what runs."""

    LIVE = "live"
    ROLLING = "rolling"
    RECREATE = "recreate"
    IMMUTABLE = "immutable"


MEANING = {
    Change.LIVE: "Change it at any time; nothing restarts.",
    Change.ROLLING: "Change it at any time; members restart one after the other.",
    Change.RECREATE: "Only what is made from then on has it: empty the role (members: 0), change it, fill the role again.",
    Change.IMMUTABLE: "Make a new object under another name.",
}


class FieldClass(msgspec.Struct, frozen=True):
    """One field, or all below it.

    Attributes:
        path: wire path from the object's root, `[]` for any element.
        change: what a change of it means.
        note: what is special.
    """

    path: str
    change: Change
    note: str = ""

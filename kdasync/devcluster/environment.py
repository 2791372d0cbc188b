"""Clock, identities and randomness of one devcluster, in one value.

Why: a simulation must get the same resource versions, UIDs and generated names on every run, and must run on virtual time, so
nothing in the API server may look at the machine's clock or entropy by itself.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

# Kubernetes leaves out vowels and look-alikes so that generated names never spell anything (apimachinery util/rand).
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """What the server may not decide by itself.

    Attributes:
        clock: Unix time in seconds.
        uid: a fresh UUID as text.
        random: the stream for generated names, addresses and ports.
    """

    clock: Callable[[], float]
    uid: Callable[[], str]
    random: random.Random

    def timestamp(self, *, after: float = 0) -> str:
        """metav1.Time, `after` seconds from now."""
        return datetime.fromtimestamp(self.clock() + after, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def suffix(self, length: int = 5) -> str:
        """The random part of a generated name."""
        return "".join(self.random.choice(_ALPHABET) for _ in range(length))


def system() -> Environment:
    """The machine's clock and entropy."""
    return Environment(clock=time.time, uid=lambda: str(uuid.uuid4()), random=random.SystemRandom())


def seeded(seed: int, clock: Callable[[], float]) -> Environment:
    """A repeatable environment on the given clock."""
    stream = random.Random(seed)  # noqa: S311 - repeatable on purpose
    return Environment(clock=clock, uid=lambda: str(uuid.UUID(int=stream.getrandbits(128), version=4)), random=stream)

"""Why the node cannot start a pod or container: exceptions of the node's pure parts, each with the kubelet's reason word."""

from __future__ import annotations


class Refusal(Exception):
    """Not now, perhaps later: the node tries again when something it looked at changes.

    Attributes:
        reason: as in `state.waiting.reason`, e.g. `CreateContainerConfigError`.
        message: a sentence.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message

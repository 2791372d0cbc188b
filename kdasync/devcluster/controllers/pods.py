"""What controllers ask about a pod. Pure."""

from __future__ import annotations

from kdasync.devcluster.controllers.calls import Document, deleting


def phase(pod: Document) -> str:
    """`status.phase`; a pod without one is Pending."""
    return (pod.get("status") or {}).get("phase") or "Pending"


def ended(pod: Document) -> bool:
    """Failed or Succeeded."""
    return phase(pod) in {"Failed", "Succeeded"}


def is_ready(pod: Document) -> bool:
    """Running with condition Ready."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    ready = any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
    return ready and phase(pod) == "Running"


def healthy(pod: Document) -> bool:
    """Ready and staying."""
    return is_ready(pod) and not deleting(pod)


def ip_of(pod: Document) -> str:
    """Its address, or empty."""
    return (pod.get("status") or {}).get("podIP") or ""

"""The one list of conversations: every public coroutine function of the files in `conversations/`."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec
from conformance.compare import Accepted
from conformance.differences import ACCEPTED
from conformance.talk import Step, Talk

Conversation = Callable[[Talk], Awaitable[None]]

HERE = Path(__file__).parent


def conversations() -> Mapping[str, Conversation]:
    """Full name (`subject.function`) -> conversation, in the order of the files."""
    found: dict[str, Conversation] = {}
    for file in sorted((HERE / "conversations").glob("*.py")):
        module = importlib.import_module(f"conformance.conversations.{file.stem}")
        for name, value in vars(module).items():
            if inspect.iscoroutinefunction(value) and value.__module__ == module.__name__ and not name.startswith("_"):
                found[f"{file.stem}.{name}"] = value
    return found


def accepted(name: str) -> tuple[Accepted, ...]:
    """What may differ in a conversation."""
    return tuple(entry for entry in ACCEPTED if entry.conversation == name)


def transcript_file(name: str) -> Path:
    """Where the real server's answers are kept."""
    return HERE / "transcripts" / f"{name}.json"


def load(name: str) -> list[Step]:
    """The real server's answers. Raises OSError if they were never recorded."""
    return msgspec.json.decode(transcript_file(name).read_bytes(), type=list[Step])


def save(name: str, steps: list[Step]) -> None:
    """Keep the real server's answers."""
    transcript_file(name).parent.mkdir(exist_ok=True)
    transcript_file(name).write_bytes(msgspec.json.format(msgspec.json.encode(steps), indent=1) + b"\n")


async def run(conversation: Conversation, talk: Talk) -> list[Step]:
    """Talk in a namespace of its own, which is removed afterwards; the steps through JSON, as they are kept."""
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": talk.namespace}}
    await talk.quiet("POST", "/api/v1/namespaces", body)
    try:
        await conversation(talk)
    finally:
        await _clean(talk)
    return msgspec.json.decode(msgspec.json.encode(talk.steps), type=list[Step])


async def _clean(talk: Talk) -> None:
    await talk.quiet("DELETE", f"/api/v1/namespaces/{talk.namespace}")
    for path in (
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    ):
        for item in (await talk.quiet("GET", path)).body["items"]:
            if talk.token in item["metadata"]["name"]:
                await talk.quiet("DELETE", f"{path}/{item['metadata']['name']}")

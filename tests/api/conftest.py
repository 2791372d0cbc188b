"""What an API server does with a custom object: pruning, dropping of nulls, validation. And the recorded objects to do it to."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from kdasync.api.schema import definitions

SHARED = Path(os.environ.get("KDASYNC_SHARED", Path(__file__).parents[2].parent / "shared"))
DATA = SHARED / "testdata/kubedirector"
PRESERVE = "x-kubernetes-preserve-unknown-fields"
META = ("apiVersion", "kind", "metadata")


def prune(schema: dict[str, Any], value: Any) -> Any:
    """`value` without unknown fields, and without nulls where the schema has none."""
    if isinstance(value, dict):
        return {key: prune(kept, value[key]) for key, kept in known(schema, value) if not dropped(kept, value[key])}
    if isinstance(value, list):
        return [prune(schema.get("items", {PRESERVE: True}), item) for item in value]
    return value


def known(schema: dict[str, Any], value: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    rest = schema.get("additionalProperties", {PRESERVE: True} if schema.get(PRESERVE) else None)
    for key in value:
        found = schema.get("properties", {}).get(key, rest)
        if found is not None:
            yield key, found


def dropped(schema: dict[str, Any], value: Any) -> bool:
    return value is None and not schema.get("nullable") and not schema.get(PRESERVE)


def with_null(schema: Any) -> Any:
    """The schema for a validator that knows no `nullable`."""
    if isinstance(schema, list):
        return [with_null(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    body = {key: with_null(value) for key, value in schema.items()}
    if body.get("nullable") is True:
        body["type"] = [body["type"], "null"]
    return body


class Kind:
    """One of our CRDs, as the API server would use it."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.crd = body
        self.version = body["spec"]["versions"][0]
        self.schema: dict[str, Any] = self.version["schema"]["openAPIV3Schema"]
        self._validator = jsonschema.Draft202012Validator(with_null(self.schema))

    def prune(self, value: dict[str, Any]) -> dict[str, Any]:
        kept = prune(self.schema, {key: item for key, item in value.items() if key not in META})
        return {**{key: value[key] for key in META if key in value}, **kept}

    def errors(self, value: dict[str, Any]) -> list[str]:
        return [error.message for error in self._validator.iter_errors(value)]

    def fields(self, value: dict[str, Any]) -> set[str]:
        """Paths of what is wrong, as the API server names them."""
        return {field(error) for error in self._validator.iter_errors(value)}


def field(error: jsonschema.ValidationError) -> str:
    missing = [error.message.split("'")[1]] if error.validator == "required" else []
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in [*error.absolute_path, *missing])
    return "".join(parts).lstrip(".")


@pytest.fixture(scope="session")
def kinds() -> dict[str, Kind]:
    return {body["spec"]["names"]["kind"]: Kind(body) for body in definitions()}


@pytest.fixture(scope="session")
def verdicts() -> list[dict[str, Any]]:
    if not DATA.exists():
        pytest.skip("the recorded verdicts are not on this machine: set KDASYNC_SHARED")
    with gzip.open(DATA / "verdicts.jsonl.gz", "rt") as lines:
        return [json.loads(line) for line in lines][1:]


def load_all(path: Path) -> list[dict[str, Any]]:
    text = path.read_text()
    return [json.loads(text)] if path.suffix == ".json" else [item for item in yaml.safe_load_all(text) if item]


FOLDERS = [DATA / name for name in ("apps", "clusters", "configs") if DATA.exists()]
SAMPLES = [(path, item) for folder in FOLDERS for path in sorted(folder.iterdir()) for item in load_all(path)]


@pytest.fixture(params=[item for _, item in SAMPLES], ids=[f"{path.name}-{item['kind']}" for path, item in SAMPLES])
def sample(request: pytest.FixtureRequest) -> dict[str, Any]:
    body: dict[str, Any] = request.param
    return body


RECORDS = sorted((DATA / "golden").glob("*/cr-*.json"))


@pytest.fixture(params=RECORDS, ids=[f"{path.parent.name}-{path.stem}" for path in RECORDS])
def record_path(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path

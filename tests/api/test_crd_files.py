"""The files that users apply are the ones that the types say."""

from __future__ import annotations

from pathlib import Path

from kdasync.api.schema import main, write

COMMITTED = Path(__file__).parents[2] / "manifests/crds"


def test_no_drift(tmp_path: Path) -> None:
    generated = {path.name: path.read_text() for path in write(tmp_path)}
    committed = {path.name: path.read_text() for path in COMMITTED.glob("*.yaml")}
    assert generated == committed, "run `python -m kdasync.api.schema`"


def test_command_writes_where_it_is_told(tmp_path: Path) -> None:
    main([str(tmp_path / "new")])
    assert len(list((tmp_path / "new").glob("*.yaml"))) == 4

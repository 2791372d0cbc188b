"""`kdasync lint`: places, formats, exit codes, and every kind of unreadable file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kdasync.cli.lint.documents import Unreadable, documents
from kdasync.cli.main import main

APP = """\
apiVersion: kubedirector.hpe.com/v1beta1
kind: KubeDirectorApp
metadata: {name: demo}
spec:
  label: {name: Demo}
  distroID: acme/demo
  version: "1"
  configSchemaVersion: 8
  roles:
  - id: master
    cardinality: "1"
    imageRepoTag: localhost/demo:1
  config:
    selectedRoles: [master]
    roleServices:
    - roleID: master
      serviceIDs: [ui]
  services:
  - id: ui
    endpoint: {port: 80}
"""
CLUSTER = """\
---
# only a comment
---
apiVersion: kubedirector.hpe.com/v1beta1
kind: KubeDirectorCluster
metadata: {name: one}
spec:
  app: demo
  roles:
  - id: master
    members: 2
    resources:
      limits: {memory: 1Gi, cpu: "1"}
"""


def lint(*arguments: str, text: str = "") -> Any:
    return CliRunner().invoke(main, ["lint", *arguments], input=text)


def test_a_good_pair() -> None:
    result = lint("-", text=APP + CLUSTER.replace("members: 2", "members: 1"))
    assert (result.exit_code, result.output) == (0, "0 errors, 0 warnings\n")


def test_file_line_field_message_and_remedy(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(APP)
    (tmp_path / "one.yaml").write_text(CLUSTER)
    result = lint(str(tmp_path / "one.yaml"), str(tmp_path / "app.yaml"))
    assert result.exit_code == 1
    said = "spec.roles[0].members: role master has 2 members, the app allows 1. Ask for exactly 1. [CardinalityBroken]"
    assert result.output.splitlines() == [f"{tmp_path}/one.yaml:11: error: {said}", "1 errors, 0 warnings"]


def test_an_app_that_was_not_given_is_told() -> None:
    result = lint("-", text=CLUSTER)
    assert result.exit_code == 0
    assert "warning: spec.app: app demo is in no file" in result.output


def test_complete_files_are_the_whole_world() -> None:
    result = lint("--complete", "-", text=CLUSTER)
    assert result.exit_code == 1
    assert "there is no KubeDirectorApp 'demo'" in result.output


def test_warnings_count_only_when_strict() -> None:
    untagged = APP.replace("demo:1", "demo")
    assert lint("-", text=untagged).exit_code == 0
    result = lint("--strict", "-", text=untagged)
    assert result.exit_code == 1
    assert "<stdin>:12: warning: spec.roles[0].imageRepoTag: image localhost/demo has no fixed tag." in result.output


def test_json() -> None:
    (finding,) = json.loads(lint("--format", "json", "-", text=APP + CLUSTER).output)
    assert finding == {
        "file": "<stdin>",
        "line": APP.count("\n") + 11,
        "level": "error",
        "rule": "CardinalityBroken",
        "field": "spec.roles[0].members",
        "message": "role master has 2 members, the app allows 1.",
        "remedy": "Ask for exactly 1.",
    }


def test_sarif() -> None:
    log = json.loads(lint("--format", "sarif", "-", text=APP + CLUSTER).output)
    (run,) = log["runs"]
    (result,) = run["results"]
    assert log["version"] == "2.1.0"
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "CardinalityBroken"
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": APP.count("\n") + 11}


def test_unknown_fields_are_warned_of() -> None:
    result = lint("-", text=APP.replace("    cardinality:", "    carddinality: 1\n    cardinality:"))
    assert result.exit_code == 0
    assert "<stdin>:11: warning: spec.roles[0].carddinality: nobody knows this field." in result.output


def test_json_with_tabs() -> None:
    body = {"kind": "KubeDirectorApp", "spec": {"x": "a"}}
    (item,) = documents("f", json.dumps(body, indent="\t").encode())
    assert item.value == body
    assert item.line_of("spec.x") == 4


def test_a_list_is_taken_apart() -> None:
    text = "kind: List\nitems:\n- kind: A\n  spec:\n    x: 1\n- kind: B\n"
    first, second = documents("f", text.encode())
    assert (first.value, second.value) == ({"kind": "A", "spec": {"x": 1}}, {"kind": "B"})
    assert (first.line_of("spec.x"), second.line) == (5, 6)


def test_dates_and_octals_are_read_as_kubectl_does() -> None:
    (item,) = documents("f", b"a: 2024-01-01\nb: 0644\nc: yes\n5: x\n")
    assert item.value == {"a": "2024-01-01", "b": 420, "c": True, "5": "x"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\xff\xfe\xff", "not UTF-8"),
        (b"a: [", "expected the node content"),
        (b"a: b\n  c: d\n e: f\n", "mapping values are not allowed"),
        (b"[" * 5000, "nested too deeply"),
        (b"a: &a [*a]\n", "contains itself"),
        (b"a: &a {x: *a}\n", "contains itself"),
        (
            b"a: &a [1,1,1,1,1,1,1,1,1,1]\n"
            + b"".join(b"%c: &%c [%s]\n" % (98 + i, 98 + i, b",".join([b"*%c" % (97 + i)] * 10)) for i in range(6)),
            "aliases that multiply",
        ),
        (b"a: *nowhere\n", "found undefined alias"),
        (b"a: !!python/object/apply:os.system [ls]\n", ""),
        (b"\x00", ""),
    ],
)
def test_unreadable(data: bytes, words: str) -> None:
    found = list(documents("f", data))
    assert found
    if words:
        assert isinstance(found[-1], Unreadable)
        assert words in str(found[-1].error)
    result = CliRunner().invoke(main, ["lint", "-"], input=data)
    assert result.exit_code == (1 if isinstance(found[-1], Unreadable) else 0)
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_what_is_no_object_is_an_error() -> None:
    result = lint("-", text="just text\n")
    assert (result.exit_code, "this is no object" in result.output) == (1, True)


def test_wrong_usage_is_exit_code_2(tmp_path: Path) -> None:
    assert lint().exit_code == 2
    assert lint(str(tmp_path / "missing.yaml")).exit_code == 2

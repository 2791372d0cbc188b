from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

META = {
    "version": "8",
    "nothing": None,
    "list": [1, True, "x,}", []],
    "nodegroups": {"1": {"roles": {"w-r": {"fqdns": ["p-10.s", "p-9.s"], "fqdn_mappings": {"p-10.s": "4", "p-9.s": "12"}}}}},
    "node": {"role_id": "w-r", "fqdn": "p-9.s", "depends_on": {}},
    "connections": {"clusters": {"dcs": {"nodegroups": {"1": {"roles": {"member": {"fqdns": ["e-1.x", "e-0.x"]}}}}}}},
}


@pytest.fixture
def library(guest: Any, catalog: Path) -> Any:
    def run(shell: list[str], text: str, **meta: Any) -> Any:
        (guest.folder / "configmeta.json").write_text(json.dumps({**META, **meta}))
        script = guest.folder / "script"
        script.write_text(f". {catalog}/common/kd.sh\n{text}\n")
        return guest.call(script, shell=shell)

    return run


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kd_load; echo $KD_ROLE $KD_FQDN $KD_POD", "w-r p-9.s p-9"),
        ("kd_load; kd_get nothing; kd_get list/0; kd_get list/2; kd_get absent", "null\n1\nx,}"),
        ("kd_load; kd_fqdns w-r", "p-9.s\np-10.s"),
        ("kd_load; kd_fqdns absent", ""),
        ("kd_load; kd_oldest w-r", "p-10.s"),
        ("kd_load; kd_connected member", "e-0.x\ne-1.x"),
        ("kd_load; kd_connected absent", ""),
    ],
)
def test_reads_configmeta(library: Any, shell: list[str], text: str, expected: str) -> None:
    result = library(shell, text)
    assert (result.returncode, result.stdout.strip(), result.stderr) == (0, expected, "")


@pytest.mark.parametrize("value", ["plain", 'a"b', "a\\b", "a\\\\", "<&>", "{[,:]}", "a/b c", "'$x`", "\\u0041", "tab"])
def test_reads_any_text_of_one_line(library: Any, shell: list[str], value: str) -> None:
    result = library(shell, "kd_load; kd_get secret", secret=value)
    assert result.stdout == value + "\n"


def test_reads_what_go_escapes(guest: Any, library: Any, shell: list[str]) -> None:
    library(shell, ":")
    text = (guest.folder / "configmeta.json").read_text()
    (guest.folder / "configmeta.json").write_text(text.replace('"x,}"', r'"\u003cp\u0026q\u003e"'))
    assert guest.call(guest.folder / "script", shell=shell).returncode == 0
    (guest.folder / "script").write_text((guest.folder / "script").read_text() + "kd_load; kd_get list/2\n")
    assert guest.call(guest.folder / "script", shell=shell).stdout == "<p&q>\n"


@pytest.mark.parametrize("meta", [{"node": {}}, {"node": {"role_id": "w"}}])
def test_refuses_a_document_without_this_member(library: Any, shell: list[str], meta: dict[str, Any]) -> None:
    result = library(shell, "kd_load; echo reached", **meta)
    assert result.returncode == 1
    assert result.stdout == ""
    assert "damaged" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("--configure", "configure||"),
        ("--reconnect --new-option x", "reconnect||"),
        ("--addnodes --nodegroup 1 --role w --fqdns a.x,b.x", "addnodes|w|a.x b.x"),
        ("'--delnodes' '--nodegroup 1' --role=w --fqdns=a.x", "delnodes|w|a.x"),
        ("--future", "||"),
    ],
)
def test_takes_kubedirectors_arguments(library: Any, shell: list[str], arguments: str, expected: str) -> None:
    result = library(shell, f'kd_args {arguments}; echo "$KD_EVENT|$KD_CHANGED_ROLE|$KD_CHANGED_FQDNS"')
    assert result.stdout.strip() == expected


@pytest.mark.parametrize(
    "arguments", ["--addnodes --role w", "--delnodes --fqdns a", "--delnodes --role", "--addnodes --role w --fqdns"]
)
def test_refuses_half_an_event(library: Any, shell: list[str], arguments: str) -> None:
    result = library(shell, f"kd_args {arguments}; echo reached")
    assert (result.returncode, result.stdout) == (1, "")
    assert "--" in result.stderr


def test_waits_until_the_check_succeeds(library: Any, shell: list[str]) -> None:
    text = 'n=0; check() { n=$((n + 1)); [ $n -ge 3 ]; }; kd_wait 20 "three" check; echo $n'
    assert library(shell, text).stdout == "3\n"


def test_says_what_it_waited_for(library: Any, shell: list[str]) -> None:
    result = library(shell, 'kd_wait 1 "the moon" false; echo reached')
    assert (result.returncode, result.stdout) == (1, "")
    assert "waited 1 s for the moon" in result.stderr


def test_start_replaces_the_gate_file_whole(library: Any, guest: Any, shell: list[str]) -> None:
    assert library(shell, "echo one | kd_start; echo two | kd_start").returncode == 0
    assert guest.start == "two\n"
    assert sorted(path.name for path in guest.run_dir.iterdir()) == ["start"]

"""A machine that forbids namespaces is told how to allow them."""

from pathlib import Path

import pytest

from kdasync.devcluster.runtime.process.guardian import remedy


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
        ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "user.max_user_namespaces=10000"),
    ],
)
def test_a_switch_that_forbids_is_named_with_its_right_value(tmp_path: Path, name: str, value: str, told: str) -> None:
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text(f"{value}\n")
    assert told in remedy(tmp_path)


@pytest.mark.parametrize(
    ("release", "old"), [("5.10.0-33-amd64", True), ("4.18", True), ("5.12-rc1", False), ("6.18.44-fc", False)]
)
def test_an_old_kernel_is_told(tmp_path: Path, release: str, old: bool) -> None:
    assert (remedy(tmp_path, release=release) == "Use Linux 5.12 or newer.") is old


def test_otherwise_root_helps(tmp_path: Path) -> None:
    (tmp_path / "user").mkdir()
    (tmp_path / "user/max_user_namespaces").write_text("5000\n")
    assert remedy(tmp_path).startswith("Start as root")

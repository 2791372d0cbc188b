from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import yaml
from click.testing import Result

from kdasync.guest.archive import check_package


def test_list_names_each_app(call: Callable[..., Result]) -> None:
    lines = call("catalog", "list").output.splitlines()
    assert lines[0].split() == ["APP", "VERSION", "ROLES", "IMAGE"]
    assert [line.split()[0] for line in lines[1:]] == ["dask", "etcd", "patroni"]


def test_show_puts_the_package_where_the_user_says_and_changes_nothing_else(call: Callable[..., Result]) -> None:
    plain = yaml.safe_load(call("catalog", "show", "dask").output)
    moved = yaml.safe_load(call("catalog", "show", "dask", "--package-base", "https://example.org/p/").output)
    assert moved["spec"]["defaultConfigPackage"].pop("packageURL") == "https://example.org/p/dask-1.0.0.tgz"
    plain["spec"]["defaultConfigPackage"].pop("packageURL")
    assert moved == plain


def test_cluster_prints_a_sample_of_the_app(call: Callable[..., Result]) -> None:
    assert yaml.safe_load(call("catalog", "cluster", "dask").output)["spec"]["app"] == "dask"


def test_an_unknown_sample_is_refused_with_the_known_ones(call: Callable[..., Result]) -> None:
    result = call("catalog", "cluster", "dask", "--sample", "huge")
    assert result.exit_code == 1
    assert "Use one of: ha, small." in result.output


def test_pack_writes_packages_that_the_operator_accepts(call: Callable[..., Result], tmp_path: Path) -> None:
    assert call("catalog", "pack", str(tmp_path / "out")).exit_code == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["dask-1.0.0.tgz", "etcd-1.0.0.tgz", "patroni-1.0.0.tgz"]
    for name in names:
        assert check_package((tmp_path / "out" / name).read_bytes(), source=name, limit=1 << 20).files

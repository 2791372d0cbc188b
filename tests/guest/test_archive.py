"""Which archives are packages."""

from __future__ import annotations

import gzip
import io
import tarfile

import pytest

from kdasync.errors import GuestError
from kdasync.guest.archive import check_package
from kdasync.guest.order import Package

Entry = tuple[str, bytes | str, int, bytes]  # path, content or link target, mode, tar type
LIMIT = 1 << 20


def archive(*entries: Entry) -> bytes:
    """Of (path, content or link target, mode, tar type)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for path, content, mode, kind in entries:
            info = tarfile.TarInfo(path)
            info.mode, info.type = mode, kind
            data = content if isinstance(content, bytes) else b""
            info.linkname = content if isinstance(content, str) else ""
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def file(path: str, content: bytes = b"#!/bin/sh\n", mode: int = 0o755) -> Entry:
    return (path, content, mode, tarfile.REGTYPE)


def folder(path: str, mode: int = 0o755) -> Entry:
    return (path, b"", mode, tarfile.DIRTYPE)


def link(path: str, target: str, kind: bytes = tarfile.SYMTYPE) -> Entry:
    return (path, target, 0o777, kind)


def check(*entries: Entry, limit: int = LIMIT) -> Package:
    return check_package(archive(*entries), source="http://x/p.tgz", limit=limit)


def paths(package: Package) -> list[str]:
    return [known.path for known in package.files]


def test_a_package_is_read_whole() -> None:
    package = check(folder("pkg/"), file("pkg/startscript"), file("pkg/lib/a", b"data", 0o640), link("pkg/b", "lib/a"))
    assert package.root == "pkg"
    assert len(package.digest) == 64
    assert paths(package) == ["pkg", "pkg/b", "pkg/lib", "pkg/lib/a", "pkg/startscript"]
    by_path = {known.path: known for known in package.files}
    assert (by_path["pkg/lib/a"].data, by_path["pkg/lib/a"].mode) == (b"data", 0o640)
    assert by_path["pkg/b"].link == "lib/a"


def test_leading_dots_and_missing_directories_do_not_matter() -> None:
    assert paths(check(folder("./"), file("./pkg/startscript"))) == ["pkg", "pkg/startscript"]


def test_a_script_without_execute_bit_gets_it() -> None:
    assert check(file("pkg/startscript", mode=0o644)).files[1].mode == 0o744


def test_a_hard_link_becomes_a_copy() -> None:
    package = check(file("pkg/startscript", b"same"), link("pkg/again", "pkg/startscript", tarfile.LNKTYPE))
    assert package.files[1].data == b"same"


def test_set_user_id_bits_are_dropped() -> None:
    assert check(file("pkg/startscript"), file("pkg/x", b"", 0o4755)).files[2].mode == 0o755


@pytest.mark.parametrize(
    "entries",
    [
        (file("startscript"),),
        (file("pkg/other"),),
        (file("a/startscript"), file("b/startscript")),
        (file("pkg/startscript"), file("stray")),
        (folder("pkg/startscript"),),
        (),
    ],
)
def test_another_shape_is_malformed(entries: tuple[Entry, ...]) -> None:
    with pytest.raises(GuestError) as caught:
        check(*entries)
    assert caught.value.reason == "PackageMalformed"
    assert caught.value.remedy


@pytest.mark.parametrize(
    "data",
    [b"", b"<html>404</html>", gzip.compress(b"no tar" * 200), archive(file("pkg/startscript"))[:-20]],
    ids=["empty", "page", "no tar", "cut"],
)
def test_what_is_no_archive_is_malformed(data: bytes) -> None:
    with pytest.raises(GuestError) as caught:
        check_package(data, source="s", limit=LIMIT)
    assert caught.value.reason == "PackageMalformed"


@pytest.mark.parametrize(
    "bad",
    [
        file("/etc/passwd"),
        file("pkg/../../x"),
        file("../x"),
        file("pkg/new\nline"),
        link("pkg/l", "/etc"),
        link("pkg/l", "../../etc"),
        link("pkg/l", "../other"),
        link("pkg/l", ""),
        link("pkg/l", "nowhere", tarfile.LNKTYPE),
        ("pkg/device", b"", 0o600, tarfile.CHRTYPE),
        ("pkg/pipe", b"", 0o600, tarfile.FIFOTYPE),
    ],
    ids=lambda entry: repr(entry[:2]),
)
def test_what_leads_outside_is_unsafe(bad: Entry) -> None:
    with pytest.raises(GuestError) as caught:
        check(file("pkg/startscript"), bad)
    assert caught.value.reason == "PackageUnsafe"


@pytest.mark.parametrize(
    "entries",
    [
        (folder("pkg/d"), link("pkg/l", "d"), file("pkg/l/x")),
        (folder("pkg/a/b"), link("pkg/deep", "a/b"), link("pkg/out", "deep/../../..")),
    ],
    ids=["below a link", "through a link"],
)
def test_links_are_not_followed(entries: tuple[Entry, ...]) -> None:
    with pytest.raises(GuestError) as caught:
        check(file("pkg/startscript"), *entries)
    assert caught.value.reason == "PackageUnsafe"


def test_an_archive_that_unpacks_to_too_much_is_refused() -> None:
    with pytest.raises(GuestError) as caught:
        check(file("pkg/startscript"), file("pkg/zeros", bytes(LIMIT)))
    assert caught.value.reason == "PackageTooLarge"
    assert check(file("pkg/startscript"), file("pkg/zeros", bytes(LIMIT)), limit=2 * LIMIT).root == "pkg"

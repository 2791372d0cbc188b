"""A restarted member with a volume: recovered, to be set up, failed, or somebody else's."""

from __future__ import annotations

from typing import Any

import pytest

from kdasync.guest.order import Outcome, Provenance

STATUS = "/opt/guestconfig/configure.status"


def probe(setup: Any, **changes: Any) -> Any:
    return setup(event="recover", setup=False, probe=True, args=(), package=None, container="containerd://c2", **changes)


async def restarted(guest: Any, setup: Any, **changes: Any) -> None:
    await guest.deliver(setup(**changes))
    guest.boot("7777")


async def test_a_member_that_was_set_up_is_recovered_with_the_newest_configmeta(guest: Any, setup: Any) -> None:
    await restarted(guest, setup)
    result = await guest.deliver(probe(setup, configmeta=b'{"new":1}'))
    assert result.outcome is Outcome.RECOVERED, result
    assert guest.text("/etc/guestconfig/configmeta.json") == '{"new":1}'
    assert len(guest.calls) == 1


async def test_an_empty_volume_is_unconfigured(guest: Any, setup: Any) -> None:
    assert (await guest.deliver(probe(setup))).outcome is Outcome.UNCONFIGURED
    assert not guest.path("/etc/guestconfig").exists()


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("containerd://c1=", Outcome.UNCONFIGURED),
        ("containerd://c1=0\n", Outcome.RECOVERED),
        ("a=b=0", Outcome.RECOVERED),
        ("containerd://c1=5", Outcome.SCRIPT_FAILED),
        ("containerd://c1=what", Outcome.SCRIPT_FAILED),
        ("nonsense", Outcome.BROKEN),
        ("containerd://c2=", Outcome.BUSY),
    ],
)
async def test_the_status_file_decides(guest: Any, setup: Any, text: str, outcome: Outcome) -> None:
    await restarted(guest, setup)
    guest.path(STATUS).write_text(text)
    result = await guest.deliver(probe(setup))
    assert result.outcome is outcome, result
    assert result.exit_code == {"containerd://c1=5": 5, "containerd://c1=what": 1}.get(text, result.exit_code)


async def test_the_output_of_a_failed_setup_is_reported(guest: Any, setup: Any, script: Any, package: Any) -> None:
    await restarted(guest, setup, package=package(script("echo why; exit 5")))
    assert (await guest.deliver(probe(setup))).stdout == "why\n"


@pytest.mark.parametrize("owner", [("uid-2", "worker", 3), ("uid-1", "other", 3), ("uid-1", "worker", 4)])
async def test_another_members_volume_is_foreign(guest: Any, setup: Any, owner: tuple[str, str, int]) -> None:
    await restarted(guest, setup)
    result = await guest.deliver(probe(setup, provenance=Provenance(*owner), trust_unmarked=True))
    assert (result.outcome, result.reason) == (Outcome.FOREIGN, "VolumeForeign")
    assert "worker" in result.detail


@pytest.mark.parametrize(("trust", "outcome"), [(True, Outcome.RECOVERED), (False, Outcome.FOREIGN)])
async def test_an_unmarked_volume_needs_a_status_that_knows_it(guest: Any, setup: Any, trust: bool, outcome: Outcome) -> None:
    await restarted(guest, setup)
    mark = guest.path("/opt/guestconfig/.kdasync/provenance")
    mark.unlink()
    assert (await guest.deliver(probe(setup, trust_unmarked=trust))).outcome is outcome
    assert mark.exists() is trust


@pytest.mark.parametrize(("digest", "outcome"), [("digest", "recovered"), ("", "recovered"), ("other", "unconfigured")])
async def test_another_package_is_set_up_again(guest: Any, setup: Any, digest: str, outcome: str) -> None:
    await restarted(guest, setup)
    assert (await guest.deliver(probe(setup, provenance=Provenance("uid-1", "worker", 3, digest)))).outcome == outcome


async def test_the_links_of_the_new_layout_are_made_again(guest: Any, setup: Any) -> None:
    await restarted(guest, setup, new_layout=True, configcli=True)
    for link in guest.path("/usr/bin").iterdir():
        link.unlink()
    await guest.deliver(probe(setup, new_layout=True))
    links = {link.name: str(link.readlink()) for link in guest.path("/usr/bin").iterdir()}
    assert links == {name: f"/usr/local/bin/{name}" for name in ("bdvcli", "bd_vcli", "configcli", "ccli", "configmacro")}


async def test_an_older_operator_changes_nothing(guest: Any, setup: Any) -> None:
    await restarted(guest, setup)
    await guest.deliver(probe(setup, commit=9))
    assert (await guest.deliver(probe(setup, commit=8, configmeta=b"old"))).outcome is Outcome.STALE
    assert "old" not in guest.text("/etc/guestconfig/configmeta.json")

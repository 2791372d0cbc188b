"""Three years of two replicas on virtual time: whatever is served verifies against what is installed, at every moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from kdasync.admission.certificates import GRACE, LINGER, Issuer, Material, advance, expires, hosts, verifies
from kdasync.admission.rotation import Rotator, Stored
from kdasync.errors import Conflict, ServerError

NAMES = hosts("kubedirector-validator", "kubedirector")
START = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    def __init__(self, days: float = 0) -> None:
        self.now = START + timedelta(days=days)

    def __call__(self) -> float:
        return self.now.timestamp()


class Shared:
    """A Secret and a registration, with an API server that is away now and then."""

    def __init__(self, random: Random) -> None:
        self.material: Material | None = None
        self.version = 0
        self.bundle = b""
        self.random = random
        self.away = 0.0
        self.bundles: list[bytes] = []

    def _maybe(self) -> None:
        if self.random.random() < self.away:
            raise ServerError(500, "InternalError", "away")

    async def load(self) -> Stored:
        self._maybe()
        return Stored(material=self.material, version=str(self.version))

    async def save(self, material: Material, version: str) -> None:
        self._maybe()
        if version != str(self.version):
            raise Conflict(409, "Conflict", "changed")
        self.material, self.version = material, self.version + 1
        self._maybe()  # stored, but the answer is lost

    async def installed(self) -> bytes:
        self._maybe()
        return self.bundle

    async def install(self, bundle: bytes) -> None:
        self._maybe()
        self.bundle = bundle
        self.bundles.append(bundle)


class Replica:
    def __init__(self, shared: Shared, clock: Any) -> None:
        self.shared = shared
        self.clock = clock
        self.rotator = self.make()

    def make(self) -> Rotator:
        return Rotator(self.shared, Issuer(hosts=NAMES), serve=lambda _material: None, now=self.clock)

    async def restart(self) -> None:
        self.rotator = self.make()
        while not self.rotator.ready:
            await self.rotator.attempt()

    def sound(self, now: datetime) -> bool:
        served = self.rotator.served
        return served is not None and verifies(served.certificate, self.shared.bundle, NAMES[0], now=now)


@pytest.mark.parametrize(("seed", "away"), [(1, 0.0), (2, 0.4)])
async def test_three_years(seed: int, away: float) -> None:
    random = Random(seed)  # noqa: S311 - repeatable
    clock = Clock()
    shared = Shared(random)
    replicas = [Replica(shared, clock) for _ in range(2)]
    for replica in replicas:
        await replica.restart()
    while not all(replica.sound(clock.now) for replica in replicas):
        await replicas[0].rotator.attempt()
    shared.away = away
    leaves, authorities = set(), set()
    while clock.now < START + timedelta(days=3 * 365 + 30):
        clock.now += timedelta(hours=random.choice([1, 3, 6, 12]))
        for replica in random.sample(replicas, 2):
            assert replica.sound(clock.now), clock.now
            if random.random() < 0.02:
                await replica.restart()
            elif random.random() < 0.7:
                await replica.rotator.attempt()
            assert all(other.sound(clock.now) for other in replicas), clock.now
            assert replica.rotator.ready or away
        leaves.add(shared.material.certificate)
        authorities.update(shared.material.authorities)
        assert expires(shared.material.certificate) - clock.now > timedelta(days=20)
    assert 15 < len(leaves) < 30
    assert len(authorities) in (3, 4)
    assert max(bundle.count(b"BEGIN") for bundle in shared.bundles) == 2
    assert shared.bundle.count(b"BEGIN") == 1


async def test_two_replicas_that_start_at_once_agree() -> None:
    shared = Shared(Random(1))  # noqa: S311 - repeatable
    first, second = (Replica(shared, START.timestamp) for _ in range(2))
    await first.rotator.step()
    await second.rotator.step()
    assert first.rotator.served == second.rotator.served
    assert first.rotator.ready
    assert second.rotator.ready


async def test_a_replica_that_cannot_look_for_days_is_not_ready() -> None:
    clock = Clock()
    shared = Shared(Random(1))  # noqa: S311 - repeatable
    replica = Replica(shared, clock)
    await replica.rotator.step()
    clock.now += timedelta(days=4)
    assert not replica.rotator.ready
    await replica.rotator.step()
    assert replica.rotator.ready


def test_nothing_is_due_every_day() -> None:
    issuer = Issuer(hosts=NAMES)
    made = advance(None, issuer, now=START, installed=b"")
    assert advance(made, issuer, now=START + timedelta(days=59), installed=made.bundle) is made


def test_an_expired_certificate_is_renewed_at_once() -> None:
    issuer = Issuer(hosts=NAMES)
    made = advance(None, issuer, now=START, installed=b"")
    late = START + timedelta(days=800)
    assert not verifies(made.certificate, made.bundle, NAMES[0], now=late)
    renewed = advance(made, issuer, now=late, installed=made.bundle)
    assert verifies(renewed.certificate, renewed.bundle, NAMES[0], now=late)
    assert made.authorities[-1] in renewed.authorities


def test_a_new_authority_signs_only_after_its_bundle_was_installed_for_a_day() -> None:
    issuer = Issuer(hosts=NAMES)
    made = advance(None, issuer, now=START, installed=b"")
    for days in range(60, 480, 60):
        made = advance(made, issuer, now=START + timedelta(days=days), installed=made.bundle)
    due = START + timedelta(days=490)
    introduced = advance(made, issuer, now=due, installed=made.bundle)
    assert (len(introduced.authorities), introduced.certificate) == (2, made.certificate)
    assert advance(introduced, issuer, now=due + GRACE / 2, installed=introduced.bundle) is introduced
    assert advance(introduced, issuer, now=due + GRACE, installed=made.bundle) is introduced
    signed = advance(introduced, issuer, now=due + GRACE, installed=introduced.bundle)
    assert verifies(signed.certificate, signed.authorities[-1], NAMES[0], now=due + GRACE)
    assert advance(signed, issuer, now=due + GRACE + LINGER / 2, installed=signed.bundle) is signed
    assert advance(signed, issuer, now=due + GRACE + LINGER, installed=signed.bundle).authorities == signed.authorities[-1:]


def kubedirectors() -> Material:
    """As KubeDirector makes them: RSA, ten years, the authority's key thrown away."""
    root, leaf = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "kubedirector-validator-ca")])

    def signed(name: Any, key: Any, days: int, *extensions: Any) -> bytes:
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(subject).public_key(key.public_key())
        builder = (
            builder.serial_number(x509.random_serial_number()).not_valid_before(START).not_valid_after(START + timedelta(days=days))
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(root, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    authority = signed(subject, root, 3650, (x509.BasicConstraints(ca=True, path_length=None), True))
    names = x509.SubjectAlternativeName([x509.DNSName(name) for name in NAMES])
    server = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAMES[0])])
    certificate = signed(server, leaf, 365, (names, False))
    key = leaf.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return Material(certificate=certificate, key=key, authorities=(authority,))


async def test_kubedirectors_secret_is_taken_over() -> None:
    clock = Clock(days=10)
    shared = Shared(Random(1))  # noqa: S311 - repeatable
    shared.material = old = kubedirectors()
    shared.bundle = old.bundle
    replica = Replica(shared, clock)
    await replica.rotator.step()
    assert replica.rotator.ready
    assert old.authorities[0] in shared.bundle
    assert verifies(replica.rotator.served.certificate, shared.bundle, NAMES[0], now=clock.now)

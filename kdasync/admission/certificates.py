"""The webhook's certificates: an authority of its own, a server certificate by it, and the rotation of both. Pure but for keys.

Flow of a rotation, each step stored before the next: (1) the new authority joins the bundle; (2) when that bundle has been installed
for `GRACE`, the server certificate comes from the new authority; (3) when every replica has long read it, the old authority leaves.
Guarantees: at every moment what any replica serves verifies against what is installed, although neither all replicas nor the API
servers learn of a step at once. A certificate is renewed at two thirds of its life; one that has expired is renewed at once.
Assumptions: a replica that cannot read the Secret for `LINGER` is not ready, so nobody is sent to it.
Source: spec/kubedirector-api.md section 2.2 (names and keys of the Secret); security-observability.md 2.4.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from msgspec.structs import replace

AUTHORITY = timedelta(days=730)
LEAF = timedelta(days=90)
GRACE = timedelta(days=1)  # from the bundle with a new authority to the first certificate by it
LINGER = timedelta(days=7)  # from that certificate to the bundle without the old authority
_SKEW = timedelta(minutes=10)
_PEM = serialization.Encoding.PEM

Key = ec.EllipticCurvePrivateKey


class Material(msgspec.Struct, frozen=True, kw_only=True):
    """What the Secret holds.

    Attributes:
        certificate, key: PEM of the server.
        authorities: PEM certificates that are or will be trusted, the newest last.
        signing_key: PEM key of the newest authority; empty if it was made by KubeDirector, which throws it away.
    """

    certificate: bytes
    key: bytes
    authorities: tuple[bytes, ...]
    signing_key: bytes = b""

    @property
    def bundle(self) -> bytes:
        """What the webhook configurations carry."""
        return b"".join(self.authorities)


class Issuer(msgspec.Struct, frozen=True, kw_only=True):
    """Makes certificates.

    Attributes:
        hosts: names of the service.
        new_key, serial: sources of keys and serial numbers.
    """

    hosts: tuple[str, ...]
    new_key: Callable[[], Key] = lambda: ec.generate_private_key(ec.SECP256R1())
    serial: Callable[[], int] = x509.random_serial_number


def hosts(service: str, namespace: str) -> tuple[str, ...]:
    """Names under which the API server may call a service."""
    return (f"{service}.{namespace}.svc", f"{service}.{namespace}", service)


def advance(material: Material | None, issuer: Issuer, *, now: datetime, installed: bytes) -> Material:
    """The next step of the rotation, or `material` itself if none is due.

    `installed` is the bundle that the API servers use now.
    """
    if material is None or not _serves(material, issuer, now):
        return _fresh(material, issuer, now)
    newest = _load(material.authorities[-1])
    leaf = _load(material.certificate)
    own = _signed_by(leaf, newest)
    if not own and _age(newest, now) >= GRACE and material.authorities[-1] in installed:
        return _renewed(material, issuer, now)
    if own and (not material.signing_key or _old(newest, now)):
        return _introduced(material, issuer, now)
    if own and _old(leaf, now):
        return _renewed(material, issuer, now)
    if own and len(material.authorities) > 1 and _age(leaf, now) >= LINGER:
        return replace(material, authorities=material.authorities[-1:])
    return material


def verifies(certificate: bytes, bundle: bytes, host: str, *, now: datetime) -> bool:
    """True if a client that trusts `bundle` accepts the certificate for `host`."""
    try:
        authorities = x509.load_pem_x509_certificates(bundle)
        verifier = PolicyBuilder().store(Store(authorities)).time(now).build_server_verifier(x509.DNSName(host))
        verifier.verify(_load(certificate), [])
    except (VerificationError, ValueError):
        return False
    return True


def expires(certificate: bytes) -> datetime:
    """The end of a certificate's life."""
    return _load(certificate).not_valid_after_utc


def _fresh(material: Material | None, issuer: Issuer, now: datetime) -> Material:
    """A new authority and a certificate by it, at once: there is nothing valid to protect. Old authorities stay for other replicas."""
    known = material.authorities if material else ()
    return _renewed(_with_authority(material, known, issuer, now), issuer, now)


def _introduced(material: Material, issuer: Issuer, now: datetime) -> Material:
    return _with_authority(material, material.authorities[-1:], issuer, now)


def _with_authority(material: Material | None, known: tuple[bytes, ...], issuer: Issuer, now: datetime) -> Material:
    key = issuer.new_key()
    made = _authority(key, issuer.serial(), now).public_bytes(_PEM)
    old = material or Material(certificate=b"", key=b"", authorities=())
    return replace(old, authorities=(*known[-1:], made), signing_key=_private(key))


def _renewed(material: Material, issuer: Issuer, now: datetime) -> Material:
    signing = serialization.load_pem_private_key(material.signing_key, None)
    if not isinstance(signing, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority's key is no elliptic curve key")
    key = issuer.new_key()
    leaf = _leaf(key, issuer, signing, _load(material.authorities[-1]), now)
    return replace(material, certificate=leaf.public_bytes(_PEM), key=_private(key))


def _serves(material: Material, issuer: Issuer, now: datetime) -> bool:
    try:
        return bool(material.authorities) and verifies(material.certificate, material.bundle, issuer.hosts[0], now=now)
    except ValueError:
        return False


def _load(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem)


def _age(certificate: x509.Certificate, now: datetime) -> timedelta:
    return now - certificate.not_valid_before_utc - _SKEW


def _old(certificate: x509.Certificate, now: datetime) -> bool:
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return now - certificate.not_valid_before_utc >= life * 2 / 3


def _signed_by(leaf: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(authority)
    except Exception:  # noqa: BLE001 - the library raises many kinds, and each means no
        return False
    return True


def _private(key: Key) -> bytes:
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: x509.Name, issuer: x509.Name, serial: int, now: datetime, life: timedelta) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(serial)
        .not_valid_before(now.astimezone(UTC) - _SKEW)
        .not_valid_after(now.astimezone(UTC) + life)
    )


def _authority(key: Key, serial: int, now: datetime) -> x509.Certificate:
    name = _name(f"kubedirector-validator-ca {serial:x}"[:64])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        _builder(name, name, serial, now, AUTHORITY)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _leaf(key: Key, issuer: Issuer, signing: Key, authority: x509.Certificate, now: datetime) -> x509.Certificate:
    identifier = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in issuer.hosts])
    return (
        _builder(_name(issuer.hosts[0][:64]), authority.subject, issuer.serial(), now, LEAF)
        .public_key(key.public_key())
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(signing, hashes.SHA256())
    )

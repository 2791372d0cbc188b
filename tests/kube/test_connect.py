"""From a kubeconfig file to a TLS session with a client certificate or a token that is rotated."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kdasync.errors import SettingsError, TransportError
from kdasync.kube.session import connect
from kdasync.kube.transport import Request


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    day = dt.timedelta(days=1)
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    (folder / "crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    (folder / "key").write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return folder / "crt", folder / "key"


@pytest.fixture
async def server(serve: Any, certificate: tuple[Path, Path]) -> str:
    async def echo(request: web.Request) -> web.Response:
        return web.Response(text=request.headers.get("Authorization", "nobody"))

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return str(await serve(echo, ssl_context=context))


@pytest.fixture
def kubeconfig(tmp_path: Path, server: str, certificate: tuple[Path, Path]) -> Any:
    def write(user: dict[str, Any], cluster: dict[str, Any] | None = None) -> str:
        trust = {"certificate-authority": str(certificate[0])} if cluster is None else cluster
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": server, **trust}}],
            "users": [{"name": "u", "user": user}],
        }
        path = tmp_path / "config"
        path.write_text(yaml.safe_dump(document))
        return str(path)

    return write


async def ask(path: str) -> str:
    transport = await connect(path)
    try:
        return (await transport.request(Request("GET", "/x"), timeout=5)).body.decode()
    finally:
        await transport.close()


async def test_a_token_and_an_authority_of_the_kubeconfig_are_used(kubeconfig: Any) -> None:
    assert await ask(kubeconfig({"token": "secret"})) == "Bearer secret"


async def test_without_a_user_nothing_is_sent(kubeconfig: Any) -> None:
    assert await ask(kubeconfig({})) == "nobody"


async def test_a_server_that_the_authority_does_not_know_is_refused(kubeconfig: Any) -> None:
    with pytest.raises(TransportError) as caught:
        await ask(kubeconfig({"token": "secret"}, {}))
    assert not caught.value.sent


async def test_verification_can_be_switched_off(kubeconfig: Any) -> None:
    assert await ask(kubeconfig({"token": "secret"}, {"insecure-skip-tls-verify": True})) == "Bearer secret"


@pytest.mark.looptime
async def test_a_rotated_token_is_read_again_within_a_minute(kubeconfig: Any, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    transport = await connect(kubeconfig({"tokenFile": str(token)}))
    token.write_text("new\n")
    seen = []
    for _ in range(2):
        seen.append((await transport.request(Request("GET", "/x"), timeout=500)).body)
        await asyncio.sleep(61)
    await transport.close()
    assert seen == [b"Bearer old", b"Bearer new"]


@pytest.mark.parametrize("context", [None, "elsewhere"])
async def test_a_missing_file_or_context_says_what_to_do(kubeconfig: Any, tmp_path: Path, context: str | None) -> None:
    path = kubeconfig({}) if context else str(tmp_path / "none")
    with pytest.raises(SettingsError, match="Give one with --kubeconfig"):
        await connect(path, context)

"""KubeDirector's encrypted secret keys. Source: spec/kubedirector-runtime.md 3.7.

`encryptedValue` is lower-case hex of nonce, ciphertext and tag (AES-GCM, 12-byte nonce, 16-byte tag, no associated data), so that
both operators read what either wrote. The master key is hex of 16, 24 or 32 bytes.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kdasync.errors import DefinitionError

NONCE = 12  # bytes
_SIZES = (16, 24, 32)


def _cipher(master_key: str) -> AESGCM:
    try:
        key = bytes.fromhex(master_key)
    except ValueError:
        key = b""
    if len(key) not in _SIZES:
        raise DefinitionError("is no key.", field="spec.masterEncryptionKey", remedy="Set it to 32, 48 or 64 hex digits.")
    return AESGCM(key)


def encrypt(value: str, master_key: str, *, nonce: Callable[[int], bytes]) -> str:
    """`encryptedValue` of `value`.

    Args:
        value: plain text, may be empty.
        master_key: `spec.masterEncryptionKey` of the KubeDirectorConfig.
        nonce: source of that many random bytes, never the same twice.

    Raises:
        DefinitionError: the master key is none.
    """
    fresh = nonce(NONCE)
    return (fresh + _cipher(master_key).encrypt(fresh, value.encode(), None)).hex()


def decrypt(encrypted: str, master_key: str) -> str:
    """The plain text of an `encryptedValue`.

    Raises:
        DefinitionError: the master key is none, or the value was not encrypted with it.
    """
    cipher = _cipher(master_key)
    try:
        sealed = bytes.fromhex(encrypted)
        return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], None).decode()
    except (InvalidTag, ValueError) as error:
        raise DefinitionError(
            "cannot be decrypted with the master key.",
            field="secretKeys.encryptedValue",
            remedy="Submit the plain value again.",
            reason="SecretKeyUnreadable",
        ) from error

"""Encrypted secret keys, in the format both operators read."""

from __future__ import annotations

import pytest

from kdasync.errors import DefinitionError
from kdasync.guest.secretkeys import decrypt, encrypt

KEYS = {128: "00112233445566778899aabbccddeeff", 192: "ab" * 24, 256: "0f" * 32}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("value", ["", "s3cr3t", "päss\n"])
def test_what_is_encrypted_can_be_read(key: str, value: str) -> None:
    sealed = encrypt(value, key, nonce=lambda size: b"n" * size)
    assert sealed == sealed.lower()
    assert len(sealed) == 2 * (28 + len(value.encode()))
    assert decrypt(sealed, key) == value


def test_the_format_is_aes_gcm_as_published() -> None:
    """Test case 1 and 13 of the GCM specification: empty text, zero key and nonce."""
    assert encrypt("", "0" * 32, nonce=bytes) == "0" * 24 + "58e2fccefa7e3061367f1d57a4e7455a"
    assert encrypt("", "0" * 64, nonce=bytes) == "0" * 24 + "530f8afbc74536b9a963b4f1c4cb738b"


@pytest.mark.parametrize("key", ["", "zz" * 16, "00" * 15, "0" * 33])
def test_no_key_is_refused(key: str) -> None:
    with pytest.raises(DefinitionError, match="is no key"):
        encrypt("v", key, nonce=bytes)


@pytest.mark.parametrize("change", [lambda text: text[:-1] + "0", lambda _: "", lambda _: "00", lambda text: "xy" + text])
def test_a_changed_value_is_refused(change: object) -> None:
    sealed = encrypt("value", KEYS[256], nonce=lambda size: b"n" * size)
    assert callable(change)
    changed = change(sealed)
    if changed == sealed:
        changed = sealed[:-1] + "1"
    with pytest.raises(DefinitionError) as caught:
        decrypt(changed, KEYS[256])
    assert caught.value.reason == "SecretKeyUnreadable"


def test_another_master_key_is_refused() -> None:
    sealed = encrypt("value", KEYS[256], nonce=bytes)
    with pytest.raises(DefinitionError, match="cannot be decrypted"):
        decrypt(sealed, KEYS[128])

from __future__ import annotations

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import vault
from gateway.settings import BadSettings, Settings
from gateway.vault import Sealed, Vault

if TYPE_CHECKING:
    from pathlib import Path

KEY, OTHER = Vault(bytes(32)), Vault(bytes(31) + b"x")


@given(plain=st.binary(max_size=200), context=st.text(max_size=30))
def test_what_was_sealed_opens_in_its_place_and_never_looks_the_same_twice(plain: bytes, context: str) -> None:
    sealed = KEY.seal(plain, context)
    assert KEY.unseal(sealed, context) == plain
    assert KEY.seal(plain, context) != sealed


@given(plain=st.binary(max_size=50), at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_one_changed_bit_is_seen(plain: bytes, at: int, bit: int) -> None:
    sealed = bytearray(KEY.seal(plain, "place"))
    sealed[at % len(sealed)] ^= 1 << bit
    with pytest.raises(Sealed):
        KEY.unseal(bytes(sealed), "place")


@given(length=st.integers(0, 40))
def test_a_ciphertext_cut_short_is_seen(length: int) -> None:
    sealed = KEY.seal(b"twelve bytes", "place")
    with pytest.raises(Sealed):
        KEY.unseal(sealed[:length], "place")


def test_another_place_or_another_key_does_not_open() -> None:
    sealed = KEY.seal(b"NL84MOCK", "mer_1")
    for key, place in ((KEY, "mer_2"), (OTHER, "mer_1")):
        with pytest.raises(Sealed):
            key.unseal(sealed, place)


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new")
    sealed = vault.load(settings).seal(b"x", "place")
    assert vault.load(settings).unseal(sealed, "place") == b"x"
    file = tmp_path / "new" / vault.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir()] == [vault.FILE]


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _: vault.load(settings), range(16)))
    sealed = made[0].seal(b"x", "place")
    assert [key.unseal(sealed, "place") for key in made] == [b"x"] * 16


@pytest.mark.parametrize(
    "key", ["", "short", "A" * 44, "é" * 44, base64.b64encode(bytes(31)).decode(), "A" * 43 + "=\n\n"]
)
def test_a_key_that_is_none_is_refused(tmp_path: Path, key: str) -> None:
    (tmp_path / vault.FILE).write_text(key, encoding="utf-8")
    with pytest.raises(BadSettings):
        vault.load(Settings(data_dir=tmp_path, master_key=key or "x"))

"""Model files in tests: shipped ones copied, given other version numbers, spoiled."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx

import onnx_models

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SHIPPED = Path(onnx_models.__file__).parent


def copied(folder: Path, names: Iterable[str]) -> Path:
    """`folder` with the shipped first versions of these models."""
    for name in names:
        shutil.copytree(SHIPPED / name / "1", folder / name / "1")
    return folder


def add_version(folder: Path, name: str, version: int) -> None:
    """The first version again under another number, in card and file, as a training would have written it."""
    card = json.loads((folder / name / "1" / "card.json").read_bytes())
    model = onnx.load(folder / name / "1" / "model.onnx")
    next(one for one in model.metadata_props if one.key == "version").value = str(version)
    body = model.SerializeToString(deterministic=True)
    (folder / name / str(version)).mkdir()
    (folder / name / str(version) / "model.onnx").write_bytes(body)
    card |= {"version": version, "sha256": hashlib.sha256(body).hexdigest()}
    (folder / name / str(version) / "card.json").write_text(json.dumps(card))


def spoil(folder: Path, name: str, version: int = 1) -> None:
    """Flip one bit of a model's file."""
    path = folder / name / str(version) / "model.onnx"
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


def change(folder: Path, name: str, edit: Callable[[dict[str, Any]], object], version: int = 1) -> None:
    """Edit a card."""
    path = folder / name / str(version) / "card.json"
    card = json.loads(path.read_bytes())
    edit(card)
    path.write_text(json.dumps(card))

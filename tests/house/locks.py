"""The locks name no address, carry a hash for every package, and still answer pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from itertools import chain

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.files import ROOT

_NAMES = ("run", "train", "dev")


def faults() -> list[str]:
    """Addresses, missing hashes, packages asked for and not locked, versions that differ between locks."""
    found = []
    locks: dict[str, dict[str, Requirement]] = {}
    for name in _NAMES:
        whole = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        entries = _entries(whole)
        locks[name] = {canonicalize_name(entry.name): entry for entry in entries if _applies(entry)}
        found += [f"requirements/{name}.txt names an address"] if "://" in whole else []
        found += [f"requirements/{name}.txt: {fault}" for fault in _unhashed(whole)]
    found += [f"requirements/{lock}.txt does not answer {asked}" for lock, asked in _unanswered(locks)]
    for name in ("run", "train"):
        differ = [str(entry) for key, entry in locks[name].items() if str(locks["dev"].get(key)) != str(entry)]
        found += [f"requirements/dev.txt differs from {name}.txt in {entry}" for entry in differ]
    return found


def _entries(whole: str) -> list[Requirement]:
    heads = re.findall(r"^([a-z0-9][^#\\\n]*?) *\\?$", whole, flags=re.MULTILINE)
    return [Requirement(head) for head in heads]


def _unhashed(whole: str) -> list[str]:
    blocks = re.split(r"^(?=[a-z0-9])", whole, flags=re.MULTILINE)
    return [block.split(" ", 1)[0] + " has no hash" for block in blocks if block.strip() and "--hash=" not in block]


def _unanswered(locks: dict[str, dict[str, Requirement]]) -> list[tuple[str, str]]:
    missing = []
    for lock, asked in _asked():
        entry = locks[lock].get(canonicalize_name(asked.name))
        pinned = str(entry.specifier).removeprefix("==") if entry else None
        if _applies(asked) and (pinned is None or not asked.specifier.contains(pinned)):
            missing.append((lock, str(asked)))
    return missing


def _asked() -> list[tuple[str, Requirement]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    run = project["project"]["dependencies"]
    extras = project["project"]["optional-dependencies"]
    groups = [line for group in project["dependency-groups"].values() for line in group if isinstance(line, str)]
    build = project["build-system"]["requires"]
    asked = {"run": run, "train": run + extras["train"], "dev": [*run, *chain(*extras.values()), *groups, *build]}
    return [(lock, Requirement(line)) for lock, lines in asked.items() for line in lines]


def _applies(entry: Requirement) -> bool:
    """Whether the entry is for the machine we are on: a universal lock holds some packages twice."""
    environment = {key: str(value) for key, value in default_environment().items()}
    return entry.marker is None or entry.marker.evaluate(environment)

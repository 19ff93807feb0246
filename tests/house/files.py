"""The files of the project: what git tracks or would track."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("gateway", "adapters", "onnx_models")
_NOT_OURS = {"node_modules", "build", "dist", "__pycache__"}


def tracked() -> list[Path]:
    """Every file that a commit of everything would hold, relative to ROOT; works in an unpacked archive too."""
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        return sorted(path for name in set(listed.split("\0")) if name and (ROOT / (path := Path(name))).is_file())
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return sorted(path for path in found if not any(part in _NOT_OURS or _hidden(part) for part in path.parts[:-1]))


def python(*tops: str) -> list[Path]:
    """Tracked Python files under the folders named, or all of them."""
    return [path for path in tracked() if path.suffix == ".py" and (not tops or path.parts[0] in tops)]


def text(path: Path) -> str:
    """A tracked file's text; what is not UTF-8 is read as far as it goes."""
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def _hidden(part: str) -> bool:
    return part.startswith(".") and part != ".ci"

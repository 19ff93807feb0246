"""The browser SDK: its types and units hold, what is committed is what its sources make, and the package is whole."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.domain.widget_sessions import Component

ROOT = Path(__file__).parents[1]
SDK = ROOT / "sdk_js"
BUILT = ROOT / "gateway" / "api" / "frame"
SECONDS = 300
README = re.compile(r"^```ts (\S+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
ON_A_SERVER = """
for (const name of ["index", "pure", "client"]) await import(`./dist/${name}.js`);
const { load } = await import("./dist/pure.js");
const restock = await load({ gateway: "https://gateway.example", fetchSession: async () => null });
restock.update({ locale: "zh", theme: { radius: 4, font: "Inter" } });
"""


@pytest.fixture(autouse=True)
def node() -> None:
    """Node and the SDK's packages; without them the test is skipped, under CI=true it fails."""
    if shutil.which("node") is not None and (SDK / "node_modules" / "vite").is_dir():
        return
    reason = "Node and the SDK's packages are not here: `make test` brings them"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def run(*command: str, folder: Path = SDK) -> str:
    """Type a command that must succeed; what it printed."""
    done = subprocess.run(
        command, cwd=folder, check=False, capture_output=True, text=True, timeout=SECONDS,
        env=os.environ | {"NO_COLOR": "1", "npm_config_update_notifier": "false"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def vite(folder: Path, mode: str) -> None:
    """One of the three builds, into a folder."""
    run("npx", "--no-install", "vite", "build", "--mode", mode, "--outDir", str(folder), "--logLevel", "warn")


def test_its_types_hold_and_its_units_pass() -> None:
    run("npm", "run", "check")
    assert re.search(r"Tests +\d+ passed \(\d+\)", run("npm", "test"))


def test_what_is_committed_is_what_its_sources_make(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("npm", "run", "types")
    for mode in ("tag", *Component):
        vite(tmp_path, mode)
    made, committed = (
        {file.relative_to(top): file.read_bytes() for file in top.rglob("*.js")} for top in (tmp_path, BUILT)
    )
    assert made.keys() == committed.keys()
    assert [name for name in made if made[name] != committed[name]] == [], "old: npm run build"
    sizes = run("node", "scripts/sizes.js")
    with capsys.disabled():
        print(f"\n{sizes}", end="")  # noqa: T201 - the figures are to be seen


def test_the_package_is_whole_imports_on_a_server_and_fits_its_readme(tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    run("npm", "run", "types")
    vite(dist, "production")
    run("npx", "--no-install", "tsc", "-p", "tsconfig.build.json", "--outDir", str(dist))
    for name in ("package.json", "README.md"):
        shutil.copy(SDK / name, tmp_path)
    (packed,) = json.loads(run("npm", "pack", "--dry-run", "--json", "--ignore-scripts", folder=tmp_path))
    inside = {file["path"] for file in packed["files"]}
    named = json.loads((SDK / "package.json").read_text(encoding="utf-8"))["exports"].values()
    wanted = {path.removeprefix("./") for one in named for path in (one.values() if isinstance(one, dict) else [one])}
    assert wanted - inside == {"dist/restock.js"}, "which `npm run build` copies"
    assert all(path.startswith("dist/") or path in {"package.json", "README.md"} for path in inside)
    run("node", "--input-type=module", "--eval", ON_A_SERVER, folder=tmp_path)
    readme = (SDK / "README.md").read_text(encoding="utf-8")
    for name, code in README.findall(readme):
        (tmp_path / name).write_text(code, encoding="utf-8")
        paths = {"@restock/sdk/client": ["./dist/client/headless.d.ts"], "@restock/sdk": ["./dist/index.d.ts"]}
        options = {"strict": True, "noEmit": True, "target": "ES2022", "module": "ESNext",
                   "moduleResolution": "bundler", "lib": ["ES2023", "DOM"], "types": [], "paths": paths}  # fmt: skip
        (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": [name]}))
        run("npx", "--no-install", "tsc", "-p", str(tmp_path))


def test_lock_files_name_no_registry() -> None:
    for lock in (SDK / "package-lock.json", ROOT / "tests" / "node" / "package-lock.json"):
        assert '"resolved"' not in lock.read_text(encoding="utf-8")

"""What `pip install .` installs: the wheel, built and used without the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's content."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_holds_the_whole_runtime_and_no_packages(unpacked: Path) -> None:
    shipped = unpacked / "preview_api" / "_runtime"
    sources = {path.name for path in (CHECKOUT / "runtime" / "src").iterdir()}
    assert {path.name for path in (shipped / "src").iterdir()} == sources
    assert (shipped / "schema" / "control.schema.json").is_file()
    assert {path.name for path in (shipped / "catalogue").iterdir()} == {"package.json", "package-lock.json"}
    assert not list(unpacked.rglob("node_modules"))


def test_the_wheel_finds_its_own_runtime_and_sample_without_the_checkout(unpacked: Path, tmp_path: Path) -> None:
    program = (
        "from preview_api.backends.local.installation import runtime_sources\n"
        "from preview_api.cli import main\n"
        "import preview_api\n"
        "print(runtime_sources()); print(preview_api.__file__)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert all(line.startswith(str(unpacked)) for line in done.stdout.splitlines()), done.stdout
    assert (unpacked / "preview_api/sample/src/frontend/src/App.tsx").is_file()

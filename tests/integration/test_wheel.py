"""What is installed from the wheel is the whole product, and runs outside the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_package_is_named_in_the_metadata() -> None:
    metadata = ConfigParser()
    metadata.read(ROOT / "setup.cfg", encoding="utf-8")
    named = set(metadata["options"]["packages"].split())
    there = {
        ".".join(path.parent.relative_to(ROOT).parts) for path in ROOT.glob("mapsvc/**/__init__.py")
    }
    assert named == there


def test_the_wheel_runs_from_another_place(tmp_path: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True,
    ).stdout.decode().split("\0")  # fmt: skip
    source = tmp_path / "source"
    built = [p.relative_to(ROOT) for p in (ROOT / "mapsvc/static/dist").iterdir()]
    for name in [*filter(None, tracked), *map(str, built)]:
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)],
        cwd=source, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(installed)
    assert {
        "mapsvc/data/geocache.jsonl",
        "mapsvc/data/lists/ningbo-2021.txt",
        "mapsvc/data/districts/330200.geojson",
        "mapsvc/data/towns/330200.csv",
        "mapsvc/templates/locator/index.html",
        "mapsvc/static/dist/manifest.json",
        "mapsvc/translations/zh/LC_MESSAGES/messages.mo",
        "mapsvc/py.typed",
    } <= names
    assert not any(name.startswith(("tests/", "frontend/", "bench/")) for name in names)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MAPSVC_")}
    environment |= {"PYTHONPATH": str(installed), "MAPSVC_DATA_DIR": str(tmp_path / "instance")}
    commands = (
        ["import", str(installed / "mapsvc/data/lists/ningbo-2021.txt")],
        ["geocode", "--offline"],
    )
    for command in commands:
        result = subprocess.run(
            [sys.executable, "-P", "-m", "mapsvc", *command],
            cwd=tmp_path, env=environment, capture_output=True, text=True,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
    assert "placed: 15" in result.stdout
    where = subprocess.run(
        [sys.executable, "-P", "-c", "import mapsvc; print(mapsvc.__file__)"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert where.startswith(str(installed))

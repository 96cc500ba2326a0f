"""Checks of the documentation: each takes a page's text and gives what is wrong with it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import fields

import click
import pytest

from mapsvc import config, service
from mapsvc.address.parts import parse as parse_address
from mapsvc.address.plan import MAX_QUESTIONS, plan
from mapsvc.cli import main
from mapsvc.config import NETWORK_PROVIDERS, PROVIDERS, ProviderSettings, Settings
from mapsvc.errors import InvalidValue, shown
from mapsvc.geocoding.answers import NATIVE
from mapsvc.geocoding.providers import GEOCODERS
from mapsvc.geocoding.quality import SAME_PLACE_M
from mapsvc.geocoding.record import from_json, to_json
from mapsvc.geocoding.retry import Patience
from mapsvc.geocoding.transport import MAX_BYTES, Offline
from mapsvc.hours import Hours
from mapsvc.lists.headings import HEADINGS
from mapsvc.lists.rows import Limits
from mapsvc.lists.services import services
from mapsvc.model import Datum, Geocode, Precision
from mapsvc.web.colours import TEXT_CONTRAST
from mapsvc.web.embedparams import MAX_HEIGHT, MAX_ZOOM, MIN_HEIGHT, MIN_ZOOM
from mapsvc.web.embedparams import NAMES as EMBED_PARAMETERS
from mapsvc.web.embeds import KEPT_DAYS
from mapsvc.web.guard import MAX_BODY
from mapsvc.web.listing import MAX_LISTED
from mapsvc.web.openapi import OPERATIONS
from mapsvc.web.params import MAX_LIMIT, BranchesParams, NearestParams
from mapsvc.web.query import parse as parse_query
from mapsvc.web.query import table as parameters_of
from mapsvc.web.start import IndexParams
from tests.unit.doc_facts import NOW, empty_app, produced_reasons
from tests.unit.doc_pages import (
    NONE,
    ROOT,
    blocks,
    column,
    prose,
    section,
    session,
    tables,
    text_of,
    unequal,
    words,
)


def default(value: object) -> str:
    shown_value = ",".join(value) if isinstance(value, tuple) else str(value)
    return {"": NONE, "True": "1", "False": "0"}.get(shown_value, shown_value)


def settings(text: str) -> list[str]:
    of_providers = {
        config.variable(f"{provider}_{field.name}")
        for provider in NETWORK_PROVIDERS
        for field in fields(ProviderSettings)
    }
    own = {config.variable(field.name) for field in fields(Settings)}
    real = {row.variable: default(row.value) for row in config.rows(Settings())}
    general = {name: value for name, value in real.items() if name in own}
    general["MAPSVC_WORKERS"] = "one a core"
    wrong = unequal("setting", column(text, "variable", 1), general)
    kinds = [field.name.upper() for field in fields(ProviderSettings)]
    wrong += unequal("provider's setting", column(text, "setting"), kinds)
    matrix = {
        f"MAPSVC_{row[0].upper()}_{kind}": cell
        for row in tables(text, "geocoder")
        for kind, cell in zip(kinds, row[1:], strict=True)
    }
    use = {name: use_of(name) or default(real[name]) for name in of_providers}
    return wrong + unequal("setting", matrix, use)


def use_of(variable: str) -> str:
    """Whether a provider needs, can use or never uses an address, key or secret."""
    _, provider, kind = variable.split("_", 2)
    name = provider.lower()
    if kind == "URL":
        return "" if NETWORK_PROVIDERS[name].url else "required"
    if kind not in ("KEY", "SECRET"):
        return ""

    def sent(key: str, secret: str = "") -> str:
        own = ProviderSettings(url="http://127.0.0.1", key=key, secret=secret)
        return GEOCODERS[name](own, Offline(), user_agent="x").signed("http://127.0.0.1/x?a=b")

    if kind == "KEY" and GEOCODERS[name].needs_key:
        return "required"
    is_used = sent("k") != (sent("") if kind == "KEY" else sent("k", "s"))
    return "optional" if is_used else "unused"


def leaves(command: click.Command, path: str = "mapsvc") -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from leaves(child, f"{path} {name}")
    else:
        yield path, command


def commands(text: str) -> list[str]:
    real = dict(leaves(main))
    wrong = unequal("command", re.findall(r"^## (mapsvc .*)$", text, re.MULTILINE), real)
    for path, command in real.items():
        said = section(text, path)
        options = [o for p in command.params if isinstance(p, click.Option) for o in p.opts]
        wrong += unequal(f"{path}: option", column(said, "option"), options)
        examples = re.findall(
            r"(?:MAPSVC_\S+ )?mapsvc .*", (command.help or "").split("Example")[1]
        )
        written = "".join(blocks(said, "sh")).splitlines()
        wrong += unequal(f"{path}: example", written, examples)
    return wrong


def command_lines(text: str) -> list[str]:
    """Every command that a page shows must be understood by the command line."""
    shown_lines = [line for block in blocks(text, "sh") for line in block.splitlines()]
    shown_lines += [command for command, _ in session(text)]
    shown_lines += re.findall(r"`(mapsvc [^`]*)`", text)
    wrong = []
    for line in shown_lines:
        asked = [w for w in shlex.split(line) if not re.match(r"MAPSVC_\w+=", w)]
        if asked[:1] != ["mapsvc"]:
            continue
        command: click.Command | None = main
        while isinstance(command, click.Group) and len(asked) > 1:
            command = command.commands.get(asked.pop(1))
        if command is None:
            wrong.append(f"{line}: no such command")
        if command is None or isinstance(command, click.Group):
            continue
        try:
            command.make_context("mapsvc", asked[1:])
        except click.MissingParameter:
            pass  # prose may name a command without its argument
        except click.UsageError as error:
            wrong.append(f"{line}: {error.message}")
    return wrong


def variables(text: str) -> list[str]:
    known = {row.variable for row in config.rows(Settings())}
    named = set(re.findall(r"MAPSVC_\w*[A-Z]", text))
    wrong = [f"setting {name}: does not exist" for name in named - known]
    for name, value in re.findall(r"(MAPSVC_\w+)=([^\s`]+)", text):
        try:
            Settings.from_environment({"MAPSVC_TIANDITU_KEY": "x", name: value})
        except InvalidValue as error:
            wrong.append(str(error))
    return wrong


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


def links(page: str, text: str) -> list[str]:
    wrong = []
    plain = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", plain) + re.findall(r'src="([^"]+)"', plain)
    for target in targets:
        if re.match(r"https?:|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        if not file.is_file():
            wrong.append(f"link {target}: no such file")
        elif anchor and anchor not in anchors(text if not path else file.read_text("utf-8")):
            wrong.append(f"link {target}: no such heading")
    return wrong


def requests(text: str) -> list[str]:
    """The API's addresses that a page shows must be understood."""
    takes = {re.sub(r"{\w+}", "", operation.path): operation.takes for operation in OPERATIONS}
    wrong = []
    for path, part, query in re.findall(r"/api/v1(/[a-z]+/?)(\w*)\?([\w=&.,-]+)", text):
        try:
            parse_query(takes[path], query.encode())
        except (InvalidValue, KeyError) as error:
            wrong.append(f"/api/v1{path}{part}?{query}: {error}")
    return wrong


def list_headings(text: str) -> list[str]:
    written = {
        name.removesuffix(" (not used)"): tuple(cell.split(", "))
        for name, cell in column(text, "column", 1).items()
    }
    return unequal("column", written, dict(HEADINGS))


def geocoders(text: str) -> list[str]:
    datums = {Datum.WGS84: "WGS-84", Datum.GCJ02: "GCJ-02", Datum.BD09: "BD-09"}
    datum = {
        name: datums[NATIVE[name].datum if name in NATIVE else Datum.WGS84] for name in PROVIDERS
    }
    wrong = unequal("geocoder", column(text, "name", 4), datum)
    keys = {n: use_of(f"MAPSVC_{n.upper()}_KEY") for n in NETWORK_PROVIDERS} | {"curated": NONE}
    keys = {name: NONE if use == "unused" else use for name, use in keys.items()}
    wrong += unequal("key of", column(text, "name", 2), keys)
    asked = {name: phrased(name) for name in NETWORK_PROVIDERS} | {"curated": NONE}
    return wrong + unequal("question of", column(text, "name", 5), asked)


def phrased(name: str) -> str:
    """How a geocoder gets the example's first question."""
    geocoder = GEOCODERS[name](ProviderSettings(url="http://127.0.0.1"), Offline(), user_agent="x")
    _, options = geocoder.phrase(plan(parse_address("宁波市鄞州区首南街道天童北路933号"))[0])
    return options.get("q") or options.get("text") or ", with the ".join(["whole", *options])


def precisions(text: str) -> list[str]:
    real = {p.value: f"{p.default_radius_m:,.0f} m" for p in Precision}
    return unequal("precision", column(text, "precision", 1), real)


def reasons(text: str) -> list[str]:
    written = {code: words(cell) for code, cell in column(text, "reason", 2).items()}
    return unequal("reason", written, produced_reasons())


def record_fields(text: str) -> list[str]:
    real = re.findall(r'"(\w+)":', to_json(Geocode(provider="x", query="y", located_at=NOW)))
    written = column(text, "field", 1)
    wrong = unequal("field", written, real)
    with pytest.raises(InvalidValue) as lacking:
        from_json("{}")
    needed = [name for name, cell in written.items() if cell == "yes"]
    wrong += [f"field {name}: is not needed" for name in needed if name not in str(lacking.value)]
    faults = {fault.value for fault in service.Fault}
    said = column(text, "command", 1)["mapsvc cache verify"]
    return wrong + unequal("fault", set(re.findall(r"`(\w+)`", said)), faults)


def paths(text: str) -> list[str]:
    written = column(text, "path", 1)
    real = {f"/api/v1{o.path}": set(parameters_of(o.takes)) for o in OPERATIONS}
    wrong = unequal("path", {path: words(cell) for path, cell in written.items()}, real)
    rules = {re.sub("<.*?>", "{}", rule.rule) for rule in empty_app().url_map.iter_rules()}
    rules = {rule for rule in rules if not rule.startswith(("/map/", "/static/"))}
    both = {re.sub("{.*?}", "{}", path) for path in [*written, *column(text, "page")]}
    wrong += unequal("path", both, rules)
    filters = set(re.findall(r"`(\w+)`", column(text, "page", 1)["/"]))
    return wrong + unequal("parameter", filters, page_parameters())


def page_parameters() -> set[str]:
    return {field.name for field in fields(IndexParams)} | {"lang"}


def embed_parameters(text: str) -> list[str]:
    return unequal("parameter", column(text, "parameter"), EMBED_PARAMETERS)


def hours(text: str) -> list[str]:
    """Both tables: what is understood, and what is refused for which part."""
    written = column(text, "written", 1)
    rows = [row for row in tables(text, "written") if len(row) == 2]
    wrong = [f"hours {cell}: {read}" for cell, said in rows if (read := _hours(cell)) != said]
    faults = [row for row in tables(text, "written") if len(row) == 3]
    for cell, part, allowed in faults:
        start = f"hours: {part!r} is not {allowed}"
        if not (read := _hours(cell)).startswith(start):
            wrong.append(f"hours {cell}: {read}")
    return wrong if written and faults else ["no hours"]


def _hours(text: str) -> str:
    try:
        return str(Hours.parse(text))
    except InvalidValue as error:
        return str(error)


def offers(text: str) -> list[str]:
    return unequal(
        "service", column(text, "service", 1), {s.code: s.name for s in services().values()}
    )


def headers(text: str) -> list[str]:
    (block,) = blocks(text, "http")
    written = dict(line.split(": ", 1) for line in block.splitlines())
    answer = empty_app().test_client().get("/healthz").headers
    other = {"Content-Type", "Content-Length", "Cache-Control", "Vary"}
    return unequal("header", written, {n: v for n, v in answer.items() if n not in other})


def figures(page: str, text: str) -> list[str]:
    limits, patience = Limits(), Patience()
    file = (
        f"{limits.file_bytes >> 20} MiB, {limits.rows:,} rows",
        f"{limits.memory_bytes >> 30} GiB of memory",
        f"{limits.seconds} seconds",
        f"{limits.columns} columns",
    )
    real = {
        "docs/lists.md": (*file, f"more than {limits.text_chars} characters"),
        "docs/security.md": (
            *file,
            f"unpacks to more than {limits.unpacked_bytes >> 20} MiB",
            f"or to {limits.unpacked_ratio} times its size",
            f"more than {MAX_BODY >> 10} KiB",
            f"at most {MAX_LIMIT:,} features",
            f"at most {MAX_LISTED} branches",
            f"({MAX_BYTES >> 20} MiB)",
            f"cut at {len(shown('x' * 999))} characters",
        ),
        "docs/providers.md": (
            f"at most {MAX_QUESTIONS}:",
            f"{patience.attempts} times within {patience.total_s:.0f} seconds",
            f"more than {MAX_BYTES >> 20} MiB",
            f"farther than {SAME_PLACE_M:.0f} m",
        ),
        "docs/api.md": (
            f"{parameters_of(BranchesParams)['limit'][1]} at a time without `limit`",
            f"{parameters_of(NearestParams)['limit'][1]} without `limit`",
            f"at most {MAX_LIMIT:,}",
        ),
        "README.md": (f"Python {setup_cfg('python_requires').removeprefix('>=')} or later",),
        "docs/embedding.md": (
            f"| `height` | {MIN_HEIGHT} to {MAX_HEIGHT} |",
            f"| `zoom` | {MIN_ZOOM} to {MAX_ZOOM} |",
            f"by {TEXT_CONTRAST:g} to 1",
            f"{KEPT_DAYS} days",
            f"Up to {MAX_LISTED} branches",
        ),
        "docs/commands.md": (f"`pip install {setup_cfg('districts =')}`",),
    }
    return [f"not said: {fact}" for fact in real.get(page, ()) if fact not in prose(text)]


def setup_cfg(name: str) -> str:
    """The word after this in setup.cfg."""
    return text_of("setup.cfg").partition(name)[2].lstrip(" =\n").split()[0]


CHECKS: dict[str, tuple[Callable[[str], list[str]], ...]] = {
    "docs/settings.md": (settings,),
    "docs/commands.md": (commands,),
    "docs/lists.md": (list_headings,),
    "docs/data.md": (hours, offers),
    "docs/providers.md": (geocoders, precisions, reasons, record_fields),
    "docs/api.md": (paths,),
    "docs/embedding.md": (embed_parameters,),
    "docs/security.md": (headers,),
}
EVERYWHERE = (command_lines, variables, requests)


def problems(page: str, text: str) -> list[str]:
    wrong = [*links(page, text), *figures(page, text)]
    for check in (*EVERYWHERE, *CHECKS.get(page, ())):
        wrong += check(text)
    return wrong

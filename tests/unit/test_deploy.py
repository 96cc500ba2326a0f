"""The compose file, which no test can start here, fits the settings, the page and itself."""

from __future__ import annotations

import re
from typing import Any

import yaml

from mapsvc.config import PREFIX, Settings
from tests.unit.doc_pages import ROOT, blocks, text_of

VALUES = {"SITE_HOST": "map.example.org", "DATABASE_PASSWORD": "secret"}


def compose() -> dict[str, Any]:
    text = text_of("deploy/compose.yaml")
    filled = re.sub(r"\$\{(\w+)(:\?[^}]*)?\}", lambda match: VALUES[match[1]], text)
    loaded: dict[str, Any] = yaml.safe_load(filled)
    return loaded


def servers() -> dict[str, dict[str, Any]]:
    return {name: entry for name, entry in compose()["services"].items() if name.startswith("app")}


def test_the_servers_settings_can_be_used() -> None:
    assert len(servers()) == 2
    for entry in servers().values():
        own = dict(entry["environment"])
        assert all(
            name.startswith(PREFIX) and isinstance(value, str) for name, value in own.items()
        )
        settings = Settings.from_environment(own)
        assert settings.store_url == "postgresql+psycopg://mapsvc:secret@database/mapsvc"
        assert settings.redis_url == "redis://limiter:6379/0"
        assert settings.public_url == "https://map.example.org"
        assert settings.proxy_hops == 1


def test_the_parts_know_each_other() -> None:
    parts, file = compose()["services"], compose()
    hosts = set(parts)
    for entry in servers().values():
        settings = Settings.from_environment(entry["environment"])
        assert {re.split("[:/]", settings.redis_url.split("//")[1])[0]} <= hosts
        assert settings.store_url.rpartition("@")[2].partition("/")[0] in hosts
        assert set(entry["depends_on"]) <= hosts
        assert "ports" not in entry, "only the balancer is reached from outside"
    database = parts["database"]["environment"]
    assert (database["POSTGRES_USER"], database["POSTGRES_DB"]) == ("mapsvc", "mapsvc")
    assert database["POSTGRES_PASSWORD"] == VALUES["DATABASE_PASSWORD"]
    used = {network for entry in parts.values() for network in entry["networks"]}
    assert used == set(file["networks"])
    named = {
        volume.split(":")[0] for entry in parts.values() for volume in entry.get("volumes", ())
    }
    assert {name for name in named if not name.startswith(".")} == set(file["volumes"])
    assert [name for name, entry in parts.items() if "ports" in entry] == ["balancer"]


def test_the_balancer_asks_both_servers_under_the_site_s_name() -> None:
    caddy = text_of("deploy/Caddyfile")
    (upstreams,) = re.findall(r"reverse_proxy (.*) {", caddy)
    assert upstreams.split() == [f"{name}:{Settings().port}" for name in servers()]
    assert "Host {$SITE_HOST}" in caddy
    assert "health_uri /readyz" in caddy
    assert "header_up -X-Forwarded-Prefix" in caddy
    assert caddy.count("{") == caddy.count("}")


def test_the_site_s_own_settings_reach_both_servers_and_stay_out_of_images_and_git() -> None:
    assert [entry["env_file"] for entry in servers().values()] == [["site.env"]] * 2
    page = text_of("docs/scaling.md")
    named = dict(re.findall(rf"`({PREFIX}\w+)=([^`]+)`", page))
    assert "deploy/site.env" in page
    assert Settings.from_environment(named).title == named["MAPSVC_TITLE"]
    unseen = text_of("deploy/Dockerfile.dockerignore").split()
    assert {"deploy/.env", "deploy/*.env", "deploy/lists"} <= set(unseen)
    untracked = text_of(".gitignore").split()
    assert {"/deploy/.env", "/deploy/*.env", "/deploy/lists/"} <= set(untracked)


def test_what_the_files_name_is_there() -> None:
    build = servers()["app1"]["build"]
    assert (ROOT / "deploy" / build["context"]).resolve() == ROOT
    dockerfile = (ROOT / build["dockerfile"]).read_text(encoding="utf-8")
    for source in re.findall(r"^COPY (?!--from)(\S+) ", dockerfile, re.MULTILINE):
        assert (ROOT / source).exists()
    own = dict(re.findall(rf"({PREFIX}\w+)=(\S+)", dockerfile))
    assert Settings.from_environment(own).host == "0.0.0.0"  # inside a container


def test_the_page_names_every_value_to_be_set() -> None:
    page = text_of("docs/scaling.md")
    (env,) = blocks(page, "ini")
    wanted = set(re.findall(r"\$\{(\w+)", text_of("deploy/compose.yaml")))
    assert {line.partition("=")[0] for line in env.split()} == wanted
    services = compose()["services"]
    assert all(f"`{name}`" in page or name in page for name in servers())
    for command in re.findall(r"docker compose --file (\S+)", page):
        assert (ROOT / command).is_file()
    assert {"balancer", "database", "limiter"} < set(services)

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from mapsvc.model import Datum
from mapsvc.web import api, params
from mapsvc.web.errors import KINDS
from mapsvc.web.openapi import OPERATIONS, document
from mapsvc.web.query import parse, table


@pytest.mark.parametrize("base", ["", "/maps", "https://example.org/maps"])
def test_the_document_is_valid(base: str) -> None:
    made = json.loads(json.dumps(document(base)))
    OpenAPIV31SpecValidator(made).validate()
    assert made["servers"] == [{"url": f"{base}/api/v1"}]


def test_an_invalid_document_would_be_noticed() -> None:
    broken = json.loads(json.dumps(document("")))
    broken["paths"]["/branches/{id}"]["get"]["parameters"] = []
    assert list(OpenAPIV31SpecValidator(broken).iter_errors())


def operation(path: str) -> dict[str, Any]:
    described: dict[str, Any] = document("")["paths"][path]["get"]
    return described


def query_parameters(path: str) -> dict[str, dict[str, Any]]:
    return {p["name"]: p for p in operation(path)["parameters"] if p["in"] == "query"}


def test_parameters_are_written_as_they_are_parsed() -> None:
    written = query_parameters("/nearest")
    assert list(written) == list(table(params.NearestParams))
    assert [name for name, p in written.items() if p["required"]] == ["lat", "lon"]
    assert written["limit"]["schema"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 1000,
        "default": 10,
    }
    assert written["datum"]["schema"]["enum"] == list(Datum)
    assert query_parameters("/branches")["bbox"]["explode"] is False


def is_refused(read: Callable[[str], Any], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return True
    return False


@pytest.mark.parametrize("documented", OPERATIONS, ids=lambda o: o.path)
def test_examples_and_bounds_are_accepted_and_what_lies_beyond_is_not(documented: Any) -> None:
    rows = table(documented.takes)
    for name, written in query_parameters(documented.path).items():
        schema, read = written["schema"], rows[name][0].read
        accepted = [written.get("example"), schema.get("default"), *schema.get("enum", ())]
        accepted += [schema.get("minimum"), schema.get("maximum")]
        for value in accepted:
            if value is not None:
                read(",".join(map(str, value)) if isinstance(value, list) else str(value))
        refused = []
        if "maximum" in schema:
            refused = [schema["minimum"] - 1, schema["maximum"] + 1]
        if "maxLength" in schema:
            read("x" * schema["maxLength"])
            refused = ["", "x" * (schema["maxLength"] + 1)]
        for value in refused:
            assert is_refused(read, str(value))


def test_every_kind_of_problem_has_its_own_place() -> None:
    slugs = [kind.slug for kind in KINDS.values()]
    assert len(set(slugs)) == len(slugs)


def test_the_problem_example_is_what_is_really_said() -> None:
    example = document("")["components"]["responses"]["Problem"]["content"]
    told = example["application/problem+json"]["example"]["detail"]
    with pytest.raises(ValueError, match=r"^limit: '0' is not ") as caught:
        parse(params.BranchesParams, b"limit=0")
    assert str(caught.value) == told


def test_operations_have_views() -> None:
    assert len({o.name for o in OPERATIONS}) == len(OPERATIONS)
    assert api.bp.url_prefix == "/api"

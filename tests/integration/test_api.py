from __future__ import annotations

import json
import re
import time
from collections import Counter
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from geopy.distance import geodesic
from openapi_schema_validator import OAS31Validator
from shapely.geometry import Point as ShapelyPoint
from shapely.geometry import shape
from werkzeug.test import TestResponse

from mapsvc.geo.datum import convert
from mapsvc.model import Branch, Datum, Point
from mapsvc.snapshot import Snapshot
from mapsvc.web.geojson import with_distance
from mapsvc.web.openapi import OPERATIONS, document
from tests.integration.conftest import HOSTILE, hostile_contents, make_app
from tests.readings import snapshot_of

YINZHOU = Point(121.5440, 29.8177)
V1 = "/api/v1"


def fits(name: str, value: Any) -> None:
    """Check a value against a schema of the document."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document("")["components"]}
    OAS31Validator(schema).validate(value)


def problem(response: TestResponse, status: int) -> dict[str, Any]:
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    told: dict[str, Any] = json.loads(response.data)
    fits("Problem", told)
    assert told["status"] == status
    return told


def at(point: Point, **more: Any) -> dict[str, Any]:
    return {"lat": point.lat, "lon": point.lon, "datum": point.datum, **more}


class TestBranches:
    def test_all_fifteen_by_district(self, client: FlaskClient) -> None:
        response = client.get(f"{V1}/branches")
        assert response.mimetype == "application/geo+json"
        answer = json.loads(response.data)
        fits("Branches", answer)
        assert (answer["numberMatched"], answer["numberReturned"]) == (15, 15)
        assert Counter(f["properties"]["district"] for f in answer["features"]) == {
            "330212": 8,
            "330203": 3,
            "330282": 2,
            "330281": 1,
            "330226": 1,
        }

    def test_positions_are_longitude_first(self, client: FlaskClient) -> None:
        for feature in client.get(f"{V1}/branches").get_json(force=True)["features"]:
            lon, lat = feature["geometry"]["coordinates"]
            assert 120 < lon < 123
            assert 28 < lat < 31

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ({"district": "330203"}, 3),
            ({"district": "330211"}, 0),
            ({"district": "nowhere"}, 0),
            ({"list": "nowhere"}, 0),
            ({"bank": "nowhere"}, 0),
            ({"q": "支行"}, 14),
            ({"q": "没有的名字"}, 0),
            ({"q": "{{7*7}}"}, 0),
            ({"bbox": "121,29.8,122,30"}, None),
            ({"bbox": "0,0,1,1"}, 0),
        ],
    )
    def test_filters(
        self, client: FlaskClient, query: dict[str, str], expected: int | None
    ) -> None:
        every = client.get(f"{V1}/branches").get_json(force=True)["features"]
        answer = client.get(f"{V1}/branches", query_string=query).get_json(force=True)
        assert answer["numberMatched"] == len(answer["features"])
        if "q" in query:
            wanted = [f for f in every if query["q"] in str(f["properties"])]
        elif "bbox" in query:
            west, south, east, north = map(float, query["bbox"].split(","))
            wanted = [
                f
                for f in every
                if west <= f["geometry"]["coordinates"][0] <= east
                and south <= f["geometry"]["coordinates"][1] <= north
            ]
        else:
            (name, value), *_ = query.items()
            wanted = [f for f in every if value in (f["properties"][name] or "")]
        given = answer["features"]
        if "bbox" in query:  # an order of its own
            given = sorted(given, key=every.index)
        assert given == wanted
        if expected is not None and query.get("q") != "支行":
            assert len(wanted) == expected

    def test_paging_by_its_links_gives_every_branch_once(self, client: FlaskClient) -> None:
        every = client.get(f"{V1}/branches").get_json(force=True)["features"]
        seen: list[Any] = []
        path = f"{V1}/branches?limit=4&q={quote('行')}"
        while path:
            answer = client.get(path).get_json(force=True)
            fits("Branches", answer)
            links = {link["rel"]: link["href"] for link in answer["links"]}
            assert links["self"] == path
            assert ("prev" in links) == bool(seen)
            assert answer["numberMatched"] == 15
            seen += answer["features"]
            path = links.get("next", "")
        assert seen == every

    def test_the_way_back(self, client: FlaskClient) -> None:
        def links(query: str) -> dict[str, str]:
            answer = client.get(f"{V1}/branches?{query}").get_json(force=True)
            return {link["rel"]: link["href"] for link in answer["links"]}

        assert links("limit=4&offset=6")["prev"] == f"{V1}/branches?limit=4&offset=2"
        assert links("limit=4&offset=2")["prev"] == f"{V1}/branches?limit=4&offset=0"
        beyond = links("limit=4&offset=900")
        assert beyond["prev"] == f"{V1}/branches?limit=4&offset=11"
        assert "next" not in beyond

    def test_links_are_absolute_under_a_public_address(self, snapshot: Snapshot) -> None:
        client = make_app(snapshot, public_url="https://bank.example/maps").test_client()
        answer = client.get(f"{V1}/branches?limit=1").get_json(force=True)
        base = "https://bank.example/maps/api/v1/branches"
        assert [link["href"] for link in answer["links"]] == [
            f"{base}?limit=1",
            f"{base}?limit=1&offset=1",
        ]
        told = problem(client.get(f"{V1}/branches?x=1"), 400)
        assert told["type"] == "https://bank.example/maps/api/docs#invalid-parameters"

    def test_one_branch(self, client: FlaskClient) -> None:
        for feature in client.get(f"{V1}/branches").get_json(force=True)["features"]:
            response = client.get(f"{V1}/branches/{quote(feature['id'])}")
            assert response.mimetype == "application/geo+json"
            answer = json.loads(response.data)
            fits("Branch", answer)
            assert answer == feature

    @pytest.mark.parametrize("branch_id", ["nowhere", "a\0", "x" * 4000, "{{7*7}}", "\u202e"])
    def test_no_such_branch(self, client: FlaskClient, branch_id: str) -> None:
        told = problem(client.get(f"{V1}/branches/{quote(branch_id)}"), 404)
        assert told["type"] == "/api/docs#not-found"
        assert told["detail"].startswith("no branch '")
        assert told["instance"] == f"{V1}/branches/{quote(branch_id)}"
        assert len(told["detail"]) < 120


class TestClusters:
    def test_they_add_up_and_are_described(self, client: FlaskClient) -> None:
        for zoom in (0, 6, 9, 12, 20):
            query = f"bbox=120,28,123,31&zoom={zoom}"
            response = client.get(f"{V1}/clusters?{query}")
            assert response.mimetype == "application/geo+json"
            answer = json.loads(response.data)
            fits("Clusters", answer)
            assert answer["zoom"] == zoom
            assert answer["links"][0]["href"] == f"{V1}/clusters?{query}"
            counts = [f["properties"].get("point_count", 1) for f in answer["features"]]
            assert sum(counts) == 15
        assert len(answer["features"]) >= 12

    def test_a_single_branch_is_the_branch(self, client: FlaskClient) -> None:
        every = client.get(f"{V1}/branches").get_json(force=True)["features"]
        path = f"{V1}/clusters?bbox=-180,-90,180,90&zoom=18&bank=bocom"
        answer = client.get(path).get_json(force=True)
        assert sorted(f["id"] for f in answer["features"]) == sorted(
            f["id"] for f in every if f["properties"]["bank"] == "bocom"
        )
        assert all(feature in every for feature in answer["features"])

    @pytest.mark.parametrize(
        ("query", "parameter"),
        [
            ("zoom=3", "bbox"),
            ("bbox=1,2,3,4", "zoom"),
            ("bbox=1,2,3,4&zoom=21", "zoom"),
            ("bbox=1,2,3,4&zoom=-1", "zoom"),
            ("bbox=1,4,3,2&zoom=3", "bbox"),
            ("bbox=1,2,3&zoom=3", "bbox"),
            ("bbox=1,2,3,4&zoom=3&limit=4", "limit"),
        ],
    )
    def test_what_is_not_allowed(self, client: FlaskClient, query: str, parameter: str) -> None:
        told = problem(client.get(f"{V1}/clusters?{query}"), 400)
        assert told["parameter"] == parameter

    def test_more_than_an_answer_holds_are_given_at_a_lower_zoom(self) -> None:
        contents = hostile_contents()
        branches = tuple(Branch(f"n{i}", "甲支行", "乙路") for i in range(6_000))
        placements = {
            b.id: replace(
                contents.placements["b0"],
                branch_id=b.id,
                point=Point(80 + i % 100 * 0.4, 20 + i // 100 * 0.4),
            )
            for i, b in enumerate(branches)
        }
        many = replace(
            contents,
            branches=branches,
            members={b.id: ("traps",) for b in branches},
            placements=placements,
        )
        client = make_app(snapshot_of(many)).test_client()
        answer = client.get(f"{V1}/clusters?bbox=-180,-90,180,90&zoom=20").get_json(force=True)
        fits("Clusters", answer)
        assert answer["zoom"] < 20
        assert 100 < len(answer["features"]) <= 1_000
        counts = [f["properties"].get("point_count", 1) for f in answer["features"]]
        assert sum(counts) == 6_000
        near = client.get(f"{V1}/clusters?bbox=80,20,82,21&zoom=20").get_json(force=True)
        assert near["zoom"] == 20
        assert len(near["features"]) == near["numberReturned"] == 6 * 3

    def test_hostile_names_stay_text(self, hostile_client: FlaskClient) -> None:
        path = f"{V1}/clusters?bbox=-180,-90,180,90&zoom=20"
        answer = json.loads(hostile_client.get(path).data)
        fits("Clusters", answer)
        names = [feature["properties"]["name"] for feature in answer["features"]]
        assert sorted(names) == sorted(HOSTILE[:-1])


class TestNearest:
    def test_metres_agree_with_geopy(self, client: FlaskClient) -> None:
        response = client.get(f"{V1}/nearest", query_string=at(YINZHOU, limit=15))
        assert response.mimetype == "application/geo+json"
        answer = json.loads(response.data)
        fits("NearestBranches", answer)
        distances = [f["properties"]["distance_m"] for f in answer["features"]]
        assert len(distances) == 15
        assert distances == sorted(distances)
        for feature, distance in zip(answer["features"], distances, strict=True):
            lon, lat = feature["geometry"]["coordinates"]
            expected = geodesic((YINZHOU.lat, YINZHOU.lon), (lat, lon)).meters
            assert distance == pytest.approx(expected, abs=0.001)

    def test_features_are_those_of_the_list_with_a_distance(self, client: FlaskClient) -> None:
        every = {f["id"]: f for f in client.get(f"{V1}/branches").get_json(force=True)["features"]}
        answer = client.get(f"{V1}/nearest", query_string=at(YINZHOU)).get_json(force=True)
        assert answer["numberReturned"] == len(answer["features"]) == 10
        assert answer["query"] == {"type": "Point", "coordinates": [YINZHOU.lon, YINZHOU.lat]}
        for feature in answer["features"]:
            del feature["properties"]["distance_m"]
            assert feature == every[feature["id"]]

    @pytest.mark.parametrize("path", ["nearest", "locate"])
    def test_the_same_place_in_every_datum(self, client: FlaskClient, path: str) -> None:
        answers = [
            client.get(f"{V1}/{path}", query_string=at(convert(YINZHOU, datum))) for datum in Datum
        ]
        first, *others = [answer.get_json(force=True) for answer in answers]
        for other in others:
            if path == "locate":
                assert other["code"] == first["code"] == "330212"
                assert other["border_distance_m"] == pytest.approx(
                    first["border_distance_m"], abs=0.01
                )
            else:
                assert [f["id"] for f in other["features"]] == [f["id"] for f in first["features"]]
                for ours, theirs in zip(other["features"], first["features"], strict=True):
                    assert ours["properties"]["distance_m"] == pytest.approx(
                        theirs["properties"]["distance_m"], abs=0.001
                    )
                assert other["query"]["coordinates"] == pytest.approx(
                    first["query"]["coordinates"], abs=2e-7
                )

    def test_another_datum_is_another_place(self, client: FlaskClient) -> None:
        def first(datum: Datum) -> float:
            query = at(replace(YINZHOU, datum=datum), limit=1)
            answer = client.get(f"{V1}/nearest", query_string=query).get_json(force=True)
            return float(answer["features"][0]["properties"]["distance_m"])

        assert abs(first(Datum.WGS84) - first(Datum.BD09)) > 50

    def test_filters_and_reach(self, client: FlaskClient) -> None:
        def distances(**more: Any) -> list[tuple[str, float]]:
            query = at(YINZHOU, limit=1000, **more)
            answer = client.get(f"{V1}/nearest", query_string=query).get_json(force=True)
            return [
                (f["properties"]["district"], f["properties"]["distance_m"])
                for f in answer["features"]
            ]

        every = distances()
        assert distances(district="330203") == [entry for entry in every if entry[0] == "330203"]
        assert distances(max_distance=9000) == [entry for entry in every if entry[1] <= 9000]
        assert 0 < len(distances(max_distance=9000)) < 15
        assert distances(max_distance=0) == []
        assert distances(bank="nowhere") == []

    def test_a_distance_is_only_put_where_it_belongs(self) -> None:
        with pytest.raises(ValueError, match="must end with its properties"):
            with_distance(b'{"type":"Feature","properties":{},"geometry":null}', 1.0)


class TestDistricts:
    def test_the_ten_of_ningbo(self, client: FlaskClient) -> None:
        answer = client.get(f"{V1}/districts").get_json(force=True)
        fits("Districts", answer)
        counts = {
            f["properties"]["code"]: f["properties"]["branch_count"] for f in answer["features"]
        }
        assert len(counts) == answer["numberMatched"] == 10
        assert {code: n for code, n in counts.items() if n} == {
            "330212": 8,
            "330203": 3,
            "330282": 2,
            "330281": 1,
            "330226": 1,
        }
        assert {f["properties"]["city"] for f in answer["features"]} == {"宁波市"}
        assert all(f["properties"]["name_en"] for f in answer["features"])

    def test_polygons_as_asked_for(self, client: FlaskClient) -> None:
        def size(geometry: str) -> int:
            response = client.get(f"{V1}/districts?geometry={geometry}")
            answer = json.loads(response.data)
            fits("Districts", answer)
            for feature in answer["features"]:
                assert (feature["geometry"] is None) == (geometry == "none")
                if geometry != "none":
                    assert shape(feature["geometry"]).is_valid
            return len(response.data)

        assert size("none") < 5_000 < size("drawing") < size("full")
        assert client.get(f"{V1}/districts").data == (
            client.get(f"{V1}/districts?geometry=drawing").data.replace(b"?geometry=drawing", b"")
        )

    def test_branches_lie_in_the_polygons_that_are_given(self, client: FlaskClient) -> None:
        polygons = {
            f["id"]: shape(f["geometry"])
            for f in client.get(f"{V1}/districts?geometry=full").get_json(force=True)["features"]
        }
        for feature in client.get(f"{V1}/branches").get_json(force=True)["features"]:
            place = ShapelyPoint(feature["geometry"]["coordinates"])
            inside = [code for code, polygon in polygons.items() if polygon.intersects(place)]
            assert inside == [feature["properties"]["district"]]

    def test_pages(self, client: FlaskClient) -> None:
        answer = client.get(f"{V1}/districts?geometry=none&limit=3&offset=9").get_json(force=True)
        assert (answer["numberMatched"], answer["numberReturned"]) == (10, 1)
        assert [link["rel"] for link in answer["links"]] == ["self", "prev"]

    def test_one_district(self, client: FlaskClient) -> None:
        response = client.get(f"{V1}/districts/330212?geometry=none")
        answer = json.loads(response.data)
        fits("District", answer)
        assert response.mimetype == "application/geo+json"
        assert answer["properties"]["name"] == "鄞州区"
        assert client.get(f"{V1}/districts/330212").get_json(force=True)["geometry"]

    def test_no_such_district(self, client: FlaskClient) -> None:
        told = problem(client.get(f"{V1}/districts/999999"), 404)
        assert told["detail"] == "no district '999999'"
        assert told["instance"] == "/api/v1/districts/999999"

    def test_a_new_snapshot_has_its_own_counts(self) -> None:
        contents = hostile_contents()
        for present, expected in ((contents, 3), (replace(contents, placements={}), 0)):
            client = make_app(snapshot_of(present)).test_client()
            answer = client.get(f"{V1}/districts/330203").get_json(force=True)
            assert answer["properties"]["branch_count"] == expected


class TestLocate:
    def test_a_district_and_how_near_its_border_is(self, client: FlaskClient) -> None:
        response = client.get(f"{V1}/locate", query_string=at(YINZHOU))
        answer = json.loads(response.data)
        fits("Location", answer)
        assert (answer["code"], answer["name"], answer["city"]) == ("330212", "鄞州区", "宁波市")
        assert 0 < answer["border_distance_m"] < 20_000

    @pytest.mark.parametrize("point", [Point(116.4, 39.9), Point(0, 0), Point(180, -90)])
    def test_outside_all(self, client: FlaskClient, point: Point) -> None:
        told = problem(client.get(f"{V1}/locate", query_string=at(point)), 404)
        assert told["type"] == "/api/docs#outside-districts"
        assert told["detail"].startswith("no district holds lat ")


WRONG = {
    "/branches": ["limit=0", "limit=1001", "offset=-1", "bbox=1,2,3", "q=", "list=a&list=a", "x=1"],
    "/branches/any": ["x=1", "limit=5"],
    "/nearest": ["", "lat=1", "lat=1&lon=181", "lat=nan&lon=1", "lat=1&lon=1&datum=utm", "q=x"],
    "/districts": ["geometry=all", "geometry="],
    "/districts/330212": ["geometry=all", "limit=1"],
    "/locate": ["lon=1", "lat=1e999&lon=1", "lat=0x1&lon=1", "lat=1&lon=1&limit=1"],
    "/openapi.json": ["x=1"],
}


class TestProblems:
    @pytest.mark.parametrize(("path", "query"), [(p, q) for p, qs in WRONG.items() for q in qs])
    def test_wrong_parameters(self, client: FlaskClient, path: str, query: str) -> None:
        told = problem(client.get(f"{V1}{path}?{query}"), 400)
        assert told["type"] == "/api/docs#invalid-parameters"
        assert told["instance"] == V1 + path
        assert told["errors"]
        for fault in told["errors"]:
            assert fault["detail"].startswith(f"{fault['parameter']}: ")
            assert fault["allowed"]
        assert {name: told[name] for name in ("parameter", "value", "allowed")}.items() <= (
            told["errors"][0].items()
        )

    def test_a_hostile_value_comes_back_as_text(self, client: FlaskClient) -> None:
        for text in HOSTILE:
            response = client.get(f"{V1}/branches", query_string={"limit": text})
            assert problem(response, 400)["value"] == text
            told = problem(client.get(f"{V1}/branches", query_string={text: "1"}), 400)
            assert told["parameter"] == text

    def test_an_overlong_value_is_cut(self, client: FlaskClient) -> None:
        response = client.get(f"{V1}/branches", query_string={"q": "x" * 50_000})
        assert len(problem(response, 400)["value"]) == 200
        assert len(response.data) < 2_000

    @pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v2/branches", "/api", "/api/v1/"])
    def test_no_such_path(self, client: FlaskClient, path: str) -> None:
        assert problem(client.get(path), 404)["type"] == "about:blank"

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
    def test_only_reading(self, client: FlaskClient, method: str) -> None:
        response = client.open(f"{V1}/branches", method=method)
        problem(response, 405)
        assert {m.strip() for m in response.headers["Allow"].split(",")} == {
            "GET",
            "HEAD",
            "OPTIONS",
        }

    def test_a_large_body_is_refused(self, client: FlaskClient) -> None:
        problem(client.get(f"{V1}/branches", data=b"x" * 20_000), 413)
        assert client.get(f"{V1}/branches", data=b"x" * 20).status_code == 200

    def test_a_broken_view_tells_nothing(
        self, snapshot: Snapshot, caplog: pytest.LogCaptureFixture
    ) -> None:
        app = make_app(snapshot)

        def fail() -> str:
            raise RuntimeError("the secret is 42")

        app.add_url_rule("/api/v1/broken", view_func=fail)
        told = problem(app.test_client().get("/api/v1/broken"), 500)
        assert "secret" not in json.dumps(told)
        assert "the secret is 42" in caplog.text


class TestHostileText:
    def test_every_text_comes_out_as_it_went_in(self, hostile_client: FlaskClient) -> None:
        answer = json.loads(hostile_client.get(f"{V1}/branches").data)
        fits("Branches", answer)
        for feature, text in zip(answer["features"], HOSTILE, strict=True):
            shown = feature["properties"]
            assert shown["name"] == shown["address"] == shown["phone"] == text
            assert shown["hours"] is None  # no hours: whoever shows them need not look
            if feature["geometry"] is not None:
                assert shown["provider"] == HOSTILE[0]
                assert shown["review"] == [{"code": "zone_alias", "zone": text}]

    def test_distances_among_hostile_texts(self, hostile_client: FlaskClient) -> None:
        answer = json.loads(hostile_client.get(f"{V1}/nearest?lat=29.8&lon=121.45&limit=1000").data)
        fits("NearestBranches", answer)
        assert [f["properties"]["name"] for f in answer["features"]] == list(HOSTILE[:-1])
        assert answer["features"][0]["properties"]["distance_m"] == 0

    def test_an_unplaced_branch_has_no_geometry(self, hostile_client: FlaskClient) -> None:
        answer = hostile_client.get(f"{V1}/branches/b{len(HOSTILE) - 1}").get_json(force=True)
        fits("Branch", answer)
        assert answer["geometry"] is None

    def test_districts(self, hostile_client: FlaskClient) -> None:
        answer = hostile_client.get(f"{V1}/districts/330212").get_json(force=True)
        assert answer["properties"]["name"] == HOSTILE[2]
        located = hostile_client.get(f"{V1}/locate?lat=29.85&lon=121.6").get_json(force=True)
        assert (located["name"], located["city"]) == (HOSTILE[2], HOSTILE[0])

    @pytest.mark.parametrize("text", [t for t in HOSTILE if "\x01" not in t and t != HOSTILE[8]])
    def test_searching_for_one(self, hostile_client: FlaskClient, text: str) -> None:
        answer = hostile_client.get(f"{V1}/branches", query_string={"q": text})
        assert text in [f["properties"]["name"] for f in json.loads(answer.data)["features"]]
        link = json.loads(answer.data)["links"][0]["href"]
        assert hostile_client.get(link).data == answer.data


class TestDocumentation:
    def test_every_route_is_documented_and_every_documented_one_answers(
        self, app: Flask, client: FlaskClient
    ) -> None:
        routes = {
            re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule).removeprefix(V1)
            for rule in app.url_map.iter_rules()
            if rule.rule.startswith(f"{V1}/")
        }
        assert routes == {operation.path for operation in OPERATIONS}
        branch_id = client.get(f"{V1}/branches?limit=1").get_json(force=True)["features"][0]["id"]
        for operation in OPERATIONS:
            path = operation.path.replace("{id}", quote(branch_id)).replace("{code}", "330212")
            needed = {
                "/nearest": at(YINZHOU),
                "/locate": at(YINZHOU),
                "/clusters": {"bbox": "121,29,122,30", "zoom": "9"},
                "/search": {"q": "鄞州"},
                "/place": {"q": "鄞州"},
            }.get(operation.path, {})
            response = client.get(V1 + path, query_string=needed)
            assert response.status_code == 200
            assert response.mimetype == operation.media_type
            fits(operation.answers, json.loads(response.data))

    def test_a_wrong_answer_would_be_noticed(self, client: FlaskClient) -> None:
        answer = client.get(f"{V1}/branches").get_json(force=True)
        answer["features"][3]["properties"]["radius"] = 5
        with pytest.raises(Exception, match="radius"):
            fits("Branches", answer)

    def test_the_documented_example_is_true(self, client: FlaskClient) -> None:
        for operation in OPERATIONS:
            if operation.example is not None:
                fits(operation.answers, operation.example)

    def test_the_page_names_everything(self, client: FlaskClient) -> None:
        response = client.get("/api/docs")
        assert response.mimetype == "text/html"
        text = response.get_data(as_text=True)
        assert "<script>" not in text
        assert "style=" not in text
        for operation in OPERATIONS:
            assert f'id="{operation.name}"' in text
            assert operation.path in text
        for slug in ("invalid-parameters", "not-found", "outside-districts", "unavailable"):
            assert f'id="{slug}"' in text
        for name in ("max_distance", "bbox", "branch_count", "border_distance_m", "distance_m"):
            assert name in text


def test_nothing_slow_is_in_the_way(client: FlaskClient) -> None:
    client.get(f"{V1}/branches")
    started = time.perf_counter()
    for _ in range(50):
        client.get(f"{V1}/branches")
    assert (time.perf_counter() - started) / 50 < 0.02

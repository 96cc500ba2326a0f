"""A country of two provinces with 20,000 branches: more than a page lists or a map draws."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from shapely import box

from mapsvc.model import Branch, BranchList, District, Placement, Point, Precision
from mapsvc.store.base import Contents

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
HOSTILE = ("<img src=x onerror=alert(1)>", "{{7*7}}", "</script><script>alert(1)</script>")

_PLACES = (
    # code, district, city, province, west, south, branches
    ("320102", "玄武区", "南京市", "江苏省", 118.0, 31.5, 1_500),
    ("320104", "秦淮区", "南京市", "江苏省", 118.5, 31.5, 1_500),
    ("320505", "虎丘区", "苏州市", "江苏省", 119.5, 31.5, 900),
    ("320508", "姑苏区", "苏州市", "江苏省", 120.0, 31.5, 100),
    ("330102", "上城区", "杭州市", "浙江省", 118.5, 29.5, 5_000),
    ("330106", "西湖区", "杭州市", "浙江省", 119.0, 29.5, 5_000),
    ("330203", "海曙区", "宁波市", "浙江省", 120.5, 29.5, 2_000),
    ("330212", "鄞州区", "宁波市", "浙江省", 121.0, 29.5, 4_000),
)
_SIDE = 0.5
TOWER = Point(121.25, 29.75)
TOWER_BRANCHES = 35
"""At one place, which no zoom takes apart."""
LONELY = Point(120.45, 31.95)


def many_contents() -> Contents:
    """20,000 branches; the last ones of 姑苏区 have hostile names and stand by themselves."""
    chance = np.random.default_rng(20211119)
    branches, placements = [], {}
    for code, name, city, province, west, south, count in _PLACES:
        lon = west + 0.05 + 0.35 * chance.random(count)
        lat = south + 0.05 + 0.35 * chance.random(count)
        for i in range(count):
            branch_id, point = f"{code}-{i}", Point(float(lon[i]), float(lat[i]))
            title = f"{name}第{i}支行"
            if code == "330212" and i < TOWER_BRANCHES:
                point = TOWER
            if code == "320508" and i < len(HOSTILE):
                title, point = HOSTILE[i], Point(LONELY.lon, LONELY.lat - 0.02 * i)
            address = f"{province}{city}{name}人民路{i}号"
            branches.append(Branch(branch_id, title, address, "icbc" if i % 10 else "bocom"))
            placements[branch_id] = Placement(
                branch_id, point, Precision.STREET if i % 3 else Precision.BUILDING, 300.0,
                "amap", NOW, code, address,
            )  # fmt: skip
    shapes = [(*p[:4], box(p[4], p[5], p[4] + _SIDE, p[5] + _SIDE)) for p in _PLACES]
    return Contents(
        revision=3,
        changed_at=NOW,
        lists=(BranchList("many", "两省网点", 2026),),
        branches=tuple(branches),
        members={branch.id: ("many",) for branch in branches},
        placements=placements,
        districts=tuple(
            District(code, name, city, province, shape, shape)
            for code, name, city, province, shape in shapes
        ),
    )

"""What a real Nominatim, fed with the file of tests/peer/ningbo.py, is asked and should answer.

The same table holds for the real one and for the tape that `python -m tests.peer` records of it.
"""

from __future__ import annotations

from pathlib import Path

from mapsvc.address.parts import parse
from mapsvc.address.plan import Question, plan
from mapsvc.model import Precision

BUILDING, INTERPOLATED, STREET, TOWN, DISTRICT, CITY = Precision
TAPE = Path(__file__).parent / "tapes" / "nominatim.jsonl"
URL = "http://nominatim.test"
"""The server's address on the tape."""

ANSWERS: tuple[tuple[str, Precision, tuple[float, float]], ...] = (
    ("宁波市鄞州区天童北路933号", BUILDING, (121.55007, 29.83646)),
    ("浙江宁波鄞州钟公庙街道天童北路９３３号3楼", BUILDING, (121.55007, 29.83646)),
    ("宁波市鄞州区和邦大厦", BUILDING, (121.55007, 29.83646)),
    ("宁波市鄞州区海晏北路189号", BUILDING, (121.612, 29.861)),
    ("宁波市鄞州区海晏北路455号", INTERPOLATED, (121.61211, 29.868204)),
    ("宁波市海曙区灵桥路473号", BUILDING, (121.5505, 29.8648)),
    ("宁波市海曙区中山西路168号", BUILDING, (121.5398, 29.8773)),
    ("宁波市鄞州区四明西路156号", BUILDING, (121.535, 29.829)),
    ("宁波市鄞州区百丈东路1234弄56号", BUILDING, (121.58, 29.8652)),
    ("宁波市鄞州区百丈东路787弄", BUILDING, (121.577, 29.8651)),
    ("宁波市鄞州区百丈东路88号附3号", BUILDING, (121.5775, 29.8651)),
    ("宁波市鄞州区百丈东路甲22号", BUILDING, (121.579, 29.8651)),
    ("余姚市大黄桥路2号", BUILDING, (121.1522, 30.0395)),
    ("宁海县解放南路188号", BUILDING, (121.4258, 29.29)),
    ("杭州市上城区解放南路188号", BUILDING, (120.1612, 30.245)),
    ("北京市东城区王府井大街138号", BUILDING, (116.4108, 39.912)),
    ("宁波市鄞州区下应村12号", BUILDING, (121.601, 29.8)),
    ("宁波市海曙区解放南路188号", STREET, (121.5445, 29.8695)),
    ("宁波市鄞州区天童北路999号", STREET, (121.54982, 29.836499)),
    ("宁波市海曙区灵桥路", STREET, (121.550339, 29.864978)),
    ("宁波市鄞州区下应村", TOWN, (121.6, 29.8)),
    ("宁波市鄞州区首南街道", TOWN, (121.545, 29.805)),
    ("宁海县跃龙街道", TOWN, (121.425, 29.29)),
    ("慈溪市逍林镇", TOWN, (121.31, 30.175)),
    ("宁波市鄞州区", DISTRICT, (121.71, 29.7775)),
    ("余姚市", DISTRICT, (121.075, 30.025)),
    ("宁海县", DISTRICT, (121.45, 29.25)),
    ("宁波市", CITY, (121.6, 29.725)),
    ("北京市", CITY, (116.45, 40.25)),
)
"""Address, and the precision and position of the answer to its first question."""

UNKNOWN = (
    "火星市月亮路1号",
    "宁波市鄞州区天银路1号",
    "宁波市鄞州区灵桥路473号",  # which is in 海曙区
    "慈溪市道林镇",
    "宁波市高新区",
    "宁海县跃龙街道金融中心2号楼",
)
"""Addresses whose first question has no answer."""


def first_question(address: str) -> Question:
    """The most exact question that an address becomes."""
    return plan(parse(address))[0]

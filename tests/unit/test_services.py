from __future__ import annotations

import pytest

from mapsvc.errors import InvalidValue
from mapsvc.lists.services import read_services, services


def test_the_table_is_sound() -> None:
    """A code is fit for URLs, and no spelling means two services or cannot be written in a cell."""
    seen: dict[str, str] = {}
    for code, service in services().items():
        assert code == code.lower()
        assert code.replace("-", "").isalnum()
        assert service.name
        assert service.name_en
        for spelling in (code, service.name, service.name_en, *service.aliases):
            assert read_services(spelling) == (code,), spelling
            assert seen.setdefault(spelling.casefold(), code) == code


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("停车、ATM", ("atm", "parking")),
        ("外币兑换，ａｔｍ；停车|停车场", ("foreign-exchange", "atm", "parking")),
        ("Step-Free Access, wi-fi", ("barrier-free", "wifi")),
        ("24小时自助银行\n无障碍 设施", ("self-service-24h", "barrier-free")),
        (" 、 ，", ()),
    ],
)
def test_services_are_read_in_the_order_of_the_table(text: str, codes: tuple[str, ...]) -> None:
    assert read_services(text) == codes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("停车、轮椅通", "services: '轮椅通' is not a known service; the nearest are 无障碍设施"),
        ("parkin", "the nearest are 停车 (parking)"),
        ("游泳", "services: '游泳' is not a known service; data/services.csv has all"),
        ("x" * 500, "is not a known service"),
    ],
)
def test_an_unknown_service_is_told_the_nearest(text: str, message: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        read_services(text)
    assert message in str(caught.value)

"""The one character that stands for a bank on its markers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from mapsvc.lists.banks import banks

UNKNOWN = "行"
"""For a branch whose name tells no known bank."""

_KIND = re.compile("(农商|联合)?(银?行)?$")
"""The end of a short name, which many banks share."""


@cache
def badges() -> Mapping[str, str]:
    """Each bank's character, by the bank's code.

    It is the first one of the short name that no bank before it in the table has, so that the
    larger banks differ from each other: 中国银行 is 中, and 中信银行 is 信. Where all are taken,
    which happens to small banks, it is the first one again.

    >>> badges()["icbc"], badges()["boc"], badges()["citic"]
    ('工', '中', '信')
    """
    given: dict[str, str] = {}
    taken: set[str] = {UNKNOWN}
    for bank in banks().values():
        own = _KIND.sub("", bank.short) or bank.short
        badge = next((character for character in own if character not in taken), own[0])
        taken.add(badge)
        given[bank.code] = badge
    return given

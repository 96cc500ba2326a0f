"""What branches are found by: the text and the pinyin of their names and addresses."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mapsvc.address.normalise import canonical, canonical_all
from mapsvc.address.pinyin import spelled
from mapsvc.address.simplified import simplified

_NO_ROAD = "[^路街道巷弄号\\d\n]"
_ABOVE = re.compile(
    f"(?:{_NO_ROAD}{{2,7}}?(?:省|自治区))?(?:{_NO_ROAD}{{2,7}}?(?:市(?!场)|自治州|地区|盟))?"
    f"(?:{_NO_ROAD}{{1,7}}?(?:[区县旗]|市(?!场)))?"
)
"""Province, city and district at the beginning of an address. They are no part of its spelling,
or their syllables would be found in every address."""


def key(text: str) -> str:
    """The form in which texts are searched: canonical, and simplified one for one.

    >>> key("寧波 ＩＣＢＣ")
    '宁波icbc'
    """
    return simplified(canonical(text))


def word_starts(name: str) -> list[str]:
    """The key of an English name, and what is left of it without its first words.

    >>> word_starts("Bank of China")
    ['bankofchina', 'ofchina', 'china']
    """
    words = name.split()
    return [found for start in range(len(words)) if (found := key("".join(words[start:])))]


def keys(texts: Sequence[str]) -> list[str]:
    """The same of many texts at once, which is several times faster."""
    return simplified("\n".join(canonical_all(texts))).split("\n") if texts else []


def spellings(names: Sequence[str]) -> list[str]:
    """`mapsvc.address.pinyin.spelled` of many keys at once, which is faster, too."""
    return spelled("\n".join(names)).split(" \n") if names else []


def address_spellings(addresses: Sequence[str]) -> list[str]:
    """The same for addresses, from behind province, city and district.

    >>> address_spellings(["浙江省宁波市鄞州区天童北路933号"])
    [' tian tong bei lu 9 3 3 hao']
    """
    return spellings([_ABOVE.sub("", address, count=1) for address in addresses])

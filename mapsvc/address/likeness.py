"""How easily one Chinese name is taken for another: by sound, by shape, by a missing character.

Most Chinese characters pair a radical with a part that tells the sound. So two of them are near
when they share the radical or sound alike, nearest when both: 道 and 逍 share 辶 and the final
-ao. The radical needs no table: Unicode's basic CJK block is ordered by the 214 Kangxi radicals
(UAX #38, kRSUnicode), and each radical is the first character of its own run.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

_RADICALS = [ord(unicodedata.normalize("NFKC", chr(c))) for c in range(0x2F00, 0x2FD6)]
_LAST = 0x9FA5

_LOOKALIKES = (
    "已己巳", "未末", "士土", "日曰", "人入八", "天夫无", "千干于", "大太犬", "午牛", "王玉主",
    "田由甲申", "石右", "古舌吉", "东车", "风凤", "元无", "万方", "几九", "刀力", "戊戌戍",
    "今令", "白自百", "目且", "小少", "山出", "川州", "下卞", "户尸", "免兔", "乌鸟", "崇祟",
    "泗洒", "析折", "段叚", "候侯", "茶荼", "刺剌", "暖暧", "即既", "栗粟", "奉秦泰春", "甬角",
    "庵奄", "隘溢", "徐余", "姜美", "奕弈", "盂孟", "岔盆", "坛坊",
)  # fmt: skip
"""Characters that are mistaken for one another though neither radical nor sound need agree."""

_ALIKE = {(a, b) for group in _LOOKALIKES for a in group for b in group if a != b}

_NEAR_INITIALS = ({"z", "zh"}, {"c", "ch"}, {"s", "sh"}, {"n", "l"}, {"f", "h"}, {"r", "l"})
_NEAR_FINALS = ({"an", "ang"}, {"en", "eng"}, {"in", "ing"}, {"uan", "uang"}, {"ian", "iang"},
                {"ao", "iao"}, {"a", "ia"}, {"e", "ie"}, {"ou", "iu"})  # fmt: skip


def distance(one: str, other: str) -> float:
    """The edit distance of two names (Levenshtein); a character too few or too many costs 1.

    Another character costs 1 less up to 0.4 for its sound and up to 0.4 for its shape
    (`substitution`), so that of two names with one wrong character the likelier comes first.

    >>> distance("道林", "逍林") < distance("道林", "古林") == 1
    True
    """
    row = [float(i) for i in range(len(other) + 1)]
    for i, a in enumerate(one, 1):
        above, row = row, [float(i)]
        for j, b in enumerate(other, 1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + substitution(a, b)))
    return round(row[-1], 3)


@lru_cache(maxsize=65_536)
def substitution(a: str, b: str) -> float:
    """What it costs to have written ``a`` for ``b``: 0 if equal, else 0.2 to 1."""
    if a == b:
        return 0.0
    return 1 - 0.4 * _sound(a, b) - 0.4 * _shape(a, b)


def _sound(a: str, b: str) -> float:
    """1 for the same syllable without tones, 0.5 for each of initial and final, less if near."""
    initials, finals = zip(_syllable(a), _syllable(b), strict=True)
    if not all(finals):
        return 0.0
    return 0.5 * _near(initials, _NEAR_INITIALS) + 0.5 * _near(finals, _NEAR_FINALS)


def _near(pair: tuple[str, str], groups: tuple[set[str], ...]) -> float:
    if pair[0] == pair[1]:
        return 1.0
    return 0.6 if any(set(pair) <= group for group in groups) else 0.0


@lru_cache(maxsize=8_192)
def _syllable(character: str) -> tuple[str, str]:
    read = [
        lazy_pinyin(character, style=style, strict=False, errors="ignore")
        for style in (Style.INITIALS, Style.FINALS)
    ]
    initial, final = ("".join(part) for part in read)
    return initial, final


def _shape(a: str, b: str) -> float:
    """1 for lookalikes, 0.75 for the same radical, else 0."""
    if (a, b) in _ALIKE:
        return 1.0
    return 0.75 if radical(a) and radical(a) == radical(b) else 0.0


def radical(character: str) -> int:
    """The number of the character's Kangxi radical, 1 to 214; 0 outside the basic block.

    >>> radical("道") == radical("逍") == radical("辵")
    True
    """
    code = ord(character)
    return bisect_right(_RADICALS, code) if _RADICALS[0] <= code <= _LAST else 0

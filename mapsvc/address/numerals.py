"""Chinese numerals in addresses, made digits where a number is meant and nowhere else.

A numeral counts as a number only in front of a unit (号, 弄, 栋, 楼, 室 …). Names keep their
characters: 三里屯, 五一路, 八一七路, 四明西路, 百丈路, 东四十条, 一号桥.
"""

from __future__ import annotations

import re

_WRITTEN = "〇零○ 一壹 二贰两 三叁 四肆 五伍 六陆 七柒 八捌 九玖"
"""The characters for 0 to 9."""

_DIGITS = {c: n for n, cs in enumerate(_WRITTEN.split(" ")) for c in cs}
_TENS = {"廿": 20, "卅": 30}
_SCALES = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_NUMERAL = "".join({**_DIGITS, **_TENS, **_SCALES})

_UNITS = ("号线", "号大街", "支弄", "单元", "公里", "千米", "弄", "栋", "幢")
"""What may follow a number, always. 一号路 and 一号桥 are names; 6号大街 is written with digits."""

_DOUBTFUL = "楼层座室组社队连米"
"""What follows a number too, unless a name goes on: 三楼, but 三座店镇, 八楼村, 五社区."""

_MEANT = re.compile(
    f"(?<![{_NUMERAL}])[{_NUMERAL}]{{1,9}}"
    f"(?={'|'.join(_UNITS)}|[{_DOUBTFUL}](?![镇乡村店庄寺屯寨山湖河台桥路街区阁])"
    f"|号(?![桥路街馆渠井坝])|[至到,-][{_NUMERAL}]{{1,9}}[号层楼])"
)
_AFTER_NUMBER = re.compile(f"(?<=号[之附])[{_NUMERAL}]{{1,4}}(?![{_NUMERAL}])")
_HIGHWAY = re.compile(f"(?<=[国省县乡]道)[{_NUMERAL}]{{3,4}}(?=线)")


def value(numeral: str) -> int | None:
    """The number that a Chinese numeral means, or None where it is none.

    Digits in a row (一三八), ten to thousands with or without 零 (一百零五), 廿 and 卅, and the
    spoken short form (一百二 = 120).

    >>> value("一百三十八"), value("十"), value("二〇一"), value("廿三"), value("百丈")
    (138, 10, 201, 23, None)
    """
    if numeral and all(c in _DIGITS for c in numeral):
        return int("".join(str(_DIGITS[c]) for c in numeral))
    total, digit, last_scale, after_zero = 0, None, 10_000, False
    for c in numeral:
        if c in _DIGITS:
            if digit:
                return None
            digit = _DIGITS[c]
            after_zero = after_zero or digit == 0
        elif c in _TENS:
            if digit is not None or last_scale <= 10:
                return None
            total, last_scale = total + _TENS[c], 10
        elif c in _SCALES:
            scale = _SCALES[c]
            if scale >= last_scale or (digit is None and (scale != 10 or total)):
                return None
            total += scale * (1 if digit is None else digit)
            digit, last_scale, after_zero = None, scale, False
        else:
            return None
    if digit and not after_zero and last_scale > 10 and total:
        digit *= last_scale // 10
    total += digit or 0
    return total or None


def arabic(text: str) -> str:
    """``text`` with the numbers that stand before a unit in digits.

    >>> arabic("四明西路一百五十四号三楼二〇一室"), arabic("三里屯五一路廿三号")
    ('四明西路154号3楼201室', '三里屯五一路23号')
    """
    for pattern in (_HIGHWAY, _MEANT, _AFTER_NUMBER):
        text = pattern.sub(_written, text)
    return text


def _written(match: re.Match[str]) -> str:
    numeral = match[0]
    if len(numeral) > 1 and all(c in _DIGITS for c in numeral):
        return "".join(str(_DIGITS[c]) for c in numeral)
    number = value(numeral)
    return numeral if number is None else str(number)

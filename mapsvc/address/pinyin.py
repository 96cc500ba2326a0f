"""Reading Chinese names in pinyin, and finding them again by what was typed of their syllables.

A text is spelled as a space and a syllable for each character, without tones: 鄞州2号 becomes
`` yin zhou 2 hao``. So the number of spaces before a place is the number of characters before it,
and every syllable begins behind a space. The readings are data/pinyin.csv, each character's
commonest one, and data/pinyin-words.csv: words in which a character is read otherwise (支行 is zhi
hang, 步行 bu xing), and characters that are read otherwise in names.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import lru_cache

from mapsvc.resources import resource

MOST_LETTERS = 40
"""Letters in a row that are read as pinyin; more are no name."""
_MOST_READINGS = 4
"""Ways to part letters into syllables that are looked for, those with the fewest first."""

_INITIALS = frozenset("abcdefghjklmnopqrstwxyz") | {"ch", "sh", "zh"}
"""What somebody may type instead of a syllable that others follow."""
_CONSONANTS = _INITIALS - {"a", "e", "o"}
_LETTERS = re.compile("[a-z]+")
_CHINESE = re.compile("[〇㐀-鿿]")


@dataclass(frozen=True, slots=True)
class _Tables:
    characters: dict[int, str]
    """For `str.translate`: a space and the syllable, or a space and the character itself."""
    words: dict[str, str]
    at: re.Pattern[str]
    """Finds the words in a text."""
    syllables: frozenset[str]
    beginnings: frozenset[str]
    """Of syllables, and the whole ones."""


class _Characters(dict[int, str]):
    """What is not Chinese is spelled as it stands."""

    def __missing__(self, code: int) -> str:
        self[code] = spelled = f" {chr(code)}"
        return spelled


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    readings, words = dict[str, str](), dict[str, str]()
    with resource("data/pinyin.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            readings |= dict.fromkeys(row["characters"], row["syllable"])
    syllables = frozenset(readings.values())
    with resource("data/pinyin-words.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            (words if len(row["word"]) > 1 else readings)[row["word"]] = row["reading"]
    longest = sorted(words, key=len, reverse=True)
    return _Tables(
        _Characters({ord(character): f" {read}" for character, read in readings.items()}),
        {word: f" {read}" for word, read in words.items()},
        re.compile("|".join(longest)),
        syllables,
        frozenset(one[:end] for one in syllables for end in range(1, len(one) + 1)),
    )


def spelled(text: str) -> str:
    """``text`` (canonical and simplified) with every character spelled behind a space.

    >>> spelled("工行鄞州2支行"), spelled("步行街")
    (' gong hang yin zhou 2 zhi hang', ' bu xing jie')
    """
    tables = _tables()
    found, end = "", 0
    for match in tables.at.finditer(text):
        found += text[end : match.start()].translate(tables.characters) + tables.words[match[0]]
        end = match.end()
    return found + text[end:].translate(tables.characters)


def initials(spelling: str) -> str:
    """The first letters of a spelling.

    >>> initials(" gong hang yin zhou 2")
    'ghyz2'
    """
    return "".join(part[0] for part in spelling.split(" ") if part)


@dataclass(frozen=True, slots=True)
class Typed:
    """One way to read what was typed: a piece for each character of a name.

    Each but the last is a whole syllable or an initial that stands for any syllable with it; the
    last is the beginning of one.
    """

    pieces: tuple[str, ...]
    whole: tuple[bool, ...]
    """Which pieces are whole syllables; the last is not unless it was typed as a character."""

    @property
    def letters(self) -> str:
        """The first letter of each piece."""
        return "".join(piece[0] for piece in self.pieces)

    @property
    def is_literal(self) -> bool:
        """Whether a spelling that it matches holds it as it stands (`needle`)."""
        return all(self.whole[:-1])

    @property
    def needle(self) -> str:
        """The longest part that every spelling it matches holds as it stands."""
        runs, run = [], ""
        for piece, whole in zip(self.pieces, self.whole, strict=True):
            run += f" {piece}"
            if not whole:
                runs.append(run)
                run = ""
        return max([*runs, run], key=len)

    @property
    def pattern(self) -> str:
        """A regular expression for it in a spelling; nothing in it can be matched in two ways.

        >>> Typed(("y", "zhou"), (False, False)).pattern
        ' y[a-z]* zhou'
        """
        parts = [
            f" {re.escape(piece)}" + ("" if whole else "[a-z]*")
            for piece, whole in zip(self.pieces, self.whole, strict=True)
        ]
        last = f" {re.escape(self.pieces[-1])}" + ("(?![a-z])" if self.whole[-1] else "")
        return "".join([*parts[:-1], last])


def readings(typed: str) -> tuple[Typed, ...]:
    """The ways to read a typed text (canonical and simplified) as pinyin, the likeliest first.

    None where it has no Latin letters or cannot be read so. Chinese characters between the letters
    stand for their own syllable.

    >>> [reading.pieces for reading in readings("xian")]
    [('xian',), ('xia', 'n'), ('xi', 'an')]
    >>> [reading.pieces for reading in readings("鄞zh")]
    [('yin', 'zh'), ('yin', 'z', 'h')]
    >>> [reading.pieces for reading in readings("鄞zhou")]
    [('yin', 'zhou')]
    """
    if not _LETTERS.search(typed):
        return ()
    ways: list[Typed] = [Typed((), ())]
    runs = [run for run in re.findall("[a-z]+|[^a-z]+", typed.replace("ü", "v")) if run]
    for number, run in enumerate(runs, 1):
        if _LETTERS.fullmatch(run):
            parts = _parted(run, is_last=number == len(runs))
        else:
            pieces = tuple(spelled(run).split(" ")[1:])
            parts = [Typed(pieces, (True,) * len(pieces))] if all(pieces) else []
        ways = [
            Typed(way.pieces + part.pieces, way.whole + part.whole)
            for way in ways
            for part in parts
        ]
    ways.sort(key=lambda way: len(way.pieces))
    return tuple(way for way in ways[:_MOST_READINGS] if len(way.pieces) <= _most_pieces(ways))


def _most_pieces(ways: list[Typed]) -> int:
    """Of a few letters every reading is a likely one (xian, xi an); of many, the shortest are."""
    fewest = len(ways[0].pieces)
    return fewest + 1 if fewest < 3 else fewest


@lru_cache(maxsize=1_000)
def _parted(letters: str, *, is_last: bool) -> list[Typed]:
    """The ways to part letters into syllables and initials, the fewest first.

    Args:
        letters: a to z.
        is_last: whether nothing follows, so that the last piece need not be whole.
    """
    if len(letters) > MOST_LETTERS:
        return []
    tables = _tables()
    # By where they begin: the ways to part the rest, so that none is looked for twice.
    rests: dict[int, list[Typed]] = {len(letters): [Typed((), ())]}
    for start in range(len(letters) - 1, -1, -1):
        found = []
        for piece in _pieces(letters, start, tables.beginnings):
            end = start + len(piece)
            is_open = end == len(letters) and is_last
            is_whole = piece in tables.syllables - _INITIALS and not is_open
            if is_open or is_whole or piece in _INITIALS:
                found += [
                    Typed((piece, *rest.pieces), (is_whole, *rest.whole))
                    for rest in rests[end]
                    if is_whole or end == len(letters) or not _joins(piece, rest, tables.beginnings)
                ]
        found.sort(key=lambda way: len(way.pieces))
        rests[start] = found[: 2 * _MOST_READINGS]
    return rests[0]


def _joins(initial: str, rest: Typed, beginnings: Container[str]) -> bool:
    """Whether what follows belongs to the same syllable: zh and ou are zhou. z and h may be two."""
    following = rest.pieces[0]
    return following not in _CONSONANTS and initial + following[:2] in beginnings


def _pieces(letters: str, start: int, beginnings: Container[str]) -> Iterator[str]:
    for end in range(min(len(letters), start + 6), start, -1):
        if letters[start:end] in beginnings:
            yield letters[start:end]


def is_chinese(text: str) -> bool:
    """Whether there is a Chinese character in a text."""
    return _CHINESE.search(text) is not None

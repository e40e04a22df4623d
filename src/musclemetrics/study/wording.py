"""Which words of a message are musclemetrics's own: of a text that may name a person, nothing else is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType

__all__ = ["HIDDEN", "masked", "own_words"]

HIDDEN = "…"
"""What stands in the place of a word that is not ours."""

_WORD = re.compile(r"\w+")
# Strangers' words stand in quotes in most messages, where a word of ours proves nothing.
# An apostrophe within a word begins and ends nothing.
_QUOTED = re.compile(r"(?<!\w)'(?:[^']|(?<=\w)'(?=\w))*'(?!\w)|\"[^\"]*\"|‘[^’]*’|“[^”]*”")
_TIME = re.compile(r"(?<![0-9])(?:[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)(?![0-9])")
_PATH = re.compile(r"(?<![\w…])(?:[A-Za-z]:)?(?:[\\/][^\s'\"/\\]+){2,}")
_DIGITS = 6
_AMOUNT = re.compile(r"[0-9]+([a-z]{1,2})?")


@cache
def own_words() -> tuple[frozenset[str], frozenset[str]]:
    """Return the words in the texts of the package's code, and those texts that are a single word or name.

    They are taken from the compiled code, without documentation (several lines) and without the simulator, which has
    persons of its own making.
    """
    home = Path(__file__).resolve().parent.parent
    words: set[str] = set()
    whole: set[str] = set()
    for path in sorted(home.rglob("*.py")):
        if "simulate" in path.relative_to(home).parts:
            continue
        code = SourceFileLoader("musclemetrics", str(path)).get_code("musclemetrics")
        for text in _texts(code) if code is not None else ():
            if "\n" not in text:
                words.update(_WORD.findall(text))
                whole.add(text)
    return frozenset(words), frozenset(whole)


def _texts(code: CodeType) -> Iterator[str]:
    waiting: list[object] = [code]
    while waiting:
        one = waiting.pop()
        if isinstance(one, CodeType):
            waiting += one.co_consts
        elif isinstance(one, tuple | frozenset):
            waiting += one
        elif isinstance(one, str):
            yield one


def masked(text: str) -> str:
    """Return a text without any word, date or long number that musclemetrics does not write of itself.

    A word is kept where the package's own messages have it, spelt so; what stands in quotes only where it is all of
    one of them. Numbers of fewer than six digits before the point are kept, unless they begin with a zero.

    Examples
    --------
    >>> masked("the file could not be read to its end: Zebediah^Quux")
    'the file could not be read to its end: …^…'
    """
    words, whole = own_words()
    text = _TIME.sub(HIDDEN, _PATH.sub(HIDDEN, text))
    text = _QUOTED.sub(lambda m: m[0] if m[0][1:-1] in whole else m[0][0] + HIDDEN + m[0][-1], text)

    def one(found: re.Match[str]) -> str:
        word = found[0]
        if word in words and not word.isdigit():
            return word
        amount = _AMOUNT.fullmatch(word)
        digits = len(word) - len(amount[1] or "") if amount else 0
        fraction = found.start() > 1 and text[found.start() - 1] == "." and text[found.start() - 2].isdigit()
        # A number that begins with a zero was given to somebody rather than counted.
        counted = digits < _DIGITS and (digits == 1 or not word.startswith("0"))
        if amount and (amount[1] is None or amount[1] in words) and (counted or fraction):
            return word
        return HIDDEN

    return _WORD.sub(one, text)

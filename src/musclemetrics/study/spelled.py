"""A word as bytes: in every encoding and escape in which an output may hold it."""

from __future__ import annotations

import base64
import html
import json
import re
import unicodedata
from collections.abc import Iterator
from html.entities import codepoint2name
from urllib.parse import quote, quote_plus

__all__ = ["spelled"]

_UMLAUTS = {ord(a): b for a, b in zip("äöüßÄÖÜ", ("ae", "oe", "ue", "ss", "Ae", "Oe", "Ue"), strict=True)}
_APOSTROPHES = re.compile("['’‘ʼ´`]")
_LONG = 6  # of shorter words too little is left in base64 or hexadecimal to be told from chance


def spelled(word: str) -> Iterator[tuple[str, bytes, bool]]:
    """Yield (name of the encoding, bytes, whether upper and lower case differ) for a word; bytes may come twice.

    Where case makes no difference the bytes are in lower case (ASCII), to be searched for in bytes made so.
    """
    for form in _forms(word):
        yield from (("UTF-8", raw.lower(), False) for raw in _bytes(form, "utf-8"))
        yield from (("Latin-1", raw.lower(), False) for raw in _bytes(form, "cp1252"))
        # Without the zero byte at either end it is the same for both orders of bytes.
        yield from (("UTF-16", raw[:-1].lower(), False) for raw in _bytes(form, "utf-16-le"))
        for name, text in _escaped(form):
            if text.lower() != form.lower():
                yield from ((name, raw.lower(), False) for raw in _bytes(text, "utf-8"))
        if len(form) < _LONG:
            continue
        for raw in _bytes(form, "utf-8"):
            yield "hexadecimal", raw.hex().encode(), False
            yield "percent", "".join(f"%{b:02x}" for b in raw).encode(), False
            yield "entities", "".join(f"&#{ord(c)};" for c in form).encode(), False
            yield "entities", "".join(f"&#x{ord(c):x};" for c in form).encode(), False
            yield "escapes", "".join(f"\\x{b:02x}" for b in raw).encode(), False
            yield "escapes", "".join(f"\\u{ord(c):04x}" for c in form).encode(), False
    for form in {word, unicodedata.normalize("NFC", word), word.lower(), word.upper()}:
        for name in ("utf-8", "utf-16-le") if len(form) >= _LONG else ():
            for raw in _bytes(form, name):
                yield from (("base64", piece, True) for piece in _base64(raw))


def _forms(word: str) -> set[str]:
    found = {word, word.lower(), word.upper()}
    found |= {unicodedata.normalize(f, w) for w in (*found,) for f in ("NFC", "NFD")}
    plain = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    found.add(plain)
    found.add(word.translate(_UMLAUTS))
    if _APOSTROPHES.search(word):
        found |= {_APOSTROPHES.sub(mark, f) for f in (*found,) for mark in ("'", "’", "‘", "ʼ", "´", "`")}
        if len(word) > _LONG:
            found |= {_APOSTROPHES.sub("", f) for f in (*found,)}
    if " " in word:
        found |= {word.replace(" ", mark) for mark in ("_", "-", "+", ".")}
    return {f for f in found if f}


def _bytes(text: str, encoding: str) -> Iterator[bytes]:
    try:
        yield text.encode(encoding)
    except UnicodeEncodeError:
        return


def _escaped(text: str) -> Iterator[tuple[str, str]]:
    beyond = text.encode("ascii", "xmlcharrefreplace").decode()
    yield "entities", html.escape(text)
    yield "entities", html.escape(text, quote=False)
    yield "entities", beyond
    yield "entities", "".join(c if c.isascii() else f"&#x{ord(c):x};" for c in text)
    yield "entities", "".join(c if c.isascii() else f"&{_named(c)};" for c in text)
    sound = text.encode("utf-8", "backslashreplace").decode()
    yield "JSON", json.dumps(sound)[1:-1]
    yield "JSON", json.dumps(sound, ensure_ascii=False)[1:-1]
    yield "escapes", text.encode("unicode_escape").decode()
    yield "escapes", ascii(text)[1:-1]
    yield "CSV", text.replace('"', '""')
    for safe in ("", "/"):
        yield "percent", quote(text, safe=safe, errors="replace")
        yield "percent", quote_plus(text, safe=safe, errors="replace")
    yield "percent", quote(text, safe="", encoding="latin-1", errors="replace")


def _named(sign: str) -> str:
    return codepoint2name.get(ord(sign), f"#{ord(sign)}")


def _base64(raw: bytes) -> Iterator[bytes]:
    """Yield what of the base64 of `raw` does not depend on the bytes around it, for each place it may begin at."""
    for before in range(3):
        whole = base64.b64encode(bytes(before) + raw)
        start = -(-before * 8 // 6)
        end = (before + len(raw)) * 8 // 6
        yield whole[start:end]
        yield whole[start:end].translate(bytes.maketrans(b"+/", b"-_"))

"""Codes in place of names: the same word gives the same code under the same key, and nothing gives it back.

A code is made by HMAC-SHA256, so that who lacks the key cannot find a subject by trying all identifiers that a
hospital may have given. The key lies in a file of its own, readable by its owner alone, away from the results.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import stat
from dataclasses import dataclass
from datetime import date
from os import PathLike
from pathlib import Path

from ..errors import SettingsError
from ..store.whole import write_failure

__all__ = ["Key", "load_key", "make_key"]

_MARK = "musclemetrics key 1"
_BYTES = 32
# Crockford's: no I, L, O, U, so that a code read aloud is written down right.
_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BODY, _CHECK = 10, 2
_SPAN = 1 << 5 * _BODY
_HALF = 1 << 5 * _BODY // 2
_ROUNDS = 8  # of a Feistel network, which turns a day into a code and back


def _word(number: int, length: int) -> str:
    return "".join(_SIGNS[number >> 5 * i & 31] for i in reversed(range(length)))


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """What makes codes; two keys make codes that have nothing in common.

    Parameters
    ----------
    secret : bytes
        At least 32 bytes that nobody can guess.

    Examples
    --------
    >>> key = Key(bytes(range(32)))
    >>> key.code("S", "0012") == key.code("S", "0012"), key.code("S", "0012") == key.code("S", "12")
    (True, False)
    """

    secret: bytes

    def _number(self, purpose: str, *words: str) -> int:
        # Words are told apart by their lengths, so that no two lists of words make the same message.
        parts = [w.encode("utf-8", "surrogatepass") for w in (purpose, *words)]
        message = b"".join(len(p).to_bytes(8, "big") + p for p in parts)
        return int.from_bytes(hmac.digest(self.secret, message, "sha256"), "big")

    def code(self, kind: str, word: str) -> str:
        """Return the code of a word: `kind`, a dash, ten signs, and two by which the key knows its own.

        Parameters
        ----------
        kind : str
            A letter or two for what it stands for: words of different kinds have different codes.
        word : str
            Taken as it is: ``0012`` and ``12`` have different codes.
        """
        return self._signed(kind, _word(self._number("code", kind, word) % _SPAN, _BODY))

    def _signed(self, kind: str, body: str) -> str:
        return f"{kind}-{body}{_word(self._number('check', kind, body), _CHECK)}"

    def made(self, kind: str, word: str) -> bool:
        """Whether a word is a code of that kind made with this key."""
        found = re.fullmatch(rf"{re.escape(kind)}-([{_SIGNS}]{{{_BODY}}})[{_SIGNS}]{{{_CHECK}}}", word)
        return found is not None and hmac.compare_digest(self._signed(kind, found[1]), word)

    def sealed(self, day: date) -> str:
        """Return a day that only this key can open, for the time until the other days of its subject are known."""
        left, right = divmod(day.toordinal(), _HALF)
        for turn in range(_ROUNDS):
            left, right = right, (left + self._number("day", str(turn), str(right))) % _HALF
        return self._signed("D", _word(left * _HALF + right, _BODY))

    def opened(self, word: str) -> date | None:
        """Return the day that was sealed, None where the word is none."""
        if not self.made("D", word):
            return None
        number = 0
        for sign in word[2 : 2 + _BODY]:
            number = number << 5 | _SIGNS.index(sign)
        left, right = divmod(number, _HALF)
        for turn in reversed(range(_ROUNDS)):
            left, right = (right - self._number("day", str(turn), str(left))) % _HALF, left
        days = left * _HALF + right
        return date.fromordinal(days) if 1 <= days <= date.max.toordinal() else None


def make_key(path: str | PathLike[str]) -> Path:
    """Write a new key into a new file that its owner alone may read.

    Raises
    ------
    SettingsError
        ``key-exists``: a key is never replaced, since its codes would be lost; ``unwritable``.
    """
    file = Path(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(file, flags, 0o600)
    except FileExistsError:
        raise SettingsError(
            f"{file} is there already; a new key would give every subject another code",
            code="key-exists",
            remedy="use it, or choose another name",
        ) from None
    except OSError as error:
        raise SettingsError(
            f"{file} cannot be written ({error.strerror or error})", code="unwritable", remedy="choose another place"
        ) from error
    try:
        with os.fdopen(handle, "w", encoding="ascii", newline="\n") as stream:
            stream.write(f"{_MARK}\n{secrets.token_hex(_BYTES)}\n")
    except OSError as error:
        file.unlink(missing_ok=True)
        raise write_failure(error, file) from error
    return file


def load_key(path: str | PathLike[str], *, outside: str | PathLike[str] | None = None) -> Key:
    """Return the key of a file that :func:`make_key` wrote.

    Parameters
    ----------
    path : path
    outside : path, optional
        A folder in which no key may lie: the run's own, which is passed on.

    Raises
    ------
    SettingsError
        ``missing-file``; ``bad-key`` if it is none; ``key-in-run-folder``; ``key-readable-by-others`` (POSIX alone:
        what Windows lets others read is not looked at).
    """
    file = Path(path)
    if outside is not None and _within(file, Path(outside)):
        raise SettingsError(
            f"the key {file.name} lies in the run folder, and would be passed on with the results",
            code="key-in-run-folder",
            remedy="move it to a place of its own",
        )
    try:
        mode = file.stat().st_mode
        text = file.read_bytes()[:200].decode("latin-1")
    except FileNotFoundError:
        raise SettingsError(
            f"there is no key {file.name}", code="missing-file", remedy="make one: musclemetrics key FILE"
        ) from None
    except OSError as error:
        raise SettingsError(
            f"the key {file.name} cannot be read ({error.strerror or error})", code="bad-key", remedy="check its rights"
        ) from error
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise SettingsError(
            f"the key {file.name} can be read by others (mode {stat.S_IMODE(mode):o}, at most 600)",
            code="key-readable-by-others",
            remedy="chmod 600 it",
        )
    found = re.fullmatch(rf"{_MARK}\r?\n([0-9a-f]{{{2 * _BYTES}}})\s*", text)
    if found is None:
        raise SettingsError(f"{file.name} is no key", code="bad-key", remedy="make one: musclemetrics key FILE")
    return Key(bytes.fromhex(found[1]))


def _within(file: Path, folder: Path) -> bool:
    own = os.path.normcase(os.path.realpath(folder))
    # Where it lies and what it points to: a link within the folder is passed on as well.
    places = (os.path.realpath(file), os.path.join(os.path.realpath(file.parent), file.name))
    return any((os.path.normcase(place) + os.sep).startswith(own.rstrip(os.sep) + os.sep) for place in places)

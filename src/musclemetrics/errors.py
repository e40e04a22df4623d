"""What can go wrong, as a tree.

Every error carries a stable kebab-case ``code`` to filter on and a ``remedy`` that says what to do about it.
The message gives the value and the limit; ``str(error)`` is the message followed by the remedy.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "FitError",
    "InputError",
    "ItemCrashed",
    "ItemOutOfMemory",
    "ItemTimeout",
    "LimitError",
    "MissingDependencyError",
    "MuscleMetricsError",
    "ReadError",
    "SettingsError",
    "UnknownFormatError",
    "WriteError",
]


class MuscleMetricsError(Exception):
    """Base of every error musclemetrics raises on purpose.

    Parameters
    ----------
    message : str
        What was found and which limit it breaks.
    code : str
        Stable kebab-case name of the reason, for filters and tables.
    remedy : str
        What the user can do about it; empty where nothing can be done.
    """

    default_code = "error"

    def __init__(self, message: str, *, code: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions with keyword arguments do not survive pickling, hence worker processes, by themselves.
        return _rebuild, (type(self), self.message, self.code, self.remedy)


def _rebuild(kind: type[MuscleMetricsError], message: str, code: str, remedy: str) -> MuscleMetricsError:
    return kind(message, code=code, remedy=remedy)


class InputError(MuscleMetricsError, ValueError):
    """These arrays cannot be measured."""

    default_code = "bad-input"


class FitError(MuscleMetricsError, RuntimeError):
    """No parameters describe these data."""

    default_code = "no-fit"


class ReadError(MuscleMetricsError, OSError):
    """This file cannot be read."""

    default_code = "unreadable"


class UnknownFormatError(ReadError):
    """No reader knows this file."""

    default_code = "unknown-format"


class LimitError(ReadError):
    """Refused before decoding: too large, too deep."""

    default_code = "over-limit"


class WriteError(MuscleMetricsError, OSError):
    """This result cannot be written, through no fault of what was asked."""

    default_code = "write-failed"


class SettingsError(MuscleMetricsError, ValueError):
    """A decision that cannot be carried out."""

    default_code = "bad-setting"


class ItemTimeout(MuscleMetricsError):
    """The item did not finish before its deadline."""

    default_code = "item-timeout"


class ItemCrashed(MuscleMetricsError):
    """The item took its worker with it."""

    default_code = "item-crashed"


class ItemOutOfMemory(MuscleMetricsError):
    """The item asked for more memory than it may have."""

    default_code = "item-out-of-memory"


class MissingDependencyError(MuscleMetricsError, ImportError):
    """A feature needs a package that is not installed; the remedy is the command that installs it."""

    default_code = "missing-dependency"

    @classmethod
    def of(cls, package: str, what: str, otherwise: str = "") -> MissingDependencyError:
        """Return the error for a package that is not installed.

        Parameters
        ----------
        package : str
            Its name on the package index.
        what : str
            What needs it: "Axon Binary Files need".
        otherwise : str
            What helps without it.

        Examples
        --------
        >>> MissingDependencyError.of("roifile", "regions of ImageJ need").message
        'regions of ImageJ need the package roifile, which is not installed'
        """
        # An environment made as the README says has no pip of its own, and the machine's paths belong in no record.
        command = f"python3 -m pip --python .venv/bin/python install {package}"
        return cls(
            f"{what} the package {package}, which is not installed",
            remedy=f"{command} (for .venv/bin/python put the Python that runs musclemetrics)"
            + (f", or {otherwise}" if otherwise else ""),
        )

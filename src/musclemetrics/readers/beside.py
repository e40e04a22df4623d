"""The drawn region that lies beside a picture, found by the picture's own name."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..errors import MuscleMetricsError, ReadError, SettingsError, UnknownFormatError
from ..record import Flag
from .source import Source, name_of

__all__ = ["Drawn", "drawn_options"]

_STEM = "{stem}"


class Drawn(NamedTuple):
    """How the drawn region of a picture is found and read; see :func:`drawn_options`."""

    pattern: str | None
    name: str | None
    value: int | None
    scale: bool
    origin: str

    def beside(
        self, source: Source, shape: tuple[int, ...]
    ) -> tuple[dict[str, Any], tuple[Flag, ...], tuple[str, ...]]:
        """Return the array ``roi``, its flags and its notes; nothing where no region is asked for.

        Raises
        ------
        ReadError
            ``no-roi-file``, or what is wrong with the region's file.
        """
        if self.pattern is None:
            return {}, (), ()
        from .rois import read_roi

        path = self._file(source)
        size = shape[0], shape[1]
        try:
            found = read_roi(path, size, name=self.name, scale=self.scale, value=self.value, origin=self.origin)
            return {"roi": np.asarray(found.roi)}, found.flags, found.notes
        except (
            UnknownFormatError
        ) as error:  # of the region: the picture's own format is known, and it is not passed over
            raise ReadError(error.message, code="roi-unsupported", remedy=error.remedy) from None
        except (MuscleMetricsError, MemoryError):
            raise
        except Exception as error:  # a damaged file makes a parser raise nearly anything
            raise ReadError(
                f"the region {path.name!r} cannot be read: {type(error).__name__}: {str(error)[:120]}",
                code="corrupt-roi",
                remedy="draw and save it again",
            ) from error

    def refuse_itself(self, source: Source) -> None:
        """Refuse a file that is the drawn region of a picture, as masks in one folder with their pictures are.

        Raises
        ------
        UnknownFormatError
            ``drawn-region``; passed over in a folder.
        """
        if self.pattern is None or not isinstance(source, str | os.PathLike):
            return
        path = Path(source).absolute()
        before, after = (re.escape(part) for part in self.pattern.split(_STEM, 1))
        match = re.search(f"(?:^|/){before}([^/]+){after}$", path.as_posix())
        if match is None:
            return
        folder = path
        for _ in Path(self.pattern).parts:
            folder = folder.parent
        if folder.is_dir() and any(
            Path(name).stem == match[1] and folder / name != path
            for name in os.listdir(folder)
            if name.startswith(match[1])
        ):
            raise UnknownFormatError(
                f"{path.name!r} is the region drawn on {match[1]!r}, by roi={self.pattern!r}",
                code="drawn-region",
                remedy="leave it out; it is used with its picture",
            )

    def _file(self, source: Source) -> Path:
        if not isinstance(source, str | os.PathLike):
            raise ReadError(
                "a stream has no folder to find its region in", code="no-roi-file", remedy="read it by its path"
            )
        path = Path(source)
        wanted = str(self.pattern).replace(_STEM, path.stem)
        found = path.parent / wanted
        if not found.is_file():
            # "Müller" has two spellings, and a file system keeps whichever it was given.
            name = unicodedata.normalize("NFC", found.name)
            same = (p for _, p in _files(found.parent) if unicodedata.normalize("NFC", p.name) == name)
            found = next(same, found)
        if not found.is_file():
            raise ReadError(
                f"there is no region {wanted!r} beside {name_of(source)!r}",
                code="no-roi-file",
                remedy="draw it, or measure the pictures without regions in a run of their own",
            )
        return found


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    if folder.is_dir():
        yield from ((path.stem, path) for path in folder.iterdir() if path.is_file())


def drawn_options(
    roi: str | None, roi_name: str | None, roi_value: int | str | None, roi_scale: bool, roi_origin: str
) -> Drawn:
    """Return how drawn regions are found and read, checked before there is a file.

    Parameters
    ----------
    roi : str or None
        The region's file as seen from the picture's folder, ``{stem}`` standing for the picture's name without its
        suffix.
    roi_name, roi_value, roi_scale, roi_origin
        As ``name``, ``value``, ``scale`` and ``origin`` of :func:`~musclemetrics.readers.rois.read_roi`.

    Raises
    ------
    SettingsError
        ``bad-setting``.
    """
    if roi is not None and (roi.count(_STEM) != 1 or Path(roi).is_absolute() or ".." in Path(roi).parts):
        raise SettingsError(
            f"roi={roi!r} does not say where the region lies, once {_STEM} is the picture's name",
            remedy='write it as "{stem}.roi", "{stem}_mask.png" or "rois/{stem}.zip", below the picture\'s folder',
        )
    if not isinstance(roi_scale, bool):
        raise SettingsError(f"roi_scale={roi_scale!r} is neither true nor false", remedy="use true or false")
    if roi_origin not in ("centre", "corner"):
        raise SettingsError(f"roi_origin={roi_origin!r} is unknown", remedy="use one of 'centre', 'corner'")
    if roi_value is not None and not str(roi_value).isdigit():
        raise SettingsError(f"roi_value={roi_value!r} is no level", remedy="give a whole number from 0")
    value = None if roi_value is None else int(roi_value)
    return Drawn(roi, roi_name, value, roi_scale, roi_origin)

"""Regions of ImageJ: ``.roi`` files, and many of them in a ``.zip``, with the package roifile.

ImageJ counts from the upper left corner of the first pixel; half a pixel is taken off, so that a rectangle from 10 to
50 has the 40 pixels that ImageJ gives it.
"""

from __future__ import annotations

import io
import logging
import math
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import LimitError, MissingDependencyError, MuscleMetricsError, ReadError
from ...imaging import rings_mask
from .drawn import MAX_REGIONS, RoiReading, corrupt, one_of, outline

if TYPE_CHECKING:
    from roifile import ImagejRoi

__all__ = ["from_roi", "from_zip"]

# A region of 100,000 corners has 1.2 MB; an image pasted as an overlay is none.
_MEMBER_LIMIT = 4 * 2**20
_TOTAL_LIMIT = 64 * 2**20
# Corners of an ellipse: as many sides as make its area right to a few millionths.
_SIDES = 720


def from_roi(raw: bytes, file: str, shape: tuple[int, int], *, name: str | None) -> RoiReading:
    """Return the region of a ``.roi`` file.

    Raises
    ------
    MissingDependencyError
        If roifile is not installed.
    ReadError
        ``corrupt-roi``, ``roi-unsupported`` (a line, points, text, a picture, a spline) or ``no-such-roi``.
    LimitError
        ``over-limit``.
    """
    roi = _decoded(raw, file)
    if name is not None:
        one_of([roi.name], name, file)
    return _region(roi, file, shape)


def from_zip(raw: bytes, file: str, shape: tuple[int, int], *, name: str | None) -> RoiReading:
    """Return one region of ImageJ's ROI manager. Nothing is unpacked to disk.

    Raises
    ------
    ReadError
        ``unsafe-archive`` (a member outside the archive, a link, a password), ``several-rois``, ``no-such-roi``, and
        as `from_roi`.
    LimitError
        ``over-limit`` for too many or too large members.
    """
    with _archive(file), zipfile.ZipFile(io.BytesIO(raw)) as archive:
        members = _safe(archive, file)
        # The ROI manager names members after the regions; another name within a region is known too.
        stems = [PurePosixPath(m.filename).name[: -len(".roi")] for m in members]
        if name is not None and name not in stems:
            stems = [_decoded(_bytes(archive, m, file), file).name for m in members]
        member = members[one_of(stems, name, file)]
        data = _bytes(archive, member, file)
    return _region(_decoded(data, f"{file}/{member.filename}"), file, shape)


@contextmanager
def _archive(file: str) -> Iterator[None]:
    try:
        yield
    except (MuscleMetricsError, MemoryError):
        raise
    except Exception as error:  # zipfile and zlib have a dozen ways to say that an archive is damaged
        raise corrupt(file, f"{type(error).__name__}: {str(error)[:120]}") from None


def _safe(archive: zipfile.ZipFile, file: str) -> list[zipfile.ZipInfo]:
    """Return the members that are regions, after a look at what all of them claim to be."""
    found, total = [], 0
    members = archive.infolist()
    if len(members) > MAX_REGIONS:
        raise _over(file, f"{len(members)} members, more than {MAX_REGIONS}")
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        linked = stat.S_ISLNK(member.external_attr >> 16)
        outside = path.is_absolute() or ".." in path.parts or ":" in member.filename
        if outside or linked or member.flag_bits & 1:
            what = "lies outside the archive" if outside else "is a link" if linked else "needs a password"
            raise ReadError(
                f"the member {member.filename[:80]!r} of {file!r} {what}",
                code="unsafe-archive",
                remedy="save the regions again with ImageJ's ROI manager",
            )
        total += member.file_size
        if member.file_size > _MEMBER_LIMIT or total > _TOTAL_LIMIT:
            raise _over(file, f"members that unpack to {max(member.file_size, total) / 2**20:.0f} MB")
        if path.name.lower().endswith(".roi") and "__MACOSX" not in path.parts and not path.name.startswith("."):
            found.append(member)
    return found


def _over(file: str, what: str) -> LimitError:
    return LimitError(f"{file!r} holds {what}", code="over-limit", remedy="save the region to measure alone, as .roi")


def _bytes(archive: zipfile.ZipFile, member: zipfile.ZipInfo, file: str) -> bytes:
    with archive.open(member) as stream:
        data = stream.read(_MEMBER_LIMIT + 1)
    if len(data) > _MEMBER_LIMIT:  # the directory of the archive may lie
        raise _over(file, f"a member that unpacks to more than {_MEMBER_LIMIT / 2**20:.0f} MB")
    return data


def _decoded(raw: bytes, file: str) -> ImagejRoi:
    try:
        from roifile import ImagejRoi
    except ImportError:
        raise MissingDependencyError.of("roifile", f"{file!r} is a region of ImageJ, which needs") from None
    if len(raw) > _MEMBER_LIMIT:
        raise _over(file, f"{len(raw) / 2**20:.0f} MB")
    log = logging.getLogger("roifile")
    before = log.level
    log.setLevel(logging.CRITICAL)  # what it would warn of is refused below
    try:
        return ImagejRoi.frombytes(raw)
    except Exception as error:  # damaged bytes make it raise nearly anything
        raise corrupt(file, f"{type(error).__name__}: {str(error)[:120]}") from None
    finally:
        log.setLevel(before)


def _region(roi: ImagejRoi, file: str, shape: tuple[int, int]) -> RoiReading:
    from roifile import ROI_OPTIONS, ROI_SUBTYPE, ROI_TYPE

    area = (ROI_TYPE.POLYGON, ROI_TYPE.RECT, ROI_TYPE.OVAL, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED)
    kind = roi.roitype.name.lower() if roi.roitype in ROI_TYPE.__members__.values() else f"type {int(roi.roitype)}"
    plain = (ROI_SUBTYPE.UNDEFINED, ROI_SUBTYPE.ELLIPSE, ROI_SUBTYPE.ROTATED_RECT)
    what, remedy = "", "draw a rectangle, a polygon, an oval or a freehand line round the region"
    if roi.roitype not in area or roi.subtype not in plain:
        what = f"a {kind if roi.roitype not in area else 'text or a picture'}, which is no area"
    elif roi.options & ROI_OPTIONS.SPLINE_FIT:
        what, remedy = (
            "a spline, of which only the knots are saved",
            "in ImageJ choose Selection, Interpolate, and save",
        )
    elif roi.rounded_rect_arc_size and roi.roitype == ROI_TYPE.RECT:
        what = "a rectangle with rounded corners"
    if what:
        raise ReadError(f"the region of {file!r} is {what}", code="roi-unsupported", remedy=remedy)
    notes = (f"drawn on image {roi.position} of a stack",) if roi.position > 0 else ()
    if roi.roitype == ROI_TYPE.RECT and roi.shape_roi_size > 0:
        return RoiReading(mask=_composite(roi, file, shape), name=roi.name, notes=notes)
    if roi.roitype in (ROI_TYPE.RECT, ROI_TYPE.OVAL):
        points = _upright(roi, oval=roi.roitype == ROI_TYPE.OVAL)
    else:
        with np.errstate(invalid="ignore"):  # a damaged number warns when it is widened; it is refused below
            points = np.asarray(roi.coordinates(), dtype=np.float64)
    return RoiReading(outline(points, file, corner=True), name=roi.name, notes=notes)


def _upright(roi: ImagejRoi, *, oval: bool) -> NDArray[np.float64]:
    if roi.subpixelrect:
        left, top, width, height = roi.xd, roi.yd, roi.widthd, roi.heightd
    else:
        left, top, width, height = roi.left, roi.top, roi.right - roi.left, roi.bottom - roi.top
    if not oval:
        x, y = np.array([0, 1, 1, 0]) * width, np.array([0, 0, 1, 1]) * height
        return np.stack([left + x, top + y], axis=1)
    # A polygon of the ellipse's own area, its corners a hair outside of it.
    angle = 2 * math.pi * np.arange(_SIDES) / _SIDES
    reach = 0.5 * math.sqrt(2 * math.pi / (_SIDES * math.sin(2 * math.pi / _SIDES)))
    x, y = left + width * (0.5 + reach * np.cos(angle)), top + height * (0.5 + reach * np.sin(angle))
    return np.stack([x, y], axis=1)


def _composite(roi: ImagejRoi, file: str, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the mask of a region of several outlines: inside an odd number of them."""
    try:
        paths: Any = roi.coordinates(multi=True)
    except Exception as error:
        raise corrupt(file, f"{type(error).__name__}: {str(error)[:120]}") from None
    mask = rings_mask([outline(path, file, corner=True) for path in paths], shape)
    if not mask.any():
        raise ReadError(
            f"the region of {file!r} holds no pixel of the image",
            code="roi-outside",
            remedy="draw it on this very image",
        )
    return mask

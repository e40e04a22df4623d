"""Drawn regions: a mask image, a polygon as CSV or GeoJSON, an ImageJ ``.roi`` or ``.zip``.

A region's file is known by its bytes. Nothing in it is run: no pickles, no arrays of objects, and nothing is unpacked.
"""

from __future__ import annotations

from ... import checks
from ...errors import UnknownFormatError
from .. import signatures
from ..source import Source, contents, name_of
from .drawn import RoiReading

__all__ = ["RoiReading", "read_roi"]

_LIMIT = 64 * 2**20
_PICTURES = (b"\x89PNG", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"BM", b"GIF8", b"\xff\xd8\xff")
# A pickle and NumPy's own format, which may hold one: refused before anything looks inside.
_UNSAFE = (b"\x80", b"\x93NUMPY")


def read_roi(
    path: Source,
    shape: tuple[int, int],
    *,
    name: str | None = None,
    scale: bool = False,
    value: int | None = None,
    origin: str = "centre",
) -> RoiReading:
    """Read a drawn region.

    Parameters
    ----------
    path : str, path or binary file object
        - An image of two values, zero outside, of the image's size.
        - CSV with columns x and y, a corner a row; a header is needed only where there are more columns.
        - GeoJSON with a polygon, holes and parts included, in px.
        - ``.roi`` of ImageJ or ``.zip`` of its ROI manager, with the package roifile: rectangle, oval, ellipse,
          polygon, freehand, traced, and combinations of these.
    shape : tuple of int
        Height and width of the image it was drawn on.
    name : str, optional
        Which of several regions of the file; refused where it is needed and absent.
    scale : bool, optional
        Whether a mask of another size is scaled to the image's; else it is refused.
    value : int, optional
        The value inside, where a mask has more than two or its zero is not outside: of a palette the number of the
        colour.
    origin : {"centre", "corner"}, optional
        Where coordinates of CSV and GeoJSON count from: the centre of the first pixel, or its corner, as ImageJ and
        QuPath do. ImageJ's own files say it themselves.

    Returns
    -------
    RoiReading

    Raises
    ------
    MissingDependencyError
        Where roifile is needed and not installed.
    ReadError
        ``corrupt-roi``, ``roi-wrong-size``, ``roi-empty``, ``roi-outside``, ``roi-ambiguous``, ``roi-unsupported``,
        ``several-rois``, ``no-such-roi``, ``unsafe-archive``, and what any file can raise.
    UnknownFormatError
        ``unknown-format``.
    LimitError
        ``too-large``, ``over-limit`` or ``too-many-pixels``.
    SettingsError
        ``bad-setting``.

    Examples
    --------
    >>> import io
    >>> read_roi(io.BytesIO(b"x,y\\n10,20\\n50,20\\n50,50\\n10,50\\n"), (100, 100)).points.tolist()[2]
    [50.0, 50.0]
    """
    checks.choice(origin, "origin", ("centre", "corner"))
    corner = origin == "corner"
    if value is not None:
        value = int(checks.number(value, "value", low=0, high=2**32))
    raw, file = contents(path, limit=_LIMIT), name_of(path)
    start = raw[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if raw.startswith(_UNSAFE):
        raise _unknown(file, "a pickle or an array that may hold one")
    if raw.startswith(_PICTURES):
        from .masks import from_picture

        return from_picture(raw, file, shape, scale=scale, value=value)
    if raw.startswith((b"Iout", b"PK\x03\x04", b"PK\x05\x06")):
        from .imagej import from_roi, from_zip

        return (from_roi if raw.startswith(b"Iout") else from_zip)(raw, file, shape, name=name)
    from .outlines import from_csv, from_geojson

    if start.startswith((b"{", b"[")):
        return from_geojson(raw, file, shape, name=name, corner=corner)
    if b"\0" in raw[:512] and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unknown(file, signatures.describe(raw[:4096]))
    return from_csv(raw, file, corner=corner)


def _unknown(file: str, looks: str) -> UnknownFormatError:
    return UnknownFormatError(
        f"{file!r} looks like {looks}, and no region is read from that",
        remedy="give a mask as PNG, corners as CSV or GeoJSON, or ImageJ's .roi or .zip",
    )

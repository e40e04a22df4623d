"""Regions drawn elsewhere: what each format says, and that nothing damaged or hostile gets by."""

import io
import json
import pickle
import stat
import struct
import sys
import zipfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from musclemetrics.errors import LimitError, MissingDependencyError, MuscleMetricsError, SettingsError
from musclemetrics.imaging import polygon_mask, region_of
from musclemetrics.readers.rois import RoiReading, read_roi

SHAPE = (60, 80)
CORNERS = [(10, 20), (50, 20), (50, 50), (10, 50)]
CSV = b"x,y\n10,20\n50,20\n50,50\n10,50\n"
RING = [[*c] for c in CORNERS] + [[10, 20]]
HOLE = [[20, 25], [20, 35], [30, 35], [30, 25], [20, 25]]


def read(data: bytes | str, shape: tuple[int, int] = SHAPE, **options: Any) -> RoiReading:
    raw = data.encode() if isinstance(data, str) else data
    return read_roi(io.BytesIO(raw), shape, **options)


def refused(data: bytes | str, shape: tuple[int, int] = SHAPE, **options: Any) -> str:
    with pytest.raises(MuscleMetricsError) as error:
        read(data, shape, **options)
    assert error.value.remedy
    return error.value.code


def area(found: RoiReading) -> int:
    return region_of(found.roi, SHAPE).area


def geojson(kind: str = "Polygon", coordinates: object = None, **properties: object) -> str:
    geometry = {"type": kind, "coordinates": [RING] if coordinates is None else coordinates}
    return json.dumps({"type": "Feature", "properties": properties, "geometry": geometry})


def png(array: np.ndarray, **options: Any) -> bytes:
    out = io.BytesIO()
    options.setdefault("format", "PNG")
    Image.fromarray(array).save(out, **options)
    return out.getvalue()


def inside(value: int = 255) -> np.ndarray:
    return polygon_mask(CORNERS, SHAPE).astype(np.uint8) * np.uint8(value)


def imagej(**fields: Any) -> bytes:
    """Return a ``.roi`` file as ImageJ writes it, from fields of its header and its corners."""
    roifile = pytest.importorskip("roifile")
    roi = roifile.ImagejRoi(roitype=roifile.ROI_TYPE.RECT, left=10, top=20, right=50, bottom=50)
    for name, value in fields.items():
        setattr(roi, name, getattr(roifile.ROI_TYPE, value) if name == "roitype" else value)
    return roi.tobytes()


def polygon(points: list[tuple[float, float]], kind: str = "POLYGON", **fields: Any) -> bytes:
    roifile = pytest.importorskip("roifile")
    roi = roifile.ImagejRoi.frompoints(np.array(points), name=fields.pop("name", "region"))
    roi.roitype = getattr(roifile.ROI_TYPE, kind)
    for name, value in fields.items():
        setattr(roi, name, value)
    return roi.tobytes()


def composite(*rings: list[tuple[float, float]]) -> bytes:
    path: list[float] = []
    for ring in rings:
        for i, (x, y) in enumerate(ring):
            path += [min(i, 1), x, y]
        path.append(4)
    return imagej(multi_coordinates=np.array(path, ">f4"), shape_roi_size=len(path))


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


# --- text ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        CSV,
        b"10 20\n50 20\n50 50\n10 50\n",
        b"10\t20\r\n50\t20\r\n50\t50\r\n10\t50\r\n",
        b"\xef\xbb\xbfX;Y\n10,0;20,0\n50,0;20,0\n50,0;50,0\n10,0;50,0\n10,0;20,0\n",
        b"10,20\n50,20\n50,50\n10,50\n\n\n",
        b'" ","Slice","X (px)","Y (px)"\n1,1,10,20\n2,1,50,20\n3,1,50,50\n4,1,10,50\n',
        "y\tx\n20\t10\n20\t50\n50\t50\n50\t10\n".encode("utf-16"),
    ],
)
def test_corners_in_columns(text: bytes) -> None:
    found = read(text)
    assert found.points.tolist() == [list(map(float, c)) for c in CORNERS]
    assert area(found) == 1200
    assert "centre of the first pixel" in found.notes[0]
    assert np.array_equal(np.asarray(found), found.points)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("x,y\n10,20\n", "corrupt-roi"),
        ("x,y\n10,20\n50,20\n50\n", "corrupt-roi"),
        ("x,y\n10,20\n50,20\n50,fifty\n", "corrupt-roi"),
        ("x,y\n10,20\n50,20\n50,nan\n", "corrupt-roi"),
        ("x,y\n10,20\n50,20\n50,1e999\n", "corrupt-roi"),
        ("10,20,1\n50,20,2\n50,50,3\n", "corrupt-roi"),
        ("a,b\n10,20\n50,20\n50,50\n", "corrupt-roi"),
        ("x,x,y\n10,1,20\n50,1,20\n50,1,50\n", "corrupt-roi"),
        ("x (mm),y (mm)\n1,2\n5,2\n5,5\n", "roi-unsupported"),
        ("10,20\n50,20\n50,50\n\n1,2\n5,2\n5,5\n", "several-rois"),
        ("", "empty-file"),
        (" \n\n", "corrupt-roi"),
        (b"\xfe\xff", "corrupt-roi"),
        (b"\xff\xfb\x00\x01", "unknown-format"),
        (b"10,20\n\xe9,3\n", "corrupt-roi"),
    ],
)
def test_columns_that_are_no_outline_are_refused(text: bytes | str, code: str) -> None:
    assert refused(text) == code


def test_more_corners_than_a_line_has_are_refused() -> None:
    assert refused("".join(f"{i % 79},{i % 53}\n" for i in range(100_002))) == "over-limit"


def test_a_corner_may_count_from_the_corner_of_a_pixel() -> None:
    found = read(CSV, origin="corner")
    assert found.points[0].tolist() == [9.5, 19.5]
    assert area(found) == 1200
    with pytest.raises(SettingsError):
        read(CSV, origin="middle")


@pytest.mark.parametrize(
    "text",
    [
        geojson(),
        json.dumps({"type": "Polygon", "coordinates": [RING]}),
        json.dumps({"type": "FeatureCollection", "features": [json.loads(geojson(name="a"))]}),
        json.dumps([json.loads(geojson())]),
        geojson(coordinates=[[[*c, 7.5] for c in CORNERS]]),
    ],
)
def test_geojson_polygon(text: str) -> None:
    found = read(text)
    assert found.points.tolist() == [list(map(float, c)) for c in CORNERS]


def test_geojson_holes_and_parts_become_a_mask() -> None:
    found = read(geojson(coordinates=[RING, HOLE]))
    assert found.points is None
    assert area(found) == 1100
    second = [[60, 5], [70, 5], [70, 15], [60, 15], [60, 5]]
    assert area(read(geojson("MultiPolygon", [[RING, HOLE], [second]]))) == 1200
    shifted = read(geojson(coordinates=[RING, HOLE]), origin="corner")
    assert shifted.mask.sum() == 1100


def test_geojson_regions_by_name() -> None:
    both = {"type": "FeatureCollection", "features": [json.loads(geojson(name=n)) for n in "ab"]}
    assert refused(json.dumps(both)) == "several-rois"
    assert read(json.dumps(both), name="b").name == "b"
    assert refused(json.dumps(both), name="c") == "no-such-roi"
    both["features"][1]["properties"]["name"] = "a"
    assert refused(json.dumps(both), name="a") == "several-rois"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "corrupt-roi"),
        ("[]", "corrupt-roi"),
        ("[1]", "corrupt-roi"),
        ('{"type": "Feature", "geometry": null}', "corrupt-roi"),
        (geojson("Point", [1, 2]), "roi-unsupported"),
        (geojson("LineString", RING), "roi-unsupported"),
        (geojson(["Polygon"]), "roi-unsupported"),
        (geojson(coordinates=[]), "corrupt-roi"),
        (geojson(coordinates=5), "corrupt-roi"),
        (geojson(coordinates=[[[1, 2], [3]]]), "corrupt-roi"),
        (geojson(coordinates=[[[1, "2"], [3, 4], [5, 6]]]), "corrupt-roi"),
        (geojson(coordinates=[[[True, False], [3, 4], [5, 6]]]), "corrupt-roi"),
        (geojson(coordinates=[[[1, 10**400], [3, 4], [5, 6]]]), "corrupt-roi"),
        (geojson(coordinates=[[[1, float("nan")], [3, 4], [5, 6]]]), "corrupt-roi"),
        (geojson("MultiPolygon", [[RING], []]), "corrupt-roi"),
        ("[" * 100_000, "corrupt-roi"),
        (geojson(coordinates=[[[x + 900, y] for x, y in r] for r in (RING, HOLE)]), "roi-outside"),
    ],
)
def test_geojson_that_is_no_polygon_is_refused(text: str, code: str) -> None:
    assert refused(text) == code


# --- masks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
@pytest.mark.parametrize("value", [1, 255])
def test_a_mask_is_what_is_not_zero(kind: str, value: int) -> None:
    found = read(png(inside(value), format=kind))
    assert np.array_equal(found.mask, inside() > 0)
    assert not found.flags


def test_masks_of_other_kinds_of_pixels() -> None:
    mask = inside() > 0
    red = np.zeros((*SHAPE, 3), np.uint8)
    red[mask] = (255, 0, 0)
    seen = np.zeros((*SHAPE, 4), np.uint8)
    seen[mask] = (0, 0, 0, 255)  # black where it is opaque: transparency is the region
    for picture in (mask, mask.astype(np.uint16) * 40_000, red, seen, np.stack([inside()] * 3, axis=2)):
        assert np.array_equal(read(png(picture)).mask, mask)


def test_a_mask_of_another_size_is_refused_unless_it_may_be_scaled() -> None:
    small = png(np.ascontiguousarray(inside()[::2, ::2]))
    assert refused(small) == "roi-wrong-size"
    found = read(small, scale=True)
    assert np.array_equal(found.mask, inside() > 0)
    assert "scaled" in found.notes[0]


def test_a_picture_of_labels_needs_the_value_meant() -> None:
    labels = inside(3)
    labels[:5] = 1
    assert refused(png(labels)) == "roi-ambiguous"
    assert np.array_equal(read(png(labels), value=3).mask, inside() > 0)
    assert refused(png(labels), value=2) == "roi-empty"
    soft = inside()
    soft[20, 10:50] = 128
    assert refused(png(soft)) == "roi-ambiguous"
    assert refused(png(inside(), format="JPEG")) in ("roi-ambiguous", "corrupt-roi")


def palette(inner: tuple[int, ...], outer: tuple[int, ...]) -> bytes:
    picture = Image.fromarray(inside(1), "P")
    picture.putpalette([*outer, *inner])
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def test_of_a_palette_the_number_of_the_colour_counts_where_the_colour_agrees() -> None:
    assert np.array_equal(read(palette((0, 200, 0), (0, 0, 0))).mask, inside() > 0)
    assert refused(palette((0, 0, 0), (255, 255, 255))) == "roi-ambiguous"
    assert np.array_equal(read(palette((0, 0, 0), (255, 255, 255)), value=1).mask, inside() > 0)


@pytest.mark.parametrize("by", ["ImageJ=1.54f\n", "another program"])
def test_zero_shown_white_is_the_outside_in_imagej_and_a_question_elsewhere(by: str) -> None:
    tags = ImageFileDirectory_v2()
    tags[262], tags[270] = 0, by
    stored = png(255 - inside(), format="TIFF", tiffinfo=tags)  # Pillow turns it round when it writes, too
    with Image.open(io.BytesIO(stored)) as shown:
        assert shown.tag_v2[262] == 0
        assert np.asarray(shown)[30, 30] == 0, "the region is shown black"
    if by.startswith("ImageJ"):
        found = read(stored)
        assert np.array_equal(found.mask, inside() > 0)
        assert "ImageJ" in found.notes[0]
    else:
        assert refused(stored) == "roi-ambiguous"
        assert np.array_equal(read(stored, value=255).mask, inside() > 0)


def test_masks_that_say_nothing_are_refused_or_flagged() -> None:
    assert refused(png(np.zeros(SHAPE, np.uint8))) == "roi-empty"
    assert [f.code for f in read(png(np.full(SHAPE, 255, np.uint8))).flags] == ["roi-whole-image"]
    out = io.BytesIO()
    Image.fromarray(inside()).save(out, "TIFF", save_all=True, append_images=[Image.fromarray(inside())])
    assert refused(out.getvalue()) == "several-rois"
    glass = np.zeros((*SHAPE, 4), np.uint8)
    glass[..., 3] = 128
    assert refused(png(glass)) == "roi-ambiguous"
    assert refused(png(inside())[:60]) == "corrupt-roi"


# --- ImageJ ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["POLYGON", "FREEHAND", "TRACED"])
def test_outlines_of_imagej_count_from_the_corner_of_a_pixel(kind: str) -> None:
    found = read(polygon(CORNERS, kind))
    assert found.points.tolist() == [[x - 0.5, y - 0.5] for x, y in CORNERS]
    assert found.name == "region"
    assert area(found) == 1200
    fine = read(polygon([(10.25, 20.5), (50.25, 20.5), (50.25, 50.5)], kind))
    assert fine.points[0].tolist() == [9.75, 20.0]


def test_a_rectangle_of_imagej_has_the_pixels_it_has_there() -> None:
    found = read(imagej())
    assert np.array_equal(region_of(found.roi, SHAPE).mask, inside() > 0)
    roifile = pytest.importorskip("roifile")
    fine = read(imagej(options=roifile.ROI_OPTIONS.SUB_PIXEL_RESOLUTION, xd=10.5, yd=20.5, widthd=20.0, heightd=10.0))
    assert fine.points.tolist() == [[10, 20], [30, 20], [30, 30], [10, 30]]


def test_an_oval_of_imagej_is_the_ellipse_in_its_box() -> None:
    found = read(imagej(roitype="OVAL"))
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    ellipse = ((x + 0.5 - 30) / 20) ** 2 + ((y + 0.5 - 35) / 15) ** 2 <= 1
    assert np.count_nonzero(ellipse ^ region_of(found.roi, SHAPE).mask) <= 4
    a, b = found.points.T
    drawn = 0.5 * abs(np.dot(a, np.roll(b, 1)) - np.dot(b, np.roll(a, 1)))
    assert drawn == pytest.approx(np.pi * 20 * 15, rel=1e-6)


def test_a_combination_of_imagej_is_what_an_odd_number_of_outlines_holds() -> None:
    hole = [(20, 25), (20, 35), (30, 35), (30, 25)]
    found = read(composite([*map(tuple, CORNERS)], hole))
    assert found.mask.sum() == 1100


@pytest.mark.parametrize("kind", ["LINE", "POLYLINE", "FREELINE", "ANGLE", "POINT", "NOROI"])
def test_what_has_no_area_is_refused(kind: str) -> None:
    data = imagej(roitype=kind) if kind in ("LINE", "NOROI") else polygon(CORNERS, kind)
    assert refused(data) == "roi-unsupported"


def test_shapes_that_are_saved_in_part_are_refused() -> None:
    roifile = pytest.importorskip("roifile")
    assert refused(polygon(CORNERS, options=roifile.ROI_OPTIONS.SPLINE_FIT)) == "roi-unsupported"
    assert refused(imagej(rounded_rect_arc_size=8)) == "roi-unsupported"
    assert refused(imagej(subtype=roifile.ROI_SUBTYPE.TEXT)) == "roi-unsupported"


def test_the_image_of_a_stack_is_noted() -> None:
    assert read(imagej(position=7)).notes == ("drawn on image 7 of a stack",)


def test_without_roifile_its_installation_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    data = imagej()
    monkeypatch.setitem(sys.modules, "roifile", None)
    with pytest.raises(MissingDependencyError) as error:
        read(data)
    assert "install roifile" in error.value.remedy
    assert read(CSV).points is not None


def test_regions_of_the_roi_manager_by_name() -> None:
    data = zipped({"0001.roi": imagej(), "vastus.roi": polygon(CORNERS, name="inner"), "__MACOSX/._0001.roi": b"x"})
    assert refused(data) == "several-rois"
    assert read(data, name="0001").points is not None
    assert read(data, name="vastus").name == "inner"
    assert read(data, name="inner").name == "inner"
    assert refused(data, name="outer") == "no-such-roi"
    assert area(read(zipped({"only.roi": imagej(), "read me.txt": b"drawn by hand"}))) == 1200


def linked() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        member = zipfile.ZipInfo("a.roi")
        member.create_system, member.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(member, "/etc/passwd")
    return out.getvalue()


def locked() -> bytes:
    data = bytearray(zipped({"a.roi": b"Iout"}))
    for magic, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + place] |= 1
    return bytes(data)


def lying() -> bytes:
    """Return an archive whose directory says a member is small and whose data is not."""
    data = bytearray(zipped({"a.roi": b"\0" * (8 * 2**20)}))
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = struct.pack("<I", 100)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (zipped({"../a.roi": b"x"}), "unsafe-archive"),
        (zipped({"..\\a.roi": b"x"}), "unsafe-archive"),
        (zipped({"/etc/a.roi": b"x"}), "unsafe-archive"),
        (zipped({"C:/a.roi": b"x"}), "unsafe-archive"),
        (linked(), "unsafe-archive"),
        (locked(), "unsafe-archive"),
        (zipped({"a.roi": b"\0" * (65 * 2**20)}), "over-limit"),
        (zipped({f"{i}.bin": b"\0" * (3 * 2**20) for i in range(22)}), "over-limit"),
        (zipped({f"{i}.roi": b"" for i in range(2001)}), "over-limit"),
        (zipped({}), "corrupt-roi"),
        (zipped({"a.txt": b"x"}), "corrupt-roi"),
        (zipped({"a.roi": b"x"}), "corrupt-roi"),
        (zipped({"a.roi": b"Iout" + bytes(60)})[:-9], "corrupt-roi"),
        (b"PK\x03\x04nothing", "corrupt-roi"),
        (b"Iout", "corrupt-roi"),
    ],
)
def test_archives_that_are_not_what_a_manager_saves_are_refused(data: bytes, code: str) -> None:
    pytest.importorskip("roifile")
    assert refused(data) == code


def test_a_directory_that_lies_about_sizes_does_not_fill_the_memory() -> None:
    pytest.importorskip("roifile")
    assert refused(lying()) in ("corrupt-roi", "over-limit")


class Harm:
    """What a pickle does when it is opened."""

    done = False

    def __reduce__(self) -> tuple[Any, ...]:
        return setattr, (Harm, "done", True)


def test_pickles_and_arrays_of_objects_are_refused_unopened() -> None:
    array = io.BytesIO()
    np.save(array, np.array([Harm()], dtype=object), allow_pickle=True)
    packed = io.BytesIO()
    np.savez(packed, roi=np.array([Harm()], dtype=object))
    assert refused(pickle.dumps(Harm())) == "unknown-format"
    assert refused(array.getvalue()) == "unknown-format"
    assert refused(packed.getvalue()) == "corrupt-roi"
    assert not Harm.done


def test_a_file_larger_than_any_region_is_refused() -> None:
    with pytest.raises(LimitError):
        read(b" " * (64 * 2**20 + 1))


# --- damage ----------------------------------------------------------------------------------------------------------


def samples() -> Iterator[bytes]:
    yield CSV
    yield geojson(coordinates=[RING, HOLE]).encode()
    yield png(inside())
    yield png(inside(), format="TIFF")
    yield palette((0, 200, 0), (0, 0, 0))
    yield imagej()
    yield polygon(CORNERS)
    yield polygon([(10.5, 20.5), (50.5, 20.5), (50.5, 50.5)])
    yield composite([*map(tuple, CORNERS)], [(20, 25), (20, 35), (30, 35)])
    yield zipped({"a.roi": polygon(CORNERS)})


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        at, how = int(rng.integers(0, max(len(out), 1))), int(rng.integers(0, 5))
        if how == 0:
            out[at : at + 1] = bytes([int(rng.integers(0, 256))])
        elif how == 1:
            out[at : at + 4] = [b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\x80\0\0\0"][
                rng.integers(0, 4)
            ]
        elif how == 2:
            del out[at:]
        elif how == 3:
            out[at:at] = bytes(rng.integers(0, 256, int(rng.integers(1, 9)), dtype=np.uint8))
        else:
            del out[at : at + int(rng.integers(1, 9))]
    return bytes(out)


@pytest.mark.parametrize("seed", range(5))
def test_damage_gives_a_region_or_an_error_of_ours(seed: int) -> None:
    pytest.importorskip("roifile")
    rng = np.random.default_rng(seed)
    ours = 0
    for data in samples():
        assert region_of(read(data).roi, SHAPE).area > 100
        for _ in range(80):
            try:
                region_of(read(mutated(data, rng)).roi, SHAPE)
            except MuscleMetricsError:  # anything else fails the test
                ours += 1
    assert ours > 200

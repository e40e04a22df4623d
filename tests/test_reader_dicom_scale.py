"""DICOM: no scale is believed that does not fit, and no word of a person travels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

import musclemetrics as mm
from musclemetrics.reading import Reading
from musclemetrics.record import to_json

from .dicom_files import BIG, EXPLICIT, IMPLICIT, codes, dicom, one, refused, region, speckle

REAL = "ultrasound/dicom_us/"


def scaled(*regions: Dataset, **elements: Any) -> Reading:
    def add(ds: Dataset) -> None:
        if regions:
            ds.SequenceOfUltrasoundRegions = Sequence(regions)

    return one(dicom(speckle(), change=add, **elements))


def spacing(reading: Reading) -> tuple[float, float] | None:
    if "spacing_x" not in reading:
        assert "spacing_y" not in reading
        assert "scale_source" not in reading
        return None
    return float(reading["spacing_x"]), float(reading["spacing_y"])


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
def test_a_region_is_in_centimetres_and_x_is_never_y(syntax: str) -> None:
    def add(ds: Dataset) -> None:
        ds.SequenceOfUltrasoundRegions = Sequence([region()])
        ds.PixelSpacing = ["0.05", "0.1"]  # rows first

    reading = one(dicom(speckle(), syntax=syntax, change=add))
    assert spacing(reading) == pytest.approx((0.1, 0.05))
    assert str(reading["scale_source"]) == "region"
    assert reading["region"].tolist() == [0, 0, 56, 40]
    assert reading.unit("spacing_x") == "mm"
    assert codes(reading) == []


def test_tags_are_believed_in_their_order_and_rows_come_first() -> None:
    facts = {
        "PixelSpacing": ["0.05", "0.10"],
        "NominalScannedPixelSpacing": ["0.06", "0.12"],
        "ImagerPixelSpacing": ["0.07", "0.14"],
    }
    names = list(facts)
    for i, name in enumerate(names):
        reading = scaled(**{n: facts[n] for n in names[i:]})
        assert spacing(reading) == (float(facts[name][1]), float(facts[name][0]))
        assert str(reading["scale_source"]) == name
        assert codes(reading) == (["imager-spacing"] if name == "ImagerPixelSpacing" else [])
    assert spacing(scaled()) is None


@pytest.mark.parametrize(
    "corner",
    [{"RegionLocationMaxX1": 57}, {"RegionLocationMaxY1": 41}, {"RegionLocationMinX0": 60, "RegionLocationMaxX1": 55}],
)
def test_a_box_that_does_not_fit_takes_every_scale_with_it(corner: dict[str, int]) -> None:
    reading = scaled(region(**corner), PixelSpacing=["0.05", "0.1"])
    assert spacing(reading) is None
    assert "region" not in reading
    assert codes(reading) == ["region-not-fitting"]
    assert "56 × 40" in reading.flags[0].message
    # Some makers count the pixel after the last.
    edge = scaled(region(RegionLocationMaxX1=56, RegionLocationMaxY1=40))
    assert edge["region"].tolist() == [0, 0, 56, 40]


@pytest.mark.parametrize("delta", [0.0, float("nan"), 1e9, float("inf"), 1e-9])
def test_a_delta_that_no_scanner_has_is_refused_with_the_reason(delta: float) -> None:
    reading = scaled(region(PhysicalDeltaY=delta))
    assert spacing(reading) is None
    assert codes(reading) == ["spacing-refused"]
    assert "along y" in reading.flags[0].message
    if delta == delta:
        text = f"{delta:.6f}"[:16] if delta < 1e3 else "1000000000"
        if np.isfinite(delta):
            assert codes(scaled(PixelSpacing=[text, "0.1"])) == ["spacing-refused"]


def test_a_negative_delta_is_a_direction() -> None:
    reading = scaled(region(PhysicalDeltaY=-0.005))
    assert spacing(reading) == pytest.approx((0.1, 0.05))
    assert any("negative" in note for note in reading.notes)


@pytest.mark.parametrize(
    "kind",
    [
        {"RegionSpatialFormat": 2},  # M-mode
        {"RegionSpatialFormat": 3, "RegionDataType": 3},  # spectral Doppler
        {"RegionSpatialFormat": 4, "RegionDataType": 10},  # electrocardiogram
        {"PhysicalUnitsXDirection": 4},  # seconds
        {"PhysicalUnitsYDirection": 7},  # cm/s
    ],
)
def test_a_region_that_is_no_tissue_in_centimetres_is_ignored(kind: dict[str, int]) -> None:
    assert spacing(scaled(region(**kind))) is None
    both = scaled(region(**kind), region(PhysicalDeltaX=0.02))
    assert spacing(both) == pytest.approx((0.2, 0.05))


def test_two_regions_of_different_scale_leave_the_choice_open() -> None:
    left = region(RegionLocationMaxX1=27)
    right = region(RegionLocationMinX0=28, PhysicalDeltaX=0.02, PhysicalDeltaY=0.02)
    reading = scaled(left, right)
    assert spacing(reading) is None
    assert "region" not in reading
    np.testing.assert_allclose(reading["regions"], [[0, 0, 28, 40, 0.1, 0.05], [28, 0, 56, 40, 0.2, 0.2]])


def test_a_region_and_a_spacing_that_disagree_are_told_and_the_region_wins() -> None:
    reading = scaled(region(), PixelSpacing=["0.1", "0.1"])
    assert codes(reading) == ["region-disagrees"]
    assert spacing(reading) == pytest.approx((0.1, 0.05))
    assert codes(scaled(region(), PixelSpacing=["0.0501", "0.0999"])) == []


def test_a_decimal_comma_is_no_number() -> None:
    data = dicom(speckle(), PixelSpacing=["0.2", "0.3"]).replace(b"0.2\\0.3", b"0,2\\0,3")
    reading = one(data)
    assert spacing(reading) is None
    assert codes(reading) == ["spacing-unreadable"]
    assert "0,2" in reading.flags[0].message
    np.testing.assert_array_equal(reading["image"], speckle())
    single = dicom(speckle(), PixelSpacing=["0.2", "0.3"]).replace(b"0.2\\0.3", b"0.20003")
    assert codes(one(single)) == ["spacing-unreadable"]


def test_the_machine_and_its_settings_become_labels() -> None:
    reading = scaled(
        region(TransducerFrequency=7500),
        Manufacturer="Maker ",
        ManufacturerModelName="Model 7",
        TransducerData=["L12-3", "SERIAL4711"],
        TransducerType="LINEAR",
        ProcessingFunction="MSK",
        DepthOfScanField="45",
        TotalGain="62",
        DynamicRange="70",
    )
    assert reading.labels == {
        "device": "Maker Model 7",
        "transducer": "L12-3",
        "preset": "MSK",
        "depth": "45 mm",
        "gain": "62 dB",
        "dynamic_range": "70 dB",
        "frequency": "7.5 MHz",
    }
    assert scaled(TransducerType="LINEAR").labels == {"transducer": "LINEAR"}
    assert codes(scaled(Modality="CT")) == ["not-ultrasound"]


def test_free_words_become_labels_without_days_and_numbers() -> None:
    reading = scaled(
        Manufacturer="Maker*",
        ManufacturerModelName="M-7 01.02.1933 4711080",
        ProcessingFunction="Doe^Jane MSK / knee",
        TotalGain="62",
        TransducerData="L" * 60,
    )
    assert reading.labels == {
        "device": "Maker M-7",
        "gain": "62 dB",
        "transducer": "L" * 40,
    }
    assert reading.notes[0].startswith("of device, transducer, preset in the header only")


def test_rescaling_of_eight_bits_is_told() -> None:
    assert codes(scaled(RescaleSlope="2", RescaleIntercept="-100")) == ["rescale-not-applied"]


def test_no_element_that_can_name_a_person_leaves_a_trace(tmp_path: Path) -> None:
    """A canary in every text element of the standard but those listed, nested and private ones too."""
    from pydicom.datadict import DicomDictionary, tag_for_keyword

    from musclemetrics.readers.dicom.tags import NAMES

    kinds = {"PN": 40, "LO": 40, "SH": 16, "LT": 60, "ST": 60, "UT": 60, "UC": 60, "DA": 8, "TM": 6, "DT": 14, "AS": 4}
    canaries: list[str] = []

    def fill(ds: Dataset, mark: str) -> None:
        for tag, (kind, _, _, retired, keyword) in DicomDictionary.items():
            if kind not in kinds or not keyword or keyword in NAMES or retired or tag >> 16 in (0x0002, 0x0000):
                continue
            number = len(canaries)
            if kind == "DA":
                text = f"{1900 + number % 90:04d}0{number % 9 + 1}1{number % 10}"
            elif kind in ("TM", "DT", "AS"):
                continue
            else:
                text = f"{mark}{number:05d}ZQ"
                canaries.append(text)
            ds.add_new(tag_for_keyword(keyword) or tag, kind, text)

    def add(ds: Dataset) -> None:
        fill(ds, "CANARY")
        nested = region(RegionLocationMaxX1=319, RegionLocationMaxY1=239)
        fill(nested, "NESTED")
        ds.SequenceOfUltrasoundRegions = Sequence([nested])
        other = Dataset()
        fill(other, "OTHERS")
        ds.RequestAttributesSequence = Sequence([other])
        block = ds.private_block(0x0019, "CANARYMAKER", create=True)
        block.add_new(0x50, "UT", "<xml>CANARYPRIVATE</xml>")
        ds.PatientName = "CANARYNAME^../../etc/x<script>"
        ds.PatientAge = "093Y"

    data = dicom(speckle(240, 320), change=add, TransducerData=["L12-3", "CANARYSERIAL"])
    assert len(canaries) > 500
    assert data.count(b"CANARY") > 300
    reading = one(data)
    arrays = {name: np.asarray(value).tolist() for name, value in reading.arrays.items() if name != "image"}
    said = json.dumps(
        [arrays, dict(reading.labels), [str(f) for f in reading.flags], reading.notes, repr(reading.arrays)]
    )
    for word in (*canaries, "CANARY", "NESTED", "OTHERS", "ZQ", "093Y", "etc/x", "script"):
        assert word not in said, word
    assert "subject" not in reading.labels
    # Nor does a record, whatever becomes of the picture.
    for name, content in (("scan.dcm", data), ("cut.dcm", data[: len(data) - 500])):
        (tmp_path / name).write_bytes(content)
    records = list(mm.measure_files(tmp_path, "bmode"))
    assert sorted(r.status == "failed" for r in records) == [False, True], [r.flags for r in records]
    written = "".join(to_json(record) for record in records)
    assert "L12-3" in written
    for word in (*canaries, "CANARY", "NESTED", "OTHERS", "ZQ", "093Y", "etc/x"):
        assert word not in written, word
    # An error says nothing of the header either.
    error = refused(data[: len(data) - 500])
    assert "CANARY" not in str(error)

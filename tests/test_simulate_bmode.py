"""The B-mode simulator: what it says of its images is what can be seen in them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from musclemetrics.errors import SettingsError
from musclemetrics.simulate.ultrasound import Muscle, Phantom, Sheet, bmode


def expected_grey(shape: tuple[int, int] = (300, 400), n: int = 60, **given) -> tuple[Phantom, np.ndarray]:
    """Return a phantom and the mean of many like it, in which speckle has died away."""
    every = [bmode(shape=shape, screen=None, mottle=0.0, seed=seed, **given) for seed in range(n)]
    return every[0], np.mean([p.image for p in every], axis=0)


SHEETS = (Sheet(6.0, tilt=-2.0), Sheet(18.0, tilt=3.0, bow=0.5))


def test_is_the_same_for_a_seed_and_another_for_another():
    a, b, c = bmode(seed=1), bmode(seed=1), bmode(seed=2)
    assert np.array_equal(a.image, b.image)
    assert not np.array_equal(a.image, c.image)
    assert a.layers[0].thickness == c.layers[0].thickness


@pytest.mark.parametrize("spacing", [(0.085, 0.085), (0.06, 0.1)])
def test_the_edges_are_where_the_grey_is_half_way(spacing):
    """Between muscle and sheet, in the mean of many images: within a fifth of a pixel."""
    made, mean = expected_grey(sheets=SHEETS, muscles=(Muscle(fascicles=0.0),), spacing=spacing, attenuation=0.0)
    layer = made.layers[0]
    thickness = SHEETS[0].thickness / spacing[1]
    for edge, way in ((layer.superficial, 1), (layer.deep, -1)):
        off = []
        for x, y in zip(layer.x.astype(int), edge, strict=True):
            column, rows = mean[:, x], np.arange(len(mean))
            bright = np.interp(y - way * thickness / 2, rows, column)
            dark = np.interp(y + way * np.arange(8, 20), rows, column).mean()
            around = y + way * np.linspace(-thickness / 2, 8, 200)
            off.append(way * (around[np.argmax(np.interp(around, rows, column) < (bright + dark) / 2)] - y))
        assert abs(np.mean(off)) < 0.2


def test_frames_show_the_same_anatomy_with_other_speckle():
    a, b, c = bmode(frame=0), bmode(frame=1), bmode(seed=1)
    inside = a.region()

    def alike(one: Phantom, two: Phantom) -> float:
        smooth = [gaussian_filter(p.image.astype(float), 4)[inside] for p in (one, two)]
        return float(np.corrcoef(*smooth)[0, 1])

    assert not np.array_equal(a.image, b.image)
    assert alike(a, b) > 0.8 > 0.3 > alike(a, c)


def test_thickness_is_what_the_arguments_say():
    made = bmode((Sheet(9.0, thickness=1.0), Sheet(27.0, thickness=2.0)), spacing=(0.08, 0.1))
    layer = made.layers[0]
    assert layer.thickness == pytest.approx(27 - 9 - 0.5 - 1.0)
    assert layer.thickness_px == pytest.approx(16.5 / 0.1)
    assert np.mean(layer.deep - layer.superficial) * 0.1 == pytest.approx(layer.thickness)
    assert made.subcutaneous == pytest.approx(8.5)
    assert np.mean(made.outer - made.box[1] + 0.5) * 0.1 == pytest.approx(8.5)


def test_the_quarters_and_the_perpendicular_of_a_wedge():
    made = bmode((Sheet(8.0, tilt=-4.0), Sheet(26.0, tilt=4.0)), spacing=(0.1, 0.08))
    layer = made.layers[0]
    slope = 2 * np.tan(np.radians(4.0)) * 0.1
    width = layer.x[-1] - layer.x[0]
    assert layer.left - layer.middle == pytest.approx(slope * width / 4)
    assert layer.middle - layer.right == pytest.approx(slope * width / 4)
    assert layer.perpendicular == pytest.approx(layer.thickness)  # the mean angle is level
    assert layer.deep_angle == pytest.approx(4.0)
    assert layer.pennation == pytest.approx(15.0)


@pytest.mark.parametrize("spacing", [(0.1, 0.1), (0.07, 0.12)])
@pytest.mark.parametrize("pennation", [20.0, -12.0])
def test_fascicles_run_at_their_angle_in_millimetres(pennation, spacing):
    made = bmode(muscles=(Muscle(pennation),), spacing=spacing, screen=None, shape=(400, 500), mottle=0.0)
    layer = made.layers[0]
    inside = made.image[int(layer.superficial.max()) + 8 : int(layer.deep.min()) - 8].astype(float)
    gy, gx = np.gradient(gaussian_filter(inside, (0.3 / spacing[1], 0.3 / spacing[0])))  # speckle is longer across
    gx, gy = gx / spacing[0], gy / spacing[1]
    along = 0.5 * np.degrees(np.arctan2(2 * (gx * gy).mean(), (gx**2 - gy**2).mean())) + 90.0
    seen = -((along + 90.0) % 180.0 - 90.0)  # the image's y points down
    assert seen == pytest.approx(layer.fascicle_angle, abs=1.5)


def test_a_deeper_layer_has_its_own_truth():
    made = bmode((Sheet(5.0), Sheet(15.0), Sheet(30.0, tilt=2.0)), (Muscle(20.0), Muscle(-10.0)))
    assert [round(one.thickness, 6) for one in made.layers] == [8.8, 13.8]
    assert made.layers[1].pennation == pytest.approx(-10.0)
    assert made.layers[1].fascicle_angle == pytest.approx(-8.0)
    assert (made.layers[0].deep < made.layers[1].superficial).all()


def test_echo_intensity_is_the_mean_of_the_region():
    made = bmode(screen="yellow")
    layer = made.layers[0]
    values = []
    for x, top, bottom in zip(layer.x.astype(int), layer.superficial + 10, layer.deep - 10, strict=True):
        values.append(made.image[int(np.ceil(top)) : int(np.floor(bottom)) + 1, x, 0])
    assert made.echo_intensity(inset_mm=10 * made.spacing[1]) == pytest.approx(np.concatenate(values).mean())


def test_a_sector_is_black_outside_its_fan():
    made = bmode((Sheet(20.0), Sheet(50.0)), view="sector", spacing=(0.2, 0.2))
    x0, y0, x1, y1 = made.box
    view = made.image[y0:y1, x0:x1]
    assert 0.4 < made.mask.mean() < 0.9
    assert not view[~made.mask].any()
    assert view[made.mask].mean() > 20
    assert made.mask[:, 0].any()
    assert made.mask[:, -1].any()
    assert made.mask[0].any()
    assert made.mask[-1].any()
    layer = made.layers[0]
    assert made.mask[np.rint(layer.deep - y0).astype(int), layer.x.astype(int) - x0].all()


@pytest.mark.parametrize("screen", ["black", "grey", "yellow"])
def test_ticks_have_their_period(screen):
    made = bmode(screen=screen, spacing=(0.085, 0.071), tick_mm=5.0, shape=(700, 900))
    grey = made.image if made.image.ndim == 2 else made.image[..., 1]
    _, y0, x1, y1 = made.box
    column = {"black": grey[:, 3], "grey": grey[:, x1 + 3 + 18 - 4], "yellow": grey[:, 900 - 12]}[screen]
    rows = np.flatnonzero(column[:y1] > 190)
    rows = rows[rows >= y0 - 2]
    assert len(rows) >= 6
    assert np.polyfit(np.arange(len(rows)), rows, 1)[0] == pytest.approx(made.tick, rel=0.01)
    assert made.tick == pytest.approx(5.0 / 0.071)


def test_grain_is_as_large_as_asked():
    plain = {"muscles": (Muscle(fascicles=0.0, echo=-30.0),), "mottle": 0.0, "attenuation": 0.0}
    made = bmode(screen=None, speckle=(4.0, 2.0), shape=(500, 600), **plain)
    layer = made.layers[0]
    inside = made.image[int(layer.superficial.max()) + 15 : int(layer.deep.min()) - 15].astype(float)
    inside -= inside.mean()
    # The power of Gaussian-filtered noise is correlated as exp(-lag²/(2σ²)): its width says σ.
    for axis, sigma in ((1, 4.0), (0, 2.0)):
        lag = round(sigma)
        a, b = (
            np.take(inside, range(lag, inside.shape[axis]), axis),
            np.take(inside, range(inside.shape[axis] - lag), axis),
        )
        assert (a * b).mean() / inside.var() == pytest.approx(np.exp(-(lag**2) / (2 * sigma**2)), abs=0.08)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"sheets": (Sheet(9.0),)}, "bad-setting"),
        ({"sheets": (Sheet(9.0), Sheet(90.0))}, "bad-setting"),
        ({"view": "round"}, "bad-setting"),
        ({"screen": "blue"}, "bad-setting"),
        ({"spacing": (0.0, 0.1)}, "bad-setting"),
    ],
)
def test_refuses_what_it_cannot_draw(given, code):
    with pytest.raises(SettingsError) as caught:
        bmode(**given)
    assert caught.value.code == code
    assert caught.value.remedy

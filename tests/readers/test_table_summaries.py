"""Means, spreads and counts are no fibres; a column of units states the unit of the force."""

from __future__ import annotations

import io

import pytest

from musclemetrics.errors import MuscleMetricsError, ReadError
from musclemetrics.readers import read
from musclemetrics.reading import Reading


def table(text: str, **options: object) -> list[Reading]:
    return list(read(io.BytesIO(text.encode()), reader="table", **options))


def refusal(text: str, **options: object) -> MuscleMetricsError:
    with pytest.raises(MuscleMetricsError) as caught:
        table(text, **options)
    return caught.value


@pytest.mark.parametrize(
    "header",
    [
        "pCa,mean force (mN),SD,n",
        "pCa,Mean,SD,N",
        "pCa,Mean,SEM,N",
        "pCa,control mean force,drug mean force",
        "pCa,Control Mean,Control SD,Control N",
    ]
    + ["pCa,Mean,%CV,N", "pCa,Mean,Upper Limit,Lower Limit", "pCa,Mean,+Error,-Error", "pCa,F1,F2,mean"]
    + ["pCa,control mean force,drug mean force"]
    + ["pCa,F1,F2,F3,average", "pCa,A,B,Std. Dev.", "pCa,A,SE,B,SE.1", "pCa,control:mean,control:sd,control:n"],
)
def test_a_summary_is_refused(header: str) -> None:
    width = header.count(",")
    rows = "".join(
        f"{x}," + ",".join(["1.5", "2.5", "5", "3.5", "5"][i % 5] for i in range(width)) + "\n" for x in (9, 6)
    )
    error = refusal(header + "\n" + rows)
    assert isinstance(error, ReadError)
    assert error.code == "summary-table"
    assert "layout=long" in error.remedy


@pytest.mark.parametrize("header", ["pCa,A,N", "pCa,SD 1,SD rat 2", "pCa,M,N,O", "pCa,F1,CV12", "pCa,Ernie,Meaning"])
def test_fibres_of_like_names_are_fibres(header: str) -> None:
    count = header.count(",")
    readings = table(header + "\n" + "".join(f"{x}" + ",1.5" * count + "\n" for x in (9, 6)))
    assert [r.labels["fibre"] for r in readings] == header.split(",")[1:]


def test_a_spread_beside_the_force_is_one_more_column() -> None:
    for y in ("force (mN)", "F"):
        [reading] = table(f"pCa,{y},SD,n\n9,1.5,0.1,5\n6,2.5,0.2,5\n")
        assert reading["force"].tolist() == [1.5, 2.5]
        assert reading["sd"].tolist() == [0.1, 0.2]
    [reading] = table("pCa,mean force (mN),SD,n\n9,1.5,0.1,5\n6,2.5,0.2,5\n", layout="long", x="pCa", y="mean force")
    assert reading["force"].tolist() == [1.5, 2.5]
    assert any("'mean force (mN)' holds means" in n for n in reading.notes)


BODY = "A,9,1,{0}\nA,6,5,{0}\nB,9,2,{1}\nB,6,6,{1}\n"


@pytest.mark.parametrize("column", ["unit", "units", "Unit", "force unit", "Force_units", "unit of force"])
def test_a_column_of_units(column: str) -> None:
    a, b = table(f"fibre,pCa,force,{column}\n" + BODY.format("mN", "uN"))
    assert (a.unit("force"), b.unit("force")) == ("mN", "uN")
    assert set(a.labels) == {"fibre"}
    a, b = table(f"fibre,pCa,force (mN),{column}\n" + BODY.format("mN", ""))
    assert (a.unit("force"), b.unit("force")) == ("mN", "mN")


def test_units_that_vary_within_a_fibre_are_refused_for_that_fibre() -> None:
    text = "fibre,pCa,force,unit\nA,9,1,mN\nA,6,5,N\nB,9,2,mN\nB,6,6,mN\n"
    error = refusal(text)
    assert error.code == "mixed-units"
    assert "mN, 'N'" in error.message.replace("'mN'", "mN")
    a, b = table(text, errors="flag")
    assert a.flags[0].code == "mixed-units"
    assert b.unit("force") == "mN"
    assert [r.unit("force") for r in table(text, unit="mN")] == ["mN", "mN"]


def test_a_header_and_a_column_of_units_that_differ_are_refused() -> None:
    error = refusal("fibre,pCa,force (N),unit\n" + BODY.format("mN", "mN"))
    assert error.code == "contradictory-unit"
    assert refusal("pCa,force,unit\n9,1,uM\n6,5,uM\n").code == "unit-mismatch"
    [reading] = table("pCa,force,unit\n9,1,furlong\n6,5,furlong\n")
    assert reading.unit("force") is None
    assert [f.code for f in reading.flags] == ["unknown-unit"]


def test_the_unit_of_calcium_may_have_its_column() -> None:
    [reading] = table("Ca,force,calcium unit,force unit\n1,1,uM,mN\n2,5,uM,mN\n")
    assert dict(reading.units) == {"calcium": "umol/L", "force": "mN"}

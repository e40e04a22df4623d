"""Write the sample data anew: ``python -m musclemetrics.simulate FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from . import SAMPLES, eim, force_length, force_velocity, isometric, ktr, slack, twitch, ultrasound
from .force_pca import Fibre, forces, population, slc_text

PCA = (9.0, 6.6, 6.3, 6.1, 6.0, 5.9, 5.8, 5.6, 5.4, 5.0, 4.5)
CALCIUM_UM = (0.001, 0.3, 0.6, 1.0, 1.5, 2.0, 3.0, 6.0, 30.0)
TRACE_PCA = (9.0, 6.4, 6.2, 6.0, 5.8, 5.6, 5.2, 4.5)


def write(folder: Path) -> None:
    """Write recordings and truth of every sample below `folder`."""
    fibres = population()
    _put(folder / "force_pca" / "fibres.csv", _long(fibres))
    wide = population(("C",), animals=3, fibres=1, pCa50=5.75, seed=2)
    _put(folder / "force_pca" / "calcium_wide.csv", _wide(wide))
    _put(
        folder / "force_pca" / "broken.csv",
        "fibre,pCa,force (kN/m2)\nB1,9.0,1.2\nB1,6.2,see notebook p. 14\nB1,5.8,55.1\nB1,5.4,98.0\nB1,4.5,101.3\n",
    )
    _put(folder / "truth" / "force_pca.csv", _truth([*fibres, *wide]))
    traced = [Fibre("R1", "rat 1", "slow", 6.05, 2.4, 95.0, 3.0), Fibre("R2", "rat 2", "slow", 5.95, 3.1, 120.0, 2.0)]
    for number, fibre in enumerate(traced):
        stresses = forces(TRACE_PCA, fibre, seed=70 + number)
        for k, (pca, stress) in enumerate(zip(TRACE_PCA, stresses, strict=True)):
            # The last record of the second fibre claims a rate its time column contradicts, as real ones do.
            stated = 1000.0 if (number, k) == (1, len(TRACE_PCA) - 1) else None
            text = slc_text(pca, float(stress), fibre=fibre.name, stated_rate=stated, seed=k)
            _put(folder / "force_pca_traces" / fibre.name / f"{k + 1:02d}.slc", text, "latin-1")
    _put(folder / "truth" / "force_pca_traces.csv", _truth(traced))
    for bench in (eim, force_length, force_velocity, isometric, ktr, slack, twitch, ultrasound):
        for name, content in bench.samples().items():
            _put(folder / name, content)


def expect(folder: Path) -> None:
    """Measure the samples below `folder` and keep the records as what must be found."""
    from ..batch import measure_files
    from ..store import save

    for name, (modality, group_by) in SAMPLES.items():
        records = measure_files([folder / name], modality, group_by=group_by)
        (folder / "expected").mkdir(parents=True, exist_ok=True)
        save(list(records), folder / "expected" / f"{name}.jsonl")


def _put(path: Path, content: str | bytes, encoding: str = "utf-8") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))


def _long(fibres: list[Fibre]) -> str:
    rows = ["fibre,animal,group,fibre type,temperature,sarcomere length,pCa,force (kN/m2)"]
    for number, fibre in enumerate(fibres):
        for pca, value in zip(PCA, forces(PCA, fibre, seed=number), strict=True):
            about = f"{fibre.name},{fibre.animal},{fibre.group},slow,15 Cel,2.3 um"
            rows.append(f"{about},{pca:g},{value:.2f}")
    return "\n".join(rows) + "\n"


def _wide(fibres: list[Fibre]) -> str:
    """A table as a German spreadsheet writes it: semicolons, decimal commas, [Ca2+] in µM, one column a fibre."""
    import math

    pca = [6.0 - math.log10(c) for c in CALCIUM_UM]
    columns = [forces(pca, fibre, seed=40 + number) for number, fibre in enumerate(fibres)]
    rows = ["[Ca2+] (µM);" + ";".join(f"{f.animal} (mN/mm²)" for f in fibres)]
    for k, c in enumerate(CALCIUM_UM):
        rows.append(";".join([f"{c:g}", *(f"{column[k]:.2f}" for column in columns)]).replace(".", ","))
    return "\n".join(rows) + "\n"


def _truth(fibres: list[Fibre]) -> str:
    rows = ["fibre,animal,group,pCa50,h,Fmax,Fmin"]
    rows += [f"{f.name},{f.animal},{f.group},{f.pCa50!r},{f.h!r},{f.Fmax!r},{f.Fmin!r}" for f in fibres]
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "sample_data")
    write(target)
    expect(target)

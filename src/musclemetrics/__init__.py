"""musclemetrics: from the raw recording of a muscle to a defensible number.

>>> import musclemetrics as mm
>>> pca = [9.0, 6.6, 6.4, 6.2, 5.9, 5.6, 5.4, 4.5]
>>> force = [10.0, 36.8, 77.4, 95.3, 123.0, 119.4, 119.8, 122.4]
>>> record = mm.force_pca.measure(pca, force, force_unit="kN/m2")
>>> round(float(record["pCa50"]), 2)
6.44

Everything is imported on first touch, so ``import musclemetrics`` costs next to nothing.
"""

from __future__ import annotations

# Type checkers know this name; importing it from typing would double what the import of this package costs.
TYPE_CHECKING = False

__version__ = "0.1.0"

# name: module that holds it ("" means the module itself is the name)
_NAMES: dict[str, str] = {
    "Definition": "record",
    "Flag": "record",
    "Measurement": "record",
    "Provenance": "record",
    "Record": "record",
    "Trace": "record",
    "Event": "reading",
    "Inputs": "reading",
    "Reading": "reading",
    "load": "store",
    "save": "store",
    "to_dataframe": "store",
    "measure_files": "batch",
    "plot": "plotting",
    "read": "readers",
    "sample": "simulate",
    "batch": "",
    "compare": "",
    "corrections": "",
    "errors": "",
    "fitting": "",
    "imaging": "",
    "modalities": "",
    "plotting": "",
    "readers": "",
    "record": "",
    "simulate": "",
    "store": "",
    "study": "",
    "units": "",
    "force_pca": "modalities.force_pca",
    "force_velocity": "modalities.force_velocity",
    "slack": "modalities.slack",
    "force_length": "modalities.force_length",
    "ktr": "modalities.ktr",
    "isometric": "modalities.isometric",
    "twitch": "modalities.twitch",
    "eim": "modalities.eim",
    "bmode": "modalities.bmode",
}

__all__ = ["__version__", *_NAMES]


def __getattr__(name: str) -> object:
    """Import a public name on first touch (PEP 562)."""
    try:
        home = _NAMES[name]
    except KeyError:
        raise AttributeError(f"module 'musclemetrics' has no attribute {name!r}") from None
    from importlib import import_module

    module = import_module("." + (home or name), __name__)
    value = module if not home or home.endswith("." + name) else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


if TYPE_CHECKING:
    # "as" tells type checkers that these names are meant for others.
    from . import batch as batch
    from . import compare as compare
    from . import corrections as corrections
    from . import errors as errors
    from . import fitting as fitting
    from . import modalities as modalities
    from . import plotting as plotting
    from . import readers as readers
    from . import record as record
    from . import simulate as simulate
    from . import store as store
    from . import study as study
    from . import units as units
    from .batch import measure_files as measure_files
    from .modalities import eim as eim
    from .modalities import force_length as force_length
    from .modalities import force_pca as force_pca
    from .modalities import force_velocity as force_velocity
    from .modalities import isometric as isometric
    from .modalities import ktr as ktr
    from .modalities import slack as slack
    from .modalities import twitch as twitch
    from .plotting import plot as plot
    from .readers import read as read
    from .reading import Event as Event
    from .reading import Inputs as Inputs
    from .reading import Reading as Reading
    from .record import Definition as Definition
    from .record import Flag as Flag
    from .record import Measurement as Measurement
    from .record import Provenance as Provenance
    from .record import Record as Record
    from .record import Trace as Trace
    from .simulate import sample as sample
    from .store import load as load
    from .store import save as save
    from .store import to_dataframe as to_dataframe

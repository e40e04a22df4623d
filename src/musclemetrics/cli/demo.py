"""The demonstration: every modality on its sample data."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections import Counter
from pathlib import Path

from ..batch import measure_files
from ..record import Record
from . import NOTHING, OK
from .folder import exit_code
from .outputs import Output, guarded, write_folder
from .show import print_table, reasons, summary, watched

__all__ = ["demo"]


def demo(arguments: Namespace) -> int:
    """Carry out ``musclemetrics demo``: a broken sample belongs to the show, so only an empty one fails."""
    from ..simulate import SAMPLES, sample

    guarded([Output(Path(arguments.output), "page")], [], overwrite=arguments.overwrite)
    records: list[Record] = []
    for name, (modality, group_by) in SAMPLES.items():
        records += watched(measure_files(sample(name), modality, group_by=group_by), quiet=arguments.quiet)
    page = write_folder(records, Path(arguments.output), title="musclemetrics on its sample data")
    if not arguments.quiet:
        print_table(records)
        for line in reasons(records):
            print(line, file=sys.stderr)
        print(summary(records), file=sys.stderr)
    print(page)
    return NOTHING if exit_code(Counter(r.status for r in records)) == NOTHING else OK

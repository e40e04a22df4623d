"""Options and verbs of run folders; nothing heavy is imported before one runs."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable

from .engine import add_engine

__all__ = ["add_shared", "add_study_verbs"]


def add_shared(parser: ArgumentParser) -> None:
    """Add what a modality's verb has of run folders."""
    parser.add_argument(
        "--shard", metavar="K/N", help="measure part K of N only, for schedulers; join the folders with merge"
    )
    parser.add_argument("--config", metavar="FILE", help="take what is not given here from the run.toml of a run")
    parser.add_argument("--table", metavar="SHEET", help="labels by file: a CSV or .xlsx with a column file")
    parser.add_argument(
        "--match", metavar="PATTERN", help='how columns of the sheet make up names: "{subject}_{session}_{side}"'
    )
    parser.add_argument(
        "--phi-safe", action="store_true", help="name nobody in any result: codes, days, and no foreign word"
    )
    parser.add_argument(
        "--allow", metavar="LABEL", action="append", default=[], help="a label that is kept as it is with --phi-safe"
    )
    add_key(parser)


def add_key(parser: ArgumentParser) -> None:
    """Add where the key lies."""
    parser.add_argument("--key", metavar="FILE", help="the key that makes codes; musclemetrics key FILE makes one")


def add_untold(parser: ArgumentParser) -> None:
    """Add what run.toml leaves out of a run that names nobody."""
    parser.add_argument(
        "--inputs", metavar="PATH", nargs="+", default=[], help="the recordings, where run.toml does not tell them"
    )
    parser.add_argument("--group-by", metavar="HOW", help="which files make one item, where run.toml does not tell it")


def add_study_verbs(add: Callable[[str, str], ArgumentParser]) -> None:
    """Add the verbs that work on run folders."""
    run = add("run", "measure again what the run.toml of a run folder says; go on where it stopped")
    run.add_argument("config", metavar="RUN", help="a run folder, or its run.toml")
    run.add_argument("-o", "--output", metavar="FOLDER", help="another run folder (default: that of RUN)")
    add_engine(run)
    add_key(run)
    run.add_argument("--shard", metavar="K/N", help="measure part K of N only")
    add_untold(run)
    run.add_argument("--overwrite", action="store_true", help="replace tables whose journal is gone")
    merge = add("merge", "join the parts of a run that were measured with --shard")
    merge.add_argument("parts", metavar="FOLDER", nargs="+", help="run folders of the parts")
    merge.add_argument("-o", "--output", metavar="FOLDER", required=True, help="the run folder to be")
    merge.add_argument("-j", "--jobs", metavar="N", type=int, default=1, help="processes that draw (default: 1)")
    add_key(merge)
    apply = add("apply", "take a reviewer's ratings and corrections into a run folder, and measure those items anew")
    apply.add_argument("folder", metavar="FOLDER", help="the run folder")
    apply.add_argument("files", metavar="FILE", nargs="+", help="ratings.csv and corrections.json, as downloaded")
    add_engine(apply)
    add_key(apply)
    add_untold(apply)
    figures = add("figures", "draw the records of a run folder, and its measurements by group or visit")
    figures.add_argument("folder", metavar="FOLDER", help="the run folder")
    figures.add_argument("--format", choices=("svg", "png", "pdf"), default="svg", help="default: %(default)s")
    figures.add_argument("--by", metavar="LABEL", help="draw measurements by this label, such as group or session")
    figures.add_argument("--of", metavar="NAME", action="append", default=[], help="the measurement; may be repeated")
    figures.add_argument("-o", "--output", metavar="FOLDER", help="default: figures within the run folder")
    key = add("key", "make a key for codes in place of names")
    key.add_argument("file", metavar="FILE", help="a new file, apart from all results")
    scan = add("phi-scan", "search everything in a run folder for what names someone in its inputs")
    scan.add_argument("folder", metavar="FOLDER", help="the run folder, or any other folder of results")
    scan.add_argument("--inputs", metavar="PATH", nargs="+", required=True, help="the recordings")
    scan.add_argument("--table", metavar="SHEET", action="append", default=[], help="a sheet of labels")
    scan.add_argument("--but", metavar="WORD", action="append", default=[], help="a word that is no identifier")
    for parser in (run, merge, apply, figures):
        parser.add_argument("--quiet", action="store_true", help="no progress and no list of flags on stderr")
        parser.add_argument("--notes", action="store_true", help="list the notes too, not only what is doubtful")

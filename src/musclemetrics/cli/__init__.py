"""The command line: one verb per modality, its options the settings of ``measure``.

Nothing heavy is imported before a verb runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import codecs
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..errors import MuscleMetricsError, SettingsError, WriteError
from ..modalities import CORRECTIONS, MODALITIES
from .engine import add_engine
from .verbs import add_shared, add_study_verbs

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["main"]

OK, SOME_FAILED, USAGE, NOTHING, NOT_WRITTEN, INTERRUPTED = 0, 1, 2, 3, 4, 130

_OVERVIEW_END = """\
examples:
  musclemetrics demo                                  measure the samples, draw them, make a page
  musclemetrics check recording.csv                   what would be read, every guess printed
  musclemetrics force_pca fibres.csv -o results.csv   one row a fibre

exit codes: 0 all measured, 1 some failed, 2 usage, 3 nothing usable, 4 not written (disk full),
130 interrupted"""

_VERB_END = """\
examples:
  musclemetrics {verb} data.csv                            a table on the screen
  musclemetrics {verb} data.xlsx -o results.csv            one row a record, for R, SPSS, Excel
  musclemetrics {verb} recordings --group-by folder -o out  a folder that keeps the run: tables and a report
  musclemetrics {verb} data.csv -s list                    the settings, with their defaults
"""


class _LongHelp(argparse.Action):
    """Help of a modality: its settings are looked up only when someone asks."""

    def __init__(self, option_strings: Sequence[str], dest: str, **kwargs: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, help="show this help with all settings, and exit")

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from .settings import listing

        verb = parser.prog.rsplit(" ", 1)[-1]
        try:
            found = listing(verb)
        except Exception as error:  # help must not fail because a modality cannot be imported
            found = f"  (they cannot be listed: {type(error).__name__}: {error})"
        parser.epilog = f"{_VERB_END.format(verb=verb)}\nsettings (-s name=value):\n{found}"
        parser.print_help()
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="musclemetrics",
        description="From the raw recording of a muscle to a defensible number.",
        epilog=_OVERVIEW_END,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"musclemetrics {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, about in MODALITIES.items():
        _add_modality(verbs, name, about)
    check = _add(verbs, "check", "show what would be read, every guess printed; nothing is written")
    _add_inputs(check)
    demo = _add(verbs, "demo", "measure the sample data of all modalities; pictures and a report")
    demo.add_argument("-o", "--output", metavar="FOLDER", default="musclemetrics-demo", help="default: %(default)s")
    _add_overwrite(demo)
    demo.add_argument("--quiet", action="store_true", help="print only the path of the page")
    add_study_verbs(lambda name, about: _add(verbs, name, about))
    return parser


def _add(verbs: Any, name: str, about: str, **more: Any) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=about,
        description=about + ".",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        **more,
    )
    return made


def _add_overwrite(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--overwrite", action="store_true", help="replace outputs that musclemetrics did not write; never an input"
    )


def _add_inputs(parser: argparse.ArgumentParser, *, many: str = "+") -> None:
    parser.add_argument("paths", metavar="PATH", nargs=many, help="files, or folders to be walked")
    parser.add_argument(
        "--group-by",
        metavar="HOW",
        help='which files make one item: folder, sheet, or a pattern such as "{fibre}_{n}.slc"',
    )
    parser.add_argument(
        "-r",
        "--reading",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="option of the readers, for example decimal=, or unit=mN or reader=table",
    )


def _add_modality(verbs: Any, name: str, about: str) -> None:
    parser = _add(verbs, name, about, add_help=False, aliases=[name.replace("_", "-")] if "_" in name else [])
    parser.set_defaults(modality=name)
    parser.add_argument("-h", "--help", action=_LongHelp)
    _add_inputs(parser, many="*")
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        action="append",
        default=[],
        help=".csv, .xlsx, .jsonl or .h5, or a folder that keeps the run, with tables and a report; may be given again",
    )
    parser.add_argument(
        "-s",
        "--set",
        metavar="NAME=VALUE",
        dest="settings",
        action="append",
        default=[],
        help="a setting of the measurement; -s list shows them",
    )
    parser.add_argument("--settings", dest="list_settings", action="store_true", help="show the settings, and exit")
    add_engine(parser)
    add_shared(parser)
    parser.add_argument(
        "--label", metavar="NAME=VALUE", dest="labels", action="append", default=[], help="a label for every record"
    )
    for setting in CORRECTIONS.get(name, ()):
        parser.add_argument(
            f"--{setting}", metavar="FILE", help=f"{setting} corrected by hand, one record at a time (CSV or JSON)"
        )
    if "onsets" in CORRECTIONS.get(name, ()):
        parser.add_argument(
            "--save-onsets", metavar="FILE", help="also write the onsets as CSV, to be changed and given to --onsets"
        )
    if "lines" in CORRECTIONS.get(name, ()):
        parser.add_argument(
            "--save-lines", metavar="FILE", help="also write the lines as JSON, to be changed and given to --lines"
        )
    if name == "force_pca":
        parser.add_argument("--prism", metavar="FILE", help="also write the points as a table that pastes into Prism")
    _add_overwrite(parser)
    parser.add_argument("--raw-csv", action="store_true", help="leave text that a spreadsheet would run as a formula")
    parser.add_argument("--notes", action="store_true", help="list the notes too, not only what is doubtful")
    parser.add_argument("--quiet", action="store_true", help="no progress and no list of flags on stderr")


# What a terminal without these signs shows instead; any other sign it lacks is shown by its number.
_PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−–µ×✓…’", "-0123456789--ux+.'") | {ord("∞"): "inf", ord("Ω"): "Ohm", ord("σ"): "sd"}


def _plainer(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_PLAIN)
    return text.encode("ascii", "backslashreplace").decode("ascii"), error.end


def _forgiving_streams() -> None:
    """Let a sign that the terminal's encoding lacks be printed plainer rather than end the run."""
    codecs.register_error("musclemetrics-plainer", _plainer)
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Callable[..., None] | None = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="musclemetrics-plainer")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; by default those of the process.

    Returns
    -------
    int
        0 all measured, 1 some failed, 2 usage, 3 nothing usable, 4 not written, 130 interrupted.
    """
    _forgiving_streams()
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as leaving:  # argparse has printed its help or its complaint
        return int(leaving.code or 0)
    try:
        code = _run(arguments)
        sys.stdout.flush()  # here, where a reader that has gone is met calmly, rather than at the interpreter's exit
        return code
    except SettingsError as error:
        _complain(error, arguments)
        return USAGE
    except WriteError as error:
        print(f"musclemetrics: {_safe(str(error), arguments)}", file=sys.stderr)
        return NOT_WRITTEN
    except MuscleMetricsError as error:
        _complain(error, arguments)
        return NOTHING
    except KeyboardInterrupt as stop:
        print(f"musclemetrics: interrupted; {str(stop) or 'nothing was written'}", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        _silence()  # whoever read our output has gone
        return SOME_FAILED
    except OSError as error:
        where = error.filename or "the standard output"
        told = _safe(f"{where} cannot be written ({error.strerror or error})", arguments)
        print(f"musclemetrics: {told}", file=sys.stderr)
        _silence()
        return NOT_WRITTEN
    except Exception as error:
        if not _names_nobody(arguments):
            raise
        # What went wrong and where, and not with whom: a traceback names files.
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_name}, line {place.tb_lineno}" if place is not None else "an unknown place"
        print(f"musclemetrics: internal error: {type(error).__name__} in {where}; please report it", file=sys.stderr)
        return NOTHING


def _names_nobody(arguments: argparse.Namespace) -> bool:
    """Whether nothing that is printed may name anybody."""
    return bool(
        getattr(arguments, "phi_safe", False) or getattr(arguments, "key", None) or arguments.verb == "phi-scan"
    )


def _safe(text: str, arguments: argparse.Namespace) -> str:
    if not _names_nobody(arguments):
        return text
    from ..study.phi import Safe
    from ..study.pseudonyms import load_key
    from ..study.wording import masked

    try:
        return Safe(load_key(arguments.key)).text(text)  # its codes name nobody, and tell which file is meant
    except (AttributeError, TypeError, SettingsError):
        return masked(text)


def _complain(error: MuscleMetricsError, arguments: argparse.Namespace) -> None:
    from .show import hint

    for line in (f"musclemetrics: {_safe(str(error), arguments)}", *hint([error.remedy])):
        print(line, file=sys.stderr)


def _silence() -> None:
    """Point stdout elsewhere, or the interpreter complains when it flushes what could not be written."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(arguments: argparse.Namespace) -> int:
    if arguments.verb == "check":
        from .check import check

        return check(arguments)
    if arguments.verb == "demo":
        from .demo import demo

        return demo(arguments)
    if arguments.verb in ("run", "merge", "apply", "figures"):
        from .folder import VERBS

        return VERBS[arguments.verb](arguments)
    if arguments.verb in ("key", "phi-scan"):
        from .privacy import VERBS as PRIVACY

        return PRIVACY[arguments.verb](arguments)
    from .measure import measure

    return measure(arguments)

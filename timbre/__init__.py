"""The command line `timbre`: the one door where data and model meet."""

import errno
import os
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

from lightning_modules.interruption import INTERRUPTION
from timbre.shipped import with_shipped
from timbre.verbs import VERBS, usage


def main(args: Sequence[str] | None = None) -> None:
    """Run one verb; bad input ends in one sentence and exit code 2, never in a traceback."""
    args = list(sys.argv[1:] if args is None else args)
    verb = args[0] if args else "--help"
    if verb in ("-h", "--help", "help"):
        print(usage())
        return
    if verb in ("--version", "version"):
        print(f"interpretsynth {version('interpretsynth')}")
        return
    if verb not in VERBS:
        _stop(f"there is no verb '{verb}': choose {', '.join(VERBS)}.")
    _quieten()
    if VERBS[verb].watches:
        INTERRUPTION.watch()
    try:
        # Imported only now: torch and lightning take seconds, and help and typos should not.
        import_module(f"timbre.{VERBS[verb].module}").run(verb, with_shipped(args[1:]))
    except OSError as error:
        _reraise_in_debug()
        about = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
        if error.errno in (errno.ENOSPC, errno.EROFS, errno.EACCES, errno.ENOTDIR, errno.EDQUOT):
            about += ": write to a place that can be written and has room."
        _stop(about)
    except ValueError as error:
        _reraise_in_debug()
        _stop(str(error))
    except RecursionError:
        _reraise_in_debug()
        _stop("something that was read is nested too deeply.")
    except MemoryError as error:
        _reraise_in_debug()
        _stop(f"there is not enough memory ({str(error) or 'out of memory'}): free some, or do less at once.")
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        _reraise_in_debug()
        first = (str(error).strip().splitlines() or [""])[0][:300]
        _stop(f"internal fault ({type(error).__name__}: {first}): set TIMBRE_DEBUG=1 to see the traceback.")


def process_rank() -> int:
    """Rank of this process, from the launcher's environment; rank 0 prints."""
    numbers = (os.environ.get(name) for name in ("SLURM_PROCID", "RANK", "LOCAL_RANK"))
    return int(next(filter(None, numbers), 0))


def _stop(sentence: str) -> None:
    rank = process_rank()
    who = f"timbre, process {rank}" if rank else "timbre"
    print(f"{who}: {' '.join(sentence.split())}", file=sys.stderr)
    sys.exit(2)  # not raised: W&B would take the run for finished


def _reraise_in_debug() -> None:
    if os.environ.get("TIMBRE_DEBUG"):
        raise


def _quieten() -> None:
    """Drop what libraries say that a user can do nothing about, and what they tell their makers."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("WANDB_SILENT", "true")
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    warnings.filterwarnings("ignore", category=FutureWarning)

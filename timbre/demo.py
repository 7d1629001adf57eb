"""`timbre demo`: the main job in minutes, on sounds made on the spot."""

import argparse
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, TextIO

from studies.run_folder import RunFolder
from studies.run_lock import RunLock
from timbre.help_text import HelpText
from timbre.shipped import shipped_voice
from timbre.sweep import build_model

N_EXAMINED = 8
"""Notes whose knobs are all turned: enough to see, quick enough to wait for."""


def run(verb: str, args: list[str]) -> None:
    """Make sounds, train, test, turn a knob, and write the report."""
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        formatter_class=HelpText,
        description="Let a voice play a phrase, its knobs turned, where one comes with the package. Then make a small "
        "set of sounds, train the descriptor model on it, test it, render a held-out note at five positions of the "
        "sharpness knob, and write a page that plays them: runs/demo/report.html.",
    )
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder that holds the runs")
    given, options = parser.parse_known_args(args)
    config = Path(__file__).parents[1] / "configs" / "experiments" / "demo.yaml"
    if not config.is_file():
        raise FileNotFoundError(f"{config} is missing: run the demo from a checkout of the project.")
    folder = given.runs / "demo"
    _refuse_what_is_not_ours(folder)
    # Beside it, under the run's own name: what is there stays until all is made.
    new = given.runs / "demo.new" / "demo"
    place = ["-c", str(config), "--name", "demo", "--runs", str(new.parent)]
    tested = ["--test", "true", "--control.n_notes", str(N_EXAMINED), "--control.renderings", "[open, exact]"]
    tested += ["--fitted_notes", str(N_EXAMINED)]
    fit = [*place, *tested, *options]
    if options:  # What is wrong is said before anything is written.
        build_model(fit)
    voice = shipped_voice()
    if voice is not None:
        _let_it_play(voice, given.runs / "demo-voice")
    # Lightning comes with these, and takes seconds.
    from timbre.demo_report import report
    from timbre.experiment import run_experiment

    with _anew(new), _called(new, folder):
        experiment = run_experiment("fit", fit)
        if experiment is None:
            return
        say = report(new, folder, experiment)
        _exchange(new, folder)
    say()


def _let_it_play(voice: str, folder: Path) -> None:
    """What is there without any training, first."""
    from timbre.demo_voice import first_sound

    pages = first_sound(voice, folder)
    print(f"The voice {voice} plays a phrase, and a knob turns: {next(pages)}", flush=True)
    for _ in pages:
        print("All its knobs are on that page now: reload it.", flush=True)
    print("Now an example of training: a small model, on sounds made on the spot.", flush=True)


def _refuse_what_is_not_ours(folder: Path) -> None:
    """A run that somebody trained there, or trained on, is not the demo's to remove."""
    run = RunFolder(folder)
    made_here = (folder / "audio" / "target.wav").is_file() and run.first_config.is_file()
    if run.config.exists() and not (made_here and run.config.read_bytes() == run.first_config.read_bytes()):
        raise ValueError(f"{folder} holds a run that the demo did not make: rename it, or say --runs OTHER.")


@contextmanager
def _anew(new: Path) -> Iterator[None]:
    """An empty place for a run, gone when it was moved or failed; one that was interrupted can go on from there."""
    lock = RunLock(new.parent)
    lock.take()
    try:
        shutil.rmtree(new, ignore_errors=True)
        yield
    except Exception:
        shutil.rmtree(new.parent, ignore_errors=True)
        raise
    else:
        shutil.rmtree(new.parent, ignore_errors=True)
    finally:
        lock.release()


@contextmanager
def _called(new: Path, folder: Path) -> Iterator[None]:
    """What is printed names the place where a run is going to be."""
    with redirect_stdout(_Renaming(sys.stdout, str(new), str(folder))):
        yield


class _Renaming:
    """A stream that writes to another with one path in place of another."""

    def __init__(self, stream: TextIO, before: str, after: str) -> None:
        self.stream, self.before, self.after = stream, before, after

    def write(self, text: str) -> int:
        """Write, and count what was given."""
        self.stream.write(text.replace(self.before, self.after))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def _exchange(new: Path, folder: Path) -> None:
    """Put what is new in the place of what was there."""
    old = new.with_name("old")
    if folder.exists():
        folder.rename(old)
    new.rename(folder)

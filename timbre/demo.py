"""`timbre demo`: the main job in minutes, on sounds made on the spot."""

import argparse
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import torch
from matplotlib.figure import Figure
from torch import Tensor

from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.callbacks.listen import write_wav
from lightning_modules.checkpoint import load_model
from lightning_modules.exact import Exact
from lightning_modules.knobs import sweep
from lightning_modules.pictures import pair_figure, sweep_figure
from output.numbers import readable
from output.pictures import save_png
from studies.figure import MetricSummary
from studies.report.page import write_report
from studies.run_folder import RunFolder
from studies.run_lock import RunLock
from synths import Clip, ClipFormat
from timbre.experiment import Experiment, run_experiment
from timbre.sweep import build_model

POSITIONS = (0.1, 0.3, 0.5, 0.7, 0.9)
KNOB = "sharpness"
N_EXAMINED = 8
"""Notes whose knobs are all turned: enough to see, quick enough to wait for."""


class ShownSweep(NamedTuple):
    """One note at P positions of one knob, 0..1 within the training range.

    Attributes:
        unit: of the knob's descriptor
        positions: P
        asked_readings: P values asked for, in the unit
        measured_readings: P values the descriptor reads on the audio, in the unit, NaN where it reads none
        open_readings: P values that it reads on what the decoder plays, before it is corrected
        audios: (P, N)
    """

    unit: str
    positions: Sequence[float]
    asked_readings: Sequence[float]
    measured_readings: Sequence[float]
    open_readings: Sequence[float]
    audios: Tensor

    def picture(self, clip: ClipFormat) -> Figure:
        """Asked and measured values above the spectrogram of each sound."""
        readings = self.measured_readings, self.asked_readings
        return sweep_figure(self.audios, self.positions, *readings, KNOB, self.unit, clip, self.open_readings)


def run(verb: str, args: list[str]) -> None:
    """Make sounds, train, test, turn a knob, and write the report."""
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        description="Make a small set of sounds, train the descriptor model on it, test it, render a held-out note at "
        "five positions of the sharpness knob, and write a page that plays them: runs/demo/report.html.",
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
    build_model([*place, *tested, *options])
    with _anew(new), _called(new, folder):
        experiment = run_experiment("fit", [*place, *tested, *options])
        if experiment is None:
            return
        say = _report(new, folder, experiment)
        _exchange(new, folder)
    say()


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


def _report(folder: Path, place: Path, tested: Experiment) -> Callable[[], None]:
    """Write the page of a run that is about to get its place -> what says so."""
    model = load_model(RunFolder(folder).best)
    clips, exact = _held_out_note(model, tested), Exact(model)
    torch.manual_seed(0)
    with torch.no_grad():
        encoding = model.encoder(clips.audio, clips.f0_hz)
        output = exact(clips.f0_hz, encoding, model.encoder.sounding(clips.audio, model.encoder.judged_every)).audio[0]
    turned = _sweep(model, clips, exact)
    sounds = folder / "audio"
    sounds.mkdir(exist_ok=True)
    write_wav(sounds / "target.wav", clips.audio[0], model.clip.sample_rate)
    write_wav(sounds / "resynthesis.wav", output, model.clip.sample_rate)
    for position, audio in zip(turned.positions, turned.audios, strict=True):
        write_wav(sounds / f"{KNOB}-{position:.1f}.wav", audio, model.clip.sample_rate)
    save_png(pair_figure(clips.audio[0], output, model.clip, clips.name[0]), folder / "resynthesis.png")
    save_png(turned.picture(model.clip), folder / f"{KNOB}.png")
    commands = _next_commands(place)
    write_report(RunFolder(folder), commands)
    return lambda: _say(place, tested.evaluation.summaries, turned, commands)


def _held_out_note(model: TimbreAutoencoder, tested: Experiment) -> Clip:
    """The test note that sounds longest, as a batch of one."""
    clips = next(iter(tested.datamodule.test_dataloader()))
    longest = int(model.encoder.sounding(clips.audio).sum(1).argmax())
    one = slice(longest, longest + 1)
    labels = {name: value[one] for name, value in clips.labels.items()}
    return Clip(clips.audio[one], clips.f0_hz[one], clips.confidence[one], clips.name[one], labels)


def _sweep(model: TimbreAutoencoder, clips: Clip, exact: Exact) -> ShownSweep:
    descriptor = next(d for d in model.encoder.each_descriptor() if d.name == KNOB)
    turned, uncorrected = (sweep(model, clips.audio, clips.f0_hz, KNOB, POSITIONS, way) for way in (exact, None))
    asked = descriptor.value_at(turned.asked_positions).tolist()
    measured, before = (descriptor.value_at(each.measured_positions[0]).tolist() for each in (turned, uncorrected))
    return ShownSweep(descriptor.unit, POSITIONS, asked, measured, before, turned.audio[0])


def _next_commands(folder: Path) -> list[str]:
    return [
        f"timbre knobs {folder}",
        f"timbre render {folder} {folder}/audio/target.wav sharp.wav --set sharpness=0.9",
        "timbre fit -c configs/experiments/descriptor_recordings.yaml --data.root MY_SOUNDS --name mine",
    ]


def _say(folder: Path, metrics: list[MetricSummary], turned: ShownSweep, commands: list[str]) -> None:
    f0, loudness = (next(m for m in metrics if m.name == name) for name in ("f0_l1", "loudness_l1"))
    print(
        f"\nHeld-out notes: pitch within {readable(f0.mean)} semitones, loudness within {readable(loudness.mean)} dB."
        f"\n{KNOB.capitalize()} knob at {', '.join(f'{p:g}' for p in turned.positions)}, in {turned.unit}:"
        f"\n  asked    {_row(turned.asked_readings)}"
        f"\n  measured {_row(turned.measured_readings)}"
        f"\n  (as the decoder plays it {_row(turned.open_readings)})"
        f"\nHear it: {RunFolder(folder).report}"
        f"\nNext:    .venv/bin/{commands[1]}"
    )


def _row(values: Sequence[float]) -> str:
    return "  ".join(readable(value) for value in values)

"""What the demo has made: its sounds, pictures, page and last words."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from lightning_modules.checkpoint import load_model
from lightning_modules.exact import Exact
from lightning_modules.pictures import pair_figure
from lightning_modules.timbre_model import TimbreModel
from lightning_modules.wav import write_wav
from output.numbers import readable
from output.pictures import save_png
from studies.figure import MetricSummary
from studies.report.page import write_report
from studies.run_folder import RunFolder
from synths import Clip
from timbre.experiment import Experiment
from timbre.shown_sweep import ShownSweep, shown_sweep

POSITIONS = (0.1, 0.3, 0.5, 0.7, 0.9)
KNOB = "sharpness"


def report(folder: Path, place: Path, tested: Experiment) -> Callable[[], None]:
    """Write the page of a run that is about to get its place -> what says so."""
    model = load_model(RunFolder(folder).best)
    clips, exact = _held_out_note(model, tested), Exact(model)
    torch.manual_seed(0)
    with torch.no_grad():
        encoding = model.encoder(clips.audio, clips.f0_hz)
        output = exact(clips.f0_hz, encoding, model.encoder.sounding(clips.audio, model.encoder.judged_every)).audio[0]
    turned = shown_sweep(model, clips.audio, clips.f0_hz, KNOB, POSITIONS, exact)
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


def _held_out_note(model: TimbreModel, tested: Experiment) -> Clip:
    """The test note that sounds longest, as a batch of one."""
    clips = next(iter(tested.datamodule.test_dataloader()))
    longest = int(model.encoder.sounding(clips.audio).sum(1).argmax())
    one = slice(longest, longest + 1)
    labels = {name: value[one] for name, value in clips.labels.items()}
    return Clip(clips.audio[one], clips.f0_hz[one], clips.confidence[one], clips.name[one], labels)


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

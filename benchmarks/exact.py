"""Open and exact knobs on the same requests: how far the delivered sound is from what was asked, and what it costs.

    python -m benchmarks.exact RELEASE RUN ... [--notes 24] [--only reed_acoustic_94] [--also Brightness,Warmth]

RELEASE is the NSynth release that the runs were tested on, a folder of sound files, or synth1B1, whose pitched test
sounds are then rendered; RUN a folder of `timbre fit`.
Each knob of each note is asked to five places, the others where the recording has them; all is read on the sound, in
the mean over what sounds, in least audible differences (JND; 5 % of the range where there is none). A request counts
as reachable where some sound of the synth, or one of these ways, has all its knobs within a quarter. One thread, CPU
time.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor

import synths
from benchmarks.exact_requests import (
    HEADER,
    Met,
    NoteRequests,
    added_row,
    alone_s,
    every_request,
    judge,
    reachable,
    recordings,
    requests,
    row,
    spread,
    tested_notes,
    unreachable_row,
    unturned_row,
)
from datamodules import NSynth, Synth1B1
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.checkpoint import load_model
from lightning_modules.encoders import Encoding
from lightning_modules.exact import Exact
from projection.prior import on_grid
from synths import Clip

ADDED_NOTES = 8


def _exactly(exact: Exact, asked: NoteRequests) -> Tensor:
    return exact(asked.f0_hz, asked.encoding, asked.sounding, asked.turned).audio


def _openly(model: TimbreAutoencoder, asked: NoteRequests) -> Tensor:
    return model.put_together(asked.f0_hz, asked.encoding).audio


def learn_prior(model: TimbreAutoencoder, data: NSynth) -> None:
    """What calibration takes from the training split, for a run of before it did."""
    every, encoder, read = model.encoder.every, model.encoder, []
    for clips in data.clips_for_ranges():
        sounding = encoder.sounding(clips.audio, every)
        read.append(on_grid(encoder.spectra, clips.audio, clips.f0_hz, sounding, every))
    encoder.prior.learn(torch.cat(read))


def notes_of(model: TimbreAutoencoder, given: argparse.Namespace) -> list[Clip]:
    """Those of the test split, of a folder of recordings or of synth1B1; the prior is made as was asked."""
    if str(given.release) == "synth1B1":
        with TemporaryDirectory() as root:
            return tested_notes(Synth1B1(model.clip, root, n_train=1, n_valid=1, n_test=given.notes))
    if not list(given.release.glob("nsynth-*")):
        return recordings(given.release, model.clip, given.notes)
    data = NSynth(model.clip, str(given.release))
    if given.prior == "learnt":
        data.prepare_data()
        data.setup("fit")
        learn_prior(model, data)
    return spread([note for note in tested_notes(data) if given.only in note.name[0]], given.notes)


@torch.no_grad()
def report(run: Path, given: argparse.Namespace) -> str:
    """Tables of one run."""
    model = load_model(run / "checkpoints" / "best.ckpt")
    notes = notes_of(model, given)
    if given.prior == "musical":
        model.encoder.prior.covariance.zero_()
    lines = [f"{run.name}: {len(notes)} notes, {'learnt' if model.encoder.prior.known else 'musical'} prior."]
    if model.encoder.knobs:
        lines += _own_knobs(model, notes, run, given.every)
    added = notes[:: max(1, len(notes) // ADDED_NOTES)][:ADDED_NOTES]
    for number, names in enumerate(given.also):
        kinds = [getattr(synths, name) for name in names.split(",")]
        lines += ["", *(ADDED_HEADER if not number else []), *added_row(model, kinds, added)]
    return "\n".join(lines)


def _own_knobs(model: TimbreAutoencoder, notes: Sequence[Clip], run: Path, every: bool) -> list[str]:
    exact, asked = Exact(model), [requests(model, note) for note in notes]
    exact(asked[0].f0_hz[:1], Encoding(asked[0].encoding.controls[:1], asked[0].encoding.residual[:1], {}))  # compiled
    met: dict[str, list[Met]] = {"open": [], "exact": []}
    for each in asked:
        torch.manual_seed(0)
        met["open"].append(judge(model, each, lambda which: _openly(model, which)))
        torch.manual_seed(0)
        met["exact"].append(judge(model, each, lambda which: _exactly(exact, which)))
    nearly, exactly = reachable(model, asked, list(met.values()), run.parent / ".reachable")
    seconds = sum(each.f0_hz.numel() for each in asked) / model.clip.frame_rate_hz
    lines = [
        f"{len(exactly)} requests, {int(exactly.sum())} of them reachable with all knobs within a quarter, "
        f"{int(nearly.sum())} within 1.",
        "",
        HEADER,
        *(row(name, ways, asked, exactly, seconds) for name, ways in met.items()),
        *(row(f"{name}, of the {int(nearly.sum())}", ways, asked, nearly, seconds) for name, ways in met.items()),
    ]
    if not exactly.all():
        lines += ["", UNREACHABLE_HEADER]
        lines += [unreachable_row(name, ways, asked, ~exactly) for name, ways in met.items()]
    lines += ["", UNTURNED_HEADER, *(unturned_row(name, model, ways, notes) for name, ways in met.items())]
    lines += ["", f"One request of {2 * model.clip.duration_s:g} s by itself: {alone_s(exact, notes[0]):.2f} s of CPU."]
    return lines + (every_request(model, asked, met["exact"], nearly, exactly, notes) if every else [])


UNREACHABLE_HEADER = (
    "| not reachable | turned, median | held, median | held, 95th percentile | held, worst | held within ¼ |\n"
    "|---|---|---|---|---|---|"
)
UNTURNED_HEADER = (
    "| nothing turned | knobs off | spectral distance | flux | peak, mean |\n"  # of the recording's spectra
    "|---|---|---|---|---|"
)
ADDED_HEADER = [
    "| added after training | open, median | exact, median | 95th percentile | within ¼ | others held, median | "
    "95th percentile | worst |",
    "|---|---|---|---|---|---|---|---|",
]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", type=Path)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--notes", type=int, default=24, help="of the test split, spread over it")
    parser.add_argument("--only", default="", help="notes with this in their name")
    parser.add_argument("--also", action="append", default=[], help="descriptors to turn together after training")
    parser.add_argument("--every", action="store_true", help="a line for each request that is missed")
    parser.add_argument("--prior", choices=["kept", "learnt", "musical"], default="kept", help="of the changes")
    given = parser.parse_args()
    torch.set_num_threads(1)
    for run in given.runs:
        print(report(run, given), flush=True)


if __name__ == "__main__":
    main()

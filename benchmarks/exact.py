"""Open and exact knobs on the same requests: how far the delivered sound is from what was asked, and what it costs.

    python -m benchmarks.exact RELEASE RUN ... [--notes 24] [--every] [--prior musical|learnt|kept]

RELEASE is the NSynth release that the runs were tested on, RUN a folder of `timbre fit`. Each knob of each note is
asked to five places, the others where the recording has them; all is read on the sound, in the mean over what sounds,
in least audible differences (JND; 5 % of the range where there is none). One thread, CPU time.
"""

import argparse
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from datamodules import NSynth
from datamodules.clip_dataset import collate
from evaluation.control.reach_memory import remembered_reach
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.checkpoint import load_model
from lightning_modules.encoders import Encoding
from lightning_modules.exact import Exact
from lightning_modules.knobs import turn
from synths import Clip, SpectralSpread, sounding_mean
from synths.projection import Target
from synths.projection.prior import on_grid

POSITIONS = (0.1, 0.3, 0.5, 0.7, 0.9)
SPREAD_MOVES = (-2.0, -1.0, 1.0, 2.0)
"""How far the knob that no model was trained on is moved, in tolerances."""
SPREAD_NOTES = 8
HEADER = (
    "| | mean | 95th percentile | within 1 | within ¼ | all within ¼ | held, median | drift, 95th percentile | "
    "CPU s per s |\n|---|---|---|---|---|---|---|---|---|"
)


class NoteRequests(NamedTuple):
    """R requests on one note, the last of which turns nothing: turned (R, C), mean positions asked (R, C)."""

    encoding: Encoding
    f0_hz: Tensor
    sounding: Tensor
    turned: Tensor
    positions: Tensor


class Met(NamedTuple):
    """What one way of rendering did with R requests: tolerances off (R, C), drift (R, C) from its unturned sound."""

    off: Tensor
    drift: Tensor
    cpu_s: float


def requests(model: TimbreAutoencoder, note: Clip) -> NoteRequests:
    """Every knob of a note at every position."""
    every, names = model.encoder.judged_every, model.encoder.controls
    encoding, sounding = model.encoder(note.audio, note.f0_hz), model.encoder.sounding(note.audio, every)
    settings = [{knob: position} for knob in model.encoder.knobs for position in POSITIONS] + [{}]
    controls = torch.cat([turn(encoding, sounding, names, setting, {}, every).controls for setting in settings])
    turned = torch.tensor([[name in setting for name in names] for setting in settings])
    n = len(settings)
    mean = sounding_mean(controls, sounding.repeat(n, 1), every)
    together = Encoding(controls, encoding.residual.repeat(n, 1, 1), {})
    return NoteRequests(together, note.f0_hz.repeat(n, 1), sounding.repeat(n, 1), turned, mean)


def judge(model: TimbreAutoencoder, asked: NoteRequests, put_together: Callable[[NoteRequests], Tensor]) -> Met:
    """Render, read on the sound, compare."""
    start = time.process_time()
    audio = put_together(asked)
    cpu_s = time.process_time() - start
    target, every = Target(list(model.encoder.each_descriptor())), model.encoder.judged_every
    measured = sounding_mean(target.of_sound(audio, asked.f0_hz, every), asked.sounding)
    tolerance = target.tolerance(asked.positions)
    return Met((measured - asked.positions) / tolerance, (measured - measured[-1:]) / tolerance, cpu_s)


def row(name: str, met: Sequence[Met], asked: Sequence[NoteRequests], counted: Tensor, seconds: float) -> str:
    """One line of the table, over the requests that count."""
    off, drift = (torch.cat([getattr(each, field)[:-1] for each in met])[counted].abs() for field in ("off", "drift"))
    turned = torch.cat([each.turned[:-1] for each in asked])[counted]
    own, held, cost = off[turned], off[~turned], sum(each.cpu_s for each in met) / seconds
    return (
        f"| {name} | {own.mean():.3f} | {own.quantile(0.95):.2f} | {_percent(own <= 1)} | {_percent(own <= 0.25)} | "
        f"{_percent((off <= 0.25).all(1))} | {held.median():.3f} | {drift[~turned].quantile(0.95):.2f} | {cost:.4f} |"
    )


def unreachable_row(name: str, met: Sequence[Met], asked: Sequence[NoteRequests], unreachable: Tensor) -> str:
    """What requests that cannot be met do to the other knobs."""
    off = torch.cat([each.off[:-1] for each in met])[unreachable].abs()
    turned = torch.cat([each.turned[:-1] for each in asked])[unreachable]
    held = off[~turned]
    return (
        f"| {name} | {off[turned].median():.2f} | {held.median():.3f} | {held.quantile(0.95):.2f} | {held.max():.2f} | "
        f"{_percent(held <= 0.25)} |"
    )


def spread_row(model: TimbreAutoencoder, notes: Sequence[Clip]) -> str:
    """A knob that the model was not trained on, turned; the others held."""
    knob = SpectralSpread(model.clip)
    exact, every = Exact(model, [knob]), model.encoder.every
    off, n_knobs = [], len(model.encoder.knobs)
    for note in notes:
        asked, n = requests(model, note), len(SPREAD_MOVES)
        own = Target([knob]).of_sound(note.audio, note.f0_hz, every)
        moves = torch.tensor(SPREAD_MOVES)[:, None, None] * Target([knob]).tolerance(own)
        unturned = Encoding(asked.encoding.controls[-1:].repeat(n, 1, 1), asked.encoding.residual[:n], {})
        turned = torch.tensor([[False] * n_knobs + [True]]).repeat(n, 1)
        torch.manual_seed(0)
        off.append(exact.answer(asked.f0_hz[:n], unturned, asked.sounding[:n], turned, own + moves)[1].off.abs())
    both = torch.cat(off)
    own_off, held = both[:, -1], both[:, :-1]
    return (
        f"| {knob.name} | {own_off.median():.3f} | {own_off.quantile(0.95):.2f} | {_percent(own_off <= 0.25)} | "
        f"{held.median():.3f} | {held.quantile(0.95):.2f} |"
    )


def alone_s(exact: Exact, note: Clip) -> float:
    """CPU seconds of one request by itself."""
    asked = requests(exact.model, note)
    some = Encoding(asked.encoding.controls[2:3], asked.encoding.residual[:1], {})
    start = time.process_time()
    exact(asked.f0_hz[:1], some, asked.sounding[:1], asked.turned[2:3])
    return time.process_time() - start


def _percent(true: Tensor) -> str:
    return f"{100.0 * true.double().mean():.1f} %"


def _exactly(exact: Exact, asked: NoteRequests) -> Tensor:
    return exact(asked.f0_hz, asked.encoding, asked.sounding, asked.turned).audio


def _openly(model: TimbreAutoencoder, asked: NoteRequests) -> Tensor:
    return model.put_together(asked.f0_hz, asked.encoding).audio


def _learn_prior(model: TimbreAutoencoder, data: NSynth) -> None:
    """What calibration takes from the training split, for a run of before it did."""
    every, encoder, read = model.encoder.every, model.encoder, []
    for clips in data.clips_for_ranges():
        sounding = encoder.sounding(clips.audio, every)
        read.append(on_grid(encoder.spectra, clips.audio, clips.f0_hz, sounding, every))
    encoder.prior.learn(torch.cat(read))


def reachable(
    model: TimbreAutoencoder, asked: Sequence[NoteRequests], met: Sequence[Sequence[Met]], memory: Path
) -> Tensor:
    """(R,) whether some sound of the synth meets a request, or one of these ways just did."""
    positions = torch.cat([each.positions[:-1] for each in asked])
    pitch = torch.cat([each.f0_hz[:-1].median(1).values for each in asked])
    found = remembered_reach(list(model.encoder.each_descriptor()), model.synth, pitch, positions, memory)
    for way in met:
        found |= (torch.cat([each.off[:-1] for each in way]).abs() <= 1.0).all(1)
    return found


@torch.no_grad()
def report(run: Path, release: Path, n_notes: int, prior: str, every_request: bool) -> str:
    """Tables of one run."""
    model = load_model(run / "checkpoints" / "best.ckpt")
    data = NSynth(model.clip, str(release))
    data.setup("fit" if prior == "learnt" else "test")
    if prior == "learnt":
        _learn_prior(model, data)
        data.setup("test")
    if prior == "musical":
        model.encoder.prior.covariance.zero_()
    test = data.dataset("test")
    stride = max(1, math.ceil(len(test) / n_notes))  # type: ignore[arg-type]
    notes = [collate([test[index]]) for index in range(0, len(test), stride)]  # type: ignore[arg-type]
    exact, asked = Exact(model), [requests(model, note) for note in notes]
    exact(asked[0].f0_hz[:1], Encoding(asked[0].encoding.controls[:1], asked[0].encoding.residual[:1], {}))  # compiled
    met: dict[str, list[Met]] = {"open": [], "exact": []}
    for each in asked:
        torch.manual_seed(0)
        met["open"].append(judge(model, each, lambda which: _openly(model, which)))
        torch.manual_seed(0)
        met["exact"].append(judge(model, each, lambda which: _exactly(exact, which)))
    counted = reachable(model, asked, list(met.values()), run.parent / ".reachable")
    seconds = sum(len(each.f0_hz) for each in asked) * model.clip.duration_s
    lines = [
        f"{run.name}: {len(notes)} notes, {len(counted)} requests, {int(counted.sum())} of them reachable, "
        f"{'learnt' if model.encoder.prior.known else 'musical'} prior.",
        "",
        HEADER,
        *(row(name, ways, asked, counted, seconds) for name, ways in met.items()),
    ]
    if not counted.all():
        lines += [
            "",
            "| not reachable | turned, median | held, median | held, 95th percentile | held, worst | held within ¼ |",
            "|---|---|---|---|---|---|",
            *(unreachable_row(name, ways, asked, ~counted) for name, ways in met.items()),
        ]
    spread = notes[:: max(1, len(notes) // SPREAD_NOTES)][:SPREAD_NOTES]
    lines += [
        "",
        "| added after training | median | 95th percentile | within ¼ | others held, median | 95th percentile |",
        "|---|---|---|---|---|---|",
        spread_row(model, spread),
        "",
        f"One request of {model.clip.duration_s:g} s by itself: {alone_s(exact, notes[0]):.2f} s of CPU.",
    ]
    return "\n".join(lines + (_every_request(model, asked, met, counted, notes) if every_request else []))


def _every_request(
    model: TimbreAutoencoder,
    asked: Sequence[NoteRequests],
    met: dict[str, list[Met]],
    counted: Tensor,
    notes: Sequence[Clip],
) -> list[str]:
    """A line per request that exact knobs miss by more than a quarter."""
    lines, names = ["", "Misses of exact knobs, as measured minus asked in tolerances:"], model.encoder.knobs
    places = iter(counted.tolist())
    for note, each, way in zip(notes, asked, met["exact"], strict=True):
        for index, off in enumerate(way.off[:-1]):
            reachable = next(places)
            if off.abs().max() > 0.25:
                knob = names[int(each.turned[index].int().argmax())]
                values = ", ".join(f"{name} {value:+.2f}" for name, value in zip(names, off.tolist(), strict=True))
                said = "" if reachable else " (not reachable)"
                lines.append(f"{note.name[0]} {knob}={POSITIONS[index % len(POSITIONS)]}{said}: {values}")
    return lines


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", type=Path)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--notes", type=int, default=24, help="of the test split, spread over it")
    parser.add_argument("--every", action="store_true", help="a line for each request that is missed")
    parser.add_argument("--prior", choices=["kept", "learnt", "musical"], default="kept", help="of the changes")
    given = parser.parse_args()
    torch.set_num_threads(1)
    for run in given.runs:
        print(report(run, given.release, given.notes, given.prior, given.every), flush=True)


if __name__ == "__main__":
    main()

"""Naturalness of turned knobs: a note given the knobs of another dynamic of the same note, beside that recording.

    python -m benchmarks.pairs RELEASE RUN ... [--pairs 28] [--notes 24] [--prior kept|learnt|musical ...] [--visqol]

RELEASE is the NSynth release that the runs were tested on, RUN a folder of `timbre fit`. Of every instrument and pitch
that the test split has at several dynamics, each note is asked for the means of all knobs that another has, and
compared with that other recording: distance of their third-octave levels, in dB rms. Below stands the price where no
knob is turned: spectral distance (and ViSQOL) of open and exact resyntheses.
"""

import argparse
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby, permutations
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from benchmarks.exact import learn_prior
from benchmarks.exact_requests import spread, tested_notes
from datamodules import NSynth
from evaluation.bootstrap import bootstrap_interval
from evaluation.renderings import same_noise
from evaluation.resynthesis import MultiResolutionSTFT, Pair, ViSQOL
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.checkpoint import load_model
from lightning_modules.encoders import Encoding
from lightning_modules.exact import Exact
from lightning_modules.knobs import turn
from synths import Clip, sounding_mean

LOWEST_BAND_HZ, WINDOW = 50.0, 2048
RANGE_DB = 60.0
"""Bands that lie farther below the target's strongest count as that far below."""

Play = Callable[[Tensor, Encoding, Tensor, Tensor], Tensor]
"""Pitch, encoding, what sounds, which knobs are turned -> audio."""


class Case(NamedTuple):
    """A note, and the recording whose knobs it is given."""

    source: Clip
    target: Clip


def cases(notes: Sequence[Clip]) -> list[Case]:
    """Notes of one instrument and pitch, each with each other: names are INSTRUMENT-PITCH-VELOCITY, as NSynth's."""

    def tone(note: Clip) -> str:
        return note.name[0].rpartition("-")[0]

    groups = (list(group) for _, group in groupby(sorted(notes, key=tone), key=tone))
    return [Case(*pair) for group in groups for pair in permutations(group, 2)]


def third_octaves_db(audio: Tensor, sounding: Tensor, sample_rate: int, hop: int) -> Tensor:
    """(B, N) audio, (B, F) 1 in the frames, a hop apart, that sound -> (B, bands) mean levels there in dB."""
    window = torch.hann_window(WINDOW, device=audio.device)
    power = torch.stft(audio, WINDOW, hop, window=window, return_complex=True).abs().square()[..., : sounding.shape[1]]
    mean = (power * sounding[:, None]).sum(-1) / sounding.sum(-1, keepdim=True).clamp_min(1.0)
    steps = math.floor(3 * math.log2(sample_rate / 2 / LOWEST_BAND_HZ))
    edges_hz = LOWEST_BAND_HZ * 2 ** ((torch.arange(steps + 1) - 0.5) / 3)
    bins_hz = torch.arange(mean.shape[-1]) * sample_rate / WINDOW
    inside = (bins_hz >= edges_hz[:-1, None]) & (bins_hz < edges_hz[1:, None])
    inside = inside[inside.any(-1)]  # the lowest bands are narrower than a bin
    return 10.0 * (mean @ inside.to(mean).T).clamp_min(1e-12).log10()


def distance_db(one: Tensor, other: Tensor) -> Tensor:
    """(B, bands) levels and those of the target -> (B,) dB rms."""
    floor = other.amax(-1, keepdim=True) - RANGE_DB
    return (one.maximum(floor) - other.maximum(floor)).square().mean(-1).sqrt()


def turned_to(model: TimbreAutoencoder, case: Case) -> tuple[Encoding, Tensor]:
    """A note's encoding with all knobs where another recording has them, and what of it sounds."""
    encoder, every = model.encoder, model.encoder.judged_every
    there = encoder.sounding(case.target.audio, every)
    places = sounding_mean(encoder.knob_positions(case.target.audio, case.target.f0_hz, every), there)[0].clamp(0, 1)
    encoding = encoder(case.source.audio, case.source.f0_hz)
    sounding = encoder.sounding(case.source.audio, every)
    settings = dict(zip(encoder.knobs, places.tolist(), strict=True))
    return turn(encoding, sounding, encoder.controls, settings, {}, every), sounding


def distances(model: TimbreAutoencoder, case: Case, ways: Mapping[str, Play]) -> dict[str, float]:
    """What is how far from the target's recording."""
    every = model.encoder.judged_every

    def levels(audio: Tensor, sounding: Tensor) -> Tensor:
        return third_octaves_db(audio, sounding, model.clip.sample_rate, every * model.clip.hop)

    here, there = (model.encoder.sounding(clip.audio, every) for clip in case)
    target, encoding = levels(case.target.audio, there), turned_to(model, case)[0]
    turned = torch.ones(1, len(model.encoder.controls), dtype=torch.bool)
    found = {"source": distance_db(levels(case.source.audio, here), target)}
    for name, play in ways.items():
        with same_noise(model.device):
            audio = play(case.source.f0_hz, encoding, here, turned)
        found[name] = distance_db(levels(audio, here), target)
    with same_noise(model.device):
        again = model.put_together(case.target.f0_hz, model.encoder(case.target.audio, case.target.f0_hz)).audio
    found["target resynthesised"] = distance_db(levels(again, there), target)
    return {name: float(value) for name, value in found.items()}


def prices(model: TimbreAutoencoder, note: Clip, ways: Mapping[str, Play], visqol: bool) -> dict[str, list[float]]:
    """Each way -> spectral distance of the unturned resynthesis, and its ViSQOL if that is asked for."""
    metrics = [MultiResolutionSTFT(model.clip), *([ViSQOL(model.clip)] if visqol else [])]
    encoding = model.encoder(note.audio, note.f0_hz)
    sounding = model.encoder.sounding(note.audio, model.encoder.judged_every)
    turned = torch.zeros(1, len(model.encoder.controls), dtype=torch.bool)
    found = {}
    for name, play in ways.items():
        with same_noise(model.device):
            audio = play(note.f0_hz, encoding, sounding, turned)
        pair = Pair(note.audio, audio, *(note.f0_hz,) * 2, *(torch.ones_like(note.f0_hz),) * 2)
        found[name] = [float(metric(pair)) for metric in metrics]
    return found


def ways_of(model: TimbreAutoencoder, data: NSynth, priors: Sequence[str]) -> dict[str, Play]:
    """The bare decoder, and exact knobs under each prior."""
    exact = Exact(model)
    kept = model.encoder.prior.covariance.clone()
    covariances = {"kept": kept, "musical": torch.zeros_like(kept)}
    if "learnt" in priors:
        learn_prior(model, data)
        covariances["learnt"] = model.encoder.prior.covariance.clone()

    def exactly(prior: str) -> Play:
        def play(f0_hz: Tensor, encoding: Encoding, sounding: Tensor, turned: Tensor) -> Tensor:
            model.encoder.prior.covariance.copy_(covariances[prior])
            return exact(f0_hz, encoding, sounding, turned).audio

        return play

    def openly(f0_hz: Tensor, encoding: Encoding, sounding: Tensor, turned: Tensor) -> Tensor:
        return model.put_together(f0_hz, encoding).audio

    return {"open": openly, **{f"exact, {prior} prior": exactly(prior) for prior in priors}}


@torch.no_grad()
def report(run: Path, release: Path, n_pairs: int, n_notes: int, priors: Sequence[str], visqol: bool) -> str:
    """Both tables of one run."""
    model = load_model(run / "checkpoints" / "best.ckpt")
    data = NSynth(model.clip, str(release))
    data.setup("fit" if "learnt" in priors else "test")
    ways = ways_of(model, data, priors)
    notes = tested_notes(data)
    chosen = spread(cases(notes), n_pairs)
    found = [distances(model, case, ways) for case in chosen]
    paid = [prices(model, note, ways, visqol) for note in spread(notes, n_notes)]
    return "\n".join(
        [
            f"{run.name}: {len(chosen)} notes given the knobs of another dynamic.",
            "",
            "| | distance to that recording, dB rms | more than open |",
            "|---|---|---|",
            *(_row(name, [each[name] for each in found], [each["open"] for each in found]) for name in found[0]),
            "",
            f"No knob turned, {len(paid)} notes.",
            "",
            f"| | spectral distance | more than open |{' ViSQOL | more than open |' if visqol else ''}",
            f"|---|---|---|{'---|---|' if visqol else ''}",
            *(_price_row(name, np.array([[each[way] for way in (name, "open")] for each in paid])) for name in ways),
        ]
    )


def _row(name: str, values: Sequence[float], opened: Sequence[float]) -> str:
    more = np.array(values) - np.array(opened)
    return f"| {name} | {np.mean(values):.2f} | {_with_interval(more, 2)} |"


def _price_row(name: str, values: np.ndarray) -> str:
    """(N, 2, metrics) of a way and of the open one."""
    more = values[:, 0] - values[:, 1]
    cells = [f"{values[:, 0, 0].mean():.3f}", f"{100 * more[:, 0].mean() / values[:, 1, 0].mean():+.1f} %"]
    if values.shape[2] > 1:
        cells += [f"{np.nanmean(values[:, 0, 1]):.3f}", _with_interval(more[:, 1], 3)]
    return f"| {name} | {' | '.join(cells)} |"


def _with_interval(values: np.ndarray, digits: int) -> str:
    low, high = bootstrap_interval(values, "mean")
    return f"{np.nanmean(values):+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", type=Path)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--pairs", type=int, default=28, help="of notes, at most")
    parser.add_argument("--notes", type=int, default=24, help="whose unturned resynthesis is judged")
    parser.add_argument("--prior", nargs="+", choices=["kept", "learnt", "musical"], default=["kept"])
    parser.add_argument("--visqol", action="store_true", help="of the unturned sounds too: half a second each")
    given = parser.parse_args()
    torch.set_num_threads(1)
    for run in given.runs:
        print(report(run, given.release, given.pairs, given.notes, given.prior, given.visqol), flush=True)


if __name__ == "__main__":
    main()

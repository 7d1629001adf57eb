"""Requests to the knobs of notes, how far off their sounds are, and lines of tables."""

import copy
import math
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from datamodules import TRACKERS, NoPitch, NSynth, UnusableAudio, read_audio
from datamodules.clip_data_module import ClipDataModule
from datamodules.clip_dataset import collate
from evaluation.control.heard import reachable_in_sound
from evaluation.control.reach_memory import remembered_reach
from evaluation.resynthesis.pair import Pair
from evaluation.resynthesis.spectral import MultiResolutionSTFT
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.encoders import Encoding
from lightning_modules.exact import Exact
from lightning_modules.knobs import turn
from lightning_modules.timbre_model import TimbreModel
from projection import Target
from sounds.sound_file import sound_files
from synths import Clip, ClipFormat, Descriptor, SpectralFlux, sounding_mean

POSITIONS = (0.1, 0.3, 0.5, 0.7, 0.9)
MOVES = (-2.0, -1.0, 1.0, 2.0)
"""How far a knob that no model was trained on is moved, in tolerances."""
WITHIN = 0.25
"""Tolerances that all knobs of a request may be off at once, for it to count as exactly reachable."""


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
    """What one way of rendering did with R requests.

    Shapes: tolerances off (R, C); drift (R, C) from its unturned sound; unturned (1, N) that sound
    """

    off: Tensor
    drift: Tensor
    cpu_s: float
    unturned: Tensor


def tested_notes(data: ClipDataModule) -> list[Clip]:
    """Every note of the test split by itself."""
    data.prepare_data()
    data.setup("test")
    notes = data.dataset("test")
    return [collate([notes[index]]) for index in range(len(notes))]  # type: ignore[arg-type]


def spread(things: Sequence, most: int) -> list:
    """At most so many of them, from all over."""
    return list(things[:: max(1, math.ceil(len(things) / most))])


def requests(model: TimbreModel, note: Clip, positions: Sequence[float] = POSITIONS) -> NoteRequests:
    """Every knob of a note at every position."""
    every, names = model.encoder.judged_every, model.encoder.controls
    encoding, sounding = model.encoder(note.audio, note.f0_hz), model.encoder.sounding(note.audio, every)
    settings = [{knob: position} for knob in model.encoder.knobs for position in positions] + [{}]
    controls = torch.cat([turn(encoding, sounding, names, setting, {}, every).controls for setting in settings])
    turned = torch.tensor([[name in setting for name in names] for setting in settings])
    n = len(settings)
    mean = sounding_mean(controls, sounding.repeat(n, 1), every)
    own, residual = (part.repeat(n, 1, 1) for part in (encoding.controls, encoding.residual))
    together = Encoding(controls, residual, {}, own)
    return NoteRequests(together, note.f0_hz.repeat(n, 1), sounding.repeat(n, 1), turned, mean)


def judge(model: TimbreModel, asked: NoteRequests, put_together: Callable[[NoteRequests], Tensor]) -> Met:
    """Render, read on the sound, compare."""
    start = time.process_time()
    audio = put_together(asked)
    cpu_s = time.process_time() - start
    target, every = Target(list(model.encoder.each_descriptor())), model.encoder.judged_every
    measured = sounding_mean(target.of_sound(audio, asked.f0_hz, every), asked.sounding)
    tolerance = target.tolerance(asked.positions)
    off, drift = (measured - asked.positions) / tolerance, (measured - measured[-1:]) / tolerance
    return Met(off, drift, cpu_s, audio[-1:])


def reachable(
    model: TimbreAutoencoder, asked: Sequence[NoteRequests], met: Sequence[Sequence[Met]], memory: Path
) -> tuple[Tensor, Tensor]:
    """(R,) whether some sound of the synth has all knobs of a request within 1, and whether within a quarter.

    A sound that one of these ways just played counts as well. The second asks whether what holds can hold: a knob's
    tolerance is wide beside what exact knobs promise.
    """
    knobs = list(model.encoder.each_descriptor())
    positions = torch.cat([each.positions[:-1] for each in asked])
    pitch = torch.cat([each.f0_hz[:-1].median(1).values for each in asked])
    worst = torch.stack([torch.cat([each.off[:-1] for each in way]).abs().amax(1) for way in met]).amin(0)
    nearly = remembered_reach(knobs, model.synth, pitch, positions, memory) | (worst <= 1.0)
    exactly = worst <= WITHIN
    unknown = (nearly & ~exactly).nonzero()[:, 0]
    if len(unknown):
        exactly[unknown] = reachable_in_sound(
            [stricter(knob) for knob in knobs], model.synth, pitch[unknown], positions[unknown]
        )
    return nearly, exactly


def stricter(knob: Descriptor) -> Descriptor:
    """The same knob with a quarter of its tolerance; unchanged where nobody has said what is heard."""
    strict = copy.copy(knob)
    if knob.jnd is not None:
        strict.jnd = WITHIN * knob.jnd  # type: ignore[misc]
    return strict


def row(name: str, met: Sequence[Met], asked: Sequence[NoteRequests], counted: Tensor, seconds: float) -> str:
    """One line of the table, over the requests that count."""
    off, drift = (torch.cat([getattr(each, field)[:-1] for each in met])[counted].abs() for field in ("off", "drift"))
    turned = torch.cat([each.turned[:-1] for each in asked])[counted]
    own, held, cost = off[turned], off[~turned], sum(each.cpu_s for each in met) / seconds
    return (
        f"| {name} | {own.mean():.3f} | {_p95(own):.2f} | {_percent(own <= 1)} | {_percent(own <= WITHIN)} | "
        f"{_percent((off <= WITHIN).all(1))} | {held.median():.3f} | {_p95(drift[~turned]):.2f} | {cost:.4f} |"
    )


def unreachable_row(name: str, met: Sequence[Met], asked: Sequence[NoteRequests], unreachable: Tensor) -> str:
    """What requests that cannot be met do to the other knobs."""
    off = torch.cat([each.off[:-1] for each in met])[unreachable].abs()
    turned = torch.cat([each.turned[:-1] for each in asked])[unreachable]
    held = off[~turned]
    return (
        f"| {name} | {off[turned].median():.2f} | {held.median():.3f} | {_p95(held):.2f} | {held.max():.2f} | "
        f"{_percent(held <= WITHIN)} |"
    )


def unturned_row(name: str, model: TimbreAutoencoder, met: Sequence[Met], notes: Sequence[Clip]) -> str:
    """Where nothing is turned: knobs off, distance from the recording, restlessness."""
    distance, flux, every = MultiResolutionSTFT(model.clip), SpectralFlux(model.clip), model.encoder.judged_every
    each = []
    for note, way in zip(notes, met, strict=True):
        sure = torch.ones_like(note.f0_hz)
        pair = Pair(note.audio, way.unturned, note.f0_hz, note.f0_hz, sure, sure)
        sounding = model.encoder.sounding(note.audio, every)
        moving = sounding_mean(flux.measure(way.unturned, note.f0_hz)[..., None], sounding, every)
        numbers = way.off[-1].abs().mean(), distance(pair).mean(), moving.mean(), way.unturned.abs().max()
        each.append(torch.stack(numbers))
    off, mss, moves, peak = torch.stack(each).mean(0).tolist()
    return f"| {name} | {off:.3f} | {mss:.4f} | {moves:.4f} | {peak:.2f} |"


def added_row(model: TimbreAutoencoder, kinds: Sequence[type[Descriptor]], notes: Sequence[Clip]) -> list[str]:
    """A set of knobs that the model was not trained on: each is moved, the others and the model's own hold."""
    knobs = [kind(model.clip) for kind in kinds]
    exact, target, every = Exact(model, knobs), Target(knobs), model.encoder.every
    off, open_off = [], []
    n_own, n = len(model.encoder.knobs), len(knobs) * len(MOVES)
    eye = torch.eye(len(knobs), dtype=torch.bool).repeat_interleave(len(MOVES), dim=0)
    for note in notes:
        encoding = model.encoder(note.audio, note.f0_hz)
        sounding = model.encoder.sounding(note.audio, model.encoder.judged_every)
        own = target.of_sound(note.audio, note.f0_hz, every)
        moves = torch.tensor(MOVES).repeat(len(knobs))[:, None, None] * target.tolerance(own) * eye[:, None]
        unturned = Encoding(encoding.controls.repeat(n, 1, 1), encoding.residual.repeat(n, 1, 1), {})
        turned = torch.cat([torch.zeros(n, encoding.controls.shape[-1], dtype=torch.bool), eye], dim=1)
        torch.manual_seed(0)
        answer = exact.answer(note.f0_hz.repeat(n, 1), unturned, sounding.repeat(n, 1), turned, own + moves)[1]
        off.append(answer.off.abs())
        open_off.append(answer.open_off.abs())
    both, openly = torch.cat(off), torch.cat(open_off)
    chosen = torch.cat([torch.zeros(n, n_own, dtype=torch.bool), eye], dim=1).repeat(len(notes), 1)
    lines = []
    for index, knob in enumerate(knobs):
        mine = chosen.clone()
        mine[:, : n_own + index], mine[:, n_own + index + 1 :] = False, False
        rest = ~chosen[mine.any(1)]
        own_off, held = both[mine], both[mine.any(1)][rest]
        lines.append(
            f"| {knob.name} | {openly[mine].median():.2f} | {own_off.median():.3f} | {own_off.quantile(0.95):.2f} | "
            f"{_percent(own_off <= WITHIN)} | {held.median():.3f} | {held.quantile(0.95):.2f} | {held.max():.2f} |"
        )
    return lines


def alone_s(exact: Exact, note: Clip) -> float:
    """CPU seconds of one request by itself, on the note played twice."""
    audio, f0_hz = note.audio.repeat(1, 2), note.f0_hz.repeat(1, 2)
    asked = requests(exact.model, note._replace(audio=audio, f0_hz=f0_hz))
    some = Encoding(asked.encoding.controls[2:3], asked.encoding.residual[:1], {})
    start = time.process_time()
    exact(asked.f0_hz[:1], some, asked.sounding[:1], asked.turned[2:3])
    return time.process_time() - start


def every_request(
    model: TimbreAutoencoder,
    asked: Sequence[NoteRequests],
    met: Sequence[Met],
    nearly: Tensor,
    exactly: Tensor,
    notes: Sequence[Clip],
) -> list[str]:
    """A line per request that exact knobs miss by more than a quarter."""
    lines, names = ["", "Misses of exact knobs, as measured minus asked in tolerances:"], model.encoder.knobs
    places = iter(zip(nearly.tolist(), exactly.tolist(), strict=True))
    for note, each, way in zip(notes, asked, met, strict=True):
        for index, off in enumerate(way.off[:-1]):
            is_near, is_exact = next(places)
            if off.abs().max() > WITHIN:
                knob = names[int(each.turned[index].int().argmax())]
                values = ", ".join(f"{name} {value:+.2f}" for name, value in zip(names, off.tolist(), strict=True))
                said = "" if is_exact else " (reachable within 1 only)" if is_near else " (not reachable)"
                lines.append(f"{note.name[0]} {knob}={POSITIONS[index % len(POSITIONS)]}{said}: {values}")
    return lines


def notes_in(place: Path, clip: ClipFormat, n_notes: int) -> list[Clip]:
    """Notes of an NSynth release's test split, or of a folder of sound files."""
    if list(place.glob("nsynth-*")):
        return spread(tested_notes(NSynth(clip, str(place))), n_notes)
    return recordings(place, clip, n_notes)


def recordings(folder: Path, clip: ClipFormat, n_notes: int) -> list[Clip]:
    """Notes of a folder of sound files, spread over it, as long as a clip; those without a pitch are passed over."""
    files = sound_files(str(folder))
    chosen = files[:: max(1, len(files) // n_notes)]
    return list(islice(_read(chosen, clip), n_notes))


def _read(files: Sequence[Path | str], clip: ClipFormat) -> Iterator[Clip]:
    for path in files:
        try:
            audio = read_audio(str(path), clip, duration_s=clip.duration_s)
            pitch = TRACKERS[0]().track(audio, clip)
        except (UnusableAudio, NoPitch):
            continue
        whole = torch.from_numpy(audio[: len(audio) // clip.hop * clip.hop])[None]
        f0_hz, confidence = (torch.from_numpy(each)[None, : whole.shape[1] // clip.hop] for each in pitch[:2])
        yield Clip(whole, f0_hz, confidence, [Path(path).stem], {})


def _p95(off: Tensor) -> float:
    """The 95th percentile; of nothing, as a model's only knob holds nothing, no number."""
    return float(off.quantile(0.95)) if len(off) else math.nan


def _percent(true: Tensor) -> str:
    return f"{100.0 * true.double().mean():.1f} %"

"""How exactly recordings are turned, what else moves, and what it costs.

    python -m benchmarks.turn DATA [--rate 16000] [--notes 40] [--seconds 2] [--opinions 8] [--every]

DATA holds sound files in folders, one kind of sound each: iowa/flute/..., or notes whose names begin with their kind.
Each knob is moved by -2, -1, +1, +2 and +4 of its least audible differences, the others held; all is read on the turned
sound, in the mean over the frames of 10 ms that sound, in JNDs. Requests that `timbre turn` refuses are left out and
counted (`turning.reach`). One thread, CPU time.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import soxr
import torch
from torch import Tensor

from sounds.sound_file import sound_files
from synths.descriptors.request import JND, KnobRequest
from turning.knobs import PITCHED
from turning.listened import Listened
from turning.reach import why_impossible
from turning.sound_in import ArrayIn
from turning.turn import AskedPlaces, asked_of, changes

STEPS = (-2.0, -1.0, 1.0, 2.0, 4.0)
NAMES = [kind.name for kind in PITCHED]
MET = 0.05
SAID = 0.25
"""Beyond, `timbre turn` says that a knob was not reached (`timbre.knob_report`)."""
SILENCE_S = 0.1
"""Before the sound: what comes before a note is heard here."""


class Judged(NamedTuple):
    """One request: JNDs off (C,), mean of each knob's misses frame by frame, cost, and what else changed."""

    name: str
    knob: int
    step: float
    possible: bool
    off: Tensor
    frames: float
    cpu_s: float
    seconds: float
    before_db: float
    peak_db: float
    turned: np.ndarray


def read(path: Path, rate: int, seconds: float) -> np.ndarray:
    """(n,) of a file at a rate, silence before it."""
    audio, file_rate = soundfile.read(path, dtype="float64", always_2d=True, frames=-1)
    mono = audio[: round((seconds - SILENCE_S) * file_rate)].mean(1)
    if file_rate != rate:
        mono = soxr.resample(mono, file_rate, rate)
    return np.concatenate([np.zeros(round(SILENCE_S * rate)), mono])


def spread(files: Sequence[Path], n_notes: int) -> list[Path]:
    """Some of the files, as many of each kind as of the others."""
    kinds: dict[str, list[Path]] = {}
    for path in files:
        kinds.setdefault(f"{path.parent.name} {path.name.split('_')[0]}", []).append(path)
    picked: list[Path] = []
    for turn in range(n_notes):
        for kind in sorted(kinds):
            own = kinds[kind]
            count = -(-n_notes // len(kinds))
            if turn < count and len(picked) < n_notes:
                picked.append(own[round((turn + 0.5) * len(own) / count) % len(own)])
    return list(dict.fromkeys(picked))


def is_possible(asked: AskedPlaces, mean: Tensor) -> bool:
    """Whether some sound may read what is asked."""
    moved = zip(asked.knobs, mean[0], mean[1], strict=True)
    return not any(
        own != to and why_impossible(k, float(k.value_at(own)), float(k.value_at(to))) for k, own, to in moved
    )


def judge(path: Path, rate: int, seconds: float) -> list[Judged]:
    """Turn one recording by every request; none if it has no pitch."""
    audio = read(path, rate, seconds)
    listened = Listened(ArrayIn(audio, rate))
    if not listened.has_pitch:
        return []
    requests = [KnobRequest(name, step, JND, moves=True) for name in NAMES for step in STEPS]
    asked = asked_of(listened, [[request] for request in requests])
    turned = audio + np.concatenate(list(changes(listened, asked)), axis=1)[..., 0]
    cpu_s, means = alone_s(audio, rate), listened.mean(asked.positions.transpose(0, 1))
    judged = []
    for row, request in enumerate(requests):
        frames = off(asked, listened.readings(PITCHED, ArrayIn(turned[row], rate)), asked.positions[row])
        judged.append(
            Judged(
                path.name,
                NAMES.index(request.knob),
                float(request.value),
                is_possible(asked, torch.stack([listened.mean(asked.own), means[row]])),
                listened.mean(frames),
                float(listened.mean(frames.abs()).mean()),
                cpu_s,
                len(audio) / rate,
                before_db(audio, turned[row], rate),
                20.0 * float(np.log10(np.abs(turned[row]).max() / np.abs(audio).max())),
                turned[row],
            )
        )
    return judged


def off(asked: AskedPlaces, got: Tensor, wanted: Tensor) -> Tensor:
    """(F, C) positions twice -> (F, C) JNDs that the first is above the second."""
    pairs = zip(asked.knobs, got.unbind(-1), wanted.unbind(-1), strict=True)
    return torch.stack([(knob.value_at(g) - knob.value_at(w)) / (knob.jnd or 1.0) for knob, g, w in pairs], -1)


def alone_s(audio: np.ndarray, rate: int) -> float:
    """CPU seconds of one request by itself, pitch and readings included."""
    start = time.process_time()
    listened = Listened(ArrayIn(audio, rate))
    list(changes(listened, asked_of(listened, [[KnobRequest("sharpness", 2.0, JND, moves=True)]])))
    return time.process_time() - start


def before_db(audio: np.ndarray, turned: np.ndarray, rate: int) -> float:
    """What is added more than 15 ms before the sound begins, in dB below the loudest 10 ms of the sound."""
    begin = round(SILENCE_S * rate)
    changed = turned[: begin - round(0.015 * rate)] - audio[: begin - round(0.015 * rate)]
    loudest = max(float(np.mean(part**2)) for part in np.array_split(audio, max(1, len(audio) * 100 // rate)))
    return 10.0 * float(np.log10(np.mean(changed**2) / loudest + 1e-20))


def table(judged: Sequence[Judged]) -> Iterator[str]:
    """Rows of the issue's goals."""
    good = [each for each in judged if each.possible]
    yield (
        "| | n | turned: median / p95 / max | held: median / p95 / max | all < .05 | all < .25 | "
        "out of reach, and said | a held one off > .25 | per-frame miss | "
        "before the sound, median / worst dB | peak, most dB | CPU s per s |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|---|"
    for name, some in [*((NAMES[k], [j for j in good if j.knob == k]) for k in range(len(NAMES))), ("all", good)]:
        off = torch.stack([each.off.abs() for each in some])
        own = off[torch.arange(len(some)), [each.knob for each in some]]
        held = off[torch.nn.functional.one_hot(torch.tensor([each.knob for each in some]), off.shape[1]) == 0]
        dragged = (held.unflatten(0, (len(some), -1)) > SAID).any(1)
        worst, cost = off.amax(1), np.mean([each.cpu_s / each.seconds for each in some])
        before = [each.before_db for each in some]
        yield (
            f"| {name} | {len(some)} | {_three(own)} | {_three(held)} | {_percent(worst < 0.05)} | "
            f"{_percent(worst <= SAID)} | {_percent((own > SAID) & ~dragged)} | {_percent(dragged)} | "
            f"{np.mean([each.frames for each in some]):.2f} | "
            f"{np.median(before):.0f} / {max(before):.0f} | {max(each.peak_db for each in some):.1f} | {cost:.2f} |"
        )


def _three(values: Tensor) -> str:
    return f"{values.median():.3f} / {values.quantile(0.95):.3f} / {values.max():.2f}"


def _percent(true: Tensor) -> str:
    return f"{100.0 * true.double().mean():.1f} %"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--rate", type=int, default=16000)
    parser.add_argument("--notes", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--every", action="store_true", help="a line for each request that is missed")
    given = parser.parse_args()
    torch.set_num_threads(1)
    judged: list[Judged] = []
    for path in spread(sound_files(str(given.data)), given.notes):
        ones = judge(path, given.rate, given.seconds)
        judged += [one._replace(turned=np.zeros(0)) for one in ones]
        before = max((one.before_db for one in ones), default=-np.inf)
        print(f"{path.name}: {len(ones)} requests, before the sound {before:.0f} dB", flush=True)
        for one in ones if given.every else ():
            if one.off.abs().max() > MET:
                said, misses = "" if one.possible else " (impossible)", ", ".join(f"{v:+.2f}" for v in one.off.tolist())
                print(f"  {NAMES[one.knob]}{one.step:+g}{said}: {misses}", flush=True)
    refused = sum(not each.possible for each in judged)
    print(f"{len({each.name for each in judged})} recordings, {len(judged)} requests, {refused} of them refused.")
    print(*table(judged), sep="\n")


if __name__ == "__main__":
    main()

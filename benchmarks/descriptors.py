"""Seconds of sound that the descriptors measure per CPU second, beside published programs on the same clips.

Generated clips of 4 s, dying harmonic notes with noise, in frames of 10 ms where there are frames. Ours is timed on 8
clips and on one, without and with the gradient of the sound; theirs on one, and has no gradient. Last, what the knobs
cost in a training step.

    python -m benchmarks.descriptors [--rounds 3] [--threads N]
"""

import argparse
from collections.abc import Mapping
from statistics import median
from typing import NamedTuple

import torch
from torch import Tensor

from benchmarks import knobs
from benchmarks.knobs import N_CLIPS, Knobs, measuring, notes
from benchmarks.measure import Call, cpu_s, times_faster
from benchmarks.published import published
from synths import (
    AudioCommonsRoughness,
    AudioCommonsSharpness,
    Booming,
    Brightness,
    ClipFormat,
    Depth,
    Descriptor,
    Hardness,
    Loudness,
    Roughness,
    Sharpness,
    SpectralCentroid,
    SpectralFlatness,
    SpectralRolloff,
    SpectralSpread,
    Warmth,
)
from synths.descriptors.describe import descriptor_kinds

RATES_HZ = (16000, 44100)
GOAL = "Goal: `sharpness`, with or without gradient, at least 100 × mosqito's `sharpness_din_tv`."
RIVALS: dict[type[Descriptor], tuple[str, ...]] = {
    Sharpness: ("mosqito sharpness_din_tv", "mosqito sharpness_din_st"),
    Loudness: ("mosqito loudness_zwst",),
    Roughness: ("mosqito roughness_dw",),
    Brightness: ("timbral_models brightness",),
    Warmth: ("timbral_models warmth",),
    Depth: ("timbral_models depth",),
    Booming: ("timbral_models booming",),
    AudioCommonsSharpness: ("timbral_models sharpness",),
    Hardness: ("timbral_models hardness",),
    AudioCommonsRoughness: ("timbral_models roughness",),
    SpectralCentroid: ("librosa spectral_centroid",),
    SpectralSpread: ("librosa spectral_bandwidth",),
    SpectralFlatness: ("librosa spectral_flatness",),
    SpectralRolloff: ("librosa spectral_rolloff",),
}


class DescriptorContest(NamedTuple):
    """Descriptors measured together, and the published programs that measure what they do."""

    name: str
    ours: Knobs
    theirs: tuple[str, ...] = ()

    @property
    def has_gradient(self) -> bool:
        """Whether all of ours may be knobs; a recipe that is no class is one for training."""
        return not any(getattr(descriptor, "not_for_training", "") for descriptor in self.ours)


class Work(NamedTuple):
    """A call, and the seconds of sound that it measures."""

    call: Call
    sound_s: float


def contests() -> list[DescriptorContest]:
    """Descriptors that somebody else has, those that nobody has, and sets of knobs."""
    return [
        *(DescriptorContest(f"`{ours.name}`", (ours,), theirs) for ours, theirs in RIVALS.items()),
        *(DescriptorContest(f"`{ours.name}`", (ours,)) for ours in descriptor_kinds() if ours not in RIVALS),
        *(DescriptorContest(name, ours) for name, ours in knobs.SETS.items()),
    ]


def speed_table(sample_rate: int, rounds: int) -> str:
    """Every contest at one sample rate, in markdown."""
    clip = ClipFormat(sample_rate, 4 * sample_rate, sample_rate // 100)
    audio, f0_hz = notes(clip)
    programs = published(audio[0].numpy(), clip)
    lines = [
        f"| {sample_rate} Hz: seconds of sound per CPU second | {N_CLIPS} clips | one clip | {N_CLIPS}, with gradient "
        "| one, with gradient | against | theirs | ours is faster | with gradient |",
        "|---" * 9 + "|",
    ]
    for contest in contests():
        theirs = {name: Work(programs[name], clip.duration_s) for name in contest.theirs if name in programs}
        lines += rows(contest, {**our_work(contest, clip, audio, f0_hz), **theirs}, rounds)
    return "\n".join(lines)


def our_work(contest: DescriptorContest, clip: ClipFormat, audio: Tensor, f0_hz: Tensor) -> dict[str, Work]:
    """Ours on all clips and on one, without and with the gradient where there is one."""
    return {
        f"{n}{', with gradient' if backward else ''}": Work(
            measuring(contest.ours, clip, audio[:n], f0_hz[:n], backward), n * clip.duration_s
        )
        for backward in ((False, True) if contest.has_gradient else (False,))
        for n in (len(audio), 1)
    }


def rows(contest: DescriptorContest, works: Mapping[str, Work], rounds: int) -> list[str]:
    """Lines of the table, one for each program of theirs; "–" for what was not run."""
    taken = cpu_s({name: work.call for name, work in works.items()}, rounds)
    batch, batch_gradient = f"{N_CLIPS}", f"{N_CLIPS}, with gradient"

    def speed(name: str) -> str:
        return _number(works[name].sound_s / median(taken[name])) if name in works else "–"

    def faster(theirs: str, ours: str) -> str:
        if theirs not in works or ours not in works:
            return "–"
        return f"{_number(times_faster(taken, theirs, ours) * works[ours].sound_s / works[theirs].sound_s)} ×"

    ours = [speed(name) for name in (batch, "1", batch_gradient, "1, with gradient")]
    lines = []
    for theirs in contest.theirs or ("–",):
        cells = [contest.name, *ours, theirs, speed(theirs), faster(theirs, batch), faster(theirs, batch_gradient)]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10.0 else f"{value:.1f}"


def table(rounds: int, threads: int | None = None) -> str:
    """All tables, in markdown."""
    return "\n\n".join([*(speed_table(rate, rounds) for rate in RATES_HZ), GOAL, knobs.table(rounds, threads)])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, help="of the last table; all cores if not given")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(table(given.rounds, given.threads))

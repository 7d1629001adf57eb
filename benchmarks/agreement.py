"""How far our descriptors are from their sources, file by file, on sounds whose reference values are known.

FOLDER holds WAV files and reference.csv, with the columns file, source, descriptor, value and unit. Only what PAIRS
names is compared, each pooled over the sound as its source pools. The pitch of a file is the row `f0` of the source
`analytic`, of this file or of the same sound at another rate; else the MIDI number in its name (`_p60_`); else there is
none, and what needs one is not compared. The exit code is 1 if a tolerance is missed.

    python -m benchmarks.agreement FOLDER
"""

import argparse
import csv
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from math import log10
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
import torch

from synths import (
    AudioCommonsRoughness,
    AudioCommonsSharpness,
    Booming,
    Brightness,
    ClipFormat,
    Depth,
    Descriptor,
    FundamentalShare,
    Hardness,
    LogAttackTime,
    Loudness,
    OddEvenBalance,
    Roughness,
    Sharpness,
    SpectralCentroid,
    SpectralFlatness,
    SpectralFlux,
    SpectralRolloff,
    SpectralSpread,
    Warmth,
)
from synths.descriptors.describe import describe

Values = dict[tuple[str, str], float]
"""Readings of one file, by source and descriptor."""


def odd_even_db(ratio: float) -> float:
    """Odd over even power -> dB, each side floored 30 dB below both, as ours is; infinity becomes 30."""
    odd = 1.0 if ratio == float("inf") else ratio / (1.0 + ratio)
    return 10.0 * log10((odd + 1e-3) / (1.0 - odd + 1e-3))


class DescriptorPair(NamedTuple):
    """A descriptor of ours and its source's: how the error is counted, and how large it may be."""

    ours: type[Descriptor]
    source: str
    theirs: str
    relative: bool = False
    tolerance: float | None = None
    tolerance_16_khz: float | None = None
    """Where it is another one at 16 kHz."""
    in_our_unit: Callable[[float], float] = float

    def error(self, measured: float, reference: float) -> float:
        """Distance of ours from theirs, in our unit or as a part of theirs."""
        reference = self.in_our_unit(reference)
        distance = abs(measured - reference)
        return distance / max(abs(reference), 1e-12) if self.relative else distance

    def allowed(self, sample_rate: int) -> float | None:
        """The largest error that meets the tolerance."""
        coarse = sample_rate == 16000 and self.tolerance_16_khz is not None
        return self.tolerance_16_khz if coarse else self.tolerance

    @property
    def unit(self) -> str:
        """What errors are given in."""
        return "relative" if self.relative else self.ours.unit


PAIRS = (
    DescriptorPair(Brightness, "timbral_models", "brightness", tolerance=0.2, tolerance_16_khz=0.5),
    DescriptorPair(Sharpness, "mosqito", "sharpness_din_st", tolerance=0.03),
    DescriptorPair(Loudness, "mosqito", "loudness_zwst", relative=True, tolerance=0.03),
    DescriptorPair(Roughness, "mosqito", "roughness_dw_mean", tolerance=1e-3),
    DescriptorPair(SpectralCentroid, "librosa", "centroid_mean", relative=True, tolerance=1e-3),
    DescriptorPair(SpectralSpread, "librosa", "bandwidth_mean", relative=True, tolerance=1e-3),
    DescriptorPair(SpectralFlatness, "librosa", "flatness_mean", relative=True, tolerance=1e-3),
    DescriptorPair(SpectralRolloff, "librosa", "rolloff85_mean", relative=True, tolerance=1e-3),
    DescriptorPair(SpectralFlux, "librosa", "flux_l2norm_mean", relative=True, tolerance=1e-3),
    # Models with a hard decision that ours replaces by the known pitch or by a soft one: reported only.
    DescriptorPair(Warmth, "timbral_models", "warmth"),
    DescriptorPair(Depth, "timbral_models", "depth"),
    DescriptorPair(Booming, "timbral_models", "booming"),
    DescriptorPair(AudioCommonsSharpness, "timbral_models", "sharpness"),
    DescriptorPair(Hardness, "timbral_models", "hardness"),
    DescriptorPair(AudioCommonsRoughness, "timbral_models", "roughness"),
    # From the parameters that a sound was made with. Centroid and spread are of the partials alone, without the noise
    # and the windows that ours hears too.
    DescriptorPair(FundamentalShare, "analytic", "tristimulus1_amp"),
    DescriptorPair(OddEvenBalance, "analytic", "odd_even_power_ratio_k>=2", in_our_unit=odd_even_db),
    DescriptorPair(LogAttackTime, "analytic", "attack_time_linear_20_90", in_our_unit=log10),
    DescriptorPair(SpectralCentroid, "analytic", "harm_centroid_amp", relative=True),
    DescriptorPair(SpectralSpread, "analytic", "harm_spread_amp", relative=True),
)
HEAD = (
    "| ours | theirs | error | rate, Hz | files | median | 95 % | largest | worst file | tolerance | met |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)


class Measured(NamedTuple):
    """The error of one pair on one file."""

    pair: DescriptorPair
    sample_rate: int
    file: str
    error: float


def read_reference(path: Path) -> dict[str, Values]:
    """File name -> its reference values."""
    values: dict[str, Values] = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            values.setdefault(row["file"], {})[row["source"], row["descriptor"]] = float(row["value"])
    return values


def sound_of(file: str) -> str:
    """The sound that a file holds at one of its rates: `a_16k.wav` and `a_44k.wav` hold `a`."""
    return re.sub(r"_\d+k$", "", Path(file).stem)


def pitch_hz(file: str, reference: Mapping[str, Values]) -> float | None:
    """Fundamental of a file, if it is known."""
    for other in (file, *reference):
        if sound_of(other) == sound_of(file) and ("analytic", "f0") in reference.get(other, {}):
            return reference[other]["analytic", "f0"]
    midi = re.search(r"_p(\d+)_", file)
    return 440.0 * 2.0 ** ((int(midi[1]) - 69) / 12) if midi else None


def errors_of(path: Path, f0_hz: float | None, values: Values, pairs: Iterable[DescriptorPair]) -> list[Measured]:
    """The errors of those pairs whose reference value the file has; none where a pitch is needed and not known."""
    samples, sample_rate = soundfile.read(path, dtype="float32")
    hop = sample_rate // 100
    known = [pair for pair in pairs if (pair.source, pair.theirs) in values]
    pitch = None if f0_hz is None else torch.full((-(-len(samples) // hop),), f0_hz)
    clip = ClipFormat(sample_rate, 400 * hop, hop)
    numbers = describe(torch.from_numpy(samples), pitch, clip, list({pair.ours for pair in known})).numbers
    errors = []
    for pair in known:
        number = numbers[pair.ours.name]
        if number is not None:
            error = pair.error(number, values[pair.source, pair.theirs])
            errors.append(Measured(pair, sample_rate, path.name, error))
    return errors


def table(measured: list[Measured], pairs: Iterable[DescriptorPair]) -> tuple[str, bool]:
    """The table, in markdown, and whether every tolerance is met."""
    lines, all_met = [HEAD], True
    for pair in pairs:
        for sample_rate in sorted({one.sample_rate for one in measured if one.pair == pair}):
            of_pair = [one for one in measured if one.pair == pair and one.sample_rate == sample_rate]
            line, met = row(pair, sample_rate, of_pair)
            lines.append(line)
            all_met &= met
    return "\n".join(lines), all_met


def row(pair: DescriptorPair, sample_rate: int, measured: list[Measured]) -> tuple[str, bool]:
    """A line of the table, and whether its tolerance is met; an error that is not a number never meets it."""
    errors = np.nan_to_num([one.error for one in measured], nan=np.inf)
    worst, allowed = int(errors.argmax()), pair.allowed(sample_rate)
    met = allowed is None or bool(errors[worst] <= allowed)
    spread = (np.median(errors), np.quantile(errors, 0.95, method="higher"), errors[worst])
    cells = [pair.ours.name, f"{pair.source} {pair.theirs}", pair.unit, sample_rate, len(errors)]
    cells += [f"{error:.2g}" for error in spread]
    cells += [measured[worst].file, *(("–", "–") if allowed is None else (f"{allowed:g}", "yes" if met else "**no**"))]
    return f"| {' | '.join(map(str, cells))} |", met


def unmatched(folder: Path, reference: Mapping[str, Values]) -> str:
    """One line on sounds without reference values and values without a sound; empty if there are none."""
    files = {path.name for path in folder.glob("*.wav")}
    found = (("without rows", sorted(files - set(reference))), ("without a file", sorted(set(reference) - files)))
    return "; ".join(f"{what}: {', '.join(names)}" for what, names in found if names)


def main() -> int:
    """Measure every file and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    torch.set_num_threads(1)
    reference = read_reference(folder / "reference.csv")
    measured = []
    for file in sorted(set(reference) & {path.name for path in folder.glob("*.wav")}):
        print(f"measuring: {file}", file=sys.stderr, flush=True)
        measured += errors_of(folder / file, pitch_hz(file, reference), reference[file], PAIRS)
    text, all_met = table(measured, PAIRS)
    print(text)
    if left_over := unmatched(folder, reference):
        print(f"\n{left_over}.")
    return 0 if all_met else 1


if __name__ == "__main__":
    sys.exit(main())

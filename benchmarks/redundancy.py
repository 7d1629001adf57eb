"""Which knobs are independent on recorded notes: rank correlations at equal pitch, and how many dimensions they span.

FOLDER holds recorded notes, one to a file. Each is cut to what sounds of it, at most 4 s, resampled to 16 kHz, played
at 70 dB SPL rms, and described by one number per descriptor. With --cache, what was measured before is not measured
again: delete the file when a descriptor has changed.

    python -m benchmarks.redundancy FOLDER [--limit N] [--cache NUMBERS.csv] [--plot MAP.png] [--processes 2]
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from benchmarks.rank_correlations import RankCorrelations
from benchmarks.recorded_notes import chosen, gather
from lightning_modules.encoders import DEFAULT_KNOBS

CANDIDATES = (
    "sharpness",
    "fundamental_share",
    "odd_even_balance",
    "noisiness",
    "roughness",
    "log_attack_time",
    "sustain",
    "spectral_flux",
)
AUDIO_COMMONS = (
    "brightness",
    "warmth",
    "depth",
    "booming",
    "audio_commons_sharpness",
    "hardness",
    "audio_commons_roughness",
)
READ_OUTS = (
    *AUDIO_COMMONS,
    "loudness",
    "spectral_centroid",
    "spectral_spread",
    "spectral_flatness",
    "spectral_rolloff",
)
DEFAULT = tuple(knob.name for knob in DEFAULT_KNOBS if knob.name in CANDIDATES)
OF_NOTES = ("log_attack_time", "sustain")
N_PAIRS = 15


def without(name: str) -> list[str]:
    """The candidates but one."""
    return [other for other in CANDIDATES if other != name]


def correlation_table(found: RankCorrelations) -> str:
    """Partial correlations with the candidates, in markdown; the first column is the plain one with the pitch."""
    lines = [f"| | pitch | {' | '.join(CANDIDATES)} |", "|---" * (len(CANDIDATES) + 2) + "|"]
    for name, with_pitch in zip(found.names, found.with_pitch, strict=True):
        cells = ["–" if name == other else f"{found.between(name, other):+.2f}" for other in CANDIDATES]
        lines.append(f"| {name} | {with_pitch:+.2f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def dimension_table(found: RankCorrelations) -> str:
    """How many dimensions sets of descriptors span, and what each candidate adds, in markdown."""
    whole = found.effective_dimension(CANDIDATES)
    lines = ["| set | descriptors | effective dimension |", "|---|---|---|"]
    for title, names in (
        ("AudioCommons, all seven", AUDIO_COMMONS),
        ("brightness, depth, warmth", ("brightness", "depth", "warmth")),
        ("the default knobs, level aside", DEFAULT),
        ("these, log-attack time and sustain", (*DEFAULT, *OF_NOTES)),
        ("these and roughness", (*DEFAULT, *OF_NOTES, "roughness")),
        ("the candidates", CANDIDATES),
    ):
        lines.append(f"| {title} | {len(names)} | {found.effective_dimension(names):.2f} |")
    for name in CANDIDATES:
        rest = found.effective_dimension(without(name))
        lines.append(f"| the candidates without {name} | {len(CANDIDATES) - 1} | {rest:.2f} ({rest - whole:+.2f}) |")
    return "\n".join(lines)


def explained_table(found: RankCorrelations) -> str:
    """How far the pitch and the candidates explain each descriptor, itself left out, in markdown."""
    lines = ["| R² of ranks | from pitch | and sharpness | and all candidates |", "|---|---|---|---|"]
    for name in (*READ_OUTS, *CANDIDATES):
        sharpness = [] if name == "sharpness" else ["sharpness"]
        shares = [found.explained(name, given) for given in ([], sharpness, without(name))]
        lines.append(f"| {name} | {' | '.join(f'{share:.2f}' for share in shares)} |")
    return "\n".join(lines)


def plot(found: RankCorrelations, path: Path) -> None:
    """The partial correlations as a map, with their values."""
    size = len(found.names)
    figure, axes = plt.subplots(figsize=(0.6 * size + 3.0, 0.6 * size + 2.0), layout="constrained")
    image = axes.imshow(found.partial, cmap="RdBu_r", vmin=-1.0, vmax=1.0)
    labels = [name.replace("_", " ") for name in found.names]
    axes.set_xticks(range(size), labels, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(size), labels)
    for (row, column), value in np.ndenumerate(found.partial):
        colour = "white" if abs(value) > 0.6 else "black"
        axes.text(column, row, f"{value:+.2f}", ha="center", va="center", fontsize=8, color=colour)
    axes.set_title(f"Rank correlation at equal pitch, {found.n_notes} notes")
    figure.colorbar(image, ax=axes, shrink=0.6)
    figure.savefig(path, dpi=120)


def report(found: RankCorrelations) -> str:
    """All tables, in markdown."""
    alike = "; ".join(f"{a} and {b} {found.between(a, b):+.2f}" for a, b in found.strongest(N_PAIRS))
    tables = [correlation_table(found), dimension_table(found), explained_table(found)]
    return "\n\n".join([f"{found.n_notes} notes, rank correlations at equal pitch:", *tables, f"Most alike: {alike}."])


def main() -> None:
    """Measure, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, help="notes, drawn at random; all if not given")
    parser.add_argument("--cache", type=Path, help="CSV file that keeps what is measured")
    parser.add_argument("--plot", type=Path, help="PNG file for the map of correlations")
    parser.add_argument("--processes", type=int, default=1)
    given = parser.parse_args()
    names = [*CANDIDATES, *READ_OUTS]
    notes = gather(chosen(given.folder, given.limit), names, given.cache, given.processes)
    if len(notes) < 3:
        raise SystemExit(f"{given.folder} holds {len(notes)} notes that can be measured: correlations need more.")
    found = RankCorrelations(notes, names)
    print(report(found))
    if given.plot:
        plot(found, given.plot)


if __name__ == "__main__":
    main()

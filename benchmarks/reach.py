"""What `timbre knobs RUN IN.wav` says is in reach, against what `timbre render` then delivers.

    python -m benchmarks.reach RUN SOUND ... [--seconds 1.5]

Every knob of every sound is asked to both of its ends, and read on the delivered sound, in least audible differences
(5 % of the range where there is none). One thread, CPU time.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from instrument.reach import knob_reach
from instrument.render import knob_reports, render
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.checkpoint import load_model
from sounds.audio import read_audio
from studies.run_folder import checkpoint_in
from synths.descriptors.request import KnobRequest
from timbre.tracked_pitch import tracked_pitch


class AskedEnd(NamedTuple):
    """One end of one knob on the sound: how far it is from what was found, and the farthest that another strayed."""

    name: str
    off: float
    others_off: float


def ends_of(model: TimbreAutoencoder, path: Path, seconds: float) -> tuple[list[AskedEnd], float]:
    """Both ends of every knob of a sound, and CPU seconds of the search."""
    audio = read_audio(str(path), model.clip, channel="mix", option="")[: int(seconds * model.clip.sample_rate)]
    pitch = torch.from_numpy(tracked_pitch(audio, model, path))
    sound, start = torch.from_numpy(audio), time.process_time()
    found = knob_reach(model, sound, pitch)
    cpu_s = time.process_time() - start
    ends = []
    for each in found:
        for name, end in (("lowest", each.lowest), ("highest", each.highest)):
            rendered = render(model, sound, pitch, [KnobRequest(each.descriptor.name, end)])
            off = {r.descriptor.name: abs(r.off) for r in knob_reports(model, rendered, rendered.audio, pitch)}
            own = off.pop(each.descriptor.name)
            ends.append(AskedEnd(f"{name} {each.descriptor.name}", own, max(off.values(), default=0.0)))
    return ends, cpu_s


def row(name: str, ends: Sequence[AskedEnd]) -> str:
    """One line of the table."""
    off = torch.tensor([end.off for end in ends])
    strayed = torch.tensor([end.others_off for end in ends])
    return (
        f"| {name} | {len(ends)} | {off.median():.2f} | {off.quantile(0.9):.2f} | "
        f"{100 * (off <= 1).float().mean():.0f} % | {100 * (strayed <= 0.5).float().mean():.0f} % |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("sounds", type=Path, nargs="+")
    parser.add_argument("--seconds", type=float, default=1.5)
    given = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model(checkpoint_in(given.run))
    torch.manual_seed(0)
    each = [ends_of(model, path, given.seconds) for path in given.sounds]
    ends = [end for found, _ in each for end in found]
    print("| ends | n | median apart, JND | 90 % within | within 1 | others within ½ |\n|---|---|---|---|---|---|")
    print(row("all", ends))
    for name in dict.fromkeys(end.name for end in ends):
        print(row(name, [end for end in ends if end.name == name]))
    print(f"\nThe search took {sum(cpu_s for _, cpu_s in each) / len(each):.2f} s of CPU for a sound.")


if __name__ == "__main__":
    main()

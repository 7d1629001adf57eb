"""The README's picture: one knob of a recording at five places, asked and measured, as `timbre render` delivers it.

    python -m benchmarks.knob_picture RUN SOUND --out docs/sharpness.png [--knob sharpness] [--seconds 2]

RUN is a run, a checkpoint or a voice. The places go from one end of what the knob reaches on this sound, while the
others hold, to the other. Prints them.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from instrument.reach import knob_reach
from lightning_modules.checkpoint import load_model
from lightning_modules.exact import Exact
from output.numbers import readable
from output.pictures import save_png
from sounds.audio import read_audio
from studies.run_folder import checkpoint_in
from timbre.shown_sweep import reachable_positions, shown_sweep
from timbre.tracked_pitch import tracked_pitch


def main() -> None:
    """Draw it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, metavar="RUN")
    parser.add_argument("sound", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/sharpness.png"))
    parser.add_argument("--knob", default="sharpness")
    parser.add_argument("--seconds", type=float, default=2.0, help="of the recording, at most")
    given = parser.parse_args()
    model = load_model(checkpoint_in(given.model))
    audio = read_audio(str(given.sound), model.clip, duration_s=given.seconds)
    audio = np.pad(audio, (0, -len(audio) % model.clip.hop))
    sound, pitch = torch.from_numpy(audio), torch.from_numpy(tracked_pitch(audio, model, given.sound))
    (reach,) = (each for each in knob_reach(model, sound, pitch) if each.descriptor.name == given.knob)
    positions = reachable_positions(reach.lowest, reach.highest)
    torch.manual_seed(0)
    turned = shown_sweep(model, sound[None], pitch[None], given.knob, positions, Exact(model))
    save_png(turned.picture(model.clip), given.out)
    for name, values in (("asked", turned.asked_readings), ("measured", turned.measured_readings),
                         ("open", turned.open_readings)):  # fmt: skip
        print(f"{name:<9}", "  ".join(readable(value) for value in values), turned.unit)
    print(f"Written: {given.out}")


if __name__ == "__main__":
    main()

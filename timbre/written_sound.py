"""A rendered sound as its file will hold it."""

import math
from pathlib import Path

import soundfile

from instrument.samples import OnDisk, Samples, Scaled, each_block
from output.whole_files import written_whole

FULL_SCALE = 0.999


def delivered(made: OnDisk, peak: str, measured: str = ", and measured so below") -> tuple[Samples, list[str]]:
    """The sound as its file will hold it, and what is to be said where it would clip.

    Args:
        made: as it was rendered
        peak: "lower" or "keep"
        measured: what is to be said of the table below a file that is lowered
    """
    highest = max(float(block.abs().max()) for block in each_block(made))
    if highest <= FULL_SCALE:
        return made, []
    above_db = 20.0 * math.log10(highest / FULL_SCALE)
    if peak == "keep":
        return made, [
            f"It peaks {above_db:.1f} dB above full scale; the file holds 32-bit floats: lower it before it is played."
        ]
    return Scaled(made, FULL_SCALE / highest), [
        f"It would have clipped: the file is lowered by {above_db:.1f} dB{measured} (--peak keep: not lowered)."
    ]


def write_sound(path: Path, sound: Samples, sample_rate: int, peak: str) -> None:
    """Write a sound whole or not at all."""
    subtype, kind = "FLOAT" if peak == "keep" else None, path.suffix[1:].upper()
    with written_whole(path) as partial:
        with soundfile.SoundFile(partial, "w", sample_rate, 1, subtype, format=kind) as file:
            for block in each_block(sound):
                file.write(block.numpy())

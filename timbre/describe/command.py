"""`timbre describe`: what the descriptors read on any sound; no model needed."""

import argparse
from pathlib import Path

from output.whole_files import refuse_no_place
from sounds.audio import header_of
from timbre.describe.files import endings, sound_files
from timbre.help_text import HelpText

LOWEST_F0_HZ, HIGHEST_F0_HZ = 16.0, 8000.0
EXAMPLE = """examples:
  timbre describe violin.wav --plot violin.png
  timbre describe violin.wav --only sharpness,roughness --f0 880
  timbre describe sounds --json sounds.json

Sounds of 16 to 48 kHz are measured at their own rate, others at the nearest of
these. The JSON holds, under the name of each file, a number per descriptor
(null where it needs a pitch and there is none) and, under "frames", the course
of those that move with the sound, every 10 ms. A long recording takes about
25 MB of memory per second."""


def run(verb: str, args: list[str]) -> None:
    """Describe a file or a folder."""
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        description="What every timbre descriptor reads on a sound: as a table, as JSON, as a picture over time.",
        epilog=f"{EXAMPLE}\n\n{endings()}",
        formatter_class=HelpText,
    )
    parser.add_argument("input", type=Path, metavar="FILE|FOLDER", help="a sound file, or a folder of them")
    parser.add_argument("--only", metavar="NAME,...", help="these descriptors, and no others")
    parser.add_argument("--f0", type=float, metavar="HZ", help="the pitch where it is known; otherwise it is tracked")
    parser.add_argument("--channel", default="mix", help="of a stereo file: 0, 1 or mix, the mean (default)")
    parser.add_argument(
        "--full-scale-db-spl", type=float, default=100.0, metavar="DB", help="sound pressure of rms 1.0 (default: 100)"
    )
    parser.add_argument("--json", type=Path, metavar="OUT.json", help="all numbers and courses; - prints them alone")
    parser.add_argument("--plot", type=Path, metavar="OUT.png", help="picture of one sound over time")
    given = parser.parse_args(args)
    _check(given)
    from timbre.describe.describing import describe_all  # torch comes with it, and takes seconds

    describe_all(given)


def _check(given: argparse.Namespace) -> None:
    """Refuse what cannot work before anything is measured."""
    if not given.input.exists():
        raise FileNotFoundError(f"{given.input} does not exist: name a sound file or a folder of them.")
    if given.f0 is not None and not LOWEST_F0_HZ <= given.f0 <= HIGHEST_F0_HZ:
        raise ValueError(f"--f0 {given.f0:g} is out of range: choose {LOWEST_F0_HZ:g} to {HIGHEST_F0_HZ:g} Hz.")
    if not 0.0 <= given.full_scale_db_spl <= 200.0:
        raise ValueError(f"--full-scale-db-spl {given.full_scale_db_spl:g} is out of range: choose 0 to 200 dB.")
    if given.channel not in ("0", "1", "mix"):
        raise ValueError(f"--channel {given.channel} is not a channel: choose 0, 1 or mix.")
    if given.plot and given.input.is_dir():
        raise ValueError(f"--plot draws one sound and {given.input} is a folder: name a file of it.")
    if given.plot and given.plot.suffix.lower() != ".png":
        raise ValueError(f"{given.plot} ends in '{given.plot.suffix}': write .png.")
    for path in (given.json, given.plot):
        if path:
            refuse_no_place(path)
    if given.input.is_dir():
        sound_files(given.input)
    else:
        header_of(str(given.input))

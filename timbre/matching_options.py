"""The options --match and --octave: what of a recording is taken to what."""

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from instrument.matching import Matching
    from lightning_modules.timbre_model import TimbreModel

KINDS = ("level", "all", "off")
MOST_OCTAVES = 4


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let a command take them."""
    parser.add_argument(
        "--match",
        choices=KINDS,
        help="level: as loud as the recording all along, pauses too (default); all: pitch and every knob are taken to "
        "where training notes have them, as if the recording were of that instrument; off: neither (default with "
        "--open or --faithful)",
    )
    parser.add_argument(
        "--octave",
        metavar="N|auto",
        help="play the pitch N octaves higher, or lower with a minus; auto (default with --match all): by as many as "
        "take most of it to where training notes were",
    )


def refuse_wrong(given: argparse.Namespace) -> None:
    """Refuse what the options cannot mean.

    Raises:
        ValueError: it is no number of octaves, or what is faithful would be matched
    """
    octaves_asked(given.match, given.octave)
    if given.faithful and (given.match == "all" or given.octave not in (None, "0")):
        option = "--match all" if given.match == "all" else "--octave"
        raise ValueError(f"{option}: a faithful sound has the recording's own pitch and knobs: leave out --faithful.")


def octaves_asked(match: str | None, octave: str | int | None) -> int | None:
    """Octaves to play higher, None if the recording is to tell; raises ValueError if it is neither."""
    if octave is None:
        return None if match == "all" else 0
    if octave == "auto":
        return None
    try:
        n_octaves = int(octave)
    except ValueError:
        n_octaves = MOST_OCTAVES + 1
    if abs(n_octaves) > MOST_OCTAVES:
        raise ValueError(f"--octave {octave}: write auto, or a whole number from -{MOST_OCTAVES} to {MOST_OCTAVES}.")
    return n_octaves


def matching_of(
    match: str | None, octave: str | int | None, bare: bool, model: "TimbreModel"
) -> "tuple[Matching, str]":
    """What is matched, and a sentence where a model cannot match what was asked.

    Args:
        match: as asked; None takes the default
        octave: likewise
        bare: whether the default is to match nothing
        model: which plays
    """
    from instrument.matching import Matching

    if match not in (None, *KINDS):
        raise ValueError(f"match is {match!r}: choose {', '.join(KINDS)}.")
    chosen = match or ("off" if bare else "level")
    octaves = octaves_asked(match, octave)
    remark = ""
    if (chosen == "all" or octaves is None) and not model.encoder.training_frames.known:
        remark = (
            "This model was trained before checkpoints kept what training notes have: it cannot match pitch or knobs "
            "to them. Train it again for --match all and --octave auto."
        )
        chosen, octaves = ("level" if chosen == "all" else chosen), octaves or 0
    return Matching(chosen in ("level", "all"), chosen == "all", octaves), remark

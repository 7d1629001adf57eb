"""The options of `timbre render` for scores, and what can be said of them without a model."""

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from melodies.played_instrument import MOST_VOICES
from melodies.score import is_score
from output.whole_files import refuse_no_place
from studies.checkpoint_file import refuse_no_checkpoint
from studies.run_folder import checkpoint_in
from studies.voices import card_of, is_voice, voice_names

MOST_AT_ONCE = 256
VIBRATO, VOLUME = "vibrato", "volume"
_UNFIT: Mapping[str, object] = {"also": [], "faithful": False}
_OF_SOUND: Mapping[str, object] = {"f0": None, "channel": "mix", "match": None}
"""Options that a score has no use for, and what they are where nobody gave them."""


class VoiceChoice(NamedTuple):
    """Which model plays a part, and as which of its instruments.

    Attributes:
        key: of the part, as written
        place: of the model; None: the one of all parts
        preset: name, or None
        written: all of it, for messages
    """

    key: str
    place: Path | None
    preset: str | None
    written: str


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let a command take them."""
    group = parser.add_argument_group("of a melody")
    group.add_argument(
        "--voice",
        action="append",
        default=[],
        metavar="PART=MODEL",
        help="who plays a part: a channel's number (1 to 16), track2, or the name of a track; a voice, a run, a preset "
        "of the model, or both as orchestra:violin",
    )
    group.add_argument(
        "--map",
        metavar="74=KNOB,...",
        help="what MIDI controllers turn: knobs, vibrato or volume (default: 74=sharpness,1=vibrato,7=volume,"
        "11=volume); a controller goes over what notes of the pitch reach",
    )
    group.add_argument("--legato", action="store_true", help="one voice for each part: notes that overlap are slurred")
    group.add_argument(
        "--most", type=int, default=MOST_VOICES, metavar="N", help=f"notes of a part at once (default: {MOST_VOICES})"
    )
    group.add_argument(
        "--notes",
        action="store_true",
        help="a recording as the score: its notes are heard, their pitch, level and borders, and played",
    )
    group.add_argument("--stems", type=Path, metavar="FOLDER", help="each part as a WAV beside, at the mix's level")
    group.add_argument("--plot", type=Path, metavar="FILE.png", help="the notes, and knobs asked and measured")


def is_melody(given: argparse.Namespace) -> bool:
    """Whether notes are rendered."""
    return given.notes or is_score(given.input)


def refuse_wrong_options(given: argparse.Namespace) -> None:
    """All that can be said of the options without reading anything but names.

    Raises:
        ValueError: an option says nothing, or has no meaning here
        FileNotFoundError: a model is not there
    """
    if not is_melody(given):
        for name in ("voice", "map", "legato", "stems", "plot"):
            if getattr(given, name):
                raise ValueError(f"--{name} is of melodies, and {given.input} is a sound: render a .mid.")
        return
    if given.notes and (is_score(given.input) or given.input.is_dir()):
        raise ValueError(f"--notes hears the notes of one recording, and {given.input} is none: leave it out.")
    for name, usual in (_UNFIT if given.notes else {**_UNFIT, **_OF_SOUND}).items():
        if getattr(given, name) != usual:
            raise ValueError(f"--{name} is of recordings, and notes are played here: leave it out.")
    if not 1 <= given.most <= MOST_AT_ONCE:
        raise ValueError(f"--most {given.most}: choose 1 to {MOST_AT_ONCE}.")
    if given.plot and given.plot.suffix.lower() != ".png":
        raise ValueError(f"--plot {given.plot} ends in '{given.plot.suffix}': write a .png.")
    if given.plot:
        refuse_no_place(given.plot)
    if given.stems and given.stems.is_file():
        raise ValueError(f"--stems {given.stems} is a file: name a folder.")
    voice_choices(given)
    mapped(given.map)


def voice_choices(given: argparse.Namespace) -> list[VoiceChoice]:
    """What --voice says; raises as `refuse_wrong_options`."""
    return [_choice(text, given.checkpoint) for text in given.voice]


def mapped(text: str | None) -> dict[int, str]:
    """What --map says: numbers of controllers, and names of what they turn; empty without it.

    Raises:
        ValueError: it is no such list
    """
    found: dict[int, str] = {}
    for each in (text or "").split(",") if text is not None else []:
        match = re.fullmatch(r"\s*(\d{1,3})\s*=\s*(\w+)\s*", each)
        if match is None or int(match[1]) > 119:
            raise ValueError(f"--map {text}: '{each}' is no CONTROLLER=KNOB, such as 74=sharpness (0 to 119).")
        if int(match[1]) in found:
            raise ValueError(f"--map {text}: controller {match[1]} stands there twice: leave one out.")
        found[int(match[1])] = match[2]
    return found


def _choice(text: str, main_place: Path) -> VoiceChoice:
    key, equals, named = (part.strip() for part in text.partition("="))
    written = f"--voice {text}"
    if not key or not equals or not named:
        raise ValueError(f"{written}: write PART=MODEL, such as 2=orchestra:violin.")
    place_name, colon, preset = named.rpartition(":")
    if not colon and named in _presets(main_place):
        return VoiceChoice(key, None, named, written)
    place = Path(place_name) if colon and _is_model(Path(place_name)) else Path(named)
    chosen = preset if place != Path(named) else None
    if not _is_model(place):
        known = ", ".join([*voice_names(), *_presets(main_place)])
        raise ValueError(f"{written}: there is no model or preset {named}: name a run, or one of {known}.")
    if chosen is not None and chosen not in _presets(place):
        raise ValueError(f"{written}: {place} has no preset {chosen}: choose {', '.join(_presets(place)) or 'none'}.")
    return VoiceChoice(key, place, chosen, written)


def _is_model(place: Path) -> bool:
    try:
        refuse_no_checkpoint(place)
    except (OSError, ValueError):
        return False
    return True


def _presets(place: Path) -> list[str]:
    path = checkpoint_in(place)
    return card_of(path).presets if is_voice(path) else []

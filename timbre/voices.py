"""`timbre voices`: the trained models that come with the package."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from studies.figure import Figure
from studies.voice_figures import IN_REACH
from studies.voices import DEFAULT, SUFFIX, VoiceCard, card_of, voice_file, voice_names
from timbre.help_text import HelpText
from timbre.knob_report import wrapped

EXAMPLE = """examples:
  timbre voices orchestra
  timbre render in.wav out.wav --set sharpness=0.8
  timbre render synth in.wav out.wav
  timbre render orchestra in.wav out.wav --preset violin"""

_WORDS = {
    "multi_resolution_stft": "distance of resyntheses",
    "visqol": "ViSQOL of resyntheses",
    "f0_l1": "pitch of resyntheses off by",
    "frave_score": "F-RAVE score of knobs",
    "frave_floor": "the same of a deaf model",
}
_ROW = "  {:<29}{:>15}{:>15}  {:<10}{:>5}"


def run(verb: str, args: list[str]) -> None:
    """List them."""
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        description="The voices that come with the package: trained models that every command takes by name. "
        f"{DEFAULT} is the one that is meant where none is named.",
        epilog=EXAMPLE,
        formatter_class=HelpText,
    )
    parser.add_argument(
        "voice", nargs="?", type=Path, help="say more of this one: its data and how it was examined; a .timbre file too"
    )
    given = parser.parse_args(args)
    if given.voice is not None:
        print("\n".join(_card(given.voice)))
        return
    if not voice_names():
        raise FileNotFoundError("no voice came with this package: install it again, or name a run instead.")
    for name in voice_names():
        path = voice_file(name)
        assert path is not None
        print("\n".join(_lines(name, card_of(path))))


def _card(named: Path) -> list[str]:
    """All that a voice's file says of it."""
    path = voice_file(str(named)) or named
    if not path.is_file():
        known = ", ".join(voice_names()) or "none came with this package"
        raise FileNotFoundError(f"there is no voice {named}: choose one ({known}), or name a {SUFFIX} file.")
    card = card_of(path)
    return [*_lines(path.stem, card), *wrapped(f"data: {card.data}"), *_figures(card.examined)]


def _figures(examined: Sequence[Figure]) -> list[str]:
    """A line for each figure, a column for each rendering."""
    if not examined:
        return wrapped("It was not examined: timbre test says how good it is.")
    renderings = list(dict.fromkeys(each.rendering for each in examined))
    lines = [_ROW.format("mean ± half the 95 % interval", *_two(renderings), "unit", "notes")]
    for subject in dict.fromkeys((each.name, each.knob) for each in examined):
        alike = [each for each in examined if (each.name, each.knob) == subject]
        own = {each.rendering: each.text for each in alike}
        texts = [own.get(name, "") for name in renderings]
        lines.append(_ROW.format(_named(alike[0]), *_two(texts), alike[0].unit, alike[0].n))
    if any(each.name == IN_REACH for each in examined):
        lines += wrapped("In reach: where the knob stands in training notes of about the pitch.")
    return lines


def _named(figure: Figure) -> str:
    if figure.name == IN_REACH:
        return "  in reach"
    return f"{figure.knob} off by" if figure.knob else _WORDS.get(figure.name, figure.name)


def _two(words: Sequence[str]) -> list[str]:
    return [*words, ""][:2]


def _lines(name: str, card: VoiceCard) -> list[str]:
    facts = f"{card.sample_rate / 1000:g} kHz, {card.licence}, {card.n_bytes / 1e6:.1f} MB, {card.steps} steps"
    lines = [f"{name:12}{facts}", *wrapped(card.what)]
    if card.presets:
        lines += wrapped(f"--preset {', '.join(card.presets)}")
    return lines

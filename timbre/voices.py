"""`timbre voices`: the trained models that come with the package."""

import argparse

from studies.voices import DEFAULT, VoiceCard, card_of, voice_file, voice_names
from timbre.help_text import HelpText
from timbre.knob_report import wrapped

EXAMPLE = """examples:
  timbre render in.wav out.wav --set sharpness=0.8
  timbre render synth in.wav out.wav
  timbre render orchestra in.wav out.wav --preset violin"""


def run(verb: str, args: list[str]) -> None:
    """List them."""
    parser = argparse.ArgumentParser(
        f"timbre {verb}",
        description="The voices that come with the package: trained models that every command takes by name. "
        f"{DEFAULT} is the one that is meant where none is named.",
        epilog=EXAMPLE,
        formatter_class=HelpText,
    )
    parser.parse_args(args)
    if not voice_names():
        raise FileNotFoundError("no voice came with this package: install it again, or name a run instead.")
    for name in voice_names():
        path = voice_file(name)
        assert path is not None
        print("\n".join(_lines(name, card_of(path))))


def _lines(name: str, card: VoiceCard) -> list[str]:
    facts = f"{card.sample_rate / 1000:g} kHz, {card.licence}, {card.n_bytes / 1e6:.1f} MB, {card.steps} steps"
    lines = [f"{name:12}{facts}", *wrapped(card.what)]
    if card.presets:
        lines += wrapped(f"--preset {', '.join(card.presets)}")
    return lines

"""Plain words for what pages show by the names of its files."""

from typing import NamedTuple


class KnobWords(NamedTuple):
    """What a knob does to the sound: in a word or two, and how it sounds at its low and its high end."""

    does: str
    low: str
    high: str


KNOBS = {
    "level": KnobWords("how loud it is", "quiet", "loud"),
    "loudness": KnobWords("how loud it is to the ear", "quiet", "loud"),
    "sharpness": KnobWords("how piercing it is", "dull", "piercing"),
    "brightness": KnobWords("how bright it is", "dark", "bright"),
    "fundamental_share": KnobWords("how much of it is its lowest partial", "rich", "pure"),
    "odd_even_balance": KnobWords("odd against even overtones", "full", "hollow"),
    "noisiness": KnobWords("noise against tone", "clear", "breathy"),
    "roughness": KnobWords("how rough it is", "smooth", "rough"),
    "warmth": KnobWords("how warm it is", "thin", "warm"),
}
CURVES = {
    "validation/reconstruction": ("Held-out notes: error of the sound", "lower"),
    "validation/control_error": ("Held-out notes: turned knobs off by", "lower"),
    "train/loss": ("Training notes: all errors together", "lower"),
    "train/reconstruction": ("Training notes: error of the sound", "lower"),
    "train/knobs": ("Training notes: knobs off by", "lower"),
    "train/turned_knobs": ("Training notes: turned knobs off by", "lower"),
    "train/guard": ("Training notes: other knobs moved by", "lower"),
    "learning_rate": ("Learning rate", ""),
}
"""Name of a curve -> title, and which way is good."""


def knob_words(knob: str) -> KnobWords:
    """What a knob does; nothing is claimed of one that has no words here."""
    return KNOBS.get(knob, KnobWords("", "low", "high"))


def curve_words(name: str) -> tuple[str, str]:
    """Title of a curve and which way is good."""
    if name in CURVES:
        return CURVES[name]
    section, _, what = name.partition("/")
    spoken = what.replace("_", " ")
    return (f"Effect of {spoken} on the sound", "") if section == "usage" else (name.replace("_", " "), "")

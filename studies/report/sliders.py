"""Sliders of a page: each stands at one of the places that a test has rendered, and plays what is there."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from studies.comparison.sounds import sound_url
from studies.report.words import KnobWords, knob_words
from studies.run_folder import RunFolder
from studies.run_sounds import Slider


class ShownKnob(NamedTuple):
    """One knob of a note.

    Attributes:
        name: of the knob
        words: what it does
        places: JSON, a list of {position, url, caption}, rising
        n_places: how many
        middle: where the slider stands at first
        url, caption: of that place
    """

    name: str
    words: KnobWords
    places: str
    n_places: int
    middle: int
    url: str
    caption: str


class ShownNote(NamedTuple):
    """A note with its knobs, and how its sounds were rendered."""

    name: str
    rendering: str
    knobs: list[ShownKnob]


def shown_notes(run: RunFolder, sliders: Sequence[Slider]) -> list[ShownNote]:
    """The notes that a test has turned, in its order."""
    notes = []
    for name in dict.fromkeys(slider.note for slider in sliders):
        own = [slider for slider in sliders if slider.note == name]
        knobs = [_shown(run, knob, own) for knob in dict.fromkeys(slider.knob for slider in own)]
        notes.append(ShownNote(name, own[0].rendering, knobs))
    return notes


def _shown(run: RunFolder, knob: str, sliders: Sequence[Slider]) -> ShownKnob:
    own = sorted((slider for slider in sliders if slider.knob == knob), key=lambda slider: slider.position)
    places = [
        {"position": slider.position, "url": sound_url(run.sliders / slider.file), "caption": slider.caption}
        for slider in own
    ]
    middle = len(places) // 2
    shown = str(places[middle]["url"]), str(places[middle]["caption"])
    return ShownKnob(knob, knob_words(knob), json.dumps(places), len(places), middle, *shown)

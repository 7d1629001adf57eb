"""A model as the player of a melody takes it, and what is asked of its knobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from instrument.instrument import Knob
from lightning_modules.checkpoint import load_model
from lightning_modules.timbre_model import TimbreModel
from melodies.knob_places import position_at
from melodies.midi_hand import ControllerMap
from melodies.note_courses import Performer, bank_performer, plain_performer
from melodies.played_instrument import KnobCourse, PlayedInstrument, PlayerSettings, first_settings
from studies.run_folder import checkpoint_in
from synths.descriptors.request import JND, KnobRequest
from timbre.asked import AskedKnobs
from timbre.melody_options import VIBRATO, VOLUME
from timbre.playable import told_of_playing

BRIGHTNESS = ("sharpness", "spectral_centroid", "brightness")
"""What controller 74 and pressure turn, as on the page."""
PRESSED = 0.4
"""Share that full pressure adds."""


@dataclass(frozen=True)
class MelodyInstrument:
    """A model that is played.

    Attributes:
        model: in eval mode
        name: as it was named
        played: what a player knows of it
        told: presets, envelopes, pitches, as `told_of_playing` gives them
    """

    model: TimbreModel
    name: str
    played: PlayedInstrument
    told: Mapping[str, Any]

    @property
    def pitches(self) -> tuple[float, float] | None:
        """Lowest and highest MIDI pitch learnt, where they are known."""
        return tuple(self.told["pitches"]) if "pitches" in self.told else None

    @property
    def preset_names(self) -> list[str]:
        """Names of its presets."""
        return [preset["name"] for preset in self.told.get("presets", [])]

    def preset(self, name: str | None) -> Mapping[str, Any] | None:
        """A preset by name; without one the first, as the page begins with it; None where there are none.

        Raises:
            ValueError: there is none of that name
        """
        presets = self.told.get("presets", [])
        if name is None:
            return presets[0] if presets else None
        if name not in self.preset_names:
            mend = f"choose {', '.join(self.preset_names)}" if presets else "leave it out"
            raise ValueError(f"--preset {name}: {self.name} has no preset of that name: {mend}.")
        return presets[self.preset_names.index(name)]


def melody_instrument(place: Path) -> MelodyInstrument:
    """Load a model.

    Raises:
        ValueError: it has no calibrated knobs, or is no model
    """
    model = load_model(checkpoint_in(place)).eval()
    if not model.encoder.controls or (model.encoder.knobs and not bool(model.encoder.calibrated)):
        raise ValueError(f"{place}: the knobs of this model have no range yet: train it first, for a step at least.")
    told = told_of_playing(place, model)
    descriptors = list(model.encoder.each_descriptor())
    knobs = [Knob.of(descriptor) for descriptor in descriptors]
    knobs += [Knob(factor, "share", "linear", 0.0, 1.0, []) for factor in model.encoder.factors]
    level = next((index for index, descriptor in enumerate(descriptors) if descriptor.is_level), -1)
    clip = model.clip
    played = PlayedInstrument(clip.sample_rate, clip.hop, knobs, level, told.get("level_fit"))
    return MelodyInstrument(model, str(place), played, told)


def player_settings(
    instrument: MelodyInstrument, preset: Mapping[str, Any] | None, asked: AskedKnobs, mono: bool, most: int
) -> PlayerSettings:
    """How a part of an instrument begins.

    Args:
        instrument: of the part
        preset: that it plays
        asked: of its knobs, over the preset
        mono: whether notes are slurred
        most: notes at once
    """
    knobs = instrument.played.knobs
    settings = first_settings(len(knobs))
    if preset is not None:
        settings.shares = np.array(preset["shares"], float)
    settings.performer = _performer(instrument, preset)
    settings.mono, settings.most = mono, most
    for index in _brightness(knobs):
        settings.pressures[index] = PRESSED
    courses = [(request, KnobCourse(np.zeros(1), np.array([float(request.value)]))) for request in asked.steady]
    for curve in asked.curves:
        values = torch.as_tensor(curve.request.value).numpy()
        courses.append((curve.request, KnobCourse(np.asarray(curve.time_s), values)))
    for request, course in courses:
        _ask(settings, instrument, request, course)
    return settings


def controller_map(instrument: MelodyInstrument, given: Mapping[int, str] | None, asked: AskedKnobs) -> ControllerMap:
    """What controllers do; without a map as on the page, but for knobs that are put somewhere.

    Raises:
        ValueError: a controller turns what is not there, or is also asked
    """
    names = [knob.name for knob in instrument.played.knobs]
    placed = {request.knob for request in [*asked.steady, *(c.request for c in asked.curves)] if not request.moves}
    if given is None:
        bright = [index for index in _brightness(instrument.played.knobs) if names[index] not in placed]
        return ControllerMap({74: bright[0]} if bright else {})
    knobs = {}
    for controller, name in given.items():
        if name in (VIBRATO, VOLUME):
            continue
        if name not in names or names.index(name) == instrument.played.level:
            turned = [each for index, each in enumerate(names) if index != instrument.played.level]
            raise ValueError(
                f"--map {controller}={name}: {instrument.name} has {', '.join(turned)}, and {VIBRATO} and {VOLUME} "
                "can be turned everywhere."
            )
        if name in placed:
            raise ValueError(f"--map {controller}={name}: {name} is put somewhere already: leave one of both out.")
        knobs[controller] = names.index(name)
    both = [frozenset(number for number, name in given.items() if name == what) for what in (VIBRATO, VOLUME)]
    return ControllerMap(knobs, *both)


def _performer(instrument: MelodyInstrument, preset: Mapping[str, Any] | None) -> Performer:
    """The bank of the preset's name, or the plain course. A learnt performer has its place here."""
    for bank in instrument.told.get("envelopes", []):
        if preset is not None and bank["name"] == preset["name"]:
            return bank_performer(bank["cells"])
    return plain_performer


def _brightness(knobs: Sequence[Knob]) -> list[int]:
    return [index for index, knob in enumerate(knobs) if knob.name in BRIGHTNESS][:1]


def _ask(settings: PlayerSettings, instrument: MelodyInstrument, request: KnobRequest, course: KnobCourse) -> None:
    """Put a request into the settings, its values over time in the request's unit."""
    index = [knob.name for knob in instrument.played.knobs].index(request.knob)
    if not request.moves:
        knob = instrument.played.knobs[index]
        settings.places[index] = course._replace(values=position_at(knob, course.values)) if request.unit else course
    elif not request.unit:
        settings.shifts[index] = course
    else:
        jnds = {each.name: each.jnd or 1.0 for each in instrument.model.encoder.each_descriptor()}
        step = jnds[request.knob] if request.unit == JND else 1.0
        settings.moves[index] = course._replace(values=step * course.values)

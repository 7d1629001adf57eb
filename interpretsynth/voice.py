"""The voice of a trained model: recordings played by it, its knobs turned."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch

from instrument.playing import Wish
from instrument.render import knob_reports, render_wish
from instrument.samples import InMemory
from interpretsynth.answered_sound import AnsweredSound, answered
from interpretsynth.asking import Asked, requests_to
from interpretsynth.sound import frames_of_pitch, samples
from lightning_modules.checkpoint import load_model
from lightning_modules.exact import obstacle_of
from lightning_modules.presets import preset_requests
from lightning_modules.timbre_model import TimbreModel
from sounds.audio import Channel, audio_in_memory, read_audio
from studies.run_folder import checkpoint_in
from timbre.asked import AskedKnobs
from timbre.matching_options import matching_of
from timbre.render_report import sentences, voices
from timbre.tracked_pitch import tracked_pitch


class VoiceKnob(NamedTuple):
    """A knob of a model.

    Attributes:
        name: by which it is turned
        unit: such as acum or dB
        low, high: readings at positions 0 and 1, the ends of the training range
        jnd: least audible difference in the unit, None where none is known
        measures: what it measures, in words
    """

    name: str
    unit: str
    low: float
    high: float
    jnd: float | None
    measures: str


def load(path: str | Path, preset: str | None = None) -> "ModelVoice":
    """The voice of a trained model.

    Args:
        path: one that comes with the package by its name, such as "orchestra"; a .ckpt or .timbre file, or the folder
            of a run (its best checkpoint); nothing in it is run
        preset: the instrument of the voice that it plays, whatever it hears; None: what it hears decides

    Raises:
        FileNotFoundError: there is none
        ValueError: it is not a checkpoint of this project, or has no such preset
    """
    return ModelVoice(load_model(checkpoint_in(Path(path)), preset))


class ModelVoice:
    """A model that plays recordings, its knobs turned.

    Args:
        model: in eval mode

    Attributes:
        rate: samples per second of what it plays
        presets: instruments that `load` can set it to
    """

    def __init__(self, model: TimbreModel) -> None:
        self.model, self.rate = model, int(model.clip.sample_rate)
        self.presets = list(model.presets)

    def knobs(self) -> list[VoiceKnob]:
        """Its knobs, in its order."""
        found = []
        for descriptor in self.model.encoder.each_descriptor():
            low, high = descriptor.span.tolist()
            found.append(VoiceKnob(descriptor.name, descriptor.unit, low, high, descriptor.jnd, descriptor.summary))
        return found

    def render(
        self,
        sound: str | Path | tuple[np.ndarray, int],
        *,
        nudge: Mapping[str, Asked] | None = None,
        f0_hz: float | np.ndarray | None = None,
        channel: int | Literal["mix"] = "mix",
        exact: bool = True,
        dry: bool = False,
        seed: int = 0,
        match: Literal["level", "all", "off"] | None = None,
        octave: int | Literal["auto"] | None = None,
        **knobs: Asked,
    ) -> AnsweredSound:
        """Take a recording apart, turn knobs, put it together again: pitch and loudness follow the recording.

        Args:
            sound: a file, or audio of floats, (samples,) or (samples, channels), and its rate
            nudge: knob -> how far it moves: {"level": "-6dB"}, or a number, a difference of positions
            f0_hz: the pitch where it is known: a number, or an array spread evenly over the sound; else it is tracked
            channel: which one is heard, or their mean
            exact: whether the knobs are met on the sound, or it is what the decoder plays
            dry: leave out the learned room
            seed: of the synth's noise
            match: "level": as loud as the recording all along, pauses too; "all": pitch and every knob are taken to
                where training notes have them; "off": neither. By default the level, where the knobs are met
            octave: to play the pitch higher by so many; "auto": to where training notes were, the default with "all"
            **knobs: where each is to be: a position from 0 to 1, or text such as "1.8acum"; "+2jnd" moves it

        Returns:
            (samples,) float32 at the model's rate, longer than the recording by the tail of the room, not lowered where
            it exceeds full scale, and its table

        Raises:
            ValueError: it is no such sound or has no pitch, or the model cannot be asked that
        """
        model, requests = self.model, requests_to(knobs, nudge)
        descriptors = {each.name: each for each in model.encoder.each_descriptor()}
        AskedKnobs(requests, []).refuse_what_is_not_there(descriptors, model.encoder.factors)
        matching, remark = matching_of(match, octave, not exact, model)
        audio, label = self._heard(sound, channel)
        pitch = torch.from_numpy(self._pitch(audio, label, f0_hz))
        obstacle = obstacle_of(model) if exact else ""
        corrected = exact and not obstacle
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            placed = [*preset_requests(model, pitch, requests), *requests]
            wish = Wish(placed, (), dry, corrected, matching=matching, rings_out=True)
            made = render_wish(model, torch.from_numpy(audio), pitch, wish)
        reports = knob_reports(model, made, made.audio, made.f0_hz)
        said = [remark] if remark else []
        said += voices(model, InMemory(torch.from_numpy(audio)), pitch, made.sounding)
        said += sentences(made.matched, model.encoder.training_frames)
        said += [f"{obstacle}: the knobs are not corrected."] if obstacle else []
        return answered(made.audio.numpy(), self.rate, reports, said, corrected)

    def _heard(self, sound: Any, channel: Channel) -> tuple[np.ndarray, str]:
        """(N,) at the model's rate, and what messages call it."""
        if isinstance(sound, str | Path):
            return read_audio(str(sound), self.model.clip, channel=channel, option="channel"), str(sound)
        try:
            audio, rate = sound
        except (TypeError, ValueError):
            raise ValueError("the sound is neither a file nor a pair of audio and rate: give (audio, rate).") from None
        return audio_in_memory(samples(audio, rate), int(rate), self.model.clip, channel), "the sound"

    def _pitch(self, audio: np.ndarray, label: str, f0_hz: Any) -> np.ndarray:
        if f0_hz is not None:
            return frames_of_pitch(f0_hz, len(audio), self.model.clip)
        return tracked_pitch(audio, self.model, label, lambda remark: warnings.warn(remark, stacklevel=4))

"""Turns every knob of notes and measures the result: the numbers that metrics of control judge."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from evaluation.control import TurnedNote
from lightning_modules.autoencoder import Rendering, TimbreAutoencoder
from lightning_modules.encoders import DEFAULT_KNOBS, Encoding
from lightning_modules.encoders.residual import always_drawing
from lightning_modules.exact import Exact
from lightning_modules.knobs import turn
from synths import Clip, Descriptor, measure_all, sounding_mean
from synths.signal import hz_to_midi

POSITIONS = tuple(round(0.1 * step, 1) for step in range(11))
TRACKED = (0.2, 0.5, 0.8)
"""Positions at which pitch is tracked too: tracking costs more than rendering."""
RENDERED_TOGETHER = 16
LOW_MIDI, HIGH_MIDI = 57.0, 69.0
"""Registers: below A3 (220 Hz) low, from A4 (440 Hz) high."""

Track = Callable[[Tensor], tuple[Tensor, Tensor]]
"""(B, N) audio -> (B, F) pitch in Hz and confidence."""


@dataclass(frozen=True)
class ExaminationSettings:
    """How control is examined in `timbre test`.

    Args:
        n_notes: how many test notes have their knobs turned, spread over the split; 0 examines no knob
        passes: of the F-RAVE protocol over these notes
        as_published: hold F-RAVE's protocol exactly as its code does: range and resampling of curves, silent frames,
            residuals drawn, requests beyond the ends
        seed: of its curves

    Raises:
        ValueError: a number is out of range
    """

    n_notes: int = 48
    passes: int = 4
    as_published: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.n_notes < 0 or self.passes < 1:
            raise ValueError(
                f"control.n_notes is {self.n_notes} and control.passes {self.passes}: 0 or more, 1 or more."
            )


class Examined(NamedTuple):
    """What is kept of b notes: their encoding and pitch, and what was read on them.

    Shapes: controls (b, F, C), residual (b, F, D), f0_hz (b, F); positions (b, K, F') of the knobs on the
    recording; readings (b, F'', J - 1) of its judged frames, sounding (b, F''); own_readings (b, J) of the resynthesis
    and measured_readings (b, K, P, J), with each knob at each of `POSITIONS`.
    """

    notes: list[TurnedNote]
    encoding: Encoding
    f0_hz: Tensor
    positions: Tensor
    readings: Tensor
    sounding: Tensor
    own_readings: Tensor
    measured_readings: Tensor


@torch.no_grad()
def collect(
    model: TimbreAutoencoder,
    clips: Clip,
    families: Sequence[str],
    track: Track,
    drawn: bool = False,
    exact: Exact | None = None,
) -> Examined:
    """Turn every knob of b notes, and read what comes out.

    Args:
        model: in eval mode, its knobs calibrated
        clips: the notes
        families: of instruments, one per note
        track: pitch of a rendered sound
        drawn: draw the residuals, as in training, instead of taking their means
        exact: meets the knobs; without it, what the decoder plays is examined
    """
    encoder, every, reader = model.encoder, model.encoder.judged_every, _Reader(model, watched(model), track, exact)
    with always_drawing(encoder, drawn):
        encoding = encoder(clips.audio, clips.f0_hz)
    sounding = encoder.sounding(clips.audio, every)
    registers = [_register(float(midi)) for midi in hz_to_midi(clips.f0_hz.median(dim=1).values)]
    own = reader.means(encoding, clips.f0_hz, sounding, torch.ones(len(clips.name), dtype=torch.bool), "")
    measured = [reader.turned(encoding, clips.f0_hz, sounding, knob) for knob in encoder.knobs]
    return Examined(
        notes=[TurnedNote(*each) for each in zip(clips.name, families, registers, strict=True)],
        encoding=encoding,
        f0_hz=clips.f0_hz,
        positions=encoder.knob_positions(clips.audio, clips.f0_hz, encoder.every).transpose(1, 2),
        readings=reader.frames(clips.audio, clips.f0_hz),
        sounding=sounding,
        own_readings=own,
        measured_readings=torch.stack(measured, dim=1),
    )


def join(parts: Sequence[Examined]) -> Examined:
    """Parts of the notes -> all of them."""
    encodings = [part.encoding for part in parts]
    return Examined(
        notes=[note for part in parts for note in part.notes],
        encoding=Encoding(torch.cat([e.controls for e in encodings]), torch.cat([e.residual for e in encodings]), {}),
        f0_hz=torch.cat([part.f0_hz for part in parts]),
        positions=torch.cat([part.positions for part in parts]),
        readings=torch.cat([part.readings for part in parts]),
        sounding=torch.cat([part.sounding for part in parts]),
        own_readings=torch.cat([part.own_readings for part in parts]),
        measured_readings=torch.cat([part.measured_readings for part in parts]),
    )


def watched(model: TimbreAutoencoder) -> list[Descriptor]:
    """The J - 1 descriptors that are read: the model's knobs, and behind them the default knobs that it has not."""
    others = [recipe(model.clip) for recipe in DEFAULT_KNOBS]
    return [
        *model.encoder.each_descriptor(),
        *(other.to(model.device) for other in others if other.name not in model.encoder.knobs),
    ]


def play(
    model: TimbreAutoencoder, f0_hz: Tensor, encoding: Encoding, sounding: Tensor, knob: str, exact: Exact | None
) -> Rendering:
    """Render an encoding of which one knob is turned, or with "" none or all are."""
    if exact is None:
        return model.put_together(f0_hz, encoding)
    turned = torch.tensor([name == knob for name in model.encoder.controls], device=f0_hz.device)
    return exact(f0_hz, encoding, sounding, turned.expand(len(f0_hz), -1))


class _Reader(NamedTuple):
    """Reads J qualities of what a model plays: its J - 1 descriptors, and how far the pitch is off."""

    model: TimbreAutoencoder
    descriptors: list[Descriptor]
    track: Track
    exact: Exact | None

    def turned(self, encoding: Encoding, f0_hz: Tensor, sounding: Tensor, knob: str) -> Tensor:
        """(b, P, J) means of what is read with one knob at each position, the others held."""
        every = self.model.encoder.judged_every
        names, n_positions, n = self.model.encoder.controls, len(POSITIONS), len(f0_hz)
        turned = [turn(encoding, sounding, names, {knob: position}, {}, every).controls for position in POSITIONS]
        together = Encoding(torch.cat(turned), encoding.residual.repeat(n_positions, 1, 1), {})
        tracked = torch.tensor([position in TRACKED for position in POSITIONS]).repeat_interleave(n)
        read = self.means(together, f0_hz.repeat(n_positions, 1), sounding.repeat(n_positions, 1), tracked, knob)
        return read.unflatten(0, (n_positions, n)).transpose(0, 1)

    def means(self, encoding: Encoding, f0_hz: Tensor, sounding: Tensor, tracked: Tensor, knob: str) -> Tensor:
        """Render an encoding of b sounds -> (b, J) means over the frames where the note sounds.

        The last is pitch in cents from that asked, for those of the (b,) sounds that are tracked.
        """
        means = []
        for part in torch.arange(len(f0_hz)).split(RENDERED_TOGETHER):
            some = Encoding(encoding.controls[part], encoding.residual[part], {})
            pitch, heard = f0_hz[part], sounding[part]
            audio = play(self.model, pitch, some, heard, knob, self.exact).audio
            cents, wanted = pitch.new_full((len(part),), torch.nan), tracked[part].to(pitch.device)
            if wanted.any():
                cents[wanted] = self._cents(audio[wanted], pitch[wanted], heard[wanted])
            means.append(torch.cat([sounding_mean(self.frames(audio, pitch), heard), cents[:, None]], dim=-1))
        return torch.cat(means)

    def frames(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """(b, N) audio -> (b, F'', J - 1) of every descriptor in the judged frames, in its unit."""
        every = self.model.encoder.judged_every
        read = measure_all(self.descriptors, audio, f0_hz, every)
        shape = f0_hz[:, ::every].shape
        return torch.stack([values.expand(shape) for values in read], dim=-1)

    def _cents(self, audio: Tensor, f0_hz: Tensor, sounding: Tensor) -> Tensor:
        """(b,) median distance of the tracked pitch from the pitch asked, NaN where no pitch is heard."""
        every = self.model.encoder.judged_every
        heard = audio.nan_to_num(0.0, 0.0, 0.0)  # a tracker refuses what is not sound: nothing is heard in it
        tracked_hz, confidence = (value[:, ::every].to(audio.device) for value in self.track(heard))
        cents = 100.0 * (hz_to_midi(tracked_hz) - hz_to_midi(f0_hz[:, ::every])).abs()
        return cents.masked_fill((sounding == 0) | (confidence <= 0), torch.nan).nanmedian(dim=1).values


def _register(midi: float) -> str:
    return "low" if midi < LOW_MIDI else "middle" if midi < HIGH_MIDI else "high"

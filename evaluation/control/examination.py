"""Turns every knob of notes and measures the result: the numbers that metrics of control judge."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from evaluation.control import TurnedNote
from evaluation.renderings import RENDERINGS, RenderingName, Way, one_thread, same_noise, turned_controls
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.encoders import DEFAULT_KNOBS, Encoding
from lightning_modules.encoders.residual import always_drawing
from lightning_modules.knobs import turn
from studies.figure import OPEN
from synths import Clip, Descriptor, measure_all, sounding_mean
from synths.signal import hz_to_midi

POSITIONS = tuple(round(0.1 * step, 1) for step in range(11))
TRACKED = (0.2, 0.5, 0.8)
"""Positions at which pitch is tracked too: tracking costs more than rendering."""
NOTES_TOGETHER = 4
"""Notes of one batch that are examined together: a search costs a third less in large batches."""
RENDERED_TOGETHER, MET_TOGETHER = 16, 224
"""Sounds of two seconds at 16 kHz that the open way and the others render together; of longer ones fewer."""
_USUAL_SAMPLES = 32000
LOW_MIDI, HIGH_MIDI = 57.0, 69.0
"""Registers: below A3 (220 Hz) low, from A4 (440 Hz) high."""

Track = Callable[[Tensor], tuple[Tensor, Tensor]]
"""(B, N) audio -> (B, F) pitch in Hz and confidence."""


@dataclass(frozen=True)
class ExaminationSettings:
    """How control is examined in `timbre test`.

    Args:
        n_notes: how many test notes have their knobs turned, spread over the split; 0 examines no knob. One of two
            seconds at 16 kHz takes about 9 s of one core with five knobs, 2 s if renderings is [open]; every note
            of the split, examined or not, 0.6 s. The first line of a test says how long it may take
        passes: of the F-RAVE protocol over these notes
        as_published: hold F-RAVE's protocol exactly as its code does: range and resampling of curves, silent frames,
            residuals drawn, requests beyond the ends
        seed: of its curves
        renderings: what is examined: open, the decoder as it plays; exact and live, its knobs met, which take
            most of the time: [open] is the cheap one

    Raises:
        ValueError: a number is out of range, or the open rendering is left out
    """

    n_notes: int = 48
    passes: int = 4
    as_published: bool = False
    seed: int = 0
    renderings: tuple[RenderingName, ...] = RENDERINGS

    def __post_init__(self) -> None:
        if OPEN not in self.renderings:
            raise ValueError(f"control.renderings is {list(self.renderings)}: the open one is always examined, add it.")
        if self.n_notes < 0 or self.passes < 1:
            raise ValueError(
                f"control.n_notes is {self.n_notes} and control.passes {self.passes}: 0 or more, 1 or more."
            )


class Answers(NamedTuple):
    """What was read of b notes as one way renders them.

    Shapes: own_readings (b, J) of the resynthesis; measured_readings (b, K, P, J), with each knob at each of
    `POSITIONS`; frame_errors_jnd (b, K, P) mean distance of the turned knob from its own course, frame by frame; cost
    (b, K) CPU seconds per second of sound.
    """

    own_readings: Tensor
    measured_readings: Tensor
    frame_errors_jnd: Tensor
    cost: Tensor


class Examined(NamedTuple):
    """What is kept of b notes: their encoding and pitch, what was read on them, and what each way made of them.

    Shapes: controls (b, F, C), residual (b, F, D), f0_hz (b, F); positions (b, K, F') of the knobs on the
    recording; readings (b, F'', J - 1) of its judged frames, sounding (b, F''); answers by the name of the way.
    """

    notes: list[TurnedNote]
    encoding: Encoding
    f0_hz: Tensor
    positions: Tensor
    readings: Tensor
    sounding: Tensor
    answers: dict[str, Answers]


@torch.no_grad()
def collect(
    model: TimbreAutoencoder,
    clips: Clip,
    families: Sequence[str],
    track: Track,
    ways: Sequence[Way],
    drawn: bool = False,
) -> Examined:
    """Turn every knob of b notes, and read what comes out.

    Args:
        model: in eval mode, its knobs calibrated
        clips: the notes
        families: of instruments, one per note
        track: pitch of a rendered sound
        ways: of rendering, the open one first
        drawn: draw the residuals, as in training, instead of taking their means
    """
    encoder, every = model.encoder, model.encoder.judged_every
    with always_drawing(encoder, drawn):
        encoding = encoder(clips.audio, clips.f0_hz)
    sounding = encoder.sounding(clips.audio, every)
    registers = [_register(float(midi)) for midi in hz_to_midi(clips.f0_hz.median(dim=1).values)]
    answers = {}
    for way in ways:
        with own_noise(way, model), one_thread():
            answers[way.name] = _Reader(model, watched(model), track, way).answers(encoding, clips.f0_hz, sounding)
    return Examined(
        notes=[TurnedNote(*each) for each in zip(clips.name, families, registers, strict=True)],
        encoding=encoding,
        f0_hz=clips.f0_hz,
        positions=encoder.knob_positions(clips.audio, clips.f0_hz, encoder.every).transpose(1, 2),
        readings=_frames(watched(model), clips.audio, clips.f0_hz, every),
        sounding=sounding,
        answers=answers,
    )


def kept_notes(examined: Examined) -> list[dict[str, Any]]:
    """What is kept of b notes -> one line of a journal for each."""
    fields = ("f0_hz", "positions", "readings", "sounding")
    return [
        {
            "note": list(note),
            "controls": examined.encoding.controls[index],
            "residual": examined.encoding.residual[index],
            **{field: getattr(examined, field)[index] for field in fields},
            "answers": {name: [each[index] for each in answers] for name, answers in examined.answers.items()},
        }
        for index, note in enumerate(examined.notes)
    ]


def joined(lines: Sequence[Mapping[str, Any]], device: torch.device) -> Examined:
    """Lines of a journal -> all notes, on a device."""

    def stacked(values: Iterable[Tensor]) -> Tensor:
        return torch.stack(list(values)).to(device)

    return Examined(
        notes=[TurnedNote(*line["note"]) for line in lines],
        encoding=Encoding(stacked(line["controls"] for line in lines), stacked(line["residual"] for line in lines), {}),
        f0_hz=stacked(line["f0_hz"] for line in lines),
        positions=stacked(line["positions"] for line in lines),
        readings=stacked(line["readings"] for line in lines),
        sounding=stacked(line["sounding"] for line in lines),
        answers={
            name: Answers(*map(stacked, zip(*(line["answers"][name] for line in lines), strict=True)))
            for name in lines[0]["answers"]
        },
    )


def own_noise(way: Way, model: TimbreAutoencoder) -> AbstractContextManager[None]:
    """The same noise for every way but the open one, whose figures must not depend on what else is examined."""
    return nullcontext() if way.name == OPEN else same_noise(model.device)


def watched(model: TimbreAutoencoder) -> list[Descriptor]:
    """The J - 1 descriptors that are read: the model's knobs, and behind them the default knobs that it has not."""
    others = [recipe(model.clip) for recipe in DEFAULT_KNOBS]
    return [
        *model.encoder.each_descriptor(),
        *(other.to(model.device) for other in others if other.name not in model.encoder.knobs),
    ]


class _Reader(NamedTuple):
    """Reads J qualities of what one way plays: J - 1 descriptors, and how far the pitch is off."""

    model: TimbreAutoencoder
    descriptors: list[Descriptor]
    track: Track
    way: Way

    def answers(self, encoding: Encoding, f0_hz: Tensor, sounding: Tensor) -> Answers:
        """Render b notes as they are, then with every knob at every position."""
        n, knobs = len(f0_hz), self.model.encoder.knobs
        every, names = self.model.encoder.judged_every, self.model.encoder.controls
        settings = len(knobs) * len(POSITIONS)
        # All side by side: a frame at a time, or a few renders each, many sounds cost little more than one.
        turned = [turn(encoding, sounding, names, {k: p}, {}, every).controls for k in knobs for p in POSITIONS]
        controls = torch.cat([encoding.controls, *turned])
        own, residual = (part.repeat(1 + settings, 1, 1) for part in (encoding.controls, encoding.residual))
        together = Encoding(controls, residual, {}, own)
        at_positions = [True, *(position in TRACKED for _ in knobs for position in POSITIONS)]
        tracked = torch.tensor(at_positions).repeat_interleave(n)
        which = [""] * n + [knob for knob in knobs for _ in range(n * len(POSITIONS))]
        read = self._read(together, f0_hz.repeat(1 + settings, 1), sounding.repeat(1 + settings, 1), tracked, which)
        measured, errors, cost = (values[n:].unflatten(0, (len(knobs), len(POSITIONS), n)) for values in read)
        return Answers(read[0][:n], measured.movedim(2, 0), errors.movedim(2, 0), cost.mean(dim=1).T)

    def _read(
        self, encoding: Encoding, f0_hz: Tensor, sounding: Tensor, tracked: Tensor, knobs: Sequence[str]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Render b sounds -> (b, J) means where the note sounds, (b,) errors of their knobs' frames, (b,) cost.

        The last of the means is pitch in cents from that asked, for those of the (b,) sounds that are tracked.
        """
        parts, most = [], RENDERED_TOGETHER if self.way.name == OPEN else MET_TOGETHER
        together = max(1, min(most, most * _USUAL_SAMPLES // self.model.clip.n_samples))
        for part in torch.arange(len(f0_hz)).split(together):
            own = None if encoding.own is None else encoding.own[part]
            some = Encoding(encoding.controls[part], encoding.residual[part], {}, own)
            pitch, heard, turned = f0_hz[part], sounding[part], [knobs[row] for row in part.tolist()]
            start = time.process_time()
            audio = self.way.put_together(pitch, some, heard, turned_controls(self.model, turned)).audio
            cpu_s = pitch.new_full((len(part),), time.process_time() - start)
            cents, wanted = pitch.new_full((len(part),), torch.nan), tracked[part].to(pitch.device)
            if wanted.any():
                cents[wanted] = self._cents(audio[wanted], pitch[wanted], heard[wanted])
            frames = _frames(self.descriptors, audio, pitch, self.model.encoder.judged_every)
            means = torch.cat([sounding_mean(frames, heard), cents[:, None]], dim=-1)
            errors = self._frame_errors(frames, some, heard, turned)
            parts.append((means, errors, cpu_s / len(part) / self.model.clip.duration_s))
        means, errors, cost = (torch.cat(each) for each in zip(*parts, strict=True))
        return means, errors, cost

    def _frame_errors(self, frames: Tensor, encoding: Encoding, sounding: Tensor, turned: Sequence[str]) -> Tensor:
        """(b, F'', J - 1) read -> (b,) mean distance of the turned knob from its course in JNDs; NaN without either."""
        errors = frames.new_full((len(frames),), torch.nan)
        for place, knob in enumerate(self.model.encoder.each_descriptor()):
            rows = [row for row, name in enumerate(turned) if name == knob.name]
            if rows and knob.jnd is not None:
                asked = knob.value_at(encoding.controls[rows, :: self.model.encoder.judged_every, place])
                off = (frames[rows, :, place] - asked).abs()[..., None]
                errors[rows] = sounding_mean(off, sounding[rows])[:, 0] / knob.jnd
        return errors

    def _cents(self, audio: Tensor, f0_hz: Tensor, sounding: Tensor) -> Tensor:
        """(b,) median distance of the tracked pitch from the pitch asked, NaN where no pitch is heard."""
        every = self.model.encoder.judged_every
        heard = audio.nan_to_num(0.0, 0.0, 0.0)  # a tracker refuses what is not sound: nothing is heard in it
        tracked_hz, confidence = (value[:, ::every].to(audio.device) for value in self.track(heard))
        cents = 100.0 * (hz_to_midi(tracked_hz) - hz_to_midi(f0_hz[:, ::every])).abs()
        return cents.masked_fill((sounding == 0) | (confidence <= 0), torch.nan).nanmedian(dim=1).values


def _frames(descriptors: Sequence[Descriptor], audio: Tensor, f0_hz: Tensor, every: int) -> Tensor:
    """(b, N) audio -> (b, F'', J - 1) of every descriptor in the judged frames, in its unit."""
    read = measure_all(descriptors, audio, f0_hz, every)
    shape = f0_hz[:, ::every].shape
    return torch.stack([values.expand(shape) for values in read], dim=-1)


def _register(midi: float) -> str:
    return "low" if midi < LOW_MIDI else "middle" if midi < HIGH_MIDI else "high"

"""Turns every knob of notes and reads what comes out: where the numbers come from that metrics of control judge."""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from lightning_modules.autoencoder import Rendering, TimbreAutoencoder
from lightning_modules.encoders import DEFAULT_KNOBS, Encoding
from lightning_modules.encoders.residual import always_drawing
from lightning_modules.exact import Exact
from lightning_modules.knobs import turn
from lightning_modules.metrics.control import Column, Figure, FraveProtocol, Note, Sweeps, run_protocol
from lightning_modules.metrics.control.heard import reachable_in_sound
from lightning_modules.metrics.control.reachability import met
from lightning_modules.metrics.control.target_curves import PublishedRange, curves_of, positions_of, resample_frames
from lightning_modules.metrics.disentanglement import disentanglement
from lightning_modules.whole_files import written_whole
from synths import Clip, Descriptor, SMSSynth, measure_all, sounding_mean
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

    Shapes: controls (b, F, C), residual (b, F, D), f0_hz (b, F); series (b, K, F') positions of the knobs on the
    recording; readings (b, F'', J) of its judged frames, sounding (b, F''); asked (b, K, P), own (b, J),
    measured (b, K, P, J) in units.
    """

    notes: list[Note]
    encoding: Encoding
    f0_hz: Tensor
    series: Tensor
    readings: Tensor
    sounding: Tensor
    own: Tensor
    measured: Tensor


class Examination:
    """One model, examined on notes as they come.

    Args:
        model: in eval mode, its knobs calibrated
        track: pitch of a rendered sound
        settings: how
        memory: folder that remembers which requests can be met: that is a matter of notes and synth, not of a model
        exact: what meets the knobs; without it, what the decoder plays is examined
    """

    def __init__(
        self,
        model: TimbreAutoencoder,
        track: Track,
        settings: ExaminationSettings,
        memory: Path,
        exact: Exact | None = None,
    ) -> None:
        self.model, self.track, self.settings, self.memory, self.exact = model, track, settings, memory, exact
        knobs = list(model.encoder.each_descriptor())
        watched = [recipe(model.clip) for recipe in DEFAULT_KNOBS]
        self.descriptors = knobs + [d.to(model.device) for d in watched if d.name not in model.encoder.knobs]
        self.columns = [_column(d) for d in self.descriptors] + [Column("f0", "cents", 0.0, 1200.0, 10.0)]
        self.examined: list[Examined] = []
        wordless = model.synth.parts_without_layers()
        self.reach_unknown = (
            f"which can be met is not known, because {', '.join(wordless)} of the synth cannot say what it plays."
            if wordless
            else ""
        )

    @property
    def n_knobs(self) -> int:
        """K."""
        return len(self.model.encoder.knobs)

    @torch.no_grad()
    def add(self, clip: Clip, families: Sequence[str]) -> None:
        """Turn every knob of b notes."""
        encoder, every = self.model.encoder, self.model.encoder.judged_every
        encoding, sounding = self._encode(clip), encoder.sounding(clip.audio, every)
        registers = [_register(float(midi)) for midi in hz_to_midi(clip.f0_hz.median(dim=1).values)]
        notes = [Note(*each) for each in zip(clip.name, families, registers, strict=True)]
        own = self._read_mean(encoding, clip.f0_hz, sounding, torch.ones(len(notes), dtype=torch.bool), "")
        turned = torch.stack([self._sweep(encoding, clip.f0_hz, sounding, knob) for knob in encoder.knobs], dim=1)
        series = encoder.measure(clip.audio, clip.f0_hz, encoder.every).transpose(1, 2)
        readings = self._read(clip.audio, clip.f0_hz)
        kept = (encoding, clip.f0_hz, series, readings, sounding, own, turned)
        self.examined.append(Examined(notes, *kept))

    def sweeps(self) -> Sweeps:
        """What every knob of every note did."""
        positions = torch.tensor(POSITIONS)
        knobs = self.descriptors[: self.n_knobs]
        ends = torch.stack([d.from_unit(positions.to(d.span)) for d in knobs]).cpu()
        own, measured = (torch.cat(parts).cpu().double().numpy() for parts in self._all("own", "measured"))
        notes = [note for part in self.examined for note in part.notes]
        return Sweeps(
            notes,
            self.columns,
            self.n_knobs,
            np.array(POSITIONS),
            ends.double().expand(len(notes), -1, -1).numpy(),
            own,
            measured,
            self._reachable().cpu().numpy(),
            self.reach_unknown,
        )

    def frave(self) -> list[Figure]:
        """F-RAVE's protocol on the notes examined, and what a deaf system scores on them.

        Most requests are blends of curves of the data set, whose common course is rewarded: deafness scores above 0.5.
        """
        published = self.settings.as_published
        protocol = FraveProtocol(published, passes=self.settings.passes, seed=self.settings.seed)
        (series,), (sounding,) = self._all("series"), self._all("sounding")
        frames = resample_frames(torch.cat(series).cpu().double().numpy(), protocol.n_frames, published)
        scale = PublishedRange.of(frames) if published else None

        def on_scale(positions: np.ndarray) -> np.ndarray:
            return scale.normalise(positions) if scale else curves_of(positions)

        def system(targets: np.ndarray, examples: slice) -> np.ndarray:
            asked = scale.restore(targets) if scale else positions_of(targets)
            return on_scale(resample_frames(self._follow(asked, examples), protocol.n_frames, published))

        heard = resample_frames(torch.cat(sounding).cpu().numpy(), protocol.n_frames) > 0.5
        curves, knobs = on_scale(frames), self.model.encoder.knobs
        followed = run_protocol(system, curves, knobs, protocol, sounding=heard).figures()
        deaf = run_protocol(lambda _, examples: curves[examples], curves, knobs, protocol, sounding=heard).figures()
        floor = [
            figure._replace(name="frave_floor", definition="frave_score of a system that is deaf to every request.")
            for figure in deaf
            if figure.name == "frave_score"
        ]
        return followed + floor

    def disentanglement(self) -> list[Figure]:
        """What controls and residual say of the descriptors, in the frames that sound."""
        every = self.model.encoder.judged_every
        rows: list[list[Tensor]] = []
        for part in self.examined:
            controls, residual = part.encoding.controls[:, ::every], part.encoding.residual[:, ::every]
            midi = hz_to_midi(part.f0_hz[:, ::every])
            for index, heard in enumerate(part.sounding.bool()):
                of_note = [torch.cat([controls, residual], dim=-1), residual, part.readings, midi]
                rows.append([values[index][heard] for values in of_note])
        code, left, factor, pitch = (torch.cat(column).cpu().double().numpy() for column in zip(*rows, strict=True))
        groups = np.repeat(np.arange(len(rows)), [len(row[0]) for row in rows])
        names = [descriptor.name for descriptor in self.descriptors]
        return disentanglement(code, left, factor, names, pitch, groups, self.settings.seed)

    def _encode(self, clip: Clip) -> Encoding:
        with always_drawing(self.model.encoder, self.settings.as_published):
            return self.model.encoder(clip.audio, clip.f0_hz)

    def _sweep(self, encoding: Encoding, f0_hz: Tensor, sounding: Tensor, knob: str) -> Tensor:
        """(b, P, J) means of what is read with one knob at each position, the others held."""
        every = self.model.encoder.judged_every
        names, n_positions, n = self.model.encoder.controls, len(POSITIONS), len(f0_hz)
        turned = [turn(encoding, sounding, names, {knob: position}, {}, every).controls for position in POSITIONS]
        together = Encoding(torch.cat(turned), encoding.residual.repeat(n_positions, 1, 1), {})
        tracked = torch.tensor([position in TRACKED for position in POSITIONS]).repeat_interleave(n)
        read = self._read_mean(together, f0_hz.repeat(n_positions, 1), sounding.repeat(n_positions, 1), tracked, knob)
        return read.unflatten(0, (n_positions, n)).transpose(0, 1)

    def _read_mean(self, encoding: Encoding, f0_hz: Tensor, sounding: Tensor, tracked: Tensor, knob: str) -> Tensor:
        """Render an encoding of b sounds -> (b, J) means over the frames where the note sounds.

        The last is pitch in cents from that asked, for those of the (b,) sounds that are tracked.
        """
        means = []
        for part in torch.arange(len(f0_hz)).split(RENDERED_TOGETHER):
            some = Encoding(encoding.controls[part], encoding.residual[part], {})
            pitch, heard = f0_hz[part], sounding[part]
            audio = self._put_together(pitch, some, heard, knob).audio
            cents, wanted = pitch.new_full((len(part),), torch.nan), tracked[part].to(pitch.device)
            if wanted.any():
                cents[wanted] = self._cents(audio[wanted], pitch[wanted], heard[wanted])
            means.append(torch.cat([sounding_mean(self._read(audio, pitch), heard), cents[:, None]], dim=-1))
        return torch.cat(means)

    def _put_together(self, f0_hz: Tensor, encoding: Encoding, sounding: Tensor, knob: str) -> Rendering:
        """Render; one knob is turned, or with "" none or all are."""
        if self.exact is None:
            return self.model.put_together(f0_hz, encoding)
        turned = torch.tensor([name == knob for name in self.model.encoder.controls], device=f0_hz.device)
        return self.exact(f0_hz, encoding, sounding, turned.expand(len(f0_hz), -1))

    def _read(self, audio: Tensor, f0_hz: Tensor) -> Tensor:
        """(b, N) audio -> (b, F'', J - 1) of every descriptor in the judged frames, in its unit."""
        every = self.model.encoder.judged_every
        read = measure_all(self.descriptors, audio, f0_hz, every)
        shape = f0_hz[:, ::every].shape
        return torch.stack([values.expand(shape) for values in read], dim=-1)

    def _cents(self, audio: Tensor, f0_hz: Tensor, sounding: Tensor) -> Tensor:
        """(b,) median distance of the tracked pitch from the pitch asked, NaN where no pitch is heard."""
        every = self.model.encoder.judged_every
        heard = audio.nan_to_num(0.0, 0.0, 0.0)  # a tracker refuses what is no sound: nothing is heard in it
        tracked_hz, confidence = (value[:, ::every].to(audio.device) for value in self.track(heard))
        cents = 100.0 * (hz_to_midi(tracked_hz) - hz_to_midi(f0_hz[:, ::every])).abs()
        return cents.masked_fill((sounding == 0) | (confidence <= 0), torch.nan).nanmedian(dim=1).values

    def _follow(self, asked: np.ndarray, examples: slice) -> np.ndarray:
        """(b, K, T) positions asked of some notes -> (b, K, F') positions measured on what is rendered."""
        encoder = self.model.encoder
        controls, residual, f0_hz = (torch.cat(parts)[examples] for parts in self._encodings())
        sounding = torch.cat(self._all("sounding")[0])[examples]
        curves = resample_frames(asked, f0_hz.shape[1]).swapaxes(1, 2)
        knobs = torch.from_numpy(np.ascontiguousarray(curves)).to(controls)
        turned = Encoding(torch.cat([knobs, controls[..., self.n_knobs :]], dim=-1), residual, {})
        with torch.no_grad():
            audio = self._put_together(f0_hz, turned, sounding, "").audio
            return encoder.measure(audio, f0_hz, encoder.every).transpose(1, 2).cpu().double().numpy()

    def _reachable(self) -> Tensor:
        """(N, K, P) whether any setting of the synth meets a request, or this model just did."""
        knobs, n_positions = self.descriptors[: self.n_knobs], len(POSITIONS)
        readings, soundings, pitches, answers = (
            torch.cat(x) for x in self._all("readings", "sounding", "f0_hz", "measured")
        )
        held = _in_positions(sounding_mean(readings, soundings), knobs)
        asked = held[:, None, None].repeat(1, self.n_knobs, n_positions, 1)
        for knob in range(self.n_knobs):
            asked[:, knob, :, knob] = torch.tensor(POSITIONS).to(asked)
        f0_hz = pitches.median(dim=1).values[:, None, None].expand(asked.shape[:3])
        if self.reach_unknown:
            return torch.ones(asked.shape[:3], dtype=torch.bool)
        found = remembered_reach(knobs, self.model.synth, f0_hz.flatten(), asked.flatten(0, 2), self.memory)
        return found.view(asked.shape[:3]) | met(_in_positions(answers, knobs), asked, knobs)

    def _all(self, *names: str) -> list[list[Tensor]]:
        return [[getattr(part, name) for part in self.examined] for name in names]

    def _encodings(self) -> list[list[Tensor]]:
        parts = [(part.encoding.controls, part.encoding.residual, part.f0_hz) for part in self.examined]
        return [list(column) for column in zip(*parts, strict=True)]


def remembered_reach(
    knobs: Sequence[Descriptor], synth: SMSSynth, f0_hz: Tensor, asked: Tensor, memory: Path
) -> Tensor:
    """(R,) whether each request can be met, searched for once: another model on the same notes asks the same.

    Args:
        knobs: the C descriptors, with their ranges
        synth: whose parts are asked
        f0_hz: (R,)
        asked: (R, C) positions
        memory: folder of the answers
    """
    said = repr(["in sound", *((knob.name, knob.span.tolist(), knob.jnd) for knob in knobs)])
    said += repr(synth.sizes) + repr(synth.parts)
    asked_for = torch.cat([f0_hz[:, None], asked], dim=-1).cpu().double().numpy().round(4)
    name = hashlib.sha256(said.encode() + asked_for.tobytes()).hexdigest()[:16]
    path = memory / f"{name}.npy"
    with suppress(OSError, ValueError, EOFError):  # none yet, or damaged: searched again
        return torch.from_numpy(np.load(path).reshape(len(asked))).to(f0_hz.device)
    found = reachable_in_sound(knobs, synth, f0_hz, asked)
    with written_whole(path) as partial, open(partial, "wb") as file:
        np.save(file, found.cpu().numpy())
    return found


def _column(descriptor: Descriptor) -> Column:
    low, high = descriptor.span.tolist()
    return Column(descriptor.name, descriptor.unit, low, high, descriptor.jnd, descriptor.curve)


def _in_positions(values: Tensor, knobs: Sequence[Descriptor]) -> Tensor:
    """(..., J) values in units -> (..., K) positions of the knobs, the first K of them."""
    return torch.stack([knob.to_unit(values[..., index]) for index, knob in enumerate(knobs)], dim=-1)


def _register(midi: float) -> str:
    return "low" if midi < LOW_MIDI else "middle" if midi < HIGH_MIDI else "high"

"""One piece of a recording, played by a model as the whole of it was planned."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from instrument.level_matching import LevelGoal, levelled, openness
from instrument.listening import HeardRecording, heard_in
from instrument.matching import NOTHING, Matching, RenderPlan
from instrument.pieces import Piece
from instrument.samples import Samples
from lightning_modules.encoders import Encoding
from lightning_modules.exact import Exact, obstacle_of
from lightning_modules.faithful import fit_recording
from lightning_modules.knobs import asked_beside, asked_encoding
from lightning_modules.timbre_model import TimbreModel
from synths import Descriptor
from synths.descriptors.request import KnobRequest
from synths.fitting import Fit
from synths.silence import sound_there

QUIETEST = 1e-4
"""What is left of a room's tail when it ends: 80 dB below full scale."""


@dataclass(frozen=True)
class Wish:
    """How a recording is to be rendered.

    Attributes:
        requests: what is asked of the knobs, and of the descriptors beside them
        beside: descriptors that the model was not trained on, to be turned or held
        dry: leave out the effects, such as the learned room
        exact: whether the knobs are met on the sound, or the sound is what the decoder plays
        faithful: whether a fit of the synth to the recording stands in for what the network plays of it; only if exact
        matching: of level, knobs and pitch
        rings_out: whether what is cut off in the middle of a note fades, and the room rings on after the end

    Raises:
        ValueError: faithful, but not exact; or at another pitch or with other knobs than the recording's
    """

    requests: Sequence[KnobRequest] = ()
    beside: Sequence[Descriptor] = ()
    dry: bool = False
    exact: bool = True
    faithful: bool = False
    matching: Matching = NOTHING
    rings_out: bool = False

    def __post_init__(self) -> None:
        if self.faithful and not self.exact:
            raise ValueError("a faithful sound needs exact knobs: render it with both, or with neither.")
        if self.faithful and (self.matching.knobs or self.matching.octaves != 0):
            raise ValueError("a faithful sound has the recording's own pitch and knobs: match its level, or nothing.")


class PlayedPiece(NamedTuple):
    """What a piece plays.

    Attributes:
        audio: (n,) from the piece's start on, and at the end of the recording the tail of the room
        asked: (1, J, K + A) positions
        gain_db: (E,) that its level was given
    """

    audio: Tensor
    asked: Tensor
    gain_db: Tensor


class Player:
    """Plays pieces of one recording.

    Args:
        model: in eval mode
        sound: the recording
        f0_hz: (F,) its pitch in Hz
        wish: how it is to be rendered
        listened: all of the recording
        plan: of all its pieces
    """

    def __init__(
        self, model: TimbreModel, sound: Samples, f0_hz: Tensor, wish: Wish, listened: HeardRecording, plan: RenderPlan
    ) -> None:
        self.model, self.sound, self.f0_hz, self.wish = model, sound, f0_hz, wish
        self.listened, self.plan = listened, plan

    def play(self, piece: Piece, played_hz: Tensor) -> PlayedPiece:
        """Render it at a pitch in Hz, (piece's frames,)."""
        part = self._part(piece)
        pitch = _held(played_hz[None], part.n_tail)
        encoding, course = self._asked(part)
        fit = self._fit(part, pitch)
        with ExitStack() as inside:
            if self.wish.dry:
                inside.enter_context(self.model.synth.dry())
            if self.wish.rings_out:
                inside.enter_context(self.model.synth.gated(self._openness(piece, part)))
            audio = self._rendered(pitch, encoding, part, course, fit)
        every, own = self.model.encoder.judged_every, len(self.model.encoder.knobs)
        asked = encoding.controls[:, ::every, :own]
        if course is not None:
            asked = torch.cat([asked, course[:, :: every // self.model.encoder.every]], dim=-1)
        n_judged = -(-(piece.stop - piece.start) // every)
        levels = slice(piece.start // self.model.encoder.every, -(-piece.stop // self.model.encoder.every))
        audio, gain_db = self._levelled(audio, levels)
        if self.wish.exact:
            audio = audio * self._there(piece, part)
        return PlayedPiece(self._ended(audio, piece), asked[:, :n_judged], gain_db)

    def _part(self, piece: Piece) -> "_Part":
        """What is heard of the recording, and at its end the silence in which the room rings on."""
        model, every = self.model, self.model.encoder.judged_every
        n_tail = 0
        if self._is_last(piece) and self.wish.rings_out and not self.wish.dry:
            n_tail = -(-model.synth.tail_samples // model.clip.hop)
        audio = heard_in(model, self.sound, piece)
        pitch = self.f0_hz[None, piece.start : piece.stop]
        taken = model.encoder(audio, pitch)
        taken = taken._replace(controls=self.plan.mapped(taken.controls))
        sounding = self.listened.sounding[:, piece.start // every : -(-piece.stop // every)]
        n_silent = -(-(pitch.shape[1] + n_tail) // every) - sounding.shape[1]
        return _Part(
            pad(audio, (0, n_tail * model.clip.hop)),
            _held(pitch, n_tail),
            taken._replace(controls=_held(taken.controls, n_tail), residual=_held(taken.residual, n_tail)),
            pad(sounding, (0, n_silent)),
            [_part_of(request, piece, n_tail) for request in self.plan.requests],
            n_tail,
        )

    def _asked(self, part: "_Part") -> tuple[Encoding, Tensor | None]:
        """The encoding that is asked for, and the course of what is beside."""
        model, encoder, wish = self.model, self.model.encoder, self.wish
        by_name = {descriptor.name: descriptor for descriptor in encoder.each_descriptor()}
        of_controls = [request for request in part.requests if request.knob in encoder.controls]
        every = encoder.judged_every
        encoding = asked_encoding(part.taken, part.sounding, encoder.controls, of_controls, by_name, every)
        if not wish.beside:
            return encoding, None
        return encoding, asked_beside(model, part.audio, part.pitch, part.sounding, wish.beside, part.requests)

    def _fit(self, part: "_Part", pitch: Tensor) -> Fit | None:
        if not self.wish.faithful or obstacle_of(self.model):
            return None
        return fit_recording(self.model, part.audio, pitch, part.taken)

    def _rendered(
        self, pitch: Tensor, encoding: Encoding, part: "_Part", course: Tensor | None, fit: Fit | None
    ) -> Tensor:
        """(N,) the sound before its level is matched."""
        model, beside = self.model, self.wish.beside
        if not self.wish.exact:
            return model.put_together(pitch, encoding).audio[0]
        names = [request.knob for request in part.requests]
        turned = [name in names for name in (*model.encoder.controls, *(each.name for each in beside))]
        mask = torch.tensor([turned], device=pitch.device)
        met = Exact(model, beside, fit)
        if any(request.is_course for request in part.requests) and not beside:
            return met.follow(pitch, encoding, part.sounding, mask).audio[0]
        return met.answer(pitch, encoding, part.sounding, mask, course)[0].audio[0]

    def _levelled(self, audio: Tensor, levels: slice) -> tuple[Tensor, Tensor]:
        """The sound at the recording's level, and what gain was put on."""
        plan, heard = self.plan, self.listened
        level_db = heard.level_db[levels]
        if not plan.limits_pauses:
            return audio, torch.zeros_like(level_db)
        wanted_db = level_db if plan.follows_level else None
        goal = LevelGoal(wanted_db, heard.level_sounds[levels], level_db + plan.pauses_db)
        return levelled(self.model.encoder, audio, goal)

    def _openness(self, piece: Piece, part: "_Part") -> Tensor:
        n_open = min(self.sound.n_samples - piece.start * self.model.clip.hop, part.audio.shape[1])
        begins = piece.start == 0 and bool(self.listened.level_sounds[0])
        ends = self._is_last(piece) and bool(self.listened.level_sounds[-1])
        return openness(part.audio.shape[1], n_open, begins, ends, self.model.clip.sample_rate)

    def _is_last(self, piece: Piece) -> bool:
        return piece.end == len(self.f0_hz)

    def _there(self, piece: Piece, part: "_Part") -> Tensor:
        """(N,) 0 where the recording is digital silence; behind its end as at its end."""
        n_own = min(self.sound.n_samples - piece.start * self.model.clip.hop, part.audio.shape[1])
        there = torch.from_numpy(sound_there(part.audio[0, :n_own].cpu().numpy(), self.model.clip.sample_rate))
        return _held(there[None].to(part.audio), part.audio.shape[1] - n_own)[0]

    def _ended(self, audio: Tensor, piece: Piece) -> Tensor:
        """The last piece to the end of the recording, and of the room's tail what can be heard, faded."""
        if not self._is_last(piece):
            return audio
        n_own = self.sound.n_samples - piece.start * self.model.clip.hop
        own, tail = audio[:n_own], audio[n_own:]
        if not self.wish.rings_out:
            return own
        heard = (tail.abs() > QUIETEST).nonzero()
        tail = tail[: int(heard[-1]) + 1 if len(heard) else 0]
        return torch.cat([own, tail * torch.linspace(1.0, 0.0, max(1, len(tail)))[: len(tail)]])


class _Part(NamedTuple):
    """What a piece hears: audio (1, N), pitch (1, F), encoding, sounding (1, J), requests; frames of tail behind it."""

    audio: Tensor
    pitch: Tensor
    taken: Encoding
    sounding: Tensor
    requests: list[KnobRequest]
    n_tail: int


def _part_of(request: KnobRequest, piece: Piece, n_tail: int) -> KnobRequest:
    """A request to a piece: of a course its own frames, the last held."""
    if not request.is_course:
        return request
    course = torch.as_tensor(request.value)[piece.start : piece.stop]
    return request._replace(value=_held(course[None], n_tail)[0])


def _held(values: Tensor, n: int) -> Tensor:
    """(B, F, ...) -> (B, F + n, ...), the last frame held."""
    return torch.cat([values, values[:, -1:].expand(-1, n, *values.shape[2:])], dim=1) if n else values

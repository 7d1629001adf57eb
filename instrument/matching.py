"""What of a recording is matched to what, decided for all of it before any of it is played."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from instrument.listening import HeardRecording
from instrument.pieces import is_long
from instrument.range_matching import KnobMap, knob_maps, octaves_to, share_at_home, shares_within
from lightning_modules.encoders import Encoding
from lightning_modules.knobs import asked_encoding
from lightning_modules.timbre_model import TimbreModel
from synths import Descriptor, Level, sounding_mean
from synths.descriptors.request import KnobRequest


@dataclass(frozen=True)
class Matching:
    """What is to be matched.

    Attributes:
        level: to the recording's, unless a knob is asked to move it; and pauses are no louder than there
        knobs: every knob, level too, to where training notes have it
        octaves: to play the pitch higher; None takes it to where training notes were
    """

    level: bool = False
    knobs: bool = False
    octaves: int | None = 0


NOTHING = Matching()


@dataclass(frozen=True)
class Matched:
    """What matching did.

    Attributes:
        octaves: by which the pitch was played higher
        best_octaves: by which most of it would lie among the training notes'
        pitch_at_home: shares of the recording's pitches among nearly all of the training notes', before and after;
            None where the model does not know its training notes
        knobs_at_home: by name, shares of the frames within the training range before matching; empty without it
        gain_db: what was put on where it sounds, (n,) for each piece
        pause_db: the least gain elsewhere, for each piece
    """

    octaves: int = 0
    best_octaves: int = 0
    pitch_at_home: tuple[float, float] | None = None
    knobs_at_home: dict[str, float] = field(default_factory=dict)
    gain_db: list[Tensor] = field(default_factory=list)
    pause_db: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class RenderPlan:
    """What every piece of a recording is played by.

    Attributes:
        octaves: to play the pitch higher
        maps: for every knob, or none
        requests: those of steady places as moves from where the recording is, or was taken, if it is played in parts
        follows_level: whether a gain brings the level to the recording's
        pauses_db: how much quieter than in the recording pauses must be
        limits_pauses: whether they must
    """

    octaves: int
    maps: list[KnobMap]
    requests: list[KnobRequest]
    follows_level: bool
    limits_pauses: bool
    pauses_db: float

    def mapped(self, controls: Tensor) -> Tensor:
        """(B, F, C) positions, the knobs taken to where training notes have them."""
        if not self.maps:
            return controls
        taken = [knob_map(controls[..., index]) for index, knob_map in enumerate(self.maps)]
        return torch.cat([torch.stack(taken, dim=-1), controls[..., len(taken) :]], dim=-1)


def plan_of(
    model: TimbreModel,
    listened: HeardRecording,
    f0_hz: Tensor,
    matching: Matching,
    requests: Sequence[KnobRequest],
    beside: Sequence[Descriptor],
) -> tuple[RenderPlan, Matched]:
    """Decide it.

    Args:
        model: which plays
        listened: all of the recording
        f0_hz: (F,) its pitch in Hz
        matching: what is asked; a model that does not know its training notes matches nothing to them
        requests: of its controls, and of the descriptors beside them
        beside: those descriptors
    """
    training, own = model.encoder.training_frames, list(model.encoder.each_descriptor())
    sounds = listened.sounding[0].bool()
    heard_hz, heard = f0_hz[:: model.encoder.judged_every][sounds], listened.controls[0][sounds][:, : len(own)]
    best = octaves_to(training, heard_hz) if training.known else 0
    octaves = best if matching.octaves is None else matching.octaves
    maps = knob_maps(training, own, heard) if matching.knobs and training.known and len(heard) else []
    asked = {request.knob for request in requests}
    levels = {descriptor.name for descriptor in (*own, *beside) if descriptor.is_level}
    is_level_taken = bool(maps) and any(descriptor.is_level for descriptor in own)
    plan = RenderPlan(
        octaves,
        maps,
        [],
        matching.level and not levels & asked and not is_level_taken,
        matching.level or matching.knobs,
        0.0,
    )
    before, there = (
        sounding_mean(c, listened.sounding)[0] for c in (listened.controls, plan.mapped(listened.controls))
    )
    moves = _as_moves(
        model, requests, there, beside, sounding_mean(listened.positions, listened.sounding)[0, len(own) :]
    )
    in_parts = maps or is_long(len(f0_hz), model.clip.frame_rate_hz)
    plan = replace(
        plan, requests=moves if in_parts else list(requests), pauses_db=min(0.0, _louder_db(own, before, there, moves))
    )
    at_home = (
        (share_at_home(training, heard_hz), share_at_home(training, heard_hz, octaves)) if training.known else None
    )
    within = shares_within(training, own, heard).tolist() if maps else []
    return plan, Matched(octaves, best, at_home, dict(zip((each.name for each in own), within, strict=False)))


def _as_moves(
    model: TimbreModel,
    requests: Sequence[KnobRequest],
    means: Tensor,
    beside: Sequence[Descriptor],
    means_beside: Tensor,
) -> list[KnobRequest]:
    """The requests that can be made of a part of the recording: places of the whole become moves in positions.

    Args:
        model: whose controls have (C,) means
        requests: all; where one is a course, what is asked of that knob stays as it is
        means: positions over what sounds of the whole
        beside: further descriptors
        means_beside: (A,) theirs
    """
    encoder = model.encoder
    courses = {request.knob for request in requests if request.is_course}
    steady = [request for request in requests if request.knob not in courses]
    by_name = {descriptor.name: descriptor for descriptor in encoder.each_descriptor()}
    whole = Encoding(means[None, None], means.new_zeros(1, 1, 0), {})
    of_controls = [request for request in steady if request.knob in encoder.controls]
    asked = asked_encoding(whole, means.new_ones(1, 1), encoder.controls, of_controls, by_name).controls[0, 0]
    shifts = {name: float(asked[i] - means[i]) for i, name in enumerate(encoder.controls)}
    for descriptor, mean in zip(beside, means_beside, strict=True):
        for request in (each for each in steady if each.knob == descriptor.name):
            shifts[descriptor.name] = float(request.positions(descriptor, mean[None, None], mean[None]) - mean)
    moves = {each.knob: KnobRequest(each.knob, shifts[each.knob], "", True, each.written) for each in steady}
    return [*moves.values(), *(request for request in requests if request.knob in courses)]


def _louder_db(own: Sequence[Descriptor], before: Tensor, there: Tensor, moves: Sequence[KnobRequest]) -> float:
    """By how much the level is to rise in the mean, 0 where no knob says."""
    for index, descriptor in enumerate(own):
        if isinstance(descriptor, Level):
            shifts = [move.value for move in moves if move.knob == descriptor.name and not move.is_course]
            goal = there[index] + sum(shifts)
            return float(descriptor.value_at(goal) - descriptor.value_at(before[index]))
    return 0.0

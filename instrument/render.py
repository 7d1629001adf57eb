"""A recording of any length through a trained model, its knobs turned."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from instrument.listening import listen, positions_of
from instrument.matching import Matched, RenderPlan, plan_of
from instrument.pieces import Piece, in_phase, joined, phase_at, pieces_of
from instrument.playing import PlayedPiece, Player, Wish
from instrument.samples import InMemory, Samples
from lightning_modules.timbre_model import TimbreModel
from projection import Target
from synths import Descriptor, sounding_mean
from synths.descriptors.request import KnobRequest


@dataclass(frozen=True)
class Outcome:
    """What the knobs of a recording were asked, on its way through a model.

    Attributes:
        descriptors: C: the model's knobs, then those that are turned beside them
        was, asked: (1, J, C) positions in the J frames that are judged
        sounding: (1, J) 1 where the recording sounds
        requests: that were made
        f0_hz: (F,) pitch at which it was played
        matched: what matching did
    """

    descriptors: list[Descriptor]
    was: Tensor
    asked: Tensor
    sounding: Tensor
    requests: Sequence[KnobRequest]
    f0_hz: Tensor
    matched: Matched


@dataclass(frozen=True)
class Rendered(Outcome):
    """The same with the (N,) audio."""

    audio: Tensor


class KnobReport(NamedTuple):
    """How one knob was met, in the mean over what sounds.

    Attributes:
        descriptor: the knob's
        was, asked, got: readings, in the unit; NaN where nothing can be read
        off: least audible differences above what was asked, or twentieths of the range where none is known
        turned: whether it was asked to move
        frames_off: (n,) the same in every frame that sounds, where a curve was asked; else None
    """

    descriptor: Descriptor
    was: float
    asked: float
    got: float
    off: float
    turned: bool
    frames_off: Tensor | None


def render(
    model: TimbreModel,
    audio: Tensor,
    f0_hz: Tensor,
    requests: Sequence[KnobRequest] = (),
    beside: Sequence[Descriptor] = (),
    dry: bool = False,
    exact: bool = True,
    faithful: bool = False,
) -> Rendered:
    """Take a sound apart, turn its knobs, put it together again, as long as it was and at no other level than asked.

    Where the input is digital silence, an exact sound is silent too.

    Args:
        model: in eval mode
        audio: (N,) at the model's rate, any length
        f0_hz: (F,) its pitch, F = ceil(N / hop)
        requests: what is asked of the knobs, and of the descriptors beside them
        beside: descriptors that the model was not trained on, to be turned or held
        dry: leave out the effects, such as the learned room
        exact: whether the knobs are met on the sound, or the sound is what the decoder plays
        faithful: whether a fit of the synth to the recording stands in for what the network plays of it; only if exact

    Raises:
        ValueError: the knobs are to be met, and a part of the synth cannot be played by numbers; or faithful, not exact
    """
    return render_wish(model, audio, f0_hz, Wish(requests, beside, dry, exact, faithful))


def render_wish(model: TimbreModel, audio: Tensor, f0_hz: Tensor, wish: Wish) -> Rendered:
    """Render (N,) audio of (F,) pitch in Hz as it is wished; raises ValueError as `render`."""
    sounds: list[Tensor] = []
    outcome = render_to(model, InMemory(audio), f0_hz, wish, sounds.append)
    return Rendered(**vars(outcome), audio=torch.cat(sounds))


@torch.no_grad()
def render_to(
    model: TimbreModel, sound: Samples, f0_hz: Tensor, wish: Wish, keep: Callable[[Tensor], object]
) -> Outcome:
    """Render a recording piece by piece, in memory that does not grow with it.

    Args:
        model: in eval mode
        sound: the recording at the model's rate
        f0_hz: (F,) its pitch, F = ceil(N / hop)
        wish: how
        keep: takes the (n,) audio that follows what it took before

    Raises:
        ValueError: as `render`
    """
    own = [*model.encoder.each_descriptor(), *wish.beside]
    listened = listen(model, sound, f0_hz, wish.beside)
    plan, matched = plan_of(model, listened, f0_hz, wish.matching, wish.requests, wish.beside)
    player = Player(model, sound, f0_hz, wish, listened, plan)
    played_hz = f0_hz * 2.0**plan.octaves
    asked: list[Tensor] = []

    def each_sound() -> Iterator[tuple[Piece, Tensor]]:
        encoder = model.encoder
        for piece, played in _each_played(player, played_hz):
            first, end = ((frame - piece.start) // encoder.judged_every for frame in (piece.first, piece.end))
            asked.append(played.asked[:, first : None if piece.end == piece.stop else end])
            _note(matched, played, plan, listened.level_sounds[piece.start // encoder.every :])
            yield piece, played.audio

    for audio in joined(each_sound(), model.clip.hop, model.clip.sample_rate):
        keep(audio)
    requests = list(wish.requests)
    return Outcome(own, listened.positions, torch.cat(asked, 1), listened.sounding, requests, played_hz, matched)


def _each_played(player: Player, played_hz: Tensor) -> Iterator[tuple[Piece, PlayedPiece]]:
    """The pieces in order, each in phase with the one before."""
    clip, encoder = player.model.clip, player.model.encoder
    judged_db = player.listened.level_db[:: encoder.judged_every // encoder.every]
    turns: Tensor | None = None
    for piece in pieces_of(len(played_hz), judged_db, encoder.judged_every, clip.frame_rate_hz):
        pitch = played_hz[piece.start : piece.stop]
        if turns is not None:
            pitch = in_phase(pitch, piece.first - piece.start, turns, clip.hop, clip.sample_rate)
        yield piece, player.play(piece, pitch)
        if piece.end < piece.stop:
            turns = phase_at(pitch, piece.end - piece.start, clip.hop, clip.sample_rate)


def _note(matched: Matched, played: PlayedPiece, plan: RenderPlan, sounds: Tensor) -> None:
    """Keep what gain was put on a piece."""
    if plan.limits_pauses:
        sounding = sounds[: len(played.gain_db)].bool()
        matched.gain_db.append(played.gain_db[sounding])
        matched.pause_db.append(float(played.gain_db[~sounding].min()) if not sounding.all() else 0.0)


@torch.no_grad()
def knob_reports(model: TimbreModel, outcome: Outcome, audio: Tensor | Samples, f0_hz: Tensor) -> list[KnobReport]:
    """How the knobs were met on (N,) audio as it is delivered, at its (F,) pitch, held where the audio rings on."""
    own = outcome.descriptors
    sound = InMemory(audio) if isinstance(audio, Tensor) else audio
    got = positions_of(model, sound, f0_hz, own[len(model.encoder.knobs) :])[:, : outcome.sounding.shape[1]]
    was, asked, mean = (sounding_mean(each, outcome.sounding)[0] for each in (outcome.was, outcome.asked, got))
    tolerance = Target(own).tolerance(asked)
    off = (mean - asked) / tolerance
    frames_off = ((got - outcome.asked) / tolerance)[outcome.sounding.bool()]
    turned = {request.knob for request in outcome.requests} | set(outcome.matched.knobs_at_home)
    courses = {request.knob for request in outcome.requests if request.is_course}
    reports = []
    for index, descriptor in enumerate(own):
        was_read, asked_read, got_read = (float(descriptor.value_at(each[index])) for each in (was, asked, mean))
        followed = frames_off[:, index] if descriptor.name in courses else None
        turns = descriptor.name in turned
        reports.append(KnobReport(descriptor, was_read, asked_read, got_read, float(off[index]), turns, followed))
    return reports

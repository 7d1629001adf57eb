"""The search for exact knobs, on a recording: steady gains first, then the hybrid."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from projection.frames import FrameProjection
from projection.prior import BarkPlaces
from projection.request import TOLERANCE, UNNOTICED, Request
from projection.search import N_LEARNING, Answer, Search
from projection.target import Target
from synths import Descriptor
from turning.frames import RecordedFrames
from turning.hybrid import EVERY, HybridProjection
from turning.noise_bands import middles_hz
from turning.recording import Recording
from turning.steady import MOST_FRAMES, SteadyProjection

NEARLY = 0.25
"""Least audible differences that steady gains may be off where frames are held to all knobs alike."""
N_HALVINGS = 3
FRAMES_WEIGHT = 0.01
CLOSE_ENOUGH = 0.03
"""Least audible differences that a mean may be off when the search ends."""


class Turned(NamedTuple):
    """R answers of one recording.

    Shapes: audio (R, N); log_gains (R, F, P) every `hop` samples, or (R, 1, P)
    """

    audio: Tensor
    log_gains: Tensor
    hop: int
    answer: Answer


class _Request(Request):
    """Stricter than a model's: held knobs shall not be seen to move, and means count before frames."""

    def score(self, missed: Tensor, heard: Tensor) -> Tensor:
        """(R,) how far off: the means, and next to nothing for the frames."""
        off = missed.abs()
        if self.turned is not None:
            off = torch.where(self.turned, off, 4.0 * off + 20.0 * (off - UNNOTICED).clamp(0.0, 1.0))
        frames = self.mean((self.asked - heard).abs()) / self.tolerance
        return (off + FRAMES_WEIGHT * frames).sum(-1)

    def unmet(self, missed: Tensor) -> Tensor:
        """(R,) True where a mean is off."""
        return (missed.abs() > CLOSE_ENOUGH).any(-1)


class _Turning:
    """A recording that is played with gains on its parts: a `Playable`."""

    every = 1

    def __init__(self, recording: Recording, unchanged: Tensor, hop: int) -> None:
        self.recording, self.unchanged, self.hop = recording, unchanged, hop
        self.f0_hz = recording.f0_hz.expand(len(unchanged), -1)

    def play(self, log_gains: Tensor, rows: Tensor) -> Tensor:
        """(R, F, P) log gains -> (R, N)."""
        return self.recording.audio + self.recording.change(self.recording.components, log_gains, self.hop)


class _RecordingSearch(Search):
    """The outer search, with a projection of its own; `again` renders even where the means are met."""

    most_renders, n_shared = 9, 0

    def __init__(
        self,
        playable: _Turning,
        request: Request,
        projection: Callable[[Tensor], FrameProjection],
        again: bool = False,
        n_learning: int = N_LEARNING,
    ) -> None:
        super().__init__(playable, request)
        self.make_projection, self.n_learning = projection, n_learning
        if again:
            frames_off = request.mean((request.asked - self.heard).abs()) / request.tolerance
            self.going = request.can_be_asked(self.missed) & (frames_off > CLOSE_ENOUGH).any(-1)
            self.score = torch.full_like(self.score, torch.inf)

    def _projection(self) -> FrameProjection:
        return self.make_projection(self.going)


def turned(
    recording: Recording, knobs: Sequence[Descriptor], asked: Tensor, free: Tensor | None, steady_only: bool = False
) -> Turned:
    """Meet R requests of C knobs.

    Args:
        recording: what is turned
        knobs: descriptors
        asked: (R, F, C) positions
        free: (R, C) True for knobs that may miss where not all can be met
        steady_only: one set of gains for the whole recording
    """
    request = _Request(Target(knobs), asked, recording.sounding.float().expand(len(asked), -1), 1, free)
    places = _places(recording)
    found = _met(recording, request, places, steady_only)
    far = torch.zeros(len(asked), dtype=torch.bool) if free is None else _far(found.answer, free)
    if far.any():
        found = _within_reach(recording, _rows(request, far), places, steady_only, found, far)
    return found


def _met(recording: Recording, request: Request, places: BarkPlaces, steady_only: bool) -> Turned:
    first = _steady(recording, request, places)
    return first if steady_only else _hybrid(recording, request, places, first)


def _far(answer: Answer, free: Tensor) -> Tensor:
    """(R,) True where a turned knob was not met."""
    return (free & (answer.off.abs() > NEARLY)).any(-1)


def _within_reach(
    recording: Recording, request: Request, places: BarkPlaces, steady_only: bool, found: Turned, far: Tensor
) -> Turned:
    """The rows (R,) that are far, brought to the farthest place on their way that is met; it is found by halving.

    Args:
        recording: what is turned
        request: of the rows that are far
        places: of its parts
        steady_only: as in `turned`
        found: what was found for all rows
        far: which of them are far
    """
    own = request.target.of_sound(recording.audio[None], recording.f0_hz[None], 1)
    best = torch.zeros(len(request.asked))
    for halving in range(1, N_HALVINGS + 1):
        share = best + 0.5**halving
        tried = _steady(recording, _on_the_way(request, own, share), places)
        best = torch.where(_worst(tried.answer) <= TOLERANCE, share, best)
    if not (best > 0.0).any():
        return found
    nearer = _met(recording, _on_the_way(request, own, best), places, steady_only)
    rows = far.nonzero()[:, 0][best > 0.0]
    audio, gains = found.audio.clone(), found.log_gains.clone()
    audio[rows], gains[rows] = nearer.audio[best > 0.0], nearer.log_gains[best > 0.0]
    return found._replace(audio=audio, log_gains=gains)


def _on_the_way(request: Request, own: Tensor, share: Tensor) -> "_Request":
    """From where the recording is, a (R,) share of the way to what is asked."""
    asked = torch.lerp(own.expand_as(request.asked), request.asked, share[:, None, None])
    return _Request(request.target, asked, request.sounding, request.judged, request.turned)


def _rows(request: Request, rows: Tensor) -> "_Request":
    free = None if request.turned is None else request.turned[rows]
    return _Request(request.target, request.asked[rows], request.sounding[rows], request.judged, free)


def _steady(recording: Recording, request: Request, places: BarkPlaces) -> Turned:
    chosen = recording.sounding.nonzero()[:, 0]
    chosen = chosen[torch.linspace(0, len(chosen) - 1, min(len(chosen), MOST_FRAMES)).round().long()]
    weights = recording.sounding.float() / recording.sounding.sum()
    frames = _frames(recording, chosen)

    def projection(going: Tensor) -> FrameProjection:
        return SteadyProjection(
            request.target.knobs, frames, request.tolerance, places.musical_prior()[0], weights, going, request.turned
        )

    n_requests = len(request.asked)
    playable = _Turning(recording, recording.audio.expand(n_requests, -1), recording.clip.hop)
    search = _RecordingSearch(playable, request, projection)
    audio, answer = search.run()
    gains = search.gains
    if gains is None:
        gains = torch.zeros(n_requests, 1, recording.components.n_gains)
    return Turned(audio, gains, recording.clip.hop, answer)


def _hybrid(recording: Recording, request: Request, places: BarkPlaces, first: Turned) -> Turned:
    hop = EVERY * recording.clip.hop
    frames = _frames(recording, torch.arange(0, len(recording.f0_hz), EVERY))
    # What steady gains have met needs nobody to give way.
    free = None if request.turned is None else request.turned & (first.answer.off.abs() > NEARLY)
    request = _Request(request.target, request.asked, request.sounding, request.judged, free)
    active = (recording.settled if recording.settled.any() else recording.sounding).expand(len(request.asked), -1)

    def projection(going: Tensor) -> FrameProjection:
        return HybridProjection(
            request.target.knobs,
            frames,
            first.log_gains[:, 0],
            places.directions()[0],
            request.tolerance,
            active & going[:, None],
            request.turned,
        )

    search = _RecordingSearch(_Turning(recording, first.audio, hop), request, projection, again=True, n_learning=1)
    audio, answer = search.run()
    steady = first.log_gains.expand(-1, len(frames.f0_hz), -1)
    if search.gains is None:
        return first._replace(log_gains=steady, hop=hop)
    worse = (_worst(answer) > _worst(first.answer).clamp_min(TOLERANCE)) | (answer.renders == 1)
    return Turned(
        torch.where(worse[:, None], first.audio, audio),
        torch.where(worse[:, None, None], steady, search.gains),
        hop,
        _chosen(worse, first.answer, answer),
    )


def _worst(answer: Answer) -> Tensor:
    return answer.off.abs().amax(-1)


def _chosen(first: Tensor, one: Answer, other: Answer) -> Answer:
    """(R,) where the first is meant -> the answers together."""
    both = [torch.where(first.reshape(-1, *[1] * (a.dim() - 1)), a, b) for a, b in zip(one[1:], other[1:], strict=True)]
    return Answer(one.names, *both)


def _frames(recording: Recording, numbers: Tensor) -> RecordedFrames:
    clip = recording.clip
    return RecordedFrames(recording.components, recording.f0_hz[numbers], numbers * clip.hop, clip.sample_rate)


def _places(recording: Recording) -> BarkPlaces:
    number = torch.arange(1.0, recording.components.n_partials + 1)[None]
    rate = recording.clip.sample_rate
    return BarkPlaces(number * recording.f0_hz.median(), number, middles_hz(rate), rate / 2)

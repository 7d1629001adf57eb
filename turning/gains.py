"""Gains that meet requests: steady ones first, then the hybrid."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from projection.frames import FrameProjection
from projection.prior import BarkPlaces
from synths import Descriptor
from turning.frames import RecordedFrames
from turning.hybrid import EVERY, HybridProjection
from turning.noise_bands import middles_hz
from turning.recording import Recording
from turning.recording_search import RecordingSearch, StrictRequest, Turning
from turning.steady import MOST_FRAMES, SteadyProjection

NEARLY = 0.25
"""Least audible differences that steady gains may be off where frames are held to all knobs alike."""


class Turned(NamedTuple):
    """R answers of one recording.

    Shapes: audio (R, N); log_gains (R, F, P) every `hop` samples, or (R, 1, P); measured (R, C) mean positions
    """

    audio: Tensor
    log_gains: Tensor
    hop: int
    measured: Tensor

    def where(self, rows: Tensor, other: "Turned") -> "Turned":
        """These answers in the (R,) rows that are True, and the others elsewhere."""
        audio, measured = (
            torch.where(rows[:, None], own, its)
            for own, its in ((self.audio, other.audio), (self.measured, other.measured))
        )
        gains = torch.where(rows[:, None, None], self.log_gains, other.log_gains)
        return Turned(audio, gains, self.hop, measured)

    def rows(self, rows: Tensor) -> "Turned":
        """Some of them."""
        return Turned(self.audio[rows], self.log_gains[rows], self.hop, self.measured[rows])

    def with_rows(self, rows: Tensor, some: "Turned") -> "Turned":
        """The same with other answers in the (r,) rows of these numbers."""
        pairs = ((self.audio, some.audio), (self.log_gains, some.log_gains), (self.measured, some.measured))
        audio, gains, measured = (own.index_copy(0, rows, its) for own, its in pairs)
        return Turned(audio, gains, self.hop, measured)


class GainSearch:
    """A recording whose requests are met by gains on its parts.

    Args:
        recording: what is turned
        knobs: C descriptors
    """

    def __init__(self, recording: Recording, knobs: Sequence[Descriptor]) -> None:
        self.recording, self.knobs = recording, knobs
        rate = recording.clip.sample_rate
        number = torch.arange(1.0, recording.components.n_partials + 1)[None]
        self.places = BarkPlaces(number * recording.f0_hz.median(), number, middles_hz(rate), rate / 2)
        chosen = recording.sounding.nonzero()[:, 0]
        chosen = chosen[torch.linspace(0, len(chosen) - 1, min(len(chosen), MOST_FRAMES)).round().long()]
        self.some_frames = self._frames(chosen)
        self.every_other = self._frames(torch.arange(0, len(recording.f0_hz), EVERY))

    def met(self, request: StrictRequest, steady_only: bool, start: Tensor | None = None) -> Turned:
        """Bring the means where they are asked, and the frames unless one set of gains is to do for all.

        Args:
            request: R requests
            steady_only: one set of gains
            start: (Q,) log gains of the musical directions from which the search sets out; by default none
        """
        first = self.steady(request, start)
        return first if steady_only else self._hybrid(request, first, start)

    def steady(self, request: StrictRequest, start: Tensor | None = None) -> Turned:
        """The same by one gain for each part, from begin to end."""
        recording = self.recording
        weights = recording.sounding.float() / recording.sounding.sum()
        prior = self.places.musical_prior()[0]

        def projection(going: Tensor) -> FrameProjection:
            own, free = request.tolerance, request.turned
            steady = SteadyProjection(self.knobs, self.some_frames, own, prior, weights, going, free)
            if start is not None:
                steady.set_out_from((self.places.directions()[0] @ start).expand(len(own), -1))
            return steady

        n_requests = len(request.asked)
        playable = Turning(recording, recording.audio.expand(n_requests, -1), recording.clip.hop)
        search = RecordingSearch(playable, request, projection, n_learning=1)
        audio, answer = search.run()
        gains = search.gains
        if gains is None:
            gains = torch.zeros(n_requests, 1, recording.components.n_gains)
        return Turned(audio, gains, recording.clip.hop, answer.measured)

    def _hybrid(self, request: StrictRequest, first: Turned, start: Tensor | None) -> Turned:
        """What steady gains came to, and frames that are nearer where that costs no mean."""
        recording, hop = self.recording, EVERY * self.recording.clip.hop
        # What steady gains have met needs nobody to give way.
        free = None if request.turned is None else request.turned & (request.off(first.measured) > NEARLY)
        request = request.but(free=free)
        active = (recording.settled if recording.settled.any() else recording.sounding).expand(len(request.asked), -1)

        def projection(going: Tensor) -> FrameProjection:
            directions, moving = self.places.directions()[0], active & going[:, None]
            steady, own = first.log_gains[:, 0], request.tolerance
            frames = HybridProjection(self.knobs, self.every_other, steady, directions, own, moving, free)
            if start is not None:  # steady gains that came nowhere are 0
                frames.set_out_from(start * (steady == 0.0).all(1, keepdim=True))
            return frames

        search = RecordingSearch(Turning(recording, first.audio, hop), request, projection, again=True, n_learning=1)
        audio, answer = search.run()
        every_other = first.log_gains.expand(-1, len(self.every_other.f0_hz), -1)
        first = first._replace(log_gains=every_other, hop=hop)
        if search.gains is None:
            return first
        hybrid = Turned(audio, search.gains, hop, answer.measured)
        rendered = answer.renders > 1
        return hybrid.where(rendered & (request.cost(hybrid.measured) <= request.cost(first.measured)), first)

    def _frames(self, numbers: Tensor) -> RecordedFrames:
        recording = self.recording
        hop, rate = recording.clip.hop, recording.clip.sample_rate
        return RecordedFrames(recording.components, recording.f0_hz[numbers], numbers * hop, rate)

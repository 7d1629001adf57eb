"""Waiting for others."""

import torch
from torch import Tensor

from synths.streaming.part import LOUDEST, State, StreamingPart


class Late(StreamingPart):
    """A part that sounds later than it could, so that all parts of a synth are equally late.

    State: the part's own, and the audio that waits.

    Args:
        part: of less latency
        latency_frames: what it shall have
    """

    def __init__(self, part: StreamingPart, latency_frames: int) -> None:
        super().__init__()
        self.part = part
        self.name, self.hop, self.latency_frames = part.name, part.hop, latency_frames

    def initial_state(self, batch: int) -> State:
        """Silence waits."""
        n_waiting = (self.latency_frames - self.part.latency_frames) * self.hop
        return self.part.initial_state(batch) | {"waiting": torch.zeros(batch, n_waiting)}

    def state_limits(self) -> dict[str, float]:
        """What waits is sound."""
        return self.part.state_limits() | {"waiting": LOUDEST}

    def forward(self, f0_hz: Tensor, parameters: dict[str, Tensor], state: State) -> tuple[Tensor, State]:
        """The part's audio, later."""
        audio, following = self.part(f0_hz, parameters, state)
        n_samples = audio.shape[1]
        audio = torch.cat([state["waiting"], audio], dim=1)
        return audio[:, :n_samples], following | {"waiting": audio[:, n_samples:]}

    def played(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> dict[str, Tensor]:
        """The part's."""
        return self.part.played(f0_hz, parameters)

    def raw(self, played: dict[str, Tensor]) -> dict[str, Tensor]:
        """The part's."""
        return self.part.raw(played)

    def finish(self, state: State) -> Tensor:
        """What waits, then the part's own end."""
        return torch.cat([state["waiting"], self.part.finish(state)], dim=1)

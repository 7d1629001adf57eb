"""Notes that begin and end: sound is let through where there is a pitch."""

import torch
from torch import Tensor, nn

from synths.streaming.history import windows
from synths.streaming.part import State


class Gate(nn.Module):
    """Late sound times an openness per frame, in lines between: a hop is long enough to be no click.

    State: openness of the last frames.

    Args:
        hop: samples per frame
        latency_frames: how many hops late the sound comes
    """

    ramp: Tensor

    def __init__(self, hop: int, latency_frames: int) -> None:
        super().__init__()
        self.lag = max(1, latency_frames)
        self.register_buffer("ramp", torch.arange(hop) / hop, persistent=False)

    def initial_state(self, batch: int) -> State:
        """Closed."""
        return {"openness": self.ramp.new_zeros(batch, self.lag)}

    def state_limits(self) -> dict[str, float]:
        """Open."""
        return {"openness": 1.0}

    def forward(self, audio: Tensor, openness: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, F * hop) audio, (B, F) openness in 0..1 -> as much audio, new state."""
        n_frames = openness.shape[1]
        openness = torch.cat([state["openness"], openness], dim=1)
        ends = windows(openness[:, : n_frames + 1, None], 2)
        gains = torch.lerp(ends[:, :, 0], ends[:, :, 1], self.ramp)
        return (audio.unflatten(1, (n_frames, -1)) * gains).flatten(1), {"openness": openness[:, n_frames:]}

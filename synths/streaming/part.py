"""What every layer of the synth promises when it runs block by block."""

from torch import Tensor, nn

State = dict[str, Tensor]
"""What a stream remembers from one block to the next; batch first, so that one voice of several can be started anew."""


class StreamingPart(nn.Module):
    """One additive layer with explicit state: blocks of any number of frames add up to the offline rendering.

    The first `latency_frames` hops that it gives lie before the first frame; they are silent.
    """

    name: str
    hop: int
    latency_frames: int

    def initial_state(self, batch: int) -> State:
        """State before the first frame."""
        raise NotImplementedError

    def forward(self, f0_hz: Tensor, parameters: dict[str, Tensor], state: State) -> tuple[Tensor, State]:
        """(B, F) pitch and raw (B, F, size) parameters -> (B, F * hop) audio, `latency_frames` late, and new state."""
        raise NotImplementedError

    def finish(self, state: State) -> Tensor:
        """The (B, latency_frames * hop) audio still to come when the last frame is held, as it is offline."""
        raise NotImplementedError


class StreamingEffect(nn.Module):
    """An effect with explicit state and without delay."""

    name: str

    def initial_state(self, batch: int) -> State:
        """State before the first sample."""
        raise NotImplementedError

    def forward(self, audio: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, F * hop) audio -> as much of it with the effect, and new state."""
        raise NotImplementedError

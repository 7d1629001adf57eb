"""What every layer of the synth promises when it runs block by block."""

import math

import torch
from torch import Tensor, nn

State = dict[str, Tensor]
"""What a stream remembers from one block to the next; batch first: one voice of several can be started anew."""
STATE_LIMIT = 1e4
"""Limit of a state whose owner states none: larger values that a host hands back are clamped."""
LOUDEST = 16.0
"""No instrument sounds louder, in full scale: 24 dB above it."""


class StreamingPart(nn.Module):
    """One additive layer with explicit state: blocks of any number of frames add up to the offline rendering.

    The first `latency_frames` hops that it gives lie before the first frame; they are silent. A part without a memory
    and without latency has nothing to write but `forward`.

    `name` owns the states: that of the class, in small letters, unless it gives another.
    """

    name: str
    hop: int
    latency_frames: int = 0

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "name" not in vars(cls):
            cls.name = cls.__name__.lower()

    def initial_state(self, batch: int) -> State:
        """State before the first frame; nothing, if nothing is remembered."""
        return {}

    def state_limits(self) -> dict[str, float]:
        """Greatest size that a number of a state has in earnest, by its name; `STATE_LIMIT` for those not named."""
        return {}

    def forward(self, f0_hz: Tensor, parameters: dict[str, Tensor], state: State) -> tuple[Tensor, State]:
        """(B, F) pitch and raw (B, F, size) parameters -> (B, F * hop) audio, `latency_frames` late, and new state."""
        raise NotImplementedError

    def played(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> dict[str, Tensor]:
        """(B, F) pitch and raw parameters -> what each frame plays if its pitch stays, by the names in `Layers`.

        Raises:
            NotImplementedError: it cannot say
        """
        raise NotImplementedError(f"{type(self).__name__} cannot say what it plays.")

    def raw(self, played: dict[str, Tensor]) -> dict[str, Tensor]:
        """The raw parameters that play these numbers: `played` backwards.

        Raises:
            NotImplementedError: it renders its own parameters only
        """
        raise NotImplementedError(f"{type(self).__name__} cannot play other numbers than its parameters.")

    def finish(self, state: State) -> Tensor:
        """The (B, latency_frames * hop) audio still to come when the last frame is held, as it is offline."""
        if self.latency_frames:
            raise NotImplementedError
        return torch.zeros(batch_of(state), 0)


class StreamingEffect(nn.Module):
    """An effect with explicit state and without delay."""

    name: str

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "name" not in vars(cls):
            cls.name = cls.__name__.lower()

    def initial_state(self, batch: int) -> State:
        """State before the first sample; nothing, if nothing is remembered."""
        return {}

    def state_limits(self) -> dict[str, float]:
        """Greatest size that a number of a state has in earnest, by its name; `STATE_LIMIT` for those not named."""
        return {}

    def forward(self, audio: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, F * hop) audio -> as much of it with the effect, and new state."""
        raise NotImplementedError


def prefixed(owner: str, state: State) -> State:
    """A state under `owner.what`."""
    return {f"{owner}.{name}": value for name, value in state.items()}


def owned_by(owner: str, state: State) -> State:
    """What an owner has of a state of many, under the names that it knows."""
    return {name.removeprefix(f"{owner}."): value for name, value in state.items() if name.startswith(f"{owner}.")}


def batch_of(state: State) -> int:
    """How many voices a state is of; 1 where nothing is remembered."""
    return len(next(iter(state.values()), [None]))


def exp_sigmoid_input(amplitude: Tensor, maximum: float = 2.0, threshold: float = 1e-7) -> Tensor:
    """The raw numbers that `exp_sigmoid` makes these amplitudes of; what it cannot reach becomes its nearest end."""
    share = ((amplitude - threshold) / maximum).clamp(1e-12, 1.0 - 1e-6)
    return (share ** (1.0 / math.log(10.0))).logit()

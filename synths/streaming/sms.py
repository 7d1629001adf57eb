"""The synth, block by block."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from synths.effect import Effect
from synths.part import free_name
from synths.precision import full_precision
from synths.sms import SMSSynth
from synths.streaming.late import Late
from synths.streaming.part import State, StreamingEffect, StreamingPart, batch_of, owned_by, prefixed


class StreamingSynth(nn.Module):
    """A trained synth that runs block by block with explicit state; any number of frames per block.

    What it gives is the offline rendering, `latency_frames` hops late, within float32 (1e-4 at most). Every part waits
    for the one that looks furthest ahead. Keys of the state are `owner.what`, such as `harmonics.phase_turns`; a second
    owner of one name is NAME_2.

    Args:
        synth: the trained synth; its weights are copied, and an effect that is switched off is left out

    Raises:
        ValueError: a part or an effect has no streaming form
    """

    def __init__(self, synth: SMSSynth) -> None:
        super().__init__()
        effects = [effect for effect in synth.effects if _is_on(effect)]
        for module in (*synth.parts, *effects):
            _refuse_without_streaming(module)
        parts: list[StreamingPart] = [_typed(part).streaming() for part in synth.parts]
        self.hop = synth.clip.hop
        self.latency_frames = max(part.latency_frames for part in parts)
        self.shares = list(synth.shares)
        self.parts = nn.ModuleList(self._on_time(part) for part in parts)
        self.effects = nn.ModuleList(_typed(effect).streaming(self.hop) for effect in effects)
        self.names: list[str] = []
        for owner in (*parts, *self.effects):
            self.names.append(free_name(_typed(owner).name, self.names))

    @property
    def n_noises(self) -> int:
        """How many of its parts want white noise."""
        return sum(share.noise is not None for share in self.shares)

    def initial_state(self, batch: int = 1) -> State:
        """State before the first frame of `batch` voices."""
        state: State = {}
        for name, owner in zip(self.names, (*self.parts, *self.effects), strict=True):
            state |= prefixed(name, _typed(owner).initial_state(batch))
        return state

    def state_limits(self) -> dict[str, float]:
        """Greatest size that a number of a state has in earnest, where its owner says so."""
        limits: dict[str, float] = {}
        for name, owner in zip(self.names, (*self.parts, *self.effects), strict=True):
            limits |= {f"{name}.{what}": limit for what, limit in _typed(owner).state_limits().items()}
        return limits

    def forward(self, f0_hz: Tensor, parameters: dict[str, Tensor], state: State) -> tuple[Tensor, State]:
        """(B, F) pitch in Hz, raw (B, F, size) parameters -> (B, F * hop) audio, new state.

        `parameters` may hold `white_noise` in -1..1, (B, F, hop) for each part that wants noise, side by side; without
        it the noise is drawn afresh.
        """
        audio, following = self.dry(f0_hz, parameters, state)
        audio, kept = self.affected(audio, state)
        return audio, following | kept

    def dry(self, f0_hz: Tensor, parameters: dict[str, Tensor], state: State) -> tuple[Tensor, State]:
        """The next block before the effects, and the parts' new state."""
        each: list[Tensor] = []
        following: State = {}
        with full_precision():
            for (name, part), share in zip(self._each_part(), self.shares, strict=True):
                audio, kept = part(f0_hz, share.of(parameters), owned_by(name, state))
                each.append(audio)
                following |= prefixed(name, kept)
        return sum(each[1:], each[0]), following

    def played(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> list[dict[str, Tensor]]:
        """(B, F) pitch and raw parameters -> what each part would play, by the names in `Layers`."""
        each = zip(self._each_part(), self.shares, strict=True)
        return [part.played(f0_hz, share.of(parameters)) for (_, part), share in each]

    def raw(self, played: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        """The raw parameters that make each part play that, by the synth's names."""
        parameters: dict[str, Tensor] = {}
        for (_, part), share, own in zip(self._each_part(), self.shares, played, strict=True):
            parameters |= {share.names[name]: values for name, values in part.raw(own).items()}
        return parameters

    def affected(self, audio: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, F * hop) dry audio -> as much of it with the effects, and their new state."""
        following: State = {}
        with full_precision():
            for name, effect in self._each_effect():
                audio, kept = effect(audio, owned_by(name, state))
                following |= prefixed(name, kept)
        return audio, following

    def finish(self, state: State) -> Tensor:
        """The last (B, latency_frames * hop) audio: the last frame is held, and no noise follows."""
        if not self.latency_frames:
            return torch.zeros(batch_of(state), 0)
        return self.affected(self.finish_dry(state), state)[0]

    def finish_dry(self, state: State) -> Tensor:
        """`finish` before the effects."""
        with full_precision():
            each = [part.finish(owned_by(name, state)) for name, part in self._each_part()]
        return sum(each[1:], each[0])

    def _on_time(self, part: StreamingPart) -> StreamingPart:
        return part if part.latency_frames == self.latency_frames else Late(part, self.latency_frames)

    def _each_part(self) -> Iterator[tuple[str, StreamingPart]]:
        for name, part in zip(self.names, self.parts, strict=False):
            assert isinstance(part, StreamingPart)
            yield name, part

    def _each_effect(self) -> Iterator[tuple[str, StreamingEffect]]:
        for name, effect in zip(self.names[len(self.parts) :], self.effects, strict=True):
            assert isinstance(effect, StreamingEffect)
            yield name, effect


def _is_on(effect: nn.Module) -> bool:
    return not (isinstance(effect, Effect) and not effect.enabled)


def _typed(module: nn.Module) -> Any:
    """Modules out of a list, whose promises are those of `Part`, `Effect` and their streaming forms."""
    return module


# By exact class: what a subclass changed would not be heard.
def _refuse_without_streaming(module: nn.Module) -> None:
    name = type(module).__name__
    if "streaming" not in vars(type(module)):
        form = "StreamingEffect" if isinstance(module, Effect) else "StreamingPart"
        raise ValueError(
            f"{name} has no streaming form and plays offline only: give the class {name} a method streaming() that "
            f"returns a {form} (synths/streaming/part.py)."
        )

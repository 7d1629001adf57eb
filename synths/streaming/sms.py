"""The synth, block by block."""

from collections.abc import Iterator

from torch import Tensor, nn

from synths.harmonics import Harmonics
from synths.noise import FilteredNoise
from synths.precision import full_precision
from synths.reverb import Reverb
from synths.sms import SMSSynth
from synths.streaming.harmonics import StreamingHarmonics
from synths.streaming.late import Late
from synths.streaming.noise import StreamingNoise
from synths.streaming.part import State, StreamingEffect, StreamingPart
from synths.streaming.reverb import StreamingReverb


class StreamingSynth(nn.Module):
    """A trained synth that runs block by block with explicit state; any number of frames per block.

    What it gives is the offline rendering, `latency_frames` hops late, within float32 (1e-4 at most). Every part waits
    for the one that looks furthest ahead. Keys of the state are `owner.what`, such as `harmonics.phase_turns`.

    Args:
        synth: the trained synth; its weights are copied, and a room that is switched off is left out

    Raises:
        ValueError: a part or an effect has no streaming form
    """

    def __init__(self, synth: SMSSynth) -> None:
        super().__init__()
        parts = [_streaming_part(part) for part in synth.parts]
        self.hop = parts[0].hop
        self.latency_frames = max(part.latency_frames for part in parts)
        self.parts = nn.ModuleList(self._on_time(part) for part in parts)
        self.effects = nn.ModuleList(_streaming_effect(effect, self.hop) for effect in synth.effects if _is_on(effect))

    def initial_state(self, batch: int = 1) -> State:
        """State before the first frame of `batch` voices."""
        state: State = {}
        for name, part in self._each_part():
            state |= _prefixed(name, part.initial_state(batch))
        for name, effect in self._each_effect():
            state |= _prefixed(name, effect.initial_state(batch))
        return state

    def forward(self, f0_hz: Tensor, parameters: dict[str, Tensor], state: State) -> tuple[Tensor, State]:
        """(B, F) pitch in Hz, raw (B, F, size) parameters -> (B, F * hop) audio, new state.

        `parameters` may hold `white_noise` (B, F, hop) in -1..1; without it the noise is drawn afresh.
        """
        dry: list[Tensor] = []
        following: State = {}
        with full_precision():
            for name, part in self._each_part():
                audio, kept = part(f0_hz, parameters, _of(name, state))
                dry.append(audio)
                following |= _prefixed(name, kept)
            audio, kept = self._affected(dry, state)
        return audio, following | kept

    def finish(self, state: State) -> Tensor:
        """The last (B, latency_frames * hop) audio: the last frame is held, and no noise follows."""
        with full_precision():
            return self._affected([part.finish(_of(name, state)) for name, part in self._each_part()], state)[0]

    def _on_time(self, part: StreamingPart) -> StreamingPart:
        return part if part.latency_frames == self.latency_frames else Late(part, self.latency_frames)

    def _affected(self, dry: list[Tensor], state: State) -> tuple[Tensor, State]:
        audio = sum(dry[1:], dry[0])
        following: State = {}
        for name, effect in self._each_effect():
            audio, kept = effect(audio, _of(name, state))
            following |= _prefixed(name, kept)
        return audio, following

    def _each_part(self) -> Iterator[tuple[str, StreamingPart]]:
        for part in self.parts:
            assert isinstance(part, StreamingPart)
            yield part.name, part

    def _each_effect(self) -> Iterator[tuple[str, StreamingEffect]]:
        for i, effect in enumerate(self.effects):
            assert isinstance(effect, StreamingEffect)
            yield f"{effect.name}_{i + 1}" if i else effect.name, effect


def _prefixed(owner: str, state: State) -> State:
    return {f"{owner}.{name}": value for name, value in state.items()}


def _of(owner: str, state: State) -> State:
    return {name.removeprefix(f"{owner}."): value for name, value in state.items() if name.startswith(f"{owner}.")}


def _is_on(effect: nn.Module) -> bool:
    return not (isinstance(effect, Reverb) and not effect.enabled)


# By exact type: what a subclass changed would not be heard.
def _streaming_part(part: nn.Module) -> StreamingPart:
    if type(part) is Harmonics:
        return StreamingHarmonics(part)
    if type(part) is FilteredNoise:
        return StreamingNoise(part)
    raise ValueError(f"{type(part).__name__} has no streaming form: render this synth offline.")


def _streaming_effect(effect: nn.Module, hop: int) -> StreamingEffect:
    if type(effect) is Reverb:
        return StreamingReverb(effect, hop)
    raise ValueError(f"{type(effect).__name__} has no streaming form: render this synth offline.")

"""A trained model as something to play: pitch and knobs in, sound out, block by block."""

import copy
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from lightning_modules.autoencoder import TimbreAutoencoder
from synths import Descriptor
from synths.signal import midi_to_hz
from synths.streaming import State, StreamingSynth


class Knob(NamedTuple):
    """What a control turns: name, unit, curve, what positions 0 and 1 are in the unit, and what each pitch reaches.

    `reach` is a row for every half octave: MIDI pitch, lowest and highest position of training notes near it.
    """

    name: str
    unit: str
    curve: str
    low: float
    high: float
    reach: list[tuple[float, float, float]]

    @classmethod
    def of(cls, descriptor: Descriptor) -> "Knob":
        """The knob that turns a descriptor."""
        pitches_midi = descriptor.range.pitches_midi
        low, high = descriptor.range.reach(midi_to_hz(pitches_midi))
        rows = zip(pitches_midi.tolist(), low.tolist(), high.tolist(), strict=True)
        span = descriptor.span.tolist()
        return cls(descriptor.name, descriptor.unit, descriptor.curve, span[0], span[1], list(rows))


class Instrument(nn.Module):
    """Decoder and synth of a model, frozen, with all that they remember in a state that comes in and goes out.

    Blocks of any number of frames add up to the offline rendering, `latency_frames` hops late, within 1e-4.

    Args:
        model: trained; it is copied and stays as it is

    Raises:
        ValueError: a part or an effect of its synth has no streaming form
    """

    def __init__(self, model: TimbreAutoencoder) -> None:
        super().__init__()
        self.clip = model.clip
        self.knobs = [Knob.of(descriptor) for descriptor in model.encoder.each_descriptor()]
        self.knobs += [Knob(factor, "share", "linear", 0.0, 1.0, []) for factor in model.encoder.factors]
        self.residual_size = model.encoder.residual_size
        self.decoder = copy.deepcopy(model.decoder)
        self.synth = StreamingSynth(model.synth)
        self.eval().requires_grad_(False).cpu()

    @property
    def latency_frames(self) -> int:
        """How many hops late the sound comes."""
        return self.synth.latency_frames

    @property
    def latency_s(self) -> float:
        """How late the sound comes, in seconds, without the host's buffer."""
        return self.latency_frames * self.clip.hop / self.clip.sample_rate

    def initial_state(self, batch: int = 1) -> State:
        """State of `batch` voices before their first frame; keys are `owner.what`, such as `decoder.hidden`."""
        decoder = {f"decoder.{name}": value for name, value in self.decoder.initial_state(batch).items()}
        return decoder | self.synth.initial_state(batch)

    def forward(
        self, f0_hz: Tensor, controls: Tensor, residual: Tensor, white_noise: Tensor | None, state: State
    ) -> tuple[Tensor, State]:
        """The next block.

        Args:
            f0_hz: (B, F) pitch in Hz, 0 or more
            controls: (B, F, C) knob positions, 0..1 within the training range
            residual: (B, F, D)
            white_noise: (B, F, hop) in -1..1, evenly distributed; None draws it afresh
            state: of `initial_state` or of the block before

        Returns:
            (B, F * hop) audio and the state after it
        """
        before = {name.removeprefix("decoder."): x for name, x in state.items() if name.startswith("decoder.")}
        parameters, after = self.decoder.stream(f0_hz, controls, residual, before)
        if white_noise is not None:
            parameters = {**parameters, "white_noise": white_noise}
        audio, following = self.synth(f0_hz, parameters, state)
        return audio, {f"decoder.{name}": x for name, x in after.items()} | following

    @torch.no_grad()
    def finish(self, state: State) -> Tensor:
        """The (B, latency_frames * hop) audio still to come: the last frame is held and no noise follows."""
        return self.synth.finish(state)

    @torch.no_grad()
    def play(
        self,
        f0_hz: Tensor,
        controls: Tensor,
        residual: Tensor | None = None,
        white_noise: Tensor | None = None,
        block_frames: int = 16,
    ) -> Iterator[Tensor]:
        """Whole curves, as `forward` takes them: audio as it comes, then the end, in all F + latency hops."""
        if residual is None:
            residual = f0_hz.new_zeros(*f0_hz.shape, self.residual_size)
        state = self.initial_state(len(f0_hz))
        for start in range(0, f0_hz.shape[1], block_frames):
            block = slice(start, start + block_frames)
            noise = None if white_noise is None else white_noise[:, block]
            audio, state = self(f0_hz[:, block], controls[:, block], residual[:, block], noise, state)
            yield audio
        yield self.finish(state)

    def render(
        self,
        f0_hz: Tensor,
        controls: Tensor,
        residual: Tensor | None = None,
        white_noise: Tensor | None = None,
        block_frames: int = 16,
    ) -> Tensor:
        """Whole curves -> (B, F * hop) audio, aligned with the offline rendering."""
        late = torch.cat(list(self.play(f0_hz, controls, residual, white_noise, block_frames)), dim=1)
        return late[:, self.latency_frames * self.clip.hop :]

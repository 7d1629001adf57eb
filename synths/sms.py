"""Spectral modelling synthesis: the sum of parts, then effects."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from synths.clip import Clip, ClipFormat, Recipe
from synths.effect import Effect
from synths.harmonics import Harmonics
from synths.layers import Layers, layers_together
from synths.noise import FilteredNoise, fresh_noise
from synths.part import Part, shares_of
from synths.reverb import Reverb
from synths.strings import Strings


class SMSSynth(nn.Module):
    """Harmonics + noise, in a room (Serra & Smith 1990; Engel et al. 2020), differentiable throughout.

    `sizes` holds the parameters of all parts; where two want the same, the second's is called NAME_2.

    Args:
        clip: format of the run
        parts: the additive layers, also several of a kind
        effects: what their sum passes through, in order
    """

    def __init__(
        self,
        clip: ClipFormat,
        parts: Sequence[Recipe[Part]] = (Harmonics, FilteredNoise),
        effects: Sequence[Recipe[Effect]] = (Reverb,),
    ) -> None:
        super().__init__()
        if not parts:
            raise ValueError("the synth has no parts: give it at least one, such as synths.Harmonics.")
        self.clip = clip
        built = [part(clip) for part in parts]
        self.parts = nn.ModuleList(built)
        self.effects = nn.ModuleList(effect(clip) for effect in effects)
        self.shares = shares_of(built)
        self.openness: Tensor | None = None
        self.sizes: dict[str, int] = {}
        for part, share in zip(built, self.shares, strict=True):
            self.sizes |= {share.names[name]: size for name, size in part.sizes.items()}

    def forward(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> Tensor:
        """(B, F) pitch in Hz and raw (B, F, size) parameters -> (B, N) audio, in the pitch's precision throughout.

        `parameters` may hold `white_noise` in -1..1, (B, F, hop) for each part that wants noise, side by side.
        """
        with torch.autocast(f0_hz.device.type, enabled=False):
            return self._render(f0_hz, {name: value.to(f0_hz.dtype) for name, value in parameters.items()})

    def layers(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> Layers:
        """(B, F) pitch in Hz and raw parameters -> what the parts play, before the effects.

        Raises:
            NotImplementedError: a part cannot say what it plays
        """
        return layers_together(f0_hz, self.played(f0_hz, parameters))

    def played(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> list[dict[str, Tensor]]:
        """(B, F) pitch in Hz and raw parameters -> what each part plays, by the names in `Layers`.

        Raises:
            NotImplementedError: a part cannot say what it plays
        """
        with torch.autocast(f0_hz.device.type, enabled=False):
            parameters = {name: value.to(f0_hz.dtype) for name, value in parameters.items()}
            return [part.layers(f0_hz, own) for part, own in self._each_part(parameters)]

    def play(self, f0_hz: Tensor, played: Sequence[dict[str, Tensor]], white_noise: Tensor | None = None) -> Tensor:
        """(B, F) pitch in Hz and what each part plays -> (B, N) audio, effects included.

        With `played` of some parameters it is what `forward` makes of them, bit for bit.

        Args:
            f0_hz: (B, F)
            played: numbers of each part in order, as `played` gives them
            white_noise: in -1..1, (B, F, hop) for each part that wants noise, side by side; drawn where there is none

        Raises:
            NotImplementedError: a part renders its parameters only
        """
        noise = {} if white_noise is None else {"white_noise": white_noise}
        each = zip(self._parts(), self.shares, played, strict=True)
        with torch.autocast(f0_hz.device.type, enabled=False):
            return self._mixed([part.play(f0_hz, own, share.noise_of(noise)) for part, share, own in each])

    @property
    def strings(self) -> Strings | None:
        """The first of its parts that is strings: where its partials are to be looked for."""
        return next((part for part in self._parts() if isinstance(part, Strings)), None)

    def calibrate(self, clips: Callable[[], Iterable[Clip]]) -> None:
        """Let each part that measures something of training clips do so; the others hear none.

        Args:
            clips: gives batches of them, from the first on at each call
        """
        for part in self._parts():
            if type(part).calibrate is not Part.calibrate:
                part.calibrate((batch.audio, batch.f0_hz) for batch in clips())

    def white_noise(self, f0_hz: Tensor) -> Tensor | None:
        """(B, F) pitch -> fresh noise for all parts that want it, side by side, as `forward` would draw it.

        None if no part wants noise.
        """
        drawn = [fresh_noise(f0_hz, self.clip.hop, f0_hz) for part in self._parts() if part.wants_noise]
        return torch.cat(drawn, dim=-1) if drawn else None

    def parts_without_layers(self) -> list[str]:
        """Kinds of its parts that cannot say what they play: where there are some, only its sound can be measured."""
        return [type(part).__name__ for part in self._parts() if type(part).layers is Part.layers]

    def parts_that_cannot_play(self) -> list[str]:
        """Kinds of its parts that render their parameters only: where there are some, `play` is refused."""
        return [type(part).__name__ for part in self._parts() if type(part).play is Part.play]

    def start(self, tone: float, noise: float, noise_rise: float) -> dict[str, Tensor]:
        """Raw (size,) parameters of all parts at which all that they have can be heard (`Part.start`)."""
        started = [part.start(tone, noise, noise_rise) for part in self._parts()]
        return {
            share.names[name]: raw
            for share, each in zip(self.shares, started, strict=True)
            for name, raw in each.items()
        }

    @contextmanager
    def dry(self) -> Iterator[None]:
        """Inside, every effect is switched off; afterwards each is as it was."""
        effects = [effect for effect in self.effects if isinstance(effect, Effect)]
        before = [effect.enabled for effect in effects]
        try:
            for effect in effects:
                effect.enabled = False
            yield
        finally:
            for effect, enabled in zip(effects, before, strict=True):
                effect.enabled = enabled

    @contextmanager
    def gated(self, openness: Tensor) -> Iterator[None]:
        """Inside, the sum of the parts is multiplied by (N,) openness before the effects, which ring on."""
        try:
            self.openness = openness
            yield
        finally:
            self.openness = None

    @property
    def tail_samples(self) -> int:
        """Samples that its effects, those that are switched on, ring on together after the parts have ended."""
        return sum(each.tail_samples for each in self.effects if isinstance(each, Effect) and each.enabled)

    def _render(self, f0_hz: Tensor, parameters: dict[str, Tensor]) -> Tensor:
        return self._mixed([part(f0_hz, own) for part, own in self._each_part(parameters)])

    def _mixed(self, sounds: Sequence[Tensor]) -> Tensor:
        """(B, N) audio of each part -> their sum behind the effects."""
        audio = torch.stack(list(sounds)).sum(0)
        if self.openness is not None:
            audio = audio * self.openness.to(audio)
        for effect in self.effects:
            audio = effect(audio)
        return audio

    def _parts(self) -> Iterator[Part]:
        for part in self.parts:
            assert isinstance(part, Part)
            yield part

    def _each_part(self, parameters: dict[str, Tensor]) -> Iterator[tuple[Part, dict[str, Tensor]]]:
        """Each part and its own of the parameters."""
        for part, share in zip(self._parts(), self.shares, strict=True):
            yield part, share.of(parameters)

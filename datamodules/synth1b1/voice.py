"""The Voice of torchsynth, the synthesiser behind synth1B1, made to run with today's Lightning."""

import importlib.util
import pkgutil
import sys
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version

import numpy as np
import torch
from torch import Tensor

from output.extras import require

PACKET = 32
"""Sounds computed at a time. Whole vectors of the processor: with fewer, last bits depend on which sounds they are."""

SAMPLE_RATE = 44100
N_SAMPLES = 4 * SAMPLE_RATE
FROZEN = {("mixer", "vco_1"): 0.0, ("mixer", "vco_2"): 1.0, ("vco_2", "tuning"): 0.0, ("vco_2", "mod_depth"): 0.0}
"""One square-to-saw oscillator at the pitch of the key: every sound is harmonic, of one pitch."""


class Voice:
    """Renders sounds of synth1B1 (Turian et al. 2021) exactly as its authors define them, whichever are asked for.

    Args:
        pitched: freeze four parameters, which is a variant of the corpus: every sound then has one constant pitch
    """

    def __init__(self, pitched: bool) -> None:
        with _lightning_of_old():
            require("synth1b1", "torchsynth")
            from torchsynth.config import SynthConfig
            from torchsynth.synth import Voice as TorchsynthVoice
        self.synth = TorchsynthVoice(SynthConfig(batch_size=PACKET))
        if pitched:
            fixed = {place: torch.full((PACKET,), value) for place, value in FROZEN.items()}
            self.synth.set_parameters(fixed, freeze=True)
        knobs = dict(self.synth.named_parameters())
        self.parameter_names = [name.replace("torchparameters.", "") for name in knobs]
        # Values are drawn in the order of the sorted names, which is not the order of the knobs.
        drawn = sorted(knobs)
        self._drawn_as = [drawn.index(name) for name in knobs]
        self._frozen = {column: knob.data[0] for column, knob in enumerate(knobs.values()) if knob.frozen}
        self._noise = self.synth.noise.noise

    def parameters(self, ids: Sequence[int]) -> np.ndarray:
        """The 78 parameters of n sounds by id, (n, 78) float32 in 0..1, in the order of `parameter_names`."""
        drawn = torch.empty(len(ids), len(self.parameter_names))
        generator = torch.Generator()
        for row, sound_id in enumerate(ids):
            torch.rand(drawn.shape[1], generator=generator.manual_seed(sound_id), out=drawn[row])
        values = drawn[:, self._drawn_as]
        for column, value in self._frozen.items():
            values[:, column] = value
        return values.numpy()

    def in_units(self, parameters: np.ndarray) -> dict[str, np.ndarray]:
        """(n, 78) in 0..1 -> (n,) float32 by name, in the units of the synthesiser: seconds, semitones, Hz."""
        columns = torch.from_numpy(parameters).T
        named = zip(self.parameter_names, self.synth.parameters(), columns, strict=True)
        return {name: knob.parameter_range.from_0to1(column).numpy() for name, knob, column in named}

    def turn_knobs(self, ids: Sequence[int]) -> None:
        """Set every knob of the synthesiser as up to 32 sounds have it; places that are left repeat the last of them.

        Raises:
            ValueError: if there are none or more
        """
        if not 0 < len(ids) <= PACKET:
            raise ValueError(f"{len(ids)} sounds of synth1B1 cannot be computed at once: ask for 1 to {PACKET}.")
        filled = [*ids, *[ids[-1]] * (PACKET - len(ids))]
        for knob, values in zip(self.synth.parameters(), torch.from_numpy(self.parameters(filled)).T, strict=True):
            knob.data = values.contiguous()
        self.synth.noise.noise = self._noise[[sound_id % PACKET for sound_id in filled]]

    def render(self, ids: Sequence[int]) -> np.ndarray:
        """Up to 32 sounds by id, (n, 176400) float32 at 44100 Hz; the same bits in whatever company."""
        self.turn_knobs(ids)
        with torch.no_grad():
            audio: Tensor = self.synth.output().as_subclass(Tensor)
        return audio[: len(ids)].numpy()


@cache
def voice_of_process(pitched: bool) -> Voice:
    """One per process: a Voice cannot be copied, and takes a while to build."""
    return Voice(pitched)


@cache
def torchsynth_version() -> str:
    """Version of the installed torchsynth."""
    return version("torchsynth")


@contextmanager
def _lightning_of_old() -> Iterator[None]:
    """What torchsynth 1.0.2 imports and is gone, for as long as the import lasts; torch.pi survives it unharmed."""
    from lightning.pytorch import LightningModule

    lightning_core = types.ModuleType("pytorch_lightning.core.lightning")
    lightning_core.LightningModule = LightningModule  # type: ignore[attr-defined]
    stand_ins = {"pytorch_lightning.core.lightning": lightning_core}
    if importlib.util.find_spec("pytorch_lightning") is None:
        for name in ("pytorch_lightning", "pytorch_lightning.core"):
            stand_ins[name] = types.ModuleType(name)
    if importlib.util.find_spec("pkg_resources") is None:
        resources = types.ModuleType("pkg_resources")
        resources.resource_string = pkgutil.get_data  # type: ignore[attr-defined]
        stand_ins["pkg_resources"] = resources
    added = {name: module for name, module in stand_ins.items() if name not in sys.modules}
    pi = torch.pi
    sys.modules.update(added)
    try:
        yield
    finally:
        torch.pi = pi  # type: ignore[misc]  # torchsynth overwrites it, in float32
        for name in added:
            sys.modules.pop(name, None)

"""The Voice of torchsynth, the synthesiser behind synth1B1, made to run with today's Lightning."""

import importlib.util
import pkgutil
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch

BLOCK = 32
"""Sounds rendered at a time: noise depends on id modulo 32, so whole blocks are bit-exact whatever came before."""

SAMPLE_RATE = 44100
FROZEN = {("mixer", "vco_1"): 0.0, ("mixer", "vco_2"): 1.0, ("vco_2", "tuning"): 0.0, ("vco_2", "mod_depth"): 0.0}
"""One square-to-saw oscillator at the pitch of the key: every sound is harmonic, of one pitch."""


class Block(NamedTuple):
    """Shapes: audio (32, 176400) float32 at 44100 Hz; parameters (32, 78) in 0..1."""

    audio: np.ndarray
    parameters: np.ndarray


class Voice:
    """Renders blocks of synth1B1 (Turian et al. 2021) exactly as its authors define it.

    Args:
        pitched: freeze four parameters, which is a variant of the corpus: every sound then has one constant pitch
    """

    def __init__(self, pitched: bool) -> None:
        with _lightning_of_old():
            from torchsynth.config import SynthConfig
            from torchsynth.synth import Voice as TorchsynthVoice
        self.voice = TorchsynthVoice(SynthConfig(batch_size=BLOCK))
        if pitched:
            fixed = {place: torch.full((BLOCK,), value) for place, value in FROZEN.items()}
            self.voice.set_parameters(fixed, freeze=True)
        self.parameter_names = [name.replace("torchparameters.", "") for name, _ in self.voice.named_parameters()]

    def render(self, block: int) -> Block:
        """The sounds 32 * block to 32 * block + 31."""
        audio, parameters, _ = self.voice(block)
        return Block(audio.as_subclass(torch.Tensor).numpy(), parameters.as_subclass(torch.Tensor).numpy())


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

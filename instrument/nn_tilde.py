"""A voice as a file for nn~ (Max, Pure Data): methods and attributes under the names that this host looks for.

What it reads is in `src/backend/backend.cpp` of github.com/acids-ircam/nn_tilde; its Python package is not needed.
"""

import json
import re
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from instrument.hosted_voice import HostedVoice
from instrument.instrument import Instrument, Knob
from output.whole_files import written_whole

BOOL, FLOAT, TEXT = 0, 2, 3
"""How nn~ counts types."""
TOLERANCE = 1e-4
SHARES, LEVEL_DB, SEMITONES = (0.0, 1.0), (-60.0, 40.0), (-48.0, 48.0)


class NnAttribute(NamedTuple):
    """What a message `set NAME VALUE` turns: `where` it is kept in the voice, its least and greatest."""

    name: str
    where: str
    low: float
    high: float


class NnTilde(nn.Module):
    """The methods of a file: `forward` is told pitch and positions, `follow` hears a live input.

    Args:
        voice: that plays
        attributes: numbers that can be set
    """

    def __init__(self, voice: HostedVoice, attributes: Sequence[NnAttribute], labels: Sequence[str]) -> None:
        super().__init__()
        self.voice = voice
        others = [("preset", TEXT)] if any(voice.preset_names) else []
        kinds = [*((each.name, FLOAT) for each in attributes), *others, ("reset", BOOL)]
        self.attribute_names = [name for name, _ in kinds]
        for name, kind in kinds:
            self.register_buffer(f"{name}_params", torch.tensor([kind]))
        self.register_buffer("forward_params", torch.tensor([len(labels), 1, 1, 1]))
        self.register_buffer("follow_params", torch.tensor([1, 1, 1, 1]))
        self.forward_input_labels, self.follow_input_labels = list(labels), ["(signal) sound to follow"]
        self.forward_output_labels = self.follow_output_labels = ["(signal) sound"]

    def forward(self, x: Tensor) -> Tensor:
        """(1, 1 + C, n) pitch in Hz and positions of the knobs -> (1, 1, n)."""
        self.refuse_many(x)
        return self.voice.render(x[0])[None, None]

    @torch.jit.export
    def follow(self, x: Tensor) -> Tensor:
        """(1, 1, n) sound -> (1, 1, n) at its pitch and level."""
        self.refuse_many(x)
        return self.voice.follow(x[0, 0])[None, None]

    def refuse_many(self, x: Tensor) -> None:
        """Raise where a host plays several voices at once."""
        if x.shape[0] != 1:
            raise RuntimeError("this file is one voice: use nn~ once for each, not mc.nn~.")

    @torch.jit.export
    def get_methods(self) -> list[str]:
        """Names of what can be called with sound."""
        return ["forward", "follow"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        """Names of what can be set."""
        return self.attribute_names

    @torch.jit.export
    def get_reset(self) -> tuple[bool]:
        """It never stays."""
        return (False,)

    @torch.jit.export
    def set_reset(self, on: bool) -> int:
        """As before the first sound."""
        if on:
            self.voice.reset()
        return 0

    @torch.jit.export
    def get_preset(self) -> tuple[str]:
        """The preset that was chosen last."""
        return (self.voice.preset_names[self.voice.preset],)

    @torch.jit.export
    def set_preset(self, name: str) -> int:
        """Choose another: its residual, and its knobs for `follow`; -1 where there is none of that name."""
        return 0 if self.voice.choose(name) else -1


def attributes_of(knobs: Sequence[Knob], level: int) -> list[NnAttribute]:
    """What `follow` is told: a share of each knob's reach but of the level, then level and pitch beside the input."""
    taken = {"preset", "reset", "level_db", "semitones", "forward", "follow", "methods", "attributes"}
    found = []
    for index, knob in enumerate(knobs):
        name = re.sub(r"\W", "_", knob.name)
        name = f"knob_{name}" if name in taken or not name.isidentifier() else name
        taken.add(name)
        if index != level:
            found.append(NnAttribute(name, f"shares[{index}]", *SHARES))
    return [*found, NnAttribute("level_db", "level_db", *LEVEL_DB), NnAttribute("semitones", "semitones", *SEMITONES)]


def scripted(voice: HostedVoice, knobs: Sequence[Knob]) -> Any:
    """The file's module."""
    attributes = attributes_of(knobs, voice.level)
    labels = ["(signal) pitch in Hz", *(f"(signal) {knob.name}, 0..1" for knob in knobs)]
    module = torch.jit.script(NnTilde(voice, attributes, labels).eval())
    for each in attributes:
        module.define(_METHODS.format(**each._asdict()))
    return module


def write_nn_tilde(instrument: Instrument, voice: HostedVoice, path: Path, about: Mapping[str, Any]) -> float:
    """Write the file, and try it beside the instrument before it gets its name.

    Args:
        instrument: that the voice plays
        voice: as it shall begin
        path: to write
        about: kept in the file as about.json, for hosts that look

    Returns:
        greatest difference to the instrument

    Raises:
        ValueError: it does not sound like the instrument
    """
    with written_whole(path) as partial:
        extra = {"about.json": json.dumps(about, allow_nan=False)}
        torch.jit.save(scripted(voice, instrument.knobs), str(partial), _extra_files=extra)
        difference = _greatest_difference(instrument, voice, torch.jit.load(str(partial)))
        if not difference <= TOLERANCE:
            raise ValueError(f"{path} would differ from the model by {difference:.1e}: it was not written.")
    return difference


def median_hop_s(voice: Any, method: str = "follow", n_hops: int = 200) -> float:
    """CPU seconds that a scripted voice spends on a hop, with a tone of five partials as input."""
    time_s = torch.arange(voice.hop) / voice.hop
    tone = sum((0.2 / k * torch.sin(2.0 * torch.pi * 2 * k * time_s) for k in range(1, 6)), torch.zeros(voice.hop))
    curves = torch.full((1 + voice.n_controls, voice.hop), 0.5).index_fill(0, torch.tensor(0), 220.0)
    play, given = (voice.follow, tone) if method == "follow" else (voice.render, curves)
    spent_s = []
    with torch.inference_mode():
        for _ in range(n_hops):
            start_s = time.process_time()
            play(given)
            spent_s.append(time.process_time() - start_s)
    return statistics.median(spent_s)


@torch.no_grad()
def _greatest_difference(instrument: Instrument, voice: HostedVoice, module: Any, n_frames: int = 12) -> float:
    """Over random curves and buffers that are no multiple of a hop."""
    generator, hop = torch.Generator().manual_seed(0), instrument.clip.hop
    curves = torch.rand(1, 1 + len(instrument.knobs), n_frames, generator=generator)
    curves[:, 0] = 100.0 + 500.0 * curves[:, 0]
    held = curves.repeat_interleave(hop, dim=-1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        given = torch.cat([module(part) for part in held.split(64, dim=-1)], dim=-1)
        torch.manual_seed(0)
        noise = torch.stack([torch.rand(1, instrument.noise_size) for _ in range(n_frames)], dim=1)
    module.set_reset(True)
    midi = 69.0 + 12.0 * torch.log2(curves[0, 0] / 440.0)
    table = voice.presets_residual[voice.preset]
    residual = torch.stack([voice.at_midi(table, each) for each in midi.tolist()])[None]
    played = instrument.play(curves[:, 0], curves[:, 1:].mT, residual, 2.0 * noise - 1.0)
    expected = torch.cat(list(played), dim=1)[:, : n_frames * hop]
    return float((given[0] - expected).abs().max().nan_to_num(torch.inf))


_METHODS = """
def get_{name}(self) -> Tuple[float]:
    return (self.voice.{where},)

def set_{name}(self, value: float) -> int:
    if not abs(value) < 1e9:
        return -1
    self.voice.{where} = min({high}, max({low}, value))
    return 0
"""

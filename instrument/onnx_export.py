"""An instrument as one ONNX file: a block in, a block out, every memory an input and an output."""

import json
import logging
import statistics
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from instrument.instrument import Instrument
from lightning_modules.provenance import provenance
from output.extras import require
from output.whole_files import written_whole
from synths.streaming import LOUDEST

TOLERANCE = 1e-3
PLAYED = 0.05
"""Share of the way to the next random input that a block goes where knobs are met, as a player moves: what is heard
comes back, and jumps in every frame would make the last digits grow."""
Shapes = dict[str, tuple[int, ...]]


class Exported(NamedTuple):
    """What was written: names and shapes of inputs and outputs, greatest difference to PyTorch in -1..1 audio."""

    inputs: Shapes
    outputs: Shapes
    difference: float


def export_onnx(instrument: Instrument, path: Path, block_frames: int = 1) -> Exported:
    """Write an instrument for blocks of one voice, and try the file before it gets its name.

    Inputs: f0_hz (1, F), controls (1, F, C), residual (1, F, D) where D > 0, white_noise (1, F, noise_size) in -1..1,
    and every state under its name; outputs: audio (1, F * hop) and every state as NAME_next. What a host sends may be
    anything: the graph itself keeps it finite and in range, as `Instrument` does. What a host needs to know is
    in the file's metadata: see `metadata`.

    Raises:
        ValueError: onnx is not installed, block_frames is below 1, or the file does not sound like the instrument
    """
    if block_frames < 1:
        raise ValueError(f"block_frames is {block_frames}: a block has at least 1.")
    require_onnx()
    inputs = silent_inputs(instrument, block_frames)
    flat = _Flat(instrument, list(inputs))
    with torch.no_grad():
        outputs = dict(zip(flat.output_names, flat(*inputs.values()), strict=True))
    program = quiet_export(flat, tuple(inputs.values()), list(inputs), flat.output_names)
    program.model.metadata_props.update(metadata(instrument, block_frames))
    with written_whole(path) as partial:
        program.save(str(partial))
        difference = _greatest_difference(flat, inputs, session(partial))
        if not difference <= TOLERANCE:
            raise ValueError(f"{path} would differ from the model by {difference:.1e}: it was not written.")
    return Exported(_shapes(inputs), _shapes(outputs), difference)


def quiet_export(module: nn.Module, values: tuple[Tensor, ...], input_names: list[str], output_names: list[str]) -> Any:
    """An ONNX program of a module for these inputs, without the exporter's remarks.

    Constants are folded, but the exporter's own rules are not applied: they take 1e-8, a floor of power, for a zero and
    leave it out.
    """
    from onnxscript import optimizer

    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            module,
            values,
            input_names=input_names,
            output_names=output_names,
            dynamo=True,
            verbose=False,
            optimize=False,
        )
        assert program is not None
        optimizer.inline(program.model)
        optimizer.fold_constants(program.model)
        optimizer.remove_unused_nodes(program.model)
    return program


def require_onnx() -> None:
    """Raise ValueError, with the cure, where the packages for ONNX are missing."""
    require("onnx", "onnx", "onnxscript", "onnxruntime")


def session(path: Path) -> Any:
    """The file in ONNX Runtime on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def median_block_s(path: Path, n_blocks: int = 300) -> float:
    """CPU seconds that ONNX Runtime spends on a block, on one thread."""
    runtime, generator = session(path), torch.Generator().manual_seed(0)
    kinds = {"tensor(float)": torch.float32, "tensor(double)": torch.float64}
    inputs = {x.name: torch.rand(x.shape, generator=generator, dtype=kinds[x.type]) for x in runtime.get_inputs()}
    given = {name: x.numpy() for name, x in inputs.items()}
    given["f0_hz"] += 220.0
    spent_s = []
    for _ in range(n_blocks):
        start_s = time.process_time()
        runtime.run(None, given)
        spent_s.append(time.process_time() - start_s)
    return statistics.median(spent_s)


def silent_inputs(instrument: Instrument, block_frames: int) -> dict[str, Tensor]:
    """A first block for one voice, in the order of the file's inputs."""
    inputs = {
        "f0_hz": torch.full((1, block_frames), 220.0),
        "controls": torch.full((1, block_frames, len(instrument.knobs)), 0.5),
        "residual": torch.zeros(1, block_frames, instrument.residual_size),
        "white_noise": torch.zeros(1, block_frames, instrument.noise_size),
    }
    return {name: x for name, x in inputs.items() if x.numel()} | instrument.initial_state(1)


def metadata(instrument: Instrument, block_frames: int) -> dict[str, str]:
    """What a host needs to know, as text.

    Numbers are decimal, lists are JSON; `knobs` holds name, unit, low and high of each control in order; a state
    starts as zeros, except those that `initial_values` gives another number for all of their elements; `ranges` holds
    the least and the greatest number that each input means (what lies outside is taken for the nearest end, what is not
    finite for the last that was; an f0_hz below its least is no pitch), `loudest` what no sample of audio exceeds.
    `knobs_met` names the knobs whose reading is brought to what is asked; the rest follow the decoder. It is not there
    where all do.
    """
    state = instrument.initial_state(1)
    filled = {name: value.flatten()[0].item() for name, value in state.items() if value.any()}
    met = {"knobs_met": json.dumps(instrument.knobs_met)} if instrument.knobs_met else {}
    return met | {
        "sample_rate": str(instrument.clip.sample_rate),
        "hop": str(instrument.clip.hop),
        "block_frames": str(block_frames),
        "latency_frames": str(instrument.latency_frames),
        "knobs": json.dumps([knob._asdict() for knob in instrument.knobs]),
        "residual_size": str(instrument.residual_size),
        "ranges": json.dumps(instrument.ranges),
        "loudest": str(LOUDEST),
        "states": json.dumps(list(state)),
        "initial_values": json.dumps(filled),
        "version": provenance()["version"],
    }


class _Flat(nn.Module):
    """The instrument with every tensor an argument, in the order of `input_names`, and a tuple of tensors back."""

    def __init__(self, instrument: Instrument, input_names: list[str]) -> None:
        super().__init__()
        self.instrument = instrument
        self.input_names = input_names
        self.state_names = list(instrument.initial_state(1))
        self.output_names = ["audio", *(f"{name}_next" for name in self.state_names)]

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        given = dict(zip(self.input_names, tensors, strict=True))
        f0_hz = given["f0_hz"]
        nothing = f0_hz.new_zeros(*f0_hz.shape, 0)
        audio, state = self.instrument(
            f0_hz, given.get("controls", nothing), given.get("residual", nothing), given["white_noise"], given
        )
        return audio, *(state[name] for name in self.state_names)


def _greatest_difference(flat: _Flat, inputs: Mapping[str, Tensor], runtime: Any, n_blocks: int = 8) -> float:
    """Over random blocks, each side carrying its own state."""
    generator = torch.Generator().manual_seed(0)
    ours, theirs = dict(inputs), {name: x.numpy() for name, x in inputs.items()}
    greatest = 0.0
    sent = [name for name in inputs if name not in flat.state_names]
    pace = PLAYED if flat.instrument.knobs_met else 1.0
    for _ in range(n_blocks):
        drawn = {name: torch.rand(inputs[name].shape, generator=generator) for name in sent}
        drawn["f0_hz"] = 50.0 + 1000.0 * drawn["f0_hz"]
        drawn["white_noise"] = 2.0 * drawn["white_noise"] - 1.0
        ours |= {name: torch.lerp(ours[name], drawn[name], pace) for name in sent}
        theirs |= {name: ours[name].numpy() for name in sent}
        with torch.no_grad():
            expected = flat(*ours.values())
        given = runtime.run(flat.output_names, theirs)
        difference = (torch.from_numpy(given[0]) - expected[0]).abs().max()
        greatest = max(greatest, float(difference.nan_to_num(torch.inf)))
        ours |= dict(zip(flat.state_names, expected[1:], strict=True))
        theirs |= dict(zip(flat.state_names, given[1:], strict=True))
    return greatest


def _shapes(tensors: Mapping[str, Tensor]) -> Shapes:
    return {name: tuple(x.shape) for name, x in tensors.items()}


@contextmanager
def _quiet() -> Iterator[None]:
    """Drop what torch.onnx says about packages and passes that are none of the user's business."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)

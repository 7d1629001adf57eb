"""A network as a graph that the page's runner plays: static shapes, views in place of copies, one block of numbers.

The ONNX exporter gives the graph. What is known beforehand is folded, and what only moves numbers becomes a view
(buffer, offset, strides) of what it moves, found by moving the numbers 0, 1, 2 ... The rest is a dozen kinds of step.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from instrument.graph_program import Steps
from instrument.graph_steps import STEPS
from instrument.onnx_export import quiet_export, require_onnx

HALF_FROM = 1024
"""Numbers from which a constant is kept in half precision, if it may be."""

FAINT, FAINT_FROM = 1e-5, 1 << 16
"""Share of the largest number of a constant in half precision below which another is nothing, and how large it is.

What noise bands leak into far bins takes most of a page, and is not heard. Small tables of powers need all they have.
"""


class Graph(NamedTuple):
    """What the page runs.

    Attributes:
        described: as JSON holds it: `sizes` of the buffers, `inputs` and `outputs` (name, shape, view), `steps`
        constants: numbers of the buffers that are fixed
        halved: those that are kept in half precision
    """

    described: dict[str, Any]
    constants: dict[int, np.ndarray]
    halved: frozenset[int]

    def packed(self, blob: "Blob") -> dict[str, Any]:
        """What is described, with its constants put into the blob: buffer, place, bytes a number, scale.

        Of numbers of 2 bytes all first bytes come before all second ones, which packs better; the scale is a power of
        two that they are multiplied by.
        """
        places = []
        for buffer, numbers in self.constants.items():
            scale = _scale(numbers) if buffer in self.halved else 1.0
            kept = _halved(numbers / scale) if buffer in self.halved else numbers
            places.append([buffer, blob.place(kept), 2 if buffer in self.halved else 4, scale])
        return self.described | {"constants": places}


class Blob:
    """Numbers of several graphs one behind the other; what two of them have is there once."""

    def __init__(self) -> None:
        self.numbers = bytearray()
        self._places: dict[bytes, int] = {}

    def place(self, numbers: np.ndarray) -> int:
        """Where an array's bytes begin, a multiple of 4."""
        kept = numbers.tobytes()
        if kept not in self._places:
            self._places[kept] = len(self.numbers)
            self.numbers += kept + bytes(-len(kept) % 4)
        return self._places[kept]


def compiled(module: nn.Module, inputs: Mapping[str, Tensor], outputs: Sequence[str], half: bool = False) -> Graph:
    """Compile a module for inputs of one shape.

    Args:
        module: takes the inputs in order and gives a tuple
        inputs: by name; their numbers should be such as will be met
        outputs: names
        half: keep large constants in half precision

    Raises:
        ValueError: onnx is not installed, or the runner of the page has no step for an operation
    """
    require_onnx()
    values = tuple(inputs.values())
    with torch.no_grad():
        module(*values)  # what is computed once and kept must not be computed while it is traced
    model = quiet_export(module, values, list(inputs), list(outputs)).model_proto
    return of_onnx(model, {name: value.numpy() for name, value in inputs.items()}, half)


def of_onnx(model: Any, inputs: Mapping[str, np.ndarray], half: bool = False) -> Graph:
    """Compile an ONNX model (its proto) whose inputs have the shapes of these arrays.

    Raises:
        ValueError: the runner of the page has no step for an operation
    """
    known = all_values(model, inputs)
    steps = Steps(known)
    steps.fixed = fixed = {each.name for each in model.graph.initializer}
    for name in inputs:
        steps.place(name, known[name].shape)
    for node in model.graph.node:
        if node.op_type == "Shape" or all(name in fixed or not name for name in node.input):
            fixed |= set(node.output)
            continue
        if node.op_type not in STEPS:
            raise ValueError(
                f"the page cannot run {node.op_type}, an operation of this model: export .onnx, or choose another "
                "decoder."
            )
        STEPS[node.op_type](steps, node)
    return _written(model, inputs, steps, half)


def all_values(model: Any, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every value of an ONNX model on these inputs, by name."""
    import onnx
    import onnxruntime

    every = onnx.ModelProto()
    every.CopyFrom(model)
    named = {output.name for output in every.graph.output}
    for node in every.graph.node:
        every.graph.output.extend(onnx.ValueInfoProto(name=name) for name in node.output if name and name not in named)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(every.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    known = dict(zip(names, session.run(names, dict(inputs)), strict=True)) | dict(inputs)
    return known | {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}


def _written(model: Any, inputs: Mapping[str, np.ndarray], steps: Steps, half: bool) -> Graph:
    large = {buffer for buffer, numbers in steps.constants.items() if numbers.size >= HALF_FROM}
    halved = frozenset(large - steps.whole if half else ())
    names = {"inputs": list(inputs), "outputs": [output.name for output in model.graph.output]}
    ends = {kind: [steps.described(name) for name in each] for kind, each in names.items()}
    return Graph({"sizes": steps.sizes, **ends, "steps": steps.steps}, steps.constants, halved)


def _scale(numbers: np.ndarray) -> float:
    """A power of two that leaves the largest number between 1 and 2."""
    largest = float(np.abs(numbers).max())
    return 2.0 ** float(np.floor(np.log2(largest))) if largest else 1.0


def _halved(numbers: np.ndarray) -> np.ndarray:
    """Bytes of numbers in half precision, the first of each before the second of each."""
    is_faint = (np.abs(numbers) < FAINT * np.abs(numbers).max()) & (numbers.size >= FAINT_FROM)
    heard = np.where(is_faint, 0.0, numbers)
    return np.ascontiguousarray(heard.astype("<f2").view(np.uint8).reshape(-1, 2).T)

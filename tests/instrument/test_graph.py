"""A compiled graph says in Node what ONNX Runtime says, for every kind of step; what it cannot run is refused."""

import numpy as np
import pytest
import torch

from instrument.graph import Blob, all_values, compiled, of_onnx
from instrument.page_code import page_code

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")
helper = onnx.helper if onnx else None

RNG = np.random.default_rng(0)
X = RNG.standard_normal((2, 3, 5)).astype(np.float32)


def model_of(nodes, inputs, constants=(), outputs=("y",)):
    """An ONNX model of nodes (operation, inputs, outputs, attributes)."""
    made = [helper.make_node(kind, list(given), list(out), **more) for kind, given, out, more in nodes]
    ends = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, x.shape) for name, x in inputs.items()]
    out = [onnx.ValueInfoProto(name=name) for name in outputs]
    fixed = [onnx.numpy_helper.from_array(np.asarray(x), name) for name, x in dict(constants).items()]
    graph = helper.make_graph(made, "g", ends, out, fixed)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def in_node(node_job, graph, *runs):
    """Outputs of a graph for each of these inputs."""
    blob = Blob()
    described = graph.packed(blob)
    given = [{name: np.asarray(x, np.float32).ravel().tolist() for name, x in each.items()} for each in runs]
    return node_job("graph", graph=described, blob=bytes(blob.numbers), code=page_code(), runs=given)


INTS = {"i": np.array([[[0, 4, -1, 2, 2]] * 3] * 2, np.int64), "rows": np.array([1, 0], np.int64)}
ONE = {
    "elementwise": ([("Sigmoid", ["x"], ["a"], {}), ("Mul", ["a", "b"], ["y"], {})], {"b": X[0, :1]}),
    "curves": (
        [("Exp", ["x"], ["a"], {}), ("Tanh", ["a"], ["t"], {}), ("Pow", ["ten", "t"], ["p"], {}),
         ("Sigmoid", ["p"], ["y"], {})], {"ten": np.float32(10.0)},
    ),
    "curves of what lies apart": (
        [("Transpose", ["x"], ["r"], {"perm": [2, 0, 1]}), ("Exp", ["r"], ["a"], {}),
         ("Slice", ["a", "s", "e", "d"], ["b"], {}), ("Tanh", ["b"], ["y"], {})],
        {"s": np.array([1]), "e": np.array([4]), "d": np.array([0])},
    ),
    "where": ([("Greater", ["x", "b"], ["a"], {}), ("Where", ["a", "x", "b"], ["y"], {})], {"b": np.float32(0.1)}),
    "clip": ([("Clip", ["x", "low", "high"], ["y"], {})], {"low": np.float32(-0.3), "high": np.float32(0.4)}),
    "round": ([("Mul", ["x", "b"], ["a"], {}), ("Round", ["a"], ["y"], {})], {"b": np.float32(2.0)}),
    "sums": ([("ReduceSum", ["x", "axes"], ["y"], {"keepdims": 0})], {"axes": np.array([0, 2])}),
    "greatest": ([("ReduceMax", ["x", "axes"], ["y"], {"keepdims": 1})], {"axes": np.array([1])}),
    "slices": (
        [("Transpose", ["x"], ["a"], {"perm": [2, 0, 1]}), ("Slice", ["a", "s", "e", "d", "by"], ["y"], {})],
        {"s": np.array([4, 1]), "e": np.array([0, 3]), "d": np.array([0, 2]), "by": np.array([-2, 1])},
    ),
    "tiles": ([("Tile", ["x", "n"], ["a"], {}), ("Neg", ["a"], ["y"], {})], {"n": np.array([1, 2, 1])}),
    "elements": ([("GatherElements", ["x", "i"], ["y"], {"axis": 2})], {"i": INTS["i"]}),
    "rows": ([("Gather", ["x", "rows"], ["y"], {"axis": 1})], {"rows": INTS["rows"]}),
    "found rows": (
        [("Floor", ["x"], ["f"], {}), ("Abs", ["f"], ["a"], {}), ("Min", ["a", "one"], ["m"], {}),
         ("Cast", ["m"], ["k"], {"to": 7}), ("GatherElements", ["x", "k"], ["y"], {"axis": 1})],
        {"one": np.float32(2.0)},
    ),
    "found places": (
        [("Floor", ["x"], ["f"], {}), ("Abs", ["f"], ["a"], {}), ("Min", ["a", "one"], ["m"], {}),
         ("Slice", ["m", "s", "e", "d"], ["two"], {}), ("Cast", ["two"], ["k"], {"to": 7}),
         ("GatherND", ["x", "k"], ["y"], {"batch_dims": 1})],
        {"one": np.float32(1.0), "s": np.array([0]), "e": np.array([2]), "d": np.array([2])},
    ),
    "scatters": (
        [("ScatterElements", ["x", "i", "u"], ["y"], {"axis": 2, "reduction": "add"})],
        {"i": INTS["i"], "u": X[::-1].copy()},
    ),
    "joins": ([("Concat", ["x", "b"], ["a"], {"axis": 1}), ("Exp", ["a"], ["y"], {})], {"b": X[:, :1]}),
    "pads": ([("Pad", ["x", "p", "v"], ["y"], {})], {"p": np.array([0, 1, 2, 0, 0, 1]), "v": np.float32(3.0)}),
    "pools": ([("AveragePool", ["x"], ["y"], {"kernel_shape": [3], "pads": [1, 1], "count_include_pad": 1})], {}),
    "pools the most": ([("MaxPool", ["x"], ["y"], {"kernel_shape": [3], "pads": [1, 1]})], {}),
    "matrix": ([("MatMul", ["x", "w"], ["y"], {})], {"w": RNG.standard_normal((5, 37)).astype(np.float32)}),
    "matrix before": (
        [("Reshape", ["x", "s"], ["a"], {}), ("MatMul", ["w", "a"], ["y"], {})],
        {"w": RNG.standard_normal((4, 6)).astype(np.float32), "s": np.array([6, 5])},
    ),
    "products": ([("Transpose", ["x"], ["a"], {"perm": [0, 2, 1]}), ("MatMul", ["x", "a"], ["y"], {})], {}),
    "vector": ([("MatMul", ["x", "w"], ["y"], {})], {"w": X[0, 0]}),
    "normalises": (
        [("LayerNormalization", ["x", "w", "b"], ["y"], {"axis": -1})], {"w": X[0, 0].copy(), "b": X[0, 1].copy()},
    ),
    "powers": ([("Abs", ["x"], ["a"], {}), ("Pow", ["a", "p"], ["y"], {})], {"p": np.float32(1.7)}),
    "splits": ([("Split", ["x", "n"], ["y", "z"], {"axis": 2})], {"n": np.array([2, 3])}),
}  # fmt: skip


@pytest.mark.browser
@pytest.mark.parametrize("name", ONE)
def test_each_operation(name, node_job):
    """On two inputs one after the other, so that nothing of the first is left."""
    nodes, constants = ONE[name]
    outputs = [each for each in ("y", "z") if any(each in out for _, _, out, _ in nodes)]
    model = model_of(nodes, {"x": X}, constants, outputs)
    graph = of_onnx(model, {"x": X})
    other = RNG.standard_normal(X.shape).astype(np.float32)
    answers = in_node(node_job, graph, {"x": X}, {"x": other})
    for given, answer in zip((X, other), answers, strict=True):
        expected = all_values(model, {"x": given})
        for output in outputs:
            assert np.allclose(answer[output], expected[output].ravel(), atol=1e-5, rtol=1e-5)


def test_an_operation_without_a_step_is_named():
    model = model_of([("Det", ["x"], ["y"], {})], {"x": X[:1, :3, :3]})
    with pytest.raises(ValueError, match=r"the page cannot run Det, an operation of this model: export \.onnx"):
        of_onnx(model, {"x": X[:1, :3, :3]})


def test_what_is_known_beforehand_is_folded():
    """A sum of constants is one, and moving numbers is no step."""
    nodes = [("Add", ["b", "b"], ["c"], {}), ("Unsqueeze", ["x", "axes"], ["a"], {}), ("Mul", ["a", "c"], ["y"], {})]
    graph = of_onnx(model_of(nodes, {"x": X}, {"b": np.float32(1.5), "axes": np.array([1])}), {"x": X})
    assert [step["do"] for step in graph.described["steps"]] == ["mul"]
    assert [float(each[0]) for each in graph.constants.values()] == [3.0]


def test_large_weights_take_half_the_bytes_if_they_may():
    """From 1,024 numbers on; and what two graphs share is there once."""
    model = model_of([("MatMul", ["x", "w"], ["y"], {})], {"x": X}, {"w": np.ones((5, 1024), np.float32)})
    half, whole = of_onnx(model, {"x": X}, half=True), of_onnx(model, {"x": X})
    blob, twice = Blob(), Blob()
    half.packed(blob)
    assert len(blob.numbers) == 2 * 5 * 1024
    assert whole.packed(twice)["constants"][0][1] == whole.packed(twice)["constants"][0][1] == 0
    assert len(twice.numbers) == 4 * 5 * 1024


@pytest.mark.browser
def test_a_module_compiles(node_job):
    """From PyTorch, with names of our own."""

    class Both(torch.nn.Module):
        def forward(self, a, b):
            return a @ b, (a.T + b).sum(0)

    given = {"a": torch.randn(3, 4), "b": torch.randn(4, 3)}
    (answer,) = in_node(node_job, compiled(Both(), given, ["product", "sums"]), given)
    assert np.allclose(answer["product"], (given["a"] @ given["b"]).ravel(), atol=1e-6)
    assert np.allclose(answer["sums"], (given["a"].T + given["b"]).sum(0), atol=1e-6)

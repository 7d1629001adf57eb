"""What each operation of a network becomes: a view, or steps of the page's runner."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from instrument.graph_views import View, dense_strides, together, view_at

Attributes = dict[str, Any]
ORDERED = {"pick", "scatter", "scatter_add"}
"""Steps whose axes must stay in order."""
COLUMNS = 16
"""Columns of a matrix that the product takes together."""


class Steps:
    """Steps so far, and where every value lies.

    Args:
        known: every value on an example, by name: its shape, and its numbers if they are fixed
    """

    def __init__(self, known: Mapping[str, np.ndarray]) -> None:
        self.known = known
        self.sizes: list[int] = []
        self.constants: dict[int, np.ndarray] = {}
        self.whole: set[int] = set()
        self.fixed: set[str] = set()
        self.views: dict[str, View] = {}
        self.steps: list[dict[str, Any]] = []
        self._kept: dict[tuple[bytes, bool], int] = {}

    def buffer(self, shape: tuple[int, ...]) -> View:
        """A new buffer."""
        self.sizes.append(int(np.prod(shape)))
        return View(len(self.sizes) - 1, 0, tuple(shape), dense_strides(shape))

    def place(self, name: str, shape: tuple[int, ...]) -> View:
        """A new buffer for a value."""
        self.views[name] = self.buffer(shape)
        return self.views[name]

    def constant(self, numbers: np.ndarray, whole: bool = True) -> View:
        """A buffer of fixed numbers, the one that has them already if there is one; whole: never in half precision."""
        key = (numbers.astype(np.float32).tobytes(), whole)
        if key in self._kept:
            return View(self._kept[key], 0, numbers.shape, dense_strides(numbers.shape))
        self._kept[key] = len(self.sizes)
        view = self.buffer(numbers.shape)
        self.constants[view.buffer] = numbers.astype(np.float32).ravel()
        if whole:
            self.whole.add(view.buffer)
        return view

    def view(self, name: str) -> View:
        """Where a value lies; one that is fixed is kept from now on."""
        if name not in self.views:
            self.views[name] = self.constant(self.known[name], whole=self.known[name].dtype != np.float32)
        return self.views[name]

    def moved(self, node: Any, move: Callable[[np.ndarray], list[np.ndarray]]) -> None:
        """Outputs that are numbers of the first input, moved."""
        source = self.view(node.input[0])
        for name, addresses in zip(node.output, move(source.addresses), strict=True):
            view = view_at(source.buffer, addresses.reshape(self.known[name].shape))
            if view is None:
                view = self.place(name, addresses.shape)
                self.step("pick", view, [View(source.buffer, 0, view.shape, view.strides)], at=addresses)
            self.views[name] = view

    def step(self, kind: str, to: View, sources: list[View], at: np.ndarray | None = None, **more: Any) -> None:
        """A step for each number of a view; sources are broadcast to it."""
        shape, views = together(to.shape, [to, *(source.spread(to.shape) for source in sources)])
        if kind not in ORDERED:  # the longest loop innermost
            longest = shape.index(max(shape))
            for axes in (shape, *(view[2] for view in views)):
                axes.append(axes.pop(longest))
        if at is not None:
            more["at"] = at.ravel().tolist()
        self.steps.append({"do": kind, "shape": shape, "to": views[0], "from": views[1:], **more})

    def dense(self, view: View) -> View:
        """The same numbers one behind the other."""
        if view.is_dense:
            return view._replace(strides=dense_strides(view.shape))
        copy = self.buffer(view.shape)
        self.step("copy", copy, [view])
        return copy

    def number(self, name: str) -> float:
        """The one number of a fixed value."""
        return float(self.known[name].ravel()[0])

    def described(self, name: str) -> list[Any]:
        """Name, shape, and [buffer, offset, strides] of a value."""
        view = self.view(name)
        return [name, list(view.shape), [view.buffer, view.offset, list(view.strides)]]


def attributes(node: Any) -> Attributes:
    """What a node says beside its inputs."""
    import onnx

    return {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}


def _plain(kind: str) -> Callable[[Steps, Any], None]:
    """For each number by itself."""

    def lower(steps: Steps, node: Any) -> None:
        name = node.output[0]
        steps.step(kind, steps.place(name, steps.known[name].shape), [steps.view(each) for each in node.input])

    return lower


def _chain(kind: str) -> Callable[[Steps, Any], None]:
    """Any number of inputs, two at a time."""

    def lower(steps: Steps, node: Any) -> None:
        name, (first, *others) = node.output[0], [steps.view(each) for each in node.input]
        to = steps.place(name, steps.known[name].shape)
        steps.step(kind if others else "copy", to, [first, *others[:1]])
        for other in others[1:]:
            steps.step(kind, to, [to, other])

    return lower


def _reshaped(steps: Steps, node: Any) -> None:
    source = steps.view(node.input[0])
    name = node.output[0]
    view = view_at(source.buffer, source.addresses.reshape(steps.known[name].shape))
    if view is None:
        view = steps.dense(source)._replace(
            shape=steps.known[name].shape, strides=dense_strides(steps.known[name].shape)
        )
    steps.views[name] = view


def _transposed(steps: Steps, node: Any) -> None:
    order = attributes(node).get("perm")
    steps.moved(node, lambda at: [at.transpose(order)])


def _expanded(steps: Steps, node: Any) -> None:
    shape = steps.known[node.output[0]].shape
    steps.moved(node, lambda at: [np.broadcast_to(at, shape)])


def _tiled(steps: Steps, node: Any) -> None:
    steps.moved(node, lambda at: [np.tile(at, steps.known[node.input[1]])])


def _sliced(steps: Steps, node: Any) -> None:
    starts, ends = (steps.known[name] for name in node.input[1:3])
    axes, by = np.arange(len(starts)), np.ones(len(starts), int)
    if len(node.input) > 3 and node.input[3]:
        axes = steps.known[node.input[3]]
    if len(node.input) > 4 and node.input[4]:
        by = steps.known[node.input[4]]

    def move(at: np.ndarray) -> list[np.ndarray]:
        where = [slice(None)] * at.ndim
        for axis, start, end, step in zip(axes, starts, ends, by, strict=True):
            last = None if step < 0 and end < -at.shape[axis] else int(end)
            where[int(axis)] = slice(int(start), last, int(step))
        return [at[tuple(where)]]

    steps.moved(node, move)


def _split(steps: Steps, node: Any) -> None:
    axis = attributes(node).get("axis", 0)
    ends = np.cumsum([steps.known[name].shape[axis] for name in node.output])[:-1]
    steps.moved(node, lambda at: np.split(at, ends, axis))


def _gathered(steps: Steps, node: Any) -> None:
    """Rows by an index, which may be fixed."""
    data, at = node.input
    axis = attributes(node).get("axis", 0)
    if at not in steps.fixed:
        source, index = steps.view(data), steps.view(at)
        axis %= len(source.shape)
        to = steps.place(node.output[0], steps.known[node.output[0]].shape)
        after = len(source.shape) - axis - 1
        rows = View(index.buffer, index.offset, (*index.shape, *[1] * after), (*index.strides, *[0] * after))
        still = (*source.strides[:axis], *[0] * len(index.shape), *source.strides[axis + 1 :])
        _looked_up(steps, to, source._replace(shape=to.shape, strides=still), [rows], [axis], source)
    else:
        steps.moved(node, lambda places: [np.take(places, steps.known[at], axis)])


def _gathered_elements(steps: Steps, node: Any) -> None:
    source, index = (steps.view(name) for name in node.input)
    axis = attributes(node).get("axis", 0) % len(source.shape)
    to = steps.place(node.output[0], index.shape)
    still = tuple(0 if each == axis else stride for each, stride in enumerate(source.strides))
    _looked_up(steps, to, source._replace(shape=to.shape, strides=still), [index], [axis], source)


def _gathered_places(steps: Steps, node: Any) -> None:
    """GatherND: each row of the index is a place."""
    source, index = (steps.view(name) for name in node.input)
    n_batch, n_axes = attributes(node).get("batch_dims", 0), index.shape[-1]
    to = steps.place(node.output[0], steps.known[node.output[0]].shape)
    n_between, rest = len(index.shape) - 1 - n_batch, source.strides[n_batch + n_axes :]
    still = (*source.strides[:n_batch], *[0] * n_between, *rest)
    rows = [
        View(
            *(index.buffer, index.offset + each * index.strides[-1]),
            (*index.shape[:-1], *[1] * len(rest)),
            (*index.strides[:-1], *[0] * len(rest)),
        )
        for each in range(n_axes)
    ]
    axes = [n_batch + each for each in range(n_axes)]
    _looked_up(steps, to, source._replace(shape=to.shape, strides=still), rows, axes, source)


def _looked_up(steps: Steps, to: View, still: View, rows: list[View], axes: list[int], source: View) -> None:
    along = [source.strides[axis] for axis in axes]
    steps.step("look_up", to, [still, *rows], along=along, most=[source.shape[axis] for axis in axes])


def _scattered(steps: Steps, node: Any) -> None:
    data, index, updates = (steps.view(name) for name in node.input)
    given = attributes(node)
    axis = given.get("axis", 0) % len(data.shape)
    to = steps.place(node.output[0], data.shape)
    steps.step("copy", to, [data])
    still = tuple(0 if each == axis else stride for each, stride in enumerate(to.strides))
    kind = "scatter_add" if given.get("reduction", b"none") == b"add" else "scatter"
    aimed = View(to.buffer, to.offset, index.shape, still)
    steps.step(kind, aimed, [index, updates], along=to.strides[axis], most=data.shape[axis])


def _concatenated(steps: Steps, node: Any) -> None:
    name = node.output[0]
    to = steps.place(name, steps.known[name].shape)
    axis, start = attributes(node)["axis"], 0
    for each in node.input:
        source = steps.view(each)
        size = source.shape[axis]
        if np.prod(source.shape):
            steps.step("copy", to._replace(shape=source.shape, offset=to.offset + start * to.strides[axis]), [source])
        start += size


def _padded(steps: Steps, node: Any) -> None:
    source, pads = steps.view(node.input[0]), steps.known[node.input[1]]
    value = steps.number(node.input[2]) if len(node.input) > 2 and node.input[2] else 0.0
    name = node.output[0]
    steps.views[name] = _in_padding(steps, source, [int(each) for each in pads], steps.known[name].shape, value)


def _in_padding(steps: Steps, source: View, pads: list[int], shape: tuple[int, ...], value: float = 0.0) -> View:
    """Copied into a buffer that is filled beforehand."""
    to = steps.buffer(shape)
    if value:
        steps.constants[to.buffer] = np.full(to.shape, value, np.float32).ravel()
    before = sum(pad * stride for pad, stride in zip(pads, to.strides, strict=False))
    steps.step("copy", to._replace(shape=source.shape, offset=to.offset + before), [source])
    return to


def _reduced(kind: str) -> Callable[[Steps, Any], None]:
    """Over some axes."""

    def lower(steps: Steps, node: Any) -> None:
        source, given, name = steps.view(node.input[0]), attributes(node), node.output[0]
        axes = steps.known[node.input[1]] if len(node.input) > 1 and node.input[1] else given.get("axes")
        rank = len(source.shape)
        over = [int(axis) % rank for axis in (range(rank) if axes is None else axes)]
        kept = [axis for axis in range(rank) if axis not in over]
        to = steps.place(name, steps.known[name].shape)
        inner = source.transposed(kept)
        _over(
            steps,
            kind,
            to._replace(shape=inner.shape, strides=dense_strides(inner.shape)),
            [inner],
            [source.transposed(over)],
        )

    return lower


def _over(steps: Steps, kind: str, to: View, outer: list[View], inner: list[View]) -> None:
    """A step that runs over inner axes for each number of a view."""
    over, views = together(inner[0].shape, inner)
    steps.step(kind, to, outer, over=over, by=[view[2] for view in views])


def _pooled(kind: str, beyond: float) -> Callable[[Steps, Any], None]:
    """Along the last axis; what lies beyond its ends is taken to be `beyond`."""

    def lower(steps: Steps, node: Any) -> None:
        given, source, name = attributes(node), steps.view(node.input[0]), node.output[0]
        (size,), (stride,) = given["kernel_shape"], given.get("strides", [1])
        before, after = given.get("pads", [0, 0])
        if kind == "mean" and (before or after) and not given.get("count_include_pad", 0):
            raise ValueError("the page cannot run an AveragePool that leaves out its padding.")
        shape = (*source.shape[:-1], source.shape[-1] + before + after)
        padded = _in_padding(steps, source, [*[0] * (len(shape) - 1), before], shape, beyond)
        to = steps.place(name, steps.known[name].shape)
        outer = padded._replace(shape=to.shape, strides=(*padded.strides[:-1], stride))
        _over(steps, kind, to, [outer], [View(padded.buffer, 0, (size,), (1,))])

    return lower


def _multiplied(steps: Steps, node: Any) -> None:
    """A matrix that is fixed is packed for the fast product."""
    left, name, matrix = steps.view(node.input[0]), node.output[0], steps.known[node.input[1]]
    if matrix.ndim > 2 and np.prod(matrix.shape[:-2]) == 1:
        matrix = matrix.reshape(matrix.shape[-2:])
    if matrix.ndim == 2 and node.input[1] in steps.fixed and matrix.shape[1] > 1:
        steps.views[name] = _by_matrix(steps, left, matrix)._replace(
            shape=steps.known[name].shape, strides=dense_strides(steps.known[name].shape)
        )
        return
    right = steps.view(node.input[1])
    fixed = steps.known[node.input[0]]
    if node.input[0] in steps.fixed and fixed.ndim == 2 and len(right.shape) == 2:
        steps.views[name] = _by_matrix(steps, right.transposed([1, 0]), fixed.T).transposed([1, 0])
        return
    to = steps.place(name, steps.known[name].shape)
    wide = to.shape if len(left.shape) > 1 else (*to.shape[:-1], 1, to.shape[-1])
    wide = wide if len(right.shape) > 1 else (*wide, 1)
    left = left if len(left.shape) > 1 else View(left.buffer, left.offset, (1, *left.shape), (0, *left.strides))
    right = right if len(right.shape) > 1 else View(right.buffer, right.offset, (*right.shape, 1), (*right.strides, 0))
    n_inner, batch = left.shape[-1], wide[:-2]
    rows = View(left.buffer, left.offset, (*left.shape[:-1], 1), (*left.strides[:-1], 0)).spread(wide)
    columns = View(
        right.buffer, right.offset, (*right.shape[:-2], 1, right.shape[-1]), (*right.strides[:-2], 0, right.strides[-1])
    )
    inner = [
        View(view.buffer, 0, (n_inner,), (step,))
        for view, step in ((left, left.strides[-1]), (right, right.strides[-2]))
    ]
    assert len(batch) == len(wide) - 2
    _over(steps, "dot", View(to.buffer, 0, wide, dense_strides(wide)), [rows, columns.spread(wide)], inner)


def _by_matrix(steps: Steps, left: View, matrix: np.ndarray) -> View:
    """(..., K) view times (K, N): a new dense view; the matrix is kept in panels of COLUMNS columns, padded."""
    left = steps.dense(left)
    n_inner, n_columns = matrix.shape
    n_panels = -(-n_columns // COLUMNS)
    padded = np.pad(matrix.astype(np.float32), ((0, 0), (0, n_panels * COLUMNS - n_columns)))
    panels = steps.constant(padded.reshape(n_inner, n_panels, COLUMNS).transpose(1, 0, 2), whole=False)
    n_rows = int(np.prod(left.shape[:-1]))
    product = steps.buffer((n_rows, n_panels * COLUMNS))
    numbers = {"rows": n_rows, "inner": n_inner, "panels": n_panels}
    ends = [[view.buffer, view.offset] for view in (product, left, panels)]
    steps.steps.append({"do": "matmul", "to": ends[0], "from": ends[1:], **numbers})
    view = View(product.buffer, 0, (*left.shape[:-1], n_columns), (*dense_strides(left.shape[:-1]), 1))
    strides = tuple(step * n_panels * COLUMNS for step in dense_strides(left.shape[:-1]))
    view = view._replace(strides=(*strides, 1))
    return view if n_rows == 1 else steps.dense(view)


def _affine(steps: Steps, node: Any) -> None:
    """Gemm: as MatMul and Add."""
    given = attributes(node)
    if given.get("alpha", 1.0) != 1.0 or given.get("beta", 1.0) != 1.0 or given.get("transA", 0):
        raise ValueError("the page cannot run a Gemm that scales or transposes what it is given.")
    matrix = steps.known[node.input[1]]
    product = _by_matrix(steps, steps.view(node.input[0]), matrix.T if given.get("transB", 0) else matrix)
    name = node.output[0]
    biases = [steps.view(each) for each in node.input[2:]]
    steps.step("add" if biases else "copy", steps.place(name, steps.known[name].shape), [product, *biases])


def _normalised(steps: Steps, node: Any) -> None:
    source, *more = (steps.view(name) for name in node.input)
    source, given, name = steps.dense(source), attributes(node), node.output[0]
    if given.get("axis", -1) not in (-1, len(source.shape) - 1):
        raise ValueError("the page cannot run a LayerNormalization over more than the last axis.")
    to = steps.place(name, source.shape)
    width = source.shape[-1]
    ends = [[view.buffer, view.offset] for view in (to, source, *more)]
    numbers = {"rows": int(np.prod(source.shape[:-1])), "width": width, "epsilon": given.get("epsilon", 1e-5)}
    steps.steps.append({"do": "normalise", "to": ends[0], "from": ends[1:], **numbers})


def _recurrent(steps: Steps, node: Any) -> None:
    """GRU of one frame: two products, then the gates."""
    x, w, r, b, _, hidden = node.input
    given, known = attributes(node), steps.known
    if known[x].shape[0] != 1 or not given.get("linear_before_reset", 0) or known[w].shape[0] != 1:
        raise ValueError("the page cannot run a GRU of several frames, directions or of another kind than PyTorch's.")
    width = given["hidden_size"]
    source, state = (steps.dense(steps.view(name)) for name in (x, hidden))
    of_input, of_state = (_by_matrix(steps, view, known[name][0].T) for view, name in ((source, w), (state, r)))
    for view, bias in ((of_input, known[b][0, : 3 * width]), (of_state, known[b][0, 3 * width :])):
        steps.step("add", view, [view, steps.constant(bias)])
    out = steps.buffer((width,))
    ends = [[view.buffer, view.offset] for view in (out, of_input, of_state, state)]
    steps.steps.append({"do": "gates", "to": ends[0], "from": ends[1:], "width": width})
    for name in node.output:
        if name:
            shape = known[name].shape
            steps.views[name] = View(out.buffer, 0, shape, dense_strides(shape))


def _cast(steps: Steps, node: Any) -> None:
    before, name = steps.known[node.input[0]].dtype, node.output[0]
    after = steps.known[name].dtype
    if after.kind == "b" and before.kind != "b":
        steps.step("truth", steps.place(name, steps.known[name].shape), [steps.view(node.input[0])])
    elif np.issubdtype(after, np.integer) and np.issubdtype(before, np.floating):
        steps.step("trunc", steps.place(name, steps.known[name].shape), [steps.view(node.input[0])])
    else:
        steps.views[name] = steps.view(node.input[0])


def _clipped(steps: Steps, node: Any) -> None:
    name, (value, *ends) = node.output[0], node.input
    to, source = steps.place(name, steps.known[name].shape), steps.view(value)
    kinds = [(kind, end) for kind, end in zip(("max", "min"), ends, strict=False) if end]
    for kind, end in kinds:
        steps.step(kind, to, [source, steps.view(end)])
        source = to
    if not kinds:
        steps.step("copy", to, [source])


def _powered(steps: Steps, node: Any) -> None:
    base, exponent = (steps.view(name) for name in node.input)
    name = node.output[0]
    to = steps.place(name, steps.known[name].shape)
    fixed = node.input[1] in steps.fixed and np.prod(exponent.shape) == 1
    if fixed and steps.number(node.input[1]) == 2.0:
        steps.step("mul", to, [base, base])
    elif fixed and steps.number(node.input[1]) == 0.5:
        steps.step("sqrt", to, [base])
    else:
        steps.step("pow", to, [base, exponent])


def _divided(steps: Steps, node: Any) -> None:
    is_whole = np.issubdtype(steps.known[node.output[0]].dtype, np.integer)
    _plain("quotient" if is_whole else "div")(steps, node)


def _leaky(steps: Steps, node: Any) -> None:
    name = node.output[0]
    slope = steps.constant(np.array([attributes(node).get("alpha", 0.01)]))
    steps.step("leaky", steps.place(name, steps.known[name].shape), [steps.view(node.input[0]), slope])


PLAIN = {
    "Add": "add", "Sub": "sub", "Mul": "mul", "Sqrt": "sqrt", "Exp": "exp", "Log": "log", "Tanh": "tanh",
    "Sigmoid": "sigmoid", "Relu": "relu", "Neg": "neg", "Abs": "abs", "Sign": "sign", "Reciprocal": "reciprocal",
    "Floor": "floor", "Ceil": "ceil", "Round": "round", "Sin": "sin", "Cos": "cos", "Greater": "greater",
    "Less": "less", "GreaterOrEqual": "at_least", "LessOrEqual": "at_most", "Equal": "equal", "And": "and",
    "Or": "or", "Not": "not",
    "Where": "where", "IsNaN": "is_nan", "IsInf": "is_infinite", "Mod": "mod",
}  # fmt: skip
STEPS: dict[str, Callable[[Steps, Any], None]] = {
    **{name: _plain(kind) for name, kind in PLAIN.items()},
    **{"Min": _chain("min"), "Max": _chain("max"), "Sum": _chain("add"), "Shape": _reshaped},
    **{name: _reshaped for name in ("Reshape", "Unsqueeze", "Squeeze", "Identity", "Flatten")},
    **{"Transpose": _transposed, "Expand": _expanded, "Tile": _tiled, "Slice": _sliced, "Split": _split},
    **{"Gather": _gathered, "GatherElements": _gathered_elements, "GatherND": _gathered_places},
    **{"ScatterElements": _scattered, "Concat": _concatenated, "Pad": _padded},
    **{f"Reduce{kind}": _reduced(kind.lower()) for kind in ("Sum", "Mean", "Max", "Min")},
    **{
        "AveragePool": _pooled("mean", 0.0),
        "MaxPool": _pooled("max", -np.inf),
        "MatMul": _multiplied,
        "Gemm": _affine,
        "LayerNormalization": _normalised,
    },
    **{
        "GRU": _recurrent,
        "Cast": _cast,
        "CastLike": _cast,
        "Clip": _clipped,
        "Pow": _powered,
        "Div": _divided,
        "LeakyRelu": _leaky,
    },
}
"""Operation -> what makes steps of it."""

"""Operations that run over numbers: sums, pools, products of matrices, layers made of them."""

from typing import Any

import numpy as np

from instrument.graph_moves import in_padding
from instrument.graph_program import Lower, Steps, attributes
from instrument.graph_views import View, dense_strides, together

COLUMNS = 16
"""Columns of a matrix that the product takes together."""


def _reduced(kind: str) -> Lower:
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


def _pooled(kind: str, beyond: float) -> Lower:
    """Along the last axis; what lies beyond its ends is taken to be `beyond`."""

    def lower(steps: Steps, node: Any) -> None:
        given, source, name = attributes(node), steps.view(node.input[0]), node.output[0]
        (size,), (stride,) = given["kernel_shape"], given.get("strides", [1])
        before, after = given.get("pads", [0, 0])
        if kind == "mean" and (before or after) and not given.get("count_include_pad", 0):
            raise ValueError("the page cannot run an AveragePool that leaves out its padding.")
        shape = (*source.shape[:-1], source.shape[-1] + before + after)
        padded = in_padding(steps, source, [*[0] * (len(shape) - 1), before], shape, beyond)
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


SUMS: dict[str, Lower] = {
    **{f"Reduce{kind}": _reduced(kind.lower()) for kind in ("Sum", "Mean", "Max", "Min")},
    **{"AveragePool": _pooled("mean", 0.0), "MaxPool": _pooled("max", -np.inf)},
    **{"MatMul": _multiplied, "Gemm": _affine, "LayerNormalization": _normalised, "GRU": _recurrent},
}
"""Operation -> what makes steps of it."""

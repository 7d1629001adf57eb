"""Operations that only move numbers: a view where the page's runner can look past the move, else a copy."""

from typing import Any

import numpy as np

from instrument.graph_program import Lower, Steps, attributes
from instrument.graph_views import View, dense_strides, view_at


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
    steps.views[name] = in_padding(steps, source, [int(each) for each in pads], steps.known[name].shape, value)


def in_padding(steps: Steps, source: View, pads: list[int], shape: tuple[int, ...], value: float = 0.0) -> View:
    """Copied into a buffer that is filled beforehand."""
    to = steps.buffer(shape)
    if value:
        steps.constants[to.buffer] = np.full(to.shape, value, np.float32).ravel()
    before = sum(pad * stride for pad, stride in zip(pads, to.strides, strict=False))
    steps.step("copy", to._replace(shape=source.shape, offset=to.offset + before), [source])
    return to


MOVES: dict[str, Lower] = {
    **{name: _reshaped for name in ("Shape", "Reshape", "Unsqueeze", "Squeeze", "Identity", "Flatten")},
    **{"Transpose": _transposed, "Expand": _expanded, "Tile": _tiled, "Slice": _sliced, "Split": _split},
    **{"Gather": _gathered, "GatherElements": _gathered_elements, "GatherND": _gathered_places},
    **{"ScatterElements": _scattered, "Concat": _concatenated, "Pad": _padded},
}
"""Operation -> what makes steps of it."""

"""The steps of the page's runner that a network becomes, and where in its numbers every value lies."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from instrument.graph_views import View, dense_strides, together, view_at

Attributes = dict[str, Any]
ORDERED = {"pick", "scatter", "scatter_add"}
"""Steps whose axes must stay in order."""


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


Lower = Callable[[Steps, Any], None]
"""Makes steps of a node."""

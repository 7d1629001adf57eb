"""Where numbers lie: buffers, and views that only say which of a buffer's numbers are meant."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np


class View(NamedTuple):
    """Numbers of a buffer: the one at indices i lies at offset + sum of i * strides."""

    buffer: int
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def addresses(self) -> np.ndarray:
        """Where each of them lies."""
        places = np.full(self.shape, self.offset)
        for axis, (size, stride) in enumerate(zip(self.shape, self.strides, strict=True)):
            places = places + (stride * np.arange(size)).reshape(-1, *[1] * (len(self.shape) - axis - 1))
        return places

    @property
    def is_dense(self) -> bool:
        """Whether they lie one behind the other."""
        wanted = dense_strides(self.shape)
        return all(size == 1 or a == b for size, a, b in zip(self.shape, self.strides, wanted, strict=True))

    def spread(self, shape: Sequence[int]) -> "View":
        """Broadcast to a shape."""
        missing = len(shape) - len(self.shape)
        own = (*[1] * missing, *self.shape)
        strides = (*[0] * missing, *self.strides)
        kept = [0 if size == 1 else stride for size, stride in zip(own, strides, strict=True)]
        return self._replace(shape=tuple(shape), strides=tuple(kept))

    def transposed(self, axes: Sequence[int]) -> "View":
        """With its axes in another order."""
        return self._replace(
            shape=tuple(self.shape[axis] for axis in axes), strides=tuple(self.strides[axis] for axis in axes)
        )


def dense_strides(shape: Sequence[int]) -> tuple[int, ...]:
    """Strides of numbers that lie one behind the other."""
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))


def view_at(buffer: int, addresses: np.ndarray) -> View | None:
    """The view of a buffer whose numbers lie at these addresses, if there is one."""
    if not addresses.size:
        return View(buffer, 0, addresses.shape, dense_strides(addresses.shape))
    offset = int(addresses.flat[0])
    strides = []
    for axis, size in enumerate(addresses.shape):
        second = [0] * addresses.ndim
        second[axis] = 1
        strides.append(int(addresses[tuple(second)]) - offset if size > 1 else 0)
    view = View(buffer, offset, addresses.shape, tuple(strides))
    return view if np.array_equal(view.addresses, addresses) else None


def together(shape: Sequence[int], views: Sequence[View]) -> tuple[list[int], list[list[Any]]]:
    """Views of one shape -> as few axes as do for all of them, and each view as [buffer, offset, strides]."""
    axes = [axis for axis, size in enumerate(shape) if size > 1]
    sizes: list[int] = []
    strides: list[list[int]] = [[] for _ in views]
    for axis in axes:
        own = [view.strides[axis] for view in views]
        joins = sizes and all(each[-1] == step * shape[axis] for each, step in zip(strides, own, strict=True))
        if joins:
            sizes[-1] *= shape[axis]
        else:
            sizes.append(shape[axis])
        for each, step in zip(strides, own, strict=True):
            each[-1 if joins else len(each) :] = [step]
    if not sizes:
        sizes = [int(np.prod(shape))]
        strides = [[0] for _ in views]
    return sizes, [[view.buffer, view.offset, each] for view, each in zip(views, strides, strict=True)]

"""Where the names of models stand in a plot: beside their points, clear of each other and of what is drawn."""

from collections.abc import Callable
from itertools import product

import numpy as np

from studies.comparison.trade_off import TradeOff, staircase

GAPS_PX = (9.0, 22.0, 40.0, 62.0)
MARKER_PX, LINE_PX = 12.0, 4.0
PASSES = 3
CROSSING = 100.0
"""What it costs to lead a label's line across something else: as much as to cover so many square pixels."""


def place_labels(anchors: np.ndarray, sizes: np.ndarray, taken: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Where to write n labels so that they cover neither each other nor what is drawn, each near its point.

    Args:
        anchors: (n, 2) points, in pixels
        sizes: (n, 2) width and height of the labels
        taken: (m, 4) boxes to keep clear of: left, bottom, right, top
        frame: (4,) box to stay in

    Returns:
        (n, 2) centres of the labels
    """
    boxes = np.full((len(anchors), 4), np.nan)
    for index in list(range(len(anchors))) * PASSES:
        others = np.delete(boxes, index, axis=0)
        others = np.concatenate([taken, others[np.isfinite(others[:, 0])]])
        places = _places_around(anchors[index], sizes[index])
        costs = [_cost(anchors[index], place, step, others, frame) for step, place in enumerate(places)]
        boxes[index] = places[int(np.argmin(costs))]
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def _places_around(anchor: np.ndarray, size: np.ndarray) -> list[np.ndarray]:
    """Boxes of a label in eight directions from its point, the nearest and most readable first."""
    directions = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)]
    centres = [anchor + np.array(way) * (gap + size / 2) for gap, way in product(GAPS_PX, directions)]
    return [np.concatenate([centre - size / 2, centre + size / 2]) for centre in centres]


def _cost(anchor: np.ndarray, box: np.ndarray, step: int, others: np.ndarray, frame: np.ndarray) -> float:
    """Square pixels of others that a box covers, more for leaving the frame or crossing others, less for being far."""
    outside = np.maximum(0, [*(frame[:2] - box[:2]), *(box[2:] - frame[2:])]).sum()
    shared = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    way = anchor + np.outer((0.3, 0.5, 0.7, 0.9), np.clip(anchor, box[:2], box[2:]) - anchor)
    way = way[np.abs(way - anchor).max(axis=1) > MARKER_PX / 2]  # beyond the label's own point
    crossed = ((way[:, None] > others[:, :2]) & (way[:, None] < others[:, 2:])).all(axis=2).any(axis=0).sum()
    return float(np.maximum(shared, 0).prod(axis=1).sum() + CROSSING * crossed + 1e3 * outside + 2.0 * step)


def occupied(trade: TradeOff, to_px: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """(m, 4) boxes in pixels of markers, error bars and the front's line, which labels keep clear of."""
    points, stairs = trade.points[trade.shown], staircase(trade)
    starts, ends = [stairs[:-1]], [stairs[1:]]
    for side, interval_ends in product((0, 1), (trade.low, trade.high)):
        tips = points.copy()
        tips[:, side] = np.where(np.isnan(reach := interval_ends[trade.shown, side]), tips[:, side], reach)
        starts.append(points)
        ends.append(tips)
    lines = _boxes(to_px(np.concatenate(starts)), to_px(np.concatenate(ends)), LINE_PX)
    return np.concatenate([lines, _boxes(to_px(points), to_px(points), MARKER_PX)])


def _boxes(start: np.ndarray, end: np.ndarray, width_px: float) -> np.ndarray:
    """(m, 2) ends of lines in pixels -> (m, 4) boxes around them."""
    return np.concatenate([np.minimum(start, end) - width_px / 2, np.maximum(start, end) + width_px / 2], axis=1)

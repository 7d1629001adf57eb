"""Where the names of models stand in a plot: beside their points, clear of each other and of what is drawn."""

from collections.abc import Callable
from itertools import product

import numpy as np

from studies.comparison.trade_off import TradeOff, staircase

GAPS_PX = (9.0, 22.0, 40.0, 62.0)
MARKER_PX, SEED_PX, LINE_PX = 12.0, 6.0, 4.0
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
        boxes[index] = places[int(np.argmin(_costs(anchors[index], places, others, frame)))]
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def _places_around(anchor: np.ndarray, size: np.ndarray) -> np.ndarray:
    """(P, 4) boxes of a label in eight directions from its point, the nearest and most readable first."""
    directions = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)]
    centres = np.array([anchor + np.array(way) * (gap + size / 2) for gap, way in product(GAPS_PX, directions)])
    return np.concatenate([centres - size / 2, centres + size / 2], axis=1)


def _costs(anchor: np.ndarray, places: np.ndarray, others: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """(P,) square pixels of others that each of (P, 4) places covers, and what else speaks against it.

    More for leaving the frame or for leading its line across others, a little for being a later place.
    """
    low, high = places[:, :2], places[:, 2:]
    outside = np.maximum(0, np.concatenate([frame[:2] - low, high - frame[2:]], axis=1)).sum(axis=1)
    shared = np.minimum(high[:, None], others[:, 2:]) - np.maximum(low[:, None], others[:, :2])
    covered = np.maximum(shared, 0).prod(axis=2).sum(axis=1)
    way = anchor + np.array((0.3, 0.5, 0.7, 0.9))[:, None] * (np.clip(anchor, low, high) - anchor)[:, None]
    beyond = np.abs(way - anchor).max(axis=2) > MARKER_PX / 2  # the label's own point does not count
    hit = ((way[:, :, None] > others[:, :2]) & (way[:, :, None] < others[:, 2:])).all(axis=3) & beyond[:, :, None]
    crossed = hit.any(axis=1).sum(axis=1)
    return np.asarray(covered + CROSSING * crossed + 1e3 * outside + 2.0 * np.arange(len(places)))


def occupied(trade: TradeOff, to_px: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """(m, 4) boxes in pixels of markers, seeds, error bars and the front's line, which labels keep clear of."""
    points, stairs = trade.points[trade.shown], staircase(trade)
    starts, ends = [stairs[:-1]], [stairs[1:]]
    for side, interval_ends in product((0, 1), (trade.low, trade.high)):
        tips = points.copy()
        tips[:, side] = np.where(np.isnan(reach := interval_ends[trade.shown, side]), tips[:, side], reach)
        starts.append(points)
        ends.append(tips)
    lines = _boxes(to_px(np.concatenate(starts)), to_px(np.concatenate(ends)), LINE_PX)
    seeds = to_px(np.concatenate([np.empty((0, 2)), *trade.seeds]))
    return np.concatenate([lines, _boxes(to_px(points), to_px(points), MARKER_PX), _boxes(seeds, seeds, SEED_PX)])


def _boxes(start: np.ndarray, end: np.ndarray, width_px: float) -> np.ndarray:
    """(m, 2) ends of lines in pixels -> (m, 4) boxes around them."""
    return np.concatenate([np.minimum(start, end) - width_px / 2, np.maximum(start, end) + width_px / 2], axis=1)

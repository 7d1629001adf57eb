"""What the plots of the page have in common, and numbers as their JSON has them."""

import math
from typing import Any

import numpy as np

WIDTH_PX = 1180
HOVER = {"font": {"size": 11, "color": "#222222"}, "bgcolor": "#ffffff", "bordercolor": "#999999", "align": "left"}
CONFIG = {"displaylogo": False, "modeBarButtons": [["toImage", "zoom2d", "pan2d", "resetScale2d"]]}
AXIS = {"showline": True, "linecolor": "#222222", "gridcolor": "#eeeeee", "zeroline": False, "ticks": "outside"}


def layout_of(width_px: int, height_px: int, margin_px: dict[str, int]) -> dict[str, Any]:
    """Size, margins and look of a plot."""
    look = {"plot_bgcolor": "#ffffff", "showlegend": False, "font": {"family": "system-ui, sans-serif"}}
    return {"width": width_px, "height": height_px, "margin": margin_px, **look}


def numbers_of(values: np.ndarray) -> list[Any]:
    """Numbers as JSON has them: six digits, null for NaN."""
    if values.ndim > 1:
        return [numbers_of(row) for row in values]
    return [float(f"{value:.6g}") if math.isfinite(value) else None for value in values]

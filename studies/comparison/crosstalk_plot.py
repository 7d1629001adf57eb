"""What else moves while a knob is turned, as a heat map for the page."""

import html
import math
from typing import Any

import numpy as np

from studies.comparison.plot_look import WIDTH_PX, layout_of, numbers_of
from studies.comparison.trade_off import ON_FRONT
from studies.run_reports import DriftTable

DARKEST_JND = 3.0
"""Three times what is just heard is drawn in full colour."""
NO_JND = "#f2f2f2"


def crosstalk_plot(talk: DriftTable) -> dict[str, Any]:
    """Heat map of the drift of each column while each knob is turned; a knob's own column is left blank."""
    own = np.array([[knob == column for column in talk.columns] for knob in talk.knobs])
    heat = {
        "type": "heatmap",
        "x": talk.columns,
        "y": talk.knobs,
        "z": numbers_of(np.where(own, math.nan, talk.drift_jnd)),
        "zmin": 0.0,
        "zmax": DARKEST_JND,
        "colorscale": [[0.0, "#ffffff"], [1.0, ON_FRONT]],
        "showscale": False,
        "texttemplate": "%{z:.2f}",
        "hovertemplate": "turning %{y}: %{x} drifts by %{z:.2f} JND<extra></extra>",
        "hoverongaps": False,
        "xgap": 2,
        "ygap": 2,
    }
    layout = layout_of(WIDTH_PX, 90 + 42 * len(talk.knobs), {"l": 160, "r": 20, "t": 80, "b": 10})
    look = {"showgrid": False, "type": "category"}
    words = {"tickvals": talk.columns, "ticktext": [html.escape(name).replace("_", "<br>") for name in talk.columns]}
    axes = {"xaxis": {"side": "top", "tickangle": 0, **words, **look}, "yaxis": {"autorange": "reversed", **look}}
    return {"data": [heat], "layout": {**layout, "plot_bgcolor": NO_JND, **axes}}

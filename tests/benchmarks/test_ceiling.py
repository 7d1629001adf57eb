"""The table of floor and ceiling: means with intervals, and the network's part over notes that have all values."""

import numpy as np

from benchmarks.ceiling import HEADER, ROWS, table


def test_the_networks_part_is_told_for_every_figure():
    """Three notes; of the last, one figure is undefined for the fit."""
    means = dict(zip(ROWS, (0.9, 0.7, 0.6, 0.55, 0.5), strict=True))
    values = {name: np.array([[mean + shift] * 5 for shift in (-0.1, 0.1, 0.0)]) for name, mean in means.items()}
    values["fit"][2, 4] = np.nan
    lines = table(values).splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert "\n".join(lines[:2]) == HEADER and [row[0] for row in cells[2:]] == [*ROWS, "the network's part"]
    assert {len(row) for row in cells} == {6}
    assert cells[2][1].startswith("0.9 (0.8") and cells[-1][1:] == ["75 % (75–75)"] * 5

"""Tables say how many notes their means are over, and fit: no table of settings where models are too unlike."""

import math

import pytest

from studies.bounds import Between
from studies.comparison.comparison import Comparison, Model
from studies.comparison.table import MOST_SETTINGS, markdown, shown, table, tables
from studies.figure import Figure


def figure(name, value=1.0, n=8, of=8, rendering="open", better="lower"):
    return Figure(name, None, None, None, "dB", better, f"{name} in words.", value, value - 0.25, value + 0.25, n, of,
                  rendering=rendering)  # fmt: skip


def model(name, *quality, control=(), knobs=("level",), **settings):
    return Model(name, 1, knobs, list(quality), list(control), None, {"model": settings})


@pytest.mark.parametrize(
    ("counts", "heading", "cells"),
    [
        ([(8, 8), (8, 8)], "visqol (dB) ↓, n = 8", ["1.00 ±0.25", "1.00 ±0.25"]),
        ([(7, 8), (7, 8)], "visqol (dB) ↓, n = 7 of 8", ["1.00 ±0.25", "1.00 ±0.25"]),
        ([(8, 8), (3, 8)], "visqol (dB) ↓, n = 8", ["1.00 ±0.25", "1.00 ±0.25 (3 of 8 notes)"]),
    ],
)
def test_counts_stand_beside_every_mean(counts, heading, cells):
    """In the heading where all have the same, else in the cell that has fewer."""
    comparison = Comparison([model(str(pair), figure("visqol", n=pair[0], of=pair[1])) for pair in counts], [])
    found = table(comparison, "Quality", shown(comparison, ["visqol"]))
    assert found.headings == ["model", "seeds", heading] and [row[2].text for row in found.rows] == cells
    assert found.definitions[2] == "visqol in words."


def test_each_kind_has_its_table_and_renderings_stand_apart():
    """Those that nobody has are left out; the chosen axis comes first."""
    error = [figure("error_jnd", 2.0), figure("error_jnd", 0.5, rendering="exact")]
    models = [model("one", figure("visqol"), figure("snr"), control=error), model("two", figure("visqol", 2.0))]
    quality, control = Comparison(models, []).figures("quality")["snr"], error[0]
    found = {each.title: each for each in tables(Comparison(models, []), quality, control)}
    assert list(found) == ["Resynthesis", "Control, as the decoders play", "Knobs met, exact"]
    assert [heading.split()[0] for heading in found["Resynthesis"].headings] == ["model", "seeds", "snr", "visqol"]
    assert [[cell.text for cell in row][2:] for row in found["Knobs met, exact"].rows] == [["0.500"], ["–"]]
    assert [row[3].best for row in found["Resynthesis"].rows] == [True, False]


def test_the_networks_part_stands_beside_fit_and_seeds():
    """A model that was tested before there were fits has none; where no model has, there is no table."""
    ends = [figure("visqol", value, better="higher", rendering=way) for value, way in ((4.5, "fit"), (4.75, "seeds"))]
    share = figure("visqol_share", 0.5)._replace(n=6, definition="Part.")
    fitted = model("new", figure("visqol"))._replace(bounds=(Between(figure("visqol", 4.25), *ends, share),))
    old, nothing = model("old", figure("visqol")), figure("none")
    found = tables(Comparison([fitted, old], []), nothing, nothing)[-1]
    assert found.title.startswith("The network's part") and found.headings[2:] == ["visqol part ↓, n = 6"]
    assert [[cell.text for cell in row][2:] for row in found.rows] == [["0.50 ±0.25 (4.50; 4.75)"], ["–"]]
    assert found.definitions[2] == "Part."
    assert [each.title for each in tables(Comparison([old], []), nothing, nothing)] == ["Resynthesis"]


@pytest.mark.parametrize("n_settings", [1, MOST_SETTINGS, MOST_SETTINGS + 1])
def test_models_that_are_too_unlike_have_no_table_of_settings(n_settings):
    models = [model(str(n), figure("visqol"), **{f"s{k}": n for k in range(n_settings)}) for n in range(2)]
    nothing = Figure("none", None, None, None, "", "higher", "", math.nan, math.nan, math.nan)
    titles = [each.title for each in tables(Comparison(models, []), models[0].quality[0], nothing)]
    assert ("What sets the models apart" in titles) == (n_settings <= MOST_SETTINGS)


def test_markdown_has_a_heading_per_table_and_keeps_bars():
    comparison = Comparison([model("a|b", figure("visqol")), model("c", figure("visqol", 2.0))], [])
    lines = markdown([table(comparison, "Quality", shown(comparison, ["visqol"]))], ["Said."]).splitlines()
    assert lines == [
        *("## Quality", "", "| model | seeds | visqol (dB) ↓, n = 8 |", "| --- | ---: | ---: |"),
        *("| a\\|b | 1 | **1.00 ±0.25** |", "| c | 1 | 2.00 ±0.25 |", "", "Said."),
    ]

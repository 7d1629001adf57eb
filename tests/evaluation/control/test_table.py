"""The table of the terminal: every knob by every rendering, in eighty columns."""

import io
import math

import pytest
from rich.console import Console

from evaluation.control.table import COLUMNS, figures_table
from studies.figure import Figure

KNOBS = ("level", "fundamental_share", None)


def figure(name, knob, rendering, value):
    """A figure over all notes."""
    unit = "share" if name in ("within_quarter", "all_met") else "JND"
    return Figure(name, knob, None, None, unit, "lower", "", value, math.nan, math.nan, rendering=rendering)


def printed(figures):
    """Lines as a terminal of eighty columns has them."""
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(figures_table(figures))
    return console.export_text().splitlines()


@pytest.fixture
def figures():
    """Three renderings of two knobs and of all, widest numbers."""
    values = {"requests": 1320.0, "unreachable": 107.0}
    return [
        figure(name, knob, rendering, values.get(name, 0.1234 * (1 + len(rendering))))
        for rendering in ("open", "exact", "live")
        for knob in KNOBS
        for name in (*COLUMNS.values(), *values)
    ]


def test_every_knob_by_every_rendering(figures):
    lines = printed(figures)
    assert max(map(len, lines)) <= 80 and "…" not in "".join(lines)
    body = [line.split() for line in lines if "open" in line or "exact" in line or "live" in line]
    assert [line[0] for line in body] == [
        "level",
        "exact",
        "live",
        "fundamental_share",
        "exact",
        "live",
        *("all", "exact", "live"),
    ]
    assert body[0][1:3] == ["open", "0.617"] and body[1][1] == "0.740" and "62 %" in lines[4 - 1] + lines[4]
    assert all(header in "".join(lines[:4]) for header in COLUMNS)
    assert sum("107 of 1320" in line for line in lines) == 3  # the same for all renderings


def test_an_open_one_alone_and_what_is_not_known(figures):
    open_only = [f if f.name != "unreachable" else f._replace(value=math.nan) for f in figures if f.rendering == "open"]
    lines = printed([f for f in open_only if f.name != "error_jnd"])
    assert sum("not known" in line for line in lines) == 3 and not any("exact" in line for line in lines)
    assert any("–" in line for line in lines)


def test_what_is_no_knob_is_left_out(figures):
    """A probe's figure of a descriptor that no knob turns has no line."""
    other = figures[0]._replace(name="leakage", knob="warmth")
    assert not any("warmth" in line for line in printed([*figures, other]))

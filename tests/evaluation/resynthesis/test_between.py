"""The network's part of what is lost: known means, notes that have all three values, and a table of 80 columns."""

import io
import math

import numpy as np
import pytest
from rich.console import Console

from evaluation.resynthesis import METRICS, MagnitudeSNR, MultiResolutionSTFT, NoteRow
from evaluation.resynthesis.between import FittedNote, between, bounds_table, network_share
from synths import ClipFormat

CLIP = ClipFormat()


def fitted(values, name="multi_resolution_stft"):
    """(n, 3) values of model, fit and two seeds -> notes."""
    ways = ("open", "fit", "two seeds")
    return [
        FittedNote(*(NoteRow(str(note), {name: value}, rendering=way) for value, way in zip(row, ways, strict=True)))
        for note, row in enumerate(values)
    ]


def test_of_four_tenths_lost_three_are_the_networks():
    """Over the notes that have all three; means and intervals of the same notes."""
    values = [(0.9 + shift, 0.6 + shift, 0.5 + shift) for shift in (-0.1, 0.0, 0.1)]
    (found,) = between([MultiResolutionSTFT(CLIP)], fitted([*values, (9.0, math.nan, 0.1)]))
    assert [found.share.value, found.share.low, found.share.high] == pytest.approx([0.75] * 3)
    means = [figure.value for figure in (found.model, found.fit, found.two_seeds)]
    assert means == pytest.approx([0.9, 0.6, 0.5]) and 0.8 <= found.model.low < 0.9
    assert {(figure.n, figure.of) for figure in found} == {(3, 4)}
    assert [figure.rendering for figure in found[:3]] == ["open", "fit", "two seeds"]
    assert found.share.name == "multi_resolution_stft_share"
    assert between([MultiResolutionSTFT(CLIP)], []) == []


def test_where_higher_is_better_it_is_the_same():
    (found,) = between([MagnitudeSNR(CLIP)], fitted([(10.0, 20.0, 30.0), (12.0, 18.0, 28.0)], "magnitude_snr"))
    assert found.share.value == pytest.approx(8.0 / 18.0)


def test_of_nothing_there_is_no_share():
    """A model that is as good as two seeds; a single note; no note that has all values."""
    alike = np.array([[1.0, 1.1, 0.9], [1.0, 1.2, 1.1], [1.1, 1.0, 1.1]])
    assert all(map(math.isnan, network_share(alike)))
    assert all(map(math.isnan, network_share(alike[:1])))
    (found,) = between([MultiResolutionSTFT(CLIP)], fitted([(math.nan, 1.0, 1.0)]))
    assert all(math.isnan(figure.value) for figure in found) and found.model.n == 0


def test_the_table_fits_a_terminal():
    """The widest numbers that are to be feared."""
    notes = [
        FittedNote(*(NoteRow("n", {metric.name: value for metric in METRICS}) for value in (-13.7, -11.9 + note, 23.4)))
        for note in range(2)
    ]
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(bounds_table(between([metric(CLIP) for metric in METRICS], notes)))
    lines = console.export_text().splitlines()
    row = next(line for line in lines if "multi_resolution_stft" in line)
    assert row.split() == "multi_resolution_stft distance ↓ -13.7 -11.4 23.4 6 % (5 to 8)".split()
    assert "…" not in "".join(lines) and any("two seeds" in line and "network's part" in line for line in lines)

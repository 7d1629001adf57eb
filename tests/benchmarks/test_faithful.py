"""Lines of the table: what was turned and what was held are told apart, and the fit's cost is said."""

import torch

from benchmarks.exact_requests import Met, NoteRequests
from benchmarks.faithful import HEADER, NoteWay, reached_by_some, row
from lightning_modules.encoders import Encoding


def requested(off):
    """Two requests to two knobs and one that turns nothing, and what they missed."""
    turned = torch.tensor([[True, False], [False, True], [False, False]])
    nothing = torch.zeros(3, 4, 2)
    asked = NoteRequests(Encoding(nothing, nothing, {}), torch.zeros(3, 4), torch.ones(3, 2), turned, torch.zeros(3, 2))
    return asked, NoteWay(Met(torch.tensor(off), torch.zeros(3, 2), 6.0, torch.zeros(1, 8)), 0.5)


def test_a_row_tells_turned_from_held_and_leaves_out_what_turns_nothing():
    pairs = [requested([[-2.0, 0.1], [0.3, 0.5], [9.0, 9.0]]), requested([[0.5, 0.1], [0.3, -1.5], [9.0, 9.0]])]
    figures = torch.tensor([[0.5, 20.0, 4.6], [0.7, 16.0, 4.4]])
    asked, ways = zip(*pairs, strict=True)
    reached = [torch.tensor([False, True]), torch.tensor([True, False])]
    cells = [cell.strip() for cell in row("faithful", ways, figures, asked, reached, 2.0).split("|")[1:-1]]
    assert len(cells) == HEADER.split("\n")[0].count("|") - 1
    assert [cell.split()[0] for cell in cells[1:4]] == ["0.6", "18", "4.5"], "quality"
    assert cells[4].startswith("1.12 (1–1.25)") and cells[5] == "1.000", "turned: 2 and 0.5, 0.5 and 1.5"
    assert cells[6:8] == ["50 %", "0.500"], "and of what was reached"
    assert cells[8].startswith("0.2 ") and cells[9] == "0.200", "held: 0.1 and 0.3 twice"
    assert cells[10].startswith("9 "), "nothing turned"
    assert cells[11] == "1.250, 0.250", "6 s over 3 requests of 2 s, and the fit before"


def test_what_one_way_reaches_counts_as_reached():
    """Every knob of a request within 1; the last row, which turns nothing, does not count."""
    one = requested([[-2.0, 0.1], [0.3, 0.5], [9.0, 9.0]])[1]
    other = requested([[1.0, -0.1], [0.3, -1.5], [0.0, 0.0]])[1]
    none = requested([[1.0, -1.1], [0.3, -1.5], [0.0, 0.0]])[1]
    assert reached_by_some({"exact": one, "faithful": other}).tolist() == [True, True]
    assert reached_by_some({"exact": none}).tolist() == [False, False]

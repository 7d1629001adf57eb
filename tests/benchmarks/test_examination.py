"""The table of parts."""

from benchmarks.examination import table


def test_shares_are_of_all_and_the_rest_is_a_line():
    lines = table(40.0, [("turned knobs", 4, 30.0), ("curves, open", 1, 2.0)]).splitlines()
    assert lines[2:] == [
        "| turned knobs | 4 | 30.0 | 75 % |",
        "| curves, open | 1 | 2.0 | 5 % |",
        "| start and reports | 1 | 8.0 | 20 % |",
        "| all | | 40.0 | |",
    ]

"""Rows are dropped where something is undefined, drawn when there are many, and always stay aligned."""

import numpy as np
import pytest

from evaluation.disentanglement.codes import MAX_ROWS, Rows, usable_rows


def _rows(n, **changes):
    index = np.arange(n, dtype=float)
    rows = Rows(np.column_stack([index, -index]), index[:, None], 2 * index[:, None], 3 * index, np.arange(n) // 4)
    return rows._replace(**changes)


def test_rows_with_a_value_that_is_not_a_number_are_left_out_of_every_array():
    rows = _rows(12)
    rows.factors[3] = np.nan
    rows.f0_midi[5] = np.inf
    rows.codes[7, 1] = np.nan
    kept = usable_rows(rows)
    assert kept.codes[:, 0].tolist() == [0, 1, 2, 4, 6, 8, 9, 10, 11]
    np.testing.assert_array_equal(kept.factors[:, 0], 2 * kept.codes[:, 0])
    np.testing.assert_array_equal(kept.groups, kept.f0_midi / 3 // 4)


def test_many_rows_are_drawn_from_all_notes_and_the_same_again_from_the_same_seed():
    rows = _rows(3 * MAX_ROWS)
    drawn = usable_rows(rows, seed=1)
    assert len(drawn.codes) == MAX_ROWS == np.unique(drawn.codes[:, 0]).size
    assert drawn.n_notes > 0.7 * rows.n_notes
    np.testing.assert_array_equal(drawn.factors[:, 0], 2 * drawn.codes[:, 0])
    np.testing.assert_array_equal(drawn.codes, usable_rows(rows, seed=1).codes)
    assert not np.array_equal(drawn.codes, usable_rows(rows, seed=2).codes)


def test_few_rows_and_a_residual_of_no_width_are_kept_as_they_are():
    rows = _rows(8, residual=np.zeros((8, 0)))
    for kept, given in zip(usable_rows(rows), rows, strict=True):
        np.testing.assert_array_equal(kept, given)


def test_a_wrong_shape_is_named():
    with pytest.raises(ValueError, match="factors has 7 rows and codes 8"):
        usable_rows(_rows(8, factors=np.zeros((7, 1))))
    with pytest.raises(ValueError, match=r"f0_midi has shape \(8, 1\)"):
        usable_rows(_rows(8, f0_midi=np.zeros((8, 1))))

"""The figures of a report: all there, under their names, undefined where nothing can be said."""

import math

import numpy as np
import pytest

from evaluation.disentanglement import disentanglement
from evaluation.disentanglement.figures import DEFINITIONS

NAMES = ["sharpness", "noisiness", "steady"]


@pytest.fixture
def given(draw, groups):
    """Perfect controls of two descriptors, a third that never changes, and an independent residual."""
    factors, residual = draw(2), draw(2)
    factors = np.column_stack([factors, np.full(groups.size, 7.0)])
    f0_midi = draw(1)[:, 0]
    rows = {
        "codes": np.hstack([factors[:, :2], residual]),
        "residual": residual,
        "factors": factors,
        "factor_names": NAMES,
        "f0_midi": f0_midi,
        "groups": groups,
    }
    # Four frames of a note will do.
    return {name: value if name == "factor_names" else value[np.arange(600) % 10 < 4] for name, value in rows.items()}


def _values(figures):
    return {(figure.name, figure.knob): figure.value for figure in figures}


def test_every_figure_of_perfect_controls(given):
    figures = disentanglement(**given)
    values = _values(figures)
    assert len(values) == len(figures) == 8 + 5 * 3
    for name, (better, _) in DEFINITIONS.items():
        assert values[name, None] > 0.9 if better == "higher" else values[name, None] < 0.1, name
    for figure in figures:
        assert (figure.family, figure.register, figure.unit, figure.n) == (None, None, "share", 60)
        assert math.isnan(figure.value) == (figure.knob == "steady")
        # Only what probes find is resampled.
        assert math.isnan(figure.low) == (not figure.name.startswith("leakage") or figure.knob == "steady")


def test_a_mean_is_of_the_descriptors_and_comes_first(given):
    given["codes"], given["residual"] = given["factors"][:, :1], given["factors"][:, :1]
    figures = [figure for figure in disentanglement(**given) if figure.name == "leakage"]
    assert [figure.knob for figure in figures] == [None, *NAMES]
    mean, sharpness, noisiness, _ = (figure.value for figure in figures)
    assert sharpness > 0.9 and noisiness < 0.1
    assert mean == pytest.approx((sharpness + noisiness) / 2)


def test_the_same_seed_gives_the_same_figures(given):
    given["residual"] = given["residual"][:, :0]
    assert str(disentanglement(**given)) == str(disentanglement(**given))


def test_few_notes_and_no_codes_give_the_same_names_without_values(given):
    few = {name: value if name == "factor_names" else value[:36] for name, value in given.items()}
    figures = disentanglement(**few)
    assert len(figures) == 8 + 5 * 3 and {figure.n for figure in figures} == {9}
    assert all(math.isnan(figure.value) for figure in figures)
    empty = {name: value if name == "factor_names" else value[:0] for name, value in given.items()}
    assert {figure.n for figure in disentanglement(**empty)} == {0}


def test_without_codes_only_leakage_is_defined_and_it_is_0(given):
    given["codes"] = given["residual"] = np.zeros((240, 0))
    values = _values(disentanglement(**given))
    assert values["leakage", None] == values["leakage_beyond_pitch", "sharpness"] == 0
    assert math.isnan(values["mig", None]) and math.isnan(values["dci_disentanglement", None])


def test_names_and_factors_must_agree(given):
    given["factor_names"] = NAMES[:2]
    with pytest.raises(ValueError, match="2 factor_names for 3 factors"):
        disentanglement(**given)


def test_every_definition_is_a_sentence():
    for _, definition in DEFINITIONS.values():
        assert definition.endswith(".") and "  " not in definition

"""Where the partials of stiff strings lie, and the curve of stiffness over pitch."""

import numpy as np
import pytest
import torch

from synths.stiffness import (
    RIGAUD,
    StringsListener,
    deviations_from,
    fitted_curve,
    number_of,
    one_stiffness,
    stiffness_on,
    stretch,
)


def test_stretch_is_the_equation():
    """Partial 10 of a string of B = 4e-4 lies 1.98 % above the tenth harmonic."""
    assert float(stretch(torch.tensor(10.0), torch.tensor(4e-4))) == pytest.approx(10.0 * 1.04**0.5)


@pytest.mark.parametrize("stiffness", [0.0, 1e-30, 1e-5, 3e-4, 2e-2])
def test_number_of_is_stretch_backwards(stiffness):
    """For every partial that there could be."""
    number, stiffness = torch.arange(1.0, 129.0, dtype=torch.float64), torch.tensor(stiffness)
    torch.testing.assert_close(number_of(stretch(number, stiffness), stiffness), number, rtol=1e-6, atol=0)


def test_the_curve_of_a_piano():
    """Rigaud's: A0, and A4 by its equation; pitches beyond all pianos keep it finite."""
    curve = torch.tensor(RIGAUD, dtype=torch.float64)
    at_a4 = np.exp(0.0926 * 69 - 13.64) + np.exp(-0.0847 * 69 - 5.82)
    assert float(stiffness_on(curve, torch.tensor(440.0, dtype=torch.float64))) == pytest.approx(at_a4)
    assert stiffness_on(curve, torch.tensor([0.0, -1.0, 1e6])).isfinite().all()


@pytest.mark.parametrize("stiffness", [0.0, 1e-4, 0.1])
def test_one_stiffness_is_of_every_string(stiffness):
    """The four numbers of a curve that is flat."""
    curve = torch.tensor(one_stiffness(stiffness), dtype=torch.float64)
    assert stiffness_on(curve, torch.tensor([30.0, 440.0, 4000.0])).tolist() == pytest.approx([stiffness] * 3)


def test_a_curve_is_found_again_among_outliers():
    """Forty notes of another curve, 10 % of scatter, three of them ten times as stiff."""
    true = (0.1, -14.3, -0.07, -6.6)
    f0_hz = 440.0 * 2.0 ** ((np.linspace(24, 96, 40) - 69.0) / 12.0)
    exact = stiffness_on(torch.tensor(true, dtype=torch.float64), torch.tensor(f0_hz)).numpy()
    measured = exact * np.exp(0.1 * np.random.default_rng(0).standard_normal(40))
    measured[[5, 17, 30]] *= 10.0
    found = stiffness_on(torch.tensor(fitted_curve(f0_hz, measured), dtype=torch.float64), torch.tensor(f0_hz)).numpy()
    assert np.abs(found / exact - 1.0).max() < 0.15


def test_one_note_leaves_the_rest_a_piano():
    """A single note says next to nothing of the other end."""
    found = fitted_curve(np.array([440.0]), np.array([8e-4]))
    low = stiffness_on(torch.tensor(found), torch.tensor(40.0))
    assert float(low) == pytest.approx(float(stiffness_on(torch.tensor(RIGAUD), torch.tensor(40.0))), rel=0.3)


def test_a_listener_hears_of_strings_and_forgets_them():
    """Without any, it has no stiffness; its state holds none of theirs."""

    class Flat:
        def stiffness_of(self, f0_hz):
            return torch.full_like(f0_hz, 1e-3)

    listener = StringsListener()
    assert listener.stiffness_of(torch.ones(1, 2)) is None
    listener.listen_for(Flat())
    assert listener.stiffness_of(torch.ones(1, 2)).tolist() == [[pytest.approx(1e-3)] * 2]
    assert not listener.state_dict()
    listener.listen_for(None)
    assert listener.stiffness_of(torch.ones(1, 2)) is None


def test_each_semitone_keeps_its_own_deviation():
    """A string 25 % stiffer than its neighbours on the curve, told by four notes; an octave away nothing is left."""
    curve = torch.tensor(RIGAUD, dtype=torch.float64)
    number = np.array([60.0, 64.0, 64.0, 64.0, 64.0, 68.0])
    f0_hz = 440.0 * 2.0 ** ((number - 69.0) / 12.0)
    smooth = stiffness_on(curve, torch.tensor(f0_hz)).numpy()
    off = torch.tensor(deviations_from(RIGAUD, f0_hz, smooth * np.where(number == 64, 1.25, 1.0)))
    found = stiffness_on(curve, torch.tensor(f0_hz), off).numpy() / smooth
    assert found[1] == pytest.approx(1.25 ** (4 / 4.5)) and found[0] == pytest.approx(1.0)
    assert float(off[62]) == pytest.approx(float(off[64]) / 2) and not off[:60].any() and not off[68:].any()


def test_a_note_that_was_misheard_counts_for_half_a_neper():
    """At most: ten times as stiff is an error."""
    assert deviations_from(RIGAUD, np.array([440.0] * 9), np.array([1e-2] * 9)).max() == pytest.approx(0.5)

"""Rank correlations at equal pitch, on notes whose dependence is known."""

import numpy as np
import pytest

from benchmarks.rank_correlations import RankCorrelations, correlation, ranks, residual
from benchmarks.redundancy import AUDIO_COMMONS, CANDIDATES, READ_OUTS, report

N_NOTES = 2000


@pytest.fixture
def found() -> RankCorrelations:
    """`high` and `low` follow the pitch and nothing else; `copy` is `free` bent; `mixed` is half free, half its own."""
    random = np.random.default_rng(0)
    pitch, free, own, other = random.normal(size=(4, N_NOTES))
    columns = {
        "f0_hz": 440.0 * np.exp(pitch),
        "high": pitch + random.normal(size=N_NOTES),
        "low": -pitch + random.normal(size=N_NOTES),
        "free": free,
        "copy": np.exp(3.0 * free),
        "mixed": free + own,
        "other": other,
    }
    notes = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return RankCorrelations(notes, [name for name in columns if name != "f0_hz"])


def test_what_follows_the_pitch_is_not_alike(found):
    """Both ranks depend on the pitch, not on each other."""
    assert found.with_pitch[0] == pytest.approx(0.69, abs=0.05) == -found.with_pitch[1]
    assert abs(correlation(found.ranks)[0, 1]) > 0.4 and abs(found.between("high", "low")) < 0.06


def test_order_is_all_that_counts(found):
    """A bent copy is the same; half a copy has Spearman's 6 / pi * asin(r / 2)."""
    assert found.between("free", "copy") == pytest.approx(1.0)
    assert found.between("free", "mixed") == pytest.approx(6 / np.pi * np.arcsin(np.sqrt(0.5) / 2), abs=0.03)


def test_effective_dimension(found):
    """Independent ones count each, copies count once."""
    assert found.effective_dimension(["high", "low", "free", "other"]) == pytest.approx(4.0, abs=0.05)
    assert found.effective_dimension(["free", "copy"]) == pytest.approx(1.0)


def test_explained_share(found):
    """All of a copy, nothing of a stranger, and the pitch's share without any other."""
    assert found.explained("copy", ["free"]) == pytest.approx(1.0)
    assert found.explained("free", ["other"]) < 0.01
    assert found.explained("high", []) == pytest.approx(found.with_pitch[0] ** 2)


def test_strongest_pairs(found):
    """The copy and its original first, then what is half a copy."""
    first, second, third = found.strongest(3)
    assert first == ("free", "copy") and {second, third} == {("free", "mixed"), ("copy", "mixed")}


def test_ties_share_their_rank():
    """Equal numbers have equal ranks, with a mean of 0 in all."""
    assert ranks([{"a": 1.0}, {"a": 5.0}, {"a": 1.0}], ["a"])[:, 0].tolist() == [-0.5, 1.0, -0.5]


def test_residual_is_orthogonal():
    """What is left has nothing in common with what was given."""
    values, given = np.random.default_rng(1).normal(size=(2, 50, 2))
    assert np.abs(given.T @ residual(values, given)).max() < 1e-10


def test_report_has_every_descriptor():
    """A row each, and a set without each candidate."""
    names = [*CANDIDATES, *READ_OUTS]
    values = np.random.default_rng(2).normal(size=(60, len(names) + 1))
    notes = [dict(zip(["f0_hz", *names], row, strict=True)) for row in values]
    written = report(RankCorrelations(notes, names))
    assert all(written.count(f"| {name} |") >= 2 for name in (*names, *AUDIO_COMMONS))
    assert all(f"the candidates without {name} " in written for name in CANDIDATES)

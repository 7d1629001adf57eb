"""Models are called as a reader would call them, and never two alike."""

import pytest

from studies.comparison.naming import model_names
from studies.tested_run import Run


def runs(names, point=None, **settings):
    """Runs of one model, which has some settings."""
    config = {"model": {name: value for name, value in settings.items()}}
    return [Run(name, config, str(config), "0", (), (), [], None, None, point=point or {}) for name in names]


@pytest.mark.parametrize(
    ("groups", "names"),
    [
        ([["adversarial-s1", "adversarial-s2"]], ["adversarial"]),
        ([["vae", "vae-s1", "vae-s2"]], ["vae"]),
        ([["f_ddsp_published"], ["descriptors"], ["gru2"]], ["f_ddsp_published", "descriptors", "gru2"]),
        ([["mine-seed10", "mine-seed11"]], ["mine"]),
        ([["adversarial-s1"]], ["adversarial"]),
        ([["first", "second"]], ["first"]),
    ],
)
def test_runs_of_one_kind_keep_their_name(groups, names):
    """Without the mark of the seed."""
    assert model_names([runs(group, kind=number) for number, group in enumerate(groups)]) == names


def test_the_points_of_a_sweep_are_called_by_what_differs():
    groups = [
        runs(["turned_share-000", "turned_share-001"], turned={"share": 0.0}),
        runs(["turned_share-002", "turned_share-003"], turned={"share": 0.25}),
        runs(["descriptor"], turned={"share": 1.0}, encoder="other", width=3),
    ]
    assert model_names(groups) == ["share 0", "share 0.25", "descriptor"]


def test_two_settings_are_both_said():
    groups = [
        runs([f"grid-{n:03d}"], turned={"share": share}, width=width)
        for n, (share, width) in enumerate([(0.0, 64), (0.0, 128), (0.5, 64)])
    ]
    assert model_names(groups) == ["share 0, width 64", "share 0, width 128", "share 0.5, width 64"]


def test_what_two_sweeps_call_alike_has_both():
    groups = [runs([f"{sweep}-{n:03d}"], kind=sweep, share=n / 2) for sweep in ("first", "second") for n in (0, 1)]
    assert model_names(groups) == [
        "first-000 (share 0)", "first-001 (share 0.5)", "second-000 (share 0)", "second-001 (share 0.5)"
    ]  # fmt: skip


def test_too_much_that_differs_is_no_name():
    many = [runs([f"gru_{n}", f"gru_{n}-s1"], **{name: n for name in "abcd"}) for n in (64, 128)]
    assert model_names(many) == ["gru_64 …", "gru_128 …"]
    assert model_names([runs(["gru_64"]), runs(["gru_128"])]) == ["gru_64", "gru_128"]
    wordy = [runs([f"x-{n}"], encoder=str(n) * 60) for n in (1, 2)]
    assert model_names(wordy) == ["x-1", "x-2"]


def test_a_point_alone_has_both_without_its_seed():
    point = {"model.turned.share": 0.5, "data.seed": 3}
    assert model_names([runs(["turned_share-009"], point), runs(["flute"])]) == ["turned_share (share 0.5)", "flute"]

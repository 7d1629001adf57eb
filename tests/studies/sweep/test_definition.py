"""A sweep's file, read."""

import pytest

from studies.sweep import SweptSetting, read_sweep


def test_says_what_the_file_says(grid, tmp_path):
    assert (grid.question, grid.method, grid.metric, grid.n_points) == ("Why?", "grid", "test/frave_score", 6)
    assert grid.options == ("--config", "x.yaml", "--test", "true")
    assert grid.settings == (SweptSetting("model.a", (1, 2)), SweptSetting("model.b", ("u", "v", "w")))
    assert grid.point_folder(tmp_path, 7) == tmp_path / "question" / "question-007"


def test_a_range_has_ends_and_an_axis_takes_what_lies_between(drawn):
    settings = {setting.name: setting for setting in drawn.settings}
    assert settings["weight"].extremes == (0.1, 10.0) and settings["share"].extremes == ("low", "high")
    assert settings["dropout"].takes(0.0) and settings["dropout"].takes(0.5) and not settings["dropout"].takes(0.51)
    assert settings["share"].takes("low") and not settings["share"].takes("middle")
    assert settings["step"].text == "0 to 1 in steps of 0.25, q_uniform" and settings["share"].text == "low, high"


def test_one_is_not_true():
    """Python calls them equal; a configuration does not."""
    assert (
        not SweptSetting("a", (1,)).takes(True)
        and not SweptSetting("a", (1,)).takes(1.0)
        and SweptSetting("a", (True,)).takes(True)
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("method: grid\n", "no metric"),
        ("# Why?\nmethod: [\n", "not YAML"),
        ("#\nmethod: grid\n", "no metric"),
    ],
)
def test_another_file_is_refused_by_name(text, named, tmp_path):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ValueError, match=rf"a\.yaml.*{named}"):
        read_sweep(tmp_path / "a.yaml")


@pytest.mark.parametrize("first", ["", "#\n", "#  \n"])
def test_a_file_without_a_question_is_refused(first, grid):
    grid.path.write_text(first + grid.path.read_text().partition("\n")[2])
    with pytest.raises(ValueError, match="first line is not a comment"):
        read_sweep(grid.path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.yaml is not a file"):
        read_sweep(tmp_path / "nowhere.yaml")

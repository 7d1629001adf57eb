"""Curves of several runs: a figure each, what the best goes by first, seeds of a model in one colour."""

from studies.comparison.comparison import Model, SeedRun
from studies.comparison.curves_plot import courses, curve_plots
from studies.run_curves import curve_row, write_curve_rows
from studies.run_folder import RunFolder


def written(folder, **figures):
    """A run with three validations."""
    rows = [
        curve_row(n + 1, 0.0, {name.replace("_", "/"): values[n] for name, values in figures.items()}) for n in range(3)
    ]
    write_curve_rows(RunFolder(folder), rows)
    return SeedRun(folder.name, folder, [])


def test_every_run_has_a_line_and_a_star(tmp_path):
    seeds = tuple(
        written(tmp_path / f"m-s{n}", train_loss=[3, 2, 1], validation_reconstruction=[3, n, 2]) for n in (0, 1)
    )
    other = (written(tmp_path / "other", train_loss=[5, 5, 5]), SeedRun("old", tmp_path / "old", []))
    models = [Model("m", 2, (), [], None, None, runs=seeds), Model("<b>", 1, (), [], None, None, runs=other)]
    plots = curve_plots(courses(models))
    assert list(plots) == ["validation/reconstruction", "train/loss"]
    lines = {trace["name"]: trace for trace in plots["train/loss"]["data"] if trace["mode"] != "markers"}
    assert list(lines) == ["m, m-s0", "m, m-s1", "&lt;b&gt;, other"]
    colours = [line["line"]["color"] for line in lines.values()]
    assert colours[0] == colours[1] != colours[2]
    stars = [(trace["x"], trace["y"]) for trace in plots["train/loss"]["data"] if trace["mode"] == "markers"]
    assert stars == [([2.0], [2.0]), ([2.0], [2.0])], "the best is by its reconstruction, and who has none has no star"
    assert len(plots["validation/reconstruction"]["data"]) == 4


def test_many_models_are_told_apart_by_dashes(tmp_path):
    runs = [written(tmp_path / str(n), train_loss=[1, 1, 1]) for n in range(30)]
    drawn = courses([Model(run.name, 1, (), [], None, None, runs=(run,)) for run in runs])
    assert len({(course.colour, course.dash) for course in drawn}) == 30

"""Runs are read, put together with the other seeds of their model, and combined with an honest interval."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from studies.comparison.comparison import NORMAL_95, combine_figures, compare
from studies.figure import Figure
from studies.tested_run import read_run

CONFIG = """# lightning.pytorch==2.6.6
seed_everything: {seed}
name: {name}
runs: {place}/runs
ckpt_path: null
trainer: {{max_steps: 100, max_time: 00:00:03:00, default_root_dir: {place}, logger: null}}
model: {{encoder: {encoder}}}
data: {{class_path: datamodules.NSynth, init_args: {{root: '{place}/{root}', seed: {seed}, cache: {place}/cache}}}}
"""


def entry(name, value, sigma=0.1, **more):
    """A figure as the reports have it, its interval 1.96 sigma either way."""
    ends = {"low": None, "high": None} if value is None else {"low": value - 1.96 * sigma, "high": value + 1.96 * sigma}
    return {"name": name, "unit": "1", "better": "lower", "definition": name, "value": value, "n": 8, **ends, **more}


def figure(value, half_width=0.1):
    return Figure("error", None, None, None, "1", "lower", "", value, value - half_width, value + half_width)


@pytest.fixture
def write_run(tmp_path):
    """Write the folder of a tested run."""

    def write(name, quality=0.3, control=None, seed=0, encoder="vae", root="nsynth", place="/disk", notes="abcdefgh"):
        folder = tmp_path / name
        folder.mkdir()
        text = CONFIG.format(name=name, seed=seed, encoder=encoder, root=root, place=place)
        (folder / "config.yaml").write_text(text)
        metric = entry("stft", quality)
        metric["mean"] = metric.pop("value")
        (folder / "metrics.json").write_text(json.dumps({"facts": {}, "n_notes": len(notes), "metrics": [metric]}))
        (folder / "notes.csv").write_text("\n".join(["note,stft", *(f"{note},0.3" for note in notes)]) + "\n")
        if control is not None:
            (folder / "control.json").write_text(json.dumps(control))
        return folder

    return write


def control(value, drift=0.5, better="higher", knobs=("level",)):
    """control.json of a model."""
    figures = [entry("score", value, better=better), entry("score", value / 2, knob="level", better=better)]
    talk = {"knobs": ["level"], "columns": ["level", "f0"], "change": [[1, 0]], "drift_jnd": [[None, drift]]}
    return {"facts": {}, "knobs": list(knobs), "figures": figures, "crosstalk": talk}


def test_the_interval_of_seeds_tested_on_the_same_notes_is_as_wide_as_their_mean_scatters():
    """Errors of 0.3 shared by the seeds and 0.4 of each seed's own: the mean of four scatters by sqrt(0.09 + 0.04)."""
    random = np.random.default_rng(0)
    means, widths = [], []
    for _ in range(4000):
        values = 5.0 + 0.3 * random.normal() + 0.4 * random.normal(size=4)
        combined = combine_figures([figure(value, NORMAL_95 * 0.3) for value in values])
        means.append(combined.value)
        widths.append((combined.half_width / NORMAL_95) ** 2)
    assert np.var(means) == pytest.approx(0.13, rel=0.07)
    assert np.mean(widths) == pytest.approx(0.13, rel=0.03)


def test_the_interval_of_three_seeds_by_hand():
    """SE^2 = (0.09 + 0.16 + 0.25) / 3 + 1 / 3 = 0.5."""
    combined = combine_figures([figure(value, 1.96 * sigma) for value, sigma in ((1, 0.3), (2, 0.4), (3, 0.5))])
    assert combined.value == pytest.approx(2.0) and combined.n_seeds == 3
    assert (combined.low, combined.high) == pytest.approx((2 - 1.96 * math.sqrt(0.5), 2 + 1.96 * math.sqrt(0.5)))


def test_a_single_run_keeps_its_own_interval():
    """Bootstrap intervals may lean to one side."""
    leaning = figure(1.0)._replace(low=0.5, high=3.0)
    assert combine_figures([leaning]) == leaning
    assert combine_figures([leaning, figure(math.nan)]) == leaning._replace(n=0)  # a seed that has none is no seed


def test_what_has_no_interval_has_a_mean():
    combined = combine_figures([figure(value, math.nan) for value in (10.0, 20.0)])
    assert combined.value == 15.0 and math.isnan(combined.low) and math.isnan(combined.high)


def test_runs_that_differ_in_seed_and_place_alone_are_one_model(write_run):
    """Seeds on other disks are one model; another encoder and another data set are two more."""
    folders = [write_run(f"mine-s{seed}", 0.3 + seed, control(0.9), seed, place=f"/{seed}") for seed in range(3)]
    folders += [write_run("other", encoder="ae"), write_run("flutes", root="flutes")]
    comparison = compare(folders)
    assert [(model.name, model.n_seeds) for model in comparison.models] == [("mine", 3), ("other", 1), ("flutes", 1)]
    assert comparison.models[0].overall("stft").value == pytest.approx(1.3)


def test_a_run_named_twice_counts_once(write_run, monkeypatch):
    folder = write_run("mine")
    monkeypatch.chdir(folder.parent)
    comparison = compare([folder, Path("mine"), Path("mine/../mine")])
    assert [model.n_seeds for model in comparison.models] == [1] and len(comparison.remarks) == 1


def test_control_and_crosstalk_are_combined(write_run):
    """A run tested before control was measured adds its quality and no more."""
    folders = [write_run(f"m-s{seed}", 0.3, control(0.8 + seed / 10, seed), seed) for seed in (0, 1)]
    model = compare([*folders, write_run("m-s2", 0.6, seed=2)]).models[0]
    assert model.overall("score").value == pytest.approx(0.85) and model.overall("score").n_seeds == 2
    assert model.overall("stft").value == pytest.approx(0.4) and model.overall("stft").n_seeds == 3
    of_knob = [each for each in model.figures if each.knob == "level"]
    assert [each.value for each in of_knob] == pytest.approx([0.425])
    assert model.crosstalk.columns == ["level", "f0"]
    np.testing.assert_allclose(model.crosstalk.drift_jnd, [[np.nan, 0.5]])


def test_a_model_without_knobs_has_no_control(write_run):
    """Neither an empty report nor a figure that is null makes a number."""
    nothing = {"facts": {}, "knobs": [], "figures": [entry("score", None)], "crosstalk": {"knobs": [], "columns": []}}
    comparison = compare([write_run("plain", control=nothing), write_run("knobs", control=control(0.9), encoder="d")])
    assert comparison.models[0].overall("score") is None and comparison.models[0].crosstalk is None
    assert list(comparison.figures("control")) == ["score"] and list(comparison.figures("quality")) == ["stft"]
    assert comparison.remarks == []


def test_a_model_whose_configuration_names_no_knobs_needs_no_control_json(write_run):
    model = compare([write_run("plain", encoder="{init_args: {descriptors: []}}")]).models[0]
    assert model.control == [] and model.knobs == ()


def test_other_knobs_are_remarked_on(write_run):
    """Turning one knob is easier than turning two."""
    folders = [write_run("ae", control=control(1), encoder="ae"), write_run("plain", control=control(1, knobs=()))]
    folders.append(write_run("ours", control=control(1, knobs=("level", "sharpness")), encoder="x"))
    comparison = compare(folders)
    assert comparison.n_knobs == 2 and comparison.models[2].knobs == ("level", "sharpness")
    (remark,) = comparison.remarks
    assert "same knobs" in remark and remark.endswith("ae: level; ours: level, sharpness.")


def test_other_notes_are_remarked_on(write_run):
    """As many, but not the same."""
    remarks = compare(
        [write_run("a", control=control(1)), write_run("b", control=control(1), notes="abcdefgi")]
    ).remarks
    assert any("same notes" in remark and "a (8), b (8)" in remark for remark in remarks)


def test_a_number_of_notes_is_enough_to_be_remarked_on(write_run):
    folders = [write_run("a", control=control(1)), write_run("b", control=control(1), encoder="x", notes="abc")]
    for folder in folders:
        (folder / "notes.csv").unlink()
    assert "a (8), b (3)" in compare(folders).remarks[0]


def test_what_weakens_a_comparison_is_remarked_on(write_run):
    folders = [write_run("m-a", control=control(1)), write_run("m-b"), write_run("new", encoder="x")]
    report = json.loads((folders[2] / "metrics.json").read_text())
    report["metrics"][0]["definition"] = "another"
    (folders[2] / "metrics.json").write_text(json.dumps(report))
    seeds, missing, missing_too, versions = compare(folders).remarks
    assert seeds.startswith("m:") and "share a seed" in seeds
    assert "1 of 2 runs" in missing and "1 of 1 runs" in missing_too
    assert "versions" in versions and "stft" in versions


def test_models_know_what_they_differ_in_and_where_their_first_run_lies(write_run):
    """Neither seeds nor places are settings."""
    folders = [write_run("m-s0", seed=0), write_run("m-s1", seed=1, place="/other"), write_run("n", encoder="ae")]
    comparison = compare(folders)
    assert [(setting.name, setting.texts) for setting in comparison.settings] == [("encoder", ("vae", "ae"))]
    assert [model.folder for model in comparison.models] == [folders[0], folders[2]]


@pytest.mark.parametrize(
    ("value", "half_width", "text"),
    [
        (0.28123, 0.011, "0.281 ±0.011"),
        (12.345, 0.6, "12.35 ±0.60"),
        (1234.5, 37.0, "1234 ±37"),
        (0.5, 1e-7, "0.5000 ±0.0000"),
        (560.0, math.nan, "560"),
        (0.25, 0.0, "0.250"),
        (math.nan, math.nan, "–"),
    ],
)
def test_as_many_digits_as_the_interval_leaves_a_meaning(value, half_width, text):
    assert figure(value, half_width).text == text


def test_what_is_not_a_run_is_named(tmp_path, write_run):
    with pytest.raises(FileNotFoundError, match=r"nothing is not a run: it has no config\.yaml"):
        read_run(tmp_path / "nothing")
    untested = write_run("untested")
    (untested / "metrics.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"run `timbre test .*untested` first"):
        read_run(untested)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("metrics.json", "{"),
        ("metrics.json", '{"metrics": [{"name": "stft"}], "n_notes": 4}'),
        ("control.json", "[]"),
        ("notes.csv", "name\na\n"),
        ("config.yaml", "a: [1"),
        ("config.yaml", "- a"),
    ],
)
def test_a_broken_file_is_named(name, text, write_run):
    folder = write_run("broken", control=control(1))
    (folder / name).write_text(text)
    with pytest.raises(ValueError, match="broken"):
        read_run(folder)


@pytest.mark.parametrize(("n", "enough"), [(1, False), (21, False), (22, True), (24, True)])
def test_a_figure_over_a_few_notes_is_not_enough(write_run, n, enough):
    """Nine tenths of what another model's is over; how many there are is remarked on."""
    folders = [write_run(name, encoder=name, notes="abcdefghijklmnopqrstuvwx") for name in ("all", "few")]
    path = folders[1] / "metrics.json"
    report = json.loads(path.read_text())
    report["metrics"][0]["n_notes"] = n
    path.write_text(json.dumps(report))
    comparison = compare(folders)
    assert [comparison.is_over_enough(model, "stft") for model in comparison.models] == [True, enough]
    assert any(f"stft {n} of 24" in remark and "few" in remark for remark in comparison.remarks) == (n < 24)


def test_the_least_of_the_seeds_counts(write_run):
    """A seed that leaves out hard notes is not hidden by its brothers."""
    seeds = [figure(1.0)._replace(n=n, of=24) for n in (24, 3, 24)]
    combined = combine_figures(seeds)
    assert (combined.n, combined.of, combined.n_seeds) == (3, 24, 3)
    assert combine_figures([seeds[0], figure(math.nan)._replace(n=24, of=24)])[10:12] == (0, 24)


def test_what_all_models_miss_is_held_against_none(write_run):
    """Notes without a pitch have none for anybody."""
    folders = [write_run(name, encoder=name) for name in ("one", "other")]
    for folder in folders:
        report = json.loads((folder / "metrics.json").read_text())
        report["metrics"][0]["n_notes"] = 2
        (folder / "metrics.json").write_text(json.dumps(report))
    comparison = compare(folders)
    assert all(comparison.is_over_enough(model, "stft") for model in comparison.models)
    assert any("one, other: stft 2 of 8" in remark for remark in comparison.remarks)


def test_control_of_earlier_reports_is_of_the_notes_that_were_asked(write_run):
    """They do not say how many there could be; every note has its requests."""
    report = control(0.9)
    report["figures"] += [entry("requests", 44.0)]
    report["figures"][0]["n"] = 1
    found = compare([write_run("run", control=report)]).models[0].overall("score")
    assert (found.n, found.of) == (1, 8)


def test_means_over_very_few_are_remarked_on(write_run):
    """Their intervals are hardly any; what has none is not named."""
    report = control(0.9)
    report["figures"] += [entry("error", 1.0), entry("requests", 44.0) | {"low": None, "high": None}]
    report["figures"][0] |= {"n": 3, "of": 3}
    report["figures"][2] |= {"n": 24, "of": 24}
    (remark,) = [
        text for text in compare([write_run("run", control=report, notes="abcdefgh")]).remarks if "fewer than 6" in text
    ]
    assert remark.endswith("say little: score (3).")


def test_what_single_notes_say_is_the_mean_of_the_seeds(write_run):
    """What every seed has; the runs of a model stay known."""
    folders = [write_run(f"m-s{seed}", 0.3, control(0.9), seed) for seed in (0, 1)]
    (folders[0] / "notes.csv").write_text("note,rendering,stft,snr\na,open,1,\nb,open,2,5\na,exact,9,\n")
    (folders[1] / "notes.csv").write_text("note,stft,snr\na,3,7\nb,,6\n")
    for folder, error in zip(folders, ("1.0", "2.0"), strict=True):
        (folder / "control.csv").write_text(f"note,family,register,knob,score\na,flute,low,level,{error}\n")
    model = compare(folders).models[0]
    assert model.values == {
        ("stft", "open"): {("a", ""): 2.0}, ("score", "open"): {("a", "level"): 1.5}
    }  # fmt: skip
    assert [(run.name, run.folder) for run in model.runs] == [("m-s0", folders[0]), ("m-s1", folders[1])]


def test_a_point_of_a_sweep_is_called_by_what_it_varies(write_run):
    """point.json says it where the point is alone with other runs."""
    folders = [write_run("turned_share-009"), write_run("flute", encoder="ae")]
    (folders[0] / "point.json").write_text(
        json.dumps({"point": 9, "values": {"model.turned.share": 0.5}, "trial": None})
    )
    assert [model.name for model in compare(folders).models] == ["turned_share (share 0.5)", "flute"]

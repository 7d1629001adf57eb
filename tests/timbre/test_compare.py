"""`timbre compare`: from folders of runs to a table, a picture, a page, and W&B without an account."""

import csv
import json
import os
import subprocess
import sys

import pytest

from studies.run_folder import RunFolder
from timbre.compare import run

UNITS = {"stft": "distance", "loudness_l1": "dB", "frave_score": "1", "error_jnd": "JND"}
WRITTEN = {"compare.md", "compare.csv", "pareto.png", "compare.html"}
N_NOTES = 8


def entry(name, value, better, value_key="value", knob=None):
    ends = (
        {"low": value - 0.1, "high": value + 0.1}
        if name not in ("requests", "unreachable")
        else {"low": None, "high": None}
    )
    about = {"n": N_NOTES, "unit": UNITS.get(name, "1"), "better": better, "definition": name, "knob": knob}
    return {"name": name, value_key: value, **about, **ends}


def write_run(folder, stft, score, seed=0):
    """A run's folder; without a score its model has no knobs, with False its control was not measured."""
    folder.mkdir(parents=True)
    name = folder.name.split("-")[0]
    (folder / "config.yaml").write_text(f"seed_everything: {seed}\nname: {folder.name}\nmodel: {{encoder: {name}}}\n")
    metrics = [entry("multi_resolution_stft", stft, "lower", "mean"), entry("loudness_l1", 2 * stft, "lower", "mean")]
    (folder / "metrics.json").write_text(json.dumps({"facts": {}, "n_notes": N_NOTES, "metrics": metrics}))
    if score is False:
        return
    figures, talk = [], {"knobs": [], "columns": [], "change": [], "drift_jnd": []}
    if score is not None:
        figures = [entry("frave_score", score, "higher"), entry("frave_score", score / 2, "higher", knob="level")]
        figures += [
            entry("error_jnd", 1 / score, "lower"),
            entry("requests", 60, "higher"),
            entry("unreachable", 6, "lower"),
        ]
        talk = {"knobs": ["level"], "columns": ["level", "f0"], "change": [[1, 0]], "drift_jnd": [[None, 0.5]]}
    report = {"facts": {}, "knobs": talk["knobs"], "figures": figures, "crosstalk": talk}
    (folder / "control.json").write_text(json.dumps(report))


def tables(text):
    """The tables of compare.md: title -> name of a model -> heading -> cell."""
    found = {}
    for block in text.split("## ")[1:]:
        lines = [line for line in block.splitlines() if line.startswith("|")]
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
        found[block.splitlines()[0]] = {row[0]: dict(zip(cells[0], row, strict=True)) for row in cells[2:]}
    return found


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Three seeds of one model, a model without knobs, one whose control was not measured, and a poor one."""
    monkeypatch.chdir(tmp_path)
    for seed, score in enumerate((0.8, 0.9, 1.0)):
        write_run(tmp_path / "runs" / f"ours-s{seed}", 0.30, score, seed)
    write_run(tmp_path / "runs" / "ae", 0.25, None)
    write_run(tmp_path / "runs" / "old", 0.27, False)
    write_run(tmp_path / "runs" / "poor", 0.35, 0.5)
    return ["runs/ours-s0", "runs/ours-s1", "runs/ours-s2", "runs/ae", "runs/old", "runs/poor"]


def test_every_file_is_written_and_named(runs, tmp_path, capsys):
    run("compare", [*runs, "--out", "deep/out"])
    assert {path.name for path in (tmp_path / "deep" / "out").iterdir()} == WRITTEN
    assert (tmp_path / "deep" / "out" / "pareto.png").read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr().out
    assert all(name in printed for name in WRITTEN)
    assert "Pareto front of frave_score against multi_resolution_stft: ours." in printed


def test_the_markdown_table_says_who_is_best(runs, tmp_path):
    """A row per model, dashes where there is no control, one bold cell per figure, an arrow for its direction."""
    run("compare", runs)
    text = (tmp_path / "compare" / "compare.md").read_text()
    found = tables(text)
    assert list(found) == ["Resynthesis", "Control, as the decoders play", "What sets the models apart"]
    quality, control, settings = found.values()
    assert list(quality) == ["ours", "ae", "old", "poor"] and quality["ours"]["seeds"] == "3"
    assert list(quality["ours"])[2:] == ["multi_resolution_stft ↓, n = 8", "loudness_l1 (dB) ↓, n = 8"]
    assert list(control["ours"])[2:] == ["frave_score ↑, n = 8", "error_jnd (JND) ↓, n = 8", "unreachable of requests"]
    assert control["ours"]["frave_score ↑, n = 8"] == "**0.90 ±0.15**"  # sqrt(0.1^2 + 1.96^2 * 0.1^2 / 3)
    assert quality["ae"]["multi_resolution_stft ↓, n = 8"] == "**0.25 ±0.10**"
    assert control["ae"]["frave_score ↑, n = 8"] == "–" and settings["ae"]["encoder"] == "ae"
    assert control["poor"]["frave_score ↑, n = 8"] == "0.50 ±0.10"
    assert control["poor"]["unreachable of requests"] == "6 of 60"
    assert sum(cell.startswith("**") for each in found.values() for row in each.values() for cell in row.values()) == 4
    assert any(line.startswith("old: control was not measured") for line in text.splitlines())


def met(folder, error):
    """Add what exact knobs do to the report of a run."""
    report = json.loads((folder / "control.json").read_text())
    exact = entry("error_jnd", error, "lower") | {"rendering": "exact"}
    (folder / "control.json").write_text(json.dumps(report | {"figures": [*report["figures"], exact]}))


def test_models_are_ranked_open_and_shown_exact(runs, tmp_path, capsys):
    """A column beside, nobody bold in it, a dash for runs of before; open figures and the front do not change."""
    run("compare", runs)
    before = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Pareto")]
    for seed, error in enumerate((0.05, 0.06, 0.07)):
        met(tmp_path / "runs" / f"ours-s{seed}", error)
    run("compare", runs)
    printed = capsys.readouterr().out.splitlines()
    found = tables((tmp_path / "compare" / "compare.md").read_text())
    cells = {name: row["error_jnd exact (JND) ↓, n = 8"] for name, row in found["Knobs met, exact"].items()}
    assert cells == {"ours": "0.0600", "ae": "–", "old": "–", "poor": "–"}
    assert found["Control, as the decoders play"]["ours"]["error_jnd (JND) ↓, n = 8"] == "**1.12 ±0.17**"
    assert [line for line in printed if line.startswith("Pareto")] == before and any(
        "exact" in line for line in printed
    )
    assert max(len(line) for line in printed) <= 80
    with (tmp_path / "compare" / "compare.csv").open(newline="") as file:
        said = [
            (row["rendering"], row["value"])
            for row in csv.DictReader(file)
            if row["model"] == "ours" and row["figure"] == "error_jnd"
        ]
    assert [rendering for rendering, _ in said] == ["open", "exact"] and float(said[1][1]) == pytest.approx(0.06)
    page = (tmp_path / "compare" / "compare.html").read_text()
    assert "error jnd exact (JND)" in page and "<option>error_jnd exact" not in page


def test_who_turns_fewer_knobs_is_not_best_in_control(runs, tmp_path):
    """Even in a tie; quality is open to all."""
    write_run(tmp_path / "runs" / "easy", 0.2, 0.9)
    report = json.loads((tmp_path / "runs" / "ours-s0" / "control.json").read_text()) | {
        "knobs": ["level", "sharpness"]
    }
    for name in ("ours-s0", "poor"):
        (tmp_path / "runs" / name / "control.json").write_text(json.dumps(report))
    run("compare", [*runs, "runs/easy"])
    quality, control, _ = tables((tmp_path / "compare" / "compare.md").read_text()).values()
    assert quality["easy"]["multi_resolution_stft ↓, n = 8"] == "**0.20 ±0.10**"
    assert control["easy"]["frave_score ↑, n = 8"] == "0.90 ±0.10"
    assert control["ours"]["frave_score ↑, n = 8"] == "**0.90 ±0.15**"


def test_the_csv_has_a_line_per_model_and_figure(runs, tmp_path):
    run("compare", runs)
    with (tmp_path / "compare" / "compare.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert (
        list(rows[0])
        == "model seeds figure knob family register rendering value low high n of better unit encoder".split()
    )
    assert {row["model"]: row["encoder"] for row in rows} == {name: name for name in ("ours", "ae", "old", "poor")}
    assert len(rows) == 2 * (2 + 5) + 2 * 2
    of_knob = [row for row in rows if row["knob"] == "level" and row["model"] == "ours"]
    assert [(row["figure"], row["seeds"], row["register"]) for row in of_knob] == [("frave_score", "3", "")]
    assert float(of_knob[0]["value"]) == pytest.approx(0.45) and float(of_knob[0]["low"]) < 0.45
    assert {(row["low"], row["unit"]) for row in rows if row["figure"] == "requests"} == {("", "1")}


def test_what_is_printed_fits_eighty_columns(runs, tmp_path, capsys):
    write_run(tmp_path / "runs" / ("long_name" * 4), 0.3, 0.7)
    run("compare", [*runs, "runs/" + "long_name" * 4])
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines if str(tmp_path) not in line) <= 80
    assert any(line.split()[:4] == ["ours", "3", "0.30", "±0.10"] for line in lines)


def test_settings_that_differ_are_printed_if_they_fit(runs, tmp_path, capsys):
    """A long value does not push the figures off the line."""
    run("compare", runs)
    assert "encoder" in capsys.readouterr().out.split("Pareto")[0]
    write_run(tmp_path / "runs" / "wordy", 0.3, 0.7)
    (tmp_path / "runs" / "wordy" / "config.yaml").write_text(f"model: {{encoder: {'x' * 60}}}\n")
    run("compare", [*runs, "runs/wordy"])
    table = capsys.readouterr().out.split("Pareto")[0]
    assert "encoder" not in table and max(map(len, table.splitlines())) <= 80
    assert f"| {'x' * 60} |" in (tmp_path / "compare" / "compare.md").read_text()


def test_a_sweep_in_progress_is_compared_as_far_as_it_is(runs, tmp_path, capsys):
    """`runs/SWEEP/*` names points that are trained still or have just begun, and files that are no runs."""
    (tmp_path / "runs" / "poor" / "metrics.json").unlink()
    (tmp_path / "runs" / "begun").mkdir()
    RunFolder(tmp_path / "runs" / "behind").say_ended_early()
    (tmp_path / "runs" / "journal.log").write_text("")
    run("compare", [*runs, "runs/begun", "runs/behind", "runs/journal.log"])
    printed = capsys.readouterr().out
    assert "Not tested yet and left out: poor, begun." in printed and "ours." in printed
    assert "Ended early by their sweep and left out: behind." in printed
    assert "Not tested yet and left out: poor, begun." in (tmp_path / "compare" / "compare.html").read_text()


def test_when_nothing_was_tested_there_is_nothing_to_compare(runs, tmp_path):
    for name in ("ae", "old"):
        (tmp_path / "runs" / name / "metrics.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"none was tested \(runs/ae, runs/old\)"):
        run("compare", ["runs/ae", "runs/old"])
    with pytest.raises(FileNotFoundError, match=r"run `timbre test runs/ae` first"):
        run("compare", ["runs/ae"])
    assert not (tmp_path / "compare").exists()


def test_other_figures_can_be_chosen(runs, tmp_path, capsys):
    run("compare", [*runs, "--quality", "loudness_l1", "--control", "error_jnd"])
    assert "Pareto front of error_jnd against loudness_l1: ours." in capsys.readouterr().out
    page = (tmp_path / "compare" / "compare.html").read_text()
    assert "<option selected>loudness_l1" in page and "<option selected>error_jnd" in page


def test_models_without_knobs_can_be_compared(runs, tmp_path, capsys):
    run("compare", ["runs/ae", "runs/old"])
    assert "no model has both" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "compare").iterdir()} == WRITTEN


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--quality", "sttf"], "--quality sttf: .* multi_resolution_stft, loudness_l1"),
        (["--control", "loudness_l1"], "--control loudness_l1: .* frave_score, error_jnd"),
        (["runs"], r"runs is not a run but a folder of runs: give runs/\*"),
        (["nowhere"], "nowhere is not a run"),
    ],
)
def test_a_wrong_use_is_named_before_anything_is_written(options, named, runs, tmp_path):
    with pytest.raises((ValueError, FileNotFoundError), match=named):
        run("compare", [*runs, *options])
    assert not (tmp_path / "compare").exists()


def test_nothing_to_compare_is_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        run("compare", [])
    assert stop.value.code == 2 and "RUN" in capsys.readouterr().err


def test_an_output_that_cannot_be_written_is_named(runs, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        run("compare", [*runs, "--out", "file"])


def test_runs_are_compared_without_torch(runs):
    """Only what is told of them is read: nothing is loaded that trains or hears; matplotlib only when it draws."""
    code = "import sys, timbre.compare as verb\nassert 'matplotlib' not in sys.modules\n"
    code += f"verb.run('compare', {runs})\nprint({{'torch', 'librosa', 'lightning', 'wandb'}} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.splitlines()[-1] == "set()"


def test_weights_and_biases_gets_table_and_pictures_without_an_account(runs, tmp_path):
    """The run lies offline in the folder; its table has the numbers, None where a model has none."""
    # With a process and a service of its own: wandb 0.24's dies of a run that an earlier test finished.
    own = {name: value for name, value in os.environ.items() if not name.startswith(("WANDB", "_WANDB"))}
    own |= {"WANDB_SILENT": "true", "WANDB_DATA_DIR": str(tmp_path)}
    command = [sys.executable, "-c", "from timbre import main; main()", "compare", *runs, "--wandb"]
    subprocess.run(command, env=own, check=True, capture_output=True)
    (folder,) = (tmp_path / "compare" / "wandb").glob("offline-run-*")
    (table,) = folder.rglob("*.table.json")
    logged = json.loads(table.read_text())
    row = {values[0]: dict(zip(logged["columns"], values, strict=True)) for values in logged["data"]}
    assert row["ours"]["frave_score"] == pytest.approx(0.9) and row["ours"]["frave_score ±"] == pytest.approx(
        0.151, abs=1e-3
    )
    assert row["ae"]["frave_score"] is None and row["ae"]["seeds"] == 1
    assert len(list(folder.rglob("*.plotly.json"))) == 1 and len(list(folder.rglob("*.png"))) == 1


def test_a_mean_over_one_note_wins_nothing(runs, tmp_path, capsys):
    """Neither bold nor on the front, and the cell says of how many notes it is."""
    lucky = tmp_path / "runs" / "lucky"
    write_run(lucky, 0.09, 0.95)
    report = json.loads((lucky / "metrics.json").read_text())
    report["metrics"][0]["n_notes"] = 1
    (lucky / "metrics.json").write_text(json.dumps(report))
    run("compare", [*runs, "runs/lucky"])
    printed = capsys.readouterr().out
    assert "Pareto front of frave_score against multi_resolution_stft: ours." in printed
    assert "lucky: multi_resolution_stft 1 of 8" in printed
    text = (tmp_path / "compare" / "compare.md").read_text()
    assert "0.09 ±0.10 (1 of 8 notes)" in text and "**0.09" not in text and "**0.25 ±0.10**" in text
    with (tmp_path / "compare" / "compare.csv").open(newline="") as lines:
        found = [row for row in csv.DictReader(lines) if row["model"] == "lucky" and row["figure"].startswith("multi")]
    assert [(row["n"], row["of"]) for row in found] == [("1", "8")]


def test_the_same_notes_tell_models_apart(runs, tmp_path, capsys):
    """Found in the sentences, in paired.csv and on the page; without files of single notes there is none of it."""
    run("compare", runs)
    assert "on the same" not in capsys.readouterr().out and not (tmp_path / "compare" / "paired.csv").exists()
    for name, worse in (
        ("ours-s0", 0.0),
        ("ours-s1", 0.0),
        ("ours-s2", 0.0),
        ("ae", -0.05),
        ("old", -0.05),
        ("poor", 0.1),
    ):
        lines = [f"note-{n},{0.3 + n + worse * (n + 1)}" for n in range(N_NOTES)]
        (tmp_path / "runs" / name / "notes.csv").write_text("\n".join(["note,multi_resolution_stft", *lines]) + "\n")
    run("compare", runs)
    printed = " ".join(capsys.readouterr().out.split())
    assert "multi_resolution_stft on the same 8 notes: ae is better than 2 of 3 others; not told apart: old" in printed
    with (tmp_path / "compare" / "paired.csv").open(newline="") as file:
        rows = {(row["first"], row["second"]): row for row in csv.DictReader(file)}
    assert len(rows) == 6 and rows["ours", "poor"]["significantly_better"] == "ours"
    assert float(rows["ours", "ae"]["difference"]) == pytest.approx(0.05 * 4.5)
    assert float(rows["ours", "ae"]["p"]) == pytest.approx(2 / 2**N_NOTES, rel=1e-3)  # all eight of one sign
    assert float(rows["ours", "ae"]["p_holm"]) == pytest.approx(6 * 2 / 2**N_NOTES, rel=1e-3)
    page = (tmp_path / "compare" / "compare.html").read_text()
    assert 'id="paired-figure"' in page and "ae is better than 2 of 3 others" in page

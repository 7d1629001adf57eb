"""Tests that are killed, stopped and shared out, in real processes: the same reports as those that never were.

TIMBRE_KILLS is the number of random moments at which one is killed while it fits; 12 unless said.
"""

import csv
import json
import os
import random
import shutil
import signal
import time

import numpy as np
import pytest
import soundfile

from tests.timbre.starts import ROOT, Starts, Strike, serving

pytestmark = pytest.mark.slow

N_KILLS = int(os.environ.get("TIMBRE_KILLS", 12))
ADD = "evaluation.journal:Journal.add"
FOLLOW = "evaluation.control.asked_curves:AskedCurves.follow"
WRITE = "evaluation.control.callback:write_examination"


@pytest.fixture(scope="module")
def server():
    """What the processes are forked from."""
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def trained(server, tmp_path_factory):
    """A run of two steps on notes of half a second, five or so of which test it."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "notes").mkdir()
    time_s = np.arange(8000) / 16000
    for number in range(48):
        phase = 2 * np.pi * 220.0 * 2 ** (number / 24) * time_s
        tone = sum(np.sin(k * phase) / k for k in range(1, 6))
        soundfile.write(folder / "notes" / f"tone-{number:02d}.wav", 0.2 * tone * np.exp(-time_s), 16000)
    starts = Starts(server, folder)
    experiment = ROOT / "configs" / "experiments" / "descriptor_recordings.yaml"
    code = starts.run(
        *("fit", "-c", experiment, "--data.root", folder / "notes", "--name", "run", "--clip.n_samples", 8000),
        *("--model.encoder.init_args.descriptors", "[synths.Level, synths.Sharpness]"),
        *("--data.batch_size", 2, "--model.decoder.width", 8, "--trainer.max_steps", 2, "--trainer.logger", "false"),
        *("--trainer.val_check_interval", 2, "--trainer.enable_model_summary", "false"),
        *("--control.n_notes", 3, "--control.passes", 2, "--control.renderings", "[open, exact]"),
    )
    assert code == 0, starts.said()
    return folder / "runs" / "run"


@pytest.fixture
def copied(trained, request):
    """A copy of the run, to be tested: beside it, where what notes reach is remembered."""
    return shutil.copytree(trained, trained.parent / request.node.name)


@pytest.fixture(scope="module")
def whole(server, trained):
    """What a test that nothing interrupts says."""
    run, starts = shutil.copytree(trained, trained.parent / "whole"), Starts(server, trained.parents[1])
    assert starts.run("test", run) == 0, starts.said()
    assert "Testing " in starts.said() and "knobs of 3 to turn: about " in starts.said()
    assert not (run / "examination").exists()
    return reports_of(run)


def reports_of(run):
    """All that a test wrote, but for the run's name and what a stopwatch says: the cost of rendering."""
    control, metrics = (json.loads((run / name).read_text()) for name in ("control.json", "metrics.json"))
    control["figures"] = [figure for figure in control["figures"] if figure["name"] != "cost"]
    assert control["facts"].pop("run") == metrics["facts"].pop("run") == run.name
    rows = [{**row, "cost": ""} for row in csv.DictReader((run / "control.csv").open())]
    sounds = {path.name: path.read_bytes() for path in sorted((run / "sliders").iterdir())}
    return json.dumps(control), rows, json.dumps(metrics), (run / "notes.csv").read_bytes(), sounds


def say_the_same(mine, whole):
    """Control and sounds to the bit; the last digits of a resynthesis differ with what a process rendered first."""
    (control, rows, metrics, notes, sounds), (control_1, rows_1, metrics_1, notes_1, sounds_1) = mine, whole
    assert (control, rows, sounds) == (control_1, rows_1, sounds_1)
    means = [{(each["name"], each["rendering"]): each["mean"] or 0.0 for each in json.loads(report)["metrics"]}
             for report in (metrics, metrics_1)]  # fmt: skip
    assert means[0] == pytest.approx(means[1], rel=1e-4, abs=1e-6)
    tables = [list(csv.reader(text.decode().splitlines())) for text in (notes, notes_1)]
    assert [row[:2] for row in tables[0]] == [row[:2] for row in tables[1]]


def test_killed_and_stopped_anywhere_it_says_what_it_would_have_said(server, copied, whole):
    """After the first note, in the middle of notes, of curves, and before the last report is written."""
    starts, kill = Starts(server, copied.parents[1]), signal.SIGKILL
    assert starts.run("test", copied, strikes=[Strike(ADD, 2, kill)]) == -kill
    assert len((copied / "examination" / "process-0.jsonl").read_text().splitlines()) == 2
    assert starts.run("test", copied, strikes=[Strike(ADD, 5, signal.SIGINT)]) == 130, starts.said()
    assert f"Go on with: timbre test {copied}\n" in starts.said() and "KeyboardInterrupt" not in starts.said()
    with (copied / "examination" / "process-0.jsonl").open("ab") as file:
        file.write(b'{"part": "turned knobs", "key": "0", "wh')
    assert starts.run("test", copied, strikes=[Strike(FOLLOW, 2, kill)]) == -kill
    assert " kept from an earlier test" in starts.said()
    assert starts.run("test", copied, strikes=[Strike(WRITE, 1, kill)]) == -kill
    assert starts.run("test", copied) == 0, starts.said()
    say_the_same(reports_of(copied), whole)
    assert not (copied / "examination").exists()


def fits_of(run):
    """Name -> content of all that is remembered of fits; each is a whole file."""
    return {path.name: json.loads(path.read_text()) for path in (run.parent / ".fitted").glob("*.json")}


def test_killed_while_it_fits_it_remembers_whole_fits_alone(server, trained, tmp_path):
    """At random moments, and once before a file gets its name: what is left is read, and the numbers are the same."""
    settings = ("--control.n_notes", 1, "--control.passes", 1, "--control.renderings", "[open]", "--fitted_notes", 24)
    whole, run = (shutil.copytree(trained, tmp_path / name / "run") for name in ("whole", "killed"))
    starts, begun_s = Starts(server, tmp_path), time.monotonic()
    assert starts.run("test", whole, *settings) == 0, starts.said()
    lasts_s, fits = time.monotonic() - begun_s, fits_of(whole)
    assert len(fits) > 3
    strike = Strike("studies.run_files:write_text", 3, signal.SIGKILL)
    assert starts.run("test", run, *settings, strikes=[strike]) == -signal.SIGKILL
    assert fits_of(run).items() < fits.items()
    moments, n_killed, between = random.Random(0), 0, 0
    while n_killed < N_KILLS:
        shutil.rmtree(run / "examination", ignore_errors=True)
        if n_killed % 2:
            shutil.rmtree(run.parent / ".fitted")
        process = starts.begin("test", run, *settings)
        time.sleep(moments.uniform(0.3, 0.9) * lasts_s)
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass
        n_killed += starts.end() == -signal.SIGKILL
        left = fits_of(run)
        assert left.items() <= fits.items()
        between += 0 < len(left) < len(fits)
    assert starts.run("test", run, *settings) == 0, starts.said()
    assert fits_of(run) == fits
    bounds = [json.loads((each / "metrics.json").read_text())["bounds"] for each in (run, whole)]
    assert bounds[0] == bounds[1]
    print(f"{n_killed} kills in tests of {lasts_s:.1f} s, {between} of them between two fits; none was broken.")


def test_another_setting_begins_afresh_and_says_so(server, copied, whole):
    """What was kept of it does not count, and the report is that of the setting."""
    starts = Starts(server, copied.parents[1])
    other = ("--control.passes", 1, "--control.renderings", "[open]")
    assert starts.run("test", copied, *other, strikes=[Strike(ADD, 4, signal.SIGKILL)]) == -signal.SIGKILL
    assert starts.run("test", copied) == 0, starts.said()
    assert "begins afresh" in starts.said() and "(settings)" in starts.said()
    say_the_same(reports_of(copied), whole)


def test_two_processes_say_what_one_says(server, copied, whole):
    """They share batches, notes and curves; the last bits of a sound may differ with what a process rendered first."""
    starts = Starts(server, copied.parents[1])
    on_two = ("--trainer.accelerator", "cpu", "--trainer.devices", 2, "--trainer.strategy", "ddp")
    assert starts.run_anew(("test", copied, *on_two)) == 0, starts.said()
    assert "on 2 processes" in starts.said()
    (control, rows, metrics, *_), (control_1, rows_1, metrics_1, *_) = reports_of(copied), whole
    assert [(row["note"], row["knob"]) for row in rows] == [(row["note"], row["knob"]) for row in rows_1]
    for key, value, one, two in (("figures", "value", control, control_1), ("metrics", "mean", metrics, metrics_1)):
        values = [[each[value] or 0.0 for each in json.loads(report)[key]] for report in (one, two)]
        assert values[0] == pytest.approx(values[1], rel=1e-2, abs=1e-2)

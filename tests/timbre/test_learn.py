"""`timbre learn`: wrong uses in one sentence, its steps in order, and going on after any of them."""

import json

import numpy as np
import pytest
import soundfile

from studies.run_curves import curve_row, write_curve_rows
from studies.run_files import write_json
from studies.run_folder import RunFolder
from timbre import learning, main
from timbre.kept_learning import LearnRequest, read_learning
from timbre.learn_pace import Pace
from timbre.learn_plan import LearnPlan, Start
from timbre.learn_schedule import BriefTest, Schedule


@pytest.fixture
def sounds(tmp_path, write_tone, monkeypatch):
    """Twelve notes of a second, in stereo 44.1 kHz files whose sound ends at 1.2 kHz to 2.2 kHz; no voice ships."""
    monkeypatch.setattr("timbre.learn_start.shipped_voice", lambda: None)
    for number in range(12):
        path = write_tone(tmp_path / "my flute" / f"{number:02d}.wav", 220.0 * 2 ** (number / 12), 1.0, 44100)
        audio, rate = soundfile.read(path)
        soundfile.write(path, np.stack([audio, audio], 1), rate)
    return tmp_path / "my flute"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Runs go here."""
    monkeypatch.chdir(tmp_path)
    return RunFolder(tmp_path / "runs" / "my-flute")


@pytest.fixture
def steps(monkeypatch, place):
    """Training, test and export are told and not done: a list of what was called. `stops` says where a signal comes."""
    called = []

    class Called(list):
        stops = ""

    called = Called()

    def experiment(verb, args, again):
        called.append((verb, args, again))
        if called.stops == verb:
            raise SystemExit(130)
        place.path.mkdir(parents=True, exist_ok=True)
        if verb == "fit":
            place.config.write_text("model: {encoder: {}}\ndata: {}")
            write_curve_rows(place, [curve_row(step, 1.0, {"validation/reconstruction": 1.0}) for step in (2, 4)])
            place.say_done(tested=False)
        else:
            write_json(place.metrics, {"facts": {}, "metrics": {}, "resynthesis": {}})

    def export(verb, args):
        called.append((verb, args))
        if not args[1].endswith(".onnx"):
            raise ValueError(f"{args[1]} ends in '.html': write .onnx.")
        with open(args[1], "w") as file:
            file.write("a graph")

    monkeypatch.setattr(learning, "run_experiment", experiment)
    monkeypatch.setattr(learning, "run_export", export)
    monkeypatch.setattr(learning, "write_report", lambda run, commands: run.report.write_text("a page"))
    monkeypatch.setattr(learning, "pace_of", lambda trial, minutes: Pace(1.0, 1.0, 1, 5, 8))
    monkeypatch.setattr(
        learning, "schedule_for", lambda left_s, pace, clip: Schedule(4, 2, 1, 3725.0, BriefTest(1, 2, True, 1.0))
    )
    return called


def options(args):
    """Arguments -> value by option."""
    return {args[index]: args[index + 1] for index in range(0, len(args), 2)}


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nosuch"], "there is no folder nosuch"),
        (["{file}"], "is a file: name the folder"),
        (["{empty}"], "holds no sound files"),
        (["{sounds}", "--minutes", "0.5"], "--minutes 0.5: name 1 minute or more"),
        (["{sounds}", "--minutes", "nan"], "--minutes nan"),
        (["{sounds}", "--sample_rate", "8000"], "choose 16000 to 48000"),
        (["{sounds}", "--clip_s", "0.1"], "choose 0.5 to 30 seconds"),
        (["{sounds}", "--name", "a/b"], "is not the name of one folder"),
        (["{sounds}", "--from", "nosuch"], "there is no checkpoint nosuch"),
    ],
)
def test_wrong_uses(args, said, sounds, tmp_path, place, refuses):
    (tmp_path / "empty").mkdir()
    places = {"sounds": sounds, "empty": tmp_path / "empty", "file": sounds / "00.wav"}
    assert said in refuses("learn", *(arg.format(**places) for arg in args))
    assert not place.path.exists()


def test_the_plan_alone(sounds, place, capsys):
    """Nothing is made in the folder of runs."""
    main(["learn", str(sounds), "--dry_run"])
    said = capsys.readouterr().out
    assert (
        "12 files, 12 s of sound" in said and "1 s: 100 % of what" in said and "16000 Hz: the files have 44100" in said
    )
    assert "Little: " in said and "12 files have several channels" in said and "15 min for all" in said
    assert not place.path.parent.exists()


def test_all_steps_in_order(sounds, place, steps, capsys):
    main(["learn", str(sounds), "--minutes", "70"])
    assert [call[0] for call in steps] == ["fit", "test", "export", "export"]
    fit = options(steps[0][1])
    assert (
        fit["--trainer.max_steps"] == "4" and fit["--trainer.max_time"] == "00:01:02:05" and fit["--resume"] == "true"
    )
    assert (fit["--clip.sample_rate"], fit["--clip.n_samples"], fit["--name"]) == ("16000", "16000", "my-flute")
    test = options(steps[1][1][1:])  # training was done at once: there is time for more than the two that were planned
    assert (test["--control.n_notes"], test["--trainer.limit_test_batches"], test["--fitted_notes"]) == ("8", "5", "0")
    said = capsys.readouterr().out
    assert "Clips: 9 to train, held out 1 to validate and 2 to test." in said
    assert "runs/my-flute is finished" in said and "play it in a host" in said and "play it in a browser" not in said
    assert read_learning(place).finished


@pytest.mark.parametrize("stops", ["fit", "test"])
def test_the_same_command_goes_on(sounds, place, steps, stops, monkeypatch):
    """With what was decided at first, whatever would be decided now."""
    steps.stops = stops
    with pytest.raises(SystemExit) as stop:
        main(["learn", str(sounds)])
    assert stop.value.code == 130
    first = list(steps)
    assert first[-1][2].startswith("timbre learn ") and first[-1][2].endswith(
        "--minutes 15 --name my-flute --runs runs"
    )
    monkeypatch.setattr(learning, "schedule_for", lambda *_: pytest.fail("it was decided"))
    steps.clear()
    steps.stops = ""
    main(["learn", str(sounds)])
    assert steps[0] == first[-1]
    assert [call[0] for call in steps] == [stops, *(["test"] if stops == "fit" else []), "export", "export"]


def test_a_finished_one_is_left_as_it_is(sounds, place, steps, capsys):
    main(["learn", str(sounds)])
    steps.clear()
    capsys.readouterr()
    main(["learn", str(sounds)])
    assert not steps and "runs/my-flute is finished." in capsys.readouterr().out


def test_another_question_under_the_same_name_is_refused(sounds, place, steps, refuses):
    main(["learn", str(sounds)])
    said = refuses("learn", str(sounds), "--minutes", "20")
    assert "was learnt with --minutes 15, not --minutes 20: choose another --name" in said
    assert "not --clip_s 2" in refuses("learn", str(sounds), "--clip_s", "2")


def test_somebody_elses_run_is_refused(sounds, place, refuses):
    place.last.parent.mkdir(parents=True)
    place.config.write_text("")
    place.last.write_text("")
    assert "holds a run that timbre learn did not make" in refuses("learn", str(sounds))


def test_what_is_kept_and_damaged_is_named(place):
    place.path.mkdir(parents=True)
    (place.path / "learn.json").write_text(json.dumps({"asked": {"folder": "a", "minutes": 1, "more": 2}}))
    with pytest.raises(ValueError, match=r"learn.json cannot be read"):
        read_learning(place)


def test_a_run_is_named_after_the_folder(sounds, steps):
    """Its place too, from the root on, so that the same folder is known again."""
    main(["learn", f"{sounds}/../my flute/"])
    assert LearnRequest(
        **json.loads((RunFolder("runs/my-flute").path / "learn.json").read_text())["asked"]
    ).folder == str(sounds)


@pytest.mark.slow
def test_it_learns(sounds, place, monkeypatch, capsys):
    """Nothing is told here: four steps, a note tested, a page and a graph; then the same again has nothing to do."""
    monkeypatch.setattr(learning, "schedule_for", lambda *_: Schedule(4, 2, 1, 600.0, BriefTest(1, 1, False, 1.0)))
    monkeypatch.setattr(learning, "brief_test_after", lambda *_, **__: BriefTest(1, 1, False, 1.0))
    main(["learn", str(sounds), "--minutes", "1"])
    assert {"report.html", "metrics.json", "control.json", "my-flute.onnx", "learn.json"} <= {
        path.name for path in place.path.iterdir()
    }
    said = capsys.readouterr().out
    assert "Trained 4 steps. Best at step" in said and "Next: timbre test" not in said


def test_a_voice_is_begun_with_by_its_own_experiment(sounds, place, monkeypatch):
    """Nothing but sounds, clips and time is another then."""
    asked = LearnRequest(str(sounds), 15.0)
    plan = LearnPlan(44100, 125, 441, 60.0, Start("orchestra", 44100, "voice.yaml"), [], [])
    args = learning.options_of(place, asked, plan)
    assert args[:2] == ["-c", "voice.yaml"] and args[-2:] == ["--init_from", "orchestra"]
    assert options(args)["--clip.n_samples"] == "55125" and not any("batch" in word or "model" in word for word in args)

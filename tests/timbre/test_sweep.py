"""`timbre sweep`: what a sweep asks, its points trained and tested, each resumable after any stop."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import timbre.experiment as experiment
from studies.run_files import FORMAT
from studies.run_folder import RunFolder
from studies.sweep import read_sweep
from tests.wandb.reader import records
from timbre import main
from timbre.sweep import run

ROOT = Path(__file__).parents[2]
SWEEP = {
    "method": "grid",
    "metric": {"name": "test/frave_score", "goal": "maximize"},
    "run_cap": 4,
    "command": ["${env}", "timbre", "fit", "--config", "x.yaml", "--test", "true", "${args}"],
    "parameters": {"model.turned.share": {"values": [0.0, 0.5]}, "seed_everything": {"values": [0, 1]}},
}
RANGE = {"model.turned.weight": {"distribution": "uniform", "min": 0.0, "max": 1.0}}


@pytest.fixture
def sweep(tmp_path, monkeypatch):
    """A grid of four points in the current folder, and a writer of others."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TIMBRE_RUNS", raising=False)
    monkeypatch.setenv("WANDB_RUN_GROUP", "")
    for name in ("LOCAL_RANK", "SLURM_PROCID"):
        monkeypatch.delenv(name, raising=False)

    def write(**changes):
        (tmp_path / "why.yaml").write_text("# Why?\n" + yaml.safe_dump(SWEEP | changes, sort_keys=False))
        return "why.yaml"

    write()
    return write


class StandIn:
    """Trains nothing: remembers what it was given, and stops, fails or writes a tested run, as it is told."""

    def __init__(self):
        self.calls = []
        self.ends_with = None
        self.score = 0.9

    def __call__(self, verb, args, hyperparameters=None):
        options = dict(zip(args[-8::2], args[-7::2], strict=True))
        self.calls.append((verb, args, hyperparameters))
        folder = Path(options["--runs"]) / options["--name"]
        if self.ends_with:
            raise self.ends_with
        write_tested(folder, self.score, 0.4)


def write_tested(folder, score, stft):
    about = {"low": None, "high": None, "unit": "1", "better": "higher", "definition": ""}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text("seed_everything: 0\n")
    metrics = [{"name": "multi_resolution_stft", "mean": stft, **about}]
    (folder / "metrics.json").write_text(json.dumps({"n_notes": 1, "metrics": metrics}))
    figures = [{"name": "frave_score", "value": score, **about}]
    (folder / "control.json").write_text(json.dumps({"knobs": [], "figures": figures}))
    RunFolder(folder).say_done(tested=True)


@pytest.fixture
def training(monkeypatch):
    stand_in = StandIn()
    monkeypatch.setattr(experiment, "run_experiment", stand_in)
    return stand_in


@pytest.fixture
def builds(monkeypatch):
    """No model is built to try a sweep's values."""
    monkeypatch.setattr("timbre.sweep._refuse_unbuildable", lambda sweep, passed_on: None)


def test_says_what_is_asked_and_how_to_submit_it(sweep, builds, capsys):
    run("sweep", ["why.yaml", "--data.root", "two words"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Why?" and "grid, 4 points" in lines[2]
    assert lines[3].strip() == "model.turned.share: 0.0, 0.5" and lines[4].strip() == "seed_everything: 0, 1"
    (submitted,) = [line.partition(":")[2] for line in lines if "sbatch" in line]
    assert shlex.split(submitted) == [
        *("sbatch", "-J", "why", "--array=0-3%4", "slurm/sweep_array.sh", "why.yaml", "--data.root", "two words")
    ]
    assert any(line.endswith("wandb sweep why.yaml") for line in lines)


@pytest.mark.parametrize(("n_points", "array"), [(1, "0-0%1"), (8, "0-7%8"), (60, "0-59%8")])
def test_the_array_has_as_many_tasks_as_points(n_points, array, sweep, builds, capsys):
    sweep(method="random", run_cap=n_points, parameters=RANGE)
    run("sweep", ["why.yaml", "--storage", "journal"])
    assert f"--array={array} slurm/sweep_array.sh why.yaml --storage journal" in capsys.readouterr().out


def test_a_point_is_trained_and_tested_in_its_own_folder(sweep, training, tmp_path, monkeypatch):
    run("sweep", ["why.yaml", "--point", "2", "--runs", "r", "--data.root", "sounds", "-c", "more.yaml"])
    ((verb, args, hyperparameters),) = training.calls
    assert verb == "fit" and hyperparameters == {"model.turned.share": 0.5, "seed_everything": 0}
    assert args[:4] == ["--config", "x.yaml", "--test", "true"]
    assert args[4:8] == ["--data.root", "sounds", "-c", "more.yaml"]
    assert args[8:10] == ["--model.turned.share=0.5", "--seed_everything=0"]
    assert args[10:] == ["--runs", "r/why", "--name", "why-002", "--resume", "true", "--test", "true"]
    kept = json.loads((tmp_path / "r" / "why" / "why-002" / "point.json").read_text())
    assert kept == {"format": FORMAT, "point": 2, "values": hyperparameters, "trial": None}
    assert experiment.os.environ["WANDB_RUN_GROUP"] == "why"


def test_runs_are_where_the_environment_says(sweep, training, tmp_path, monkeypatch):
    monkeypatch.setenv("TIMBRE_RUNS", str(tmp_path / "scratch"))
    run("sweep", ["why.yaml", "--point", "0"])
    assert (tmp_path / "scratch" / "why" / "why-000" / "DONE").is_file()


EARLY = {
    "metric": {"name": "validation/reconstruction", "goal": "minimize"},
    "early_terminate": {"type": "hyperband", "min_iter": 2},
}


def test_a_sweep_that_ends_points_early_hands_them_the_rule(sweep, training, builds, capsys):
    sweep(**EARLY)
    run("sweep", ["why.yaml"])
    assert "ends early: after 2, 6, ... validations 1 of 3 goes on (reconstruction)" in capsys.readouterr().out
    run("sweep", ["why.yaml", "--point", "0"])
    ((_, args, _),) = training.calls
    rule = json.loads(args[args.index("--trainer.callbacks+") + 1])
    assert rule["class_path"] == "lightning_modules.callbacks.EndBehind"
    assert rule["init_args"] == {"figure": "validation/reconstruction", "goal": "minimize", "first": 2, "eta": 3}


def test_a_trial_that_was_ended_early_is_told_so(sweep, monkeypatch, capsys):
    def ends(verb, args, hyperparameters=None):
        options = dict(zip(args[-8::2], args[-7::2], strict=True))
        RunFolder(Path(options["--runs"]) / options["--name"]).say_ended_early()

    monkeypatch.setattr(experiment, "run_experiment", ends)
    sweep(method="random", run_cap=3, parameters=RANGE, **EARLY)
    for _ in range(2):
        run("sweep", ["why.yaml", "--storage", "journal", "--point", "1"])
    run("sweep", ["why.yaml", "--storage", "journal"])
    assert "1 trials: 0 finished, 1 ended early, 0 failed" in capsys.readouterr().out


def test_a_point_that_is_done_says_so(sweep, training, capsys):
    for _ in range(2):
        run("sweep", ["why.yaml", "--point", "1"])
    assert len(training.calls) == 1 and capsys.readouterr().out == "Point 1 is done: runs/why/why-001\n"


def test_an_interrupted_point_goes_on_with_what_it_was_given(sweep, training):
    training.ends_with = SystemExit(0)
    sweep(method="random", run_cap=5, parameters=RANGE)
    with pytest.raises(SystemExit):
        run("sweep", ["why.yaml", "--point", "4"])
    training.ends_with = None
    run("sweep", ["why.yaml", "--point", "4"])
    assert training.calls[0] == training.calls[1]


def test_a_changed_file_is_refused(sweep, training):
    run("sweep", ["why.yaml", "--point", "3"])
    sweep(parameters={"model.turned.share": {"values": [0.0, 0.6]}, "seed_everything": {"values": [0, 1]}})
    with pytest.raises(ValueError, match=r"why\.yaml no longer gives point 3"):
        run("sweep", ["why.yaml", "--point", "3"])


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--model.turned.share", "1"], "--model.turned.share is swept by why.yaml"),
        (["--model.turned.share=1"], "--model.turned.share is swept"),
        (["--model.init_args.turned.init_args.share=1"], "share is swept"),
        (["--model.turned.share.low=1"], "low is swept"),
        (["--name", "x"], "--name is set for every point"),
        (["--resume", "false"], "--resume is set for every point"),
        (["--point", "4"], "has points 0 to 3"),
        (["--point", "-1"], "has points 0 to 3"),
        (["--objectives", "maximize:frave_score"], "say --storage journal"),
        (["--reference", "1", "2"], "say --storage journal"),
    ],
)
def test_a_wrong_use_is_named_before_anything_is_done(options, named, sweep, training, tmp_path):
    with pytest.raises(ValueError, match=named):
        run("sweep", ["why.yaml", *options])
    assert not training.calls and not (tmp_path / "runs").exists()


@pytest.mark.parametrize("by", ["command", "parameter"])
def test_a_file_does_not_say_whom_to_trust(by, sweep, training):
    if by == "command":
        sweep(command=[*SWEEP["command"][:-1], "--trust", "${args}"])
    else:
        sweep(parameters={"trust": {"values": [True, False]}}, run_cap=2)
    with pytest.raises(ValueError, match=r"why\.yaml says --trust"):
        run("sweep", ["why.yaml", "--point", "0"])
    assert not training.calls


@pytest.mark.parametrize("option", ["--model.turned.weight=1", "--model.turned={share: 1}", "--seed=3"])
def test_a_neighbour_of_what_is_swept_is_passed_on(option, sweep, training):
    run("sweep", ["why.yaml", "--point", "0", option])
    assert option in training.calls[0][1]


def test_results_are_told_to_the_study(sweep, training, tmp_path, capsys):
    sweep(method="random", run_cap=5, parameters=RANGE)
    for index in (0, 1):
        training.score = 0.8 + index / 10
        run("sweep", ["why.yaml", "--storage", "journal", "--point", str(index)])
    assert training.calls[0][2].keys() == RANGE.keys() and training.calls[0][2] != training.calls[1][2]
    assert json.loads((tmp_path / "runs" / "why" / "why-001" / "point.json").read_text())["trial"] == 1
    capsys.readouterr()
    run("sweep", ["why.yaml", "--storage", "journal"])
    printed = capsys.readouterr().out
    assert "Why?" in printed and "2 trials: 2 finished, 0 failed, 0 running" in printed
    assert "Hypervolume 0.2400" in printed and "sbatch" not in printed


def test_an_interruption_tells_the_study_nothing(sweep, training, capsys):
    sweep(method="bayes", run_cap=5, parameters=RANGE)
    options = ["why.yaml", "--storage", "journal"]
    training.ends_with = SystemExit(0)
    with pytest.raises(SystemExit):
        run("sweep", [*options, "--point", "3"])
    run("sweep", options)
    assert "1 trials: 0 finished, 0 failed, 1 running or killed (points 3)" in capsys.readouterr().out
    training.ends_with = None
    run("sweep", [*options, "--point", "3"])
    run("sweep", options)
    assert "1 trials: 1 finished, 0 failed, 0 running" in capsys.readouterr().out
    assert training.calls[0] == training.calls[1]


def test_an_error_tells_the_study_and_is_raised(sweep, training, capsys):
    sweep(method="random", run_cap=5, parameters=RANGE)
    options = ["why.yaml", "--storage", "journal"]
    training.ends_with = RuntimeError("out of memory")
    with pytest.raises(RuntimeError, match="out of memory"):
        run("sweep", [*options, "--point", "3"])
    run("sweep", options)
    assert "1 trials: 0 finished, 1 failed" in capsys.readouterr().out


def test_killed_between_test_and_telling_it_tells_at_the_next_start(sweep, training, monkeypatch, capsys):
    sweep(method="random", run_cap=5, parameters=RANGE)
    options = ["why.yaml", "--storage", "journal"]
    with monkeypatch.context() as killed, pytest.raises(SystemExit):
        killed.setattr("studies.sweep.objective.read_values", lambda folder, objectives: sys.exit(1))
        run("sweep", [*options, "--point", "0"])
    run("sweep", [*options, "--point", "0"])
    run("sweep", options)
    assert "1 trials: 1 finished" in capsys.readouterr().out


def test_a_wrong_figure_leaves_the_trial_open(sweep, training, capsys):
    """What was trained is not lost."""
    sweep(method="random", run_cap=5, parameters=RANGE)
    options = ["why.yaml", "--storage", "journal", "--objectives", "maximize:frave_score", "minimize:stft"]
    with pytest.raises(ValueError, match="has no figure stft: choose among multi_resolution_stft, frave_score"):
        run("sweep", [*options, "--point", "0"])
    run("sweep", options)
    assert "0 failed, 1 running" in capsys.readouterr().out


@pytest.mark.parametrize("first", [[], ["--storage", "journal"]])
def test_a_run_stays_with_or_without_its_study(first, sweep, training):
    second = [] if first else ["--storage", "journal"]
    run("sweep", ["why.yaml", "--point", "0", *first])
    with pytest.raises(ValueError, match="--storage"):
        run("sweep", ["why.yaml", "--point", "0", *second])


def test_processes_of_one_run_share_its_trial(sweep, training, monkeypatch, capsys):
    """The first asks and tells; the others read point.json, and do neither."""
    options = ["why.yaml", "--storage", "journal", "--point", "0"]
    training.ends_with = SystemExit(0)
    with pytest.raises(SystemExit):
        run("sweep", options)
    monkeypatch.setenv("SLURM_PROCID", "1")
    training.ends_with = None
    run("sweep", options)
    monkeypatch.delenv("SLURM_PROCID")
    run("sweep", options[:3])
    assert training.calls[0] == training.calls[1] and "1 trials: 0 finished" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"model.nonsense": {"value": 1}}, r"why\.yaml: configuration: .*model\.nonsense"),
        ({"model.residual_dropout": {"values": [0.0, 0.1, 1.5]}}, r"why\.yaml: .*residual_dropout is 1\.5"),
        ({"model.encoder.descriptors": {"values": ["[synths.Nonsense]"]}}, r"why\.yaml: .*Nonsense"),
    ],
)
def test_what_the_configuration_does_not_know_shows_before_any_job(parameters, named, sweep, tones, tiny, tmp_path):
    options = tiny(tones, tmp_path / "runs")
    command = ["${env}", "timbre", "fit", *options, "--test", "true", "${args}"]
    n_points = len(next(iter(parameters.values())).get("values", [0]))
    sweep(run_cap=n_points, command=command, parameters=parameters)
    with pytest.raises(ValueError, match=named):
        run("sweep", ["why.yaml"])
    assert not (tmp_path / "runs").exists()


def test_help_comes_without_torch(tmp_path):
    code = "import sys; from timbre import main\ntry: main(['sweep', '--help'])\n"
    code += (
        "except SystemExit: pass\nassert not {'torch', 'librosa', 'matplotlib', 'optuna', 'wandb'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


@pytest.fixture
def real(sweep, tones, tiny, tmp_path):
    """A sweep that trains in seconds: the adversarial encoder has every figure."""
    examined = ["--control.n_notes", "2", "--control.passes", "1", "--control.renderings", "[open]", "--test", "true"]
    encoder = ["--model.encoder", str(ROOT / "configs" / "encoders" / "adversarial.yaml")]
    options = [*tiny(tones, tmp_path / "elsewhere", steps=2), *encoder, *examined]
    command = ["${env}", "timbre", "fit", *options, "${args}"]
    return sweep(method="random", run_cap=3, command=command, parameters=RANGE)


@pytest.mark.slow
def test_a_point_of_a_study_is_trained_tested_logged_and_told(real, tmp_path, capsys):
    """And what the sweeps of the project ask W&B to watch is there, beside the values that were swept."""
    for _ in range(2):
        main(["sweep", real, "--storage", "journal", "--point", "1"])
    assert "Point 1 is done" in capsys.readouterr().out
    main(["sweep", real, "--storage", "journal"])
    assert "1 trials: 1 finished" in capsys.readouterr().out
    folder = tmp_path / "runs" / "why" / "why-001"
    kept = json.loads((folder / "point.json").read_text())
    (file,) = folder.glob("wandb/offline-run-*/*.wandb")
    logged = list(records(file))
    summary = {item.key or "/".join(item.nested_key) for record in logged for item in record.summary.update}
    assert summary >= {read_sweep(path).metric for path in (ROOT / "sweeps").glob("*.yaml")}
    config = {item.key: json.loads(item.value_json) for record in logged for item in record.config.update if item.key}
    assert config.items() >= kept["values"].items()
    assert {record.run.run_group for record in logged if record.WhichOneof("record_type") == "run"} == {"why"}

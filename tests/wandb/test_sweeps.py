"""`wandb sweep` and `wandb agent` with the command of our sweep files: what a trial is given, and how it ends."""

from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow

SWEEP = Path(__file__).parents[2] / "sweeps" / "turned_share.yaml"
N_STEPS = 24
ONLINE = {"WANDB_MODE": "online"}


@pytest.fixture
def sweep(tiny, tones, tmp_path, command, server):
    """Parameters -> path of a sweep of a small experiment, begun by the command of a sweep file of ours."""

    def create(parameters):
        config = yaml.safe_load(SWEEP.read_text())
        experiment = config["command"].index("--config")
        config["command"][experiment : experiment + 2] = [
            *tiny(tones, tmp_path / "runs", steps=N_STEPS),
            *("--trainer.val_check_interval", "4", "--trainer.log_every_n_steps", "1"),
            *("--control.n_notes", "0"),
        ]
        config["parameters"] = parameters
        (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(config))
        assert command("wandb", "sweep", "--project", "interpretsynth", "sweep.yaml") == 0
        (name,) = server.sweeps
        return f"tester/interpretsynth/{name}"

    return create


def test_a_trial_is_given_its_point_and_is_a_run_of_its_own(sweep, command, server, tmp_path):
    path = sweep({"model.turned.share": {"values": [0.5, 1.0]}, "model.decoder.init_args.width": {"value": 8}})
    for _ in range(2):
        assert command("wandb", "agent", "--count", "1", path, variables=ONLINE) == 0
    assert [run.config["config"]["model"]["turned"]["share"] for run in server.runs.values()] == [0.5, 1.0]
    for run in server.runs.values():
        assert (run.sweep, run.state, run.exit_code, run.n_starts) == (path.split("/")[-1], "finished", 0, 1)
        assert run.config["model.turned.share"] == run.config["config"]["model"]["turned"]["share"]
        assert run.config["config"]["model"]["decoder"]["init_args"]["width"] == 8
        assert run.display_name == f"descriptor_recordings-{run.id}"
        assert (tmp_path / "runs" / run.display_name / "DONE").exists()
        assert "test/multi_resolution_stft" in run.summary
        assert [row["trainer/global_step"] for row in run.history if "train/loss" in row] == list(range(N_STEPS))


def test_a_trial_that_fails_is_reported_as_failed(sweep, command, server):
    """One that fails once it has begun: here, a label that the data turns out not to have."""
    encoder = {"model.encoder": {"value": "lightning_modules.encoders.DisentangledEncoder"}}
    path = sweep({**encoder, "model.encoder.init_args.factors": {"value": ["bow_force"]}})
    command("wandb", "agent", "--count", "1", path, variables=ONLINE)
    (run,) = server.runs.values()
    assert (run.state, run.exit_code, run.preempting) == ("failed", 2, False)


def test_an_interrupted_trial_is_handed_on_and_ends_as_one_run(sweep, command, interrupted, server, tmp_path):
    path = sweep({"model.turned.share": {"values": [0.5]}})
    interrupted("wandb", "agent", "--count", "1", "--forward-signals", path, variables=ONLINE)
    (run,) = server.runs.values()
    assert (run.state, run.exit_code) == ("preempted", 1)
    assert not list(tmp_path.glob("runs/*/DONE"))
    assert command("wandb", "agent", "--count", "1", path, variables=ONLINE) == 0
    assert list(server.runs.values()) == [run] and (run.state, run.n_starts) == ("finished", 2)
    assert not run.overwritten
    assert [row["trainer/global_step"] for row in run.history if "train/loss" in row] == list(range(N_STEPS))

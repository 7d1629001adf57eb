"""A run of `timbre fit`, interrupted twice, is one run at W&B: all rows once, the true best, all that describes it."""

import signal

import pytest

from tests.wandb.reader import history

pytestmark = pytest.mark.slow

N_STEPS, BETWEEN_VALIDATIONS, N_KNOBS = 24, 4, 5


@pytest.fixture
def options(tiny, tones, tmp_path):
    """A run that logs every step."""
    return [
        *tiny(tones, tmp_path / "runs", steps=N_STEPS),
        *("--trainer.val_check_interval", str(BETWEEN_VALIDATIONS), "--trainer.log_every_n_steps", "1"),
        *("--name", "cut", "--resume", "true", "--control.n_notes", "2", "--control.passes", "1"),
    ]


@pytest.fixture
def train_in_three_starts(options, command, interrupted):
    """W&B mode, whether to test -> the run was stopped twice by SIGUSR1, and ended."""

    def train(mode, test):
        variables = {"WANDB_MODE": mode, "WANDB_RUN_GROUP": "ablation"}
        asked = ["timbre", "fit", *options, "--test", str(test).lower()]
        for _ in range(2):
            assert interrupted(*asked, variables=variables) == 128 + signal.SIGUSR1
        assert command(*asked, variables=variables) == 0

    return train


def test_offline_and_synced(train_in_three_starts, command, server, tmp_path):
    train_in_three_starts("offline", test=True)
    assert not server.runs
    files = sorted(tmp_path.glob("runs/cut/wandb/offline-run-*/*.wandb"))
    assert len({file.name for file in files}) == 1 and len(files) >= 3
    assert command("wandb", "sync", "--yes", tmp_path / "runs" / "cut" / "wandb") == 0
    check(server, tmp_path)
    (run,) = server.runs.values()
    assert {"test/multi_resolution_stft", "test/frave_score", "test/ordering", "test/leakage"} <= set(run.summary)
    check_artifact(server, "cut-model", tmp_path / "runs" / "cut" / "checkpoints" / "best.ckpt")
    check_artifact(server, "cut-evaluation", tmp_path / "runs" / "cut" / "control.json")
    assert run.summary["test/sliders"]["nrows"] == 2 * N_KNOBS * 5
    read = [row["trainer/global_step"] for file in files for row in history(file) if "train/loss" in row]
    assert sorted(read) == list(range(N_STEPS))


def test_online(train_in_three_starts, server, tmp_path):
    train_in_three_starts("online", test=False)
    check(server, tmp_path)
    assert server.runs[(tmp_path / "runs" / "cut" / "wandb_id").read_text()].n_starts >= 3


def check(server, tmp_path):
    """All that was asked of the one run there is."""
    run = server.runs[(tmp_path / "runs" / "cut" / "wandb_id").read_text()]
    assert len(server.runs) == 1 and run.state == "finished" and not run.overwritten
    assert (run.display_name, run.group, run.job_type) == ("cut", "ablation", "train")
    assert run.tags == ["Recordings", "DescriptorEncoder", "descriptor_recordings"]
    check_rows(run)
    check_best(run)
    check_configuration(run)
    sounds = [content for name, content in run.files.items() if name.endswith(".wav")]
    assert sounds and all(content.startswith(b"RIFF") for content in sounds)


def check_artifact(server, name, path):
    """It holds the file, as it lies in the run's folder."""
    assert path.read_bytes() in server.artifacts[server.collections[name]].values()


def check_rows(run):
    """Every training step has one row, in order, and so does every validation."""
    assert [row["trainer/global_step"] for row in run.history if "train/loss" in row] == list(range(N_STEPS))
    validated = [row["trainer/global_step"] for row in run.history if "validation/reconstruction" in row]
    assert validated == [step - 1 for step in range(BETWEEN_VALIDATIONS, N_STEPS + 1, BETWEEN_VALIDATIONS)]
    steps = [row["_step"] for row in run.history]
    assert steps == sorted(set(steps))


def check_best(run):
    """The summary's best values are those of the row with the lowest reconstruction."""
    rows = [row for row in run.history if "validation/reconstruction" in row]
    best = min(rows, key=lambda row: row["validation/reconstruction"])
    for name in ("validation/reconstruction", "validation/control_error"):
        assert run.summary[f"best/{name}"] == pytest.approx(best[name])
    assert run.summary["best/step"] == best["trainer/global_step"] + 1
    assert any(name.startswith("best/usage/") for name in run.summary)


def check_configuration(run):
    """Whole under one key, with what tells runs apart."""
    assert run.config["config"]["clip"]["n_samples"] == 16000
    assert run.config["config"]["model"]["decoder"]["init_args"]["width"] == 16
    assert len(run.config["config_hash"]) == 12 and run.config["data_hash"] and run.config["git"]
    assert not {"clip", "encoder", "learning_rate"} & set(run.config)

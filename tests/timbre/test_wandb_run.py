"""A folder's run at W&B: one identity for all its starts, its places and words from the environment."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import wandb
from lightning.pytorch.loggers import WandbLogger

from studies.run_folder import RunFolder
from timbre import wandb_run
from timbre.wandb_run import alert, finish, keep_files, wandb_logger

NAMES = ("WANDB_SWEEP_ID", "WANDB_MODE", "WANDB_PROJECT", "WANDB_RUN_ID", "WANDB_DATA_DIR", "WANDB_RUN_GROUP")


@pytest.fixture(autouse=True)
def _no_account(monkeypatch):
    for name in NAMES:
        monkeypatch.setenv(name, "x")  # so that what is set meanwhile is taken back
        monkeypatch.delenv(name)


@pytest.fixture
def folder(tmp_path):
    """Folder of a run that is not there yet."""
    return RunFolder(tmp_path / "runs" / "flute")


def asked_of(logger: WandbLogger) -> dict:
    """What it will ask W&B for."""
    return logger._wandb_init


def test_every_start_of_a_folder_is_the_same_run(folder, tmp_path):
    first = asked_of(wandb_logger(folder, "flute", []))["id"]
    assert asked_of(wandb_logger(folder, "flute", []))["id"] == first == folder.wandb_id.read_text()
    assert len(first) == 8 and first != "flute"
    elsewhere = RunFolder(tmp_path / "other" / "flute")
    assert asked_of(wandb_logger(elsewhere, "flute", []))["id"] != first, "a name may be taken in another place"


def test_an_identity_that_a_user_wrote_is_kept(folder):
    folder.path.mkdir(parents=True)
    folder.wandb_id.write_text("abc123\n")
    assert asked_of(wandb_logger(folder, "flute", []))["id"] == "abc123"


def test_under_an_agent_it_is_the_agents(folder, monkeypatch):
    monkeypatch.setenv("WANDB_SWEEP_ID", "sweep")
    monkeypatch.setenv("WANDB_RUN_ID", "trial")
    assert asked_of(wandb_logger(folder, "flute", []))["id"] in (None, "trial") and not folder.wandb_id.exists()


def test_one_process_alone_makes_the_identity(folder, monkeypatch):
    monkeypatch.setattr(wandb_run.rank_zero_only, "rank", 1)
    wandb_logger(folder, "flute", [])
    assert not folder.wandb_id.exists()


def test_words_and_places(folder, monkeypatch):
    logger = wandb_logger(folder, "flute", ["NSynth", "DescriptorEncoder"])
    asked = asked_of(logger)
    assert (asked["project"], asked["name"], asked["job_type"]) == ("interpretsynth", "flute", "train")
    assert asked["tags"] == ["NSynth", "DescriptorEncoder"] and asked["resume"] == "allow"
    assert asked["dir"] == str(folder.path) and os.environ["WANDB_DATA_DIR"] == str(folder.path.resolve())
    monkeypatch.setenv("WANDB_PROJECT", "timbre")
    monkeypatch.setenv("WANDB_DATA_DIR", "/scratch")
    assert asked_of(wandb_logger(folder, "flute", []))["project"] == "timbre"
    assert os.environ["WANDB_DATA_DIR"] == "/scratch", "a place that is given is kept"


@pytest.mark.parametrize(("mode", "offline"), [(None, True), ("offline", True), ("dryrun", True), ("online", False)])
def test_it_needs_no_account_unless_it_is_online(folder, monkeypatch, mode, offline):
    if mode:
        monkeypatch.setenv("WANDB_MODE", mode)
    logger = wandb_logger(folder, "flute", [])
    assert logger._offline is offline and asked_of(logger)["mode"] == ("offline" if offline else None)


def test_it_needs_no_account_where_wandb_was_set_up_before(folder, monkeypatch):
    """W&B has read its settings already, those of a server where nobody is logged in."""
    monkeypatch.setenv("WANDB_MODE", "online")
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("WANDB_SILENT", "true")
    wandb.finish()  # what a training before it left open
    wandb.teardown()
    wandb.setup()
    monkeypatch.delenv("WANDB_MODE")
    try:
        assert wandb_logger(folder, "flute", []).experiment.offline
    finally:
        wandb.finish()
        wandb.teardown()  # no later test of this process meets that server


@pytest.mark.parametrize("exit_code", [0, 1])
def test_a_run_that_will_go_on_says_so_before_it_ends(monkeypatch, exit_code):
    said = []
    run = SimpleNamespace(
        mark_preempting=lambda: said.append("preempting"), finish=lambda exit_code: said.append(exit_code)
    )
    monkeypatch.setattr(WandbLogger, "experiment", property(lambda logger: run))
    logger = WandbLogger.__new__(WandbLogger)
    finish(SimpleNamespace(logger=logger, is_global_zero=False), exit_code)
    finish(SimpleNamespace(logger=None, is_global_zero=True), exit_code)
    assert said == []
    finish(SimpleNamespace(logger=logger, is_global_zero=True), exit_code)
    assert said == (["preempting", 1] if exit_code else [0])


def test_files_are_kept_as_one_artifact_and_not_copied(monkeypatch, tmp_path):
    kept = []
    run = SimpleNamespace(name="flute 1", log_artifact=kept.append)
    monkeypatch.setattr(WandbLogger, "experiment", property(lambda logger: run))
    (tmp_path / "best.ckpt").write_bytes(b"weights")
    trainer = SimpleNamespace(logger=WandbLogger.__new__(WandbLogger), is_global_zero=True)
    keep_files(trainer, "model", [tmp_path / "best.ckpt", tmp_path / "none.csv"], {"step": 3})
    keep_files(trainer, "model", [tmp_path / "none.csv"], {})
    keep_files(SimpleNamespace(logger=None, is_global_zero=True), "model", [tmp_path / "best.ckpt"], {})
    (artifact,) = kept
    assert (artifact.name, artifact.type, artifact.metadata) == ("flute_1-model", "model", {"step": 3})
    assert [Path(entry.local_path) for entry in artifact.manifest.entries.values()] == [tmp_path / "best.ckpt"]


def test_a_failure_is_told_once_by_the_first_process(monkeypatch):
    said = []
    run = SimpleNamespace(name="flute", alert=lambda **words: said.append(words))
    logger = WandbLogger.__new__(WandbLogger)
    monkeypatch.setattr(wandb, "run", None)
    alert(SimpleNamespace(logger=logger, is_global_zero=True), "nothing was logged yet.")
    monkeypatch.setattr(wandb, "run", run)
    alert(SimpleNamespace(logger=logger, is_global_zero=False), "not finite.")
    alert(SimpleNamespace(logger=None, is_global_zero=True), "not finite.")
    assert said == []
    alert(SimpleNamespace(logger=logger, is_global_zero=True), "not finite.")
    assert said == [{"title": "flute failed", "text": "not finite.", "level": "ERROR"}]

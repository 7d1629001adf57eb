"""Runs that are interrupted, killed and begun again, in real processes: the same to the bit as those that never were.

TIMBRE_KILLS is the number of random moments that a run is killed at; 3 unless said.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
import yaml

from tests.timbre.starts import ROOT, Starts, Strike, environment, serving

pytestmark = pytest.mark.slow

CONFIGS = ROOT / "configs"
N_KILLS = int(os.environ.get("TIMBRE_KILLS", 3))
MODEL = "lightning_modules.autoencoder:TimbreAutoencoder"
SAFE_POINT = "lightning_modules.callbacks.safe_point:SafePoint"
RUN = "timbre.experiment"
LOSS = "lightning_modules.losses.multi_resolution:MultiResolution"
IN_A_SAVE = "torch.serialization:_open_zipfile_writer_buffer.__exit__"
"""All of a checkpoint is written but its end."""

OF_A_START = (
    *("dirpath", "best_model_path", "kth_best_model_path", "best_k_models", "last_model_path"),
    *("current_score", "git", "training_s"),
)
"""In a checkpoint: where it lies, and what no later step follows from."""

CHOSEN = [
    "descriptor",
    "descriptor_bottleneck",
    "descriptor_plain",
    "descriptor_variational",
    "disentangled",
    "adversarial",
]
RIVALS = ["c_ddsp_mended", "f_ddsp_mended"]


@pytest.fixture(scope="module")
def server():
    """What the processes are forked from."""
    with serving() as server:
        yield server


def notes(folder, n_notes):
    """Write notes of half a second -> their folder."""
    time_s = np.arange(8000) / 16000
    for number in range(n_notes):
        phase = 2 * np.pi * 220.0 * 2 ** (number / 12) * time_s
        tone = sum(np.sin(k * phase) / k for k in range(1, 6))
        soundfile.write(folder / f"tone-{number:02d}.wav", 0.2 * tone * np.exp(-time_s), 16000)
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Notes of which 19 train, 9 steps of two, and 3 validate."""
    return notes(tmp_path_factory.mktemp("few"), 24)


@pytest.fixture(scope="module")
def on_two(tmp_path_factory):
    """Options of a run of two processes, each of which trains on 12 notes; one validates 2, the other 3."""
    root = notes(tmp_path_factory.mktemp("more"), 32)
    processes = ("--trainer.accelerator", "cpu", "--trainer.devices", 2, "--trainer.strategy", "ddp")
    return (*processes, "--data.num_workers", 1, "--data.root", root)


@pytest.fixture(scope="module")
def options(data):
    """Command line of a run whose every step draws random numbers: name, more options -> words."""

    def build(name, *more, verb="fit"):
        return [
            *(verb, "-c", CONFIGS / "experiments" / "descriptor_recordings.yaml", "--data.root", data),
            *("--model.encoder", CONFIGS / "encoders" / "descriptor_variational.yaml", "--name", name),
            *("--data.augmentations", CONFIGS / "augmentations" / "timbre.yaml", "--clip.n_samples", 8000),
            *("--data.batch_size", 2, "--model.decoder.width", 8, "--model.residual_dropout", 0.25),
            *("--model.turned.share", 0.5, "--trainer.max_steps", 10, "--trainer.val_check_interval", 3),
            *("--trainer.log_every_n_steps", 1, "--trainer.enable_model_summary", "false", "--resume", "true"),
            *(() if "--trainer.logger" in more else ("--trainer.logger", "false")),
            *more,
        ]

    return build


@pytest.fixture
def starts(server, tmp_path):
    """In the test's own folder."""
    return Starts(server, tmp_path)


@pytest.fixture(scope="module")
def whole(server, options, tmp_path_factory):
    """A run that nothing interrupts."""
    starts = Starts(server, tmp_path_factory.mktemp("whole"))
    assert starts.run(*options("run")) == 0, starts.said()
    return starts.folder / "runs" / "run"


def differing(one, two, at=""):
    """Where two checkpoints differ."""
    if isinstance(one, torch.Tensor):
        return [] if isinstance(two, torch.Tensor) and torch.equal(one, two) else [at]
    if isinstance(one, dict):
        keys = [key for key in {**one, **two} if key not in OF_A_START]
        return [found for key in keys for found in differing(one.get(key), two.get(key), f"{at}.{key}")]
    if isinstance(one, list | tuple) and len(one) == len(two):
        return [found for i, (a, b) in enumerate(zip(one, two, strict=True)) for found in differing(a, b, f"{at}.{i}")]
    return [] if one == two else [at]


def assert_same(run, other):
    """Weights, optimiser, counters, place in the data, best figures: in the last checkpoint and in the best."""
    for name in ("last.ckpt", "best.ckpt"):
        one, two = (torch.load(folder / "checkpoints" / name, weights_only=True) for folder in (run, other))
        assert not differing(one, two), name
    assert course(run) == course(other)
    assert (run / "DONE").exists() and not (run / "REQUEUE").exists()
    assert {path.name for path in (run / "checkpoints").iterdir()} == {"best.ckpt", "last.ckpt"}


def course(run):
    """The lines of curves.csv without the seconds, which no two trainings share."""
    lines = [line.split(",") for line in (run / "curves.csv").read_text().splitlines()]
    assert lines[0][1] == "training_s" and len(lines) > 1
    return [line[:1] + line[2:] for line in lines]


def test_interrupted_anywhere_it_is_the_run_that_never_was(starts, options, whole):
    """At the start, in a step, in a validation, in a save, where validation, save and log row coincide, at the end."""
    run, workers = starts.folder / "runs" / "run", ("--data.num_workers", 2)
    places = {
        f"{MODEL}.setup": (1, 1),
        f"{MODEL}.training_step": (1, 2),
        f"{MODEL}.validation_step": (2, 3),
        IN_A_SAVE: (1, 6),
        "lightning.pytorch.callbacks:ModelCheckpoint.on_validation_end": (1, 9),
    }
    for place, (call, step) in places.items():
        assert starts.run(*options("run", *workers), strikes=[Strike(place, call)]) == 138, starts.said()
        assert f"Interrupted at step {step}." in starts.said(), place
        assert (run / "REQUEUE").exists() and not (run / "DONE").exists()
    late = [Strike(f"{MODEL}.training_step"), Strike(f"{SAFE_POINT}.on_train_end"), Strike(f"{RUN}:finish")]
    assert starts.run(*options("run", *workers), strikes=late) == 0, "it is finished before it could stop"
    assert_same(run, whole)


def test_killed_in_the_middle_of_any_write_it_is_the_run_that_never_was(starts, options, whole):
    """Killed while it writes the best checkpoint, the last one, before renaming it, and before DONE is written."""
    for place, call in ((IN_A_SAVE, 1), (IN_A_SAVE, 2), ("os:replace", 8), (f"{SAFE_POINT}.on_train_end", 1)):
        code = starts.run(*options("run"), strikes=[Strike(place, call, signal.SIGKILL)])
        assert code == -signal.SIGKILL, starts.said()
    assert starts.run(*options("run")) == 0, starts.said()
    assert_same(starts.folder / "runs" / "run", whole)


def test_killed_at_random_moments_it_is_the_run_that_never_was(starts, options, whole):
    """Several times per run, until it is finished; regular checkpoints are too rare here to help much."""
    moments, n_killed, n_runs = random.Random(0), 0, 0
    starts.run(*options("first"))
    begun_s = time.monotonic()
    starts.run(*options("timed"))
    lasts_s = time.monotonic() - begun_s
    while n_killed < N_KILLS:
        n_runs += 1
        run = starts.folder / "runs" / f"run-{n_runs}"
        for longest_s in (lasts_s * (0.2 + 0.2 * attempt) for attempt in range(1000)):
            process = starts.begin(*options(run.name))
            if n_killed < N_KILLS:
                time.sleep(moments.uniform(0.0, longest_s))
                try:
                    os.kill(process, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            code = starts.end()
            assert code in (0, -signal.SIGKILL), starts.said()
            n_killed += code != 0
            if code == 0:
                break
        assert_same(run, whole)
    print(f"{n_killed} kills in {n_runs} runs of {lasts_s:.1f} s, none lost.")


def test_with_a_critic_it_is_the_run_that_never_was(starts, options):
    """Stopped in a step and killed in a save: its weights are the model's, and its optimiser is."""
    more = ("--model.reconstruction", CONFIGS / "losses" / "adversarial.yaml")
    assert starts.run(*options("whole", *more)) == 0, starts.said()
    assert starts.run(*options("run", *more), strikes=[Strike(f"{MODEL}.training_step", 5)]) == 138, starts.said()
    assert starts.run(*options("run", *more), strikes=[Strike(IN_A_SAVE, 1, signal.SIGKILL)]) == -signal.SIGKILL
    assert starts.run(*options("run", *more)) == 0, starts.said()
    run, whole = (starts.folder / "runs" / name for name in ("run", "whole"))
    assert_same(run, whole)
    assert any("critic" in name for name in torch.load(run / "checkpoints" / "last.ckpt")["state_dict"])


def test_a_signal_while_torch_is_imported_is_not_lost(starts, options):
    """The program itself; it stops after its first step."""
    command = [Path(sys.executable).with_name("timbre"), *map(str, options("run"))]
    process = subprocess.Popen(command, cwd=starts.folder, env=environment())
    mapped = Path(f"/proc/{process.pid}/maps")
    if not mapped.exists():
        process.kill()
        pytest.skip("the system does not tell what a process has imported")
    while "libtorch" not in mapped.read_text():
        time.sleep(0.01)
    process.send_signal(signal.SIGUSR1)
    assert process.wait(120) == 138
    run = starts.folder / "runs" / "run"
    assert torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["global_step"] == 1
    assert (run / "REQUEUE").exists()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"])
def test_a_signal_to_the_whole_group_stops_the_run_alone(starts, options, in_a_terminal, name):
    """As `timeout`, a terminal and SLURM send it: its workers read on until it has saved, and none is left."""
    number, more = getattr(signal, name), ("--data.num_workers", 2, "--trainer.max_steps", 100000)
    command = [Path(sys.executable).with_name("timbre"), *map(str, options("run", *more))]
    run, log = starts.folder / "runs" / "run", starts.folder / "said.txt"
    with (
        open(log, "w") as said,
        subprocess.Popen(
            command, cwd=starts.folder, env=environment(), stdout=said, stderr=said, start_new_session=True
        ) as process,
    ):
        while not (run / "checkpoints" / "best.ckpt").exists() and process.poll() is None:
            time.sleep(0.05)
        os.killpg(process.pid, number)
        assert process.wait(240) == 128 + number, log.read_text()
    saved = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["global_step"]
    assert f"Interrupted at step {saved}." in log.read_text() and (run / "REQUEUE").exists()
    assert not any(word in log.read_text() for word in ("Traceback", "internal fault"))
    end_s = time.monotonic() + 60
    while alive_in_group(process.pid) and time.monotonic() < end_s:
        time.sleep(0.1)
    assert not alive_in_group(process.pid)


def alive_in_group(number):
    """Whether a process group has processes that run; what is over and waits for init to note it does not."""
    states = [
        path.read_text().rpartition(")")[2].split() for path in Path("/proc").glob("[0-9]*/stat") if path.exists()
    ]
    return any(int(state[2]) == number and state[0] != "Z" for state in states)


def test_a_run_that_was_moved_keeps_its_best(starts, options):
    """A best checkpoint is not overwritten by a worse one because its folder has another name."""
    plain = options(
        "run", "--trainer.max_steps", 12, "--model.learning_rate", 1.5
    )  # the last validation is a worse one
    assert starts.run(*plain, strikes=[Strike(f"{MODEL}.training_step", 10)]) == 138, starts.said()
    (starts.folder / "runs").rename(starts.folder / "moved")
    assert starts.run(*plain, "--runs", "moved") == 0, starts.said()
    checkpoints = starts.folder / "moved" / "run" / "checkpoints"
    best, last = (torch.load(checkpoints / f"{name}.ckpt", weights_only=True) for name in ("best", "last"))
    assert best["global_step"] == last["callbacks"]["Best"]["step"] < 12


def test_what_a_second_start_does(starts, options):
    """It goes on, keeps the first configuration, refuses other settings by key, and leaves a finished run alone."""
    run = starts.folder / "runs" / "run"
    plain = options("run", "--trainer.max_steps", 2)
    assert starts.run(*plain, strikes=[Strike(f"{MODEL}.training_step")]) == 138
    first = (run / "config.first.yaml").read_bytes()
    for changed in (("--model.learning_rate", 0.1), ("--data.batch_size", 4), ("--trainer.max_steps", 3)):
        assert starts.run(*plain, *changed) == 2
        key = str(changed[0]).removeprefix("--").replace("data.", "data.init_args.")
        assert f"{key} " in starts.said() and "Traceback" not in starts.said()
    assert starts.run(*[option for option in plain if option not in ("--resume", "true")]) == 2
    assert "already holds a run" in starts.said() and "--resume true" in starts.said()
    elsewhere = ("--data.num_workers", 1, "--data.cache", starts.folder / "cache", "--trainer.devices", 1)
    assert starts.run(*plain, *elsewhere, "--runs", run.parent) == 0, starts.said()
    assert (run / "config.first.yaml").read_bytes() == first and (run / "config.yaml").read_bytes() != first
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    assert starts.run(*plain) == 0 and "is finished" in starts.said()
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before
    assert starts.run("fit", run, "--ckpt_path", "last", "--trainer.max_steps", 3) == 0, starts.said()
    assert torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["global_step"] == 3
    assert yaml.safe_load((run / "config.yaml").read_text())["trainer"]["max_steps"] == 3


def test_a_test_that_is_interrupted_is_begun_again(starts, options):
    """The marker says so; a finished run that was not tested is tested, and only then is it finished."""
    run = starts.folder / "runs" / "run"
    short = ("--trainer.max_steps", 1, "--trainer.val_check_interval", 1, "--control.n_notes", 1)
    short += ("--control.passes", 1, "--control.renderings", "[open]")
    plain = options("run", *short)
    assert starts.run(*plain) == 0 and (run / "DONE").exists()
    tested = (*plain, "--test", "true")
    assert starts.run(*tested, strikes=[Strike(f"{MODEL}.test_step")]) == 138, starts.said()
    assert (run / "REQUEUE").exists() and not (run / "DONE").exists() and not (run / "metrics.json").exists()
    assert starts.run(*tested) == 0, starts.said()
    assert (run / "DONE").exists() and not (run / "REQUEUE").exists() and (run / "metrics.json").exists()
    assert starts.run(*tested) == 0 and "is finished" in starts.said()


@pytest.mark.parametrize("log_every_n_steps", [1, 5])
def test_every_row_is_logged_once(starts, options, log_every_n_steps):
    """In W&B's files of all starts together, training and validation, and the rate beside each training row."""
    from tests.wandb.reader import history

    logged = options("run", "--trainer.logger", "null", "--trainer.log_every_n_steps", log_every_n_steps)
    for step, place in ((5, "training_step"), (6, "validation_step")):
        call = step if place == "training_step" else 1
        assert starts.run(*logged, strikes=[Strike(f"{MODEL}.{place}", call)]) == 138, starts.said()
    assert starts.run(*logged) == 0, starts.said()
    files = sorted(starts.folder.glob("runs/run/wandb/offline-run-*/*.wandb"), key=lambda path: path.stat().st_ctime)
    assert len(files) == 3 and len({file.stem for file in files}) == 1, "one run"
    rows = [row for file in files for row in history(file)]
    steps = {
        name: [row["trainer/global_step"] for row in rows if name in row]
        for name in ("train/loss", "lr-Adam", "validation/reconstruction", "validation/control_error", "usage/level")
    }
    trained = [step for step in range(10) if (step + 1) % log_every_n_steps == 0]
    assert steps["train/loss"] == steps["lr-Adam"] == trained
    assert all(found == [2, 5, 8] for name, found in steps.items() if name.startswith(("validation/", "usage/")))


def test_two_processes_of_which_one_is_signalled(starts, options, on_two):
    """Both stop at the same step, where a validation comes too; interrupted twice they are the two that never were."""
    long = (*on_two, "--trainer.max_steps", 24, "--trainer.val_check_interval", 5)
    assert starts.run_anew(options("whole", *long)) == 0, starts.said()
    cut, runs = options("cut", *long), starts.folder / "runs"
    for call, step in ((3, 10), (1, 20)):
        assert starts.run_anew(cut, strikes=[Strike(f"{MODEL}.training_step", call)]) == 138, starts.said()
        assert f"Interrupted at step {step}." in starts.said() and (runs / "cut" / "REQUEUE").exists()
    assert starts.run_anew(cut) == 0, starts.said()
    assert_same(runs / "cut", runs / "whole")


def test_two_processes_need_not_validate_the_same_number_of_clips(starts, options, on_two, data):
    """One of them has a single clip, with which no residual can be exchanged; they must still agree on the figures."""
    short = ("--trainer.max_steps", 2, "--trainer.val_check_interval", 2, "--data.root", data)
    assert starts.run_anew(options("run", *on_two, *short), timeout_s=180) == 0, starts.said()


def test_every_family_trains_on_two_processes(starts, options, on_two):
    """No parameter is left without a gradient, which would end the run."""
    encoders = CHOSEN + RIVALS
    runs = []
    for name in encoders:
        more = ("--model.encoder", CONFIGS / "encoders" / f"{name}.yaml", *on_two, "--trainer.max_steps", 2)
        if name in RIVALS:
            published = CONFIGS / "decoders" / "published_mended.yaml"
            more = (*more, "--model.decoder", published, "--model.knob_weight", 0.0, "--model.turned.share", 0.0)
        runs.append(options(name, *more, "--trainer.val_check_interval", 2, "--data.num_workers", 0))
    critic = ("--model.reconstruction", CONFIGS / "losses" / "adversarial.yaml", "--data.num_workers", 0)
    runs.append(options("critic", *on_two, "--trainer.max_steps", 2, "--trainer.val_check_interval", 2, *critic))
    assert starts.run_anew(*runs) == 0, starts.said()[-3000:]
    assert Counter(path.parent.name for path in starts.folder.glob("runs/*/DONE")) == Counter([*encoders, "critic"])


@pytest.mark.parametrize("rank", [0, 1])
def test_one_process_that_fails_ends_the_run(starts, options, on_two, rank):
    """With an error; the other would wait for it for half an hour."""
    failing = Strike(f"{MODEL}.training_step", 2, number=0, rank=rank)
    assert starts.run_anew(options("run", *on_two), strikes=[failing], timeout_s=240) != 0
    assert "struck" in starts.said()
    assert not any((starts.folder / "runs" / "run" / name).exists() for name in ("DONE", "REQUEUE"))


@pytest.mark.parametrize(("rank", "step"), [(0, 8), (1, 9)])
def test_two_processes_of_which_one_meets_no_number(starts, options, on_two, rank, step):
    """Both stop, with one sentence that names the first, and the checkpoint of before is kept."""
    long, poison = ("--trainer.val_check_interval", 5), Strike(f"{LOSS}.forward", 11, number=-1, rank=rank)
    more = ("--data.num_workers", 0, "--trainer.max_steps", 40)
    assert starts.run_anew(options("run", *on_two, *long, *more), strikes=[poison], timeout_s=600) == 2, starts.said()
    said, best = starts.said(), "runs/run/checkpoints/best.ckpt"
    assert f"timbre: in step {step} of training, the term reconstruction was not finite. " in said, said
    assert said.count("not finite") == 1 and best in said and "Traceback" not in said
    weights = torch.load(starts.folder / best, weights_only=True)["state_dict"].values()
    assert all(weight.isfinite().all() for weight in weights)
    assert not any((starts.folder / "runs" / "run" / name).exists() for name in ("DONE", "REQUEUE"))

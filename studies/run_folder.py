"""What a run's folder holds, and what of its configuration makes the run, wherever it is trained."""

import copy
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from output.whole_files import write_text
from studies.voices import voice_file

OF_A_PLACE = {
    (): ("name", "runs", "ckpt_path", "resume", "test", "config", "fitted_notes", "patience"),
    ("trainer",): (
        *("default_root_dir", "logger", "callbacks", "plugins", "profiler"),
        *("enable_progress_bar", "enable_model_summary"),
    ),
    ("data", "init_args"): ("cache", "copy_to", "num_workers"),
    ("control",): ("renderings",),
}
"""Keys that say where a run is trained or what is shown of it; another place is no other run."""

OF_THE_MACHINE = ("accelerator", "devices", "num_nodes", "strategy")
"""Keys of the trainer that an interrupted run may go on without."""

ENDED_EARLY = "ended early"
"""What DONE says of a point of a sweep that lay behind the others."""


class RunFolder:
    """Where everything of a run is.

    `run_curves`, `run_reports`, `run_sounds` and `sweep.kept_point` say what stands in its files.

    Args:
        path: of the folder, whose name is the run's
    """

    def __init__(self, path: Path | str) -> None:
        self.path = path = Path(path)
        self.config = path / "config.yaml"
        self.first_config = path / "config.first.yaml"
        self.best = path / "checkpoints" / "best.ckpt"
        self.last = path / "checkpoints" / "last.ckpt"
        self.done, self.failed = path / "DONE", path / "FAILED"
        self.wandb_id = path / "wandb_id"
        self.point = path / "point.json"
        self.curves, self.report = path / "curves.csv", path / "report.html"
        self.samples = path / "samples"
        self.metrics, self.notes = path / "metrics.json", path / "notes.csv"
        self.control, self.control_rows = path / "control.json", path / "control.csv"
        self.transformation, self.transformation_rows = path / "transformation.json", path / "transformation.csv"
        self.sliders = path / "sliders"
        self.slider_list = self.sliders / "sliders.json"
        self.predictions = path / "predictions"
        self.examination = path / "examination"  # what a test that is not complete has found so far
        self.reach_memory = path.parent / ".reachable"  # beside the runs: models on the same notes share it
        self.fit_memory = path.parent / ".fitted"  # likewise

    @property
    def is_begun(self) -> bool:
        """Whether there is something to lose: a start that failed before its first checkpoint does not count."""
        return self.config.is_file() and any(path.is_file() for path in (self.last, self.best, self.done))

    def is_done(self, tested: bool) -> bool:
        """Whether the run was trained to its end and, if that is asked, tested; or a sweep has ended it early."""
        if not self.done.is_file():
            return False
        return not tested or self.done.read_text(encoding="utf-8").strip() in ("tested", ENDED_EARLY)

    @property
    def is_ended_early(self) -> bool:
        """Whether a sweep has ended it, because it lay behind the other points."""
        return self.done.is_file() and self.done.read_text(encoding="utf-8").strip() == ENDED_EARLY

    def say_done(self, tested: bool) -> None:
        """Write DONE."""
        write_text(self.done, "tested\n" if tested else "trained\n")

    def say_ended_early(self) -> None:
        """Write DONE for a point that goes on no further."""
        write_text(self.done, f"{ENDED_EARLY}\n")

    def say_failed(self, sentence: str) -> None:
        """Write FAILED, which the next start removes: why the run would not come to its end by itself."""
        write_text(self.failed, f"{sentence}\n")

    def refuse_other_settings(self, config: Mapping[str, Any]) -> None:
        """Raise ValueError, naming the keys, when the folder's run was begun with other settings."""
        if not self.is_begun:
            return
        try:
            begun = settings_of(yaml.safe_load(self.config.read_text(encoding="utf-8")))
        except (yaml.YAMLError, AttributeError, TypeError) as error:
            raise ValueError(f"{self.config} is not a run's configuration: restore it, or delete the run.") from error
        asked = settings_of(config)
        for settings in (begun, asked):
            settings["trainer"] = {k: v for k, v in settings["trainer"].items() if k not in OF_THE_MACHINE}
        changed = differences(begun, asked)
        if changed:
            listed = ", ".join(f"{key} {was} (now {now})" for key, was, now in changed[:5])
            more = f" and {len(changed) - 5} more keys" if len(changed) > 5 else ""
            raise ValueError(
                f"{self.path} holds a run with other settings: {listed}{more}. Choose another --name; to train this "
                f"run for longer: timbre fit {self.path} --ckpt_path last --trainer.max_steps N."
            )


def checkpoint_in(place: Path) -> Path:
    """A checkpoint, the best one of a run's folder, or the voice of that name that comes with the package.

    What lies in the current folder comes before a voice, unless it is a folder that holds no run.
    """
    voice = voice_file(str(place))
    if voice is not None and not place.is_file() and not RunFolder(place).config.is_file():
        return voice
    return RunFolder(place).best if place.is_dir() else place


def refuse_no_name(name: str) -> None:
    """Raise ValueError when a run's name is not that of one folder, inside the one that holds the runs."""
    if name in ("", ".", "..") or any(letter in "/\\" or not letter.isprintable() for letter in name):
        raise ValueError(f"the run's name {name!r} is not the name of one folder: choose another --name.")


def settings_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """A resolved configuration -> what of it makes the run: nothing that says where anything lies on a disk."""
    settings = copy.deepcopy(dict(config))
    for path, keys in OF_A_PLACE.items():
        section: Any = settings
        for part in path:
            section = section.get(part) or {}
        for key in keys:
            section.pop(key, None)
    settings["trainer"] = settings.get("trainer") or {}
    data = (settings.get("data") or {}).get("init_args") or {}
    if data.get("root"):
        data["root"] = Path(str(data["root"])).name  # another disk is no other data; another folder is
    return settings


def without_seed(settings: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Settings -> those of the model, and the seeds that it was trained with as one text."""
    model = copy.deepcopy(settings)
    data = (model.get("data") or {}).get("init_args") or {}
    return model, f"{model.pop('seed_everything', None)} {data.pop('seed', None)}"


def settings_hash(config: Mapping[str, Any]) -> str:
    """Twelve letters that differ where the settings do."""
    text = json.dumps(settings_of(config), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Dotted keys whose values differ, with both values as text; "nothing" where there is none."""
    one, two = flat(first), flat(second)
    texts = [
        (key, *(json.dumps(side[key], default=str) if key in side else "nothing" for side in (one, two)))
        for key in {**one, **two}
    ]
    return [(key, was, now) for key, was, now in texts if was != now]


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings -> dotted keys; lists and empty mappings are values."""
    found: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping) and value:
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found

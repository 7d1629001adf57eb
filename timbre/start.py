"""A verb of an experiment before torch is loaded: its help, and what is plainly wrong with its arguments."""

import os
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import yaml

from studies.checkpoint_file import refuse_no_checkpoint
from studies.run_folder import RunFolder
from timbre.experiment_help import FULL, experiment_names, experiments_folder, help_of

CONFIG = ("-c", "--config")


def run(verb: str, args: list[str]) -> None:
    """Print its help; or refuse what is wrong, and run it."""
    if FULL in args or _follows(args, ("-h", "--help"), "full"):
        args = ["--help"]
    elif {"-h", "--help"} & {*args}:
        print(help_of(verb))
        raise SystemExit(0)
    else:
        refuse_wrong_place(verb, args)
    module = "prepare" if verb == "prepare" else "experiment"
    import_module(f"timbre.{module}").run(verb, args)


def refuse_wrong_place(verb: str, args: Sequence[str]) -> None:
    """Refuse an experiment, a run or a checkpoint that is not there.

    Raises:
        FileNotFoundError: it is not there
        ValueError: it is something else, or none is named
    """
    for given in configurations(args):
        _refuse_no_experiment(given)
    if args and not args[0].startswith("-"):
        with_run_folder(args)
        if verb in ("test", "validate", "predict") and not {"--ckpt_path", "--name", "--runs"} & _options(args):
            folder = RunFolder(args[0])
            refuse_no_checkpoint(folder.last if folder.last.is_file() and not folder.best.is_file() else folder.best)
    elif not _options(args) & {*CONFIG, "--data", "--data.class_path"}:
        example = f"timbre {verb} -c {experiments_folder()}/NAME.yaml, NAME one of {', '.join(experiment_names())}"
        judged = f"timbre {verb} RUN, such as timbre {verb} runs/mine"
        wants, how = ("an experiment", example) if verb in ("fit", "prepare") else ("a run", judged)
        raise ValueError(f"{verb} needs {wants}: {how}.")


def with_run_folder(args: Sequence[str]) -> list[str]:
    """`runs/flute ...` -> the configuration, name and place of that run.

    Raises:
        FileNotFoundError: it is no run
    """
    if not args or args[0].startswith("-"):
        return [*args]
    folder = Path(args[0])
    config = folder / "config.yaml"
    if not config.is_file():
        mend = f" An experiment is given with -c {folder}." if folder.suffix == ".yaml" else ""
        raise FileNotFoundError(f"{folder} is not a run: it has no config.yaml.{mend}")
    if folder.name in ("", ".."):  # not resolved in general: a link to a run has its own name
        folder = Path(os.path.abspath(folder))
    return ["-c", str(config), "--name", folder.name, "--runs", str(folder.parent), *args[1:]]


def _options(args: Sequence[str]) -> set[str]:
    return {word.partition("=")[0] for word in args if word.startswith("-")}


def _follows(args: Sequence[str], options: Sequence[str], value: str) -> bool:
    words = [word for arg in args for word in arg.split("=")]
    return any(pair[0] in options and pair[1] == value for pair in pairwise(words))


def configurations(args: Sequence[str]) -> Iterator[str]:
    """The values of -c and --config; a configuration that is written out in the place of a file's name is none."""
    for index, word in enumerate(args):
        option, equals, value = word.partition("=")
        if option in CONFIG and (equals or index + 1 < len(args)):
            given = value if equals else args[index + 1]
            if not any(mark in given for mark in ":{\n"):
                yield given


def _refuse_no_experiment(given: str) -> None:
    path = Path(given)
    if path.is_dir():
        raise ValueError(f"{given} is a folder: name a file of it, such as {given}/NAME.yaml.")
    if not path.is_file():
        raise FileNotFoundError(f"there is no experiment {given}: {_nearest(path.stem)}")
    try:
        yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise ValueError(f"{given}{where}: it is not YAML: mend it.") from error


def _nearest(name: str) -> str:
    names, folder = experiment_names(), experiments_folder()
    near = get_close_matches(name, names, 3, 0.5) or [each for each in names if name and name in each][:3]
    if near:
        return f"did you mean {' or '.join(f'{folder}/{each}.yaml' for each in near)}?"
    return f"choose one of {folder}: {', '.join(names) or 'none are there'}."

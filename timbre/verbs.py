"""What `timbre` can do: each verb once, with all that is said of it and that it needs."""

from collections.abc import Mapping
from typing import NamedTuple

from timbre.help_text import two_columns


class Verb(NamedTuple):
    """One verb of the command line.

    Attributes:
        module: of this folder, whose `run(verb, arguments)` does it
        uses: arguments -> what the verb does with them
        description: what its own help begins with; empty where its module says so itself
        watches: whether it notes a signal from its first line on: it runs for hours, and torch takes its time to load
    """

    module: str
    uses: Mapping[str, str]
    description: str = ""
    watches: bool = False


VERBS = {
    "learn": Verb("learn", {"FOLDER": "your own sounds: prepare, train, test and export, in 15 minutes"}, watches=True),
    "prepare": Verb(
        "start",
        {"-c EXPERIMENT": "read and check the data, track its pitch, once"},
        "Read and check the data and track its pitch, once; later runs find it beside the audio.",
    ),
    "fit": Verb(
        "start",
        {
            "-c EXPERIMENT": "train; everything goes to runs/NAME",
            "RUN --resume true": "go on with an interrupted run",
        },
        "Train a model; checkpoints, configuration, samples and logs go to runs/NAME.",
        watches=True,
    ),
    "test": Verb(
        "start",
        {"RUN": "judge a run on held-out notes"},
        "Judge a run on held-out notes: metrics.json, notes.csv and a table.",
        watches=True,
    ),
    "validate": Verb("start", {"RUN": "the losses alone"}, "Losses of a run on its validation clips."),
    "predict": Verb(
        "start",
        {"RUN": "write the resyntheses of the test notes"},
        "Write the resyntheses of the test notes as WAV, their knobs met on the sound.",
    ),
    "sweep": Verb(
        "sweep",
        {"SWEEP": "the points of a file of sweeps; --point K trains and tests one of them"},
        watches=True,
    ),
    "status": Verb("status", {"[RUN...]": "where runs stand: failed, stopped, running, queued, tested"}),
    "report": Verb("report", {"RUN": "one run on one page: curves, figures, sounds"}),
    "compare": Verb("compare", {"RUN...": "control against quality of tested runs: table, Pareto plot, page"}),
    "dashboard": Verb(
        "dashboard",
        {
            "ENTITY/PROJECT": "a W&B workspace of runs: ablation table, trade-off, curves, sounds",
            "--from RUN...": "the same here, without an account",
        },
    ),
    "voices": Verb("voices", {"": "the trained models that come with the package, and go by name"}),
    "render": Verb(
        "render",
        {
            "[MODEL] IN OUT": "put a recording together again, its knobs turned",
            "[MODEL] IN.mid OUT": "play notes, every one with the timbre that is asked",
        },
    ),
    "turn": Verb("turn", {"IN OUT": "turn the knobs of any recording of one voice, no model needed"}),
    "describe": Verb("describe.command", {"SOUND": "what every descriptor reads on a file or folder, no model needed"}),
    "knobs": Verb(
        "knobs",
        {
            "[MODEL]": "the knobs of a model, their units and ranges",
            "MODEL IN": "how far a recording's knobs go while the others hold",
        },
    ),
    "pack": Verb("pack", {"RUN OUT.timbre": "a run as a voice: one small file"}),
    "export": Verb("export", {"MODEL OUT.html|.onnx": "a page to play, or one file for any host"}),
    "play": Verb("play", {"[MODEL]": "the same page, served to this machine's browser"}),
    "demo": Verb("demo", {"": "all of it in minutes, on sounds made on the spot"}),
}

_FOOTER = """EXPERIMENT is a file of configs/experiments, RUN a folder of runs, MODEL a voice
by its name, a RUN or a checkpoint; where it may be left out, the first voice.
`timbre VERB --help` says more, `timbre --version` which version this is.
Every key of a configuration is an option:
  --trainer.max_steps 5000 --data.root sounds --name mine"""


def usage() -> str:
    """All verbs, what each is used for."""
    rows = [
        (f"{name} {arguments}".rstrip(), said) for name, verb in VERBS.items() for arguments, said in verb.uses.items()
    ]
    return f"usage: timbre VERB ...\n\n{two_columns(rows, max(len(words) for words, _ in rows))}\n\n{_FOOTER}"

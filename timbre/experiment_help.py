"""Help of the verbs of an experiment: the options that people use, written down, because the parser takes seconds."""

import textwrap
from collections.abc import Mapping
from pathlib import Path

from timbre.help_text import WIDTH, two_columns
from timbre.verbs import VERBS

FULL = "--help_all"
FOLDER = Path("configs") / "experiments"
WORD_WIDTH = 28
EXAMPLES = {
    "prepare": ["timbre prepare -c configs/experiments/descriptor_recordings.yaml \\\n      --data.root MY_SOUNDS"],
    "fit": [
        "timbre fit -c configs/experiments/descriptor_recordings.yaml \\\n      --data.root MY_SOUNDS --name mine",
        "timbre fit -c configs/experiments/fine_tuning.yaml \\\n      --data.root MY_SOUNDS --init_from orchestra",
        "timbre fit runs/mine --resume true",
        "timbre fit runs/mine --ckpt_path last --trainer.max_steps 8000",
    ],
    "test": ["timbre test runs/mine", "timbre test runs/mine --control.n_notes 8"],
    "validate": ["timbre validate runs/mine --ckpt_path last"],
    "predict": ["timbre predict runs/mine", "timbre predict runs/mine --open true"],
}
OF_A_RUN = {
    "-c, --config FILE": "an experiment; of several, the later ones count",
    "--name NAME": "of the run (default: the experiment's)",
    "--runs FOLDER": "that holds the runs (default: TIMBRE_RUNS, else runs)",
    "--ckpt_path PATH": "last, best, or a checkpoint, to begin with",
    "--seed_everything N": "of weights, batches and noise (default: 0)",
    "--matmul_precision WORD": "highest (default), high or medium: high and medium round to be faster",
    "--init_from MODEL": "begin a fit with the weights of a voice, run or checkpoint",
    "--trust": "let the configuration name any class, of an author you trust",
}
OF_A_VERB = {
    "fit": {
        "--resume true": "begin the run, or go on with it where it stopped",
        "--test true": "test the best checkpoint after training",
        "--patience N": "end when so many validations in a row were no better",
    },
    "predict": {"--open true": "write what the decoder plays, its knobs not corrected"},
    "prepare": {
        "--slice K/N": "which part of the work, such as 3/16",
        "--manifest true": "write ampspace.jsonl, to inspect and mend",
        "--verify true": "read all shards again and compare checksums",
    },
}
OF_THE_DATA = {
    "--data CLASS": "NSynth, Recordings, Synth1B1 or AmpSpace; --data.help CLASS lists its options",
    "--data.root FOLDER": "where the sounds are",
    "--data.batch_size N": "clips in a step",
    "--data.num_workers N": "processes that load clips",
    "--data.cache FOLDER": "for prepared clips (default: beside the sounds)",
    "--clip.sample_rate HZ": "16000 to 48000; clips are resampled",
    "--clip.n_samples N": "length of a clip, a multiple of the hop",
    "--clip.hop N": "samples between two control frames",
}
OF_THE_MODEL = {
    "--model.encoder CLASS": "DescriptorEncoder, DisentangledEncoder or AdversarialEncoder; --model.encoder.help "
    "CLASS lists its options",
    "--model.decoder CLASS": "MinGruDecoder, GruDecoder or TcnDecoder",
    "--model.learning_rate RATE": "at the start; it falls to a twentieth",
    "--model.knob_weight WEIGHT": "of knobs measured on the resynthesis",
    "--model.turned.share SHARE": "of the clips whose knobs are turned in training",
    "--model.residual_dropout SHARE": "chance of a clip to be rendered without its residual",
}
OF_THE_TEST = {
    "--fitted_notes N": "test notes that the synth is fitted to, without a network, to compare with (default: 24)",
    "--control.n_notes N": "test notes whose knobs are turned (default: 48); most of a test's time goes there",
    "--control.passes N": "of F-RAVE's protocol over these notes",
    "--control.renderings LIST": "such as [open], the cheap one, or [open, exact, live]",
    "--control.seed N": "of its curves",
}
OF_THE_TRAINER = {
    "--trainer.max_steps N": "how long to train",
    "--trainer.max_time D:H:M:S": "or until then, such as 00:02:00:00",
    "--trainer.accelerator WORD": "cpu, gpu or auto",
    "--trainer.devices N": "how many of them",
    "--trainer.precision WORD": "such as bf16-mixed",
    "--trainer.val_check_interval N": "steps between validations",
    "--trainer.limit_val_batches N": "batches in a validation",
    "--trainer.gradient_clip_val X": "longest gradient",
    "--trainer.enable_progress_bar false": "no bar and no lines of progress",
}


def sections(verb: str) -> Mapping[str, Mapping[str, str]]:
    """What the help of a verb lists: headings, and below them options and what is said of each."""
    found = {"the run": {**OF_A_RUN, **OF_A_VERB.get(verb, {})}, "data and clips": OF_THE_DATA}
    if verb != "prepare":
        found["the model"] = OF_THE_MODEL
    if verb in ("fit", "test"):
        found["what a test examines"] = OF_THE_TEST
    if verb == "fit":
        found["the trainer (Lightning's)"] = OF_THE_TRAINER
    return found


def help_of(verb: str) -> str:
    """All of it, in 80 columns."""
    uses = [f"timbre {verb} {use} [OPTION VALUE]..." for use in VERBS[verb].uses]
    parts = ["usage: " + "\n       ".join(uses), textwrap.fill(VERBS[verb].description, WIDTH - 1)]
    if verb in ("fit", "prepare"):
        parts.append(f"experiments, in {FOLDER}:\n{two_columns(_columns(experiment_names()), WORD_WIDTH)}")
    parts += [f"{heading}:\n{two_columns([*rows.items()], WORD_WIDTH)}" for heading, rows in sections(verb).items()]
    parts.append("examples:\n" + "\n".join(f"  {example}" for example in EXAMPLES[verb]))
    parts.append(
        f"Every key of a configuration is an option: see a run's config.yaml. All of\nthem: timbre {verb} {FULL}"
    )
    return "\n\n".join(parts)


def experiment_names() -> list[str]:
    """The experiments of this folder, or else of the checkout."""
    return sorted(path.stem for path in experiments_folder().glob("*.yaml"))


def experiments_folder() -> Path:
    """Where they are."""
    return FOLDER if FOLDER.is_dir() else Path(__file__).parents[1] / FOLDER


def _columns(names: list[str]) -> list[tuple[str, str]]:
    half = -(-len(names) // 2)
    return [*zip(names[:half], [*names[half:], ""], strict=False)]

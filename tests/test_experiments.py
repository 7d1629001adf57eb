"""Files of configs/experiments repeat each other on purpose: they agree, but for what is listed here with why."""

import inspect
from pathlib import Path

import pytest
import yaml

from lightning_modules import encoders
from lightning_modules.encoders import DEFAULT_KNOBS

CONFIGS = Path(__file__).parents[1] / "configs"
DATA = sorted(path.stem for path in (CONFIGS / "data").glob("*.yaml"))
VOICES = [CONFIGS / "experiments" / f"{name}.yaml" for name in ("voice_orchestra", "voice_voice", "voice_synth")]
FINE_TUNING = CONFIGS / "experiments" / "fine_tuning.yaml"
EXPERIMENTS = {
    path.stem: path
    for path in sorted((CONFIGS / "experiments").glob("*.yaml"))
    if path.stem != "demo" and path not in (*VOICES, FINE_TUNING)  # small, for a laptop; at 44.1 kHz, below
}
ENCODERS = sorted((CONFIGS / "encoders").glob("*.yaml"))

SHARED = {
    "clip": {"sample_rate": 16000, "n_samples": 64000, "hop": 160},
    "trainer": "../trainers/cpu.yaml",
    "model.synth": "../synths/sms.yaml",
    "model.reconstruction": "../losses/multi_resolution.yaml",
    "model.decoder": "../decoders/mingru.yaml",
    "model.turned": {"share": 1.0, "weight": 2.0, "guard_weight": 2.0, "source": "drawn"},
}
"""What every experiment says; `data` and `model.encoder` follow from its name."""
DROPOUT = {"model.residual_dropout": 0.25}  # else a residual could say what a knob should
PARTIALS = DROPOUT | {"model.line_weight": 0.5}  # what a note's partials are heard by
NO_KNOBS = {"model.turned": None}  # but level: a baseline without the timbre knobs that turning is for
UNTURNED = {"model.turned": {"share": 0.0}, "model.knob_weight": 4.0}  # a baseline: knobs measured, never turned
RIVAL = {
    "model.turned": {"share": 0.0},
    "model.knob_weight": 0.0,  # nothing of the knobs is measured in training, as published
    "model.decoder": "../decoders/published_mended.yaml",
}
PUBLISHED = RIVAL | {
    "clip": {"sample_rate": 16000, "n_samples": 63488, "hop": 1024},  # 15.6 control frames a second
    "model.decoder": "../decoders/published.yaml",
    "model.learning_rate": "1e-3",
}
DIFFERENCES = {
    "adversarial_nsynth": DROPOUT,
    "ae_nsynth": NO_KNOBS | {"model.encoder": "../encoders/autoencoder.yaml"},
    "ae_timbre_nsynth": UNTURNED | {"model.encoder": "../encoders/descriptor_bottleneck.yaml"},
    "c_ddsp_mended_nsynth": RIVAL,
    "c_ddsp_published_nsynth": PUBLISHED,
    "descriptor_amp_space": PARTIALS,
    "descriptor_bottleneck_nsynth": DROPOUT,
    "descriptor_nsynth": PARTIALS,
    "descriptor_piano": PARTIALS | {"model.synth": "../synths/strings.yaml"},
    "descriptor_plucked": PARTIALS | {"model.synth": "../synths/strings.yaml"},
    "descriptor_recordings": PARTIALS,
    "descriptor_synth1b1": PARTIALS,
    "descriptor_variational_nsynth": DROPOUT,
    "disentangled_nsynth": DROPOUT,
    "disentangled_synth1b1": DROPOUT | {"model.encoder": "../encoders/disentangled_synth1b1.yaml"},
    "f_ddsp_mended_nsynth": RIVAL,
    "f_ddsp_published_nsynth": PUBLISHED,
    "vae_nsynth": NO_KNOBS | {"model.encoder": "../encoders/variational.yaml"},
    "vae_timbre_nsynth": UNTURNED | {"model.encoder": "../encoders/descriptor_variational.yaml"},
}
"""Keys in which an experiment is meant to differ, None where it leaves one out."""


def data_of(name):
    """ENCODER_DATA -> the name of its data set's file; fails where it ends in none."""
    found = [data for data in DATA if name.endswith(f"_{data}")]
    assert found, f"{name}: call it ENCODER_DATA, by a file of configs/encoders and one of configs/data"
    return max(found, key=len)


def said_in(name):
    """All that an experiment says, the keys of its model dotted."""
    said = yaml.safe_load(EXPERIMENTS[name].read_text())
    return said | {f"model.{key}": value for key, value in said.pop("model").items()}


def test_found():
    """The tests below are not void."""
    assert {"descriptor_nsynth", "descriptor_recordings", "disentangled_synth1b1"} <= EXPERIMENTS.keys()
    assert DIFFERENCES.keys() <= EXPERIMENTS.keys() and len(ENCODERS) > 10


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_says_what_its_siblings_say_but_for_what_is_listed(name):
    data = data_of(name)
    encoder = name.removesuffix(f"_{data}")
    meant = SHARED | {"data": f"../data/{data}.yaml", "model.encoder": f"../encoders/{encoder}.yaml"}
    meant |= DIFFERENCES.get(name, {})
    said = said_in(name)
    unlike = [key for key in sorted(meant.keys() | said.keys()) if said.get(key) != meant.get(key)]
    assert not unlike, f"{EXPERIMENTS[name]}: make {unlike} what its siblings say, or list it in DIFFERENCES with why"


@pytest.mark.parametrize("name", [name for name, differs in DIFFERENCES.items() if "model.turned" in differs])
def test_says_in_its_first_line_why_its_knobs_are_not_turned(name):
    assert EXPERIMENTS[name].read_text().startswith(("# Baseline", "# Rival"))


@pytest.mark.parametrize("path", [*VOICES, FINE_TUNING], ids=lambda path: path.stem)
def test_voices_and_what_begins_with_them_are_built_alike(path):
    """Else one could not begin with the weights of another: they differ in data, length of clips and of training."""
    said, first = (yaml.safe_load(each.read_text()) for each in (path, VOICES[0]))
    assert {**said["model"], "learning_rate": None} == {**first["model"], "learning_rate": None}
    for key in ("sample_rate", "hop"):
        assert said["clip"][key] == first["clip"][key]
    assert {**said["trainer"], "max_steps": 0, "val_check_interval": 0} == {
        **first["trainer"],
        "max_steps": 0,
        "val_check_interval": 0,
    }
    assert first["model"]["turned"] == SHARED["model.turned"]


@pytest.mark.parametrize("path", ENCODERS, ids=lambda path: path.stem)
def test_an_encoder_file_names_every_part_that_another_one_names(path):
    """Given for an experiment's own, a file leaves what it does not name as it was: the other's residual, for one."""
    said = [yaml.safe_load(each.read_text()) for each in ENCODERS]
    named = {key for each in said for key in each["init_args"]}
    own = yaml.safe_load(path.read_text())
    kind = getattr(encoders, own["class_path"].rpartition(".")[2])
    left_out = named & inspect.signature(kind).parameters.keys() - own["init_args"].keys()
    assert not left_out, f"{path}: name {sorted(left_out)} too, null or [] for none"


@pytest.mark.parametrize("path", ENCODERS, ids=lambda path: path.stem)
def test_has_the_default_knobs_unless_its_first_line_says_otherwise(path):
    said = yaml.safe_load(path.read_text())["init_args"]["descriptors"]
    default = [f"synths.{knob.__name__}" for knob in DEFAULT_KNOBS]
    first = path.read_text().splitlines()[0]
    assert said == default or first.startswith(("# No knob but", "# Every descriptor")), f"{path}: {first}"

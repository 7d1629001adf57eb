"""Checkpoints and configurations that want to run something: each would leave a file behind."""

import copy
from pathlib import Path
from typing import Any

import torch
import yaml

from lightning_modules.autoencoder import TimbreAutoencoder
from synths import ClipFormat

INSTANTIATOR = "lightning.pytorch.cli.instantiate_module"


def shell(ran: Path) -> dict[str, Any]:
    """A class that runs a command as it is made."""
    return {"class_path": "subprocess.Popen", "init_args": {"args": f"touch {ran}", "shell": True}}


def linear(ran: Path, name: str = "torch.nn.Linear") -> dict[str, Any]:
    """The same in a place that takes anything."""
    return {"class_path": name, "init_args": {"out_features": 3, "device": shell(ran)}}


def called(ran: Path) -> dict[str, Any]:
    """Classes and functions of other libraries that run, load, open or write, given as a part of the model."""
    ran_text = str(ran)
    named: dict[str, dict[str, Any]] = {
        "subprocess.Popen": shell(ran)["init_args"],
        "subprocess.run": shell(ran)["init_args"],
        "functools.partial": {"func": "os.system"},
        "importlib.import_module": {"name": "antigravity"},
        "runpy.run_path": {"path_name": ran_text},
        "torch.load": {"f": ran_text},
        "torch.hub.load": {"repo_or_dir": "a/b", "model": "c"},
        "webbrowser.open": {"url": "http://localhost"},
        "ctypes.CDLL": {"name": ran_text},
        "logging.FileHandler": {"filename": ran_text},
        "logging.handlers.RotatingFileHandler": {"filename": ran_text},
        "pathlib.Path.touch": {"self": ran_text},
        "builtins.open": {"file": ran_text, "mode": "w"},
        "tempfile.NamedTemporaryFile": {"dir": str(ran.parent), "delete": False},
        "unittest.mock.Mock": {"side_effect": shell(ran)},
        "numpy.vectorize": {"pyfunc": shell(ran)},
        "lightning.pytorch.cli.os.system": {"command": f"touch {ran}"},
        "lightning_modules.provenance.subprocess.Popen": shell(ran)["init_args"],
        "synths.clip.dataclass": {},
        "synths.sms.torch.nn.Linear": linear(ran)["init_args"],
        "ѕynths.Reverb": {},  # a Cyrillic letter
        "Synths.Reverb": {},
        "synths.Reverb.__init__": {},
        "synths.reverb.fast_len": {},
        "..synths.Reverb": {},
    }
    return {name: {"class_path": name, "init_args": arguments} for name, arguments in named.items()}


def healthy() -> dict[str, Any]:
    """A checkpoint that loads."""
    clip = ClipFormat(16000, 3200, 160)
    model = TimbreAutoencoder(clip)
    origin = {"knobs": model.encoder.knob_kinds, "f0_tracker": None, "seed": 0}
    settings = {"clip": dict(vars(clip)), "learning_rate": 1e-3, "_instantiator": INSTANTIATOR}
    state = {name: value.clone() for name, value in model.state_dict().items()}
    loop = {"epoch": 0, "global_step": 1, "pytorch-lightning_version": "2.6.1"}
    return {**loop, "interpretsynth": origin, "state_dict": state, "hyper_parameters": settings}


def checkpoints(ran: Path) -> dict[str, Any]:
    """Kind -> a checkpoint that differs from a healthy one in nothing else."""
    crafted = {f"reconstruction: {name}": _with(reconstruction=spec) for name, spec in called(ran).items()}
    synth = {"class_path": "synths.SMSSynth", "init_args": {"effects": ["synths.Reverb", linear(ran)]}}
    deep: Any = shell(ran)
    for _ in range(150):
        deep = {"init_args": [deep]}
    round_and_round: list[Any] = [shell(ran)]
    round_and_round.append(round_and_round)
    residual = {"class_path": "lightning_modules.encoders.BottleneckResidual", "dict_kwargs": {"size": shell(ran)}}
    crafted |= {
        "a layer with a device": _with(reconstruction=linear(ran)),
        "an effect": _with(synth=synth),
        "a function as text": _with(reconstruction="os.system"),
        "a short name": _with(reconstruction=linear(ran, "Linear")),
        "a short name as text": _with(reconstruction="L1Loss"),
        "the encoder": _with(encoder=shell(ran)),
        "in a list of descriptors": _with(encoder=_encoder(descriptors=[shell(ran)])),
        "in a tuple": _with(encoder=_encoder(descriptors=("synths.Level", shell(ran)))),
        "in dict_kwargs": _with(encoder=_encoder(residual=residual)),
        "under an unknown name": _with(anything=shell(ran)),
        "a key in capitals": _with(reconstruction={"Class_Path": "subprocess.Popen"}),
        "in a number": _with(learning_rate=shell(ran)),
        "the clip": _with(clip=shell(ran)),
        "a number of the clip": _with(clip={"sample_rate": shell(ran), "n_samples": 3200, "hop": 160}),
        "words in the clip": _with(clip={"sample_rate": "16000", "n_samples": 3200, "hop": 160}),
        "another instantiator": _with(_instantiator="os.system"),
        "an instantiator of ours": _with(_instantiator="lightning_modules.checkpoint.load_model"),
        "another class": _with(_class_path="subprocess.Popen", args=f"touch {ran}", shell=True),
        "nested deeply": _with(reconstruction=deep),
        "nested without end": _with(reconstruction=round_and_round),
        "settings that are none": {**healthy(), "hyper_parameters": None},
        "settings that are a list": {**healthy(), "hyper_parameters": [shell(ran)]},
        "no weights": {key: value for key, value in healthy().items() if key != "state_dict"},
        "weights that are a class": {**healthy(), "state_dict": {"a": shell(ran)}},
        "weights that are parameters": {**healthy(), "state_dict": {"a": torch.nn.Parameter(torch.zeros(1))}},
        "weights that are sparse": {**healthy(), "state_dict": {"a": torch.zeros(2, 2).to_sparse()}},
        "weights that are no numbers": {**healthy(), "state_dict": {"a": torch.tensor(float("nan"))}},
        "an unexpected key": {**healthy(), "callback": shell(ran)},
        "nobody's": {**healthy(), "interpretsynth": {}},
    }
    return crafted


def _with(**settings: Any) -> dict[str, Any]:
    checkpoint = healthy()
    checkpoint["hyper_parameters"] |= copy.copy(settings)
    return checkpoint


def _encoder(**arguments: Any) -> dict[str, Any]:
    return {"class_path": "lightning_modules.encoders.DescriptorEncoder", "init_args": arguments}


def configurations(ran: Path) -> dict[str, str]:
    """Kind -> a file that is laid over an experiment's."""
    mock = {"class_path": "unittest.mock.Mock", "init_args": {"side_effect": shell(ran)}}
    vectorized = {"class_path": "numpy.vectorize", "init_args": {"pyfunc": shell(ran)}}
    outside, data = str(ran.parent / "outside"), {"class_path": "datamodules.Recordings"}
    hooked = {"ddp_comm_hook": "os.system"}
    averaged = {"swa_lrs": 0.1, "avg_fn": "os.system"}
    content: dict[str, Any] = {
        "a callback that calls a mock": _trainer("callbacks", "callbacks.LambdaCallback", on_fit_start=mock),
        "one that calls what is vectorized": _trainer("callbacks", "callbacks.LambdaCallback", on_fit_start=vectorized),
        "one that calls a function": _trainer("callbacks", "callbacks.LambdaCallback", on_fit_start="os.system"),
        "a process as a callback": {"trainer": {"callbacks": [shell(ran)]}},
        "an average by a function": _trainer("callbacks", "callbacks.StochasticWeightAveraging", **averaged),
        "checkpoints elsewhere": _trainer("callbacks", "callbacks.ModelCheckpoint", dirpath=outside),
        "checkpoints of errors": _trainer("callbacks", "callbacks.OnExceptionCheckpoint", dirpath=outside),
        "a log elsewhere": _trainer("logger", "loggers.CSVLogger", save_dir=outside),
        "a log above": _trainer("logger", "loggers.CSVLogger", save_dir="a", name="../../outside"),
        "a log at home": _trainer("logger", "loggers.TensorBoardLogger", save_dir="~/outside"),
        "a log that is a process": _trainer("logger", "loggers.CSVLogger", save_dir=shell(ran)),
        "W&B's settings": _trainer("logger", "loggers.WandbLogger", settings=shell(ran)),
        "a hook of a strategy": {"trainer": {"strategy": _lightning("strategies.DDPStrategy", **hooked)}},
        "a handler of a profiler": {"trainer": {"profiler": _lightning("profilers.PyTorchProfiler", schedule="os.x")}},
        "a profile elsewhere": {"trainer": {"profiler": _lightning("profilers.SimpleProfiler", dirpath=outside)}},
        "a plugin": {"trainer": {"plugins": [shell(ran)]}},
        "an accelerator": {"trainer": {"accelerator": shell(ran)}},
        "a layer with a device": {"model": {"reconstruction": linear(ran)}},
        "a function as text": {"model": {"reconstruction": "os.system"}},
        "a short name": {"model": {"reconstruction": linear(ran, "Linear")}},
        "a descriptor": {"model": {"encoder": {"init_args": {"descriptors": [shell(ran)]}}}},
        "the data": {"data": shell(ran)},
        "its tracker": {"data": {**data, "init_args": {"tracker": shell(ran)}}},
        "an augmentation": {"data": {**data, "init_args": {"augmentations": [shell(ran)]}}},
        "unknown arguments": {"data": {**data, "dict_kwargs": {"x": shell(ran)}}},
        "a name made of another": {"name": "subprocess.Popen", "data": {"class_path": "${name}"}},
        "a secret": {"name": "${oc.env:TIMBRE_TEST_SECRET}"},
        "a secret or not": {"name": "${oc.env:TIMBRE_TEST_SECRET,plain}"},
        "a secret in a class": {"data": {"class_path": "${oc.env:TIMBRE_TEST_SECRET}"}},
        "a name above": {"name": "../../outside"},
        "a name from the root": {"name": outside},
        "no name": {"name": "."},
        "trust": {"trust": True, "trainer": {"callbacks": [shell(ran)]}},
        "trust as an option": {"--trust": True, "trainer": {"callbacks": [shell(ran)]}},
    }
    crafted = {kind: yaml.safe_dump(value, allow_unicode=True) for kind, value in content.items()}
    for name, spec in called(ran).items():
        crafted[f"reconstruction: {name}"] = yaml.safe_dump({"model": {"reconstruction": spec}}, allow_unicode=True)
    crafted["a tag"] = f"name: !!python/object/apply:os.system ['touch {ran}']\n"
    crafted["nested deeply"] = "name: " + "[" * 3000 + "]" * 3000
    crafted["nested in blocks"] = "model:\n" + "".join(f"{' ' * depth}a:\n" for depth in range(1, 1500))
    crafted["an alias of itself"] = "model: &a\n  encoder: *a\n"
    return crafted


def _lightning(name: str, /, **arguments: Any) -> dict[str, Any]:
    return {"class_path": f"lightning.pytorch.{name}", "init_args": arguments}


def _trainer(key: str, name: str, /, **arguments: Any) -> dict[str, Any]:
    return {"trainer": {key: [_lightning(name, **arguments)]}}

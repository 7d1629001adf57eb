"""A voice's file: a model without its training, its weights in 16 bits. Numbers and words alone: no pickle, no code."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import numpy as np
import torch
from torch import Tensor

from lightning_modules.encoders.preset import Preset
from lightning_modules.timbre_model import TimbreModel, is_judge
from output.whole_files import written_whole
from studies.voices import FORMAT, HEAD, head_of

LARGEST_BYTES = 1 << 28
"""More numbers than that, unpacked, are not read: a small file cannot fill the memory."""

KEPT = ("hyper_parameters", "interpretsynth", "epoch", "global_step", "pytorch-lightning_version")
"""Keys of a checkpoint that a voice keeps beside its state."""

LARGEST_HALF = 65504.0


def write_voice(
    path: Path,
    checkpoint: Mapping[str, Any],
    model: TimbreModel,
    presets: Mapping[str, Preset],
    card: Mapping[str, Any],
    played: Mapping[str, Any] | None = None,
) -> None:
    """Write the voice of a model, whole or not at all; what only judges in training stays behind.

    Args:
        path: of the file
        checkpoint: that the model was loaded from
        model: whose state is written: parameters in 16 bits, everything else as it is
        presets: by name
        card: words on what it is: what, data, licence
        played: plain words and numbers on how its notes are played, for a page

    Raises:
        OSError: it cannot be written
        ValueError: the checkpoint was not written by `timbre fit`, which says a model's settings in plain words
    """
    head = {key: checkpoint[key] for key in KEPT if key in checkpoint}
    head["hyper_parameters"] = {
        key: value for key, value in head["hyper_parameters"].items() if key != "reconstruction"
    }
    head |= {"format": FORMAT, "played": dict(played or {})}
    head |= {"card": dict(card), "presets": {name: preset.lowest_midi for name, preset in presets.items()}}
    try:
        words = json.dumps(head, indent=1)
    except TypeError as error:
        raise ValueError("only what `timbre fit` has trained becomes a voice: name a run's folder.") from error
    learnt = dict(model.named_parameters())
    state = {name: value for name, value in model.state_dict().items() if not is_judge(name)}
    tensors = {f"state/{name}": _halved(value, name in learnt) for name, value in state.items()}
    for name, preset in presets.items():
        tensors |= {f"presets/{name}/{key}": _halved(getattr(preset, key), True) for key in ("residual", "knobs")}
    with written_whole(path) as partial, ZipFile(partial, "w", ZIP_DEFLATED) as archive:
        archive.writestr(HEAD, words)
        for name, values in tensors.items():
            buffer = io.BytesIO()
            np.save(buffer, values, allow_pickle=False)
            archive.writestr(f"{name}.npy", buffer.getvalue())


def read_voice(path: Path) -> dict[str, Any]:
    """A voice as a checkpoint without the state of its training, with `presets` by name; its floats have 32 bits.

    Raises:
        ValueError: it is damaged, or no voice
    """
    head = head_of(path)
    try:
        tensors = _tensors(path)
        lowest = {str(name): int(midi) for name, midi in head["presets"].items()}
        presets = {
            name: Preset(midi, tensors[f"presets/{name}/residual"], tensors[f"presets/{name}/knobs"])
            for name, midi in lowest.items()
        }
        if any(table.dim() != 2 for preset in presets.values() for table in (preset.residual, preset.knobs)):
            raise ValueError("a preset is no table")
    except (BadZipFile, KeyError, TypeError, ValueError, AttributeError, NotImplementedError, EOFError) as error:
        raise ValueError(f"{path} is not a voice that can be read: copy it again.") from error
    state = {name.removeprefix("state/"): value for name, value in tensors.items() if name.startswith("state/")}
    return {**{key: head[key] for key in KEPT if key in head}, "state_dict": state, "presets": presets}


def _tensors(path: Path) -> dict[str, Tensor]:
    found = {}
    with ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
        if sum(entry.file_size for entry in entries) > LARGEST_BYTES:
            raise ValueError("too large")
        for entry in entries:
            values = torch.from_numpy(np.load(io.BytesIO(archive.read(entry)), allow_pickle=False))
            found[entry.filename.removesuffix(".npy")] = values.float() if values.is_floating_point() else values
    return found


def _halved(values: Tensor, may_round: bool) -> np.ndarray:
    """As numbers of 16 bits where that loses no more than their last digits."""
    fits = may_round and values.is_floating_point() and bool(values.abs().max() < LARGEST_HALF)
    return (values.half() if fits else values).detach().cpu().numpy()

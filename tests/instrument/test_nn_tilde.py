"""A file for nn~: what the host reads is there, and in a process without this package it sounds like the instrument."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from instrument import nn_tilde
from instrument.hosted_voice import HostedVoice, HostPreset
from instrument.nn_tilde import attributes_of, median_hop_s, write_nn_tilde

ROOMS = [path.parent.name for path in Path(__file__).parents[2].glob("*/__init__.py")]
SIZES = [160, 320, 1280, 10240, 64, 512, 2048]
BARE = """
import sys
sys.modules |= dict.fromkeys(json_rooms)
import numpy, torch
module, curves = torch.jit.load(path), torch.from_numpy(numpy.load(folder + "/curves.npy"))
with torch.inference_mode():
    for size in sizes:
        module.set_reset(True)
        torch.manual_seed(0)
        parts = [module.forward(part) for part in curves.split(size, dim=-1)]
        numpy.save(f"{folder}/{size}.npy", torch.cat(parts, dim=-1).numpy())
    module.set_reset(True)
    parts = [module.follow(0.3 * torch.sin(torch.arange(512) * 0.1)[None, None]) for _ in range(30)]
    numpy.save(folder + "/followed.npy", torch.cat(parts, dim=-1).numpy())
print(sorted(name for name in sys.modules if name.split(".")[0] in json_rooms and sys.modules[name]))
"""


@pytest.fixture(scope="module")
def written(small_instrument, tmp_path_factory):
    """The instrument, its file and the file's module as a host has it."""
    instrument, path = small_instrument(), tmp_path_factory.mktemp("nn") / "a.ts"
    preset = HostPreset("flute", 60, torch.randn(3, 2), torch.full((5,), 0.5))
    assert write_nn_tilde(instrument, HostedVoice(instrument, 0, [preset]), path, {"hop": 160}) < 1e-4
    return instrument, path, torch.jit.load(str(path)), preset


def test_a_bare_process_plays_the_instrument(written, tmp_path):
    """No room of ours and no nn_tilde can be imported: chunks of 1, 2, 8, 64 hops, buffers of powers of two, equal."""
    instrument, path, _, preset = written
    f0_hz, positions = 262.0 + 10.0 * torch.rand(1, 64), torch.rand(1, 64, 5)
    curves = torch.cat([f0_hz[:, None], positions.mT], dim=1).repeat_interleave(160, dim=-1)
    np.save(tmp_path / "curves.npy", curves.numpy())
    head = f"json_rooms = {[*ROOMS, 'nn_tilde', 'cached_conv']}; path = {str(path)!r}; folder = {str(tmp_path)!r}; "
    said = subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", f"{head}sizes = {SIZES}\n{BARE}"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert said.returncode == 0 and said.stdout == "[]\n", said.stderr
    midi = 69.0 + 12.0 * torch.log2(f0_hz / 440.0)
    residual = torch.lerp(preset.residual[0], preset.residual[1], midi[..., None] - 60.0)
    torch.manual_seed(0)
    noise = torch.stack([2.0 * torch.rand(1, 160) - 1.0 for _ in range(64)], dim=1)
    late = torch.cat(list(instrument.play(f0_hz, positions, residual, noise)), dim=1)[0, : 64 * 160].numpy()
    offline = instrument.render(f0_hz, positions, residual, noise)[0].numpy()
    assert np.abs(late).max() > 0.05
    for size in SIZES:
        found = np.load(tmp_path / f"{size}.npy")[0, 0]
        np.testing.assert_allclose(found, late, atol=1e-4)
        np.testing.assert_allclose(found[320:], offline[:-320], atol=1e-4)
    assert np.abs(np.load(tmp_path / "followed.npy")[..., 5000:]).max() > 0.01


def test_the_host_finds_methods(written):
    """As backend.cpp asks: names, then NAME_params: inputs, ratio, outputs, ratio."""
    instrument, _, module, _ = written
    assert module.get_methods() == ["forward", "follow"]
    assert module.forward_params.tolist() == [6, 1, 1, 1] and module.follow_params.tolist() == [1, 1, 1, 1]
    assert [len(module.forward_input_labels), len(module.follow_input_labels)] == [6, 1]
    assert instrument.knobs[1].name in module.forward_input_labels[2]
    with pytest.raises(torch.jit.Error, match="one voice"):
        module.forward(torch.zeros(2, 6, 64))


def test_the_host_finds_attributes(written):
    """Typed by NAME_params, what was set is got, out of range the end, no number is refused (-1)."""
    instrument, _, module, _ = written
    names = [knob.name for knob in instrument.knobs if knob.name != "level"]
    assert module.get_attributes() == [*names, "level_db", "semitones", "preset", "reset"]
    kinds = {name: getattr(module, f"{name}_params").tolist() for name in module.get_attributes()}
    assert kinds == {name: [2] for name in (*names, "level_db", "semitones")} | {"preset": [3], "reset": [0]}
    for name, share in zip(names, (0.1, 0.2, 0.3, 0.4), strict=True):
        assert getattr(module, f"set_{name}")(share) == 0
    assert [getattr(module, f"get_{name}")()[0] for name in names] == [0.1, 0.2, 0.3, 0.4]
    assert list(module.voice.shares) == [0.5, 0.1, 0.2, 0.3, 0.4]
    assert module.set_sharpness(7.0) == 0 and module.get_sharpness() == (1.0,)
    assert module.set_sharpness(float("nan")) == -1 and module.get_sharpness() == (1.0,)
    assert module.set_semitones(-60.0) == 0 and module.get_semitones() == (-48.0,)
    assert module.set_preset("flute") == 0 and module.set_preset("tuba") == -1 and module.get_preset() == ("flute",)


def test_says_what_it_is_in_the_file(written):
    extra = {"about.json": ""}
    torch.jit.load(str(written[1]), _extra_files=extra)
    assert json.loads(extra["about.json"]) == {"hop": 160}
    assert 0.0 < median_hop_s(written[2].voice, "render", 5) < 1.0 and 0.0 < median_hop_s(written[2].voice, "follow", 5)


def test_names_of_knobs_are_names_of_attributes(small_instrument):
    """Whatever a factor is called: no space, and none that the file has already."""
    names = ("level", "reset", "bow pressure", "2nd", "level_db")
    knobs = [knob._replace(name=name) for knob, name in zip(small_instrument().knobs, names, strict=True)]
    found = [each.name for each in attributes_of(knobs, 0)]
    assert found == ["knob_reset", "bow_pressure", "knob_2nd", "knob_level_db", "level_db", "semitones"]


def test_a_file_that_sounds_different_is_not_written(small_instrument, tmp_path, monkeypatch):
    """One sentence, and an older file stays."""
    (tmp_path / "a.ts").write_text("older")
    monkeypatch.setattr(nn_tilde, "TOLERANCE", -1.0)
    instrument = small_instrument()
    with pytest.raises(ValueError, match=r"a\.ts would differ from the model by"):
        write_nn_tilde(instrument, HostedVoice(instrument, 0), tmp_path / "a.ts", {})
    assert [path.name for path in tmp_path.iterdir()] == ["a.ts"] and (tmp_path / "a.ts").read_text() == "older"

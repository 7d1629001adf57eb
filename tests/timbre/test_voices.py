"""`timbre voices`, and the voices that ship."""

import json
import subprocess
import sys
from zipfile import ZipFile

import numpy as np
import pytest
import torch

from instrument.render import knob_reports, render
from lightning_modules.checkpoint import load_model
from studies import voices
from studies.voice_figures import IN_REACH
from studies.voices import card_of, voice_file, voice_names
from timbre import main

SHIPPED = voice_names()


def test_none_is_said_in_a_sentence(tmp_path, monkeypatch, refuses):
    monkeypatch.setattr(voices, "FOLDER", tmp_path)
    assert "no voice came with this package" in refuses("voices")


def test_each_is_listed_within_eighty_columns(capsys):
    main(["voices"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == SHIPPED
    assert max(map(len, lines)) <= 80
    assert "44.1 kHz, MIT" in lines[0] and "violin" in " ".join(lines)


def test_one_says_all_that_its_file_holds(tmp_path, capsys):
    """A line per figure, both renderings side by side; another file than one of the package's goes too."""
    path = tmp_path / "x.timbre"
    made = {
        "family": None,
        "register": None,
        "unit": "JND",
        "better": "lower",
        "definition": "how far",
        "of": 4,
        "n": 3,
    }
    met = {"rendering": "exact"}
    examined = [
        {**made, "name": "error_jnd", "knob": "sharpness", "value": 2.0, "low": 1.5, "high": 2.5, "rendering": "open"},
        {**made, "name": "error_jnd", "knob": "sharpness", "value": 0.2, "low": 0.1, "high": 0.3, "rendering": "exact"},
        {**made, "name": IN_REACH, "knob": "sharpness", "value": 1.0, "low": 0.5, "high": 1.5, "rendering": "open"},
        {**made, "name": IN_REACH, "knob": "sharpness", "n": 2, "value": 0.1, "low": 0.0, "high": 0.2} | met,
    ]
    head = {"hyper_parameters": {"clip": {"sample_rate": 44100}}, "global_step": 7, "presets": {}}
    card = {"what": "a flute", "data": "ten notes", "licence": "MIT", "examined": examined}
    with ZipFile(path, "w") as archive:
        archive.writestr("voice.json", json.dumps({**head, "card": card}))
    main(["voices", str(path)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3].split() == ["sharpness", "off", "by", "2.00", "±0.50", "0.20", "±0.10", "JND", "3"]
    assert lines[-2].split() == ["in", "reach", "1.00", "±0.50", "0.10", "±0.10", "JND", "3"]
    assert lines[-1].split()[:2] == ["In", "reach:"]
    assert "data: ten notes" in lines[2] and max(map(len, lines)) <= 80


def test_one_that_is_not_there_is_refused(refuses):
    assert "there is no voice kazoo: choose one (orchestra" in refuses("voices", "kazoo")


def test_listing_needs_no_torch():
    program = "import sys, timbre; timbre.main(['voices']); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


def test_three_ship_in_four_megabytes():
    assert {"orchestra", "synth", "voice"} <= {*SHIPPED} and SHIPPED[0] == "orchestra"
    assert sum(card_of(voice_file(name)).n_bytes for name in SHIPPED) <= 4e6


@pytest.mark.parametrize("name", SHIPPED)
def test_one_turns_its_knobs_on_a_tone(name):
    """Half a second of a tone with vibrato: sharpness and level, each a twentieth of the range off at most."""
    model = load_model(voice_file(name))
    rate, hop = model.clip.sample_rate, model.clip.hop
    time_s = np.arange(rate // 2) / rate
    f0_hz = 392.0 * (1 + 0.005 * np.sin(2 * np.pi * 5 * time_s))
    phase = 2 * np.pi * np.cumsum(f0_hz) / rate
    audio = 0.1 * sum(np.sin(k * phase) / k**1.5 for k in range(1, 20))
    sound, pitch = torch.from_numpy(audio).float(), torch.from_numpy(f0_hz[::hop]).float()
    from timbre.requests import parsed_requests

    asked = parsed_requests(["sharpness=0.6", "level=-30dB"], "--set")
    rendered = render(model, sound, pitch, asked)
    reports = {report.descriptor.name: report for report in knob_reports(model, rendered, rendered.audio, pitch)}
    assert abs(reports["sharpness"].off) < 1.0 and abs(reports["level"].off) < 1.0
    assert bool(rendered.audio.isfinite().all()) and rendered.audio.shape == sound.shape


@pytest.mark.parametrize("name", SHIPPED)
def test_one_says_where_it_comes_from(name):
    card = card_of(voice_file(name))
    assert card.licence == "MIT" and card.data != "not said" and card.what != name and card.steps > 0

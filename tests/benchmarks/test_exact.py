"""Requests to a model's knobs, how they are judged, and the lines of the tables."""

import argparse
from pathlib import Path

import pytest
import soundfile
import torch
from torch import nn

from benchmarks import exact as report
from benchmarks import exact_requests
from benchmarks.exact_requests import MOVES, POSITIONS, Met, added_row, judge, recordings, requests, row, stricter
from lightning_modules.autoencoder import TimbreAutoencoder
from lightning_modules.encoders import DescriptorEncoder
from projection import Target
from synths import Clip, ClipFormat, FundamentalShare, Level, Sharpness, SpectralCentroid, sounding_mean

CLIP = ClipFormat(sample_rate=16000, n_samples=8000, hop=160)


class Steady(nn.Module):
    """A decoder that plays one tone, whatever it is asked."""

    def forward(self, f0_hz, controls, residual):
        """Falling partials over noise."""
        balance = -0.2 * torch.arange(1, 101).expand(*f0_hz.shape, -1)
        gain, bands = torch.full((*f0_hz.shape, 1), 0.5), torch.zeros(*f0_hz.shape, 65)
        return {"harmonic_gain": gain, "harmonic_balance": balance, "noise_bands": bands}


@pytest.fixture
def model():
    """Two knobs, a deaf decoder."""
    model = TimbreAutoencoder(CLIP, encoder=lambda clip: DescriptorEncoder(clip, [Level, Sharpness])).eval()
    model.decoder = Steady()
    return model


@pytest.fixture
def note():
    """A tone of 220 Hz with a few partials."""
    time_s = torch.arange(8000) / 16000
    audio = sum(0.1 / k * torch.sin(2 * torch.pi * 220.0 * k * time_s) for k in range(1, 9))
    f0_hz = torch.full((1, CLIP.n_frames), 220.0)
    return Clip(audio[None], f0_hz, torch.ones_like(f0_hz), ["tone"], {})


@torch.no_grad()
def test_requests_ask_each_knob_to_each_place(model, note):
    """The mean of what was turned is the place, of what was not it is the note's own; the last turns nothing."""
    asked = requests(model, note)
    assert asked.turned.tolist() == [[True, False]] * 5 + [[False, True]] * 5 + [[False, False]]
    torch.testing.assert_close(asked.positions[:5, 0], torch.tensor(POSITIONS))
    torch.testing.assert_close(asked.positions[5:10, 1], torch.tensor(POSITIONS))
    own = model.encoder.knob_positions(note.audio, note.f0_hz, model.encoder.judged_every)
    own = sounding_mean(own, asked.sounding[-1:])
    torch.testing.assert_close(asked.positions[-1:], own)
    torch.testing.assert_close(asked.positions[5:, 0], own[:, 0].expand(6))


@torch.no_grad()
def test_judge_reads_the_sound_in_tolerances(model, note):
    """A sound that is the note itself is off by the distance of the place from the note's own; nothing drifts."""
    asked = requests(model, note)
    met = judge(model, asked, lambda which: note.audio.expand(len(which.f0_hz), -1))
    tolerance = Target(list(model.encoder.each_descriptor())).tolerance(asked.positions)
    torch.testing.assert_close(met.off, (asked.positions[-1:] - asked.positions) / tolerance, rtol=1e-3, atol=1e-3)
    assert met.off[-1].abs().max() < 1e-3 and met.drift.abs().max() < 1e-5 and met.unturned.equal(note.audio)


def test_row_counts_turned_and_held_apart(model):
    """Two requests of two knobs, one of which counts: 0.5 off where turned, 0.2 where held."""
    off = torch.tensor([[0.5, 0.2], [9.0, 9.0], [0.0, 0.0]])
    turned = torch.tensor([[True, False], [False, True], [False, False]])
    asked = exact_requests.NoteRequests(None, None, None, turned, None)
    line = row("way", [Met(off, off, 3.0, None)], [asked], torch.tensor([True, False]), 6.0)
    assert line == "| way | 0.500 | 0.50 | 100.0 % | 0.0 % | 0.0 % | 0.200 | 0.20 | 0.5000 |"


def test_a_stricter_knob_is_the_same_at_a_quarter(model):
    """Its readings stay; the class is not changed."""
    knob = Level(CLIP)
    assert stricter(knob).jnd == knob.jnd / 4 and Level.jnd == knob.jnd
    assert stricter(knob).span.equal(knob.span) and stricter(FundamentalShare(CLIP)).jnd == 0.0125


@torch.no_grad()
def test_reachable_takes_what_was_met_and_searches_the_rest(model, note, tmp_path, monkeypatch):
    """Within a quarter counts without a search; within 1 is searched for again, more strictly; far is not."""
    asked = [requests(model, note)]
    worst = torch.tensor([0.1, 0.9, 5.0] + [0.1] * 7 + [0.0])
    seen = []

    def search(knobs, synth, f0_hz, positions):
        seen.append((knobs[0].jnd, len(positions)))
        return torch.zeros(len(positions), dtype=torch.bool)

    monkeypatch.setattr(exact_requests, "reachable_in_sound", search)
    monkeypatch.setattr(exact_requests, "remembered_reach", lambda *given: torch.zeros(10, dtype=torch.bool))
    met = Met(worst[:, None].repeat(1, 2), torch.zeros(11, 2), 1.0, note.audio)
    nearly, exactly = exact_requests.reachable(model, asked, [[met]], tmp_path)
    assert nearly.tolist() == [True, True, False] + [True] * 7
    assert exactly.tolist() == [True, False, False] + [True] * 7 and seen == [(Level.jnd / 4, 1)]


@torch.no_grad()
def test_added_knobs_are_turned_one_by_one(model, note):
    """One line each, which says that it was met and that the model's own held."""
    (line,) = added_row(model, [SpectralCentroid], [note])
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[0] == "spectral_centroid" and len(MOVES) == 4
    assert float(cells[1]) > 0.5 and float(cells[2]) < float(cells[1]) and float(cells[7]) < 0.25


def test_recordings_are_read_with_their_pitch(tmp_path, note):
    """Files without one are passed over."""
    soundfile.write(tmp_path / "a.wav", note.audio[0].numpy(), 16000)
    soundfile.write(tmp_path / "silence.wav", torch.zeros(8000).numpy(), 16000)
    (read,) = recordings(tmp_path, CLIP, 5)
    assert read.name == ["a"] and read.audio.shape == (1, 8000) and read.f0_hz.shape == (1, CLIP.n_frames)
    assert (read.f0_hz.median() - 220.0).abs() < 2.0


@torch.no_grad()
def test_report_prints_all_tables(model, note, tmp_path, monkeypatch):
    """Over a folder of recordings."""
    soundfile.write(tmp_path / "a.wav", note.audio[0].numpy(), 16000)
    monkeypatch.setattr(report, "load_model", lambda path: model)
    monkeypatch.setattr(exact_requests, "remembered_reach", lambda knobs, synth, f0_hz, *rest: f0_hz < 0)
    monkeypatch.setattr(exact_requests, "reachable_in_sound", lambda knobs, synth, f0_hz, *rest: f0_hz < 0)
    given = argparse.Namespace(release=tmp_path, notes=1, only="", also=["SpectralCentroid"], every=True, prior="kept")
    said = report.report(Path("runs/tone"), given)
    assert said.startswith("tone: 1 notes, musical prior.\n10 requests, ")
    for words in ("| exact | 0.0", "| nothing turned |", "One request of 1 s by itself:", "| spectral_centroid |"):
        assert words in said

"""The page carries all it shows, says what it plays, and escapes what it is told."""

import base64
import io
import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import soundfile
import torch

from evaluation.resynthesis import LoudnessL1, NoteRow, summarize
from synths.clip import ClipFormat
from timbre.demo_page import Resynthesis, ShownSweep, Training, write_report_page

POSITIONS = [0.0, 0.25, 0.5, 0.75, 1.0]


class Elements(HTMLParser):
    """Every start tag of a page with its attributes."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def of(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


def page_of(path, sample_rate=16000, amplitude=0.5, run="flute_run"):
    clip = ClipFormat(sample_rate, sample_rate // 2, sample_rate // 100)
    tone = amplitude * torch.sin(2 * math.pi * 440 * torch.arange(clip.n_samples) / sample_rate)
    measured, before = [9.8, 12.1, math.nan, 17.9, 20.2], [11.0, 13.5, 15.0, 16.5, 18.0]
    sweep = ShownSweep("brightness", "ERB", POSITIONS, [9, 12, 15, 18, 21], measured, before, tone.repeat(5, 1))
    metric = LoudnessL1(clip)
    summaries = summarize([metric], [NoteRow(str(index), {metric.name: 1.0 + index}) for index in range(5)])
    training = Training(run, "Tones, 200 notes", 12345, 4812345)
    resynthesis = Resynthesis("flute_060", tone, tone / 2)
    write_report_page(path, training, summaries, resynthesis, [sweep], ["timbre play runs/flute"], clip)
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return page_of(tmp_path_factory.mktemp("report") / "run" / "report.html")


def test_nothing_is_fetched(page):
    sources = [
        value for _, attributes in Elements(page).found for key, value in attributes.items() if key in ("src", "href")
    ]
    assert len(sources) == 1 + 2 + 7
    assert all(source.startswith("data:") for source in sources)
    assert not re.search(r"https?://|<script|@import|url\(", page)
    assert "default-src 'none'" in page


def test_every_player_plays_and_is_labelled(page):
    elements = Elements(page)
    labels = {attributes["id"] for attributes in elements.of("figcaption")}
    players = elements.of("audio")
    assert len(players) == 7
    assert {player["aria-labelledby"] for player in players} == labels and len(labels) == 7
    assert all("controls" in player for player in players)
    samples, rate = _decoded(players[0]["src"])
    assert rate == 16000 and np.abs(samples).max() == pytest.approx(0.5, abs=0.1)


def test_every_picture_has_words_in_its_stead(page):
    pictures = Elements(page).of("img")
    assert len(pictures) == 2 and all(len(picture["alt"]) > 30 for picture in pictures)


def test_the_words_are_there(page):
    for words in ("flute_run", "Tones, 200 notes", "12,345", "4,812,345", "timbre play runs/flute"):
        assert words in page
    for words in (
        "brightness at 0.25",
        "asked 12.0, measured 12.1 ERB",
        "measured – ERB",
        "3.00",
        "lower is better",
    ):
        assert words in page
    assert "measured 12.1 ERB; 13.5 as the decoder plays it" in page
    assert "full-scale 1 kHz sine" in page and "Over 5 notes." in page


def test_names_are_escaped(tmp_path):
    page = page_of(tmp_path / "report.html", run="<script>alert(1)</script>")
    assert "<script" not in page and "&lt;script&gt;" in page


def test_sounds_compared_are_turned_down_together_rather_than_clipped(tmp_path):
    target, output = (
        _decoded(player["src"])[0]
        for player in Elements(page_of(tmp_path / "report.html", amplitude=2.0)).of("audio")[:2]
    )
    assert np.abs(target).max() < 1.01
    assert np.std(target) / np.std(output) == pytest.approx(2.0, rel=0.05)


def test_a_rate_that_mp3_does_not_know_is_sent_as_wav(tmp_path):
    page = page_of(tmp_path / "report.html", sample_rate=20000)
    samples, rate = _decoded(Elements(page).of("audio")[0]["src"])
    assert rate == 20000 and len(samples) == 10000
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def _decoded(url):
    return soundfile.read(io.BytesIO(base64.b64decode(url.split(",", 1)[1])))

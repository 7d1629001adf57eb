"""The page of a run says what its files say, carries its sounds, and does with what is there."""

import html
import json
import re

import numpy as np
import pytest
import soundfile

from studies.bounds import Between
from studies.figure import Figure, MetricSummary
from studies.report.page import write_report
from studies.report.words import curve_words, knob_words
from studies.run_curves import curve_row, write_curve_rows
from studies.run_folder import RunFolder
from studies.run_reports import DriftTable, MeanSweep, write_control, write_quality
from studies.run_sounds import Slider, write_sliders

CONFIG = """
model: {encoder: {class_path: lightning_modules.encoders.DescriptorEncoder, init_args: {}}}
data: {class_path: datamodules.Recordings, init_args: {root: /disk/flutes}}
"""
NASTY = "</script><b>"


@pytest.fixture
def run(tmp_path):
    """A run that was trained and not tested."""
    run = RunFolder(tmp_path / "runs" / "flute")
    run.path.mkdir(parents=True)
    run.config.write_text(CONFIG)
    rows = [
        curve_row(step, 60.0 * step, {"train/loss": 9.0, "validation/reconstruction": value})
        for step, value in ((50, 2.0), (100, 1.0), (150, 3.0))
    ]
    write_curve_rows(run, rows)
    run.samples.mkdir()
    for kind in ("target", "resynthesis"):
        soundfile.write(run.samples / f"0-{NASTY.replace('/', '')}-{kind}.wav", np.zeros(1600), 16000)
    (run.samples / f"0-{NASTY.replace('/', '')}.png").write_bytes(b"a picture")
    return run


@pytest.fixture
def tested(run):
    """The same, tested: one knob, open and exact."""
    summary = MetricSummary("f0_l1", "semitones", "lower", "Off in pitch, in octaves.", 0.25, 0.2, 0.125, 0.5, 7, 8)
    write_quality(run, {"steps": 1200, "parameters": 34567, "version": "0.2"}, [summary], 8, 0, "note,f0_l1\na,1\n")
    figures = [
        Figure(name, knob, None, None, unit, "lower", f"{name} in words. More.", value, value - 0.5, value + 0.5, 8, 8,
               rendering=rendering)
        for name, knob, unit, value, rendering in (
            ("error_jnd", "sharpness", "JND", 2.0, "open"), ("error_jnd", "sharpness", "JND", 1.0, "exact"),
            ("error_jnd", None, "JND", 2.0, "open"), ("error_jnd", None, "JND", 1.0, "exact"),
            ("reach_low", "sharpness", "acum", 0.75, "open"), ("reach_high", "sharpness", "acum", 1.5, "open"),
        )
    ]  # fmt: skip
    talk = DriftTable(["sharpness"], ["sharpness"], np.array([[np.nan]]), np.array([[1.0]]))
    places = np.array([0.0, 1.0])
    sweeps = [MeanSweep("sharpness", "acum", places, places + 1, places + offset, way)
              for way, offset in (("open", 0.5), ("exact", 1.0))]  # fmt: skip
    write_control(run, {}, figures, talk, sweeps, [], "note,knob\n")
    run.sliders.mkdir()
    sliders = [Slider("note", "sharpness", position, 1.0, 1.25, "acum", f"{position}.wav", "exact")
               for position in (0.9, 0.1)]  # fmt: skip
    for slider in sliders:
        soundfile.write(run.sliders / slider.file, np.zeros(1600), 16000)
    write_sliders(run, sliders)
    return run


def page_of(run):
    path = write_report(run, ["timbre knobs runs/flute"])
    assert path == run.path / "report.html"
    return path.read_text(encoding="utf-8")


def words(page):
    """What stands on the page, without its tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


def test_a_tested_run_is_told_of_in_words_and_numbers(tested):
    said = words(page_of(tested))
    assert "trained on Recordings flutes" in said and "encoder DescriptorEncoder" in said
    assert "best checkpoint 1,200" in said and "34,567" in said and "training took 2 h 30 min" in said
    assert "step 100, the validation whose checkpoint is the best" in said
    assert (
        "Off in pitch Off in pitch, in octaves. f0_l1, in semitones, lower is better 0.250 0.125 to 0.500 7 of 8"
        in said
    )
    assert "error_jnd in words error_jnd, lower is better goes" in said
    assert "sharpness open 2.00 ±0.50 0.750 to 1.50 acum sharpness exact 1.00 ±0.50 –" in said
    assert "note its knobs met on the sound (exact)" in said
    assert "sharpness how piercing it is dull piercing 1.00 → 1.25 acum" in said
    assert "timbre knobs runs/flute" in said and "not tested" not in said


def test_it_carries_its_sounds_and_pictures(tested):
    """Two curves, one knob and a spectrogram; a knob at two positions in their order, and a pair."""
    page = page_of(tested)
    assert re.findall(r'<img src="data:image/([a-z+]*);base64', page) == ["svg+xml"] * 3 + ["png"]
    labels = re.findall(r'data-sound="data:audio/mpeg;base64,[^"]*"[^>]*aria-label="play ([^"]*)"', page)
    assert labels[0] == "sharpness of note" and len(labels) == 3
    assert all(len(alt) > 10 for alt in re.findall(r'<img [^>]*alt="([^"]*)"', page))


def test_a_slider_goes_over_the_places_that_were_rendered(tested):
    """In their order, each with its sound and what was asked and measured there."""
    page = page_of(tested)
    (given,) = re.findall(r'<input type="range" min="0" max="1" step="1" value="1" data-places="([^"]*)"', page)
    places = json.loads(html.unescape(given))
    assert [place["position"] for place in places] == [0.1, 0.9]
    assert all(place["url"].startswith("data:audio/mpeg;base64,") for place in places)
    assert [place["caption"] for place in places] == ["1.00 → 1.25 acum"] * 2


def test_curves_say_which_way_is_good():
    assert curve_words("validation/reconstruction") == ("Held-out notes: error of the sound", "lower")
    assert curve_words("usage/odd_even_balance") == ("Effect of odd even balance on the sound", "")
    assert knob_words("noisiness")[1:] == ("clear", "breathy") and knob_words("vco_2.shape").does == ""


def test_nothing_is_fetched_and_names_are_escaped(tested):
    page = page_of(tested)
    assert not re.search(r"https?://|<link|@import|url\(", page) and "default-src 'none'" in page
    assert not re.search(r'\b(src|href)="(?!data:)', page)
    assert NASTY.replace("/", "") not in page and "&lt;script&gt;&lt;b&gt;" in page


def test_an_untested_run_has_its_curves_and_samples(run):
    said = words(page_of(run))
    assert "timbre test" in said and "not tested yet" in said and "Hear the resynthesis" in said
    assert "How close" not in said and "knobs do" not in said and "Hear the knobs" not in said


def test_a_run_of_before_has_no_curves(tested):
    tested.curves.unlink()
    assert "Training" not in words(page_of(tested)) and "How close" in words(page_of(tested))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("metrics.json", "{", r"the report in .*flute cannot be read"),
        ("control.json", '{"figures": 3}', r"the report in .*flute cannot be read"),
        ("sliders/sliders.json", "[1]", r"the report in .*flute cannot be read"),
        ("curves.csv", "a,b\n1,2\n", r"curves\.csv is no file of curves"),
        ("config.yaml", "a: [1", r"config\.yaml is not a run's configuration"),
    ],
)
def test_a_broken_file_is_named_and_nothing_is_written(tested, name, text, said):
    (tested.path / name).write_text(text)
    with pytest.raises(ValueError, match=said):
        write_report(tested)
    assert not tested.report.exists()


def test_what_is_no_run_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing is not a run: it has no config\.yaml"):
        write_report(RunFolder(tmp_path / "nothing"))


def test_metrics_without_facts_will_do(tested):
    """Those of the first versions."""
    report = json.loads(tested.metrics.read_text())
    tested.metrics.write_text(json.dumps(report | {"facts": {}}))
    assert "parameters" not in words(page_of(tested))


def test_a_fit_stands_beside_the_model_where_one_was_made(tested):
    """Four numbers with their intervals, over the notes that were fitted."""
    assert "network, or the synth" not in words(page_of(tested))
    summary = MetricSummary("visqol", "MOS", "higher", "Opinion.", 4.0, 4.0, 3.5, 4.5, 8, 8)
    own = Figure("visqol", None, None, None, "MOS", "higher", "Opinion.", 4.0, 3.5, 4.5, 5, 6)
    fit, seeds = own._replace(value=4.5, low=4.25, high=4.75), own._replace(value=4.75, low=4.5, high=5.0)
    share = Figure("visqol_share", None, None, None, "share", "lower", "Part.", 0.67, 0.57, 0.77, 5, 6)
    write_quality(tested, {}, [summary], 8, 0, "note,visqol\na,1\n", [Between(own, fit, seeds, share)])
    said = words(page_of(tested))
    assert "6 of these notes, three times" in said and "two noise seeds network's part n" in said
    assert "visqol, in MOS, higher is better 4.00 ±0.50 4.50 ±0.25 4.75 ±0.25 0.67 ±0.10 5 of 6" in said

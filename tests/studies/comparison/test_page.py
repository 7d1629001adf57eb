"""The page carries all it shows, draws every pair of figures beforehand, and escapes what it is told."""

import json
import math
import re

import numpy as np
import pytest
import soundfile

from studies.comparison.comparison import Comparison, Model, SeedRun
from studies.comparison.crosstalk_plot import crosstalk_plot
from studies.comparison.page import write_comparison_page
from studies.comparison.paired import paired_differences
from studies.comparison.pareto_plot import hover_text
from studies.comparison.table import Cell, Table
from studies.comparison.trade_off import pareto_front
from studies.figure import Figure
from studies.run_curves import curve_row, write_curve_rows
from studies.run_folder import RunFolder
from studies.run_reports import DriftTable

NASTY_NOTE = "<i>note"
NASTY = "</script><b>|&"
QUALITY = {"stft": "lower", "visqol": "higher"}
CONTROL = {"score": "higher", "error_jnd": "lower"}
TALK = DriftTable(
    ["level", "sharpness"], ["level", "sharpness", "f0"], np.array([[9.0, 0.5, math.nan], [1.5, 9.0, 2.0]])
)


def figures(names, values):
    return [
        Figure(name, None, None, None, "dB", better, "", value, value - 0.1, value + 0.1)
        for (name, better), value in zip(names.items(), values, strict=True)
    ]


MODELS = [
    Model("plain", 1, (), figures(QUALITY, (1.0, 4.6)), [], None),
    Model("descriptor", 3, ("level",), figures(QUALITY, (1.2, 4.5)), figures(CONTROL, (0.9, 1.0)), TALK),
    Model(
        NASTY,
        1,
        ("level",),
        figures(QUALITY, (1.1, 4.2)),
        figures(CONTROL, (0.8, 2.0)),
        TALK._replace(drift_jnd=TALK.drift_jnd * 2),
    ),
]
COMPARISON = Comparison(MODELS, ["Mind the gap."])


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "compare" / "compare.html"
    rows = [[Cell(model.name), Cell("0.5", model.name == "descriptor")] for model in MODELS]
    shown = Table("Control", ["model", "score ↑"], rows, ["", "How good."])
    axes = COMPARISON.figures("quality")["stft"], COMPARISON.figures("control")["score"]
    write_comparison_page(path, COMPARISON, *axes, [shown], ["One is best."], axes)
    assert [each.name for each in path.parent.iterdir()] == ["compare.html"]
    return path.read_text(encoding="utf-8")


def value_of(page, name):
    """What the page's own script calls so."""
    place = re.search(rf"(?:const|,) {name} = ", page).end()
    return json.JSONDecoder(parse_constant=pytest.fail).raw_decode(page[place:])[0]


@pytest.fixture(scope="module")
def data(page):
    """What the page's own script draws: plots, hover, talks."""
    return [value_of(page, name) for name in ("plots", "hover", "talks")]


def test_nothing_is_fetched(page):
    """All of plotly is in the file, no element names a source, and the page forbids itself to ask."""
    own = re.sub(r"<script>.*?</script>", "", page, count=1, flags=re.DOTALL)
    assert len(page) > 3_000_000 > 100_000 > len(own)
    assert not re.search(r"https?://|<link|@import|\bsrc=|\bhref=", own)
    assert "default-src 'none'" in page


def test_names_are_escaped(page):
    """A name that looks like markup ends no script, and is read as it is."""
    assert page.count("</script>") == 2 and NASTY not in page
    assert "&lt;/script&gt;&lt;b&gt;|&amp;" in page


def test_every_pair_of_figures_is_drawn_with_its_own_front(data):
    plots, hover, _ = data
    assert set(plots) == set(QUALITY) and all(set(of_quality) == set(CONTROL) for of_quality in plots.values())
    for across, upwards in ((x, y) for x in QUALITY for y in CONTROL):
        points, front, _ = plots[across][upwards]["data"]
        defined = [
            (x, y)
            for x, y, shape in zip(points["x"], points["y"], points["marker"]["symbol"], strict=True)
            if shape == "circle"
        ]
        expected = pareto_front(np.array(defined), (QUALITY[across], CONTROL[upwards]))
        corners = set(zip(front["x"], front["y"], strict=True))
        assert [place for place, point in enumerate(defined) if point in corners] == sorted(expected)
        assert len(points["x"]) == len(hover) == 3


def test_better_is_right_and_up_on_every_axis(data):
    for across, plots in data[0].items():
        for upwards, plot in plots.items():
            for axis, better in (("xaxis", QUALITY[across]), ("yaxis", CONTROL[upwards])):
                start, end = plot["layout"][axis]["range"]
                assert (end > start) == (better == "higher") and f"{better} is better" in plot["layout"][axis]["title"][
                    "text"
                ]


def test_a_model_without_control_is_open_and_on_the_floor(data):
    plot = data[0]["stft"]["score"]
    assert plot["data"][0]["marker"]["symbol"] == ["circle-open", "circle", "circle"]
    assert plot["data"][0]["y"][0] == plot["layout"]["yaxis"]["range"][0]
    assert plot["layout"]["annotations"][0]["text"] == "plain (no knobs)"


def test_pointing_at_a_model_shows_all_its_figures():
    text = hover_text(MODELS[1])
    assert "descriptor" in text and "3 seeds" in text
    assert all(f"{name} " in text for name in (*QUALITY, *CONTROL)) and "1.20 ±0.10 dB" in text


def test_crosstalk_leaves_out_what_a_knob_is_for(data):
    """The drift of each model that has knobs; blank where knob and column are one or no JND is known."""
    assert set(data[2]) == {"descriptor", NASTY}
    assert crosstalk_plot(TALK)["data"][0]["z"] == [[None, 0.5, None], [1.5, None, 2.0]]
    assert data[2][NASTY]["data"][0]["z"][1] == [3.0, None, 4.0]


def test_the_table_and_the_remarks_are_there(page):
    assert '<td class="best">0.5</td>' in page and page.count("<td") == 3
    assert (
        "Mind the gap." in page and "One is best." in page and '<th scope="col" title="How good.">score ↑</th>' in page
    )


@pytest.fixture(scope="module")
def ablation(tmp_path_factory):
    """A page of two models that differ in a setting, one of which can be heard."""
    folder = tmp_path_factory.mktemp("ablation")
    (folder / "samples").mkdir()
    for kind in ("target", "resynthesis"):
        soundfile.write(folder / "samples" / f"0-{NASTY_NOTE}-{kind}.wav", np.zeros(1600), 16000)
    rows = [
        curve_row(step, 1.0, {"validation/reconstruction": value}) for step, value in ((5, 2.0), (10, 1.0), (15, 3.0))
    ]
    write_curve_rows(RunFolder(folder), rows)
    shares = [{"model": {"turned": {"share": share}}} for share in (0.25, 0.5)]
    models = [
        MODELS[1]._replace(
            config=shares[0],
            folder=folder,
            runs=(SeedRun("first", folder, []),),
            values={("stft", "open"): {(str(n), ""): float(n) for n in range(8)}},
        ),
        MODELS[2]._replace(
            config=shares[1],
            folder=folder / "nothing",
            values={("stft", "open"): {(str(n), ""): 2.0 * n + 1 for n in range(7)}},
        ),
    ]
    comparison = Comparison(models, [])
    axes = comparison.figures("quality")["stft"], comparison.figures("control")["score"]
    differences = paired_differences(comparison)
    write_comparison_page(folder / "page.html", comparison, *axes, [], [], axes, differences)
    return (folder / "page.html").read_text(encoding="utf-8")


def test_settings_lead_to_figures(ablation, page):
    """A line per model; where nothing differs there is no such plot."""
    line = next(line for line in ablation.splitlines() if line.startswith("const lines = "))
    plot = json.JSONDecoder(parse_constant=pytest.fail).raw_decode(line[len("const lines = ") :])[0]
    assert [each["y"] for each in plot["data"]] == [pytest.approx([0, 1 / 3, 2 / 3]), pytest.approx([1, 2 / 3, 1 / 3])]
    assert 'id="parallel"' in ablation and 'id="parallel"' not in page


def test_sounds_play_from_the_page_itself(ablation, page):
    """Only of models that have some; the page allows itself no other source."""
    assert re.findall(r'data-sound="(.{21})', ablation) == ["data:audio/mpeg;base64"[:21]] * 2
    assert "media-src data:" in ablation and '<th scope="col">&lt;i&gt;note</th>' in ablation
    assert 'aria-label="play descriptor, &lt;i&gt;note"' in ablation
    assert "data-sound=" not in page and ">Listen</h2>" not in page


def test_curves_can_be_chosen(ablation, page):
    """A line per run that has some, a star on its best step."""
    line, star = value_of(ablation, "curves")["validation/reconstruction"]["data"]
    assert (line["name"], line["x"], line["y"]) == ("descriptor", [5, 10, 15], [2, 1, 3])
    assert (star["x"], star["y"]) == ([10], [1]) and "best of descriptor" in star["hovertemplate"]
    assert 'id="curve"' in ablation and 'id="curve"' not in page and value_of(page, "curves") == {}


def test_pairs_of_models_are_told_of_in_numbers(ablation, page):
    """First - second on seven shared notes: -(n + 1), mean -4."""
    found = value_of(ablation, "paired")
    assert list(found) == ["stft"] and found["stft"]["unit"] == "dB" and not found["stft"]["higher"]
    ((first, second, n, difference, low, high, p),) = found["stft"]["rows"]
    assert (first, second, n, difference) == ("descriptor", NASTY, 7, -4.0) and low < -4 < high < 0
    assert p == pytest.approx(2 / 2**7, rel=1e-3)
    assert 'id="paired"' in ablation and 'id="paired"' not in page


def test_pointing_at_a_model_shows_its_settings(ablation):
    line = next(line for line in ablation.splitlines() if line.startswith("const plots = "))
    assert "turned.share 0.25" in line and "turned.share 0.5" in line


def test_a_narrow_screen_is_no_shrunken_wide_one(page):
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page

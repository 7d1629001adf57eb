"""Pages for W&B, read back from what would be sent: the right runs, in the right groups, by keys W&B can find."""

import json
from pathlib import Path

import pytest

pytest.importorskip("wandb_workspaces")

import wandb_workspaces.reports.v2 as wr

from studies.dashboard import CONTROL, KNOBS, QUALITY, RESULTS, Ablation, ablation_of, panels, workspace
from studies.sweep import SweepFile, SweptSetting, read_sweep

SHARE = Ablation("turned_knobs", ("model.turned.share", "model.encoder", "seed_everything"))


def spec(*ablation):
    """What is sent of a workspace, as JSON has it."""
    model = workspace("entity", "project", *ablation)._to_model()
    assert (model.entity, model.project) == ("entity", "project")
    return json.loads(model.spec.model_dump_json(by_alias=True, exclude_none=True))["section"]


def drawn(view_type, *ablation):
    """Configurations of the panels of a type."""
    sections = spec(*ablation)["panelBankConfig"]["sections"]
    found = [panel["config"] for section in sections for panel in section["panels"] if panel["viewType"] == view_type]
    assert found
    return found


def test_control_is_drawn_against_quality():
    (scatter,) = drawn("Scatter Plot")
    assert (scatter["xAxis"], scatter["yAxis"]) == (f"summary:{QUALITY}", f"summary:{CONTROL}")


def test_every_knob_has_its_bar():
    errors, drifts = (plot["metrics"] for plot in drawn("Bar Chart"))
    assert len(errors) == len(drifts) == len(KNOBS)
    assert all(knob in error and "error_jnd" in error for knob, error in zip(KNOBS, errors, strict=True))
    assert all("off_target_drift_jnd" in drift for drift in drifts)


def test_flat_dotted_settings_are_found_where_wandb_keeps_them():
    """The library would look for {"model": {"turned": ...}}, which is not what a sweep writes."""
    library = wr.ParallelCoordinatesPlotColumn(wr.Config("model.turned.share"))._to_model().accessor
    assert library == "config:model.value.turned.share"
    (plot,) = drawn("Parallel Coordinates Plot", SHARE)
    accessors = [column["accessor"] for column in plot["columns"]]
    assert accessors[:3] == [
        "config:model.turned.share.value",
        "config:model.encoder.value",
        "config:seed_everything.value",
    ]
    assert plot["columns"][0]["displayName"] == "model.turned.share"


def test_on_every_axis_of_a_result_up_is_better():
    (plot,) = drawn("Parallel Coordinates Plot", SHARE)
    turned = {each["accessor"].removeprefix("summary:"): each["inverted"] for each in plot["columns"][3:]}
    assert turned and all(inverted == (RESULTS[name] == "lower") for name, inverted in turned.items())
    assert turned[QUALITY] and not turned[CONTROL]


def test_curves_are_drawn_against_steps_of_training():
    """W&B's own step begins again when a run is continued by an old client."""
    lines = drawn("Run History Line Plot")
    assert {line["xAxis"] for line in lines} == {"trainer/global_step"}
    assert {"train/reconstruction", "validation/reconstruction"} <= {name for line in lines for name in line["metrics"]}
    assert spec()["settings"]["xAxis"] == "trainer/global_step"


def test_sounds_are_there():
    (browser,) = drawn("Media Browser")
    assert browser["mediaKeys"] == ["samples/0/target", "samples/0/resynthesis", "samples/0/log_mel"]
    assert '"val": "test/sliders"' in json.dumps(drawn("Weave"))


def test_the_table_shows_settings_then_results():
    feed = spec(SHARE)["runSets"][0]["runFeed"]
    assert feed["columnOrder"][:3] == [
        "run:displayName",
        "config:model.turned.share.value",
        "config:model.encoder.value",
    ]
    assert feed["columnOrder"][4:] == [f"summary:{name}" for name in RESULTS]
    assert set(feed["columnVisible"]) == set(feed["columnOrder"]) and all(feed["columnVisible"].values())


def test_of_a_project_all_runs_are_shown_by_group():
    runs = spec()["runSets"][0]
    assert runs["grouping"] == [{"section": "run", "name": "group"}] and runs["filters"]["filters"] == []
    assert runs["sort"]["keys"] == [{"key": {"section": "summary", "name": CONTROL}, "ascending": False}]


def test_of_a_sweep_its_runs_are_shown_seeds_together():
    runs = spec(SHARE)["runSets"][0]
    (only,) = runs["filters"]["filters"]
    assert (only["key"], only["op"], only["value"]) == ({"section": "run", "name": "group"}, "=", "turned_knobs")
    names = ["model.turned.share.value", "model.encoder.value"]
    assert runs["grouping"] == [{"section": "config", "name": name} for name in names]
    assert spec(Ablation("seeds", ("seed_everything",)))["runSets"][0]["grouping"][0]["name"] == "group"


def test_pages_do_not_share_panels():
    """W&B tells panels apart by an id of their own."""
    ids = [panel._id for page in (panels(), panels()) for found in page.values() for panel in found]
    assert len(set(ids)) == len(ids)


def test_a_sweep_varies_what_has_more_than_one_value():
    settings = (
        SweptSetting("model.turned.share", (0.0, 0.5)),
        SweptSetting("model.learning_rate", (), "uniform", 0.0001, 0.01),
        SweptSetting("trainer.max_steps", (10,)),
        SweptSetting("seed_everything", (0, 1)),
    )
    ablation = ablation_of(SweepFile(Path("turned.yaml"), "How much?", "random", QUALITY, (), settings, 4))
    assert ablation == Ablation("turned", ("model.turned.share", "model.learning_rate", "seed_everything"))
    assert ablation.of_the_model == ("model.turned.share", "model.learning_rate")


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[2] / "sweeps").glob("*.yaml")), ids=lambda path: path.stem
)
def test_the_sweeps_of_the_project_can_be_shown(path):
    ablation = ablation_of(read_sweep(path))
    assert ablation.of_the_model and spec(ablation)["runSets"][0]["filters"]["filters"][0]["value"] == path.stem

"""A saved W&B workspace or report: ablation table, control against quality, settings to results, curves, sound.

Pages are put together without a network; only saving talks to W&B. Needs wandb-workspaces.
"""

from typing import Any, NamedTuple

import wandb_workspaces.reports.v2 as wr
import wandb_workspaces.workspaces as ws

from studies.sweep import SweepFile

QUALITY, CONTROL = "test/multi_resolution_stft", "test/frave_score"
STEP = "trainer/global_step"
RESULTS = {
    CONTROL: "higher",
    QUALITY: "lower",
    "test/error_jnd": "lower",
    "test/off_target_drift_jnd": "lower",
    "test/ordering": "higher",
    "test/monotonicity": "higher",
    "test/leakage": "lower",
    "test/exact/error_jnd": "lower",
    "test/exact/all_met": "higher",
    "best/validation/reconstruction": "lower",
    "best/validation/control_error": "lower",
    "best/step": "higher",
}
"""What the table shows of a run's summary, and which way is better."""
BRAIDED = tuple(RESULTS)[:5]
KNOBS = ("level", "sharpness", "fundamental_share", "odd_even_balance", "noisiness")
"""Those that are turned by default: of others, the table of control.json says as much."""
PER_KNOB = {"error_jnd": "Error of the turned knob, JND", "off_target_drift_jnd": "Drift of the others, JND"}
CURVES = {
    "Reconstruction": ("train/reconstruction", "validation/reconstruction"),
    "Turned knobs": ("train/knobs", "validation/control_error"),
}
HEARD = ("samples/0/target", "samples/0/resynthesis", "samples/0/log_mel")
SLIDERS = "test/sliders"
FULL_WIDTH, HALF_WIDTH = wr.Layout(w=24, h=10), wr.Layout(w=12, h=8)


class Ablation(NamedTuple):
    """The runs of a sweep: its name, which is their group in W&B, and the settings that it varies."""

    name: str
    settings: tuple[str, ...]

    @property
    def of_the_model(self) -> tuple[str, ...]:
        """Its settings without seeds."""
        return tuple(name for name in self.settings if "seed" not in name.rsplit(".", 1)[-1])


EVERYTHING = Ablation("", ())
"""All runs of a project."""


class SettingColumn(wr.ParallelCoordinatesPlotColumn):
    """An axis for a flat, dotted key of a run's config, which the library itself would take for a nested one."""

    def _to_model(self) -> Any:
        return super()._to_model().model_copy(update={"accessor": f"config:{stored_key(str(self.display_name))}"})


def ablation_of(sweep: SweepFile) -> Ablation:
    """The runs of a sweep; settings that have one value only are not varied."""
    return Ablation(sweep.name, tuple(setting.name for setting in sweep.settings if len(setting.extremes) > 1))


def stored_key(setting: str) -> str:
    """Where W&B stores a flat key of a run's config, dots and all."""
    return f"{setting}.value"


def panels(ablation: Ablation = EVERYTHING) -> dict[str, list[Any]]:
    """Heading -> the panels below it."""
    settings = [SettingColumn(wr.Config(name), display_name=name) for name in ablation.settings]
    results = [
        wr.ParallelCoordinatesPlotColumn(wr.SummaryMetric(name), inverted=RESULTS[name] == "lower") for name in BRAIDED
    ]
    return {
        "Control against quality": [
            wr.ScatterPlot(
                title="Control (up is better) against distance (left is better)",
                x=wr.SummaryMetric(QUALITY),
                y=wr.SummaryMetric(CONTROL),
                layout=FULL_WIDTH,
            )
        ],
        "Control per knob": [
            wr.BarPlot(
                title=f"{words} (less is better)",
                metrics=[f"test/knobs/{knob}/{figure}" for knob in KNOBS],
                layout=HALF_WIDTH,
            )
            for figure, words in PER_KNOB.items()
        ],
        "From settings to results": [
            wr.ParallelCoordinatesPlot(
                [*settings, *results], title="Up is better on every axis of a result", layout=FULL_WIDTH
            ),
            wr.RunComparer(diff_only="split", layout=FULL_WIDTH),
        ],
        "Training": [
            wr.LinePlot(title=title, x=STEP, y=list(metrics), layout=HALF_WIDTH) for title, metrics in CURVES.items()
        ],
        "Listen": [
            wr.MediaBrowser(title="A validation clip", media_keys=list(HEARD), num_columns=3, layout=FULL_WIDTH),
            wr.WeavePanelSummaryTable(table_name=SLIDERS, layout=FULL_WIDTH),
        ],
    }


def columns(ablation: Ablation = EVERYTHING) -> list[str]:
    """Columns of the ablation table: the varied settings, then the results."""
    settings = [f"config:{stored_key(name)}" for name in ablation.settings]
    return ["run:displayName", *settings, *(f"summary:{name}" for name in RESULTS)]


def filters(ablation: Ablation = EVERYTHING) -> str:
    """Which runs are shown: all, or those of the sweep."""
    return f"Metric('Group') == {ablation.name!r}" if ablation.name else ""


def workspace(entity: str, project: str, ablation: Ablation = EVERYTHING) -> ws.Workspace:
    """The saved view of a project, its runs put together by group; of one sweep, by what it varies but the seed."""
    return ws.Workspace(
        entity,
        project,
        name=title(ablation),
        sections=[
            ws.Section(
                name, found, is_open=True, layout_settings=ws.SectionLayoutSettings(2 if len(found) > 1 else 1, 1)
            )
            for name, found in panels(ablation).items()
        ],
        settings=ws.WorkspaceSettings(x_axis=STEP, max_runs=100),
        runset_settings=ws.RunsetSettings(
            filters=filters(ablation),
            groupby=[ws.Config(stored_key(name)) for name in ablation.of_the_model] or [ws.Metric("Group")],
            order=[ws.Ordering(ws.Summary(CONTROL), ascending=False)],
            pinned_columns=columns(ablation),
        ),
    )


def report(entity: str, project: str, ablation: Ablation = EVERYTHING) -> wr.Report:
    """The same as a page to share, each set of panels with the table below it."""
    blocks: list[Any] = [wr.P("Control and quality are measured on held-out notes.")]
    for heading, found in panels(ablation).items():
        blocks += [wr.H2(heading), wr.PanelGrid(runsets=[_runset(entity, project, ablation)], panels=found)]
    return wr.Report(project, entity, title=title(ablation), blocks=blocks, width="fluid")


def _runset(entity: str, project: str, ablation: Ablation) -> wr.Runset:
    return wr.Runset(
        entity,
        project,
        name=title(ablation),
        filters=filters(ablation),
        groupby=[f"config.{stored_key(name)}" for name in ablation.of_the_model] or ["run.group"],
        order=[wr.OrderBy(wr.SummaryMetric(CONTROL))],
        pinned_columns=columns(ablation)[:1],
        visible_columns=columns(ablation),
        lock_columns=True,
    )


def title(ablation: Ablation = EVERYTHING) -> str:
    """Title of the workspace or report."""
    return f"Ablation: {ablation.name}" if ablation.name else "Control against quality"

"""`timbre dashboard`: what reaches W&B, told by a small server of our own; it is a model of theirs, not theirs."""

import gzip
import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import wandb

from timbre import main
from timbre.dashboard import run
from timbre.experiment import run_experiment

PROJECT = {"id": "1", "name": "ours", "entityName": "me", "createdAt": "2026-01-01T00:00:00", "isBenchmark": False}
SWEEP = """# How much?
method: grid
metric: {name: test/frave_score, goal: maximize}
run_cap: 2
command: ["${env}", timbre, fit, --test, "true", "${args}"]
parameters:
  model.turned.share: {values: [0.0, 0.5]}
"""


class Wandb(BaseHTTPRequestHandler):
    """Answers what saving a page asks for, and keeps the views that are sent."""

    views: list[dict] = []

    def do_POST(self):
        """One GraphQL operation; the client's own telemetry is refused."""
        if self.path != "/graphql":
            return self.send_error(404)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        asked = json.loads(body)
        answer = json.dumps({"data": self.answer(asked["query"], asked.get("variables") or {})}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def answer(self, query, given):
        """The data of an operation."""
        if "upsertView(" in query:
            self.views.append(given)
            view = {
                "id": "Vmlldzox",
                "project": PROJECT,
                **{key: given[key] for key in ("name", "displayName", "spec")},
            }
            return {"upsertView": {"view": {**view, "type": given["type"], "description": ""}, "inserted": True}}
        if "internalId" in query:
            return {"project": {"internalId": "1"}}
        if re.search(r"\bmodels\b", query):
            page = {"endCursor": None, "hasNextPage": False}
            return {"models": {"edges": [{"node": {**PROJECT, "user": None}, "cursor": "1"}], "pageInfo": page}}
        return {
            "viewer": {"id": "1", "entity": "me", "username": "me", "email": "", "flags": "{}", "teams": {"edges": []}}
        }

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def server(monkeypatch):
    """Views that were saved."""
    pytest.importorskip("wandb_workspaces")
    monkeypatch.setattr(Wandb, "views", [])
    with ThreadingHTTPServer(("127.0.0.1", 0), Wandb) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        monkeypatch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{served.server_port}")
        monkeypatch.setenv("WANDB_API_KEY", "a" * 40)
        monkeypatch.setenv("WANDB_SILENT", "true")
        yield Wandb.views
        served.shutdown()
    wandb.teardown()  # W&B keeps the settings that it reads first in a process


def test_a_workspace_is_saved(server, tmp_path, capsys):
    (tmp_path / "share.yaml").write_text(SWEEP)
    run("dashboard", ["me/ours", "--sweep", str(tmp_path / "share.yaml")])
    (view,) = server
    assert (view["entityName"], view["projectName"], view["type"]) == ("me", "ours", "project-view")
    assert view["displayName"] == "Ablation: share"
    assert "config:model.turned.share.value" in view["spec"] and "trainer/global_step" in view["spec"]
    assert re.search(r"Saved workspace: http://127\.0\.0\.1:\d+/me/ours\?nw=\w+", capsys.readouterr().out)


def test_a_report_is_saved(server, tmp_path, capsys):
    """Every set of panels over the runs of the project, in a table whose columns are the ablation's."""
    (tmp_path / "share.yaml").write_text(SWEEP)
    run("dashboard", ["me/ours", "--report", "--sweep", str(tmp_path / "share.yaml")])
    (view,) = server
    assert (view["entityName"], view["projectName"], view["type"]) == ("me", "ours", "runs")
    grids = [block["metadata"] for block in json.loads(view["spec"])["blocks"] if block["type"] == "panel-grid"]
    assert len(grids) == 5
    for grid in grids:
        (runs,) = grid["runSets"]
        assert runs["project"]["name"] == "ours" and runs["filters"]["filters"][0]["value"] == "share"
        assert runs["runFeed"]["columnOrder"][1] == "config:model.turned.share.value"
        assert runs["grouping"] == [{"section": "config", "name": "model.turned.share.value"}]
    assert "/me/ours/reports/Ablation" in capsys.readouterr().out


@pytest.mark.parametrize("project", ["ours", "me/", "/ours", "a/b/c", ""])
def test_half_an_address_is_refused(project, refuses):
    assert "ENTITY/PROJECT" in refuses("dashboard", project)


def test_without_an_account_it_is_made_here(monkeypatch, tmp_path, capsys):
    """By the command that compares, and the one that reports, of the runs that were tested."""
    made = []
    monkeypatch.setattr("timbre.compare.run", lambda verb, args: made.append(args))
    monkeypatch.setattr("studies.report.page.write_report", lambda run, commands: made.append(run.path) or run.report)
    for name in ("one", "two", "waits"):
        (tmp_path / name).mkdir()
    for name in ("one", "two"):
        (tmp_path / name / "metrics.json").touch()
    runs = [str(tmp_path / name) for name in ("one", "two", "waits")]
    main(["dashboard", "--from", *runs, "--out", str(tmp_path / "out")])
    assert made == [[*runs, "--out", str(tmp_path / "out")], tmp_path / "one", tmp_path / "two"]
    assert f"{tmp_path / 'two' / 'report.html'}" in capsys.readouterr().out


def test_here_or_there(refuses):
    assert "needs ENTITY/PROJECT" in refuses("dashboard")
    assert "leave out ENTITY/PROJECT" in refuses("dashboard", "me/ours", "--from", "runs/a")


def test_without_the_extra_one_sentence_says_what_to_install(refuses, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb_workspaces", None)
    monkeypatch.delitem(sys.modules, "studies.dashboard", raising=False)
    monkeypatch.delattr("studies.dashboard", raising=False)
    monkeypatch.setitem(sys.modules, "wandb_workspaces.reports.v2", None)
    assert "pip install '.[dashboard]'" in refuses("dashboard", "me/ours")


def test_who_is_not_logged_in_is_told_how(server, refuses, monkeypatch, tmp_path):
    monkeypatch.delenv("WANDB_API_KEY")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert "nobody is logged in to W&B: run `wandb login`" in refuses("dashboard", "me/ours")
    assert server == []


def test_a_server_that_refuses_is_quoted(server, refuses, monkeypatch):
    monkeypatch.setattr(Wandb, "answer", lambda self, query, given: {"viewer": None} if "viewer" in query else {})
    assert "me/ours was not saved" in refuses("dashboard", "me/ours")


@pytest.mark.slow
def test_every_key_on_the_page_is_one_that_a_run_logs(tones, tiny, tmp_path):
    """Keys of results, curves, swept settings and sounds are all found in the log on disk."""
    dashboard = pytest.importorskip("studies.dashboard")
    options = [*tiny(tones, tmp_path), "--name", "run", "--trainer.log_every_n_steps", "1"]
    run_experiment("fit", options, hyperparameters={"model.turned.share": 0.5})
    main(["test", str(tmp_path / "run")])
    logged = b"".join(path.read_bytes() for path in Path(tmp_path / "run").rglob("*.wandb"))
    named = [*dashboard.RESULTS, *(name for names in dashboard.CURVES.values() for name in names), *dashboard.HEARD]
    named += [f"test/knobs/{knob}/{figure}" for knob in dashboard.KNOBS for figure in dashboard.PER_KNOB]
    named += [dashboard.SLIDERS, dashboard.STEP, "model.turned.share"]
    assert [name for name in named if name.encode() not in logged] == []

"""A W&B server on this machine that keeps what it is sent: enough for `wandb sync`, online runs, sweeps and agents.

It is a model of the real one, made from what the client asks for: GraphQL, a stream of lines per file, uploads. Lines
of a stream are placed by offset, so a client that begins again at 0 overwrites what an earlier start of its run sent.
"""

import gzip
import json
import re
import secrets
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import yaml

from tests.wandb.received import HISTORY, Run, Sweep, grid

ENTITY = "tester"


class Server(ThreadingHTTPServer):
    """Runs, sweeps and artifacts by id, and the operations that were asked for in vain."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.runs: dict[str, Run] = {}
        self.sweeps: dict[str, Sweep] = {}
        self.agents: dict[str, str] = {}
        self.artifacts: dict[str, dict[str, bytes]] = {}
        self.collections: dict[str, str] = {}
        self.not_understood: list[str] = []
        self.lock = threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Note what went wrong here; a client that hangs up did nothing wrong."""
        error = sys.exception()
        if not isinstance(error, ConnectionError):
            self.not_understood.append(repr(error))

    @property
    def url(self) -> str:
        """What WANDB_BASE_URL has to be."""
        return f"http://127.0.0.1:{self.server_port}"

    def upload_url(self, *parts: str) -> str:
        """Where the client shall put a file."""
        return "/".join([self.url, "upload", *parts])

    def answer(self, operation: str, given: dict[str, Any]) -> dict[str, Any]:
        """Answer one GraphQL operation.

        Raises:
            KeyError: there is none of that name
        """
        viewer = {"id": "1", "entity": ENTITY, "username": ENTITY, "email": "", "flags": "{}", "teams": {"edges": []}}
        if operation in ("Viewer", "GetDefaultEntity"):
            return {"viewer": viewer}
        if operation == "ServerFeaturesQuery":
            return {"serverInfo": {"features": []}}
        if operation in ("OrganizationCoreWeaveOrganizationID", "ArtifactType"):
            return {"entity": None, "project": None}
        return _OPERATIONS[operation](self, given)

    def run_resume_status(self, given: dict[str, Any]) -> dict[str, Any]:
        """What is known of a run that may go on."""
        run = self.runs.get(given["name"])
        bucket = None
        if run and run.n_starts:
            history = [line for _, line in sorted(run.lines.get(HISTORY, {}).items())]
            bucket = {
                **self._bucket(run),
                "summaryMetrics": json.dumps(run.summary),
                "historyLineCount": len(history),
                "historyTail": json.dumps(history[-1:]),
                "eventsLineCount": len(run.lines.get("wandb-events.jsonl", {})),
                "eventsTail": "[]",
                "logLineCount": len(run.lines.get("output.log", {})),
                "tags": run.tags,
                "notes": None,
                "wandbConfig": json.dumps({"t": 1}),
            }
        return {"model": {"id": "1", "name": given["project"], "entity": {"id": "1", "name": ENTITY}, "bucket": bucket}}

    def upsert_bucket(self, given: dict[str, Any]) -> dict[str, Any]:
        """Create a run, or change it; only the first message of a start names the program's host."""
        name = given.get("name") or given["id"]
        inserted = name not in self.runs
        run = self.runs.setdefault(name, Run(name, given.get("project") or "uncategorized"))
        if given.get("host"):
            run.n_starts, run.state, run.preempting = run.n_starts + 1, "running", False
        run.display_name = given.get("displayName") or run.display_name
        run.group = given.get("groupName") or run.group
        run.job_type = given.get("jobType") or run.job_type
        run.sweep = given.get("sweep") or run.sweep
        run.tags = given.get("tags") or run.tags
        config = json.loads(given.get("config") or "{}")
        run.config |= {key: value["value"] for key, value in config.items() if "value" in value}
        return {"upsertBucket": {"bucket": self._bucket(run), "inserted": inserted}}

    @staticmethod
    def _bucket(run: Run) -> dict[str, Any]:
        return {
            "id": run.id,
            "name": run.id,
            "displayName": run.display_name,
            "description": None,
            "config": json.dumps({key: {"value": value} for key, value in run.config.items()}),
            "sweepName": run.sweep or None,
            "project": {"id": "1", "name": run.project, "entity": {"id": "1", "name": ENTITY}},
            "historyLineCount": len(run.lines.get(HISTORY, {})),
        }

    def create_run_files(self, given: dict[str, Any]) -> dict[str, Any]:
        """Say where to put files of a run."""
        files = [{"name": name, "uploadUrl": self.upload_url("run", given["run"], name)} for name in given["files"]]
        return {"createRunFiles": {"runID": given["run"], "uploadHeaders": [], "files": files}}

    def create_artifact(self, given: dict[str, Any]) -> dict[str, Any]:
        """Begin an artifact, which is what a wandb.Table comes in."""
        name = secrets.token_hex(4)
        self.artifacts[name] = {}
        self.collections[given["input"]["artifactCollectionName"]] = name
        artifact = {"id": name, "state": "PENDING", "artifactSequence": {"latestArtifact": None}}
        return {"createArtifact": {"artifact": artifact}}

    def create_artifact_files(self, given: dict[str, Any]) -> dict[str, Any]:
        """Say where to put files of an artifact."""
        nodes = [
            {
                "storagePath": file["name"],
                "uploadUrl": self.upload_url("artifact", file["artifactID"], file["name"]),
                "uploadHeaders": [],
                "uploadMultipartUrls": None,
                "artifact": {"id": file["artifactID"]},
            }
            for file in given["input"]["artifactFiles"]
        ]
        return {"createArtifactFiles": {"files": {"edges": [{"node": node} for node in nodes]}}}

    def create_artifact_manifest(self, given: dict[str, Any]) -> dict[str, Any]:
        """Say where to put the list of an artifact's files."""
        file = {"id": "1", "uploadUrl": self.upload_url("artifact", given["artifactID"], given["name"])}
        manifest = {"id": given["artifactID"], "file": {**file, "uploadHeaders": []}}
        return {"createArtifactManifest": {"artifactManifest": manifest}}

    def commit_artifact(self, given: dict[str, Any]) -> dict[str, Any]:
        """An artifact is complete."""
        return {"commitArtifact": {"artifact": {"id": given["artifactID"], "digest": ""}}}

    def upsert_sweep(self, given: dict[str, Any]) -> dict[str, Any]:
        """Create a sweep."""
        config = yaml.safe_load(given["config"])
        sweep = Sweep(secrets.token_hex(4), config, grid(config))
        self.sweeps[sweep.id] = sweep
        project = {"id": "1", "name": given["projectName"], "entity": {"id": "1", "name": ENTITY}}
        created = {"name": sweep.id, "project": project}
        return {"upsertSweep": {"sweep": created, "configValidationWarnings": []}}

    def sweep_with_runs(self, given: dict[str, Any]) -> dict[str, Any]:
        """What a sweep's file says."""
        sweep = self.sweeps.get(given["sweep"])
        if sweep is None:
            return {"project": {"sweep": None}}
        config = yaml.safe_dump(sweep.config)
        found = {"id": sweep.id, "name": sweep.id, "state": "RUNNING", "config": config, "runs": {"edges": []}}
        return {"project": {"sweep": found}}

    def create_agent(self, given: dict[str, Any]) -> dict[str, Any]:
        """Register an agent of a sweep."""
        name = secrets.token_hex(4)
        self.agents[name] = given["sweep"]
        return {"createAgent": {"agent": {"id": name}}}

    def heartbeat(self, given: dict[str, Any]) -> dict[str, Any]:
        """Give an idle agent a preempted run to go on with, else the next point, else leave to go."""
        sweep = self.sweeps[self.agents[given["id"]]]
        busy = any(json.loads(given["runState"]).values())
        commands = [] if busy else [self._command(sweep)]
        return {"agentHeartbeat": {"agent": {"id": given["id"]}, "commands": json.dumps(commands)}}

    def _command(self, sweep: Sweep) -> dict[str, Any]:
        preempted = [run for run in self.runs.values() if run.sweep == sweep.id and run.state == "preempted"]
        if preempted:
            run, kind = preempted[0], "resume"
            point = {name: run.config[name] for name in sweep.config["parameters"]}
        else:
            found = next(sweep.points, None)
            if found is None:
                return {"type": "exit"}
            point, kind, name = found, "run", secrets.token_hex(4)
            run = self.runs.setdefault(name, Run(name, "", sweep=sweep.id, config=dict(found)))
        run.state = "pending"
        args = {name: {"value": value} for name, value in point.items()}
        return {"type": kind, "run_id": run.id, "program": sweep.config.get("program", ""), "args": args, "logs": []}

    def stream(self, name: str, message: dict[str, Any]) -> None:
        """Take lines of a run's files, and how it ended."""
        run = self.runs[name]
        for file, chunk in (message.get("files") or {}).items():
            run.place(file, chunk["offset"], chunk["content"])
        run.preempting = run.preempting or bool(message.get("preempting"))
        if message.get("complete"):
            run.end(message["exitcode"])

    def upload(self, kind: str, name: str, file: str, content: bytes) -> None:
        """Keep a file."""
        (self.runs[name].files if kind == "run" else self.artifacts[name])[file] = content


_OPERATIONS = {
    "RunResumeStatus": Server.run_resume_status,
    "UpsertBucket": Server.upsert_bucket,
    "CreateRunFiles": Server.create_run_files,
    "CreateArtifact": Server.create_artifact,
    "CreateArtifactFiles": Server.create_artifact_files,
    "CreateArtifactManifest": Server.create_artifact_manifest,
    "CommitArtifact": Server.commit_artifact,
    "UpsertSweep": Server.upsert_sweep,
    "SweepWithRuns": Server.sweep_with_runs,
    "CreateAgent": Server.create_agent,
    "Heartbeat": Server.heartbeat,
}


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server, body = cast(Server, self.server), self._body()
        if self.path.endswith("/file_stream"):
            with server.lock:
                server.stream(self.path.split("/")[-2], json.loads(body))
            return self._send({"exitcode": None, "limits": {}})
        if self.path != "/graphql":
            return self._send({}, status=404)  # the client's own telemetry
        message = json.loads(body)
        found = re.search(r"(?:query|mutation)\s+(\w+)", message["query"])
        operation = found[1] if found else message["query"]
        try:
            with server.lock:
                self._send({"data": server.answer(operation, message.get("variables") or {})})
        except KeyError as error:
            server.not_understood.append(f"{operation}: {error}")
            self._send({"errors": [{"message": f"not understood: {operation}"}]})

    def do_PUT(self) -> None:
        kind, name, file = self.path.removeprefix("/upload/").split("/", 2)
        with cast(Server, self.server).lock:
            cast(Server, self.server).upload(kind, name, file, self._body())
        self._send({})

    def do_GET(self) -> None:
        self._send({})

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b"".join(self._chunks())
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _send(self, answer: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Server]:
    """A server that answers while the block runs."""
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()

"""Without WANDB_MODE=online a run talks to nobody: what its processes ask the kernel for, as strace sees it."""

import os
import re
import shutil
import subprocess
import sys
from ipaddress import ip_address

import pytest

from tests.wandb.conftest import program

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")

ADDRESS = re.compile(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')
TRACER = ("strace", "--follow-forks", "--seccomp-bpf", "--trace=connect,sendto,sendmsg,sendmmsg")


@pytest.fixture
def asked_for(tmp_path):
    """Command, variables -> internet addresses that it or any of its processes connected or sent to."""

    def run(command, variables):
        trace = tmp_path / "trace"
        done = subprocess.run([*TRACER, f"--output={trace}", *command], env=variables, cwd=tmp_path, timeout=400)
        if "Operation not permitted" in trace.read_text() and done.returncode:
            pytest.skip("processes cannot be traced here")
        assert done.returncode == 0
        return {four or six for four, six in ADDRESS.findall(trace.read_text())}

    return run


def test_the_trace_shows_an_address_outside(asked_for):
    """Else the next test would prove nothing; connecting a datagram socket sends nothing."""
    ask = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 9))"
    assert asked_for([sys.executable, "-c", ask], dict(os.environ)) == {"192.0.2.1"}


@pytest.mark.slow
def test_a_run_asks_for_no_address_outside_this_machine(asked_for, environment, tiny, tones, tmp_path, server):
    """Prepared, trained and tested, its log written, all as the command line does it by default."""
    options = [*tiny(tones, tmp_path / "runs"), "--name", "quiet", "--test", "true"]
    outsider = {**environment, "WANDB_BASE_URL": "http://192.0.2.1"}
    addresses = asked_for([program("timbre"), "fit", *options], outsider)
    assert (tmp_path / "runs" / "quiet" / "DONE").exists()
    assert list((tmp_path / "runs" / "quiet" / "wandb").glob("offline-run-*/*.wandb"))
    assert {address for address in addresses if not ip_address(address).is_loopback} == set()
    assert not server.runs

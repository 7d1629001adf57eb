"""Who is still there."""

import os
import subprocess
import sys

from output.processes import is_alive


def test_this_process_is_alive_and_one_that_ended_is_not():
    assert is_alive(os.getpid())
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert not is_alive(ended.pid)
    assert not is_alive(10**20)


def test_one_that_nobody_waited_for_has_ended():
    ended = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert ended.stdout.read() == b""  # its end; only now is it no more than an entry in a table
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    assert not is_alive(ended.pid)
    ended.wait()


def test_windows_is_not_sent_a_ctrl_c(monkeypatch):
    sent = []
    monkeypatch.setattr(os, "kill", lambda *signal: sent.append(signal))
    monkeypatch.setattr("output.processes.CAN_BE_ASKED", False)
    assert is_alive(10**9)
    assert not sent

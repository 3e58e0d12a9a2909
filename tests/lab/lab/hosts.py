# SPDX-License-Identifier: MIT
"""The hosts of a lab as processes: start them in the holder's namespaces, and end them."""
import contextlib
import os
import signal
import subprocess
import time

from . import settings
from .state import LabError, process_started

HERE = os.path.dirname(os.path.abspath(__file__))


def start(lab, hosts):
    """Start the first process of each host below the holder, and wait until all have made
    their view of the file system."""
    with open(lab.path("holder.log"), "ab") as log:
        for host in hosts:
            # The shell in the background: so the host is a child of the holder, not of nsenter.
            subprocess.run(
                ["nsenter", "-t", str(lab.info["holder"]["pid"]), "-m", "-r", "--wdns=/", "-n",
                 "-p", "--", "sh", "-c", '"$@" </dev/null &', "sh",
                 "unshare", "--pid", "--fork", "--kill-child", "--mount", "--net", "--uts",
                 "--ipc", "--propagation", "private", "--", "/usr/bin/python3", "-I",
                 f"{HERE}/host_init.py", lab.dir, host, settings.HOSTS[host]["fqdn"]],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True)
    deadline = time.monotonic() + 120
    for host in hosts:
        while not (pid := recorded_pid(lab, host)):
            if time.monotonic() > deadline:
                with open(lab.path("holder.log"), encoding="utf-8", errors="replace") as said:
                    raise LabError(f"{host} did not start:\n{said.read().strip()[-800:]}")
            time.sleep(0.01)
        lab.info["hosts"][host] = {"pid": pid}


def recorded_pid(lab, host):
    """What host_init.py writes when the host is ready."""
    try:
        with open(lab.path("hosts", host), encoding="ascii") as record:
            return int(record.read() or 0)
    except FileNotFoundError:
        return 0


def stop(lab, host):
    """End a host: its first process, and with it all that runs there."""
    pid = lab.pid(host)
    started = process_started(pid)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while started and process_started(pid) == started:
        if time.monotonic() > deadline:
            raise LabError(f"process {pid} of {host} does not end")
        time.sleep(0.01)
    os.unlink(lab.path("hosts", host))

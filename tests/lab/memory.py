# SPDX-License-Identifier: MIT
"""What is in the memory of the agent's processes."""
import json
import re

from harness import PASSWORD, ws

WORKERS = "trustlogon"

# In WS1: [{"pid": , "parent": , "user": , "found": [names of the needles]}] of the agent's
# processes, when so many workers are there, which are stopped meanwhile.
SCAN = r"""
import contextlib, json, os, pwd, signal, sys, time
order = json.load(sys.stdin)
needles = {name: bytes.fromhex(text) for name, text in order["needles"].items()}

def processes():
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        with contextlib.suppress(OSError):
            if os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "trustlogond":
                fields = dict(line.split(":\t", 1) for line in open(f"/proc/{pid}/status"))
                yield {"pid": pid, "parent": int(fields["PPid"]), "found": [],
                       "user": pwd.getpwuid(int(fields["Uid"].split()[1])).pw_name}

def workers(found):
    return [p["pid"] for p in found if p["user"] == "trustlogon"]

def send(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

def piece(mem, begin, end):
    got = b""
    while begin < end:
        more = os.pread(mem, end - begin, begin)  # perhaps less than asked for
        if not more:
            break
        got, begin = got + more, begin + len(more)
    return got

def memory(pid):
    mem = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
    with open(f"/proc/{pid}/maps") as maps:
        for line in maps:
            where, mode = line.split()[:2]
            if "r" in mode and "[v" not in line:
                with contextlib.suppress(OSError):
                    yield piece(mem, *(int(x, 16) for x in where.split("-")))
    os.close(mem)

deadline, found = time.monotonic() + 30, []
while time.monotonic() < deadline:
    found = list(processes())
    if len(workers(found)) == order["workers"]:
        break
    time.sleep(0.005)
send(workers(found), signal.SIGSTOP)
for process in found:
    with contextlib.suppress(OSError):
        pieces = list(memory(process["pid"]))
        process["found"] = sorted(name for name, needle in needles.items()
                                  if any(needle in piece for piece in pieces))
send(workers(found), signal.SIGCONT)
json.dump(found, sys.stdout)
"""


def machine_keys():
    """The AES keys of the keytab, in hexadecimal digits."""
    listed = ws("klist -k -K -e /etc/krb5.keytab").stdout
    return sorted(set(re.findall(r"aes\S+\)\s+\(0x([0-9a-f]+)\)", listed)))


def scan(workers, **needles):
    """The processes when so many workers are there, and which of these they have: the password,
    "key 0" and so on of the machine's, and `needles` (bytes)."""
    needles = {"password": PASSWORD.encode().hex(),
               **{f"key {i}": key for i, key in enumerate(machine_keys())},
               **{name: needle.hex() for name, needle in needles.items()}}
    done = ws(["/usr/bin/python3", "-I", "-c", SCAN],
              stdin=json.dumps({"needles": needles, "workers": workers}))
    return json.loads(done.stdout)


def holders(processes, what):
    return [p for p in processes if any(name.startswith(what) for name in p["found"])]


def of_workers(processes):
    return [p for p in processes if p["user"] == WORKERS]

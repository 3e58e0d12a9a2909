# SPDX-License-Identifier: MIT
"""What many logons leave behind on WS1: in the agent, of processes, in files and keyrings.

    before = look(pid, uid)             # of the agent, at rest
    ...
    after = look_again(before, pid, uid)
    grown(before, after)                # {what: (before, after)} of all that there is more of
"""
import json
import time

from harness import ws

# Runs inside, where process ids are that host's own.
INSIDE = """
import json, os, sys
agent, user = int(sys.argv[1]), sys.argv[2]

def lines(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read().splitlines()

def processes():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            name, rest = lines(f"/proc/{pid}/stat")[0].split("(", 1)[1].rsplit(")", 1)
            yield int(pid), name, rest.split()[0], int(rest.split()[1])
        except OSError:
            pass  # it has ended

def sizes(pid):
    found = dict(line.split(":")[:2] for line in lines(f"/proc/{pid}/status") if ":" in line)
    return {"resident": int(found["VmRSS"].split()[0]), "own": int(found["RssAnon"].split()[0])}

def tree(top):
    count = size = 0
    for folder, _, names in os.walk(top):
        count += len(names)
        size += sum(os.lstat(os.path.join(folder, name)).st_size for name in names)
    return count, size

there = list(processes())
kin, family = [agent], {agent: "agent"}
while kin:
    kin = [pid for pid, _, _, parent in there if parent in kin]
    family.update((pid, name) for pid, name, _, _ in there if pid in kin)
out = {"processes": sorted(family.values()), "zombies": [n for _, n, s, _ in there if s == "Z"],
       "descriptors": {}, "sizes": {}, "files": {}, "bytes": {}}
for pid, name in family.items():
    links = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            links.append(os.readlink(f"/proc/{pid}/fd/{fd}").split(":")[0])
        except OSError:
            pass
    out["descriptors"][name] = sorted(links)
    out["sizes"][name] = sizes(pid)
for top in sys.argv[3:]:
    out["files"][top], out["bytes"][top] = tree(top)
# Keyrings are not of a namespace: other labs' users have theirs in the same list.
out["keys"] = {line.split(":")[0].strip(): int(line.split()[2].split("/")[0])
               for line in lines("/proc/key-users") if line.split(":")[0].strip() == user}
print(json.dumps(out))
"""
FOLDERS = ("/run/trustlogon", "/run/user", "/tmp", "/var/tmp", "/var/cache/trustlogon",
           "/var/lib/trustlogon", "/dev/shm")
LOGS = "/var/log/lab"


def _look(agent, user):
    done = ws(["/usr/bin/python3", "-I", "-c", INSIDE, str(agent), str(user), *FOLDERS, LOGS])
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr


def look(agent, user):
    """`user`: whose keys are counted. Once the workers have ended, for the last one answers
    before it does."""
    return _patiently(agent, user, lambda seen: {*seen["processes"]} <= {"agent", "trustlogon-lsa"})


def look_again(before, agent, user):
    """Once there is no more than before, or still is after a while: the kernel, too, collects
    what was thrown away when it has time."""
    return _patiently(agent, user, lambda seen: not grown(before, seen))


def _patiently(agent, user, good, patience=30):
    until = time.monotonic() + patience
    while True:
        seen = _look(agent, user)
        there = isinstance(seen, dict)  # else something ended while it was looked at
        if there and (good(seen) or time.monotonic() > until):
            return seen
        if time.monotonic() > until:
            raise RuntimeError(seen)
        time.sleep(0.1)


def size(seen):
    """KiB that the listener has resident."""
    return seen["sizes"]["agent"]["resident"]


def grown(before, after):
    """What there is more of than before, but for sizes and logs. Fewer files and keys are no
    leak: what is swept or collected at times may have been there at the first look."""
    found = {part: (before[part], after[part]) for part in ("processes", "zombies")
             if before[part] != after[part]}
    for part, more in (("descriptors", list.__ne__), ("files", int.__gt__), ("keys", int.__gt__)):
        one, two = before[part], after[part]
        found.update({f"{part} {key}": (one.get(key), two[key]) for key in two
                      if key != LOGS and more(two[key], one.get(key, type(two[key])()))})
    return found

# SPDX-License-Identifier: MIT
"""What each peer may ask trustlogond for, how often, and what a hostile peer can do to it."""
import fcntl
import os
import select
import struct
import time

from bench import ALICE, NOBODY, agent, as_uid, ask, check, connect, wait_for, workers, write_keytab
from wire import decode, encode


def test_agent_hostile_clients(bench):
    with agent(bench) as (process, _):
        good = encode("request", op=1, user=ALICE)
        for junk in (b"x", b"TLW1", good[:-1], good + b"\0", b"\0" * 16384, b"A" * 60000,
                     good.replace(b"TLW1", b"TLW2"), encode("reply", secret="x"),
                     encode("done", ntstatus=0)):
            with connect(bench) as peer:
                peer.send(junk)
                try:
                    answer = peer.recv(65536)
                except OSError:
                    answer = b""
                check(f"junk of {len(junk)} bytes is hung up on", answer == b"", answer)
        idle = [connect(bench) for _ in range(20)]
        start = time.monotonic()
        done = ask(bench, op=1, user=ALICE)
        # Each has ten seconds to say what it wants.
        check("silent clients do not hold up others", done is not None and
              time.monotonic() - start < 9, done)
        check("each conversation has a process of its own", len(workers(process)) >= 20)
        for peer in idle:
            peer.close()
        check("workers end with their clients", wait_for(lambda: not workers(process)),
              workers(process))
        check("the daemon lives", process.poll() is None)


def test_agent_peers(bench):
    with agent(bench) as (_, log):
        done = as_uid(NOBODY, bench, op=1, user=ALICE)
        check("another uid may not log on as another user", isinstance(done, dict) and
              done["reason"] == "caller-not-allowed", done)
        done = as_uid(NOBODY, bench, op=1, user="nobody", conf="/nonexistent", options="walk=x")
        check("its own account it may, without configuration of its own",
              isinstance(done, dict) and done["reason"] not in ("caller-not-allowed",
                                                                "config-invalid"), done)
        for op in (2, 3, 4, 5, 6):
            done = as_uid(NOBODY, bench, op=op, user="nobody", session="0" * 32)
            check(f"operation {op} is root's", isinstance(done, dict) and
                  done["reason"] == "caller-not-allowed", done)
        answers = [as_uid(NOBODY, bench, op=1, user="nobody") for _ in range(12)]
        check("a dozen attempts at once are too many", None in answers, answers)
        check("root is not concerned", ask(bench, op=1, user=ALICE) is not None)
        check("the log names the uid", f"uid {NOBODY}" in log.read_text())
        answers = [as_uid(NOBODY, bench, op=1, user="nobody") for _ in range(20)]
        check("and is not filled by who goes on", None in answers and
              log.read_text().count("too many conversations") == 1, log.read_text())
        mode = os.stat(bench.socket).st_mode & 0o777
        check("the socket is open to all, its folder is root's alone", mode == 0o666 and
              os.stat(bench.folder).st_mode & 0o022 == 0, oct(mode))


def test_agent_callers(bench):
    """One user's su that wait at their prompts leave the others room."""
    with agent(bench, f"[workstation]\n keytab = {bench.folder}/keytab\n"
                      "[agent]\n max_conversations = 16\n") as (_, log):
        write_keytab(bench.folder / "keytab")

        def prompted(**fields):
            peer = connect(bench)
            peer.send(encode("request", op=1, user=ALICE, **fields))
            kind, fields = decode(peer.recv(65536))
            return kind == "prompt" and peer or peer.close()

        held = [prompted(caller="1000") for _ in range(2)]
        check("an eighth of all may wait for one caller", all(held), held)
        check("and no more", prompted(caller="1000") is None and
              "caller 1000 has too many conversations" in log.read_text(), log.read_text())
        others = [prompted(caller="1001"), prompted(caller="bob"), prompted(), prompted(), prompted()]
        check("another caller, and root's own programs, are served", all(others), others)
        held[0].close()
        again = wait_for(lambda: prompted(caller="1000"))
        check("a client that gives up makes room", again)
        for peer in (*held, *others, again):
            peer and peer.close()


def test_agent_lookups(bench):
    """The socket for look-ups: open to every user, for look-ups only, with limits of its own."""
    door = bench.folder / "lookup"
    question = {"door": door, "op": 7, "lookup": 1, "user": ALICE}
    with agent(bench) as (process, log):
        check("it is open to all", os.stat(door).st_mode & 0o777 == 0o666)
        for uid in (0, NOBODY):
            done = as_uid(uid, bench, **question)
            check(f"uid {uid} may ask, and learns that there is no answer",
                  isinstance(done, dict) and done["ntstatus"] not in (0, 0xC0000064), done)
            done = as_uid(uid, bench, door=door, op=1, user="nobody")
            check(f"uid {uid} may not log on here", isinstance(done, dict) and
                  done["reason"] == "caller-not-allowed", done)
        done = as_uid(NOBODY, bench, op=7, lookup=1, user=ALICE)
        check("nor look up at the other door", isinstance(done, dict) and
              done["reason"] == "caller-not-allowed", done)
        for _ in range(60):
            as_uid(NOBODY, bench, door=door, op=7, lookup=2, id=2000000)
        done = as_uid(NOBODY, bench, op=1, user="nobody")
        check("sixty look-ups cost no logon", isinstance(done, dict) and
              done["reason"] != "caller-not-allowed", done)
        check("and none of them was refused", "refused (" not in log.read_text(), log.read_text())
        wait_for(lambda: not workers(process))
        before = log.read_text().count("ended early")
        idle = [connect(bench, door) for _ in range(20)]
        # Each has a worker for a second, which says how it ended.
        check("a silent client has a worker, but not for long",
              wait_for(lambda: log.read_text().count("ended early") - before == 20 and
                       not workers(process)), log.read_text())
        for peer in idle:
            peer.close()
        check("the agent's own children are hung up on",
              as_uid(0, bench, group=process.pid, **question) is None and
              "from inside the agent" in log.read_text())
        check("but not at the other door", isinstance(
            as_uid(0, bench, group=process.pid, op=1, user=ALICE), dict))


def connections(uid, bench, count, wanted):
    """How many of so many connections at once of one uid are kept open: waits until no more
    than wanted are, and a little to see whether those stay."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            kept, more = {connect(bench) for _ in range(count)}, True
            deadline = time.monotonic() + 60
            while more and time.monotonic() < deadline:
                gone = select.select(kept, [], [], 0.3)[0]
                more = bool(gone) or len(kept) > wanted
                kept -= set(gone)
            os.write(writer, str(len(kept)).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as out:
        text = out.read()
    os.waitpid(child, 0)
    return int(text)


def test_agent_limits(bench):
    """Each bound of [agent] holds at its own number."""
    plain = f"[workstation]\n keytab = {bench.folder}/no-keytab\n[agent]\n"
    for option, number, uid in (("max_conversations", 3, 0), ("max_conversations", 6, NOBODY),
                                ("max_per_uid", 2, NOBODY)):
        with agent(bench, f"{plain} {option} = {number}\n"):
            wanted = 3 if option == "max_conversations" else 2
            got = connections(uid, bench, 5, wanted)
            check(f"{option} = {number}: {wanted} of uid {uid}", got == wanted, got)
    door, question = bench.folder / "lookup", {"op": 7, "lookup": 1, "user": ALICE}
    # A place among those who look up is a byte of this file, locked: taken here, as by a look-up
    # that does not end. OFD locks: Linux's F_OFD_SETLK.
    with open(bench.folder / "lookups.lock", "wb") as gate:
        os.fchmod(gate.fileno(), 0o600)
        fcntl.fcntl(gate, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 2, 0))
        for places, timeout in ((2, 1000), (3, 2000)):
            with agent(bench, f"{plain} lookup_max = {places}\n lookup_timeout = {timeout}\n"):
                start = time.monotonic()
                with connect(bench, door) as peer:
                    peer.settimeout(30)
                    peer.send(encode("request", **question))
                    done = decode(peer.recv(65536))[1]
                took = time.monotonic() - start
                wanted = "deadline" if places == 2 else "keytab-missing"
                check(f"lookup_max = {places}, two places taken: {wanted}",
                      done["reason"] == wanted, done)
                check(f"lookup_max = {places}, lookup_timeout = {timeout}: in its time",
                      places == 3 or timeout / 1000 - 0.1 < took < 15, took)


def test_agent_lookups_of_root(bench):
    """Where all look-ups of ordinary users hang, root's go on."""
    door = bench.folder / "lookup"
    write_keytab(bench.folder / "keytab")
    with agent(bench, f"[workstation]\n keytab = {bench.folder}/keytab\n"
                      "[agent]\n lookup_timeout = 1000\n lookup_max = 8\n"):
        with open(bench.folder / "lookups.lock", "w+b") as held:
            # the last four of eight places, as workers hold them: F_OFD_SETLK
            fcntl.fcntl(held, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 4, 4, 0))
            for uid, wanted in ((NOBODY, True), (0, False)):
                done = as_uid(uid, bench, door=door, op=7, lookup=1, user=ALICE)
                check(f"uid {uid} waits for a place: {wanted}", isinstance(done, dict) and
                      (done.get("reason") == "deadline") == wanted, done)

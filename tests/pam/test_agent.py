# SPDX-License-Identifier: MIT
"""trustlogond on a machine that is in no domain, spoken to byte by byte."""
import contextlib
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import time

from bench import (AGENT, ALICE, BUILD, INTERNAL, LOGON_FAILURE, NOBODY, NOT_TRUSTED, T1326, agent,
                   as_uid, ask, check, code, connect, wait_for, workers, write_keytab)
from wire import decode, encode


def test_password_withheld(bench):
    """sshd's stand-in for the password of a user whom it will not let in reaches no KDC."""
    junk = "\b\n\r\x7fINCORRECT"
    write_keytab(bench.folder / "keytab")
    with agent(bench, f"[workstation]\n keytab = {bench.folder}/keytab\n"):
        for secret in (junk, junk[:1], junk[:7], junk + junk[:2]):
            done = ask(bench, op=1, user=ALICE, secret=secret)
            check(f"{len(secret)} bytes of sshd's: a wrong password, and no question to a KDC",
                  done and done["ntstatus"] == LOGON_FAILURE and done["text"] == T1326 and
                  done["reason"] == "password-withheld", done)


def test_agent_refuses(bench):
    with agent(bench) as (process, log):
        done = ask(bench, op=1, user=ALICE, service="test")
        check("no keytab: 1789, and why", done and done["ntstatus"] == NOT_TRUSTED and
              done["reason"] in ("keytab-missing", "not-joined"), done)
        text = log.read_text()
        check("the log tells status, reason, remedy", "TRUSTLOGON_STATUS=0xC000018D" in text and
              "TRUSTLOGON_REASON=" in text and "TRUSTLOGON_REMEDY=" in text, text)
        done = ask(bench, op=1, user="a\x1b[31m\nTRUSTLOGON_STATUS=0", service="x")
        check("control characters do not reach the log",
              "\x1b" not in log.read_text() and "\nTRUSTLOGON_STATUS=0" not in log.read_text())
        for name, fields in [("no user", {"op": 1}), ("no operation", {"user": "x"}),
                             ("an unknown operation", {"op": 99, "user": "x"})]:
            done = ask(bench, **fields)
            check(f"{name}: refused", done and done["ntstatus"] == INTERNAL and
                  done["reason"] == "caller-not-allowed", done)
        for token in (None, "0" * 32, "../../../../../../../../etc/passwd", "x" * 4000):
            fields = {"op": 2, "user": "x", **({"session": token} if token else {})}
            done = ask(bench, **fields)
            check(f"account with token {str(token)[:12]}: refused",
                  done and done["ntstatus"] != 0 and not done.get("canonical"), done)
            done = ask(bench, op=3, uid=70001, gid=70001, has_owner=1,
                       **{k: v for k, v in fields.items() if k != "op"})
            check(f"setcred with token {str(token)[:12]}: refused",
                  done and done["ntstatus"] != 0 and not done.get("ccache"), done)
        for uid, gid in ((0, 0), (999, 999), (70001, 0)):
            done = ask(bench, op=3, user="x", session="0" * 32, uid=uid, gid=gid, has_owner=1)
            check(f"setcred for uid {uid}, gid {gid}: refused", done and done["ntstatus"] != 0, done)
        check("the daemon lives", process.poll() is None)


def test_agent_options(bench):
    with agent(bench) as (_, log):
        done = ask(bench, op=1, user=ALICE, options="walk=nonsense")
        check("a bad value on the PAM line: refused, named in the log",
              done and done["reason"] == "config-invalid" and "nonsense" in log.read_text(), done)
        done = ask(bench, op=1, user=ALICE, conf="/nonexistent/file")
        check("a conf= that is not there: refused, named in the log",
              done and done["reason"] == "config-invalid" and "/nonexistent/file" in
              log.read_text(), done)
        (bench.folder / "conf").write_text("[logon]\n wlak = direct\n")
        done = ask(bench, op=1, user=ALICE)
        text = log.read_text()
        check("a misspelt key in the file: refused; file, section and key in the log",
              done and done["reason"] == "config-invalid" and f"{bench.folder}/conf" in text and
              "[logon]" in text and "wlak" in text, text)
    with agent(bench, conf="[nonsense]\n x = y\n") as (process, log):
        check("a broken file: the daemon does not start", process.wait(60) == 1 and
              "[nonsense]" in log.read_text(), log.read_text())


def test_agent_refresh(bench):
    """What a locker may do after its proof: refresh a cache, with its own tickets, as itself."""
    token, other = "a" * 32, 70001
    refresh = {"op": 3, "user": "nobody", "session": token, "has_owner": 1, "uid": NOBODY,
               "gid": NOBODY, "flags": 0x400, "ccache": "FILE:/tmp/none"}
    with agent(bench) as (_, log):
        for what, change in (("establish", {"flags": 0x100}), ("reinitialise", {"flags": 0x200}),
                             ("delete", {"flags": 0x800}), ("refresh and delete", {"flags": 0xC00}),
                             ("close", {"op": 5}), ("name another owner", {"uid": other}),
                             ("name no cache", {"ccache": None})):
            fields = {k: v for k, v in {**refresh, **change}.items() if v is not None}
            done = as_uid(NOBODY, bench, **fields)
            check(f"a locker may not {what}", isinstance(done, dict) and
                  done["reason"] == "caller-not-allowed", done)
        pending = bench.folder / "pending"
        pending.mkdir(mode=0o700, exist_ok=True)
        (pending / f"{token}.logon").write_text(
            f"nobody\nnobody@contoso.test\n0\n{other}\n{other}\ncontoso.test\n\n\n"
            "account alice\nuser S-1-5-21-1-2-3-1104\ngroup S-1-5-21-1-2-3-513 7\nend 1\n")
        (pending / token).write_text("")
        done = as_uid(NOBODY, bench, **refresh)
        check("the tickets of another uid's proof are none of its own", isinstance(done, dict) and
              done["ntstatus"] != 0 and done["reason"] == "nss-other-user" and
              not done.get("ccache"), (done, log.read_text()))
        check("and stay where they are", (pending / token).exists())


def test_agent_restart(bench):
    """The workers of a killed listener end, and the next listener is not refused for them."""
    def is_gone(pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                return file.read().rsplit(")", 1)[1].split()[0] == "Z"
        except OSError:
            return True

    def stop(pid):
        """Or it would end by itself. The worker of the question may have ended already."""
        try:
            os.kill(pid, signal.SIGSTOP)
        except ProcessLookupError:
            return False
        return not is_gone(pid)

    with open(bench.folder / "identity.store.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # opening the store waits for two seconds
        for _ in "12":
            with agent(bench) as (process, log):
                done = ask(bench, op=99, user=ALICE)
                check("it listens", process.poll() is None and done, (done, log.read_text()))
                children = wait_for(lambda: [pid for pid in workers(process) if stop(pid)])
                process.kill()
            gone = wait_for(lambda: all(is_gone(pid) for pid in children))
            check("its refresher ends with it", children and gone, children)


def hardened(process):
    """Workers that have given up what they give up: the last step is the filter."""
    found = []
    for pid in workers(process):
        with contextlib.suppress(FileNotFoundError), \
                open(f"/proc/{pid}/status", encoding="utf-8") as file:
            found += [pid] if "Seccomp:\t2" in file.read() else []
    return found


def test_agent_hardening(bench):
    with agent(bench) as (process, _):
        with connect(bench):
            # The refresher is hardened, too, and ends by itself.
            pid = wait_for(lambda: len(workers(process)) == 1 and hardened(process))[0]
            with open(f"/proc/{pid}/status", encoding="utf-8") as file:
                status = dict(re.findall(r"^(\w+):\s*(.*)$", file.read(), re.M))
            with open(f"/proc/{pid}/limits", encoding="utf-8") as file:
                core = [x for x in file if "core" in x][0].split()[4:6]
            kept = sum(1 << bit for bit in (0, 1, 6, 7))
            check("no new privileges", status["NoNewPrivs"] == "1", status)
            check("a system-call filter", status["Seccomp"] == "2", status)
            check("four capabilities are left, also for children",
                  int(status["CapEff"], 16) & ~kept == 0 and
                  int(status["CapBnd"], 16) & ~kept == 0, status)
            check("no core file", core == ["0", "0"], core)


T1385 = ("Logon failure: the user has not been granted the requested logon type at this "
         "computer.")
RECORD = ("{user}\nalice@contoso.test\n{expires}\n70001\n70002\ncontoso.test\n{refused}\n\n"
          "account alice\nuser S-1-5-21-1-2-3-1104\ngroup S-1-5-21-1-2-3-513 7\nend 1\n")


def test_agent_account(bench):
    """A pending logon: found by its token and its user, with the warning of its password's end."""
    def logon(token, user, expires, age=0, refused=""):
        folder = bench.folder / "pending"
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / f"{token}.logon"
        path.write_text(RECORD.format(user=user, expires=expires, refused=refused))
        os.utime(path, (time.time() - age, time.time() - age))

    def account(token, user, **more):
        said = []
        with connect(bench) as peer:
            peer.send(encode("request", op=2, user=user, session=token, **more))
            while True:
                kind, fields = decode(peer.recv(65536))
                if kind == "done":
                    return said, fields
                said.append(fields.get("text"))

    with agent(bench):
        for expires, text in ((0, []), (1, ["Your password expires today."]),
                              (2, ["Your password expires in 1 day."]),
                              (6, ["Your password expires in 5 days."]), (7, [])):
            logon("a" * 32, ALICE, expires)
            said, done = account("a" * 32, ALICE)
            check(f"account, {expires - 1} days left: {text}", said == text and
                  done.get("ntstatus", 0) == 0 and done["canonical"] == "alice@contoso.test", (said, done))
        for days, expires, warned in ((14, 15, True), (14, 16, False), (0, 1, False)):
            logon("a" * 32, ALICE, expires)
            said, _ = account("a" * 32, ALICE, options=f"password_warning={days}")
            check(f"password_warning={days}, {expires - 1} days left: {'warned' if warned else 'silent'}",
                  bool(said) == warned, said)
        _, done = account("a" * 32, "CONTOSO\\bob")
        check("another user's token is not accepted", done["ntstatus"] != 0, done)
        _, done = account("a" * 32, ALICE, has_owner=1, uid=70001, gid=70002)
        check("with the uid that NSS gives the name: the proven one's",
              done.get("ntstatus", 0) == 0, done)
        for uid in (70002, 0):
            _, done = account("a" * 32, ALICE, has_owner=1, uid=uid, gid=70002)
            check(f"with uid {uid}: another user's", done["reason"] == "nss-other-user" and
                  done["ntstatus"] == 0xC000006E and "canonical" not in done, done)
        logon("c" * 32, ALICE, 0, refused="CONTOSO\\Sales")
        _, done = account("c" * 32, ALICE)
        check("refused by a rule when it was proven: 1385, word for word",
              (done["ntstatus"], done["reason"], done["text"]) == (0xC000015B, "access-rule", T1385),
              done)
        _, done = account("a" * 32, ALICE, options="deny_groups=S-1-5-21-1-2-3-513")
        check("no rule can be judged without a workstation", done["ntstatus"] != 0, done)
        logon("b" * 32, ALICE, 0, age=601)
        (bench.folder / "pending" / ".swept").unlink()  # a minute ago
        _, done = account("b" * 32, ALICE)
        check("one of eleven minutes ago has expired, and is removed", done["ntstatus"] != 0 and
              not (bench.folder / "pending" / ("b" * 32 + ".logon")).exists(), done)


def activated(bench, listener, lookups, conf):
    """As systemd starts it; returns when it has said that it is ready."""
    (bench.folder / "conf").write_text(
        f"[workstation]\n keytab = {bench.folder}/no-keytab\n[agent]\n idle_exit = 1\n{conf}")
    name = bench.folder / "notify"
    name.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(name))
        notify.settimeout(60)
        process = subprocess.Popen(
            ["/bin/sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=2 exec "$@" 3<&0 4<&1 </dev/null >&2', "sh",
             str(AGENT), "--socket", str(bench.socket), "--stderr",
             "--conf", str(bench.folder / "conf"), "--run-dir", str(bench.folder),
             "--state-dir", str(bench.folder), "--cache-dir", str(bench.folder)],
            stdin=listener, stdout=lookups, stderr=subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": str(name)})
        ready = notify.recv(4096)
    check("systemd learns that it is ready", b"READY=1" in ready, ready)
    return process


def test_agent_activation(bench):
    """A socket that systemd holds: used as it is, kept at the end, which comes when there is
    no client and no session whose tickets are to be renewed."""
    listener, lookups = (socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) for _ in "12")
    door = bench.folder / "lookup"
    for one, path in ((listener, bench.socket), (lookups, door)):
        one.bind(str(path))
        one.listen(8)
    # A cache that cannot be read: nothing is renewed, and it may become better.
    cache, session = bench.folder / "cache", bench.folder / "sessions" / ("5" * 32)
    cache.write_text("no cache")
    session.parent.mkdir(mode=0o700)
    session.write_text(f"{NOBODY} {NOBODY} 0\nFILE:{cache}\nCONTOSO.TEST\nalice@contoso.test\n")
    session.chmod(0o600)
    process = activated(bench, listener, lookups, "")
    done = ask(bench, op=1, user=ALICE)
    check("a client of the handed socket is served", done and done["ntstatus"] == NOT_TRUSTED, done)
    done = ask(bench, door=door, op=7, lookup=1, user=ALICE)
    check("so are look-ups", done and done["ntstatus"] != 0, done)
    time.sleep(2.5)
    check("idle for longer than it waits, but there is a session", process.poll() is None)
    session.rename(bench.folder / "kept")
    check("without one it ends when idle, with 0", process.wait(30) == 0, process.returncode)
    check("the sockets stay", bench.socket.exists() and door.exists())
    (bench.folder / "kept").rename(session)
    process = activated(bench, listener, lookups, " renew_interval = 0\n")
    check("it ends beside a session that it does not renew", process.wait(30) == 0,
          process.returncode)
    listener.close()
    lookups.close()


def test_unit_file(bench):
    """What systemd makes read-only leaves the places of caches alone: /tmp, and DIR caches in
    /run/user. Of two settings for one path systemd takes the stricter one, and ProtectHome=
    is about /run/user, too (systemd.exec(5))."""
    unit = (BUILD / "agent" / "trustlogond.service").read_text()
    lines = dict(x.split("=", 1) for x in unit.splitlines() if "=" in x and x[0] not in "#[")
    writable = lines.get("ReadWritePaths", "").split()
    check("caches can be written", {"-/tmp", "-/run/user"} <= set(writable) and
          "ProtectHome" not in lines and lines.get("PrivateTmp", "no") == "no", lines)
    hidden = [x for key in ("ReadOnlyPaths", "InaccessiblePaths", "TemporaryFileSystem")
              for x in lines.get(key, "").split()]
    check("everything else cannot, homes included", lines.get("ProtectSystem") == "strict" and
          not any(re.search("/(home|root)", x) for x in writable) and
          not any(x.lstrip("-").startswith(("/tmp", "/run")) for x in hidden), (lines, hidden))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no",
                           str(BUILD / "agent" / "trustlogond.service")], capture_output=True,
                          text=True, check=False) if shutil.which("systemd-analyze") else None
    told = [x for x in (done.stderr.splitlines() if done else ())
            if "trustlogond.service" in x and "not executable" not in x and
            "trustlogond.socket" not in x]
    check("and systemd understands each line", not told, told)


def test_agent_command_line(bench):
    for arguments, expected in ((["--help"], 0), (["--version"], 0), (["--nonsense"], 2),
                                (["extra"], 2), (["--conversation"], 2)):
        done = subprocess.run([str(AGENT), *arguments], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, check=False, timeout=60)
        check(f"trustlogond {' '.join(arguments)}: exit {expected}", done.returncode == expected
              and (done.stdout or done.stderr), done)


def test_agent_end_to_end(bench):
    """The module and the agent together: by socket, and started by the module."""
    with agent(bench):
        bench.pam()
        got = bench.run("authenticate")
        check("by socket: 1789", got.codes == code("AUTH_ERR") and got.errors ==
              ["The trust relationship between this workstation and the primary domain failed."],
              got)
    conf = bench.folder / "conf"
    bench.pam(f"agent={AGENT} conf={conf}")
    got = bench.run("authenticate")
    check("started by the module: 1789", got.codes == code("AUTH_ERR") and len(got.errors) == 1,
          got)
    conf.write_text("[logon]\n walk = nonsense\n")
    got = bench.run("authenticate")
    check("a broken file: no user gets in", got.codes == code("SYSTEM_ERR") and not got.prompts, got)

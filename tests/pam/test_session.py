# SPDX-License-Identifier: MIT
"""The agent as the module starts it, and a logon from authenticate to close_session."""
import os
import shutil

from bench import ALICE, GOOD, HERE, MODULE, PROMPT, TOKEN, VALGRIND, check, code
from wire import FLAGS


def test_start(bench):
    """The agent as a process of its own: what it finds around it."""
    spy, seen = bench.folder / "spy", bench.folder / "seen"
    spy.write_text(f"""#!/usr/bin/python3
import os, resource, signal, socket, sys
sys.path.insert(0, {str(HERE)!r})
sys.dont_write_bytecode = True
from wire import encode
fds = sorted(int(x) for x in os.listdir("/proc/self/fd"))
with open({str(seen)!r}, "w") as out:
    status = open("/proc/self/status").read()
    print(dict(argv=sys.argv[1:], env=dict(os.environ), fds=fds, cwd=os.getcwd(),
               sid=os.getsid(0) == os.getpid(), ppid=os.getppid(),
               uids=os.getresuid(), gids=os.getresgid(), groups=os.getgroups(),
               blocked=[x for x in status.splitlines() if x.startswith("SigBlk")],
               ignored=[x for x in status.splitlines() if x.startswith("SigIgn")],
               zero=os.readlink("/proc/self/fd/0"),
               limits=[resource.getrlimit(getattr(resource, "RLIMIT_" + x))[0] for x in
                       ("FSIZE", "CPU", "AS", "DATA")],
               files=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
               queued=resource.getrlimit(resource.RLIMIT_SIGPENDING)[0],
               locked=resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]), file=out)
sock = socket.socket(fileno=3)
sock.recv(65536)
sock.send(encode("prompt", style=1, text="Password: "))
sock.recv(65536)
sock.send(encode("done", ntstatus=0, canonical="alice@contoso.test", session={TOKEN!r}))
""")
    spy.chmod(0o755)
    bench.pam(f"agent={spy}")
    extra = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(extra, True)
    got = bench.run("authenticate", process_env={"KRB5_CONFIG": "/evil", "LD_LIBRARY_PATH": "/evil"},
                    prefix=("prlimit", "--sigpending=0:", "--memlock=0:", "/bin/sh", "-c",
                            'exec 9</dev/null; trap "" CHLD PIPE; '
                            'ulimit -S -f 0; ulimit -S -t 9; ulimit -S -n 32; exec "$@"', "sh"))
    os.close(extra)
    check("no socket: root's module starts the agent", got.codes == code("SUCCESS"), got)
    facts = eval(seen.read_text()) if seen.exists() else {}  # our own spy wrote it
    check("--conversation is its only argument", facts.get("argv") == ["--conversation"], facts)
    env = {k: v for k, v in facts.get("env", {}).items() if k != "LC_CTYPE"}
    check("a clean environment", set(env) == {"PATH", "LANG"}, facts)
    # 4 is the listing's own
    check("no descriptors but 0 to 3", facts.get("fds") in ([0, 1, 2, 3], [0, 1, 2, 3, 4]), facts)
    check("its own session, in /, a child of no process here",
          facts.get("sid") and facts.get("cwd") == "/" and facts.get("zero") == "/dev/null", facts)
    check("root in all ids, no groups", facts.get("uids") == (0, 0, 0) and
          facts.get("groups") == [], facts)
    check("and none of the caller's limits", facts.get("limits") == [-1] * 4 and
          facts.get("files", 0) >= 1024 and facts.get("queued", 0) >= 1024 and
          facts.get("locked", 0) >= 65536, facts)
    check("no signal blocked", facts.get("blocked") == ["SigBlk:\t0000000000000000"], facts)
    spy.chmod(0o757)
    got = bench.run("authenticate")
    check("an agent that others may write to is not started",
          got.codes == code("AUTHINFO_UNAVAIL"), got)
    bench.pam("agent=/bin/false")
    got = bench.run("authenticate")
    check("an agent that ends at once: AUTHINFO_UNAVAIL",
          got.codes == code("AUTHINFO_UNAVAIL") and got.seconds < 20, got)


def test_session(bench):
    """setcred, account, session: for a user NSS knows (nss_wrapper's passwd)."""
    wrapper = "/usr/lib/x86_64-linux-gnu/libnss_wrapper.so"
    if not os.path.exists(wrapper):
        print("skip session (no libnss_wrapper.so)")
        return
    passwd, group = bench.folder / "passwd", bench.folder / "group"
    passwd.write_text(f"root:x:0:0::/:/bin/sh\n{ALICE}:x:70001:70002::/home/a:/bin/sh\n"
                      "CONTOSO\\evil:x:0:0::/:/bin/sh\n")
    group.write_text("root:x:0:\n")
    env = {"LD_PRELOAD": wrapper, "NSS_WRAPPER_PASSWD": str(passwd),
           "NSS_WRAPPER_GROUP": str(group)}
    cache = "FILE:/tmp/krb5cc_70001_x"
    stored = ("done", {"ntstatus": 0, "ccache": cache})
    plain = ("done", {"ntstatus": 0})
    bench.pam()
    got = bench.run("authenticate", "account", "setcred", "open", "close", process_env=env,
                    conversations=[[PROMPT, GOOD], [GOOD], [stored], [plain]])
    requests = bench.agent.requests
    check("a whole session", got.codes == code(*["SUCCESS"] * 5) and
          [r["op"] for r in requests] == [1, 2, 3, 6], f"{got} {requests}")
    check("setcred names owner and token", requests[2].get("uid") == 70001 and
          requests[2].get("gid") == 70002 and requests[2].get("has_owner") == 1 and
          requests[2].get("session") == TOKEN and requests[2]["flags"] & FLAGS["establish"],
          requests)
    check("close deletes what was made", requests[3].get("ccache") == cache, requests)
    check("the token does not reach the session, and the cache's name goes with it",
          got.env == {}, got)
    got = bench.run("authenticate", "setcred", "setcred", "reinitialize", process_env=env,
                    conversations=[[PROMPT, GOOD], [stored]])
    check("stored once, KRB5CCNAME set", got.codes == code(*["SUCCESS"] * 4) and
          got.env == {"KRB5CCNAME": cache}, got)
    got = bench.run("authenticate", "open", process_env=env,
                    conversations=[[PROMPT, GOOD], [stored]])
    check("open_session stores what setcred did not", got.codes == code("SUCCESS", "SUCCESS") and
          got.env == {"KRB5CCNAME": cache} and bench.agent.requests[1]["op"] == 5, got)
    got = bench.run("authenticate:FORK", "account", "setcred", process_env=env,
                    conversations=[[PROMPT, GOOD], [GOOD], [stored]])
    check("another process authenticated (sshd): the token came along",
          got.codes == code(*["SUCCESS"] * 3) and got.env == {"KRB5CCNAME": cache}, got)
    got = bench.run("authenticate", "setcred", "delete", "account", process_env=env,
                    conversations=[[PROMPT, GOOD], [stored], [plain],
                                   [("done", {"ntstatus": 0xC000015B, "reason": "access-rule"})]])
    check("without a token root's programs ask for the account all the same",
          got.codes == code("SUCCESS", "SUCCESS", "SUCCESS", "PERM_DENIED"), got)
    got = bench.run("authenticate", "account", "-u", "root", "setcred", "open", process_env=env,
                    conversations=[[PROMPT, GOOD], [GOOD]])
    check("a program that goes on as root (sudo) takes no token into root's environment",
          got.env == {} and len(bench.agent.requests) == 2, got)
    got = bench.run("authenticate", "reinitialize", process_env={**env, "KRB5CCNAME": "FILE:/tmp/o"},
                    conversations=[[PROMPT, GOOD], [stored]])
    check("reinitialize passes the existing cache", bench.agent.requests[1].get("ccache") ==
          "FILE:/tmp/o" and bench.agent.requests[1]["flags"] & FLAGS["reinitialize"], got)
    got = bench.run("authenticate", "setcred", "delete", process_env=env,
                    conversations=[[PROMPT, GOOD], [stored], [plain]])
    check("delete", got.codes == code(*["SUCCESS"] * 3) and
          bench.agent.requests[2]["flags"] & FLAGS["delete"] and got.env == {}, got)
    if shutil.which("valgrind"):
        got = bench.run("authenticate", "account", "setcred", "open", "close", process_env=env,
                        conversations=[[PROMPT, GOOD], [GOOD], [stored], [plain]], prefix=VALGRIND)
        check("valgrind: a whole session is clean", got.codes == code(*["SUCCESS"] * 5) and
              got.output.endswith("exit 0") and "==" not in got.output, got)
    bad = ("done", {"ntstatus": 0xC00000E5, "reason": "ccache-failed"})
    got = bench.run("authenticate", "setcred", process_env=env,
                    conversations=[[PROMPT, GOOD], [bad]])
    check("tickets that cannot be stored: CRED_ERR", got.codes == code("SUCCESS", "CRED_ERR") and
          "KRB5CCNAME" not in got.env, got)
    got = bench.run("authenticate", "setcred", user="CONTOSO\\evil", process_env=env,
                    conversations=[[PROMPT, GOOD], [stored]])
    check("no tickets for a name that maps to root", got.codes[0] == 0 and got.codes[1] != 0 and
          len(bench.agent.requests) == 1, got)
    not_ours = ("done", {"ntstatus": 0xC0000064, "local_user": 1, "reason": "name-local"})
    got = bench.run("setcred", "account", env=[f"TRUSTLOGON_SESSION=../../{TOKEN}"],
                    process_env=env, conversations=[[not_ours]])
    check("a forged token variable is ignored", got.codes == code("PERM_DENIED", "USER_UNKNOWN") and
          [r.get("session") for r in bench.agent.requests] == [None], got)
    jump = f"auth [success=1 default=ignore] {MODULE} socket={bench.socket} agent=/nonexistent"
    (bench.confdir / "test").write_text(
        f"{jump}\nauth requisite pam_deny.so\nauth required pam_permit.so\n")
    got = bench.run("authenticate", "setcred", process_env=env,
                    conversations=[[PROMPT, GOOD], [stored]])
    check("a jump over pam_deny is replayed for setcred",
          got.codes == code("SUCCESS", "SUCCESS"), got)
    got = bench.run("setcred", process_env=env, conversations=[])
    check("ssh keys: setcred without authenticate does not fail the stack by itself",
          not bench.agent.requests, got)
    (bench.confdir / "test").write_text(
        f"account required {MODULE} socket={bench.socket}\naccount required pam_permit.so\n")
    known = ("done", {"ntstatus": 0, "canonical": "alice@contoso.test", "reason": "ok"})
    rule = ("done", {"ntstatus": 0xC000015B, "text": "Not here.", "reason": "access-rule"})
    for how, answer, wanted in (("known", known, "SUCCESS"), ("not ours", not_ours, "USER_UNKNOWN"),
                                ("against a rule", rule, "PERM_DENIED")):
        got = bench.run("account", process_env=env, conversations=[[answer]])
        asked = bench.agent.requests[0]
        check(f"ssh keys: account of a user {how}: {wanted}", got.codes == code(wanted) and
              "session" not in asked and (asked["uid"], asked["has_owner"]) == (70001, 1), got)
    check("ssh keys: and says why not", got.errors == ["Not here."], got)
    got = bench.run("account", user="root", process_env=env, conversations=[])
    check("the agent is not asked about root", got.codes == code("SUCCESS") and not bench.agent.requests,
          got)

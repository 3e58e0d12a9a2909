# SPDX-License-Identifier: MIT
"""pam_trustlogon.so in a real libpam, against a scripted agent."""
import os
import re
import shutil
import subprocess

from bench import (ALICE, CLIENT, GOOD, HERE, MODULE, NO_TRUST, PROMPT, SET_ITEMS, T1326, T1787,
                   VALGRIND, WRONG, check, code)
from wire import FLAGS, Agent

PIN = ("prompt", {"style": 6, "text": "PIN for Alice: "})


def test_linking(bench):
    out = subprocess.run(["readelf", "-d", str(MODULE)], capture_output=True, text=True,
                         check=True).stdout
    needed = sorted(re.findall(r"NEEDED.*\[(.*?)\]", out))
    check("links libc and libpam only", needed == ["libc.so.6", "libpam.so.0"], needed)
    out = subprocess.run(["ldd", str(MODULE)], capture_output=True, text=True, check=True).stdout
    found = [x for x in ("krb5", "ldap", "talloc", "sasl", "cares", "gnutls", "jansson") if x in out]
    check("brings no krb5, ldap, talloc, sasl, c-ares", not found, out)
    out = subprocess.run(["nm", "-D", "--defined-only", str(MODULE)], capture_output=True,
                         text=True, check=True).stdout
    names = sorted(line.split()[-1] for line in out.splitlines())
    check("exports the six functions only", names == sorted(
        f"pam_sm_{x}" for x in ("authenticate", "setcred", "acct_mgmt", "open_session",
                                "close_session", "chauthtok")), names)
    mapped = subprocess.run([str(CLIENT), str(bench.confdir), "test", "root", "account"],
                            capture_output=True, text=True, check=False,
                            env={**os.environ, "LD_DEBUG": "files"}).stderr
    loaded = set(re.findall(r"file=(lib\S+?) \[", mapped))
    foreign = [x for x in loaded if re.search("krb5|ldap|talloc|sasl|cares", x)]
    check("a process that uses it maps nothing of the kind", not foreign, loaded)


def test_codes(bench):
    bench.pam()
    table = [(0xC000006D, "AUTH_ERR"), (0xC000018B, "AUTH_ERR"), (0xC000018C, "AUTH_ERR"),
             (0xC000018D, "AUTH_ERR"), (0xC0000133, "AUTH_ERR"), (0xC0000071, "AUTH_ERR"),
             (0xC0000224, "AUTH_ERR"), (0xC000005E, "AUTHINFO_UNAVAIL"),
             (0xC00000DF, "AUTHINFO_UNAVAIL"), (0xC0000072, "PERM_DENIED"),
             (0xC0000234, "PERM_DENIED"), (0xC000006F, "PERM_DENIED"),
             (0xC0000070, "PERM_DENIED"), (0xC0000413, "PERM_DENIED"),
             (0xC0000193, "ACCT_EXPIRED"), (0xC00000E5, "SYSTEM_ERR"), (0xDEADBEEF, "AUTH_ERR")]
    for status, expected in table:
        done = ("done", {"ntstatus": status, "text": f"text of {status:08x}", "reason": "x"})
        got = bench.run("authenticate", conversations=[[PROMPT, done]])
        check(f"authenticate: {status:08X} is {expected}", got.codes == code(expected) and
              got.errors == [f"text of {status:08x}"] and got.prompts == ["Password: "], got)
    for status, expected in [(0xC0000071, "NEW_AUTHTOK_REQD"), (0xC0000224, "NEW_AUTHTOK_REQD"),
                             (0xC0000193, "ACCT_EXPIRED"), (0xC0000072, "PERM_DENIED")]:
        done = ("done", {"ntstatus": status, "text": "no", "reason": "x"})
        got = bench.run("authenticate", "account", conversations=[[PROMPT, GOOD], [done]])
        check(f"account: {status:08X} is {expected}",
              got.codes == code("SUCCESS", expected) and got.errors == ["no"], got)


def test_texts(bench):
    bench.pam()
    got = bench.run("authenticate", conversations=[[PROMPT, NO_TRUST]])
    check("1787 word for word, once, as an error", got.errors == [T1787] and not got.infos, got)
    check("the log names status and reason",
          any("0xc000018b" in x and "trust-downlevel" in x for x in got.logs), got)
    got = bench.run("auth-silent", conversations=[[PROMPT, NO_TRUST]])
    check("PAM_SILENT says nothing", got.codes == code("AUTH_ERR") and not got.errors, got)
    bench.pam("quiet")
    got = bench.run("authenticate", conversations=[[PROMPT, NO_TRUST]])
    check("quiet says nothing", got.codes == code("AUTH_ERR") and not got.errors, got)
    bench.pam()
    long = ("done", {"ntstatus": 0xC000018B, "text": "ä" * 600 + "\x1b[31m"})
    got = bench.run("authenticate", conversations=[[PROMPT, long]])
    check("a long text is cut to 512 bytes at a character",
          len(got.errors) == 1 and got.errors[0] == "ä" * 255, got)
    evil = ("done", {"ntstatus": 0xC000018B, "text": "%n%s\x1b[31m\x07"})
    got = bench.run("authenticate", conversations=[[PROMPT, evil]])
    check("no format, no escape sequence", got.errors == ["%n%s?[31m?"], got)
    say = [("say", {"style": 3, "text": "one"}), ("say", {"style": 4, "text": "two"})]
    got = bench.run("authenticate", conversations=[[*say, PROMPT, GOOD]])
    check("SAY as information and as error", got.infos == ["one"] and got.errors == ["two"], got)
    two = ("prompt", {"style": 2, "text": "PIN: "})
    got = bench.run("authenticate", answers=("secret", "1234"),
                    conversations=[[PROMPT, two, GOOD]])
    kinds = [(k, f.get("secret") or f.get("text")) for k, f in bench.agent.answers]
    check("two prompts, two answers", kinds == [("reply", "secret"), ("reply", "1234")], kinds)
    check("no secret in the log", not any("secret" in x for x in got.logs), got)


def test_names(bench):
    bench.pam()
    host = os.uname().nodename.split(".")[0]
    for user in ("root", "daemon", ".\\alice", f"{host}\\alice", f"{host.upper()}\\x"):
        got = bench.run("authenticate", user=user, conversations=[[PROMPT, GOOD]])
        check(f"{user} is not ours", got.codes == code("USER_UNKNOWN") and not got.prompts and
              not got.errors and not bench.agent.requests, got)
    for operation in ("setcred", "account", "open", "close", "chauthtok"):
        got = bench.run(operation, user="root", conversations=[])
        # libpam's answer where no module has one; it also is when PAM_IGNORE was
        check(f"root: {operation} is ignored", got.codes == code("PERM_DENIED"), got)
    for user in (ALICE, "alice@contoso.test", "roo", "rootx", "no.such.user", "a%n%s@x",
                 "ünï@contoso.test", "../../x", "x" * 500):
        got = bench.run("authenticate", user=user, conversations=[[PROMPT, WRONG]])
        check(f"{user[:20]}: same prompt as any other", got.codes == code("AUTH_ERR") and
              got.prompts == ["Password: "] and bench.agent.requests[0]["user"] == user, got)
    for length in (512, 4096, 100000):
        got = bench.run("authenticate", user="x" * length, conversations=[[PROMPT, GOOD]])
        check(f"a name of {length} bytes belongs to no user of a domain", got.codes == code("USER_UNKNOWN"), got)
    local = ("done", {"ntstatus": 0xC0000064, "local_user": 1, "text": "no"})
    got = bench.run("authenticate", conversations=[[local]])
    check("the agent says local: USER_UNKNOWN, no text",
          got.codes == code("USER_UNKNOWN") and not got.errors, got)
    bench.pam("minimum_uid=1000")
    got = bench.run("authenticate", conversations=[[PROMPT, GOOD]])
    check("minimum_uid goes to the agent too",
          bench.agent.requests[0]["options"] == "minimum_uid=1000", bench.agent.requests)


def test_passwords(bench):
    bench.pam()
    for length, expected in ((0, True), (1, True), (511, True), (512, False), (100000, False)):
        got = bench.run("authenticate", answers=(f"@long:{length}",),
                        conversations=[[PROMPT, GOOD]])
        sent = [f.get("secret") for k, f in bench.agent.answers if k == "reply"]
        if expected:
            check(f"a password of {length} bytes arrives whole", sent == ["x" * length] and
                  got.codes == code("SUCCESS"), got)
        else:
            check(f"a password of {length} bytes is refused", sent == [] and
                  got.codes == code("AUTH_ERR"), got)
    for answer in ("@null", "@error"):
        got = bench.run("authenticate", answers=(answer,), conversations=[[PROMPT, GOOD]])
        bench.agent.join(60)
        check(f"no reply ({answer}): CONV_ERR, and the agent hears of it",
              got.codes == code("CONV_ERR") and [k for k, _ in bench.agent.answers] == ["cancel"],
              f"{got} {bench.agent.answers}")


def test_first_pass(bench):
    if not os.path.exists(SET_ITEMS):
        print("skip first_pass (no pam_set_items.so)")
        return
    before = f"auth optional {SET_ITEMS}"
    given = {"PAM_AUTHTOK": "earlier"}
    bench.pam("", before)
    got = bench.run("authenticate", conversations=[[PROMPT, GOOD]], process_env=given)
    check("without the option an earlier password is not used", got.prompts == ["Password: "] and
          "secret" not in bench.agent.requests[0], got)
    for option in ("try_first_pass", "use_first_pass"):
        bench.pam(option, before)
        got = bench.run("authenticate", conversations=[[GOOD]], process_env=given)
        check(f"{option}: the earlier password goes along", not got.prompts and
              bench.agent.requests[0].get("secret") == "earlier" and
              got.codes == code("SUCCESS"), got)
        got = bench.run("authenticate", conversations=[[PROMPT, GOOD]])
        check(f"{option}: asks where there is no password yet", got.prompts == ["Password: "] and
              got.codes == code("SUCCESS"), got)
        got = bench.run("authenticate", conversations=[[GOOD]],
                        process_env={"PAM_AUTHTOK": "x" * 600})
        check(f"{option}: refuses one of 600 bytes", got.codes == code("AUTH_ERR") and
              not bench.agent.requests, got)
    bench.pam("try_first_pass", before)
    got = bench.run("authenticate", conversations=[[WRONG], [PROMPT, GOOD]], process_env=given)
    check("try_first_pass: asks after a wrong one, without a text in between",
          got.codes == code("SUCCESS") and got.prompts == ["Password: "] and not got.errors, got)
    got = bench.run("authenticate", conversations=[[NO_TRUST], [PROMPT, GOOD]], process_env=given)
    check("try_first_pass: does not ask after another failure",
          got.codes == code("AUTH_ERR") and not got.prompts and got.errors == [T1787], got)
    for name, texts in (("alice", []), ("alice@contoso.test", [T1326]), ("CONTOSO\\alice", [T1326])):
        bench.pam("")
        got = bench.run("authenticate", conversations=[[PROMPT, WRONG]], user=name)
        check(f"{name}, wrong password: {len(texts)} texts", got.codes == code("AUTH_ERR") and
              got.errors == texts, got)
    bench.pam("use_first_pass", before)
    got = bench.run("authenticate", conversations=[[WRONG], [PROMPT, GOOD]], process_env=given)
    check("use_first_pass: never asks after a wrong one", got.codes == code("AUTH_ERR") and
          not got.prompts and got.errors == [T1326], got)
    after = f"auth required {MODULE} socket={bench.socket} use_first_pass"
    bench.pam("", after=after)
    got = bench.run("authenticate", answers=("4711", "secret"), conversations=[[PIN, GOOD], [WRONG]])
    check("a PIN is not handed on to the modules that follow", got.codes == code("AUTH_ERR") and
          "secret" not in bench.agent.requests[1], bench.agent.requests)
    check("nor logged", not any("4711" in x for x in got.logs), got)
    got = bench.run("authenticate", answers=("4711", "secret"),
                    conversations=[[PIN, PROMPT, GOOD], [WRONG]])
    check("a password after it is", bench.agent.requests[1].get("secret") == "secret",
          bench.agent.requests)
    bench.pam("", after=after)
    got = bench.run("authenticate", conversations=[[PROMPT, GOOD], [GOOD]])
    check("the password typed is there for the next module", len(bench.agent.requests) == 2 and
          bench.agent.requests[1].get("secret") == "secret" and len(got.prompts) == 1, got)


def test_options(bench):
    bad = ("try_first_passs", "quiet=yes", "canonical_user=maybe", "conf=relative", "walk",
           "timeout=0", "minimum_uid=abc", "reaml=X")
    for option in bad:
        bench.pam(option)
        got = bench.run("authenticate", "setcred", "account", "open", "chauthtok",
                        conversations=[[PROMPT, GOOD]])
        lines = [x for x in got.logs if f'"{option}"' in x]
        check(f"{option}: one line names it, no user gets in", len(lines) == 5 and
              got.codes == code(*["SERVICE_ERR"] * 5) and not bench.agent.requests, got)
    bench.pam("debug realm=FABRIKAM.TEST walk=direct conf=/etc/other.conf")
    bench.run("authenticate", conversations=[[PROMPT, GOOD]])
    request = bench.agent.requests[0]
    check("options for the agent travel", request["options"] == "realm=FABRIKAM.TEST\nwalk=direct"
          and request["conf"] == "/etc/other.conf" and request["flags"] & FLAGS["debug"] and
          request["service"] == "test", request)
    bench.pam()
    got = bench.run("authenticate", conversations=[[PROMPT, GOOD]])
    check("PAM_USER stays", got.user == ALICE, got)
    got = bench.run("authenticate", "authenticate", "account", answers=("secret", "secret"),
                    conversations=[[PROMPT, GOOD], [PROMPT, NO_TRUST], [GOOD]])
    check("a logon that failed leaves nothing of the one before",
          got.codes == code("SUCCESS", "AUTH_ERR", "SUCCESS") and
          [r["op"] for r in bench.agent.requests] == [1, 1, 2] and
          "session" not in bench.agent.requests[2], got)
    bench.pam("canonical_user=yes")
    stored = ("done", {"ntstatus": 0, "ccache": "FILE:/tmp/x"})
    got = bench.run("authenticate", "account", conversations=[[PROMPT, GOOD], [GOOD], [stored]])
    check("canonical_user=yes sets it, and the logon goes with it",
          got.user == "alice@contoso.test" and got.codes == code("SUCCESS", "SUCCESS"), got)


def test_manual(bench):
    top = HERE.parent.parent
    source = (top / "pam_module" / "options.c").read_text()
    manual = (top / "docs" / "pam_trustlogon.8").read_text()
    missing = [x for x in re.findall(r"OPT\((\w+),|\{\"(\w+)\", NUMBER", source)
               if x[0] != "name" and f"Cm {x[0] or x[1]}" not in manual]
    check("pam_trustlogon(8) has every option", not missing, missing)


def test_hostile_agent(bench):
    bench.pam("timeout=1")
    cases = [("dies at once", ["die"], "AUTHINFO_UNAVAIL"),
             ("dies after the password", [PROMPT, "die"], "AUTHINFO_UNAVAIL"),
             ("hangs at once", ["hang"], "AUTHINFO_UNAVAIL"),
             ("hangs after the password", [PROMPT, "hang"], "AUTHINFO_UNAVAIL"),
             ("sends garbage", [b"garbage"], "SYSTEM_ERR"),
             ("sends a packet too large", [b"TLW1" + b"\0" * 20000], "SYSTEM_ERR"),
             ("sends a request", [("request", {"op": 1})], "SYSTEM_ERR"),
             ("talks for ever", [("say", {"style": 3, "text": "x"})] * 1000, "SYSTEM_ERR"),
             ("says success without a name", [PROMPT, ("done", {"ntstatus": 0})], "SYSTEM_ERR"),
             ("sends an empty DONE", [("done", {})], "SYSTEM_ERR"),
             ("brings a token that is a path",
              [("done", {"canonical": "a", "session": "../../../../../../../../etc/passw"})],
              "SYSTEM_ERR"),
             ("brings a name of 4000 bytes", [("done", {"canonical": "a" * 4000})], "SYSTEM_ERR")]
    for name, steps, expected in cases:
        got = bench.run("authenticate", conversations=[steps])
        check(f"an agent that {name}: {expected}", got.codes == code(expected) and
              got.seconds < 15 and not got.env, got)
    truncated = [b"TLW1\x01\x06\x01\x00" + bytes([7, 1, 0, 0, 4, 0, 0, 0])[:n] for n in range(8)]
    good = all(bench.run("authenticate", conversations=[[x]]).codes == code("SYSTEM_ERR")
               for x in truncated)
    check("truncated messages are refused", good)
    bench.pam("timeout=20")
    got = bench.run("authenticate", conversations=[[PROMPT, 0.3, PROMPT, 0.3, GOOD]],
                    answers=("a", "b"))
    check("a slow agent within its time is waited for", got.codes == code("SUCCESS"), got)


def test_socket(bench):
    bench.pam()
    got = bench.run("authenticate")
    check("no agent: AUTHINFO_UNAVAIL and a line in the log",
          got.codes == code("AUTHINFO_UNAVAIL") and any("trustlogond" in x for x in got.logs) and
          not got.prompts, got)
    open_folder = bench.folder / "open"
    open_folder.mkdir()
    open_folder.chmod(0o777)
    bench.pam(socket=open_folder / "agent")
    agent = Agent(str(open_folder / "agent"), [[PROMPT, GOOD]])
    got = bench.run("authenticate")
    check("a socket in a folder anyone may write to gets no password",
          got.codes == code("AUTHINFO_UNAVAIL") and not agent.requests, got)
    agent.end()
    bench.pam()
    agent = Agent(str(bench.socket), [[PROMPT, GOOD]])
    os.chown(bench.socket, 12345, 12345)
    got = bench.run("authenticate")
    check("a socket of another user gets no password",
          got.codes == code("AUTHINFO_UNAVAIL") and not agent.requests, got)
    agent.end()


def test_valgrind(bench):
    if not shutil.which("valgrind"):
        print("skip valgrind (not installed)")
        return
    bench.pam("try_first_pass debug realm=X.Y")
    cases = [("failed", ["authenticate"], [[PROMPT, NO_TRUST]]),
             ("successful", ["authenticate", "account"], [[PROMPT, GOOD], [GOOD]]),
             ("hostile", ["authenticate"], [[b"garbage"]])]
    for name, operations, conversations in cases:
        got = bench.run(*operations, conversations=conversations, prefix=VALGRIND)
        check(f"valgrind: a {name} conversation is clean", got.output.endswith("exit 0") and
              "==" not in got.output, got)


def test_caller(bench):
    """Root's programs say who called them."""
    bench.pam()
    for how, prefix, caller in (("root's own program", (), None),
                                ("a setuid program", ("setpriv", "--ruid", "1234"), "1234")):
        got = bench.run("authenticate", conversations=[[PROMPT, GOOD]], prefix=prefix)
        check(f"{how} names {caller or 'no caller'}", got.codes == code("SUCCESS") and
              bench.agent.requests[0].get("caller") == caller, (got, bench.agent.requests))


def test_manual(bench):
    """No page shows a stack with an open end: a user whom no module lets in is refused."""
    del bench
    root = HERE.parent.parent
    pages = [*(root / "docs").iterdir(), root / "README.md"]
    open_ends = [f"{page.name}: {line}" for page in pages if page.is_file()
                 for line in page.read_text(encoding="utf-8").splitlines()
                 if re.match(r"\s*-?(auth|account|password)\s+sufficient\s+pam_trustlogon", line)]
    check("no page has a bare sufficient", not open_ends, open_ends)
    page = (root / "docs/pam_trustlogon.8").read_text(encoding="utf-8")
    synopsis = page.split(".Sh SYNOPSIS")[1].split(".Sh ")[0]
    for kind in ("auth", "password"):
        stack = re.findall(rf"^{kind}\s+(\S.*?)\s+(pam_\w+)\.so", synopsis, re.M)
        jumps = [(n, int(control[1])) for n, (how, _) in enumerate(stack)
                 if (control := re.match(r"\[success=(\d) default=ignore\]", how))]
        check(f"the synopsis' {kind} ends in pam_deny, which success jumps over",
              stack[-2:] == [("requisite", "pam_deny"), ("required", "pam_permit")] and
              len(jumps) == len(stack) - 2 and
              all(n + 1 + skip == len(stack) - 1 for n, skip in jumps), stack)

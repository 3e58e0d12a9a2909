# SPDX-License-Identifier: MIT
"""Changing a password: what pam_trustlogon.so asks, keeps and answers, against a scripted agent."""
from bench import CODES, GOOD, MODULE, PROMPT, WRONG, check, code
from wire import FLAGS

OLD = ("prompt", {"style": 1, "text": "Current password: "})
NEW = ("prompt", {"style": 5, "text": "New password: "})
AGAIN = ("prompt", {"style": 1, "text": "Retype new password: "})
DONE = ("done", {"ntstatus": 0, "canonical": "alice@contoso.test", "reason": "ok"})
T1325 = "Unable to update the password. It must have at least 7 characters."
REFUSED = ("done", {"ntstatus": 0xC000006C, "text": T1325, "reason": "password-too-short"})
T1265 = "The system cannot contact a domain controller. The password was not changed."
FILTERED = ("done", {"ntstatus": 0xC0000388, "text": T1265, "reason": "x"})
EXPIRED = ("say", {"style": 3, "text": "The user's password must be changed before signing in."})


def asked(bench, *names):
    """These fields of each request, without those that are not there."""
    return [{n: r[n] for n in names if n in r} for r in bench.agent.requests]


def test_change(bench):
    bench.pam()
    got = bench.run("chauthtok", answers=("old", "new", "new"),
                    conversations=[[OLD, DONE], [NEW, AGAIN, DONE]])
    check("the old password, then the new one twice", got.codes == code("SUCCESS") and
          got.prompts == ["Current password: ", "New password: ", "Retype new password: "], got)
    flags = [r["flags"] for r in bench.agent.requests]
    check("two requests: the first proves, the second changes with the old one",
          flags == [FLAGS["prelim"], FLAGS["update"]] and
          asked(bench, "secret", "new_secret") == [{}, {"secret": "old"}], bench.agent.requests)
    check("no password in the log", not any("old" in x or "new" in x for x in got.logs), got)
    got = bench.run("chauthtok", answers=("old",), conversations=[[OLD, WRONG]])
    check("a wrong old password ends it", got.codes == code("AUTH_ERR") and
          len(got.errors) == 1 and len(bench.agent.requests) == 1, got)
    got = bench.run("chauthtok", answers=("old",), conversations=[[OLD, FILTERED]])
    check("no DC to change it: said before a new one is asked for",
          got.codes == code("AUTHINFO_UNAVAIL") and got.errors == [T1265], got)
    got = bench.run("chauthtok", answers=("old", "x", "x", "y", "y"), conversations=[
        [OLD, DONE], [NEW, AGAIN, ("say", {"style": 4, "text": T1325}), NEW, AGAIN, REFUSED]])
    check("refused twice: said both times, AUTHTOK_ERR", got.codes == code("AUTHTOK_ERR") and
          got.errors == [T1325, T1325], got)
    got = bench.run("chauthtok", answers=("old", "new", "@error"),
                    conversations=[[OLD, DONE], [NEW, AGAIN, DONE]])
    check("cancelled in the middle", got.codes == code("CONV_ERR") and
          bench.agent.answers[-1][0] == "cancel", got)
    empty = ("done", {"ntstatus": 0})
    for conversations in ([[OLD, empty]], [[OLD, DONE], [NEW, AGAIN, empty]]):
        got = bench.run("chauthtok", answers=("old", "new", "new"), conversations=conversations)
        check("a success without a name is refused", got.codes == code("SYSTEM_ERR"), got)
    got = bench.run("chauthtok", conversations=[[("done", {"ntstatus": 1, "local_user": 1})]])
    check("not ours after all: ignored", got.codes == code("PERM_DENIED") and not got.prompts, got)


def test_change_items(bench):
    bench.pam("use_authtok")
    got = bench.run("chauthtok", answers=("old",), conversations=[[OLD, DONE], [DONE]])
    check("use_authtok without a password: AUTHTOK_ERR, the agent is not asked",
          got.codes == code("AUTHTOK_ERR") and len(bench.agent.requests) == 1, got)
    line = f"password required {MODULE} socket={bench.socket} agent=/nonexistent"
    (bench.confdir / "test").write_text(f"{line}\n{line} use_first_pass use_authtok\n")
    got = bench.run("chauthtok", answers=("old", "new", "new"), conversations=[
        [OLD, DONE], [DONE], [NEW, AGAIN, DONE], [DONE]])
    check("what the first module of a stack was given, the second has",
          got.codes == code("SUCCESS") and asked(bench, "secret", "new_secret") == [
              {}, {"secret": "old"}, {"secret": "old"}, {"secret": "old", "new_secret": "new"}],
          (got, bench.agent.requests))
    (bench.confdir / "test").write_text(f"{line}\n{line} try_first_pass\n")
    got = bench.run("chauthtok", answers=("one", "two", "n", "n", "n", "n"), conversations=[
        [OLD, DONE], [WRONG], [OLD, DONE], [NEW, AGAIN, DONE], [NEW, AGAIN, DONE]])
    check("try_first_pass asks when the earlier one is wrong", got.codes == code("SUCCESS") and
          got.prompts.count("Current password: ") == 2, got)
    check("and takes the new one that is there", bench.agent.requests[-1].get("new_secret") == "n",
          bench.agent.requests)


def test_expired(bench):
    bench.pam()
    change = [PROMPT, EXPIRED, NEW, AGAIN, GOOD]
    got = bench.run("authenticate", "chauthtok-expired", answers=("old", "new", "new"),
                    conversations=[change])
    check("expired: the change is part of the logon, and chauthtok has nothing left to do",
          got.codes == code("SUCCESS", "SUCCESS") and got.infos == [EXPIRED[1]["text"]] and
          len(bench.agent.requests) == 1, got)
    got = bench.run("chauthtok-expired", answers=("old",), conversations=[[OLD, DONE], [DONE]])
    check("\"only if expired\" is the agent's to judge", got.codes == code("SUCCESS") and
          all(r["flags"] & FLAGS["expired"] for r in bench.agent.requests), bench.agent.requests)
    line = f"auth required {MODULE} socket={bench.socket} agent=/nonexistent"
    (bench.confdir / "test").write_text(f"{line}\n{line} use_first_pass\n")
    got = bench.run("authenticate", answers=("old", "new", "new"), conversations=[change, [GOOD]])
    check("expired: later modules get the new password", got.codes == code("SUCCESS") and
          bench.agent.requests[1]["secret"] == "new", bench.agent.requests)
    got = bench.run("authenticate", answers=("old", "x", "x"),
                    conversations=[[PROMPT, EXPIRED, NEW, AGAIN, REFUSED], [GOOD]])
    check("a refused one is not offered", got.codes[0] == CODES["AUTH_ERR"] and
          bench.agent.requests[1]["secret"] == "old", (got, bench.agent.requests))
    must = ("done", {"ntstatus": 0xC0000224, "text": "must", "reason": "x"})
    bench.pam()
    got = bench.run("authenticate", conversations=[[PROMPT, must]])
    check("\"must change\" alone is never an answer of authenticate",
          got.codes == code("AUTH_ERR"), got)

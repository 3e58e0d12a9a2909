#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The command offline: route on a dump and what-if, status, usage, hostile names.

usage: test_cli.py TRUSTLOGON
"""
import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import tempfile
import termios
import time
import unittest

sys.dont_write_bytecode = True
from command import PROGRAM, WithFolder, run  # noqa: E402

DUMP = {
    "version": 1, "taken": 1700000000, "source": "ldap://dc1.fabrikam.test",
    "domain": "fabrikam.test", "forest": "fabrikam.test",
    "domains": [{"dns": "fabrikam.test", "flat": "FABRIKAM"}],
    "suffixes": ["fab.example"],
    "trusts": [{"holder": "fabrikam.test", "dn": "CN=contoso.test,CN=System,DC=fabrikam,DC=test",
                "trustPartner": "contoso.test", "flatName": "CONTOSO", "trustDirection": 3,
                "trustType": 2, "trustAttributes": 0}],
}
TEXT_1787 = ("The security database on the server does not have a computer account for this "
             "workstation trust relationship.")


class WithDump(WithFolder):
    def setUp(self):
        super().setUp()
        self.dump = self.write("dump.json", json.dumps(DUMP))


class Offline(WithDump):
    def route(self, name, *settings):
        options = [option for setting in settings for option in ("--set", setting)]
        done = run("route", "--json", "--topology", self.dump, *options, name)
        return done.returncode, json.loads(done.stdout)

    def test_named_domain(self):
        code, got = self.route("CONTOSO\\alice")
        self.assertEqual((code, got["verdict"], got["realm"], got["principal"], got["name_type"]),
                         (0, "ok", "CONTOSO.TEST", "alice", "NT-PRINCIPAL"))
        self.assertEqual(got["first_ask"], "krbtgt")
        self.assertEqual(got["implicit_upn"], "alice@contoso.test")

    def test_suffix_over_external_trust(self):
        code, got = self.route("alice@corp.example")
        self.assertEqual((code, got["verdict"], got["status"]["win32"]),
                         (1, "suffix-not-routable-over-external-trust", 1326))

    def test_what_if_forest_trust(self):
        forest = ("contoso.test.trustAttributes=8", "contoso.test.tln:corp.example=enabled")
        for name in ("alice@corp.example", "alice@contoso.test", "alice@sub.contoso.test"):
            code, got = self.route(name, *forest)
            self.assertEqual((code, got["verdict"]), (0, "ok"), name)
        code, got = self.route("alice@corp.example", *forest)
        self.assertEqual(got["name_type"], "NT-ENTERPRISE")
        code, got = self.route("alice@corp.example", *forest, "contoso.test.tln:contoso.test=absent")
        self.assertEqual((code, got["verdict"]), (1, "suffix-unknown"))
        code, got = self.route("alice@corp.example", *forest,
                               "contoso.test.tln:corp.example=disabled")
        self.assertEqual((code, got["verdict"]), (1, "suffix-disabled-by-admin"))

    def test_what_if_downlevel(self):
        code, got = self.route("CONTOSO\\alice", "contoso.test.trustType=1")
        self.assertEqual((code, got["verdict"]), (1, "trust-downlevel"))

    def test_direction_names_the_object(self):
        code, got = self.route("CONTOSO\\alice", "contoso.test.trustDirection=1")
        self.assertEqual((code, got["verdict"]), (1, "trust-direction"))
        self.assertIn("CN=System,DC=fabrikam,DC=test", got["subject"])

    def test_bad_settings_are_usage_errors(self):
        for setting in ("nonsense", "contoso.test.trustType=x", "unknown.example.trustType=1",
                        "contoso.test.noSuchAttribute=1", "", "=", "."):
            done = run("route", "--topology", self.dump, "--set", setting, "CONTOSO\\alice")
            self.assertEqual(done.returncode, 2, setting)
            self.assertIn("--set", done.stderr)

    def test_broken_dumps(self):
        for text in ("", "{", "[]", "{}", '{"version": 1, "trusts": 7}', "\0" * 10, "{" * 5000):
            with open(self.dump, "w", encoding="utf-8") as out:
                out.write(text)
            done = run("route", "--topology", self.dump, "CONTOSO\\alice")
            self.assertEqual(done.returncode, 3, text[:20])
            self.assertIn(self.dump, done.stderr)

    def test_hostile_names(self):
        for name in ("", "\\", "@", "@@", "a@@", "\\x", "x\\", "@x", "%n%n%s%s", "../../etc/passwd",
                     "a\x1b[31mb", "\x7f", "a\nb", "x" * 1025, "x" * 100000, "CONTOSO\\" + "y" * 5000,
                     b"\xff\xfe".decode("utf-8", "surrogateescape"), "a@b@c@contoso.test"):
            done = subprocess.run([PROGRAM, "route", "--topology", self.dump,
                                   name.encode("utf-8", "surrogateescape")],
                                  capture_output=True, timeout=60, check=False)
            self.assertIn(done.returncode, (0, 1), name[:30])
            self.assertNotIn(b"\x1b", done.stdout + done.stderr)

    def test_trusts_of_a_dump(self):
        done = run("trusts", "--topology", self.dump)
        self.assertEqual(done.returncode, 0)
        self.assertIn("CONTOSO contoso.test (NT 5) (Direct Outbound) (Direct Inbound)", done.stdout)
        self.assertIn('"fabrikam.test" -> "contoso.test"',
                      run("trusts", "--dot", "--topology", self.dump).stdout)
        self.assertIn("<-> contoso.test", run("trusts", "--tree", "--topology", self.dump).stdout)
        copy = os.path.join(self.folder, "copy.json")
        self.assertEqual(run("trusts", "--topology", self.dump, "--dump", copy).returncode, 0)
        self.assertEqual(run("trusts", "--json", "--topology", copy).stdout,
                         run("trusts", "--json", "--topology", self.dump).stdout)


class Status(unittest.TestCase):
    def test_every_way_to_name_1787(self):
        for code in ("0xC000018B", "0xc000018b", "3221225867", "-1073741429", "1787", "0x6fb",
                     "NO_TRUST_SAM_ACCOUNT", "STATUS_NO_TRUST_SAM_ACCOUNT",
                     "ERROR_NO_TRUST_SAM_ACCOUNT", "7", "KDC_ERR_S_PRINCIPAL_UNKNOWN",
                     "S_PRINCIPAL_UNKNOWN", "-1765328377", "trust-account-unknown"):
            done = run("status", code)
            self.assertEqual(done.returncode, 0, code)
            self.assertIn(TEXT_1787, done.stdout, code)

    def test_unknown(self):
        for code in ("0xC0FFEE00", "no-such-reason", "", "99999999999999999999", "-1"):
            done = run("status", code)
            self.assertEqual(done.returncode, 1, code)
            self.assertNotEqual(done.stderr, "")

    def test_reason(self):
        """Slugs are an interface: one that no code returns today is still explained."""
        got = json.loads(run("status", "--json", "agent-unavailable").stdout)
        self.assertEqual((got["reason"]["slug"], got["status"]["name"]),
                         ("agent-unavailable", "INTERNAL_ERROR"))
        self.assertIn("trustlogond", got["reason"]["explanation"])

    def test_json(self):
        got = json.loads(run("status", "--json", "1935").stdout)
        self.assertEqual(got["status"]["ntstatus"], "0xC0000413")


class WellKnown(unittest.TestCase):
    def test_sid_of_no_domain(self):
        done = run("id", "S-1-18-1")
        self.assertIn("Authentication authority asserted identity", done.stdout)
        self.assertNotIn("nobody", done.stdout)
        self.assertIn("access rules", json.loads(run("id", "--json", "S-1-18-1").stdout)["why"])
        self.assertIn("is not known", run("id", "S-1-18-77").stdout)


class Prompt(unittest.TestCase):
    def terminal(self):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        return master, slave

    def test_what_is_typed_ahead_is_the_answer(self):
        master, slave = self.terminal()
        os.write(master, b"typed ahead\n")
        process = subprocess.Popen([PROGRAM, "diagnose", "CONTOSO\\alice"], stdin=slave,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, _ = process.communicate(timeout=20)
        self.assertIn(b"Reason", out)  # it went on: no second line was waited for

    def test_nothing_given_is_nothing_tried(self):
        for verb in ("logon", "diagnose"):
            for text in ("", "\n"):
                done = run(verb, "CONTOSO\\alice", stdin=text)
                self.assertEqual((done.returncode, done.stdout), (3 if "keytab" in done.stderr else 2, ""),
                                 (verb, done))
        master, slave = self.terminal()
        os.write(master, b"\n")
        process = subprocess.Popen([PROGRAM, "diagnose", "CONTOSO\\alice"], stdin=slave,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, error = process.communicate(timeout=20)
        self.assertEqual((process.returncode, out), (2, b""))
        self.assertIn(b"an empty one is not tried", error)

    def test_suspended_prompt_gives_the_echo_back(self):
        master, slave = self.terminal()
        process = subprocess.Popen([PROGRAM, "diagnose", "CONTOSO\\alice"], stdin=slave,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        with process.stderr:
            self.assertIn(b"Password of", process.stderr.read(11))
            process.send_signal(signal.SIGTSTP)
            os.waitpid(process.pid, os.WUNTRACED)
            self.assertTrue(termios.tcgetattr(slave)[3] & termios.ECHO)
            process.send_signal(signal.SIGCONT)
            while termios.tcgetattr(slave)[3] & termios.ECHO:
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=20), -signal.SIGINT)

    def test_interrupted_prompt_leaves_the_echo_on(self):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        process = subprocess.Popen([PROGRAM, "diagnose", "CONTOSO\\alice"], stdin=slave,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        with process.stderr:
            self.assertIn(b"Password of", process.stderr.read(11))
            self.assertFalse(termios.tcgetattr(slave)[3] & termios.ECHO)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=20), -signal.SIGINT)
        self.assertTrue(termios.tcgetattr(slave)[3] & termios.ECHO)


class NoBackslash(WithDump):
    """A shell makes CONTOSOalice of an unquoted CONTOSO\\alice."""

    def test_it_is_said(self):
        for name, meant in (("CONTOSOalice", "CONTOSO\\alice"), ("contosoalice", "CONTOSO\\alice"),
                            ("contoso.testalice", "contoso.test\\alice"),
                            ("FABRIKAMbob", "FABRIKAM\\bob")):
            done = run("route", "--topology", self.dump, name)
            self.assertIn(f"If you mean '{meant}'", done.stderr, name)

    def test_other_names_are_left_alone(self):
        for name in ("alice", "CONTOSO", "CONTOS", "CONTOSO\\alice", "CONTOSOalice@contoso.test"):
            self.assertEqual(run("route", "--topology", self.dump, name).stderr, "", name)


class OrdinaryUser(WithDump):
    """If root is needed the message says so, instead of "correct the keytab's mode"."""

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("runs a command as nobody")
        os.chmod(self.folder, 0o755)
        keytab = os.path.join(self.folder, "keytab")
        self.conf = self.write("conf", f"[workstation]\n    keytab = {keytab}\n")
        with open(keytab, "wb") as out:
            out.write(b"\5\2")
        os.chmod(keytab, 0o600)

    def as_nobody(self, *arguments, stdin=""):
        # The build folder need not be open to others: the program is, by its descriptor.
        program = os.open(PROGRAM, os.O_RDONLY)
        self.addCleanup(os.close, program)
        return subprocess.run([f"/proc/self/fd/{program}", "--conf", self.conf, *arguments],
                              pass_fds=(program,), user="nobody", capture_output=True, text=True,
                              input=stdin, timeout=60, check=False)

    def test_keytab_is_left_alone(self):
        for verb in (["diagnose", "--no-password", "CONTOSO\\alice"], ["refresh"],
                     ["logon", "CONTOSO\\alice"]):
            done = self.as_nobody(*verb, stdin="password\n")
            self.assertNotEqual(done.returncode, 0, verb)
            self.assertIn("as root", done.stdout + done.stderr, verb)
            self.assertNotIn("Correct its owner", done.stdout + done.stderr, verb)


class Usage(unittest.TestCase):
    def test_usage(self):
        for arguments in ([], ["nonsense"], ["status"], ["status", "1", "2"], ["route"],
                          ["--no-such-option"], ["route", "--no-such-option", "x"],
                          ["locate", "not a domain"], ["refresh", "x"], ["trusts", "x"]):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertNotEqual(done.stderr, "", arguments)
        self.assertEqual(run("--help").returncode, 0)
        self.assertEqual(run("--version").returncode, 0)
        self.assertEqual(run("version").stdout, run("--version").stdout)
        self.assertEqual(run("help").stdout, run("--help").stdout)

    def test_every_verb_helps(self):
        verbs = [line.split()[0] for line in run("--help").stdout.splitlines()
                 if line.startswith("  ") and line[2] != " "]
        self.assertGreater(len(verbs), 10)
        for verb in verbs:
            done = run(verb, "--help") if verb != "help" else run("help", "help")
            self.assertEqual((done.returncode, done.stderr), (0, ""), verb)
            self.assertIn(f"trustlogon [--json] [--conf FILE] {verb}", done.stdout)
            self.assertEqual(run("help", verb).stdout, done.stdout)
            self.assertEqual([line for line in done.stdout.splitlines()
                              if line != line.rstrip()], [])

    def test_the_page_of_json_names_every_check(self):
        top = pathlib.Path(__file__).resolve().parents[2]
        page = (top / "docs/json.md").read_text(encoding="utf-8")
        listed = re.search(r"`check` \(([^)]*)\)", page).group(1).replace(",", " ").split()
        sources = "".join(file.read_text(encoding="utf-8")
                          for file in (top / "common/diagnose").glob("*.c"))
        made = set(re.findall(r'tli_found(?:_ok|_unknown|_outcome)?\(\s*run,\s*"([\w-]+)"', sources))
        self.assertGreater(len(made), 15)
        self.assertEqual(made - set(listed), set())

    def test_errors_of_usage_are_json_too(self):
        for arguments in (["nonsense"], [], ["route", "--no-such-option"], ["--no-such-option"],
                          ["route", "x", "--topology"], ["status"], ["help", "nonsense"],
                          ["locate", "not a domain"], ["version", "x"]):
            done = run("--json", *arguments)
            self.assertEqual(done.returncode, 2, arguments)
            got = json.loads(done.stdout)
            self.assertEqual(got["exit"], 2)
            for word in arguments[-1:]:
                if word.startswith("--"):
                    self.assertIn(word, got["error"])

    def test_output_that_is_lost_is_an_error(self):
        for arguments in (["status", "1787"], ["status", "--json", "1787"], ["--help"], ["version"]):
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE,
                                      text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, 3, arguments)
            self.assertIn("No space left", done.stderr)

    def test_broken_configuration_is_named(self):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
            conf.write("[logon]\n    walk = sideways\n")
            conf.flush()
            for verb in (["config"], ["locate", "contoso.test"], ["logon", "x"]):
                done = run("--conf", conf.name, *verb)
                self.assertIn(done.returncode, (1, 3), verb)
                for word in (conf.name, "logon", "walk", "sideways"):
                    self.assertIn(word, done.stderr, verb)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_diagnose_explains_a_broken_configuration(self):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
            conf.write("[logon]\n    walk = sideways\n")
            conf.flush()
            done = run("--conf", conf.name, "diagnose", "--json", "x")
            got = json.loads(done.stdout)
        self.assertEqual(done.returncode, 1)
        self.assertEqual((got["reason"], got["status"]["ntstatus"], got["who"], got["subject"],
                          got["attribute"]),
                         ("config-invalid", "0xC00000E5", "root on this machine", conf.name,
                          "[logon] walk = sideways"))
        where = "line 2: [logon] walk: 'sideways' must be windows, referral or direct"
        self.assertIn(f"{conf.name}: {where}", got["cause"])
        self.assertIn("trustlogon config", got["remedy"])
        found, = [f for f in got["findings"] if f["check"] == "config"]
        self.assertEqual((found["verdict"], found["reason"], found["target"], found["what"]),
                         ("failed", "config-invalid", conf.name, where))
        self.assertTrue(found["remedy"])
        tested = {area["area"]: area["why"] for area in got["areas"] if area["tested"] == "no"}
        for area in ("name", "logon", "access"):  # none is about the defaults
            self.assertIn(area, tested)
        self.assertEqual(tested["access"], "without a valid configuration")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

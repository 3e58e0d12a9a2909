#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`trustlogon id` on a store of the test's own, with no agent asked.

usage: test_id.py TRUSTLOGON MAKE_STORE
"""
import os
import sys
import time
import unittest

sys.dont_write_bytecode = True
from command import SID, WithStore  # noqa: E402


class Id(WithStore):
    VERB = "id"

    def configure(self, text):
        self.write("trustlogon.conf", text)

    def test_a_user_under_every_key(self):
        for name in ("alice@contoso.test", "ALICE@Contoso.Test", "CONTOSO\\alice",
                     "contoso.test\\Alice", "201105", SID + "1105", "s-1-5-21-1-2-3-1105"):
            code, got = self.answer(name)
            user = got["user"]
            self.assertEqual((code, got["asked"], user["name"], user["id"], user["gid"],
                              user["sid"], user["home"], user["shell"], user["gecos"],
                              user["source"]),
                             (0, name, "alice@contoso.test", 201105, 200513, SID + "1105",
                              "/home/contoso.test/alice", "/bin/bash", "A User", "logon"), name)
            self.assertEqual((got["group"], got["missing"], got["agent"], got["warnings"]),
                             (None, None, None, []))
            self.assertEqual((got["idmap"], got["stored"], got["direct"]), (None, True, None))
            self.assertEqual(sorted(user["names"]), ["alice@contoso.test", "contoso.test\\alice",
                                                     "contoso\\alice"])
            self.assertLess(abs(user["written"] - time.time()), 60)
            self.assertEqual(user["valid_until"] - user["fresh_until"], 86400 - 3600)

    def test_groups_of_a_user(self):
        groups = self.answer("alice@contoso.test")[1]["groups"]
        self.assertEqual(groups["source"], "logon")
        self.assertEqual([(each["gid"], each["sid"], each["name"]) for each in groups["list"]],
                         [(200513, SID + "513", "domain users@contoso.test"),
                          (201200, SID + "1200", "linux users@contoso.test"),
                          (201300, SID + "1300", "staff@contoso.test"), (299999, None, None)])

    def test_a_group(self):
        for name in ("Domain Users@contoso.test", "200513", SID + "513"):
            code, got = self.answer(name)
            group = got["group"]
            self.assertEqual((code, got["user"], group["name"], group["id"], group["sid"],
                              group["members"], group["source"]),
                             (0, None, "domain users@contoso.test", 200513, SID + "513", 2,
                              "directory"))
            self.assertEqual(group["member_names"], ["alice@contoso.test", "bob@contoso.test"])
        group = self.answer("201200")[1]["group"]
        self.assertEqual((group["members"], group["member_names"]), (None, None))
        self.assertRegex(self.run_verb("201200").stdout, "Members +not looked up yet")

    def test_text(self):
        text = self.run_verb("contoso\\alice").stdout
        for line in ("^User +alice@contoso.test$", "^Names +contoso.alice, contoso.test.alice ?$",
                     "^SID +S-1-5-21-1-2-3-1105$", "^uid +201105$",
                     r"^gid +200513 \(domain users@contoso.test\)$",
                     "^Source +proven at a logon .PAC. [0-9]+ s ago; refreshed in",
                     "^Groups +4, proven at a logon",
                     "^ +201200 +S-1-5-21-1-2-3-1200 +linux users@contoso.test$"):
            self.assertRegex(text, "(?m)" + line)
        self.assertNotIn("Warning", text)

    def test_what_is_old(self):
        code, got = self.answer("bob@contoso.test")
        self.assertEqual((code, got["user"]["source"], got["groups"]), (0, "lsa", None))
        self.assertEqual([(each["warning"], each["serious"]) for each in got["warnings"]],
                         [("no-groups", False)])
        self.assertIn("due for refresh",
                      " ".join(self.run_verb("bob@contoso.test").stdout.split()))
        code, got = self.answer("ended@contoso.test")
        self.assertEqual((code, got["user"]["ended"]), (1, True))

    def test_nobody(self):
        code, got = self.answer("gone@contoso.test")
        self.assertEqual((code, got["user"], got["group"]), (1, None, None))
        self.assertEqual((got["missing"]["of"], got["missing"]["name"]), ("user",
                                                                          "gone@contoso.test"))
        self.assertIn("no such user: gone@contoso.test (looked up",
                      " ".join(self.run_verb("gone@contoso.test").stdout.split()))
        code, got = self.answer("207777")
        self.assertEqual((code, got["missing"]["of"], got["missing"]["id"]), (1, "group", 207777))
        for name in ("never@contoso.test", "CONTOSO\\never", "201999", SID + "77"):
            code, got = self.answer(name)
            self.assertEqual((code, got["user"], got["group"], got["missing"], got["agent"]),
                             (1, None, None, None, None), name)

    def test_names_of_this_machine(self):
        code, got = self.answer("root")
        self.assertEqual((code, got["user"], got["local"]),
                         (1, None, {"name": "root", "id": 0, "file": "/etc/passwd"}))
        self.assertIn("in /etc/passwd: local to this machine", self.run_verb("root").stdout)
        code, got = self.answer("0")
        self.assertEqual((code, got["local"]["name"]), (1, "root"))
        self.assertIn("outside the id ranges", self.run_verb("0").stdout)
        self.assertIn("a name without a domain", self.run_verb("alice").stdout)

    def test_default_domain(self):
        self.configure("[workstation]\n    default_domain = CONTOSO\n")
        code, got = self.answer("alice")
        self.assertEqual((code, got["asked"], got["user"]["id"]), (0, "alice", 201105))

    def test_bare_names(self):
        self.configure("[identity]\n    bare_names = contoso.test\n")
        code, got = self.answer("alice")
        self.assertEqual((code, got["asked"], got["user"]["id"]), (0, "alice", 201105))
        for name in ("root", "Root", "docker"):
            self.assertEqual(self.answer(name)[1]["user"], None, name)

    def test_no_store(self):
        os.unlink(self.file)
        done = self.run_verb("alice@contoso.test")
        self.assertEqual(done.returncode, 3)
        self.assertIn("no identity store yet", done.stderr)

    def test_hostile_names(self):
        for name in ("\\", "@", "a\x1b[31m@b", "%n%s@x", "x" * 5000 + "@y", "@" * 1024,
                     "S-1-5-21@contoso.test", b"\xff\xfe@x".decode("utf-8", "surrogateescape")):
            for how in ((), ("--json",)):
                done = self.run_verb(*how, name)
                self.assertEqual(done.returncode, 1, name[:20])
                self.assertNotIn("\x1b", done.stdout + done.stderr)

    def test_usage(self):
        for arguments in ((), ("a@b", "c@d"), ("",), ("99999999999",), ("S-1-",),
                          ("--refresh", "a@b"), ("--nonsense", "a@b")):
            done = self.run_verb(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertNotEqual(done.stderr, "")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

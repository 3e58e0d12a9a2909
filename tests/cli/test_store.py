#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""`trustlogon store` on a store of the test's own.

usage: test_store.py TRUSTLOGON MAKE_STORE
"""
import fcntl
import os
import shutil
import struct
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
from command import PROGRAM, SID, WithStore  # noqa: E402


class Store(WithStore):
    VERB = "store"

    def content(self):
        with open(self.file, "rb") as data:
            return data.read()

    def damage(self, offset, data):
        with open(self.file, "r+b") as out:
            out.seek(offset)
            out.write(data)

    def test_statistics(self):
        code, got = self.answer()
        self.assertEqual((code, got["users"], got["groups"], got["gid_lists"], got["missing"],
                          got["ended"], got["damaged"], got["unfinished"]),
                         (0, 3, 3, 1, 2, 1, 0, False))
        self.assertEqual(got["ranges"], [{"first": 200000, "last": 399999}])
        self.assertIsNone(got["bare_names"])
        self.assertEqual(got["size"], os.path.getsize(self.file))
        self.assertLess(abs(got["created"] - time.time()), 60)
        self.assertGreater(got["size"], got["used"])
        self.assertGreaterEqual(got["longest_chain"], 1)
        # 5 names (2 of each are equal when folded), id and SID; and so on.
        self.assertEqual(got["keys"], 3 * 5 + 3 * 3 + 1 + 2)
        text = self.run_verb().stdout
        self.assertIn("3 users, 3 groups, 1 group list, 2 known not to exist; 1 of all expired",
                      text)
        self.assertIn("200000-399999", text)
        self.assertIn("sound", text)

    def test_sound(self):
        code, got = self.answer("check")
        self.assertEqual((code, got["sound"], got["damage"]), (0, True, []))

    def test_damage_is_told(self):
        where = self.content().index(b"/home/contoso.test/alice")
        self.damage(where, b"/root")
        code, got = self.answer("check")
        self.assertEqual((code, got["sound"], got["damaged"], got["users"]), (1, False, 1, 2))
        self.assertEqual(got["damage"][0]["what"], "a record that fails its check")
        self.assertLess(0, where - got["damage"][0]["at"])
        done = self.run_verb("check")
        self.assertIn("trustlogon store compact", done.stdout)
        self.assertEqual((done.returncode, self.run_verb().returncode), (1, 1))
        self.assertEqual(self.run_verb("compact").returncode, 0)
        self.assertEqual(self.answer("check")[0], 0)
        self.assertEqual(self.answer()[1]["users"], 1)  # the ended one is gone as well

    def test_a_lost_page_is_told(self):
        buckets, = struct.unpack_from("<I", self.content(), 12)
        self.damage(4096, bytes(buckets * 8))
        code, got = self.answer("check")
        self.assertEqual((code, got["sound"], got["users"]), (1, False, 0))
        self.assertEqual({each["what"] for each in got["damage"]},
                         {"a record that no link leads to"})

    def test_not_a_store(self):
        for text in (b"", b"x", b"garbage" * 1000, bytes(4096)):
            with open(self.file, "wb") as out:
                out.write(text)
            for verb in ((), ("check",), ("compact",), ("drop", "x@y"), ("list",)):
                done = self.run_verb(*verb)
                self.assertEqual(done.returncode, 1, verb)
                self.assertIn("is not an identity store", done.stderr)
            self.assertEqual(self.content(), text)  # and not made one

    def test_what_stands_in_the_way(self):
        os.chmod(self.file, 0o666)
        done = self.run_verb("check")
        self.assertEqual(done.returncode, 1)
        self.assertIn("other than root", done.stderr)
        os.unlink(self.file)
        for verb in ((), ("check",), ("compact",), ("drop", "x@y"), ("list",)):
            done = self.run_verb(*verb)
            self.assertEqual(done.returncode, 3, verb)
            self.assertIn("no identity store yet", done.stderr)
        code, got = self.answer()
        self.assertEqual((code, got["exit"]), (3, 3))
        os.mkdir(self.file)
        self.assertEqual(self.run_verb().returncode, 1)

    def test_locked(self):
        with open(self.file + ".lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            begun = time.monotonic()
            done = self.run_verb("compact")
            self.assertEqual(done.returncode, 3)
            self.assertIn("try again", done.stderr)
            self.assertLess(time.monotonic() - begun, 10)
            # Reading takes no lock.
            self.assertEqual(self.run_verb("check").returncode, 0)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root")
    def test_ordinary_users_may_look_only(self):
        os.chmod(self.folder, 0o755)
        program = shutil.copy(PROGRAM, self.folder)  # the build may be in a closed folder
        for verb, code in (((), 0), (("check",), 0), (("list",), 0), (("compact",), 3),
                           (("drop", "alice@contoso.test"), 3)):
            done = subprocess.run(["setpriv", "--reuid=5001", "--regid=5001", "--clear-groups",
                                   program, "--conf", self.conf, "store", "--file", self.file,
                                   *verb], capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(done.returncode, code, (verb, done))
            if code != 0:
                self.assertIn("only root may change it", done.stderr)
        self.assertEqual(self.answer()[1]["users"], 3)

    def test_compact(self):
        self.run_verb("drop", "alice@contoso.test")
        dead = self.answer()[1]["dead"]
        code, got = self.answer("compact")
        self.assertEqual((code, got["before"]["dead"], got["after"]["dead"]), (0, dead, 0))
        self.assertGreater(dead, 0)
        self.assertLess(got["after"]["used"], got["before"]["used"])
        self.assertEqual((got["after"]["users"], got["after"]["ended"]), (1, 0))

    def names(self, *kind):
        return [each["name"] for each in self.answer("list", *kind)[1]["entries"]]

    def test_drop(self):
        for what, kind, name, sid in (
                ("contoso\\ALICE", "user", "alice@contoso.test", SID + "1105"),
                ("201106", "user", "bob@contoso.test", SID + "1106"),
                (SID + "1300", "group", "staff@contoso.test", SID + "1300"),
                ("Linux Users@contoso.test", "group", "linux users@contoso.test", SID + "1200")):
            self.assertIn(name, self.names())
            code, got = self.answer("drop", what)
            self.assertEqual((code, len(got["dropped"])), (0, 1), what)
            dropped = got["dropped"][0]
            self.assertEqual((dropped["kind"], dropped["name"], dropped["sid"]), (kind, name, sid))
            self.assertNotIn(name, self.names())
            self.assertEqual(self.run_verb("drop", what).returncode, 1)
        self.assertEqual(self.answer()[1]["gid_lists"], 0)  # went with alice
        code, got = self.answer("drop", "gone@contoso.test")
        self.assertEqual((code, got["dropped"][0]["kind"], got["dropped"][0]["of"]),
                         (0, "missing", "user"))
        self.assertIn("group 207777", self.run_verb("drop", "207777").stdout)
        self.run_verb("drop", "ended@contoso.test")
        self.run_verb("drop", "200513")
        self.assertEqual(self.answer("list"), (0, {"entries": []}))

    def test_list(self):
        self.assertEqual(self.names("users"), ["alice@contoso.test", "bob@contoso.test",
                                               "ended@contoso.test"])
        self.assertEqual(self.names("groups"), ["domain users@contoso.test",
                                                "linux users@contoso.test", "staff@contoso.test"])
        self.assertEqual(self.names("missing"), ["gone@contoso.test", None])
        entries = {each["name"]: each for each in self.answer("list")[1]["entries"]}
        self.assertEqual(len(entries), 8)
        alice = entries["alice@contoso.test"]
        self.assertEqual((alice["id"], alice["gid"], alice["sid"], alice["source"], alice["ended"]),
                         (201105, 200513, SID + "1105", "logon", False))
        self.assertEqual(sorted(alice["names"]), ["alice@contoso.test", "contoso.test\\alice",
                                                  "contoso\\alice"])
        self.assertEqual(entries["bob@contoso.test"]["source"], "lsa")
        self.assertTrue(entries["ended@contoso.test"]["ended"])
        self.assertEqual(entries["domain users@contoso.test"]["members"], 2)
        self.assertIsNone(entries["linux users@contoso.test"]["members"])
        text = self.run_verb("list", "users").stdout.splitlines()
        self.assertEqual(len(text), 3)
        self.assertRegex(text[0], r"^user +201105 +alice@contoso.test +logon +[0-9]+ s ago$")

    def test_usage(self):
        for verb in (("nonsense",), ("drop",), ("drop", ""), ("drop", "a", "b"), ("check", "x"),
                     ("list", "everything"), ("drop", "4294967296"), ("drop", "S-1-x"),
                     ("--nonsense",)):
            done = self.run_verb(*verb)
            self.assertEqual(done.returncode, 2, verb)
            self.assertNotEqual(done.stderr, "")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)

# SPDX-License-Identifier: MIT
"""What the tests of the command share: to run it, and an identity store of the test's own."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = sys.argv[1]
SID = "S-1-5-21-1-2-3-"


def run(*arguments, stdin=""):
    """The command with these arguments; bytes that are not UTF-8 are shown escaped."""
    return subprocess.run([PROGRAM, *arguments], input=stdin, capture_output=True, text=True,
                          errors="backslashreplace", timeout=60, check=False)


class WithFolder(unittest.TestCase):
    """A test with an empty folder, self.folder."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, text):
        """A file of the folder; returns its path."""
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path


class WithStore(WithFolder):
    """One verb of the command on a store that make_store has filled."""

    VERB = None

    def setUp(self):
        super().setUp()
        self.conf = self.write("trustlogon.conf", "")
        self.file = os.path.join(self.folder, "identity.store")
        subprocess.run([sys.argv[2], self.file], check=True, timeout=60)

    def run_verb(self, *arguments):
        return run("--conf", self.conf, self.VERB, "--file", self.file, *arguments)

    def answer(self, *arguments):
        """The exit status and what the command printed as JSON."""
        done = self.run_verb("--json", *arguments)
        return done.returncode, json.loads(done.stdout)

# SPDX-License-Identifier: MIT
"""Which test file runs next: those that can have the worker's lab, the longest first."""
import dataclasses
import threading

import needs


@dataclasses.dataclass
class File:
    name: str
    lab: dict  # needs.of(); None if the file shares no lab
    seconds: float  # as measured, or a guess by its size

    @property
    def kind(self):
        """Files of one kind share a lab."""
        return None if self.lab is None else needs.arguments(self.lab)


class Queue:
    def __init__(self, folder, names, measured):
        self.lock = threading.Lock()
        self.files = []
        for name in names:
            path = folder / f"test_{name}.py"
            guess = path.stat().st_size / 400
            self.files.append(File(name, needs.of(path), measured.get(name, guess)))
        self.files.sort(key=lambda file: file.seconds, reverse=True)

    def next(self, kind):
        """The next file for a worker whose lab is of this kind, or who has none; None at the
        end."""
        with self.lock:
            if not self.files:
                return None
            file = max(self.files, key=lambda one: self.rank(one, kind))
            self.files.remove(file)
            return file

    def rank(self, file, kind):
        """First what the lab that is up can be used for, and of that what leaves it usable.
        Then the kind that the fewest files need, so that the last files are those of the
        largest one, at which all workers can help."""
        same = file.kind is not None and file.kind == kind
        kept = file.lab is not None and file.lab["kept"]
        rarity = -sum(one.seconds for one in self.files if one.kind == file.kind)
        return same, rarity if not same else 0, kept, file.seconds

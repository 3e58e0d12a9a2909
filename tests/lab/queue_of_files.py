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
        self.taken = {}  # worker: the kind of its lab
        for name in names:
            path = folder / f"test_{name}.py"
            guess = path.stat().st_size / 400
            self.files.append(File(name, needs.of(path), measured.get(name, guess)))
        self.files.sort(key=lambda file: file.seconds, reverse=True)

    def next(self, worker, kind):
        """The next file for a worker whose lab is of this kind, or who has none; None at the
        end."""
        with self.lock:
            self.taken[worker] = kind
            if not self.files:
                return None
            others = [one for name, one in self.taken.items() if name != worker]
            file = max(self.files, key=lambda one: self.rank(one, kind, others))
            self.files.remove(file)
            self.taken[worker] = file.kind
            return file

    def rank(self, file, kind, others):
        """First what the lab that is up can be used for, and of that what leaves it usable.
        Then a kind that no other worker has a lab of, and the one that the fewest files need: so
        the last files are those of the largest kind, at which all workers can help."""
        same = file.kind is not None and file.kind == kind
        kept = file.lab is not None and file.lab["kept"]
        alone = file.kind is None or file.kind not in others
        rarity = -sum(one.seconds for one in self.files if one.kind == file.kind)
        return same, alone and not same, 0 if same else rarity, kept, file.seconds

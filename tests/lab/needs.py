# SPDX-License-Identifier: MIT
"""The lab that a test file needs, as the file says at its top:

    LAB = {"trust": "external", "dc2": True}

trust, direction, dc2, child and suffix are what `./run lab up` takes. tests/lab/run gives the
same lab to the next file that needs such a one, with the domains put back (`./run lab settle`)
and a new workstation. A file must undo itself what is not put back: breaks, and on the domain
controllers files of /etc, filters and programs. The check `FILE: the lab can be used again`
verifies it. "kept": False says that a file cannot; the lab is raised again after it.

A file without LAB raises what it needs by itself, and shares nothing.
"""
import ast

DEFAULTS = {"trust": "external", "direction": "both", "dc2": False, "child": False,
            "suffix": True, "kept": True}


def of(path):
    """What a file declares, with the defaults filled in; None if it declares nothing."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "LAB":
            return {**DEFAULTS, **ast.literal_eval(node.value)}
    return None


def arguments(lab):
    """For `./run lab up`."""
    unknown = lab.keys() - DEFAULTS.keys()
    if unknown:
        raise ValueError(f"a lab has no {', '.join(sorted(unknown))}")
    lab = {**DEFAULTS, **lab}
    return ["--trust", lab["trust"], "--direction", lab["direction"],
            *(["--dc2"] if lab["dc2"] else []), *(["--child"] if lab["child"] else []),
            *([] if lab["suffix"] else ["--no-suffix"])]

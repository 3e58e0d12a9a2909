# SPDX-License-Identifier: MIT
"""Command line of the lab: ./run lab up|down|status|shell|trust|break|fix."""
import argparse
import os
import signal
import sys

from .state import Lab, LabError, environment

HERE_HELP = "Two Active Directory forests and a workstation in namespaces of this machine."


def cmd_up(options):
    from . import raise_lab
    raise_lab.up(options)


def cmd_down(_):
    lab = Lab()
    if os.path.isdir(lab.dir):
        with lab.lock():
            lab.destroy()


def cmd_shell(options):
    """Becomes the command: exit code, terminal and pipes are its own."""
    lab = Lab().load()
    command = lab.enter(lab.host(options.host), options.command or ["/bin/bash"])
    os.execvpe(command[0], command, environment())


def cmd_trust(options):
    from . import breaks, trust
    lab = Lab().load()
    with lab.lock():
        breaks.fix_all(lab)
        trust.change(lab, options.kind, options.direction or lab.info["direction"])
        lab.save()


def cmd_retrust(_):
    from . import breaks, trust
    lab = Lab().load()
    with lab.lock():
        breaks.fix_all(lab)
        trust.change(lab, lab.info["trust"], lab.info["direction"])
        lab.save()


def cmd_renew(_):
    from . import renew
    lab = Lab().load()
    with lab.lock():
        renew.renew(lab.load())


def cmd_settle(_):
    from . import renew
    lab = Lab().load()
    with lab.lock():
        found = renew.settle(lab.load())
    print("".join(f"{line}\n" for line in found), end="")
    sys.exit(1 if found else 0)


def cmd_install(options):
    from . import workstation
    workstation.install(Lab().load(), options.destdir)


def cmd_break(options):
    from . import breaks
    if options.what == "list":
        breaks.show()
        return
    lab = Lab().load()
    with lab.lock():
        breaks.apply(lab.load(), options.what)


def cmd_fix(options):
    from . import breaks
    lab = Lab().load()
    with lab.lock():
        lab.load()
        if options.what:
            breaks.undo(lab, options.what)
        else:
            breaks.fix_all(lab)


def cmd_status(_):
    from . import settings, trust
    lab = Lab().load()
    print(f"lab {lab.name}: up")
    for host in lab.info["hosts"]:
        about = settings.HOSTS[host]
        print(f"  {host:13} {about['address']:12} {about['fqdn']}")
    for domain in trust.SIDES:
        try:
            said = trust.describe(lab, domain)
        except LabError as error:
            said = f"cannot be read: {error}"
        print(f"{settings.DOMAINS[domain]['dns']} trusts or is trusted by: {said}")
    names = [entry["name"] for entry in lab.info["breaks"]]
    print("broken: " + (", ".join(names) if names else "nothing"))


def parser():
    root = argparse.ArgumentParser(prog="run lab", description=HERE_HELP)
    verbs = root.add_subparsers(dest="verb", required=True, metavar="VERB")

    up = verbs.add_parser("up", help="raise the lab")
    up.add_argument("--trust", choices=["external", "forest", "none"], default="external")
    up.add_argument("--direction", choices=["both", "one-way"], default="both",
                    help="one-way: only FABRIKAM trusts CONTOSO")
    up.add_argument("--dc2", action="store_true", help="a second DC for CONTOSO")
    up.add_argument("--child", action="store_true", help="a domain below contoso.test")
    up.add_argument("--suffix", action=argparse.BooleanOptionalAction, default=True,
                    help="register the UPN suffix corp.example in CONTOSO")
    up.add_argument("--install", metavar="DESTDIR", help="product to lay over WS1's file system")
    up.add_argument("--quiet", action="store_true")
    up.set_defaults(run=cmd_up)

    verbs.add_parser("down", help="end the lab and remove all of it").set_defaults(run=cmd_down)
    verbs.add_parser("status", help="hosts, trust, what is broken").set_defaults(run=cmd_status)

    shell = verbs.add_parser("shell", help="a shell, or a command, in a host")
    shell.add_argument("host")
    shell.add_argument("command", nargs=argparse.REMAINDER)
    shell.set_defaults(run=cmd_shell)

    change = verbs.add_parser("trust", help="replace the trust")
    change.add_argument("kind", choices=["external", "forest", "none"])
    change.add_argument("--direction", choices=["both", "one-way"])
    change.set_defaults(run=cmd_trust)
    verbs.add_parser("retrust", help="remove the trust and create it again") \
        .set_defaults(run=cmd_retrust)

    verbs.add_parser("renew", help="replace the workstation by a new one, joined in the same way") \
        .set_defaults(run=cmd_renew)
    verbs.add_parser("settle", help="restore the domains to what they were when the lab was "
                     "raised; print what cannot be restored, and exit 1 then").set_defaults(run=cmd_settle)

    install = verbs.add_parser("install", help="lay a DESTDIR over WS1's file system")
    install.add_argument("destdir", metavar="DESTDIR")
    install.set_defaults(run=cmd_install)

    broken = verbs.add_parser("break", help="break one thing; `break list` lists all")
    broken.add_argument("what")
    broken.set_defaults(run=cmd_break)
    fix = verbs.add_parser("fix", help="undo one break, or all")
    fix.add_argument("what", nargs="?")
    fix.set_defaults(run=cmd_fix)
    return root


def main():
    options = parser().parse_args()
    # A terminated `up` must still take its half-raised lab down.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        options.run(options)
    except LabError as error:
        sys.exit(f"lab: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()

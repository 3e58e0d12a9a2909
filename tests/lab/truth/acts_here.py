# SPDX-License-Identifier: MIT
"""What root of the workstation does when a remedy says so."""
import base64
import os
import re

from lab import breaks, renew, settings, workstation

from .fault import ADDRESS, undo_all
from .machine_files import CONF, STACK
from .remedy_text import Unable, act

PASSWD, GROUP, RESOLV = "/etc/passwd", "/etc/group", "/etc/resolv.conf"
SERVERS = [ADDRESS["dc1.fabrikam"]]  # what the administrators of this network gave root


# --- files --------------------------------------------------------------------------

def text_of(desk, path):
    content = breaks.get_file(desk.lab, "ws1", path)
    return None if content is None else base64.b64decode(content).decode()


def rewrite(desk, path, text):
    if text == text_of(desk, path):
        raise Unable(f"{path} is so already")
    desk.undo.append(breaks.change_file(desk.lab, "ws1", path, breaks.encoded(text)[0]))
    return f"{path} rewritten"


def without_line(desk, path, wanted):
    """The lines for which wanted(line, number) is true are removed."""
    lines = (text_of(desk, path) or "").splitlines(keepends=True)
    gone = [line.strip() for number, line in enumerate(lines, 1) if wanted(line, number)]
    if not gone:
        raise Unable(f"{path} has no such line")
    rewrite(desk, path, "".join(line for number, line in enumerate(lines, 1)
                                if not wanted(line, number)))
    return f"{path}: removed {'; '.join(gone)}"


def is_option(name):
    pattern = re.compile(rf"\s*{re.escape(name)}\s*=")
    return lambda line, _number: pattern.match(line) is not None


@act(r"(/etc/[\w./-]+)[:,] line (\d+)", of="cause")
def correct_line(desk, match):
    return without_line(desk, match[1], lambda _line, number: number == int(match[2]))


@act(r"(/etc/[\w./-]+): \[\w+\] (\w+):", of="cause")
def correct_option(desk, match):
    return without_line(desk, match[1], is_option(match[2]))


@act(r"If (\w[\w.-]*) = (.+?) in (/etc/[\w./-]+)[^.]*? is not intended, remove it")
def remove_setting(desk, match):
    """An option of a file, a word of a line of PAM, or a host's line."""
    name, value, path = match[1], match[2], match[3]
    if path.startswith("/etc/pam.d/"):
        old = text_of(desk, path) or ""
        return rewrite(desk, path, re.sub(rf" {re.escape(name)}=\S+", "", old))
    if path == "/etc/hosts":
        return without_line(desk, path, lambda line, _: {name, value} <= set(line.split()))
    return without_line(desk, path, is_option(name))


# --- the join -------------------------------------------------------------------------

@act(r"[Jj]oin (?:the machine|the workstation|it)? ?again|Join the machine")
def join(desk, _match):
    desk.domains = desk.joined = True
    workstation.join(desk.lab)
    return "joined again"


@act(r"[Rr]emove the file")
def remove_keytab(desk, _match):
    path = desk.told.subject
    desk.undo.append(breaks.change_file(desk.lab, "ws1", path, None))
    return f"{path} removed"


@act(r"'(net ads keytab create)'")
def keytab_again(desk, match):
    desk.joined = True
    desk.lab.run("ws1", *match[1].split())
    return match[1]


@act(r"Make root its owner, with mode (0\d+)")
def root_owns(desk, match):
    path = desk.told.subject
    target = desk.lab.file("ws1", path)
    os.chown(target, 0, 0)
    os.chmod(target, int(match[1], 8))
    return f"{path}: root, mode {match[1]}"


def mounted(desk, path, *more):
    """What is mounted there becomes writable and large enough."""
    if desk.lab.run("ws1", "mountpoint", "-q", path, check=False).returncode != 0:
        raise Unable(f"nothing is mounted at {path}")
    desk.lab.run("ws1", "mount", "-o", "remount,rw,size=64m", path)
    for command in more:
        desk.lab.run("ws1", *command, path)
    return f"{path}: writable, with free space"


@act(r"Free space on that file system, or mount it writable")
def writable_folder(desk, _match):
    return mounted(desk, desk.told.subject, ("chown", "root:root"), ("chmod", "0755"))


@act(r"need the folder that it names, writable and with free space")
def writable_cache(desk, _match):
    """A folder for the caches of all users."""
    path = os.path.dirname(desk.told.subject.partition(":")[2])
    return mounted(desk, path, ("chmod", "1777"))


# --- commands --------------------------------------------------------------------------

@act(r"'(trustlogon (?:refresh|store drop|locate --force)[^'<>]*)'")
def own_command(desk, match):
    desk.lab.run("ws1", *match[1].split())
    return match[1]


# --- names, servers, stacks -------------------------------------------------------------

@act(r"[Ww]rite one 'nameserver' line")
def name_servers(desk, _match):
    return rewrite(desk, RESOLV, "".join(f"nameserver {server}\n" for server in SERVERS))


@act(r"[Rr]emove it from (/etc/resolv\.conf)")
def remove_server(desk, match):
    return without_line(desk, match[1], lambda line, _: desk.told.subject in line.split())


@act(r"Put 'trustlogon' after 'files'")
def name_service(desk, _match):
    path = desk.told.subject
    lines = (text_of(desk, path) or "").splitlines()
    given = {line.partition(":")[0]: number for number, line in enumerate(lines)}
    for name in ("passwd", "group", "initgroups"):
        right = f"{name}: files trustlogon"
        if name in given:
            lines[given[name]] = right
        elif name != "initgroups":
            lines.append(right)
    return rewrite(desk, path, "\n".join(lines) + "\n")


@act(r"that its system user exists \('(systemd-sysusers)' makes it\)")
def worker_user(desk, match):
    if "trustlogon:" in text_of(desk, PASSWD):
        raise Unable("it exists")
    desk.lab.run("ws1", match[1])
    return match[1]


@act(r"Rename the one in /etc/passwd or /etc/group")
def rename_local(desk, _match):
    name, done = desk.told.subject, []
    for path in (PASSWD, GROUP):
        old = text_of(desk, path)
        new = re.sub(rf"^{re.escape(name)}:", "renamed:", old, flags=re.M)
        if new != old:
            done.append(rewrite(desk, path, new))
    if not done:
        raise Unable("neither file has it")
    return "; ".join(done)


@act(r"[Aa]dd the lines of pam_trustlogon\(8\)")
def add_stack(desk, _match):
    return rewrite(desk, f"/etc/pam.d/{desk.told.subject}", STACK)


@act(r"Correct the line, the option or the file that is named")
def correct_stack(desk, _match):
    """The first line, of the facility that is named, with what the cause names."""
    path, cause = f"/etc/pam.d/{desk.told.subject}", desk.told.cause
    word = re.search(r"\b(pam_(?!trustlogon\b)\w+\.so)\b|missing file (\S+?)\.?(?:\s|$)", cause)
    facility = re.search(r"\b(auth|account|password|session): ", cause)
    numbers = [number for number, line in enumerate((text_of(desk, path) or "").splitlines(), 1)
               if word and (word[1] or word[2]) in line.split()
               and (not facility or line.split()[0] == facility[1])]
    if not numbers:
        raise Unable("no line is named")
    return without_line(desk, path, lambda _line, number: number == numbers[0])


@act(r"Correct it; 'trustlogon config' checks it")
def correct_named(desk, _match):
    """The option that is named, of the file that is named."""
    name = re.match(r"(\w+) = ", desk.told.attribute)
    if name is None:
        raise Unable("no option is named")
    return without_line(desk, desk.told.subject, is_option(name[1]))


@act(r"remove the entry of a deny rule that matches")
def no_longer_denied(desk, _match):
    rule = re.search(r"\b(deny_\w+) \((.+?)\)", desk.told.cause)
    if rule is None:
        raise Unable("no deny rule matches")
    old = text_of(desk, CONF) or ""

    def shorter(line):
        left = [entry for entry in line[2].split(",") if entry.strip() != rule[2]]
        return f"{line[1]}{','.join(left)}" if left else ""
    return rewrite(desk, CONF, re.sub(rf"(?m)^(\s*{rule[1]}\s*=)(.*)$", shorter, old))


@act(r"add (\S+) to 'allow_users'")
def allow(desk, match):
    """To the list that there is, or a new one."""
    old = text_of(desk, CONF) or ""
    if re.search(r"^\s*allow_users\s*=", old, re.M):
        return rewrite(desk, CONF, re.sub(r"(?m)^(\s*allow_users\s*=.*)$",
                                          lambda line: f"{line[1]}, {match[1]}", old))
    return rewrite(desk, CONF, f"{old}\n[access]\n    allow_users = {match[1]}\n")


# --- the clock ---------------------------------------------------------------------------

@act(r"Set (the clock|that domain controller's clock)")
def clock(desk, match):
    host = "ws1" if match[1] == "the clock" else next(
        (name for name, about in settings.HOSTS.items() if about["fqdn"] == desk.told.subject),
        None)
    if host is None:
        raise Unable("no host is named")
    for path in ("/etc/ld.so.preload", "/etc/faketimerc"):
        breaks.put_file(desk.lab, host, path, None)
    if host != "ws1":
        breaks.undo_restart(desk.lab, {"host": host})
    return f"clock of {host} set"


# --- the end ----------------------------------------------------------------------------

def put_back(desk, undo):
    """Undo what the remedy and the fault did; what could not be undone, one line each. A fault
    that is mended cannot be undone in each of its steps: then the record of the domains counts."""
    failed = undo_all(desk.lab, desk.undo) + undo_all(desk.lab, undo)
    if desk.joined:
        renew.rejoin(desk.lab)
    if desk.joined or desk.domains:
        failed = renew.settle(desk.lab, "secrets")
    return failed

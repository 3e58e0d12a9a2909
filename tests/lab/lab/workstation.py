# SPDX-License-Identifier: MIT
"""WS1: joined to FABRIKAM, with a keytab, the product and a stand-in for journald."""
import os
import subprocess
import time

from . import samba, settings
from .state import LabError, environment

SMB_CONF = """[global]
    workgroup = FABRIKAM
    realm = FABRIKAM.TEST
    security = ADS
    kerberos method = secrets and keytab
    netbios name = WS1
    disable netbios = yes
    ldb:nosync = true
    tdb:nosync = true
"""


def accounts():
    """Lines of passwd and group for every form of each name.

    A stand-in for libnss_trustlogon: session and credential cache need an
    owner that getpwnam knows.
    """
    passwd, group = [], []
    for domain, names in settings.DOMAINS.items():
        for offset, user in enumerate(settings.SEED[domain]["users"]):
            uid = settings.FIRST_UID[domain] + offset
            home = f"/home/{domain}-{offset}"
            forms = [f"{names['flat']}\\{user['name']}", f"{user['name']}@{names['dns']}"]
            forms += [user["upn"]] if "upn" in user else []
            for form in forms:
                passwd.append((form, uid, home))
            group.append((forms[0], uid))
    passwd.append((settings.LOCAL_USER, 5001, f"/home/{settings.LOCAL_USER}"))
    group.append((settings.LOCAL_USER, 5001))
    return passwd, group


def add_accounts(lab):
    passwd, group = accounts()
    with open(lab.file("ws1", "/etc/passwd"), "a", encoding="utf-8") as out:
        for name, uid, home in passwd:
            out.write(f"{name}:x:{uid}:{uid}::{home}:/bin/bash\n")
    with open(lab.file("ws1", "/etc/group"), "a", encoding="utf-8") as out:
        for name, gid in group:
            out.write(f"{name}:x:{gid}:\n")
    for uid, home in sorted({(uid, home) for _, uid, home in passwd}):
        folder = lab.file("ws1", home)
        os.mkdir(folder, 0o700)
        os.chown(folder, uid, uid)
    lab.run("ws1", "chpasswd", stdin=f"{settings.LOCAL_USER}:{settings.PASSWORD}\n", check=False)


def prepare(lab):
    """All that needs no DC: files, accounts, the journal's stand-in."""
    samba.write(lab, "ws1", "/etc/samba/smb.conf", SMB_CONF)
    samba.write(lab, "ws1", "/etc/krb5.conf", samba.krb5_conf("FABRIKAM.TEST"))
    add_accounts(lab)
    lab.tool("ws1", "journal")


def join(lab):
    """Join FABRIKAM. On a machine under load a DC that has just come up was
    seen to refuse a new member's first secure channel; joining again resets
    the account and is what an administrator would do."""
    command = ["net", "ads", "join", f"-Uadministrator%{settings.PASSWORD}",
               "dnshostname=ws1.fabrikam.test"]
    deadline = time.monotonic() + 60
    while True:
        done = lab.run("ws1", *command, check=False)
        if done.returncode == 0:
            return
        if time.monotonic() > deadline:
            said = lab.run("dc1.fabrikam", "tail", "-n", "5", "/var/log/samba/log.samba",
                           check=False).stdout
            raise LabError(f"WS1 cannot join: {done.stderr.strip()[-600:]}\n"
                           f"and its DC says: {said}")
        time.sleep(1)


def install(lab, destdir):
    """Lay a `meson install --destdir` tree over WS1's view of the machine."""
    if not os.path.isdir(destdir):
        raise LabError(f"--install {destdir}: no such folder")
    # The top folders by name: "." would give the machine's / the owner and mode of destdir.
    pack = subprocess.Popen(["tar", "-C", destdir, "-cf", "-", "--", *sorted(os.listdir(destdir))],
                            stdout=subprocess.PIPE)
    unpack = subprocess.run(
        lab.enter("ws1", ["tar", "-C", "/", "-xf", "-", "--no-same-owner", "--keep-directory-symlink",
                          "--no-overwrite-dir"]),
        stdin=pack.stdout, env=environment(), check=False)
    pack.stdout.close()
    if pack.wait() != 0 or unpack.returncode != 0:
        raise LabError(f"--install {destdir}: copying into WS1 failed")
    lab.run("ws1", "ldconfig")

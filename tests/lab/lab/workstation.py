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
NSSWITCH = """passwd: files trustlogon
group: files trustlogon
initgroups: files trustlogon
shadow: files
hosts: files dns
services: files
protocols: files
"""


def add_account(lab):
    """The machine's own user. Domain users come from the product's NSS module."""
    user = settings.LOCAL_USER
    for path, line in (("/etc/passwd", f"{user}:x:5001:5001::/home/{user}:/bin/bash\n"),
                       ("/etc/group", f"{user}:x:5001:\n")):
        with open(lab.file("ws1", path), "a", encoding="utf-8") as out:
            out.write(line)
    folder = lab.file("ws1", f"/home/{user}")
    os.mkdir(folder, 0o700)
    os.chown(folder, 5001, 5001)
    lab.run("ws1", "chpasswd", stdin=f"{user}:{settings.PASSWORD}\n", check=False)


def prepare(lab):
    """All that needs no DC: files, accounts, the journal's stand-in."""
    samba.write(lab, "ws1", "/etc/samba/smb.conf", SMB_CONF)
    samba.write(lab, "ws1", "/etc/krb5.conf", samba.krb5_conf("FABRIKAM.TEST"))
    samba.write(lab, "ws1", "/etc/nsswitch.conf", NSSWITCH)
    add_account(lab)
    lab.tool("ws1", "journal")


def join(lab):
    """Join FABRIKAM. On a machine under load a DC that has just come up was
    seen to refuse a new member's first secure channel; joining again resets
    the account and is what an administrator would do."""
    command = ["net", "ads", "join", f"-Uadministrator%{settings.PASSWORD}",
               "dnshostname=ws1.fabrikam.test"]
    deadline = time.monotonic() + 240
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

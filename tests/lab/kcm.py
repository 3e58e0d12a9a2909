# SPDX-License-Identifier: MIT
"""SSSD's cache manager on WS1, as socket activation would start it."""
import os
import pathlib
import time

from harness import check, put, ws

PROGRAM = pathlib.Path(os.environ.get("TL_SSSD_KCM", "/usr/libexec/sssd/sssd_kcm"))


def start():
    """Is it there, and does it serve? It ends with its parent, and so with the lab."""
    if not PROGRAM.exists():
        print("skip KCM (sssd-kcm is not installed)")
        return False
    put("ws1", "/root/sssd_kcm", PROGRAM.read_bytes(), mode=0o755)
    ws("mkdir -p /var/lib/sss/db /var/lib/sss/secrets /var/log/sssd /etc/sssd/conf.d")
    put("ws1", "/etc/sssd/sssd.conf", "[sssd]\nservices =\n[kcm]\n", mode=0o600)
    ws("/usr/sbin/sssd --genconf-section=kcm; setsid sh -c "
       "'/root/sssd_kcm --uid 0 --gid 0 --logger=files; true' >/dev/null 2>&1 </dev/null &")
    deadline = time.monotonic() + 60
    while ws("test -S /run/.heim_org.h5l.kcm-socket").returncode != 0 and \
            time.monotonic() < deadline:
        time.sleep(0.1)
    return check("sssd_kcm serves", time.monotonic() < deadline)

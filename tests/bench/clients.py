# SPDX-License-Identifier: MIT
"""What is measured side by side on WS1: this module and the three peers.

Each peer is set up as its manual pages suggest for this very job: the user's
domain is CONTOSO, the machine's keytab is FABRIKAM's, the ticket is validated.
"""
import contextlib
import dataclasses
import os

from daemon import agent
from harness import get, put, until, ws

SECURITY = "/usr/lib/x86_64-linux-gnu/security"

SSSD_CONF = """[sssd]
services = nss, pam
domains = contoso.test

[domain/contoso.test]
id_provider = ad
access_provider = permit
sudo_provider = none
ad_domain = contoso.test
krb5_realm = CONTOSO.TEST
ldap_sasl_authid = WS1$@FABRIKAM.TEST
ldap_sasl_realm = FABRIKAM.TEST
krb5_validate = true
dyndns_update = false
use_fully_qualified_names = true
"""
SSSD_FOLDERS = ("/etc/sssd/conf.d /var/lib/sss/db /var/lib/sss/pipes/private /var/lib/sss/mc "
                "/var/lib/sss/keytabs /var/lib/sss/pubconf/krb5.include.d /var/lib/sss/gpo_cache "
                "/var/lib/sss/secrets /var/lib/sss/deskprofile /var/log/sssd")
WINBIND_CONF = """    idmap config * : backend = tdb
    idmap config * : range = 1000000-1999999
"""


@contextlib.contextmanager
def nothing():
    yield


def _wait(what, command):
    if not until(lambda: ws(command).returncode == 0, 120, pause=0.5):
        raise RuntimeError(f"{what} does not serve the domain")


@contextlib.contextmanager
def _process(command, log):
    pid = ws(f"setsid {command} >{log} 2>&1 </dev/null & echo $!").stdout.strip()
    try:
        yield
    finally:
        # Helpers may still wait for a KDC: the daemon's whole session ends.
        ws(f"kill {pid}; for i in $(seq 30); do pgrep -s {pid} >/dev/null || exit; sleep 0.1; done; "
           f"pkill -KILL -s {pid}")


@contextlib.contextmanager
def sssd(conf=SSSD_CONF, user="alice@contoso.test"):
    # What an earlier one left would answer before this one does.
    ws(f"rm -rf /var/lib/sss; mkdir -p {SSSD_FOLDERS}; chmod 700 /etc/sssd")
    put("ws1", "/etc/sssd/sssd.conf", conf, mode=0o600)
    with _process("sssd -i --logger=files", "/var/log/lab/sssd.log"):
        _wait("sssd", f"test -S /var/lib/sss/pipes/pam && getent -s sss passwd {user}")
        yield


@contextlib.contextmanager
def winbind(options=WINBIND_CONF, user="CONTOSO\\alice"):
    conf = get("ws1", "/etc/samba/smb.conf")
    if options not in conf:
        put("ws1", "/etc/samba/smb.conf", conf + options)
    with _process("winbindd -F --no-process-group", "/var/log/lab/winbindd.log"):
        _wait("winbindd", f"wbinfo -n '{user}'")
        yield


@dataclasses.dataclass
class Client:
    name: str
    module: str
    user: str
    options: str = ""
    package: str = ""
    serves: object = nothing  # what must run with it

    def service(self):
        return "bench-" + self.name.replace(" ", "-")

    def there(self):
        return os.path.exists(f"{SECURITY}/{self.module}") or not self.package

    def configure(self):
        put("ws1", f"/etc/pam.d/{self.service()}", "".join(
            f"{kind} required {self.module} {self.options}\n"
            for kind in ("auth", "account", "password", "session")))


CLIENTS = [
    # The second one's socket does not exist, so the module starts its own agent.
    Client("trustlogon", "pam_trustlogon.so", "CONTOSO\\alice", serves=agent),
    Client("trustlogon one-shot", "pam_trustlogon.so", "CONTOSO\\alice"),
    Client("pam_krb5", "pam_krb5.so", "alice@CONTOSO.TEST", package="libpam-krb5"),
    Client("pam_sss", "pam_sss.so", "alice@contoso.test", package="libpam-sss", serves=sssd),
    Client("pam_winbind", "pam_winbind.so", "CONTOSO\\alice", "krb5_auth krb5_ccache_type=FILE",
           "libpam-winbind", winbind),
]

#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""pam_trustlogon.so brings no further library into a process.

Looked at in live processes that wait at their password prompt with the module
loaded: pamtester, a real sshd session, and login on a terminal."""
import re

from harness import SERVICE, check, equal, finish, put, until, up, ws
from programs import ASKS, Terminal, login, sshd

LAB = {"trust": "external"}

ALICE = "CONTOSO\\alice"
MODULE = "/usr/lib/x86_64-linux-gnu/security/pam_trustlogon.so"
ALLOWED = {"libc.so.6", "libpam.so.0", "linux-vdso.so.1", "ld-linux-x86-64.so.2"}
# libpam itself is linked with libaudit, and that with libcap-ng.
OF_LIBPAM = {"libaudit.so.1", "libcap-ng.so.0"}
UNWANTED = re.compile(r"/lib(krb5|k5crypto|gssapi|com_err|ldap|lber|sasl2|talloc|cares|jansson|"
                      r"unistring|trustlogon|wbclient|samba|sss|ndr)[^/]*\.so")
PERMIT = "".join(f"{kind} required pam_permit.so\n" for kind in
                 ("account", "password", "session"))
MODULES = {f"/usr/lib/x86_64-linux-gnu/security/pam_{name}.so"
           for name in ("trustlogon", "permit", "deny")}


def libraries(pid):
    """Files mapped as code or data by a process of WS1."""
    maps = ws(["cat", f"/proc/{pid}/maps"]).stdout
    return {line.split()[5] for line in maps.splitlines()
            if len(line.split()) > 5 and line.split()[5].startswith("/") and ".so" in line}


def linked():
    needed = set(re.findall(r"NEEDED\s+(\S+)", ws(["objdump", "-p", MODULE]).stdout))
    check("the module is linked with libc and libpam only",
          needed and needed <= ALLOWED, needed)
    shown = {line.split()[0].rpartition("/")[2] for line in ws(["ldd", MODULE]).stdout.splitlines()}
    check("ldd shows nothing more than those and what libpam needs",
          "libc.so.6" in shown and shown <= ALLOWED | OF_LIBPAM, shown)


def wait_for(command):
    """First line that a shell command in WS1 prints, waited for."""
    return next(iter((until(lambda: ws(command).stdout) or "").split()), None)


def holders(name, service_module):
    """Process of this name that has this module mapped."""
    return wait_for(f"for p in $(pgrep -x {name}); do grep -q {service_module} /proc/$p/maps && "
                    "echo $p; done")


def own(program):
    """Libraries that the program is linked with itself."""
    shown = ws(["ldd", program]).stdout
    return set(re.findall(r"/\S+\.so\S*", ws(["realpath", *re.findall(r"/\S+", shown)]).stdout))


def brings_nothing(name, program, terminal, service):
    """At our prompt the process has its own libraries, its PAM modules, and no more."""
    put("ws1", f"/etc/pam.d/{service}", "auth required pam_trustlogon.so\n" + PERMIT)
    with terminal() as there:
        check(f"{name} waits at its password prompt", there.wait(ASKS), there.told)
        mapped = libraries(holders(name, "pam_trustlogon"))
    check(f"{name}: our module is loaded", MODULE in mapped, mapped)
    more = mapped - own(program)
    equal(f"{name}: no Kerberos, LDAP, SASL, GSSAPI, talloc or c-ares beside its own",
          [path for path in more if UNWANTED.search(path)], [])
    # libnss_* come with getpwnam(), before and without PAM.
    equal(f"{name}: nothing is brought but the PAM modules",
          sorted(path for path in more
                 if path not in MODULES and "/libnss_" not in path), [])


def main():
    up(**LAB)
    # libpam loads the modules of this one into every program, whatever its own service.
    put("ws1", "/etc/pam.d/other", "auth required pam_deny.so\n" + PERMIT)
    linked()
    brings_nothing("pamtester", "/usr/bin/pamtester",
                   lambda: Terminal(["pamtester", SERVICE, ALICE, "authenticate"]), SERVICE)
    brings_nothing("login", "/bin/login", lambda: login(ALICE), "login")
    with sshd("GSSAPIAuthentication no") as server:
        brings_nothing("sshd", "/usr/sbin/sshd", lambda: Terminal(server.client(ALICE)), "sshd")
    finish()


if __name__ == "__main__":
    main()

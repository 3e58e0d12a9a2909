#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What pam_trustlogon.so brings into other people's processes: nothing.

Looked at in live processes that wait at their password prompt with the module
loaded: pamtester, a real sshd session, and login on a terminal.
"""
import contextlib
import re
import time

from harness import SERVICE, check, equal, finish, pam_stack, put, up, ws

MODULE = "/usr/lib/x86_64-linux-gnu/security/pam_trustlogon.so"
ALLOWED = {"libc.so.6", "libpam.so.0", "linux-vdso.so.1", "ld-linux-x86-64.so.2"}
# libpam itself is linked with libaudit, and that with libcap-ng.
OF_LIBPAM = {"libaudit.so.1", "libcap-ng.so.0"}
UNWANTED = re.compile(r"/lib(krb5|k5crypto|gssapi|com_err|ldap|lber|sasl2|talloc|cares|jansson|"
                      r"unistring|trustlogon|wbclient|samba|sss|ndr)[^/]*\.so")
PERMIT = "".join(f"{kind} required pam_permit.so\n" for kind in
                 ("auth", "account", "password", "session"))


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
    for _ in range(100):
        done = ws(command)
        if done.stdout.strip():
            return done.stdout.split()[0]
        time.sleep(0.1)
    return None


@contextlib.contextmanager
def at_prompt(label, command):
    """A program on a terminal of its own, held at "assword:" by expect."""
    script = f"""log_user 1
set timeout 20
spawn -noecho {command}
expect -nocase "*assword:" {{ exec touch /run/lab/prompt }} timeout {{ exit 3 }} eof {{ exit 4 }}
set timeout 60
expect eof
"""
    put("ws1", "/run/lab/hold.exp", script)
    ws("rm -f /run/lab/prompt")
    pid = ws("setsid expect -f /run/lab/hold.exp >/run/lab/hold.log 2>&1 </dev/null & echo $!")
    pid = pid.stdout.strip()
    try:
        there = wait_for("ls /run/lab/prompt 2>/dev/null")
        check(f"{label} waits at its password prompt", there, ws("cat /run/lab/hold.log").stdout)
        yield pid
    finally:
        ws(f"kill {pid}; pkill -P {pid}")


def clean(label, pid, without):
    """`without`: what the same program maps at its prompt without our module."""
    mapped = libraries(pid)
    check(f"{label}: our module is loaded", MODULE in mapped, sorted(mapped))
    brought = mapped - without
    check(f"{label}: it brings itself and nothing else",
          brought == {MODULE}, sorted(brought - {MODULE}))
    return mapped


def holders(name, service_module):
    """Process of this name that has this module mapped."""
    return wait_for(f"for p in $(pgrep -x {name}); do grep -q {service_module} /proc/$p/maps && "
                    "echo $p; done")


def pamtester():
    with at_prompt("pamtester", f"pamtester {SERVICE} {{CONTOSO\\alice}} authenticate"):
        pid = holders("pamtester", "pam_trustlogon")
        mapped = libraries(pid)
        check("pamtester: our module is loaded", MODULE in mapped, mapped)
        bad = [path for path in mapped if UNWANTED.search(path)]
        equal("pamtester: no Kerberos, LDAP, SASL, GSSAPI, talloc or c-ares", bad, [])


def compared(name, service, command, modules):
    """The same program twice: at the prompt of pam_unix, then at ours."""
    def stack(auth):
        return f"auth required {auth}\n" + PERMIT.split("\n", 1)[1]

    seen = {}
    for module in modules:
        put("ws1", f"/etc/pam.d/{service}", stack(module))
        with at_prompt(f"{name} with {module}", command):
            pid = holders(name, module.removesuffix(".so"))
            seen[module] = libraries(pid)
    theirs, ours = (seen[module] for module in modules)
    check(f"{name}: our module is loaded", MODULE in ours, ours)
    # pam_unix has libraries of its own; what may be new beside it is our module only.
    equal(f"{name}: it brings nothing but itself", sorted(ours - theirs - {MODULE}), [])
    return theirs, ours


def sshd():
    ws("mkdir -p /run/sshd && ssh-keygen -q -t ed25519 -N '' -f /run/lab/hostkey")
    put("ws1", "/run/lab/sshd_config", """Port 2222
ListenAddress 127.0.0.1
HostKey /run/lab/hostkey
UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
PubkeyAuthentication no
GSSAPIAuthentication no
PidFile /run/lab/sshd.pid
""")
    started = ws("/usr/sbin/sshd -f /run/lab/sshd_config -E /run/lab/sshd.log")
    check("sshd starts", started.returncode == 0, started)
    try:
        compared("sshd", "sshd",
                 "ssh -F none -p 2222 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "
                 "-o PreferredAuthentications=keyboard-interactive -l {CONTOSO\\alice} 127.0.0.1",
                 ("pam_unix.so", "pam_trustlogon.so"))
    finally:
        ws("kill $(cat /run/lab/sshd.pid)")


def login():
    compared("login", "login", "login {CONTOSO\\alice}", ("pam_unix.so", "pam_trustlogon.so"))


def main():
    up(trust="external")
    put("ws1", f"/etc/pam.d/{SERVICE}", pam_stack())
    linked()
    pamtester()
    sshd()
    login()
    finish()


if __name__ == "__main__":
    main()

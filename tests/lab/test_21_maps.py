#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What pam_trustlogon.so brings into other people's processes: nothing.

Looked at in live processes that wait at their password prompt with the module
loaded: pamtester, a real sshd session, and login on a terminal.
"""
import contextlib
import re
import time

from harness import SERVICE, check, equal, finish, put, up, ws

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


def holders(name, service_module):
    """Process of this name that has this module mapped."""
    return wait_for(f"for p in $(pgrep -x {name}); do grep -q {service_module} /proc/$p/maps && "
                    "echo $p; done")


def own(program):
    """Libraries that the program is linked with itself."""
    shown = ws(["ldd", program]).stdout
    return set(re.findall(r"/\S+\.so\S*", ws(["realpath", *re.findall(r"/\S+", shown)]).stdout))


def brings_nothing(name, program, command, service):
    """At our prompt the process has its own libraries, its PAM modules, and no more."""
    put("ws1", f"/etc/pam.d/{service}", "auth required pam_trustlogon.so\n" + PERMIT)
    with at_prompt(name, command):
        mapped = libraries(holders(name, "pam_trustlogon"))
    check(f"{name}: our module is loaded", MODULE in mapped, mapped)
    more = mapped - own(program)
    equal(f"{name}: no Kerberos, LDAP, SASL, GSSAPI, talloc or c-ares beside its own",
          [path for path in more if UNWANTED.search(path)], [])
    # libnss_* come with getpwnam(), before and without PAM.
    equal(f"{name}: nothing is brought but the PAM modules",
          sorted(path for path in more
                 if path not in MODULES and "/libnss_" not in path), [])


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
        brings_nothing(
            "sshd", "/usr/sbin/sshd",
            "ssh -F none -p 2222 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "
            "-o PreferredAuthentications=keyboard-interactive -l {CONTOSO\\alice} 127.0.0.1",
            "sshd")
    finally:
        ws("kill $(cat /run/lab/sshd.pid)")


def main():
    up(trust="external")
    # libpam loads the modules of this one into every program, whatever its own service.
    put("ws1", "/etc/pam.d/other", "auth required pam_deny.so\n" + PERMIT)
    linked()
    brings_nothing("pamtester", "/usr/bin/pamtester",
                   f"pamtester {SERVICE} {{CONTOSO\\alice}} authenticate", SERVICE)
    brings_nothing("login", "/bin/login", "login {CONTOSO\\alice}", "login")
    sshd()
    finish()


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: MIT
"""First process of one host: makes its private view of the file system, then
reaps. Started by holder.py in fresh namespaces as:
host_init.py STATE_FOLDER NAME FQDN

The view is the machine's own file system with copy-on-write layers in a tmpfs
over /etc and /var (and /usr of the workstation, where the product gets
installed) and empty folders where a host must not see the machine's. Samba's
folders are compiled in, so moving them by options would not do.
"""
import os
import shutil
import signal
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

# What the machine itself may have and a lab host must start without.
REMOVED = [
    "/etc/krb5.conf", "/etc/krb5.conf.d", "/etc/krb5.keytab", "/etc/samba",
    "/etc/trustlogon.conf", "/etc/trustlogon.conf.d", "/etc/ld.so.preload",
    "/etc/resolv.conf", "/etc/sssd", "/var/lib/samba", "/var/cache/samba", "/var/log/samba",
    "/var/lib/trustlogon", "/var/cache/trustlogon", "/var/lib/sss",
]
CREATED = [
    ("/etc/samba", 0o755), ("/etc/krb5.conf.d", 0o755), ("/var/lib/samba/private", 0o700),
    ("/var/cache/samba", 0o755), ("/var/log/samba", 0o755), ("/run/samba", 0o755),
    ("/run/lock", 0o1777), ("/run/user", 0o755), ("/run/sshd", 0o755),
    ("/run/systemd/journal", 0o755), ("/run/lab", 0o755), ("/var/log/lab", 0o755),
]
DEVICES = ["null", "zero", "full", "random", "urandom", "tty"]


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def overlay(layers, folder):
    name = folder.strip("/").replace("/", "-")
    upper, work = f"{layers}/{name}.upper", f"{layers}/{name}.work"
    os.makedirs(upper)
    os.makedirs(work)
    shutil.copystat(folder, upper)
    mount("-t", "overlay", "lab", "-o",
          f"lowerdir={folder},upperdir={upper},workdir={work}", folder)


def make_dev():
    mount("-t", "tmpfs", "-o", "mode=755", "lab", "/mnt")
    for name in DEVICES:
        open(f"/mnt/{name}", "w", encoding="utf-8").close()
        mount("--bind", f"/dev/{name}", f"/mnt/{name}")
    for name in ("pts", "shm"):
        os.mkdir(f"/mnt/{name}")
    mount("--move", "/mnt", "/dev")
    mount("-t", "devpts", "-o", "newinstance,ptmxmode=0666,mode=620", "lab", "/dev/pts")
    mount("-t", "tmpfs", "-o", "mode=1777", "lab", "/dev/shm")
    for link, target in [("ptmx", "pts/ptmx"), ("fd", "/proc/self/fd"),
                         ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
                         ("stderr", "/proc/self/fd/2"),
                         ("log", "/run/systemd/journal/dev-log")]:
        os.symlink(target, f"/dev/{link}")


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def make_view(state, name):
    tool = {entry: open(f"{HERE}/{entry}", "rb").read()
            for entry in os.listdir(HERE) if entry.endswith(".py")}
    layers = f"{state}/fs"
    mount("-t", "tmpfs", "-o", "mode=755", "lab", layers)
    for folder in ["/etc", "/var"] + (["/usr"] if name == "ws1" else []):
        overlay(layers, folder)
    mount("-t", "tmpfs", "-o", "mode=755", "lab", "/run")
    for folder, mode in [("/home", "755"), ("/root", "700"), ("/tmp", "1777")]:
        mount("-t", "tmpfs", "-o", f"mode={mode}", "lab", folder)
    make_dev()
    for path in REMOVED:
        remove(path)
    for path, mode in CREATED:
        os.makedirs(path, exist_ok=True)
        os.chmod(path, mode)
    # The folder the lab was started from may be hidden now: copy the tool.
    for entry, content in tool.items():
        with open(f"/run/lab/{entry}", "wb") as out:
            out.write(content)


def main():
    state, name, fqdn = sys.argv[1:4]
    # Both must be read before this host's own /proc and /run cover the machine's.
    outer_pid = os.readlink("/proc/self")
    hosts = os.open(f"{state}/hosts", os.O_RDONLY | os.O_DIRECTORY)
    make_view(state, name)
    mount("-t", "proc", "proc", "/proc")
    with open("/proc/sys/net/ipv6/conf/all/disable_ipv6", "w", encoding="ascii") as knob:
        knob.write("1")
    socket.sethostname(fqdn.split(".")[0])
    for path, text in [("/etc/hostname", fqdn.split(".")[0] + "\n"), ("/etc/fstab", "")]:
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
    os.chdir("/")

    def reap(*_):
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass

    signal.signal(signal.SIGCHLD, reap)
    ready = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=hosts)
    os.write(ready, outer_pid.encode() + b"\n")
    os.close(ready)
    os.close(hosts)
    # What is not covered yet is the machine's own: read-only for a host.
    # Last, because the record above is in a folder of the machine.
    mount("-o", "remount,bind,ro", "/")
    while True:
        signal.pause()


if __name__ == "__main__":
    main()

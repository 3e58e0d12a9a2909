# SPDX-License-Identifier: MIT
"""A real MIT KDC on a host of the lab, for one realm or several.

    with Kdc("mallory", "UNIX.TEST") as kdc:
        kdc.add("carol@UNIX.TEST", "secret")
        kdc.trust("UNIX.TEST", "CONTOSO.TEST", "shared")     # krbtgt/CONTOSO.TEST@UNIX.TEST
        kdc.publish("dc1.fabrikam")                          # SRV records in its DNS

Databases, configuration and keys are in /run/NAME of the host and end with the lab.
"""
import harness
from harness import on, put
from lab.samba import publish

PASSWORD = harness.PASSWORD
# As AD salts them, too: a trust's password makes the same key on both sides.
ENCTYPES = "aes256-cts-hmac-sha1-96:normal"


class Kdc:
    """`krb5` and `conf` are added to its krb5.conf and to the realms' part of kdc.conf."""

    def __init__(self, host, *realms, name="mit", krb5="", conf=""):
        self.host, self.realms, self.folder = host, realms, f"/run/{name}"
        self.env = {"KRB5_CONFIG": f"{self.folder}/krb5.conf",
                    "KRB5_KDC_PROFILE": f"{self.folder}/kdc.conf"}
        self.run(["mkdir", "-p", self.folder])
        self.configure(krb5, conf)
        for realm in realms:
            self.run(["kdb5_util", "-r", realm, "create", "-s", "-P", "master"])

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def configure(self, krb5="", conf=""):
        """Write both files; a running KDC reads them when it is started again."""
        put(self.host, f"{self.folder}/acl", "")
        put(self.host, f"{self.folder}/krb5.conf",
            f"[libdefaults]\n default_realm = {self.realms[0]}\n dns_lookup_kdc = false\n"
            f" dns_lookup_realm = false\n[logging]\n kdc = FILE:{self.folder}/kdc.log\n"
            f" admin_server = FILE:{self.folder}/kadmind.log\n" + krb5)
        put(self.host, f"{self.folder}/kdc.conf",
            "[kdcdefaults]\n kdc_listen = 88\n kdc_tcp_listen = 88\n[realms]\n" + "".join(
                f" {realm} = {{\n  database_name = {self.folder}/{realm}\n"
                f"  key_stash_file = {self.folder}/{realm}.stash\n"
                f"  acl_file = {self.folder}/acl\n  supported_enctypes = {ENCTYPES}\n"
                f"  max_renewable_life = 7d\n{conf} }}\n" for realm in self.realms))

    def run(self, command):
        done = on(self.host, command, env=self.env)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def kadmin(self, realm, *lines):
        """Commands of kadmin.local, which prints what failed but exits with 0."""
        done = on(self.host, ["kadmin.local", "-r", realm], env=self.env,
                  stdin="".join(line + "\n" for line in lines))
        assert done.returncode == 0 and "while" not in done.stderr, done.stdout + done.stderr
        return done.stdout

    def add(self, principal, password=PASSWORD, flags=""):
        """Add a principal "name@REALM"; a random key where the password is None."""
        key = "-randkey" if password is None else f"-pw {password}"
        self.kadmin(principal.rpartition("@")[2], f"addprinc {flags} {key} {principal}")

    def trust(self, user_realm, other, password):
        """The key with which tickets of `user_realm` go to `other`, in each database of the
        two that is here: krbtgt/OTHER@USER_REALM. Twice for both directions."""
        for realm in {user_realm, other} & set(self.realms):
            self.kadmin(realm, f"addprinc -pw {password} krbtgt/{other}@{user_realm}")

    def keytab(self, path, *principals):
        """Write the keys that these have, as they are, to a file of this host."""
        for principal in principals:
            self.kadmin(principal.rpartition("@")[2], f"ktadd -norandkey -k {path} {principal}")

    def start(self, passwords=None):
        """The KDC, and kadmind (464) for the realm `passwords`; back when both serve."""
        realms = [word for realm in self.realms for word in ("-r", realm)]
        self.run(["krb5kdc", "-P", f"{self.folder}/krb5kdc.pid", *realms])
        if passwords is not None:
            self.run(["kadmind", "-P", f"{self.folder}/kadmind.pid", "-r", passwords])
        return self

    def stop(self):
        for program in ("krb5kdc", "kadmind"):
            on(self.host, f"test ! -f {self.folder}/{program}.pid || "
                          f"{{ read pid <{self.folder}/{program}.pid; kill $pid; "
                          f"while kill -0 $pid 2>/dev/null; do sleep 0.02; done; "
                          f"rm -f {self.folder}/{program}.pid; }}")

    def log(self):
        return on(self.host, ["cat", f"{self.folder}/kdc.log"]).stdout

    def publish(self, dc, *realms):
        """Put the realms (all of them) into a DC's DNS as DNS of a plain Kerberos realm has it
        [RFC 4120 7.2.3.2]: SRV records and the KDC's address, and nothing of a domain."""
        address = harness.settings.HOSTS[harness._lab.host(self.host)]["address"]
        for realm in realms or self.realms:
            zone = realm.lower()
            publish(harness._lab, harness._lab.host(dc), zone, [["kdc", "A", address]] + [
                [f"_kerberos._{kind}", "SRV", f"kdc.{zone} 88 0 100"] for kind in ("tcp", "udp")])

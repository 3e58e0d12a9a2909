# SPDX-License-Identifier: MIT
"""Smart cards in the lab: a domain controller that takes them, and cards in WS1's reader.

The KDC is the domain's own, Samba's, with a certificate like that of a Windows domain
controller. Cards are SoftHSM's tokens behind card.c; what they saw of PINs is in their log.
"""
import pathlib
import subprocess
import tempfile

import harness
from certificates import Authority, key_pem, pem
from cryptography.hazmat.primitives import serialization
from harness import get, put, ws
from lab import samba

MODULE = "/usr/lib/card.so"
TOKEN = f"PKCS11:module_name={MODULE}:token="
ANCHORS = "FILE:/etc/pki/ca.pem"
PIN = "482916"
KDC_CONF = """[kdc]
    enable-pkinit = yes
    pkinit_identity = FILE:/etc/pki/kdc.pem,/etc/pki/kdc.key
    pkinit_anchors = FILE:/etc/pki/users.pem
"""


def equip(host, *dns_names):
    """Let a domain controller answer the cards of an authority, which is returned. Its own
    certificate is another authority's, as if another party issues the cards; WS1 trusts both."""
    users, domain = Authority("Cards CA"), Authority("Domain CA")
    private, certificate = domain.domain_controller(*dns_names)
    put(host, "/etc/pki/kdc.pem", pem(certificate))
    put(host, "/etc/pki/kdc.key", key_pem(private), 0o600)
    put(host, "/etc/pki/users.pem", pem(users.certificate))
    put(host, "/etc/krb5.conf", get(host, "/etc/krb5.conf") + KDC_CONF)
    put("ws1", "/etc/pki/users.pem", pem(users.certificate))
    put("ws1", "/etc/pki/ca.pem", pem(users.certificate) + pem(domain.certificate))
    lab = harness._lab
    samba.stop(lab, host)
    samba.start(lab, host)
    samba.wait_ready(lab, [host])
    return users


def install_module():
    here = pathlib.Path(__file__).with_name("card.c")
    flags = subprocess.run(["pkg-config", "--cflags", "p11-kit-1"], capture_output=True, text=True,
                           check=True).stdout.split()
    with tempfile.NamedTemporaryFile(suffix=".so") as made:
        subprocess.run(["cc", "-shared", "-fPIC", "-fvisibility=hidden", *flags, str(here), "-o",
                        made.name, "-ldl"], check=True)
        put("ws1", MODULE, pathlib.Path(made.name).read_bytes(), 0o755)
    ws("mkdir -p /run/card /var/lib/softhsm/tokens && touch /run/card/present")


def card(label, private, certificate):
    """A token with this key and certificate."""
    put("ws1", "/root/key.pem", key_pem(private), 0o600)
    put("ws1", "/root/cert.der", certificate.public_bytes(serialization.Encoding.DER))
    done = ws(f"softhsm2-util --init-token --free --label {label} --pin {PIN} --so-pin 12345678 && "
              f"softhsm2-util --import /root/key.pem --token {label} --label k --id 01 --pin {PIN} && "
              f"pkcs11-tool --module /usr/lib/softhsm/libsofthsm2.so --token-label {label} --login "
              f"--pin {PIN} --write-object /root/cert.der --type cert --id 01 --label k; "
              "status=$?; rm -f /root/key.pem /root/cert.der; exit $status")
    assert done.returncode == 0, done
    return TOKEN + label


def file_identity(name, private, certificate, password=PIN):
    put("ws1", f"/etc/pki/{name}.pem", pem(certificate))
    put("ws1", f"/etc/pki/{name}.key", key_pem(private, password), 0o600)
    return f"FILE:/etc/pki/{name}.pem,/etc/pki/{name}.key"


def tried():
    """What the card's log has of PINs, from the last call on."""
    told = ws("cat /run/card/log 2>/dev/null; rm -f /run/card/log").stdout.split()
    return told


def fresh():
    """Forget wrong PINs, and put the card into the reader."""
    ws("rm -f /run/card/wrong /run/card/log; touch /run/card/present")


def pulled():
    ws("rm -f /run/card/present")

# SPDX-License-Identifier: MIT
"""What tests ask of the domain controllers, and change in their directories."""
import base64
import contextlib
import re

import harness
from harness import on
from lab import trust

PARTITION = "/var/lib/samba/private/sam.ldb.d/DC=CONTOSO,DC=TEST.ldb"

# The head of scripts that run on a DC: its directory, where its users are, one change.
PRELUDE = """
import json, sys, time
import ldb
from samba.auth import system_session
from samba.dcerpc import security
from samba.ndr import ndr_unpack
from samba.param import LoadParm
from samba.samdb import SamDB

lp = LoadParm()
lp.load_default()
db = SamDB(url="/var/lib/samba/private/sam.ldb", session_info=system_session(), lp=lp)
users = f"CN=Users,{db.domain_dn()}"

def find(name, *attributes, kind="sAMAccountName"):
    return db.search(db.domain_dn(), ldb.SCOPE_SUBTREE, f"({kind}={ldb.binary_encode(name)})",
                     list(attributes))[0]

def modify(dn, attributes, flag=ldb.FLAG_MOD_REPLACE, controls=[]):
    message = ldb.Message(dn if isinstance(dn, ldb.Dn) else ldb.Dn(db, dn))
    for key, value in attributes.items():
        message[key] = ldb.MessageElement(value, flag, key)
    db.modify(message, controls)

def add_group(name, kind):
    db.add({"dn": f"CN={name},{users}", "objectClass": "group", "sAMAccountName": name,
            "groupType": str(kind)})
"""


def script(code):
    """The command that runs a script on a DC."""
    return ["/usr/bin/python3", "-c", PRELUDE + code]


def run_script(dc, code, *arguments, stdin=None, timeout=60):
    """Run a script on a DC; what it prints."""
    done = on(dc, [*script(code), *arguments], stdin=stdin, timeout=timeout)
    if done.returncode != 0:
        raise RuntimeError(f"a script on {dc}: {done.stderr}")
    return done.stdout


def samba(dc, *arguments):
    """samba-tool on a DC: what it prints."""
    done = on(dc, ["samba-tool", *arguments])
    if done.returncode != 0:
        raise RuntimeError(f"samba-tool {arguments}: {done.stderr}")
    return done.stdout


def sid_of(dc, kind, name):
    """Of a "user" or a "group" that the DC has."""
    shown = samba(dc, kind, "show", name, "--attributes=objectSid")
    return next(line.split()[1] for line in shown.splitlines() if line.startswith("objectSid:"))


def write(dn, **attributes):
    """Replace attributes of an object, past the checks of LDAP."""
    dc = "dc1.fabrikam" if dn.endswith("DC=fabrikam,DC=test") else "dc1.contoso"
    encoded = {name: [base64.b64encode(str(value).encode()).decode()]
               for name, value in attributes.items()}
    trust.ask(harness._lab, dc, [{"op": "set", "dn": dn, "attrs": encoded}])


def must_change():
    """The account CONTOSO\\mustchange must change its password."""
    write("CN=mustchange,CN=Users,DC=contoso,DC=test", pwdLastSet=0)


def encryption_types(bits):
    """Those of the workstation's tickets, at its KDC."""
    write("CN=WS1,CN=Computers,DC=fabrikam,DC=test", **{"msDS-SupportedEncryptionTypes": bits})


def own_number(sam, attribute):
    """A number that CONTOSO's DC has of an account, read from the directory's own file: quick,
    past all that could be cached, and including what is not replicated. None if unset."""
    told = on("dc1.contoso", ["ldbsearch", "-H", PARTITION, f"(sAMAccountName={sam})", attribute])
    found = re.search(rf"^{attribute}: (\d+)", told.stdout, re.M)
    return int(found[1]) if found else None


@contextlib.contextmanager
def wrong_passwords_counted():
    """CONTOSO counts wrong passwords (badPwdCount): Samba does where there is a threshold."""
    def threshold(count):
        samba("dc1.contoso", "domain", "passwordsettings", "set",
              f"--account-lockout-threshold={count}")
    threshold(50)
    try:
        yield
    finally:
        threshold(0)

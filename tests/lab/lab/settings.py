# SPDX-License-Identifier: MIT
"""What the lab consists of: hosts, addresses, accounts. No code."""

PASSWORD = "Passw0rd.Lab1"  # of every account in both forests
SUFFIX = "corp.example"  # the explicit UPN suffix of CONTOSO

CONTOSO = {"realm": "CONTOSO.TEST", "dns": "contoso.test", "flat": "CONTOSO"}
FABRIKAM = {"realm": "FABRIKAM.TEST", "dns": "fabrikam.test", "flat": "FABRIKAM"}
# With `up --child`: a domain below contoso.test (child.py describes its limits).
CHILD = {"realm": "CHILD.CONTOSO.TEST", "dns": "child.contoso.test", "flat": "CHILD"}
DOMAINS = {"contoso": CONTOSO, "fabrikam": FABRIKAM, "child": CHILD}

# The addresses exist only between the lab's own network namespaces.
HOSTS = {
    "dc1.contoso": {"fqdn": "dc1.contoso.test", "address": "10.99.0.11", "domain": "contoso"},
    "dc2.contoso": {"fqdn": "dc2.contoso.test", "address": "10.99.0.12", "domain": "contoso"},
    "dc1.child": {"fqdn": "dc1.child.contoso.test", "address": "10.99.0.13", "domain": "child"},
    "dc1.fabrikam": {"fqdn": "dc1.fabrikam.test", "address": "10.99.0.21", "domain": "fabrikam"},
    "ws1": {"fqdn": "ws1.fabrikam.test", "address": "10.99.0.31", "domain": "fabrikam"},
    # A machine in no domain, for tests that need an impostor or a scripted KDC.
    "mallory": {"fqdn": "mallory.invalid", "address": "10.99.0.66", "domain": None},
}
PREFIX_LENGTH = 24

UF_NORMAL = 0x200
UF_DISABLED = 0x2
UF_SMARTCARD_REQUIRED = 0x40000

# Accounts of CONTOSO, one per account case. "set" are attributes written after
# creation; "uac" are bits added to userAccountControl; "state" is a condition
# that the directory computes and seed.py has to bring about by other means.
CONTOSO_USERS = [
    {"name": "alice", "upn": "alice@" + SUFFIX},
    {"name": "bob"},
    {"name": "disabled", "uac": UF_DISABLED},
    {"name": "locked", "state": "locked"},
    {"name": "expired", "set": {"accountExpires": "128000000000000000"}},
    {"name": "mustchange", "set": {"pwdLastSet": "0"}},
    {"name": "pwexpired", "state": "pwexpired"},
    {"name": "hours", "set": {"logonHours": b"\0" * 21}},
    {"name": "wslist", "set": {"userWorkstations": "OTHERPC"}},
    {"name": "smartcard", "uac": UF_SMARTCARD_REQUIRED},
    {"name": "jürgen.groß"},
    {"name": "pat o'neil"},
]
FABRIKAM_USERS = [{"name": "carol"}]

# (name, scope, members)
CONTOSO_GROUPS = [
    ("Sales", "global", ["alice", "bob"]),
    ("All Staff", "global", ["Sales", "jürgen.groß"]),
    ("Project Éclair", "universal", ["alice"]),
    ("Readers", "domainlocal", ["All Staff"]),
]
CHILD_USERS = [{"name": "dave"}]
CHILD_GROUPS = [("Minors", "global", ["dave"])]
FABRIKAM_GROUPS = [("Helpdesk", "global", ["carol"])]

SEED = {
    "contoso": {"users": CONTOSO_USERS, "groups": CONTOSO_GROUPS},
    "fabrikam": {"users": FABRIKAM_USERS, "groups": FABRIKAM_GROUPS},
    "child": {"users": CHILD_USERS, "groups": CHILD_GROUPS},
}

LOCAL_USER = "localuser"  # a plain unix account of WS1

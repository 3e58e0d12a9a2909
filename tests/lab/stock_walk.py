# SPDX-License-Identifier: MIT
"""A logon's Kerberos part done with MIT's kinit and kvno on WS1, and what it
gave: "works", the number of the KRB-ERROR, or a word for what else went wrong."""
import harness

ALICE, SUFFIX = "alice@CONTOSO.TEST", "alice@corp.example"

WALK = """
export KRB5CCNAME=/tmp/walk.cc
rm -f $KRB5CCNAME
case $2 in *.TEST) form=-C ;; *) form=-E ;; esac
echo "$1" | timeout 5 kinit -C $form "$2" && timeout 5 kvno krbtgt/FABRIKAM.TEST@CONTOSO.TEST &&
timeout 5 kvno -k /etc/krb5.keytab host/ws1.fabrikam.test@FABRIKAM.TEST || echo "exit $?"
"""

# What kinit and kvno say, and the KRB-ERROR behind it.
MEANING = [
    ("keytab entry valid", "works"),
    ("Server not found in Kerberos database", "7"),
    ("The ticket isn't for us", "35"),
    ("not found in Kerberos database", "6"),
    ("KDC has no support for encryption type", "14"),
    ("Decrypt integrity check failed", "31"),
    ("Clock skew too great", "37"),
    ("Password incorrect", "24"),
    ("Wrong principal in request", "key"),
    ("Key table file '/etc/krb5.keytab' not found", "no keytab"),
    ("Unsupported key table format", "no keytab"),
    ("Cannot contact any KDC", "no answer"),
    ("Cannot find KDC", "no KDC found"),
    ("exit 124", "no answer"),
]


def walk(name, password=harness.PASSWORD):
    done = harness.ws(["sh", "-c", WALK, "walk", password, name])
    said = done.stdout + done.stderr
    return next((word for words, word in MEANING if words in said), said)

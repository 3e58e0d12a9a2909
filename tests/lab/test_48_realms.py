#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Longer paths and other realms: a child domain behind the trust, KDCs that refer in a circle or
too far, and Kerberos realms without a domain. docs/walks.md tells what each leads to."""
import json

from harness import PASSWORD, broken, check, command, equal, finish, up, ws
from scenarios import explained, refused, works

DAVE = "CHILD\\dave"


def told(name, *options, password=PASSWORD):
    return json.loads(command("logon", "--json", *options, name, stdin=password + "\n").stdout)


def realms(got):
    """Whose KDCs were asked for tickets on the walk, in order."""
    return [event["realm"] for event in got["events"]
            if event["kind"] == "request" and event["message"] == "TGS-REQ"
            and not event["subject"].startswith("ldap/")]


def child():
    """Users of a domain below the trusted forest's root."""
    way = ["CHILD.CONTOSO.TEST", "CONTOSO.TEST", "FABRIKAM.TEST"]
    for name in (DAVE, "child.contoso.test\\dave", "dave@child.contoso.test", "dave@CHILD"):
        works("child", name)
    got = told(DAVE)
    equal("child: three realms are walked through", (got["ok"], realms(got)), (True, way))
    equal("child: the user is of the child", (got["client"], got["identity"]["domain"]),
          ("dave@CHILD.CONTOSO.TEST", "CHILD"))
    equal("child: the expected path was that", [(hop["from"], hop["to"])
          for hop in got["route"]["hops"]], list(zip(*[[r.lower() for r in way[i:]] for i in (0, 1)])))
    check("child: the name service knows him",
          ws(["id", "-un", DAVE]).stdout.strip() == "dave@child.contoso.test", got)
    for what, reason, win32 in (("trusttype", "trust-downlevel", 1787),
                                ("direction", "trust-direction", 1787)):
        with broken(what):
            refused(f"child, {what} in between", DAVE, "PAM_AUTH_ERR", win32)
            explained(f"child, {what} in between", DAVE, reason, win32=win32,
                      subject="CN=fabrikam.test,CN=System,DC=contoso,DC=test")
            got = told(DAVE)
            equal(f"child, {what} in between: the second hop failed",
                  (got["hop"], got["realm"], got["krb_error"]["code"]), (2, way[1], 7))
    works("child, mended", DAVE)


def main():
    up(trust="forest", child=True)
    command("refresh")
    child()
    finish()


if __name__ == "__main__":
    main()

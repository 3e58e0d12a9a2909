#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Trusts, accounts and keytabs without AES: which logons each allow_rc4 permits, what was offered to
which KDC, and what diagnose names as the cause. The trusts are Samba's own, made without AES
keys; an end of them is changed in the directory of its domain."""
import base64
import pathlib

import harness
from capture import Capture
from daemon import agent
from domains import encryption_types
from harness import (PASSWORD, check, command, diagnose, equal, finish, logon_with, nss, on, put,
                     trust, up, ws)
from lab import keytab
from lab import trust as lab_trust

LAB = {"trust": "none"}

ALICE, BOB = "CONTOSO\\alice", "CONTOSO\\bob"
RC4, AES256 = 23, 18
TDO = {"contoso": "CN=fabrikam.test,CN=System,DC=contoso,DC=test",
       "fabrikam": "CN=contoso.test,CN=System,DC=fabrikam,DC=test"}
BOX = "The other domain supports Kerberos AES Encryption"
CONF, KEYTAB = "/etc/trustlogon.conf", "/etc/krb5.keytab"


def make_trust(kind):
    """As an administrator makes one without AES keys."""
    trust("none")
    done = on("dc1.fabrikam", ["samba-tool", "domain", "trust", "create", "contoso.test",
                               f"--type={kind}", "--direction=both", "--create-location=both",
                               "--skip-validation", "--no-aes-keys", *lab_trust.credentials()],
              timeout=120)
    check(f"samba-tool makes a {kind} trust without AES keys", done.returncode == 0, done.stderr)
    if kind == "forest":
        for domain in TDO:
            lab_trust.store_forest_info(harness._lab, domain)
    lab_trust.samba.replicate(harness._lab)
    command("refresh")


def set_aes(domain, value):
    """msDS-SupportedEncryptionTypes of a domain's end of the trust; None takes it away."""
    values = [] if value is None else [base64.b64encode(str(value).encode()).decode()]
    lab_trust.ask(harness._lab, f"dc1.{domain}", [
        {"op": "set", "dn": TDO[domain], "attrs": {"msDS-SupportedEncryptionTypes": values}}])


def trusts_without_aes():
    """What `trustlogon trusts` says of the trusts of the machine's own domain."""
    command("refresh")
    return [line.strip() for line in command("trusts").stdout.splitlines()
            if "without AES" in line]


def told(policy, name=ALICE):
    """diagnose with this policy in the file: what it found out, and the trusts without AES."""
    put("ws1", CONF, f"[logon]\n    allow_rc4 = {policy}\n")
    found = diagnose(name)
    ws(["rm", CONF])
    return found, {one["target"]: one["verdict"] for one in found["findings"]
                   if one["check"] == "trust-aes"}


def bytes_of(host, path):
    return pathlib.Path(harness._lab.file(harness._lab.host(host), path)).read_bytes()


def offered(wire, message):
    """Whether RC4 is offered in such requests; those that differ are a fault of their own."""
    each = {RC4 in packet.offered for packet in wire.kerberos(message)}
    assert all(AES256 in packet.offered for packet in wire.kerberos(message))
    return each


def made_without_aes():
    """As Samba makes a trust with --no-aes-keys, at both ends."""
    for kind in ("external", "forest"):
        make_trust(kind)
        got, why, what = logon_with("allow_rc4=no")
        equal(f"{kind}, allow_rc4 = no: error 14 names the TDO of the user's domain",
              (got.code, why, what), ("PAM_AUTH_ERR", "trust-rc4-only", TDO["contoso"]))
        check(f"{kind}: what the user reads is Windows' sentence",
              "The encryption type requested is not supported by the KDC." in got.text, got.text)
        with Capture(harness._lab) as wire:
            equal(f"{kind}: the default lets her in", logon_with("")[1], "ok")
        equal(f"{kind}: RC4 is offered for tickets, and not for the key of her password",
              (offered(wire, "AS-REQ"), offered(wire, "TGS-REQ")), ({False}, {True}))
        equal(f"{kind}: in armor made over this trust, too", logon_with("fast=demand")[1], "ok")
        equal(f"{kind}: allow_rc4 = yes lets her in", logon_with("allow_rc4=yes")[1], "ok")
        check(f"{kind}: `trusts` warns", "msDS-SupportedEncryptionTypes = 4" in
              "".join(trusts_without_aes()))
        found, seen = told("trusts")
        equal(f"{kind}: diagnose warns of both ends of a trust that works",
              (found["exit"], seen), (0, {dn: "warning" for dn in TDO.values()}))
        found, seen = told("no")
        equal(f"{kind}: diagnose finds both ends where it does not", (found["exit"], seen),
              (1, {dn: "failed" for dn in TDO.values()}))
        for words in ("msDS-SupportedEncryptionTypes = 4", BOX, "allow_rc4 = trusts"):
            check(f"{kind}: cause and remedy say {words}",
                  words in found["cause"] + found["remedy"], found)


def who_is_there():
    """If logons fail for want of AES, names and ids are still found: by the own DC."""
    put("ws1", "/etc/nsswitch.conf",
        "passwd: files trustlogon\ngroup: files trustlogon\nhosts: files dns\n")
    put("ws1", CONF, "[logon]\n    allow_rc4 = no\n")
    with agent():
        found = nss(["getent", "passwd", BOB])
    check("allow_rc4 = no: a user of the other domain is known", found.returncode == 0,
          found.stdout + found.stderr)
    ws(["rm", CONF])


def ends_differ():
    """The box was ticked at one end only: one KDC makes tickets that the other cannot read."""
    for values, allow, guilty in (((24, 4), "no", "fabrikam"), ((24, 4), "trusts", "fabrikam"),
                                  ((4, 24), "no", "contoso"), ((4, 24), "trusts", "contoso")):
        for domain, value in zip(TDO, values):
            set_aes(domain, value)
        got, why, what = logon_with(f"allow_rc4={allow}")
        equal(f"ends {values}, allow_rc4 = {allow}: the end without AES is named",
              (got.code, why, what), ("PAM_AUTH_ERR", "trust-rc4-only", TDO[guilty]))
    _, seen = told("trusts")
    equal("diagnose names the end without AES alone", seen, {TDO["contoso"]: "warning"})
    for values, allow in (((36, 36), "no"), ((24, 24), "no"), ((24, 24), "trusts")):
        for domain, value in zip(TDO, values):
            set_aes(domain, value)
        equal(f"ends {values}, allow_rc4 = {allow}: it works",
              logon_with(f"allow_rc4={allow}")[1], "ok")
    equal("trusts with AES at both ends: no warning",
          (trusts_without_aes(), told("no")[1]), ([], {}))


def accounts():
    """RC4 for the sake of trusts is for nothing else."""
    account = {"op": "find", "filter": "(sAMAccountName=bob)", "attrs": ["supplementalCredentials"]}
    dn = lab_trust.ask(harness._lab, "dc1.contoso", [account])[0][0]["dn"]
    lab_trust.ask(harness._lab, "dc1.contoso", [
        {"op": "store", "replace": True, "dn": dn, "attrs": {"supplementalCredentials": []}}])
    got, why, what = logon_with("", BOB)
    equal("an account that has RC4 keys only is told apart", (got.code, why, what),
          ("PAM_AUTH_ERR", "account-rc4-only", "bob@CONTOSO.TEST"))
    equal("allow_rc4 = yes lets it in", logon_with("allow_rc4=yes", BOB)[1], "ok")
    found, _ = told("trusts", BOB)
    check("diagnose says to change its password", "change the password" in found["remedy"], found)
    on("dc1.contoso", ["samba-tool", "user", "setpassword", "bob", f"--newpassword={PASSWORD}"])
    lab_trust.samba.replicate(harness._lab)
    equal("with another password set it is as others are", logon_with("", BOB)[1], "ok")

    encryption_types(4)
    got, why, what = logon_with("")
    equal("a host account without AES: not for the sake of trusts", (got.code, why),
          ("PAM_AUTH_ERR", "etype-unsupported"))
    check("it names this machine", "ws1.fabrikam.test" in (what or ""), what)
    encryption_types(28)

    whole = bytes_of("ws1", KEYTAB)
    put("ws1", KEYTAB, keytab.only(whole, RC4), 0o600)
    for options in ("", "allow_rc4=yes"):
        got, why, what = logon_with(options)
        equal(f"{options or 'default'}: a keytab without AES is told apart", (got.code, why, what),
              ("PAM_AUTH_ERR", "keytab-rc4-only", KEYTAB))
    found, _ = told("trusts")
    equal("diagnose finds it at the keytab", [one["reason"] for one in found["findings"]
                                              if one["check"] == "keytab"], ["keytab-rc4-only"])
    put("ws1", KEYTAB, whole, 0o600)
    equal("with the whole keytab it works", logon_with("")[1], "ok")


def main():
    up(**LAB)
    made_without_aes()
    who_is_there()
    ends_differ()
    accounts()
    finish()


if __name__ == "__main__":
    main()

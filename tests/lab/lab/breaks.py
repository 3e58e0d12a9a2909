# SPDX-License-Identifier: MIT
"""Everything that can be broken on purpose, and how each break is undone.

A break is a function that changes the lab and returns a list of undo steps,
which are plain data and saved with the lab, so that any later process can
undo it, the last one first. `touches` names what a break changes; two breaks of one thing cannot
be active together.
"""
import base64
import os
import struct

from . import forest_info, keytab, net, samba, settings, trust
from .state import LabError

KEYTAB = "/etc/krb5.keytab"
FAKETIME = "/usr/$LIB/faketime/libfaketime.so.1\n"

BREAKS = {}


def broken(name, sentence, touches=None, **arguments):
    """Register a break; one function may serve several names."""
    def register(function):
        BREAKS[name] = {"function": function, "sentence": sentence, "arguments": arguments,
                        "touches": touches or name}
        return function
    return register


# --- undo steps -----------------------------------------------------------

def undo_set(lab, step):
    trust.ask(lab, step["host"], [{"op": "set", "dn": step["dn"], "attrs": step["attrs"]}])


def undo_rename(lab, step):
    trust.ask(lab, step["host"], [{"op": "rename", "dn": step["dn"], "to": step["to"]}])


def undo_delete(lab, step):
    trust.ask(lab, step["host"], [{"op": "delete", "dn": step["dn"]}])


def undo_unfilter(lab, step):
    net.unfilter(lab, step["host"], step["table"])


def undo_file(lab, step):
    put_file(lab, step["host"], step["path"], step["content"])


def undo_run(lab, step):
    lab.run(step["host"], *step["command"])


def undo_restart(lab, step):
    samba.stop(lab, step["host"])
    samba.start(lab, step["host"])
    samba.wait_ready(lab, [step["host"]])


UNDO = {"set": undo_set, "rename": undo_rename, "delete": undo_delete,
        "unfilter": undo_unfilter, "file": undo_file, "run": undo_run,
        "restart": undo_restart}


# --- helpers --------------------------------------------------------------

def encoded(*values):
    return [base64.b64encode(v if isinstance(v, bytes) else v.encode()).decode() for v in values]


def get_file(lab, host, path):
    try:
        with open(lab.file(host, path), "rb") as source:
            return base64.b64encode(source.read()).decode()
    except FileNotFoundError:
        return None


def put_file(lab, host, path, content):
    """Replace a host's file as a whole; None removes it."""
    target = lab.file(host, path)
    if content is None:
        if os.path.lexists(target):
            os.unlink(target)
        return
    with open(target + ".new", "wb", opener=lambda p, f: os.open(p, f, 0o600)) as out:
        out.write(base64.b64decode(content))
    os.chmod(target + ".new", 0o600 if path == KEYTAB else 0o644)
    os.rename(target + ".new", target)


def change_file(lab, host, path, content):
    old = get_file(lab, host, path)
    put_file(lab, host, path, content)
    return {"do": "file", "host": host, "path": path, "content": old}


def change_object(lab, host, dn, attributes):
    old = trust.ask(lab, host, [{"op": "set", "dn": dn, "attrs": attributes}])[0]
    return {"do": "set", "host": host, "dn": dn, "attrs": old}


def need_tdo(lab, domain):
    entry = trust.tdo(lab, domain)
    if entry is None:
        raise LabError("the lab has no trust to break (./run lab trust external creates one)")
    return entry


# --- the trust ------------------------------------------------------------

@broken("trusttype", "CONTOSO's trust object for FABRIKAM has trustType 1 (downlevel): "
        "no referral leaves CONTOSO", "contoso trustType", domain="contoso")
@broken("trusttype-ws", "FABRIKAM's trust object for CONTOSO has trustType 1 (downlevel): "
        "FABRIKAM refuses CONTOSO's referral ticket", "fabrikam trustType", domain="fabrikam")
def trusttype(lab, domain):
    dn = need_tdo(lab, domain)["dn"]
    return [change_object(lab, f"dc1.{domain}", dn, {"trustType": encoded("1")})]


@broken("netbios-name", "CONTOSO's trust was made by NetBIOS name: object and trustPartner "
        "are called FABRIKAM and trustType is 1", "contoso trustType")
def netbios_name(lab):
    host, dn = "dc1.contoso", need_tdo(lab, "contoso")["dn"]
    flat = settings.FABRIKAM["flat"]
    undo = change_object(lab, host, dn, {"trustType": encoded("1"),
                                         "trustPartner": encoded(flat)})
    new = f"CN={flat},{dn.partition(',')[2]}"
    trust.ask(lab, host, [{"op": "rename", "dn": dn, "to": new}])
    return [undo, {"do": "rename", "host": host, "dn": new, "to": dn}]


@broken("direction", "CONTOSO's trust object lacks the inbound direction: CONTOSO's users "
        "cannot log on in FABRIKAM", "contoso trustDirection", domain="contoso", bit=1)
@broken("direction-ws", "FABRIKAM's trust object lacks the outbound direction: FABRIKAM does "
        "not trust CONTOSO", "fabrikam trustDirection", domain="fabrikam", bit=2)
def direction(lab, domain, bit):
    entry = need_tdo(lab, domain)
    left = int(trust.value(entry, "trustDirection")) & ~bit
    return [change_object(lab, f"dc1.{domain}", entry["dn"],
                          {"trustDirection": encoded(str(left))})]


@broken("within-forest", "CONTOSO's trust object for FABRIKAM is marked WITHIN_FOREST",
        "contoso trustAttributes", domain="contoso")
@broken("within-forest-ws", "FABRIKAM's trust object for CONTOSO is marked WITHIN_FOREST",
        "fabrikam trustAttributes", domain="fabrikam")
def within_forest(lab, domain):
    entry = need_tdo(lab, domain)
    attributes = int(trust.value(entry, "trustAttributes")) | 0x20
    return [change_object(lab, f"dc1.{domain}", entry["dn"],
                          {"trustAttributes": encoded(str(attributes))})]


@broken("partner-ws", "FABRIKAM's trust object for CONTOSO says trustPartner contso.test",
        "fabrikam trustPartner")
def partner(lab):
    entry = need_tdo(lab, "fabrikam")
    return [change_object(lab, "dc1.fabrikam", entry["dn"],
                          {"trustPartner": encoded("contso.test")})]


@broken("secret-ws", "FABRIKAM's trust object for CONTOSO has another password than CONTOSO's",
        "fabrikam trustAuthOutgoing")
def secret(lab):
    entry = need_tdo(lab, "fabrikam")
    password = "another one".encode("utf-16-le") + b"\0\0"
    # trustAuthInfo [MS-ADTS 6.1.6.9.1]: one password, now and before.
    info = struct.pack("<QII", 132 * 10**15, 2, 22) + password
    return [change_object(lab, "dc1.fabrikam", entry["dn"], {"trustAuthOutgoing": encoded(
        struct.pack("<III", 1, 12, 12 + len(info)) + info + info)})]


@broken("trust-sid", "FABRIKAM's trust object for CONTOSO has the SID of another domain, as after "
        "CONTOSO was rebuilt", "fabrikam securityIdentifier")
def trust_sid(lab):
    entry = need_tdo(lab, "fabrikam")
    sid = struct.pack("<BB6B4I", 1, 4, 0, 0, 0, 0, 0, 5, 21, 1, 2, 3)
    return [change_object(lab, "dc1.fabrikam", entry["dn"], {
        "securityIdentifier": encoded(sid)})]


@broken("selective", "FABRIKAM's trust object requires selective authentication "
        "(CROSS_ORGANIZATION); Samba's KDC then does not use the trust",
        "fabrikam trustAttributes")
def selective(lab):
    entry = need_tdo(lab, "fabrikam")
    bits = int(trust.value(entry, "trustAttributes")) | 0x10
    return [change_object(lab, "dc1.fabrikam", entry["dn"],
                          {"trustAttributes": encoded(str(bits))})]


# --- suffix routing -------------------------------------------------------

def flagged(flag):
    def edit(records):
        for record in records:
            if forest_info.name_of(record) == settings.SUFFIX:
                record["flags"] = flag
        return records
    return edit


def excluded(records):
    return records + [forest_info.name_record(forest_info.TLN_EX, settings.SUFFIX)]


def removed(records):
    return [r for r in records if forest_info.name_of(r) != settings.SUFFIX]


@broken("suffix-disabled", f"FABRIKAM's administrator disabled the name suffix "
        f"{settings.SUFFIX} (flag 2)", "suffix", edit=flagged(forest_info.DISABLED_ADMIN))
@broken("suffix-new", f"the name suffix {settings.SUFFIX} is new to FABRIKAM and not yet "
        "enabled (flag 1)", "suffix", edit=flagged(forest_info.DISABLED_NEW))
@broken("suffix-conflict", f"the name suffix {settings.SUFFIX} is disabled as conflicting with "
        "another trust (flag 4)", "suffix", edit=flagged(forest_info.DISABLED_CONFLICT))
@broken("suffix-excluded", f"FABRIKAM excludes the name suffix {settings.SUFFIX} from routing",
        "suffix", edit=excluded)
@broken("suffix-none", f"FABRIKAM's routing table does not list the name suffix "
        f"{settings.SUFFIX}", "suffix", edit=removed)
def suffix(lab, edit):
    entry = need_tdo(lab, "fabrikam")
    blobs = entry["attrs"].get("msDS-TrustForestTrustInfo")
    records = forest_info.parse(base64.b64decode(blobs[0])) if blobs else []
    if settings.SUFFIX not in map(forest_info.name_of, records):
        raise LabError(f"the trust does not route {settings.SUFFIX}; this break needs "
                       "./run lab trust forest in a lab with --suffix")
    blob = forest_info.build(edit(records))
    return [change_object(lab, "dc1.fabrikam", entry["dn"],
                          {"msDS-TrustForestTrustInfo": encoded(blob)})]


# --- the workstation's account and keys -----------------------------------

def workstation_account(lab):
    return trust.ask(lab, "dc1.fabrikam", [
        {"op": "find", "filter": "(sAMAccountName=WS1$)",
         "attrs": ["servicePrincipalName", "userAccountControl"]}])[0][0]


@broken("spn", "the workstation's account has lost its host/ service principal names",
        "servicePrincipalName")
def spn(lab):
    entry = workstation_account(lab)
    names = next(values for name, values in entry["attrs"].items()
                 if name.lower() == "serviceprincipalname")
    kept = [n for n in names if not base64.b64decode(n).lower().startswith(b"host/")]
    undo_names = change_object(lab, "dc1.fabrikam", entry["dn"], {"servicePrincipalName": kept})
    # Samba's KDC also takes a computer object whose CN is the host's short
    # name for host/NAME; Windows does not. So the object gets another CN.
    new = "CN=WS1-RENAMED," + entry["dn"].partition(",")[2]
    trust.ask(lab, "dc1.fabrikam", [{"op": "rename", "dn": entry["dn"], "to": new}])
    return [undo_names, {"do": "rename", "host": "dc1.fabrikam", "dn": new, "to": entry["dn"]}]


@broken("spn-duplicate", "a second computer account, WS1-OLD, claims host/ws1.fabrikam.test too",
        "servicePrincipalName")
def spn_duplicate(lab):
    dn = "CN=WS1-OLD," + workstation_account(lab)["dn"].partition(",")[2]
    trust.ask(lab, "dc1.fabrikam", [
        {"op": "add", "dn": dn, "attrs": {
            "objectClass": encoded("computer"), "sAMAccountName": encoded("WS1-OLD$"),
            "userAccountControl": encoded(str(0x1000))}},
        {"op": "store", "dn": dn, "attrs": {
            "servicePrincipalName": encoded("host/ws1.fabrikam.test")}}])
    return [{"do": "delete", "host": "dc1.fabrikam", "dn": dn}]


@broken("spn-user", "host/ws1.fabrikam.test is on the user walter, not on the workstation's "
        "account", "servicePrincipalName")
def spn_user(lab):
    undo_spn = spn(lab)
    dn = "CN=walter,CN=Users,DC=" + settings.DOMAINS["fabrikam"]["dns"].replace(".", ",DC=")
    trust.ask(lab, "dc1.fabrikam", [
        {"op": "add", "dn": dn, "attrs": {
            "objectClass": encoded("user"), "sAMAccountName": encoded("walter"),
            "userAccountControl": encoded("514")}},
        {"op": "store", "dn": dn, "attrs": {
            "servicePrincipalName": encoded("host/ws1.fabrikam.test")}}])
    return [*undo_spn, {"do": "delete", "host": "dc1.fabrikam", "dn": dn}]


@broken("account-gone", "the domain has no account WS1$, and none with the workstation's service "
        "names", "servicePrincipalName")
def account_gone(lab):
    undo_spn = spn(lab)
    entry = workstation_account(lab)
    return [*undo_spn, change_object(lab, "dc1.fabrikam", entry["dn"],
                                     {"sAMAccountName": encoded("GONE$")})]


@broken("account-disabled", "the workstation's account is disabled", "userAccountControl")
def account_disabled(lab):
    entry = workstation_account(lab)
    control = int(trust.value(entry, "userAccountControl")) | 2
    return [change_object(lab, "dc1.fabrikam", entry["dn"],
                          {"userAccountControl": encoded(str(control))})]


@broken("keytab-missing", "the workstation has no /etc/krb5.keytab", "keytab")
def keytab_missing(lab):
    return [change_file(lab, "ws1", KEYTAB, None)]


@broken("keytab-unreadable", "/etc/krb5.keytab is damaged: it is not a keytab", "keytab")
def keytab_unreadable(lab):
    return [change_file(lab, "ws1", KEYTAB, encoded("no keytab\n")[0])]


@broken("keytab-wrong", "/etc/krb5.keytab has the right names and key versions but other keys",
        "keytab")
def keytab_wrong(lab):
    data = base64.b64decode(get_file(lab, "ws1", KEYTAB))
    return [change_file(lab, "ws1", KEYTAB, encoded(keytab.with_other_keys(data))[0])]


@broken("keytab-stale", "the machine password was changed and /etc/krb5.keytab still has the "
        "old keys", "keytab")
def keytab_stale(lab):
    old = get_file(lab, "ws1", KEYTAB)
    lab.run("ws1", "net", "ads", "changetrustpw")
    # The new file has entries of both passwords, so the fix is to restore that one.
    new = get_file(lab, "ws1", KEYTAB)
    put_file(lab, "ws1", KEYTAB, old)
    return [{"do": "file", "host": "ws1", "path": KEYTAB, "content": new}]


# --- the network ----------------------------------------------------------

PORTS = {
    "port88": ("88, tcp and udp,", ["tcp dport 88 drop", "udp dport 88 drop"]),
    "port88tcp": ("88/tcp", ["tcp dport 88 drop"]),
    "port88udp": ("88/udp", ["udp dport 88 drop"]),
    "port88-reject": ("88/tcp (refused, not dropped)", ["tcp dport 88 reject with tcp reset"]),
    "udp389": ("389/udp", ["udp dport 389 drop"]),
    "tcp389": ("389/tcp", ["tcp dport 389 drop"]),
    "tcp464": ("464/tcp", ["tcp dport 464 drop"]),
    "udp464": ("464/udp", ["udp dport 464 drop"]),
    "port464": ("464, tcp and udp,", ["tcp dport 464 drop", "udp dport 464 drop"]),
}


def port(lab, table, domain, rules):
    """Filter at every DC of a domain, as a firewall between two sites does."""
    steps = []
    for host in lab.dcs(domain):
        net.filter_ports(lab, host, table, "input", rules)
        steps.append({"do": "unfilter", "host": host, "table": table})
    return steps


for _name, (_what, _rules) in PORTS.items():
    broken(_name, f"a firewall filters {_what} at the user's DCs", table=_name,
           domain="contoso", rules=_rules)(port)
    broken(_name + "-ws", f"a firewall filters {_what} at the workstation's DCs",
           table=_name + "-ws", domain="fabrikam", rules=_rules)(port)


@broken("dns", "the workstation's DNS servers do not answer")
def dns(lab):
    net.filter_ports(lab, "ws1", "dns", "output", ["udp dport 53 drop", "tcp dport 53 drop"])
    return [{"do": "unfilter", "host": "ws1", "table": "dns"}]


@broken("dc-down", "Samba on dc1.contoso.test is stopped; the host is still up",
        "samba on contoso", hosts=1)
@broken("dc-down-all", "Samba is stopped on every DC of contoso.test", "samba on contoso",
        hosts=None)
def dc_down(lab, hosts):
    steps = []
    for host in lab.dcs("contoso")[:hosts]:
        samba.stop(lab, host)
        steps.append({"do": "restart", "host": host})
    return steps


@broken("dc-gone", "dc1.contoso.test is unplugged: nothing answers there",
        "network of contoso", hosts=1)
@broken("dc-gone-all", "every DC of contoso.test is unplugged", "network of contoso", hosts=None)
def dc_gone(lab, hosts):
    steps = []
    for host in lab.dcs("contoso")[:hosts]:
        lab.run(host, "ip", "link", "set", "eth0", "down")
        steps.append({"do": "run", "host": host,
                      "command": ["ip", "link", "set", "eth0", "up"]})
    return steps


# --- the clock ------------------------------------------------------------
# Time namespaces do not move the calendar clock, so a preloaded library does.

def preload(lab, host, seconds):
    return [change_file(lab, host, "/etc/faketimerc", encoded(f"{seconds:+d}\n")[0]),
            change_file(lab, host, "/etc/ld.so.preload", encoded(FAKETIME)[0])]


@broken("clock", "the workstation's clock is an hour ahead, for every program started from now on")
def clock(lab):
    return preload(lab, "ws1", 3600)


@broken("clock-behind", "the workstation's clock is an hour behind, for every program started from now on")
def clock_behind(lab):
    return preload(lab, "ws1", -3600)


@broken("clock-dc", "the clock of dc1.contoso.test is an hour behind: FABRIKAM's KDC then "
        "answers KRB_AP_ERR_SKEW", "samba on contoso")
def clock_dc(lab):
    # Undone in reverse: first the files, then the restart without them.
    steps = [{"do": "restart", "host": "dc1.contoso"}, *preload(lab, "dc1.contoso", -3600)]
    undo_restart(lab, steps[0])
    return steps


# --- the verbs ------------------------------------------------------------

def show():
    width = max(map(len, BREAKS))
    for name, about in sorted(BREAKS.items()):
        print(f"{name:{width}}  {about['sentence']}")


def apply(lab, name):
    if name not in BREAKS:
        raise LabError(f"unknown break {name!r}; `./run lab break list` lists all")
    about = BREAKS[name]
    for active in lab.info["breaks"]:
        if active["touches"] == about["touches"]:
            raise LabError(f"{active['name']} is active and breaks the same thing; "
                           f"run ./run lab fix {active['name']} first")
    undo_steps = about["function"](lab, **about["arguments"])
    lab.info["breaks"].append({"name": name, "touches": about["touches"], "undo": undo_steps})
    lab.save()


def undo(lab, name):
    for active in lab.info["breaks"]:
        if active["name"] == name:
            for step in reversed(active["undo"]):
                UNDO[step["do"]](lab, step)
            lab.info["breaks"].remove(active)
            lab.save()
            return
    raise LabError(f"{name!r} is not broken")


def fix_all(lab):
    for active in reversed(list(lab.info["breaks"])):
        undo(lab, active["name"])

# SPDX-License-Identifier: MIT
"""What administrators of the domains do when a remedy says so."""
import re
import shlex

from lab import samba, settings, trust

from .fault import BASE, DC, DNS, FLAT, SIDES, coded, finding, picked
from .remedy_text import Unable, act

PASSWORD = settings.PASSWORD
LOCAL = ("--local-dc-username=administrator", f"--local-dc-password={PASSWORD}")
COMPUTER = "WS1$"
# Flags of userAccountControl [MS-ADTS] 2.2.16 by the names that diagnose has for them.
FLAGS = {"ACCOUNTDISABLE": 0x2, "SMARTCARD_REQUIRED": 0x40000, "USE_DES_KEY_ONLY": 0x200000}


# --- objects --------------------------------------------------------------------

def domain_of(dn):
    for domain, base in BASE.items():
        if dn.lower().endswith(base.lower()):
            return domain
    raise Unable(f"{dn} is of no domain here")


def change(desk, dn, values):
    """Set attributes of an object; an empty list removes one."""
    desk.domains = True
    trust.ask(desk.lab, DC[domain_of(dn)], [{"op": "set", "dn": dn, "attrs": {
        name: coded([str(value).encode() for value in new]) for name, new in values.items()}}])
    return "; ".join(f"{name} of {dn} = {', '.join(map(str, new)) or 'removed'}"
                     for name, new in values.items())


def number(desk, dn, name):
    have = picked(trust.ask(desk.lab, DC[domain_of(dn)], [finding(dn, name)])[0], dn)
    return int((have.get(name.lower()) or [b"0"])[0])


def delete(desk, dn):
    desk.domains = True
    trust.ask(desk.lab, DC[domain_of(dn)], [{"op": "delete", "dn": dn}])
    return f"{dn} deleted"


def named(desk):
    """The first object that is named."""
    if not desk.told.dns:
        raise Unable("no object is named")
    return desk.told.dns[0]


def account(desk):
    """(domain, DN, sAMAccountName) of the account that the subject names."""
    subject = desk.told.subject
    if desk.told.dns:
        domain, wanted = domain_of(desk.told.dns[0]), f"(distinguishedName={desk.told.dns[0]})"
    else:
        name, _, realm = subject.partition("@")
        domain = next((d for d in DNS if DNS[d].lower() == realm.lower()), desk.side())
        wanted = f"(|(sAMAccountName={name})(userPrincipalName={subject})" \
                 f"(servicePrincipalName={name}))"
    found = trust.ask(desk.lab, DC[domain], [{
        "op": "find", "base": BASE[domain], "filter": f"(&(objectClass=user){wanted})",
        "attrs": ["sAMAccountName"]}])[0]
    if len(found) != 1:
        raise Unable(f"{len(found)} accounts are {subject}")
    return domain, found[0]["dn"], trust.value(found[0], "sAMAccountName")


@act(r"(?:[Cc]orrect|[Ss]et) (?:its )?(trustPartner|flatName|userPrincipalName)")
def set_wanted(desk, match):
    name, value = desk.told.wanted
    if name.lower() != match[1].lower():
        raise Unable(f"the value that is named is of {name}")
    return change(desk, named(desk), {name: [value]})


@act(r"[Cc]lear (?:the )?bit (0x[0-9a-f]+) of (?:its )?(\w+)")
def clear_bit(desk, match):
    dn, bit = named(desk), int(match[1], 16)
    return change(desk, dn, {match[2]: [number(desk, dn, match[2]) & ~bit]})


@act(r"[Cc]lear the flag")
def clear_flag(desk, _match):
    bits = [bit for name, bit in FLAGS.items() if name in desk.told.attribute]
    if not bits:
        raise Unable("no flag is named")
    _, dn, _ = account(desk)
    return change(desk, dn, {"userAccountControl": [
        number(desk, dn, "userAccountControl") & ~sum(bits)]})


@act(r"[Dd]elete the one ")
def delete_twin(desk, _match):
    """Of two trusted domain objects that whose name is not that of the other domain."""
    twins = [dn for dn in desk.told.dns
             if dn.partition(",")[0].removeprefix("CN=") not in DNS.values()]
    if len(twins) != 1:
        raise Unable("which one is not said")
    return delete(desk, twins[0])


# --- the trust --------------------------------------------------------------------

def objects_of_trust(desk):
    """The trusted domain objects of both sides, and the accounts with their secrets."""
    for domain, other in SIDES.items():
        found = trust.ask(desk.lab, DC[domain], [{
            "op": "find", "base": BASE[domain], "attrs": ["cn"],
            "filter": f"(|(&(objectClass=trustedDomain)(|(cn={DNS[other]})(flatName={FLAT[other]})"
                      f"(trustPartner={DNS[other]})))(sAMAccountName={FLAT[other]}$))"}])[0]
        yield from (entry["dn"] for entry in found)


@act(r"[Rr]emove the trust on both sides(?:,? and create it again)?")
@act(r"[Cc]reate the trust on both sides")
def trust_again(desk, _match):
    """As the kind of trust that both sides want, which they know; what the tool does not remove is
    deleted."""
    lab, desk.domains = desk.lab, True
    kind, direction = lab.info["trust"], lab.info["direction"]
    lab.run("dc1.fabrikam", "samba-tool", "domain", "trust", "delete", "contoso.test",
            "--delete-location=both", *trust.credentials(), check=False)
    for dn in list(objects_of_trust(desk)):
        delete(desk, dn)
    trust.create(lab, kind, direction)
    samba.replicate(lab)
    return f"the trust made again ({kind})"


@act(r"msDS-SupportedEncryptionTypes (?:of both objects )?to (\d+)(?: on both)?")
def types_of_trust(desk, match):
    done = []
    for domain in SIDES:
        entry = trust.tdo(desk.lab, domain)
        if entry is not None:
            done.append(change(desk, entry["dn"], {
                "msDS-SupportedEncryptionTypes": [match[1]]}))
    if not done:
        raise Unable("there is no trust")
    return "; ".join(done)


# --- accounts --------------------------------------------------------------------

def on_account(*command):
    def do(desk, _match):
        desk.domains = True
        domain, _, name = account(desk)
        desk.lab.run(DC[domain], "samba-tool", "user", command[0], name, *command[1:])
        return f"samba-tool user {' '.join((command[0], name))}"
    return do


act(r"Enable the account")(on_account("enable"))
act(r"Unlock the account")(on_account("unlock"))
act(r"Extend the account's expiry date")(on_account("setexpiry", "--noexpiry"))
act(r"[Cc]hange the (?:account's )?password\b|[Ss]et (?:the|a new) password|set a new one")(
    on_account("setpassword", f"--newpassword={PASSWORD}"))


@act(r"logon hours \((logonHours)\)")
def any_hour(desk, match):
    _, dn, _ = account(desk)
    return change(desk, dn, {match[1]: []})


@act(r"Add (\w+) to [^.]*\((userWorkstations)\)")
def add_workstation(desk, match):
    domain, dn, _ = account(desk)
    have = picked(trust.ask(desk.lab, DC[domain], [finding(dn, match[2])])[0], dn)
    listed = [value.decode() for value in have.get(match[2].lower(), [])]
    return change(desk, dn, {match[2]: [",".join([*listed, match[1]])]})


# --- commands ----------------------------------------------------------------------

def spn(desk, verb, name, owner):
    desk.domains = True
    desk.lab.run(DC[desk.side()], "samba-tool", "spn", verb, name, owner)
    return f"samba-tool spn {verb} {name} {owner}"


@act(r"'setspn -S (\S+) <computer>'")
def give_service_name(desk, match):
    return spn(desk, "add", match[1], COMPUTER)


@act(r"'setspn -D (\S+) <(?:that|other) account>'")
def take_service_name(desk, match):
    """From each other account that is named, as it spells it: samba-tool compares to the letter."""
    done = []
    for dn in desk.told.dns:
        have = picked(trust.ask(desk.lab, DC[domain_of(dn)], [
            finding(dn, "sAMAccountName", "servicePrincipalName")])[0], dn)
        owner = have.get("samaccountname", [b""])[0].decode()
        names = [name.decode() for name in have.get("serviceprincipalname", [])]
        if owner != COMPUTER:
            done += [spn(desk, "delete", name, owner) for name in names
                     if name.lower() == match[1].lower()]
    if not done:
        raise Unable("no other account is named that has it")
    return "; ".join(done)


def tool_of_trust(desk, words):
    """A command at the side that is meant; NAME is the other domain, SID is named."""
    side, sid = desk.side(), re.search(r"S-1-5-21(?:-\d+)+", desk.told.attribute)
    words = [DNS[SIDES[side]] if word == "NAME" else
             word.replace("=SID", f"={sid[0]}") if sid else word for word in words]
    desk.domains = True
    desk.lab.run(DC[side], *words, *LOCAL)
    return f"{side}: {' '.join(words)}"


@act(r"'(samba-tool domain trust [^'<>]+ --[^'<>]+)'")
def command_of_trust(desk, match):
    return tool_of_trust(desk, shlex.split(match[1]))


# What the attribute says of the suffix in each case that an option is for.
CASES = {"an exclusion": r"TLN_EX (\S+)", "a missing suffix": "no TLN",
         "one that is disabled": r"TLN (\S+): Disabled"}


@act(r"'(samba-tool domain trust [^'<>]+)' and an option: ([^.]+)")
def option_of_trust(desk, match):
    for option, case in re.findall(r"(--\S+) for ([^,(]+?)(?:,| \(|$)", match[2]):
        found = re.search(CASES[case], desk.told.attribute)
        if found:
            return tool_of_trust(desk, [*shlex.split(match[1]), option.replace(
                "SUFFIX", found[1] if found.groups() else "")])
    raise Unable("none of the options is for this case")

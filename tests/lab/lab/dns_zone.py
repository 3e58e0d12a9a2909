# SPDX-License-Identifier: MIT
"""Runs inside a DC: add records to a zone of its DNS, creating the zone if it does not exist.

dns_zone.py ZONE DC_FQDN PASSWORD    standard input: JSON, a list of [name, type, data]

samba-tool dns does one record a call, and each call takes most of a second.
"""
import json
import sys

from samba import WERRORError, werror
from samba.credentials import Credentials
from samba.dcerpc import dnsp, dnsserver
from samba.dnsserver import record_from_string
from samba.param import LoadParm

VERSION = dnsserver.DNS_CLIENT_VERSION_LONGHORN


def connect(server, password):
    lp = LoadParm()
    lp.load_default()
    creds = Credentials()
    creds.guess(lp)
    creds.set_username("administrator")
    creds.set_password(password)
    return dnsserver.dnsserver(f"ncacn_ip_tcp:{server}[sign]", lp, creds)


def unless_there(call, *arguments):
    try:
        call(*arguments)
    except WERRORError as error:
        if error.args[0] not in (werror.WERR_DNS_ERROR_ZONE_ALREADY_EXISTS,
                                 werror.WERR_DNS_ERROR_RECORD_ALREADY_EXISTS):
            raise


def make_zone(rpc, server, zone):
    info = dnsserver.DNS_RPC_ZONE_CREATE_INFO_LONGHORN()
    info.pszZoneName = zone
    info.dwZoneType = dnsp.DNS_ZONE_TYPE_PRIMARY
    info.fAging, info.fDsIntegrated, info.fLoadExisting = 0, 1, 1
    info.dwDpFlags = dnsserver.DNS_DP_DOMAIN_DEFAULT
    unless_there(rpc.DnssrvOperation2, VERSION, 0, server, None, 0, "ZoneCreate",
                 dnsserver.DNSSRV_TYPEID_ZONE_CREATE, info)


def main():
    zone, server, password = sys.argv[1:4]
    rpc = connect(server, password)
    make_zone(rpc, server, zone)
    for name, kind, data in json.load(sys.stdin):
        buf = dnsserver.DNS_RPC_RECORD_BUF()
        buf.rec = record_from_string(getattr(dnsp, f"DNS_TYPE_{kind}"), data)
        unless_there(rpc.DnssrvUpdateRecord2, VERSION, 0, server, zone, name, buf, None)


if __name__ == "__main__":
    main()

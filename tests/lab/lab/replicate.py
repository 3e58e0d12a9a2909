# SPDX-License-Identifier: MIT
"""Runs inside a DC: pull what another DC has, now.

replicate.py SOURCE_FQDN PASSWORD domain|all

The lab's DCs run no replication service of their own: tests want a change to
be everywhere when the command that made it returns.
"""
import sys

from samba import drs_utils
from samba.auth import system_session
from samba.credentials import Credentials
from samba.dcerpc import misc
from samba.param import LoadParm
from samba.samdb import SamDB


def main():
    source, password, scope = sys.argv[1:4]
    lp = LoadParm()
    lp.load_default()
    mine = SamDB(url="/var/lib/samba/private/sam.ldb", session_info=system_session(), lp=lp)
    credentials = Credentials()
    credentials.guess(lp)
    credentials.set_username("administrator")
    credentials.set_password(password)
    theirs = SamDB(url=f"ldap://{source}", credentials=credentials, lp=lp)
    invocation = misc.GUID(theirs.get_invocation_id())
    me = misc.GUID(mine.get_ntds_GUID())
    pull = drs_utils.drs_Replicate(f"ncacn_ip_tcp:{source}[seal]", lp, credentials, mine,
                                   invocation)
    base = str(mine.get_default_basedn())
    if scope == "domain":
        # Only what is new; the library's up-to-dateness vector is this
        # partition's, whichever is pulled, so the others cannot be done so.
        pull.replicate(base, invocation, me, full_sync=False)
        return
    for context in (base, f"DC=DomainDnsZones,{base}", f"DC=ForestDnsZones,{base}"):
        pull.replicate(context, invocation, me)


if __name__ == "__main__":
    main()

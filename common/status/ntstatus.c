/* SPDX-License-Identifier: MIT
 *
 * ntstatus.c - the NTSTATUS table: codes, their Win32 twins, the words Windows shows.
 *
 * Texts are Windows' own, word for word, because users and help desks search for them:
 * the Win32 message where there is a twin (winerror.h), else the NTSTATUS message
 * ([MS-ERREF] 2.3.1). Causes and remedies are ours. The SSPI codes that Windows' logs
 * show for the same thing are named with the causes.
 */

#include <trustlogon/status.h>

#include "prefix.h"

static const struct tl_status_info table[] = {
    {TL_NT_SUCCESS, "SUCCESS", 0, "The operation completed successfully.", NULL, NULL},
    {TL_NT_NO_MEMORY, "NO_MEMORY", 8,
     "Not enough memory resources are available to process this command.", NULL, NULL},
    {TL_NT_ACCESS_DENIED, "ACCESS_DENIED", 5, "Access is denied.", NULL, NULL},
    {0xC0000035U, "OBJECT_NAME_COLLISION", 183,
     "Cannot create a file when that file already exists.",
     "Inside a Kerberos error 7: two accounts have the same service principal name "
     "(KB2015518). The user then sees 1787.",
     "Find the duplicate with 'setspn -X' and remove it from the wrong account."},
    {TL_NT_NO_LOGON_SERVERS, "NO_LOGON_SERVERS", 1311,
     "There are currently no logon servers available to service the logon request.",
     "No domain controller of the user's or the workstation's domain could be found or "
     "reached: DNS without its SRV records, 389/udp or 88/tcp filtered, all controllers "
     "down. SSPI: SEC_E_NO_AUTHENTICATING_AUTHORITY (0x80090311).",
     "Check DNS, 389/udp and 88/tcp towards the domain controllers of both domains: "
     "'trustlogon diagnose NAME' tries each."},
    {TL_NT_NO_SUCH_USER, "NO_SUCH_USER", 1317, "The specified account does not exist.",
     "At a logon this is a sub-status only: the user is shown 1326.",
     "Check the spelling of the name and of the domain."},
    {TL_NT_WRONG_PASSWORD, "WRONG_PASSWORD", 1323,
     "Unable to update the password. The value provided as the current password is "
     "incorrect.",
     "At a logon this is a sub-status only: the user is shown 1326.", NULL},
    {TL_NT_PASSWORD_RESTRICTION, "PASSWORD_RESTRICTION", 1325,
     "Unable to update the password. The value provided for the new password does not "
     "meet the length, complexity, or history requirements of the domain.",
     "The domain's password policy; a domain controller refuses a password that is "
     "changed too soon after the last change with it, too.",
     "Choose a password that meets the domain's policy."},
    {TL_NT_LOGON_FAILURE, "LOGON_FAILURE", 1326,
     "The user name or password is incorrect.",
     "A wrong password, or a name that no domain controller could find. Across trusts: a "
     "user principal name whose suffix is not routed, because the trust is external or "
     "the "
     "suffix is disabled. SSPI: SEC_E_LOGON_DENIED (0x8009030C).",
     "Try DOMAIN\\user. If that works and user@suffix does not, the suffix is not "
     "routed: "
     "'trustlogon route NAME' tells why."},
    {TL_NT_ACCOUNT_RESTRICTION, "ACCOUNT_RESTRICTION", 1327,
     "Account restrictions are preventing this user from signing in. For example: blank "
     "passwords aren't allowed, sign-in times are limited, or a policy restriction has "
     "been enforced.",
     "A restriction of the account, the Protected Users group or an authentication "
     "policy.",
     "Look at the account's restrictions and at the authentication policies."},
    {TL_NT_INVALID_LOGON_HOURS, "INVALID_LOGON_HOURS", 1328,
     "Your account has time restrictions that keep you from signing in right now.",
     "The account's logonHours.", "Change the account's logon hours."},
    {TL_NT_INVALID_WORKSTATION, "INVALID_WORKSTATION", 1329,
     "This user isn't allowed to sign in to this computer.",
     "The account's userWorkstations list does not name this computer.",
     "Add the computer to the account's 'Log On To' list."},
    {TL_NT_PASSWORD_EXPIRED, "PASSWORD_EXPIRED", 1330,
     "The password for this account has expired.", NULL, "Change the password."},
    {TL_NT_ACCOUNT_DISABLED, "ACCOUNT_DISABLED", 1331,
     "This user can't sign in because this account is currently disabled.", NULL,
     "Enable the account."},
    {TL_NT_NOT_SUPPORTED, "NOT_SUPPORTED", 50, "The request is not supported.",
     "With a smart card: the domain controller has no certificate to answer it with, or "
     "none of the template 'Kerberos Authentication' "
     "(KDC_ERR_PADATA_TYPE_NOSUPP).",
     "Give the domain controllers certificates of a certification authority that the "
     "domain trusts for logons."},
    {0xC00000DCU, "INVALID_SERVER_STATE", 1352,
     "The security account manager (SAM) or local security authority (LSA) server was in "
     "the wrong state to perform the security operation.",
     NULL, NULL},
    {TL_NT_NO_SUCH_DOMAIN, "NO_SUCH_DOMAIN", 1355,
     "The specified domain either does not exist or could not be contacted.",
     "A misspelled domain, a domain without a trust, or name servers that do not know "
     "its "
     "_ldap._tcp.dc._msdcs records. nltest shows it as ERROR_NO_SUCH_DOMAIN.",
     "Check the spelling, then 'trustlogon locate DOMAIN'; give the name servers a "
     "conditional forwarder for the domain."},
    {TL_NT_INTERNAL_ERROR, "INTERNAL_ERROR", 1359, "An internal error occurred.", NULL,
     NULL},
    {TL_NT_TIME_DIFFERENCE_AT_DC, "TIME_DIFFERENCE_AT_DC", 1398,
     "There is a time and/or date difference between the client and server.",
     "The clocks of this machine and a domain controller differ by more than five "
     "minutes, "
     "Kerberos' usual limit. SSPI: SEC_E_TIME_SKEW (0x80090324).",
     "Set the clock, and let both domains take their time from the same source."},
    {TL_NT_LOGON_TYPE_NOT_GRANTED, "LOGON_TYPE_NOT_GRANTED", 1385,
     "Logon failure: the user has not been granted the requested logon type at this "
     "computer.",
     NULL, "Grant the right in the computer's policy."},
    {TL_NT_NO_TRUST_LSA_SECRET, "NO_TRUST_LSA_SECRET", 1786,
     "The workstation does not have a trust secret.", "The machine lost its password.",
     "Join the machine to its domain again."},
    {TL_NT_NO_TRUST_SAM_ACCOUNT, "NO_TRUST_SAM_ACCOUNT", 1787,
     "The security database on the server does not have a computer account for this "
     "workstation trust relationship.",
     "A KDC answered KDC_ERR_S_PRINCIPAL_UNKNOWN (7) when asked for a ticket for the "
     "workstation. Either a trust on the way is not usable for Kerberos (made with the "
     "NetBIOS name, of the Windows NT 4 kind, in the wrong direction, external where a "
     "name "
     "suffix would have to be routed), or the host service principal name is missing or "
     "there twice. SSPI: SEC_E_TARGET_UNKNOWN (0x80090303).",
     "'trustlogon diagnose NAME' tells these apart. Usually: remove the trust and create "
     "it "
     "again by DNS names, best as a forest trust; or register host/<workstation> with "
     "'setspn -S'."},
    {TL_NT_TRUSTED_DOMAIN_FAILURE, "TRUSTED_DOMAIN_FAILURE", 1788,
     "The trust relationship between the primary domain and the trusted domain failed.",
     "The workstation's domain does not accept tickets of the user's domain: its side of "
     "the trust is missing, of the wrong type or direction, or the secrets differ.",
     "Check the trusted domain object on the workstation's side, then validate or reset "
     "the "
     "trust ('netdom trust /verify', '/reset'; 'samba-tool domain trust validate')."},
    {TL_NT_TRUSTED_RELATIONSHIP_FAILURE, "TRUSTED_RELATIONSHIP_FAILURE", 1789,
     "The trust relationship between this workstation and the primary domain failed.",
     "The machine's keys do not fit: the keytab is missing, older than the machine "
     "account's password, or of another domain.",
     "Renew the keytab ('adcli update', 'net ads keytab create') or join again."},
    {0xC0000192U, "NETLOGON_NOT_STARTED", 1792,
     "An attempt was made to logon, but the network logon service was not started.", NULL,
     "Start the Netlogon service on the domain controller."},
    {TL_NT_ACCOUNT_EXPIRED, "ACCOUNT_EXPIRED", 1793, "The user's account has expired.",
     NULL, "Extend the account's expiry date."},
    {0xC0000198U, "NOLOGON_INTERDOMAIN_TRUST_ACCOUNT", 1807,
     "The account used is an interdomain trust account. Use your global user account or "
     "local user account to access this server.",
     NULL, NULL},
    {TL_NT_NOLOGON_WORKSTATION_TRUST_ACCOUNT, "NOLOGON_WORKSTATION_TRUST_ACCOUNT", 1808,
     "The account used is a computer account. Use your global user account or local user "
     "account to access this server.",
     NULL, NULL},
    {0xC000019AU, "NOLOGON_SERVER_TRUST_ACCOUNT", 1809,
     "The account used is a server trust account. Use your global user account or local "
     "user account to access this server.",
     NULL, NULL},
    {0xC000019BU, "DOMAIN_TRUST_INCONSISTENT", 1810,
     "The name or security ID (SID) of the domain specified is inconsistent with the "
     "trust "
     "information for that domain.",
     "The SID or name in the trusted domain object is not that of the domain: it was "
     "re-installed, or the PAC names a SID the trust may not carry.",
     "Re-create the trust."},
    {TL_NT_PASSWORD_MUST_CHANGE, "PASSWORD_MUST_CHANGE", 1907,
     "The user's password must be changed before signing in.", NULL,
     "Change the password."},
    {0xC0000233U, "DOMAIN_CONTROLLER_NOT_FOUND", 1908,
     "Could not find the domain controller for this domain.",
     "DNS has no SRV records for the domain, or no candidate answered the LDAP ping.",
     "Check DNS and 389/udp: 'trustlogon locate DOMAIN'."},
    {TL_NT_ACCOUNT_LOCKED_OUT, "ACCOUNT_LOCKED_OUT", 1909,
     "The referenced account is currently locked out and may not be logged on to.",
     "Too many wrong passwords.", "Unlock the account or wait for the lockout to end."},
    {TL_NT_MAX_REFERRALS_EXCEEDED, "MAX_REFERRALS_EXCEEDED", 0,
     "The number of maximum ticket referrals has been exceeded.",
     "The KDCs send the client from one to another, in a circle or further than six "
     "hops. "
     "SSPI: SEC_E_MAX_REFERRALS_EXCEEDED (0x80090338).",
     "Correct the name suffix routing of the trusts, or make a shortcut trust."},
    {TL_NT_PKINIT_NAME_MISMATCH, "PKINIT_NAME_MISMATCH", 0,
     "The client certificate does not contain a valid UPN, or does not match the client "
     "name in the logon request. Contact your administrator.",
     "The card is another user's, or the certificate has no user principal name that "
     "the directory knows.",
     "Use the card that belongs to the name."},
    {TL_NT_SMARTCARD_LOGON_REQUIRED, "SMARTCARD_LOGON_REQUIRED", 0,
     "Smart card logon is required and was not used.",
     "The account's flag SMARTCARD_REQUIRED.", "Log on with the smart card."},
    {0xC00002FCU, "KDC_UNABLE_TO_REFER", 0,
     "The KDC was unable to generate a referral for the service requested.",
     "SSPI: SEC_E_KDC_UNABLE_TO_REFER (0x80090341).", NULL},
    {TL_NT_KDC_UNKNOWN_ETYPE, "KDC_UNKNOWN_ETYPE", 0,
     "The encryption type requested is not supported by the KDC.",
     "The account or a trust on the way allows only RC4 or DES and this machine only "
     "AES, or "
     "the other way round. SSPI: SEC_E_KDC_UNKNOWN_ETYPE (0x80090342).",
     "Enable AES on the account or the trust ('The other domain supports Kerberos AES "
     "Encryption', msDS-SupportedEncryptionTypes)."},
    {TL_NT_PKINIT_FAILURE, "PKINIT_FAILURE", 0,
     "The Kerberos protocol encountered an error while validating the KDC certificate "
     "during smart card logon. There is more information in the system event log.",
     "The domain controller's certificate comes from an authority that this machine does "
     "not trust, has expired, or names another domain.",
     "See pkinit_anchors in trustlogon.conf(5)."},
    {TL_NT_SMARTCARD_SUBSYSTEM_FAILURE, "SMARTCARD_SUBSYSTEM_FAILURE", 0,
     "The Kerberos protocol encountered an error while attempting to use the smart card "
     "subsystem.",
     NULL, NULL},
    {0xC0000371U, "NO_SECRETS", 8620,
     "The local account store does not contain secret material for the specified "
     "account.",
     "A read-only domain controller holds no copy of the account's secret.",
     "Ask a writable domain controller."},
    {TL_NT_SMARTCARD_WRONG_PIN, "SMARTCARD_WRONG_PIN", 0,
     "An incorrect PIN was presented to the smart card.",
     "SCARD_W_WRONG_CHV (0x8010006B).",
     "Type the right PIN. After a few wrong ones the card blocks."},
    {TL_NT_SMARTCARD_CARD_BLOCKED, "SMARTCARD_CARD_BLOCKED", 0,
     "The smart card is blocked.",
     "Too many wrong PINs. SCARD_W_CHV_BLOCKED (0x8010006C).",
     "Unblock the card with its PUK, or have a new PIN set by who issued it."},
    {TL_NT_SMARTCARD_CARD_NOT_AUTHENTICATED, "SMARTCARD_CARD_NOT_AUTHENTICATED", 0,
     "No PIN was presented to the smart card.",
     "SCARD_W_CARD_NOT_AUTHENTICATED (0x8010006F).", NULL},
    {TL_NT_SMARTCARD_NO_CARD, "SMARTCARD_NO_CARD", 0, "No smart card is available.",
     "SCARD_E_NO_SMARTCARD (0x8010000C).", "Insert the card."},
    {TL_NT_SMARTCARD_NO_CERTIFICATE, "SMARTCARD_NO_CERTIFICATE", 0,
     "The requested certificate does not exist on the smart card.",
     "SCARD_E_NO_SUCH_CERTIFICATE (0x8010002C).", NULL},
    {TL_NT_DOWNGRADE_DETECTED, "DOWNGRADE_DETECTED", 1265,
     "The system cannot contact a domain controller to service the authentication "
     "request. "
     "Please try again later.",
     "The answer was weaker than what both sides can do: encryption types or the PAC "
     "were tampered with. Or a password could not be changed by Kerberos, because 464 is "
     "filtered, and Windows since MS16-101 (KB3167679) does not take NTLM instead. SSPI: "
     "SEC_E_DOWNGRADE_DETECTED (0x80090350).",
     "For a password change, open 464/tcp and 464/udp to the domain controllers."},
    {TL_NT_SMARTCARD_CERT_REVOKED, "SMARTCARD_CERT_REVOKED", 0,
     "The smart card certificate used for authentication has been revoked. Contact your "
     "system administrator. There might be additional information in the event log.",
     NULL, "Issue a new certificate."},
    {TL_NT_ISSUING_CA_UNTRUSTED, "ISSUING_CA_UNTRUSTED", 0,
     "An untrusted certificate authority was detected while processing the smart card "
     "certificate that is used for authentication. Contact your system administrator.",
     "The authority is not in the domain's NTAuth store.",
     "Publish it there: 'certutil -dspublish -f CA.cer NTAuthCA'."},
    {TL_NT_REVOCATION_OFFLINE_C, "REVOCATION_OFFLINE_C", 0,
     "The revocation status of the smart card certificate that is used for "
     "authentication could not be determined. Contact your system administrator.",
     "The domain controller reaches no revocation list of the certificate's authority.",
     "Publish the revocation list where the certificate says."},
    {TL_NT_PKINIT_CLIENT_FAILURE, "PKINIT_CLIENT_FAILURE", 0,
     "The smart card certificate used for authentication was not trusted. Contact your "
     "system administrator.",
     NULL, NULL},
    {TL_NT_SMARTCARD_CERT_EXPIRED, "SMARTCARD_CERT_EXPIRED", 0,
     "The smart card certificate used for authentication has expired. Contact your "
     "system administrator.",
     NULL, "Renew the certificate."},
    {TL_NT_AUTHENTICATION_FIREWALL_FAILED, "AUTHENTICATION_FIREWALL_FAILED", 1935,
     "The computer you are signing into is protected by an authentication firewall. The "
     "specified account is not allowed to authenticate to the computer.",
     "The trust uses selective authentication, and the user lacks the right 'Allowed to "
     "Authenticate' on the workstation's computer object or on a domain controller "
     "(KB2959395); or an authentication policy forbids the logon.",
     "Grant 'Allowed to Authenticate' on the computer object, or switch the trust to "
     "forest-wide authentication."},
};
#define TABLE_COUNT (sizeof(table) / sizeof(table[0]))

/* Names that mean a row of the table but are not its NTSTATUS name: Win32
 * symbols that differ, and the SSPI codes of Windows' logs. */
static const struct {
    const char *name;
    uint32_t ntstatus;
} aliases[] = {
    {"NOT_ENOUGH_MEMORY", TL_NT_NO_MEMORY},
    {"ALREADY_EXISTS", 0xC0000035U},
    {"INVALID_PASSWORD", TL_NT_WRONG_PASSWORD},
    {"TIME_SKEW", TL_NT_TIME_DIFFERENCE_AT_DC},
    {"SEC_E_TARGET_UNKNOWN", TL_NT_NO_TRUST_SAM_ACCOUNT},
    {"SEC_E_LOGON_DENIED", TL_NT_LOGON_FAILURE},
    {"SEC_E_NO_AUTHENTICATING_AUTHORITY", TL_NT_NO_LOGON_SERVERS},
    {"SEC_E_TIME_SKEW", TL_NT_TIME_DIFFERENCE_AT_DC},
    {"SEC_E_MAX_REFERRALS_EXCEEDED", TL_NT_MAX_REFERRALS_EXCEEDED},
    {"SCARD_W_WRONG_CHV", TL_NT_SMARTCARD_WRONG_PIN},
    {"SCARD_W_CHV_BLOCKED", TL_NT_SMARTCARD_CARD_BLOCKED},
    {"SCARD_W_CARD_NOT_AUTHENTICATED", TL_NT_SMARTCARD_CARD_NOT_AUTHENTICATED},
    {"SCARD_E_NO_SMARTCARD", TL_NT_SMARTCARD_NO_CARD},
    {"SCARD_E_NO_SUCH_CERTIFICATE", TL_NT_SMARTCARD_NO_CERTIFICATE},
    {"SEC_E_SMARTCARD_LOGON_REQUIRED", TL_NT_SMARTCARD_LOGON_REQUIRED},
    {"SEC_E_KDC_UNABLE_TO_REFER", 0xC00002FCU},
    {"SEC_E_KDC_UNKNOWN_ETYPE", TL_NT_KDC_UNKNOWN_ETYPE},
    {"SEC_E_DOWNGRADE_DETECTED", TL_NT_DOWNGRADE_DETECTED},
};

const struct tl_status_info *tl_status_by_ntstatus(uint32_t ntstatus)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (table[i].ntstatus == ntstatus)
            return &table[i];
    }
    return NULL;
}

const struct tl_status_info *tl_status_by_win32(uint32_t win32)
{
    /* 0 stands for "no twin" in the table, and for success in Win32. */
    if (win32 == 0)
        return tl_status_by_ntstatus(TL_NT_SUCCESS);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (table[i].win32 == win32)
            return &table[i];
    }
    return NULL;
}

const struct tl_status_info *tl_status_by_name(const char *name)
{
    static const char *const prefixes[] = {"NT_STATUS_", "STATUS_", "ERROR_", NULL};
    const char *bare;

    if (name == NULL)
        return NULL;
    bare = tli_skip_prefix(name, prefixes);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (strcasecmp(table[i].name, bare) == 0)
            return &table[i];
    }
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        if (strcasecmp(aliases[i].name, bare) == 0)
            return tl_status_by_ntstatus(aliases[i].ntstatus);
    }
    return NULL;
}

const struct tl_status_info *tl_status_table(size_t *count)
{
    *count = TABLE_COUNT;
    return table;
}

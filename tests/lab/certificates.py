# SPDX-License-Identifier: MIT
"""A certification authority for smart card logons: certificates as Active Directory's templates
"Kerberos Authentication" and "Smartcard Logon" make them, as PEM text."""
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from cryptography.x509.oid import NameOID

UPN = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")  # a userPrincipalName [MS-WCCE 2.2.2.7.7.2]
SMARTCARD_LOGON = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.2")
KDC = x509.ObjectIdentifier("1.3.6.1.5.2.3.5")  # RFC 4556 3.2.4
DAY, HOUR = datetime.timedelta(days=1), datetime.timedelta(hours=1)


def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_pem(private, password=None):
    encryption = (serialization.BestAvailableEncryption(password.encode()) if password
                  else serialization.NoEncryption())
    return private.private_bytes(serialization.Encoding.PEM,
                                 serialization.PrivateFormat.PKCS8, encryption)


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def utf8_string(text):
    data = text.encode()
    assert len(data) < 0x80
    return bytes([0x0C, len(data)]) + data


def named(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    def __init__(self, name):
        self.key, self.name = key(), named(name)
        self.certificate = self._sign(self.name, self.key, DAY, [
            (x509.BasicConstraints(ca=True, path_length=None), True),
            (self._usage(key_cert_sign=True, crl_sign=True), True)])

    @staticmethod
    def _usage(**wanted):
        names = ("digital_signature", "content_commitment", "key_encipherment",
                 "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
                 "encipher_only", "decipher_only")
        return x509.KeyUsage(**{name: wanted.get(name, False) for name in names})

    def _sign(self, subject, private, life, extensions):
        now = datetime.datetime.utcnow()
        made = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
                .public_key(private.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(now - 2 * DAY).not_valid_after(now + life)
                .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self.key.public_key()), False)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(
                    private.public_key()), False))
        for extension, critical in extensions:
            made = made.add_extension(extension, critical)
        return made.sign(self.key, hashes.SHA256())

    def domain_controller(self, *dns_names):
        """(key, certificate) that says which domain and which controller of it."""
        private = key()
        return private, self._sign(named(dns_names[-1]), private, DAY, [
            (x509.SubjectAlternativeName([x509.DNSName(name) for name in dns_names]), False),
            (self._usage(digital_signature=True, key_encipherment=True), True),
            (x509.ExtendedKeyUsage([KDC, SMARTCARD_LOGON, Usage.SERVER_AUTH, Usage.CLIENT_AUTH]),
             False)])

    def user(self, upn, life=DAY, usages=(SMARTCARD_LOGON, Usage.CLIENT_AUTH)):
        """(key, certificate) of a user's card."""
        private = key()
        return private, self._sign(named(upn), private, life, [
            (x509.SubjectAlternativeName([x509.OtherName(UPN, utf8_string(upn))]), False),
            (self._usage(digital_signature=True), True),
            (x509.ExtendedKeyUsage(usages), False)])

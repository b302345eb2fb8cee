"""The box's own certificate for TLS: made by itself, signed by itself, compared by its fingerprint. ECDSA on P-256.

825 days at most, the names as subject alternative names and the purpose `serverAuth`: what phones ask of a certificate that a
person accepts by hand (Apple, "Requirements for trusted certificates in iOS 13 and macOS 10.15"); the limit of 398 days is
for certificates of public authorities only.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from stall.errors import LocalWireError, WireError

DAYS = 820
#: A phone whose clock is a little behind must not meet a certificate of the future.
EARLIER = timedelta(days=1)
_DAY_S = 86_400
_NAME_CHARS = 64


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says: the SHA-256 of its bytes, its names and addresses, and until when it holds (s UTC)."""

    fingerprint: bytes
    names: tuple[str, ...]
    ends_s: int

    @property
    def spelled(self) -> str:
        """The fingerprint as browsers show it: pairs of hexadecimal digits."""
        return self.fingerprint.hex(":").upper()


def make(title: str, names: Sequence[str], begins_s: int) -> tuple[bytes, bytes]:
    """Make a key and its certificate for names and addresses; give both as PEM. Raises LocalWireError `tls-names`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title[:_NAME_CHARS] or "Stall")])
    begins = datetime.fromtimestamp(begins_s, UTC) - EARLIER
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return secret, built.public_bytes(serialization.Encoding.PEM)


def read(pem: bytes) -> Certificate:
    """Read a certificate of ours. Raises WireError `tls-malformed`."""
    try:
        found = x509.load_pem_x509_certificate(pem)
        alternative = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound) as error:
        raise WireError("tls-malformed", "This is not a certificate of a box. Make one with: stall keys tls") from error
    names = [str(each.value) for each in alternative]
    digest = hashlib.sha256(found.public_bytes(serialization.Encoding.DER)).digest()
    return Certificate(digest, tuple(names), int(found.not_valid_after_utc.timestamp()))


def days_left(certificate: Certificate, now_s: int) -> int:
    """Whole days until it ends; below zero afterwards."""
    return (certificate.ends_s - now_s) // _DAY_S


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        return x509.DNSName(name)
    except ValueError as error:
        raise LocalWireError(
            "tls-names", f"“{name}” is no name or address of a machine. Give names like stall.local, or addresses."
        ) from error

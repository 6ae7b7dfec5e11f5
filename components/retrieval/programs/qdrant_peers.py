"""Give a member of a Qdrant cluster its certificate for the others, from an authority that the members alone share.

Members prove themselves to each other as clients too, and the cluster's own signer gives server certificates only. So the
authority is made of a secret: every member derives the same key from it, signs its own certificate, and trusts no other.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SECRET = Path("/etc/retrieval/secrets/peers-key")
FOLDER = Path("/run/peers")
BEGINS, ENDS = datetime(2026, 1, 1, tzinfo=UTC), datetime(2056, 1, 1, tzinfo=UTC)
"""Of the authority: fixed, so that every member makes the very same certificate; the secret's rotation replaces it."""
LIFE = timedelta(days=400)
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve P-256."""


def authority(secret: bytes) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """Key and certificate of the authority that a secret stands for. Raises ValueError for a short secret."""
    if len(secret) < 32:
        raise ValueError(f"the secret has {len(secret)} characters; an authority needs 32 at least")
    wide = HKDF(hashes.SHA256(), 48, salt=None, info=b"blueprint qdrant peers").derive(secret)
    key = ec.derive_private_key(int.from_bytes(wide, "big") % (ORDER - 1) + 1, ec.SECP256R1())
    return key, _signed("authority of the members", key, key, None, BEGINS, ENDS)


def member(secret: bytes, names: list[str], now: datetime) -> tuple[bytes, bytes, bytes]:
    """The authority's certificate, a fresh certificate for these names, and its key, as PEM."""
    above, root = authority(secret)
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = _signed(names[0], key, above, names, now - timedelta(minutes=5), now + LIFE)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = serialization.Encoding.PEM
    return root.public_bytes(pem), leaf.public_bytes(pem), private


def _signed(
    called: str,
    key: ec.EllipticCurvePrivateKey,
    above: ec.EllipticCurvePrivateKey,
    names: list[str] | None,
    begins: datetime,
    ends: datetime,
) -> x509.Certificate:
    """A certificate for names, or without names that of the authority."""
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of the members")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, called[:64])])
    serial = x509.random_serial_number() if names else 1
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        .serial_number(serial).not_valid_before(begins).not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=names is None, path_length=None if names else 0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(above.public_key()), critical=False)
        .add_extension(_usage(signs_certificates=names is None), critical=True)
    )  # fmt: skip
    if names:
        both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(both), critical=False).add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
    return builder.sign(above, hashes.SHA256())


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def write(folder: Path, secret: bytes, host: str, now: datetime) -> None:
    """Put all three where the member finds them; only this user reads them."""
    names = ("ca.crt", "tls.crt", "tls.key")
    for name, content in zip(names, member(secret, [host], now), strict=True):
        path = folder / name
        path.touch(mode=0o600)
        path.write_bytes(content)


def main() -> int:
    """Once, before the member starts."""
    write(FOLDER, SECRET.read_text().strip().encode(), os.environ["HOST"], datetime.now(UTC))
    return 0


if __name__ == "__main__":
    sys.exit(main())

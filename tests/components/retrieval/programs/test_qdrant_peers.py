"""Certificates by which members of a cluster know each other."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from components.retrieval.programs.qdrant_peers import authority, member, write

SECRET = b"s" * 32
NOW = datetime.now(UTC)


def test_every_member_makes_the_same_authority_of_the_secret_and_another_secret_makes_another() -> None:
    (one, root), (other, same) = authority(SECRET), authority(SECRET)
    assert one.private_numbers() == other.private_numbers()
    assert root.public_key() == same.public_key()
    assert authority(b"t" * 32)[1].public_key() != root.public_key()


def test_a_secret_that_could_be_guessed_makes_no_authority() -> None:
    with pytest.raises(ValueError, match="31 characters; an authority needs 32 at least"):
        authority(b"s" * 31)


def test_a_member_is_server_and_client_and_no_authority() -> None:
    _, leaf, _ = member(SECRET, ["store-0.peers.svc"], NOW)
    certificate = x509.load_pem_x509_certificate(leaf)
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(usage) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["store-0.peers.svc"]


def shaken(one: Path, other: Path, name: str) -> str:
    """What a client that proves itself says of a server that asks for it."""
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(one / "ca.crt"))
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_cert_chain(one / "tls.crt", one / "tls.key")
    client = ssl.create_default_context(cafile=str(other / "ca.crt"))
    client.load_cert_chain(other / "tls.crt", other / "tls.key")
    left, right = socket.socketpair()

    def answer() -> None:
        try:
            with server.wrap_socket(left, server_side=True) as wire:
                wire.sendall(b"ok")
        except ssl.SSLError:
            left.close()

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        with client.wrap_socket(right, server_hostname=name) as wire:
            return wire.recv(2).decode() or "closed"
    except (ssl.SSLError, ConnectionError) as error:
        return type(error).__name__
    finally:
        thread.join()


@pytest.fixture
def members(tmp_path: Path) -> tuple[Path, Path, Path]:
    folders = []
    for number, secret in enumerate((SECRET, SECRET, b"t" * 32)):
        folder = tmp_path / str(number)
        folder.mkdir()
        write(folder, secret, f"store-{number}.peers.svc", NOW)
        folders.append(folder)
    one, other, stranger = folders
    return one, other, stranger


def test_members_trust_each_other_by_name(members: tuple[Path, Path, Path]) -> None:
    one, other, _ = members
    assert shaken(one, other, "store-0.peers.svc") == "ok"
    assert shaken(other, one, "store-1.peers.svc") == "ok"
    assert shaken(one, other, "store-7.peers.svc") == "SSLCertVerificationError"


def test_nobody_trusts_a_member_of_another_secret(members: tuple[Path, Path, Path]) -> None:
    one, _, stranger = members
    assert shaken(one, stranger, "store-0.peers.svc") != "ok"
    assert shaken(stranger, one, "store-2.peers.svc") != "ok"


def test_only_this_user_reads_the_files(members: tuple[Path, Path, Path]) -> None:
    assert {path.stat().st_mode & 0o777 for path in members[0].iterdir()} == {0o600}

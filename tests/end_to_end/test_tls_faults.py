"""Certificates that expire and are replaced while the agent runs, on both of its sides."""

import datetime
import ipaddress
import os
import socket
import ssl

import configs
import faults
import harness
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    def __init__(self, name):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self.sign(self.name, self.key, 3600, is_authority=True)

    def sign(self, name, key, seconds, is_authority=False):
        now = datetime.datetime.now(datetime.timezone.utc)
        alternatives = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(self.name).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
        builder = builder.not_valid_after(now + datetime.timedelta(seconds=seconds))
        builder = builder.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, directory, seconds=3600):
        """Writes tls.crt and tls.key, each at once, as a certificate's manager does."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        replace(directory / "tls.key", key.private_bytes(serialization.Encoding.PEM, *private))
        replace(directory / "tls.crt", pem(self.sign(name, key, seconds)))

    def trust(self, path):
        replace(path, pem(self.certificate))


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def replace(path, content):
    temporary = path.with_name(path.name + ".new")
    temporary.write_bytes(content)
    os.rename(temporary, path)


@pytest.fixture
def certificates(tmp_path):
    directory = tmp_path / "tls"
    directory.mkdir()
    return directory


def test_a_receivers_certificate_expires_and_is_replaced(start_agent, sink, certificates):
    authority = Authority("first")
    authority.trust(certificates / "ca.crt")
    authority.issue(certificates, seconds=3)
    http, port = harness.free_port(), harness.free_port()
    tls = f"tls: {{cert_file: {certificates}/tls.crt, key_file: {certificates}/tls.key, reload_interval: 100ms}}"
    config = configs.otlp_through(harness.free_port(), http, sink.url, metrics_port=port)
    config = config.replace(f"127.0.0.1:{http}}}", f"127.0.0.1:{http}, {tls}}}")
    agent = start_agent(config, http)
    trusting = ssl.create_default_context(cafile=str(certificates / "ca.crt"))
    sender = faults.Sender(f"https://127.0.0.1:{http}", context=trusting, pause=0.01)
    harness.wait_until(lambda: sender.taken > 0, 3, "nothing is taken")
    before = sender.unsure
    harness.wait_until(lambda: sender.unsure > before, 10, "the certificate does not expire")
    replace(certificates / "tls.crt", b"not a certificate")
    agent.wait_logged("tls.crt")
    authority.issue(certificates)
    before = sender.taken
    harness.wait_until(lambda: sender.taken > before, 10, f"the new one is not in use:\n{agent.log_text()}")
    assert faults.totals_of_all(sink, sender.stop(), agent, port)["repeated"] == 0


def is_expired(port, authority):
    """What a client says of the certificate that is served there."""
    context = ssl.create_default_context(cafile=str(authority))
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            with context.wrap_socket(connection, server_hostname="localhost"):
                return False
    except ssl.SSLCertVerificationError as error:
        assert error.verify_message == "certificate has expired", error
        return True


def failed_attempts(port):
    return harness.total(harness.metrics(port), "rankwire_exporter_failed_attempts_total")


def test_a_destinations_certificate_expires_and_is_replaced_by_another_authority(
    start_agent, start_writer, sink, certificates, tmp_path
):
    first, second = Authority("first"), Authority("second")
    first.trust(certificates / "ca.crt")
    first.issue(certificates, seconds=3)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificates / "tls.crt", certificates / "tls.key")
    port, logs = harness.free_port(), tmp_path / "pods"
    logs.mkdir()
    with faults.BadSink(sink, context=served) as bad:
        config = configs.log_path(logs, bad.url, storage=tmp_path / "state", metrics_port=port)
        tls = f"    tls: {{ca_file: {certificates}/ca.crt, reload_interval: 100ms}}\n"
        agent = start_agent(config.replace("    compression: none\n", tls + "    compression: none\n"), port)
        writer = start_writer(logs, rate=2000, seconds=60, rotate=0.5)
        faults.wait_for_more_lines(sink, 500, agent, seconds=3)
        harness.wait_until(lambda: is_expired(bad.port, certificates / "ca.crt"), 10, "the certificate does not expire")
        bad.drop_connections()  # New ones meet the expired certificate.
        agent.wait_logged("expired")
        second.issue(certificates)
        served.load_cert_chain(certificates / "tls.crt", certificates / "tls.key")
        before = failed_attempts(port)
        arrived = sink.report()["numbered"]
        harness.wait_until(lambda: failed_attempts(port) > before + 1, 10, "no attempt with the untrusted authority")
        assert sink.report()["numbered"] == arrived
        second.trust(certificates / "ca.crt")
        faults.wait_for_more_lines(sink, 500, agent)
        totals = faults.totals_of_all(sink, faults.ended(writer), agent, port)
    # Connections were cut: a request that was answered at that moment is sent again.
    assert totals["repeated"] <= 5000

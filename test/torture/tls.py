# SPDX-License-Identifier: Apache-2.0
"""TLS for the hostile server: certificates, contexts, and what Python's ssl module cannot do."""

import ctypes
import ctypes.util
import os
import ssl
import struct
import subprocess

ALERT, HANDSHAKE, CHANGE_CIPHER_SPEC = 0x15, 0x16, 0x14


class Identity:
    """Writes a self-signed certificate for 127.0.0.1, and its key, to `directory`."""

    def __init__(self, directory, name="trusted"):
        self.certificate = os.path.join(directory, name + ".pem")
        self.key = os.path.join(directory, name + ".key")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" + name,
             "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.key, "-out", self.certificate],
            check=True, capture_output=True)

    def context(self):
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.certificate, self.key)
        return made


def with_chain(identity, length):
    """Returns a context whose certificate comes with many useless ones."""
    path = f"{identity.certificate}.{length}"
    with open(identity.certificate, encoding="ascii") as one, open(path, "w", encoding="ascii") as chain:
        chain.write(one.read() * length)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(path, identity.key)
    return made


def with_tickets(identity, count):
    made = identity.context()
    made.num_tickets = count
    return made


def of_old(identity):
    """Returns a context whose newest version is TLS 1.1."""
    made = identity.context()
    made.set_ciphers("ALL:@SECLEVEL=0")
    made.minimum_version = ssl.TLSVersion.TLSv1
    made.maximum_version = ssl.TLSVersion.TLSv1_1
    return made


def record(kind, payload):
    return struct.pack(">BHH", kind, 0x0303, len(payload)) + payload


def hello_and_certificate(size):
    """Returns the start of a TLS 1.2 handshake, up to the header of a certificate message of this size."""
    renegotiation_info = b"\xff\x01\0\1\0"
    hello = b"\x03\x03" + b"r" * 32 + b"\0" + b"\xc0\x2f" + b"\0" + struct.pack(">H", 5) + renegotiation_info
    return (record(HANDSHAKE, b"\x02" + len(hello).to_bytes(3, "big") + hello)
            + record(HANDSHAKE, b"\x0b" + size.to_bytes(3, "big")))


class OpenSsl:
    """A TLS server on a connected socket, by libssl itself: renegotiation and new keys at will."""

    TLS_1_2, TLS_1_3 = 0x0303, 0x0304
    CLEAR_MODE, AUTO_RETRY = 78, 4  # a read returns after a handshake
    SET_MAX_VERSION = 124
    PEM = 1
    WANT_READ = 2

    def __init__(self, connection, identity, version):
        lib = self.lib = ctypes.CDLL(ctypes.util.find_library("ssl"))
        for name in ("TLS_server_method", "SSL_CTX_new", "SSL_new"):
            getattr(lib, name).restype = ctypes.c_void_p
        connection.setblocking(True)
        context = ctypes.c_void_p(lib.SSL_CTX_new(ctypes.c_void_p(lib.TLS_server_method())))
        lib.SSL_CTX_ctrl(context, self.SET_MAX_VERSION, ctypes.c_long(version), None)
        lib.SSL_CTX_ctrl(context, self.CLEAR_MODE, ctypes.c_long(self.AUTO_RETRY), None)
        lib.SSL_CTX_use_certificate_chain_file(context, identity.certificate.encode())
        lib.SSL_CTX_use_PrivateKey_file(context, identity.key.encode(), self.PEM)
        self.ssl = ctypes.c_void_p(lib.SSL_new(context))
        lib.SSL_set_fd(self.ssl, connection.fileno())
        self._do(lib.SSL_accept(self.ssl))

    def read(self):
        """Returns the next data; empty after a part of a handshake."""
        data = ctypes.create_string_buffer(65536)
        size = self._do(self.lib.SSL_read(self.ssl, data, len(data)))
        return data.raw[:size]

    def write(self, data):
        self._do(self.lib.SSL_write(self.ssl, data, len(data)))

    def renegotiate(self):
        self._do(self.lib.SSL_renegotiate(self.ssl))
        self._do(self.lib.SSL_do_handshake(self.ssl))
        while self.lib.SSL_renegotiate_pending(self.ssl):
            self.read()

    def update_keys(self):
        requested = 1
        self._do(self.lib.SSL_key_update(self.ssl, requested))
        self._do(self.lib.SSL_do_handshake(self.ssl))
        self.read()

    def _do(self, result):
        if result > 0:
            return result
        if self.lib.SSL_get_error(self.ssl, result) != self.WANT_READ:
            raise ConnectionError
        return 0

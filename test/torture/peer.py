# SPDX-License-Identifier: Apache-2.0
"""The hostile server's tools: a connection of raw bytes, WebSocket frames valid or not, and a listener."""

import base64
import contextlib
import hashlib
import select
import socket
import ssl
import struct
import threading
import time

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
PIECE = 256 * 1024  # bytes per write; incoming data is read in between


def frame(payload, opcode=TEXT, final=True, reserved=0, mask=False, length=None, announce=None):
    """Returns one frame. `length`: bytes of its extended length (0, 2 or 8); `announce`: a false length."""
    size = len(payload) if announce is None else announce
    if length is None:
        length = 0 if size < 126 else 2 if size < 65536 else 8
    head = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    masked = 0x80 if mask else 0
    if length == 0:
        head += bytes([masked | size])
    elif length == 2:
        head += bytes([masked | 126]) + struct.pack(">H", size)
    else:
        head += bytes([masked | 127]) + struct.pack(">Q", size)
    return head + (b"\0\0\0\0" if mask else b"") + payload


def close_frame(code, reason=b""):
    return frame(struct.pack(">H", code) + reason, CLOSE)


def response(status, *fields, body=b""):
    return "\r\n".join([f"HTTP/1.1 {status}", *fields, "", ""]).encode() + body


def switching(request, *fields, accept=None):
    """Returns the answer to an upgrade request: the valid one by default."""
    key = next(line.split(b":", 1)[1].strip() for line in request.split(b"\r\n")
               if line.lower().startswith(b"sec-websocket-key:"))
    digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    return response("101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
                    "Sec-WebSocket-Accept: " + (accept or base64.b64encode(digest).decode()), *fields)


class Gone(Exception):
    """The client has disconnected, or its time is over."""


class Peer:
    """A connection, plain or TLS. What the client sends meanwhile is read and dropped, unless `deaf`."""

    def __init__(self, connection, number, identity):
        self.connection = connection
        self.identity = identity  # for raw TLS
        self.number = number  # of the connection, from 1
        self.deaf = False
        connection.setblocking(False)

    def send(self, data):
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self.connection.send(rest[:PIECE]):]
                self._hear(0)
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                self._hear(1)

    def _hear(self, seconds):
        """Waits until there is room to write, and drops incoming data."""
        readers = [] if self.deaf else [self.connection]
        readable, _, _ = select.select(readers, [self.connection] if seconds else [], [], seconds)
        if readable and not self.read_some():
            raise Gone

    def read_some(self, size=PIECE):
        """Drops available data. Returns False at the end of the stream."""
        try:
            return bool(self.connection.recv(size))
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return True

    def receive(self):
        """Returns the next data, at least a byte."""
        while True:
            try:
                data = self.connection.recv(PIECE)
            except (BlockingIOError, ssl.SSLWantReadError):
                select.select([self.connection], [], [])
                continue
            if not data:
                raise Gone
            return data

    def flood(self, piece, size=1 << 20):
        """Sends the same data endlessly, as fast as it is accepted."""
        block = piece * max(1, size // len(piece))
        while True:
            self.send(block)

    def drip(self, data, pause=0.01):
        for i in range(len(data)):
            self.send(data[i:i + 1])
            time.sleep(pause)

    def wait(self, seconds=60):
        """Sends nothing, and answers no ping either."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.deaf:
                time.sleep(min(left, 0.05))
            elif select.select([self.connection], [], [], left)[0] and not self.read_some():
                raise Gone

    def stay(self):
        """Stays connected and sends pings, since a silent server counts as gone."""
        while True:
            self.say(b'{"usageMetadata":{}}')
            self.wait(0.1)

    def request(self):
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.receive()
        return head

    def upgrade(self):
        self.send(switching(self.request()))
        self.receive()  # the setup, or its beginning

    def open(self):
        """Behaves like a valid server up to setupComplete."""
        self.upgrade()
        self.send(frame(b'{"setupComplete":{}}'))

    def say(self, *messages):
        for each in messages:
            self.send(frame(each))

    def end_well(self):
        """Sends the text by which the client recognizes the end."""
        self.say(b'{"serverContent":{"outputTranscription":{"text":"That was all."},"turnComplete":true}}')
        self.wait()

    def finish(self):
        """Sends FIN, without a TLS alert."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
        self.wait(1)

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        raise Gone


class Server:
    """Listens on loopback, and passes each connection to `serve` in a thread. A context manager."""

    def __init__(self, serve, identity, context=None):
        self.serve = serve
        self.identity = identity
        self.context = context
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.connections = []
        self.accepted = 0
        self.is_over = False
        self.failures = []  # of this program, not of the client

    def __enter__(self):
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        for each in (self.listener, *self.connections):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _listen(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.accepted += 1
                self.connections.append(connection)
                threading.Thread(target=self._serve, args=(connection, self.accepted), daemon=True).start()

    def _serve(self, connection, number):
        try:
            if self.context:
                connection.settimeout(5)  # for a handshake
                connection = self.context.wrap_socket(connection, server_side=True)
                self.connections.append(connection)
            self.serve(Peer(connection, number, self.identity))
        except (Gone, OSError):
            pass
        except Exception as failure:
            if not self.is_over:  # and its sockets are closed
                self.failures.append(repr(failure))
        with contextlib.suppress(OSError):
            connection.close()

# SPDX-License-Identifier: Apache-2.0
"""What a hostile server does with a connection: functions on a Peer, and the messages that they send."""

import functools
import itertools
import time

import tls
from peer import TEXT, frame, switching


def content(inner=b""):
    return b'{"serverContent":{' + inner + b"}}"


def part(inner):
    return content(b'"modelTurn":{"parts":[' + inner + b"]}")


def made(of):
    """Builds a large message of a scenario only when it is sent."""
    return of() if callable(of) else of


def floods(of, opcode=TEXT):
    """Sends the same message endlessly."""
    def serve(peer):
        peer.open()
        peer.flood(frame(made(of), opcode))
    return serve


def counts(template):
    """Sends messages endlessly, each with a number of its own."""
    def serve(peer):
        peer.open()
        for begin in itertools.count(step=10_000):
            peer.send(b"".join(frame(template % i) for i in range(begin, begin + 10_000)))
    return serve


def says(*messages):
    """Sends these messages, then the text that the client waits for."""
    def serve(peer):
        ready = [made(each) for each in messages]
        peer.open()
        peer.say(*ready)
        peer.end_well()
    return serve


def sends(data):
    """Sends these bytes in place of frames, then the text that the client waits for."""
    def serve(peer):
        peer.open()
        peer.send(made(data))
        peer.end_well()
    return serve


def streams(data, first=b""):
    """Sends the same bytes endlessly in place of frames."""
    def serve(peer):
        peer.open()
        peer.send(first)
        peer.flood(data)
    return serve


def drips(data):
    def serve(peer):
        peer.open()
        peer.drip(data)
        peer.end_well()
    return serve


def answers(head, then=b""):
    """Answers the upgrade, and sends something endless after it."""
    def serve(peer):
        request = peer.request()
        peer.send(head(request) if callable(head) else head)
        if then:
            peer.flood(then)
        peer.finish()
    return serve


def drips_answer(head):
    def serve(peer):
        peer.request()
        peer.drip(head)
        peer.finish()
    return serve


def deaf(serve=lambda peer: (peer.open(), peer.wait())):
    """Does the same, and reads nothing after the setup."""
    def serve_without_reading(peer):
        peer.deaf = True
        serve(peer)
    return serve_without_reading


def reads_slowly(peer):
    peer.open()
    peer.deaf = True
    while True:
        peer.wait(0.02)
        peer.say(b'{"usageMetadata":{}}')
        peer.read_some(4_000)


def before_setup(then):
    def serve(peer):
        peer.upgrade()
        peer.flood(then)
    return serve


def before_setup_of_each_but_the_first(then):
    def serve(peer):
        if peer.number == 1:
            peer.open()
            peer.reset()
        before_setup(then)(peer)
    return serve


def setup_answered_by(data):
    def serve(peer):
        peer.upgrade()
        peer.send(made(data))
        peer.end_well()
    return serve


def drips_setup(peer):
    peer.upgrade()
    peer.drip(frame(b'{"setupComplete":{}}' + b" " * 10_000))


def resets_after_setup(peer):
    peer.open()
    peer.reset()


def in_the_middle_of_a_message(peer):
    peer.open()
    peer.send(frame(content(), announce=1_000))
    peer.finish()


def asks_to_leave(time_left, times=1):
    """Sends a handle and several goAways on each connection, which stays open."""
    handle = b'{"sessionResumptionUpdate":{"newHandle":"handle","resumable":true}}'
    go_away = b'{"goAway":{' + time_left + b"}}"

    def serve(peer):
        peer.open()
        peer.say(handle, *[go_away] * times)
        peer.stay()
    return serve


def large_handle(peer):
    """Resets the connection after a handle, which the next one must send."""
    peer.open()
    if peer.number > 1:
        peer.end_well()
    peer.say(b'{"sessionResumptionUpdate":{"newHandle":"%s","resumable":true}}' % (b"h" * 900_000))
    time.sleep(0.5)
    peer.reset()


def many_parts(size):
    """Returns one message of about this size that consists of parts."""
    return lambda: part(b"{}" + b",{}" * (size // 3))


def listed(template, count, before, after):
    """Returns a message with a long list; # in its elements is replaced by their number."""
    @functools.cache
    def make():
        numbered = b"#" in template
        elements = (template.replace(b"#", b"%d" % i) for i in range(count)) if numbered else [template] * count
        return before + b",".join(elements) + after
    return make


def calls(count, ids=True):
    return listed(b'{"id":"call-#","name":"look_up","args":{}}' if ids else b'{"name":"look_up"}', count,
                  b'{"toolCall":{"functionCalls":[', b"]}}")


def sources(count, source=b'{"web":{"uri":"https://example.com/#"}}'):
    return listed(source, count, b'{"serverContent":{"groundingMetadata":{"groundingChunks":[', b"]}}}")


def speech(size=2_400):
    return part(b'{"inlineData":{"mimeType":"audio/pcm;rate=24000","data":"' + b"AAAA" * (size // 4) + b'"}}')


# Raw TLS on a socket.


def instead_of_tls(data, then=b""):
    def serve(peer):
        peer.receive()
        peer.send(data)
        if then:
            peer.flood(then)
        peer.wait()
    return serve


def drips_certificate(peer):
    peer.receive()
    peer.send(tls.hello_and_certificate(90_000))
    for _ in range(90_000):
        peer.send(tls.record(tls.HANDSHAKE, b"0"))
        time.sleep(0.01)


def finishes_handshake(peer):
    peer.receive()
    peer.finish()


def by_openssl(version, storm):
    """Serves a valid session, with a TLS renegotiation at each message."""
    def serve(peer):
        encrypted = tls.OpenSsl(peer.connection, peer.identity, version)
        request = b""
        while b"\r\n\r\n" not in request:
            request += encrypted.read()
        encrypted.write(switching(request) + frame(b'{"setupComplete":{}}'))
        while True:
            storm(encrypted)
            encrypted.write(frame(b'{"usageMetadata":{}}'))  # without messages the server would count as gone
    return serve


def drips_tls(peer):
    """Sends every byte in a record of its own, as fast as possible."""
    peer.open()
    data = frame(b'{"usageMetadata":{}}') * 2_000
    for i in range(len(data)):
        peer.send(data[i:i + 1])
    peer.end_well()

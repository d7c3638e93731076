# SPDX-License-Identifier: Apache-2.0
"""What a hostile server does with a connection: functions of a Peer, and the messages that they send."""

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
    """Where it is large, a scenario's message is made when it is sent."""
    return of() if callable(of) else of


def floods(of, opcode=TEXT):
    """The same message without an end."""
    def serve(peer):
        peer.open()
        peer.flood(frame(made(of), opcode))
    return serve


def counts(template):
    """Messages without an end, each with a number of its own."""
    def serve(peer):
        peer.open()
        for begin in itertools.count(step=10_000):
            peer.send(b"".join(frame(template % i) for i in range(begin, begin + 10_000)))
    return serve


def says(*messages):
    """These messages, then the words that the client waits for."""
    def serve(peer):
        ready = [made(each) for each in messages]
        peer.open()
        peer.say(*ready)
        peer.end_well()
    return serve


def sends(data):
    """These bytes in the place of frames, then the words that the client waits for."""
    def serve(peer):
        peer.open()
        peer.send(made(data))
        peer.end_well()
    return serve


def streams(data, first=b""):
    """The same bytes without an end in the place of frames."""
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
    """An answer to the upgrade, and something without an end behind it."""
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
    """Does so, and reads nothing that comes after the setup."""
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
    """A handle, and goAway so many times, on each connection; it stays open."""
    handle = b'{"sessionResumptionUpdate":{"newHandle":"handle","resumable":true}}'
    go_away = b'{"goAway":{' + time_left + b"}}"

    def serve(peer):
        peer.open()
        peer.say(handle, *[go_away] * times)
        peer.stay()
    return serve


def large_handle(peer):
    """Resets after the handle, which the next connection has to carry."""
    peer.open()
    if peer.number > 1:
        peer.end_well()
    peer.say(b'{"sessionResumptionUpdate":{"newHandle":"%s","resumable":true}}' % (b"h" * 900_000))
    time.sleep(0.5)
    peer.reset()


def many_parts(size):
    """One message of about this size that is nothing but parts."""
    return lambda: part(b"{}" + b",{}" * (size // 3))


def listed(template, count, before, after):
    """A message with a long list; # in its elements is a number of their own."""
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


# TLS by hand, on a raw socket.


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
    """A proper session, whose encryption is begun anew with each message."""
    def serve(peer):
        encrypted = tls.OpenSsl(peer.connection, peer.identity, version)
        request = b""
        while b"\r\n\r\n" not in request:
            request += encrypted.read()
        encrypted.write(switching(request) + frame(b'{"setupComplete":{}}'))
        while True:
            storm(encrypted)
            encrypted.write(frame(b'{"usageMetadata":{}}'))  # without words the server would be taken for gone
    return serve


def drips_tls(peer):
    """Every byte in a record of its own, as fast as it goes."""
    peer.open()
    data = frame(b'{"usageMetadata":{}}') * 2_000
    for i in range(len(data)):
        peer.send(data[i:i + 1])
    peer.end_well()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Moves a session through networks that change and fail: network_test.py EMULATOR ROAMING_SESSION [CLASS...]

Each test makes three machines of its own, which are network namespaces:

    client ── wlan0 ── router ── uplink ── server, which runs the emulator
           ── wwan0 ──

Nothing leaves them, and they end with the processes that hold them."""

import contextlib
import ctypes
import os
import queue
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

EMULATOR, ROAMING_SESSION = map(os.path.abspath, sys.argv[1:3])
PORT = 8080
SERVER = "203.0.113.5"
TRANSLATED = "64:ff9b::203.0.113.5"  # the server, as a NAT64 presents it
PATIENCE = 20  # seconds for any one event, of which most take less than one
IMPATIENT, PATIENT = 700, 10_000  # silence in milliseconds that a session tolerates after a ping
WIFI = ["link set wlan0 up", "address add 192.168.1.20/24 dev wlan0", "route add default via 192.168.1.1"]
MOBILE = ["link set wwan0 up", "address add 10.64.0.20/16 dev wwan0", "route add default via 10.64.0.1"]
ONLY_IPV6 = ["link set wwan0 up", "address add 2001:db8:1::20/64 dev wwan0 nodad", "route add default via 2001:db8:1::1"]
LOSES_LARGE_PACKETS = "tbf rate 1gbit burst 1000 limit 1000000"
LEAVE_WIFI = ["address flush dev wlan0", "link set wlan0 down"]
LIBC = ctypes.CDLL(None, use_errno=True)


def need_namespaces():
    """Continues as root of a user namespace where it may not make networks otherwise."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    for program, package in (("ip", "iproute2"), ("tc", "iproute2"), ("nsenter", "util-linux")):
        if not shutil.which(program):
            sys.exit(f"This test needs the program {program}: install the package {package}.")
    as_root = ["unshare", "--user", "--map-root-user"]
    for prefix in [], as_root:
        if subprocess.run([*prefix, "unshare", "--net", "--mount", "true"], capture_output=True).returncode == 0:
            if prefix:
                os.execvp(prefix[0], [*prefix, sys.executable, *sys.argv])
            return
    sys.exit("This test makes network namespaces: run it as root (in a container with CAP_SYS_ADMIN), "
             "or where users may make user namespaces (see `unshare --user --net true`).")


class Process:
    """A program whose output is awaited line by line."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        self.seen = []
        self.coming = queue.Queue()
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.coming.put(line.rstrip("\n"))
        self.coming.put(None)

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def line(self):
        """The next line; fails when there is none."""
        with contextlib.suppress(queue.Empty):
            line = self.coming.get(timeout=PATIENCE)
            if line is not None:
                self.seen.append(line)
                return line
        raise AssertionError("no more came after\n  " + "\n  ".join(self.seen))

    def until(self, pattern):
        """Waits for a line, and returns it."""
        while not re.search(pattern, line := self.line()):
            pass
        return line

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()


class Machine:
    """Namespaces, held by a process that ends with its input."""

    def __init__(self):
        self.holder = Process("unshare", "--net", "--mount", "sh", "-c", "echo; exec cat")
        self.holder.line()
        self.pid = self.holder.process.pid
        self.end = self.holder.end
        self.ip("link set lo up")

    def command(self, *words):
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net", f"--mount=/proc/{self.pid}/ns/mnt", *words]

    def run(self, *words, given=None):
        done = subprocess.run(self.command(*words), input=given, text=True, capture_output=True)
        if done.returncode:
            raise AssertionError(f"{' '.join(words)}: {given or ''}\n{done.stderr}")
        return done.stdout

    def ip(self, *lines):
        self.run("ip", "-batch", "-", given="\n".join(lines) + "\n")

    def tc(self, words):
        return self.run("tc", *words.split())

    def set(self, name, value):
        """Sets a parameter of its network stack."""
        self.run("sh", "-c", f"echo {value} >/proc/sys/net/{name}")

    def link(self, name, other, name_there):
        self.ip(f"link add name {name} type veth peer name {name_there} netns {other.pid}")

    def socket(self, family, kind, address, port):
        """A socket of this machine, bound, in this process."""
        made = []

        def make():
            with open(f"/proc/{self.pid}/ns/net", "rb") as namespace:
                if LIBC.setns(namespace.fileno(), 0) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            one = socket.socket(family, kind)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((address, port))
            made.append(one)

        thread = threading.Thread(target=make)  # only the thread moves
        thread.start()
        thread.join()
        return made[0]


class Service:
    """Serves each connection to a machine's address, or each datagram, until it is ended."""

    def __init__(self, machine, address, port, serve, kind=socket.SOCK_STREAM):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = machine.socket(family, kind, address, port)
        self.serve = serve
        if kind == socket.SOCK_STREAM:
            self.socket.listen()
        self.spawn(self.accept if kind == socket.SOCK_STREAM else self.receive)

    def spawn(self, work, *arguments):
        threading.Thread(target=work, args=arguments, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                self.spawn(self.serve_one, connection)

    def serve_one(self, connection):
        with connection, contextlib.suppress(OSError):
            self.serve(connection)

    def receive(self):
        with contextlib.suppress(OSError):
            while True:
                datagram, sender = self.socket.recvfrom(4096)
                if not datagram:
                    return  # ended
                self.socket.sendto(self.serve(datagram), sender)

    def end(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def name_server(addresses):
    """Answers for any name with the given addresses of the family that is asked for."""
    def answer(query):
        end = query.index(b"\0", 12) + 5
        kind = struct.unpack("!H", query[end - 4:end - 2])[0]
        family = {1: socket.AF_INET, 28: socket.AF_INET6}.get(kind)
        fitting = [a for a in addresses if family == (socket.AF_INET6 if ":" in a else socket.AF_INET)]
        records = b"".join(struct.pack("!HHHIH", 0xc00c, kind, 1, 0, len(data)) + data
                           for data in (socket.inet_pton(family, a) for a in fitting))
        return query[:2] + struct.pack("!HHHHH", 0x8180, 1, len(fitting), 0, 0) + query[12:end] + records
    return answer


def web_server(answer):
    """Gives the same answer to every request."""
    def serve(connection):
        request = b""
        while b"\r\n\r\n" not in request:
            if not (piece := connection.recv(4096)):
                return
            request += piece
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass
    return serve


LOGIN = web_server(b"HTTP/1.1 302 Found\r\nLocation: http://portal.test/login\r\nContent-Length: 0\r\n\r\n")
PAGE = b"<!DOCTYPE html><html><head><title>Hotel Wi-Fi</title></head><body>Please log in.</body></html>"
WELCOME = web_server(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(PAGE), PAGE))


def translator(router):
    """Relays each connection to the server, from the router."""
    def pass_on(source, target):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    def serve(connection):
        with router.socket(socket.AF_INET, socket.SOCK_STREAM, "203.0.113.1", 0) as onward:
            onward.connect((SERVER, PORT))
            back = threading.Thread(target=pass_on, args=(onward, connection), daemon=True)
            back.start()
            pass_on(connection, onward)
            back.join()
    return serve


class NetworkTest(unittest.TestCase):
    def setUp(self):
        self.client, self.router, self.server = (self.ended(Machine()) for _ in range(3))
        self.client.link("wlan0", self.router, "wifi")
        self.client.link("wwan0", self.router, "mobile")
        self.server.link("eth0", self.router, "uplink")
        self.router.ip("link set wifi up", "address add 192.168.1.1/24 dev wifi",
                       "link set mobile up", "address add 10.64.0.1/16 dev mobile",
                       "address add 2001:db8:1::1/64 dev mobile nodad",
                       "link set uplink up", "address add 203.0.113.1/24 dev uplink")
        self.router.set("ipv4/ip_forward", 1)
        self.server.ip("link set eth0 up", f"address add {SERVER}/24 dev eth0", "route add default via 203.0.113.1")
        self.server.set("ipv4/tcp_retries2", 3)  # gives up within seconds what nobody acknowledges
        self.client.ip(*WIFI)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.resolv_conf = os.path.join(folder.name, "resolv.conf")
        with open(self.resolv_conf, "w", encoding="utf-8"):
            pass
        self.client.run("mount", "--bind", self.resolv_conf, os.path.realpath("/etc/resolv.conf"))

    def ended(self, one):
        self.addCleanup(one.end)
        return one

    def serve(self, *options):
        """Starts the emulator."""
        self.emulator = self.ended(Process(*self.server.command(
            EMULATOR, "--address", SERVER, "--port", str(PORT), "--allow-remote", "--host-name", "live.test",
            *(options if "--pace" in options else ("--pace", "0", *options)))))
        self.emulator.until("Ctrl-C")

    def start(self, *arguments):
        self.session = self.ended(Process(*self.client.command(ROAMING_SESSION, *arguments)))
        return self.session

    def connect(self, *options, host=SERVER, silence=IMPATIENT, authority=None):
        """Starts the server, and a conversation with it of which a handle has come."""
        self.serve(*options)
        scheme, trusted = ("https", [authority]) if authority else ("http", [])
        self.start(f"{scheme}://{host}:{PORT}", str(silence), *trusted).until("^now connected$")
        self.asked = 0
        self.converse()
        self.converse()

    def converse(self):
        self.ask()
        self.hear()
        self.session.until("^handle$")  # holds this question

    def answer_names(self, *addresses, at="2001:db8:1::1"):
        """Makes the router the client's name server, which knows these addresses of any name."""
        with open(self.resolv_conf, "w", encoding="utf-8") as file:
            file.write(f"nameserver {at}\n")
        return self.ended(Service(self.router, at, 53, name_server(addresses), socket.SOCK_DGRAM))

    def fails_at_first(self, url, sentence):
        """Whether a first connection fails, with one error that says so."""
        self.start(url, str(IMPATIENT))
        self.assertRegex(self.session.until("^failed: "), sentence)

    def ask(self, more=""):
        self.asked += 1
        self.session.say(f"Question {self.asked}{more}")

    def hear(self):
        """Waits for the answer to the last question. Nothing else may be answered before it."""
        self.assertRegex(self.session.until("^answer: |context lost|ask again"), f"^answer: You said: Question {self.asked}")

    def lose(self):
        return self.session.until("^now reconnecting")

    def come_back(self):
        self.assertRegex(self.session.until("^now connected"), "resumed")

    def nothing_is_lost_or_repeated(self):
        """Whether each question has had one answer, and the model remembers them in order."""
        self.session.say("What did I say before?")
        self.assertRegex(self.session.until("^answer: "),
                         f"you said: Question {self.asked}[^Q]*And before that: Question {self.asked - 1}\\.")
        answered = re.findall(r"^answer: You said: Question (\d+)", "\n".join(self.session.seen), re.MULTILINE)
        self.assertEqual(answered, [str(n + 1) for n in range(self.asked)])


class ChangingNetworks(NetworkTest):
    def test_an_address_that_vanishes_is_left_for_another_one(self):
        self.connect()
        self.client.ip(*LEAVE_WIFI)
        self.ask()
        self.lose()
        self.client.ip(*MOBILE)
        self.come_back()
        self.hear()
        self.nothing_is_lost_or_repeated()

    def test_an_answer_that_is_cut_by_a_change_of_networks_is_reported(self):
        self.connect("--pace", "0.3")
        self.ask()
        self.session.until("^hears")
        self.client.ip(*LEAVE_WIFI, *MOBILE)
        self.assertIn("ask again", self.lose())
        self.come_back()
        self.asked -= 1
        self.converse()
        self.nothing_is_lost_or_repeated()

    def test_a_short_loss_of_the_wireless_network_costs_no_connection(self):
        self.connect(silence=PATIENT)
        self.client.ip(*LEAVE_WIFI)
        self.ask()
        self.client.ip(*WIFI)
        self.hear()
        self.assertNotIn("reconnecting", "".join(self.session.seen))
        self.nothing_is_lost_or_repeated()

    def test_a_long_loss_of_the_wireless_network_costs_no_conversation(self):
        self.connect()
        self.client.ip(*LEAVE_WIFI)
        self.ask()
        self.lose()
        self.client.ip(*WIFI)
        self.come_back()
        self.hear()
        self.nothing_is_lost_or_repeated()

    def test_a_session_that_wakes_up_in_another_network_continues(self):
        self.connect()
        self.session.signal(signal.SIGSTOP)
        self.client.ip(*LEAVE_WIFI, *MOBILE)
        self.emulator.until("Client 1 is gone")
        self.session.signal(signal.SIGCONT)
        self.ask()
        self.lose()
        self.come_back()
        self.hear()
        self.nothing_is_lost_or_repeated()


class NetworksWithoutIPv4(NetworkTest):
    def test_a_name_with_an_unreachable_IPv4_address_leads_through_a_NAT64(self):
        self.client.ip(*LEAVE_WIFI, *ONLY_IPV6)
        self.translate()
        self.answer_names(TRANSLATED, SERVER)
        self.connect(host="live.test")
        self.nothing_is_lost_or_repeated()

    def test_a_session_moves_to_a_network_that_has_only_IPv6(self):
        self.translate()
        names = self.answer_names(SERVER, at="192.168.1.1")
        self.connect(host="live.test")
        self.client.ip(*LEAVE_WIFI, *ONLY_IPV6)
        names.end()
        self.answer_names(TRANSLATED)
        self.ask()
        self.lose()
        self.come_back()
        self.hear()
        self.nothing_is_lost_or_repeated()

    def test_an_IPv4_address_in_place_of_a_name_does_not_lead_out_of_an_IPv6_network(self):
        self.client.ip(*LEAVE_WIFI, *ONLY_IPV6)
        self.translate()
        self.serve()
        self.fails_at_first(f"http://{SERVER}:{PORT}", "no route to it.*only IPv6")

    def translate(self):
        self.router.ip(f"address add {TRANSLATED}/128 dev lo nodad")
        self.ended(Service(self.router, TRANSLATED, PORT, translator(self.router)))


class FailingNetworks(NetworkTest):
    def test_a_firewall_that_drops_packets_silently_is_waited_out(self):
        self.wait_out(f"blackhole {SERVER}")

    def test_a_firewall_that_rejects_packets_is_waited_out(self):
        self.wait_out(f"prohibit {SERVER}")

    def test_a_server_that_has_no_route_is_waited_out(self):
        self.wait_out(f"unreachable {SERVER}")

    def test_a_default_route_that_vanishes_is_waited_out(self):
        self.connect()
        self.client.ip("route delete default")
        self.ask()
        self.lose()
        self.client.ip("route add default via 192.168.1.1")
        self.come_back()
        self.hear()
        self.nothing_is_lost_or_repeated()

    def test_a_first_connection_through_a_firewall_fails_within_its_deadline(self):
        self.serve()
        for route, sentence in (("blackhole", "within 1000 ms"), ("prohibit", "cannot be reached"),
                                ("unreachable", "cannot be reached")):
            with self.subTest(route):
                self.router.ip(f"route add {route} {SERVER}")
                self.fails_at_first(f"http://{SERVER}:{PORT}", sentence)
                self.router.ip(f"route delete {route} {SERVER}")

    def wait_out(self, route):
        self.connect()
        self.router.ip(f"route add {route}")
        self.ask()
        self.lose()
        self.lose()
        self.router.ip(f"route delete {route}")
        self.come_back()
        self.hear()
        self.nothing_is_lost_or_repeated()

    def test_a_path_that_loses_large_packets_of_the_client_is_noticed_and_waited_out(self):
        self.connect()
        self.router.tc(f"qdisc add dev uplink root {LOSES_LARGE_PACKETS}")
        self.ask(" " + "and more " * 400)
        self.lose()
        self.lose()
        self.router.tc("qdisc delete dev uplink root")
        self.come_back()
        self.hear()
        self.nothing_is_lost_or_repeated()

    def test_a_path_that_loses_large_packets_of_the_server_is_noticed_and_the_cut_answer_reported(self):
        self.connect()
        self.router.tc(f"qdisc add dev wifi root {LOSES_LARGE_PACKETS}")
        self.ask()
        self.assertIn("ask again", self.lose())  # the answer had begun
        self.come_back()
        self.router.tc("qdisc delete dev wifi root")
        self.asked -= 1
        self.converse()
        self.nothing_is_lost_or_repeated()

    def test_a_crowded_link_that_loses_packets_costs_no_connection(self):
        self.connect(silence=PATIENT)
        self.router.tc("qdisc add dev wifi root tbf rate 4mbit burst 3000 limit 6000")
        self.converse()
        self.assertGreater(int(re.search(r"dropped (\d+)", self.router.tc("-s qdisc show dev wifi"))[1]), 0)
        self.assertNotIn("reconnecting", "".join(self.session.seen))
        self.nothing_is_lost_or_repeated()


class CaptivePortals(NetworkTest):
    """The router takes the server's address for itself until somebody logs in."""

    def test_a_session_waits_for_the_login_at_a_portal_that_redirects(self):
        self.connect()
        self.wait_for_login(LOGIN, "redirect")

    def test_a_session_waits_for_the_login_at_a_portal_with_a_page(self):
        self.connect()
        self.wait_for_login(WELCOME, "web page")

    def test_a_session_waits_for_the_login_at_a_portal_that_answers_for_all_names(self):
        names = self.answer_names(SERVER, at="192.168.1.1")
        self.connect(host="live.test")
        names.end()
        self.client.ip("route delete default")  # nothing but the portal can be reached
        self.ended(Service(self.router, "192.168.1.1", PORT, LOGIN))
        names = self.answer_names("192.168.1.1", at="192.168.1.1")
        self.ask()
        self.session.until("^now reconnecting.*redirect")
        names.end()
        self.answer_names(SERVER, at="192.168.1.1")
        self.client.ip("route add default via 192.168.1.1")
        self.come_back()
        self.hear()
        self.nothing_is_lost_or_repeated()

    def test_a_session_waits_for_the_login_at_a_portal_with_a_certificate_of_its_own(self):
        with tempfile.TemporaryDirectory() as folder:
            authority = os.path.join(folder, "server.pem")
            self.answer_names(SERVER, at="192.168.1.1")
            self.connect("--tls", "--cert", authority, host="live.test", authority=authority)
            self.router.ip(f"address add {SERVER}/32 dev lo")
            portal = self.emulate_portal()
            self.ask()
            self.session.until("^now reconnecting.*certificate")
            self.router.ip(f"address delete {SERVER}/32 dev lo")
            portal.end()
            self.come_back()
            self.hear()
            self.nothing_is_lost_or_repeated()

    def test_a_first_connection_that_meets_a_portal_says_so(self):
        self.router.ip(f"address add {SERVER}/32 dev lo")
        for portal, sentence in ((LOGIN, "redirect.*http://portal.test/login"), (WELCOME, "web page")):
            service = self.ended(Service(self.router, SERVER, PORT, portal))
            self.fails_at_first(f"http://{SERVER}:{PORT}", sentence)
            service.end()
        self.emulate_portal()
        self.fails_at_first(f"https://{SERVER}:{PORT}", "certificate")

    def emulate_portal(self):
        """A server at the server's address whose certificate nobody trusts."""
        portal = self.ended(Process(*self.router.command(
            EMULATOR, "--address", SERVER, "--port", str(PORT), "--allow-remote", "--tls", "--quiet")))
        portal.until("Ctrl-C")
        return portal

    def wait_for_login(self, portal, sentence):
        self.router.ip(f"address add {SERVER}/32 dev lo")
        service = self.ended(Service(self.router, SERVER, PORT, portal))
        self.ask()
        self.session.until(f"^now reconnecting.*{sentence}")
        self.router.ip(f"address delete {SERVER}/32 dev lo")
        service.end()
        self.come_back()
        self.hear()
        self.nothing_is_lost_or_repeated()


def main():
    need_namespaces()
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""What is measured, between whom, and what the SDK aims at. A new scenario or client is one entry here; arguments.hpp
says what the members of `traffic` mean."""

import dataclasses
from dataclasses import dataclass

TRANSPORTS = ("plain", "tls")


@dataclass(frozen=True)
class Client:
    title: str
    on_node: bool = False
    program: str = ""  # that of another client
    arguments: dict = dataclasses.field(default_factory=dict)  # in place of the usual ones


CLIENTS = {
    "sdk": Client("this SDK"),
    "raw": Client("least possible"),
    "lws": Client("libwebsockets"),
    "beast": Client("Boost.Beast"),
    "ws": Client("ws, Node", on_node=True),
    "genai": Client("JavaScript SDK", on_node=True),
}
# Clients that only some scenarios have.
VARIANTS = {
    "sdk-records": Client("SDK with records", program="sdk", arguments={"telemetry": 1}),
}
ALL = {**CLIENTS, **VARIANTS}
OTHERS = tuple(name for name in CLIENTS if name not in ("sdk", "raw"))


@dataclass(frozen=True)
class Aim:
    """An upper limit for a figure of the SDK; with `against`, for its ratio to the same figure of that client. With
    `scenario`, the other figure is that of another scenario."""
    limits: dict  # transport → limit
    against: str = ""
    figure: str = "cost"
    scenario: str = ""
    client: str = "sdk"  # whose figure it is


def both(limit):
    return {transport: limit for transport in TRANSPORTS}


@dataclass(frozen=True)
class Scenario:
    title: str
    unit: str  # of figures.UNITS
    columns: tuple  # of figures.OTHERS
    traffic: dict
    seconds: tuple  # warm-up, window
    aims: tuple = ()
    rounds: int = 3
    clients: tuple = tuple(CLIENTS)
    together: bool = False  # All clients at once, each with a server: for those that use no CPU.
    traced: bool = False  # Under strace, which counts the system calls.
    note: str = ""

    def arguments(self, transport):
        """Those of server and client."""
        usual = {"sessions": 1, "down": "none", "down_ms": 0, "up_ms": 0, "chunk_ms": 20, "first": 0, "per_audio": 0,
                 "per_ack": 0, "storm": "none", "latency": 0, "telemetry": 0}
        unknown = self.traffic.keys() - usual.keys()
        if unknown:
            raise ValueError(f"{self.title}: traffic has no {', '.join(sorted(unknown))}")
        return {**usual, **self.traffic, "transport": transport, "warm_up_ms": round(1000 * self.seconds[0]),
                "window_ms": round(1000 * self.seconds[1])}

    @property
    def sessions(self):
        return self.traffic.get("sessions", 1)

    @property
    def pace(self):
        """Messages a second, both ways, if all are paced; None otherwise."""
        periods = [self.traffic.get(name, 0) for name in ("down_ms", "up_ms")]
        return sum(1000 * self.sessions / period for period in periods if period) or None

    def quick(self):
        """A look: one round of a shorter window."""
        warm_up, window = self.seconds
        return dataclasses.replace(self, rounds=1, seconds=(warm_up, max(0.3, window / 5) if window else 0))


def flat_out(chunk_ms):
    # So many chunks are on their way at most; more go out when the server acknowledges some.
    return {"down": "acks", "chunk_ms": chunk_ms, "first": 256, "per_ack": 64}


SCENARIOS = {
    "receive": Scenario(
        "One session, 3.4 KB audio messages received flat out", "message", ("messages_per_s", "news"),
        {"down": "flood"}, (0.5, 0.8),
        aims=(Aim(both(0.25), "lws"), Aim(both(0.6), "beast"), Aim({"plain": 0.25, "tls": 0.4}, "genai"))),
    "calls": Scenario(
        "50 calls: each sends 20 ms of sound 50 times a second, and receives 20 messages a second", "call-minute",
        ("busy_percent", "p50_us", "p99_us", "p999_us", "added_p50_us", "added_p99_us", "added_p999_us"),
        {"sessions": 50, "down": "paced", "down_ms": 50, "up_ms": 20, "latency": 1}, (0.5, 3.0),
        aims=(Aim({"plain": 1.1}, "raw"), *(Aim({"plain": 0.6, "tls": 0.75}, other) for other in OTHERS),
              Aim(both(1.01), "sdk", client="sdk-records")),
        clients=tuple(ALL),
        note="p50, p99 and p99.9: from the server's send to the reader of the message. Added: beyond that of the least "
             "possible client in the same round."),
    "sessions-100": Scenario(
        "100 sessions on one thread, each 25 messages/s each way (3.4 KB down, 40 ms of sound up)", "message",
        ("busy_percent", "p50_us", "p99_us", "kb_per_session"),
        {"sessions": 100, "down": "paced", "down_ms": 40, "up_ms": 40, "chunk_ms": 40, "latency": 1}, (0.5, 1.0)),
    "sessions-1000": Scenario(
        "1,000 sessions on one thread, each 25 messages/s each way (3.4 KB down, 40 ms of sound up)", "message",
        ("busy_percent", "p50_us", "p99_us", "kb_per_session"),
        {"sessions": 1000, "down": "paced", "down_ms": 40, "up_ms": 40, "chunk_ms": 40, "latency": 1}, (0.5, 2.0),
        aims=(Aim(both(1.0), "beast"), Aim(both(0.5), "genai"),
              Aim({"plain": 10, "tls": 34}, figure="kb_per_session"))),
    "send-20": Scenario(
        "One session, chunks of 20 ms (0.9 KB) sent flat out", "message", ("messages_per_s", "news"),
        flat_out(20), (0.5, 0.8), aims=(Aim(both(1.3), "raw"), Aim(both(0.42), "genai"))),
    "send-100": Scenario(
        "One session, chunks of 100 ms (4.3 KB) sent flat out", "message", ("messages_per_s", "news"),
        flat_out(100), (0.5, 0.8)),
    "echo": Scenario(
        "One session, echo: 20 ms of sound up, a 3.4 KB message back", "round trip", ("p50_us", "p99_us"),
        {"down": "echo", "first": 1, "per_audio": 1, "latency": 1}, (0.5, 0.8)),
    "connect": Scenario(
        "1,000 new connections at once, to setupComplete", "connection", ("connections_per_s",),
        {"sessions": 1001, "storm": "connect"}, (0, 0)),
    "reconnect": Scenario(
        "The server drops 1,000 sessions at once, and all come back, to setupComplete", "connection",
        ("connections_per_s",), {"sessions": 1001, "storm": "reconnect"}, (0.3, 0),
        aims=(Aim({"tls": 0.5}, "sdk", scenario="connect"),),
        note="The server gives session tickets. All clients reconnect without a wait."),
    "idle": Scenario(
        "1,000 idle sessions", "minute", ("kb_per_session",), {"sessions": 1000}, (1, 60), rounds=1, together=True,
        aims=(Aim({"plain": 10, "tls": 34}, figure="kb_per_session"),),
        note="This SDK pings each session that has been silent for 20 s; the others do not."),
    "received": Scenario(
        "Counted: 10 sessions, 20 messages/s each, received one by one", "message", ("system_calls", "news", "mallocs"),
        {"sessions": 10, "down": "paced", "down_ms": 50}, (0.5, 1.5), rounds=1, traced=True,
        aims=(Aim({"plain": 2.1, "tls": 2.1}, figure="system_calls"), Aim(both(1), figure="news"))),
    "sent": Scenario(
        "Counted: one session, chunks of 20 ms sent flat out", "message", ("system_calls", "news", "mallocs"),
        flat_out(20), (0.3, 1.0), rounds=1, traced=True,
        aims=(Aim(both(1.1), figure="system_calls"), Aim(both(0), figure="news"))),
}

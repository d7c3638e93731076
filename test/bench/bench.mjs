// SPDX-License-Identifier: Apache-2.0
// What the clients on Node.js share: the same as arguments.hpp, message.hpp and meter.hpp.
import {randomFillSync} from 'node:crypto';

const values = Object.fromEntries(process.argv.slice(2).map((each) => each.split(/=(.*)/s, 2)));
const text = (name) => {
    if (values[name] === undefined) throw new Error(`${name}=... is missing; test/bench/run.py runs this`);
    return values[name];
};
const number = (name) => Number(text(name));

export const given = {
    tls: text('transport') === 'tls', port: number('port'), sessions: number('sessions'), up_ms: number('up_ms'),
    chunk_ms: number('chunk_ms'), first: number('first'), per_audio: number('per_audio'), per_ack: number('per_ack'),
    storm: text('storm'), latency: number('latency') !== 0,
};

export const before_sound = '"data": "';
export const longest_setup_complete = 26; // bytes
export const header_size = 9;
export const setup = '{"setup":{"model":"models/gemini-3.8-live"}}';

export function chunk_pcm() {
    return randomFillSync(Buffer.alloc(32 * given.chunk_ms));
}

export function chunk_message() {
    return `{"realtimeInput":{"audio":{"mimeType":"audio/pcm;rate=16000","data":"${chunk_pcm().toString('base64')}"}}}`;
}

/// CLOCK_MONOTONIC, exact to a microsecond for months.
function now_ns() {
    const [seconds, rest] = process.hrtime();
    return seconds * 1e9 + rest;
}

export class Meter {
    #received = 0;
    #sent = 0;
    #sent_ns = 0;
    #measuring = false;
    #latencies = new Float64Array(given.latency ? 200_000 : 0).fill(1); // so that its memory is not taken for that of sessions
    #recorded = 0;

    connected() {
        return {sends: given.first};
    }

    sending() {
        ++this.#sent;
        if (given.per_audio > 0 && given.latency) this.#sent_ns = now_ns();
    }

    /// The first bytes of a message's sound.
    received(header) {
        switch (String.fromCharCode(header[0])) {
        case 'a': break;
        case 'k': return {sends: given.per_ack};
        case 'o':
            this.resident_one = process.memoryUsage.rss();
            return {open_others: true};
        case 'b': this.#begin(); return {};
        case 'e': this.#report(); return {stop: true};
        }
        ++this.#received;
        if (this.#measuring && this.#recorded < this.#latencies.length) {
            const sent = given.per_audio > 0 ? this.#sent_ns : header.readUInt32LE(1) + 2 ** 32 * header.readUInt32LE(5);
            this.#latencies[this.#recorded++] = now_ns() - sent;
        }
        return {sends: given.per_audio};
    }

    /// The system calls between this getrusage and that of the report are counted by run.py.
    #begin() {
        this.#measuring = true;
        this.#received = this.#sent = 0;
        this.from_ns = now_ns();
        this.cpu = process.cpuUsage();
    }

    #report() {
        const cpu = process.cpuUsage(this.cpu);
        process.stdout.write(`${JSON.stringify({
            received: this.#received, sent: this.#sent, cpu_s: 1e-6 * (cpu.user + cpu.system),
            wall_s: 1e-9 * (now_ns() - this.from_ns), resident_one_kb: (this.resident_one ?? 0) / 1024,
            resident_all_kb: process.memoryUsage.rss() / 1024, latency_ns: [...this.#latencies.subarray(0, this.#recorded)],
        })}\n`);
    }
}

/// Runs a client. `connect(on)` opens a session and returns its connection, on which `send(connection)` sends a chunk; it
/// calls on.connected(), on.received(header) with the first bytes of a message's sound, and on.lost(why).
export function run(connect, send) {
    const meter = new Meter();
    const sessions = [];

    function open(number) {
        const self = {streaming: false};
        sessions[number] = self;
        const obey = (todo) => {
            if (todo.stop) process.stdout.write('', () => process.exit(0));
            if (todo.open_others) while (sessions.length < given.sessions) open(sessions.length);
            for (let left = todo.sends ?? 0; left > 0; --left) transmit(self);
        };
        self.connection = connect({
            connected() {
                self.streaming = true;
                obey(meter.connected());
            },
            received: (header) => obey(meter.received(header)),
            lost(why) {
                if (given.storm === 'reconnect' && self.streaming) return open(number);
                console.error('a connection failed:', why);
                process.exit(1);
            },
        });
    }

    function transmit(self) {
        meter.sending();
        send(self.connection);
    }

    open(0);
    if (given.up_ms > 0) {
        const now = () => Math.floor(performance.now());
        let tick = now();
        setInterval(() => {
            if (now() - tick > 100) tick = now() - 1; // what it missed is left out
            while (tick < now()) {
                ++tick;
                for (let i = tick % given.up_ms; i < sessions.length; i += given.up_ms)
                    if (sessions[i].streaming) transmit(sessions[i]);
            }
        }, 1);
    }
    setTimeout(() => process.exit(1), 240_000).unref();
}

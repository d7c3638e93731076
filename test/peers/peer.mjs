// SPDX-License-Identifier: Apache-2.0
// What the drivers of all peers need: the emulator as a program, a microphone, and a table of what passed.
import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {createInterface} from 'node:readline';

export const program = process.argv[2];
export const patience = Number(process.env.PEERS_PATIENCE ?? 15_000); // ms for any one step
export const key = 'the-right-key';

export function within(promise, what) {
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`${what}: nothing after ${patience} ms`)), patience);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/// A list that one side fills and the other awaits.
export class Inbox {
    constructor() {
        this.held = [];
        this.wake = () => {};
    }

    push(item) {
        this.held.push(item);
        this.wake();
    }

    /// Takes the items up to the first for which `is` holds, that one included.
    until(is, what) {
        const taken = [];
        const search = async () => {
            for (;;) {
                while (this.held.length > 0) {
                    const next = this.held.shift();
                    taken.push(next);
                    if (is(next)) return taken;
                }
                await new Promise((resolve) => (this.wake = resolve));
            }
        };
        return within(search(), what).catch((error) => {
            const seen = taken.map((item) => JSON.stringify(item)?.slice(0, 100)).join(' ');
            throw new Error(`${error.message}; came so far: ${seen || 'nothing'}`);
        });
    }
}

const started = new Set(); // emulators, which must not outlive this program
process.on('exit', () => started.forEach((child) => child.kill()));
process.on('SIGTERM', () => process.exit(1));

export class Emulator {
    static async start(...args) {
        const emulator = new Emulator();
        const child = spawn(program, ['--pace', '0.1', '--key', key, ...args],
            {stdio: ['ignore', 'pipe', 'inherit']});
        emulator.child = child;
        started.add(child);
        child.on('exit', () => started.delete(child));
        emulator.log = [];
        emulator.ended = new Promise((resolve) => child.on('exit', resolve));
        const url = new Promise((resolve, reject) => {
            child.on('error', reject);
            emulator.ended.then((code) => reject(new Error(`the emulator ended with ${code}`)));
            createInterface(child.stdout).on('line', (line) => {
                emulator.log.push(line);
                const found = line.match(/listens on (\S+)/);
                if (found) resolve(found[1]);
            });
        });
        emulator.url = await within(url, 'the emulator\'s start');
        return emulator;
    }

    /// How many lines of its log are such.
    count(pattern) {
        return this.log.filter((line) => pattern.test(line)).length;
    }

    /// Until its log has what is awaited.
    until(is, what) {
        const look = async () => {
            while (!is()) await new Promise((resolve) => setTimeout(resolve, 20));
        };
        return within(look(), what);
    }

    /// Until nothing has happened for so many milliseconds.
    async quiet(ms) {
        for (let before = -1; before !== this.log.length;) {
            before = this.log.length;
            await new Promise((resolve) => setTimeout(resolve, ms));
        }
    }

    async stop() {
        this.child.kill('SIGINT');
        return within(this.ended, 'the emulator\'s end');
    }
}

/// Mono pcm16: a tone of `loudness`, or silence.
export function pcm(seconds, loudness, rate = 16000) {
    const samples = Buffer.alloc(2 * Math.round(seconds * rate));
    for (let i = 0; i < samples.length / 2; ++i)
        samples.writeInt16LE(Math.round(loudness * Math.sin(i * 2 * Math.PI * 220 / rate)), 2 * i);
    return samples;
}

export const base64_pcm = (seconds, loudness) => pcm(seconds, loudness).toString('base64');

/// Is there a sound in this pcm16?
export function is_heard(sound) {
    for (let at = 0; at + 1 < sound.length; at += 2)
        if (Math.abs(sound.readInt16LE(at)) > 2000) return true;
    return false;
}

export function version_of(name) {
    const file = new URL(`./node_modules/${name}/package.json`, import.meta.url);
    return JSON.parse(readFileSync(file)).version;
}

/// Rejects with what a peer throws where nobody catches it, from now on.
let thrown = () => {};
process.on('uncaughtException', (error) => thrown(error));
process.on('unhandledRejection', (error) => thrown(error));
const uncaught = () => new Promise((_, reject) => (thrown = reject));

/// Runs the checks of one peer, a row each; closes with "N passed, N failed" and ends the process.
/// A check returns what is to be shown, or nothing. `emulator` is asked what it said when a check fails.
export async function run(peer, checks, emulator) {
    const only = process.argv[3];
    const name = `${peer} ${version_of(peer)}`;
    let passed = 0;
    let failed = 0;
    for (const [scenario, check] of Object.entries(checks)) {
        if (only && !scenario.includes(only)) continue;
        const logged = emulator?.log.length ?? 0;
        try {
            const shown = await Promise.race([check(), uncaught()]);
            ++passed;
            console.log(`  passed  ${name.padEnd(36)}  ${scenario}${shown ? `: ${String(shown).trim()}` : ''}`);
        } catch (error) {
            ++failed;
            console.log(`  FAILED  ${name.padEnd(36)}  ${scenario}: ${error?.message ?? error}`);
            for (const line of emulator?.log.slice(logged) ?? []) console.log(`      ${line}`);
        }
    }
    console.log(`${passed} passed, ${failed} failed`);
    process.exit(failed === 0 && passed > 0 ? 0 : 1);
}

// SPDX-License-Identifier: Apache-2.0
// What Google's own JavaScript SDK puts on the wire for given calls, as golden vectors:
//   node record.mjs CALLS.json… OUTPUT.json
// Each of CALLS.json holds {"cases": [{name, flavour, sdk: {model, config?, calls?, music?, client?}, refused?}]};
// cases without `sdk` are left out. OUTPUT.json has the same cases with what this SDK sent just now, or with the
// reason why ours refuses by intent what this one sends (`refused`).
import {readFileSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';
import {GoogleGenAI} from '@google/genai';
import {OAuth2Client} from 'google-auth-library';
import {WebSocketServer} from 'ws';

const patience = 30_000; // ms for any one case

/// A server that completes each setup and writes down what it gets.
class Recorder {
    constructor() {
        this.http = createServer();
        this.frames = [];
        this.waiting = [];
        new WebSocketServer({server: this.http}).on('connection', (socket) => {
            socket.on('message', (data) => {
                this.frames.push(JSON.parse(data));
                if (this.frames.length === 1) socket.send('{"setupComplete":{}}');
                this.waiting.forEach((look) => look());
            });
        });
    }

    listen() {
        return new Promise((resolve) => this.http.listen(0, '127.0.0.1', resolve));
    }

    get url() {
        return `http://127.0.0.1:${this.http.address().port}`;
    }

    until(count) {
        return new Promise((resolve) => {
            const look = () => this.frames.length >= count && resolve();
            this.waiting = [look];
            look();
        });
    }
}

function connectTo(flavour, url, options = {}) {
    const httpOptions = {...options.httpOptions, baseUrl: url};
    if (flavour === 'vertex') {
        const authClient = new OAuth2Client();
        authClient.setCredentials({access_token: 'ya29.stub-token', expiry_date: Date.now() + 3_600_000});
        return new GoogleGenAI({vertexai: true, project: 'test-project', location: 'us-central1',
            googleAuthOptions: {authClient}, ...options, httpOptions});
    }
    if (flavour === 'vertex-express') return new GoogleGenAI({vertexai: true, apiKey: 'test-key', ...options, httpOptions});
    return new GoogleGenAI({apiKey: 'test-api-key', ...options, httpOptions});
}

/// Fresh values for each run: this SDK changes what it is given.
const copied = (value) => value === undefined ? undefined : structuredClone(value);

async function play(test, server) {
    const {model, config, calls = [], music, client} = copied(test.sdk);
    const ai = connectTo(test.flavour, server.url, client);
    const callbacks = {onmessage() {}, onerror() {}};
    const session = music ? await ai.live.music.connect({model, callbacks})
        : await ai.live.connect({model, config, callbacks});
    try {
        await server.until(1);
        for (const call of calls) await session[call.method](call.args);
        await server.until(1 + calls.length);
    } finally {
        session.close();
    }
}

async function record(test) {
    const server = new Recorder();
    await server.listen();
    const made = {name: test.name, flavour: test.flavour, sdk: test.sdk};
    let timer;
    try {
        const late = new Promise((_, reject) => {
            timer = setTimeout(() => reject(new Error('the recorder waited in vain')), patience);
        });
        await Promise.race([play(test, server), late]);
        if (test.refused) Object.assign(made, {error: test.refused, frames_sent: 0});
        else made.frames = server.frames;
    } catch (refused) {
        if (String(refused.message).includes('waited in vain')) throw refused;
        made.error = String(refused.message);
        made.frames_sent = server.frames.length;
    } finally {
        clearTimeout(timer);
        server.http.closeAllConnections();
        server.http.close();
    }
    return made;
}

const output = process.argv.at(-1);
const cases = [];
for (const file of process.argv.slice(2, -1))
    for (const test of JSON.parse(readFileSync(file)).cases)
        if (test.sdk) cases.push(await record(test));
writeFileSync(output, JSON.stringify({cases}, null, 1));
process.exit(0);

// SPDX-License-Identifier: Apache-2.0
// The AI SDK talks to our emulator: @ai-sdk/google's realtime model, on a server's connection and, as in a browser,
// with an ephemeral token below ai's realtime session.
//   node ai_sdk.mjs EMULATOR-PROGRAM
// Closes with "N passed, N failed".
import assert from 'node:assert/strict';
import {createServer} from 'node:http';
import {createGoogleGenerativeAI} from '@ai-sdk/google';
import {Experimental_AbstractRealtimeSession} from 'ai';
import WebSocket from 'ws';
import {Emulator, Inbox, base64_pcm, is_heard, key, run, within} from './peer.mjs';

const emulator = await Emulator.start();
const google = createGoogleGenerativeAI({apiKey: key, baseURL: `${emulator.url}/v1beta`});
const weather = {
    type: 'function',
    name: 'get_weather',
    description: 'The weather in a city now.',
    parameters: {
        $schema: 'http://json-schema.org/draft-07/schema#',
        type: 'object',
        properties: {city: {type: 'string'}},
        required: ['city'],
        additionalProperties: false,
    },
};
const config = {
    instructions: 'You are a friendly agent.',
    voice: 'Puck',
    outputModalities: ['audio'],
    inputAudioFormat: {type: 'audio/pcm', rate: 16000},
    inputAudioTranscription: {},
    outputAudioTranscription: {},
};

function read_turn(events) {
    const all = (type) => events.filter((e) => e.type === type);
    const done = all('response-done').at(-1);
    assert.equal(done.status, 'completed');
    return {
        said: all('audio-transcript-delta').map((e) => e.delta).join(''),
        heard: all('input-transcription-completed').at(-1)?.transcript,
        sound: Buffer.concat(all('audio-delta').map((e) => Buffer.from(e.delta, 'base64'))),
        calls: all('function-call-arguments-done'),
        usage: done.usage,
    };
}

/// A trusted server's connection: what the model says and reads, over a WebSocket of our own.
class Server {
    static async begin(name, more = {}) {
        const made = new Server();
        made.model = google.experimental_realtime(name);
        const {url, headers} = await made.model.getServerWebSocketConfig();
        made.seen = new Inbox();
        made.socket = new WebSocket(url, {headers});
        made.closed = new Promise((resolve) => made.socket.on('close', resolve));
        made.closed.then((code) => made.seen.push({type: 'closed', code}));
        const parse = made.model.createServerEventParser();
        made.socket.on('message', (data) => [parse(JSON.parse(data))].flat().forEach((e) => made.seen.push(e)));
        await within(new Promise((resolve, reject) => made.socket.on('open', resolve).on('error', reject)), 'connect');
        await made.send({type: 'session-update', config: {...config, ...more}});
        await made.until((e) => e.type === 'session-created', 'the setup');
        return made;
    }

    async send(event) {
        const message = await this.model.serializeClientEvent(event);
        if (message) this.socket.send(JSON.stringify(message));
    }

    say(text) {
        return this.send({type: 'conversation-item-create', item: {type: 'text-message', role: 'user', text}});
    }

    async hear(seconds, loudness, chunk = 0.1) {
        for (let piece = 0; piece * chunk < seconds; ++piece)
            await this.send({type: 'input-audio-append', audio: base64_pcm(chunk, loudness)});
    }

    async until(is, what) {
        const events = await this.seen.until((e) => e.type === 'closed' || is(e), what);
        assert.notEqual(events.at(-1).type, 'closed', `closed with ${events.at(-1).code}`);
        return events;
    }

    async turn() {
        return read_turn(await this.until((e) => e.type === 'response-done', 'a turn\'s end'));
    }

    async end() {
        this.socket.close();
        await within(this.closed, 'the close');
    }
}

/// What a browser has and Node has not: plays nothing.
globalThis.AudioContext = class {
    state = 'running';
    currentTime = 0;
    destination = {};
    createBuffer(channels, length, sampleRate) {
        const samples = new Float32Array(length);
        return {duration: length / sampleRate, getChannelData: () => samples, copyToChannel() {}};
    }
    createBufferSource() {
        return {connect() {}, disconnect() {}, start() {}, stop() {}, addEventListener() {}};
    }
    async resume() {}
    async close() {}
};

/// A browser's session: an endpoint of the application makes the token.
class Browser extends Experimental_AbstractRealtimeSession {
    static async begin(name, {tools, onToolCall} = {}) {
        const model = google.experimental_realtime(name);
        const sessionConfig = {...config, ...(tools ? {tools} : {})};
        const endpoint = createServer(async (_, response) => {
            const secret = await model.doCreateClientSecret({sessionConfig, expiresAfterSeconds: 60});
            response.setHeader('Content-Type', 'application/json');
            response.end(JSON.stringify({...secret, tools: tools ?? []}));
        });
        await new Promise((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
        const seen = new Inbox();
        const session = new Browser({
            model,
            api: {token: `http://127.0.0.1:${endpoint.address().port}`},
            sessionConfig,
            onToolCall,
            onEvent: (event) => seen.push(event),
            onError: (error) => seen.push({type: 'failure', error}),
        });
        Object.assign(session, {seen, endpoint});
        await session.connect();
        await session.until((e) => e.type === 'session-created', 'the setup');
        return session;
    }

    setState() {}

    async until(is, what) {
        const events = await this.seen.until((e) => e.type === 'failure' || is(e), what);
        if (events.at(-1).type === 'failure') throw events.at(-1).error;
        return events;
    }

    async turn() {
        return read_turn(await this.until((e) => e.type === 'response-done', 'a turn\'s end'));
    }

    end() {
        this.dispose();
        this.endpoint.closeAllConnections();
        this.endpoint.close();
    }
}

const checks = {};
for (const model of ['gemini-3.8-live', 'gemini-3.1-flash-live-preview', 'gemini-2.5-flash-native-audio-preview-12-2025']) {
    Object.assign(checks, {
        async [`${model}: text is answered aloud`]() {
            const talk = await Server.begin(model);
            await talk.say('Who are you?');
            const turn = await talk.turn();
            assert.match(turn.said, /emulator/);
            assert.ok(is_heard(turn.sound));
            assert.ok(turn.usage.outputTokens > 0);
            await talk.end();
            return turn.said;
        },

        async [`${model}: sound is answered aloud`]() {
            const talk = await Server.begin(model);
            await talk.hear(1.2, 8000);
            await talk.hear(1, 0);
            const turn = await talk.turn();
            assert.match(turn.heard, /1\.2 s of speech/);
            assert.ok(is_heard(turn.sound));
            await talk.hear(0.6, 8000);
            await talk.send({type: 'input-audio-commit'});
            assert.ok(is_heard((await talk.turn()).sound));
            await talk.end();
            return turn.heard;
        },

        async [`${model}: a function is called, and its result spoken`]() {
            const talk = await Server.begin(model, {tools: [weather]});
            await talk.say('What is the weather in Lisbon?');
            const call = (await talk.until((e) => e.type === 'function-call-arguments-done', 'a call')).at(-1);
            assert.deepEqual(JSON.parse(call.arguments), {city: 'Lisbon'});
            await talk.send({type: 'conversation-item-create', item: {
                type: 'function-call-output', callId: call.callId, name: call.name, output: '"sunny, 24 degrees"',
            }});
            let turn = await talk.turn();
            if (!turn.said) turn = await talk.turn(); // the end of the turn of the call
            assert.match(turn.said, /sunny, 24 degrees/);
            await talk.end();
            return turn.said;
        },

        async [`${model}: who cuts in is heard`]() {
            const talk = await Server.begin(model);
            await talk.say('Tell me a story');
            await talk.until((e) => e.type === 'audio-delta', 'the story');
            await talk.say('Hello');
            const is_cut = (e) => e.type === 'speech-started' || e.raw?.serverContent?.interrupted;
            await talk.until(is_cut, 'the interruption');
            await talk.turn();
            assert.ok(is_heard((await talk.turn()).sound));
            await talk.end();
        },
    });
}

Object.assign(checks, {
    async 'extended thinking, with the level that the SDK sets'() {
        const talk = await Server.begin('gemini-3.8-live-extended-thinking');
        await talk.say('Hello');
        assert.ok(is_heard((await talk.turn()).sound));
        await talk.end();
    },

    async 'a browser\'s session, with an ephemeral token'() {
        const session = await Browser.begin('gemini-3.8-live');
        session.sendTextMessage('Who are you?');
        const turn = await session.turn();
        assert.match(turn.said, /emulator/);
        session.sendAudio(base64_pcm(0.8, 8000));
        session.commitAudio();
        assert.ok(is_heard((await session.turn()).sound));
        session.end();
        return turn.said;
    },

    async 'a browser\'s session calls a function'() {
        const asked = [];
        const session = await Browser.begin('gemini-3.8-live', {
            tools: [weather],
            onToolCall: ({toolCall}) => {
                asked.push(toolCall);
                return {report: 'sunny, 24 degrees'};
            },
        });
        session.sendTextMessage('What is the weather in Lisbon?');
        let turn = await session.turn();
        if (!turn.said) turn = await session.turn();
        assert.equal(asked[0].toolName, 'get_weather');
        assert.match(turn.said, /sunny, 24 degrees/);
        session.end();
        return turn.said;
    },
});

await run('@ai-sdk/google', checks, emulator);

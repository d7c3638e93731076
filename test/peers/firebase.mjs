// SPDX-License-Identifier: Apache-2.0
// Firebase AI Logic talks to our emulator: LiveGenerativeModel on both of its backends.
//   node firebase.mjs EMULATOR-PROGRAM
// It takes no base URL: its WebSocket, which is the platform's, is led to the emulator.
// Closes with "N passed, N failed".
import assert from 'node:assert/strict';
import {
    AgentPlatformBackend, GoogleAIBackend, ResponseModality, Schema, getAI, getLiveGenerativeModel,
} from '@firebase/ai';
import {initializeApp} from '@firebase/app';
import {Emulator, base64_pcm, is_heard, key, run, within} from './peer.mjs';

const emulator = await Emulator.start();
const Native = globalThis.WebSocket;
globalThis.WebSocket = class extends Native {
    constructor(url, ...more) {
        super(String(url).replace(/^wss:\/\/firebasevertexai\.googleapis\.com/, emulator.url.replace(/^http/, 'ws')), ...more);
    }
};

const app = initializeApp({apiKey: key, projectId: 'p', appId: '1:1:web:1'});
const weather = {
    functionDeclarations: [{
        name: 'get_weather',
        description: 'The weather in a city now.',
        parameters: Schema.object({properties: {city: Schema.string()}}),
    }],
};

class Talk {
    static async begin(backend, model, more = {}, resumption) {
        const talk = new Talk();
        const live = getLiveGenerativeModel(getAI(app, {backend}), {
            model,
            generationConfig: {
                responseModalities: [ResponseModality.AUDIO],
                inputAudioTranscription: {},
                outputAudioTranscription: {},
                speechConfig: {voiceConfig: {prebuiltVoiceConfig: {voiceName: 'Puck'}}},
            },
            systemInstruction: 'You are a friendly agent.',
            ...more,
        });
        talk.session = await within(live.connect(resumption), 'connect');
        talk.messages = talk.session.receive();
        return talk;
    }

    async until(is, what) {
        const seen = [];
        const search = async () => {
            for (;;) {
                const {value, done} = await this.messages.next();
                if (done) throw new Error(`${what}: the session ended`);
                seen.push(value);
                if (is(value)) return seen;
            }
        };
        return within(search(), what);
    }

    async turn() {
        const messages = await this.until((m) => m.turnComplete, 'a turn\'s end');
        const words = (kind) => messages.map((m) => m[kind]?.text ?? '').join('');
        const parts = messages.flatMap((m) => m.modelTurn?.parts ?? []).filter((p) => p.inlineData);
        return {
            said: words('outputTranscription'),
            heard: words('inputTranscription'),
            aloud: is_heard(Buffer.concat(parts.map((p) => Buffer.from(p.inlineData.data, 'base64')))),
            interrupted: messages.some((m) => m.interrupted),
        };
    }

    async end() {
        await within(this.session.close(), 'the close');
    }
}

const checks = {};
for (const [where, backend, model] of [
    ['Gemini API', () => new GoogleAIBackend(), 'gemini-2.5-flash-native-audio-preview-12-2025'],
    ['Agent Platform', () => new AgentPlatformBackend('us-central1'), 'gemini-live-2.5-flash-native-audio'],
]) {
    Object.assign(checks, {
        async [`${where}: text is answered aloud`]() {
            const talk = await Talk.begin(backend(), model);
            await talk.session.send('Who are you?');
            const turn = await talk.turn();
            assert.match(turn.said, /emulator/);
            assert.ok(turn.aloud);
            await talk.session.sendTextRealtime('Hello');
            assert.ok((await talk.turn()).aloud);
            await talk.end();
            return turn.said;
        },

        async [`${where}: sound is answered aloud`]() {
            const talk = await Talk.begin(backend(), model);
            for (const [seconds, loudness] of [[0.5, 8000], [0.7, 8000], [1, 0]])
                await talk.session.sendAudioRealtime({mimeType: 'audio/pcm', data: base64_pcm(seconds, loudness)});
            const turn = await talk.turn();
            assert.match(turn.heard, /1\.2 s of speech/);
            assert.ok(turn.aloud);
            await talk.end();
            return turn.heard;
        },

        async [`${where}: a function is called, and its result spoken`]() {
            const talk = await Talk.begin(backend(), model, {tools: [weather]});
            await talk.session.send('What is the weather in Lisbon?');
            const [call] = (await talk.until((m) => m.type === 'toolCall', 'a call')).at(-1).functionCalls;
            assert.deepEqual(call.args, {city: 'Lisbon'});
            const {id, name} = call;
            await talk.session.sendFunctionResponses([{id, name, response: {output: 'sunny, 24 degrees'}}]);
            let turn = await talk.turn();
            if (!turn.said) turn = await talk.turn(); // the end of the turn of the call
            assert.match(turn.said, /sunny, 24 degrees/);
            await talk.end();
            return turn.said;
        },

        async [`${where}: who cuts in is heard`]() {
            const talk = await Talk.begin(backend(), model);
            await talk.session.send('Tell me a story');
            await talk.until((m) => m.modelTurn, 'the story');
            await talk.session.sendAudioRealtime({mimeType: 'audio/pcm', data: base64_pcm(1, 8000)});
            await talk.session.sendAudioRealtime({mimeType: 'audio/pcm', data: base64_pcm(1, 0)});
            assert.ok((await talk.turn()).interrupted);
            assert.ok((await talk.turn()).aloud);
            await talk.end();
        },

        async [`${where}: a session is resumed`]() {
            const talk = await Talk.begin(backend(), model, {}, {});
            await talk.session.send('The cat is on the mat.');
            const {newHandle} = (await talk.until((m) => m.newHandle, 'a handle')).at(-1);
            await talk.session.resumeSession({handle: newHandle});
            talk.messages = talk.session.receive();
            await talk.session.send('What did I say before?');
            const {said} = await talk.turn();
            assert.match(said, /the cat is on the mat/i);
            await talk.end();
            return said;
        },
    });
}

console.warn = () => {}; // it warns of every close
await run('@firebase/ai', checks, emulator);

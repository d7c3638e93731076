// SPDX-License-Identifier: Apache-2.0
// Google's JavaScript SDK, driven as its own live tests and samples drive it: the retired models that they name,
// nothing set that they leave out, a whole question in one message of sound.
//   node genai_live_tests.mjs EMULATOR-PROGRAM
// Closes with "N passed, N failed".
import assert from 'node:assert/strict';
import {GoogleGenAI, Modality, Type} from '@google/genai';
import {OAuth2Client} from 'google-auth-library';
import {Emulator, Inbox, base64_pcm, is_heard, key, pcm, run, within} from './peer.mjs';

const retired_model = 'gemini-live-2.5-flash-preview';
const retired_on_vertex = 'gemini-2.0-flash-live-preview-04-09';
const emulator = await Emulator.start('--model-alias', `${retired_model}=gemini-emulator-text`,
    '--model-alias', `${retired_on_vertex}=gemini-emulator-text`);
const any_model = await Emulator.start('--any-model');

function gemini(options = {}, url = emulator.url) {
    return new GoogleGenAI({vertexai: false, apiKey: key, httpOptions: {baseUrl: url}, ...options});
}

function vertex(url = emulator.url) {
    const authClient = new OAuth2Client();
    authClient.setCredentials({access_token: 'made-up', expiry_date: Date.now() + 3600_000});
    return new GoogleGenAI({vertexai: true, project: 'p', location: 'us-central1', googleAuthOptions: {authClient},
        httpOptions: {baseUrl: url}});
}

const backends = [['Gemini API', () => gemini(), retired_model], ['Vertex AI', () => vertex(), retired_on_vertex]];

class Session {
    static async open(ai, model, config) {
        const made = new Session();
        made.seen = new Inbox();
        made.closed = new Promise((resolve) => (made.onclose = resolve));
        made.session = await within(ai.live.connect({
            model,
            config,
            callbacks: {onopen: null, onmessage: (m) => made.seen.push(m), onerror: null, onclose: (e) => made.onclose(e)},
        }), 'connect');
        return made;
    }

    async set_up() {
        assert.ok((await this.seen.until(() => true, 'setupComplete'))[0].setupComplete);
    }

    /// All messages of a turn.
    turn() {
        return this.seen.until((m) => m.serverContent?.turnComplete, 'the turn\'s end');
    }

    async end() {
        this.session.close();
        await within(this.closed, 'the close');
    }
}

const parts_of = (messages) => messages.flatMap((m) => m.serverContent?.modelTurn?.parts ?? []);
const text_of = (messages) => parts_of(messages).map((p) => p.text ?? '').join('');
const sound_of = (messages) =>
    Buffer.concat(parts_of(messages).filter((p) => p.inlineData).map((p) => Buffer.from(p.inlineData.data, 'base64')));

/// "Hello, are you there?" as the SDK's tests have it: room noise, speech that is not loud, room noise, in one piece.
const recorded = Buffer.concat([pcm(1.2, 110), pcm(0.9, 1400), pcm(0.9, 110)]).toString('base64');
const blob = (data) => ({data, mimeType: 'audio/pcm;rate=16000'});

const weather = {
    functionDeclarations: [{
        name: 'get_current_weather',
        description: 'Get the current weather in a given location',
        parameters: {
            type: Type.OBJECT,
            properties: {
                location: {type: Type.STRING, description: 'The city and state, e.g. San Francisco, CA'},
                unit: {type: Type.STRING, enum: ['celsius', 'fahrenheit']},
            },
            required: ['location'],
        },
    }],
};

const checks = {};
for (const [where, connect, model] of backends) {
    Object.assign(checks, {
        async [`${where}: text, nothing configured`]() {
            const each = await Session.open(connect(), model);
            each.session.sendClientContent({turns: 'Hello what should we talk about?', turnComplete: true});
            await each.set_up();
            assert.ok(is_heard(sound_of(await each.turn())));
            await each.end();
        },

        async [`${where}: text as a list of contents`]() {
            const each = await Session.open(connect(), model);
            each.session.sendClientContent({
                turns: [{parts: [{text: 'Hello what should we talk about?'}], role: 'user'}],
                turnComplete: true,
            });
            await each.set_up();
            assert.ok(parts_of(await each.turn()).length > 0);
            await each.end();
        },

        async [`${where}: a transcription`]() {
            const each = await Session.open(connect(), model, {outputAudioTranscription: {}});
            each.session.sendClientContent({turns: 'Hello what should we talk about?', turnComplete: true});
            await each.set_up();
            const said = (await each.turn()).map((m) => m.serverContent?.outputTranscription?.text ?? '').join('');
            assert.ok(said.length > 5);
            await each.end();
            return said;
        },

        async [`${where}: a function is called, and answered`]() {
            const each = await Session.open(connect(), model, {tools: [weather]});
            each.session.sendClientContent({
                turns: [{parts: [{text: 'what is the weather in Redmond Washington'}], role: 'user'}],
                turnComplete: true,
            });
            await each.set_up();
            const [call] = (await each.seen.until((m) => m.toolCall, 'a call')).at(-1).toolCall.functionCalls;
            assert.equal(call.name, 'get_current_weather');
            assert.match(call.args.location, /Redmond/);
            const {id, name} = call;
            each.session.sendToolResponse({functionResponses: [{id, name, response: {output: 'rain'}}]});
            let turns = await each.turn();
            if (parts_of(turns).length === 0) turns = await each.turn();
            assert.ok(parts_of(turns).length > 0);
            await each.end();
            return JSON.stringify(call.args);
        },

        async [`${where}: a tool response that nobody asked for ends nothing before its time`]() {
            const each = await Session.open(connect(), model);
            const functionResponses = [{name: 'getStatus', response: {mood: 'happy'}}];
            if (where === 'Gemini API') functionResponses[0].id = 'function-call-1';
            each.session.sendToolResponse({functionResponses});
            await each.set_up();
            await each.end();
        },

        async [`${where}: a question in one message of sound (media)`]() {
            const each = await Session.open(connect(), model, {responseModalities: [Modality.TEXT]});
            each.session.sendRealtimeInput({media: blob(recorded)});
            await each.set_up();
            const said = text_of(await each.turn());
            assert.ok(said.length > 5);
            await each.end();
            return said;
        },

        async [`${where}: a question in one message of sound (audio)`]() {
            const each = await Session.open(connect(), model, {responseModalities: [Modality.TEXT]});
            each.session.sendRealtimeInput({audio: blob(recorded)});
            await each.set_up();
            assert.ok(text_of(await each.turn()).length > 5);
            await each.end();
        },

        async [`${where}: 3 s of speech and 0.8 s of silence in one message`]() {
            const each = await Session.open(connect(), model, {responseModalities: [Modality.TEXT]});
            each.session.sendRealtimeInput({audio: blob(Buffer.concat([pcm(3, 8000), pcm(0.8, 0)]).toString('base64'))});
            await each.set_up();
            assert.ok(text_of(await each.turn()).length > 5);
            await each.end();
        },

        async [`${where}: a question in chunks of sound, and the end of the stream`]() {
            const each = await Session.open(connect(), model, {responseModalities: [Modality.TEXT]});
            for (const [seconds, loudness] of [[0.02, 0], [0.3, 8000], [0.04, 8000], [0.56, 8000], [0.1, 0]])
                each.session.sendRealtimeInput({audio: blob(base64_pcm(seconds, loudness))});
            each.session.sendRealtimeInput({audioStreamEnd: true});
            await each.set_up();
            assert.ok(text_of(await each.turn()).length > 5);
            await each.end();
        },

        async [`${where}: realtime text`]() {
            const each = await Session.open(connect(), model, {responseModalities: [Modality.TEXT]});
            each.session.sendRealtimeInput({text: 'Are you there Gemini?'});
            await each.set_up();
            assert.ok(text_of(await each.turn()).length > 5);
            await each.end();
        },

        async [`${where}: speech between marks`]() {
            const each = await Session.open(connect(), model, {
                responseModalities: [Modality.TEXT],
                realtimeInputConfig: {automaticActivityDetection: {disabled: true}},
            });
            each.session.sendRealtimeInput({activityStart: {}});
            each.session.sendRealtimeInput({audio: blob(recorded)});
            each.session.sendRealtimeInput({activityEnd: {}});
            await each.set_up();
            assert.ok(text_of(await each.turn()).length > 5);
            await each.end();
        },

        async [`${where}: a picture among the words`]() {
            const each = await Session.open(connect(), model, {responseModalities: [Modality.TEXT]});
            await each.set_up();
            each.session.sendClientContent({turns: [
                'This image is just black, can you see it?',
                {inlineData: {mimeType: 'image/png', data:
                    'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAC0lEQVR4nGNgQAYAAA4AAamRc7EAAAAASUVORK5CYII='}},
            ]});
            assert.ok(text_of(await each.turn()).length > 5);
            await each.end();
        },
    });
}

Object.assign(checks, {
    async 'Vertex AI: a model with the prefix "publishers/"'() {
        const each = await Session.open(vertex(), `publishers/google/models/${retired_on_vertex}`);
        await each.set_up();
        await each.end();
    },

    async 'a tool response without an id is refused by the SDK itself'() {
        const each = await Session.open(gemini(), retired_model);
        assert.throws(() => each.session.sendToolResponse({
            functionResponses: {name: 'name', response: {response: {}}},
        }), /FunctionResponse request must have an/);
        await each.end();
    },

    async 'an ephemeral token that fixes model and modality'() {
        const maker = gemini({apiVersion: 'v1alpha'});
        const token = await maker.authTokens.create({config: {
            uses: 1,
            liveConnectConstraints: {model: retired_model, config: {responseModalities: [Modality.TEXT]}},
        }});
        const each = await Session.open(gemini({apiKey: token.name, apiVersion: 'v1alpha'}), retired_model,
            {responseModalities: [Modality.TEXT]});
        await each.set_up();
        each.session.sendClientContent({turns: 'Hello world'});
        assert.ok(text_of(await each.turn()).length > 5);
        await each.end();
    },

    async 'an address as context'() {
        const each = await Session.open(gemini(), retired_model,
            {responseModalities: [Modality.TEXT], tools: [{urlContext: {}}]});
        each.session.sendClientContent({turns: 'What are the top headlines on https://news.google.com'});
        assert.ok(text_of(await each.turn()).length > 5);
        await each.end();
    },

    async 'music'() {
        const seen = new Inbox();
        let closing;
        const closed = new Promise((resolve) => (closing = resolve));
        const session = await within(gemini({apiVersion: 'v1alpha'}).live.music.connect({
            model: 'lyria-realtime-exp',
            callbacks: {onmessage: (m) => seen.push(m), onerror() {}, onclose: closing},
        }), 'connect');
        session.setMusicGenerationConfig({musicGenerationConfig: {bpm: 140}});
        session.setWeightedPrompts({weightedPrompts: [{text: 'Jazz', weight: 1.0}]});
        session.play();
        const [chunk] = (await seen.until((m) => m.serverContent?.audioChunks?.length, 'music'))
            .at(-1).serverContent.audioChunks;
        assert.ok(is_heard(Buffer.from(chunk.data, 'base64')));
        session.pause();
        session.resetContext();
        session.stop();
        session.close();
        await within(closed, 'the close');
        return chunk.mimeType;
    },

    async 'models that no longer exist, with --any-model'() {
        for (const [ai, model] of [[gemini({}, any_model.url), retired_model], [vertex(any_model.url), retired_on_vertex],
            [gemini({}, any_model.url), 'gemini-9-live']]) {
            const each = await Session.open(ai, model, {responseModalities: [Modality.AUDIO]});
            await each.set_up();
            each.session.sendClientContent({turns: 'Hello'});
            assert.ok(is_heard(sound_of(await each.turn())));
            await each.end();
        }
        await any_model.stop();
    },
});

console.warn = () => {}; // what the SDK warns of is what is tested here
await run('@google/genai', checks, emulator);

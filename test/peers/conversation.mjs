// SPDX-License-Identifier: Apache-2.0
// Google's own JavaScript SDK talks to our emulator: node conversation.mjs EMULATOR-PROGRAM
// Closes with "N passed, N failed".
import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import tls from 'node:tls';
import {GoogleGenAI, Modality} from '@google/genai';
import {OAuth2Client} from 'google-auth-library';
import {Emulator, Inbox, base64_pcm, is_heard, key, run, within} from './peer.mjs';

const model = 'gemini-3.8-live';
const weather = {
    functionDeclarations: [{
        name: 'get_weather',
        description: 'The weather in a city now.',
        parameters: {type: 'OBJECT', properties: {city: {type: 'STRING'}}, required: ['city']},
    }],
};

/// A session of the SDK whose messages can be awaited.
class Talk {
    static async begin(ai, config = {}, name = model) {
        const talk = new Talk();
        talk.seen = new Inbox();
        talk.closed = new Promise((resolve) => (talk.onclose = resolve));
        talk.session = await within(ai.live.connect({
            model: name,
            config: {responseModalities: [Modality.AUDIO], outputAudioTranscription: {}, ...config},
            callbacks: {
                onmessage: (message) => talk.seen.push(message),
                onclose: (event) => talk.onclose(event),
            },
        }), 'connect');
        return talk;
    }

    until(is, what) {
        return this.seen.until(is, what);
    }

    async turn() {
        return new Turn(await this.until((m) => m.serverContent?.turnComplete, 'a turn\'s end'));
    }

    async end() {
        this.session.close();
        await within(this.closed, 'the close');
    }
}

class Turn {
    constructor(messages) {
        this.messages = messages;
        const contents = messages.map((m) => m.serverContent).filter(Boolean);
        const parts = contents.flatMap((c) => c.modelTurn?.parts ?? []);
        this.said = contents.map((c) => c.outputTranscription?.text ?? '').join('');
        this.heard = contents.map((c) => c.inputTranscription?.text ?? '').join('');
        this.text = parts.map((p) => p.text ?? '').join('');
        this.pieces = parts.map((p) => p.inlineData).filter(Boolean);
        this.audio = Buffer.concat(this.pieces.map((p) => Buffer.from(p.data, 'base64')));
        this.generated = contents.some((c) => c.generationComplete);
        this.interrupted = contents.some((c) => c.interrupted);
        this.usage = messages.at(-1).usageMetadata;
    }
}

/// A microphone: pieces of 100 ms.
function* microphone(seconds, loudness) {
    for (let piece = 0; piece < seconds * 10; ++piece)
        yield {audio: {mimeType: 'audio/pcm;rate=16000', data: base64_pcm(0.1, loudness)}};
}

function speak(session, seconds) {
    for (const each of microphone(seconds, 8000)) session.sendRealtimeInput(each);
}

function check_spoken(turn) {
    assert.ok(turn.said.length > 5, 'a transcription');
    assert.ok(turn.pieces.length > 2, 'sound in several pieces');
    assert.ok(turn.pieces.every((p) => p.mimeType.startsWith('audio/pcm')), 'pcm');
    assert.ok(is_heard(turn.audio), 'sound that is heard');
    assert.ok(turn.generated, 'generationComplete before turnComplete');
    assert.ok(!turn.interrupted);
    assert.ok(turn.usage.totalTokenCount > 0, 'usage');
}

async function refused(connecting) {
    try {
        await connecting;
    } catch (error) {
        return error.message;
    }
    assert.fail('was not refused');
}

const emulator = await Emulator.start('--quiet');
const gemini = (options = {}, httpOptions = {}) =>
    new GoogleGenAI({apiKey: key, httpOptions: {baseUrl: emulator.url, ...httpOptions}, ...options});

const checks = {
    async 'a greeting is answered aloud, with transcription and usage'() {
        const talk = await Talk.begin(gemini());
        talk.session.sendClientContent({turns: 'Hello'});
        const turn = await talk.turn();
        check_spoken(turn);
        await talk.end();
        return turn.said;
    },

    async 'realtime text'() {
        const talk = await Talk.begin(gemini());
        talk.session.sendRealtimeInput({text: 'Who are you?'});
        const turn = await talk.turn();
        check_spoken(turn);
        assert.match(turn.said, /emulator/);
        await talk.end();
        return turn.said;
    },

    async 'a text model answers in text'() {
        const talk = await Talk.begin(gemini(), {responseModalities: [Modality.TEXT]}, 'gemini-emulator-text');
        talk.session.sendClientContent({turns: [{role: 'user', parts: [{text: 'Hello'}]}]});
        const turn = await talk.turn();
        assert.ok(turn.text.length > 5);
        assert.equal(turn.audio.length, 0);
        await talk.end();
        return turn.text;
    },

    async 'speech into the microphone, and its end by silence'() {
        const talk = await Talk.begin(gemini(), {inputAudioTranscription: {}});
        speak(talk.session, 1.2);
        for (const each of microphone(1, 0)) talk.session.sendRealtimeInput(each);
        const turn = await talk.turn();
        check_spoken(turn);
        assert.match(turn.heard, /1\.2 s of speech/);
        await talk.end();
        return turn.heard;
    },

    async 'speech that ends with the stream'() {
        const talk = await Talk.begin(gemini(), {inputAudioTranscription: {}});
        speak(talk.session, 0.7);
        talk.session.sendRealtimeInput({audioStreamEnd: true});
        check_spoken(await talk.turn());
        await talk.end();
    },

    async 'speech between marks of the client'() {
        const talk = await Talk.begin(gemini(),
            {realtimeInputConfig: {automaticActivityDetection: {disabled: true}}});
        talk.session.sendRealtimeInput({activityStart: {}});
        speak(talk.session, 0.5);
        talk.session.sendRealtimeInput({activityEnd: {}});
        check_spoken(await talk.turn());
        await talk.end();
    },

    async 'a function is called, and its result spoken'() {
        const talk = await Talk.begin(gemini(), {tools: [weather]});
        talk.session.sendClientContent({turns: 'What is the weather in Lisbon?'});
        const asked = (await talk.until((m) => m.toolCall, 'a tool call')).at(-1).toolCall.functionCalls;
        assert.equal(asked.length, 1);
        assert.equal(asked[0].name, 'get_weather');
        assert.deepEqual(asked[0].args, {city: 'Lisbon'});
        talk.session.sendToolResponse({
            functionResponses: [{id: asked[0].id, name: asked[0].name, response: {output: 'sunny, 24 degrees'}}],
        });
        const turn = await talk.turn();
        check_spoken(turn);
        assert.match(turn.said, /Lisbon.*sunny, 24 degrees/);
        await talk.end();
        return turn.said;
    },

    async 'a function call is given up when the user cuts in'() {
        const talk = await Talk.begin(gemini(), {tools: [weather]});
        talk.session.sendClientContent({turns: 'What is the weather in Lisbon?'});
        const asked = (await talk.until((m) => m.toolCall, 'a tool call')).at(-1).toolCall.functionCalls;
        talk.session.sendClientContent({turns: 'Never mind.'});
        const given_up = (await talk.until((m) => m.toolCallCancellation, 'a cancellation')).at(-1);
        assert.deepEqual(given_up.toolCallCancellation.ids, [asked[0].id]);
        await talk.end();
    },

    async 'tools may come later, by a context update'() {
        const talk = await Talk.begin(gemini());
        talk.session.sendContextUpdate({tools: {tools: [weather]}});
        talk.session.sendClientContent({turns: 'What is the weather in Lisbon?'});
        await talk.until((m) => m.toolCall, 'a tool call');
        await talk.end();
    },

    async 'who cuts in is heard'() {
        const talk = await Talk.begin(gemini());
        talk.session.sendClientContent({turns: 'Tell me a story'});
        await talk.until((m) => m.serverContent?.modelTurn, 'the story\'s begin');
        talk.session.sendClientContent({turns: 'Hello'});
        const story = await talk.turn();
        assert.ok(story.interrupted);
        assert.ok(!story.generated);
        check_spoken(await talk.turn());
        await talk.end();
        return story.said;
    },

    async 'a conversation goes on over another connection'() {
        const first = await Talk.begin(gemini(), {sessionResumption: {}});
        first.session.sendClientContent({turns: 'The cat is on the mat.'});
        const last = (await first.until((m) => m.sessionResumptionUpdate?.resumable, 'a handle')).at(-1);
        await first.end();
        const handle = last.sessionResumptionUpdate.newHandle;
        const next = await Talk.begin(gemini(), {sessionResumption: {handle}});
        next.session.sendClientContent({turns: 'What did I say before?'});
        const turn = await next.turn();
        assert.match(turn.said, /the cat is on the mat/i);
        await next.end();
        return turn.said;
    },

    async 'goAway, and the end of who stays'() {
        const talk = await Talk.begin(gemini());
        talk.session.sendClientContent({turns: '/goaway 1'});
        const said = (await talk.until((m) => m.goAway, 'goAway')).at(-1);
        assert.equal(said.goAway.timeLeft, '1s');
        const closed = await within(talk.closed, 'the end');
        assert.equal(closed.code, 1008);
        assert.match(closed.reason, /^Connection aborted because the client failed to close/);
        return `${closed.code} ${closed.reason}`;
    },

    async 'every version, and the two slashes of this SDK'() {
        for (const apiVersion of ['v1', 'v1beta', 'v1alpha']) {
            const talk = await Talk.begin(gemini({}, {apiVersion}));
            assert.match(talk.session.conn.ws.url,
                new RegExp(`[0-9]//ws/google\\.ai\\.generativelanguage\\.${apiVersion}\\.`));
            await talk.end();
        }
    },

    async 'an ephemeral token'() {
        const backend = gemini({}, {apiVersion: 'v1alpha'});
        const token = await backend.authTokens.create({config: {uses: 1}});
        const talk = await Talk.begin(gemini({apiKey: token.name}, {apiVersion: 'v1alpha'}));
        assert.match(talk.session.conn.ws.url, /BidiGenerateContentConstrained\?access_token=/);
        talk.session.sendClientContent({turns: 'Hello'});
        check_spoken(await talk.turn());
        await talk.end();
    },

    async 'Vertex AI with a project, and with a key'() {
        const authClient = new OAuth2Client();
        authClient.setCredentials({access_token: 'made-up', expiry_date: Date.now() + 3600_000});
        for (const who of [{project: 'p', location: 'us-central1', googleAuthOptions: {authClient}, apiKey: undefined}, {}]) {
            const talk = await Talk.begin(gemini({vertexai: true, ...who}));
            assert.match(talk.session.conn.ws.url, /aiplatform\.v1beta1\.LlmBidiService\/BidiGenerateContent$/);
            assert.ok(talk.session.setupComplete.sessionId);
            talk.session.sendClientContent({turns: 'Hello'});
            const turn = await talk.turn();
            check_spoken(turn);
            assert.ok(turn.usage.responseTokenCount > 0); // candidatesTokenCount on this wire
            await talk.end();
        }
    },

    async 'a wrong key is refused in the service\'s words'() {
        const why = await refused(Talk.begin(gemini({apiKey: 'wrong'})));
        assert.match(why, /1007.*API key not valid\. Please pass a valid API key\./);
        return why;
    },

    async 'an unknown model is refused'() {
        const why = await refused(Talk.begin(gemini(), {}, 'gemini-0-dead'));
        assert.match(why, /1008.*models\/gemini-0-dead is not found for API version v1/);
        return why;
    },

    async 'a speaking model does not write'() {
        const why = await refused(Talk.begin(gemini(), {responseModalities: [Modality.TEXT]}));
        assert.match(why, /1007.*Request contains an invalid argument/);
    },

    async 'a member that the service does not know'() {
        const talk = await Talk.begin(gemini());
        talk.session.conn.send('{"realtimeInput":{"smell":"roses"}}');
        const closed = await within(talk.closed, 'the end');
        assert.equal(closed.code, 1007);
        assert.equal(closed.reason,
            'Invalid JSON payload received. Unknown name "smell" at \'realtime_input\': Cannot find field.');
        return closed.reason;
    },

    async 'encrypted, and the certificate verified'() {
        const directory = mkdtempSync(join(tmpdir(), 'gemini-live-peers.'));
        const file = join(directory, 'certificate.pem');
        const encrypted = await Emulator.start('--quiet', '--tls', '--cert', file);
        try {
            const ai = gemini({}, {baseUrl: encrypted.url});
            const why = await refused(Talk.begin(ai));
            assert.match(why, /self-signed|certificate/i);
            tls.setDefaultCACertificates([...tls.getCACertificates(), readFileSync(file, 'utf8')]);
            const talk = await Talk.begin(ai);
            talk.session.sendClientContent({turns: 'Hello'});
            check_spoken(await talk.turn());
            await talk.end();
            return encrypted.url;
        } finally {
            await encrypted.stop();
            rmSync(directory, {recursive: true});
        }
    },

    async 'Ctrl-C ends the emulator in peace'() {
        assert.equal(await emulator.stop(), 0);
    },
};

console.warn = () => {}; // what the SDK warns of is what is tested here
await run('@google/genai', checks, emulator);

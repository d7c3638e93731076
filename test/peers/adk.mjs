// SPDX-License-Identifier: Apache-2.0
// Google's Agent Development Kit talks to our emulator: Runner.runLive.
//   node adk.mjs EMULATOR-PROGRAM
// It takes no base URL, but the SDK below it takes GOOGLE_GEMINI_BASE_URL and GOOGLE_VERTEX_BASE_URL.
// Closes with "N passed, N failed".
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {
    FunctionTool, Gemini, InMemoryRunner, LiveRequestQueue, LlmAgent, LogLevel, setLogLevel,
} from '@google/adk';
import {z} from 'zod';
import {Emulator, Inbox, base64_pcm, is_heard, key, run, within} from './peer.mjs';

const emulator = await Emulator.start();
process.env.GOOGLE_GEMINI_BASE_URL = emulator.url;
setLogLevel(LogLevel.ERROR);

const weather = new FunctionTool({
    name: 'get_weather',
    description: 'The weather in a city now.',
    parameters: z.object({city: z.string().describe('The name of the city')}),
    execute: ({city}) => ({report: `in ${city} it is sunny, 24 degrees`}),
});

class Live {
    static async begin(llm, {agent = {}, config = {}} = {}) {
        const live = new Live();
        live.queue = new LiveRequestQueue();
        const runner = new InMemoryRunner({
            appName: 'peers',
            agent: new LlmAgent({name: 'friend', model: llm, instruction: 'You are a friendly agent.', ...agent}),
        });
        const session = await runner.sessionService.createSession({appName: 'peers', userId: 'someone'});
        const events = runner.runLive({
            userId: 'someone',
            sessionId: session.id,
            liveRequestQueue: live.queue,
            runConfig: {outputAudioTranscription: {}, inputAudioTranscription: {}, ...config},
        });
        live.seen = new Inbox();
        live.over = (async () => {
            for await (const event of events) live.seen.push(event);
        })().catch((error) => {
            live.seen.push({failure: error});
            throw error;
        });
        live.over.catch(() => {});
        return live;
    }

    ask(text) {
        this.queue.send({content: {role: 'user', parts: [{text}]}});
    }

    hear(seconds, loudness, chunk = 0.1) {
        for (let piece = 0; piece * chunk < seconds; ++piece)
            this.queue.send({blob: {mimeType: 'audio/pcm;rate=16000', data: base64_pcm(chunk, loudness)}});
    }

    async until(is, what) {
        const events = await this.seen.until((event) => event.failure || is(event), what);
        if (events.at(-1).failure) throw events.at(-1).failure;
        return events;
    }

    async turn() {
        const events = await this.until((event) => event.turnComplete, 'a turn\'s end');
        const whole = (kind) => events.filter((e) => e[kind] && !e.partial).map((e) => e[kind].text).join('');
        const parts = events.flatMap((e) => e.content?.parts ?? []);
        const sound = Buffer.concat(parts.filter((p) => p.inlineData).map((p) => Buffer.from(p.inlineData.data, 'base64')));
        return {
            events,
            parts,
            said: whole('outputTranscription'),
            heard: whole('inputTranscription'),
            aloud: is_heard(sound),
            interrupted: events.some((e) => e.interrupted),
        };
    }

    async end() {
        this.queue.close();
        await within(this.over, 'the end');
    }
}

const checks = {};
function drive(where, llm) {
    Object.assign(checks, {
        async [`${where}: text is answered aloud`]() {
            const live = await Live.begin(llm());
            live.ask('Who are you?');
            const turn = await live.turn();
            assert.match(turn.said, /emulator/);
            assert.ok(turn.aloud);
            live.ask('Hello');
            assert.ok((await live.turn()).said.length > 5);
            await live.end();
            return turn.said;
        },

        async [`${where}: sound is answered aloud`]() {
            const live = await Live.begin(llm());
            live.hear(1.2, 8000);
            live.hear(1, 0);
            const turn = await live.turn();
            assert.match(turn.heard, /1\.2\d* s of speech/);
            assert.ok(turn.said.length > 5);
            assert.ok(turn.aloud);
            await live.end();
            return turn.heard;
        },

        async [`${where}: sound between marks`]() {
            const live = await Live.begin(llm(),
                {config: {realtimeInputConfig: {automaticActivityDetection: {disabled: true}}}});
            live.queue.send({activityStart: {}});
            live.hear(0.6, 8000);
            live.queue.send({activityEnd: {}});
            assert.ok((await live.turn()).aloud);
            await live.end();
        },

        // ADK waits for the end of the turn of the call where the model's name has no "-flash-live" in it.
        ...where !== 'gemini-3.8-live' && {async [`${where}: a function is called, and its result spoken`]() {
            const live = await Live.begin(llm(), {agent: {tools: [weather]}});
            live.ask('What is the weather in Lisbon?');
            const is_result = (e) => e.content?.parts?.some((p) => p.functionResponse);
            const events = await live.until(is_result, 'the function');
            const calls = events.flatMap((e) => e.content?.parts ?? []).filter((p) => p.functionCall);
            assert.deepEqual(calls[0].functionCall.args, {city: 'Lisbon'});
            let turn = await live.turn();
            if (!turn.said) turn = await live.turn(); // the end of the turn of the call
            assert.match(turn.said, /sunny, 24 degrees/);
            await live.end();
            return turn.said;
        }},

        async [`${where}: who cuts in is heard`]() {
            const live = await Live.begin(llm());
            live.ask('Tell me a story');
            await live.until((e) => e.content?.parts?.some((p) => p.inlineData), 'the story');
            live.hear(1, 8000);
            live.hear(1, 0);
            const story = await live.turn();
            assert.ok(story.interrupted);
            assert.ok((await live.turn()).aloud);
            await live.end();
        },
    });
}

const models = ['gemini-3.8-live', 'gemini-3.1-flash-live-preview', 'gemini-2.5-flash-native-audio-preview-12-2025'];
for (const model of models) drive(model, () => new Gemini({model, apiKey: key}));

await run('@google/adk', checks, emulator);

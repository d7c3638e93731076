// SPDX-License-Identifier: Apache-2.0
// An agent of LiveKit, with Google's realtime model, talks to our emulator: a whole AgentSession that hears and
// speaks without a room.
//   node livekit.mjs EMULATOR-PROGRAM
// Closes with "N passed, N failed".
import assert from 'node:assert/strict';
import {initializeLogger, llm, stream, voice} from '@livekit/agents';
import * as google from '@livekit/agents-plugin-google';
import {AudioFrame} from '@livekit/rtc-node';
import {z} from 'zod';
import {Emulator, Inbox, key, pcm, run, within} from './peer.mjs';

const rate = 24000;
const emulator = await Emulator.start('--pace', '0.3');
initializeLogger({pretty: false, level: process.env.PEERS_LOG ?? 'silent'});

class Microphone extends voice.AudioInput {
    constructor() {
        super();
        this.channel = stream.createStreamChannel();
        this.multiStream.addInputStream(this.channel.stream());
    }

    /// In frames of 20 ms, as from a room; one that is not in `chunk` divided evenly ends with a shorter frame.
    async hear(seconds, loudness, chunk = 0.02) {
        const sound = pcm(seconds, loudness, rate);
        const samples = new Int16Array(sound.buffer, sound.byteOffset, sound.length / 2);
        for (let at = 0; at < samples.length; at += chunk * rate) {
            const piece = samples.slice(at, at + chunk * rate);
            await this.channel.write(new AudioFrame(piece, rate, 1, piece.length));
        }
    }
}

/// Plays at once; `slow` leaves a segment unfinished until it is interrupted.
class Loudspeaker extends voice.AudioOutput {
    constructor() {
        super(rate, undefined, {pause: false});
        this.played = 0; // seconds
        this.segment = 0;
        this.loudest = 0;
        this.slow = false;
    }

    async captureFrame(frame) {
        await super.captureFrame(frame);
        if (this.segment === 0) this.onPlaybackStarted(Date.now());
        this.segment += frame.samplesPerChannel / frame.sampleRate;
        for (const sample of frame.data) this.loudest = Math.max(this.loudest, Math.abs(sample));
    }

    finish(interrupted) {
        if (this.segment === 0) return;
        this.played += this.segment;
        const playbackPosition = this.segment;
        this.segment = 0;
        this.onPlaybackFinished({playbackPosition, interrupted});
    }

    flush() {
        super.flush();
        if (!this.slow) this.finish(false);
    }

    clearBuffer() {
        this.finish(true);
    }
}

const weather = llm.tool({
    name: 'get_weather',
    description: 'The weather in a city now.',
    parameters: z.object({city: z.string().describe('The name of the city')}),
    execute: async ({city}) => `in ${city} it is sunny, 24 degrees`,
});

class Call {
    static async begin(options = {}, agent = {}) {
        const call = new Call();
        call.model = options.model;
        call.seen = new Inbox();
        call.session = new voice.AgentSession({
            aecWarmupDuration: 0, // who cuts in is heard from the first moment of an answer on
            llm: new google.realtime.RealtimeModel({apiKey: key, httpOptions: {baseUrl: emulator.url}, ...options}),
        });
        for (const type of Object.values(voice.AgentSessionEventTypes))
            call.session.on(type, (event) => call.seen.push({type, ...event}));
        call.microphone = new Microphone();
        call.loudspeaker = new Loudspeaker();
        call.session.input.audio = call.microphone;
        call.session.output.audio = call.loudspeaker;
        await within(call.session.start({
            agent: new voice.Agent({instructions: 'You are a friendly agent.', ...agent}),
            record: false,
        }), 'the start');
        // The plugin connects anew for instructions and tools, and drops what it is asked meanwhile.
        await emulator.quiet(300);
        return call;
    }

    /// On 3.x the plugin cannot ask for a reply without instructions: the SDK below it refuses its empty list of turns.
    ask(userInput) {
        return this.session.generateReply({userInput, instructions: this.model.includes('gemini-3') ? 'Answer.' : undefined});
    }

    /// What the agent has said next.
    async said() {
        const is = ({type, item}) => type === 'conversation_item_added' && item.role === 'assistant';
        const item = (await this.until(is, 'the agent\'s words')).at(-1).item;
        return item.textContent;
    }

    async until(is, what) {
        const failed = ({type}) => type === 'error' || type === 'close';
        const events = await this.seen.until((event) => failed(event) || is(event), what);
        const {type, error} = events.at(-1);
        assert.ok(!failed(events.at(-1)), `${type}: ${error?.error?.message ?? error?.message ?? error}`);
        return events;
    }

    async end() {
        await within(this.session.close(), 'the close');
    }
}

const models = ['gemini-3.8-live', 'gemini-3.1-flash-live-preview', 'gemini-2.5-flash-native-audio-preview-12-2025'];
const checks = {};
for (const model of models) {
    Object.assign(checks, {
        async [`${model}: text is answered aloud`]() {
            const call = await Call.begin({model});
            const handle = call.ask('Who are you?');
            const said = await call.said();
            await within(handle.waitForPlayout(), 'the playout');
            assert.match(said, /emulator/);
            assert.ok(call.loudspeaker.played > 0.5, 'sound');
            assert.ok(call.loudspeaker.loudest > 2000, 'sound that is heard');
            await call.end();
            return said;
        },

        async [`${model}: a greeting by the agent, on instructions alone`]() {
            const call = await Call.begin({model});
            call.session.generateReply({instructions: 'Greet the user.'});
            assert.ok((await call.said()).length > 5);
            await call.end();
        },

        async [`${model}: sound is answered aloud`]() {
            const call = await Call.begin({model});
            await call.microphone.hear(1.2, 8000);
            await call.microphone.hear(1, 0);
            const heard = (await call.until((e) => e.type === 'user_input_transcribed' && e.isFinal, 'the user\'s words'))
                .at(-1).transcript;
            assert.match(heard, /1\.2\d* s of speech/);
            assert.ok((await call.said()).length > 5);
            assert.ok(call.loudspeaker.loudest > 2000, 'sound that is heard');
            await call.end();
            return heard;
        },

        async [`${model}: a function is called, and its result spoken`]() {
            const call = await Call.begin({model}, {tools: [weather]});
            call.ask('What is the weather in Lisbon?');
            const done = (await call.until((e) => e.type === 'function_tools_executed', 'the function')).at(-1);
            assert.equal(done.functionCalls[0].name, 'get_weather');
            assert.deepEqual(JSON.parse(done.functionCalls[0].args), {city: 'Lisbon'});
            let said = await call.said();
            if (!/sunny/.test(said)) said = await call.said(); // words before the call
            assert.match(said, /sunny, 24 degrees/);
            await call.end();
            return said;
        },

        async [`${model}: who speaks into an answer interrupts it`]() {
            const call = await Call.begin({model});
            call.loudspeaker.slow = true;
            const handle = call.ask('Tell me a story');
            await call.until((e) => e.type === 'agent_state_changed' && e.newState === 'speaking', 'the story');
            await call.microphone.hear(1, 8000);
            await call.microphone.hear(1, 0);
            await within(handle.waitForPlayout(), 'the interruption');
            assert.ok(handle.interrupted);
            call.loudspeaker.slow = false;
            const words = [await call.said()];
            if (words[0].startsWith('Once')) words.push(await call.said());
            await call.end();
            return words.join(' / ').slice(0, 120);
        },

    });
}

Object.assign(checks, {
    async 'goAway, and the conversation goes on'() {
        const model = models[0];
        const call = await Call.begin({model});
        call.ask('The cat is on the mat.');
        await call.said();
        const connections = emulator.count(/has come/);
        call.ask('/goaway 30').catch?.(() => {});
        await emulator.until(() => emulator.count(/has come/) > connections, 'another connection');
        await emulator.quiet(300);
        call.ask('What did I say before?');
        const said = await call.said();
        assert.match(said, /the cat is on the mat/i);
        await call.end();
        return said;
    },
});

await run('@livekit/agents-plugin-google', checks, emulator);

// SPDX-License-Identifier: Apache-2.0
// Google's JavaScript SDK on Vertex AI gets its token from the metadata server, which is the emulator's.
//   node google_cloud.mjs EMULATOR-PROGRAM
// Closes with "N passed, N failed".
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {GoogleGenAI, Modality} from '@google/genai';
import {Emulator, Inbox, run, within} from './peer.mjs';

const directory = mkdtempSync(join(tmpdir(), 'gemini-live-peers.'));
process.on('exit', () => rmSync(directory, {recursive: true}));
const emulator = await Emulator.start('--google', join(directory, 'service-account.json'));
await emulator.until(() => emulator.count(/GCE_METADATA_HOST=/) > 0, 'the metadata server');
process.env.GCE_METADATA_HOST = emulator.log.join(' ').match(/GCE_METADATA_HOST=(\S+)/)[1];
process.env.HOME = directory; // where nobody is logged in

async function greet() {
    const ai = new GoogleGenAI({vertexai: true, project: 'fake-project', location: 'us-central1',
        httpOptions: {baseUrl: emulator.url}});
    const seen = new Inbox();
    const session = await within(ai.live.connect({
        model: 'gemini-live-2.5-flash-native-audio',
        config: {responseModalities: [Modality.AUDIO], outputAudioTranscription: {}},
        callbacks: {onmessage: (m) => seen.push(m), onerror() {}, onclose() {}},
    }), 'connect');
    session.sendClientContent({turns: 'Hello'});
    const messages = await seen.until((m) => m.serverContent?.turnComplete, 'a turn\'s end');
    session.close();
    const said = messages.map((m) => m.serverContent?.outputTranscription?.text ?? '').join('');
    assert.ok(said.length > 5);
    return said;
}

console.warn = () => {};
await run('@google/genai', {'Vertex AI on a machine in Google Cloud': greet}, emulator);

// SPDX-License-Identifier: Apache-2.0
// The official JavaScript SDK, used as its documentation does. It decodes the JSON; as each program that plays the
// sound must, this one decodes and encodes the base64.
import {GoogleGenAI, Modality} from '@google/genai';
import {chunk_pcm, given, run} from './bench.mjs';

const ai = new GoogleGenAI({
    apiKey: 'benchmark', httpOptions: {baseUrl: `${given.tls ? 'https' : 'http'}://127.0.0.1:${given.port}`},
});
const pcm = chunk_pcm();

function connect(on) {
    const connection = {};
    ai.live.connect({
        model: 'gemini-3.8-live',
        config: {responseModalities: [Modality.AUDIO]},
        callbacks: {
            onmessage(message) {
                for (const part of message.serverContent?.modelTurn?.parts ?? [])
                    if (part.inlineData?.data) on.received(Buffer.from(part.inlineData.data, 'base64'));
            },
            onerror: (event) => (connection.why = event.error ?? event.message),
            onclose: (event) => on.lost(connection.why ?? event.reason),
        },
    }).then((session) => {
        connection.session = session;
        on.connected();
    }, on.lost);
    return connection;
}

run(connect, ({session}) => {
    session.sendRealtimeInput({audio: {data: pcm.toString('base64'), mimeType: 'audio/pcm;rate=16000'}});
});

// SPDX-License-Identifier: Apache-2.0
// Bare `ws`: it receives and decodes nothing, and sends the same text again and again.
import {readFileSync} from 'node:fs';
import WebSocket from 'ws';
import {before_sound, chunk_message, given, header_size, longest_setup_complete, run, setup} from './bench.mjs';

const url = `${given.tls ? 'wss' : 'ws'}://127.0.0.1:${given.port}` +
    '/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent';
const options = {perMessageDeflate: false, ca: given.tls ? readFileSync(process.env.NODE_EXTRA_CA_CERTS) : undefined};
const chunk = chunk_message();
let sound_at = 0; // the same in every message

function connect(on) {
    const socket = new WebSocket(url, options);
    let why;
    socket.on('open', () => socket.send(setup));
    socket.on('message', (data) => {
        if (data.length <= longest_setup_complete) return on.connected();
        sound_at ||= data.indexOf(before_sound) + before_sound.length;
        on.received(Buffer.from(data.latin1Slice(sound_at, sound_at + header_size / 3 * 4), 'base64'));
    });
    socket.on('error', (error) => (why = error));
    socket.on('close', () => on.lost(why));
    return socket;
}

run(connect, (socket) => socket.send(chunk));

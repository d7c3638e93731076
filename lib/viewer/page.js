// SPDX-License-Identifier: Apache-2.0
'use strict';
(() => {
const $ = (id) => document.getElementById(id);
const data = JSON.parse($('data').textContent);
const lines = data.lines;
const total = lines.at.length;

// Text is always set as text: what people say may look like HTML.
function make(tag, kind, ...content) {
    const element = document.createElement(tag);
    if (kind) element.className = kind;
    element.append(...content);
    return element;
}

const pad = (number, digits = 2) => String(number).padStart(digits, '0');
function clock(ms, precision = 1) {
    const unit = 10 ** (3 - precision);
    const rounded = Math.round(ms / unit) * unit;
    const hours = Math.floor(rounded / 3600000);
    const minutes = Math.floor(rounded / 60000) % 60;
    const seconds = Math.floor(rounded / 1000) % 60;
    const rest = precision ? '.' + pad(Math.floor(rounded % 1000 / unit), precision) : '';
    return (hours ? `${hours}:${pad(minutes)}` : minutes) + `:${pad(seconds)}${rest}`;
}
function span(ms) {
    if (ms < 1000) return `${Math.round(ms)} ms`;
    if (ms < 60000) return `${(ms / 1000).toFixed(ms < 10000 ? 1 : 0)} s`;
    if (ms < 3600000) return `${Math.floor(ms / 60000)} min ${Math.round(ms % 60000 / 1000)} s`;
    return `${Math.floor(ms / 3600000)} h ${Math.round(ms % 3600000 / 60000)} min`;
}
const count = (number) => number.toLocaleString('en-US');
const plural = (number, one, many = one + 's') => `${count(number)} ${number === 1 ? one : many}`;

// The recording, line by line ---------------------------------------------------------------------------------------

const blocks = [...document.querySelectorAll('script.lines')].map((element) => ({
    first: Number(element.dataset.first), element, texts: null,
}));
function textOf(index) {
    let low = 0;
    for (let high = blocks.length - 1; low < high;) {
        const middle = (low + high + 1) >> 1;
        if (blocks[middle].first <= index) low = middle;
        else high = middle - 1;
    }
    const block = blocks[low];
    block.texts ??= block.element.textContent.split('\n');
    return block.texts[index - block.first];
}
const valueOf = (index) => JSON.parse(textOf(index));
const messageOf = (index) => {
    const line = valueOf(index);
    return line.sent ?? line.received ?? null;
};

const nameOf = (index) => lines.names[lines.name[index]];
const isResent = (index) => (lines.marks[index] & 1) !== 0;
const isOdd = (index) => (lines.marks[index] & 2) !== 0;
const isSound = (index) => (lines.marks[index] & 4) !== 0;

/// The line that begins each connection, by its number.
const openings = new Map();
for (let i = total; i-- > 0;) if (lines.kind[i] === 'connection') openings.set(lines.connection[i], i);

/// The sound of a message: the samples of all of its blobs.
function samplesOf(index) {
    const message = messageOf(index);
    const sent = lines.kind[index] === 'sent';
    const input = message?.realtimeInput ?? {};
    const parts = [...(message?.serverContent?.modelTurn?.parts ?? []),
        ...(message?.clientContent?.turns ?? []).flatMap((turn) => turn.parts ?? [])];
    const blobs = [input.audio, ...(input.mediaChunks ?? []), ...parts.map((part) => part?.inlineData),
        ...(message?.serverContent?.audioChunks ?? [])];
    const pieces = [];
    let rate = sent ? 16000 : 24000;
    let channels = 1;
    for (const blob of blobs) {
        if (typeof blob?.data !== 'string') continue;
        const type = blob.mimeType ?? '';
        if (type && !/^audio\/(pcm|l16)/i.test(type)) continue;
        rate = Number(/rate=(\d+)/.exec(type)?.[1] ?? rate);
        channels = Number(/channels=(\d+)/.exec(type)?.[1] ?? channels);
        const bytes = atob(blob.data.replace(/-/g, '+').replace(/_/g, '/'));
        const samples = new Float32Array(Math.floor(bytes.length / 2 / channels));
        for (let i = 0; i < samples.length; ++i) {
            const at = i * 2 * channels;
            const value = bytes.charCodeAt(at) | bytes.charCodeAt(at + 1) << 8;
            samples[i] = (value > 32767 ? value - 65536 : value) / 32768;
        }
        pieces.push(samples);
    }
    const all = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
        all.set(piece, at);
        at += piece.length;
    }
    return {samples: all, rate};
}

// What is shown -----------------------------------------------------------------------------------------------------

let session = data.sessions[0];
let view = {begin: 0, end: 1}; // ms
let position = 0; // ms
let chosen = -1; // index of a line
let shownLines = [];
const begin = () => Math.max(0, firstAt() - 200);
const firstAt = () => Math.min(...session.connections.map((index) => data.connections[index].opened));
const finish = () => {
    const sound = (list) => (list.length ? list.at(-1)[1] + list.at(-1)[2] : 0);
    return Math.max(firstAt() + session.sum.duration, sound(session.input), sound(session.output)) + 300;
};
let whole = {begin: 0, end: 1};
let played = []; // begins and ends of the model's sound, joined

// Colors ------------------------------------------------------------------------------------------------------------

const themes = [['', 'System', 'as the system'], ['light', 'Light', 'light'], ['dark', 'Dark', 'dark']];
const prefersDark = matchMedia('(prefers-color-scheme: dark)');
let theme = '';
let colors = {};
function applyTheme() {
    const dark = theme === 'dark' || (theme === '' && prefersDark.matches);
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    const [, name, spoken] = themes.find((each) => each[0] === theme);
    $('theme-name').textContent = name;
    $('theme').setAttribute('aria-label', `Colors: ${spoken}`);
    const style = getComputedStyle(document.documentElement);
    for (const each of ['page', 'card', 'line', 'line-strong', 'ink', 'soft', 'faint', 'user', 'user-soft', 'model', 'model-fill', 'model-soft',
        'call', 'call-soft', 'bad', 'bad-soft', 'good', 'good-soft', 'focus'])
        colors[each] = style.getPropertyValue(`--${each}`).trim();
    hatches.clear();
    draw();
}
$('theme').addEventListener('click', () => {
    theme = themes[(themes.findIndex((each) => each[0] === theme) + 1) % themes.length][0];
    applyTheme();
});
prefersDark.addEventListener('change', applyTheme);

const hatches = new Map();
/// Stripes, so that a state is not told by its color alone.
function hatch(context, color) {
    if (!hatches.has(color)) {
        const tile = document.createElement('canvas');
        tile.width = tile.height = 8;
        const brush = tile.getContext('2d');
        brush.strokeStyle = color;
        brush.lineWidth = 1.6;
        for (const x of [-8, 0, 8]) {
            brush.moveTo(x, 8);
            brush.lineTo(x + 8, 0);
        }
        brush.stroke();
        hatches.set(color, context.createPattern(tile, 'repeat'));
    }
    return hatches.get(color);
}

// The timeline ------------------------------------------------------------------------------------------------------

const canvas = $('waterfall');
const brush = canvas.getContext('2d');
const overview = $('overview');
let gutter = 118; // px, for the names of the lanes
let spots = []; // what the pointer can find: {x, y, width, height, tip, line, at}
const lanes = [
    {name: 'Turns', height: 34, draw: drawTurns},
    {name: 'User', height: 50, draw: drawUser},
    {name: 'Model', height: 50, draw: drawModel},
    {name: 'Received', height: 20, draw: drawReceived},
    {name: 'Functions', height: 26, draw: drawCalls},
    {name: 'Connection', height: 42, draw: drawConnections},
    {name: 'Messages', height: 28, draw: drawMessages},
];
const axis = 26; // px
const gap = 9; // px between lanes

let stageWidth = 0; // px; asking the canvas each time would cost a layout
const laneWidth = () => stageWidth - gutter - 12;
const toX = (ms) => gutter + (ms - view.begin) / (view.end - view.begin) * laneWidth();
const toTime = (x) => view.begin + (x - gutter) / laneWidth() * (view.end - view.begin);

let drawing = 0;
function draw() {
    if (!drawing) drawing = requestAnimationFrame(() => {
        drawing = 0;
        drawTimeline();
        drawOverview();
    });
}

function size(element, height) {
    const scale = devicePixelRatio || 1;
    const width = element.clientWidth;
    if (element.style.height !== `${height}px`) element.style.height = `${height}px`;
    if (element.width !== Math.round(width * scale) || element.height !== Math.round(height * scale)) {
        element.width = Math.round(width * scale);
        element.height = Math.round(height * scale);
    }
    const context = element.getContext('2d');
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    return width;
}

const font = (weight, pixels) => `${weight} ${pixels}px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif`;

function label(text, x, y, color, room = Infinity, weight = 500, pixels = 12) {
    brush.font = font(weight, pixels);
    let shown = text;
    if (room < 14) return;
    if (brush.measureText(shown).width > room) {
        while (shown.length > 1 && brush.measureText(shown + '…').width > room) shown = shown.slice(0, -1);
        if (shown.length < 2) return;
        shown += '…';
    }
    brush.fillStyle = color;
    brush.fillText(shown, x, y);
}

function labelIfItFits(text, x, y, color, room, weight = 600, pixels = 12) {
    brush.font = font(weight, pixels);
    if (brush.measureText(text).width <= room) label(text, x, y, color, room + 1, weight, pixels);
}

function box(x, y, width, height, fill, stroke) {
    brush.beginPath();
    brush.roundRect(x, y, Math.max(width, 1.5), height, Math.min(5, Math.max(width, 1.5) / 2, height / 2));
    if (fill) {
        brush.fillStyle = fill;
        brush.fill();
    }
    if (stroke) {
        brush.strokeStyle = stroke;
        brush.lineWidth = 1;
        brush.stroke();
    }
}

function spot(x, y, width, height, tip, line, at) {
    spots.push({x: x - 3, y, width: Math.max(width, 1) + 6, height, tip, line, at});
}

/// Index of the first element that ends after `time`; `endOf` must not decrease.
function firstAfter(list, time, endOf) {
    let low = 0;
    for (let high = list.length; low < high;) {
        const middle = (low + high) >> 1;
        if (endOf(list[middle]) < time) low = middle + 1;
        else high = middle;
    }
    return low;
}

function drawTimeline() {
    stageWidth = canvas.clientWidth;
    const narrow = stageWidth < 640;
    gutter = narrow ? 10 : 118;
    const head = narrow ? 15 : 0; // px above a lane, for its name
    const height = axis + lanes.reduce((sum, lane) => sum + lane.height + gap + head, 0) + 6;
    const width = size(canvas, height);
    spots = [];
    brush.textBaseline = 'middle';
    drawAxis(width, height);
    let y = axis;
    for (const lane of lanes) {
        label(lane.name, narrow ? gutter + 6 : 18, narrow ? y + 7 : y + lane.height / 2, colors.soft, Infinity, 550, narrow ? 11 : 12.5);
        y += head;
        brush.save();
        brush.beginPath();
        brush.rect(gutter - 1, y - 4, width - gutter - 10, lane.height + 8);
        brush.clip();
        brush.fillStyle = colors.line;
        brush.fillRect(gutter, y + lane.height + 4, width, 1);
        lane.draw(y, lane.height);
        brush.restore();
        y += lane.height + gap;
    }
    drawMarks(y);
}

function drawAxis(width, height) {
    const perPixel = (view.end - view.begin) / (width - gutter - 12);
    const steps = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 15000, 30000, 60000, 120000, 300000, 600000, 1200000, 3600000];
    const step = steps.find((each) => each / perPixel >= 72) ?? 7200000;
    const precision = step < 100 ? 2 : step < 1000 ? 1 : 0;
    for (let at = Math.ceil(view.begin / step) * step; at <= view.end; at += step) {
        const x = Math.round(toX(at)) + .5;
        brush.fillStyle = colors.line;
        brush.fillRect(x - .5, axis - 6, 1, height);
        if (x + 40 < width) label(clock(at, precision), x + 4, 12, colors.faint, Infinity, 450, 11);
    }
}

const visible = (from, to) => to >= view.begin && from <= view.end;

function drawTurns(y, height) {
    session.turns.forEach((turn, index) => {
        const end = Math.max(turn.end, turn.first ?? 0);
        if (!visible(turn.begin, end)) return;
        const left = toX(turn.begin);
        const first = toX(turn.first ?? end);
        const right = toX(end);
        const asked = turn.latency === undefined ? first : toX(turn.asked);
        const half = height - 8;
        if (asked - left > 1) box(left, y + 4, asked - left - 1, half, colors['user-soft']);
        if (first - asked > .5) box(asked, y + 4, first - asked - .5, half, hatch(brush, colors.faint));
        if (right - first > .5) box(first, y + 4, right - first, half, colors['model-soft']);
        if (turn.ending === 'interrupted' || turn.ending === 'cut') {
            brush.fillStyle = colors.bad;
            brush.fillRect(right - 2.5, y + 2, 2.5, half + 4);
        }
        const waited = turn.latency === undefined ? '' : `\nFirst byte ${span(turn.latency)} after ${turn.from}`;
        const how = {interrupted: 'Interrupted', cut: 'Cut by the end of the connection', open: 'Not over when the recording ended', complete: 'Complete'}[turn.ending];
        label(String(index + 1), left + 7, y + height / 2, colors.ink, right - left - 8, 650);
        if (turn.latency !== undefined)
            labelIfItFits(span(turn.latency), first + 7, y + height / 2, colors.model, right - first - 12);
        spot(left, y, right - left, height, `Turn ${index + 1}, ${clock(turn.begin)} – ${clock(end)}${waited}\n${how}`, turn.line, turn.begin);
    });
}

/// Sound as bars: the height is its loudness. Sound whose samples were not recorded is a band.
function drawSound(list, y, height, color, soft) {
    const width = stageWidth;
    const peaks = new Uint8Array(width + 1);
    const middle = y + height / 2;
    const pixels = laneWidth() / (view.end - view.begin) * 20; // of one level
    let bandBegin = NaN;
    let bandEnd = NaN;
    const drawBand = () => {
        if (Number.isNaN(bandBegin)) return;
        brush.fillStyle = soft;
        brush.fillRect(bandBegin, middle - height * .22, Math.max(bandEnd - bandBegin, 1), height * .44);
    };
    const from = firstAfter(list, view.begin, (each) => each[1] + each[2]);
    for (let i = from; i < list.length && list[i][1] <= view.end; ++i) {
        const [, start, length, , levels] = list[i];
        if (length <= 0) continue;
        if (!levels) {
            const left = toX(start);
            if (!(left <= bandEnd + 1)) {
                drawBand();
                bandBegin = left;
            }
            bandEnd = toX(start + length);
            continue;
        }
        const many = Math.min(levels.length, Math.ceil(length / 20));
        let x = toX(start);
        for (let n = 0; n < many; ++n, x += pixels) {
            const level = parseInt(levels[n], 16);
            if (pixels >= 3) {
                const half = Math.max(level / 15 * height / 2, .6);
                brush.fillStyle = color;
                brush.beginPath();
                brush.roundRect(x, middle - half, Math.max(pixels - 1.2, 1.2), 2 * half, Math.min(2, half));
                brush.fill();
            } else if (x >= 0 && x < width) {
                const column = Math.floor(x);
                peaks[column] = Math.max(peaks[column], level + 1);
            }
        }
    }
    drawBand();
    if (pixels >= 3) return;
    brush.fillStyle = color;
    for (let x = 0; x < width; ++x) {
        if (!peaks[x]) continue;
        const half = Math.max((peaks[x] - 1) / 15 * height / 2, .6);
        brush.fillRect(x, middle - half, 1, 2 * half);
    }
}

function drawUser(y, height) {
    const {speech} = session;
    for (let i = 0; i < speech.length; i += 2) {
        if (!visible(speech[i], speech[i + 1])) continue;
        const left = toX(speech[i]);
        box(left, y, toX(speech[i + 1]) - left, height, colors['user-soft']);
    }
    if (!speech.length) {
        for (let i = 0; i < session.sent.length; i += 2) {
            const left = toX(session.sent[i]);
            if (visible(session.sent[i], session.sent[i + 1])) box(left, y + height * .3, toX(session.sent[i + 1]) - left, height * .4, colors['user-soft']);
        }
    }
    drawSound(session.input, y + 3, height - 6, colors.user, colors['user-soft']);
    for (let i = 0; i < speech.length; i += 2) {
        if (!visible(speech[i], speech[i + 1])) continue;
        const left = toX(speech[i]);
        spot(left, y, toX(speech[i + 1]) - left, height, `The user speaks, ${clock(speech[i])} – ${clock(speech[i + 1])}`, -1, speech[i]);
    }
    for (const turn of session.turns) {
        for (const words of turn.said) {
            if (words.source !== 'typed' || !visible(words.at - 1, words.at + 1)) continue;
            const x = toX(words.at);
            box(x - 4, y + height / 2 - 4, 8, 8, colors.card, colors.user);
            brush.fillStyle = colors.user;
            brush.fillRect(x - 1.5, y + height / 2 - 1.5, 3, 3);
            spot(x - 5, y, 10, height, `Text, ${clock(words.at)}\n${words.text}`, words.line, words.at);
        }
    }
}

function drawModel(y, height) {
    drawSound(session.output, y + 3, height - 6, colors['model-fill'], colors['model-soft']);
    let last = -Infinity;
    for (const turn of session.turns) {
        if (turn.sound === undefined) continue;
        const x = toX(turn.sound);
        if (x < gutter - 5 || x > stageWidth || x < last + 12) continue;
        last = x;
        brush.fillStyle = colors['model-fill'];
        brush.beginPath();
        brush.moveTo(x, y - 3);
        brush.lineTo(x + 7, y - 3);
        brush.lineTo(x, y + 6);
        brush.fill();
        brush.fillRect(x - .5, y - 3, 1, height + 3);
        spot(x, y - 3, 6, height, `First sound of the answer, ${clock(turn.sound, 2)}`, turn.line, turn.sound);
    }
}

function drawReceived(y, height) {
    const list = session.received;
    for (let i = 0; i < list.length; i += 2) {
        if (!visible(list[i], list[i + 1])) continue;
        const left = toX(list[i]);
        const right = toX(list[i + 1]);
        box(left, y + 5, right - left, height - 10, colors['model-fill']);
        spot(left, y, right - left, height, `Sound came in, ${clock(list[i])} – ${clock(list[i + 1])}`, -1, list[i]);
    }
}

/// When the next call begins whose place is free to be written into until then.
function nextCall(call) {
    let next = Infinity;
    for (const turn of session.turns)
        for (const other of turn.calls) if (other.begin > call.begin && other.begin < next) next = other.begin;
    return Math.min(next, whole.end);
}

function drawCalls(y, height) {
    for (const turn of session.turns) {
        let rowEnd = -Infinity;
        let row = 0;
        for (const call of turn.calls) {
            row = call.begin < rowEnd ? row + 1 : 0;
            rowEnd = Math.max(rowEnd, call.end);
            if (!visible(call.begin, call.end)) continue;
            const rows = Math.min(turn.calls.length, 3);
            const tall = rows > 1 && turn.calls.some((other) => other !== call && other.begin < call.end && call.begin < other.end) ? height / 2 - 1 : height;
            const top = y + (tall < height ? row % 2 * (tall + 2) : 0);
            const left = toX(call.begin);
            const right = toX(call.end);
            box(left, top, right - left, tall, call.ending === 'answered' ? colors['call-soft'] : hatch(brush, colors.bad), call.ending === 'answered' ? colors.call : colors.bad);
            const pixels = tall < 16 ? 10 : 11.5;
            brush.font = font(500, pixels);
            const inside = brush.measureText(call.name).width <= right - left - 11;
            const next = toX(nextCall(call));
            if (inside) label(call.name, left + 6, top + tall / 2 + .5, colors.ink, Infinity, 500, pixels);
            else label(call.name, right + 5, top + tall / 2 + .5, colors.soft, next - right - 10, 500, pixels);
            spot(left, top, right - left, tall, `${call.name}, ${call.ending} after ${span(call.end - call.begin)}`, call.line, call.begin);
        }
    }
}

function endOf(connection) {
    const words = connection.words ? `: ${connection.words}` : '';
    return {
        open: 'open when the recording ended',
        refused: `refused with HTTP status ${connection.code}`,
        failed: `failed${words}`,
        closed: `closed by the server with ${connection.code}${words}`,
        lost: `lost${words}`,
        left: connection.code ? `closed by the client with ${connection.code}` : 'left by the client',
    }[connection.end];
}

function drawConnections(y, height) {
    for (const outage of session.outages) {
        if (!visible(outage.begin, outage.end)) continue;
        const left = toX(outage.begin);
        const right = toX(outage.end);
        const top = y + height * .4; // attempts stand above
        const tall = height * .6 - 1;
        box(left, top, right - left, tall, hatch(brush, colors.bad), colors.bad);
        const text = span(outage.end - outage.begin);
        brush.font = font(650, 12);
        const room = brush.measureText(text).width + 12;
        if (right - left > room + 6) {
            box((left + right - room) / 2, top + 4, room, tall - 8, colors.card);
            label(text, (left + right - room) / 2 + 6, top + tall / 2 + .5, colors.bad, room, 650);
        }
        spot(left, y, right - left, height, `No connection for ${span(outage.end - outage.begin)}`, -1, outage.begin);
    }
    for (const index of session.connections) {
        const connection = data.connections[index];
        const end = connection.ended ?? whole.end;
        if (!visible(connection.opened, end)) continue;
        const left = toX(connection.opened);
        const right = toX(end);
        if (connection.end === 'refused' || connection.end === 'failed') {
            brush.strokeStyle = colors.bad;
            brush.lineWidth = 2;
            brush.beginPath();
            brush.moveTo(left - 4, y + 3);
            brush.lineTo(left + 4, y + 11);
            brush.moveTo(left + 4, y + 3);
            brush.lineTo(left - 4, y + 11);
            brush.stroke();
            spot(left - 6, y, 12, height * .4, `Attempt ${connection.number} at ${clock(connection.opened)}: ${endOf(connection)}`, openings.get(connection.number) ?? -1, connection.opened);
            continue;
        }
        const ready = connection.ready === undefined ? right : toX(connection.ready);
        const tall = height / 2 - 2;
        const top = y + (index % 2 ? tall + 3 : 1);
        if (ready - left > 1) box(left, top, ready - left, tall, null, colors.good);
        if (right - ready > 0) box(ready, top, right - ready, tall, colors['good-soft'], colors.good);
        label(`${connection.number}${connection.resumes ? ' resumed' : ''}`, Math.max(ready, gutter) + 6, top + tall / 2 + .5, colors.ink, right - Math.max(ready, gutter) - 10, 500, 10.5);
        if (connection.end === 'closed' || connection.end === 'lost') {
            brush.fillStyle = colors.bad;
            brush.fillRect(right - 2.5, top - 1, 2.5, tall + 2);
        }
        spot(left, top, right - left, tall, `Connection ${connection.number}, ${clock(connection.opened)} – ${clock(end)}\n` +
            (connection.ready === undefined ? 'Its setup was not completed' : `Ready at ${clock(connection.ready, 2)}${connection.resumes ? ', resumed' : ''}`) +
            `\nEnd: ${endOf(connection)}`, openings.get(connection.number) ?? -1, connection.opened);
        if (connection.goAway !== undefined) {
            const x = toX(connection.goAway);
            brush.fillStyle = colors.bad;
            brush.beginPath();
            brush.moveTo(x, top + tall);
            brush.lineTo(x - 5, top);
            brush.lineTo(x + 5, top);
            brush.fill();
            spot(x - 6, top, 12, tall, `goAway, ${clock(connection.goAway, 2)}`, -1, connection.goAway);
        }
    }
}

function drawMessages(y, height) {
    const width = stageWidth;
    const seen = [new Uint8Array(width + 1), new Uint8Array(width + 1)];
    const half = height / 2;
    for (let i = firstAfter(shownInSession, view.begin, (index) => lines.at[index]); i < shownInSession.length; ++i) {
        const index = shownInSession[i];
        if (lines.at[index] > view.end) break;
        const kind = lines.kind[index];
        if (kind !== 'sent' && kind !== 'received') continue;
        const x = Math.round(toX(lines.at[index]));
        const way = kind === 'sent' ? 0 : 1;
        const weight = isOdd(index) || isResent(index) ? 3 : isSound(index) ? 1 : 2;
        if (seen[way][x] >= weight) continue;
        seen[way][x] = weight;
        const tall = weight === 1 ? half * .36 : half - 2;
        brush.globalAlpha = weight === 1 ? .55 : 1;
        brush.fillStyle = weight === 3 ? (isResent(index) ? colors.call : colors.bad) : way ? colors['model-fill'] : colors.user;
        brush.fillRect(x - (weight === 3 ? 1 : .5), way ? y + half + 1 : y + half - 1 - tall, weight === 3 ? 2.5 : 1, tall);
        if (weight > 1)
            spot(x - 1, way ? y + half : y, 2, half, `${isResent(index) ? 'Sent again: ' : way ? 'Received: ' : 'Sent: '}${nameOf(index)}, ${clock(lines.at[index], 2)}\n${lines.summary[index]}`, index, lines.at[index]);
    }
    brush.globalAlpha = 1;
    brush.fillStyle = colors['line-strong'];
    brush.fillRect(gutter, y + half, width, 1);
}

function drawMarks(bottom) {
    for (const at of session.interruptions) {
        if (!visible(at, at)) continue;
        const x = Math.round(toX(at));
        brush.strokeStyle = colors.bad;
        brush.lineWidth = 1.5;
        brush.setLineDash([4, 3]);
        brush.beginPath();
        brush.moveTo(x, axis - 4);
        brush.lineTo(x, bottom - 10);
        brush.stroke();
        brush.setLineDash([]);
        spot(x - 2, axis - 6, 4, 40, `Interrupted, ${clock(at, 2)}`, -1, at);
    }
    const x = toX(position);
    if (x < gutter - 1 || x > stageWidth - 11) return;
    brush.fillStyle = colors.ink;
    brush.fillRect(x - .75, axis - 8, 1.5, bottom - axis + 4);
    brush.beginPath();
    brush.moveTo(x - 6, axis - 14);
    brush.lineTo(x + 6, axis - 14);
    brush.lineTo(x, axis - 5);
    brush.fill();
}

function drawOverview() {
    const height = 34;
    const width = size(overview, height);
    const context = overview.getContext('2d');
    const at = (ms) => gutter + (ms - whole.begin) / (whole.end - whole.begin) * (width - gutter - 12);
    const bars = (list, y, color) => {
        context.fillStyle = color;
        for (let i = 0; i < list.length; i += 2) context.fillRect(at(list[i]), y, Math.max(at(list[i + 1]) - at(list[i]), 1), 6);
    };
    bars(session.speech.length ? session.speech : session.sent, 8, colors.user);
    bars(played, 18, colors['model-fill']);
    context.fillStyle = colors.bad;
    for (const outage of session.outages) context.fillRect(at(outage.begin), 6, Math.max(at(outage.end) - at(outage.begin), 1.5), 20);
    const left = at(view.begin);
    const right = Math.max(at(view.end), left + 3);
    context.fillStyle = colors.page;
    context.globalAlpha = .72;
    context.fillRect(0, 0, left, height);
    context.fillRect(right, 0, width - right, height);
    context.globalAlpha = 1;
    context.strokeStyle = colors['line-strong'];
    context.strokeRect(left + .5, 1.5, right - left - 1, height - 4);
    context.fillStyle = colors.ink;
    context.fillRect(at(position) - .5, 2, 1.5, height - 4);
    overview.toWhole = (x) => whole.begin + (x - gutter) / (width - gutter - 12) * (whole.end - whole.begin);
}

function show(from, to) {
    const least = 200;
    const length = Math.min(Math.max(to - from, least), whole.end - whole.begin);
    const start = Math.min(Math.max(from, whole.begin), whole.end - length);
    view = {begin: start, end: start + length};
    draw();
}
function zoom(factor, around = visible(position, position) ? position : (view.begin + view.end) / 2) {
    show(around - (around - view.begin) * factor, around + (view.end - around) * factor);
}
const pan = (share) => show(view.begin + (view.end - view.begin) * share, view.end + (view.end - view.begin) * share);
function reveal(at) {
    const length = view.end - view.begin;
    if (at < view.begin || at > view.end - length * .08) show(at - length * .2, at + length * .8);
}

const pointers = new Map();
let moved = 0;
const inCanvas = (event) => {
    const place = canvas.getBoundingClientRect();
    return {x: event.clientX - place.left, y: event.clientY - place.top};
};
const spotAt = ({x, y}) => spots.findLast((each) => x >= each.x && x <= each.x + each.width && y >= each.y && y <= each.y + each.height);
canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, inCanvas(event));
    moved = 0;
});
canvas.addEventListener('pointermove', (event) => {
    const now = inCanvas(event);
    const before = pointers.get(event.pointerId);
    if (!before) {
        showTip(now);
        return;
    }
    $('tip').hidden = true;
    const perPixel = (view.end - view.begin) / laneWidth();
    if (pointers.size === 2) {
        const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
        const factor = Math.max(Math.abs(before.x - other.x), 10) / Math.max(Math.abs(now.x - other.x), 10);
        zoom(factor, toTime((now.x + other.x) / 2));
        moved = 99;
    } else {
        moved += Math.abs(now.x - before.x);
        if (moved > 3) show(view.begin - (now.x - before.x) * perPixel, view.end - (now.x - before.x) * perPixel);
    }
    pointers.set(event.pointerId, now);
});
canvas.addEventListener('pointerup', (event) => {
    pointers.delete(event.pointerId);
    if (moved > 3) return;
    const place = inCanvas(event);
    const found = spotAt(place);
    if (found && found.line >= 0) choose(found.line, true);
    seek(found?.at ?? toTime(place.x));
});
canvas.addEventListener('pointercancel', (event) => pointers.delete(event.pointerId));
canvas.addEventListener('pointerleave', () => ($('tip').hidden = true));
canvas.addEventListener('wheel', (event) => {
    const {x} = inCanvas(event);
    if (event.ctrlKey || event.metaKey || event.altKey) {
        event.preventDefault();
        zoom(Math.exp(event.deltaY * .0025), toTime(x));
    } else if (event.deltaX || event.shiftKey) {
        event.preventDefault();
        const by = (event.deltaX || event.deltaY) * (view.end - view.begin) / stageWidth;
        show(view.begin + by, view.end + by);
    }
}, {passive: false});
canvas.addEventListener('dblclick', (event) => zoom(.4, toTime(inCanvas(event).x)));

function showTip(place) {
    const tip = $('tip');
    const found = spotAt(place);
    tip.hidden = !found;
    if (!found) return;
    tip.textContent = found.tip;
    const left = Math.min(place.x + 14, canvas.clientWidth - tip.offsetWidth - 8);
    tip.style.left = `${Math.max(left, 4)}px`;
    tip.style.top = `${place.y + 18}px`;
}

function dragOverview(event) {
    if (event.type === 'pointermove' && !event.buttons) return;
    const at = overview.toWhole(event.clientX - overview.getBoundingClientRect().left);
    const half = (view.end - view.begin) / 2;
    show(at - half, at + half);
}
overview.addEventListener('pointerdown', (event) => {
    overview.setPointerCapture(event.pointerId);
    dragOverview(event);
});
overview.addEventListener('pointermove', dragOverview);

$('zoom-in').addEventListener('click', () => zoom(.5));
$('zoom-out').addEventListener('click', () => zoom(2));
$('fit').addEventListener('click', () => show(whole.begin, whole.end));
$('previous-turn').addEventListener('click', () => goToTurn(-1));
$('next-turn').addEventListener('click', () => goToTurn(1));
function goToTurn(step) {
    const turns = session.turns;
    const found = step > 0 ? turns.find((turn) => turn.begin > position + 1) : turns.findLast((turn) => turn.begin < position - 1);
    if (!found) return;
    seek(found.begin);
    reveal(found.begin);
    scrollToWord();
}

// Words -------------------------------------------------------------------------------------------------------------

let words = []; // {plays, element}, by time
let turnElements = [];
function listWords() {
    const transcript = $('transcript');
    transcript.replaceChildren();
    words = [];
    turnElements = [];
    let any = false;
    session.turns.forEach((turn, index) => {
        const head = make('div', 'turn-head');
        const go = make('button', '', `Turn ${index + 1}`);
        go.type = 'button';
        go.addEventListener('click', () => {
            seek(turn.begin);
            reveal(turn.begin);
            choose(turn.line, true);
        });
        head.append(go, clock(turn.begin));
        if (turn.latency !== undefined) head.append(make('span', '', `first byte after ${span(turn.latency)}`));
        if (turn.tokens) head.append(make('span', '', `${count(turn.tokens)} tokens`));
        const how = {interrupted: 'interrupted', cut: 'cut by the connection', open: 'not over'}[turn.ending];
        if (how) head.append(make('span', `badge ${turn.ending}`, how));
        const element = make('div', 'turn', head);
        let block = null;
        let of = '';
        const kinds = {typed: ['user', 'Text'], heard: ['user', 'User'], spoken: ['model', 'Model'], written: ['model', 'Model'], thought: ['model thought', 'Thought']};
        const begin = (kind, name) => {
            block = make('p');
            element.append(make('div', `said ${kind}`, make('b', '', name), block));
            of = kind + name;
        };
        const items = [...turn.said, ...turn.calls.map((call) => ({call, at: call.begin, line: call.line}))];
        items.sort((a, b) => a.line - b.line);
        for (const each of items) {
            if (each.call) {
                begin('call', 'Call');
                const code = make('code', '', `${each.call.name}(${each.call.args})`);
                const word = make('span', '', code, ` ${each.call.ending} after ${span(each.call.end - each.call.begin)}`);
                word.addEventListener('click', () => choose(each.line, true));
                block.append(word);
                of = '';
                continue;
            }
            any = true;
            const [kind, name] = kinds[each.source];
            if (of !== kind + name) begin(kind, name);
            const word = make('span', each.unheard ? 'unheard' : '', each.text);
            if (each.unheard) word.title = 'Not played: the user had interrupted before';
            word.addEventListener('click', () => {
                seek(each.plays);
                choose(each.line, true);
            });
            block.append(word);
            words.push({plays: each.plays, element: word, skip: each.unheard === true});
        }
        turnElements.push({begin: turn.begin, element});
        transcript.append(element);
    });
    words.sort((a, b) => a.plays - b.plays);
    if (!session.turns.length) transcript.append(make('p', 'empty', 'Nobody has said anything in this session.'));
    $('words-note').textContent = any || !session.turns.length ? '' : 'Without transcription: outputAudioTranscription and inputAudioTranscription were off.';
}

let lit = null;
let current = null;
function highlight() {
    const before = firstAfter(words, position + .5, (each) => each.plays) - 1;
    let next = before >= 0 ? words[before] : null;
    if (next?.skip) next = null;
    if (next?.element !== lit) {
        lit?.classList.remove('now');
        lit = next?.element ?? null;
        lit?.classList.add('now');
    }
    const turn = turnElements[firstAfter(turnElements, position + .5, (each) => each.begin) - 1]?.element ?? null;
    if (turn !== current) {
        current?.classList.remove('now');
        current = turn;
        current?.classList.add('now');
    }
}
function scrollToWord() {
    const element = lit ?? current;
    if (!element) return;
    const box = $('transcript').getBoundingClientRect();
    const place = element.getBoundingClientRect();
    if (place.top < box.top + 30 || place.bottom > box.bottom - 30) $('transcript').scrollTop += place.top - box.top - box.height * .3;
}

// Playback ----------------------------------------------------------------------------------------------------------

let player = null;
const hasSound = () => session.input.some((each) => each[3]) || session.output.some((each) => each[3]);

/// Plays both tracks from a time on; without recorded sound, only the time runs.
class Player {
    constructor(from) {
        this.from = from;
        this.audible = hasSound();
        if (this.audible) {
            this.context = new AudioContext();
            this.tracks = [['track-user', session.input], ['track-model', session.output]].map(([box, list]) => {
                const gain = this.context.createGain();
                gain.connect(this.context.destination);
                const track = {gain, list, next: firstAfter(list, from, (each) => each[1] + each[2]), free: 0, box: $(box)};
                return track;
            });
            this.setTracks();
            this.origin = this.context.currentTime + .06;
        } else {
            this.origin = performance.now();
        }
        this.frame = requestAnimationFrame(() => this.tick());
    }

    setTracks() {
        for (const {gain, box} of this.tracks ?? []) gain.gain.value = box.checked ? 1 : 0;
    }

    position() {
        const since = this.audible ? (this.context.currentTime - this.origin) * 1000 : performance.now() - this.origin;
        return this.from + Math.max(since, 0);
    }

    schedule(until) {
        for (const track of this.tracks ?? []) {
            for (; track.next < track.list.length && track.list[track.next][1] < until; ++track.next) {
                const [line, start, length, recorded] = track.list[track.next];
                if (!recorded || length <= 0) continue;
                const {samples, rate} = samplesOf(line);
                if (!samples.length) continue;
                const buffer = this.context.createBuffer(1, samples.length, rate);
                buffer.copyToChannel(samples, 0);
                const source = this.context.createBufferSource();
                source.buffer = buffer;
                source.connect(track.gain);
                const skipped = Math.max(this.from - start, 0) / 1000;
                let when = this.origin + Math.max(start - this.from, 0) / 1000;
                const joins = .06; // s: what was sent as one stream sounds as one
                if (track.free && when < track.free + joins) when = track.free;
                source.start(when, skipped, Math.max(length / 1000 - skipped, 0));
                track.free = when + Math.max(length / 1000 - skipped, 0);
            }
        }
    }

    tick() {
        position = this.position();
        this.schedule(position + 1500);
        if (position >= whole.end) {
            position = whole.end;
            stop();
        } else {
            this.frame = requestAnimationFrame(() => this.tick());
        }
        reveal(position);
        told();
        scrollToWord();
    }

    stop() {
        cancelAnimationFrame(this.frame);
        this.context?.close();
    }
}

function play() {
    player = new Player(position >= whole.end - 50 ? whole.begin : position);
    $('play').setAttribute('aria-label', 'Pause');
    $('play-icon').setAttribute('d', 'M4 3h3v10H4zM9 3h3v10H9z');
}
function stop() {
    player?.stop();
    player = null;
    $('play').setAttribute('aria-label', 'Play');
    $('play-icon').setAttribute('d', 'M4 2.5v11l9-5.5z');
}
const toggle = () => (player ? stop() : play());
function told() {
    $('clock').textContent = clock(position);
    highlight();
    draw();
}
function seek(at) {
    position = Math.min(Math.max(at, whole.begin), whole.end);
    if (player) {
        stop();
        play();
    }
    told();
    scrollToWord();
}
$('play').addEventListener('click', toggle);
for (const each of ['track-user', 'track-model']) $(each).addEventListener('change', () => player?.setTracks());

// Messages ----------------------------------------------------------------------------------------------------------

const rowHeight = 30;
const list = $('list');
let shownInSession = []; // indices of the session's lines
let lowered = null; // of each line, without long base64; made by the first search
function lowerCase(index) {
    lowered ??= new Array(total);
    return (lowered[index] ??= textOf(index).replace(/[A-Za-z0-9+/_-]{200,}={0,2}/g, '').toLowerCase());
}

function filter() {
    const query = $('search').value.trim().toLowerCase();
    const on = (id) => $(id).getAttribute('aria-pressed') === 'true';
    const kinds = new Set([...(on('show-sent') ? ['sent'] : []), ...(on('show-received') ? ['received', 'malformed'] : []),
        ...(on('show-connection') ? ['connection', 'unreadable'] : [])]);
    const sound = on('show-sound');
    const unusual = on('only-marked');
    shownLines = shownInSession.filter((index) => kinds.has(lines.kind[index]) && (sound || !isSound(index) || isOdd(index)) &&
        (!unusual || isOdd(index) || isResent(index)) && (!query || lowerCase(index).includes(query)));
    $('count').textContent = `${count(shownLines.length)} of ${count(shownInSession.length)}`;
    $('list-space').style.height = `${shownLines.length * rowHeight}px`;
    drawRows();
}

function rowOf(place) {
    const index = shownLines[place];
    const kind = lines.kind[index];
    const way = {sent: ['↑', 'sent'], received: ['↓', 'received'], connection: ['•', 'connection'], malformed: ['!', 'malformed'], unreadable: ['!', 'unreadable']}[kind];
    const row = make('div', `row ${kind === 'connection' ? 'connection-line' : kind}`);
    row.id = `row-${index}`;
    row.setAttribute('role', 'option');
    row.setAttribute('aria-selected', String(index === chosen));
    row.setAttribute('aria-setsize', String(shownLines.length));
    row.setAttribute('aria-posinset', String(place + 1));
    row.style.top = `${place * rowHeight}px`;
    const arrow = make('span', 'way', way[0]);
    arrow.setAttribute('aria-label', way[1]);
    arrow.setAttribute('role', 'img');
    const what = make('span', 'what');
    if (isResent(index)) what.append(make('mark', 'again', 'sent again'));
    if (isOdd(index)) what.append(make('mark', '', kind === 'unreadable' ? `line ${lines.number[index]}` : 'unusual'));
    what.title = nameOf(index);
    what.append(make('em', '', nameOf(index).replace(/^(serverContent|realtimeInput)\./, '')), make('span', '', lines.summary[index]));
    const connection = make('span', 'connection', lines.connection[index] ? String(lines.connection[index]) : '');
    connection.title = 'Number of the connection';
    row.append(make('span', 'time', clock(lines.at[index], 2)), connection, arrow, what);
    row.addEventListener('click', () => choose(index));
    return row;
}
function drawRows() {
    const first = Math.max(0, Math.floor(list.scrollTop / rowHeight) - 8);
    const last = Math.min(shownLines.length, Math.ceil((list.scrollTop + list.clientHeight) / rowHeight) + 8);
    const rows = [];
    for (let i = first; i < last; ++i) rows.push(rowOf(i));
    $('list-rows').replaceChildren(...rows);
    if (!shownLines.length) $('list-rows').replaceChildren(make('p', 'empty', 'No message fits. Sound is listed with “Sound” on.'));
    if (chosen >= 0 && $(`row-${chosen}`)) list.setAttribute('aria-activedescendant', `row-${chosen}`);
    else list.removeAttribute('aria-activedescendant');
}
let scrolling = 0;
list.addEventListener('scroll', () => {
    if (!scrolling) scrolling = requestAnimationFrame(() => {
        scrolling = 0;
        drawRows();
    });
});
new ResizeObserver(drawRows).observe(list);

/// Shortens base64, which nobody reads.
function shortened(name, value) {
    if (typeof value !== 'string' || value.length <= 160 || !/^[A-Za-z0-9+/_=-]+$/.test(value)) return value;
    return `${value.slice(0, 40)}… (base64, ${count(value.length)} characters)`;
}

function paint(json) {
    const pieces = [];
    const pattern = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
    let at = 0;
    for (const found of json.matchAll(pattern)) {
        pieces.push(json.slice(at, found.index));
        const kind = found[2] !== undefined ? 'key' : found[1] ? 'text' : 'other';
        pieces.push(make('span', kind, found[1] ?? found[0]), found[2] ?? '');
        at = found.index + found[0].length;
    }
    pieces.push(json.slice(at));
    return pieces;
}

function choose(index, scroll = false) {
    chosen = index;
    if (index < 0) return;
    const value = valueOf(index);
    $('detail').hidden = false;
    $('detail-head').textContent = `${nameOf(index)} · ${clock(lines.at[index], 3)}` + (lines.connection[index] ? ` · connection ${lines.connection[index]}` : '') + ` · line ${lines.number[index]}`;
    if (typeof value === 'string') $('detail-text').replaceChildren(`${lines.summary[index]}\n\n${value}`);
    else $('detail-text').replaceChildren(...paint(JSON.stringify(value.sent ?? value.received ?? value, shortened, 2)));
    $('detail-text').scrollTop = 0;
    $('detail-play').hidden = ![session.input, session.output].some((sounds) => sounds.some((each) => each[0] === index && each[3]));
    let place = shownLines.indexOf(index);
    if (place < 0 && scroll && shownInSession.includes(index)) { // hidden by the filter: show it
        $('search').value = '';
        for (const each of ['show-sent', 'show-received', 'show-connection']) $(each).setAttribute('aria-pressed', 'true');
        $('only-marked').setAttribute('aria-pressed', 'false');
        if (isSound(index)) $('show-sound').setAttribute('aria-pressed', 'true');
        filter();
        place = shownLines.indexOf(index);
    }
    const top = place * rowHeight;
    if (place >= 0 && (top < list.scrollTop || top > list.scrollTop + list.clientHeight - rowHeight))
        list.scrollTop = Math.max(0, top - list.clientHeight / 3);
    drawRows();
}
function closeDetail() {
    $('detail').hidden = true;
    chosen = -1;
    drawRows();
}
$('detail-close').addEventListener('click', closeDetail);
$('detail-copy').addEventListener('click', (event) => copy(textOf(chosen), event.target));
$('detail-play').addEventListener('click', () => {
    const sound = [...session.input, ...session.output].find((each) => each[0] === chosen);
    seek(sound[1]);
    if (!player) play();
});
list.addEventListener('keydown', (event) => {
    const place = shownLines.indexOf(chosen);
    const page = Math.max(1, Math.floor(list.clientHeight / rowHeight) - 1);
    const next = {ArrowDown: place + 1, ArrowUp: Math.max(place, 0) - 1, PageDown: place + page, PageUp: place - page, Home: 0, End: shownLines.length - 1}[event.key];
    if (next === undefined || !shownLines.length) return;
    event.preventDefault();
    choose(shownLines[Math.min(Math.max(next, 0), shownLines.length - 1)]);
});
let typing = 0;
$('search').addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(filter, 120);
});
for (const chip of document.querySelectorAll('.chip')) {
    chip.addEventListener('click', () => {
        chip.setAttribute('aria-pressed', String(chip.getAttribute('aria-pressed') !== 'true'));
        filter();
    });
}

async function copy(text, button) {
    const before = button.textContent;
    try {
        await navigator.clipboard.writeText(text);
        button.textContent = 'Copied';
    } catch {
        button.textContent = 'Not allowed';
    }
    setTimeout(() => (button.textContent = before), 1500);
}

// Summary -----------------------------------------------------------------------------------------------------------

function summarize() {
    const {sum} = session;
    const first = sum.latencies ? [span(sum.latency50), `p95 ${span(sum.latency95)}, ${plural(sum.latencies, 'turn')}`] : ['–', 'no end of speech known'];
    const figures = [
        ['Duration', span(sum.duration), plural(shownInSession.length, 'line')],
        ['Turns', count(sum.turns), plural(sum.calls, 'function call')],
        ['First byte, median', ...first],
        ['Interruptions', count(sum.interruptions), 'by the user'],
        ['Connections', count(sum.connections), `${plural(sum.handovers, 'handover')}, ${plural(sum.outages, 'loss', 'losses')}`],
        ['Without connection', sum.outages ? span(sum.lost) : '0 s', sum.resent ? `${plural(sum.resent, 'message')} sent again` : 'nothing sent again', sum.outages > 0],
        ['Tokens', count(sum.totalTokens), `${count(sum.promptTokens)} in, ${count(sum.responseTokens)} out`],
    ];
    $('figures').replaceChildren(...figures.map(([name, value, more, bad]) =>
        make('div', bad ? 'bad' : '', make('dt', '', name), make('dd', 'value', value), make('dd', 'more', more))));
}

function remark() {
    const notes = [];
    const jump = (text, index) => {
        const button = make('button', '', text);
        button.type = 'button';
        button.addEventListener('click', () => {
            const owner = data.connections.find((each) => each.number === lines.connection[index]);
            if (owner && data.sessions[owner.session] !== session) open(owner.session);
            choose(index, true);
            showTab('messages');
        });
        return button;
    };
    const unknown = data.odd.filter((each) => !each.why);
    const unreadable = data.odd.filter((each) => each.why);
    if (unknown.length)
        notes.push(make('li', '', `Members that version ${data.version} does not know: `, ...unknown.map((each) => jump(`${each.name} × ${each.count}`, each.line))));
    if (unreadable.length)
        notes.push(make('li', 'bad', 'Members that could not be read: ', ...unreadable.map((each) => jump(`${each.name} ${each.why} × ${each.count}`, each.line))));
    if (data.unreadable)
        notes.push(make('li', 'bad', `${plural(data.unreadable, 'line')} of the recording cannot be read: `, jump('show the first', lines.kind.indexOf('unreadable'))));
    const guessed = session.connections.map((index) => data.connections[index]).filter((each) => each.guessed);
    if (guessed.length)
        notes.push(make('li', '', `A recording does not name sessions. Whether ${guessed.length === 1 ? 'connection' : 'connections'} ${guessed.slice(0, 12).map((each) => each.number).join(', ')}${guessed.length > 12 ? ' …' : ''} belong${guessed.length === 1 ? 's' : ''} to this one cannot be known for certain.`));
    $('notes').replaceChildren(...notes);
}

const shellQuoted = (text) => (/^[\w./-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replace(/'/g, "'\\''")}'`);

function legend() {
    const items = [['user', 'User'], ['model-fill', 'Model'], ['faint', 'Wait for the first byte', 'hatch'], ['call', 'Function call'],
        ['bad', 'No connection', 'hatch'], ['bad', 'Interruption', 'mark'], ['good', 'Connection']];
    $('legend').replaceChildren(...items.map(([color, name, kind]) => {
        const swatch = make('i', kind ?? '');
        swatch.style.setProperty('--swatch', `var(--${color})`);
        return make('li', '', swatch, name);
    }));
}

function showTab(name) {
    $('columns').dataset.tab = name;
    for (const each of ['words', 'messages']) $(`tab-${each}`).setAttribute('aria-selected', String(each === name));
    drawRows();
}
for (const each of ['words', 'messages']) $(`tab-${each}`).addEventListener('click', () => showTab(each));

document.addEventListener('keydown', (event) => {
    const inField = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== 'checkbox';
    if (event.key === 'Escape') {
        if (inField) event.target.blur();
        else closeDetail();
        return;
    }
    if (inField || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === ' ' && event.target.tagName === 'BUTTON') return;
    if (event.target === list && /Arrow|Home|End/.test(event.key)) return;
    if (event.target !== canvas && event.target !== document.body && /Home|End/.test(event.key)) return;
    const action = {
        ' ': toggle, '+': () => zoom(.5), '=': () => zoom(.5), '-': () => zoom(2), '0': () => show(whole.begin, whole.end),
        n: () => goToTurn(1), p: () => goToTurn(-1), '/': () => {
            showTab('messages');
            $('search').focus();
        },
        ArrowLeft: () => pan(-.2), ArrowRight: () => pan(.2),
        Home: () => show(whole.begin, whole.begin + view.end - view.begin), End: () => show(whole.end - (view.end - view.begin), whole.end),
    }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
});

function open(index) {
    stop();
    session = data.sessions[index];
    $('session').value = String(index);
    const mine = new Set(session.connections.map((each) => data.connections[each].number));
    shownInSession = [];
    for (let i = 0; i < total; ++i)
        if (mine.has(lines.connection[i]) || lines.kind[i] === 'unreadable') shownInSession.push(i);
    whole = {begin: begin(), end: finish()};
    played = [];
    for (const [, start, length] of session.output) {
        if (played.length && start <= played.at(-1) + 250) played[played.length - 1] = start + length;
        else played.push(start, start + length);
    }
    position = whole.begin;
    view = {...whole};
    chosen = -1;
    $('detail').hidden = true;
    list.scrollTop = 0;
    const model = session.model.replace(/^.*models\//, '') || 'No setup was sent';
    $('subtitle').textContent = `${model} · ${span(session.sum.duration)} · ${plural(session.sum.connections, 'connection')}` +
        (data.sessions.length > 1 ? ` · session ${index + 1} of ${data.sessions.length}` : '');
    $('sound-note').textContent = hasSound() ? '' : session.input.length + session.output.length ? 'Only the sizes of sound were recorded' : 'No sound';
    canvas.setAttribute('aria-label', `Timeline of ${plural(session.sum.turns, 'turn')}, ${plural(session.sum.interruptions, 'interruption')}, ` +
        `${plural(session.sum.calls, 'function call')} and ${plural(session.sum.connections, 'connection')}. The words and messages below say the same.`);
    lit = current = null;
    summarize();
    remark();
    listWords();
    filter();
    told();
}

document.title = `${data.name}: a recorded call`;
$('title').textContent = data.name;
$('command').textContent = `gemini-live-emulator --replay ${shellQuoted(data.name)} --pace 0 --once`;
$('copy-command').addEventListener('click', (event) => copy($('command').textContent, event.target));
$('made-by').textContent = `Made by gemini-live-view ${data.version}.`;
if (data.sessions.length > 1) {
    $('session-pick').hidden = false;
    $('session').append(...data.sessions.map((each, index) => {
        const option = make('option', '', `${index + 1}: ${plural(each.sum.turns, 'turn')}, ${span(each.sum.duration)}`);
        option.value = String(index);
        return option;
    }));
    $('session').addEventListener('change', (event) => open(Number(event.target.value)));
}
legend();
open(0);
applyTheme();
new ResizeObserver(draw).observe(canvas);
})();

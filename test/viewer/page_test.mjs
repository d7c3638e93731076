// SPDX-License-Identifier: Apache-2.0
// What a user finds on the viewer's page: page_test.mjs BUILD-DIRECTORY
// Closes with "N passed, N failed".
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {createInterface} from 'node:readline';
import {join} from 'node:path';
import {launch, open} from './browser.mjs';

const build = process.argv[2];
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const browser = await launch();

function view(name, lines) {
    writeFileSync(`${name}.jsonl`, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
    execFileSync(join(build, 'lib/viewer/gemini-live-view'), ['-o', `${name}.html`, `${name}.jsonl`], {stdio: ['ignore', 'inherit', 'pipe']});
    return `${name}.html`;
}
const text = (page, selector) => page.locator(selector).innerText();
const figure = (page, name) => text(page, `.figures div:has(dt:text-is("${name}")) .value`);
const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
/// The timeline as pixels, to see that something was drawn.
const drawn = (page) => page.evaluate(() => document.getElementById('waterfall').toDataURL());

const ready = (connection, at, handle) => [
    {at, connection, opened: true},
    {at, connection, sent: {setup: {model: 'models/gemini-3.8-live', sessionResumption: handle ? {handle: '[redacted]'} : {}}}},
    {at: at + 100, connection, received: {setupComplete: {}}},
    {at: at + 100, connection, received: {sessionResumptionUpdate: {newHandle: '[redacted]', resumable: true}}},
];

/// A call of an hour, recorded without media: the microphone, 300 turns, a goAway every ten minutes.
function hour() {
    const lines = ready(1, 0, false);
    let connection = 1;
    for (let at = 200; at < 3_600_000; at += 100) {
        const within = at % 12_000;
        lines.push({at, connection, sent: {realtimeInput: {audio: {data: {bytes: 3200}, mimeType: 'audio/pcm;rate=16000'}}}});
        const content = (serverContent) => lines.push({at, connection, received: {serverContent}});
        if (within === 4000) content({inputTranscription: {text: `Question ${Math.floor(at / 12_000)}?`}});
        if (within >= 5000 && within < 7000) {
            content({modelTurn: {parts: [{inlineData: {mimeType: 'audio/pcm;rate=24000', data: {bytes: 9600}}}]},
                outputTranscription: {text: 'an answer '}});
        }
        if (within === 8000) content({turnComplete: true});
        if (at % 600_000 === 0) {
            lines.push({at, connection, received: {goAway: {timeLeft: '10s'}}}, ...ready(connection + 1, at + 10, true),
                {at: at + 110, connection, left: 4000});
            ++connection;
        }
    }
    return lines;
}

const tests = {
    async 'the words of both sides stand in their turns, as text'(page) {
        assert.equal(await page.locator('.turn').count(), 5);
        const words = await text(page, '#transcript');
        for (const each of ['Hi, this is Dana Moreno.', 'Hello Dana. I have found your order:', 'Can I pay by card?', '<b>Bye!</b>',
            'find_order({"customer":"Dana Moreno"}) answered after 980 ms', 'The caller asks how to pay.'])
            assert.ok(words.includes(each), `“${each}” is missing in ${words}`);
        assert.equal(await page.locator('#transcript .badge.interrupted').count(), 1);
        assert.match(await page.locator('.unheard').first().innerText(), /would rather/);
    },

    async 'the summary has the figures of the call'(page) {
        assert.equal(await figure(page, 'Duration'), '34 s');
        assert.equal(await figure(page, 'Turns'), '5');
        assert.equal(await figure(page, 'First byte, median'), '620 ms');
        assert.equal(await figure(page, 'Interruptions'), '1');
        assert.equal(await figure(page, 'Connections'), '3');
        assert.equal(await figure(page, 'Without connection'), '3.6 s');
        assert.equal(await figure(page, 'Tokens'), '2,970');
        assert.match(await text(page, '.figures'), /1 message sent again/);
    },

    async 'a message is one click away, with long base64 shortened'(page) {
        await page.locator('.row', {hasText: 'toolCall'}).first().click();
        assert.match(await text(page, '#detail-text'), /"customer": "Dana Moreno"/);
        await page.locator('.row', {hasText: 'Hello Dana.'}).click();
        assert.match(await text(page, '#detail-text'), /… \(base64, 25,600 characters\)/);
        await page.locator('#detail-close').click();
        assert.ok(await page.locator('#detail').isHidden());
    },

    async 'a message that was sent again is marked'(page) {
        await page.locator('#only-marked').click();
        assert.match(await page.locator('.row:has(mark.again)').innerText(), /sent again.*payment/s);
    },

    async 'an unknown member is listed, and leads to its message'(page) {
        await page.locator('#notes button', {hasText: 'trafficHints × 1'}).click();
        assert.match(await text(page, '#detail-text'), /"region": "europe-west4"/);
    },

    async 'search and filters choose messages'(page) {
        await page.locator('#search').fill('EUROPE-WEST4');
        await page.locator('#count', {hasText: /^1 of 389$/}).waitFor();
        await page.locator('#search').fill('');
        await page.locator('#show-sound').click();
        await page.locator('#count', {hasText: /^389 of 389$/}).waitFor();
        await page.locator('#only-marked').click();
        await page.locator('#count', {hasText: /^2 of 389$/}).waitFor();
        await page.locator('#show-received').click();
        await page.locator('#count', {hasText: /^1 of 389$/}).waitFor();
    },

    async 'the page can be used with the keyboard alone'(page) {
        await page.keyboard.press('n');
        assert.equal(await text(page, '#clock'), '0:01.0');
        const before = await drawn(page);
        await page.keyboard.press('+');
        await page.waitForFunction((old) => document.getElementById('waterfall').toDataURL() !== old, before);
        await page.keyboard.press('/');
        await page.keyboard.type('goAway');
        await page.locator('#count', {hasText: /^1 of/}).waitFor();
        await page.locator('#list').focus();
        await page.keyboard.press('ArrowDown');
        assert.match(await text(page, '#detail-text'), /"timeLeft": "20s"/);
        await page.keyboard.press('Escape');
        assert.ok(await page.locator('#detail').isHidden());
    },

    async 'the timeline leads to a message and tells what is under the pointer'(page) {
        const box = await page.locator('#waterfall').boundingBox();
        const x = box.x + 118 + (5300 - -0) / 34_300 * (box.width - 130); // in the function call
        await page.mouse.move(x, box.y + 26 + 34 + 50 + 50 + 20 + 4 * 9 + 12);
        assert.match(await text(page, '#tip'), /find_order, answered after 980 ms/);
        await page.mouse.down();
        await page.mouse.up();
        assert.match(await text(page, '#detail-head'), /^toolCall/);
        assert.equal(await text(page, '#clock'), '0:05.0');
    },

    async 'the sound of both sides plays, and the words follow it'(page) {
        await page.locator('#transcript span', {hasText: 'Hello Dana.'}).click();
        await page.locator('#play').click();
        await page.waitForFunction(() => document.querySelector('.said.model .now')?.textContent === 'I have found ');
        await page.locator('#play').click();
        const sounds = await page.evaluate(() => window.sounds);
        const model = sounds.filter((each) => each.rate === 24000);
        assert.ok(model.length >= 3 && model.every((each) => Math.abs(each.seconds - .4) < .001 && each.peak > .1));
        assert.ok(sounds.some((each) => each.rate === 16000 && Math.abs(each.seconds - .1) < .001));
    },

    async 'the colors follow the system, and the switch'(page) {
        const color = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        const light = await color();
        await page.emulateMedia({colorScheme: 'dark'});
        await page.waitForFunction((old) => getComputedStyle(document.body).backgroundColor !== old, light);
        await page.locator('#theme').click();
        assert.equal(await color(), light);
        assert.equal(await page.locator('#theme').getAttribute('aria-label'), 'Colors: light');
    },

    async 'what axe checks of names, roles and contrast is right, in light and dark'(page) {
        for (const colorScheme of ['light', 'dark']) {
            await page.emulateMedia({colorScheme});
            await page.locator('.row', {hasText: 'toolCall'}).first().click();
            await page.evaluate(axe);
            const {violations, passes} = await page.evaluate(() => window.axe.run());
            assert.deepEqual(violations.map(({id, nodes}) => `${colorScheme} ${id}: ${nodes.map((node) => node.html).join(' ')}`), []);
            assert.ok(passes.length > 20);
        }
    },

    async 'the command shown plays the recording'(page) {
        assert.equal(await text(page, '#command'), 'gemini-live-emulator --replay call.jsonl --pace 0 --once');
        const [, ...args] = (await text(page, '#command')).split(' ');
        const emulator = spawn(join(build, 'lib/emulator/gemini-live-emulator'), args, {stdio: ['ignore', 'pipe', 'ignore']});
        try {
            const [first] = await new Promise((resolve) => createInterface(emulator.stdout).once('line', (...line) => resolve(line)));
            assert.match(first, /listens on http/);
        } finally {
            emulator.kill();
        }
    },
};

const others = {
    async 'a phone shows the page without scrolling sideways'() {
        for (const width of [320, 390, 860]) {
            const page = await open(browser, 'call.html', {viewport: {width, height: 800}, hasTouch: true});
            assert.ok(await overflow(page) <= 0, `at ${width}`);
            await page.locator('#tab-messages').click();
            assert.ok(await page.locator('#words').isHidden());
            await page.locator('.row', {hasText: 'setup'}).first().click();
            assert.match(await text(page, '#detail-text'), /"model": "models\/gemini-3.8-live"/);
            assert.ok(await overflow(page) <= 0, `at ${width} with a message`);
            assert.deepEqual(page.faults, []);
            await page.context().close();
        }
    },

    async 'recorded text is never run, and a broken line is shown as such'() {
        const evil = '</script><script>window.done = 1</script><img src=x onerror="window.done = 1"><!--';
        const page = await open(browser, view('evil', [...ready(1, 0, false),
            {at: 300, connection: 1, sent: {realtimeInput: {text: evil}}},
            {at: 400, connection: 1, received: {serverContent: {outputTranscription: {text: evil}}, [evil]: evil}},
            {at: 410, connection: 1, received: {toolCall: {functionCalls: [{id: 'a', name: evil, args: {a: evil}}]}}},
            `${evil} is not JSON`,
            {at: 500, connection: 1, closed: 1011, reason: evil}]));
        assert.equal(await page.evaluate(() => window.done), undefined);
        assert.equal(await page.evaluate(() => document.images.length), 0);
        assert.ok((await text(page, '#transcript')).includes(evil));
        await page.locator('#notes button', {hasText: 'show the first'}).click();
        assert.match(await text(page, '#detail-text'), /It is not JSON\.\s+<\/script>/);
        assert.equal(await page.locator('.row mark', {hasText: 'line 8'}).count(), 1);
        assert.deepEqual(page.faults, []);
    },

    async 'sessions of one client are shown one at a time, with what cannot be known'() {
        const talk = (connection, at, words) => [{at, connection, sent: {realtimeInput: {text: words}}},
            {at: at + 100, connection, received: {serverContent: {outputTranscription: {text: `${words} indeed`}, turnComplete: true}}}];
        const page = await open(browser, view('sessions', [...ready(1, 0, false), ...ready(2, 50, false), ...talk(1, 300, 'One'), ...talk(2, 600, 'Two'),
            {at: 900, connection: 1, lost: 'connection_lost'}, {at: 950, connection: 2, lost: 'connection_lost'}, ...ready(3, 1500, true)]));
        assert.match(await text(page, '#transcript'), /One indeed/);
        await page.locator('#session').selectOption('1');
        assert.match(await text(page, '#transcript'), /Two indeed/);
        assert.doesNotMatch(await text(page, '#transcript'), /One indeed/);
        assert.match(await text(page, '#notes'), /Whether connection 3 belongs to this one cannot be known/);
        assert.deepEqual(page.faults, []);
    },

    async 'sound of which only the size was recorded is drawn, and time runs without it'() {
        const page = await open(browser, view('sizes', [...ready(1, 0, false),
            {at: 400, connection: 1, sent: {realtimeInput: {audio: {data: {bytes: 3200}, mimeType: 'audio/pcm;rate=16000'}}}},
            {at: 2900, connection: 1, received: {serverContent: {outputTranscription: {text: 'Yes'}}}}]));
        assert.equal(await text(page, '#sound-note'), 'Only the sizes of sound were recorded');
        await page.locator('#play').click();
        await page.waitForFunction(() => document.getElementById('clock').textContent !== '0:00.0');
        assert.deepEqual(await page.evaluate(() => window.sounds), []);
        assert.deepEqual(page.faults, []);
    },

    async 'a call of an hour opens, scrolls, zooms and is searched'() {
        const file = view('hour', hour());
        const begun = performance.now();
        const page = await open(browser, file);
        await page.locator('.row').first().waitFor();
        const opened = performance.now();
        assert.equal(await figure(page, 'Turns'), '300');
        assert.equal(await figure(page, 'Connections'), '6');
        assert.match(await text(page, '.figures'), /5 handovers, 0 losses/);
        const frames = await page.evaluate(async () => {
            const frame = () => new Promise(requestAnimationFrame);
            const all = [];
            for (let i = 0; i < 40; ++i) {
                const before = performance.now();
                document.getElementById(i % 20 < 10 ? 'zoom-in' : 'zoom-out').click();
                document.getElementById('list').scrollTop += 400;
                await frame();
                await frame();
                all.push((performance.now() - before) / 2);
            }
            return all.sort((a, b) => a - b);
        });
        const asked = performance.now();
        await page.locator('#search').fill('question 250');
        await page.locator('#count', {hasText: /^1 of/}).waitFor();
        const found = performance.now();
        console.log(`    ${(await text(page, '#count')).split(' ').at(-1)} lines: opened in ${Math.round(opened - begun)} ms, ` +
            `a frame takes ${Math.round(frames[20])} ms (95 %: ${Math.round(frames[37])} ms), a search ${Math.round(found - asked)} ms`);
        assert.deepEqual(page.faults, []);
    },
};

let passed = 0;
let failed = 0;
async function run(name, test) {
    try {
        await test();
        ++passed;
        console.log(`  ok      ${name}`);
    } catch (error) {
        ++failed;
        console.log(`  FAILED  ${name}: ${error.stack}`);
    }
}
try {
    for (const [name, test] of Object.entries(tests)) {
        await run(name, async () => {
            const page = await open(browser, 'call.html');
            page.setDefaultTimeout(15_000);
            await test(page);
            assert.deepEqual(page.faults, []);
            await page.context().close();
        });
    }
    for (const [name, test] of Object.entries(others)) await run(name, test);
} finally {
    await browser.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

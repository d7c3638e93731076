// SPDX-License-Identifier: Apache-2.0
// Debian's Chromium without a window.
import {existsSync} from 'node:fs';
import {resolve} from 'node:path';
import {pathToFileURL} from 'node:url';
import {chromium} from 'playwright-core';

export function launch() {
    const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
    if (!executablePath) throw new Error('Chromium was not found: apt-get install chromium');
    // Chromium's sandbox does not work for root.
    const args = process.getuid() === 0 ? ['--no-sandbox'] : [];
    return chromium.launch({executablePath, args: [...args, '--autoplay-policy=no-user-gesture-required']});
}

/// Opens a file. `faults` collects errors of the page and requests to anywhere.
export async function open(browser, file, options = {}) {
    const context = await browser.newContext({viewport: {width: 1360, height: 1000}, ...options});
    const page = await context.newPage();
    const address = pathToFileURL(resolve(file)).href;
    page.faults = [];
    page.on('pageerror', (error) => page.faults.push(error.stack));
    page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') page.faults.push(message.text());
    });
    page.on('request', (request) => {
        if (request.url() !== address && !request.url().startsWith('data:')) page.faults.push(`requests ${request.url()}`);
    });
    await page.addInitScript(() => {
        window.sounds = []; // what plays
        const start = AudioBufferSourceNode.prototype.start;
        AudioBufferSourceNode.prototype.start = function (...when) {
            const samples = this.buffer.getChannelData(0);
            window.sounds.push({rate: this.buffer.sampleRate, seconds: this.buffer.duration, peak: Math.max(...samples)});
            return start.apply(this, when);
        };
    });
    await page.goto(address);
    return page;
}

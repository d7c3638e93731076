// SPDX-License-Identifier: Apache-2.0
// Takes the pictures of docs/viewer.md: pictures.mjs PAGE FOLDER
import {join} from 'node:path';
import {launch, open} from './browser.mjs';

const [file, folder] = process.argv.slice(2);
const browser = await launch();
try {
    for (const colorScheme of ['light', 'dark']) {
        const dark = colorScheme === 'dark';
        const page = await open(browser, file, {colorScheme, viewport: {width: 1240, height: dark ? 1270 : 980}});
        await page.locator('#transcript span', {hasText: dark ? 'then.' : 'and brakes.'}).click();
        if (dark) {
            await page.locator('#zoom-in').click();
            await page.locator('.row', {hasText: 'get_invoice →'}).click();
        } else {
            await page.locator('#detail-close').click();
            await page.locator('#list').evaluate((list) => (list.scrollTop = 0));
        }
        await page.mouse.move(2, 2);
        await page.evaluate((top) => {
            document.activeElement.blur();
            scrollTo(0, top ? document.querySelector('.card').offsetTop - 16 : 0);
        }, dark);
        await page.waitForTimeout(200); // what fades
        await page.screenshot({path: join(folder, `viewer-${colorScheme}.png`)});
    }
    const phone = await open(browser, file, {colorScheme: 'light', viewport: {width: 390, height: 844}, deviceScaleFactor: 1.5});
    await phone.evaluate(() => scrollTo(0, document.querySelector('.card').offsetTop - 10));
    await phone.screenshot({path: join(folder, 'viewer-phone.png')});
    await phone.evaluate(() => document.querySelector('.tabs').scrollIntoView());
    await phone.screenshot({path: join(folder, 'viewer-phone-words.png')});
} finally {
    await browser.close();
}

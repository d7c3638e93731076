// SPDX-License-Identifier: Apache-2.0
// The client scenarios of @modelcontextprotocol/conformance with our client: mcp_conformance.mjs CLIENT PAGE [--write]
// The table of PAGE (docs/mcp.md) must be that of this run; --write puts it there. What is not implemented is not run.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [client, page, write] = [process.argv[2], process.argv[3], process.argv[4] === "--write"];
const tool = "node_modules/@modelcontextprotocol/conformance/dist/index.js";
const folder = mkdtempSync(join(tmpdir(), "mcp-conformance-"));
const notImplemented = [
    [/^elicitation/, "elicitation is refused"],
    [/^auth\//, "no OAuth: tokens are given"],
];

function run(scenario) {
    const command = ["client", "--command", `${client} conformance`, "--scenario", scenario, "--timeout", "20000", "-o", folder];
    const done = spawnSync(process.execPath, [tool, ...command], { encoding: "utf8", timeout: 60000 });
    const counts = /Passed: (\d+)\/(\d+), (\d+) failed, (\d+) warnings/.exec(done.stdout + done.stderr);
    return { passed: done.status === 0 && counts?.[3] === "0" && counts?.[4] === "0", checks: counts ? `${counts[1]} of ${counts[2]}` : "none" };
}

const list = execFileSync(process.execPath, [tool, "list", "--client"], { encoding: "utf8" });
const scenarios = [...list.matchAll(/^\s+- (\S+) \[([^\]]*)\]/gm)].map(([, name, versions]) => ({ name, versions }));
let passed = 0;
let failed = 0;
const rows = ["| scenario | versions | result |", "|---|---|---|"];
for (const { name, versions } of scenarios) {
    const why = notImplemented.find(([pattern]) => pattern.test(name))?.[1];
    const result = why ? { passed: false, checks: "" } : run(name);
    rows.push(`| ${name} | ${versions.replaceAll(",", ", ")} | ${why ? `not implemented: ${why}` : result.passed ? `passed, ${result.checks} checks` : "FAILED"} |`);
    if (why) continue;
    console.log(`  ${result.passed ? "ok    " : "FAILED"}  conformance: ${name}, ${result.checks} checks`);
    result.passed ? ++passed : ++failed;
}

const text = readFileSync(page, "utf8");
const expected = text.replace(/<!-- conformance -->\n.*<!-- end -->/s, `<!-- conformance -->\n${rows.join("\n")}\n<!-- end -->`);
if (write) writeFileSync(page, expected);
const agrees = write || expected === text;
console.log(`  ${agrees ? "ok    " : "FAILED"}  the table of ${page} is that of this run`);
agrees ? ++passed : ++failed;
console.log(`${passed} passed, ${failed} failed`);

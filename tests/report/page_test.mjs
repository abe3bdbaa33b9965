// The report page in Chromium: opened from disk, without network.
//   node page_test.mjs REPORT_FIXTURE [SCREENSHOT_FOLDER]
// Exit 0 passed, 1 failed, 77 skipped because there is no Chromium (CHROMIUM names another one).
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const webui = new URL("../../webui/package.json", import.meta.url);
const { chromium } = createRequire(webui)("playwright-core");

const [fixture, screenshots] = process.argv.slice(2);
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
if (!existsSync(executablePath)) {
  console.log(`skipped: no Chromium at ${executablePath} (set CHROMIUM)`);
  process.exit(77);
}

const folder = mkdtempSync(join(tmpdir(), "edgetran-page-"));
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"], headless: true });

// A page of `trials` encoders, and what it complained about or asked the network for.
async function open(trials, options = {}, kind = []) {
  const file = join(folder, `report-${[trials, ...kind].join("-")}.html`);
  execFileSync(fixture, [String(trials), file, ...kind]);
  const context = await browser.newContext({ offline: true, viewport: { width: 1180, height: 900 }, ...options });
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) page.complaints.push(message.text());
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith("file:")) page.complaints.push(`request ${request.url()}`);
  });
  await page.goto(pathToFileURL(file).href);
  return page;
}

const data = (page) => page.evaluate(() => JSON.parse(document.getElementById("data").textContent));
const trialOf = (wire, index) => wire.encoders[wire.evaluations.encoder[index]].trial;

const tests = {
  async "draws a point for every evaluation that is trained and measured"(page) {
    const { evaluations } = await data(page);
    const expected = evaluations.latency_s.filter((latency, row) =>
      latency !== null && evaluations.quality[row] !== null).length;
    assert.ok(expected > 40);
    assert.equal(await page.locator("#pareto .point").count(), expected);
  },

  async "shows the recommended pair first"(page) {
    const wire = await data(page);
    const trial = trialOf(wire, wire.recommended.evaluation);
    assert.match(await page.locator(".hero h2").innerText(), new RegExp(`^Encoder ${trial} on `));
    assert.equal(await page.locator(".card").getAttribute("data-trial"), String(trial));
  },

  async "click on a point shows its encoder"(page) {
    const wire = await data(page);
    const index = wire.evaluations.front.findIndex((front, row) => front && row !== wire.recommended.evaluation);
    await page.locator(`.point[data-evaluation="${index}"]`).dispatchEvent("click");
    assert.equal(await page.locator(".card h3").innerText(), `Encoder ${trialOf(wire, index)}`);
    assert.equal(await page.locator(".card .strip[aria-label]").count(),
      wire.encoders[wire.evaluations.encoder[index]].layers.length);
  },

  async "arrow keys and Enter choose a point"(page) {
    await page.locator('.point[tabindex="0"]').focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    assert.equal(await page.locator('.point[data-order="2"]').getAttribute("aria-pressed"), "true");
    assert.equal(await page.locator(".tooltip").count(), 1);
  },

  async "table sorts by a column in both directions"(page) {
    const column = page.locator("#pareto thead th", { hasText: "Parameters" });
    const cells = async () => (await page.locator("#pareto tbody tr td:nth-child(8)").allInnerTexts())
      .map((text) => Number(text.replace(/\s/g, "")));
    await column.locator("button").click();
    const rising = await cells();
    assert.deepEqual(rising, [...rising].sort((a, b) => a - b));
    await column.locator("button").click();
    assert.equal(await column.getAttribute("aria-sort"), "descending");
    const falling = await cells();
    assert.deepEqual(falling, [...falling].sort((a, b) => b - a));
    assert.ok(falling[0] > rising[0]);
  },

  async "table downloads as CSV with a line an evaluation"(page) {
    const wire = await data(page);
    const waiting = page.waitForEvent("download");
    await page.locator("#pareto button", { hasText: "Download CSV" }).click();
    const file = join(folder, "table.csv");
    await (await waiting).saveAs(file);
    const lines = readFileSync(file, "utf8").trimEnd().split("\r\n");
    assert.equal(lines.length, wire.evaluations.encoder.length + 1);
    assert.match(lines[0], /^encoder,deployment,accuracy,measured_latency_s,measured_latency_low_s,modelled_latency_s,/);
  },

  async "deployment can be hidden and shown"(page) {
    const all = await page.locator(".point").count();
    const button = page.locator(".legend button").first();
    await button.click();
    assert.ok(await page.locator(".point").count() < all);
    await button.click();
    assert.equal(await page.locator(".point").count(), all);
  },

  async "modelled figures are drawn unlike measured ones"(page) {
    const style = (kind) => page.locator(`.point.kind-${kind} path`).first()
      .evaluate((path) => getComputedStyle(path).strokeDasharray);
    assert.notEqual(await style("modelled"), await style("measured"));
    assert.ok(await page.locator(".data-table .kind-modelled").count() > 0);
  },

  async "failed trials are listed with their reason as text"(page) {
    assert.match(await page.locator("#health").innerText(), /Encoder 8 failed: worker killed: out of memory <\/script><b>&"/);
  },

  async "classes on whole data are accuracies and no subset"(page) {
    assert.equal(await page.locator(".tile-label").first().innerText(), "Accuracy");
    assert.equal(await page.locator(".subset, .subset-note").count(), 0);
  },

  async "scores on a subset are named so beside every figure"() {
    const page = await open(24, {}, ["scores"]);
    const tile = page.locator(".tile").first();
    assert.match(await tile.innerText(), /^Pearson correlation subset\s+0\.\d+/);
    assert.match(await page.locator(".subset-note").innerText(),
      /^Subset: train and dev are only a <subset> of the data set\.$/);
    assert.match(await page.locator(".comparison h3").innerText(), /Pearson correlation on the development rows subset/);
    assert.match(await page.locator(".comparison li.own").innerText(), /0\.702/);
    // A bar's full length is a correlation of 1, not the best one here.
    const bar = await page.locator(".comparison li.own .bar").getAttribute("style");
    assert.match(bar, /width: 70\./);
    const heads = await page.locator("#pareto thead th").allInnerTexts();
    assert.ok(heads.some((head) => head.startsWith("Pearson correlation")), heads.join());
    assert.ok(await page.locator("#pareto tbody .subset").count() > 0);
    assert.doesNotMatch(await page.locator("body").innerText(), /accuracy/i);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  },

  async "fits a narrow screen"(page) {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth);
  },
};

async function photograph() {
  mkdirSync(screenshots, { recursive: true });
  for (const [name, options] of Object.entries({
    light: { colorScheme: "light" },
    dark: { colorScheme: "dark" },
    narrow: { colorScheme: "light", viewport: { width: 390, height: 844 } },
  })) {
    const page = await open(24, options);
    await page.waitForFunction(() => document.querySelector("#pareto .chart > svg").clientWidth ===
      document.querySelector("#pareto .chart").clientWidth);
    await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true });
  }
}

let failed = 0;
try {
  for (const [name, test] of Object.entries(tests)) {
    const page = await open(24);
    try {
      await test(page);
      assert.deepEqual(page.complaints, []);
      console.log(`ok      ${name}`);
    } catch (error) {
      ++failed;
      console.log(`FAILED  ${name}\n${error.stack}`);
    }
    await page.context().close();
  }
  if (screenshots) await photograph();
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import colors from 'picocolors';
import type { Locator, Page } from 'playwright-core';
import { startProcedure } from '../src/client/start-procedure.ts';
import { readEnvironment } from '../src/environment.ts';
import { backupDatabaseProcedure } from '../src/procedures/backup-database.ts';
import type { ProcedureDefinition } from '../src/procedures/definition.ts';
import { restoreDatabaseProcedure } from '../src/procedures/restore-database.ts';
import { projectRoot } from './project.ts';
import { query } from './sandbox/database.ts';
import { type Ground, layGround } from './screenshot/ground.ts';
import { setUpChromium } from './setup/chromium.ts';
import { setUpDocker } from './setup/docker.ts';
import { setUpTemporalCli } from './setup/temporal-tools.ts';
import { say, step } from './show.ts';
import { openBrowserPage } from './web-ui/browser.ts';
import { openDetails, openRun, openTimeline, readPlan, sendSignal, untilState } from './web-ui/run-page.ts';

// The pictures of the documentation, taken anew from the real Web UI: `node scripts/bootstrap.mjs screenshot`.

const folder = join(projectRoot, 'docs', 'images');
/** Room around what is shown, in CSS pixels. */
const margin = 16;
/** The seconds below the timeline, in CSS pixels. */
const axisHeight = 72;
/** Wide and high enough that nothing has to be scrolled. */
const window = { width: 1440, height: 2000, scale: 1.5 };

async function main(): Promise<void> {
  const environment = readEnvironment();
  await step('Docker', (log) => setUpDocker(environment, log));
  const cli = await step('Temporal', (log) => setUpTemporalCli(environment, log));
  const chromium = await step('Chromium', (log) => setUpChromium(environment, log));
  const ground = await step('A fresh installation', (log) => layGround(cli.path, log));
  try {
    const { page, close } = await openBrowserPage(chromium, window);
    try {
      await mkdir(folder, { recursive: true });
      await step('The pictures', () => takePictures(ground, page));
    } finally {
      await close();
    }
  } finally {
    await ground.end();
  }
}

async function takePictures(ground: Ground, page: Page): Promise<void> {
  const { sandbox, client, uiUrl } = ground;
  await client.workflow.result(await start(ground, backupDatabaseProcedure, 'nightly-backup', {}));
  await query(sandbox.containers.postgres, 'delete from matters where id <= 100');
  const input = { backup: 'latest', by: 'dana', reason: 'matters deleted by mistake at 02:40' };
  await openRun(page, uiUrl, await start(ground, restoreDatabaseProcedure, 'restore-matters', input));

  const plan = await readPlan(page, 'Waiting for approval');
  const details = await openDetails(page);
  const soFar = await boxOf(details.getByRole('heading', { name: 'So far' }));
  const heading = page.getByRole('heading', { name: 'restore-matters', level: 1 });
  await take(page, 'restore-waiting', heading, soFar.y - margin);

  await sendSignal(page, 'approve', { by: 'dana', plan });
  await sendSignal(page, 'keep', { by: 'dana', plan: await readPlan(page, 'Undo window') });
  await untilState(page, 'Completed');
  const timeline = await openTimeline(page);
  // The first step on top, as one reads.
  await page.getByRole('button', { name: 'Descending' }).click();
  await timeline.getByText('Write the record').waitFor();
  const last = await boxOf(timeline.getByRole('listitem').filter({ hasText: 'Write the record' }));
  const title = page.getByRole('heading', { name: 'Timeline' });
  await take(page, 'restore-timeline', title, last.y + last.height + axisHeight);
}

async function start(
  { client, taskQueue }: Ground,
  definition: ProcedureDefinition,
  workflowId: string,
  input: Record<string, unknown>,
): Promise<string> {
  await startProcedure(client, definition, input, { taskQueue, workflowId });
  return workflowId;
}

/** The page's own part of the window, from the upper end of `first` down to `bottom`. */
async function take(page: Page, name: string, first: Locator, bottom: number): Promise<void> {
  const { x } = await boxOf(page.getByRole('main'));
  const y = (await boxOf(first)).y - margin;
  const clip = { x, y, width: window.width - x, height: bottom - y };
  await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled', clip });
  say(`  docs/images/${name}.png`);
}

async function boxOf(locator: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
  const box = await locator.boundingBox();
  if (box === null) throw new Error(`${locator.toString()} does not show on the page.`);
  return box;
}

try {
  await main();
} catch (error) {
  say(colors.red(error instanceof Error ? error.message : String(error)));
  process.exitCode = 1;
}

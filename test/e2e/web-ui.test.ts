import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  openDetails,
  openList,
  openRun,
  openSchedules,
  openSignals,
  openTimeline,
  readPlan,
  sendSignal,
  untilState,
} from '../../scripts/web-ui/run-page.ts';
import { verbDescriptions } from '../../src/workflows/steps/answer.ts';
import { install, type Installation, schedulesOff } from './support/installation.ts';
import { sandboxClient, until } from './support/sandbox-client.ts';
import { openWebUi, type WebUi } from './support/web-ui.ts';

const rows = 50_000;
let hermes: Installation;
let ui: WebUi;

beforeAll(async () => {
  hermes = await install('web-ui', { rows });
  await hermes.writeStack({ sections: { ...schedulesOff, scaling: { watch: '1s' } } });
  await hermes.startWorker();
  const backup = await hermes.hermesOps('run', 'backup-database', '--reason', 'before the accident');
  if (backup.exitCode !== 0) throw new Error(`There is no backup to restore: ${backup.stderr}`);
  ui = await openWebUi(hermes);
});
afterAll(async () => {
  await ui?.close();
  await hermes?.close();
});

async function matters(): Promise<number> {
  const [row] = await hermes.sql<{ count: string }>('select count(*) from matters');
  return Number(row?.count);
}

async function databases(): Promise<string[]> {
  const all = await hermes.sql<{ datname: string }>(
    `select datname from pg_database where not datistemplate and datname <> 'postgres' order by 1`,
  );
  return all.map(({ datname }) => datname);
}

test('a restore is started, approved and kept from the Web UI alone, and every row is back', async () => {
  await hermes.sql('delete from matters where id <= 100');
  expect(await matters()).toBe(rows - 100);

  await ui.start('restoreDatabase', 'restore-by-hand', '{"backup":"latest","by":"dana"}');
  const plan = await readPlan(ui.page, 'Waiting for approval');
  const details = await openDetails(ui.page);
  const text = await details.getByRole('main').innerText();
  expect(text).toContain('Asked for by dana');
  expect(text).toContain('public.matters: 49,900 → 50,000 rows (+100)');
  expect(text).toContain(`{"by": "YOUR NAME", "plan": "${plan}"}`);
  expect(await databases()).toEqual(['hermes']);

  const menu = await openSignals(ui.page);
  const signals = (await menu.getByRole('option').allInnerTexts()).map((option) => option.split('\n'));
  for (const [verb, description] of Object.entries(verbDescriptions)) {
    expect(signals, 'the menu says what each signal does and which JSON it takes').toContainEqual([
      verb,
      description,
    ]);
  }
  await menu.getByRole('button', { name: 'Cancel' }).last().click();
  await menu.waitFor({ state: 'hidden' });

  await sendSignal(ui.page, 'approve', { by: 'dana', plan });
  const undo = await readPlan(ui.page, 'Undo window');
  expect(undo).not.toBe(plan);
  const timeline = await openTimeline(ui.page);
  await timeline.getByText('Swap the databases').waitFor();
  expect(await matters()).toBe(rows);
  expect(await databases()).toEqual(['hermes', expect.stringMatching(/^hermes_before_/)]);

  await sendSignal(ui.page, 'keep', { by: 'dana', plan: undo });
  await untilState(ui.page, 'Completed');
  await ui.page.getByText('Restored, and kept by dana.').first().waitFor();
  expect(await matters()).toBe(rows);
  expect(await databases()).toEqual(['hermes']);
});

test('every line of the timeline says in plain words what it is', async () => {
  await openRun(ui.page, ui.uiUrl, 'restore-by-hand');
  const timeline = await openTimeline(ui.page);
  await timeline.getByText('Write the record').waitFor();
  const lines = await timeline.getByRole('listitem').allInnerTexts();
  const activities = lines.map((line) => line.trim()).filter((line) => /^[a-z]+[A-Z]\w+/.test(line));
  expect(activities.length).toBeGreaterThan(15);
  expect(activities.filter((line) => !/^\w+ • [A-Z][\w ,’?/-]+$/.test(line))).toEqual([]);
  // With its date where the deadline is tomorrow.
  expect(lines.join('\n')).toMatch(
    /Waiting for approval: plan \w+, until (?:\d{4}-\d\d-\d\d )?\d\d:\d\d UTC/,
  );
  expect(lines.join('\n')).toContain('Lock on database, held by restore-by-hand');
});

test('a start with no JSON at all fails at once, and its page says what is missing and shows a valid input', async () => {
  const before = await databases();
  await ui.start('restoreDatabase', 'restore-without-input');
  await untilState(ui.page, 'Failed');
  const result = ui.page.getByRole('textbox', { name: 'Result' });
  await result.getByText('InvalidInput').waitFor();
  const text = (await result.innerText()).replaceAll(String.raw`\"`, '"');
  expect(text).toContain('`backup` is missing: expected a backup id, a time such as');
  expect(text).toContain('A valid input: {"backup":"latest"');
  expect(text).not.toContain('node_modules');
  expect(await databases()).toEqual(before);
});

test('a scaling is started from the Web UI, and three replicas answer customers', async () => {
  await ui.start('scaleService', 'scale-by-hand', '{"service":"api","replicas":3,"by":"dana"}');
  const timeline = await openTimeline(ui.page);
  await timeline.getByText('See that nginx asks each of them').waitFor({ timeout: 60_000 });
  await untilState(ui.page, 'Completed');
  await ui.page.getByText('1 → 3 containers; nginx asks each of them.').first().waitFor();
  const client = await sandboxClient(hermes.sandbox);
  const answered = new Set<string>();
  await until('three replicas answer', async () => {
    answered.add(String((await client.ask('/health')).headers['x-hermes-instance']));
    return answered.size === 3;
  });
  await client.close();
});

test('the list of runs can be filtered by procedure', async () => {
  await openList(ui.page, ui.uiUrl, '`Procedure`="restore-database"');
  await ui.page.getByRole('link', { name: 'restore-by-hand', exact: true }).waitFor();
  const types = await ui.page
    .getByRole('row')
    .getByRole('link', { name: /^[a-z]+[A-Z]\w*$/ })
    .allInnerTexts();
  expect(new Set(types)).toEqual(new Set(['restoreDatabase']));
});

test('the list of schedules shows those of the stack file, and which of them it turns off', async () => {
  await openSchedules(ui.page, ui.uiUrl);
  const nightly = ui.page.getByRole('row').filter({ hasText: `${hermes.project}/backup-database` });
  await nightly.waitFor();
  const text = await nightly.innerText();
  expect(text).toContain('backupDatabase');
  expect(text).toMatch(/paused/i);
});

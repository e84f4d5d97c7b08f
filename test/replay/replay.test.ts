import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime, Worker, type WorkflowBundle } from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';
import { procedures } from '../../src/procedures/index.ts';
import { historyFromText } from './history-text.ts';
import { bundleWorkflows } from '../unit/workflows/time-skipping.ts';

const folder = fileURLToPath(new URL('histories', import.meta.url));
const files = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();

let workflowBundle: WorkflowBundle;
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  workflowBundle = await bundleWorkflows();
});

test('every procedure has a recorded history', () => {
  const recorded = new Set(files.map((name) => name.split('.', 1)[0]));
  expect(procedures.map(({ command }) => command).filter((command) => !recorded.has(command))).toEqual([]);
});

test.each(files)('the workflows of today go the way that was recorded in %s', async (file) => {
  const history = historyFromText(await readFile(`${folder}/${file}`, 'utf8'));
  await Worker.runReplayHistory({ workflowBundle }, history, `recorded-${file.replace(/\.json$/, '')}`);
});

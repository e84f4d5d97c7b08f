import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import { scaleServiceProcedure } from '../../src/procedures/scale-service.ts';
import { say } from '../show.ts';
import { begin, title, untilDone } from './begin.ts';
import type { Ground } from './ground.ts';

const requests = 60;

/** The api three times and once again, and who answers customers meanwhile. */
export async function showScaling(ground: Ground, by: string): Promise<void> {
  for (const replicas of [3, 1]) {
    const what = replicas === 1 ? 'And back to one' : 'The api, three times; no request is lost';
    const input = { service: 'api', replicas, by, reason: 'the tour' };
    await untilDone(ground, await begin(ground, what, scaleServiceProcedure, input));
    title('Who answers customers now');
    for (const [instance, answers] of await whoAnswers(ground))
      say(`  container ${instance}: ${answers} of ${requests}`);
  }
}

/** Answers by the container that gave them, through nginx. */
async function whoAnswers({ sandbox }: Ground): Promise<Map<string, number>> {
  // A renewed certificate is for the public names only.
  const connect = { ca: await readFile(sandbox.caFile), servername: sandbox.serverName };
  const dispatcher = new Agent({ connect, pipelining: 0 });
  const answers = new Map<string, number>();
  try {
    for (let asked = 0; asked < requests; asked += 1) {
      const { headers, body } = await request(`${sandbox.baseUrl}/health`, { dispatcher });
      await body.dump();
      const by = String(headers['x-hermes-instance']);
      answers.set(by, (answers.get(by) ?? 0) + 1);
    }
  } finally {
    await dispatcher.destroy();
  }
  return answers;
}

import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { CommandFailed, run } from './command.ts';
import { query } from './database.ts';
import { projectContainers } from './project.ts';
import type { Sandbox } from './sandbox.ts';

const lookEveryMs = 150;
const probeTimeoutMs = 5_000;

/** Waits until `look` is satisfied. Throws `late()` after the deadline, with the last thing that was in the way. */
export async function waitFor(
  look: () => Promise<string | undefined>,
  deadlineMs: number,
  late: (inTheWay: string) => Promise<Error> | Error,
): Promise<void> {
  const until = Date.now() + deadlineMs;
  for (;;) {
    const inTheWay = await look();
    if (inTheWay === undefined) return;
    if (Date.now() >= until) throw await late(inTheWay);
    await pause(lookEveryMs);
  }
}

/** Waits until PostgreSQL answers. */
export async function waitForDatabase(sandbox: Sandbox, deadlineMs: number): Promise<void> {
  const { postgres } = sandbox.containers;
  const late = (inTheWay: string) => whatHappened(sandbox, `PostgreSQL does not answer: ${inTheWay}`);
  await waitFor(
    async () => {
      try {
        await query(postgres, 'SELECT 1');
        return undefined;
      } catch (error) {
        if (error instanceof CommandFailed) return error.message;
        throw error;
      }
    },
    deadlineMs,
    late,
  );
}

/** Waits until a customer is answered: through nginx, with its certificate checked, and by a database and Redis that work. */
export async function waitForCustomers(sandbox: Sandbox, deadlineMs: number): Promise<void> {
  const dispatcher = new Agent({
    connect: { ca: await readFile(sandbox.caFile), servername: sandbox.serverName },
  });
  try {
    await waitFor(
      () => whatCustomersSee(sandbox.baseUrl, dispatcher),
      deadlineMs,
      (inTheWay) => whatHappened(sandbox, `The sandbox does not answer well: ${inTheWay}`),
    );
  } finally {
    await dispatcher.destroy();
  }
}

async function whatCustomersSee(baseUrl: string, dispatcher: Agent): Promise<string | undefined> {
  try {
    const { statusCode, body } = await request(`${baseUrl}/health/detailed`, {
      dispatcher,
      headersTimeout: probeTimeoutMs,
      bodyTimeout: probeTimeoutMs,
    });
    const text = await body.text();
    if (statusCode !== 200) return `GET /health/detailed answered ${statusCode}`;
    const sick = ['database', 'redis'].filter(
      (name) => !new RegExp(`"component": "${name}", "status": "healthy"`).test(text),
    );
    return sick.length === 0 ? undefined : `not healthy: ${sick.join(', ')}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function whatHappened({ project }: Sandbox, what: string): Promise<Error> {
  const said: string[] = [];
  for (const { name, status } of await projectContainers(project)) {
    said.push(`${name}: ${status}`);
    if (status.startsWith('Up') && !status.includes('unhealthy')) continue;
    await run('docker', ['logs', '--tail', '10', name], { onLine: (line) => said.push(`  ${line}`) });
  }
  return new Error(
    `${what}\n${said.join('\n')}\nIt was left as it is. Stop it to begin anew: its \`stop\` command.`,
  );
}

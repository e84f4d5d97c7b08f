import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { run } from '../../../scripts/sandbox/command.ts';
import { query, recreateDatabase } from '../../../scripts/sandbox/database.ts';
import { waitForCustomers } from '../../../scripts/sandbox/readiness.ts';
import type { Sandbox } from '../../../scripts/sandbox/sandbox.ts';

/** The runbook's manual backup: `pg_dump` of plain SQL into a file. */
export async function dumpByHand({ containers }: Sandbox, file: string): Promise<void> {
  await piped(['exec', containers.postgres, 'pg_dump', '-U', 'postgres', 'hermes'], { to: file });
}

/**
 * The runbook's restore: the api stopped, the dump piped into `psql`, counted, the api started, a smoke test.
 * The database is made anew first, which the runbook forgets: without it, every statement fails and the rows stay.
 */
export async function restoreByHand(sandbox: Sandbox, file: string): Promise<void> {
  const { api, postgres } = sandbox.containers;
  await run('docker', ['stop', api]);
  await recreateDatabase(postgres);
  await piped(['exec', '-i', postgres, 'psql', '-q', '-U', 'postgres', 'hermes'], { from: file });
  await query(postgres, 'SELECT count(*) FROM matters');
  await run('docker', ['start', api]);
  await waitForCustomers(sandbox, 120_000);
}

async function piped(args: string[], { to, from }: { to?: string; from?: string }): Promise<void> {
  const output = to === undefined ? undefined : await open(to, 'w');
  const input = from === undefined ? undefined : await open(from, 'r');
  try {
    const child = spawn('docker', args, {
      stdio: [input?.fd ?? 'ignore', output?.fd ?? 'ignore', 'inherit'],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) =>
        code === 0 ? resolve() : reject(new Error(`docker ${args.join(' ')} ended with ${code}`)),
      );
    });
  } finally {
    await output?.close();
    await input?.close();
  }
}

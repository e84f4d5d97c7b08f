import { Command } from 'commander';
import colors from 'picocolors';
import { readEnvironment } from '../src/environment.ts';
import { demoProject, type Ground, layGround } from './demo/ground.ts';
import { tour } from './demo/tour.ts';
import { say, step } from './show.ts';
import { wholeNumber } from './whole-number.ts';

interface DemoOptions {
  yes: boolean;
  rows: number;
}

/** `npm run demo`: from a bare machine to a restore that waits for its approval. */
async function demo({ yes, rows }: DemoOptions): Promise<void> {
  const interrupted = firstInterrupt();
  const ground = await layGround({ environment: readEnvironment(), rows });
  try {
    await Promise.race([tour(ground, { yes }), interrupted]);
    if (!yes) {
      say('\nCtrl-C ends the demo.');
      await interrupted;
    }
  } finally {
    await end(ground);
  }
}

async function end(ground: Ground): Promise<void> {
  say('');
  await step('Ending the worker and the Temporal server', () => ground.end());
  say('The small HERMES goes on, and the next demo finds it.');
  say(`To remove it: npm run sandbox -- stop --project ${demoProject}`);
}

/** Waiting for a person keeps no process alive by itself: the timer does. */
function firstInterrupt(): Promise<void> {
  const alive = setInterval(() => {}, 60_000);
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        clearInterval(alive);
        resolve();
      });
    }
  });
}

const program = new Command('demo')
  .description(
    'Sets everything up on this machine and shows a backup, a scaling, a renewal and a restore on a small HERMES.',
  )
  .option('--yes', 'approve by itself and end when done', false)
  .option('--rows <count>', 'rows of the largest table', wholeNumber, 50_000)
  .action(demo);

try {
  await program.parseAsync();
} catch (error) {
  say(colors.red(error instanceof Error ? error.message : String(error)));
  process.exitCode = 1;
}

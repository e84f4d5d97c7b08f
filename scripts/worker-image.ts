import { ensureWorkerImage } from './image/worker-image.ts';
import { say, step } from './show.ts';

// Builds the worker's image where it is not there yet and prints its name: `node scripts/bootstrap.mjs worker-image`.
try {
  const image = await step('The worker’s image', (log) => ensureWorkerImage({ log }));
  say(image);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

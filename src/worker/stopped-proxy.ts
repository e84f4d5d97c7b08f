import { startStoppedProxy } from '../activities/certificates/stopped-proxy.ts';
import type { Setting } from '../activities/setting.ts';
import { problemTypeOf } from '../problem.ts';

const intervalMs = 60_000;

/**
 * Starts nginx where a run that is over has left it stopped: when a worker starts, and every minute where orders stop it,
 * since the worker that died may not be the only one. Returns a function that ends it.
 */
export function watchStoppedProxy(setting: Setting, log: (line: string) => void): () => void {
  const look = async (): Promise<void> => {
    try {
      for (const name of await startStoppedProxy(setting))
        log(`Started ${name}: a renewal that is over had left it stopped.`);
    } catch (error) {
      if (problemTypeOf(error) === 'UnknownContainer') return;
      const why = error instanceof Error ? error.message : String(error);
      log(`Warning: not checked whether an ended renewal has left nginx stopped. ${why}`);
    }
  };
  void look();
  if (setting.stack.certificates.challenge !== 'standalone') return () => undefined;
  const timer = setInterval(() => void look(), intervalMs);
  return () => clearInterval(timer);
}

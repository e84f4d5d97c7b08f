import { constants } from 'node:os';

const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * Lets a signal end the process at once, until the returned function is called: the SDK's own handler only tells the
 * workers that run already, so that one which waits for Temporal while it starts could not be stopped.
 */
export function endOnSignal(): () => void {
  const end = (signal: NodeJS.Signals): void => process.exit(128 + constants.signals[signal]);
  for (const signal of signals) process.once(signal, end);
  return () => {
    for (const signal of signals) process.off(signal, end);
  };
}

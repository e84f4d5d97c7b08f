import { condition, setHandler } from '@temporalio/workflow';
import { defineSignal } from '@temporalio/workflow';

export const releaseLock = defineSignal('release');

/**
 * A lock: it is held while this workflow runs, and its workflow id is the resource. A child of the procedure that
 * holds it, so that it ends with that procedure however that ends; its memo says who the holder is.
 */
export async function holdLock(): Promise<void> {
  let released = false;
  setHandler(
    releaseLock,
    () => {
      released = true;
    },
    { description: 'Sent by the procedure that holds the lock, when it is done with the resource.' },
  );
  await condition(() => released);
}

import { CancellationScope } from '@temporalio/workflow';
import { rootMessage } from './failure-text.ts';

interface Undo {
  title: string;
  act: () => Promise<unknown>;
}

/** The steps that undo what was done so far, taken in reverse when a procedure fails or is cancelled. */
export class WayBack {
  #undos: Undo[] = [];

  /** Registers how to undo the step before. Returns a function that forgets it again. */
  add(title: string, act: () => Promise<unknown>): () => void {
    const undo = { title, act };
    this.#undos.push(undo);
    return () => {
      this.#undos = this.#undos.filter((other) => other !== undo);
    };
  }

  forgetAll(): void {
    this.#undos = [];
  }

  /** Takes the way back, whatever is cancelled meanwhile. Returns what could not be undone, in words. */
  async take(step: (title: string, act: () => Promise<unknown>) => Promise<unknown>): Promise<string[]> {
    const failed: string[] = [];
    await CancellationScope.nonCancellable(async () => {
      for (let undo = this.#undos.pop(); undo !== undefined; undo = this.#undos.pop()) {
        try {
          await step(undo.title, undo.act);
        } catch (error) {
          failed.push(`${undo.title}: ${rootMessage(error)}`);
        }
      }
    });
    return failed;
  }
}

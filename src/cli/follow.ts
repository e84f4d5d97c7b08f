import type { Client } from '@temporalio/client';
import ora from 'ora';
import type { PendingStep, RunView } from '../client/describe-run.ts';
import { followRun } from '../client/follow-run.ts';
import { runResult, type RunEnding } from '../client/run-result.ts';
import { exitCodes } from './exit-codes.ts';
import { renderEntry, renderQuestion } from './render.ts';
import { print, printJson } from './session.ts';

export interface FollowOptions {
  json: boolean;
  until?: (view: RunView) => boolean;
  /** ISO time: what happened before has been shown already. */
  since?: string;
}

/**
 * Shows a run as it goes, to its end, and returns the exit code. Ctrl-C ends the showing only: the run goes on.
 * `until` ends it earlier: after a restore, most people wait for the swap, not for the day of its undo window.
 */
export async function follow(
  client: Client,
  workflowId: string,
  { json, until = () => false, since = '' }: FollowOptions,
): Promise<number> {
  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort();
  process.once('SIGINT', onInterrupt);
  const shown = json ? jsonView() : textView(workflowId, since);
  try {
    for await (const view of followRun(client, workflowId, { signal: interrupt.signal })) {
      shown.update(view);
      if (until(view)) return shown.leave('It goes on.');
    }
    if (interrupt.signal.aborted) {
      shown.leave(`It goes on. Follow it again: hermes-ops follow ${workflowId}`);
      return exitCodes.interrupted;
    }
    return shown.end(await runResult(client, workflowId));
  } finally {
    process.removeListener('SIGINT', onInterrupt);
  }
}

const silenceMs = 10_000;

interface View {
  update(view: RunView): void;
  leave(text: string): number;
  end(ending: RunEnding): number;
}

function jsonView(): View {
  let last = '';
  return {
    update(view) {
      const text = JSON.stringify(view);
      if (text !== last) printJson(view);
      last = text;
    },
    leave: () => exitCodes.done,
    end(ending) {
      printJson(ending);
      return ending.exitCode;
    },
  };
}

function textView(workflowId: string, since: string): View {
  // Without a terminal a spinner prints a line for each change: then it is silent.
  const spinner = ora({ isSilent: !process.stderr.isTTY || !process.stdout.isTTY });
  let entries = 0;
  let asked = '';
  let silentSinceMs: number | undefined;
  let toldOfSilence = false;
  const say = (text: string): void => {
    spinner.clear();
    print(text);
  };
  return {
    update({ status, pending }) {
      if (status === undefined) {
        silentSinceMs ??= Date.now();
        // A worker that starts, or takes over from a dead one, answers within seconds.
        if (!toldOfSilence && Date.now() - silentSinceMs > silenceMs) {
          say('No worker answers. The run goes on when one runs. Start it: hermes-ops worker');
          toldOfSilence = true;
        }
        spinner.start('Waiting for a worker to answer');
        return;
      }
      silentSinceMs = undefined;
      toldOfSilence = false;
      for (const entry of status.timeline.slice(entries)) if (entry.at > since) say(renderEntry(entry));
      entries = status.timeline.length;
      const { question } = status;
      if (question !== undefined && question.plan !== asked) say(renderQuestion(workflowId, question));
      asked = question?.plan ?? '';
      spinner.start(
        question === undefined
          ? progressText(status.running, pending)
          : `Waiting for an answer to plan ${question.plan}`,
      );
    },
    leave(text) {
      spinner.stop();
      print(text);
      return exitCodes.done;
    },
    end(ending) {
      spinner.stop();
      print('', ending.text);
      return ending.exitCode;
    },
  };
}

function progressText(running: string[], pending: PendingStep[]): string {
  const said = pending.find(({ progress }) => progress !== undefined)?.progress;
  const share = said?.fraction === undefined ? '' : ` (${Math.round(said.fraction * 100)} %)`;
  const failing = pending.find(({ lastFailure }) => lastFailure !== undefined);
  const trouble = failing === undefined ? '' : `, attempt ${failing.attempt}: ${failing.lastFailure ?? ''}`;
  return `${running.at(-1) ?? 'Working'}${said === undefined ? '' : `: ${said.text}${share}`}${trouble}`;
}

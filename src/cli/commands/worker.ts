import type { Command } from 'commander';
import { readEnvironment } from '../../environment.ts';
import { embeddedDatabaseFile, locateTemporal } from '../../temporal/locate.ts';
import { runningDevServer } from '../../temporal/dev-server.ts';
import { exitCodes } from '../exit-codes.ts';
import { print, printJson } from '../session.ts';

/** `worker`, `server start|stop|status`. */
export function addWorkerCommands(program: Command): void {
  program
    .command('worker')
    .description(
      'Run the worker of this stack; starts the embedded Temporal server where none is configured.',
    )
    .action(async () => {
      // Loaded here: every other command would wait for it, half a second each time.
      const { runWorker } = await import('../../worker/run-worker.ts');
      await runWorker(readEnvironment(), process.env, print);
    });

  const server = program
    .command('server')
    .description('The embedded Temporal server of this state directory.');
  server
    .command('start')
    .description('Start it, or find it running.')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      // Whoever reads JSON gets one line of it: the first start fetches programs and says so.
      const log = json === true ? (line: string) => void process.stderr.write(`${line}\n`) : print;
      const { startEmbeddedServer } = await import('../../worker/embedded-server.ts');
      const { address, uiUrl, reused } = await startEmbeddedServer(readEnvironment(), log);
      if (json === true) printJson({ running: true, address, uiUrl, reused });
      else print(`${reused ? 'Runs already' : 'Started'}: ${address}, Web UI ${uiUrl}`);
    });
  server
    .command('stop')
    .description('Stop it. Runs go on when it is started again.')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const running = await runningDevServer(embeddedDatabaseFile(readEnvironment().stateDirectory));
      await running?.stop();
      if (json === true) printJson({ running: false, stopped: running !== undefined });
      else print(running === undefined ? 'It does not run.' : 'Stopped.');
    });
  server
    .command('status')
    .description('Say where it is.')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const located = await locateTemporal(readEnvironment().stateDirectory, process.env);
      if (located === undefined) {
        if (json === true) printJson({ running: false });
        else print('It does not run.');
        process.exitCode = exitCodes.unreachable;
        return;
      }
      const { connectionOptions, uiUrl } = located;
      if (json === true) printJson({ running: true, address: connectionOptions.address, uiUrl });
      else print(`${connectionOptions.address}${uiUrl === undefined ? '' : `, Web UI ${uiUrl}`}`);
    });
}

import type { Command } from 'commander';
import { readEnvironment } from '../../environment.ts';
import { embeddedDatabaseFile, locateTemporal } from '../../temporal/locate.ts';
import { runningDevServer } from '../../temporal/dev-server.ts';
import { startEmbeddedServer } from '../../worker/embedded-server.ts';
import { runWorker } from '../../worker/run-worker.ts';
import { exitCodes } from '../exit-codes.ts';
import { print } from '../session.ts';

/** `worker`, `server start|stop|status`. */
export function addWorkerCommands(program: Command): void {
  program
    .command('worker')
    .description(
      'Run the worker of this stack; starts the embedded Temporal server where none is configured.',
    )
    .action(() => runWorker(readEnvironment(), process.env, print));

  const server = program
    .command('server')
    .description('The embedded Temporal server of this state directory.');
  server
    .command('start')
    .description('Start it, or find it running.')
    .action(async () => {
      const { address, uiUrl, reused } = await startEmbeddedServer(readEnvironment(), print);
      print(`${reused ? 'Runs already' : 'Started'}: ${address}, Web UI ${uiUrl}`);
    });
  server
    .command('stop')
    .description('Stop it. Runs go on when it is started again.')
    .action(async () => {
      const running = await runningDevServer(embeddedDatabaseFile(readEnvironment().stateDirectory));
      if (running === undefined) return print('It does not run.');
      await running.stop();
      print('Stopped.');
    });
  server
    .command('status')
    .description('Say where it is.')
    .action(async () => {
      const located = await locateTemporal(readEnvironment().stateDirectory, process.env);
      if (located === undefined) {
        print('It does not run.');
        process.exitCode = exitCodes.unreachable;
      } else
        print(
          `${located.connectionOptions.address}${located.uiUrl === undefined ? '' : `, Web UI ${located.uiUrl}`}`,
        );
    });
}

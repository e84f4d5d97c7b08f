import type { Command } from 'commander';
import { readEnvironment } from '../../environment.ts';
import { loadStack } from '../../stack/load.ts';
import { StackFileError } from '../../stack/parse.ts';
import { exitCodes } from '../exit-codes.ts';
import { print, printJson } from '../session.ts';

/** `config check`. */
export function addConfigCommands(program: Command): void {
  program
    .command('config')
    .description('The stack file: what is operated.')
    .command('check [file]')
    .description('Check the stack file: every mistake with its field and line.')
    .option('--json', 'print JSON')
    .action(async (file: string | undefined, { json }: { json?: boolean }) => {
      const path = file ?? readEnvironment().stackFile;
      try {
        const stack = await loadStack(path);
        if (json === true) printJson({ ok: true, stack });
        else
          print(
            `${path} is good: stack ${stack.stack}, database ${stack.database.name}, ${stack.contacts.length} contacts.`,
          );
      } catch (error) {
        if (!(error instanceof StackFileError)) throw error;
        if (json === true) printJson({ ok: false, issues: error.issues });
        else print(error.message);
        process.exitCode = exitCodes.usage;
      }
    });
}

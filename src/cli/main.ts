#!/usr/bin/env node
import { Command } from 'commander';
import colors from 'picocolors';
import { StackFileError } from '../stack/parse.ts';
import { addAnswerCommands } from './commands/answer.ts';
import { addCertificatesCommand } from './commands/certificates.ts';
import { addConfigCommands } from './commands/config.ts';
import { addRunCommands } from './commands/run.ts';
import { addRunsCommands } from './commands/runs.ts';
import { addServicesCommand } from './commands/services.ts';
import { addWorkerCommands } from './commands/worker.ts';
import { errorText } from './error-text.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';

const program = new Command('hermes-ops')
  .description('The operations runbook, as procedures that run themselves.')
  .showSuggestionAfterError()
  .exitOverride()
  .configureHelp({ sortSubcommands: false });

addRunCommands(program);
addRunsCommands(program);
addAnswerCommands(program);
addServicesCommand(program);
addCertificatesCommand(program);
addConfigCommands(program);
addWorkerCommands(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Prints an error in words and returns the exit code. A stack trace says nothing at three in the morning. */
function report(error: unknown): number {
  if (error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number') {
    // The parser has printed it already.
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  }
  process.stderr.write(`${colors.red('error')} ${errorText(error)}\n`);
  return error instanceof StackFileError ? exitCodes.usage : exitCodeOf(error);
}

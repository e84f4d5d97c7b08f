import type { Command } from 'commander';
import * as v from 'valibot';
import { listServicesProcedure, servicesReport } from '../../procedures/list-services.ts';
import { exitCodes } from '../exit-codes.ts';
import { runLook } from '../look.ts';
import { renderServices } from '../render-services.ts';
import { print, printJson, withSession } from '../session.ts';

/** `services`: what runs, as a table. Its exit code says whether all is well. */
export function addServicesCommand(program: Command): void {
  program
    .command('services')
    .description('Show each container: whether it runs, what it uses, and what is in trouble.')
    .option('--json', 'print JSON')
    .action(async ({ json = false }: { json?: boolean }) => {
      process.exitCode = await withSession(async ({ client, stack }) => {
        const { taskQueue } = stack.temporal;
        const { text, exitCode, result } = await runLook(client, listServicesProcedure, taskQueue);
        const report = v.safeParse(servicesReport, result?.report);
        if (!report.success) process.stderr.write(`${text}\n`);
        else if (json) printJson(report.output);
        else print(renderServices(report.output), '', result?.summary ?? '');
        const inTrouble = report.success && report.output.findings.some(({ trouble }) => trouble);
        return inTrouble ? exitCodes.failed : exitCode;
      });
    });
}

import type { Command } from 'commander';
import {
  listServicesProcedure,
  type ServicesReport,
  servicesReport,
} from '../../procedures/list-services.ts';
import { exitCodes } from '../exit-codes.ts';
import { showLook } from '../look.ts';
import { renderServices } from '../render-services.ts';

/** `services`: what runs, as a table. Its exit code says whether all is well. */
export function addServicesCommand(program: Command): void {
  program
    .command('services')
    .description('Show each container: whether it runs, what it uses, and what is in trouble.')
    .option('--json', 'print JSON')
    .action(async ({ json = false }: { json?: boolean }) => {
      const look = {
        definition: listServicesProcedure,
        schema: servicesReport,
        render: (report: ServicesReport) => [renderServices(report), ''],
      };
      const { exitCode, report } = await showLook(look, { json });
      const inTrouble = report?.findings.some(({ trouble }) => trouble) === true;
      process.exitCode = inTrouble ? exitCodes.failed : exitCode;
    });
}

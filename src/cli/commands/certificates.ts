import type { Command } from 'commander';
import {
  type CertificateLine,
  certificateLines,
  listCertificatesProcedure,
} from '../../procedures/list-certificates.ts';
import { showLook } from '../look.ts';
import { renderCertificates } from '../render.ts';

/** `certificates`: when they end, as a table. */
export function addCertificatesCommand(program: Command): void {
  program
    .command('certificates')
    .description('Show each certificate: what is served, what is wrong with it, when it ends.')
    .option('--json', 'print JSON: with serial numbers, fingerprints, times')
    .action(async ({ json = false }: { json?: boolean }) => {
      const look = {
        definition: listCertificatesProcedure,
        schema: certificateLines,
        render: (lines: CertificateLine[]) => [renderCertificates(lines, process.stdout.columns)],
      };
      process.exitCode = (await showLook(look, { json })).exitCode;
    });
}

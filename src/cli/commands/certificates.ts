import type { Command } from 'commander';
import * as v from 'valibot';
import { certificateLines, listCertificatesProcedure } from '../../procedures/list-certificates.ts';
import { runLook } from '../look.ts';
import { renderCertificates } from '../render.ts';
import { print, printJson, withSession } from '../session.ts';

/** `certificates`: when they end, as a table. */
export function addCertificatesCommand(program: Command): void {
  program
    .command('certificates')
    .description('Show each certificate: what is served, what is wrong with it, when it ends.')
    .option('--json', 'print JSON: with serial numbers, fingerprints, times')
    .action(async ({ json = false }: { json?: boolean }) => {
      process.exitCode = await withSession(async ({ client, stack }) => {
        const { taskQueue } = stack.temporal;
        const { text, exitCode, result } = await runLook(client, listCertificatesProcedure, taskQueue);
        const lines = v.safeParse(certificateLines, result?.report);
        if (!lines.success) process.stderr.write(`${text}\n`);
        else if (json) printJson(lines.output);
        else print(renderCertificates(lines.output, process.stdout.columns), result?.summary ?? '');
        return exitCode;
      });
    });
}

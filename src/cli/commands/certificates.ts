import type { Command } from 'commander';
import * as v from 'valibot';
import { runResult } from '../../client/run-result.ts';
import { startProcedure } from '../../client/start-procedure.ts';
import { readEnvironment } from '../../environment.ts';
import { certificateLines, listCertificatesProcedure } from '../../procedures/list-certificates.ts';
import { renderCertificates } from '../render.ts';
import { print, printJson, withSession } from '../session.ts';

/** `certificates`: when they end, as a table. */
export function addCertificatesCommand(program: Command): void {
  program
    .command('certificates')
    .description('Show each certificate: what is served, what is wrong with it, when it ends.')
    .option('--json', 'print JSON: with serial numbers, fingerprints, times')
    .action(async ({ json = false }: { json?: boolean }) => {
      const { user } = readEnvironment();
      process.exitCode = await withSession(async ({ client, stack }) => {
        const { workflowId } = await startProcedure(
          client,
          listCertificatesProcedure,
          user === undefined ? {} : { by: user },
          stack.temporal,
        );
        const { text, exitCode, result } = await runResult(client, workflowId);
        const lines = v.safeParse(certificateLines, result?.report);
        if (!lines.success) process.stderr.write(`${text}\n`);
        else if (json) printJson(lines.output);
        else print(renderCertificates(lines.output, process.stdout.columns), result?.summary ?? '');
        return exitCode;
      });
    });
}

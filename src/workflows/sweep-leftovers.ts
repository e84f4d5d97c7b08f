import { patched } from '@temporalio/workflow';
import { sweepLeftoversProcedure } from '../procedures/sweep-leftovers.ts';
import { procedure, type ProcedureResult } from './steps/procedure.ts';
import { type Leftovers, settleCopies, sweepDatabaseLeftovers } from './steps/sweep.ts';
import { sweepCertificateLeftovers } from './steps/sweep-certificates.ts';
import { counted } from './steps/words.ts';

/** Removes what ended runs left behind; never what is live or kept for an undo. */
export async function sweepLeftovers(raw: unknown): Promise<ProcedureResult<Leftovers>> {
  return procedure(sweepLeftoversProcedure, raw, async (run) => {
    await run.lock('database');
    run.plan(['Remove containers, databases and partial backups of runs that are over'], null);
    const leftovers = await sweepDatabaseLeftovers(run);
    // Runs that began before there was more to sweep go their old way to the end.
    if (patched('settle-ended-runs')) await settleCopies(run, leftovers);
    if (patched('sweep-certificates')) {
      await run.lock('certificates');
      leftovers.removed.push(...(await sweepCertificateLeftovers(run)));
    }
    return { summary: `Removed ${counted(leftovers.removed.length, 'leftover')}.`, report: leftovers };
  });
}

import { say } from '../show.ts';
import type { Ground } from './ground.ts';

export interface TourOptions {
  /** Approve by itself what asks for an approval. */
  yes: boolean;
}

/** The procedures, shown one after the other on the ground that is laid. */
export async function tour({ uiUrl, namespace, stackFile }: Ground, { yes }: TourOptions): Promise<void> {
  if (uiUrl !== undefined) say(`\nEvery run: ${uiUrl}/namespaces/${namespace}/workflows`);
  say(`Commands of your own: HERMES_STACK_FILE=${stackFile} npm run --silent hermes-ops -- --help`);
  if (yes) say('');
}

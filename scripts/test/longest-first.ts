import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { projectRoot } from '../project.ts';

/** Files that take minutes, the longest first. A stage that begins with them does not wait for one in the end. */
export const longest = [
  'test/faults/restore-killed-at-every-event.test.ts',
  'test/faults/backup-and-rollback-killed-at-every-event.test.ts',
  'test/faults/renewal-killed-at-every-event.test.ts',
  'test/faults/scaling-killed.test.ts',
  'test/e2e/bad-surroundings.test.ts',
  'test/e2e/bad-input.test.ts',
  'test/e2e/restore-beside.test.ts',
  'test/e2e/scale-service.test.ts',
  'test/e2e/restart-service.test.ts',
  'test/e2e/renew-certificate.test.ts',
  'test/e2e/bad-answers.test.ts',
  'test/e2e/restart-in-place.test.ts',
  'test/e2e/database-lock.test.ts',
];

/** All others follow as vitest has them: by what they took here before, or by their size. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((one, other) => placeOf(one) - placeOf(other));
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const place = longest.indexOf(relative(projectRoot, moduleId).replaceAll('\\', '/'));
  return place === -1 ? longest.length : place;
}

/**
 * A program of its own: `node sdk-download.js TOOL VERSION DIRECTORY` lets the SDK download a server into DIRECTORY.
 * The SDK knows no time limit and no "download only", and keeps process-wide state: a child process bounds all three.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [tool, version, downloadDir] = process.argv.slice(2);

try {
  if (version === undefined || downloadDir === undefined)
    throw new Error('Expected: sdk-download TOOL VERSION DIRECTORY');
  const executable = { type: 'cached-download' as const, version, downloadDir };
  const environment =
    tool === 'temporal'
      ? await TestWorkflowEnvironment.createLocal({ server: { executable } })
      : await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
  await environment.teardown();
} catch (error) {
  // One line, for the log of whoever asked.
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

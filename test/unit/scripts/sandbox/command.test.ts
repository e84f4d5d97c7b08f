import { expect, it } from 'vitest';
import { answers, CommandFailed, run } from '../../../../scripts/sandbox/command.ts';

const node = (code: string) => ['-e', code];

it('gives standard output, and passes input and environment on', async () => {
  const code =
    'process.stdin.pipe(process.stdout); process.stdin.on("end", () => console.log(process.env.GIVEN))';
  expect(await run(process.execPath, node(code), { input: 'in\n', env: { GIVEN: 'it' } })).toBe('in\nit');
});

it('an argument is an argument, whatever a shell would make of it', async () => {
  const odd = '$(id) `id` ; "quoted" *';
  expect(await run(process.execPath, [...node('console.log(process.argv[1])'), odd])).toBe(odd);
});

it('a failure says the command, how it ended and what it said last', async () => {
  const failing = run(process.execPath, node('console.error("no space"); process.exit(3)'));
  await expect(failing).rejects.toThrow(/ended with 3: no space/);
  await expect(failing).rejects.toMatchObject({ exitCode: 3 });
});

it('a program that is missing, or takes too long, is a failure too', async () => {
  await expect(run('no-such-program', [])).rejects.toThrow(CommandFailed);
  const slow = run(process.execPath, node('setInterval(() => {}, 1000)'), { timeoutMs: 200 });
  await expect(slow).rejects.toThrow(/was ended by SIGTERM/);
  expect(await answers('no-such-program', [])).toBe(false);
});

it('a program that reads none of its input is judged by its exit code', async () => {
  expect(await run(process.execPath, node('console.log("done")'), { input: 'x'.repeat(1_000_000) })).toBe(
    'done',
  );
});

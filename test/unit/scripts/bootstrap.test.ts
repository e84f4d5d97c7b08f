import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../temporal/temporary-folder.ts';

const bootstrap = fileURLToPath(new URL('../../../scripts/bootstrap.mjs', import.meta.url));

/** A stand-in for `npm ci`: notes that it ran and installs a compiler that copies each source, with its types rubbed off. */
const npm = `
import { mkdirSync, writeFileSync, appendFileSync, copyFileSync } from 'node:fs';
appendFileSync('calls', 'npm ' + process.argv.slice(2).join(' ') + '\\n');
mkdirSync('node_modules/typescript/bin', { recursive: true });
copyFileSync('package-lock.json', 'node_modules/.package-lock.json');
writeFileSync('node_modules/typescript/package.json', '{}');
writeFileSync('node_modules/typescript/bin/tsc', \`
const { readdirSync, mkdirSync, copyFileSync, appendFileSync, readFileSync } = require('node:fs');
appendFileSync('calls', 'tsc\\\\n');
mkdirSync('dist/src', { recursive: true });
mkdirSync('dist/scripts', { recursive: true });
for (const folder of ['src', 'scripts'])
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts')))
    copyFileSync(folder + '/' + file, 'dist/' + folder + '/' + file.replace('.ts', '.js'));
process.exit(readFileSync('src/a.ts', 'utf8').includes('mistake') ? 2 : 0);
\`);
`;

function clone(): string {
  const root = temporaryFolder();
  const files: Record<string, string> = {
    'package.json': '{"type": "module"}',
    'package-lock.json': lockFile('1.0.0'),
    'tsconfig.json': '{}',
    'tsconfig.build.json': '{}',
    'src/a.ts': 'export const a = 1;',
    'scripts/build-workflows.ts': 'export function buildWorkflows() {}',
    'scripts/demo.ts': 'console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 7;',
    'scripts/test.ts': 'console.log("tested");',
    'bin/npm': `#!/bin/sh\nexec '${process.execPath}' "$(dirname "$0")/npm.mjs" "$@"\n`,
    'bin/npm.mjs': npm,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  chmodSync(join(root, 'bin', 'npm'), 0o755);
  copyFileSync(bootstrap, join(root, 'scripts', 'bootstrap.mjs'));
  return root;
}

function lockFile(version: string): string {
  const packages = {
    '': {},
    'node_modules/typescript': { version },
    'node_modules/other-platform': { version, optional: true },
  };
  return JSON.stringify({ packages });
}

function run(root: string, ...args: string[]) {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['scripts/bootstrap.mjs', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}` },
  });
  return {
    stdout: stdout.trim(),
    stderr,
    status,
    calls: readFileSync(join(root, 'calls'), 'utf8').trim().split('\n'),
  };
}

test('a fresh clone is installed and compiled once, and the program gets its arguments and keeps its exit code', () => {
  const root = clone();
  const first = run(root, 'demo', '--yes', 'a b');
  expect(first).toMatchObject({ stdout: '["--yes","a b"]', status: 7 });
  expect(first.calls).toEqual(['npm ci --no-audit --no-fund', 'tsc']);
  const second = run(root, 'demo');
  expect(second).toMatchObject({ stdout: '[]', stderr: '', status: 7 });
  expect(second.calls).toHaveLength(2);
});

test('a changed source is compiled again, and one that is gone does not live on', () => {
  const root = clone();
  writeFileSync(join(root, 'scripts/old.ts'), 'console.log("old");');
  run(root, 'old');
  expect(existsSync(join(root, 'dist/scripts/old.js'))).toBe(true);
  spawnSync('rm', [join(root, 'scripts/old.ts')]);
  expect(run(root, 'demo').calls).toEqual(['npm ci --no-audit --no-fund', 'tsc', 'tsc']);
  expect(existsSync(join(root, 'dist/scripts/old.js'))).toBe(false);
  expect(run(root, 'old')).toMatchObject({ status: 1, stdout: '' });
});

test('another lock file installs again', () => {
  const root = clone();
  run(root, 'demo');
  writeFileSync(join(root, 'package-lock.json'), lockFile('1.0.1'));
  expect(run(root, 'demo').calls.filter((call) => call.startsWith('npm'))).toHaveLength(2);
});

test('nothing but the tests starts with a mistake in the types', () => {
  const root = clone();
  writeFileSync(join(root, 'src/a.ts'), 'export const a = "mistake";');
  expect(run(root, 'demo')).toMatchObject({ stdout: '', status: 1 });
  expect(run(root, 'test')).toMatchObject({ stdout: 'tested', status: 0 });
});

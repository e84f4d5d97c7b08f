// Makes a fresh clone runnable, then runs a program of it: `node scripts/bootstrap.mjs NAME [arguments]`.
// Plain JavaScript without packages: when it starts, nothing is installed. A second run finds everything done.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const oldestNode = [20, 19];
const root = fileURLToPath(new URL('..', import.meta.url));
const [name, ...programArguments] = process.argv.slice(2);

/** Programs that are not files of scripts/ itself. */
const programs = { 'hermes-ops': 'src/cli/main', sandbox: 'scripts/sandbox/main' };

requireNode();
const program = programFile();
if (!packagesAreInstalled()) installPackages();
// `npm test` shows mistakes in types as one of its stages; nothing else runs with them.
if (!build() && name !== 'test') stop('The types do not check: see above. Nothing was started.');
await bundleWorkflows();
await run(program);

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  stop(
    `Node ${oldestNode.join('.')} or newer is needed; this is ${process.versions.node} (${process.execPath}). ` +
      'Install a newer Node, then run this again.',
  );
}

function programFile() {
  const source = programs[name] ?? `scripts/${name}`;
  const exists = name !== undefined && /^[a-z-]+$/.test(name) && existsSync(join(root, `${source}.ts`));
  if (exists) return join(root, 'dist', `${source}.js`);
  return stop(
    `There is no program ${name ?? ''}. Expected: node scripts/bootstrap.mjs NAME, as in package.json's scripts.`,
  );
}

/** npm writes down what it installed: that has to agree with the lock file, less what other platforms need. */
function packagesAreInstalled() {
  const installed = packagesIn(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return false;
  const wanted = Object.entries(packagesIn(join(root, 'package-lock.json')) ?? {});
  return wanted.every(([path, { version, optional, devOptional }]) => {
    if (path === '') return true;
    const found = installed[path];
    return found === undefined ? optional === true || devOptional === true : found.version === version;
  });
}

function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function installPackages() {
  say('Installing the packages of package-lock.json (about a minute, once) …');
  // Half a minute of silence looks like a hang: let npm show what it does.
  const { status, error } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (error !== undefined) stop(`npm could not be started: ${error.message}`);
  if (status !== 0) stop('`npm ci` failed: see above. Nothing was started.');
}

/** Compiles src and scripts into dist when they changed. Returns whether their types check. */
function build() {
  const stampFile = join(root, 'dist', '.sources');
  const sources = [...typeScriptFiles('src'), ...typeScriptFiles('scripts')].toSorted((a, b) =>
    a < b ? -1 : 1,
  );
  const stamp = hashOf([...sources, 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json']);
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return true;
  const startedAt = Date.now();
  say('Compiling …');
  removeStaleOutput(new Set(sources));
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  });
  // Without the stamp the next run compiles again, and shows the mistakes again.
  rmSync(stampFile, { force: true });
  if (status !== 0) return false;
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stampFile, stamp);
  say(`Compiled in ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`);
  return true;
}

function typeScriptFiles(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));
}

function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  return hash.digest('hex');
}

/** A file that was renamed or removed must not live on in dist. */
function removeStaleOutput(sources) {
  for (const folder of ['src', 'scripts']) {
    const output = join(root, 'dist', folder);
    if (!existsSync(output)) continue;
    for (const file of readdirSync(output, { recursive: true })) {
      const source = join(folder, file).replace(/\.js(\.map)?$/, '.ts');
      if (/\.js(\.map)?$/.test(file) && !sources.has(source)) rmSync(join(output, file));
    }
  }
}

/** It has its own stamp, and loads the bundler only when it has to bundle. */
async function bundleWorkflows() {
  const compiled = join(root, 'dist', 'scripts', 'build-workflows.js');
  if (!existsSync(compiled))
    stop('dist/scripts/build-workflows.js is missing: the compiler failed, see above.');
  const { buildWorkflows } = await import(pathToFileURL(compiled).href);
  await buildWorkflows({ log: say });
}

/** In this same process: signals, standard input and the exit code are the program's own. */
async function run(file) {
  process.argv = [process.argv[0], file, ...programArguments];
  await import(pathToFileURL(file).href);
  // Done is done: the bundler and the SDK's native part may keep threads that nobody waits for.
  process.exit();
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

function stop(line) {
  say(line);
  process.exit(1);
}

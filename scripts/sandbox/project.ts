import { run } from './command.ts';

const projectLabel = 'com.docker.compose.project';
const serviceLabel = 'com.docker.compose.service';
const sandboxLabel = 'hermes-ops.sandbox=true';
const versionLabel = 'com.docker.compose.version';

export interface ProjectContainer {
  id: string;
  name: string;
  service: string;
  state: string;
  /** As Docker words it: `Up 3 seconds (healthy)`. */
  status: string;
  /** The compose that made it, as it names its version. */
  composeVersion: string;
}

/** The containers of a compose project, running or not, found by compose's labels. */
export async function projectContainers(project: string): Promise<ProjectContainer[]> {
  const fields = [
    '{{.ID}}',
    '{{.Names}}',
    `{{.Label "${serviceLabel}"}}`,
    '{{.State}}',
    '{{.Status}}',
    `{{.Label "${versionLabel}"}}`,
  ];
  const filter = `label=${projectLabel}=${project}`;
  const output = await run('docker', ['ps', '--all', '--filter', filter, '--format', fields.join('\t')]);
  return lines(output).map((line) => {
    const [id = '', name = '', service = '', state = '', status = '', composeVersion = ''] = line.split('\t');
    return { id, name, service, state, status, composeVersion };
  });
}

/** The project's volumes. */
export async function projectVolumes(project: string): Promise<string[]> {
  return lines(
    await run('docker', ['volume', 'ls', '--quiet', '--filter', `label=${projectLabel}=${project}`]),
  );
}

/** Throws when a container or volume of the project was not made by the sandbox: a real HERMES may have the name. */
export async function refuseForeignProject(project: string): Promise<void> {
  const filter = ['--filter', `label=${projectLabel}=${project}`];
  const ours = ['--filter', `label=${sandboxLabel}`];
  for (const list of [
    ['ps', '--all', '--format', '{{.Names}}'],
    ['volume', 'ls', '--format', '{{.Name}}'],
  ]) {
    const known = new Set(lines(await run('docker', [...list, ...filter, ...ours])));
    const foreign = lines(await run('docker', [...list, ...filter])).filter((name) => !known.has(name));
    if (foreign.length === 0) continue;
    throw new Error(
      `The compose project ${project} has parts that no sandbox made: ${foreign.join(', ')}. ` +
        'Nothing was changed. Choose another project name for the sandbox.',
    );
  }
}

/**
 * Removes the project's containers, whatever else is attached to its networks, the networks and the volumes.
 * Works whichever compose made them, and when some or all are gone already. Throws for a project of somebody else.
 */
export async function removeProject(project: string): Promise<void> {
  await refuseForeignProject(project);
  const filter = `label=${projectLabel}=${project}`;
  const networks = lines(await run('docker', ['network', 'ls', '--quiet', '--filter', filter]));
  const containers = new Set((await projectContainers(project)).map(({ id }) => id));
  for (const network of networks) {
    // Jobs and copies on the sandbox's own network can belong to nothing else.
    for (const id of await containersOn(network)) containers.add(id);
  }
  if (containers.size > 0) await run('docker', ['rm', '--force', '--volumes', ...containers]);
  if (networks.length > 0) await run('docker', ['network', 'rm', ...networks]);
  const volumes = await projectVolumes(project);
  if (volumes.length > 0) await run('docker', ['volume', 'rm', ...volumes]);
}

/** The ids of containers on a network, also of those that were never started: Docker's own filter misses them. */
async function containersOn(network: string): Promise<string[]> {
  const name = await run('docker', ['network', 'inspect', '--format', '{{.Name}}', network]);
  const attached = lines(await run('docker', ['ps', '--all', '--quiet', '--filter', `network=${network}`]));
  const format = '{{.ID}}\t{{.Networks}}';
  const created = lines(
    await run('docker', ['ps', '--all', '--filter', 'status=created', '--format', format]),
  ).map((line) => line.split('\t'));
  const waiting = created.filter(([, networks = '']) => networks.split(',').includes(name));
  return [...attached, ...waiting.map(([id = '']) => id)];
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '');
}

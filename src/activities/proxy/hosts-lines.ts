/** Lines that hermes-ops puts into the proxy's hosts file: `ADDRESS NAME # hermes-ops RUN WORKFLOW`. */
export interface HostsLine {
  address: string;
  name: string;
  workflowId: string;
  runId: string;
}

const pattern = /^(\S+) (\S+) # hermes-ops ([0-9a-f-]{36}) (\S+)$/;
const ours = /# hermes-ops(?:\s|$)/;

/** Our lines in a hosts file. */
export function linesIn(hosts: string): HostsLine[] {
  return hosts.split('\n').flatMap((text) => {
    const [, address, name, runId, workflow] = pattern.exec(text) ?? [];
    if (!address || !name || !runId || !workflow) return [];
    return [{ address, name, runId, workflowId: unescaped(workflow) }];
  });
}

/** The hosts file with exactly these lines of ours; everything else in it stays as it is. */
export function withLines(hosts: string, lines: readonly HostsLine[]): string {
  const others = hosts.split('\n').filter((text) => !ours.test(text));
  while (others.at(-1) === '') others.pop();
  const written = lines.map(
    ({ address, name, runId, workflowId }) =>
      `${address} ${name} # hermes-ops ${runId} ${encodeURIComponent(workflowId)}`,
  );
  return [...others, ...written, ''].join('\n');
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

import * as v from 'valibot';

const topSchema = v.object({ Processes: v.array(v.array(v.string())) });

export interface NginxProcesses {
  /** What the master was started with, as far as it decides which configuration is meant; undefined where none runs. */
  masterArguments: string[] | undefined;
  /** Process ids as the Docker host has them. */
  workers: number[];
}

/** nginx's processes in what the engine tells of a container: pairs of a process id and its command line. */
export function processesIn(top: unknown): NginxProcesses {
  const parsed = v.safeParse(topSchema, top);
  const processes = parsed.success ? parsed.output.Processes : [];
  const lines = processes.map((columns) => ({ pid: Number(columns[0]), args: columns.slice(1).join(' ') }));
  const master = lines.find(({ args }) => args.startsWith('nginx: master process '));
  return {
    masterArguments: master === undefined ? undefined : argumentsIn(master.args),
    workers: lines.filter(({ args }) => args.startsWith('nginx: worker process')).map(({ pid }) => pid),
  };
}

/**
 * The master shows its command line in its title, without quotes. Its `-c`, `-p` and `-e` name files; directives after
 * `-g` may name one too, and go on until the next option.
 */
export function argumentsIn(title: string): string[] {
  const words = title.replace(/^.*nginx: master process \S+/, '').trim();
  return [
    ...words.matchAll(/(?<=^|\s)(-[cpe])\s+(\S+)|(?<=^|\s)-g\s+(.*?)(?=\s+-[cpeqtTs](?:\s|$)|$)/g),
  ].flatMap(([, option, file, directives]) =>
    option !== undefined && file !== undefined ? [option, file] : ['-g', directives ?? ''],
  );
}

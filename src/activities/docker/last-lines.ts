import type Docker from 'dockerode';
import { readableLog } from './job-log.ts';
import { demultiplex } from './output.ts';

const lines = 10;

/** The last lines that a container wrote, for the message of a failure; empty where they cannot be had. */
export async function lastLines(container: Docker.Container, tty: boolean): Promise<string> {
  try {
    const raw = await container.logs({ stdout: true, stderr: true, follow: false, tail: lines });
    if (tty) return readableLog(raw.toString('utf8'));
    const { stdout, stderr } = demultiplex(raw);
    return readableLog(`${stdout}${stderr}`);
  } catch {
    return '';
  }
}

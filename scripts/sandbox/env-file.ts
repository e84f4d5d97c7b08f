import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';

const secretBytes = 24;

/** What only this sandbox knows. */
export interface SandboxSecrets {
  postgresPassword: string;
  redisPassword: string;
  adminToken: string;
  testToken: string;
}

const secretNames = {
  postgresPassword: 'POSTGRES_PASSWORD',
  redisPassword: 'REDIS_PASSWORD',
  adminToken: 'ADMIN_TOKEN',
  testToken: 'TEST_TOKEN',
} as const satisfies Record<keyof SandboxSecrets, string>;

/** New random secrets. */
export function makeSecrets(): SandboxSecrets {
  const secret = () => randomBytes(secretBytes).toString('hex');
  return { postgresPassword: secret(), redisPassword: secret(), adminToken: secret(), testToken: secret() };
}

/** The variables of an env file, or undefined where there is none. */
export async function readEnvFile(file: string): Promise<Record<string, string> | undefined> {
  try {
    return parseEnvFile(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** NAME=value lines; empty lines and comments are skipped. */
export function parseEnvFile(text: string): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    if (at > 0 && !line.startsWith('#')) variables[line.slice(0, at).trim()] = line.slice(at + 1).trim();
  }
  return variables;
}

/** The secrets among the variables, or undefined when one is missing. */
export function secretsOf(variables: Record<string, string>): SandboxSecrets | undefined {
  const postgresPassword = variables[secretNames.postgresPassword];
  const redisPassword = variables[secretNames.redisPassword];
  const adminToken = variables[secretNames.adminToken];
  const testToken = variables[secretNames.testToken];
  if (!postgresPassword || !redisPassword || !adminToken || !testToken) return undefined;
  return { postgresPassword, redisPassword, adminToken, testToken };
}

/** The secrets under the names that HERMES and its operators' worker read. */
export function secretVariables(secrets: SandboxSecrets): Record<string, string> {
  return {
    [secretNames.postgresPassword]: secrets.postgresPassword,
    [secretNames.redisPassword]: secrets.redisPassword,
    [secretNames.adminToken]: secrets.adminToken,
    [secretNames.testToken]: secrets.testToken,
  };
}

/** Writes the file for its owner only, whole or not at all. */
export async function writeEnvFile(file: string, variables: Record<string, string>): Promise<void> {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
  const unfinished = `${file}.partial`;
  await writeFile(unfinished, `# Of this sandbox only. Stopping it removes this file.\n${lines.join('')}`, {
    mode: 0o600,
  });
  await rename(unfinished, file);
}
